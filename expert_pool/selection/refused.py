"""Attempts to learn a committee's names that are refused (名单查询被拒): one entry `names.refused` each, and an alert on the
regulator's desk.

Every door at which a name could be asked for calls `tell`. Who asks without an account is written down once a minute for
an address and a door: otherwise anybody could fill the log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import Session

from expert_pool.selection.models import NameRefusal
from trading.acts import Actor, record
from trading.clock import BEIJING, database_now
from trading.db import apart
from trading.draws.models import Draw
from trading.permissions import Permission
from trading.web import Card, _, client_address

SHOWN = timedelta(days=30)
"""so long the alert stays on the regulator's desk"""
ANONYMOUS_PAUSE = 60
"""seconds"""


def tell(session: Session, actor: Actor, tender: str, door: str) -> None:
    """Write down that somebody was refused a name at this door. `tender` is "" where it names none."""
    at = database_now(session)
    record(session, actor, "names.refused", tender or None, {"door": door}, at)
    session.add(NameRefusal(tender=tender, door=door, who=actor.name, address=actor.address, at=at))
    session.flush()


def tell_apart(registry: Any, actor: Actor, tender: str, door: str) -> None:
    """The same in a transaction of its own, for a caller whose own is rolled back by the refusal."""
    with apart(registry["sessions"]) as session:
        tell(session, actor, tender, door)


def asker(request: Request) -> Actor:
    """Who asks: the account, or nobody in particular."""
    if request.identity is not None:
        actor: Actor = request.actor
        return actor
    return Actor(None, "anonymous", "", client_address(request), b"")


def shut(request: Request, tender: str, door: str) -> HTTPForbidden:
    """The answer to be raised at a door of the web; what was tried stays written down."""
    actor = asker(request)
    known = actor.user_id is not None
    if known or request.queue.set(f"names:{actor.address}:{door}", 1, nx=True, ex=ANONYMOUS_PAUSE):
        tell_apart(request.registry, actor, tender, door)
    return HTTPForbidden()


def knows_of_draw(request: Request, draw: Draw) -> bool:
    """Whether the reader may look into the draw of a committee before its members are opened: the regulator. Everybody
    else is told that there is no such draw, and that they asked is written down."""
    if request.has_permission(Permission.SUPERVISE):
        return True
    shut(request, draw.tender, "draw")
    return False


def cards(request: Request) -> list[Card]:
    """The alert on the regulator's desk."""
    since = request.now() - SHOWN
    number = request.db.scalar(select(func.count()).where(NameRefusal.at >= since)) or 0
    if not number:
        return []
    note = _("${number} refused in the last 30 days", mapping={"number": number})
    return [Card(_("Attempts to learn experts' names"), request.route_path("names-refused"), note, "late")]


class Attempts(NamedTuple):
    """What one person tried at one door on one day (Beijing), and when last."""

    at: datetime
    who: str
    address: str
    tender: str
    door: str
    number: int


def newest(session: Session, most: int = 200) -> list[Attempts]:
    """The attempts of each person at each door and day together, the newest first: whoever tries a thousand times
    pushes nobody else off the page."""
    row, at = NameRefusal, func.max(NameRefusal.at)
    day = cast(func.timezone(BEIJING.key, row.at), Date)
    grouped = select(at, row.who, row.address, row.tender, row.door, func.count())
    grouped = grouped.group_by(row.who, row.address, row.tender, row.door, day).order_by(at.desc())
    return [Attempts(*found) for found in session.execute(grouped.limit(most))]
