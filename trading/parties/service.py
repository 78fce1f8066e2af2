"""Filing enterprises and authorities once (市场主体登记), and their qualifications."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from pypinyin import lazy_pinyin
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from zope.interface import implementer

from trading.accounts import trail
from trading.acts import Actor
from trading.clock import BEIJING, database_now
from trading.errors import Fault, Refused, refuse
from trading.interfaces import IEnterprises
from trading.parties import codes
from trading.parties.commands import AddQualification, Contact
from trading.parties.models import Party, Qualification
from trading.parties.words import CODE_WORDS
from trading.web import _

SOON = timedelta(days=60)
"""How long before its end a qualification is called to mind."""


def pinyin_key(name: str) -> str:
    """The key that sorts Chinese names as readers expect: 示例 → "shi li"."""
    return " ".join(lazy_pinyin(name)).lower()


def parse_code(text: str) -> str:
    """The unified social credit code in its one form; raises Refused in words for the reader."""
    try:
        return codes.parse(text)
    except Refused as error:
        found = error.faults[0]
        raise refuse(found.code, CODE_WORDS[found.code], field="uscc", rule="GB 32100-2015") from error


def by_code(session: Session, uscc: str) -> Party | None:
    """The organisation with this code, exactly as written."""
    return session.scalars(select(Party).where(Party.uscc == uscc)).first()


def already_filed() -> Refused:
    """What the second registration of an enterprise is told."""
    return refuse(
        "party.filed",
        _("This enterprise is registered already; each is filed once."),
        field="uscc",
        rule="GB 32100-2015",
        remedy=_(
            "Ask a colleague who has an account to add you under “My enterprise”. If nobody has one any more,"
            " bring the business licence to the hall's service desk."
        ),
    )


def create_party(
    session: Session,
    actor: Actor,
    *,
    uscc: str,
    name: str,
    kind: str = "enterprise",
    address: str = "",
    legal_representative: str = "",
    phone: str = "",
    size: str = "",
) -> Party:
    """File an organisation. Raises Refused `uscc.*` for a code that cannot be right and `party.filed`
    for one that is there already."""
    party = Party(
        uscc=parse_code(uscc),
        name=name.strip(),
        name_pinyin=pinyin_key(name.strip()),
        kind=kind,
        address=address,
        legal_representative=legal_representative,
        phone=phone,
        size=size,
        registered_at=database_now(session),
    )
    try:
        with session.begin_nested():
            session.add(party)
    except IntegrityError as error:
        raise already_filed() from error
    trail.record(session, actor, "party.registered", {"party": str(party.id), "uscc": party.uscc})
    return party


def change_contact(session: Session, party: Party, command: Contact, actor: Actor) -> None:
    """New contact data and declared size of an organisation; the code and the name stay as filed."""
    changed: dict[str, Any] = {
        name: value for name, value in command.model_dump().items() if getattr(party, name) != value
    }
    for name, value in changed.items():
        setattr(party, name, value)
    if changed:
        fields = sorted(changed)
        trail.record(
            session, actor, "party.changed", {"party": str(party.id), "fields": fields}, actor.user_id
        )


def add_qualification(
    session: Session, party: Party, command: AddQualification, actor: Actor
) -> Qualification:
    """File a licence or qualification. Raises Refused `qualification.*`."""
    if command.valid_until < command.valid_from:
        raise Refused(
            Fault("qualification.dates", _("The end of validity is before its start"), "valid_until")
        )
    filed = Qualification(
        party_id=party.id, filed_at=database_now(session), file_sha256=None, **command.model_dump()
    )
    session.add(filed)
    session.flush()
    payload = {
        "party": str(party.id),
        "name": filed.name,
        "number": filed.number,
        "from": filed.valid_from.isoformat(),
        "until": filed.valid_until.isoformat(),
    }
    trail.record(session, actor, "party.qualification-filed", payload, actor.user_id)
    return filed


def withdraw_qualification(session: Session, party: Party, qualification_id: uuid.UUID, actor: Actor) -> None:
    """Take a qualification out of the file; what was filed stays in the trail. Raises Refused
    `qualification.unknown` for one of another enterprise."""
    found = session.get(Qualification, qualification_id)
    if found is None or found.party_id != party.id or found.withdrawn_at is not None:
        raise refuse("qualification.unknown", _("There is no such qualification in your file"))
    found.withdrawn_at = database_now(session)
    trail.record(
        session,
        actor,
        "party.qualification-withdrawn",
        {"party": str(party.id), "number": found.number},
        actor.user_id,
    )


def qualifications(session: Session, party_id: uuid.UUID) -> list[Qualification]:
    """What an organisation has filed and not withdrawn, the soonest to expire first."""
    return list(
        session.scalars(
            select(Qualification)
            .where(Qualification.party_id == party_id, Qualification.withdrawn_at.is_(None))
            .order_by(Qualification.valid_until, Qualification.name)
        )
    )


def today(session: Session) -> date:
    """The calendar day in Beijing."""
    return database_now(session).astimezone(BEIJING).date()


def validity(qualification: Qualification, day: date) -> str:
    """valid, soon (ends within 60 days), expired or future on that day."""
    if qualification.valid_from > day:
        return "future"
    if qualification.valid_until < day:
        return "expired"
    return "soon" if qualification.valid_until - day < SOON else "valid"


@implementer(IEnterprises)
class Enterprises:
    """The register as plugins see it."""

    def get(self, session: Session, party_id: uuid.UUID | None) -> Party | None:
        return session.get(Party, party_id) if party_id else None

    def by_code(self, session: Session, uscc: str) -> Party | None:
        return by_code(session, parse_code(uscc))

    def file(self, session: Session, actor: Actor, uscc: str, name: str, phone: str) -> Party:
        return create_party(session, actor, uscc=uscc, name=name, phone=phone)
