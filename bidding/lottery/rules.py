"""The local rule that allows lotteries (地方规定): filed by a named officer before any method of lottery appears (G0-1)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bidding.lottery.commands import FileLocalRule
from bidding.lottery.models import LocalRule
from bidding.roster.service import Evidence, kept
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Fault, refuse
from trading.secrets import HallKeys
from trading.web import _


def file_rule(
    session: Session, keys: HallKeys, actor: Actor, command: FileLocalRule, document: Evidence
) -> LocalRule:
    """File a rule with its document; entry `works.local-rule`. Raises Refused `rule.dates`, `rule.twice`,
    `roster.evidence`."""
    if command.until is not None and command.until < command.since:
        raise refuse("rule.dates", _("The end is before the beginning"), field="until")
    at = database_now(session)
    digest = kept(session, keys, document, public=True)
    payload = {
        "name": command.name, "number": command.number, "since": command.since.isoformat(),
        "until": command.until.isoformat() if command.until else "", "evidence": digest,
    }  # fmt: skip
    entry = record(session, actor, "works.local-rule", None, payload, at)
    row = LocalRule(evidence=digest, entry=entry.id, filed_at=at, **command.model_dump())
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise refuse("rule.twice", _("A rule of this number is on file already"), field="number") from error
    return row


def in_force(session: Session, day: date) -> LocalRule | None:
    """The rule in force on a day, the newest where there are several."""
    query = select(LocalRule).where(
        LocalRule.since <= day, or_(LocalRule.until.is_(None), LocalRule.until >= day)
    )
    return session.scalars(query.order_by(LocalRule.since.desc(), LocalRule.entry.desc()).limit(1)).first()


def filed(session: Session) -> list[LocalRule]:
    """Every rule, the newest first."""
    return list(session.scalars(select(LocalRule).order_by(LocalRule.since.desc())))


def missing(article: str) -> Fault:
    """What is told where none is in force."""
    return Fault(
        "works.local-rule", _("No local rule that allows a lottery is on file and in force"), "method", article,
        _("The roster office or the regulator files the rule with its document first."),
    )  # fmt: skip
