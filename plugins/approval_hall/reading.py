"""Who may read a case (办件可见范围): its applicant, whoever works in the hall, the regulator; a draft its author only."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from plugins.approval_hall import cases
from plugins.approval_hall.models import HallCase
from trading.errors import Refused
from trading.permissions import Identity


class InCase:
    """The case of the route's `{number}`; its row is locked for an act. Raises HTTPNotFound."""

    def __init__(self, request: Request) -> None:
        try:
            self.case: HallCase = cases.find(
                request.db, request.matchdict["number"], lock=request.method != "GET"
            )
        except Refused as refused:
            raise HTTPNotFound() from refused


def is_applicant(identity: Identity, context: Any) -> bool:
    """Of the enterprise that applies; where there is no case yet, of any."""
    case = getattr(context, "case", None)
    return identity.party_id is not None and (case is None or case.party_id == identity.party_id)


def may_be_seen(identity: Identity, context: Any) -> bool:
    """Whoever works in the hall: what has been handed in, and the drafts that are written at the window."""
    case = getattr(context, "case", None)
    return case is None or case.state != "draft" or case.channel == "window"


def may_be_read(identity: Identity, context: Any) -> bool:
    """The applicant's own cases; the others those that `may_be_seen`."""
    if "bidder" in identity.roles:
        return is_applicant(identity, context)
    return may_be_seen(identity, context)


def may_deliver(identity: Identity, context: Any) -> bool:
    """Who hands papers in: the applicant; a clerk for whoever applies at the window, and papers that follow an acceptance."""
    if "bidder" in identity.roles:
        return is_applicant(identity, context)
    case = getattr(context, "case", None)
    return case is None or case.channel == "window" or case.accepted_at is not None


def reads_as(request: Request) -> str:
    """As whom a reader looks at a case: applicant | staff."""
    return "applicant" if "bidder" in request.identity.roles else "staff"
