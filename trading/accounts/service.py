"""People: creating accounts, signing in, second factors, sessions, keys for programs.

A service never learns a cookie: it returns the token, of which only the hash is kept.
"""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import Callable, Iterable

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trading.accounts import passwords, totp, trail
from trading.accounts.commands import Registration
from trading.accounts.limits import Limiter
from trading.accounts.models import ApiKey, LoginSession, RecoveryCode, RoleGrant, User
from trading.acts import Actor
from trading.clock import database_now, real_now
from trading.errors import Refused, refuse
from trading.parties import service as parties
from trading.parties.models import Party
from trading.permissions import Role, as_role
from trading.secrets import HallKeys
from trading.security import SESSION_IDLE, SESSION_MOST, token_hash
from trading.web import _

RECOVERY_CODES = 10
Rng = Callable[[int], bytes]


def random_text(length: int, rng: Rng) -> str:
    """`length` letters and digits that are easy to tell apart (base32, lower case)."""
    return base64.b32encode(rng(length)).decode().lower()[:length]


# --- accounts -------------------------------------------------------------------------------------


def create_party(session: Session, actor: Actor, **fields: str) -> Party:
    """`trading.parties.service.create_party`, at hand for those who set up people."""
    return parties.create_party(session, actor, **fields)


def create_user(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    *,
    login: str,
    name: str,
    password: str,
    roles: Iterable[str] = (),
    party: Party | None = None,
    totp_secret: str | None = None,
    password_is_initial: bool = False,
    acting_as: Role | None = None,
) -> User:
    """A new account. `totp_secret` (base32) is given when nobody will enrol it by hand.

    Raises Refused `password.*` for a weak password and `user.login-taken`."""
    if faults := passwords.faults(password, login):
        raise Refused(faults)
    now = database_now(session)
    user = User(
        login=login.lower(),
        name=name,
        password_hash=passwords.hash_password(password),
        password_is_initial=password_is_initial,
        totp_secret=keys.seal(totp_secret.encode(), "totp") if totp_secret else None,
        party_id=party.id if party else None,
        created_at=now,
        roles=[RoleGrant(role=str(as_role(role)), granted_at=now) for role in roles],
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise refuse(
            "user.login-taken", _("This login name is taken"), field="login", remedy=_("Choose another one.")
        ) from error
    payload = {"roles": sorted(grant.role for grant in user.roles)}
    trail.record(session, actor, "account.created", payload, user.id, acting_as)
    return user


def register(session: Session, keys: HallKeys, command: Registration, address: str) -> User:
    """An enterprise and its first user, who is a bidder (注册). Raises Refused with every fault."""
    actor = Actor(None, command.name, command.organisation, address, b"")
    faults = passwords.faults(command.password, command.login)
    if session.scalar(select(User.id).where(User.login == command.login)):
        faults += refuse("user.login-taken", _("This login name is taken"), field="login").faults
    try:
        if parties.by_code(session, parties.parse_code(command.uscc)):
            faults += parties.already_filed().faults
    except Refused as error:
        faults += error.faults
    if faults:
        raise Refused(faults)
    party = create_party(
        session,
        actor,
        uscc=command.uscc,
        name=command.organisation,
        address=command.address,
        legal_representative=command.legal_representative,
        phone=command.phone,
        size=command.size,
    )
    return create_user(
        session,
        keys,
        actor,
        login=command.login,
        name=command.name,
        password=command.password,
        roles=[Role.BIDDER],
        party=party,
    )


def add_colleague(
    session: Session, keys: HallKeys, actor: Actor, party: Party, login: str, name: str, rng: Rng = os.urandom
) -> tuple[User, str]:
    """Another bidder's account for an enterprise; returns it with its initial password."""
    password = random_text(16, rng)
    user = create_user(
        session,
        keys,
        actor,
        login=login,
        name=name,
        password=password,
        roles=[Role.BIDDER],
        party=party,
        password_is_initial=True,
    )
    return user, password


def people_of(session: Session, party_id: uuid.UUID) -> list[User]:
    """The accounts of an organisation that are not disabled."""
    query = (
        select(User).where(User.party_id == party_id, User.disabled_at.is_(None)).order_by(User.created_at)
    )
    return list(session.scalars(query))


def change_password(session: Session, actor: Actor, user: User, current: str, new: str) -> None:
    """A new password. Raises Refused when the current one is wrong or the new one weak."""
    if not passwords.verify(user.password_hash, current):
        raise refuse("password.wrong", _("The current password is wrong"), field="current")
    if faults := passwords.faults(new, user.login):
        raise Refused(faults)
    user.password_hash = passwords.hash_password(new)
    user.password_is_initial = False
    trail.record(session, actor, "account.password-changed", {}, user.id)


# --- signing in -----------------------------------------------------------------------------------


def identify(session: Session, limiter: Limiter, login: str, password: str, address: str) -> User:
    """The account whose login name and password these are.

    Raises Refused: `login.slow-down` without having looked; `login.wrong`, the same and after the same
    work for an unknown name, a wrong password and a disabled account; `login.no-role`. The caller must
    commit also after `login.wrong`, so that the attempt stays in the trail."""
    limiter.check()
    user = session.scalars(select(User).where(User.login == login)).first()
    actor = Actor(user.id if user else None, user.name if user else "", "", address, b"")
    fits = passwords.verify(user.password_hash if user and not user.disabled_at else None, password)
    if user is None or not fits:
        limiter.failed()
        trail.record(
            session, actor, "account.sign-in-refused", {"why": "password"}, user.id if user else None
        )
        raise refuse("login.wrong", _("The login name or the password is wrong"), field="login")
    if not user.roles:
        raise refuse(
            "login.no-role",
            _("Your account has no role yet"),
            remedy=_("Ask the security administrator to give it one."),
        )
    return user


def pass_second_factor(
    session: Session, keys: HallKeys, limiter: Limiter, actor: Actor, login_session_id: uuid.UUID, code: str
) -> str:
    """Raise a session to the strength of a one-time code, or refresh it there (step-up); returns the new
    token, the old one ends. The code is of the phone or one of recovery, and works once.

    Raises Refused `login.slow-down` or `login.code`; the caller must commit after `login.code`."""
    login_session, user = session_and_user(session, login_session_id)
    # After the lock: guesses sent all at once are looked at one by one, each after the failures before it.
    limiter.check()
    how = used_code(session, keys, user, code)
    if how is None:
        limiter.failed()
        trail.record(session, actor, "account.sign-in-refused", {"why": "code"}, user.id)
        raise refuse(
            "login.code",
            _("This code is not right, or was used already"),
            field="code",
            remedy=_("Wait for the next code on your phone; check that the phone sets its clock itself."),
        )
    limiter.succeeded()
    first = login_session.strength == "password"
    kind = "account.signed-in" if first else "account.stepped-up"
    trail.record(session, actor, kind, {"by": how, "device": login_session.device}, user.id)
    return strengthen(session, login_session)


def session_and_user(session: Session, login_session_id: uuid.UUID) -> tuple[LoginSession, User]:
    """A session and its user, the user locked: two requests cannot use one code."""
    login_session = session.get_one(LoginSession, login_session_id)
    user = session.get_one(User, login_session.user_id, with_for_update=True, populate_existing=True)
    return login_session, user


def used_code(session: Session, keys: HallKeys, user: User, code: str) -> str | None:
    """Use up a one-time code or a recovery code; "totp", "recovery" or None when it is neither."""
    if user.totp_secret is None:
        return None
    secret = keys.unseal(user.totp_secret, "totp").decode()
    step = totp.matching_step(secret, code, real_now(session), user.totp_last_step)
    if step is not None:
        user.totp_last_step = step
        return "totp"
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == recovery_hash(keys, user, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=database_now(session))
        .returning(RecoveryCode.id)
    )
    return "recovery" if used.first() else None


