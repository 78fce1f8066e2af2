"""Indicators: what is counted, from when on it is worth a look, and what it is seen by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from expert_pool.conduct.indicators import (
    ALIKE,
    FAR,
    FAVOURS,
    FLAT,
    LATE,
    NO_SHOW,
    REFUSES,
    SILENT,
    Call,
    Evidence,
    Indicator,
    Session,
    all_of,
)  # fmt: skip

HOUR = datetime(2026, 3, 23, 1, 30, tzinfo=UTC)


def session(
    number: int, mine: dict[str, str], *others: dict[str, str], late: int = 0, outliers: int = 0
) -> Session:
    """One item, shares as text by bidder; the others are x1, x2 …"""

    def marks(shares: dict[str, str]) -> dict[str, dict[str, Fraction]]:
        return {bid: {"T1": Fraction(share)} for bid, share in shares.items()}

    rest = {f"x{n}": marks(each) for n, each in enumerate(others, 1)}
    return Session(f"T-{number}", HOUR, HOUR + timedelta(minutes=late), marks(mine), rest, outliers)


def found(sessions: list[Session], calls: list[Call] | None = None) -> dict[tuple[str, str], Indicator]:
    return {(each.code, each.about): each for each in all_of(sessions, calls or [])}


def test_a_bidder_always_scored_higher_than_by_the_others_is_shown_with_both_figures() -> None:
    rows = [
        session(n, {"A": "0.9", "B": "0.7"}, {"A": "0.8", "B": "0.7"}, {"A": "0.78", "B": "0.7"})
        for n in (1, 2, 3)
    ]
    shown = found(rows)[FAVOURS, "A"]
    assert (shown.count, shown.of, shown.notable) == (3, 3, True)
    assert shown.evidence[0] == Evidence("T-1", (("own", "90.0"), ("others", "79.0")))
    assert (FAVOURS, "B") not in found(rows)


def test_high_in_two_tenders_or_once_not_high_is_no_pattern() -> None:
    high = [session(n, {"A": "0.9"}, {"A": "0.7"}) for n in (1, 2)]
    assert not found(high)
    assert not found([*high, session(3, {"A": "0.7"}, {"A": "0.7"})])


def test_refusals_silence_and_seats_not_taken_are_counted_apart() -> None:
    calls = [
        Call("T-1", "D", False),
        Call("T-2", "D", False),
        Call("T-3", "N", False),
        Call("T-4", "A", False),
    ]
    calls += [Call(f"T-{n}", "A", True) for n in (5, 6)]
    rows = found([], calls)
    assert {code: (rows[code, ""].count, rows[code, ""].of) for code in (REFUSES, SILENT, NO_SHOW)} == {
        REFUSES: (2, 6), SILENT: (1, 6), NO_SHOW: (1, 3),
    }  # fmt: skip
    assert (rows[REFUSES, ""].notable, rows[NO_SHOW, ""].notable) == (False, True)
    assert [each.tender for each in rows[REFUSES, ""].evidence] == ["T-1", "T-2"]


def test_half_the_calls_refused_is_the_limit_and_more_is_worth_a_look() -> None:
    half = [Call("T", "D", False)] * 2 + [Call("T", "A", True)] * 2
    assert not found([], half)[REFUSES, ""].notable
    assert found([], [*half, Call("T", "D", False)])[REFUSES, ""].notable


def test_ten_minutes_after_the_hour_are_not_late_and_eleven_are() -> None:
    assert (LATE, "") not in found([session(1, {"A": "0.5"}, late=10)])
    shown = found([session(n, {"A": "0.5"}, late=11) for n in (1, 2, 3)])[LATE, ""]
    assert (shown.count, shown.notable, shown.evidence[0].values) == (3, True, (("minutes", "11"),))


def test_far_scores_are_a_share_of_all_scores_given() -> None:
    rows = [session(n, {"A": "0.5", "B": "0.6"}, outliers=n == 1) for n in (1, 2, 3)]
    shown = found(rows)[FAR, ""]
    assert (shown.count, shown.of, shown.notable) == (1, 6, True)


def test_all_bids_the_same_is_flat_and_two_bids_are_too_few_to_say() -> None:
    same = [session(n, {"A": "0.8", "B": "0.8", "C": "0.8"}) for n in (1, 2, 3)]
    assert found(same)[FLAT, ""].notable
    assert (FLAT, "") not in found([session(1, {"A": "0.8", "B": "0.8"})])


def test_two_experts_who_always_agree_are_shown_to_each_other() -> None:
    marks = {"A": "0.8", "B": "0.7", "C": "0.6"}
    rows = [session(n, marks, marks, {"A": "0.7", "B": "0.7", "C": "0.9"}) for n in (1, 2, 3)]
    shown = found(rows)
    assert shown[ALIKE, "x1"].count == shown[ALIKE, "x1"].of == 9 and (ALIKE, "x2") not in shown


def test_a_short_record_shows_figures_but_calls_nothing_notable() -> None:
    rows = found([session(1, {"A": "0.5"}, late=60, outliers=1)], [Call("T-1", "D", False)])
    assert rows and not any(each.notable for each in rows.values())
