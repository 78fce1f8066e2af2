"""Pages for everybody: registration, signing in and out, the second factor, the desk."""

from __future__ import annotations

import base64
import os
from typing import Any

import segno
from cryptography.exceptions import InvalidTag
from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from trading.accounts import places, recovery, service, totp
from trading.accounts.commands import Code, Credentials, EnrolTotp, Registration
from trading.accounts.entrance import (
    ask_to_wait,
    keep_attempt,
    limiter,
    needs_step_up,
    own_session,
    own_user,
    self_actor,
    way_back,
    with_session,
    without_session,
)
from trading.accounts.models import User
from trading.accounts.words import role_words
from trading.errors import Refused, refuse
from trading.parties.views import size_options
from trading.permissions import Permission, Strength
from trading.web import PUBLIC, Form, _, client_address

FOLDER = "trading:accounts/templates/"


@view_config(route_name="register", renderer=FOLDER + "register.jinja2", permission=PUBLIC)
def register(request: Request) -> Any:
    """An enterprise and its first user, on one page; then straight on to the second factor."""
    form = Form(request, Registration)
    if form.valid():
        try:
            user = service.register(request.db, request.keys, form.command, client_address(request))
        except Refused as refused:
            form.refuse(refused)
        else:
            return signed_in(request, user)
    return {"form": form, "sizes": size_options(request)}


def signed_in(request: Request, user: User) -> Any:
    """The password was right: a session that opens nothing yet but the second factor. Raises Refused
    `access.address`."""
    address = client_address(request)
    if places.shut_out(request.db, (grant.role for grant in user.roles), address) is not None:
        places.keep_out(request.db, request.queue, user, address, None)
        raise places.refused()
    token = service.open_session(request.db, user, client_address(request), request.user_agent or "")
    back = {"next": request.params["next"]} if request.params.get("next") else {}
    route = "login-code" if user.totp_secret else "account-totp"
    return with_session(request, HTTPSeeOther(request.route_path(route, _query=back)), token)


@view_config(route_name="login", renderer=FOLDER + "login.jinja2", permission=PUBLIC)
def login(request: Request) -> Any:
    """Login name and password."""
    if request.identity and request.identity.strength > Strength.PASSWORD and request.method == "GET":
        return HTTPSeeOther(way_back(request, request.route_path("desk")))
    form = Form(request, Credentials)
    if form.valid():
        name, password = form.command.login, form.command.password
        guard = limiter(request, name)
        try:
            user = service.identify(request.db, guard, name, password, client_address(request))
        except Refused as refused:
            form.refuse(refused)
            keep_attempt(request)
            ask_to_wait(request, refused)
        else:
            try:
                return signed_in(request, user)
            except Refused as refused:
                form.refuse(refused)
                keep_attempt(request)
    return {"form": form, "next": request.params.get("next", "")}


@view_config(route_name="login-code", renderer=FOLDER + "code.jinja2", permission=Permission.SECOND_FACTOR)
def login_code(request: Request) -> Any:
    """The one-time code after the password."""
    user = own_user(request)
    if user.totp_secret is None:
        return HTTPSeeOther(request.route_path("account-totp", _query=request.GET))
    start = request.route_path("account-password" if user.password_is_initial else "desk")
    return ask_for_code(request, user, way_back(request, start), stepping_up=False)


@view_config(route_name="step-up", renderer=FOLDER + "code.jinja2", permission=Permission.OWN_ACCOUNT)
def step_up(request: Request) -> Any:
    """A fresh one-time code before a dangerous act."""
    return ask_for_code(
        request, own_user(request), way_back(request, request.route_path("account")), stepping_up=True
    )


