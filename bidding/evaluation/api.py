"""The JSON interface of an evaluation: everything a member, a bidder or the buyer does here, by program.

Byte fields are base64url without padding. Signing takes two calls: one gives the exact bytes, the next
takes them back with a detached CMS.
"""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from bidding.evaluation import access, bidfiles, commands, questions, report, rounds, seats, service, tiebreak
from bidding.evaluation.models import Clarification
from bidding.evaluation.papers import STEPS
from bidding.evaluation.phases import STEP_OF_PHASE, Phase
from bidding.evaluation.progress import Evaluation, is_open
from bidding.evaluation.review import count
from bidding.vault.encoding import b64
from bidding.vault.models import Bid
from expert_pool.selection import replacing
from expert_pool.selection.models import Panel, PanelMember
from expert_pool.selection.panel_list import REPLACED
from trading.clock import rfc3339
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import read_json

EVALUATE, BUYER, BIDDER = Permission.EVALUATE, Permission.IMPORT_PANEL, Permission.BID


# --- the committee --------------------------------------------------------------------------------


@view_config(route_name="api-panel", request_method="POST", renderer="json", permission=BUYER)
def import_panel(request: Request) -> Any:
    """POST the list's file as it came from the pool (see expert_pool.selection.panel_list) → 201."""
    seats.import_panel(request.db, request.registry, request.actor, request.context.code, request.body)
    request.response.status = 201
    return panel_json(access.evaluation_of(request))


@view_config(route_name="api-panel", request_method="GET", renderer="json", permission=BUYER)
def show_panel(request: Request) -> Any:
    """The seats, without names."""
    return panel_json(access.evaluation_of(request))


def panel_json(found: Evaluation) -> dict[str, Any]:
    """The committee as the buyer may see it: seats and whether they are taken."""
    taken = {row.seat: "recused" if row.recused_at else "signed-in" for row in found.members}
    taken |= {seat.seat: seat.state for seat in found.seats if seat.state == REPLACED}
    return {
        "size": found.panel.size if found.panel else 0,
        "source": found.panel.source if found.panel else None,
        "complete": found.complete,
        "seats": [
            {
                "seat": seat.seat,
                "kind": seat.kind,
                "head": seat.head,
                "state": taken.get(seat.seat, "expected"),
            }
            for seat in found.seats
        ],
    }


@view_config(route_name="api-panel-sign-in", request_method="POST", renderer="json", permission=EVALUATE)
def sign_in(request: Request) -> Any:
    """{} → sits down and declares no interest; {"interest": why} → steps aside. In a drawn committee {"promise", "p7s",
    "phone": true} → sits down, {"interest", "promise", "p7s"} → steps aside, with what GET …/promise calls `aside`."""
    command = read_json(request, commands.SignIn)
    row = seats.sign_in(
        request.db, request.registry, request.actor, request.context.code, command.interest, command.signed
    )
    return {"member": row.member, "seat": row.seat, "recused": row.recused_at is not None}


@view_config(route_name="api-panel-replacements", request_method="POST", renderer="json", permission=BUYER)
def replace_member(request: Request) -> Any:
    """{"seat","ground","reason","document","file_name"} → 201 {"member","seat","stuck"}: what the member concluded is
    void; `stuck` when nobody is on the way to the empty seat."""
    given = read_json(request, commands.ReplaceMember)
    order = replacing.Order(given.seat, given.ground, given.reason, given.file_name, given.document)
    row = seats.replace_member(request.db, request.registry, request.actor, request.context.code, order)
    request.response.status = 201
    panel = request.db.get_one(Panel, row.panel_id)
    return {
        "member": row.member,
        "seat": row.seat,
        "stuck": replacing.stuck(request.db, request.registry, panel),
    }


@view_config(route_name="api-panel-stop", request_method="POST", renderer="json", permission=BUYER)
def stop(request: Request) -> Any:
    """{"reason","document","file_name"} → {"state","round"}: another committee is to be formed."""
    given = read_json(request, commands.Stop)
    ground = rounds.Ground(given.reason, given.file_name, given.document)
    seats.stop(request.db, request.registry, request.actor, request.context.code, ground)
    return {"state": request.context.state, "round": request.context.round}


# --- the member's view ----------------------------------------------------------------------------


