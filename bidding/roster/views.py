"""The public roster: who is in it, why somebody is not drawn today, every change with its reason, the rules."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import func, select

from bidding.roster import deciding, drawable, engaging, issues, law, reading, service, words
from bidding.roster.commands import Object
from bidding.roster.models import RosterFirm, RosterIssue
from bidding.roster.service import Evidence
from bidding.roster.terms import Terms
from trading.credit import checking
from trading.errors import Refused
from trading.parties.models import Party
from trading.permissions import Permission
from trading.rulebook.calendar import beijing_date
from trading.supervision import papers
from trading.web import PUBLIC, Form, whole_number

FOLDER = "bidding:roster/templates/"
PAGE = 50
DEVICE = "hall_device"
"""cookie that tells applications from one browser; only its hash is kept, under seal"""


def terms_of(request: Request) -> Terms:
    return law.the_terms(request.registry, request.now())


def book_of(request: Request) -> Any:
    return law.the_rulebook(request.registry)


def trade_name(request: Request, known: Terms) -> Any:
    """How a trade is called in the reader's language."""
    return lambda key: found.name(request.locale_name) if (found := known.trade(key)) else key


def base(request: Request) -> dict[str, Any]:
    """What every page of the room needs."""
    known = terms_of(request)
    return {"words": words, "terms": known, "trade": trade_name(request, known), "band": words.band_words}


@view_config(route_name="roster", request_method="GET", renderer=FOLDER + "roster.jinja2", permission=PUBLIC)
def roster(request: Request) -> Any:
    """The list, narrowed and in pages; and how many each category has."""
    known = terms_of(request)
    return base(request) | page_of(request) | {
        "categories": categories(request, known), "issues": issues.issued(request.db),
    }  # fmt: skip


