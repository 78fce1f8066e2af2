"""Who took the tender documents (下载记录): shown to the buyers after the deadline, each look an entry."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders.models import Tender
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.notices import service as notices
from trading.parties.models import Party

_ = TranslationStringFactory("tradehall")

EARLY = "tenders.downloads_before_deadline"
"""Setting: `true` where local rules let the agent see the log before the deadline; default hidden."""


@dataclass(frozen=True)
class Look:
    """One row of the shown log."""

    at: str
    document: str
    address: str
    person: str
    organisation: str


def look(session: Session, registry: Any, actor: Actor, tender: Tender) -> list[Look]:
    """The opened log, oldest first; entry `confidential.viewed`. Raises Refused `download.sealed` before
    the deadline."""
    now = database_now(session)
    if now < tender.deadline and registry.settings.get(EARLY) != "true":
        raise refuse(
            "download.sealed", _("Until the deadline nobody may know who took the documents, or how many did."),
            rule="Order 20 art. 21",
        )  # fmt: skip
    payload = {"object": "downloads", "viewer": actor.within(tender.code)}
    record(session, actor, "confidential.viewed", tender.code, payload, now)
    return [_row(session, taken) for taken in notices.downloads(session, registry["keys"], tender.code)]


def _row(session: Session, taken: notices.Taken) -> Look:
    user = session.get(User, uuid.UUID(taken.user)) if taken.user else None
    party = session.get(Party, user.party_id) if user and user.party_id else None
    return Look(
        taken.at, taken.document, taken.address, user.name if user else "", party.name if party else ""
    )
