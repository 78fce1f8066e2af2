"""Listed addresses, a lost second factor, sessions by certificate."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session
from webtest import TestApp

from tests.helpers import (
    PASSWORD,
    committed,
    form_with,
    hall_user,
    log_in,
    make_user,
)
from tests.pki import Pki, Sm2Pki
from trading.accounts import addresses, by_certificate, certificates, places, recovery, service
from trading.accounts.models import AddressRule, ApiKey, LoginSession, User
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Refused
from trading.ledger.models import LedgerEntry
from trading.permissions import Role
from trading.security import token_hash

OFFICE = "10.20.0.0/16"


def actor_of(user: User, address: str = "10.20.1.1") -> Actor:
    return Actor(user.id, user.name, "", address, b"")


def refusal(act: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*arguments, **more)
    return refused.value.faults[0].code


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("10.20.3.4", None),
        ("::ffff:10.20.3.4", None),
        ("10.21.0.1", "agent"),
        ("2001:db8::1", "agent"),
        ("", "agent"),
    ],
)
def test_a_listed_role_works_from_its_networks_only(address: str, role: str | None) -> None:
    assert addresses.shut_out({"agent": OFFICE}, ["agent", "tenderer"], address) == role


def test_every_listed_role_of_a_person_must_fit() -> None:
    rules = {"agent": OFFICE, "tenderer": "10.30.0.0/16"}
    assert addresses.shut_out(rules, ["agent", "tenderer"], "10.20.0.1") == "tenderer"
    assert addresses.shut_out(rules, ["bidder"], "203.0.113.9") is None


def test_what_is_no_network_is_refused(session: Session) -> None:
    admin = actor_of(make_user(session, Role.SECURITY_ADMIN))
    for text in ("office", "10.20.1.1/16", "300.1.1.1"):
        assert refusal(places.set_rule, session, admin, Role.AGENT, text) == "access.networks"
    places.set_rule(session, admin, Role.AGENT, " 10.9.8.7,\n10.20.0.0/16 ")
    assert places.rules(session) == {"agent": "10.9.8.7 10.20.0.0/16"}


def test_a_security_administrator_is_warned_before_locking_the_door_behind_them(session: Session) -> None:
    admin = actor_of(make_user(session, Role.SECURITY_ADMIN), "192.0.2.1")
    assert refusal(places.set_rule, session, admin, Role.SECURITY_ADMIN, OFFICE) == "access.own-address"
    places.set_rule(session, admin, Role.SECURITY_ADMIN, f"{OFFICE} 192.0.2.1")
    places.set_rule(session, admin, Role.SECURITY_ADMIN, OFFICE, confirmed=True)
    assert places.rules(session) == {"security-admin": OFFICE}


def list_for(config: Configurator, role: Role, networks: str) -> None:
    def change(db: Session) -> None:
        db.merge(AddressRule(role=role.value, networks=networks, changed_at=database_now(db)))

    committed(config, change)


def entries(config: Configurator, kind: str) -> int:
    bodies = committed(config, lambda db: list(db.scalars(select(LedgerEntry.body))))
    return sum(f'"type":"{kind}"'.encode() in body for body in bodies)


def test_a_list_shuts_the_login_and_every_request_of_a_session(app: TestApp, config: Configurator) -> None:
    agent = hall_user(config, Role.AGENT, login="agent1")
    browser = log_in(app, config, agent)
    browser.get("/desk", status=200)
    list_for(config, Role.AGENT, OFFICE)
    answer = browser.get("/desk", status=403)
    assert "不能从此地址" in answer.text
    browser.get("/desk", status=303)  # the session ended with that
    assert entries(config, "account.address-refused") == 1
    form = form_with(app.get("/login"), "login")
    form["login"], form["password"] = "agent1", PASSWORD
    assert "不能从此地址" in form.submit(status=422).text
    inside = TestApp(app.app, extra_environ={"REMOTE_ADDR": "10.20.7.7"})
    inside.get("/login", status=200)
    form = form_with(inside.get("/login"), "login")
    form["login"], form["password"] = "agent1", PASSWORD
    form.submit(status=303)


def test_a_session_that_was_taken_elsewhere_is_over_at_home_too(app: TestApp, config: Configurator) -> None:
    agent = hall_user(config, Role.AGENT)
    browser = log_in(app, config, agent)
    list_for(config, Role.AGENT, OFFICE)
    browser.extra_environ["REMOTE_ADDR"] = "10.20.1.1"
    browser.get("/desk", status=200)
    browser.get("/desk", extra_environ={"REMOTE_ADDR": "198.51.100.7"}, status=403)
    assert "/login" in browser.get("/desk", status=303).location


def test_a_program_key_from_elsewhere_opens_nothing(app: TestApp, config: Configurator) -> None:
    agent = hall_user(config, Role.AGENT)
    key = committed(config, lambda db: service.create_api_key(db, actor_of(agent), agent.id, "x"))
    headers = {"Authorization": f"Bearer {key}"}
    app.get("/account", headers=headers, status=200)
    list_for(config, Role.AGENT, OFFICE)
    app.get("/account", headers=headers, status=403)


def test_only_a_trusted_proxy_may_say_where_a_request_comes_from(app: TestApp, config: Configurator) -> None:
    agent = hall_user(config, Role.AGENT)
    browser = log_in(app, config, agent)
    list_for(config, Role.AGENT, OFFICE)
    config.registry.settings |= {"hall.proxies": "1", "hall.proxy_addresses": "192.0.2.10"}
    forwarded = {"X-Forwarded-For": "10.20.1.1"}
    browser.get("/desk", headers=forwarded, extra_environ={"REMOTE_ADDR": "192.0.2.10"}, status=200)
    browser.get("/desk", headers=forwarded, extra_environ={"REMOTE_ADDR": "192.0.2.99"}, status=403)


# --- a lost second factor -------------------------------------------------------------------------


def test_two_administrators_take_a_lost_factor_away_and_everything_old_ends(session: Session) -> None:
    person, system, security = (
        make_user(session, role) for role in (Role.EXPERT, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    )
    service.create_api_key(session, actor_of(person), person.id, "program")
    service.open_session(session, person, "", "", "totp")
    asked = recovery.ask(session, actor_of(person), person, "手机丢失")
    session.flush()
    assert refusal(recovery.ask, session, actor_of(person), person, "again") == "recovery.open"
    recovery.approve(session, actor_of(system), Role.SYSTEM_ADMIN, asked.id, "当面核实")
    assert person.totp_secret is not None and asked.granted_at is None
    again = (session, actor_of(system), Role.SYSTEM_ADMIN, asked.id, "once more")
    assert refusal(recovery.approve, *again) == "recovery.twice"
    recovery.approve(session, actor_of(security), Role.SECURITY_ADMIN, asked.id, "电话核实")
    session.flush()
    assert person.totp_secret is None
    assert service.sessions_of(session, person.id) == []
    assert session.scalars(select(ApiKey).where(ApiKey.user_id == person.id)).one().revoked_at
    recovery.may_enrol(session, person)
    asked.granted_at -= timedelta(hours=25)
    assert refusal(recovery.may_enrol, session, person) == "recovery.late"


def test_nobody_approves_for_themselves_nor_for_both_sides(session: Session) -> None:
    system, other = make_user(session, Role.SYSTEM_ADMIN), make_user(session, Role.EXPERT)
    own = recovery.ask(session, actor_of(system), system, "lost it")
    session.flush()
    mine = (session, actor_of(system), Role.SYSTEM_ADMIN, own.id, "me")
    assert refusal(recovery.approve, *mine) == "user.own"
    asked = recovery.ask(session, actor_of(other), other, "lost it")
    session.flush()
    recovery.approve(session, actor_of(system), Role.SYSTEM_ADMIN, asked.id, "seen")
    both = (session, actor_of(system), Role.SECURITY_ADMIN, asked.id, "seen")
    assert refusal(recovery.approve, *both) == "recovery.twice"
    assert other.totp_secret is not None


def test_a_refused_or_old_request_cannot_be_approved(session: Session) -> None:
    person, admin = make_user(session, Role.EXPERT), make_user(session, Role.SYSTEM_ADMIN)
    asked = recovery.ask(session, actor_of(person), person, "lost it")
    session.flush()
    asked.asked_at -= timedelta(days=4)
    late = (session, actor_of(admin), Role.SYSTEM_ADMIN, asked.id, "seen")
    assert refusal(recovery.approve, *late) == "recovery.closed"
    fresh = recovery.ask(session, actor_of(person), person, "lost it")
    session.flush()
    recovery.decline(session, actor_of(admin), Role.SYSTEM_ADMIN, fresh.id, "not the person")
    refused = (session, actor_of(admin), Role.SYSTEM_ADMIN, fresh.id, "seen")
    assert refusal(recovery.approve, *refused) == "recovery.closed"


def test_the_pages_lead_from_the_loss_to_a_new_phone(app: TestApp, config: Configurator) -> None:
    person = hall_user(config, Role.EXPERT, login="expert1")
    old = log_in(app, config, person)
    admins = [
        log_in(app, config, hall_user(config, role)) for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    ]
    browser = TestApp(app.app)
    form = form_with(browser.get("/login"), "login")
    form["login"], form["password"] = "expert1", PASSWORD
    page = form.submit(status=303).follow(status=200).click("都丢失了")
    form = form_with(page, "reason")
    form["reason"] = "手机掉进水里"
    assert "等待系统管理员" in form.submit(status=303).follow(status=200).text
    for admin in admins:
        assert "第二因素遗失补办" in admin.get("/desk").text
        form = form_with(admin.get("/admin/recoveries", status=200), "reason")
        form["reason"] = "当面核实身份证"
        form.submit("act", value="approve", status=303)
    old.get("/desk", status=303)
    form = form_with(browser.get("/login"), "login")
    form["login"], form["password"] = "expert1", PASSWORD
    assert form.submit(status=303).location.endswith("/account/totp")


# --- by certificate -------------------------------------------------------------------------------


def with_certificate(db: Session, user: User, pki: Pki, signer: Any) -> None:
    certificates.keep(db, actor_of(user), user, [signer.certificate], "certificate.registered")


def own_session(db: Session, user: User) -> LoginSession:
    token = service.open_session(db, user, "", "")
    return db.scalars(select(LoginSession).where(LoginSession.token_hash == token_hash(token))).one()


@pytest.mark.parametrize("family", [Pki, Sm2Pki], ids=["x509", "sm2"])
def test_a_signed_challenge_raises_a_session_once(
    session: Session, tmp_path: Path, family: type[Pki]
) -> None:
    pki, user = family(tmp_path), make_user(session, Role.AGENT)
    pki.clock.instant = database_now(session)
    signer = pki.signer(organisation="", organisation_id="")
    with_certificate(session, user, pki, signer)
    found = own_session(session, user)
    text = by_certificate.challenge(session, found.id, "https://hall.example")
    cms = signer.sign(text, pki.clock.instant)
    arguments = (session, pki.verifier(), actor_of(user), found.id)
    elsewhere = refusal(by_certificate.answer, *arguments, "https://evil.example", cms)
    assert elsewhere == "signature.invalid"
    text = by_certificate.challenge(session, found.id, "https://hall.example")
    cms = signer.sign(text, pki.clock.instant)
    by_certificate.answer(*arguments, "https://hall.example", cms)
    assert found.strength == "certificate"
    assert refusal(by_certificate.answer, *arguments, "https://hall.example", cms) == "login.challenge"


def test_an_old_challenge_another_session_and_a_foreign_certificate_open_nothing(
    session: Session, tmp_path: Path
) -> None:
    pki, user, other = Pki(tmp_path), make_user(session, Role.AGENT), make_user(session, Role.AGENT)
    pki.clock.instant = database_now(session)
    mine, theirs = pki.signer(organisation_id=""), pki.signer(organisation_id="")
    with_certificate(session, user, pki, mine)
    with_certificate(session, other, pki, theirs)
    found, second = own_session(session, user), own_session(session, user)

    def answered(signer: Any, asked: LoginSession, given: LoginSession, age: timedelta = timedelta()) -> str:
        by_certificate.challenge(session, given.id, "https://h")
        text = by_certificate.challenge(session, asked.id, "https://h")
        asked.challenged_at -= age  # type: ignore[operator]
        cms = signer.sign(text, pki.clock.instant)
        arguments = (session, pki.verifier(), actor_of(user), given.id, "https://h", cms)
        return refusal(by_certificate.answer, *arguments)

    assert answered(mine, found, found, timedelta(minutes=6)) == "login.challenge"
    assert answered(mine, found, second) == "signature.invalid"
    assert answered(theirs, found, found) == "certificate.not-yours"


def test_a_page_that_asks_for_a_certificate_leads_to_one(
    app: TestApp, config: Configurator, tmp_path: Path
) -> None:
    from trading.interfaces import ISignatureVerifier

    pki = Pki(tmp_path / "pki")
    user = hall_user(config, Role.AGENT)
    pki.clock.instant = committed(config, database_now)
    signer = pki.signer(organisation_id="")
    committed(config, lambda db: with_certificate(db, db.get_one(User, user.id), pki, signer))
    config.registry.registerUtility(pki.verifier(), ISignatureVerifier)
    config.registry.settings["access.certificate_for"] = "own-account"
    browser = log_in(app, config, user)
    wanted = browser.get("/account", status=303)
    assert "/login/certificate?next=" in wanted.location
    page = wanted.follow(status=200)
    form = form_with(page, "cms")
    sent = re.search(r'data-sign-base64="([^"]+)"', page.text)
    assert sent
    text = base64.urlsafe_b64decode(sent[1] + "=" * (-len(sent[1]) % 4))
    assert b"origin http://localhost:80\n" in text or b"origin http://localhost\n" in text
    form["cms"] = base64.urlsafe_b64encode(signer.sign(text, pki.clock.instant)).decode().rstrip("=")
    assert form.submit(status=303).location.endswith("/account")
    browser.get("/account", status=200)


def test_a_broken_signature_is_refused_in_words(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, Role.AGENT)
    browser = log_in(app, config, user)
    form = form_with(browser.get("/login/certificate"), "cms")
    form["cms"] = "A"
    form.submit(status=422)
