"""Looks into the pool (查阅留痕): who is in it is secret, so each look of a person is a ledger entry, and so is each
attempt of somebody who may not."""

from __future__ import annotations

from pyramid.request import Request
from sqlalchemy.orm import Session

from expert_pool.selection import refused
from trading.acts import Actor, record
from trading.db import apart
from trading.permissions import Permission, Strength, allowed


def looked(session: Session, actor: Actor, what: str) -> None:
    """Entry `confidential.viewed`: `what` is such as `pool`, `pool/E000012`, `pool/export`."""
    payload = {"object": what, "viewer": actor.organisation or actor.within(None)}
    record(session, actor, "confidential.viewed", None, payload)


def looked_apart(request: Request, what: str) -> None:
    """The same for a page that answers a refused form (422): the look stays written down when what was wanted is
    rolled back."""
    with apart(request.registry["sessions"]) as session:
        looked(session, request.actor, what)


class Door:
    """What every address of the pool leads through (a route factory): somebody who is signed in and may not see the
    pool is turned away here, which the regulator learns."""

    def __init__(self, request: Request) -> None:
        identity = request.identity
        if identity is None or identity.strength < Strength.TOTP:
            return  # asked to sign in first
        if not allowed(identity, Permission.SEE_POOL, self):
            raise refused.shut(request, "", request.matched_route.name)