def recovery_hash(keys: HallKeys, user: User, code: str) -> bytes:
    """What is kept of a recovery code. 50 random bits under the hall's key need no slow hash."""
    return keys.keyed("recovery", str(user.id), code.strip().lower().replace("-", "").replace(" ", ""))


def enrol_totp(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    login_session_id: uuid.UUID,
    secret: str,
    code: str,
    rng: Rng = os.urandom,
) -> tuple[str, list[str]]:
    """Bind a phone's secret after its first code; replaces an earlier one and its recovery codes.

    Returns the session's new token and the fresh recovery codes. Raises Refused `totp.code`."""
    login_session, user = session_and_user(session, login_session_id)
    step = totp.matching_step(secret, code, real_now(session), 0)
    if step is None:
        raise refuse(
            "totp.code",
            _("This is not the code for this secret"),
            field="code",
            remedy=_("Scan the picture again and type the six digits that the app shows now."),
        )
    user.totp_secret = keys.seal(secret.encode(), "totp", rng)
    user.totp_last_step = step
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = [random_text(10, rng) for _number in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(user_id=user.id, code_hash=recovery_hash(keys, user, code)) for code in codes
    )
    trail.record(session, actor, "account.second-factor-set", {"device": login_session.device}, user.id)
    return strengthen(session, login_session, rng), [f"{code[:5]}-{code[5:]}" for code in codes]


