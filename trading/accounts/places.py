"""Lists of addresses per role, as the security administrator keeps them (登录地址限定)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.accounts import addresses, trail
from trading.accounts.models import AddressRule, LoginSession, User
from trading.acts import Actor
from trading.clock import database_now, real_now
from trading.errors import Refused, refuse
from trading.permissions import Role
from trading.web import _

TOLD_AGAIN_AFTER = 3600
"""seconds after which the same refusal of one account gets another entry"""


def rules(session: Session) -> dict[str, str]:
    """The networks of every role that has a list."""
    return {rule.role: rule.networks for rule in session.scalars(select(AddressRule))}


def shut_out(session: Session, roles: Iterable[str], address: str) -> str | None:
    """The role that may not work from this address, None when there is none."""
    held = list(roles)
    query = select(AddressRule.role, AddressRule.networks).where(AddressRule.role.in_(held))
    found = {row.role: row.networks for row in session.execute(query)}
    return addresses.shut_out(found, held, address)


def keep_out(
    session: Session, queue: Any, user: User, address: str, login_session: LoginSession | None
) -> None:
    """A request from an address that is not listed: the session ends, and the trail says so, once an hour
    for an account and address. The caller must commit although the answer is a refusal."""
    if login_session is not None:
        login_session.revoked_at = real_now(session)
    if queue.set(f"access:refused:{user.id}:{address}", 1, nx=True, ex=TOLD_AGAIN_AFTER):
        actor = Actor(user.id, user.name, "", address, b"")
        trail.record(session, actor, "account.address-refused", {}, user.id)


def refused() -> Refused:
    """What somebody at an address that is not listed is told."""
    return refuse(
        "access.address",
        _("Your role may not work from this address"),
        rule="GB/T 22239-2019",
        remedy=_("Use a computer of the hall's network, or ask the security administrator."),
    )


def set_rule(session: Session, actor: Actor, role: str, networks: str, *, confirmed: bool = False) -> None:
    """List the networks of a role; an empty list lets it work from anywhere.

    Raises Refused `access.networks` for what is no network, and `access.own-address` unless `confirmed`
    when the security administrator would shut out the very address the list is set from: a list that
    nobody can take back. Sessions from elsewhere end with their next request."""
    try:
        parsed = addresses.parse(networks)
    except ValueError as error:
        raise refuse(
            "access.networks",
            _("Write networks such as 10.20.0.0/16, or single addresses"),
            field="networks",
        ) from error
    own = parsed and not addresses.contains(parsed, actor.address)
    if role == Role.SECURITY_ADMIN and own and not confirmed:
        raise refuse(
            "access.own-address",
            _("This list does not hold your own address, ${address}", mapping={"address": actor.address}),
            field="networks",
            remedy=_("You would lock yourself out. Add your address, or tick the box if you mean it."),
        )
    text = " ".join(str(_short(network)) for network in parsed)
    found = session.get(AddressRule, str(role))
    if found is None:
        session.add(AddressRule(role=str(role), networks=text, changed_at=database_now(session)))
    else:
        found.networks, found.changed_at = text, database_now(session)
    trail.record(session, actor, "account.addresses-listed", {"role": str(role)}, None, Role.SECURITY_ADMIN)


def _short(network: addresses.Network) -> str:
    """A single address without its prefix length."""
    whole = network.prefixlen == network.max_prefixlen
    return str(ipaddress.ip_address(network.network_address)) if whole else str(network)
