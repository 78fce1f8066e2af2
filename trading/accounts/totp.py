"""One-time codes by clock (动态口令, RFC 6238): six digits, SHA-1, steps of 30 s, as phone apps expect.

A code is an agreement with a device that knows nothing of this hall's clock, so codes are judged at
real time even where a demonstration's clock runs ahead.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

SECRET_BYTES = 20
"""RFC 4226 recommends 160 bits for SHA-1."""
DRIFT_STEPS = 1
"""A phone may be one step early or late."""


def new_secret(rng: Callable[[int], bytes]) -> str:
    """A fresh secret in base32, 32 characters."""
    return base64.b32encode(rng(SECRET_BYTES)).decode()


def matching_step(secret: str, code: str, at: datetime, last_step: int) -> int | None:
    """The step whose code this is, or None: no code of the window fits, or it was used already.

    `last_step` is the newest step used so far (0: none); only later ones count, so no code works twice.
    """
    digits = code.strip().replace(" ", "")
    if len(digits) != 6 or not digits.isdecimal():
        return None
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=at, valid_window=DRIFT_STEPS)
    except OTPVerificationError:
        return None
    return step if step > last_step else None


def address(secret: str, login: str, hall: str) -> str:
    """The `otpauth:` address that a phone app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=hall)
