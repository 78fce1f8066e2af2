"""Where one can go from a tender's page: what this reader may do here, at this stage."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyramid.request import Request

from bidding.tenders.models import Tender
from trading.permissions import Permission
from trading.web import _


class Link(NamedTuple):
    """A button; `main` for the one thing to do now."""

    title: Any
    href: str
    main: bool


AFTER_CLOSE = ("closed", "opening", "opened", "evaluating", "evaluated", "result_published", "awarded", "contracted", "failed")
EVALUATION = ("opened", "evaluating", "evaluated")


def links(request: Request, tender: Tender) -> list[Link]:
    """The buttons, in the order of the procedure. A room that is not installed has none."""
    state, may = tender.state, request.has_permission
    before = state == "published"
    rows = [
        ("bid", _("Bid for this tender"), before and (request.identity is None or bool(may(Permission.BID))), before),
        ("opening", _("Opening hall"), before or state in AFTER_CLOSE, state in ("closed", "opening")),
        ("evaluation", _("Evaluation"), state in EVALUATION and (may(Permission.EVALUATE) or may(Permission.MANAGE_TENDER)), True),
        ("award", _("Result and award"), state in AFTER_CLOSE[4:] and may(Permission.DECIDE_AWARD), True),
        ("tender-downloads", _("Who took the documents"), not before and may(Permission.MANAGE_TENDER), False),
        ("trail", _("Trail of this tender"), may(Permission.SUPERVISE), False),
    ]
    found = [(address(request, name, tender), title, main) for name, title, shown, main in rows if shown]
    return [Link(title, href, main) for href, title, main in found if href]


def address(request: Request, route: str, tender: Tender) -> str:
    """The route's path for this tender, "" when no room has it."""
    try:
        return str(request.route_path(route, code=tender.code))
    except KeyError:
        return ""
