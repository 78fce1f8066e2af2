"""Turnover: exact sums, one rounding, and only what was awarded, stands and is public."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyramid.config import Configurator
from sqlalchemy import event, insert
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.awards import service
from bidding.awards.models import Award, Candidate
from bidding.awards.turnover import Deal, Month, Sum, by, in_words, listed, total
from bidding.awards.turnover_deals import deals_of, months_of
from bidding.tenders.models import Tender
from bidding.vault.models import Bid
from tests.awards import evaluated_tender, publish_award
from tests.bidding.evaluation.room import add_bid, make_tender
from tests.helpers import committed
from trading.clock import database_now
from trading.errors import Refused
from trading.notices.models import Notice

MARCH = Month(2026, 3)
MID_MARCH = datetime(2026, 3, 15, 4, tzinfo=UTC)
FOUNDING = Decimal("2578000000.00")
PRICES = [Decimal("999999999.99"), Decimal("1234567890.12"), Decimal("343432109.89")]
REGIONS = ("370100", "440300", "440300")
assert sum(PRICES) == FOUNDING


# --- pure -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("2578000000.00", "25.78亿元"), ("2577500000.00", "25.78亿元"), ("2577499999.99", "25.77亿元"),
        ("100000000.00", "1.00亿元"), ("99994999.99", "9999.50万元"), ("99999949.99", "9999.99万元"),
        ("99999950.00", "1.00亿元"), ("35000.00", "3.50万元"), ("9999.99", "9,999.99元"), ("0", "0.00元"),
        ("-2577500000.00", "-25.78亿元"),
    ],
)  # fmt: skip
def test_a_turnover_is_rounded_once_half_up_to_two_places_of_its_unit(amount: str, words: str) -> None:
    assert in_words(Decimal(amount), "zh_CN") == words


def test_in_english_a_turnover_is_told_in_millions() -> None:
    assert in_words(FOUNDING, "en") == "CNY 2,578.00 million"
    assert in_words(Decimal("999999.99"), "en") == "CNY 999,999.99"


def test_what_is_no_month_is_refused_and_months_follow_each_other() -> None:
    for text in ("", "2026-13", "2026-00", "2026-3", "26-03", "2026-03-01", "March", "2026-0３"):
        with pytest.raises(Refused) as refused:
            Month.read(text)
        assert refused.value.faults[0].field == "month"
    assert Month.read("2026-12").later(1) == Month(2027, 1) and Month(2026, 1).later(-1) == Month(2025, 12)
    assert Month.of(datetime(2026, 2, 28, 16, tzinfo=UTC)) == MARCH, "midnight in Beijing"


def deal(price: Decimal, limit: Decimal, subject: str, region: str) -> Deal:
    return Deal("T", "课桌", "", "学校", "厂", "procurement", subject, region, price, limit, "N", MID_MARCH)


money = st.integers(0, 10**14).map(lambda fen: Decimal(fen).scaleb(-2))
deals = st.lists(
    st.builds(
        deal,
        money,
        money,
        st.sampled_from(["goods", "works"]),
        st.sampled_from(["370100", "440300", "320600"]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(deals, st.integers(0, 40))
def test_every_way_of_drilling_down_sums_exactly_to_the_total(rows: list[Deal], most: int) -> None:
    whole = total(rows)
    assert whole.price == sum(int(each.price.scaleb(2)) for each in rows) * Decimal("0.01")
    for groups in (by(rows, lambda each: each.subject), by(rows, lambda each: each.region)):
        assert added([group.sum for group in groups]) == whole
        assert len({group.key for group in groups}) == len(groups)
    shown, others = listed(rows, most)
    assert len(shown) <= most and added([total(shown), others]) == whole


def added(sums: list[Sum]) -> Sum:
    return Sum(
        sum(each.count for each in sums),
        sum((each.price for each in sums), Decimal(0)),
        sum((each.limit for each in sums), Decimal(0)),
    )


def test_what_is_saved_is_below_nothing_where_more_was_paid_and_no_share_of_nothing() -> None:
    assert (Sum(1, Decimal(120), Decimal(100)).saved, Sum(1, Decimal(120), Decimal(100)).percent) == (
        -20,
        -20,
    )
    assert Sum().percent is None


# --- from the hall --------------------------------------------------------------------------------


@dataclass
class Made:
    tender: Tender
    award: Award
    candidate: Candidate
    notice: Notice


def a_deal(session: Session, price: Decimal, at: datetime = MID_MARCH, region: str = "370100") -> Made:
    """The rows that `publish` leaves of an award."""
    tender = make_tender(session, state="awarded")
    tender.ceiling, tender.published_at = price * 2, at
    party = add_bid(session, tender, {})
    bid = session.query(Bid).filter_by(tender_id=tender.id).one()
    notice = Notice(kind="result", tender=tender.code, title=tender.title, region=region, body=b"{}", sha256="00",
                    cms=None, published_at=at, shown={"winner": party.name, "price": str(price)})  # fmt: skip
    candidate = Candidate(
        tender_id=tender.id, round=1, bid_id=bid.id, rank=1, price=price, evaluation_price=price
    )
    session.add_all([notice, candidate])
    session.flush()
    award = Award(tender_id=tender.id, number=1, candidate_id=candidate.id, raw=b"{}", made_at=at, issued_at=at,
                  result_notice_id=notice.id)  # fmt: skip
    session.add(award)
    session.flush()
    return Made(tender, award, candidate, notice)


def founding_month(session: Session) -> list[Made]:
    return [a_deal(session, price, region=region) for price, region in zip(PRICES, REGIONS, strict=True)]


def test_a_month_whose_deals_sum_to_the_founding_figure_prints_it_and_its_rows_add_up(
    app: TestApp, config: Configurator
) -> None:
    config.commit()
    committed(config, founding_month)
    page = app.get("/results/turnover?month=2026-03", headers={"Accept-Language": "zh-CN"}, status=200)
    assert "25.78亿元" in page.text and "¥ 2,578,000,000.00" in page.text
    rows = [row.select("td.num")[-2].text for row in page.html.select("#deals tbody tr") if row.select("a")]
    assert sum(Decimal(text.strip("¥ ").replace(",", "")) for text in rows) == FOUNDING
    found = app.get("/api/results/turnover?month=2026-03", status=200).json
    assert found["total"] == {"count": 3, "price": "2578000000.00", "limit": "5156000000.00",
                              "saved": "2578000000.00", "saved_percent": "50.00", "words": "25.78亿元"}  # fmt: skip
    assert {row["region"]: row["price"] for row in found["regions"]} == {
        "370100": "999999999.99",
        "440300": "1578000000.01",
    }
    for drilled in ("categories", "regions", "months", "deals"):
        assert sum(Decimal(row["price"]) for row in found[drilled]) == FOUNDING, drilled
    assert found["others"]["count"] == 0
    english = app.get("/results/turnover?month=2026-03", headers={"Accept-Language": "en"}, status=200)
    assert "CNY 2,578.00 million" in english.text
    assert "/results/turnover" in app.get("/?kind=result", status=200).text


def test_a_bad_month_is_explained_on_the_page_and_to_programs(app: TestApp, config: Configurator) -> None:
    config.commit()
    page = app.get("/results/turnover?month=2026-13", headers={"Accept-Language": "en"}, status=422)
    assert "error-summary" in page.text and "Enter a month such as 2026-03." in page.text
    assert "turnover.month" in app.get("/api/results/turnover?month=x", status=422).text
    assert app.get("/api/results/turnover", status=200).json["total"]["count"] == 0, "the present month"


def test_more_deals_than_a_page_has_are_one_line_with_their_exact_sum(
    app: TestApp, config: Configurator, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.commit()
    committed(config, founding_month)
    monkeypatch.setattr("bidding.awards.turnover_views.MOST", 1)
    found = app.get("/api/results/turnover?month=2026-03", status=200).json
    assert (len(found["deals"]), found["others"]["count"]) == (1, 2)
    assert Decimal(found["deals"][0]["price"]) + Decimal(found["others"]["price"]) == FOUNDING
    page = app.get("/results/turnover?month=2026-03", status=200)
    assert len(page.html.select("#deals tr.others")) == 1


def undone(made: Made) -> dict[str, Any]:
    """Every way in which an award is no deal of the hall's board."""
    return {
        "not yet issued": lambda: setattr(made.award, "issued_at", None),
        "without a notice": lambda: setattr(made.award, "result_notice_id", None),
        "not on the board": lambda: setattr(made.notice, "listed", False),
        "given up": lambda: setattr(made.candidate, "declined_at", MID_MARCH),
        "withdrawn": lambda: setattr(made.award, "withdrawn_at", MID_MARCH),
        "failed": lambda: setattr(made.tender, "state", "failed"),
        "evaluated again": lambda: setattr(made.tender, "state", "evaluating"),
        "of another month": lambda: setattr(
            made.notice, "published_at", datetime(2026, 3, 31, 16, tzinfo=UTC)
        ),
        "of the month before": lambda: setattr(
            made.notice, "published_at", datetime(2026, 2, 28, 15, 59, 59, tzinfo=UTC)
        ),
    }


