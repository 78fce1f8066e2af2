"""The supervision for programs."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.view import view_config

from plugins.approval_hall.supervision import board, letters
from plugins.approval_hall.supervision.commands import AnswerLetter, IssueLetter
from plugins.approval_hall.supervision.views import (
    LETTERS,
    SEE,
    SUPERVISE,
    discreet,
    found_letter,
    found_light,
    written_to,
)
from trading.clock import rfc3339
from trading.web import read_json


@view_config(route_name="api-hall-lights", request_method="GET", renderer="json", permission=SEE)
def lights(request: Request) -> Any:
    """{"totals", "departments": [{name, lights, reds_this_year}], "lights": [...]}: all that are on."""
    found = board.board(request.db, request.now(), discreet(request))
    return {
        "totals": dict(found.totals),
        "departments": [
            {"name": each.name, "lights": dict(each.lights), "reds_this_year": each.reds_this_year}
            for each in found.departments
        ],
        "lights": [board.facts(light) for light in board.running(request.db, discreet(request))],
    }


@view_config(route_name="api-hall-case-lights", request_method="GET", renderer="json", permission=SEE)
def of_case(request: Request) -> Any:
    """All lights that a case has had, those that went out with them."""
    found = board.of_subject(request.db, request.matchdict["number"])
    return {"lights": [board.facts(each) | {"ended": each.ended_at is not None} for each in found]}


@view_config(route_name="api-hall-light", request_method="GET", renderer="json", permission=SEE)
def light(request: Request) -> Any:
    """One light and how it changed."""
    found = found_light(request)
    changes = [{"light": each.light, "at": rfc3339(each.at)} for each in board.history(request.db, found)]
    return board.facts(found) | {"changes": changes, "ended": found.ended_at is not None}


@view_config(route_name="api-hall-light", request_method="POST", renderer="json", permission=SUPERVISE)
def issue(request: Request) -> Any:
    """{"words", "days"} → 201 {"letter"}: a supervision letter about this light."""
    light, command = found_light(request), read_json(request, IssueLetter)
    made = letters.issue(
        request.db, request.actor, request.identity.user_id, light, command.words, command.days
    )
    request.response.status = 201
    return {"letter": made.number, "answer_by": rfc3339(letters.answer_by(made))}


@view_config(route_name="api-hall-letter", request_method="GET", renderer="json", permission=LETTERS)
def letter(request: Request) -> Any:
    """A letter with its answer."""
    found = found_letter(request)
    return {
        "number": found.number, "subject": found.subject, "department": found.department, "words": found.words,
        "issued": rfc3339(found.issued_at), "answer_by": rfc3339(letters.answer_by(found)), "answer": found.answer,
        "answered": rfc3339(found.answered_at) if found.answered_at else None,
    }  # fmt: skip


@view_config(route_name="api-hall-letter", request_method="POST", renderer="json", permission=LETTERS)
def answer(request: Request) -> Any:
    """{"words"}: the department's answer."""
    found, command = found_letter(request), read_json(request, AnswerLetter)
    if not written_to(request, found):
        raise HTTPForbidden()
    letters.answer(request.db, request.actor, request.identity.user_id, found, command.words)
    return letter(request)
