"""The queue of a department's people (部门待办)."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from plugins.approval_hall import cases, limits, words
from plugins.approval_hall.catalogue.item import kinds
from plugins.approval_hall.catalogue.publishing import library
from plugins.approval_hall.handling import tasks
from plugins.approval_hall.models import HallCase
from plugins.approval_hall.staff import posts
from trading.interfaces import IEnterprises
from trading.periods import light, the_calendar
from trading.web import Card, _

FOLDER = "plugins.approval_hall:handling/templates/"


@view_config(
    route_name="hall-queue", request_method="GET", renderer=FOLDER + "queue.jinja2", permission="hall-handle"
)
def queue(request: Request) -> Any:
    """Steps of one's departments by due day, cases to decide, one's posts and absence."""
    own = posts.posts_of(request.db, request.identity.user_id)
    departments = posts.queues(request.db, request.identity.user_id)
    return {
        "posts": own, "away": any(row.absent_since for row in own), "departments": departments, "called": called(request),
        "steps": waiting_steps(request, departments), "deciding": to_decide(request, departments), "words": words,
        "kinds": kinds(), "shown_day": limits.shown_day, "inspecting": to_inspect(request, departments),
    }  # fmt: skip


def called(request: Request) -> dict[str, str]:
    """Departments' names."""
    return {key: name.of(request.locale_name) for key, name in library(request.registry).departments.items()}


def waiting_steps(request: Request, departments: list[str]) -> list[dict[str, Any]]:
    """The steps under way in these departments, what is due first on top."""
    register, days, now = request.port(IEnterprises), the_calendar(), request.now()
    found = []
    for case, step in cases.running(request.db):
        if step.department in departments:
            clock = limits.clock(
                step.started_at, step.days, limits.pauses_from(cases.pauses(request.db, case, step))
            )
            item = cases.item_of(request.db, case)
            found.append(
                {"case": case, "step": step, "item": item, "name": item.step(step.key).name, "light": light(clock, days, now),
                 "party": register.get(request.db, case.party_id)}
            )  # fmt: skip
    return found


def to_decide(request: Request, departments: list[str]) -> list[dict[str, Any]]:
    """Cases whose steps have all ended and that one of these departments leads."""
    register = request.port(IEnterprises)
    rows = request.db.scalars(
        select(HallCase)
        .where(HallCase.state.in_(("reviewed", "decided")))
        .order_by(HallCase.promised_due, HallCase.number)
    )
    found = [(case, cases.item_of(request.db, case)) for case in rows]
    return [
        {"case": case, "item": item, "party": register.get(request.db, case.party_id)}
        for case, item in found
        if item.lead in departments
    ]


def to_inspect(request: Request, departments: list[str]) -> list[dict[str, Any]]:
    """Commitments that these departments inspect."""
    register = request.port(IEnterprises)
    return [
        {"case": case, "task": task, "item": cases.item_of(request.db, case), "party": register.get(request.db, case.party_id)}
        for case, task in tasks.inspections(request.db)
        if task.department in departments
    ]  # fmt: skip


def officer_cards(request: Request) -> list[Card]:
    """How much waits in one's queue."""
    departments = posts.queues(request.db, request.identity.user_id)
    steps = waiting_steps(request, departments)
    deciding = [row for row in to_decide(request, departments) if row["case"].state == "reviewed"]
    late = any(row["light"] in ("red", "yellow") for row in steps)
    inspecting = to_inspect(request, departments)
    note = _("${n} steps, ${m} to decide", mapping={"n": len(steps), "m": len(deciding)})
    tone = "late" if late else "now" if steps or deciding or inspecting else "neutral"
    return [Card(_("My queue in the approval hall"), request.route_path("hall-queue"), note, tone)]
