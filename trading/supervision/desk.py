"""What waits for the regulator (待办): the desk itself, and contracts that are late."""

from __future__ import annotations

from pyramid.request import Request

from trading.deals.days import last_day_before
from trading.deals.service import overdue
from trading.supervision import service
from trading.web import Card, _


def regulator_cards(request: Request) -> list[Card]:
    """All tenders, then what is late: contracts not signed or not published in time (P11)."""
    total = service.tenders(request.db).total
    note = _("${n} tenders, by stage and due date", mapping={"n": total})
    cards = [Card(_("Supervision"), request.route_path("supervision"), note)]
    for contract in overdue(request.db, request.now()):
        signed = contract.signed_at is not None
        title = _("Contract published too late") if signed else _("Contract not signed in time")
        by = contract.publish_by if contract.publish_by is not None else contract.due_at
        note = _(
            "${tender}, due ${time}",
            mapping={"tender": contract.tender, "time": last_day_before(by).isoformat()},
        )
        cards.append(Card(title, request.route_path("supervision-trail", code=contract.tender), note, "late"))
    return cards
