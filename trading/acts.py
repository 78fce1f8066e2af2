"""Acts and who did them (操作留痕): one ledger entry each, with who, from where (Order 20 art. 49).

The entry itself names a pseudonym that is good for one tender; the person, the organisation and the
network address stand in a second payload, which only the regulator's tier opens.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trading import stages
from trading.clock import database_now
from trading.ledger import canonical
from trading.ledger.entry import actor_pseudonym
from trading.ledger.service import Appended, append
from trading.secrets import HallKeys

PERSON = "person"
"""purpose of a sealed person's encryption"""


@dataclass(frozen=True)
class Actor:
    """Who acts: a person from an address, or (user_id None) a process of the hall named by `name`."""

    user_id: uuid.UUID | None
    name: str
    organisation: str
    address: str
    secret: bytes

    def within(self, tender: str | None) -> str:
        """The pseudonym of this person in one tender's entries; a process goes by its role."""
        return actor_pseudonym(self.secret, tender, str(self.user_id)) if self.user_id else self.name


def process(name: str) -> Actor:
    """A process of the hall as actor, such as `process("scheduler")`."""
    return Actor(None, name, "", "", b"")


def record(
    session: Session,
    actor: Actor,
    type: str,
    tender: str | None,
    payload: dict[str, Any],
    at: datetime | None = None,
    *,
    seal_person: HallKeys | None = None,
) -> Appended:
    """Append the one entry of an act, in the act's own transaction. With `seal_person` the database does not say
    who acted: the regulator's trail opens it with the hall's keys."""
    stages.note(session, type, tender)
    told = sealed_person(seal_person, actor) if seal_person else person_of(actor)
    person = [] if actor.user_id is None else [told]
    return append(
        session,
        type,
        tender=tender,
        actor=actor.within(tender),
        payload=payload,
        payloads=person,
        at=at or database_now(session),
    )


def person_of(actor: Actor) -> dict[str, Any]:
    """The payload that says who acted, and from where."""
    return {
        "user": str(actor.user_id),
        "name": actor.name,
        "organisation": actor.organisation,
        "address": actor.address,
    }


def sealed_person(keys: HallKeys, actor: Actor) -> dict[str, Any]:
    """The same payload for an act of somebody who may bid: while bids may be handed in, not even the database
    may tell who it was."""
    return {"sealed": base64.b64encode(keys.seal(canonical.dumps(person_of(actor)), PERSON)).decode()}


def opened_person(keys: HallKeys, payload: dict[str, Any]) -> dict[str, Any]:
    """Who acted, from either payload. Whoever calls has checked that the reader may know."""
    if "sealed" not in payload:
        return payload
    return canonical.loads(keys.unseal(base64.b64decode(payload["sealed"]), PERSON))
