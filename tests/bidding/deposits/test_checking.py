"""Which money secures a bid, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bidding.deposits import checking
from bidding.deposits.checking import GUARANTEE, TRANSFER, Item, Payer

DEADLINE = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
VALID = date(2027, 3, 1)
OWNER = Payer("启明教育装备有限公司", "6222 0011 0000 0001")
PAID = Item(
    TRANSFER, Decimal(24000), "启明教育装备有限公司", "6222001100000001", DEADLINE - timedelta(days=1)
)
PROMISED = Item(GUARANTEE, Decimal(24000), "", "", DEADLINE - timedelta(days=1), VALID)


def verdict(*items: Item, owner: Payer = OWNER) -> tuple[str, ...]:
    return checking.verdict(items, owner, Decimal(24000), DEADLINE, VALID)


def test_the_right_sum_from_the_own_account_in_time_is_in_order() -> None:
    assert verdict(PAID) == verdict(PROMISED) == ()


def test_two_credits_add_up() -> None:
    half = replace(PAID, amount=Decimal(12000))
    assert verdict(half, half) == ()
    assert verdict(half) == ("insufficient",)


def test_a_credit_at_the_deadlines_instant_is_late() -> None:
    assert verdict(replace(PAID, at=DEADLINE)) == ("insufficient", "late")
    assert verdict(replace(PAID, at=DEADLINE - timedelta(milliseconds=1))) == ()


def test_another_payer_or_another_account_of_the_same_name_does_not_count() -> None:
    assert verdict(replace(PAID, payer="过路公司")) == ("insufficient", "foreign-payer")
    assert verdict(replace(PAID, payer_account="1")) == ("insufficient", "foreign-payer")


def test_without_a_registered_account_the_name_decides() -> None:
    unregistered = Payer(OWNER.name, "")
    assert verdict(replace(PAID, payer_account="1"), owner=unregistered) == ()
    assert verdict(replace(PAID, payer="过路公司"), owner=unregistered) == ("insufficient", "foreign-payer")


def test_a_guarantee_must_last_as_long_as_the_bid() -> None:
    assert verdict(replace(PROMISED, until=VALID - timedelta(days=1))) == (
        "insufficient",
        "guarantee-expires",
    )
    assert verdict(replace(PROMISED, revoked=True)) == ("insufficient", "guarantee-revoked")


def test_nothing_at_all_is_missing() -> None:
    assert verdict() == ("missing",)


def test_an_account_that_paid_for_two_bidders_is_found_however_it_is_spaced() -> None:
    spaced = replace(PAID, payer_account="6222 0011 0000 0001")
    found = checking.shared_payers({"a": [PAID], "b": [spaced], "c": [replace(PAID, payer_account="2")]})
    assert found == {"6222001100000001": frozenset({"a", "b"})}


def test_two_credits_of_one_bidder_and_guarantees_are_no_shared_payer() -> None:
    assert checking.shared_payers({"a": [PAID, PAID], "b": [PROMISED], "c": [PROMISED]}) == {}


def test_every_finding_has_an_article_under_either_law() -> None:
    named = {"late", "foreign-payer", "insufficient", "missing", "shared-payer", "guarantee-revoked", "guarantee-expires"}  # fmt: skip
    assert all(set(articles) == named for articles in checking.RULES.values())
