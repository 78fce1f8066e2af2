"""The deadlines of queries, complaints and orders (质疑、投诉、监管决定时限), and the lights of all that run in the hall."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from trading.deadlines import Deadline, Threshold, everything, instants, light, of_tender
from trading.interfaces import ITenders
from trading.rulebook import here
from trading.rulebook.calendar import beijing_date
from trading.rulebook.clocks import Due, Light
from trading.supervision import case_clocks, cases, orders, suspensions
from trading.supervision.models import Case, Order
from trading.web import _

STEPS = {
    "answer": _("Answer to a query"), "inquiry": _("Answer to an inquiry"), "accept": _("Complaint to be taken up or refused"),
    "decide": _("Decision on a complaint"),
}  # fmt: skip
URGENT = {"red": 0, "yellow": 1, "green": 2, "paused": 3, "done": 4}
Row = tuple[Deadline, Light, Due | None]


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """Of open cases (who filed them is told to nobody), of orders to report on, of ordered suspensions."""
    find = registry.getUtility(ITenders).find
    found = [of_case(session, find(session, case.tender), case) for case in cases.open_cases(session)]
    found += [of_order(find(session, order.tender), order) for order in orders.unanswered(session)]
    found += [of_suspension(each) for each in suspensions.standing(session, find, now)]
    return [each for each in found if each is not None]


def of_case(session: Session, tender: Any, case: Case) -> Deadline | None:
    """What its buyers owe, or, for a complaint, the authority."""
    found = case_clocks.running(session, case)
    if found is None:
        return None
    step, started, pauses = found
    rule = case_clocks.the_limits().rule(case.track, step, beijing_date(started))  # type: ignore[arg-type]
    owing = {"department": tender.agency.name, "party_id": tender.agency_id}
    if case.kind == "complaint":
        owing = {"department": case.department, "party_id": None}
    return of_tender(
        tender, STEPS[step], started, rule, pauses=pauses, key=f"case/{case.number}/{step}", subject=case.number,
        route="case", where={"number": case.number}, **owing,
    )  # fmt: skip


def of_order(tender: Any, order: Order) -> Deadline:
    """The buyers' report; the officer named its day."""
    return of_tender(
        tender, _("Report on an order"), order.issued_at or order.made_at, due=order.answer_by, item="order.report",
        key=f"order/{order.number}", subject=order.number, route="order", where={"number": order.number},
        department=tender.agency.name, party_id=tender.agency_id, rule=order.article,
    )  # fmt: skip


def of_suspension(each: suspensions.Suspension) -> Deadline:
    """How long the authority may let a procedure stand still."""
    rule, started = each.limit.rule, each.tender.suspended_at
    return of_tender(
        each.tender, _("End of an ordered suspension"), started, rule, department=each.order.department, party_id=None,
        key=f"tender/{each.tender.code}/{rule.id}/{each.order.number}",
        route="supervision-trail",
    )  # fmt: skip


def rows(session: Session, registry: Any, now: datetime) -> list[Row]:
    """What runs in all rooms with its lights, what is late on top."""
    calendar, default = here.calendar(), Threshold()
    found = [
        (each, light(each, calendar, now), instants(each, calendar, default))
        for each in everything(session, registry, now)
    ]
    return sorted(found, key=lambda row: (URGENT[row[1]], row[2].red if row[2] else now, row[0].key))
