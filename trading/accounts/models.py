"""People (用户): passwords, one-time codes, certificates, sessions, keys for programs."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.db import Base, Blob, Id, Instant, OptionalInstant


class User(Base):
    """A person who may log in. `password_hash` is Argon2id; `totp_secret` is encrypted."""

    __tablename__ = "user_account"

    id: Mapped[Id]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    password_is_initial: Mapped[bool] = mapped_column(default=False)
    """Somebody else chose it and knows it until the owner changes it."""
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    """The newest 30 s step whose code was used: no code works twice."""
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    created_at: Mapped[Instant]
    disabled_at: Mapped[OptionalInstant]
    roles: Mapped[list[RoleGrant]] = relationship(cascade="all, delete-orphan")


class RoleGrant(Base):
    """A role (角色) that a person holds; who granted it stands in the ledger."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("user_id", "role"),)

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    role: Mapped[str]
    granted_at: Mapped[Instant]


class RecoveryCode(Base):
    """A one-time code for a lost second factor (恢复码)."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    code_hash: Mapped[Blob]
    used_at: Mapped[OptionalInstant]


class LoginSession(Base):
    """One signed-in device (会话); listed to its owner and revocable. Only the token's hash is kept."""

    __tablename__ = "login_session"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    token_hash: Mapped[Blob] = mapped_column(unique=True)
    strength: Mapped[str]
    """password | totp | certificate"""
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    stepped_up_at: Mapped[OptionalInstant]
    address: Mapped[str]
    device: Mapped[str]
    revoked_at: Mapped[OptionalInstant]
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What a certificate must sign for this session; None when nothing was asked, or it was answered."""
    challenged_at: Mapped[OptionalInstant]


class ApiKey(Base):
    """A key for a program of the user's own (接口密钥), such as `tradehall bid`."""

    __tablename__ = "api_key"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    key_hash: Mapped[Blob] = mapped_column(unique=True)
    label: Mapped[str]
    created_at: Mapped[Instant]
    revoked_at: Mapped[OptionalInstant]


class Certificate(Base):
    """A signing certificate (数字证书) that belongs to an account. Public: never holds a key."""

    __tablename__ = "certificate"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    sha256: Mapped[str] = mapped_column(unique=True)
    chain_pem: Mapped[str]
    """Leaf first, then the issuers."""
    subject: Mapped[str]
    issuer: Mapped[str]
    serial: Mapped[str]
    not_before: Mapped[Instant]
    not_after: Mapped[Instant]
    enrolled_at: Mapped[Instant]
    revoked_at: Mapped[OptionalInstant]


class AddressRule(Base):
    """The networks that a role may work from (限定登录IP地址), separated by spaces; "" is anywhere."""

    __tablename__ = "address_rule"

    role: Mapped[str] = mapped_column(primary_key=True)
    networks: Mapped[str]
    changed_at: Mapped[Instant]


class FactorRequest(Base):
    """A lost second factor: asked for by its owner, granted by two administrators."""

    __tablename__ = "factor_request"

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    reason: Mapped[str]
    asked_at: Mapped[Instant]
    system_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    system_reason: Mapped[str] = mapped_column(default="")
    security_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    security_reason: Mapped[str] = mapped_column(default="")
    granted_at: Mapped[OptionalInstant]
    refused_at: Mapped[OptionalInstant]
    done_at: Mapped[OptionalInstant]


class AccountAct(Base):
    """Which ledger entries are about accounts, enterprises and certificates, and about whose: the audit
    administrator's and the owner's view of the trail. Facts stand in the ledger only."""

    __tablename__ = "account_act"

    entry: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    """The account the act is about; None when no account fits, as after a wrong login name."""
