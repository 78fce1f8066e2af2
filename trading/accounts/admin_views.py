"""The three administrators' pages: accounts, roles, the trail. Each sees only its own."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from trading.accounts import administration, trail
from trading.accounts.account_views import number
from trading.accounts.commands import NewUser, RoleChange
from trading.accounts.entrance import needs_step_up
from trading.accounts.views import FOLDER
from trading.accounts.words import ACTS, known_role, role_words
from trading.errors import Refused
from trading.permissions import Permission
from trading.web import Card, Form, _, whole_number

PAGE = 50


@view_config(
    route_name="admin-users",
    renderer=FOLDER + "users.jinja2",
    permission=Permission.MANAGE_USERS,
    decorator=needs_step_up,
)
def users(request: Request) -> Any:
    """Create accounts; the initial password is shown once."""
    form = Form(request, NewUser)
    created = None
    if form.valid():
        command = form.command
        try:
            created = administration.add_user(
                request.db, request.keys, request.actor, command.login, command.name, command.uscc
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            form.values = {}
    return {"form": form, "created": created, "users": administration.users(request.db)}


@view_config(
    route_name="admin-user",
    request_method="POST",
    permission=Permission.MANAGE_USERS,
    decorator=needs_step_up,
)
def disable_or_enable(request: Request) -> Any:
    """Shut an account, or open it again (`act` = enable)."""
    change = administration.enable if request.POST.get("act") == "enable" else administration.disable
    change(request.db, request.actor, number(request))
    return HTTPSeeOther(request.route_path("admin-users"))


@view_config(
    route_name="admin-roles",
    renderer=FOLDER + "roles.jinja2",
    permission=Permission.GRANT_ROLES,
    decorator=needs_step_up,
)
def roles(request: Request) -> Any:
    """Give and take roles."""
    form = Form(request, RoleChange)
    if form.valid():
        user, taken = form.command.user, request.POST.get("act") == "take"
        try:
            if taken:
                administration.take_away(request.db, request.actor, user, form.command.role)
            else:
                role, pairs = (
                    known_role(request.registry, form.command.role),
                    request.registry["roles.together"],
                )
                administration.grant(request.db, request.actor, user, role, pairs)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("admin-roles"))
    return {"form": form, "roles": role_words(request.registry), "users": administration.users(request.db)}


@view_config(route_name="admin-trail", renderer=FOLDER + "trail.jinja2", permission=Permission.READ_AUDIT)
def read_trail(request: Request) -> Any:
    """What happened with accounts, enterprises and certificates, the newest first."""
    before = whole_number(request.params.get("before", ""), longest=18)
    found = trail.acts(request.db, before=before, most=PAGE)
    return {
        "acts": [trail.without_bidders(act) for act in found],
        "words": ACTS,
        "roles": role_words(request.registry),
        "older": found[-1].entry if len(found) == PAGE else None,
    }


def system_cards(request: Request) -> list[Card]:
    return [Card(_("Accounts"), request.route_path("admin-users"), _("Create accounts, disable them"))]


def security_cards(request: Request) -> list[Card]:
    waiting = administration.without_role(request.db)
    note = (
        _("${number} accounts wait for a role", mapping={"number": waiting})
        if waiting
        else _("No account waits for a role")
    )
    return [Card(_("Roles"), request.route_path("admin-roles"), note, "now" if waiting else "neutral")]


def audit_cards(request: Request) -> list[Card]:
    return [
        Card(_("Trail of accounts"), request.route_path("admin-trail"), _("Who signed in, who changed what"))
    ]
