"""The pages of bid securities: a bidder's own; the list of all, from the deadline on; a decision to keep one."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from bidding.deposits import checking, decisions, returns, service, standing, words
from bidding.deposits.commands import Decide, HandInGuarantee, RegisterBaseAccount, SignDecision
from bidding.deposits.models import BaseAccount, DepositDecision
from bidding.deposits.sealed import account_of, items_of, owner_of, payer_of, payment_of
from bidding.tenders.models import Tender
from bidding.tenders.publication import cms_bytes
from bidding.vault.encoding import b64
from trading.accounts import certificates
from trading.accounts.models import User
from trading.errors import Refused
from trading.interfaces import IBank, IFileStore
from trading.parties.models import Party
from trading.permissions import Permission
from trading.web import Form

FOLDER = "bidding.deposits:templates/"


# --- the bidder's own -----------------------------------------------------------------------------


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
    if form.valid():
        try:
            act()
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("deposit", code=request.context.code))
    return deposit_page(request, form)


@view_config(
    route_name="deposit-account", request_method="POST", renderer=FOLDER + "deposit.jinja2",
    permission=Permission.BID,
)  # fmt: skip
def open_account(request: Request) -> Any:
    """One click: the account to pay to."""
    try:
        service.open_account(request.db, request.registry, request.context, own_party(request))
    except Refused as refused:
        form = Form(request, HandInGuarantee)
        form.refuse(refused)
        return deposit_page(request, form)
    return HTTPSeeOther(request.route_path("deposit", code=request.context.code))


@view_config(
    route_name="deposit-guarantee", request_method="POST", renderer=FOLDER + "deposit.jinja2",
    permission=Permission.BID,
)  # fmt: skip
def guarantee(request: Request) -> Any:
    """A guarantee in place of money."""
    form = Form(request, HandInGuarantee)
    return own_act(
        request,
        form,
        lambda: service.hand_in_guarantee(
            request.db, request.registry, request.context, own_party(request), form.command.number
        ),
    )


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


# --- the list -------------------------------------------------------------------------------------


@view_config(
    route_name="deposits", request_method="GET", renderer=FOLDER + "deposits.jinja2",
    permission=Permission.SEE_DEPOSITS,
)  # fmt: skip
def deposits(request: Request) -> dict[str, Any]:
    """Who paid, whether it counts, and what goes back when. Sealed until the deadline."""
    return deposits_page(request)


def deposits_page(request: Request, faults: Any = ()) -> dict[str, Any]:
    tender: Tender = request.context
    if tender.security <= 0 or tender.published_at is None:
        raise HTTPNotFound()
    now = request.now()
    closed = tender.state != "published" and now >= tender.deadline
    found = standing.standings(request.db, request.registry, tender, now) if closed else []
    rows = [row for each in found for row in each.rows]
    return {
        "tender": tender,
        "closed": closed,
        "found": [each for each in found if each.rows],
        "unpaid": len([each for each in found if not each.rows]),
        "due": [row for row in rows if row.state == "due"],
        "words": words,
        "rules": checking.RULES[service.regime(request.registry, tender)],
        "cite": cite,
        "faults": faults,
        "may_refund": request.may(Permission.REFUND_DEPOSITS),
        "may_keep": request.may(Permission.FORFEIT_DEPOSIT),
    }


def cite(request: Request, rule_id: str) -> str:
    """The article behind a clock, in the reader's language."""
    found = standing.the_rulebook().rule(rule_id, standing.beijing_date(request.now()))
    return found.citation(request.locale_name)


@view_config(
    route_name="deposits-refund", request_method="POST", renderer=FOLDER + "deposits.jinja2",
    permission=Permission.REFUND_DEPOSITS,
)  # fmt: skip
def refund(request: Request) -> Any:
    """Return everything that is due."""
    try:
        returns.order(request.db, request.registry, request.context)
        for each in standing.standings(request.db, request.registry, request.context, request.now()):
            for row in each.rows:
                if row.state == "declined":
                    returns.again(request.db, row.payment.row)
    except Refused as refused:
        request.response.status = 422
        return deposits_page(request, refused.faults)
    return HTTPSeeOther(request.route_path("deposits", code=request.context.code))


# --- a decision -----------------------------------------------------------------------------------


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
    form = Form(request, Decide)
    uscc = request.matchdict["uscc"]
    if form.valid():
        upload, given = request.POST.get("file"), form.command
        try:
            decisions.draft(
                request.db, request.registry, request.context, uscc=uscc, keep=given.act == "keep",
                ground=given.ground, reason=given.reason, file_name=getattr(upload, "filename", "") or "",
                file=upload.file.read(decisions.MOST + 1) if hasattr(upload, "file") else b"",
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("deposit-decision", code=request.context.code, uscc=uscc))
    return decision_page(request, form)


@view_config(
    route_name="deposit-decision-sign", request_method="POST", renderer=FOLDER + "decision.jinja2",
    permission=Permission.FORFEIT_DEPOSIT,
)  # fmt: skip
def sign_decision(request: Request) -> Any:
    """The purchaser's signature: it takes effect."""
    form = Form(request, SignDecision)
    if form.valid():
        try:
            decisions.sign(
                request.db, request.registry, request.actor, request.db.get_one(User, request.identity.user_id),
                request.context, uscc=request.matchdict["uscc"],
                cms=cms_bytes(form.command.decision_cms, "decision_cms"),
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
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


def deposit_facts(request: Request, tender: Tender) -> dict[str, Any] | None:
    """For the committee: what is to be said of each bidder's security; None where the hall keeps none."""
    found = standing.facts(request.db, request.registry, tender, request.now())
    if found is None:
        return None
    return {
        uscc: {
            "counted": fact.counted,
            "codes": [(words.FINDINGS[code], rule) for code, rule in fact.codes],
            "sharers": fact.sharers,
        }
        for uscc, fact in found.items()
    }
