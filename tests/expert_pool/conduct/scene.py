"""Evaluations that are over, for tests of what follows: the events as bidding raises them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from expert_pool.conduct import record
from expert_pool.experts import service as pool
from expert_pool.experts.models import Expert
from tests.helpers import KEYS, make_user
from trading.acts import Actor
from trading.clock import database_now
from trading.events import AwardIssued, EvaluationDelivered, Served
from trading.permissions import Identity, Role, Strength


class Registry(dict[str, Any]):
    """What this room takes from a hall."""

    settings = {"hall.region": "440300"}

    def __init__(self, keys: Any = KEYS) -> None:
        super().__init__(keys=keys)


def actor_of(user: Any) -> Actor:
    return Actor(user.id, user.name, "", "127.0.0.1", KEYS.pseudonym)


def identity_of(user: Any, role: str) -> Identity:
    return Identity(
        user.id, user.login, user.name, frozenset({Role(role)}), Strength.TOTP, user.party_id, None
    )


def officer(session: Session) -> Any:
    return make_user(session, "pool-officer")


def evaluated(
    session: Session,
    tender: str,
    experts: Sequence[Expert],
    marks: Sequence[Mapping[str, str]] = (),
    *,
    keys: Any = KEYS,
    hours: float = 3,
    published: bool = True,
    round: int = 1,
    at: datetime | None = None,
) -> None:
    """A delivered report of these experts, the first of them head. `marks`: each one's score by bidder on one item
    of at most 10."""
    at = at or database_now(session)
    given = [*marks, *({} for _ in range(len(experts) - len(marks)))]
    members = tuple(
        Served(
            user_of(keys, row), f"m{seat}", seat, "expert", seat == 1, at - timedelta(hours=hours),
            {bid: {"T1": score} for bid, score in mine.items()}, (),
        )
        for seat, (row, mine) in enumerate(zip(experts, given, strict=True), 1)
    )  # fmt: skip
    registry = Registry(keys)
    record.keep(EvaluationDelivered(session, registry, tender, at, round, {"T1": "10"}, members))
    if published:
        publish(session, tender)


def publish(session: Session, tender: str) -> None:
    record.name(AwardIssued(session, Registry(), tender, database_now(session), ""))


def user_of(keys: Any, row: Expert) -> Any:
    found = pool.read(keys, row).user_id
    assert found is not None, "the expert has an account"
    return found
