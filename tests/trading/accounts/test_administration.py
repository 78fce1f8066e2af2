"""Three administrators apart: accounts, roles, the trail."""

from __future__ import annotations

import itertools
import re
import uuid
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from tests.helpers import KEYS, form_with, hall_party, hall_user, log_in, make_party, make_user
from trading.accounts import administration, service, trail
from trading.acts import Actor
from trading.errors import Refused
from trading.permissions import Role, may_hold_together

ADMIN = Actor(uuid.uuid4(), "admin", "", "192.0.2.1", b"")


def refusal(act: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*arguments)
    return refused.value.faults[0].code


@pytest.mark.parametrize(("held", "wanted"), list(itertools.permutations(Role, 2)))
def test_a_role_that_duties_keep_apart_is_refused(session: Session, held: Role, wanted: Role) -> None:
    user = make_user(session, held, party=make_party(session))
    if may_hold_together(held, wanted):
        administration.grant(session, ADMIN, user.id, wanted)
        assert {grant.role for grant in user.roles} == {held, wanted}
    else:
        assert refusal(administration.grant, session, ADMIN, user.id, wanted) == "role.duties"


def test_nobody_gives_themselves_a_role_or_shuts_their_own_account(session: Session) -> None:
    user = make_user(session, Role.SECURITY_ADMIN)
    own = Actor(user.id, user.name, "", "", b"")
    assert refusal(administration.grant, session, own, user.id, Role.OPERATOR) == "user.own"
    assert refusal(administration.disable, session, own, user.id) == "user.own"


def test_a_role_for_an_organisation_needs_one(session: Session) -> None:
    user = make_user(session)
    assert refusal(administration.grant, session, ADMIN, user.id, Role.BIDDER) == "role.needs-organisation"


def test_the_last_security_administrator_stays(session: Session) -> None:
    user = make_user(session, Role.SECURITY_ADMIN)
    assert refusal(administration.take_away, session, ADMIN, user.id, Role.SECURITY_ADMIN) == "role.last"
    make_user(session, Role.SECURITY_ADMIN)
    administration.take_away(session, ADMIN, user.id, Role.SECURITY_ADMIN)
    assert user.roles == []


def test_disabling_an_account_ends_its_sessions(session: Session) -> None:
    user = make_user(session, Role.OPERATOR)
    service.open_session(session, user, "192.0.2.1", "browser", "totp")
    administration.disable(session, ADMIN, user.id)
    assert service.sessions_of(session, user.id) == []


def test_the_trail_names_an_official_who_signs_in_but_no_bidder(session: Session) -> None:
    official, bidder = (
        make_user(session, Role.OPERATOR),
        make_user(session, Role.BIDDER, party=make_party(session)),
    )
    for user in (official, bidder):
        trail.record(
            session, Actor(user.id, user.name, "", "192.0.2.1", b""), "account.signed-in", {}, user.id
        )
    seen = [trail.without_bidders(act) for act in trail.acts(session, most=2)]
    assert [act.subject and act.subject.id for act in seen] == [None, official.id]
    assert [act.person.get("name") for act in seen] == [None, official.name]


def test_sign_ins_of_bidders_and_officials_look_alike_in_the_public_ledger(session: Session) -> None:
    from trading.ledger import entry
    from trading.ledger.models import LedgerEntry

    for role in (Role.OPERATOR, Role.BIDDER):
        user = make_user(session, role, party=make_party(session))
        actor = Actor(user.id, user.name, "", "192.0.2.1", b"")
        trail.record(session, actor, "account.signed-in", {"by": "totp"}, user.id)
    newest = [session.get_one(LedgerEntry, act.entry) for act in trail.acts(session, most=5)]
    parsed = [entry.parse(row.body) for row in newest]
    signed_in = [each for each in parsed if each.type == "account.signed-in"]  # type: ignore[union-attr]
    assert [(each.actor, each.tender, len(each.commitments)) for each in signed_in] == [("user", None, 2)] * 2  # type: ignore[union-attr]


def test_the_system_administrator_creates_and_the_security_administrator_gives_the_role(
    app: TestApp, config: Configurator
) -> None:
    system = log_in(app, config, hall_user(config, "system-admin"))
    form = form_with(system.get("/admin/users"), "login")
    form["login"], form["name"] = "zhao", "赵主任"
    page = form.submit(status=200)
    initial = re.search(r'zhao · <span class="mono">(\w+)</span>', page.text)
    assert initial
    newcomer = TestApp(app.app)
    form = form_with(newcomer.get("/login"), "login")
    form["login"], form["password"] = "zhao", initial.group(1)
    assert "还没有角色" in form.submit(status=422).text
    security = log_in(app, config, hall_user(config, "security-admin"))
    assert "有 1 个账户等待分配角色" in security.get("/desk").text
    row = next(
        form
        for form in security.get("/admin/roles").forms.values()
        if "role" in form.fields
        and form.fields["role"][0].__class__.__name__ == "Select"
        and _is_of(form, config, "zhao")
    )
    row["role"] = "regulator"
    row.submit(status=303)
    assert form.submit(status=303).location.endswith("/account/totp")


def _is_of(form: Any, config: Configurator, login: str) -> bool:
    from sqlalchemy import select

    from tests.helpers import committed
    from trading.accounts.models import User

    return form["user"].value == str(
        committed(config, lambda db: db.scalar(select(User.id).where(User.login == login)))
    )


def test_each_administrator_sees_only_its_own_page(app: TestApp, config: Configurator) -> None:
    pages = {"system-admin": "/admin/users", "security-admin": "/admin/roles", "audit-admin": "/admin/trail"}
    for role in pages:
        browser = log_in(app, config, hall_user(config, role))
        for owner, page in pages.items():
            assert browser.get(page, status="*").status_int == (200 if owner == role else 403)


def test_the_audit_administrators_page_shows_the_acts(app: TestApp, config: Configurator) -> None:
    hall_user(config, "bidder", party=hall_party(config))
    page = log_in(app, config, hall_user(config, "audit-admin")).get("/admin/trail")
    assert "创建账户" in page.text
    assert "单位登记" in page.text


def test_a_user_created_for_an_unknown_organisation_is_refused(session: Session) -> None:
    code = make_party(session).uscc
    administration.add_user(session, KEYS, ADMIN, "a-login", "name", code)
    from tests.helpers import valid_code

    assert (
        refusal(administration.add_user, session, KEYS, ADMIN, "b-login", "name", valid_code(999999))
        == "party.unknown"
    )
