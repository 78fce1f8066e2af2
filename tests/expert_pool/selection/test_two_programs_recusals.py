"""Exclusions from a committee: the hall and the offline verifier, written apart from draw.md 13.2, agree."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from expert_pool.experts.drawable import Limits
from expert_pool.experts.person import RELATIONS, STATUSES, Interest, PoolExpert
from expert_pool.selection import demand as asking
from expert_pool.selection import listing
from expert_pool.selection.purchase import Purchase
from tradehall_verify import RECUSALS, recusals
from trading.ledger import canonical

DAY = date(2026, 11, 23)
ORGS = [letter * 18 for letter in "ABCDE"]
TENDERER, AGENCY, AVOIDED = ORGS[:3]
LIMITS = Limits(sessions_a_month=2, sessions_a_year=4, cool_down_days=60)
PURCHASE = Purchase(
    "T-1", "opened", TENDERER, AGENCY, "110105", frozenset({"T-1", "P-1"}), Decimal(1), "procurement",
    bidders=frozenset(ORGS[3:4]),
)  # fmt: skip
WISH = "B03.01.01"
wanted = asking.Demand(
    "T-1", 5, 4, (asking.Wish(4, WISH),), (asking.Avoid(AVOIDED, "builds for them"),),
    datetime(2026, 11, 24, 1, tzinfo=UTC), "room 3",
)  # fmt: skip

days = st.sampled_from([0, 1, 29, 30, 31, 59, 60, 61, 364, 365, 366, 1000]).map(lambda n: DAY - timedelta(n))
orgs = st.sampled_from(ORGS)
interests = st.builds(
    Interest, orgs, st.sampled_from(RELATIONS), days, st.one_of(st.none(), days, st.just(DAY + timedelta(9)))
)
rarely = st.sampled_from([False] * 6 + [True])


@st.composite
def people(draw: Any) -> PoolExpert:
    """Somebody of the pool, mostly fit to be drawn."""

    def seldom(strange: Any, usual: Any) -> Any:
        return draw(strange) if draw(rarely) else usual

    return PoolExpert(
        number="E000001",
        name="周磊",
        employer=seldom(st.sampled_from([*ORGS, ""]), "F" * 18),
        employer_name="",
        region="110000",
        specialities=seldom(st.sampled_from([(), ("C02.01.01",), ("B03.01.02",)]), (WISH,)),
        title="",
        years=9,
        status=seldom(st.sampled_from(STATUSES), "active"),
        trained_until=seldom(st.one_of(st.none(), days), DAY),
        interests=tuple(seldom(st.lists(interests, min_size=1, max_size=2), [])),
        sessions=tuple(seldom(st.lists(days, max_size=6), [])),
        tenderers=tuple(seldom(st.lists(st.tuples(orgs, days), max_size=2), [])),
        advises=tuple(seldom(st.lists(st.sampled_from(["T-1", "P-1", "T-2"]), max_size=2), [])),
        official_of=tuple(
            seldom(
                st.lists(st.sampled_from(["110000", "110105", "110106", "120000", *ORGS[:2]]), max_size=2), []
            )
        ),
        certificate=not seldom(st.just(True), False),
    )


@settings(max_examples=200, deadline=None)
@given(people())
def test_both_programs_exclude_the_same_people_for_the_same_reason(person: PoolExpert) -> None:
    asked = frozenset(asking.chain(WISH))
    found = listing.make([person], wanted, PURCHASE.parties(), DAY, LIMITS, TENDERER).candidates[0]
    strata = asking.strata(wanted.wishes, asked)
    document = asking.document(
        wanted, strata, 5, PURCHASE, LIMITS, session_at="2026-11-24T01:00:00.000Z", day=DAY.isoformat()
    )
    holds = recusals(canonical.loads(document), found.record, found.facts or {})
    assert list(holds) == list(RECUSALS)
    assert next((code for code, true in holds.items() if true), "") == found.excluded
