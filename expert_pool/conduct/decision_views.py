"""The pool office's and the regulator's pages: what is worth a look, one expert's record, decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from expert_pool.conduct import deciding, rating, record, words
from expert_pool.conduct.commands import Decide
from expert_pool.conduct.indicators import ALIKE, FAVOURS, Call, Indicator, Limits
from expert_pool.conduct.scales import means, the_scales
from expert_pool.conduct.views import FOLDER, title
from expert_pool.experts import service as pool
from expert_pool.experts.looking import looked
from expert_pool.experts.models import Expert
from expert_pool.experts.person import PoolExpert
from expert_pool.experts.service import Evidence
from expert_pool.experts.views import attached
from expert_pool.experts.words import STATUSES
from trading.accounts.models import User
from trading.errors import Refused
from trading.parties.models import Party
from trading.permissions import Permission
from trading.rulebook.calendar import beijing_date
from trading.web import Form


@view_config(
    route_name="conduct",
    request_method="GET",
    renderer=FOLDER + "conduct.jinja2",
    permission=Permission.SEE_POOL,
)
def conduct(request: Request) -> Any:
    """Experts in whose record something is worth a look, and suspensions in force."""
    looked(request.db, request.actor, "pool/conduct")
    rows, calls = [], record.all_calls(request.db, request.keys)
    sat = record.who_sat(request.db)
    for person in pool.people_shown(request.db, request.keys, request.now()):
        if person.status != "suspended" and person.user_id not in sat and person.number not in calls:
            continue
        found = [each for each in indicators_of(request, person, calls) if each.notable]
        last = deciding.standing_decision(request.db, person.number)
        held = last if last and deciding.in_force(request.db, last) else None
        if found or held:
            rows.append((person, found, held))
    return {"rows": rows, "words": words, "statuses": STATUSES}


def indicators_of(
    request: Request, person: PoolExpert, calls: Mapping[str, Sequence[Call]] | None = None
) -> list[Indicator]:
    """The indicators of one person; `calls` when they have been read already."""
    if person.user_id is None:
        return []
    known = record.all_calls(request.db, request.keys) if calls is None else calls
    return record.judged(request.db, person.user_id, known.get(person.number, ()), Limits())


@view_config(
    route_name="conduct-expert", request_method="GET", renderer=FOLDER + "expert.jinja2",
    permission=Permission.SEE_POOL,
)  # fmt: skip
def expert(request: Request) -> Any:
    """One expert's record: ratings, indicators with their evidence, decisions."""
    row = the_expert(request)
    looked(request.db, request.actor, f"pool/{row.number}/conduct")
    return record_page(request, row, Form(request, Decide))


@view_config(
    route_name="conduct-expert", request_method="POST", renderer=FOLDER + "expert.jinja2",
    permission=Permission.DECIDE_CONDUCT,
)  # fmt: skip
def decide(request: Request) -> Any:
    """Warn, suspend, remove."""
    row, form = the_expert(request), Form(request, Decide)

    def act() -> None:
        carry_out(request, row, form.command, attached(request))

    if form.carried_out(act):
        return HTTPSeeOther(request.path)
    return record_page(request, row, form)


def carry_out(request: Request, row: Expert, command: Decide, evidence: Evidence) -> None:
    """A decision, with those indicators that it names as they are now."""
    person = pool.read(request.keys, row)
    named = [each for each in indicators_of(request, person) if each.code in command.grounds]
    deciding.decide(
        request.db, request.keys, request.actor, row.number, command.decision, command.reason, evidence,
        until=command.until, grounds=named,
    )  # fmt: skip


def the_expert(request: Request) -> Expert:
    try:
        return pool.by_number(request.db, request.matchdict["number"])
    except Refused:
        raise HTTPNotFound() from None


def record_page(request: Request, row: Expert, form: Form) -> dict[str, Any]:
    person = pool.one_shown(request.db, request.keys, row)
    given = rating.of_user(request.db, person.user_id) if person.user_id else []
    sat = record.named(record.of_user(request.db, person.user_id)) if person.user_id else []
    return {
        "person": person,
        "status": STATUSES[person.status],
        "form": form,
        "indicators": [(each, about(request, each)) for each in indicators_of(request, person)],
        "ratings": given,
        "means": means(found.points for _row, found in given),
        "scales": the_scales(),
        "sittings": [(each, title(request, each.tender)) for each in sat],
        "decisions": [
            (each, request.db.get_one(User, each.decided_by).name)
            for each in deciding.of_expert(request.db, row.number)
        ],
        "may_decide": request.has_permission(Permission.DECIDE_CONDUCT),
        "today": beijing_date(request.now()),
        "words": words,
    }


def about(request: Request, found: Indicator) -> str:
    """Whom an indicator is about, by name."""
    if found.code == FAVOURS:
        party = request.db.query(Party).filter(Party.uscc == found.about).first()
        return party.name if party else found.about
    return request.db.get_one(User, found.about).name if found.code == ALIKE else ""
