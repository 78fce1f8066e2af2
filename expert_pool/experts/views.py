"""The pool office's pages (专家库管理): the list, a record with its history, taking in, standing, training.

Who is in the pool is shown to the pool office and the regulator only, and each look is a ledger entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from expert_pool.experts import limits, payment, service, standing, training, words
from expert_pool.experts.commands import ChangedExpert, ChangeStanding, NewExpert, TookCourse
from expert_pool.experts.drawable import why_not
from expert_pool.experts.looking import looked, looked_apart
from expert_pool.experts.models import Expert
from expert_pool.experts.person import STATUSES, PoolExpert
from expert_pool.experts.service import POOL, Evidence
from expert_pool.experts.specialities import catalogue, path_of, with_levels
from trading.accounts.models import User
from trading.clock import BEIJING
from trading.errors import Refused
from trading.permissions import Permission
from trading.supervision import papers
from trading.web import Form, whole_number

FOLDER = "expert_pool:experts/templates/"
PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to: part of a name, number or employer, a state, a speciality of any level."""

    text: str
    status: str
    speciality: str

    def fits(self, person: PoolExpert) -> bool:
        told = (person.name, person.number, person.employer_name, person.employer)
        return (
            any(self.text in text for text in told)
            and self.status in ("", person.status)
            and (not self.speciality or self.speciality in with_levels(person.specialities))
        )


def wanted(request: Request) -> Wanted:
    """What was asked for; what is no state or speciality is not looked for."""
    asked = {name: request.params.get(name, "") for name in ("status", "speciality")}
    return Wanted(
        request.params.get("q", "").strip()[:60],
        asked["status"] if asked["status"] in STATUSES else "",
        asked["speciality"] if asked["speciality"] in catalogue() else "",
    )


