"""Looks into the pool (查阅留痕): who is in it is secret, so each look of a person is a ledger entry."""

from __future__ import annotations

from sqlalchemy.orm import Session

from trading.acts import Actor, record


def looked(session: Session, actor: Actor, what: str) -> None:
    """Entry `confidential.viewed`: `what` is such as `pool`, `pool/E000012`, `pool/export`."""
    payload = {"object": what, "viewer": actor.organisation or actor.within(None)}
    record(session, actor, "confidential.viewed", None, payload)
