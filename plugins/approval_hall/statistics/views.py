"""The statistics of a period as page, spreadsheet, JSON and printed circular (统计、通报)."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from plugins.approval_hall.statistics import counting, loading, sheet
from plugins.approval_hall.statistics.counting import Period, Statistics
from plugins.approval_hall.statistics.words import COUNTS, HELD, SHARES
from trading.errors import Refused
from trading.periods import beijing_date, the_calendar
from trading.web import Card, _

FOLDER = "plugins.approval_hall.statistics:templates/"
SEE, LOAD = "hall-statistics", "hall-manage"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def asked(request: Request) -> Period:
    """The period that was asked for, this month without one; what cannot be read is this month too."""
    today = beijing_date(request.now())
    try:
        first, last = (date.fromisoformat(request.GET[name]) for name in ("from", "until"))
    except (KeyError, ValueError):
        return Period.of_month(today.year, today.month)
    if not all(loading.YEARS[0] <= day.year <= loading.YEARS[1] for day in (first, last)):
        return Period.of_month(today.year, today.month)
    return Period(first, last) if first <= last else Period(last, first)


def counted(request: Request) -> Statistics:
    return counting.count(request.db, asked(request), the_calendar())


def page_values(request: Request) -> dict[str, Any]:
    found = counted(request)
    days = {"from": found.period.first.isoformat(), "until": found.period.last.isoformat()}
    items = [(found.names[code][0], counts) for code, counts in found.items.items()]
    return {
        "found": found,
        "named_items": items,
        "counts": COUNTS,
        "shares": SHARES,
        "held": HELD,
        "days": days,
        "may_load": request.has_permission(LOAD),
    }


@view_config(
    route_name="hall-statistics", request_method="GET", renderer=FOLDER + "statistics.jinja2", permission=SEE
)
def page(request: Request) -> Any:
    """Counts and shares of all, of each department, of each item."""
    return page_values(request) | {"faults": [], "loaded": request.GET.get("loaded", "")}


@view_config(
    route_name="hall-statistics",
    request_method="POST",
    renderer=FOLDER + "statistics.jinja2",
    permission=LOAD,
)
def load(request: Request) -> Any:
    """Take in the cases of an earlier system."""
    given = request.POST.get("file")
    data = given.file.read() if hasattr(given, "file") else b""
    try:
        number = loading.load(
            request.db, request.registry, request.actor, data, request.POST.get("applicant", "").strip()
        )
    except Refused as refused:
        request.response.status = 422
        return page_values(request) | {"faults": refused.faults, "loaded": ""}
    return HTTPSeeOther(request.route_path("hall-statistics", _query={"loaded": number}))


@view_config(
    route_name="hall-bulletin", request_method="GET", renderer=FOLDER + "bulletin.jinja2", permission=SEE
)
def bulletin(request: Request) -> Any:
    """The circular to print: departments ranked by what they closed early and late."""
    values = page_values(request)
    ranked = sorted(
        values["found"].departments.items(),
        key=lambda row: (row[1].late, -(row[1].shares["early"].exact or 0), row[0]),
    )
    return values | {"ranked": ranked, "today": beijing_date(request.now())}


@view_config(route_name="hall-statistics-sheet", request_method="GET", permission=SEE)
def spreadsheet(request: Request) -> Response:
    """The same as .xlsx."""
    found, say = counted(request), request.localizer.translate
    heading = [say(words) for words in COUNTS.values()]
    total = found.total.shares
    shares = [
        [say(SHARES[name][0]), share.percent(), share.part, share.whole, say(SHARES[name][1])]
        for name, share in total.items()
    ]
    labelled = {f"{found.names[code][0]} ({code})": counts for code, counts in found.items.items()}
    data = sheet.workbook(
        [
            (
                say(_("Shares")),
                [say(_("Figure")), "%", say(_("part")), say(_("whole")), say(_("of what"))],
                shares,
            ),
            (
                say(_("By department")),
                [say(_("Department")), *heading],
                sheet.counts_rows(found.departments, list(COUNTS)),
            ),
            (
                say(_("By item")),
                [say(_("Item of the catalogue")), *heading],
                sheet.counts_rows(labelled, list(COUNTS)),
            ),
        ]
    )
    response = Response(body=data, content_type=XLSX)
    name = f"hall-{found.period.first:%Y%m%d}-{found.period.last:%Y%m%d}.xlsx"
    response.content_disposition = f'attachment; filename="{name}"'
    return response


@view_config(route_name="api-hall-statistics", request_method="GET", renderer="json", permission=SEE)
def api(request: Request) -> Any:
    """The same for programs: every share with its part and whole."""
    found = counted(request)

    def told(counts: counting.Counts) -> dict[str, Any]:
        shares = {
            name: {"percent": share.percent(), "part": share.part, "whole": share.whole}
            for name, share in counts.shares.items()
        }
        return {"counts": {name: getattr(counts, name) for name in COUNTS}, "shares": shares}

    return {
        "from": found.period.first.isoformat(), "until": found.period.last.isoformat(), "working_days": found.working_days,
        "accepted_a_day": found.accepted_a_day, **told(found.total),
        "departments": {name: told(counts) for name, counts in found.departments.items()},
        "items": {code: {"name": found.names[code][0]} | told(counts) for code, counts in found.items.items()},
        "parallel": [
            {"item": each.item, "series": each.series, "together": each.together, "saved": each.series - each.together,
             "percent": each.saved.percent(), "closed": each.closed}
            for each in found.parallel
        ],
        "catalogue": {
            name: {"before": share.whole, "after": share.whole - share.part, "percent": share.percent()}
            for name, share in found.catalogue_cuts.items()
        } | {"revisions": found.revisions},
        "slow": [{"item": code, "name": name, "promised": days} for code, name, days in found.slow],
        "still": [
            {"item": row.item, "before": row.before, "ceiling": row.ceiling, "percent": row.saved.percent(), "cases": row.cases,
             "timed": row.timed, "untimed": row.untimed, "above": row.above}
            for row in found.still
        ],
        "green": {"cases": found.green[0], "usual": found.green[1].whole, "saved": found.green[1].part, "percent": found.green[1].percent()},
        "fees": {"number": found.total.fees, "yuan": found.total.yuan, "ten_thousands": found.total.ten_thousands},
    }  # fmt: skip


@view_config(route_name="api-hall-loading", request_method="POST", renderer="json", permission=LOAD)
def api_load(request: Request) -> Any:
    """The file as the body (CSV, UTF-8), `?applicant=` for rows without one → 201 {"cases"}."""
    number = loading.load(
        request.db, request.registry, request.actor, request.body, request.GET.get("applicant", "")
    )
    request.response.status = 201
    return {"cases": number}


def cards(request: Request) -> list[Card]:
    """The month so far."""
    return [
        Card(
            _("Statistics of the approval hall"),
            request.route_path("hall-statistics"),
            _("Counts and shares, from the cases"),
        )
    ]
