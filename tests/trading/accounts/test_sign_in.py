"""Signing in through the pages: password, one-time code, sessions, step-up."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from pyramid.config import Configurator
from sqlalchemy import select, update
from webtest import TestApp, TestResponse

from tests.helpers import PASSWORD, committed, forget_codes, form_with, hall_user, log_in, totp_now
from trading.accounts import passwords, service, trail
from trading.accounts.limits import FREE_TRIES
from trading.accounts.models import LoginSession, User
from trading.clock import database_now


def password_page(app: TestApp, login: str, password: str = PASSWORD) -> TestResponse:
    form = form_with(app.get("/login"), "login")
    form["login"], form["password"] = login, password
    return form.submit(status="*")


def test_password_and_code_lead_to_the_desk(app: TestApp, config: Configurator) -> None:
    browser = log_in(app, config, hall_user(config, "custodian"))
    assert browser.get("/desk").status_int == 200


def test_the_way_back_is_kept_and_never_leads_elsewhere(app: TestApp, config: Configurator) -> None:
    hall_user(config, "custodian", login="chen")
    for wanted, reached in (
        ("/account", "/account"),
        ("https://evil.example/", "/desk"),
        ("//evil.example", "/"),
    ):
        forget_codes(config, "chen")
        browser = TestApp(app.app)
        form = form_with(browser.get("/login", params={"next": wanted}), "login")
        form["login"], form["password"] = "chen", PASSWORD
        form = form_with(form.submit().follow(), "code")
        form["code"] = totp_now()
        assert form.submit(status=303).location == f"http://localhost{reached}"


def test_no_code_works_twice(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    log_in(app, config, user)
    browser = TestApp(app.app)
    form = form_with(password_page(browser, user.login).follow(), "code")
    form["code"] = totp_now()
    assert form.submit(status=422).mustcontain("口令不正确，或已经使用过") is None


def test_a_password_alone_opens_no_page(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "system-admin")
    browser = TestApp(app.app)
    password_page(browser, user.login)
    assert browser.get("/account", status=303).location.endswith("/login/code?next=%2Faccount")
    assert browser.get("/admin/users", status=303).location.endswith("/login/code?next=%2Fadmin%2Fusers")


def test_wrong_name_and_wrong_password_get_the_same_answer(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    answers = [password_page(TestApp(app.app), login, "wrong password") for login in (user.login, "nobody9")]
    texts = [re.sub(r'value="[^"]*"|content="[^"]*"', "", answer.text) for answer in answers]
    assert texts[0] == texts[1]
    assert [answer.status_int for answer in answers] == [422, 422]


def test_a_disabled_account_is_refused_like_a_wrong_password(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    browser = log_in(app, config, user)
    committed(config, lambda db: db.execute(update(User).values(disabled_at=database_now(db))))
    assert password_page(TestApp(app.app), user.login).status_int == 422
    assert browser.get("/account", status=303).location.endswith("next=%2Faccount")


def test_failed_and_successful_attempts_stay_in_the_trail(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    password_page(TestApp(app.app), user.login, "wrong password")
    log_in(app, config, user)
    acts = committed(config, lambda db: trail.acts(db, subject=user.id))
    assert [act.type for act in acts] == ["account.signed-in", "account.sign-in-refused", "account.created"]


def test_many_wrong_passwords_are_answered_with_a_wait(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    answers = [password_page(TestApp(app.app), user.login, "wrong password").status_int for _each in range(7)]
    assert answers == [422] * 6 + [429]


def test_the_token_changes_with_the_second_factor(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    browser = TestApp(app.app)
    page = password_page(browser, user.login)
    before = browser.cookies["hall_session"]
    form = form_with(page.follow(), "code")
    form["code"] = totp_now()
    form.submit(status=303)
    assert browser.cookies["hall_session"] != before
    thief = TestApp(app.app)
    thief.set_cookie("hall_session", before)
    assert "/login?" in thief.get("/account", status=303).location


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: TestApp, config: Configurator) -> None:
    answer = password_page(TestApp(app.app), hall_user(config, "custodian").login)
    cookie = next(line for line in answer.headers.getall("Set-Cookie") if line.startswith("hall_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_secure(
    settings: dict[str, str], app: TestApp, config: Configurator
) -> None:
    config.registry.settings["hall.https"] = "true"
    browser = TestApp(app.app, extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "localhost:443"})
    form = form_with(browser.get("/login"), "login")
    form["login"], form["password"] = hall_user(config, "custodian").login, PASSWORD
    answer = form.submit()
    assert "; secure" in str(answer.headers.getall("Set-Cookie")).lower()


def test_logging_out_ends_the_session(app: TestApp, config: Configurator) -> None:
    browser = log_in(app, config, hall_user(config, "custodian"))
    token = browser.cookies["hall_session"]
    browser.get("/account").forms[0].submit(status=303)
    browser.set_cookie("hall_session", token)
    assert "/login" in browser.get("/account", status=303).location


def test_another_device_is_listed_and_can_be_ended(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    one, other = log_in(app, config, user), log_in(app, config, user)
    page = one.get("/account")
    ending = [form for form in page.forms.values() if form.action.endswith("/end")]
    assert len(ending) == 1
    ending[0].submit(status=303)
    assert other.get("/account", status=303)
    assert one.get("/account", status=200)


def test_nobody_ends_a_session_of_somebody_else(app: TestApp, config: Configurator) -> None:
    mine = log_in(app, config, hall_user(config, "custodian"))
    victim = hall_user(config, "custodian")
    theirs = log_in(app, config, victim)
    target = committed(
        config, lambda db: db.scalar(select(LoginSession.id).where(LoginSession.user_id == victim.id))
    )
    token = mine.get("/account").forms[0]["csrf_token"].value
    mine.post(f"/account/sessions/{target}/end", {"csrf_token": token}, status=422)
    assert theirs.get("/account", status=200)


def test_dangerous_acts_ask_for_a_fresh_code_after_ten_minutes(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "security-admin")
    browser = log_in(app, config, user)
    assert browser.get("/admin/roles", status=200)
    earlier = timedelta(minutes=10)
    committed(
        config, lambda db: db.execute(update(LoginSession).values(stepped_up_at=database_now(db) - earlier))
    )
    page = browser.get("/admin/roles", status=303).follow()
    forget_codes(config, user.login)
    form = form_with(page, "code")
    form["code"] = totp_now()
    assert form.submit(status=303).follow(status=200).request.path == "/admin/roles"


def test_an_idle_session_ends(app: TestApp, config: Configurator) -> None:
    browser = log_in(app, config, hall_user(config, "custodian"))
    long_ago = timedelta(minutes=31)
    committed(
        config, lambda db: db.execute(update(LoginSession).values(last_seen_at=database_now(db) - long_ago))
    )
    assert "/login" in browser.get("/account", status=303).location


def test_a_recovery_code_replaces_the_phone_once(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    browser = log_in(app, config, user)
    page = browser.get("/account/totp")
    found = re.search(r"totp-secret\">([A-Z2-7 ]+)<", page.text)
    assert found
    form = form_with(page, "code")
    form["code"] = pyotp.TOTP(found.group(1).replace(" ", "")).now()
    codes = re.findall(r"<li>([a-z2-7]{5}-[a-z2-7]{5})</li>", form.submit(status=200).text)
    assert len(codes) == service.RECOVERY_CODES
    for expected in (303, 422):
        form = form_with(password_page(TestApp(app.app), user.login).follow(), "code")
        form["code"] = codes[0].upper()
        assert form.submit(status="*").status_int == expected


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_public_pages_of_the_entrance_speak_both_languages(app: TestApp, path: str) -> None:
    assert "登录" in app.get(path, headers={"Accept-Language": "zh-CN"}).text
    assert "Log in" in app.get(path, headers={"Accept-Language": "en"}).text


def test_an_unknown_account_costs_the_same_hashing_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    class Counting:
        def verify(self, password_hash: str, password: str) -> bool:
            hashed.append(password_hash.rsplit("$", 2)[0])
            return True

    known = passwords.hash_password(PASSWORD)
    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert passwords.verify(known, PASSWORD)
    assert not passwords.verify(None, PASSWORD)
    assert hashed[0] == hashed[1]
    assert hashed[0].startswith("$argon2id$")


def test_an_address_that_the_browser_claims_is_not_believed(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    browser = log_in(app, config, user)
    browser.get("/account", headers={"X-Forwarded-For": "203.0.113.7"})
    form = form_with(TestApp(app.app).get("/login"), "login")
    form["login"], form["password"] = user.login, PASSWORD
    form.submit(headers={"X-Forwarded-For": "203.0.113.7"}, extra_environ={"REMOTE_ADDR": "192.0.2.5"})
    seen = committed(config, lambda db: set(db.scalars(select(LoginSession.address))))
    assert "192.0.2.5" in seen
    assert "203.0.113.7" not in seen


def test_behind_one_proxy_the_last_forwarded_address_counts(app: TestApp, config: Configurator) -> None:
    config.registry.settings["hall.proxies"] = "1"
    user = hall_user(config, "custodian")
    form = form_with(app.get("/login"), "login")
    form["login"], form["password"] = user.login, PASSWORD
    form.submit(headers={"X-Forwarded-For": "203.0.113.7, 198.51.100.4"})
    assert committed(config, lambda db: db.scalar(select(LoginSession.address))) == "198.51.100.4"


def test_codes_guessed_all_at_once_are_slowed_down_like_one_after_the_other(
    app: TestApp, config: Configurator
) -> None:
    user = hall_user(config, "custodian")
    browser = TestApp(app.app)
    page = form_with(password_page(browser, user.login).follow(), "code")
    guess = {"csrf_token": page["csrf_token"].value, "code": "000000"}
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    def send(_number: int) -> int:
        return TestApp(app.app).post("/login/code", guess, {"Cookie": cookies}, status="*").status_int

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(send, range(24))) == {422, 429}
    judged = committed(config, lambda db: trail.acts(db, subject=user.id, most=100))
    wrong = [act for act in judged if act.payload.get("why") == "code"]
    assert len(wrong) == FREE_TRIES["pair"] + 1
