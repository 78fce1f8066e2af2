"""A bidder's own bid security: where to pay, guarantees, what came in, what becomes of it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from bidding.deposits import (
    checking,
    guarantee_file,
    guarantees,
    service,
    words,
)
from bidding.deposits.commands import HandInGuarantee, Nothing, RegisterBaseAccount
from bidding.deposits.models import BaseAccount, DepositDecision
from bidding.deposits.sealed import account_of, items_of, owner_of, payer_of, payment_of
from bidding.tenders.models import Tender
from trading.interfaces import IBank
from trading.parties.models import Party
from trading.permissions import Permission
from trading.web import Form

FOLDER = "bidding.deposits:templates/"


def own_party(request: Request) -> Party:
    return request.db.get_one(Party, request.identity.party_id)


def deposit_box(request: Request, tender: Tender) -> dict[str, Any] | None:
    """What the bid page shows of the reader's own security; None where the hall keeps none."""
    if tender.security <= 0 or request.registry.queryUtility(IBank) is None:
        return None
    party = own_party(request)
    account = account_of(request.db, request.keys, tender, party.uscc)
    items = items_of(request.db, request.keys, [account] if account else [])
    payer = (
        payer_of(request.db, owner_of(request.keys, account)) if account else checking.Payer(party.name, "")
    )
    plain, last_day = [each.item for each in items], service.valid_until(tender)
    rules = checking.RULES[service.regime(request.registry, tender)]
    found = checking.verdict(plain, payer, tender.security, tender.deadline, last_day)
    return {
        "number": owner_of(request.keys, account).number if account else "",
        "account": account,
        "items": [
            (each, checking.findings(each.item, payer, tender.deadline, last_day), payment)
            for each in items
            for payment in [payment_of(request.db, request.keys, each.row)]
        ],
        "required": tender.security,
        "counted": checking.counted(plain, payer, tender.deadline, last_day),
        "verdict": [(words.FINDINGS[code], rules[code]) for code in found],
        "rules": rules,
        "open": tender.state == "published" and request.now() < tender.deadline,
        "valid_until": last_day,
    }


@view_config(
    route_name="deposit", request_method="GET", renderer=FOLDER + "deposit.jinja2", permission=Permission.BID
)
def deposit(request: Request) -> dict[str, Any]:
    """The bidder's own security: where to pay, what came in, what becomes of it."""
    return deposit_page(request)


def deposit_page(request: Request, form: Form | None = None) -> dict[str, Any]:
    tender: Tender = request.context
    box = deposit_box(request, tender)
    if box is None or tender.published_at is None:
        raise HTTPNotFound()
    party = own_party(request)
    return {
        "tender": tender,
        "party": party,
        "box": box,
        "base": request.db.get(BaseAccount, party.id),
        "form": form or Form(request, HandInGuarantee),
        "faults": form.faults if form else [],
        "words": words,
        "decided": decided(request, box["account"]),
        "law": service.regime(request.registry, tender),
    }


def decided(request: Request, account: Any) -> list[DepositDecision]:
    """Signed decisions about the reader's own security: this page is where they are told."""
    if account is None:
        return []
    query = select(DepositDecision).where(
        DepositDecision.account_id == account.id, DepositDecision.decided_at.is_not(None)
    )
    return list(request.db.scalars(query.order_by(DepositDecision.number)))


def own_act(request: Request, form: Form, act: Any) -> Any:
    """Run a bidder's act; back to its page, or the page with the refusal."""
    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("deposit", code=request.context.code))
    return deposit_page(request, form)


@view_config(
    route_name="deposit-account", request_method="POST", renderer=FOLDER + "deposit.jinja2",
    permission=Permission.BID,
)  # fmt: skip
def open_account(request: Request) -> Any:
    """One click: the account to pay to."""
    form = Form(request, Nothing)
    return own_act(
        request,
        form,
        lambda: service.open_account(request.db, request.registry, request.context, own_party(request)),
    )


@view_config(
    route_name="deposit-guarantee", request_method="POST", renderer=FOLDER + "deposit.jinja2",
    permission=Permission.BID,
)  # fmt: skip
def guarantee(request: Request) -> Any:
    """A guarantee in place of money: its signed file, or its number."""
    chosen = request.POST.get("file")
    given = (request.db, request.registry, request.context, own_party(request))
    if chosen is not None:
        data = chosen.file.read(guarantee_file.LARGEST + 1) if hasattr(chosen, "file") else b""
        form = Form(request, Nothing)
        return own_act(request, form, lambda: guarantees.hand_in_file(*given, data))
    form = Form(request, HandInGuarantee)
    return own_act(request, form, lambda: guarantees.hand_in_number(*given, form.command.number))


@view_config(
    route_name="deposit-base-account", request_method="POST", renderer=FOLDER + "deposit.jinja2",
    permission=Permission.BID,
)  # fmt: skip
def base_account(request: Request) -> Any:
    """Register the enterprise's base account."""
    form = Form(request, RegisterBaseAccount)
    return own_act(
        request,
        form,
        lambda: service.register_base_account(
            request.db, request.actor, own_party(request), form.command.bank, form.command.number
        ),
    )
