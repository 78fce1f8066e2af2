"""Who may do what (权限): one enum, one table of rows, everything else is denied.

A row names the roles that hold a permission, how strongly they must have logged in, and, where it
matters, a predicate on the thing itself. Which roles one person may hold together is a second table:
every pair is shut unless it is opened there (separation of duties, 职责分离).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Role(StrEnum):
    """The hall's roles (角色)."""

    TENDERER = "tenderer"
    AGENT = "agent"
    BIDDER = "bidder"
    EXPERT = "expert"
    POOL_OFFICER = "pool-officer"
    ROSTER_OFFICER = "roster-officer"
    CUSTODIAN = "custodian"
    REGULATOR = "regulator"
    OPERATOR = "operator"
    SYSTEM_ADMIN = "system-admin"
    SECURITY_ADMIN = "security-admin"
    AUDIT_ADMIN = "audit-admin"


class Strength(IntEnum):
    """How strongly somebody has shown who they are (登录强度)."""

    PASSWORD = 1
    TOTP = 2
    CERTIFICATE = 3


class Permission(StrEnum):
    """Everything that can be allowed. Views name one each."""

    SECOND_FACTOR = "second-factor"
    OWN_ACCOUNT = "own-account"
    OWN_PARTY = "own-party"
    DRAFT_TENDER = "draft-tender"
    MANAGE_TENDER = "manage-tender"
    OVERRIDE_RULE = "override-rule"
    BID = "bid"
    ATTEND_OPENING = "attend-opening"
    HOST_OPENING = "host-opening"
    SEE_OPENING_CASES = "see-opening-cases"
    ATTEND_RELEASE = "attend-release"
    IMPORT_PANEL = "import-panel"
    DEMAND_PANEL = "demand-panel"
    APPROVE_PANEL = "approve-panel"
    NAME_REPRESENTATIVES = "name-representatives"
    SEE_PANEL_DRAW = "see-panel-draw"
    ARRIVE = "arrive"
    ENTER_BEACON = "enter-beacon"
    MANAGE_POOL = "manage-pool"
    SEE_POOL = "see-pool"
    OWN_EXPERTISE = "own-expertise"
    ASK_ADVICE = "ask-advice"
    SEE_ADVICE = "see-advice"
    RATE_EXPERTS = "rate-experts"
    SEE_FEES = "see-fees"
    DECIDE_CONDUCT = "decide-conduct"
    EVALUATE = "evaluate"
    CONFIRM_CHANGES = "confirm-changes"
    SEE_INVITATION = "see-invitation"
    WITNESS_INVITATION = "witness-invitation"
    KEEP_ROSTER = "keep-roster"
    DECIDE_ROSTER = "decide-roster"
    SEE_ROSTER_FILES = "see-roster-files"
    JOIN_ROSTER = "join-roster"
    RUN_LOTTERY = "run-lottery"
    DECIDE_AWARD = "decide-award"
    SIGN_CONTRACT = "sign-contract"
    SUPERVISE = "supervise"
    SEE_DEPOSITS = "see-deposits"
    REFUND_DEPOSITS = "refund-deposits"
    FORFEIT_DEPOSIT = "forfeit-deposit"
    FILE_QUERY = "file-query"
    ANSWER_QUERY = "answer-query"
    DECIDE_COMPLAINT = "decide-complaint"
    ISSUE_ORDER = "issue-order"
    INTERRUPT_TENDER = "interrupt-tender"
    MANAGE_USERS = "manage-users"
    GRANT_ROLES = "grant-roles"
    APPROVE_RECOVERY = "approve-recovery"
    READ_AUDIT = "read-audit"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Identity:
    """Who is asking: an account, its roles, how it logged in."""

    user_id: uuid.UUID
    login: str
    name: str
    roles: frozenset[str]
    strength: Strength
    party_id: uuid.UUID | None
    session_id: uuid.UUID | None
    stepped_up: bool = False


Predicate = Callable[[Identity, Any], bool]


def always(identity: Identity, context: Any) -> bool:
    return True


def buys_here(identity: Identity, context: Any) -> bool:
    """Of the tenderer's or the agency's organisation (招标人或代理机构)."""
    return identity.party_id is not None and identity.party_id in (context.tenderer_id, context.agency_id)


def is_the_tenderer(identity: Identity, context: Any) -> bool:
    return identity.party_id is not None and identity.party_id == context.tenderer_id


def buys_or_supervises(identity: Identity, context: Any) -> bool:
    return Role.REGULATOR in identity.roles or buys_here(identity, context)


