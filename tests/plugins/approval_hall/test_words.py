"""The plugin's entries have words and a row; its roles and permissions hold what their table says; the hall does without it."""

from __future__ import annotations

import re
import uuid
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyramid.config import Configurator

from plugins.approval_hall import words
from trading.extending import add_role, permit
from trading.permissions import Identity, Permission, Strength, allowed, may_hold_together

ROOT = Path(__file__).parents[3]
STAFF = {"hall-clerk", "hall-officer", "hall-representative", "hall-supervisor", "hall-manager"}
HOLDERS = {
    "hall-apply": {"bidder"},
    "hall-intake": {"hall-clerk"},
    "hall-handle": {"hall-officer", "hall-representative"},
    "hall-deliver": {"bidder", "hall-clerk"},
    "hall-finish": {"hall-clerk", "hall-officer", "hall-representative"},
    "hall-read": STAFF | {"regulator", "bidder"},
    "hall-look": STAFF | {"regulator", "bidder"},
    "hall-staff": STAFF | {"regulator"},
    "hall-own-cases": {"bidder"},
    "hall-manage": {"hall-manager"},
}


def somebody(role: str, strength: Strength = Strength.TOTP) -> Identity:
    return Identity(uuid.uuid4(), "login", "name", frozenset({role}), strength, uuid.uuid4(), None)


def test_every_entry_that_the_plugin_writes_has_words_and_a_row() -> None:
    source = "".join(path.read_text() for path in (ROOT / "plugins/approval_hall").rglob("*.py"))
    written = set(re.findall(r'"(hall\.[a-z]+(?:-[a-z]+)*)"', source)) & words.ACTS.keys()
    page = (ROOT / "docs/protocols/bundle.md").read_text()
    assert len(written) > 20
    assert [type for type in words.ACTS if f"`{type}`" not in page] == []
    assert words.ACTS.keys() - written == set()


def test_each_role_holds_exactly_its_permissions_and_none_by_password_alone(config: Configurator) -> None:
    rows = config.registry["permissions"]
    roles = {*config.registry["roles"], "bidder", "regulator", "agent", "operator"}
    for permission, holders in HOLDERS.items():
        for role in roles:
            assert allowed(somebody(role), permission, None, rows) == (role in holders), (permission, role)
            assert not allowed(somebody(role, Strength.PASSWORD), permission, None, rows)
        assert not allowed(somebody("hall-clerk"), permission, None)  # a hall without the plugin
    assert allowed(somebody("hall-clerk"), Permission.OWN_ACCOUNT, None, rows)


def test_only_an_officer_may_also_be_the_representative(config: Configurator) -> None:
    pairs = config.registry["roles.together"]
    together = {
        frozenset(pair)
        for pair in combinations(sorted(STAFF | {"bidder"}), 2)
        if may_hold_together(*pair, pairs)
    }
    assert together == {frozenset({"hall-officer", "hall-representative"})}


def test_a_plugin_can_neither_redefine_what_there_is_nor_name_what_there_is_not(config: Configurator) -> None:
    with pytest.raises(ValueError, match="already"):
        add_role(config, "bidder", "")
    with pytest.raises(ValueError, match="already"):
        permit(config, "bid", {"bidder"})
    with pytest.raises(ValueError, match="unknown roles"):
        permit(config, "new", {"nobody-knows"})


def test_whoever_is_of_another_enterprise_is_no_applicant(config: Configurator) -> None:
    rows, own = config.registry["permissions"], uuid.uuid4()
    case = SimpleNamespace(party_id=own, state="draft", channel="online")
    mine = Identity(uuid.uuid4(), "a", "a", frozenset({"bidder"}), Strength.TOTP, own, None)
    context = SimpleNamespace(case=case)
    assert allowed(mine, "hall-apply", context, rows) and allowed(mine, "hall-read", context, rows)
    assert not allowed(somebody("bidder"), "hall-apply", context, rows)
    assert not allowed(somebody("hall-clerk"), "hall-read", context, rows)  # a draft is its author's
    case.state = "prefiled"
    assert allowed(somebody("hall-clerk"), "hall-read", context, rows)
