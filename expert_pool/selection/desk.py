"""What drawn committees put on people's desks."""

from __future__ import annotations

from datetime import timedelta

from pyramid.request import Request
from sqlalchemy import func, select

from expert_pool.selection import demanding
from expert_pool.selection.models import Panel, PanelDemand, PanelReplacement
from trading.interfaces import ITenders
from trading.permissions import Permission
from trading.web import Card, _

SHOWN = timedelta(days=30)
"""so long a replacement stays on the regulator's desk"""


def expert_cards(request: Request) -> list[Card]:
    """The way to say in the evaluation room: I am here. The same for every expert, drawn or not."""
    return [Card(_("Arrive at an evaluation"), request.route_path("here"), _("Only in the evaluation rooms"))]


def approval_cards(request: Request) -> list[Card]:
    """Demands that wait for this reader's approval."""
    waiting = select(PanelDemand).where(PanelDemand.approved_at.is_(None)).order_by(PanelDemand.asked_at)
    found = []
    for row in request.db.scalars(waiting):
        tender = request.port(ITenders).find(request.db, row.tender)
        mine = row.asked_by == request.identity.user_id
        open_ = demanding.progress(request.db, row.tender)["state"] in ("demanded", "void", "short")
        if not mine and open_ and request.has_permission(Permission.APPROVE_PANEL, tender):
            address = request.route_path("panel-draw", code=row.tender)
            found.append(Card(request.called(tender), address, _("Approve the draw of the committee"), "now"))
    return found


def demand_cards(request: Request) -> list[Card]:
    """Draws of the reader's tenders that need another demand."""
    found = []
    for code in request.db.scalars(select(PanelDemand.tender).distinct()):
        tender = request.port(ITenders).find(request.db, code)
        if not request.has_permission(Permission.DEMAND_PANEL, tender):
            continue
        state = demanding.progress(request.db, code)["state"]
        if state in ("void", "short"):
            address = request.route_path("panel-draw", code=code)
            found.append(Card(request.called(tender), address, _("The committee is not complete"), "late"))
    return found


def replacement_cards(request: Request) -> list[Card]:
    """Tenders of which a member was replaced while the committee evaluated (M87 49), for the regulator."""
    counted = (
        select(Panel.tender, func.count())
        .join(PanelReplacement, PanelReplacement.panel_id == Panel.id)
        .where(PanelReplacement.at >= request.now() - SHOWN)
        .group_by(Panel.tender)
        .order_by(Panel.tender)
    )
    found = []
    for code, number in request.db.execute(counted):
        tender = request.port(ITenders).find(request.db, code)
        note = _("${number} members replaced in the last 30 days", mapping={"number": number})
        found.append(
            Card(request.called(tender), request.route_path("supervision-trail", code=code), note, "late")
        )
    return found
