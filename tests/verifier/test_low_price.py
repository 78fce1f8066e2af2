"""What the verifier says of sealed prices of small works, and of a turn that an owner ends: each lie is named."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

import tradehall_verify as verifier
from bidding.lottery.pricing import Offer, reasonable_low

PRICES = {"A": "1700000.00", "B": "1650000.00", "C": "1600000.00", "D": "1550000.00", "E": "1500000.00"}
RANKED = {"k": "0.03", "mean": "1600000", "benchmark": "1552000", "order": ["D", "C", "E", "B", "A"]}


def audit_of(entries: dict[str, list[Any]], **works: Any) -> Any:
    """The check of prices over what a bundle would say."""
    found: Any = object.__new__(verifier._PriceAudit)
    found.audit = SimpleNamespace(
        known=lambda kind: [(kind, payload) for payload in entries.get(kind, [])], notes=[]
    )
    rules = {"rules": {"k_values": ["0.03"]}, "results": {}, "notice": {"ceiling": "1750000.00"}}
    found.works = SimpleNamespace(**(rules | works))
    found.offers = {org: verifier.money(price) for org, price in PRICES.items()}
    return found


@pytest.mark.parametrize("k", ["0", "0.03", "0.125"])
@pytest.mark.parametrize("count", [1, 3, 4, 5])
def test_hall_and_verifier_compute_the_same_benchmark(k: str, count: int) -> None:
    prices = list(PRICES.values())[:count]
    ranking = reasonable_low([Offer(p, Decimal(p)) for p in prices], Decimal("1750000"), k)
    assert ranking is not None
    found = verifier.low_price([verifier.money(price) for price in prices], Fraction(k))
    assert found == (ranking.mean, ranking.benchmark)


def test_the_ranking_as_the_prices_give_it_is_taken() -> None:
    found = audit_of({"works.ranked": [RANKED]})
    found._rank()
    assert found.order == RANKED["order"] and "benchmark 1552000.00" in found.audit.notes[0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"order": ["C", "D", "E", "B", "A"]}, "swapped order"),
        ({"order": ["D", "C", "E", "B"]}, "swapped order"),
        ({"benchmark": "1600000"}, "wrong benchmark"),
        ({"mean": "1600001"}, "wrong benchmark"),
        ({"k": "0"}, "wrong benchmark"),
    ],
)
def test_another_ranking_is_named(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(verifier.Invalid, match=said):
        audit_of({"works.ranked": [RANKED | changed]})._rank()


def test_k_of_several_values_is_the_drawn_one() -> None:
    several = {"rules": {"k_values": ["0.02", "0.03"]}}
    audit_of({"works.ranked": [RANKED]}, results={"k": ["K=0.03"]}, **several)._rank()
    with pytest.raises(verifier.Invalid, match="wrong benchmark"):
        audit_of({"works.ranked": [RANKED]}, results={"k": ["K=0.02"]}, **several)._rank()
    with pytest.raises(verifier.Invalid, match="without a K"):
        audit_of({"works.ranked": [RANKED]}, **several)._rank()


def test_prices_that_nobody_opened_are_not_ranked() -> None:
    with pytest.raises(verifier.Invalid, match="nobody has opened"):
        audit_of({"works.ranked": [RANKED]}).check()
    found = audit_of({"works.prices-opened": [{"offers": []}]})
    found.child = None
    with pytest.raises(verifier.Invalid, match="missing"):
        found.check()


def opened(**changes: Any) -> Any:
    """A bundle's own opening of two prices, and the list that lets both firms in."""
    found = audit_of({}, printed=[{"id": org, "excluded": ""} for org in ("A", "B")])
    found.offers = {}
    found.child = SimpleNamespace(
        rows=[{"leaf_index": 2, "manifest": "m2", "status": "valid"}, {"leaf_index": 1, "manifest": "m1", "status": "valid"}],
        opened={"m1", "m2"}, bid=lambda manifest: {"bidder": {"id": {"m1": "A", "m2": "B"}[manifest]}},
        sheets={"m1": {"opening": {"total": "5.00"}}, "m2": {"opening": {"total": "4.00"}}},
    )  # fmt: skip
    found.works.__dict__.update(changes)
    return found


def test_the_log_names_the_opened_prices_in_the_order_of_the_sealed_ones() -> None:
    told = [{"org": "A", "manifest": "m1", "price": "5.00"}, {"org": "B", "manifest": "m2", "price": "4.00"}]
    found = opened()
    found._read({"offers": told})
    assert list(found.offers) == ["A", "B"]
    for lie in (told[::-1], told[:1], [told[0] | {"price": "3.00"}, told[1]]):
        with pytest.raises(verifier.Invalid, match="other prices"):
            opened()._read({"offers": lie})
    with pytest.raises(verifier.Invalid, match="not on the list"):
        opened(printed=[{"id": "A", "excluded": ""}, {"id": "B", "excluded": "declined"}])._read(
            {"offers": told}
        )


@pytest.mark.parametrize(
    ("at", "good"),
    [("2026-12-30T15:59:59.000Z", False), ("2026-12-30T16:00:00.000Z", True)],
)
def test_an_owner_ends_a_turn_only_when_the_time_to_sign_is_over(at: str, good: bool) -> None:
    works: Any = object.__new__(verifier._LotteryAudit)
    awarded = SimpleNamespace(index=2, time="2026-11-30T02:00:00.000Z")
    works.notice = {"sign_days": 30, "form": {}}
    works.audit = SimpleNamespace(known=lambda _kind: [(awarded, {"org": "A"})])
    turn, announced = {"org": "A", "until": "2026-11-26"}, SimpleNamespace(index=1)
    reason = SimpleNamespace(index=3, time=at)
    if good:
        works._silent(turn, announced, reason)
    else:
        with pytest.raises(verifier.Invalid, match="could sign until 2026-12-30"):
            works._silent(turn, announced, reason)
    works.audit = SimpleNamespace(known=lambda _kind: [])
    with pytest.raises(verifier.Invalid, match="instead of awarding"):
        works._silent(turn, announced, reason)
