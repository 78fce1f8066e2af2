"""What members did (履职记录): kept when a report is delivered, named when the law names them, read for indicators."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from expert_pool.conduct import indicators
from expert_pool.conduct.indicators import Call, Indicator
from expert_pool.conduct.models import Sitting
from expert_pool.experts import service as pool
from expert_pool.selection import service as committee
from expert_pool.selection.models import Panel, PanelDemand, PanelMember
from trading.clock import parse_rfc3339
from trading.draws import service as draws
from trading.draws.models import Draw
from trading.events import AwardIssued, EvaluationDelivered
from trading.secrets import HallKeys

PANEL = "panel"
"""purpose of the draws of committees"""
CITY = 4
"""digits of a region's code that name the city"""


def keep(event: EvaluationDelivered) -> None:
    """The committee's work is done: one row for each member."""
    called_for = hour_of_call(event.session, event.tender)
    event.session.add_all(
        Sitting(
            tender=event.tender,
            round=event.round,
            user_id=each.user_id,
            member=each.member,
            seat=each.seat,
            kind=each.kind,
            head=each.head,
            away=away(event.session, event.registry, each.user_id),
            called_for=called_for,
            signed_in_at=each.signed_in_at,
            delivered_at=event.at,
            marks={bid: dict(items) for bid, items in each.marks.items()},
            maxima=dict(event.maxima),
            outliers=[list(flag) for flag in each.outliers],
        )
        for each in event.members
    )
    event.session.flush()


def away(session: Session, registry: Any, user_id: uuid.UUID) -> bool:
    """Whether a member is an expert from another city than the hall's."""
    keys, here = registry["keys"], registry.settings["hall.region"]
    row = pool.row_of_user(session, keys, user_id)
    return row is not None and pool.read(keys, row).region[:CITY] != here[:CITY]


def hour_of_call(session: Session, tender: str) -> datetime | None:
    """When a drawn committee was asked to be there."""
    panel = committee.panel_of(session, tender)
    if panel is None or panel.demand_id is None:
        return None
    demand = session.get_one(PanelDemand, panel.demand_id)
    found: datetime = parse_rfc3339(json.loads(demand.raw)["session"]["at"])
    return found


def name(event: AwardIssued) -> None:
    """With the result notice the members are known (M87 47, 69). A procedure that fails or is cancelled has no such
    notice: its members stay secret."""
    event.session.execute(
        update(Sitting)
        .where(Sitting.tender == event.tender, Sitting.named_at.is_(None))
        .values(named_at=event.at)
    )
    pool.name_sessions(event.session, event.registry["keys"], event.tender, event.at)


def of_tender(session: Session, tender: str) -> list[Sitting]:
    """The newest evaluation's rows, by seat; earlier ones were set aside."""
    rows = session.scalars(select(Sitting).where(Sitting.tender == tender).order_by(Sitting.seat)).all()
    last = max((row.round for row in rows), default=0)
    return [row for row in rows if row.round == last]


def of_user(session: Session, user_id: uuid.UUID) -> list[Sitting]:
    """One person's sittings, the newest first."""
    query = select(Sitting).where(Sitting.user_id == user_id)
    return list(session.scalars(query.order_by(Sitting.delivered_at.desc())))


def named(rows: Iterable[Sitting]) -> list[Sitting]:
    """Those whose members may be known."""
    return [row for row in rows if row.named_at is not None]


# --- for the indicators ---------------------------------------------------------------------------


def judged(
    session: Session, user_id: uuid.UUID, calls: Sequence[Call], limits: indicators.Limits
) -> list[Indicator]:
    """The indicators of one person, from what may be known by now."""
    rows = named(of_user(session, user_id))
    return indicators.all_of([as_session(session, row) for row in reversed(rows)], calls, limits)


def who_sat(session: Session) -> set[uuid.UUID]:
    """Everybody who may be known to have sat."""
    return set(session.scalars(select(Sitting.user_id).where(Sitting.named_at.is_not(None)).distinct()))


def as_session(session: Session, row: Sitting) -> indicators.Session:
    """A sitting beside those of the other members."""
    same = select(Sitting).where(
        Sitting.tender == row.tender, Sitting.round == row.round, Sitting.id != row.id
    )
    others = {str(each.user_id): shares(each) for each in session.scalars(same)}
    return indicators.Session(
        row.tender, row.called_for, row.signed_in_at, shares(row), others, len(row.outliers)
    )


def shares(row: Sitting) -> dict[str, dict[str, Fraction]]:
    """The marks as shares of what each item can give."""
    return {
        bid: {item: Fraction(score) / Fraction(row.maxima[item]) for item, score in items.items()}
        for bid, items in row.marks.items()
    }


def all_calls(session: Session, keys: HallKeys) -> dict[str, list[Call]]:
    """How experts answered, by their number in the pool, in the committee draws whose names have been handed over:
    before that the hall cannot know whom it called."""
    query = select(Draw).where(Draw.purpose == PANEL, Draw.names.is_not(None), Draw.sealed.is_not(None))
    found: dict[str, list[Call]] = {}
    for draw in session.scalars(query.order_by(Draw.announced_at)):
        records = {handle: record for handle, (_, record) in draws.openings_of(keys, draw).items()}
        came = seated(session, draw.tender, records)
        for number, call in calls_in(draw.tender, draw.waves, records, came):
            found.setdefault(number, []).append(call)
    return found


def calls_in(
    tender: str,
    waves: Iterable[Mapping[str, str]],
    records: Mapping[str, Mapping[str, str]],
    came: Collection[str],
) -> Iterator[tuple[str, Call]]:
    """The calls of one draw with the number called: `records` are its candidates by handle, `came` the handles of
    those who took a seat. Who was passed over without a call ("R") answered nothing."""
    for wave in waves:
        for handle, outcome in wave.items():
            if outcome in ("A", "D", "N"):
                yield records[handle]["id"], Call(tender, outcome, handle in came)


def seated(session: Session, tender: str, handles: Collection[str]) -> Collection[str]:
    """Those of these who came, whether they then sat or stepped aside. Where no evaluation was held nobody can be
    missed."""
    if session.scalar(select(Sitting.id).where(Sitting.tender == tender).limit(1)) is None:
        return handles
    query = select(PanelMember.handle).join(Panel, Panel.id == PanelMember.panel_id)
    return set(session.scalars(query.where(Panel.tender == tender)))
