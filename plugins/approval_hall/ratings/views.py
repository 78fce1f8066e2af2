"""Pages of ratings: the applicant's one question, the follow-ups of the bad ones."""

from __future__ import annotations

from typing import Any, Literal

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from plugins.approval_hall import cases
from plugins.approval_hall.models import HallCase
from plugins.approval_hall.ratings import service
from plugins.approval_hall.ratings.models import HallRating
from plugins.approval_hall.supervision.commands import Asked, Words
from trading.errors import Refused
from trading.web import Card, Form, _, read_json

FOLDER = "plugins.approval_hall.ratings:templates/"
APPLY, SUPERVISE = "hall-own-cases", "hall-supervise"


class Rate(Asked):
    grade: Literal["very-satisfied", "satisfied", "fair", "dissatisfied"]
    words: str = ""


class FollowUp(Asked):
    case: str
    words: Words


def own_case(request: Request) -> HallCase:
    """The case in the address, of the reader's organisation; 404 otherwise."""
    try:
        case = cases.find(request.db, request.matchdict["number"], lock=request.method == "POST")
    except Refused:
        raise HTTPNotFound() from None
    if request.identity.party_id != case.party_id:
        raise HTTPNotFound()
    return case


@view_config(route_name="hall-rating", renderer=FOLDER + "rating.jinja2", permission=APPLY)
def page(request: Request) -> Any:
    """One question, one click."""
    case, form = own_case(request), Form(request, Rate)
    if form.carried_out(
        lambda: service.rate(request.db, request.actor, case, form.command.grade, form.command.words)
    ):
        return HTTPSeeOther(request.route_path("hall-rating", number=case.number))
    return {
        "case": case, "item": cases.item_of(request.db, case), "form": form, "grades": service.GRADES,
        "rating": service.of_case(request.db, case),
    }  # fmt: skip


@view_config(route_name="api-hall-rating", request_method="POST", renderer="json", permission=APPLY)
def api(request: Request) -> Any:
    """{"grade", "words"}: the one rating of a case."""
    case, command = own_case(request), read_json(request, Rate)
    rating = service.rate(request.db, request.actor, case, command.grade, command.words)
    return {"case": case.number, "grade": rating.grade}


@view_config(route_name="hall-ratings", renderer=FOLDER + "ratings.jinja2", permission=SUPERVISE)
def follow_ups(request: Request) -> Any:
    """Dissatisfied applicants, and what came of talking to them."""
    form = Form(request, FollowUp)

    def done() -> None:
        case = cases.find(request.db, form.command.case, lock=True)
        service.follow_up(request.db, request.actor, request.identity.user_id, case, form.command.words)

    if form.carried_out(done):
        return HTTPSeeOther(request.route_path("hall-ratings"))
    return {"rows": service.to_follow_up(request.db), "form": form, "grades": service.GRADES}


def cards(request: Request) -> list[Card]:
    """Closed cases that wait for their one rating, the newest first."""
    query = select(HallCase).join(HallRating, HallRating.case_id == HallCase.id)
    query = query.where(HallRating.grade == "", HallCase.party_id == request.identity.party_id)
    return [
        Card(
            _("How was it? One click"),
            request.route_path("hall-rating", number=case.number),
            case.title or case.number,
        )
        for case in request.db.scalars(query.order_by(HallRating.asked_at.desc()).limit(10))
    ]


def follow_up_cards(request: Request) -> list[Card]:
    """Dissatisfied applicants whom nobody has talked to yet."""
    waiting = service.to_follow_up(request.db)
    note = _("${n} dissatisfied", mapping={"n": len(waiting)})
    return [Card(_("Follow-ups"), request.route_path("hall-ratings"), note, "now")] if waiting else []
