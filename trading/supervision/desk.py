"""What waits on desks (待办): the regulator's tenders, cases and late contracts; the buyers' queries and orders;
a supplier's own cases."""

from __future__ import annotations

from pyramid.request import Request

from trading.deals.days import last_day_before
from trading.deals.service import overdue
from trading.interfaces import ITenders
from trading.supervision import case_clocks, cases, docket, orders, service, suspensions
from trading.supervision.words import CASE_STATES
from trading.web import Card, _


def regulator_cards(request: Request) -> list[Card]:
    """All tenders, then what is late: contracts not signed or not published in time (P11)."""
    total = service.tenders(request.db).total
    note = _("${n} tenders, by stage and due date", mapping={"n": total})
    cards = [Card(_("Supervision"), request.route_path("supervision"), note)]
    cards += case_cards(request)
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


def case_cards(request: Request) -> list[Card]:
    """Queries, complaints, orders and ordered suspensions, with the number of those that are late."""
    now = request.now()
    lights = [case_clocks.light_of(request.db, case, now) for case in cases.open_cases(request.db)]
    lights += [docket.order_light(order, now) for order in orders.unanswered(request.db)]
    standing = suspensions.standing(request.db, request.port(ITenders).find, now)
    lights += [each.limit.light for each in standing]
    late, soon = lights.count("red"), lights.count("yellow")
    note = _(
        "${open} open, ${late} overdue, ${soon} soon due",
        mapping={"open": len(lights), "late": late, "soon": soon},
    )
    tone = "late" if late else "now" if soon else "neutral"
    return [Card(_("Queries, complaints, orders"), request.route_path("cases"), note, tone)]


def buyer_cards(request: Request) -> list[Card]:
    """Queries to answer and orders to report on, of one's own tenders."""
    party, cards = request.identity.party_id, []
    waiting = [
        (case.tender, case.due_at, _("Answer a query") if case.kind == "query" else _("Answer an inquiry"))
        for case in cases.open_cases(request.db)
        if case.kind != "complaint"
    ]
    waiting += [
        (order.tender, order.answer_by, _("Report on an order")) for order in orders.unanswered(request.db)
    ]
    for code, due, title in waiting:
        tender = request.port(ITenders).find(request.db, code)
        if party is None or party not in (tender.tenderer_id, tender.agency_id) or due is None:
            continue
        late = request.now() >= due
        note = _("${tender}, due ${time}", mapping={"tender": code, "time": last_day_before(due).isoformat()})
        cards.append(Card(title, request.route_path("queries", code=code), note, "late" if late else "now"))
    return cards


def bidder_cards(request: Request) -> list[Card]:
    """One's own queries and complaints, the newest first."""
    found = cases.own(request.db, request.keys, request.identity.party_id)[:20]
    return [
        Card(
            _("Case ${number}", mapping={"number": case.number}), request.route_path("case", number=case.number),
            CASE_STATES[case.state], "now" if case.state == "answered" else "neutral",
        )
        for case in found
    ]  # fmt: skip
