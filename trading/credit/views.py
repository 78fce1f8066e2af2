"""The versions of the lists, which everybody may read, and how a new one is handed in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from trading.credit import uploaded, words
from trading.credit.models import CreditList
from trading.crediting import KINDS
from trading.parties.commands import Line, Uscc
from trading.permissions import Permission
from trading.web import PUBLIC, Card, Form, _

FOLDER = "trading:credit/templates/"
OLD = timedelta(days=31)
"""after so long a list's next version is called to mind"""


class Nothing(BaseModel):
    """A form of files only."""


class Register(BaseModel):
    """Who publishes a kind of list."""

    kind: Literal["red", "black", "bribery"]
    uscc: Uscc
    name: Line


assert set(get_args(Register.model_fields["kind"].annotation)) == set(KINDS)


def page(request: Request, form: Form, registering: Form | None = None) -> dict[str, Any]:
    return {
        "form": form,
        "registering": registering or Form(request, Register, {}),
        "versions": uploaded.versions(request.db),
        "publishers": [(kind, uploaded.publisher(request.db, kind)) for kind in KINDS],
        "kinds": words.KINDS,
    }


@view_config(route_name="credit", request_method="GET", renderer=FOLDER + "lists.jinja2", permission=PUBLIC)
def lists(request: Request) -> Any:
    """Every version: its publisher, its lines' number, its hash."""
    return page(request, Form(request, Nothing))


@view_config(
    route_name="credit-import",
    request_method="POST",
    renderer=FOLDER + "lists.jinja2",
    permission=Permission.DECIDE_ROSTER,
)
def take(request: Request) -> Any:
    """File a version with its publisher's signature."""
    form = Form(request, Nothing)

    def act() -> None:
        given = [bytes_of(request, name) for name in ("list", "signature")]
        uploaded.import_list(request.db, request.registry, request.actor, given[0], given[1])

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("credit"))
    return page(request, form)


@view_config(
    route_name="credit-publisher",
    request_method="POST",
    renderer=FOLDER + "lists.jinja2",
    permission=Permission.DECIDE_ROSTER,
)
def register(request: Request) -> Any:
    """Say who publishes a kind of list."""
    form = Form(request, Register)

    def act() -> None:
        asked = form.command
        uploaded.register_publisher(request.db, request.actor, asked.kind, asked.uscc, asked.name)

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("credit"))
    return page(request, Form(request, Nothing), form)


def bytes_of(request: Request, name: str) -> bytes:
    upload = request.POST.get(name)
    return upload.file.read(uploaded.LARGEST + 1) if hasattr(upload, "file") else b""


@view_config(route_name="credit-list", request_method="GET", permission=PUBLIC)
def raw(request: Request) -> Response:
    """The exact bytes that were signed; a list that names people is for the roster office and the regulator."""
    query = select(CreditList).where(CreditList.sha256 == request.matchdict["sha256"])
    found = request.db.scalars(query).first()
    if found is None or (found.kind == "bribery" and not request.has_permission(Permission.SEE_ROSTER_FILES)):
        raise HTTPNotFound()
    return Response(body=found.raw, content_type="application/json")


def cards(request: Request) -> list[Card]:
    """Lists of which no version, or an old one, is on file."""
    found = []
    for kind in KINDS:
        newest = uploaded.newest(request.db, kind)
        if newest is None or newest.imported_at < request.now() - OLD:
            note = _("no version on file") if newest is None else newest.version
            found.append(
                Card(_("File a credit list's next version"), request.route_path("credit"), note, "now")
            )
    return found[:1]
