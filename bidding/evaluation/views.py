"""The committee's pages (评标室)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from bidding.evaluation import access, bidfiles, commands, names, review_form, seats, service, tiebreak
from bidding.evaluation.opened import OpenedBid
from bidding.evaluation.papers import ABNORMAL, STEPS, Sheet
from bidding.evaluation.phases import STEP_OF_PHASE, Phase
from bidding.evaluation.progress import Evaluation
from bidding.evaluation.review import count
from bidding.vault.encoding import b64
from expert_pool.selection import seating
from expert_pool.selection.models import PanelMember
from trading.errors import Fault, Refused
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import Form

FOLDER = "bidding.evaluation:templates/"
EVALUATE = Permission.EVALUATE


def room(request: Request, found: Evaluation, phase: Phase, **more: Any) -> dict[str, Any]:
    """What every page of the committee shows."""
    return {
        "tender": found.tender,
        "found": found,
        "phase": phase,
        "steps": names.steps(request, phase, scored=found.scoring is not None, talks=found.talks),
        "names": names,
        "title": names.title(request, found.tender),
        "items": names.item_words(request, found.tender),
        "form": Form(request, commands.Ask),
    } | more


def back(request: Request, route: str = "evaluation", **parts: Any) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path(route, code=request.context.code, **parts))


# --- the room -------------------------------------------------------------------------------------


@view_config(route_name="evaluation", request_method="GET", renderer=FOLDER + "evaluation.jinja2",
             permission=Permission.OWN_ACCOUNT)  # fmt: skip
def evaluation(request: Request) -> Any:
    """What the reader has to do now. The buyer is led to the page of the committee's seats."""
    found = access.evaluation_of(request)
    listed = any(seat.user_id == request.identity.user_id for seat in found.seats)
    if not listed and request.has_permission(Permission.MANAGE_TENDER):
        return back(request, "panel")
    return show_room(request, found)


def show_room(request: Request, found: Evaluation, **more: Any) -> dict[str, Any]:
    """The room as its member sees it; Forbidden for everybody else."""
    seat = access.listed_seat(request, found)
    own = next((row for row in found.members if row.seat == seat.seat), None)
    seated = own is not None and own.recused_at is None
    phase = found.phase(request.now())
    step = STEP_OF_PHASE.get(phase) if seated else None
    return room(
        request,
        found,
        phase,
        own=own,
        seated=seated,
        step=step,
        voted=bool(step and own and found.has_voted(own.member, step)),
        locked=len(found.voted(step)) if step else 0,
        waiting=names.WAITING.get(phase),
        ties=found.result().ties if phase is Phase.DRAW else (),
        drawing=tiebreak.last_draw(request.db, found) if phase is Phase.DRAW else None,
        by_ceremony=tiebreak.available(request.registry.settings),
        rejected=rejected(found),
        promise=promise(request, found) if own is None else None,
        aside=promise(request, found, aside=True) if own is None else None,
        certificate=seat.cert_sha256,
        sheets=access.locked_by(found, own) if phase in (Phase.SCORING, Phase.SCORE_REASONS) else None,
        **more,
    )


def promise(request: Request, found: Evaluation, aside: bool = False) -> str | None:
    """What a member of a drawn committee signs before it sits down, or to step aside (base64url)."""
    if found.panel is None or not found.panel.drawn:
        return None
    if aside:
        return b64(seating.interest_document(request.db, request.registry, request.actor, found.tender.code))
    raw, _seat = seating.promise_document(request.db, request.registry, request.actor, found.tender.code)
    return b64(raw)


def rejected(found: Evaluation) -> dict[str, str]:
    """The grounds of the bids that the reviews of qualification or conformity have rejected so far."""
    if found.report is not None:
        result = canonical.loads(found.report.raw)["result"]
        return {row["id"]: row["ground"] for row in result["rejected"]}
    if not found.locked("qualification"):
        return {}
    left = found.offers.left if found.offers is not None else ()
    return dict.fromkeys(left, "left") | dict.fromkeys(
        set(found.bids) - set(found.qualified()), "not-qualified"
    )


@view_config(route_name="evaluation-sign-in", request_method="POST", renderer=FOLDER + "evaluation.jinja2",
             permission=EVALUATE)  # fmt: skip
def sign_in(request: Request) -> Any:
    """Declare to have no interest and sit down, or step aside."""
    form = Form(request, commands.SignIn)
    if form.valid():
        interest = form.command.interest if request.POST.get("act") == "step-aside" else ""
        try:
            if request.POST.get("act") == "step-aside" and not interest:
                raise Refused(seats.reason_needed())
            seats.sign_in(
                request.db,
                request.registry,
                request.actor,
                request.context.code,
                interest,
                form.command.signed,
            )
            return back(request)
        except Refused as refused:
            form.refuse(refused)
    return show_room(request, access.evaluation_of(request)) | {"form": form}


# --- one bid --------------------------------------------------------------------------------------


@view_config(
    route_name="evaluation-bid", request_method="GET", renderer=FOLDER + "bid.jinja2", permission=EVALUATE
)
def bid(request: Request) -> Any:
    """A bid as it was opened, with the names of its documents; the look is recorded."""
    found, own = access.member(request)
    return show_bid(request, found, own, access.opened_bid(request, found))


