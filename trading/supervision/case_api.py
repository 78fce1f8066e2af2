"""The JSON interface of cases and orders (bearer key); dates are days in Beijing."""

from __future__ import annotations

import base64
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.view import view_config

from trading.clock import rfc3339
from trading.permissions import Permission
from trading.supervision import acts, case_clocks, commands, docket, orders
from trading.supervision.case_views import day_of, may_read
from trading.supervision.limits import TRACKS, worked
from trading.supervision.models import Case, Order
from trading.web import PUBLIC, read_json, whole_number


def add_case_acts(config: Configurator) -> None:
    """POST /api/cases/{number}/{act} for each act on a case."""
    for name, act in acts.CASE_ACTS.items():
        config.add_view(
            doing(name), route_name=f"api-case-{name}", request_method="POST", permission=act.permission,
            renderer="json",
        )  # fmt: skip


def doing(name: str) -> Any:
    act = acts.CASE_ACTS[name]

    def view(request: Request) -> Any:
        """Do the act; answers with the case (a complaint: the new one)."""
        made = act.do(request, request.context.case, read_json(request, act.command))
        return facts(request, made if isinstance(made, Case) else request.context.case)

    return view


def facts(request: Request, case: Case) -> dict[str, Any]:
    """A case as the docket shows it."""
    row = docket.row(request.db, case, request.now())
    return {
        "number": case.number, "kind": case.kind, "tender": case.tender, "track": case.track, "stage": case.stage,
        "state": case.state, "query": row.parent, "department": case.department, "kept_by": case.kept_by,
        "filed": rfc3339(case.filed_at), "file_until": case.file_until.isoformat(),
        "due": row.due.isoformat() if row.due else None, "light": row.light,
        "closed": rfc3339(case.closed_at) if case.closed_at else None, "decision": case.decision,
        "words": case.words, "document": case.document,
    }  # fmt: skip


def order_facts(order: Order) -> dict[str, Any]:
    """An order as everybody may read it."""
    return {
        "number": order.number, "tender": order.tender, "order": order.kind, "authority": order.department,
        "reason": order.reason, "article": order.article, "document": order.document, "case": order.case_number,
        "issued": rfc3339(order.issued_at) if order.issued_at else None,
        "answer_by": rfc3339(order.answer_by) if order.answer_by else None,
        "answered": rfc3339(order.answered_at) if order.answered_at else None, "answer": order.answer,
    }  # fmt: skip


@view_config(route_name="api-docket", renderer="json", permission=PUBLIC)
def api_docket(request: Request) -> Any:
    """The docket, the newest first: `?q=&page=`."""
    page = request.GET.get("page", "1")
    found = docket.docket(
        request.db,
        request.now(),
        text=request.GET.get("q", "")[:100],
        page=whole_number(page, 1),
    )
    return {
        "total": found.total, "page": found.page, "pages": found.pages,
        "cases": [facts(request, row.case) for row in found.rows],
        "orders": [order_facts(order) for order in orders.issued(request.db)[:100]],
    }  # fmt: skip


@view_config(route_name="api-limits", renderer="json", permission=PUBLIC)
def api_limits(request: Request) -> Any:
    """`?track=procurement&known=2026-05-11&received=2026-05-20`: until when, by which article."""
    track = request.GET.get("track", TRACKS[0])
    track = track if track in TRACKS else TRACKS[0]
    known = day_of(request.GET.get("known", ""), request.now().date())
    found = worked(case_clocks.the_limits(), track, known, day_of(request.GET.get("received", ""), known))
    return {
        name: {"until": limit.last_day.isoformat() if limit.last_day else None,
               "article": f"{limit.rule.instrument} {limit.rule.article}", "certain": limit.certain}
        for name, limit in found.items()
    }  # fmt: skip


@view_config(
    route_name="api-queries", request_method="POST", renderer="json", permission=Permission.FILE_QUERY
)
def file_query(request: Request) -> Any:
    """{"stage", "matters": "one a line", "request", "paper_name", "paper": base64url} → 201."""
    made = acts.file_query(request, read_json(request, commands.FileQuery))
    request.response.status = 201
    return facts(request, made)


@view_config(route_name="api-case", renderer="json", permission=Permission.OWN_ACCOUNT)
def case(request: Request) -> Any:
    """A case for its parties and the authority."""
    may_read(request)
    return facts(request, request.context.case)


@view_config(
    route_name="api-orders", request_method="POST", renderer="json", permission=Permission.ISSUE_ORDER
)
def prepare_order(request: Request) -> Any:
    """{"order", "reason", "article", "case", "answer_by", "paper_name", "paper"} → 201 with the bytes to sign."""
    made = acts.prepare_order(request, read_json(request, commands.IssueOrder))
    request.response.status = 201
    raw = base64.urlsafe_b64encode(made.raw).rstrip(b"=").decode()
    return order_facts(made) | {"raw": raw}


@view_config(
    route_name="api-order", request_method="POST", renderer="json", permission=Permission.ISSUE_ORDER
)
def issue_order(request: Request) -> Any:
    """{"order_cms": base64url}: the signature makes it an order, and it is carried out."""
    command = read_json(request, commands.SignOrder)
    return order_facts(acts.issue_order(request, acts.decoded(command.order_cms)))


@view_config(
    route_name="api-order-answer", request_method="POST", renderer="json", permission=Permission.ANSWER_QUERY
)
def answer_order(request: Request) -> Any:
    """{"words", "paper_name", "paper"}: the buyers' report."""
    return order_facts(acts.answer_order(request, read_json(request, commands.AnswerOrder)))