def test_only_awards_that_stand_and_are_public_in_the_month_count(
    session: Session, config: Configurator
) -> None:
    config.commit()
    counted = a_deal(session, Decimal("100.00"))
    contracted = a_deal(session, Decimal("20.03"), datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC))
    contracted.tender.state = "contracted"
    for why in undone(counted):
        undone(a_deal(session, Decimal("7.00")))[why]()
    session.flush()
    found = deals_of(session, config.registry, MARCH)
    assert {each.tender for each in found} == {counted.tender.code, contracted.tender.code}
    assert total(found).price == Decimal("120.03")
    year = {row.key: (row.sum.count, row.sum.price) for row in months_of(session, 2026)}
    assert year == {"2026-02": (1, 7), "2026-03": (2, Decimal("120.03")), "2026-04": (1, 7)}


def test_the_deal_of_a_winner_who_gives_up_is_not_counted_and_the_next_one_is(
    session: Session, config: Configurator
) -> None:
    def prices() -> list[Decimal]:
        return [each.price for each in deals_of(session, config.registry, Month.of(database_now(session)))]

    made = evaluated_tender(session, config.registry)
    assert prices() == []
    publish_award(session, config.registry, made)
    assert prices() == [Decimal("980000.00")]
    service.decline(session, config.registry, made.officer_actor(config.registry), made.tender, "产能不足")
    assert prices() == []
    publish_award(session, config.registry, made)
    assert prices() == [Decimal("1010000.00")]


