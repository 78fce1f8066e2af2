"""The trail of accounts, enterprises and certificates (账户留痕).

The public part of such an entry names no person, not even by pseudonym: it says "user", or the role of
an administrator, and a sign-in looks the same for a bidder and for anybody else, whether it succeeded
or not. Who bids before a deadline cannot be read from it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from trading.accounts.models import AccountAct, User
from trading.acts import Actor
from trading.clock import parse_rfc3339
from trading.ledger import entry
from trading.ledger.models import LedgerEntry
from trading.ledger.service import append, find_payload
from trading.permissions import Role

ANYBODY = "user"


def record(
    session: Session,
    actor: Actor,
    type: str,
    payload: dict[str, Any],
    subject: uuid.UUID | None = None,
    role: Role | None = None,
) -> None:
    """Append the entry of an act about the account `subject` (None: no account fits).

    `role` is given when an administrator acts as such. The person and the address stand in a second
    payload, as for every act (trading.acts)."""
    about = payload | ({"account": str(subject)} if subject else {})
    person = {
        "user": str(actor.user_id) if actor.user_id else "",
        "name": actor.name,
        "organisation": actor.organisation,
        "address": actor.address,
    }
    appended = append(
        session, type, tender=None, actor=role.value if role else ANYBODY, payload=about, payloads=[person]
    )
    session.add(AccountAct(entry=appended.id, user_id=subject))
    session.flush()


@dataclass(frozen=True)
class Act:
    """One line of the trail: when, what, about whom, by whom, from where. A redacted part is empty."""

    entry: int
    at: datetime
    type: str
    subject: User | None
    payload: dict[str, Any]
    person: dict[str, Any]
    by_administrator: bool = False


def acts(
    session: Session, *, subject: uuid.UUID | None = None, before: int | None = None, most: int = 50
) -> list[Act]:
    """The newest acts, or those about one account, with entry ids below `before`."""
    query = (
        select(LedgerEntry.id, LedgerEntry.body, User)
        .join(AccountAct, AccountAct.entry == LedgerEntry.id)
        .outerjoin(User, User.id == AccountAct.user_id)
        .options(selectinload(User.roles))
        .order_by(LedgerEntry.id.desc())
        .limit(most)
    )
    if subject is not None:
        query = query.where(AccountAct.user_id == subject)
    if before is not None:
        query = query.where(LedgerEntry.id < before)
    return [_act(session, *row) for row in session.execute(query)]


def _act(session: Session, number: int, body: bytes, subject: User | None) -> Act:
    parsed = entry.parse(body)
    assert isinstance(parsed, entry.Entry)
    found = [find_payload(session, commitment) for commitment in parsed.commitments]
    documents = [payload.document if payload else None for payload in found]
    facts, person = (*documents, None, None)[:2]
    at = parse_rfc3339(parsed.at)
    return Act(number, at, parsed.type, subject, facts or {}, person or {}, parsed.actor != ANYBODY)


def without_bidders(act: Act) -> Act:
    """The act as an administrator may see it: what officials do, and what administrators do with anybody's
    account, is no secret; but which of the bidders is busy before a deadline is (Order 20 art. 21). So what
    bidders do themselves with accounts, keys and certificates comes without a name."""
    bidder = act.subject is not None and any(grant.role == Role.BIDDER for grant in act.subject.roles)
    if not bidder or act.by_administrator:
        return act
    return Act(act.entry, act.at, act.type, None, {}, {})
