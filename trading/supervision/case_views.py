"""Pages of queries, complaints and orders: the docket, a case, the regulator's desk, an order to sign."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from trading.accounts import certificates
from trading.deals.days import last_day_before
from trading.errors import Refused
from trading.interfaces import ITenders
from trading.permissions import Permission
from trading.rulebook.calendar import beijing_date
from trading.supervision import (
    acts,
    case_clocks,
    cases,
    commands,
    deciding,
    docket,
    filing,
    orders,
    papers,
    suspensions,
    words,
)
from trading.supervision.limits import STAGES, TRACKS, worked
from trading.supervision.models import Case
from trading.web import PUBLIC, Form, whole_number

FOLDER = "trading.supervision:templates/"
WORDS = {"tracks": words.TRACKS, "stages": words.STAGES, "kinds": words.KINDS, "case_states": words.CASE_STATES,
         "decisions": words.DECISIONS, "grounds": words.GROUNDS, "orders_words": words.ORDERS,
         "consequences": words.CONSEQUENCES, "lights": words.LIGHTS, "last_day": last_day_before}  # fmt: skip


def add_case_acts(config: Configurator) -> None:
    """One page address for each act on a case; a refusal shows the case again with what is wrong."""
    for name, act in acts.CASE_ACTS.items():
        config.add_view(
            doing(name), route_name=f"case-{name}", request_method="POST", permission=act.permission,
            renderer=FOLDER + "case.jinja2",
        )  # fmt: skip


def doing(name: str) -> Any:
    act = acts.CASE_ACTS[name]

    def view(request: Request) -> Any:
        """Do the act, and show the case again."""
        form = Form(request, act.command)
        if form.valid():
            try:
                made = act.do(request, request.context.case, form.command)
            except Refused as refused:
                form.refuse(refused)
            else:
                number = made.number if isinstance(made, Case) else request.context.case.number
                return HTTPSeeOther(request.route_path("case", number=number))
        return case_page(request, name, form)

    return view


# --- everybody ------------------------------------------------------------------------------------


@view_config(route_name="docket", renderer=FOLDER + "docket.jinja2", permission=PUBLIC)
def docket_page(request: Request) -> Any:
    """Every case and order, without who filed it."""
    text, page = request.GET.get("q", "")[:100], request.GET.get("page", "1")
    found = docket.docket(request.db, request.now(), text=text, page=whole_number(page, 1))
    return WORDS | {"docket": found, "orders": orders.issued(request.db)[:30], "q": text}


@view_config(route_name="limits", renderer=FOLDER + "limits.jinja2", permission=PUBLIC)
def limits_page(request: Request) -> Any:
    """Until when: the calendar of one matter, with articles."""
    today = beijing_date(request.now())
    track = request.GET.get("track", "")
    track = track if track in TRACKS else TRACKS[0]
    known = day_of(request.GET.get("known", ""), today)
    received = day_of(request.GET.get("received", ""), known)
    found = worked(case_clocks.the_limits(), track, known, received)
    return WORDS | {"track": track, "known": known, "received": received, "limits": found}


def day_of(text: str, otherwise: date) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return found if 2003 <= found.year <= 2100 else otherwise


@view_config(route_name="paper", permission=PUBLIC)
def public_paper(request: Request) -> Response:
    """A paper that decides something: public."""
    found = papers.find(request.db, request.matchdict["code"], request.matchdict["sha256"])
    if found is None or not found.public:
        raise HTTPNotFound()
    return paper_file(request, found)


def paper_file(request: Request, found: Any) -> Response:
    data = papers.read(request.keys, found)[1]
    response = Response(body=data, content_type="application/octet-stream")
    response.content_disposition = f'attachment; filename="{found.sha256[:16]}"'
    return response


# --- parties --------------------------------------------------------------------------------------


@view_config(route_name="query-new", renderer=FOLDER + "query.jinja2", permission=Permission.FILE_QUERY)
def new_query(request: Request) -> Any:
    """File a query; until when it is possible stands beside each stage."""
    form = Form(request, commands.FileQuery)
    if form.valid():
        try:
            made = acts.file_query(request, form.command)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("case", number=made.number))
    rows = []
    for stage in STAGES:
        try:
            rows.append((stage, case_clocks.query_limit(request.db, request.context, stage)[1], None))
        except Refused as refused:
            rows.append((stage, None, refused.faults[0]))
    return WORDS | {
        "form": form, "tender": request.context, "rows": rows, "now": request.now(),
        "track": case_clocks.track_of(request.db, request.context.code),
    }  # fmt: skip


def may_read(request: Request) -> str:
    """Who the reader is to this case: party | buyers | authority. Everybody else gets 404."""
    case: Case = request.context.case
    identity = request.identity
    if request.has_permission(Permission.SUPERVISE):
        return "authority"
    if identity.party_id is not None and case.owner == cases.owner_key(request.keys, identity.party_id):
        return "party"
    if case.kind != "complaint" and request.has_permission(Permission.ANSWER_QUERY):
        return "buyers"
    raise HTTPNotFound()


@view_config(
    route_name="case",
    request_method="GET",
    renderer=FOLDER + "case.jinja2",
    permission=Permission.OWN_ACCOUNT,
)
def case_view(request: Request) -> Any:
    """A case for its parties and the authority: its words, its clock, what can be done now."""
    return case_page(request)


def case_page(request: Request, doing: str = "", form: Form | None = None) -> dict[str, Any]:
    case: Case = request.context.case
    reader, now = may_read(request), request.now()
    letter = cases.letter_of(request.keys, case)
    complaint = case_clocks.complaint_limit(case) if case.kind == "query" else None
    first = filing.first_receiver(request.db, case) if case.kind == "query" else None
    return WORDS | {
        "case": case, "row": docket.row(request.db, case, now), "reader": reader, "letter": letter,
        "author": author_may_be_told(request, reader), "limit": case_clocks.due_limit(request.db, case, now),
        "reconsider": case_clocks.reconsideration_limit(case),
        "unfounded": deciding.unfounded(request.db, case, now) if reader == "authority" else None,
        "pauses": cases.pauses_of(request.db, case), "complaint": complaint, "first": first, "now": now,
        "tender": request.context.tender, "doing": doing, "form": form or Form(request, commands.Accept),
        "departments_pairs": [(name, name) for name in cases.departments(request.db)], "mine": acts.department(request) == case.department,
        "may_complain": case.kind == "query" and reader == "party" and case.state != "withdrawn"
        and (case.state == "answered" or (case.answered_by is not None and now >= case.answered_by)),
    }  # fmt: skip


def author_may_be_told(request: Request, reader: str) -> bool:
    """Who must answer learns who asks only once nobody can bid any more: an asker may be a bidder. A complaint
    goes to the authority, which hears both sides."""
    own = reader == "party" or (reader == "authority" and request.context.case.kind == "complaint")
    return own or request.context.tender.state != "published"


@view_config(route_name="case-paper", permission=Permission.OWN_ACCOUNT)
def case_paper(request: Request) -> Response:
    """The paper attached to a case, for its parties; others get it with the author."""
    case: Case = request.context.case
    reader = may_read(request)
    wanted = cases.letter_of(request.keys, case).paper
    found = papers.find(request.db, case.tender, wanted) if wanted else None
    if found is None or not author_may_be_told(request, reader):
        raise HTTPNotFound()
    return paper_file(request, found)


@view_config(route_name="queries", renderer=FOLDER + "queries.jinja2", permission=Permission.ANSWER_QUERY)
def queries(request: Request) -> Any:
    """The buyers' list of a tender's queries and orders."""
    now = request.now()
    found = [case for case in cases.of_tender(request.db, request.context.code) if case.kind != "complaint"]
    return WORDS | {
        "tender": request.context, "rows": docket.rows(request.db, found, now),
        "orders": [(order, docket.order_light(order, now)) for order in orders.issued(request.db, request.context.code)],
    }  # fmt: skip


# --- the authority --------------------------------------------------------------------------------


@view_config(route_name="cases", renderer=FOLDER + "cases.jinja2", permission=Permission.SUPERVISE)
def desk(request: Request) -> Any:
    """Every open case with its light, the orders, and where to issue one."""
    now = request.now()
    return WORDS | {
        "rows": docket.rows(request.db, cases.open_cases(request.db), now),
        "orders": [(order, docket.order_light(order, now)) for order in orders.issued(request.db)[:50]],
        "suspended": suspensions.standing(request.db, request.port(ITenders).find, now),
        "department": acts.department(request),
    }


@view_config(route_name="order-new", renderer=FOLDER + "order_new.jinja2", permission=Permission.ISSUE_ORDER)
def new_order(request: Request) -> Any:
    """Choose the order and say why; what it does stands beside it."""
    initial = {
        "article": "GPL 56",
        "case": request.GET.get("case", ""),
        "order": request.GET.get("order", ""),
    }
    form = Form(request, commands.IssueOrder, initial)
    if form.valid():
        try:
            made = acts.prepare_order(request, form.command)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("order", number=made.number))
    return WORDS | {"form": form, "tender": request.context}


@view_config(route_name="order", renderer=FOLDER + "order.jinja2", permission=Permission.ISSUE_ORDER)
def order(request: Request) -> Any:
    """What the signature will do; then the signature."""
    found, form = request.context.order, Form(request, commands.SignOrder)
    if form.valid():
        try:
            acts.issue_order(request, acts.decoded(form.command.order_cms))
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("order", number=found.number))
    usable = certificates.usable(request.db, request.identity.user_id, request.now())
    return WORDS | {
        "form": form, "order": found, "tender": request.context.tender,
        "data": base64.urlsafe_b64encode(found.raw).rstrip(b"=").decode(),
        "sha256": hashlib.sha256(found.raw).hexdigest(), "certificates": ",".join(each.sha256 for each in usable),
    }  # fmt: skip


@view_config(
    route_name="order-answer", renderer=FOLDER + "order_answer.jinja2", permission=Permission.ANSWER_QUERY
)
def order_answer(request: Request) -> Any:
    """The buyers' report on an order."""
    found, form = request.context.order, Form(request, commands.AnswerOrder)
    if found.issued_at is None:
        raise HTTPNotFound()
    if form.valid():
        try:
            acts.answer_order(request, form.command)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("queries", code=found.tender))
    return WORDS | {"form": form, "order": found, "tender": request.context.tender}
