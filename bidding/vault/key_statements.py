"""The custodians' key statements (托管密钥声明): for a draft, and for an amendment that moves the deadline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.models import Amendment, Tender
from bidding.tenders.service import locked
from bidding.vault.custodian_key import parse_statement
from bidding.vault.custody import custodian_named, judge_custodian
from bidding.vault.encoding import EncodingError, sha256
from bidding.vault.envelopes import key_stages_of
from bidding.vault.models import CustodianKey
from trading.acts import process, record
from trading.clock import database_now
from trading.errors import refuse
from trading.live import announce
from trading.web import _


def accept_statement(session: Session, registry: Any, raw: bytes, cms: bytes) -> CustodianKey:
    """File a custodian's key statement for a draft, or for an amendment. The same one again is no error; a
    later one (for a deadline that was moved) counts instead of the earlier.

    Raises Refused `statement.*`, `custodian.unknown`, `tender.unknown`, `signature.*`."""
    try:
        statement = parse_statement(raw)
    except EncodingError as error:
        raise refuse("statement.malformed", _("The key statement cannot be read"), rule=str(error)) from error
    who = custodian_named(registry.settings, statement.custodian)
    tender = locked(session, statement.tender)
    now = database_now(session)
    said, stages = (statement.index, statement.org, statement.lot), key_stages_of(tender.form)
    known = said == (who.index, who.org, tender.lot.code) and statement.cert_sha256 in who.certificates
    if not known or statement.stage not in stages:
        raise refuse("statement.other", _("The key statement says something else than what was asked for"))
    query = select(CustodianKey).where(
        CustodianKey.tender_id == tender.id,
        CustodianKey.stage == statement.stage,
        CustodianKey.index == statement.index,
    )
    earlier = list(session.scalars(query.order_by(CustodianKey.number)))
    if known := next((key for key in earlier if key.raw == raw), None):
        return known
    if statement.release_after < _deadline_to_cover(session, tender):
        raise refuse("statement.early", _("The key statement allows a release before the bid deadline"))
    judge_custodian(session, registry, tender.code, raw, cms, statement.cert_sha256)
    key = CustodianKey(
        tender_id=tender.id, stage=statement.stage, index=statement.index, number=len(earlier) + 1
    )
    key.custodian, key.raw, key.cms, key.received_at = who.id, raw, cms, now
    session.add(key)
    payload = {
        "stage": statement.stage,
        "index": statement.index,
        "custodian": who.id,
        "cks": sha256(raw).hex(),
        "p7s": sha256(cms).hex(),
    }
    record(session, process("custodian"), "custodian.key", tender.code, payload, at=now)
    announce(session, registry["queue"], f"tender:{tender.code}", "custodian-key", index=statement.index)
    return key


def _deadline_to_cover(session: Session, tender: Tender) -> datetime:
    """The draft's or the drafted amendment's deadline. Raises Refused `statement.late` when no statement is
    wanted."""
    if tender.state == "draft":
        return tender.deadline
    query = select(Amendment.form).where(Amendment.tender_id == tender.id, Amendment.published_at.is_(None))
    form = session.scalars(query).first()
    if tender.state != "published" or form is None:
        raise refuse("statement.late", _("This tender is published already"))
    return datetime.fromisoformat(form["deadline"])
