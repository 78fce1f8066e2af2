"""The pages about bids that were not opened: the host decides, the supervisor looks on, a bidder says that
the platform failed."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.opening import faults, words
from bidding.opening.act_views import back
from bidding.opening.commands import ClaimPlatform, DecideFault
from bidding.opening.views import FOLDER, page, published
from bidding.vault.envelopes import second
from bidding.vault.service import policy_of
from trading.clock import rfc3339
from trading.permissions import Permission
from trading.web import Form, read_json


@view_config(
    route_name="opening-cases",
    request_method="GET",
    renderer=FOLDER + "cases.jinja2",
    permission=Permission.SEE_OPENING_CASES,
)
def show(request: Request) -> dict[str, Any]:
    """Every bid that was not opened, with its evidence."""
    return cases_page(request, Form(request, DecideFault), "")


def cases_page(request: Request, form: Form, manifest: str) -> dict[str, Any]:
    tender = published(request)
    return {
        "tender": tender,
        "cases": faults.cases(request.db, tender),
        "may_decide": bool(request.may(Permission.HOST_OPENING)),
        "two": second(policy_of(request.db, tender)) is not None,
        "form": form,
        "about": manifest,
        "words": words,
    }


@view_config(
    route_name="opening-case",
    request_method="POST",
    renderer=FOLDER + "cases.jinja2",
    permission=Permission.HOST_OPENING,
)
def decide(request: Request) -> Any:
    """The host's decision on one bid."""
    form, manifest = Form(request, DecideFault), request.matchdict["manifest"]
    done = form.carried_out(
        lambda: faults.decide_fault(
            request.db, request.registry, request.actor, request.context.code, manifest,
            form.command.fault, form.command.reason,
        )
    )  # fmt: skip
    if done:
        return HTTPSeeOther(request.route_path("opening-cases", code=request.context.code))
    return cases_page(request, form, manifest)


@view_config(
    route_name="opening-claim",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.ATTEND_OPENING,
)
def claim(request: Request) -> Any:
    """A bidder says that the platform failed."""
    form = Form(request, ClaimPlatform)
    done = form.carried_out(
        lambda: faults.claim(
            request.db, request.registry, request.actor, request.context.code,
            form.command.statement, form.command.receipt,
        )
    )  # fmt: skip
    return back(request) if done else page(request, form)


@view_config(
    route_name="api-opening-cases",
    request_method="GET",
    renderer="json",
    permission=Permission.SEE_OPENING_CASES,
)
def show_json(request: Request) -> Any:
    """[{"manifest", "bidder", "proposed", "rule", "evidence", "claim", "decided"}]"""
    return [
        {
            "manifest": case.bid.manifest_hash,
            "bidder": case.bid.bidder_uscc,
            "stage": case.stage.name,
            "outcome": case.outcome.outcome,
            "proposed": case.proposed,
            "rule": case.rule,
            "evidence": case.evidence,
            "claim": case.claim.statement if case.claim else None,
            "decided": {
                "fault": case.decision.fault,
                "reason": case.decision.reason,
                "at": rfc3339(case.decision.decided_at),
            }
            if case.decision
            else None,
        }
        for case in faults.cases(request.db, published(request))
    ]


@view_config(
    route_name="api-opening-case", request_method="POST", renderer="json", permission=Permission.HOST_OPENING
)
def decide_json(request: Request) -> Any:
    """{"fault", "reason"} → {"outcome"}"""
    command = read_json(request, DecideFault)
    row = faults.decide_fault(
        request.db, request.registry, request.actor, request.context.code, request.matchdict["manifest"],
        command.fault, command.reason,
    )  # fmt: skip
    return {"outcome": row.outcome, "fault": row.fault}


@view_config(
    route_name="api-opening-claim",
    request_method="POST",
    renderer="json",
    permission=Permission.ATTEND_OPENING,
)
def claim_json(request: Request) -> Any:
    """{"statement", "receipt"} → {"receipt_holds"}"""
    command = read_json(request, ClaimPlatform)
    row = faults.claim(
        request.db, request.registry, request.actor, request.context.code, command.statement, command.receipt
    )
    return {"receipt_holds": row.receipt_holds}
