"""What happened to a tender, told inside the transaction (事件): rooms that must follow subscribe here, and
may refuse by raising `trading.errors.Refused`.

Outward work is promised in `trading.outbox` instead. `registry.notify(event)` tells, a room's `includeme`
listens with `config.add_subscriber(function, EventClass)`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class TenderEvent:
    """`tender` is the tender's code, `at` the instant of the act (aware)."""

    session: Session
    registry: Any
    tender: str
    at: datetime


@dataclass(frozen=True)
class TenderClosed(TenderEvent):
    """The deadline has passed and the closing list is fixed (截标)."""


@dataclass(frozen=True)
class TenderAmended(TenderEvent):
    """A new version of the documents or of the timetable is published (澄清、修改). `policy` is the hash of
    the newest seal policy, `reseal` whether bids sealed before it are outdated."""

    policy: str
    reseal: bool


@dataclass(frozen=True)
class TenderSuspended(TenderEvent):
    """Nothing goes on until it is resumed (暂停)."""


@dataclass(frozen=True)
class TenderResumed(TenderEvent):
    """The procedure goes on (恢复)."""


@dataclass(frozen=True)
class TenderEnded(TenderEvent):
    """`how` is failed | cancelled | contracted (流标、终止、签约)."""

    how: str


@dataclass(frozen=True)
class OpeningRecorded(TenderEvent):
    """The host has signed the record of the opening (开标记录)."""


@dataclass(frozen=True)
class BidDecided(TenderEvent):
    """The opening of one bid came to its end (开标结果): `bidder` is the unified social credit code, `fault`
    bidder | platform | other, "" for a bid that is open."""

    bidder: str
    outcome: str
    fault: str


@dataclass(frozen=True)
class Served:
    """What one member of a committee did in an evaluation. `marks`: bidder's code → item → score as the member
    gave it; `outliers`: (bidder's code, item) of those that were far from the others'."""

    user_id: uuid.UUID
    member: str
    seat: int
    kind: str
    head: bool
    signed_in_at: datetime
    marks: Mapping[str, Mapping[str, str]]
    outliers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EvaluationDelivered(TenderEvent):
    """The head has handed the report over (评标报告提交): the committee's work is done. `maxima` is the most
    that each judged item can give."""

    round: int
    maxima: Mapping[str, str]
    members: tuple[Served, ...]


@dataclass(frozen=True)
class AwardIssued(TenderEvent):
    """The award notice went out (中标通知书)."""

    bidder: str


@dataclass(frozen=True)
class AwardDeclined(TenderEvent):
    """The winner gave up, with the ground that was recorded (放弃中标)."""

    bidder: str
    reason: str


@dataclass(frozen=True)
class OrderIssued(TenderEvent):
    """The supervising authority ordered something (监管决定). `order` is suspend | resume | correct |
    re-evaluate | new-committee | void-award, `ref` the order's number, `actor` a trading.acts.Actor.
    The rooms that carry it out subscribe; what cannot be carried out is refused."""

    order: str
    ref: str
    reason: str
    actor: Any


@dataclass(frozen=True)
class DrawEnded(TenderEvent):
    """A draw of this tender has its result, or is void (抽签结束); `draw` is its announcement's hash."""

    draw: str


@dataclass(frozen=True)
class PanelSeated(TenderEvent):
    """Every member of a drawn committee has signed in, and its head is chosen (评标委员会组成)."""
