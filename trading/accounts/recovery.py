"""A lost second factor (第二因素遗失补办): asked for by its owner, granted by two administrators.

The system administrator and the security administrator must both approve, each with a reason and a fresh
code; neither may be the person. Nobody learns a secret: approval only takes the old factor away, and the
owner binds a new one after the password within a day. Every session and key ends with the approval.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from trading.accounts import service, trail
from trading.accounts.models import ApiKey, FactorRequest, RecoveryCode, User
from trading.acts import Actor
from trading.clock import real_now
from trading.errors import refuse
from trading.permissions import Role
from trading.web import _

OPEN_FOR = timedelta(days=3)
ENROL_WITHIN = timedelta(hours=24)
APPROVERS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)


def current(session: Session, user_id: uuid.UUID) -> FactorRequest | None:
    """The newest request of a person that was not refused, None when there is none."""
    query = (
        select(FactorRequest)
        .where(FactorRequest.user_id == user_id, FactorRequest.refused_at.is_(None))
        .order_by(FactorRequest.asked_at.desc())
    )
    return session.scalars(query).first()


def state(request: FactorRequest, now: datetime) -> str:
    """open, granted, done, refused or expired."""
    if request.refused_at:
        return "refused"
    if request.done_at:
        return "done"
    if request.granted_at:
        return "granted" if now <= request.granted_at + ENROL_WITHIN else "expired"
    return "open" if now <= request.asked_at + OPEN_FOR else "expired"


def ask(session: Session, actor: Actor, user: User, reason: str) -> FactorRequest:
    """The owner, who knows the password, asks. Raises Refused `recovery.open` while a request waits."""
    now = real_now(session)
    found = current(session, user.id)
    if found is not None and state(found, now) == "open":
        raise refuse("recovery.open", _("Your request waits for the two administrators already"))
    made = FactorRequest(user_id=user.id, reason=reason, asked_at=now)
    session.add(made)
    trail.record(session, actor, "account.recovery-asked", {"reason": reason}, user.id)
    return made


def waiting(session: Session) -> list[tuple[FactorRequest, User]]:
    """The requests that can still be approved or refused, the oldest first."""
    query = (
        select(FactorRequest, User)
        .join(User, User.id == FactorRequest.user_id)
        .where(
            FactorRequest.granted_at.is_(None),
            FactorRequest.refused_at.is_(None),
            FactorRequest.asked_at >= real_now(session) - OPEN_FOR,
        )
        .order_by(FactorRequest.asked_at)
    )
    return [(request, user) for request, user in session.execute(query)]


def _open_one(session: Session, actor: Actor, request_id: uuid.UUID) -> FactorRequest:
    found = session.get(FactorRequest, request_id, with_for_update=True)
    if found is None or state(found, real_now(session)) != "open":
        raise refuse("recovery.closed", _("This request is not open any more"))
    if found.user_id == actor.user_id:
        raise refuse("user.own", _("Nobody may do this to their own account"))
    return found


def approve(session: Session, actor: Actor, role: Role, request_id: uuid.UUID, reason: str) -> FactorRequest:
    """One administrator's approval, acting as `role`; the second one takes the old factor away.

    Raises Refused `recovery.closed`, `user.own`, `recovery.twice` for a second approval by the same role
    or the same person."""
    found = _open_one(session, actor, request_id)
    system = role == Role.SYSTEM_ADMIN
    if (found.system_by if system else found.security_by) is not None or actor.user_id in (
        found.system_by,
        found.security_by,
    ):
        raise refuse("recovery.twice", _("Your side has approved already; the other administrator must too"))
    if system:
        found.system_by, found.system_reason = actor.user_id, reason
    else:
        found.security_by, found.security_reason = actor.user_id, reason
    trail.record(session, actor, "account.recovery-approved", {"reason": reason}, found.user_id, role)
    if found.system_by and found.security_by:
        _grant(session, actor, found)
    return found


def _grant(session: Session, actor: Actor, found: FactorRequest) -> None:
    user = session.get_one(User, found.user_id, with_for_update=True, populate_existing=True)
    now = real_now(session)
    user.totp_secret = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    service.close_other_sessions(session, user.id, None)
    session.execute(
        update(ApiKey).where(ApiKey.user_id == user.id, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    )
    found.granted_at = now
    trail.record(session, actor, "account.second-factor-taken", {}, user.id)


def decline(session: Session, actor: Actor, role: Role, request_id: uuid.UUID, reason: str) -> None:
    """One administrator alone may refuse."""
    found = _open_one(session, actor, request_id)
    found.refused_at = real_now(session)
    trail.record(session, actor, "account.recovery-refused", {"reason": reason}, found.user_id, role)


def may_enrol(session: Session, user: User) -> None:
    """Raises Refused `recovery.late` when the day to bind a new second factor has passed."""
    found = current(session, user.id)
    if found is not None and state(found, real_now(session)) == "expired" and found.granted_at:
        raise refuse(
            "recovery.late",
            _("The day to bind a new phone has passed"),
            remedy=_("Ask the two administrators again."),
        )


def enrolled(session: Session, user: User) -> None:
    """A new factor is bound: the request is done."""
    found = current(session, user.id)
    if found is not None and found.granted_at and not found.done_at:
        found.done_at = real_now(session)
