"""The statistics of the founding documents come out of loaded cases; a wrong file is not taken at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from webtest import TestApp

from plugins.approval_hall.catalogue import publishing
from plugins.approval_hall.models import HallCase, HallItem
from plugins.approval_hall.statistics import counting, loading
from plugins.approval_hall.statistics.counting import Period
from plugins.approval_hall.statistics.loading import COLUMNS
from tests.helpers import hall_user, log_in, make_party
from trading.acts import process
from trading.clock import database_now
from trading.errors import Refused
from trading.parties.models import Party
from trading.periods import the_calendar

ITEM = "project-approval"
MONTH = Period(date(2026, 3, 1), date(2026, 3, 31))
ACCEPTED, DUE = date(2026, 3, 2), date(2026, 3, 20)
"""fourteen working days"""
Row = dict[str, Any]


def row(number: int, **other: Any) -> Row:
    """A case accepted on the 2nd and closed on its last day."""
    facts: Row = {
        "number": f"OLD{number:06}", "item": ITEM, "applicant": "", "title": "", "kind": "promised", "channel": "window",
        "filed": ACCEPTED, "accepted": ACCEPTED, "promised": 14, "statutory": 45, "decided": DUE, "closed": DUE,
        "outcome": "approved", "rating": "",
    }  # fmt: skip
    return facts | other


def table(rows: Iterable[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def cases(accepted: int, closed: int, early: int, instant: int = 0, **other: Any) -> list[Row]:
    """So many accepted ones; of the closed so many decided early, and some on the spot."""
    still_open = {"decided": "", "closed": "", "outcome": ""}
    found = [row(number, **still_open, **other) for number in range(closed, accepted)]
    for number in range(closed):
        kind = "instant" if number >= closed - instant else "promised"
        promised = 0 if kind == "instant" else 14
        decided = ACCEPTED if kind == "instant" else date(2026, 3, 10) if number < early else DUE
        found.append(row(number, kind=kind, promised=promised, decided=decided, closed=decided, **other))
    return found


@pytest.fixture
def load(session: Session, config: Configurator) -> Callable[[bytes], int]:
    config.commit()
    for code in (ITEM, "construction-works", "small-works"):
        publishing.publish(session, config.registry, process("test"), code, "首次发布")
    party: Party = make_party(session)
    return lambda data: loading.load(session, config.registry, process("test"), data, party.uscc)


def test_a_year_of_a_hall_is_loaded_fast_and_gives_its_published_figures(
    session: Session, load: Callable[[bytes], int]
) -> None:
    data = table(cases(21393, 19948, 14374, instant=2639))
    assert load(data) == 21393
    found = counting.count(session, MONTH, the_calendar())
    assert (found.total.accepted, found.total.closed, found.total.instant) == (21393, 19948, 2639)
    shares = found.total.shares
    assert shares["closing"].shown() == "93.25 % (19948/21393)"
    assert shares["early"].shown() == "72.06 % (14374/19948)"
    assert shares["in-time"].percent() == "100.00"
    assert found.accepted_a_day == "972.4", "21393 in 22 working days"


def test_shares_near_the_whole_stand_beside_their_counts(
    session: Session, load: Callable[[bytes], int]
) -> None:
    load(table(cases(1463, 1455, 0)))
    closing = counting.count(session, MONTH, the_calendar()).total.shares["closing"]
    assert (closing.percent(), closing.percent(1), closing.shown(1)) == (
        "99.45",
        "99.5",
        "99.5 % (1455/1463)",
    )


def test_departments_at_the_same_time_are_compared_with_one_after_the_other(
    session: Session, load: Callable[[bytes], int]
) -> None:
    items = ((ITEM, 0), ("construction-works", 10), ("small-works", 20))
    load(table([row(number, item=item) for item, number in items]))
    found = {each.item: each for each in counting.count(session, MONTH, the_calendar()).parallel}
    assert (found[ITEM].series, found[ITEM].together, found[ITEM].saved.part) == (47, 14, 33)
    assert (found["construction-works"].series, found["construction-works"].together) == (178, 61)
    assert (found["small-works"].series, found["small-works"].together) == (118, 44)
    assert [found[item].saved.percent() for item, _ in items] == ["70.21", "65.73", "62.71"]


def test_the_catalogue_that_was_cut_shows_by_how_much(session: Session, load: Callable[[bytes], int]) -> None:
    begin, end = MONTH.instants
    session.execute(HallItem.__table__.delete())
    facts = {"version": 1, "definition": b"{}", "sha256": "", "reason": ""}
    rows = [
        HallItem(code=f"i{n}", published_at=begin - timedelta(days=1), withdrawn_at=end - timedelta(days=1) if n < 781 else None, **facts)
        for n in range(1044)
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    found = counting.count(session, MONTH, the_calendar())
    assert (found.catalogue, found.revisions) == ((1044, 263), 781)
    assert found.catalogue_cut.shown() == "74.81 % (781/1044)"


def test_an_item_whose_newest_version_is_withdrawn_is_not_in_force(
    session: Session, load: Callable[[bytes], int]
) -> None:
    session.execute(HallItem.__table__.delete())
    now = database_now(session)
    facts = {"code": "again", "definition": b"{}", "sha256": "", "reason": ""}
    for version, published, withdrawn in ((1, 9, None), (2, 5, now - timedelta(days=2))):
        at = now - timedelta(days=published)
        session.add(HallItem(version=version, published_at=at, withdrawn_at=withdrawn, **facts))
    session.flush()
    found = [counting.in_force(session, now - timedelta(days=ago)) for ago in (10, 6, 3, 1)]
    assert found == [0, 1, 1, 0]


def test_an_early_case_was_decided_before_its_last_day_and_a_late_one_after_it(
    session: Session, load: Callable[[bytes], int]
) -> None:
    days = (date(2026, 3, 19), DUE, date(2026, 3, 23))
    load(
        table(
            [
                row(n, decided=day, closed=day, rating="dissatisfied" if n else "satisfied")
                for n, day in enumerate(days)
            ]
        )
    )
    total = counting.count(session, MONTH, the_calendar()).total
    assert (total.early, total.late, total.closed) == (1, 1, 3)
    assert total.shares["satisfied"].shown() == "33.33 % (1/3)"
    april = counting.count(session, Period.of_month(2026, 4), the_calendar()).total
    assert april.closed == 0


WRONG: tuple[tuple[Row, str], ...] = (
    ({"item": "no-such-item"}, "load.item"),
    ({"promised": 60}, "load.form"),
    ({"decided": ""}, "load.form"),
    ({"closed": date(2026, 3, 1), "decided": date(2026, 3, 1)}, "load.form"),
    ({"rating": "great"}, "load.form"),
    ({"accepted": "yesterday"}, "load.form"),
    ({"promised": 99999, "statutory": 99999}, "load.form"),
    ({"title": "\0"}, "load.form"),
    ({"decided": date(9999, 12, 31), "closed": date(9999, 12, 31)}, "load.form"),
    ({"applicant": "91440300MA5DA1234X"}, ""),
    ({"number": "OLD000000"}, "load.number"),
)


def test_a_file_that_is_wrong_anywhere_is_not_taken_at_all(
    session: Session, load: Callable[[bytes], int]
) -> None:
    for wrong, code in WRONG:
        with pytest.raises(Refused) as refused:
            load(table([row(0), row(1) | wrong]))
        assert refused.value.faults[0].code == code or not code, wrong
    assert session.scalar(select(func.count()).select_from(HallCase)) == 0
    short = ",".join(COLUMNS).encode() + b"\nOLD1,x\n"
    for data in (b"\xff\xfe", b"", b"number,item\n1,2\n", short):
        with pytest.raises(Refused):
            load(data)


def test_statistics_are_a_page_a_spreadsheet_a_circular_and_data(app: TestApp, config: Configurator) -> None:
    manager = log_in(app, config, hall_user(config, "hall-manager"))
    assert "办结率" in manager.get("/hall/statistics?from=2026-03-01&until=2026-03-31")
    assert "通报" in manager.get("/hall/statistics/bulletin")
    assert manager.get("/hall/statistics.xlsx").body[:2] == b"PK"
    data = manager.get("/api/hall/statistics?from=2026-03-31&until=2026-03-01").json
    assert (data["from"], data["shares"]["closing"]) == (
        "2026-03-01",
        {"percent": "—", "part": 0, "whole": 0},
    )
    this_month = manager.get("/api/hall/statistics").json["from"]
    for far in ("from=0001-01-01&until=2026-03-31", "from=2026-03-01&until=9999-12-31"):
        assert manager.get(f"/api/hall/statistics?{far}").json["from"] == this_month
    log_in(app, config, hall_user(config, "agent")).get("/hall/statistics", status=403)
