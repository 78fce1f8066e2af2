"""People who log in, as plugins see them (用户查询)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from zope.interface import implementer

from trading.accounts import certificates
from trading.accounts.models import RoleGrant, User
from trading.interfaces import IAccounts


@implementer(IAccounts)
class Accounts:
    """The accounts of this hall."""

    def get(self, session: Session, user_id: uuid.UUID | None) -> User | None:
        return session.get(User, user_id) if user_id else None

    def by_login(self, session: Session, login: str) -> User | None:
        return session.scalars(select(User).where(User.login == login.strip().lower())).first()

    def with_role(self, session: Session, role: str) -> list[User]:
        query = select(User).join(RoleGrant).where(RoleGrant.role == role, User.disabled_at.is_(None))
        return list(session.scalars(query.order_by(User.login)))

    def certificates(self, session: Session, user_id: uuid.UUID, at: datetime) -> list[str]:
        return [each.sha256 for each in certificates.usable(session, user_id, at)]

    def own_certificate(self, session: Session, user_id: uuid.UUID, sha256: str, at: datetime) -> None:
        certificates.own(session, user_id, sha256, at)
