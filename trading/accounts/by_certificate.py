"""Sessions by certificate (证书登录): the browser signs what the hall asks, with a key file or a USB key.

The challenge names this hall's address, the session and the instant, and lies with the session until it is
answered once: a signature made for another site, another session or an earlier time opens nothing.
"""

from __future__ import annotations

import os
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from trading.accounts import certificates, service, trail
from trading.accounts.models import LoginSession
from trading.accounts.service import Rng
from trading.acts import Actor
from trading.clock import database_now, real_now, rfc3339
from trading.errors import refuse
from trading.web import _

LASTS = timedelta(minutes=5)


def challenge(session: Session, login_session_id: uuid.UUID, origin: str, rng: Rng = os.urandom) -> bytes:
    """A fresh challenge for a session; it replaces an earlier one."""
    found = session.get_one(LoginSession, login_session_id)
    found.challenge, found.challenged_at = rng(32), real_now(session)
    session.flush()
    return text(found, origin)


def text(found: LoginSession, origin: str) -> bytes:
    """What is signed. The session stands in it by its row's id, which opens nothing."""
    assert found.challenge is not None
    at: datetime = found.challenged_at or found.created_at
    lines = ("tradehall session challenge v1", f"origin {origin}", f"session {found.id}", f"at {rfc3339(at)}")
    return ("\n".join(lines) + f"\nchallenge {found.challenge.hex()}\n").encode()


def answer(
    session: Session, verifier: Any, actor: Actor, login_session_id: uuid.UUID, origin: str, cms: bytes
) -> str:
    """Raise a session to the strength of a certificate, or refresh it there; returns the new token.

    Raises Refused `login.challenge` for an old or used challenge, `signature.*`, `certificate.*`. The
    caller must commit after a refusal: the challenge is used up by it."""
    login_session, user = service.session_and_user(session, login_session_id)
    now = real_now(session)
    asked = login_session.challenge
    fresh = asked and login_session.challenged_at and now - login_session.challenged_at <= LASTS
    signed = text(login_session, origin) if fresh else b""
    login_session.challenge = None
    if not fresh:
        raise refuse("login.challenge", _("This page has expired"), remedy=_("Sign once more."))
    hall_now = database_now(session)
    evidence = verifier.verify(signed, cms, hall_now)
    certificates.own(session, user.id, evidence.certificate_sha256, hall_now)
    first = login_session.strength == "password"
    kind = "account.signed-in" if first else "account.stepped-up"
    facts = {"by": "certificate", "device": login_session.device}
    trail.record(session, actor, kind, facts, user.id)
    return service.strengthen(session, login_session, strength="certificate")
