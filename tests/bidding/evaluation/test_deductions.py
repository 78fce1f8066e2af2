"""RULES 3.2: policy deductions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bidding.evaluation.deductions import Deduction, evaluation_price, granted
from bidding.evaluation.exact import fixed

RATES = {
    "micro-enterprise": Fraction("0.10"),
    "sheltered": Fraction("0.15"),
    "micro-consortium": Fraction("0.04"),
    "domestic-product": Fraction("0.20"),
}
BOTH = granted(["micro-enterprise", "domestic-product"], RATES)


def test_110_with_20_and_10_per_cent_multiplied_is_79_20() -> None:
    assert fixed(evaluation_price(Fraction(110), BOTH, "multiplicative")) == "79.20"


def test_110_with_20_and_10_per_cent_added_is_77_00() -> None:
    assert fixed(evaluation_price(Fraction(110), BOTH, "additive")) == "77.00"


def test_110_of_a_micro_enterprise_is_99_00() -> None:
    assert (
        fixed(evaluation_price(Fraction(110), granted(["micro-enterprise"], RATES), "multiplicative"))
        == "99.00"
    )


def test_a_consortium_gets_its_own_smaller_rate() -> None:
    assert fixed(evaluation_price(Fraction(100), granted(["micro-consortium"], RATES), "additive")) == "96.00"


def test_an_enterprise_is_small_only_once_by_the_highest_rate() -> None:
    assert granted(["micro-enterprise", "micro-consortium", "sheltered"], RATES) == (
        Deduction("sheltered", Fraction("0.15")),
    )


def test_of_equal_small_business_rates_just_one_counts() -> None:
    rates = {"micro-enterprise": Fraction("0.10"), "sheltered": Fraction("0.10")}
    assert len(granted(["sheltered", "micro-enterprise"], rates)) == 1


def test_a_claim_the_committee_refused_or_the_document_does_not_grant_gives_nothing() -> None:
    assert granted(["domestic-product"], RATES, ["domestic-product"]) == ()
    assert granted(["domestic-product"], {}) == ()


def test_a_refused_higher_claim_leaves_the_lower_one() -> None:
    assert [d.claim for d in granted(["sheltered", "micro-enterprise"], RATES, ["sheltered"])] == [
        "micro-enterprise"
    ]


def test_an_unknown_stacking_is_an_error() -> None:
    with pytest.raises(ValueError):
        evaluation_price(Fraction(1), (), "average")
