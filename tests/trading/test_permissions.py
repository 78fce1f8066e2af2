"""Who may do what, and which roles go together: every permission with every role, every pair of roles."""

from __future__ import annotations

import itertools
import uuid
from types import SimpleNamespace

import pytest

from trading.permissions import Identity, Permission, Role, Strength, allowed, may_hold_together

R, P = Role, Permission
EVERYBODY = set(Role)
HOLDERS = {
    P.SECOND_FACTOR: EVERYBODY,
    P.OWN_ACCOUNT: EVERYBODY,
    P.OWN_PARTY: {R.BIDDER},
    P.DRAFT_TENDER: {R.TENDERER, R.AGENT},
    P.MANAGE_TENDER: {R.TENDERER, R.AGENT},
    P.OVERRIDE_RULE: {R.TENDERER},
    P.BID: {R.BIDDER},
    P.ATTEND_OPENING: EVERYBODY,
    P.HOST_OPENING: {R.TENDERER, R.AGENT},
    P.SEE_OPENING_CASES: {R.TENDERER, R.AGENT, R.REGULATOR},
    P.ATTEND_RELEASE: {R.CUSTODIAN},
    P.IMPORT_PANEL: {R.TENDERER, R.AGENT},
    P.DEMAND_PANEL: {R.TENDERER, R.AGENT},
    P.APPROVE_PANEL: {R.TENDERER, R.REGULATOR},
    P.NAME_REPRESENTATIVES: {R.TENDERER},
    P.SEE_PANEL_DRAW: {R.TENDERER, R.AGENT, R.REGULATOR},
    P.ARRIVE: {R.EXPERT},
    P.ENTER_BEACON: {R.TENDERER, R.AGENT, R.REGULATOR},
    P.MANAGE_POOL: {R.POOL_OFFICER},
    P.SEE_POOL: {R.POOL_OFFICER, R.REGULATOR},
    P.OWN_EXPERTISE: {R.EXPERT},
    P.RATE_EXPERTS: {R.TENDERER, R.AGENT, R.EXPERT, R.REGULATOR},
    P.SEE_FEES: {R.TENDERER, R.AGENT, R.EXPERT, R.REGULATOR},
    P.DECIDE_CONDUCT: {R.POOL_OFFICER, R.REGULATOR},
    P.ASK_ADVICE: {R.TENDERER, R.AGENT},
    P.SEE_ADVICE: {R.TENDERER, R.AGENT, R.POOL_OFFICER, R.REGULATOR},
    P.EVALUATE: {R.EXPERT, R.TENDERER},
    P.CONFIRM_CHANGES: {R.TENDERER},
    P.SEE_INVITATION: {R.AGENT, R.TENDERER, R.REGULATOR},
    P.WITNESS_INVITATION: {R.TENDERER},
    P.KEEP_ROSTER: {R.ROSTER_OFFICER},
    P.DECIDE_ROSTER: {R.ROSTER_OFFICER, R.REGULATOR},
    P.SEE_ROSTER_FILES: {R.ROSTER_OFFICER, R.REGULATOR},
    P.JOIN_ROSTER: {R.BIDDER},
    P.RUN_LOTTERY: {R.TENDERER, R.AGENT},
    P.DECIDE_AWARD: {R.TENDERER, R.AGENT},
    P.SIGN_CONTRACT: {R.TENDERER, R.AGENT, R.BIDDER},
    P.SEE_DEPOSITS: {R.TENDERER, R.AGENT, R.OPERATOR, R.REGULATOR},
    P.REFUND_DEPOSITS: {R.TENDERER, R.AGENT, R.OPERATOR},
    P.FORFEIT_DEPOSIT: {R.TENDERER},
    P.APPROVE_RECOVERY: {R.SYSTEM_ADMIN, R.SECURITY_ADMIN},
    P.SUPERVISE: {R.REGULATOR},
    P.FILE_QUERY: {R.BIDDER},
    P.ANSWER_QUERY: {R.TENDERER, R.AGENT},
    P.DECIDE_COMPLAINT: {R.REGULATOR},
    P.ISSUE_ORDER: {R.REGULATOR},
    P.INTERRUPT_TENDER: {R.TENDERER, R.AGENT},
    P.MANAGE_USERS: {R.SYSTEM_ADMIN},
    P.GRANT_ROLES: {R.SECURITY_ADMIN},
    P.READ_AUDIT: {R.AUDIT_ADMIN, R.REGULATOR},
    P.NOBODY: set(),
}
BY_PASSWORD_ALONE = {P.SECOND_FACTOR}
TOGETHER = {frozenset({R.TENDERER, R.AGENT})}

