"""The pages of scoring (打分): the sheet side by side, signing it, reasons and corrections, who has locked."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.evaluation import access, commands, score_form, score_service
from bidding.evaluation.phases import Phase
from bidding.evaluation.progress import Evaluation
from bidding.evaluation.score_papers import Form as SheetForm
from bidding.evaluation.score_service import Stale
from bidding.evaluation.scoring87 import price_points
from bidding.evaluation.views import EVALUATE, FOLDER, back, room
from bidding.tenders import drafts, papers
from bidding.vault.encoding import b64
from expert_pool.selection.models import PanelMember
from trading.errors import Fault, Refused
from trading.ledger import canonical
from trading.web import Form, whole_number


def page(
    request: Request, found: Evaluation, own: PanelMember, form: SheetForm | None = None, **more: Any
) -> dict[str, Any]:
    """What every page of scoring shows; `form` is the member's sheet unless another one is given."""
    scoring = score_service.scoring_of(found)
    form = form or scoring.form(own.member)
    rows = criteria(request, found)
    return room(
        request, found, found.phase(request.now()), own=own, scoring=scoring, sheet=form, rows=rows,
        criteria={row["id"]: row["name"] for row in rows},
        field_of=lambda bid, item: score_form.field_of(form, bid, item), **more,
    )  # fmt: skip


def criteria(request: Request, found: Evaluation) -> list[dict[str, Any]]:
    """The tree of criteria in the reader's language, as lines of a table."""
    tender, scoring = found.tender, score_service.scoring_of(found)
    words: dict[str, tuple[str, str]] = {}
    if tender.form.get("template"):
        kind = drafts.kind_of(request.registry, tender.kind)
        words = papers.criteria_words(drafts.draft_of(tender), kind, request.locale_name)
    published = papers.criteria_rows(tender.rules, words, request.locale_name)
    return score_form.rows(published, scoring.rules.criteria)


# --- the sheet ------------------------------------------------------------------------------------


@view_config(route_name="evaluation-scores", request_method="GET", renderer=FOLDER + "scores.jinja2",
             permission=EVALUATE)  # fmt: skip
def sheet(request: Request) -> Any:
    """The sheet to fill in; whoever has nothing to score now is led to the room."""
    found, own = access.member(request)
    if elsewhere := not_now(request, found, own):
        return elsewhere
    draft = score_service.draft_of(request.db, request.registry, found, own.member)
    return filling(request, found, own, draft)


def not_now(request: Request, found: Evaluation, own: PanelMember) -> HTTPSeeOther | None:
    scoring = score_service.scoring_of(found)
    open_now = found.phase(request.now()) == Phase.SCORING and own.member not in scoring.locked
    return None if open_now else back(request)


def filling(
    request: Request,
    found: Evaluation,
    own: PanelMember,
    draft: dict[str, Any],
    faults: list[Fault] | None = None,
) -> dict[str, Any]:
    """The sheet with a draft in its fields."""
    form = score_service.scoring_of(found).form(own.member)

    def fields(scores: list[dict[str, str]]) -> dict[str, str]:
        return score_form.prefilled(form) | score_form.fields_with(form, scores)

    return page(
        request, found, own, draft=draft, field_map=fields, values=fields(draft["scores"]),
        faults=faults or [], wrong={fault.field: fault for fault in faults or []}, raw=None,
        prices=prices(found), **device(request, found, own, form),
    )  # fmt: skip


def device(
    request: Request, found: Evaluation, own: PanelMember, form: SheetForm, *more: str
) -> dict[str, str]:
    """Under which name a page keeps on the device what it could not send, and the key that it is sealed with; `bids`
    says which bids its fields are about."""
    bids = score_form.bids_of(form)
    place = (found.tender.code, str(found.tender.round), own.member, bids, *more)
    return {"bids": bids, "place": "/".join(place), "device": b64(request.keys.keyed("score-device", *place))}


def prices(found: Evaluation) -> dict[str, dict[str, Any]]:
    """The price's part, which nobody judges: evaluation price and points of each bid, from public figures."""
    scoring = score_service.scoring_of(found)
    of = scoring.evaluation_prices
    points = price_points(of, scoring.rules.price.weight)
    return {bid: {"price": of[bid], "points": points[bid]} for bid in of}


@view_config(route_name="evaluation-scores", request_method="POST", renderer=FOLDER + "scores.jinja2",
             permission=EVALUATE)  # fmt: skip
