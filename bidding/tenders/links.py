"""Where one can go from a tender's page: what this reader may do here, at this stage."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyramid.request import Request
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.tenders.service import method_of
from bidding.vault.models import Bid
from trading.parties.models import Party
from trading.permissions import Permission
from trading.rulebook.methods import has_final_offers, is_invited
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
TALKED = ("evaluating", *RESULT, "contracted", "failed")
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


Row = tuple[str, Any, Any, bool]
"""route, title, whether it is shown, whether it is the one thing to do now"""


def links(request: Request, tender: Tender) -> list[Link]:
    """The buttons, in the order of the procedure. A room that is not installed has none."""
    before = tender.state == "published"
    bids = not before and bool(request.has_permission(Permission.BID)) and has_bid(request, tender)
    rows = [
        *procedure(request, tender, before, bids),
        *afterwards(request, tender, before, bids),
        *documents(request, tender, before),
        *supervision(request, tender),
    ]
    found = [(address(request, name, tender), title, main) for name, title, shown, main in rows if shown]
    return [Link(title, href, main) for href, title, main in found if href]


def procedure(request: Request, tender: Tender, before: bool, bids: bool) -> list[Row]:
    """From the bid to the contract; `before` the deadline, `bids` for a reader who has a bid here."""
    state, may = tender.state, request.has_permission
    ended = state == "contracted"
    known = state in RESULT or ended
    open_to_bids = before and (request.identity is None or bool(may(Permission.BID)))
    judged, decides = state in EVALUATION, may(Permission.DECIDE_AWARD)
    return [
        (
            "bid",
            _("Make the final offer") if tender.parent_id else _("Bid for this tender"),
            open_to_bids,
            True,
        ),
        ("opening", _("Opening hall"), tender.published_at is not None, state in OPENING),
        ("panel", _("Evaluation committee"), judged and may(Permission.IMPORT_PANEL), state == "opened"),
        (
            "consultation",
            _("Talks and final offers"),
            talking(tender) and may(Permission.MANAGE_TENDER),
            state == "evaluating",
        ),
        ("evaluation", _("Evaluation"), judged and may(Permission.EVALUATE), state == "evaluating"),
        ("award", _("Result and award"), known and decides, not ended),
        ("contract", _("Contract"), state in CONTRACT and decides, not ended),
        ("my-result", _("My result"), known and bids, True),
    ]


def talking(tender: Tender) -> bool:
    """Whether this tender has talks, and they have begun or are over."""
    return tender.parent_id is None and has_final_offers(method_of(tender)) and tender.state in TALKED


def invited(tender: Tender) -> bool:
    """Whether its suppliers were drawn."""
    return is_invited(method_of(tender))


def afterwards(request: Request, tender: Tender, before: bool, bids: bool) -> list[Row]:
    """What shows once the deadline has passed: securities, who took the documents, what was not opened."""
    may, secured = request.has_permission, tender.security > 0
    opened = tender.state not in ("draft", "published", "closed") and may(Permission.SEE_OPENING_CASES)
    taken = not before and may(Permission.MANAGE_TENDER)
    return [
        ("deposit", _("My bid security"), bids and secured, False),
        ("deposits", _("Bid securities"), not before and secured and may(Permission.SEE_DEPOSITS), False),
        ("tender-downloads", _("Who took the documents"), taken, False),
        ("opening-cases", _("Bids that were not opened"), opened, False),
        ("recordings", _("Recordings"), opened, False),
    ]


def documents(request: Request, tender: Tender, before: bool) -> list[Row]:
    """Amendments, questions and the trail."""
    amends = before and request.has_permission(Permission.MANAGE_TENDER)
    may_see = request.has_permission(Permission.SEE_INVITATION)
    return [
        ("tender-amend", _("Amend the tender"), amends, False),
        ("invitation", _("Suppliers to invite"), invited(tender) and may_see, False),
        ("tender-questions", _("Questions and clarifications"), tender.published_at is not None, False),
        ("trail", _("Trail of this tender"), tender.state != "draft", False),
    ]


def supervision(request: Request, tender: Tender) -> list[Row]:
    """Queries, advice, interruptions and orders."""
    may, published, runs = request.has_permission, tender.published_at is not None, tender.state in RUNNING
    return [
        ("query-new", _("Query or inquiry"), published and may(Permission.FILE_QUERY), False),
        ("queries", _("Queries and orders"), published and may(Permission.ANSWER_QUERY), False),
        ("advice", _("Advisory opinions"), published and may(Permission.ASK_ADVICE), False),
        ("tender-interrupt", _("Suspend, cancel or fail"), runs and may(Permission.INTERRUPT_TENDER), False),
        ("order-new", _("Issue an order"), runs and may(Permission.ISSUE_ORDER), False),
        ("supervision-trail", _("Supervision"), may(Permission.SUPERVISE), False),
    ]


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
