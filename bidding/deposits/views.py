"""The list of all bid securities, from the deadline on, and what the committee is told of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.deposits import checking, returns, service, standing, words
from bidding.tenders.models import Tender
from trading.errors import Refused
from trading.permissions import Permission

FOLDER = "bidding.deposits:templates/"


@view_config(
    route_name="deposits", request_method="GET", renderer=FOLDER + "deposits.jinja2",
    permission=Permission.SEE_DEPOSITS,
)  # fmt: skip
def deposits(request: Request) -> dict[str, Any]:
    """Who paid, whether it counts, and what goes back when. Sealed until the deadline."""
    return deposits_page(request)


def deposits_page(request: Request, faults: Any = ()) -> dict[str, Any]:
    tender: Tender = request.context
    if tender.security <= 0 or tender.published_at is None:
        raise HTTPNotFound()
    now = request.now()
    closed, found = opened_standings(request, tender, now)
    rows = [row for each in found for row in each.rows]
    return {
        "tender": tender,
        "closed": closed,
        "found": [each for each in found if each.rows],
        "unpaid": len([each for each in found if not each.rows]),
        "due": [row for row in rows if row.state == "due"],
        "words": words,
        "rules": checking.RULES[service.regime(request.registry, tender)],
        "cite": cite,
        "faults": faults,
        "may_refund": request.may(Permission.REFUND_DEPOSITS),
        "may_keep": request.may(Permission.FORFEIT_DEPOSIT),
    }


def opened_standings(request: Request, tender: Tender, now: datetime) -> tuple[bool, list[standing.Standing]]:
    """Whether the deadline has passed, and what is known of the securities then."""
    closed = tender.state != "published" and now >= tender.deadline
    return closed, standing.standings(request.db, request.registry, tender, now) if closed else []


def cite(request: Request, rule_id: str) -> str:
    """The article behind a clock, in the reader's language."""
    found = standing.the_rulebook().rule(rule_id, standing.beijing_date(request.now()))
    return found.citation(request.locale_name)


@view_config(
    route_name="deposits-refund", request_method="POST", renderer=FOLDER + "deposits.jinja2",
    permission=Permission.REFUND_DEPOSITS,
)  # fmt: skip
def refund(request: Request) -> Any:
    """Return everything that is due."""
    try:
        returns.order(request.db, request.registry, request.context)
        for each in opened_standings(request, request.context, request.now())[1]:
            for row in each.rows:
                if row.state == "declined":
                    returns.again(request.db, row.payment.row)
    except Refused as refused:
        request.response.status = 422
        return deposits_page(request, refused.faults)
    return HTTPSeeOther(request.route_path("deposits", code=request.context.code))


def deposit_facts(request: Request, tender: Tender) -> dict[str, Any] | None:
    """For the committee: what is to be said of each bidder's security; None where the hall keeps none."""
    found = standing.facts(request.db, request.registry, tender, request.now())
    if found is None:
        return None
    return {
        uscc: {
            "counted": fact.counted,
            "codes": [
                (words.FINDINGS[code], words.article(rule, request.locale_name)) for code, rule in fact.codes
            ],
            "sharers": fact.sharers,
        }
        for uscc, fact in found.items()
    }
