"""Pages of the catalogue: the list of items, the guide of one with its charts, the manager's page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from plugins.approval_hall import limits
from plugins.approval_hall.cases import definition
from plugins.approval_hall.catalogue import chart, checking, flow, publishing, revising
from plugins.approval_hall.catalogue.item import Item, kinds, modes
from plugins.approval_hall.models import HallItem
from plugins.approval_hall.words import STEP_KINDS
from trading.errors import Refused
from trading.refusals import not_found_view
from trading.web import PUBLIC, Card, Form, _

FOLDER = "plugins.approval_hall:catalogue/templates/"


class Publish(BaseModel):
    """A version is published, or the item taken out."""

    act: Literal["publish", "withdraw"] = "publish"
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


@view_config(route_name="hall", request_method="GET", renderer=FOLDER + "hall.jinja2", permission=PUBLIC)
def hall(request: Request) -> Any:
    """What the approval hall does: every published item."""
    rows = [(row, definition(row)) for row in publishing.published(request.db)]
    return {
        "items": rows,
        "promised": checking.promised_days,
        "parallel": flow.parallel,
        "serial": flow.serial,
        "modes": modes(),
    }


@view_config(route_name="hall-items-json", request_method="GET", renderer="json", permission=PUBLIC)
def items_json(request: Request) -> Any:
    """All items with their eight disclosures."""
    return {
        "items": [publishing.disclosed(row, request.locale_name) for row in publishing.published(request.db)]
    }


@view_config(route_name="hall-item-json", request_method="GET", renderer="json", permission=PUBLIC)
def item_json(request: Request) -> Any:
    """One item."""
    try:
        return publishing.disclosed(
            publishing.current(request.db, request.matchdict["item"]), request.locale_name
        )
    except Refused:
        return not_found_view(request)


@view_config(
    route_name="hall-item", request_method="GET", renderer=FOLDER + "guide.jinja2", permission=PUBLIC
)
def guide(request: Request) -> Any:
    """The guide (办事指南): the eight disclosures, the charts, their words."""
    try:
        row = publishing.current(request.db, request.matchdict["item"])
    except Refused:
        return not_found_view(request)
    return {
        "row": row,
        "versions": publishing.versions(request.db, row.code),
        **guide_parts(request, definition(row)),
    }


def guide_parts(request: Request, item: Item) -> dict[str, Any]:
    """What a guide shows of an item."""
    say = request.localizer.translate
    return {
        "item": item, "spans": flow.spans(item), "critical": set(flow.critical(item)),
        "serial": flow.serial(item), "parallel": flow.parallel(item), "promised": checking.promised_days(item),
        "green_days": checking.promised_days(item, modes()["special"]),
        "committed": "、".join(each.name.of(request.locale_name) for each in item.materials if each.committed),
        "mode": modes()[item.mode], "kind": kinds()[item.kind], "step_kinds": STEP_KINDS, "tell_days": limits.days("tell"),
        "nodes": chart.public_nodes(item, say, request.locale_name, limits.days("tell")),
    }  # fmt: skip


@view_config(route_name="hall-chart", request_method="GET", permission=PUBLIC)
def drawn(request: Request) -> Response:
    """A flow chart as a picture."""
    try:
        item = definition(publishing.current(request.db, request.matchdict["item"]))
    except Refused:
        return not_found_view(request)
    say, locale = request.localizer.translate, request.locale_name
    if request.matchdict["audience"] == "public":
        svg = chart.public(item, say, locale, limits.days("tell"))
    else:
        svg = chart.internal(item, say, locale)
    return Response(body=svg.encode(), content_type="image/svg+xml", charset="utf-8")


@view_config(
    route_name="hall-manage",
    request_method="GET",
    renderer=FOLDER + "manage.jinja2",
    permission="hall-manage",
)
def manage(request: Request) -> Any:
    """Every item on file: published or not, what is empty, how long it promises."""
    return manage_page(request, None, "")


@view_config(
    route_name="hall-manage-item",
    request_method="POST",
    renderer=FOLDER + "manage.jinja2",
    permission="hall-manage",
)
def publish(request: Request) -> Any:
    """Publish an item's file as its next version, or take the item out."""
    code, form = request.matchdict["item"], Form(request, Publish)

    def act() -> None:
        if form.command.act == "withdraw":
            publishing.withdraw(request.db, request.actor, code, form.command.reason)
        else:
            publishing.publish(request.db, request.registry, request.actor, code, form.command.reason)

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("hall-manage"))
    return manage_page(request, form, code)


@view_config(
    route_name="hall-revisions",
    request_method="POST",
    renderer=FOLDER + "manage.jinja2",
    permission="hall-manage",
)
def revise(request: Request) -> Any:
    """Publish everything on file under one decision."""
    form = Form(request, Publish)

    def act() -> None:
        revising.revise(request.db, request.registry, request.actor, form.command.reason)

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("hall-revisions"))
    return manage_page(request, form, "")


@view_config(
    route_name="hall-revisions", request_method="GET", renderer=FOLDER + "revisions.jinja2", permission=PUBLIC
)
def revisions(request: Request) -> Any:
    """What each decision changed of the catalogue."""
    return {"rows": revising.revisions(request.db)}


def manage_page(request: Request, form: Form | None, code: str) -> dict[str, Any]:
    found = publishing.library(request.registry)
    newest = {row.code: row for row in publishing.published(request.db)}
    rows = [
        {"item": item, "row": newest.get(item.code), "faults": checking.faults(item), "same": unchanged(item, newest),
         "promised": checking.promised_days(item)}
        for item in found.items.values()
    ]  # fmt: skip
    gone = sorted(newest.keys() - found.items.keys())
    return {
        "rows": rows, "broken": found.broken, "form": form, "tried": code, "long": checking.LONG_PROMISE, "gone": gone,
        "moved": sum(not row["same"] for row in rows),
    }  # fmt: skip


def unchanged(item: Item, newest: dict[str, HallItem]) -> bool:
    """Whether what is published is what is on file."""
    row = newest.get(item.code)
    return row is not None and row.definition == publishing.raw(item)


def manager_cards(request: Request) -> list[Card]:
    """Items on file that are not published as they are."""
    newest = {row.code: row for row in publishing.published(request.db)}
    open_ones = [i for i in publishing.library(request.registry).items.values() if not unchanged(i, newest)]
    note = _("${n} items on file are not published as they are", mapping={"n": len(open_ones)})
    return [
        Card(_("Items of the approval hall"), request.route_path("hall-manage"), note if open_ones else "", "now" if open_ones else "neutral"),
        Card(_("Posts and letters of authority"), request.route_path("hall-posts")),
    ]  # fmt: skip
