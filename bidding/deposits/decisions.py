"""Keeping a security (不予退还投标保证金): only in the cases that the law lists, by the tenderer's signed decision
with reason and document, told to the bidder."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.deposits.checking import GUARANTEE, TRANSFER
from bidding.deposits.fate import ARTICLES
from bidding.deposits.models import DepositAccount, DepositDecision
from bidding.deposits.returns import order_payment
from bidding.deposits.standing import Row, Standing, standings
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, must_go_on
from trading.accounts import certificates
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.banking import Payee
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.evidence import accept
from trading.interfaces import IFileStore
from trading.ledger import canonical
from trading.web import _

MOST = 20 * 1024 * 1024
"""bytes of the document behind a decision"""


def file_key(sha256: str) -> str:
    """Where the document behind a decision lies in the file store."""
    return f"deposits/{sha256}"


def find(session: Session, registry: Any, tender: Tender, uscc: str, now: datetime) -> Standing:
    """One bidder's standing. Raises Refused `deposit.unknown`."""
    for each in standings(session, registry, tender, now):
        if each.owner.uscc == uscc and each.rows:
            return each
    raise refuse("deposit.unknown", _("This bidder has no bid security here."))


def draft(
    session: Session,
    registry: Any,
    tender: Tender,
    *,
    uscc: str,
    keep: bool,
    ground: str,
    reason: str,
    file_name: str,
    file: bytes,
) -> DepositDecision:
    """The bytes of a decision, to be signed. An earlier draft is replaced.

    Raises Refused `deposit.no-ground` outside the listed cases, `deposit.document`, `deposit.sealed`."""
    tender = locked(session, tender.code)
    now = database_now(session)
    if tender.state == "published" or now < tender.deadline:
        raise refuse(
            "deposit.sealed", _("Until the deadline nobody may know who has paid."), rule="Order 20 art. 21"
        )
    each = find(session, registry, tender, uscc, now)
    if ground not in each.grounds:
        raise refuse(
            "deposit.no-ground", _("The law lists no case in which this security may be kept now."),
            field="ground", rule="TBR 35, 74; M87 23", remedy=_("It goes back at its time."),
        )  # fmt: skip
    if not 0 < len(file) <= MOST:
        raise refuse(
            "deposit.document",
            _("Choose the document that the decision rests on (up to 20 MB)."),
            field="file",
        )
    digest = hashlib.sha256(file).hexdigest()
    registry.getUtility(IFileStore).put(file_key(digest), file)
    found = each.draft or DepositDecision(
        id=uuid.uuid4(), account_id=each.account.id, number=_next_number(session, each)
    )
    found.keep, found.ground, found.reason = keep, ground, reason
    found.document_name, found.document_sha256, found.made_at = file_name, digest, now
    found.raw = document(tender, each, found, now)
    session.add(found)
    session.flush()
    return found


def _next_number(session: Session, each: Standing) -> int:
    query = select(func.count()).where(DepositDecision.account_id == each.account.id)
    return 1 + int(session.execute(query).scalar_one())


def document(tender: Tender, each: Standing, found: DepositDecision, now: datetime) -> bytes:
    """What is signed (JCS)."""
    said = {} if not found.keep else claims(each)
    return canonical.dumps(
        said
        | {
            "v": 1,
            "typ": "ebid.deposit-decision",
            "tender": tender.code,
            "lot": tender.lot.code,
            "bidder": each.owner.uscc,
            "keep": found.keep,
            "ground": found.ground,
            "article": ARTICLES[each.situation.regime][found.ground],
            "reason": found.reason,
            "document": found.document_sha256,
            "amount": f"{each.counted:.2f}",
            "at": rfc3339(now),
        }
    )


def claims(each: Standing) -> dict[str, Any]:
    """What is demanded of guarantors (保函索赔), signed with the decision to keep; nothing without guarantees."""
    rows = [
        {
            "number": row.held.number,
            "issuer": row.held.issuer,
            "amount": f"{row.held.item.amount:.2f}",
            "guarantee": row.held.record.get("file"),
        }
        for row in guarantees_to_claim(each)
    ]
    return {"claims": rows} if rows else {}


def guarantees_to_claim(each: Standing) -> list[Row]:
    """The guarantees that secure the bid, and are not released or claimed yet."""
    return [
        row
        for row in each.rows
        if row.held.item.kind == GUARANTEE and not row.findings and row.payment is None
    ]


def sign(
    session: Session, registry: Any, actor: Actor, user: User, tender: Tender, *, uscc: str, cms: bytes
) -> DepositDecision:
    """The tenderer signs: entry `deposit.decided`; what is kept goes to the treasury, what is not goes back.

    Raises Refused `deposit.tenderer-only`, `deposit.unsigned`, `deposit.no-ground`, `signature.*`."""
    tender = locked(session, tender.code)
    must_go_on(tender)
    if user.party_id != tender.tenderer_id:
        raise refuse("deposit.tenderer-only", _("The purchaser itself decides on a bid security."))
    now = database_now(session)
    each = find(session, registry, tender, uscc, now)
    found = each.draft
    if found is None:
        raise refuse("deposit.unsigned", _("There is no decision to sign: write it first."))
    if found.ground not in each.grounds:
        raise refuse(
            "deposit.no-ground", _("The law lists no case in which this security may be kept now."),
            rule="TBR 35, 74; M87 23",
        )  # fmt: skip
    evidence = accept(session, registry, tender.code, found.raw, cms, now)
    certificates.own(session, user.id, evidence.certificate_sha256, now)
    found.cms, found.decided_at = cms, now
    decision = hashlib.sha256(found.raw).hexdigest()
    article = ARTICLES[each.situation.regime][found.ground]
    payload = {
        "bidder": uscc, "keep": found.keep, "ground": found.ground, "article": article, "reason": found.reason,
        "document": found.document_sha256, "decision": decision, "p7s": hashlib.sha256(cms).hexdigest(),
    }  # fmt: skip
    record(session, actor, "deposit.decided", tender.code, payload, now)
    if found.keep:
        _keep(session, registry, each, found, decision, article, now)
    return found


def _keep(
    session: Session,
    registry: Any,
    each: Standing,
    found: DepositDecision,
    decision: str,
    article: str,
    now: datetime,
) -> None:
    """What counted as security goes to the treasury; what never did is not the tenderer's and goes back.
    A guarantee is claimed from its issuer with the signed decision (bidding.deposits.claim_views)."""
    for row in guarantees_to_claim(each):
        order_payment(
            session, registry, each, row.held, now, purpose="claim", decision=decision, ground=found.ground,
            article=article, number=row.held.number, issuer=row.held.issuer,
            guarantee=row.held.record.get("file", ""),
        )  # fmt: skip
    settings = registry.settings
    treasury = Payee(settings["bank.forfeit_name"], settings["bank.forfeit_account"])
    for row in each.rows:
        if row.payment is not None or row.findings or row.held.item.kind != TRANSFER:
            continue
        order_payment(
            session, registry, each, row.held, now, purpose="forfeit", payee=treasury,
            total=f"{row.held.item.amount:.2f}", decision=decision, ground=found.ground, article=article,
        )  # fmt: skip


def signed_of(session: Session, tender: Tender) -> list[DepositDecision]:
    """The signed decisions of a tender, oldest first."""
    query = (
        select(DepositDecision)
        .join(DepositAccount, DepositAccount.id == DepositDecision.account_id)
        .where(DepositAccount.tender_id == tender.id, DepositDecision.decided_at.is_not(None))
    )
    return list(session.scalars(query.order_by(DepositDecision.decided_at)))