def page_of(request: Request) -> dict[str, Any]:
    """A page of the firms that the address asks for, each with the first reason why it is not drawn today."""
    known, now = terms_of(request), request.now()
    asked = {name: request.params.get(name, "").strip()[:60] for name in ("q", "trade", "band", "status")}
    query = select(RosterFirm).join(Party, Party.id == RosterFirm.party_id)
    for name in ("trade", "band"):
        if asked[name]:
            query = query.where(getattr(RosterFirm, name) == asked[name])
    query = query.where(RosterFirm.status == (asked["status"] or "listed"))
    if asked["q"]:
        query = query.where(
            Party.name.icontains(asked["q"], autoescape=True) | (Party.uscc == asked["q"].upper())
            | (RosterFirm.number == asked["q"].upper())
        )  # fmt: skip
    found = request.db.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = max(whole_number(request.params.get("page", ""), 1), 1)
    rows = request.db.scalars(query.order_by(RosterFirm.number).offset((page - 1) * PAGE).limit(PAGE))
    shown = reading.firms_of(request.db, request.registry, rows, known)
    day = beijing_date(now)
    return {
        "firms": [(row, first_bar(firm, day, known)) for row, firm in shown],
        "found": found,
        "page": page,
        "pages": max(1, -(-found // PAGE)),
        "asked": asked,
    }


def first_bar(firm: drawable.Firm, day: Any, known: Terms) -> drawable.Bar:
    """The first reason why a firm is not drawn today, or none (code "")."""
    return next(drawable.bars(firm, day, drawable.Wanted(), known), drawable.Bar(""))


def categories(request: Request, known: Terms) -> list[dict[str, Any]]:
    """Each category with its listed firms and whether they are too few for a draw of the fewest finalists."""
    counted: dict[tuple[str, str], int] = {}
    for trade, band in request.db.execute(
        select(RosterFirm.trade, RosterFirm.band).where(RosterFirm.status == "listed")
    ):
        counted[trade, band] = counted.get((trade, band), 0) + 1
    least = known.factor * known.finalists[0]
    return [
        {"trade": trade.key, "band": band.key, "firms": counted.get((trade.key, band.key), 0), "least": least}
        for trade in known.trades
        for band in known.bands
        if (trade.key, band.key) in counted
    ]


def firm_of(request: Request) -> RosterFirm:
    try:
        return service.by_number(request.db, request.matchdict["number"])
    except Refused:
        raise HTTPNotFound() from None


@view_config(
    route_name="roster-firm", request_method="GET", renderer=FOLDER + "firm.jinja2", permission=PUBLIC
)
def firm_page(request: Request) -> Any:
    """A firm with every change, its reason, and what it rests on."""
    return firm_data(request, firm_of(request), Form(request, Object))


def firm_data(request: Request, row: RosterFirm, form: Form) -> dict[str, Any]:
    known, day = terms_of(request), beijing_date(request.now())
    firm = reading.firms_of(request.db, request.registry, [row], known)[0][1]
    book = book_of(request)
    return base(request) | {
        "row": row,
        "form": form,
        "bars": [
            (bar, book.find(bar.rule, day)) for bar in drawable.bars(firm, day, drawable.Wanted(), known)
        ],
        "firm": firm,
        "history": service.acts_of(request.db, row),
        "exclusions": deciding.of_party(request.db, row.party),
        "won": engaging.of_party_all(request.db, row.party),
        "managers": reading.managers_of(request.db, [row.party_id])[row.party_id],
        "free": set(drawable.free_managers(firm)),
        "objections": service.objections_of(request.db, row),
        "versions": checking.current(request.db, request.registry),
        "today": day,
        "may_object": row.status == "announced" and row.announced_until and day <= row.announced_until,
    }


@view_config(
    route_name="roster-object",
    request_method="POST",
    renderer=FOLDER + "firm.jinja2",
    permission=Permission.OWN_ACCOUNT,
)
def object_to(request: Request) -> Any:
    """An objection while a firm is announced."""
    row, form = firm_of(request), Form(request, Object)

    def act() -> None:
        service.object_to(request.db, request.keys, request.actor, row, form.command.text, attached(request))

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("roster-firm", number=row.number))
    return firm_data(request, row, form)


@view_config(
    route_name="roster-rules", request_method="GET", renderer=FOLDER + "rules.jinja2", permission=PUBLIC
)
def rules_page(request: Request) -> Any:
    """The rules of this city's roster, each with instrument, article and certainty."""
    day = beijing_date(request.now())
    book = book_of(request)
    shown = [rule for rule in book.in_force(day) if rule.id.startswith(("ROSTER.", "G0-"))]
    return base(request) | {"rules": shown, "book": book}


@view_config(route_name="roster-issue", request_method="GET", permission=PUBLIC)
def issue(request: Request) -> Response:
    """The roster as it was published for a quarter."""
    found = request.db.get(RosterIssue, request.matchdict["quarter"])
    if found is None:
        raise HTTPNotFound()
    return Response(body=found.body, content_type="application/json")


@view_config(route_name="roster-paper", request_method="GET", permission=PUBLIC)
def paper(request: Request) -> Response:
    """A document that a decision or a rule rests on; the papers of firms are for office and regulator."""
    found = papers.find(request.db, service.ROSTER, request.matchdict["sha256"])
    if found is None or not (found.public or request.has_permission(Permission.SEE_ROSTER_FILES)):
        raise HTTPNotFound()
    response = Response(body=papers.read(request.keys, found)[1], content_type="application/octet-stream")
    response.content_disposition = f'attachment; filename="{found.sha256[:16]}"'
    return response


def attached(request: Request, field: str = "evidence") -> Evidence:
    """An uploaded file; without bytes when nothing was attached."""
    upload = request.POST.get(field)
    if not hasattr(upload, "file"):
        return Evidence("", b"")
    return Evidence(upload.filename or "", upload.file.read(papers.LARGEST + 1))


def marks_of(request: Request) -> dict[str, str]:
    """What an application leaves: the network address, and which browser."""
    device = request.cookies.get(DEVICE, "")
    return {
        "address": request.actor.address,
        "device": hashlib.sha256(device.encode()).hexdigest()[:32] if device else "",
    }


def remember_device(request: Request) -> None:
    """Give a browser its mark."""
    if DEVICE not in request.cookies:
        request.response.set_cookie(
            DEVICE, secrets.token_hex(16), max_age=31536000, samesite="Lax", httponly=True, path="/"
        )
