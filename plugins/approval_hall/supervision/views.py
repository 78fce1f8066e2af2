"""Pages of the supervision: the board, a department, a light, the wall screen, letters, accountability."""

from __future__ import annotations

import uuid
from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from plugins.approval_hall.staff import posts
from plugins.approval_hall.supervision import accountability, board, letters
from plugins.approval_hall.supervision.commands import AnswerLetter, DecideAccountability, IssueLetter
from plugins.approval_hall.supervision.models import HallAccountability, HallLetter, HallLight
from plugins.approval_hall.supervision.thresholds import thresholds
from plugins.approval_hall.supervision.words import LIGHTS
from trading.errors import Refused
from trading.web import Form

FOLDER = "plugins.approval_hall.supervision:templates/"
SEE, SUPERVISE, LETTERS = "hall-lights", "hall-supervise", "hall-letters"


def common(request: Request) -> dict[str, Any]:
    """What every page of lights needs."""
    return {
        "lights": LIGHTS,
        "step": step_words,
        "address": address,
        "title": title_of,
        "may_supervise": request.has_permission(SUPERVISE),
    }


def step_words(request: Request, light: HallLight) -> str:
    """What is due, in the reader's language."""
    if request.locale_name == "en" and light.step_en:
        return light.step_en
    return str(request.localizer.translate(light.step, domain="tradehall"))


def title_of(request: Request, light: HallLight) -> str:
    return (request.locale_name == "en" and light.title_en) or light.title


def address(request: Request, light: HallLight) -> str:
    """The page of what a light is about; "" when no room has it."""
    try:
        return str(request.route_path(light.route, **light.where)) if light.route else ""
    except KeyError:
        return ""


def discreet(request: Request) -> bool:
    """Whether the reader sees what is for the authority only."""
    return bool(request.has_permission(SUPERVISE))


@view_config(route_name="hall-lights", request_method="GET", renderer=FOLDER + "board.jinja2", permission=SEE)
def page(request: Request) -> Any:
    """Every department with its lights; what is red or yellow now."""
    return common(request) | {"board": board.board(request.db, request.now(), discreet(request))}


@view_config(route_name="hall-wall", request_method="GET", renderer=FOLDER + "wall.jinja2", permission=SEE)
def wall(request: Request) -> Any:
    """The same for a screen on the wall, which fetches itself anew; nothing on it is for the authority only."""
    return common(request) | {"board": board.board(request.db, request.now(), False)}


@view_config(
    route_name="hall-department", request_method="GET", renderer=FOLDER + "department.jinja2", permission=SEE
)
def department(request: Request) -> Any:
    """What is behind a department's numbers."""
    name = request.matchdict["department"]
    found = board.of_department(request.db, name, discreet(request))
    return common(request) | {"rows": found, "department": "" if name == board.NOBODY else name}


def found_light(request: Request) -> HallLight:
    """The light in the address, when the reader may see it; 404 otherwise."""
    try:
        wanted = uuid.UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound() from None
    light: HallLight | None = request.db.get(HallLight, wanted)
    if light is None or (light.discreet and not discreet(request)):
        raise HTTPNotFound()
    return light


@view_config(route_name="hall-light", request_method="GET", renderer=FOLDER + "light.jinja2", permission=SEE)
def light_page(request: Request) -> Any:
    """How a light came to be as it is, and the letters about it."""
    days = thresholds(request.registry.settings["approval_hall.lights"]).letter_days
    return shown_light(request, found_light(request), Form(request, IssueLetter, {"days": days}))


@view_config(
    route_name="hall-light", request_method="POST", renderer=FOLDER + "light.jinja2", permission=SUPERVISE
)
def write_letter(request: Request) -> Any:
    """Send a letter about a light."""
    light, form = found_light(request), Form(request, IssueLetter)
    made: list[HallLetter] = []
    if form.carried_out(
        lambda: made.append(
            letters.issue(
                request.db,
                request.actor,
                request.identity.user_id,
                light,
                form.command.words,
                form.command.days,
            )
        )
    ):
        return HTTPSeeOther(request.route_path("hall-letter", number=made[0].number))
    return shown_light(request, light, form)


