"""The roster by program (接口): what everybody may read."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.roster import deciding, drawable, reading, service, views
from bidding.roster.models import RosterFirm
from trading.clock import rfc3339
from trading.rulebook.calendar import beijing_date
from trading.web import PUBLIC


@view_config(route_name="api-roster", request_method="GET", renderer="json", permission=PUBLIC)
def firms(request: Request) -> Any:
    """{"firms": […], "found", "page", "pages"}: as the public page narrows them (`q`, `trade`, `band`, `status`, `page`),
    each with why it would not be drawn today."""
    page = views.page_of(request)
    return {
        "firms": [facts(row) | {"bar": told(bar)} for row, bar in page["firms"]],
        "found": page["found"],
        "page": page["page"],
        "pages": page["pages"],
    }


@view_config(route_name="api-roster-firm", request_method="GET", renderer="json", permission=PUBLIC)
def firm(request: Request) -> Any:
    """One firm: every reason that keeps it from being drawn today, decisions, and each change with its reason."""
    row, known, day = views.firm_of(request), views.terms_of(request), beijing_date(request.now())
    judged = reading.firms_of(request.db, request.registry, [row], known)[0][1]
    return facts(row) | {
        "bars": [told(bar) for bar in drawable.bars(judged, day, drawable.Wanted(), known)],
        "exclusions": [
            {"decision": each.decision, "since": each.since.isoformat(), "until": each.until.isoformat(),
             "lifted_on": each.lifted_on.isoformat() if each.lifted_on else None, "evidence": each.evidence}
            for each in deciding.of_party(request.db, row.party)
        ],
        "changes": [
            {"act": each.act, "at": rfc3339(each.at), "reason": each.reason, "author": each.author, "entry": each.entry,
             "evidence": each.evidence, "facts": each.facts}
            for each in service.acts_of(request.db, row)
        ],
    }  # fmt: skip


def facts(row: RosterFirm) -> dict[str, Any]:
    """What the public list tells of a firm."""
    return {
        "firm": row.number,
        "org": row.party.uscc,
        "name": row.party.name,
        "trade": row.trade,
        "band": row.band,
        "grade": row.grade,
        "status": row.status,
    }


def told(bar: drawable.Bar) -> dict[str, str] | None:
    """A reason; null for none."""
    return {"code": bar.code, "rule": bar.rule, "detail": bar.detail} if bar.code else None
