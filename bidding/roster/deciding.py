"""Decisions that keep a firm out of every draw for a time (禁入决定), each with its number and its document."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.roster.commands import Exclude, Lift
from bidding.roster.models import RosterExclusion
from bidding.roster.service import Evidence, kept, note
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import refuse
from trading.parties import service as parties
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date
from trading.secrets import HallKeys
from trading.web import _


def exclude(
    session: Session, keys: HallKeys, actor: Actor, command: Exclude, evidence: Evidence
) -> RosterExclusion:
    """File a decision; entry `roster.excluded`. Raises Refused `party.unknown`, `exclusion.*`."""
    party = parties.by_code(session, command.org)
    if party is None:
        raise refuse("party.unknown", _("No enterprise with this code is registered here"), field="org")
    if command.until < command.since:
        raise refuse("exclusion.dates", _("The end is before the beginning"), field="until")
    if of_decision(session, command.decision, party) is not None:
        raise refuse("exclusion.twice", _("This decision is on file already"), field="decision")
    at = database_now(session)
    digest = kept(session, keys, evidence, public=True)
    row = RosterExclusion(
        party_id=party.id, decided_at=at, evidence=digest, **command.model_dump(exclude={"org"})
    )
    session.add(row)
    facts: dict[str, Any] = {
        "decision": row.decision, "since": row.since.isoformat(), "until": row.until.isoformat(),
    }  # fmt: skip
    note(session, actor, party, party.uscc, "excluded", row.ground, digest, facts, at)
    return row


def lift(
    session: Session, keys: HallKeys, actor: Actor, party: Party, command: Lift, evidence: Evidence
) -> None:
    """End an exclusion from today on; entry `roster.exclusion-lifted`. Raises Refused `exclusion.unknown`."""
    at = database_now(session)
    row, day = of_decision(session, command.decision, party), beijing_date(at)
    if row is None or row.lifted_on is not None or row.until < day:
        raise refuse("exclusion.unknown", _("No such decision keeps this firm out"), field="decision")
    row.lifted_on = day
    digest = kept(session, keys, evidence, public=True)
    facts = {"decision": row.decision}
    note(session, actor, party, party.uscc, "exclusion-lifted", command.reason, digest, facts, at)


def of_decision(session: Session, decision: str, party: Party) -> RosterExclusion | None:
    query = select(RosterExclusion).where(
        RosterExclusion.decision == decision, RosterExclusion.party_id == party.id
    )
    return session.scalars(query).first()


def of_party(session: Session, party: Party) -> list[RosterExclusion]:
    """Every decision about a firm, the newest first."""
    query = select(RosterExclusion).where(RosterExclusion.party_id == party.id)
    return list(session.scalars(query.order_by(RosterExclusion.since.desc())))
