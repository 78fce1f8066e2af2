"""An expert's own page (专家本人): own record, ties to organisations, training, sessions, account and certificate."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from expert_pool.experts import limits, payment, service, training, words
from expert_pool.experts.commands import DeclareInterest, Payment
from expert_pool.experts.drawable import why_not
from expert_pool.experts.models import Expert
from expert_pool.experts.specialities import path_of
from expert_pool.experts.views import FOLDER, today
from trading.errors import refuse
from trading.permissions import Permission
from trading.web import Card, Form, _

OWN = Permission.OWN_EXPERTISE


def own_row(request: Request) -> Expert | None:
    return service.row_of_user(request.db, request.keys, request.identity.user_id)


def needed_row(request: Request) -> Expert:
    """The reader's record. Raises Refused `expert.none`."""
    row = own_row(request)
    if row is None:
        raise refuse("expert.none", _("You have no record in the pool of experts"))
    return row


@view_config(route_name="expertise", request_method="GET", renderer=FOLDER + "own.jinja2", permission=OWN)
def own(request: Request) -> Any:
    """Everything that the pool holds about the reader, apart from bank and tax data."""
    return own_page(request, Form(request, DeclareInterest), Form(request, Payment))


def own_page(request: Request, form: Form, paying: Form) -> dict[str, Any]:
    row = own_row(request)
    if row is None:
        return {"person": None}
    person = service.one(request.db, request.keys, row)
    return {
        "person": person,
        "reason": why_not(person, today(request), limits.current(request.db)),
        "paths": [path_of(code, request.locale_name) for code in person.specialities],
        "exams": training.exams(request.db, row),
        "payment": payment.on_file(request.db, row),
        "today": today(request),
        "form": form,
        "paying": paying,
        "words": words,
    }


@view_config(route_name="expertise-interest", renderer=FOLDER + "own.jinja2", permission=OWN)
def declare(request: Request) -> Any:
    """Declare a tie to an organisation, or its end."""
    form = Form(request, DeclareInterest)

    def act() -> None:
        service.declare(request.db, request.keys, request.actor, needed_row(request), form.command)

    if not form.posted or form.carried_out(act):
        return HTTPSeeOther(request.route_path("expertise"))
    return own_page(request, form, Form(request, Payment, {}))


@view_config(route_name="expertise-payment", renderer=FOLDER + "own.jinja2", permission=OWN)
def pay_to(request: Request) -> Any:
    """Say where fees go; the page does not show it again."""
    form = Form(request, Payment)

    def act() -> None:
        payment.pay_to(request.db, request.keys, request.actor, needed_row(request), form.command)

    if not form.posted or form.carried_out(act):
        return HTTPSeeOther(request.route_path("expertise"))
    return own_page(request, Form(request, DeclareInterest), form)


def own_cards(request: Request) -> list[Card]:
    """An expert's record: whether training and certificate are in order."""
    row = own_row(request)
    if row is None:
        return []
    reason = why_not(service.one(request.db, request.keys, row), today(request), limits.current(request.db))
    tone = "now" if reason in ("training", "no-certificate") else "neutral"
    return [
        Card(_("My record as an expert"), request.route_path("expertise"), words.REASONS[reason][0], tone)
    ]


def pool_cards(request: Request) -> list[Card]:
    """The pool, for those who may see it: how many are in it."""
    count = service.count_active(request.db)
    note = _("${n} experts in the pool", mapping={"n": count})
    return [Card(_("Pool of experts"), request.route_path("pool"), note)]