@view_config(route_name="api-evaluation", request_method="GET", renderer="json", permission=EVALUATE)
def show(request: Request) -> Any:
    """Where the evaluation stands and what this member has to do: `step` is the review to sign, or null."""
    found, row = access.member(request)
    phase = found.phase(request.now())
    step = STEP_OF_PHASE.get(phase)
    return {
        "tender": found.tender.code,
        "state": found.tender.state,
        "phase": phase,
        "member": row.member,
        "seat": row.seat,
        "head": row.head,
        "certificate": found.seat(row.member).cert_sha256,
        "step": step if step and not found.has_voted(row.member, step) else None,
        "subjects": found.subjects(step) if step else [],
        "items": list(found.items(step)) if step else [],
        "locked": {name: len(found.voted(name)) for name in STEPS},
        "bids": [bid_json(found, bid) for bid in sorted(found.bids)],
        "questions": [question_json(request, found, question) for question in found.questions],
        "ties": [list(tie.bids) for tie in found.result().ties] if phase == "draw" else [],
        "scoring": scoring_json(found, row, phase),
        "report": found.report is not None,
    }


def scoring_json(found: Evaluation, own: PanelMember, phase: Phase) -> dict[str, Any] | None:
    """How far the scoring is, never what anybody gave; null when nothing is to be scored or explained now."""
    if found.scoring is None or phase not in (Phase.SCORING, Phase.SCORE_REASONS):
        return None
    return {
        "bids": list(found.scoring.bids),
        "mine": own.member in found.scoring.locked,
        "locked": len(found.scoring.locked),
        "owed": len(found.scoring.owed(own.member)),
        "disagreements": len(found.scoring.disagreements),
    }


def bid_json(found: Evaluation, bid: str) -> dict[str, Any]:
    """A bid with its opened price sheet and, once everybody has voted, what the committee found."""
    opened = found.bids[bid]
    return {
        "id": bid,
        "name": opened.name,
        "manifest": opened.manifest,
        "sheet": opened.sheet,
        "votes": {
            step: [
                {
                    "item": entry.item,
                    "passed": count(entry).passed,
                    "ayes": count(entry).ayes,
                    "noes": count(entry).noes,
                }
                for entry in found.votes(step, bid)
            ]
            for step in ("qualification", "conformity")
        },
    }


@view_config(route_name="api-evaluation-documents", request_method="GET", permission=EVALUATE)
def documents(request: Request) -> Response:
    """The bidder's files as one tar; the look is recorded."""
    found, _row = access.member(request)
    bid = access.opened_bid(request, found)
    tar = bidfiles.decrypted(request.db, request.registry, request.actor, found.tender, bid)
    return Response(app_iter=FileIter(tar), content_type="application/x-tar")


# --- votes ----------------------------------------------------------------------------------------


@view_config(route_name="api-review-draft", request_method="POST", renderer="json", permission=EVALUATE)
def draft_review(request: Request) -> Any:
    """{"votes":[{"bid","item","pass","reason"}…],"findings":[…]} → {"raw"}: the bytes to sign. In the step
    `abnormal` a vote is {"bid","accepted","reason"}."""
    command = read_json(request, commands.DraftReview)
    votes = [vote.model_dump(by_alias=True) for vote in command.votes]
    findings = [finding.model_dump() for finding in command.findings]
    raw = service.draft_review(
        request.db,
        request.registry,
        request.actor,
        request.context,
        request.matchdict["step"],
        votes,
        findings,
    )
    return {"raw": b64(raw)}


@view_config(route_name="api-review", request_method="POST", renderer="json", permission=EVALUATE)
def sign_review(request: Request) -> Any:
    """{"raw","cms"} → the votes are locked."""
    command = read_json(request, commands.SignReview)
    row = service.sign_review(
        request.db, request.registry, request.actor, request.context.code, request.matchdict["step"],
        command.raw, command.cms,
    )  # fmt: skip
    return {"review": row.sha256, "phase": phase_now(request)}


def phase_now(request: Request) -> str:
    return str(access.evaluation_of(request).phase(request.now()))


# --- questions ------------------------------------------------------------------------------------


@view_config(route_name="api-questions", request_method="POST", renderer="json", permission=EVALUATE)
def ask(request: Request) -> Any:
    """{"bid": manifest hash, "text"} → 201 the question; the head only."""
    command = read_json(request, commands.Ask)
    question = service.ask(
        request.db, request.registry, request.actor, request.context.code, command.bid, command.text
    )
    request.response.status = 201
    return question_json(request, access.evaluation_of(request), question)


@view_config(route_name="api-clarifications", request_method="GET", renderer="json", permission=BIDDER)
def own_questions(request: Request) -> Any:
    """The questions to one's own enterprise. `sign` has the bytes to sign for a price correction; an
    answer in words is signed as it stands (UTF-8)."""
    asked = questions.questions_to(request.db, request.context, access.own_uscc(request))
    return [own_question_json(request, question) for question in asked]