def reads_advice(identity: Identity, context: Any) -> bool:
    """Who buys here; the pool office, which convenes the advisers, and the regulator everywhere."""
    return bool(identity.roles & {Role.POOL_OFFICER, Role.REGULATOR}) or buys_here(identity, context)


def tenders_or_supervises(identity: Identity, context: Any) -> bool:
    """The tenderer's own people; the regulator unless it buys here itself."""
    if Role.REGULATOR in identity.roles:
        return not buys_here(identity, context)
    return is_the_tenderer(identity, context)


def competes_here(identity: Identity, context: Any) -> bool:
    """An enterprise that neither buys nor manages here (TBR art. 34; Order 20 art. 23)."""
    return identity.party_id is not None and not buys_here(identity, context)


def has_no_part(identity: Identity, context: Any) -> bool:
    """Not of the organisations that buy here."""
    return not buys_here(identity, context)


def was_there(identity: Identity, context: Any) -> bool:
    """Who buys here, the regulator, and experts; which of them sat here only the panel knows."""
    return bool(identity.roles & {Role.EXPERT, Role.REGULATOR}) or buys_here(identity, context)


def minds_the_money(identity: Identity, context: Any) -> bool:
    """Who buys here; the hall's operator and the regulator everywhere."""
    return bool(identity.roles & {Role.OPERATOR, Role.REGULATOR}) or buys_here(identity, context)


@dataclass(frozen=True)
class Row:
    roles: frozenset[str]
    strength: Strength
    when: Predicate = always


EVERY_ROLE = frozenset(Role)
BUYERS = frozenset({Role.AGENT, Role.TENDERER})


def row(roles: frozenset[Role] | Role, strength: Strength, when: Predicate = always) -> Row:
    return Row(frozenset({roles}) if isinstance(roles, Role) else roles, strength, when)


