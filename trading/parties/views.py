"""One's own enterprise: contact, qualifications with their validity, colleagues."""

from __future__ import annotations

import uuid
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from trading.accounts import service as accounts
from trading.accounts.commands import NewColleague
from trading.accounts.entrance import needs_step_up
from trading.errors import Refused
from trading.parties import service
from trading.parties.commands import AddQualification, Contact
from trading.parties.models import Party
from trading.parties.words import SIZES, VALIDITY
from trading.permissions import Permission
from trading.web import Card, Form, _

FOLDER = "trading:parties/templates/"
OWN = Permission.OWN_PARTY


def own_party(request: Request) -> Party:
    """The organisation of the one who asks; not found for somebody without."""
    found = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if found is None:
        raise HTTPNotFound()
    return found


def size_options(request: Request) -> list[tuple[str, str]]:
    """The sizes an enterprise can declare, in the reader's language."""
    return [(value, request.localizer.translate(word)) for value, word in SIZES]


@view_config(route_name="party", renderer=FOLDER + "party.jinja2", permission=OWN)
def party(request: Request) -> Any:
    """The file of one's enterprise."""
    found = own_party(request)
    day = service.today(request.db)
    return {
        "party": found,
        "sizes": dict(SIZES),
        "validity": VALIDITY,
        "qualifications": [
            (each, service.validity(each, day)) for each in service.qualifications(request.db, found.id)
        ],
        "people": accounts.people_of(request.db, found.id),
    }


@view_config(route_name="party-contact", renderer=FOLDER + "contact.jinja2", permission=OWN)
def contact(request: Request) -> Any:
    """Change contact data and declared size."""
    found = own_party(request)
    form = Form(request, Contact, {name: getattr(found, name) for name in Contact.model_fields})
    if form.valid():
        service.change_contact(request.db, found, form.command, request.actor)
        return HTTPSeeOther(request.route_path("party"))
    return {"form": form, "sizes": size_options(request)}


@view_config(route_name="party-qualification", renderer=FOLDER + "qualification.jinja2", permission=OWN)
def qualification(request: Request) -> Any:
    """File a licence or qualification."""
    form = Form(request, AddQualification)
    if form.valid():
        try:
            service.add_qualification(request.db, own_party(request), form.command, request.actor)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("party"))
    return {"form": form}


@view_config(route_name="party-withdraw", request_method="POST", permission=OWN)
def withdraw(request: Request) -> Any:
    """Take a qualification out of the file."""
    try:
        number = uuid.UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound() from None
    service.withdraw_qualification(request.db, own_party(request), number, request.actor)
    return HTTPSeeOther(request.route_path("party"))


@view_config(
    route_name="party-colleague",
    renderer=FOLDER + "colleague.jinja2",
    permission=OWN,
    decorator=needs_step_up,
)
def colleague(request: Request) -> Any:
    """Another user of the same enterprise; the initial password is shown once."""
    form = Form(request, NewColleague)
    created = None
    if form.valid():
        try:
            created = accounts.add_colleague(
                request.db,
                request.keys,
                request.actor,
                own_party(request),
                form.command.login,
                form.command.name,
            )
        except Refused as refused:
            form.refuse(refused)
    return {"form": form, "created": created}


def cards(request: Request) -> list[Card]:
    """Qualifications that have ended or end soon."""
    if request.identity.party_id is None:
        return []
    day = service.today(request.db)
    return [
        Card(
            each.name,
            request.route_path("party"),
            _("Valid until ${day}", mapping={"day": each.valid_until.isoformat()}),
            "late" if each.valid_until < day else "now",
        )
        for each in service.qualifications(request.db, request.identity.party_id)
        if each.valid_until - day < service.SOON
    ]