@view_config(
    route_name="pool", request_method="GET", renderer=FOLDER + "pool.jinja2", permission=Permission.SEE_POOL
)
def pool(request: Request) -> Any:
    """The list, narrowed and in pages."""
    asked, now, known = wanted(request), request.now(), limits.current(request.db)
    everybody = service.people_shown(request.db, request.keys, now)
    people = [person for person in everybody if asked.fits(person)]
    looked(request.db, request.actor, "pool")
    day = now.astimezone(BEIJING).date()
    page = max(whole_number(request.params.get("page", ""), 1), 1)
    shown = people[(page - 1) * PAGE : page * PAGE]
    return {
        "people": [(person, why_not(person, day, known)) for person in shown],
        "found": len(people),
        "wanted": asked,
        "page": page,
        "pages": max(1, -(-len(people) // PAGE)),
        "statuses": words.STATUSES,
        "reasons": words.REASONS,
        "specialities": [(code, line.level, line.named(request.locale_name)) for code, line in catalogue().items()],
    }  # fmt: skip


# --- one record -----------------------------------------------------------------------------------


def the_expert(request: Request) -> Expert:
    """The record of the address."""
    try:
        return service.by_number(request.db, request.matchdict["number"])
    except Refused:
        raise HTTPNotFound() from None


def to_record(request: Request, row: Expert) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path("pool-expert", number=row.number))


def attached(request: Request) -> Evidence:
    """The uploaded evidence; without bytes when nothing was attached."""
    upload = request.POST.get("evidence")
    if not hasattr(upload, "file"):
        return Evidence("", b"")
    return Evidence(upload.filename or "", upload.file.read(papers.LARGEST + 1))


@view_config(
    route_name="pool-expert",
    request_method="GET",
    renderer=FOLDER + "expert.jinja2",
    permission=Permission.SEE_POOL,
)
def record_page(request: Request) -> Any:
    """A record with its history."""
    row = the_expert(request)
    looked(request.db, request.actor, f"pool/{row.number}")
    return record_of(request, row, Form(request, ChangeStanding), Form(request, TookCourse))


def record_of(request: Request, row: Expert, act: Form, exam: Form) -> dict[str, Any]:
    person, known = service.one_shown(request.db, request.keys, row), limits.current(request.db)
    return {
        "person": person,
        "admitted_at": row.admitted_at,
        "reason": why_not(person, today(request), known),
        "paths": [path_of(code, request.locale_name) for code in person.specialities],
        "account": request.db.get(User, person.user_id) if person.user_id else None,
        "history": service.acts_of(request.db, request.keys, row),
        "exams": training.exams(request.db, row),
        "courses": [(course.code, course.title) for course in training.courses(request.db)],
        "payment": payment.on_file(request.db, row),
        "acts": standing.possible(person.status),
        "limits": known,
        "today": today(request),
        "form": act,
        "exam": exam,
        "words": words,
    }


def today(request: Request) -> Any:
    return request.now().astimezone(BEIJING).date()


@view_config(route_name="pool-standing", renderer=FOLDER + "expert.jinja2", permission=Permission.MANAGE_POOL)
def change_standing(request: Request) -> Any:
    """Suspend, reinstate, let go, take in again."""
    row, form = the_expert(request), Form(request, ChangeStanding)
    if not form.posted:
        return to_record(request, row)

    def act() -> None:
        service.change_standing(
            request.db,
            request.keys,
            request.actor,
            row,
            form.command.act,
            form.command.reason,
            attached(request),
        )

    if form.carried_out(act):
        return to_record(request, row)
    looked_apart(request, f"pool/{row.number}")
    return record_of(request, row, form, Form(request, TookCourse, {}))


@view_config(route_name="pool-training", renderer=FOLDER + "expert.jinja2", permission=Permission.MANAGE_POOL)
def took_course(request: Request) -> Any:
    """An exam that the person took."""
    row, form = the_expert(request), Form(request, TookCourse)
    if not form.posted or form.carried_out(
        lambda: training.took(request.db, request.actor, row, form.command)
    ):
        return to_record(request, row)
    looked_apart(request, f"pool/{row.number}")
    return record_of(request, row, Form(request, ChangeStanding), form)


@view_config(route_name="pool-evidence", request_method="GET", permission=Permission.SEE_POOL)
def evidence(request: Request) -> Response:
    """A file that an act rests on."""
    found = papers.find(request.db, POOL, request.matchdict["sha256"])
    if found is None:
        raise HTTPNotFound()
    looked(request.db, request.actor, f"pool/evidence/{found.sha256}")
    response = Response(body=papers.read(request.keys, found)[1], content_type="application/octet-stream")
    response.content_disposition = f'attachment; filename="{found.sha256[:16]}"'
    return response


# --- taking in and putting right ------------------------------------------------------------------


@view_config(route_name="pool-new", renderer=FOLDER + "form.jinja2", permission=Permission.MANAGE_POOL)
def new(request: Request) -> Any:
    """Take somebody in."""
    form = Form(request, NewExpert, {"region": request.registry.settings["hall.region"], "specialities": []})
    if form.valid():
        try:
            row = service.admit(request.db, request.keys, request.actor, form.command, attached(request))
        except Refused as refused:
            form.refuse(refused)
        else:
            return to_record(request, row)
    return form_page(request, form, None)


@view_config(route_name="pool-change", renderer=FOLDER + "form.jinja2", permission=Permission.MANAGE_POOL)
def change(request: Request) -> Any:
    """Put a record right."""
    row = the_expert(request)
    person = service.read(request.keys, row)
    account = request.db.get(User, person.user_id) if person.user_id else None
    initial = {name: getattr(person, name) for name in ChangedExpert.model_fields if hasattr(person, name)}
    initial |= {
        "login": account.login if account else "",
        "official_of": ";".join(person.official_of),
        "specialities": list(person.specialities),
    }
    form = Form(request, ChangedExpert, initial)
    if not form.posted:
        looked(request.db, request.actor, f"pool/{row.number}")

    def act() -> None:
        command = form.command
        service.change(
            request.db, request.keys, request.actor, row, command, command.reason, attached(request)
        )

    if form.carried_out(act):
        return to_record(request, row)
    return form_page(request, form, row.number)


def form_page(request: Request, form: Form, number: str | None) -> dict[str, Any]:
    lines = [line for line in catalogue().values() if line.level != 2]
    return {"form": form, "number": number, "labels": words.LABELS, "lines": lines}
