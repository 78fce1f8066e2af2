"""What is done in the opening hall: sign in, object, answer, sign the record, have the second envelopes opened."""

from __future__ import annotations

import uuid
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.opening import people, second, service
from bidding.opening.commands import Say, SignRecord
from bidding.opening.views import FOLDER, page
from bidding.tenders.publication import cms_bytes
from trading.permissions import Permission, Role
from trading.web import Form


def back(request: Request) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path("opening", code=request.context.code))


@view_config(route_name="opening-attend", request_method="POST", permission=Permission.ATTEND_OPENING)
def attend(request: Request) -> Any:
    """Sign in to the opening."""
    people.attend(request.db, request.registry, request.actor, attends_as(request), request.context)
    return back(request)


def attends_as(request: Request) -> str:
    """host, bidder, regulator, custodian or visitor."""
    if request.may(Permission.HOST_OPENING):
        return "host"
    if people.bidder_of(request.db, request.context, request.actor):
        return "bidder"
    watching = [role.value for role in (Role.REGULATOR, Role.CUSTODIAN) if role in request.identity.roles]
    return watching[0] if watching else "visitor"


@view_config(
    route_name="opening-object",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.ATTEND_OPENING,
)
def object_to(request: Request) -> Any:
    """A bidder objects on the spot."""
    form = Form(request, Say)
    done = form.carried_out(
        lambda: people.object_to(
            request.db, request.registry, request.actor, request.context.code, form.command.text
        )
    )
    return back(request) if done else page(request, form)


@view_config(
    route_name="opening-answer",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.HOST_OPENING,
)
def answer(request: Request) -> Any:
    """The host answers an objection."""
    form = Form(request, Say)
    try:
        objection = uuid.UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound() from None
    done = form.carried_out(
        lambda: people.answer(
            request.db, request.registry, request.actor, request.context.code, objection, form.command.text
        )
    )
    return back(request) if done else page(request, form)


@view_config(
    route_name="opening-record",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.HOST_OPENING,
)
def sign_record(request: Request) -> Any:
    """The host signs the record; it is published at once."""
    return signed(request, service.sign_record)


@view_config(
    route_name="opening-second",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.HOST_OPENING,
)
def start_second(request: Request) -> Any:
    """The host signs for the opening of the second envelopes."""
    return signed(request, second.start)


def signed(request: Request, act: Any) -> Any:
    """File the host's signature by `act`."""
    form = Form(request, SignRecord)
    done = form.carried_out(
        lambda: act(
            request.db, request.registry, request.actor, request.context.code,
            cms_bytes(form.command.cms, "cms"),
        )
    )  # fmt: skip
    return back(request) if done else page(request, form)