BUYER, SELLER = uuid.uuid4(), uuid.uuid4()
TENDER = SimpleNamespace(tenderer_id=BUYER, agency_id=BUYER)


def somebody(role: Role, strength: Strength = Strength.TOTP, party: uuid.UUID | None = None) -> Identity:
    """Somebody with one role, of the organisation that makes the role's acts possible on TENDER."""
    organisation = party or (SELLER if role in (Role.BIDDER, Role.REGULATOR) else BUYER)
    return Identity(uuid.uuid4(), "login", "name", frozenset({role}), strength, organisation, uuid.uuid4())


def test_this_table_names_every_permission() -> None:
    assert set(HOLDERS) == set(Permission)


@pytest.mark.parametrize(("permission", "role"), list(itertools.product(Permission, Role)))
def test_each_role_holds_exactly_its_permissions(permission: Permission, role: Role) -> None:
    # A bidder's organisation sells and never buys here, so the contract is the one act both sides share.
    assert allowed(somebody(role), permission, TENDER) == (role in HOLDERS[permission])


@pytest.mark.parametrize(("permission", "role"), list(itertools.product(Permission, Role)))
def test_a_password_alone_opens_only_the_second_factor(permission: Permission, role: Role) -> None:
    assert allowed(somebody(role, Strength.PASSWORD), permission, TENDER) == (permission in BY_PASSWORD_ALONE)


@pytest.mark.parametrize("permission", Permission)
def test_somebody_without_a_role_or_an_identity_holds_nothing(permission: Permission) -> None:
    bare = Identity(uuid.uuid4(), "login", "name", frozenset(), Strength.CERTIFICATE, BUYER, uuid.uuid4())
    assert not allowed(bare, permission, TENDER)
    assert not allowed(None, permission, TENDER)


def test_an_unknown_permission_is_denied() -> None:
    assert not allowed(somebody(Role.SYSTEM_ADMIN), "no-such-permission", TENDER)


@pytest.mark.parametrize(
    "permission", [P.MANAGE_TENDER, P.HOST_OPENING, P.IMPORT_PANEL, P.DECIDE_AWARD, P.OVERRIDE_RULE]
)
def test_buyers_act_only_on_tenders_of_their_own_organisation(permission: Permission) -> None:
    assert not allowed(somebody(Role.TENDERER, party=SELLER), permission, TENDER)


@pytest.mark.parametrize("permission", [P.DECIDE_COMPLAINT, P.ISSUE_ORDER])
def test_an_authority_does_not_judge_what_it_buys_itself(permission: Permission) -> None:
    assert not allowed(somebody(Role.REGULATOR, party=BUYER), permission, TENDER)


def test_the_buying_organisation_files_no_query_about_its_own_tender() -> None:
    assert not allowed(somebody(Role.BIDDER, party=BUYER), P.FILE_QUERY, TENDER)


def test_the_buying_organisation_may_not_bid() -> None:
    assert not allowed(somebody(Role.BIDDER, party=BUYER), P.BID, TENDER)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(Role, 2)))
def test_separation_of_duties_for_every_pair_of_roles(one: Role, other: Role) -> None:
    assert may_hold_together(one, other) == (frozenset({one, other}) in TOGETHER)
    assert may_hold_together(one, other) == may_hold_together(other, one)


@pytest.mark.parametrize("role", Role)
def test_a_role_goes_with_itself(role: Role) -> None:
    assert may_hold_together(role, role)
