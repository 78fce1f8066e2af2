"""Pages of access: lists of addresses, a lost second factor, signing in with a certificate."""

from __future__ import annotations

import base64
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from trading.accounts import by_certificate, certificates, places, recovery
from trading.accounts.commands import RoleName
from trading.accounts.entrance import (
    keep_attempt,
    limiter,
    needs_step_up,
    own_session,
    own_user,
    self_actor,
    way_back,
    with_session,
)
from trading.accounts.views import FOLDER
from trading.accounts.words import known_role, role_words
from trading.clock import real_now
from trading.errors import Refused, refuse
from trading.interfaces import ISignatureVerifier
from trading.permissions import Permission
from trading.web import Card, Form, _, client_address

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=500)]


class Networks(BaseModel):
    """The networks of one role."""

    role: RoleName
    networks: Annotated[str, StringConstraints(max_length=4000)] = ""
    confirmed: bool = False


class Asked(BaseModel):
    """Why a second factor is lost."""

    reason: Reason


class Decision(BaseModel):
    """An administrator's decision about a request."""

    id: uuid.UUID
    act: Literal["approve", "refuse"]
    reason: Reason


class SignedChallenge(BaseModel):
    """The detached CMS over the page's challenge, base64url."""

    cms: Annotated[str, StringConstraints(min_length=1, max_length=350_000)]


@view_config(
    route_name="admin-addresses",
    renderer=FOLDER + "addresses.jinja2",
    permission=Permission.GRANT_ROLES,
    decorator=needs_step_up,
)
def address_lists(request: Request) -> Any:
    """Where each role may work from."""
    form = Form(request, Networks)
    if form.valid():
        asked = form.command
        try:
            role = known_role(request.registry, asked.role)
            places.set_rule(request.db, request.actor, role, asked.networks, confirmed=asked.confirmed)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("admin-addresses"))
    return {
        "form": form,
        "roles": role_words(request.registry),
        "rules": places.rules(request.db),
        "here": client_address(request),
    }


@view_config(route_name="login-lost", renderer=FOLDER + "lost.jinja2", permission=Permission.SECOND_FACTOR)
def lost(request: Request) -> Any:
    """Ask the two administrators to take a lost second factor away."""
    user = own_user(request)
    form = Form(request, Asked)
    if form.valid():
        try:
            recovery.ask(request.db, self_actor(request, user), user, form.command.reason)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("login-lost"))
    found = recovery.current(request.db, user.id)
    state = recovery.state(found, real_now(request.db)) if found else ""
    return {"form": form, "asked": found, "state": state}


@view_config(
    route_name="admin-recoveries",
    renderer=FOLDER + "recoveries.jinja2",
    permission=Permission.APPROVE_RECOVERY,
    decorator=needs_step_up,
)
def recoveries(request: Request) -> Any:
    """The requests that wait for this administrator's side, and the other's."""
    form = Form(request, Decision)
    role = next(role for role in recovery.APPROVERS if role in request.identity.roles)
    if form.valid():
        act = recovery.approve if form.command.act == "approve" else recovery.decline
        try:
            act(request.db, request.actor, role, form.command.id, form.command.reason)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("admin-recoveries"))
    return {"form": form, "waiting": recovery.waiting(request.db), "role": role}


@view_config(
    route_name="login-certificate",
    renderer=FOLDER + "certificate.jinja2",
    permission=Permission.SECOND_FACTOR,
)
def with_certificate(request: Request) -> Any:
    """The second factor, or a fresh confirmation, by a signature instead of a one-time code."""
    user = own_user(request)
    form = Form(request, SignedChallenge)
    if form.valid():
        actor = self_actor(request, user)
        guard = limiter(request, user.login, second=True)
        try:
            guard.check()
            token = by_certificate.answer(
                request.db,
                request.port(ISignatureVerifier),
                actor,
                own_session(request),
                request.host_url,
                unpadded(form.command.cms),
            )
        except (Refused, ValueError) as error:
            guard.failed()
            form.refuse(error if isinstance(error, Refused) else certificates_unreadable())
            keep_attempt(request)
        else:
            guard.succeeded()
            return with_session(request, HTTPSeeOther(way_back(request, request.route_path("desk"))), token)
    usable = certificates.usable(request.db, user.id, request.now())
    return {
        "form": form,
        "next": request.params.get("next", ""),
        "certificates": usable,
        "challenge": challenge(request),
    }


def challenge(request: Request) -> str:
    """A fresh challenge in base64url, as the page's script takes it."""
    data = by_certificate.challenge(request.db, own_session(request), request.host_url)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def certificates_unreadable() -> Refused:
    return refuse("signature.format", _("The signature is not a well-formed CAdES signature."))


def unpadded(text: str) -> bytes:
    """Base64url without padding. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def recovery_cards(request: Request) -> list[Card]:
    """A request waits for an administrator."""
    waiting = recovery.waiting(request.db)
    if not waiting:
        return []
    note = _("${number} people wait", mapping={"number": len(waiting)})
    return [Card(_("Lost second factors"), request.route_path("admin-recoveries"), note, "now")]


def address_cards(request: Request) -> list[Card]:
    note = _("Which addresses a role may log in from")
    return [Card(_("Addresses"), request.route_path("admin-addresses"), note)]
