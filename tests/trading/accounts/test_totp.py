from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from trading.accounts import totp

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
AT = datetime(2026, 12, 1, 1, 0, 15, tzinfo=UTC)
STEP = int(AT.timestamp()) // 30


def code(steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(AT + timedelta(seconds=30 * steps))


@pytest.mark.parametrize("drift", [-1, 0, 1])
def test_a_phone_may_be_one_step_early_or_late(drift: int) -> None:
    assert totp.matching_step(SECRET, code(drift), AT, 0) == STEP + drift


@pytest.mark.parametrize("drift", [-2, 2])
def test_a_code_two_steps_away_is_refused(drift: int) -> None:
    assert totp.matching_step(SECRET, code(drift), AT, 0) is None


def test_no_code_works_twice_and_none_before_the_last_used_one() -> None:
    assert totp.matching_step(SECRET, code(), AT, STEP) is None
    assert totp.matching_step(SECRET, code(-1), AT, STEP) is None
    assert totp.matching_step(SECRET, code(1), AT, STEP) == STEP + 1


@pytest.mark.parametrize("text", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code_is_refused(text: str) -> None:
    assert totp.matching_step(SECRET, text, AT, 0) is None


def test_spaces_in_a_code_do_no_harm() -> None:
    assert totp.matching_step(SECRET, f" {code()[:3]} {code()[3:]} ", AT, 0) == STEP


def test_a_new_secret_has_160_bits() -> None:
    one, other = totp.new_secret(os.urandom), totp.new_secret(os.urandom)
    assert len(one) == 32
    assert one != other