def shown_light(request: Request, light: HallLight, form: Form) -> dict[str, Any]:
    about = select(HallLetter).where(HallLetter.light_id == light.id).order_by(HallLetter.issued_at)
    return common(request) | {
        "light": light,
        "form": form,
        "answerable": letters.answerable(light),
        "history": board.history(request.db, light),
        "letters": list(request.db.scalars(about)),
    }


# --- letters --------------------------------------------------------------------------------------


@view_config(
    route_name="hall-letters", request_method="GET", renderer=FOLDER + "letters.jinja2", permission=SUPERVISE
)
def letters_page(request: Request) -> Any:
    """All letters, the unanswered first."""
    query = (
        select(HallLetter)
        .order_by(HallLetter.answered_at.is_not(None), HallLetter.issued_at.desc())
        .limit(200)
    )
    return {
        "letters": list(request.db.scalars(query)),
        "now": request.now(),
        "by": letters.answer_by,
        "day": letters.answer_day,
    }


def found_letter(request: Request) -> HallLetter:
    """The letter in the address, for the supervision and for those it was written to; 404 otherwise."""
    try:
        letter = letters.find(request.db, request.matchdict["number"])
    except Refused:
        raise HTTPNotFound() from None
    if not request.has_permission(SUPERVISE) and not written_to(request, letter):
        raise HTTPNotFound()
    return letter


def written_to(request: Request, letter: HallLetter) -> bool:
    """Whether the reader belongs to the department that has to answer."""
    identity = request.identity
    if letter.unit:
        return letter.unit in posts.departments_of(request.db, identity.user_id)
    return letter.party_id is not None and identity.party_id == letter.party_id


@view_config(
    route_name="hall-letter", request_method="GET", renderer=FOLDER + "letter.jinja2", permission=LETTERS
)
def letter_page(request: Request) -> Any:
    return shown_letter(request, found_letter(request), Form(request, AnswerLetter))


@view_config(
    route_name="hall-letter", request_method="POST", renderer=FOLDER + "letter.jinja2", permission=LETTERS
)
def answer_letter(request: Request) -> Any:
    """The department's answer."""
    letter, form = found_letter(request), Form(request, AnswerLetter)
    if not written_to(request, letter):
        raise HTTPForbidden()
    if form.carried_out(
        lambda: letters.answer(
            request.db, request.actor, request.identity.user_id, letter, form.command.words
        )
    ):
        return HTTPSeeOther(request.route_path("hall-letter", number=letter.number))
    return shown_letter(request, letter, form)


def shown_letter(request: Request, letter: HallLetter, form: Form) -> dict[str, Any]:
    light = request.db.get(HallLight, letter.light_id) if letter.light_id else None
    return common(request) | {
        "letter": letter, "light": light, "form": form, "answers": written_to(request, letter),
        "day": letters.answer_day(letter), "late": (letter.answered_at or request.now()) >= letters.answer_by(letter),
    }  # fmt: skip


# --- accountability -------------------------------------------------------------------------------


@view_config(
    route_name="hall-accountability",
    request_method="GET",
    renderer=FOLDER + "accountability.jinja2",
    permission=SUPERVISE,
)
def accountability_page(request: Request) -> Any:
    """All cases, the open ones first."""
    query = select(HallAccountability).order_by(
        HallAccountability.decided_at.is_not(None), HallAccountability.opened_at.desc()
    )
    return {"cases": list(request.db.scalars(query.limit(200))), "outcomes": accountability.OUTCOMES}


def found_case(request: Request) -> HallAccountability:
    try:
        return accountability.find(request.db, request.matchdict["number"])
    except Refused:
        raise HTTPNotFound() from None


@view_config(
    route_name="hall-accountability-case",
    renderer=FOLDER + "accountability_case.jinja2",
    permission=SUPERVISE,
)
def case_page(request: Request) -> Any:
    """Its red lights; the decision, with a reason."""
    case, form = found_case(request), Form(request, DecideAccountability)
    if form.carried_out(
        lambda: accountability.decide(
            request.db,
            request.actor,
            request.identity.user_id,
            case.number,
            form.command.outcome,
            form.command.words,
        )
    ):
        return HTTPSeeOther(request.route_path("hall-accountability-case", number=case.number))
    return common(request) | {
        "case": case, "form": form, "grounds": accountability.grounds(request.db, case), "outcomes": accountability.OUTCOMES,
    }  # fmt: skip
