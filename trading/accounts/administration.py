"""What the three administrators do, each apart (三员分立): one creates accounts, one gives roles, one reads."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from trading.accounts import trail
from trading.accounts.models import RoleGrant, User
from trading.accounts.service import Rng, close_other_sessions, create_user, random_text
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Refused, refuse
from trading.parties import service as parties
from trading.permissions import MAY_HOLD_TOGETHER, Role, may_hold_together
from trading.secrets import HallKeys
from trading.web import _


def users(session: Session) -> list[User]:
    """Every account, by login name."""
    return list(session.scalars(select(User).options(selectinload(User.roles)).order_by(User.login)))


def add_user(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    login: str,
    name: str,
    uscc: str = "",
    rng: Rng = os.urandom,
) -> tuple[User, str]:
    """An account without a role, for somebody of a filed organisation or of none; returns it with its
    initial password. Raises Refused `uscc.*`, `party.unknown`, `user.login-taken`."""
    party = parties.by_code(session, parties.parse_code(uscc)) if uscc else None
    if uscc and party is None:
        raise refuse("party.unknown", _("No organisation with this code is registered"), field="uscc")
    password = random_text(16, rng)
    user = create_user(
        session,
        keys,
        actor,
        login=login,
        name=name,
        password=password,
        party=party,
        password_is_initial=True,
        acting_as=Role.SYSTEM_ADMIN,
    )
    return user, password


def disable(session: Session, actor: Actor, user_id: uuid.UUID) -> User:
    """Shut an account and end its sessions. Raises Refused `user.own` for one's own."""
    user = other_user(session, actor, user_id)
    if user.disabled_at is None:
        user.disabled_at = database_now(session)
        close_other_sessions(session, user.id, None)
        trail.record(session, actor, "account.disabled", {}, user.id, Role.SYSTEM_ADMIN)
    return user


def enable(session: Session, actor: Actor, user_id: uuid.UUID) -> User:
    """Open an account again."""
    user = other_user(session, actor, user_id)
    if user.disabled_at is not None:
        user.disabled_at = None
        trail.record(session, actor, "account.enabled", {}, user.id, Role.SYSTEM_ADMIN)
    return user


def other_user(session: Session, actor: Actor, user_id: uuid.UUID) -> User:
    """Somebody else's account, locked. Raises Refused `user.own` and `user.unknown`."""
    if user_id == actor.user_id:
        raise refuse("user.own", _("Nobody may do this to their own account"))
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise refuse("user.unknown", _("There is no such account"))
    return user


def grant(
    session: Session,
    actor: Actor,
    user_id: uuid.UUID,
    role: str,
    pairs: Collection[frozenset[str]] = MAY_HOLD_TOGETHER,
) -> User:
    """Give a role (授权); `pairs` may be held together. Raises Refused `role.duties` when separation of duties forbids it, `user.own`,
    and `role.needs-organisation` for a role that acts for an organisation."""
    user = other_user(session, actor, user_id)
    held = [each.role for each in user.roles]
    if role in held:
        return user
    if not all(may_hold_together(role, other, pairs) for other in held):
        raise separated()
    if role in (Role.BIDDER, Role.AGENT, Role.TENDERER) and user.party_id is None:
        raise refuse(
            "role.needs-organisation",
            _("This role acts for an organisation, and the account belongs to none"),
            field="role",
        )
    user.roles.append(RoleGrant(role=str(role), granted_at=database_now(session)))
    trail.record(session, actor, "account.role-granted", {"role": str(role)}, user.id, Role.SECURITY_ADMIN)
    return user


def separated() -> Refused:
    return refuse(
        "role.duties",
        _("Separation of duties: this role may not be held together with one the account has"),
        field="role",
        rule="GB/T 22239-2019",
        remedy=_("Take the other role away first, or give this one to somebody else."),
    )


def take_away(session: Session, actor: Actor, user_id: uuid.UUID, role: str) -> User:
    """Take a role away. Raises Refused `user.own`, and `role.last` for the last security administrator."""
    user = other_user(session, actor, user_id)
    found = next((each for each in user.roles if each.role == role), None)
    if found is None:
        return user
    holders = select(func.count(RoleGrant.id)).where(RoleGrant.role == role)
    if role == Role.SECURITY_ADMIN and session.scalar(holders) == 1:
        raise refuse("role.last", _("The last security administrator must stay"))
    user.roles.remove(found)
    trail.record(session, actor, "account.role-taken", {"role": str(role)}, user.id, Role.SECURITY_ADMIN)
    return user


def without_role(session: Session) -> int:
    """How many open accounts wait for a role."""
    query = select(func.count(User.id)).where(User.disabled_at.is_(None), ~User.roles.any())
    return session.scalar(query) or 0
