"""The page of a case: tracking for its applicant (on a phone too), the whole of it for whoever works on it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from plugins.approval_hall import cases, limits, reading, words
from plugins.approval_hall.case_acts import ACTS
from plugins.approval_hall.catalogue import flow
from plugins.approval_hall.catalogue.item import Item, kinds, modes
from plugins.approval_hall.handling import ceilings, clocks, revoking, tasks
from plugins.approval_hall.handling.deciding import spent_days
from plugins.approval_hall.intake import commitment, gaps
from plugins.approval_hall.intake.completeness import promisable
from plugins.approval_hall.intake.service import wanting
from plugins.approval_hall.lifecycle import OVER
from plugins.approval_hall.models import HallCase, HallIssued
from plugins.approval_hall.papers import documents
from plugins.approval_hall.staff import granting, posts, powers
from plugins.approval_hall.uploads import unpadded
from trading.errors import Fault, Refused
from trading.interfaces import IAccounts, IEnterprises
from trading.periods import light, the_calendar

FOLDER = "plugins.approval_hall:templates/"
ORDER = ("draft", "prefiled", "accepted", "reviewed", "decided", "closed")


@view_config(route_name="hall-case", request_method="GET", permission="hall-read")
def case(request: Request) -> Response:
    """Where a case stands; after an attempt to hand it in, what is wrong with its words."""
    found = request.context.case
    faults = wanting(cases.item_of(request.db, found), found) if request.GET.get("check") else []
    return page(request, tuple(faults), "submit")


@view_config(route_name="hall-case-act", request_method="POST", permission="hall-read")
def act(request: Request) -> Response:
    """One act on a case; a refusal is shown on its page, and nothing of it is done."""
    chosen = ACTS.get(request.matchdict["act"])
    if chosen is None or not request.has_permission(chosen.permission):
        raise HTTPNotFound()
    found = request.context.case
    saved = request.db.begin_nested()
    try:
        chosen.carry_out(request, found)
    except Refused as refused:
        saved.rollback()
        response = page(request, refused.faults, request.matchdict["act"])
        response.status = 422
        return response
    saved.commit()
    return HTTPSeeOther(request.route_path("hall-case", number=found.number))


def page(request: Request, faults: tuple[Fault, ...], tried: str = "") -> Response:
    """The page for this reader."""
    found = request.context.case
    reader = reading.reads_as(request)
    template = "tracking.jinja2" if reader == "applicant" else "case.jinja2"
    return render_to_response(
        FOLDER + template, {**parts(request, found), "faults": faults, "tried": tried}, request
    )


def parts(request: Request, found: HallCase) -> dict[str, Any]:
    """Everything that both pages show."""
    item, rows, now = cases.item_of(request.db, found), cases.materials(request.db, found), request.now()
    later, never = promisable(item, cases.papers(rows))
    return {
        "case": found, "item": item, "words": words, "kinds": kinds(), "modes": modes(), "now": now,
        "party": request.port(IEnterprises).get(request.db, found.party_id),
        "materials": [(material, rows[material.key]) for material in item.materials if material.key in rows],
        "later": later, "never": never, "steps": lines(request, found, item), "documents": documents.of_case(request.db, found),
        "pauses": cases.pauses(request.db, found), "grounds": limits.grounds(), "spent": spent_days(request.db, found),
        "light": case_light(request, found, item), "shown_day": limits.shown_day, "progress": progress(found),
        "over": found.state in OVER, "parallel": flow.parallel(item), "serial": flow.serial(item), **mine(request, found, item),
        "to_sign": unpadded(gaps.promise_bytes(request.db, request.registry, found)) if later and found.state in ("draft", "prefiled", "supplementing") else "",
        **followed(request, found, item),
        "certificates": ",".join(request.port(IAccounts).certificates(request.db, request.identity.user_id, now)),
    }  # fmt: skip


def followed(request: Request, found: HallCase, item: Item) -> dict[str, Any]:
    """Ceilings, tasks, what may be committed to, and why the case may be revoked."""
    days, now, accounts = the_calendar(), request.now(), request.port(IAccounts)
    instead = commitment.replaced(request.db, found, item)
    signed = commitment.commitment_bytes(request.db, request.registry, found) if instead else b""
    return {
        "natural": ceilings.whole(found, item, days, now),
        "phases": ceilings.stages(found, item, cases.steps(request.db, found), days, now),
        "tasks": [
            (task, accounts.get(request.db, task.user_id) if task.user_id else None)
            for task in tasks.of_case(request.db, found)
        ],
        "to_commit": unpadded(signed) if signed else "",
        "replaced": "、".join(item.material(key).name.of(request.locale_name) for key in instead),
        "revocable": revoking.grounds(request.db, found) if found.state in revoking.FROM else [],
    }


def mine(request: Request, found: HallCase, item: Item) -> dict[str, Any]:
    """What whoever reads may do as one of a department: whose queue it is, what the letter of authority says."""
    user = request.identity.user_id
    held = posts.departments_of(request.db, user)
    matrix, version = granting.standing(request.db, item.lead, user)
    lead = held.get(item.lead, set())
    decides = posts.HEAD in lead or (
        posts.REPRESENTATIVE in lead and powers.may(matrix, found.kind, powers.DECIDE)
    )
    return {
        "queues": posts.queues(request.db, user), "leads": bool(lead), "decides": decides, "letter_version": version,
        "represents": posts.REPRESENTATIVE in lead and not decides,
        "prereviews": powers.may(matrix, found.kind, powers.PRE_REVIEW),
    }  # fmt: skip


def lines(request: Request, found: HallCase, item: Item) -> list[dict[str, Any]]:
    """Every step of the item: as it stands, or still waiting."""
    there = {step.key: step for step in cases.steps(request.db, found)}
    accounts, now, days = request.port(IAccounts), request.now(), the_calendar()
    made = []
    for stage in item.stages:
        for step in stage.steps:
            row = there.get(step.key)
            lit = ""
            if row is not None:
                clock = limits.clock(
                    row.started_at, row.days, limits.pauses_from(cases.pauses(request.db, found, row))
                )
                lit = light(clock, days, now, row.ended_at)
            made.append(
                {
                    "step": step, "stage": stage, "row": row, "light": lit, "state": row.state if row else "waiting",
                    "department": item.department(step.department, request.locale_name),
                    "by": accounts.get(request.db, row.by_id) if row and row.by_id else None,
                }
            )  # fmt: skip
    return made


def case_light(request: Request, found: HallCase, item: Item) -> str:
    """The light of the promised time of the whole case; "" before it is accepted."""
    if found.accepted_at is None:
        return ""
    clock = limits.clock(
        found.accepted_at, found.promised, limits.pauses_from(clocks.stopping(request.db, found, item))
    )
    return light(clock, the_calendar(), request.now(), found.decided_at or found.closed_at)


def progress(found: HallCase) -> list[tuple[Any, str]]:
    """The steps of a life for the bar at the top: done, now, next."""
    state = "prefiled" if found.state in ("supplementing", "returned") else found.state
    at = ORDER.index(state) if state in ORDER else -1
    called = [words.STATES[each][0] for each in ORDER]
    return [
        (called[index], "done" if index < at or found.state == "closed" else "now" if index == at else "next")
        for index in range(len(ORDER))
    ]


def document_path(request: Request, row: HallIssued) -> str:
    """Where a document's PDF is."""
    return str(request.route_path("hall-issued", token=row.token))