def ask_for_code(request: Request, user: User, back: str, stepping_up: bool) -> Any:
    form = Form(request, Code)
    if form.valid():
        actor = self_actor(request, user)
        guard = limiter(request, user.login, second=True)
        try:
            token = service.pass_second_factor(
                request.db, request.keys, guard, actor, own_session(request), form.command.code
            )
        except Refused as refused:
            form.refuse(refused)
            keep_attempt(request)
            ask_to_wait(request, refused)
        else:
            return with_session(request, HTTPSeeOther(back), token)
    return {"form": form, "next": request.params.get("next", ""), "stepping_up": stepping_up}


@view_config(route_name="account-totp", renderer=FOLDER + "totp.jinja2", permission=Permission.SECOND_FACTOR)
def enrol_totp(request: Request) -> Any:
    """Bind a phone: right after the first login, or a new one after a fresh code."""
    user = own_user(request)
    if user.totp_secret is not None:
        return replace_totp(None, request)
    return bind_phone(request, user)


@needs_step_up
def replace_totp(context: Any, request: Request) -> Any:
    return bind_phone(request, own_user(request))


def bind_phone(request: Request, user: User) -> Any:
    """Show a fresh secret; its first code binds it. The page carries the secret sealed, for this session
    only, so that nothing is stored before it is known to work."""
    purpose = f"totp-enrol:{own_session(request)}"
    form = Form(request, EnrolTotp)
    if not form.posted:
        secret = totp.new_secret(os.urandom)
    else:
        secret = unsealed(request, form.value("sealed"), purpose)
    if form.valid():
        actor = self_actor(request, user)
        try:
            recovery.may_enrol(request.db, user)
            token, codes = service.enrol_totp(
                request.db, request.keys, actor, request.identity.session_id, secret, form.command.code
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            recovery.enrolled(request.db, user)
            service.close_other_sessions(request.db, user.id, own_session(request))
            return show_recovery(request, user, token, codes)
    sealed = base64.urlsafe_b64encode(request.keys.seal(secret.encode(), purpose)).decode()
    hall = request.registry.settings["hall.name"]
    return {
        "form": form,
        "sealed": sealed,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "picture": picture(totp.address(secret, user.login, hall)),
        "next": request.params.get("next", ""),
        "codes": None,
    }


def unsealed(request: Request, sealed: str, purpose: str) -> str:
    """The secret that the page carried. Raises Refused when it is not of this session."""
    try:
        return request.keys.unseal(base64.urlsafe_b64decode(sealed), purpose).decode()
    except (InvalidTag, ValueError) as error:
        raise refuse(
            "totp.expired",
            _("This form has expired"),
            remedy=_("Go back, reload the page and send it again."),
        ) from error


def picture(address: str) -> Markup:
    """The QR code as inline SVG, with no styles of its own (the CSP allows none)."""
    code = segno.make(address, error="m")
    return Markup(code.svg_inline(border=2, light="#fff", svgclass=None, lineclass=None, omitsize=True))


def show_recovery(request: Request, user: User, token: str, codes: list[str]) -> Any:
    """The recovery codes, once: answered at once, not redirected to, so they are nowhere else."""
    start = "account-password" if user.password_is_initial else "desk"
    with_session(request, request.response, token)
    request.response.headers["Cache-Control"] = "no-store"
    return {"codes": codes, "next": way_back(request, request.route_path(start))}


@view_config(route_name="logout", request_method="POST", permission=Permission.SECOND_FACTOR)
def logout(request: Request) -> Any:
    """End this session."""
    identity = request.identity
    if identity.session_id is not None:
        service.close_session(request.db, request.actor, identity.user_id, identity.session_id)
    return without_session(HTTPSeeOther(request.route_path("home")))


@view_config(route_name="desk", renderer=FOLDER + "desk.jinja2", permission=Permission.OWN_ACCOUNT)
def desk(request: Request) -> Any:
    """What waits for this person, by role."""
    words = role_words(request.registry)
    cards: dict[str, list[Any]] = {role: [] for role in words if role in request.identity.roles}
    for role, provider in request.registry["desk"]:
        if role in cards:
            cards[role].extend(provider(request))
    return {"roles": words, "desk": cards, "waiting": any(cards.values())}
