"""Pages after an evaluation: ratings and fees of one tender, and an expert's own sessions."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from expert_pool.conduct import deciding, rating, record, statements, words
from expert_pool.conduct.commands import Rate
from expert_pool.conduct.scales import means, the_scales
from expert_pool.experts import service as pool
from trading.errors import Refused
from trading.interfaces import ITenders
from trading.permissions import Permission
from trading.rulebook.calendar import beijing_date
from trading.supervision.case_clocks import the_limits
from trading.web import Form, whole_number

FOLDER = "expert_pool.conduct:templates/"


@view_config(route_name="ratings", renderer=FOLDER + "ratings.jinja2", permission=Permission.RATE_EXPERTS)
def ratings(request: Request) -> Any:
    """The members of the committee, each to be rated once; by seat until their names are published."""
    form = Form(request, Rate)
    if form.posted:
        form.values["points"] = {
            scale.key: whole_number(request.POST.get(scale.key, ""), 0) for scale in the_scales().scales
        }

    def act() -> None:
        given = form.command
        rating.rate(request.db, request.actor, request.identity, request.context, given.seat, given.points,
                    given.comment)  # fmt: skip

    if form.carried_out(act):
        return HTTPSeeOther(request.path)
    rows = record.of_tender(request.db, request.context.code)
    role = rating.role_here(request.identity, request.context, rows)
    if not role:
        raise HTTPForbidden()
    return {
        "tender": request.context,
        "role": role,
        "form": form,
        "scales": the_scales(),
        "words": words,
        "members": [
            (
                row,
                statements.name_for(request.db, row, request.identity),
                rating.given(request.db, row, request.identity.user_id),
            )
            for row in rating.to_rate(request.identity, rows)
        ],
    }


@view_config(
    route_name="fees", request_method="GET", renderer=FOLDER + "fees.jinja2", permission=Permission.SEE_FEES
)
def fees(request: Request) -> Any:
    """The statements of one evaluation; a member sees its own only."""
    found = statements.of_tender(request.db, request.identity, request.context)
    if not found and not statements.sees_all(request.identity, request.context):
        raise HTTPForbidden()
    return {
        "tender": request.context,
        "statements": found,
        "total": sum(each.fee.total for each in found),
        "rules": rules(request, found),
        "words": words,
    }


def rules(request: Request, found: list[statements.Statement]) -> list[tuple[str, str]]:
    """The rates that the statements rest on, with their citation."""
    if not found:
        return []
    book, day = the_limits().book, beijing_date(found[0].sitting.delivered_at)
    names = ("half_hours", "full_hours", "half_day", "full_day", "overtime", "travel")
    return [
        (rule.words(request.locale_name), rule.citation(request.locale_name))
        for rule in (book.rule(f"X20.{name}", day) for name in names)
    ]


@view_config(
    route_name="own-sittings", request_method="GET", renderer=FOLDER + "own.jinja2",
    permission=Permission.OWN_EXPERTISE,
)  # fmt: skip
def own(request: Request) -> Any:
    """An expert's own evaluations with their fees, how it was rated on the whole, and decisions about it."""
    me = request.identity.user_id
    rows = record.of_user(request.db, me)
    made = [statements.statement(request.db, row, request.identity) for row in rows]
    given = rating.of_user(request.db, me)
    record_in_pool = pool.row_of_user(request.db, request.keys, me)
    return {
        "statements": [(each, title(request, each.sitting.tender)) for each in made],
        "means": means(found.points for _row, found in given),
        "count": len(given),
        "scales": the_scales(),
        "decisions": deciding.of_expert(request.db, record_in_pool.number) if record_in_pool else [],
        "words": words,
    }


def title(request: Request, code: str) -> str:
    """A tender's title, or its code when it is no longer here."""
    try:
        found: str = request.called(request.port(ITenders).find(request.db, code))
    except Refused:
        return code
    return found