ROWS: dict[Permission, Row] = {
    # A password alone opens nothing but the page that asks for the second factor.
    Permission.SECOND_FACTOR: row(EVERY_ROLE, Strength.PASSWORD),
    Permission.OWN_ACCOUNT: row(EVERY_ROLE, Strength.TOTP),
    Permission.OWN_PARTY: row(Role.BIDDER, Strength.TOTP),
    Permission.DRAFT_TENDER: row(BUYERS, Strength.TOTP),
    Permission.MANAGE_TENDER: row(BUYERS, Strength.TOTP, buys_here),
    Permission.OVERRIDE_RULE: row(Role.TENDERER, Strength.TOTP, is_the_tenderer),
    Permission.BID: row(Role.BIDDER, Strength.TOTP, competes_here),
    Permission.ATTEND_OPENING: row(EVERY_ROLE, Strength.TOTP),
    Permission.HOST_OPENING: row(BUYERS, Strength.TOTP, buys_here),
    Permission.SEE_OPENING_CASES: row(BUYERS | {Role.REGULATOR}, Strength.TOTP, buys_or_supervises),
    Permission.ATTEND_RELEASE: row(Role.CUSTODIAN, Strength.TOTP),
    Permission.IMPORT_PANEL: row(BUYERS, Strength.TOTP, buys_here),
    # The pool office knows who is in the pool and draws nobody; who draws never learns it.
    Permission.MANAGE_POOL: row(Role.POOL_OFFICER, Strength.TOTP),
    Permission.SEE_POOL: row(frozenset({Role.POOL_OFFICER, Role.REGULATOR}), Strength.TOTP),
    Permission.OWN_EXPERTISE: row(Role.EXPERT, Strength.TOTP),
    Permission.RATE_EXPERTS: row(BUYERS | {Role.EXPERT, Role.REGULATOR}, Strength.TOTP, was_there),
    Permission.SEE_FEES: row(BUYERS | {Role.EXPERT, Role.REGULATOR}, Strength.TOTP, was_there),
    Permission.DECIDE_CONDUCT: row(frozenset({Role.POOL_OFFICER, Role.REGULATOR}), Strength.TOTP),
    Permission.ASK_ADVICE: row(BUYERS, Strength.TOTP, buys_here),
    Permission.SEE_ADVICE: row(BUYERS | {Role.POOL_OFFICER, Role.REGULATOR}, Strength.TOTP, reads_advice),
    # Who keeps the roster of contractors draws nobody; who has something drawn does not say who may be in it.
    Permission.KEEP_ROSTER: row(Role.ROSTER_OFFICER, Strength.TOTP),
    Permission.DECIDE_ROSTER: row(frozenset({Role.ROSTER_OFFICER, Role.REGULATOR}), Strength.TOTP),
    Permission.SEE_ROSTER_FILES: row(frozenset({Role.ROSTER_OFFICER, Role.REGULATOR}), Strength.TOTP),
    Permission.JOIN_ROSTER: row(Role.BIDDER, Strength.TOTP),
    Permission.RUN_LOTTERY: row(BUYERS, Strength.TOTP, buys_here),
    Permission.DEMAND_PANEL: row(BUYERS, Strength.TOTP, buys_here),
    # A second person's word, who is not the agency's: nobody has a committee drawn alone.
    Permission.APPROVE_PANEL: row(
        frozenset({Role.TENDERER, Role.REGULATOR}), Strength.TOTP, tenders_or_supervises
    ),
    Permission.NAME_REPRESENTATIVES: row(Role.TENDERER, Strength.TOTP, is_the_tenderer),
    Permission.SEE_PANEL_DRAW: row(BUYERS | {Role.REGULATOR}, Strength.TOTP, buys_or_supervises),
    Permission.ARRIVE: row(Role.EXPERT, Strength.TOTP),
    Permission.ENTER_BEACON: row(BUYERS | {Role.REGULATOR}, Strength.TOTP, buys_or_supervises),
    Permission.EVALUATE: row(frozenset({Role.EXPERT, Role.TENDERER}), Strength.TOTP),
    Permission.CONFIRM_CHANGES: row(Role.TENDERER, Strength.TOTP, is_the_tenderer),
    Permission.SEE_INVITATION: row(BUYERS | {Role.REGULATOR}, Strength.TOTP, buys_or_supervises),
    Permission.WITNESS_INVITATION: row(Role.TENDERER, Strength.TOTP, is_the_tenderer),
    Permission.DECIDE_AWARD: row(BUYERS, Strength.TOTP, buys_here),
    Permission.SIGN_CONTRACT: row(BUYERS | {Role.BIDDER}, Strength.TOTP),
    Permission.SUPERVISE: row(Role.REGULATOR, Strength.TOTP),
    Permission.SEE_DEPOSITS: row(BUYERS | {Role.OPERATOR, Role.REGULATOR}, Strength.TOTP, minds_the_money),
    Permission.REFUND_DEPOSITS: row(BUYERS | {Role.OPERATOR}, Strength.TOTP, minds_the_money),
    Permission.FORFEIT_DEPOSIT: row(Role.TENDERER, Strength.TOTP, is_the_tenderer),
    Permission.FILE_QUERY: row(Role.BIDDER, Strength.TOTP, competes_here),
    Permission.ANSWER_QUERY: row(BUYERS, Strength.TOTP, buys_here),
    # Whoever judges a tender must have no part in it, whatever the account's organisation is.
    Permission.DECIDE_COMPLAINT: row(Role.REGULATOR, Strength.TOTP, has_no_part),
    Permission.ISSUE_ORDER: row(Role.REGULATOR, Strength.TOTP, has_no_part),
    Permission.INTERRUPT_TENDER: row(BUYERS, Strength.TOTP, buys_here),
    Permission.MANAGE_USERS: row(Role.SYSTEM_ADMIN, Strength.TOTP),
    Permission.GRANT_ROLES: row(Role.SECURITY_ADMIN, Strength.TOTP),
    Permission.APPROVE_RECOVERY: row(frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN}), Strength.TOTP),
    Permission.READ_AUDIT: row(frozenset({Role.AUDIT_ADMIN, Role.REGULATOR}), Strength.TOTP),
}


def allowed(identity: Identity | None, permission: str, context: Any, rows: Mapping[Any, Row] = ROWS) -> bool:
    """Whether `identity` holds `permission` on `context`; unknown permissions are denied. `rows` is the table with the
    plugins' rows (`trading.extending`)."""
    found = rows.get(permission)
    if identity is None or found is None:
        return False
    return (
        bool(identity.roles & found.roles)
        and identity.strength >= found.strength
        and found.when(identity, context)
    )


MAY_HOLD_TOGETHER: frozenset[frozenset[str]] = frozenset({frozenset({Role.TENDERER, Role.AGENT})})
"""The only pairs of roles that one person may hold together."""


def may_hold_together(one: str, other: str, pairs: Collection[frozenset[str]] = MAY_HOLD_TOGETHER) -> bool:
    """Whether separation of duties lets one person hold both roles. `pairs` are the open ones, those of plugins too."""
    return one == other or frozenset({one, other}) in pairs


def as_role(name: str) -> str:
    """A role by its name: the hall's own as `Role`, a plugin's as it is."""
    return Role(name) if name in set(Role) else name
