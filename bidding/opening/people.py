"""Who is at an opening, and what they say there (签到、当场异议): attendance, objections and their answers."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening.models import Attendance, Objection, Opening
from bidding.opening.standing import find_opening, tell
from bidding.tenders.models import Tender
from bidding.tenders.service import locked
from bidding.vault.closing import valid_bids
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.parties.models import Party
from trading.web import _


def attend(session: Session, registry: Any, actor: Actor, role: str, tender: Tender) -> Attendance:
    """Sign in to the opening (签到); once for each person. A bidder's name shows only after the close,
    so nobody can sign in before it. Raises Refused `opening.not-yet`."""
    opening = find_opening(session, tender)
    if opening is None or actor.user_id is None:
        raise refuse("opening.not-yet", _("The opening has not begun yet"))
    found = session.scalars(
        select(Attendance).where(Attendance.opening_id == opening.id, Attendance.user_id == actor.user_id)
    ).first()
    if found is not None:
        return found
    row = Attendance(
        opening_id=opening.id,
        user_id=actor.user_id,
        name=actor.name,
        organisation=actor.organisation,
        role=role,
        at=database_now(session),
    )
    session.add(row)
    session.flush()
    record(session, actor, "opening.signed-in", tender.code, {"role": role}, at=row.at)
    tell(session, registry, tender, "attendance")
    return row


def bidder_of(session: Session, tender: Tender, actor: Actor) -> str:
    """The credit code of the actor's enterprise when its bid is to be opened here, "" otherwise."""
    user = session.get(User, actor.user_id) if actor.user_id is not None else None
    party = session.get(Party, user.party_id) if user is not None and user.party_id is not None else None
    bidders = {bid.bidder_uscc for bid in valid_bids(session, tender)}
    return party.uscc if party is not None and party.uscc in bidders else ""


def room_of(tender: Tender) -> str:
    """What an objection's entries are named after; those of final offers are not public: they name who made one
    (GPL 38(4))."""
    return "opening" if tender.parent_id is None else "offers"


def object_to(session: Session, registry: Any, actor: Actor, code: str, text: str) -> Objection:
    """A bidder's objection on the spot (当场异议, TBR art. 44). Raises Refused `objection.*`."""
    tender = locked(session, code)
    opening = find_opening(session, tender)
    if tender.state != "opening" or opening is None or actor.user_id is None:
        raise refuse(
            "objection.closed", _("Objections on the spot are raised while the opening lasts"), rule="TBR 44"
        )
    bidder = bidder_of(session, tender, actor)
    if not bidder:
        raise refuse(
            "objection.bidders-only", _("Only bidders of this tender can object here"), rule="TBR 44"
        )
    if not text.strip():
        raise refuse("objection.empty", _("Write what you object to"), field="text")
    row = Objection(
        opening_id=opening.id,
        raised_by=actor.user_id,
        organisation=actor.organisation,
        text=text.strip()[:2000],
        raised_at=database_now(session),
    )
    session.add(row)
    session.flush()
    payload = {"ref": str(row.id), "bidder": bidder, "text": row.text}
    record(session, actor, f"{room_of(tender)}.objection", code, payload, at=row.raised_at)
    tell(session, registry, tender, "objection")
    return row


def answer(
    session: Session, registry: Any, actor: Actor, code: str, objection_id: uuid.UUID, text: str
) -> Objection:
    """The host's answer, on the spot and recorded. Raises Refused `objection.*`."""
    tender = locked(session, code)
    opening = find_opening(session, tender)
    row = session.get(Objection, objection_id)
    if opening is None or row is None or row.opening_id != opening.id:
        raise refuse("objection.unknown", _("There is no such objection"))
    if row.answered_at is not None:
        raise refuse("objection.answered", _("This objection has been answered"))
    if not text.strip():
        raise refuse("objection.empty", _("Write the answer"), field="text")
    row.answer, row.answered_by, row.answered_at = text.strip()[:2000], actor.user_id, database_now(session)
    payload = {"ref": str(row.id), "text": row.answer}
    record(session, actor, f"{room_of(tender)}.answered", code, payload, at=row.answered_at)
    tell(session, registry, tender, "objection")
    return row


def objections_of(session: Session, opening: Opening) -> list[Objection]:
    """The session's objections, oldest first."""
    rows = select(Objection).where(Objection.opening_id == opening.id).order_by(Objection.raised_at)
    return list(session.scalars(rows))
