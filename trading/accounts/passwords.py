"""Passwords (口令): Argon2id, and what makes a password too weak to take."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from trading.errors import Fault
from trading.web import _

LEAST = 10
MOST = 200
# Memory in KiB, passes and lanes as OWASP's password storage sheet gives them: about 25 ms, short enough
# not to hold up the other requests of a web process.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The Argon2id hash in PHC format, salt inside."""
    return _hasher.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; without an account the same work is done for nothing, so that the time
    an answer takes does not tell which accounts exist."""
    try:
        fits = _hasher.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None


def faults(password: str, login: str, field: str = "password") -> list[Fault]:
    """What is wrong with a new password: length and the login's name count, composition does not."""
    if len(password) < LEAST:
        return [Fault("password.short", _("Use at least 10 characters; several words are fine"), field)]
    if len(password) > MOST:
        return [Fault("password.long", _("Use at most 200 characters"), field)]
    if login.lower() in password.lower() or len(set(password)) < 5:
        return [Fault("password.weak", _("This is too easy to guess"), field)]
    return []
