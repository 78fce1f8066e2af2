"""Which clock returns a security, and when it may be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bidding.deposits.fate import ARTICLES, CLOCKS, Return, Situation, grounds, return_of, to_decide

DEADLINE = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
PAID, LATER = DEADLINE - timedelta(days=3), DEADLINE + timedelta(days=9)
GP = Situation("procurement", DEADLINE)
WORKS = Situation("bidding_law", DEADLINE)


def test_nothing_goes_back_before_something_returns_it() -> None:
    assert return_of(GP, PAID) is None and return_of(WORKS, PAID) is None


def test_losers_are_returned_to_from_the_award_notice_and_in_works_from_the_contract() -> None:
    assert return_of(replace(GP, awarded_at=LATER), PAID) == Return("loser", "P6.losers", LATER)
    assert return_of(replace(WORKS, awarded_at=LATER), PAID) is None
    assert return_of(replace(WORKS, contract_at=LATER), PAID) == Return("loser", "T16", LATER)


def test_the_winner_is_returned_to_from_the_contract() -> None:
    won = replace(GP, won=True, awarded_at=DEADLINE)
    assert return_of(won, PAID) is None
    assert return_of(replace(won, contract_at=LATER), PAID) == Return("winner", "P6.winner", LATER)


def test_a_withdrawn_bid_starts_its_clock_with_the_withdrawal() -> None:
    at = DEADLINE - timedelta(days=1)
    assert return_of(replace(GP, withdrawn_at=at, bids=False), PAID) == Return(
        "withdrawn", "P6.withdrawn", at
    )
    assert return_of(replace(WORKS, withdrawn_at=at, bids=False), PAID) == Return("withdrawn", "T8", at)


def test_whoever_paid_but_did_not_bid_is_returned_to_from_the_deadline() -> None:
    assert return_of(replace(GP, bids=False), PAID) == Return("no-bid", "P6.withdrawn", DEADLINE)


def test_late_money_goes_back_from_the_day_it_came() -> None:
    assert return_of(GP, LATER) == Return("late", "P6.withdrawn", LATER)


def test_a_platforms_fault_returns_at_once_and_a_bidders_fault_waits_for_a_decision() -> None:
    platform = replace(GP, fault="platform", outcome_at=LATER)
    assert return_of(platform, PAID) == Return("deemed-withdrawn", "P6.withdrawn", LATER)
    assert not to_decide(platform) and grounds(platform) == ()
    own = replace(GP, fault="bidder", outcome_at=LATER)
    assert to_decide(own) and grounds(own) == ("revoked",)


def test_undecided_securities_do_not_outlast_the_losers_clock() -> None:
    own = replace(GP, fault="bidder", outcome_at=DEADLINE, awarded_at=LATER)
    assert return_of(own, PAID) == Return("loser", "P6.losers", LATER)


def test_a_decision_to_return_starts_its_own_clock() -> None:
    own = replace(GP, fault="bidder", returned_by=LATER)
    assert return_of(own, PAID) == Return("decided", "P6.losers", LATER)
    assert not to_decide(own)


def test_a_winner_who_gave_up_may_lose_it_and_one_who_may_still_sign_is_not_asked_about() -> None:
    assert to_decide(replace(GP, gave_up=True))
    won = replace(GP, won=True)
    assert not to_decide(won) and "contract-refused" in grounds(won)


def test_no_loser_can_lose_its_security_and_no_winner_after_the_contract() -> None:
    assert grounds(replace(GP, awarded_at=LATER)) == ()
    assert grounds(replace(GP, won=True, contract_at=LATER)) == ()


def test_the_end_of_the_tender_returns_everything() -> None:
    assert return_of(replace(GP, ended_at=LATER), PAID) == Return("ended", "P6.ended", LATER)


def test_both_laws_know_the_same_reasons_and_grounds() -> None:
    assert CLOCKS["procurement"].keys() == CLOCKS["bidding_law"].keys()
    assert ARTICLES["procurement"].keys() == ARTICLES["bidding_law"].keys()
