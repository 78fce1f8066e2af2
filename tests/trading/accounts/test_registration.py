"""An enterprise registers, its user binds a phone, colleagues join."""

from __future__ import annotations

import re
from typing import Any

import pyotp
import pytest
from pyramid.config import Configurator
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from webtest import TestApp

from tests.helpers import (
    KEYS,
    PASSWORD,
    committed,
    form_with,
    hall_party,
    hall_user,
    log_in,
    make_party,
    valid_code,
)
from trading.accounts import service
from trading.accounts.commands import Registration
from trading.accounts.models import User
from trading.errors import Refused
from trading.ledger.models import LedgerEntry
from trading.parties.models import Party

FIELDS = {
    "uscc": valid_code(900001),
    "organisation": "示例市云图科技有限公司",
    "phone": "0755-12345678",
    "name": "李工",
    "login": "ligong",
    "password": "four words are enough",
}


def fill(app: TestApp, **changed: str) -> Any:
    form = form_with(app.get("/register"), "uscc")
    for name, value in (FIELDS | changed).items():
        form[name] = value
    return form.submit(status="*")


def test_registration_leads_to_the_phone_and_on_to_the_desk(app: TestApp, config: Configurator) -> None:
    page = fill(app).follow(status=200)
    assert page.request.path == "/account/totp"
    secret = re.search(r'totp-secret">([A-Z2-7 ]+)<', page.text)
    assert secret
    form = form_with(page, "code")
    form["code"] = pyotp.TOTP(secret.group(1).replace(" ", "")).now()
    recovery = form.submit(status=200)
    assert "no-store" in recovery.headers["Cache-Control"]
    assert app.get("/desk", status=200)
    user, roles = committed(
        config, lambda db: ((found := db.scalars(select(User)).one()), [grant.role for grant in found.roles])
    )
    assert roles == ["bidder"]
    assert secret.group(1).replace(" ", "").encode() not in user.totp_secret


def test_a_wrong_first_code_binds_nothing_and_keeps_the_secret(app: TestApp, config: Configurator) -> None:
    page = fill(app).follow(status=200)
    form = form_with(page, "code")
    form["code"] = "000000"
    again = form.submit(status=422)
    find = re.compile(r'totp-secret">([A-Z2-7 ]+)<')
    assert find.findall(again.text) == find.findall(page.text)
    assert committed(config, lambda db: db.scalar(select(User.totp_secret))) is None


def test_a_secret_shown_in_another_session_cannot_be_bound(app: TestApp, config: Configurator) -> None:
    foreign = form_with(fill(app).follow(), "sealed")["sealed"].value
    other = TestApp(app.app)
    form = form_with(fill(other, uscc=valid_code(900002), login="other").follow(), "sealed")
    form["sealed"], form["code"] = foreign, "123456"
    assert form.submit(status="*").status_int == 422


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("uscc", valid_code(900001)[:-1] + ("A" if valid_code(900001)[-1] != "A" else "B"), "校验码不正确"),
        ("uscc", "123", "18 位"),
        ("password", "short", "至少使用 10 个字符"),
        ("password", "ligong ligong", "太容易被猜中"),
        ("login", "Ü!", "格式不正确"),
        ("phone", "call me", "格式不正确"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_rest_is_kept(
    app: TestApp, config: Configurator, field: str, value: str, words: str
) -> None:
    page = fill(app, **{field: value})
    assert page.status_int == 422
    assert words in page.html.find(id=f"{field}-fault").text
    assert form_with(page, "uscc")["organisation"].value == FIELDS["organisation"]
    assert committed(config, lambda db: db.scalar(select(func.count(Party.id)))) == 0


def test_a_second_registration_of_an_enterprise_says_whom_to_ask(app: TestApp) -> None:
    fill(app)
    page = fill(TestApp(app.app), login="another")
    assert page.status_int == 422
    assert "已有账户的同事" in page.text


def test_all_faults_come_at_once(session: Session) -> None:
    party = make_party(session)
    user = service.create_user(
        session, KEYS, service.Actor(None, "t", "", "", b""), login="taken", name="n", password=PASSWORD
    )
    command = Registration(**(FIELDS | {"uscc": party.uscc, "login": user.login, "password": "short"}))
    with pytest.raises(Refused) as refused:
        service.register(session, KEYS, command, "192.0.2.1")
    assert {fault.code for fault in refused.value.faults} == {
        "party.filed",
        "user.login-taken",
        "password.short",
    }


def test_names_are_sorted_by_pinyin(session: Session) -> None:
    assert (
        make_party(session, "重庆示例有限公司").name_pinyin
        < make_party(session, "深圳示例有限公司").name_pinyin
    )


def test_the_public_ledger_names_neither_person_nor_enterprise(app: TestApp, config: Configurator) -> None:
    fill(app)
    bodies = committed(config, lambda db: list(db.scalars(select(LedgerEntry.body))))
    public = b"".join(bodies).decode()
    assert "account.created" in public
    assert "party.registered" in public
    for secret in ("ligong", "李工", FIELDS["organisation"], FIELDS["uscc"]):
        assert secret not in public


def test_a_colleague_can_be_added_and_must_choose_a_password(app: TestApp, config: Configurator) -> None:
    party = hall_party(config)
    browser = log_in(app, config, hall_user(config, "bidder", party=party))
    form = form_with(browser.get("/party/people/new"), "login")
    form["login"], form["name"] = "xiaozhang", "小张"
    initial = re.search(r"xiaozhang · <span class=\"mono\">(\w+)</span>", form.submit(status=200).text)
    assert initial
    colleague = TestApp(app.app)
    form = form_with(colleague.get("/login"), "login")
    form["login"], form["password"] = "xiaozhang", initial.group(1)
    page = form.submit(status=303).follow(status=200)
    secret = re.search(r'totp-secret">([A-Z2-7 ]+)<', page.text)
    assert secret
    form = form_with(page, "code")
    form["code"] = pyotp.TOTP(secret.group(1).replace(" ", "")).now()
    assert 'href="/account/password"' in form.submit().text
    form = form_with(colleague.get("/account/password"), "current")
    form["current"], form["password"] = initial.group(1), PASSWORD
    form.submit(status=303)
    assert party.name in colleague.get("/party").text


def test_the_summary_of_an_empty_form_names_each_field(app: TestApp) -> None:
    answer = form_with(app.get("/register", headers={"Accept-Language": "en"}), "uscc").submit(
        status=422, headers={"Accept-Language": "en"}
    )
    said = [" ".join(link.text.split()) for link in answer.html.select(".error-summary a")]
    assert len(said) == len(set(said)) > 3
    assert any(text.startswith("Name of the enterprise: ") for text in said)