@view_config(route_name="api-clarification", request_method="POST", renderer="json", permission=BIDDER)
def answer(request: Request) -> Any:
    """{"answer": text, "cms"} or {"confirmed": bool, "cms"} → the answered question."""
    command = read_json(request, commands.Answer)
    question = service.answer(
        request.db, request.registry, request.actor, request.context.code, request.matchdict["ref"],
        uscc=access.own_uscc(request), cms=command.cms, text=command.answer, confirmed=command.confirmed,
    )  # fmt: skip
    return own_question_json(request, question)


def question_json(request: Request, found: Evaluation, question: Clarification) -> dict[str, Any]:
    """A question as the committee sees it."""
    return shown(request, question) | {"bid": found.bid_of(question).id}


def own_question_json(request: Request, question: Clarification) -> dict[str, Any]:
    """A question as the bidder sees it, with what there is to sign."""
    manifest = request.db.get_one(Bid, question.bid_id).manifest_hash
    found = shown(request, question) | {"manifest": manifest, "sign": None}
    if question.kind == "correction" and found["open"]:
        document = questions.confirmation_document
        found["sign"] = {
            name: b64(document(request.context, manifest, question.total, value))
            for name, value in (("confirm", True), ("deny", False))
        }
    return found


def shown(request: Request, question: Clarification) -> dict[str, Any]:
    return {
        "ref": question.id.hex,
        "kind": question.kind,
        "question": question.question,
        "total": question.total or None,
        "asked": rfc3339(question.asked_at),
        "due": rfc3339(question.due_at),
        "open": is_open(question, request.now()),
        "answered": rfc3339(question.answered_at) if question.answered_at else None,
        "answer": question.answer or None,
        "confirmed": question.confirmed,
    }


@view_config(route_name="api-tie", request_method="POST", renderer="json", permission=EVALUATE)
def start_draw(request: Request) -> Any:
    """The head asks for the draw among tied bids: {"draw","scope"}."""
    drawn = tiebreak.start(request.db, request.registry, request.actor, request.context.code)
    request.response.status = 201
    return {"draw": drawn.ann, "scope": drawn.scope}


# --- draw and report ------------------------------------------------------------------------------


@view_config(route_name="api-draw", request_method="POST", renderer="json", permission=EVALUATE)
def record_draw(request: Request) -> Any:
    """{"order":[bidder codes as drawn],"officer","how"}: the head records the draw among tied bids."""
    command = read_json(request, commands.RecordDraw)
    service.record_draw(
        request.db, request.registry, request.actor, request.context.code, command.order, command.officer,
        command.how,
    )  # fmt: skip
    return {"phase": phase_now(request)}


@view_config(
    route_name="api-report", request_method="GET", renderer="json", permission=Permission.OWN_ACCOUNT
)
def show_report(request: Request) -> Any:
    """The report's bytes, its inputs, who has signed."""
    found = access.report_reader(request)
    return report_json(request, found)


@view_config(route_name="api-report", request_method="POST", renderer="json", permission=EVALUATE)
def sign_report(request: Request) -> Any:
    """{"cms"} or {"cms","dissent": text,"dissent_cms"}: sign, with or without written dissent."""
    command = read_json(request, commands.SignReport)
    service.sign_report(
        request.db, request.registry, request.actor, request.context.code, command.cms, command.dissent,
        command.dissent_cms,
    )  # fmt: skip
    return report_json(request, access.evaluation_of(request))


@view_config(route_name="api-report-deliver", request_method="POST", renderer="json", permission=EVALUATE)
def deliver(request: Request) -> Any:
    """{} → the head delivers the report; the tender is evaluated or has failed."""
    service.deliver(request.db, request.registry, request.actor, request.context.code)
    return {"state": request.context.state}


def report_json(request: Request, found: Evaluation) -> dict[str, Any]:
    drawn = report.drawn_up(found)
    signed = {signature.member for signature in report.signatures_of(request.db, drawn)}
    return {
        "raw": b64(drawn.raw),
        "sha256": drawn.sha256,
        "inputs": b64(drawn.inputs),
        "result": canonical.loads(drawn.raw)["result"],
        "signed": places(found.seated, signed),
        "missing": places(found.seated, {row.member for row in found.seated} - signed),
        "delivered": rfc3339(drawn.delivered_at) if drawn.delivered_at else None,
    }


def places(members: list[PanelMember], chosen: set[str]) -> list[int]:
    return [row.seat for row in members if row.member in chosen]