def show_bid(request: Request, found: Evaluation, own: PanelMember, opened: OpenedBid) -> dict[str, Any]:
    files, unreadable = [], None
    try:
        with bidfiles.decrypted(request.db, request.registry, request.actor, found.tender, opened) as tar:
            files = bidfiles.listed(tar)
    except Refused as refused:
        unreadable = refused.faults[0].message
    votes = {
        step: [(entry, count(entry)) for entry in found.votes(step, opened.id)]
        for step in STEPS
        if step != ABNORMAL
    }
    return room(
        request, found, found.phase(request.now()), own=own, bid=opened, sheet=opened.read, files=files,
        unreadable=unreadable, votes=votes, may_ask=own.head and found.phase(request.now()) in service.ASKABLE,
        asked=[question for question in found.questions if question.bid_id == opened.row.id],
    )  # fmt: skip


@view_config(route_name="evaluation-documents", request_method="GET", permission=EVALUATE)
def documents(request: Request) -> Response:
    """The bidder's files as one tar, or the file `?name=`."""
    found, _own = access.member(request)
    opened, name = access.opened_bid(request, found), request.GET.get("name", "")
    tar = bidfiles.decrypted(request.db, request.registry, request.actor, found.tender, opened, name)
    response = Response(content_type="application/octet-stream")
    if name:
        response.body = bidfiles.one_file(tar, name)
    else:
        response.app_iter = FileIter(tar)
    response.content_disposition = f"attachment; filename={opened.manifest[:12]}.tar"
    if name:
        # The name is the bidder's: it goes out in a form that cannot break the header.
        response.headers["Content-Disposition"] = "attachment; filename*=UTF-8''" + bidfiles.header_name(name)
    return response


# --- votes ----------------------------------------------------------------------------------------


@view_config(route_name="evaluation-review", renderer=FOLDER + "review.jinja2", permission=EVALUATE)
def review(request: Request) -> Any:
    """The form of a review; posted, the page to sign what was chosen."""
    found, own = access.member(request)
    step = request.matchdict["step"]
    if step not in STEPS:
        raise HTTPNotFound()
    sheet = found.sheet_for(step, own.member)
    shown = room(request, found, found.phase(request.now()), own=own, step=step, sheet=sheet, raw=None,
                 posted=request.POST, faults=[], wrong=set())  # fmt: skip
    if request.method != "POST":
        if STEP_OF_PHASE.get(shown["phase"]) != step or found.has_voted(own.member, step):
            return back(request)
        return shown
    votes, findings = review_form.votes_of(request.POST, sheet), review_form.findings_of(request.POST, sheet)
    try:
        raw = service.draft_review(
            request.db, request.registry, request.actor, found.tender, step, votes, findings
        )
    except Refused as refused:
        request.response.status = 422
        return shown | {"faults": form_faults(request, found, sheet, refused),
                        "wrong": {fault.field.partition("/")[0] for fault in refused.faults}}  # fmt: skip
    return shown | {"raw": b64(raw), "votes": votes, "findings": findings,
                    "certificate": found.seat(own.member).cert_sha256}  # fmt: skip


def form_faults(request: Request, found: Evaluation, sheet: Sheet, refused: Refused) -> list[Fault]:
    """The faults as the form shows them: each kind once a bid, by the bidder's name."""
    shown: dict[tuple[str, str], Fault] = {}
    for fault in refused.faults:
        bid = fault.field.partition("/")[0]
        words = request.localizer.translate(fault.message)
        name = f"{found.bids[bid].name}: " if bid in found.bids else ""
        field = review_form.field_of_vote(sheet, fault.field)
        shown.setdefault((bid, fault.code), replace(fault, field=field, message=name + words))
    return list(shown.values())


@view_config(route_name="evaluation-review-sign", request_method="POST", permission=EVALUATE)
def sign_review(request: Request) -> Any:
    """Lock the signed votes."""
    form = Form(request, commands.SignReview)
    if not form.valid():
        raise Refused(form.faults)
    service.sign_review(
        request.db, request.registry, request.actor, request.context.code, request.matchdict["step"],
        form.command.raw, form.command.cms,
    )  # fmt: skip
    return back(request)


# --- the head's acts ------------------------------------------------------------------------------


@view_config(route_name="evaluation-questions", request_method="POST", renderer=FOLDER + "bid.jinja2",
             permission=EVALUATE)  # fmt: skip
def ask(request: Request) -> Any:
    """A question about a bid."""
    found, own = access.member(request)
    form = Form(request, commands.Ask)
    if form.valid():
        try:
            service.ask(request.db, request.registry, request.actor, request.context.code, form.command.bid,
                        form.command.text)  # fmt: skip
            return back(request, "evaluation-bid", manifest=form.command.bid)
        except Refused as refused:
            form.refuse(refused)
    opened = next((bid for bid in found.bids.values() if bid.manifest == form.value("bid")), None)
    if opened is None:
        raise HTTPNotFound()
    return show_bid(request, found, own, opened) | {"form": form}


@view_config(route_name="evaluation-tie", request_method="POST", permission=EVALUATE)
def start_draw(request: Request) -> Any:
    """The head asks for the draw among tied bids; the rest goes by itself."""
    drawn = tiebreak.start(request.db, request.registry, request.actor, request.context.code)
    address = request.route_path("draw", tender=drawn.tender, purpose=drawn.purpose, number=drawn.number)
    return HTTPSeeOther(address)


@view_config(route_name="evaluation-draw", request_method="POST", renderer=FOLDER + "evaluation.jinja2",
             permission=EVALUATE)  # fmt: skip
def draw(request: Request) -> Any:
    """Record the draw among tied bids."""
    form = Form(request, commands.RecordDraw)
    if form.valid():
        given = form.command
        try:
            service.record_draw(request.db, request.registry, request.actor, request.context.code, given.order,
                                given.officer, given.how)  # fmt: skip
            return back(request)
        except Refused as refused:
            form.refuse(refused)
    return show_room(request, access.evaluation_of(request)) | {"form": form}
