"""What the evaluation's pages call things, and how far its steps are."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pyramid.request import Request

from bidding.evaluation.derivation import NAMES, Line, render
from bidding.evaluation.exact import fixed
from bidding.evaluation.models import Clarification
from bidding.evaluation.papers import ABNORMAL, CONFORMITY, QUALIFICATION
from bidding.evaluation.phases import Phase
from bidding.tenders.models import Tender
from bidding.tenders.service import method_of
from trading.interfaces import ITradeKind
from trading.web import _, yuan

STEPS = {
    QUALIFICATION: _("Qualification review"),
    CONFORMITY: _("Conformity review"),
    ABNORMAL: _("Judgement of explanations"),
}
PROGRESS = (
    (_("Sign-in"), (Phase.SIGN_IN, Phase.REPLACEMENT)),
    (_("Qualification"), (Phase.QUALIFICATION, Phase.RECOUNT)),
    (_("Talks and final offers"), (Phase.CONSULTATION, Phase.FINAL_OFFERS)),
    (_("Conformity"), (Phase.SECOND_ENVELOPE, Phase.CONFORMITY)),
    (_("Bidders' answers"), (Phase.CORRECTIONS, Phase.EXPLANATIONS, Phase.JUDGEMENT)),
    (_("Scoring"), (Phase.SCORING, Phase.SCORE_REASONS)),
    (_("Report"), (Phase.DRAW, Phase.REPORT, Phase.DELIVERED)),
)
WAITING = {
    Phase.SECOND_ENVELOPE: _(
        "The technical review is over. The host opens the price envelopes of the bids that passed."
    ),
    Phase.FINAL_OFFERS: _("The suppliers that remain are asked for their final offers."),
    Phase.CORRECTIONS: _("Bidders are asked to confirm corrected prices."),
    Phase.EXPLANATIONS: _("Bidders are asked to explain abnormally low prices."),
}
SCORE_WORDS = {
    "ratio": _("far from the mean of the others"),
    "modified-z": _("far from the middle by the modified z-score"),
    "objective": _("The members differ on an objective item (Order 87 art. 64(3))"),
    "outlier": _("The score is far from the others (Order 87 art. 64(4))"),
    "range": _("The score is outside its range (Order 87 art. 64(2))"),
}
KINDS = {"expert": _("Expert"), "purchaser": _("Purchaser's representative")}
SEAT_STATES = {
    "expected": (_("expected"), "neutral"),
    "signed-in": (_("signed in"), "good"),
    "recused": (_("stepped aside"), "bad"),
    "replaced": (_("replaced"), "bad"),
}
REPLACEMENTS = {
    "recusal": _("An interest has come to light: the member must step aside (GPR 9)"),
    "illness": _("Illness"),
    "absence": _("Absence"),
}
"""why a member is replaced after the evaluation has begun"""
QUESTION_KINDS = {
    "meaning": _("Clarification"),
    "correction": _("Price correction"),
    "abnormal": _("Low price"),
}
OUTCOMES = {
    "ranked": _("The bids are ranked"),
    "failed": _("The tender has failed"),
    "tie": _("A tie waits for a draw"),
}
CORRECTION_QUESTION = _(
    "Your price sheet contradicts itself. Corrected in the order of Order 87 art. 59 your price is ${total}. "
    "Do you confirm it? Without your confirmation the bid is invalid."
)
ABNORMAL_QUESTION = _(
    "Your price is far below the others. Explain in writing how you can deliver at this price: cost, "
    "materials, labour, profit. Without a good explanation the bid is invalid (Order 87 art. 60)."
)


def steps(
    request: Request, phase: Phase, *, scored: bool = False, talks: bool = False
) -> list[tuple[str, str]]:
    """The procedure's steps for the line at the top of a page, in the reader's language."""
    translate = request.localizer.translate
    absent = {step for step, there in ((Phase.SCORING, scored), (Phase.CONSULTATION, talks)) if not there}
    procedure = [step for step in PROGRESS if not absent.intersection(step[1])]
    present = next(n for n, (_words, phases) in enumerate(procedure) if phase in phases)
    over = phase is Phase.DELIVERED
    return [
        (translate(words), "done" if number < present or over else "now" if number == present else "next")
        for number, (words, _phases) in enumerate(procedure)
    ]


def question_words(question: Clarification) -> Any:
    """A question in the reader's language; what a member typed stays as it is."""
    if question.kind == "correction":
        return _(CORRECTION_QUESTION, mapping={"total": yuan(question.total)})
    return ABNORMAL_QUESTION if question.kind == ABNORMAL else question.question


def item_words(request: Request, tender: Tender) -> dict[str, str]:
    """The items of the conformity review in English; they are recorded in Chinese."""
    kind = request.registry.queryUtility(ITradeKind, name=tender.kind)
    if request.locale_name != "en" or kind is None:
        return {}
    return {item["zh"]: item["en"] for item in kind.conformity(method_of(tender))}


def derivations(
    request: Request, tender: Tender, found: dict[str, list[dict[str, Any]]]
) -> dict[str, list[str]]:
    """The printed derivations of a report, by bidder, in the reader's language."""
    items = item_words(request, tender)

    def line_of(raw: dict[str, Any]) -> Line:
        values = {
            key: items.get(value, value) if key == "item" else value for key, value in raw["values"].items()
        }
        return Line(raw["code"], tuple(values.items()))

    return {bid: [derivation_line(request, line_of(raw)) for raw in lines] for bid, lines in found.items()}


def derivation_line(request: Request, line: Line) -> str:
    return render(line, lambda msgid: str(request.localizer.translate(_(msgid))))


def title(request: Request, tender: Tender) -> str:
    """The tender's title in the reader's language."""
    return (request.locale_name == "en" and tender.title_en) or tender.title


def article(code: str) -> Any:
    """The words for an article as results carry it: `M87 63(3)` is Order 87 art. 63 item 3, `GPL` the Government
    Procurement Law."""
    law, _space, place = code.partition(" ")
    number, _bracket, item = place.rstrip(")").partition("(")
    found = {"n": number, "item": item}
    if law == "M87":
        return (
            _("Order 87 art. ${n}(${item})", mapping=found)
            if item
            else _("Order 87 art. ${n}", mapping=found)
        )
    if law == "M74":
        return _("Order 74 art. ${n}", mapping={"n": place})
    if law == "K214":
        return _("Caiku 2014-214 art. ${n}", mapping={"n": place})
    if law == "GPL":
        return _("Government Procurement Law art. ${n}(${item})", mapping=found)
    return code


def name(code: str) -> Any:
    """The words for a claim, a line, a ground of rejection or a failure."""
    return _(NAMES[code]) if code in NAMES else code


def money(amount: Fraction) -> str:
    """An exact amount of yuan as people read it."""
    return yuan(fixed(amount))


def points(exact_points: Fraction) -> str:
    """Exact points as they are published: two places."""
    return fixed(exact_points)
