"""Everything that runs in the hall, on one page: the regulator's list of deadlines (时限总览)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from trading.clock import rfc3339
from trading.permissions import Permission
from trading.supervision import deadlines
from trading.supervision.words import LIGHTS

FOLDER = "trading.supervision:templates/"


@view_config(
    route_name="deadlines",
    request_method="GET",
    renderer=FOLDER + "deadlines.jinja2",
    permission=Permission.SUPERVISE,
)
def page(request: Request) -> Any:
    """What is late on top; by light when one is asked for."""
    rows = deadlines.rows(request.db, request.registry, request.now())
    chosen = request.GET.get("light", "")
    shown = [row for row in rows if not chosen or row[1] == chosen]
    return {
        "rows": shown,
        "counts": Counter(row[1] for row in rows),
        "chosen": chosen if chosen in LIGHTS else "",
        "lights": LIGHTS,
        "address": address,
    }


def address(request: Request, deadline: Any) -> str:
    """The page of a deadline, "" for one that has none."""
    return str(request.route_path(deadline.route, **deadline.where)) if deadline.route else ""


@view_config(
    route_name="api-deadlines", request_method="GET", renderer="json", permission=Permission.SUPERVISE
)
def api(request: Request) -> Any:
    """The same for programs."""
    rows = deadlines.rows(request.db, request.registry, request.now())
    return {
        "deadlines": [
            {
                "key": each.key, "subject": each.subject, "title": each.title,
                "step": request.localizer.translate(each.step), "department": each.department, "kind": each.kind,
                "light": light, "started": rfc3339(each.started), "tender": each.tender, "rule": each.rule,
                "certainty": each.certainty, "due": rfc3339(due.red) if due else None,
                "last_day": due.last_day.isoformat() if due and due.last_day else None,
            }
            for each, light, due in rows
        ]
    }  # fmt: skip