def test_without_a_ceiling_the_budget_is_what_is_saved_from(session: Session, config: Configurator) -> None:
    config.commit()
    a_deal(session, Decimal("90000.00")).tender.ceiling = Decimal(0)
    session.flush()
    (row,) = deals_of(session, config.registry, MARCH)
    assert row.limit == Decimal(100_000) and total([row]).percent == Decimal("10.00")


def test_a_month_of_six_hundred_deals_is_one_query(session: Session, config: Configurator) -> None:
    config.commit()
    made = a_deal(session, Decimal("0.01"))
    rows = {Tender: made.tender, Notice: made.notice, Candidate: made.candidate, Award: made.award}
    plain = {kind: {c.key: getattr(row, c.key) for c in kind.__table__.columns} for kind, row in rows.items()}
    copies: dict[type, list[dict[str, Any]]] = {kind: [] for kind in rows}
    for number in range(599):
        ids = {kind: uuid4() for kind in rows}
        of = {"tender_id": ids[Tender], "candidate_id": ids[Candidate], "result_notice_id": ids[Notice]}
        new = {
            Tender: {"code": f"MANY-{number}"},
            Notice: {},
            Candidate: {"tender_id": ids[Tender]},
            Award: of,
        }
        for kind, ident in ids.items():
            copies[kind].append(plain[kind] | new[kind] | {"id": ident})
    for kind, many in copies.items():
        session.execute(insert(kind.__table__), many)
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    assert total(deals_of(session, config.registry, MARCH)) == Sum(600, Decimal("6.00"), Decimal("12.00"))
    assert len(asked) == 1
