"""Pyramid's security policy: who is asking, by session cookie or by API key; deny by default."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from typing import Any

from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.request import Request
from pyramid.security import Allowed, Denied
from sqlalchemy import Select, bindparam, func, select

from trading.accounts import addresses
from trading.accounts.models import AddressRule, ApiKey, LoginSession, RoleGrant, User
from trading.clock import milliseconds
from trading.permissions import Identity, Permission, Strength, allowed, as_role
from trading.web import client_address

SESSION_COOKIE = "hall_session"
SESSION_IDLE = timedelta(minutes=30)
SESSION_MOST = timedelta(hours=12)
STEP_UP_LASTS = timedelta(minutes=10)
STRENGTHS = {"password": Strength.PASSWORD, "totp": Strength.TOTP, "certificate": Strength.CERTIFICATE}


def token_hash(token: str) -> bytes:
    """What is stored of a session token or API key: a thief of the table cannot log in with it."""
    return hashlib.sha256(token.encode()).digest()


class HallSecurity:
    """Identity from the session cookie or the bearer key; permissions from the one table."""

    def identity(self, request: Request) -> Identity | None:
        if "hall.identity" not in request.environ:
            request.environ["hall.identity"] = find_identity(request)
        found: Identity | None = request.environ["hall.identity"]
        return found

    def authenticated_userid(self, request: Request) -> str | None:
        identity = self.identity(request)
        return str(identity.user_id) if identity else None

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Denied:
        identity = self.identity(request)
        asked = request.registry.settings["access.certificate_for"].split()
        if permission in asked and (identity is None or identity.strength < Strength.CERTIFICATE):
            return Denied("%s asks for a session by certificate", permission)
        if allowed(identity, permission, context, request.registry["permissions"]):
            return Allowed("the table allows %s", permission)
        return Denied("the table does not allow %s", permission)

    def remember(self, request: Request, userid: str, **kw: Any) -> list[tuple[str, str]]:
        raise NotImplementedError("trading.accounts.service.open_session sets the cookie")

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        raise NotImplementedError("trading.accounts.service.close_session clears the cookie")


def find_identity(request: Request) -> Identity | None:
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return by_api_key(request, header.removeprefix("Bearer "))
    token = request.cookies.get(SESSION_COOKIE)
    return by_session(request, token) if token else None


def by_api_key(request: Request, key: str) -> Identity | None:
    """An API key stands for its owner at the strength of a one-time code: it was made with one."""
    found = request.db.execute(with_owner(ApiKey), {"hash": token_hash(key)}).first()
    if not found or elsewhere(request, found, None):
        return None
    return make_identity(found, Strength.TOTP, None, False)


@cache
def with_owner(proof: type[ApiKey] | type[LoginSession]) -> Select[Any]:
    """What is known of whoever shows a proof with the hash `hash`, all in one statement, since every request begins with it: the
    proof, its owner unless disabled, the instant, the owner's roles and the addresses that these are held to."""
    held = RoleGrant.user_id == User.id
    roles = select(func.array_agg(RoleGrant.role)).where(held).scalar_subquery()
    lists = select(func.jsonb_object_agg(AddressRule.role, AddressRule.networks)).where(
        held, AddressRule.role == RoleGrant.role
    )
    columns = (
        func.clock_timestamp().label("at"),
        roles.label("roles"),
        lists.scalar_subquery().label("lists"),
    )
    query = select(proof, User, *columns).join(User, User.id == proof.user_id)
    kept = proof.key_hash if proof is ApiKey else proof.token_hash
    return query.where(kept == bindparam("hash"), proof.revoked_at.is_(None), User.disabled_at.is_(None))


def elsewhere(request: Request, found: Any, session: LoginSession | None) -> bool:
    """Whether a role of the user may not work from where the request comes (限定登录IP地址). Then the
    session ends, and `forbidden_view` says why."""
    from trading.accounts import places  # it reads this floor's modules itself

    address = client_address(request)
    if addresses.shut_out(found.lists or {}, found.roles or (), address) is None:
        return False
    places.keep_out(request.db, request.queue, found.User, address, session)
    request.environ["hall.elsewhere"] = True
    return True


def by_session(request: Request, token: str) -> Identity | None:
    found = request.db.execute(with_owner(LoginSession), {"hash": token_hash(token)}).first()
    if not found:
        return None
    session, now = found.LoginSession, milliseconds(found.at)
    if now - session.last_seen_at > SESSION_IDLE or now - session.created_at > SESSION_MOST:
        return None
    if elsewhere(request, found, session):
        return None
    if now - session.last_seen_at > timedelta(minutes=1):
        session.last_seen_at = now
    stepped_up = session.stepped_up_at is not None and now - session.stepped_up_at < STEP_UP_LASTS
    return make_identity(found, STRENGTHS[session.strength], session, stepped_up)


def make_identity(found: Any, strength: Strength, session: LoginSession | None, stepped_up: bool) -> Identity:
    """The identity of a row of `with_owner`."""
    user = found.User
    return Identity(
        user_id=user.id,
        login=user.login,
        name=user.name,
        roles=frozenset(map(as_role, found.roles or ())),
        strength=strength,
        party_id=user.party_id,
        session_id=session.id if session else None,
        stepped_up=stepped_up,
    )


def needs_csrf(request: Request) -> bool:
    """Cookies are sent by any page the browser visits; a bearer key is not, and needs no token."""
    return not request.headers.get("Authorization", "").startswith("Bearer ")


def includeme(config: Configurator) -> None:
    """Deny by default, CSRF on."""
    config.set_security_policy(HallSecurity())
    config.set_default_permission(Permission.NOBODY)
    config.set_csrf_storage_policy(
        CookieCSRFStoragePolicy(
            cookie_name="hall_csrf",
            httponly=True,
            samesite="Lax",
            secure=config.registry.settings["hall.https"] == "true",
        )
    )
    config.set_default_csrf_options(require_csrf=True, callback=needs_csrf)
