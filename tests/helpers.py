"""Small helpers of many tests: organisations, people, and signing in through the real pages."""

from __future__ import annotations

import itertools
from typing import Any

import pyotp
import transaction
from pyramid.config import Configurator
from sqlalchemy import inspect, update
from sqlalchemy.orm import Session
from webtest import TestApp

from trading.accounts import service
from trading.accounts.models import User
from trading.acts import process
from trading.parties.codes import compose
from trading.parties.models import Party
from trading.permissions import Role
from trading.secrets import HallKeys

PASSWORD = "correct horse battery staple"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
KEYS = HallKeys.derive(bytes(32))
"""For tests of services; pages use the keys of their own hall (`config.registry["keys"]`)."""
numbers = itertools.count(1)


def valid_code(number: int) -> str:
    """A well-formed unified social credit code, another for each number."""
    return compose("9", "1", "440300", f"MA{number:06d}")


def make_party(session: Session, name: str = "", **fields: str) -> Party:
    """A filed enterprise with a code of its own."""
    number = next(numbers)
    fields.setdefault("uscc", valid_code(number))
    return service.create_party(session, process("test"), name=name or f"示例企业{number}", **fields)


def make_user(
    session: Session,
    *roles: Role | str,
    party: Party | None = None,
    keys: HallKeys = KEYS,
    login: str = "",
    name: str = "",
) -> User:
    """A person with PASSWORD and TOTP_SECRET, ready to sign in."""
    login = login or f"user{next(numbers)}"
    return service.create_user(
        session,
        keys,
        process("test"),
        login=login,
        name=name or f"Person {login}",
        password=PASSWORD,
        roles=roles,
        party=party,
        totp_secret=TOTP_SECRET,
    )


def committed(config: Configurator, make: Any) -> Any:
    """`make(session)` in a transaction of its own on the hall's database; returns what it returned."""
    session = config.registry["sessions"]()
    with transaction.manager:
        made = make(session)
        session.flush()
        for row in list(session.identity_map.values()):
            if inspect(row).expired_attributes:  # a tender's lock forgets what was read before it
                session.refresh(row)
        session.expunge_all()
    session.close()
    return made


def hall_user(config: Configurator, *roles: Role | str, party: Party | None = None, login: str = "") -> User:
    """A committed person whom `log_in` can use."""
    keys = config.registry["keys"]
    user: User = committed(config, lambda db: make_user(db, *roles, party=party, keys=keys, login=login))
    return user


def hall_party(config: Configurator, name: str = "", **fields: str) -> Party:
    """A committed enterprise."""
    party: Party = committed(config, lambda db: make_party(db, name, **fields))
    return party


def totp_now(secret: str = TOTP_SECRET) -> str:
    """The code that the phone shows."""
    return pyotp.TOTP(secret).now()


def forget_codes(config: Configurator, login: str) -> None:
    """Let the present code be used again: tests do not wait half a minute between two sign-ins."""
    committed(config, lambda db: db.execute(update(User).where(User.login == login).values(totp_last_step=0)))


def form_with(page: Any, field: str) -> Any:
    """The form of a page that has this field (the layout has forms of its own)."""
    return next(form for form in page.forms.values() if field in form.fields)


def log_in(app: TestApp, config: Configurator, user: User | str, password: str = PASSWORD) -> TestApp:
    """Sign in through the pages, with password and one-time code; returns a browser of its own."""
    login = user if isinstance(user, str) else user.login
    forget_codes(config, login)
    browser = TestApp(app.app)
    form = form_with(browser.get("/login", status=200), "login")
    form["login"], form["password"] = login, password
    form = form_with(form.submit(status=303).follow(status=200), "code")
    form["code"] = totp_now()
    form.submit(status=303)
    return browser