# --- sessions -------------------------------------------------------------------------------------


def open_session(
    session: Session, user: User, address: str, device: str, strength: str = "password", rng: Rng = os.urandom
) -> str:
    """A new session of a signed-in device; returns its token."""
    token = base64.urlsafe_b64encode(rng(32)).decode()
    now = real_now(session)
    session.add(
        LoginSession(
            user_id=user.id,
            token_hash=token_hash(token),
            strength=strength,
            created_at=now,
            last_seen_at=now,
            stepped_up_at=None if strength == "password" else now,
            address=address,
            device=device[:200],
        )
    )
    session.flush()
    return token


def strengthen(
    session: Session, login_session: LoginSession, rng: Rng = os.urandom, strength: str = "totp"
) -> str:
    """One-time code shown, or a challenge signed (`strength` certificate, which a later code keeps): a new token, so that one planted or overheard before is worth nothing."""
    token = base64.urlsafe_b64encode(rng(32)).decode()
    now = real_now(session)
    login_session.token_hash = token_hash(token)
    login_session.strength = (
        "certificate" if "certificate" in (strength, login_session.strength) else strength
    )
    login_session.stepped_up_at = login_session.last_seen_at = now
    session.flush()
    return token


def close_session(session: Session, actor: Actor, user_id: uuid.UUID, login_session_id: uuid.UUID) -> None:
    """End one of a user's sessions, this one or another. Raises Refused `session.unknown`."""
    found = session.get(LoginSession, login_session_id)
    if found is None or found.user_id != user_id:
        raise refuse("session.unknown", _("There is no such session"))
    if found.revoked_at is None:
        found.revoked_at = real_now(session)
        trail.record(session, actor, "account.signed-out", {}, user_id)


def close_other_sessions(session: Session, user_id: uuid.UUID, keep: uuid.UUID | None) -> None:
    """End every session of a user but one: after a new password or a new second factor."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.id != keep, LoginSession.revoked_at.is_(None))
        .values(revoked_at=real_now(session))
    )


def sessions_of(session: Session, user_id: uuid.UUID) -> list[LoginSession]:
    """The sessions that could act now, the last used first."""
    now = real_now(session)
    return list(
        session.scalars(
            select(LoginSession)
            .where(
                LoginSession.user_id == user_id,
                LoginSession.revoked_at.is_(None),
                LoginSession.last_seen_at >= now - SESSION_IDLE,
                LoginSession.created_at >= now - SESSION_MOST,
            )
            .order_by(LoginSession.last_seen_at.desc())
        )
    )


# --- keys for programs ----------------------------------------------------------------------------


def create_api_key(
    session: Session, actor: Actor, user_id: uuid.UUID, label: str, rng: Rng = os.urandom
) -> str:
    """A key for a program of the user's own; returned once, only its hash is kept."""
    key = "th_" + base64.urlsafe_b64encode(rng(32)).decode().rstrip("=")
    session.add(ApiKey(user_id=user_id, key_hash=token_hash(key), label=label, created_at=real_now(session)))
    trail.record(session, actor, "account.key-created", {"label": label}, user_id)
    return key


def revoke_api_key(session: Session, actor: Actor, user_id: uuid.UUID, key_id: uuid.UUID) -> None:
    """End a key at once. Raises Refused `key.unknown`."""
    found = session.get(ApiKey, key_id)
    if found is None or found.user_id != user_id or found.revoked_at is not None:
        raise refuse("key.unknown", _("There is no such key"))
    found.revoked_at = real_now(session)
    trail.record(session, actor, "account.key-revoked", {"label": found.label}, user_id)


def api_keys_of(session: Session, user_id: uuid.UUID) -> list[ApiKey]:
    """The keys that work."""
    query = select(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
    return list(session.scalars(query.order_by(ApiKey.created_at)))
