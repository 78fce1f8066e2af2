"""The steps that every evaluation by Order 87 shares, up to the evaluation prices.

Steps 1–8 of docs/protocols/evaluation.md. Sources: M87 art. 44, 50, 59, 60, 63; GPL art. 36; 财库〔2026〕2号.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from bidding.evaluation import abnormal, deductions, pricesheet, review, samebrand
from bidding.evaluation.abnormal import Lines
from bidding.evaluation.corrections import Corrected, correct
from bidding.evaluation.derivation import Line, line
from bidding.evaluation.exact import exact, fixed
from bidding.evaluation.inputs import Bid, Rules
from bidding.evaluation.places import Order, Places, places
from bidding.evaluation.result import Failure, Found, Ranked, Rejected, Tie
from bidding.evaluation.review import ItemVotes
from trading.errors import Refused
from trading.rulebook.methods import CONSULTATION, ENDED_BY, NEGOTIATION, has_final_offers

ARTICLES = {
    "not-qualified": "M87 63(3)",
    "price-sheet-invalid": "M87 63(6)",
    "not-responsive": "M87 50",
    "correction-not-confirmed": "M87 59",
    "above-ceiling": "M87 63(4)",
    "abnormally-low": "M87 60",
    "same-brand": "M87 31",
    "fewer-than-three-bidders": "M87 41",
    "fewer-than-three-qualified": "M87 44",
    "all-above-budget": "GPL 36(3)",
    "fewer-than-three-responsive": "GPL 36(1)",
    "fewer-than-three-valid": "GPL 36(1)",
    "left": "K214 22",
    "too-few-offers": "K214 34(3)",
}
"""The article of each ground of rejection and each failure."""
TOO_FEW = {
    "fewer-than-three-bidders", "fewer-than-three-qualified", "all-above-budget", "fewer-than-three-responsive",
    "fewer-than-three-valid", "too-few-offers",
}  # fmt: skip
"""Failures for want of suppliers, or of prices within the budget."""


def article(code: str, procurement: str = CONSULTATION) -> str:
    """The article of a ground or failure in a method of procurement."""
    if code in TOO_FEW:
        return ENDED_BY.get(procurement, ARTICLES[code])
    return "M74 34" if code == "left" and procurement == NEGOTIATION else ARTICLES[code]


@dataclass(frozen=True)
class OpenQuestions:
    """What must still be asked before the evaluation: corrections to confirm, prices to explain.

    `explanations` is empty while a correction waits for its answer, since it decides the lines.
    """

    confirmations: Mapping[str, Corrected]
    explanations: Mapping[str, tuple[str, ...]]


def open_questions(rules: Rules, bids: Sequence[Bid]) -> OpenQuestions:
    """What the committee must ask the bidders, from the decisions taken so far."""
    run = Steps(rules, bids, ())
    run.stop_at_open = True
    try:
        run.responsive()
        run.abnormally_low()
    except (Failed, Waiting):
        return OpenQuestions(run.waiting, {})
    asked = {case.bid.id for case in run.cases if case.bid.decisions.abnormal is not None}
    return OpenQuestions({}, {bid: names for bid, names in run.triggers.items() if bid not in asked})


class Failed(Exception):
    """The tender fails at this step (废标)."""

    def __init__(self, code: str, procurement: str) -> None:
        self.failure = Failure(code, article(code, procurement))


class Waiting(Exception):
    """A bidder has not answered yet (open_questions only)."""


@dataclass
class Case:
    """One bid on its way through the steps."""

    bid: Bid
    lines: list[Line] = field(default_factory=list)
    corrected: Corrected | None = None
    price: Fraction = Fraction(0)
    evaluation: Fraction = Fraction(0)
    rejected: Rejected | None = None

    def say(self, code: str, **values: object) -> None:
        self.lines.append(line(code, **values))

    def reject(self, ground: str) -> None:
        self.rejected = Rejected(self.bid.id, ground, ARTICLES[ground])
        self.say("rejected", ground=ground, article=ARTICLES[ground])


class Steps:
    """The shared steps over all bids; each method is one or several of the protocol's numbered steps."""

    def __init__(self, rules: Rules, bids: Sequence[Bid], draws: Sequence[Sequence[str]]) -> None:
        self.rules, self.draws = rules, draws
        self.all = [Case(bid) for bid in sorted(bids, key=lambda bid: bid.id)]
        if len({case.bid.id for case in self.all}) != len(self.all):
            raise ValueError("a bidder is listed twice")
        self.failure: Failure | None = None
        self.triggers: dict[str, tuple[str, ...]] = {}
        self.lines: Lines | None = None
        self.ties: list[Tie] = []
        self.stop_at_open = False
        self.waiting: dict[str, Corrected] = {}

    @property
    def cases(self) -> list[Case]:
        """The bids that are still in."""
        return [case for case in self.all if case.rejected is None]

    def need(self, count: int, failure: str) -> None:
        if count < self.rules.minimum:
            raise Failed(failure, self.rules.procurement)

    def responsive(self) -> None:
        """Steps 1–6: bidders, qualification, sheet, conformity, corrections, ceiling."""
        self.need(len(self.all), "fewer-than-three-bidders")
        for case in self.cases:
            entries = case.bid.decisions.qualification
            self.review(case, "qualification", self.rules.qualification_items, entries, "not-qualified")
        self.need(len(self.cases), "fewer-than-three-qualified")
        if has_final_offers(self.rules.procurement):
            self.final_offers()
        for case in self.cases:
            self.conformity(case)
        for case in self.cases:
            self.correction(case)
        if self.waiting:
            raise Waiting
        self.ceiling()

    def review(
        self, case: Case, name: str, items: Sequence[str], entries: Sequence[ItemVotes], ground: str
    ) -> None:
        for entry in entries:
            found = review.count(entry)
            verdict = "passed" if found.passed else "not-passed"
            case.say(
                "review", review=name, item=entry.item, ayes=found.ayes, noes=found.noes, verdict=verdict
            )
        if not review.passes(items, entries):
            case.reject(ground)

    def final_offers(self) -> None:
        """After step 2 of a consultation or negotiation: who made no final offer has left."""
        for case in self.cases:
            if case.bid.decisions.left:
                where = article("left", self.rules.procurement)
                case.rejected = Rejected(case.bid.id, "left", where)
                case.say("rejected", ground="left", article=where)
        self.need(len(self.cases), "too-few-offers")

    def conformity(self, case: Case) -> None:
        """Steps 3 and 4."""
        try:
            sheet = pricesheet.parse(case.bid.sheet)
        except Refused:
            case.reject("price-sheet-invalid")
            return
        case.say("opening-total", price=fixed(sheet.total))
        case.corrected = correct(sheet)
        entries = case.bid.decisions.conformity
        self.review(case, "conformity", self.rules.conformity_items, entries, "not-responsive")

    def correction(self, case: Case) -> None:
        """Step 5: the corrected price counts when the bidder confirmed it."""
        corrected = present(case.corrected)
        case.price = corrected.price
        for step in corrected.steps:
            case.say(
                f"correction-{step.rule}",
                field=step.field,
                before=fixed(step.before),
                after=fixed(step.after),
            )
        if not corrected.needs_confirmation:
            return
        if case.bid.decisions.confirmed:
            case.say("confirmed", price=fixed(case.price))
        elif case.bid.decisions.confirmed is None and self.stop_at_open:
            self.waiting[case.bid.id] = corrected
        else:
            case.reject("correction-not-confirmed")

    def ceiling(self) -> None:
        """Step 6."""
        compared = self.cases
        for case in compared:
            above = case.price > self.rules.limit
            case.say(
                "above-limit" if above else "within-limit",
                price=fixed(case.price),
                limit=fixed(self.rules.limit),
            )
            if above:
                case.reject("above-ceiling")
        if compared and all(case.price > self.rules.budget for case in compared):
            raise Failed("all-above-budget", self.rules.procurement)
        self.need(len(self.cases), "fewer-than-three-responsive")

    def abnormally_low(self) -> None:
        """Step 7: the lines are fixed once, before anybody is rejected here."""
        compared, ratios = self.cases, self.rules.abnormal
        prices = [case.price for case in compared]
        self.lines = abnormal.lines(prices, self.rules.limit, ratios)
        for case in compared:
            own = abnormal.lines(prices, self.rules.limit, ratios, case.price)
            names = own.triggered(case.price)
            for name, amount in own.named():
                code = "line-triggered" if name in names else "line-passed"
                case.say(code, line=name, price=fixed(case.price), amount=fixed(amount), exact=exact(amount))
            decision = case.bid.decisions.abnormal
            if decision is not None and decision.suspected:
                names = (*names, abnormal.COMMITTEE)
                case.say("suspected")
            if not names:
                continue
            self.triggers[case.bid.id] = names
            if decision is not None and decision.explained and decision.accepted:
                case.say("explanation-accepted")
            else:
                case.reject("abnormally-low")

    def prices(self) -> None:
        """Step 8."""
        for case in self.cases:
            claims = present(case.corrected).sheet.claims
            decisions = case.bid.decisions
            granted = deductions.granted(claims, self.rules.deductions, decisions.claims_refused)
            for deduction in granted:
                case.say("deduction", claim=deduction.claim, rate=fixed(deduction.rate * 100))
            for claim in sorted(set(claims) - {d.claim for d in granted}):
                case.say("claim-without-effect", claim=claim)
            case.evaluation = deductions.evaluation_price(case.price, granted, self.rules.stacking)
            case.say("evaluation-price", price=fixed(case.evaluation), exact=exact(case.evaluation))

    def best_of_brands(self, order: Callable[[Case], Order]) -> None:
        """Step 9: of one brand only the first by `order` stays."""
        by_id = {case.bid.id: case for case in self.cases}
        candidates = [samebrand.Candidate(bid, brand(case), order(case)) for bid, case in by_id.items()]
        selection = samebrand.select(candidates, self.draws)
        for bid in selection.beaten:
            by_id[bid].reject("same-brand")
        self.need(selection.competitors, "fewer-than-three-valid")
        self.ties = [Tie("brand", bids) for bids in selection.ties]

    def placed(self, order: Callable[[Case], Order]) -> Places:
        """Step 10; only a tie that reaches the candidates waits for its draw."""
        found = places({case.bid.id: order(case) for case in self.cases}, self.draws)
        self.ties += [Tie("rank", ids) for rank, ids in found.ties if rank <= self.rules.candidates]
        by_id = {case.bid.id: case for case in self.cases}
        for bid, rank in found.ranks:
            by_id[bid].say("rank", rank=rank)
        return found

    def ranked(self, found: Places) -> tuple[Ranked, ...]:
        """The ranking with its prices."""
        by_id = {case.bid.id: case for case in self.cases}
        return tuple(Ranked(bid, rank, by_id[bid].price, by_id[bid].evaluation) for bid, rank in found.ranks)

    def found(self) -> Found:
        """What the steps found, as every result carries it."""
        return Found(
            failure=self.failure,
            rejected=tuple(case.rejected for case in self.all if case.rejected),
            corrections={
                case.bid.id: case.corrected.steps
                for case in self.all
                if case.corrected and case.corrected.steps and not _stopped_before_prices(case)
            },
            lines=self.lines,
            triggers=self.triggers,
            ties=tuple(self.ties),
            derivations={case.bid.id: tuple(case.lines) for case in self.all},
        )


def _stopped_before_prices(case: Case) -> bool:
    return case.rejected is not None and case.rejected.ground == "not-responsive"


def brand(case: Case) -> str:
    """The brand of the core product, as the committee found it or else as the sheet says."""
    found = case.bid.decisions.brand
    return present(case.corrected).sheet.core_brand if found is None else found


def present(corrected: Corrected | None) -> Corrected:
    """The corrected price of a bid that came past step 3."""
    assert corrected is not None, "a bid without a valid sheet is rejected in step 3"
    return corrected
