"""A firm's own part of the roster: its documents, project managers, applications, and what it is in."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from bidding.roster import drawable, engaging, reading, service, standing, views
from bidding.roster.commands import AddManager, Apply, FileDocument, Leave
from bidding.roster.models import RosterDocument
from bidding.roster.service import Evidence
from trading.parties.models import Party
from trading.parties.views import own_party
from trading.permissions import Permission
from trading.rulebook.calendar import beijing_date
from trading.web import Card, Form, _

OWN = Permission.JOIN_ROSTER
FORMS: dict[str, type[BaseModel]] = {
    "document": FileDocument,
    "manager": AddManager,
    "apply": Apply,
}


@view_config(
    route_name="roster-own",
    request_method="GET",
    renderer=views.FOLDER + "own.jinja2",
    permission=OWN,
)
def own(request: Request) -> Any:
    """Everything of one's own enterprise."""
    views.remember_device(request)
    return own_data(request, {})


def own_data(request: Request, forms: dict[str, Form]) -> dict[str, Any]:
    party, known, day = own_party(request), views.terms_of(request), beijing_date(request.now())
    rows = service.of_party(request.db, party.id)
    judged = reading.firms_of(request.db, request.registry, rows, known)
    query = select(RosterDocument).where(RosterDocument.party_id == party.id)
    filed = reading.documents_of(request.db, [party.id])[party.id]
    return views.base(request) | {
        "party": party,
        "mine": [
            (
                row,
                list(drawable.bars(firm, day, drawable.Wanted(), known)),
                standing.possible(row.status, "firm"),
            )
            for row, firm in judged
        ],
        "documents": list(request.db.scalars(query.order_by(RosterDocument.valid_until.desc()))),
        "missing": drawable.lapsed(filed, known.documents, day),
        "managers": reading.managers_of(request.db, [party.id])[party.id],
        "busy": reading.busy_managers(request.db),
        "won": engaging.of_party_all(request.db, party),
        "today": day,
        "forms": {name: forms.get(name) or Form(request, model, {}) for name, model in FORMS.items()},
    }


@view_config(
    route_name="roster-own-act",
    request_method="POST",
    renderer=views.FOLDER + "own.jinja2",
    permission=OWN,
)
def own_act(request: Request) -> Any:
    """File a document or a project manager, apply for a category."""
    name = request.matchdict["act"]
    form, party = Form(request, FORMS[name]), own_party(request)
    if form.carried_out(lambda: carry_out(request, name, party, form.command)):
        return HTTPSeeOther(request.route_path("roster-own"))
    return own_data(request, {name: form})


def carry_out(request: Request, name: str, party: Party, command: Any) -> None:
    db, keys, registry, actor = request.db, request.keys, request.registry, request.actor
    if name == "document":
        service.file_document(db, keys, registry, actor, party, command, views.attached(request))
    elif name == "manager":
        service.add_manager(db, keys, actor, party, command)
    else:
        service.apply(db, keys, registry, actor, party, command, views.marks_of(request))


@view_config(
    route_name="roster-leave", request_method="POST", renderer=views.FOLDER + "own.jinja2", permission=OWN
)
def leave(request: Request) -> Any:
    """Withdraw an application, or leave a category."""
    row, form = views.firm_of(request), Form(request, Leave)
    if row.party_id != request.identity.party_id:
        raise HTTPNotFound()

    def act() -> None:
        service.carry_out(
            request.db, request.keys, request.registry, request.actor, row, "withdraw", form.command.reason,
            Evidence("", b""),
        )  # fmt: skip

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("roster-own"))
    return own_data(request, {"apply": form})


def cards(request: Request) -> list[Card]:
    """Documents of a firm in the roster that lapse soon."""
    party = request.identity.party_id
    if party is None or not (rows := service.of_party(request.db, party)):
        return []
    day = beijing_date(request.now())
    known = views.terms_of(request)
    missing = drawable.lapsed(reading.documents_of(request.db, [party])[party], known.documents, day)
    waiting = [row for row in rows if row.status in ("applied", "announced", "listed")]
    if not missing or not waiting:
        return []
    note = _("Until they are renewed you are in no draw")
    return [Card(_("Documents of the roster have lapsed"), request.route_path("roster-own"), note, "late")]
