"""The purchaser's decision on a bid security: written, signed, read, and a guarantee claimed by it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from bidding.deposits import decisions, standing, words
from bidding.deposits.commands import Decide, SignDecision
from bidding.deposits.models import DepositDecision
from bidding.deposits.standing import Standing
from bidding.tenders.models import Tender
from bidding.tenders.publication import cms_bytes
from bidding.vault.encoding import b64, unb64
from trading.accounts import certificates
from trading.accounts.models import User
from trading.errors import Refused
from trading.interfaces import IFileStore
from trading.parties.models import Party
from trading.permissions import Permission
from trading.web import Form

FOLDER = "bidding.deposits:templates/"


@view_config(
    route_name="deposit-decision", request_method="GET", renderer=FOLDER + "decision.jinja2",
    permission=Permission.FORFEIT_DEPOSIT,
)  # fmt: skip
def decision(request: Request) -> Any:
    return decision_page(request, Form(request, Decide))


def decision_page(request: Request, form: Form) -> dict[str, Any]:
    tender: Tender = request.context
    now = request.now()
    if tender.state == "published" or now < tender.deadline:
        raise HTTPNotFound()
    try:
        each = decisions.find(request.db, request.registry, tender, request.matchdict["uscc"], now)
    except Refused:
        raise HTTPNotFound() from None
    draft = each.draft
    usable = certificates.usable(request.db, request.identity.user_id, now)
    return {
        "tender": tender,
        "each": each,
        "form": form,
        "draft": draft,
        "to_sign": b64(draft.raw) if draft else "",
        "certificates": ",".join(found.sha256 for found in usable),
        "words": words,
        "articles": decisions.ARTICLES[each.situation.regime],
    }


@view_config(
    route_name="deposit-decision", request_method="POST", renderer=FOLDER + "decision.jinja2",
    permission=Permission.FORFEIT_DEPOSIT,
)  # fmt: skip
def draft_decision(request: Request) -> Any:
    """Write the decision; signing it comes next."""
    form, uscc = Form(request, Decide), request.matchdict["uscc"]
    upload = request.POST.get("file")
    name = getattr(upload, "filename", "") or ""
    file = upload.file.read(decisions.MOST + 1) if hasattr(upload, "file") else b""
    done = form.carried_out(
        lambda: decisions.draft(
            request.db, request.registry, request.context, uscc=uscc, keep=form.command.act == "keep",
            ground=form.command.ground, reason=form.command.reason, file_name=name, file=file,
        )
    )  # fmt: skip
    if done:
        return HTTPSeeOther(request.route_path("deposit-decision", code=request.context.code, uscc=uscc))
    return decision_page(request, form)


@view_config(
    route_name="deposit-decision-sign", request_method="POST", renderer=FOLDER + "decision.jinja2",
    permission=Permission.FORFEIT_DEPOSIT,
)  # fmt: skip
def sign_decision(request: Request) -> Any:
    """The purchaser's signature: it takes effect."""
    form, user = Form(request, SignDecision), request.db.get_one(User, request.identity.user_id)
    done = form.carried_out(
        lambda: decisions.sign(
            request.db, request.registry, request.actor, user, request.context, uscc=request.matchdict["uscc"],
            cms=cms_bytes(form.command.decision_cms, "decision_cms"),
        )
    )  # fmt: skip
    if done:
        return HTTPSeeOther(request.route_path("deposits", code=request.context.code))
    return decision_page(request, form)


@view_config(route_name="deposit-document", permission=Permission.ATTEND_OPENING)
def document(request: Request) -> Response:
    """The document behind a signed decision: for the bidder it is about, who buys here, and the regulator."""
    digest = request.matchdict["sha256"]
    found = next((each for each in shown_decisions(request) if each.document_sha256 == digest), None)
    if found is None:
        raise HTTPNotFound()
    data = request.port(IFileStore).get(decisions.file_key(digest))
    response = Response(body=data, content_type="application/octet-stream")
    response.content_disposition = f'attachment; filename="{request.context.code}-decision"'
    return response


def shown_decisions(request: Request) -> list[DepositDecision]:
    tender: Tender = request.context
    now = request.now()
    if tender.state == "published" or now < tender.deadline:
        return []
    everything = bool(request.may(Permission.SEE_DEPOSITS))
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    return [
        decision
        for each in standing.standings(request.db, request.registry, tender, now)
        if everything or (party is not None and each.owner.uscc == party.uscc)
        for decision in each.decisions
    ]


# --- claiming a guarantee ---------------------------------------------------------------------------


@view_config(
    route_name="deposit-claim", request_method="GET", renderer=FOLDER + "claim.jinja2",
    permission=Permission.SEE_DEPOSITS,
)  # fmt: skip
def claim(request: Request) -> dict[str, Any]:
    """The demand on the guarantor (保函索赔函), to be printed or sent with the files it names."""
    each, found = kept(request)
    said = json.loads(found.raw)
    return {
        "tender": request.context,
        "each": each,
        "decision": found,
        "said": said,
        "sha256": hashlib.sha256(found.raw).hexdigest(),
        "signed": [row for row in each.rows if "signed" in row.held.kept],
        "words": words,
    }


@view_config(route_name="deposit-claim-file", request_method="GET", permission=Permission.SEE_DEPOSITS)
def claim_file(request: Request) -> Response:
    """decision.json and decision.p7s as signed; the guarantee's file as its issuer signed it."""
    each, found = kept(request)
    files = {"decision.json": found.raw, "decision.p7s": found.cms or b""}
    for row in each.rows:
        if "signed" in row.held.kept:
            files[f"{row.held.number}.guarantee.json"] = unb64(row.held.kept["signed"])
    data = files.get(request.matchdict["name"])
    if data is None:
        raise HTTPNotFound()
    response = Response(body=data, content_type="application/octet-stream")
    response.content_disposition = "attachment"
    return response


def kept(request: Request) -> tuple[Standing, DepositDecision]:
    """The bidder of the address, and the signed decision to keep what its guarantees promise. 404 without."""
    tender: Tender = request.context
    now = request.now()
    if tender.state == "published" or now < tender.deadline:
        raise HTTPNotFound()
    for each in standing.standings(request.db, request.registry, tender, now):
        for found in each.decisions if each.owner.uscc == request.matchdict["uscc"] else ():
            if found.decided_at is not None and "claims" in json.loads(found.raw):
                return each, found
    raise HTTPNotFound()
