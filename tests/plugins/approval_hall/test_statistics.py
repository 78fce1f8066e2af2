"""The statistics of the founding documents come out of loaded cases; a wrong file is not taken at all."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from webtest import TestApp

from plugins.approval_hall.catalogue import publishing, revising
from plugins.approval_hall.catalogue.item import Item, Words, parse
from plugins.approval_hall.models import HallCase, HallItem
from plugins.approval_hall.statistics import catalogue, counting, loading
from plugins.approval_hall.statistics.counting import Period
from plugins.approval_hall.statistics.figures import cut
from plugins.approval_hall.statistics.loading import COLUMNS
from tests.helpers import hall_user, log_in, make_party
from tests.plugins.approval_hall.test_items import TINY
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


def table(rows: Iterable[Row], *more: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, (*COLUMNS, *more))
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
    revising.revise(session, config.registry, process("test"), "首次发布")
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
    """A sixth of 82 818 of 82 830, a thousandth of 145.5 of 146.3 ten thousands; `make figures` loads the whole ones."""
    load(table(cases(1463, 1455, 0, instant=1432)))
    shares = counting.count(session, MONTH, the_calendar()).total.shares
    closing = shares["closing"]
    assert (closing.percent(), closing.percent(1), closing.shown(1)) == (
        "99.45",
        "99.5",
        "99.5 % (1455/1463)",
    )
    assert shares["instant"].shown(1) == "98.4 % (1432/1455)"
    april = {"filed": "2026-04-01", "accepted": "2026-04-01"}
    closed = {"decided": "2026-04-02", "closed": "2026-04-02", "promised": 1}
    still_open = {"decided": "", "closed": "", "outcome": ""}
    load(
        table(
            row(9000 + n, **april, **(closed if n < 6901 else still_open))  # 6901.5/6902.5, rounded
            for n in range(6902)
        )
    )
    closing = counting.count(session, Period.of_month(2026, 4), the_calendar()).total.shares["closing"]
    assert (closing.percent(), closing.percent(0)) == ("99.99", "100"), "why the counts stand beside it"


def test_fees_add_up_over_departments_and_a_hot_line_is_an_item_like_others(
    session: Session, load: Callable[[bytes], int]
) -> None:
    rest = Decimal("70972200.00") - 9705 * 7312
    load(
        table([row(n, fee=7312, item=(ITEM, "company-setup")[n % 2]) for n in range(9705)] + [row(9705, fee=rest)], "fee")
    )  # fmt: skip
    found = counting.count(session, MONTH, the_calendar())
    assert (found.total.fees, found.total.ten_thousands) == (9706, "7097.22")
    assert sum(each.fen for each in found.departments.values()) == found.total.fen == 7_097_220_000
    facts = {
        "item": "enquiry",
        "filed": "2026-05-06",
        "accepted": "2026-05-06",
        "promised": 3,
        "statutory": 7,
    }
    answered = {"decided": "2026-05-08", "closed": ""}
    closed = answered | {"closed": "2026-05-09"}
    still = {"decided": "", "closed": "", "outcome": ""}
    lines = []
    for n in range(1000):
        state = closed if n < 928 else answered if n < 967 else still
        grade = "" if n >= 920 else "satisfied" if n < 840 else "dissatisfied"
        lines.append(row(20000 + n, **facts, **state, **({"rating": grade} if grade else {})))
    load(table(lines))
    shares = counting.count(session, Period.of_month(2026, 5), the_calendar()).items["enquiry"].shares
    assert [shares[name].percent(1) for name in ("answered", "closing", "satisfied")] == [
        "96.7",
        "92.8",
        "91.3",
    ]
    assert shares["answered"].shown(1) == "96.7 % (967/1000)"


def test_departments_at_the_same_time_and_shorter_promises_show_what_they_save(
    session: Session, load: Callable[[bytes], int]
) -> None:
    items = ((ITEM, 0), ("construction-works", 10), ("small-works", 20))
    environment = (
        ("environment-report", 60, 10),
        ("environment-assessment", 30, 5),
        ("environment-register", 15, 2),
    )
    load(
        table(
            [row(number, item=item) for item, number in items]
            + [row(statutory, item=item, promised=promised, statutory=statutory) for item, statutory, promised in environment]
        )
    )  # fmt: skip
    counted = counting.count(session, MONTH, the_calendar())
    found = {each.item: each for each in counted.parallel}
    assert (found[ITEM].series, found[ITEM].together, found[ITEM].saved.part) == (47, 14, 33)
    assert (found["construction-works"].series, found["construction-works"].together) == (178, 61)
    assert (found["small-works"].series, found["small-works"].together) == (118, 44)
    assert [found[item].saved.percent() for item, _ in items] == ["70.21", "65.73", "62.71"]
    cuts = [counted.items[item].shares["promise-cut"].shown() for item, *_ in environment]
    assert cuts == ["83.33 % (50/60)", "83.33 % (25/30)", "86.67 % (13/15)"]
    assert (
        counted.slow[0] == ("construction-works", "房屋建筑工程审批（从立项到施工许可）", 61)
        or counted.slow[0][2] == 61
    )
    assert "environment-assessment" not in {code for code, *_ in counted.slow}


def tiny(number: int, links: int = 2, papers: int = 5) -> Item:
    """An item of so many links and papers."""
    steps = ", ".join(f'{{ key = "s{n}", department = "hall", zh = "办", days = 1 }}' for n in range(links))
    wanted = ", ".join(f'{{ key = "m{n}", zh = "材料" }}' for n in range(papers))
    text = TINY.replace('"tree"', f'"i{number}"').replace('lead = "parks"', 'lead = "hall"')
    text = re.sub(r"material = .*", f"material = [{wanted}]", text)
    text = re.sub(r"step = .*", f"step = [{steps}]", text)
    return parse(text, {"hall": Words("审批局")})


def test_the_list_of_items_moves_by_decisions_and_shows_revisions_and_their_net_change(
    session: Session, config: Configurator
) -> None:
    """499 items to 416 in four revisions; 1 000 links to 745 (-25.5 %) and 2 500 papers to 1 985 (-20.6 %)."""
    config.commit()
    registry, own = config.registry, config.registry[publishing.LIBRARY]
    first = {f"i{n}": tiny(n, 3 if n < 2 else 2, 6 if n < 5 else 5) for n in range(499)}
    fewer = [tiny(n, 1 if n < 87 else 2, 4 if n < 95 else 5) for n in range(416)]
    last = {each.code: each for each in fewer}
    lists = [first, {c: first[c] for c in list(first)[:480]}, {c: first[c] for c in list(first)[:450]},
             {c: first[c] for c in list(first)[:420]}, last]  # fmt: skip
    try:
        for number, items in enumerate(lists):
            registry[publishing.LIBRARY] = replace(own, items=items)
            done = revising.revise(session, registry, process("test"), f"第 {number} 号决定")
        with pytest.raises(Refused, match="same"):
            revising.revise(session, registry, process("test"), "再一次")
    finally:
        registry[publishing.LIBRARY] = own
    found = revising.revisions(session)
    assert [(len(each.added), -len(each.removed), each.net, each.total) for each in found] == [
        (499, 0, 499, 499), (0, -19, -19, 480), (0, -30, -30, 450), (0, -30, -30, 420), (0, -4, -4, 416),
    ]  # fmt: skip
    assert (done.reason, sum(each.net for each in found[1:]), len(found[1:])) == ("第 4 号决定", -83, 4)
    begin, end = database_now(session) - timedelta(days=1), database_now(session) + timedelta(days=1)
    session.execute(update(HallItem).where(HallItem.reason == "第 0 号决定").values(published_at=begin))
    held = {
        name: cut(*both) for name, both in catalogue.counts(session, begin + timedelta(hours=1), end).items()
    }
    assert held["items"].shown() == "16.63 % (83/499)"
    assert [held[name].shown(1) for name in ("links", "papers")] == ["25.5 % (255/1000)", "20.6 % (515/2500)"]


def test_a_catalogue_cut_by_three_quarters_shows_by_how_much(
    session: Session, load: Callable[[bytes], int]
) -> None:
    begin, end = MONTH.instants
    session.execute(HallItem.__table__.delete())
    facts = {"version": 1, "definition": b"{}", "sha256": "", "reason": ""}
    rows = [
        HallItem(code=f"i{n}", published_at=begin - timedelta(days=1), withdrawn_at=end - timedelta(days=1) if n < 781 else None, **facts)
        for n in range(1044)
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    both = catalogue.counts(session, begin, end)["items"]
    assert (both, cut(*both).shown()) == ((1044, 263), "74.81 % (781/1044)")


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
    found = [catalogue.held(session, now - timedelta(days=ago))["items"] for ago in (10, 6, 3, 1)]
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
