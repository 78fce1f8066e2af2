"""The regulator's check of waves against the telephone operator's records."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from expert_pool.calls.proving import Wave, check, skip_rates
from expert_pool.calls.settling import evidence, outcome, uncalled_record
from tests.pki import NOW
from trading.clock import rfc3339
from trading.voicing import build_record

H, DRAW, NONCE, PHONE = "ab" * 32, "cd" * 32, "ef" * 32, "13800000000"


def record(key: str, said: str, seconds: int = 10, number: str = PHONE) -> bytes:
    at = rfc3339(NOW + timedelta(seconds=seconds))
    return build_record(
        key=key,
        number=number,
        started=at,
        answered=at,
        ended=at,
        rings=1,
        keys="",
        outcome=said,
        prompts=[],
        audio="",
    )


def codes(said: str, named: list[bytes], log: list[bytes], recused: tuple[str, ...] = (H,)) -> list[str]:
    until, settled = NOW + timedelta(minutes=3), NOW + timedelta(hours=2)
    wave = Wave(DRAW, 0, NOW, settled, until, {H: said}, {H: evidence(named)})
    return [found.code for found in check(wave, {H: PHONE}, {H: NONCE}, log, [], recused)]


def test_what_the_records_say_fits() -> None:
    silent, accepted = record("1", "no-answer"), record("2", "accept", 40)
    assert codes("A", [silent, accepted], [silent, accepted]) == []
    assert codes("N", [silent], [silent]) == []


def test_no_answer_where_the_record_says_accepted_is_contradicted() -> None:
    accepted = record("1", "accept")
    assert codes("N", [accepted], [accepted]) == ["contradicted"]


def test_a_record_that_the_operator_does_not_have_is_unproven() -> None:
    assert codes("N", [record("1", "no-answer")], []) == ["unproven"]


def test_a_call_left_out_because_it_was_answered_is_found() -> None:
    silent, accepted = record("1", "no-answer"), record("2", "accept", 40)
    assert codes("N", [silent], [silent, accepted]) == ["left-out"]


def test_an_answer_after_the_window_counts_for_nobody_however_late_the_wave_was_handed_in() -> None:
    late, silent = record("2", "accept", 181), record("1", "no-answer")
    assert codes("N", [late], [late]) == []
    assert codes("N", [silent], [silent, late]) == []
    assert codes("A", [late], [late]) == ["contradicted"]


def test_a_call_for_another_committee_between_two_does_not_make_them_unproven() -> None:
    silent, other, accepted = record("1", "no-answer"), record("x", "decline", 20), record("2", "accept", 40)
    assert codes("A", [silent, accepted], [silent, other, accepted]) == ["left-out"]


def test_a_call_of_another_day_proves_nothing() -> None:
    old = record("1", "decline", -90_000)
    assert codes("D", [old], [old]) == ["unproven"]


def test_calls_of_another_day_or_to_others_are_no_concern() -> None:
    silent = record("1", "no-answer")
    others = [record("2", "accept", 90_000), record("3", "accept", 20, "13900000000")]
    assert codes("N", [silent], [silent, *others]) == []


@pytest.mark.parametrize(
    ("said", "why", "found"),
    [
        ("N", "no-call", ["not-called"]),
        ("N", "no-number", ["not-called"]),
        ("R", "employer", []),
        ("R", "no-call", ["unproven"]),
        ("N", "called", ["unproven"]),
        ("D", "no-call", ["unproven"]),
    ],
)
def test_who_was_not_called_has_a_reason_that_fits(said: str, why: str, found: list[str]) -> None:
    assert codes(said, [uncalled_record(DRAW, H, NONCE, why)], []) == found


def test_the_devices_own_word_does_not_make_somebody_recused() -> None:
    said = [uncalled_record(DRAW, H, NONCE, "employer")]
    assert codes("R", said, [], recused=()) == ["not-recused"]


def test_an_outcome_does_not_depend_on_how_fast_somebody_answered() -> None:
    until = NOW + timedelta(minutes=1)
    assert [outcome([record("1", "accept", at)], until) for at in (1, 30, 60)] == ["A"] * 3
    assert outcome([record("1", "accept", 61)], until) == "N"


def test_an_operator_whose_calls_go_unanswered_far_more_often_is_conspicuous() -> None:
    honest = [("a", "N" if n % 5 == 0 else "A") for n in range(40)]
    lying = [("b", "N" if n % 4 else "A") for n in range(20)]
    few = [("c", "N")] * 3
    rates = {rate.operator: rate for rate in skip_rates(honest + lying + few + [("a", "R")] * 9)}
    assert (rates["a"].share, rates["b"].share) == (Fraction(1, 5), Fraction(3, 4))
    assert [name for name, rate in rates.items() if rate.conspicuous] == ["b"]
