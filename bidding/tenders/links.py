"""Where one can go from a tender's page: what this reader may do here, at this stage."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyramid.request import Request
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.vault.models import Bid
from trading.parties.models import Party
from trading.permissions import Permission
from trading.web import _


class Link(NamedTuple):
    """A button; `main` for the one thing to do now."""

    title: Any
    href: str
    main: bool


OPENING = ("closed", "opening")
EVALUATION = ("opened", "evaluating")
RESULT = ("evaluated", "result_published", "awarded")
CONTRACT = ("awarded", "contracted")
RUNNING = (
    "published",
    "closed",
    "opening",
    "opened",
    "evaluating",
    "evaluated",
    "result_published",
    "awarded",
)


def links(request: Request, tender: Tender) -> list[Link]:
    """The buttons, in the order of the procedure. A room that is not installed has none."""
    state, may = tender.state, request.has_permission
    before, ended = state == "published", state == "contracted"
    open_to_bids = before and (request.identity is None or bool(may(Permission.BID)))
    bid_here = not before and bool(may(Permission.BID)) and has_bid(request, tender)
    rows = [
        ("bid", _("Bid for this tender"), open_to_bids, True),
        ("opening", _("Opening hall"), tender.published_at is not None, state in OPENING),
        (
            "panel",
            _("Evaluation committee"),
            state in EVALUATION and may(Permission.IMPORT_PANEL),
            state == "opened",
        ),
        (
            "evaluation",
            _("Evaluation"),
            state in EVALUATION and may(Permission.EVALUATE),
            state == "evaluating",
        ),
        (
            "award",
            _("Result and award"),
            (state in RESULT or ended) and may(Permission.DECIDE_AWARD),
            not ended,
        ),
        ("contract", _("Contract"), state in CONTRACT and may(Permission.DECIDE_AWARD), not ended),
        ("my-result", _("My result"), (state in RESULT or ended) and bid_here, True),
        ("deposit", _("My bid security"), bid_here and tender.security > 0, False),
        (
            "deposits",
            _("Bid securities"),
            not before and tender.security > 0 and may(Permission.SEE_DEPOSITS),
            False,
        ),
        (
            "tender-downloads",
            _("Who took the documents"),
            not before and may(Permission.MANAGE_TENDER),
            False,
        ),
        (
            "opening-cases",
            _("Bids that were not opened"),
            state not in ("draft", "published", "closed") and may(Permission.SEE_OPENING_CASES),
            False,
        ),
        (
            "recordings",
            _("Recordings"),
            state not in ("draft", "published", "closed") and may(Permission.SEE_OPENING_CASES),
            False,
        ),
        ("tender-amend", _("Amend the tender"), before and may(Permission.MANAGE_TENDER), False),
        ("tender-questions", _("Questions and clarifications"), tender.published_at is not None, False),
        ("trail", _("Trail of this tender"), state != "draft", False),
        (
            "query-new",
            _("Query or inquiry"),
            tender.published_at is not None and may(Permission.FILE_QUERY),
            False,
        ),
        (
            "queries",
            _("Queries and orders"),
            tender.published_at is not None and may(Permission.ANSWER_QUERY),
            False,
        ),
        (
            "tender-interrupt",
            _("Suspend, cancel or fail"),
            state in RUNNING and may(Permission.INTERRUPT_TENDER),
            False,
        ),
        ("order-new", _("Issue an order"), state in RUNNING and may(Permission.ISSUE_ORDER), False),
        ("supervision-trail", _("Supervision"), may(Permission.SUPERVISE), False),
    ]
    found = [(address(request, name, tender), title, main) for name, title, shown, main in rows if shown]
    return [Link(title, href, main) for href, title, main in found if href]


def has_bid(request: Request, tender: Tender) -> bool:
    """Whether this reader's enterprise has a bid here; nobody's before the close (the names are sealed)."""
    party = request.db.get(Party, request.identity.party_id)
    query = select(Bid.id).where(Bid.tender_id == tender.id, Bid.bidder_uscc == party.uscc).limit(1)
    return request.db.scalar(query) is not None


def address(request: Request, route: str, tender: Tender) -> str:
    """The route's path for this tender, "" when no room has it."""
    try:
        return str(request.route_path(route, code=tender.code))
    except KeyError:
        return ""