def posted_sheet(request: Request) -> Any:
    """Save what is filled in (a browser without script), or go on to sign it."""
    found, own = access.member(request)
    if elsewhere := not_now(request, found, own):
        return elsewhere
    form = score_service.scoring_of(found).form(own.member)
    if request.POST.get("bids") != score_form.bids_of(form):
        return back(request, "evaluation-scores")
    scores = score_form.scores_of(request.POST, form)
    base = whole_number(request.POST.get("base", ""), 0)
    shown = {"version": base, "saved": None, "scores": scores}
    try:
        if request.POST.get("act") != "sign":
            score_service.save_draft(request.db, request.registry, request.actor, found.tender, base, scores)
            return back(request, "evaluation-scores")
        raw = score_service.draft_sheet(request.db, request.registry, request.actor, found.tender, scores)
    except Stale as stale:
        request.response.status = 409
        both = shown | {"version": stale.newest["version"]}
        return filling(request, found, own, both, list(stale.faults)) | {"newest": stale.newest}
    except Refused as refused:
        request.response.status = 422
        faults = score_form.shown_faults(form, refused.faults, names_of(request, found, form))
        return filling(request, found, own, shown, faults)
    return page(
        request, found, own, raw=b64(raw), faults=[],
        values=score_form.fields_with(form, canonical.loads(raw)["scores"]),
        certificate=found.seat(own.member).cert_sha256,
    )  # fmt: skip


def names_of(request: Request, found: Evaluation, form: SheetForm) -> dict[tuple[str, str], str]:
    """Which bid and criterion a fault is about, in words."""
    called = {row["id"]: row["name"] for row in criteria(request, found)}
    return {
        (bid, criterion.id): f"{found.bids[bid].name} · {called[criterion.id]}"
        for bid in form.bids
        for criterion in form.criteria
    }


@view_config(route_name="evaluation-scores-sign", request_method="POST", permission=EVALUATE)
def sign_sheet(request: Request) -> Any:
    """Lock the signed scores."""
    command = signed(request)
    score_service.lock_sheet(
        request.db, request.registry, request.actor, request.context.code, command.raw, command.cms
    )
    return back(request)


def signed(request: Request) -> Any:
    form = Form(request, commands.SignReview)
    if not form.valid():
        raise Refused(form.faults)
    return form.command


# --- reasons and corrections ------------------------------------------------------------------------


@view_config(route_name="evaluation-scores-settle", renderer=FOLDER + "settle.jinja2", permission=EVALUATE)
def settle(request: Request) -> Any:
    """All locked sheets, what the reader owes a reason for, what must be corrected; posted, the page to sign one
    paper."""
    found, own = access.member(request)
    scoring = score_service.scoring_of(found)
    if not scoring.complete or not scoring.bids:
        return back(request)
    faults: list[Fault] = []
    raw, kind = None, request.POST.get("kind", "")
    if request.method == "POST":
        try:
            raw = paper(request, found, kind)
        except Refused as refused:
            faults = list(refused.faults)
            request.response.status = 422
    return page(
        request, found, own, owed=scoring.owed(own.member), faults=faults, posted=request.POST, kind=kind,
        raw=raw and b64(raw), grounds=score_grounds(found, own), reasons_of=scoring.remarks,
        certificate=found.seat(own.member).cert_sha256,
    )  # fmt: skip


def paper(request: Request, found: Evaluation, kind: str) -> bytes:
    """The bytes of the reason or the correction that was typed."""
    sent = Form(request, commands.CorrectScore if kind == "correction" else commands.ExplainScore)
    if not sent.valid():
        raise Refused(sent.faults)
    args = (request.db, request.registry, request.actor, found.tender)
    if kind == "correction":
        return score_service.draft_correction(*args, **sent.command.model_dump())
    return score_service.draft_reason(*args, sent.command.bid, sent.command.item, sent.command.reason)


def score_grounds(found: Evaluation, own: PanelMember) -> list[dict[str, Any]]:
    """The reader's own scores that may be corrected now, with the ground that is there (M87 64)."""
    scoring = score_service.scoring_of(found)
    if found.report is not None:
        return []
    return [
        {"bid": bid, "item": criterion.id, "ground": ground, "max": criterion.max,
         "before": scoring.score(own.member, bid, criterion.id)}
        for bid in scoring.bids
        for criterion in scoring.rules.judged
        for ground in scoring.grounds(own.member, bid, criterion.id)
    ]  # fmt: skip


@view_config(route_name="evaluation-scores-settle-sign", request_method="POST", permission=EVALUATE)
def sign_paper(request: Request) -> Any:
    """File the signed reason, or the signed correction."""
    command, code = signed(request), request.context.code
    act = score_service.explain_outlier
    if request.matchdict["kind"] == "correction":
        act = score_service.correct_score
    act(request.db, request.registry, request.actor, code, command.raw, command.cms)
    return back(request, "evaluation-scores-settle")
