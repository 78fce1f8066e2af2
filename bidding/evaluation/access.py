"""Who may look at what in an evaluation (评标保密): members, the buyer, the bidder asked."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.request import Request
from sqlalchemy import select

from bidding.evaluation.opened import OpenedBid
from bidding.evaluation.progress import Evaluation, load
from bidding.tenders.models import Tender
from expert_pool.selection.models import Panel, PanelMember
from expert_pool.selection.panel_list import Seat
from trading.draws.models import Draw
from trading.parties.models import Party
from trading.permissions import Permission

AFTER_REPORT = ("evaluated", "result_published", "awarded", "contracted", "failed")


def evaluation_of(request: Request) -> Evaluation:
    """The evaluation of the tender in the address."""
    tender: Tender = request.context
    return load(request.db, request.keys, tender)


def listed_seat(request: Request, found: Evaluation) -> Seat:
    """The reader's own seat on the list, signed in or not. Raises Forbidden for everybody else."""
    for seat in found.seats:
        if seat.user_id == request.identity.user_id and found.tender.state not in (
            "published",
            "closed",
            "opening",
        ):
            return seat
    raise HTTPForbidden()


def member(request: Request) -> tuple[Evaluation, PanelMember]:
    """The evaluation as a member who has signed in may see it. Raises Forbidden for everybody else."""
    found = evaluation_of(request)
    for row in found.seated:
        if row.user_id == request.identity.user_id:
            return found, row
    raise HTTPForbidden()


def locked_by(found: Evaluation, own: PanelMember | None) -> dict[str, Any] | None:
    """What a member may see of the others' scoring: the head who has locked, never what; the others the number
    only. Once all have locked, who still owes a reason."""
    scoring = found.scoring
    if scoring is None or own is None:
        return None
    return {
        "number": len(scoring.locked),
        "size": len(scoring.members),
        "mine": own.member in scoring.locked,
        "members": set(scoring.locked) if own.head else set(),
        "owed": len(scoring.owed(own.member)),
        "owing": {row.member for row in found.seated if scoring.owed(row.member)},
        "disagreements": len(scoring.disagreements),
    }


def report_reader(request: Request) -> Evaluation:
    """The evaluation of somebody who may read the report: a member, and once it is delivered the buyer
    and the regulator (separation before that: M87 66)."""
    found = evaluation_of(request)
    if any(row.user_id == request.identity.user_id for row in found.seated):
        return found
    delivered = found.report is not None and found.report.delivered_at is not None
    may = request.has_permission
    if delivered and (may(Permission.MANAGE_TENDER) or may(Permission.SUPERVISE)):
        return found
    raise HTTPForbidden()


def knows_of_draw(request: Request, draw: Draw) -> bool:
    """Whether the reader may know of a draw among tied bids before the result is published: the members of the
    tender's committee, and the regulator (M87 66)."""
    if request.identity is None:
        return False
    if request.has_permission(Permission.SUPERVISE):
        return True
    seat = (
        select(PanelMember.id)
        .join(Panel, Panel.id == PanelMember.panel_id)
        .where(
            Panel.tender == draw.tender,
            PanelMember.user_id == request.identity.user_id,
            PanelMember.signed_in_at.is_not(None),
            PanelMember.recused_at.is_(None),
        )
    )
    return request.db.scalar(seat) is not None


def opened_bid(request: Request, found: Evaluation) -> OpenedBid:
    """The bid whose manifest's hash stands in the address; 404 otherwise."""
    for bid in found.bids.values():
        if bid.manifest == request.matchdict["manifest"]:
            return bid
    raise HTTPNotFound()


def own_uscc(request: Request) -> str:
    """The code of the reader's organisation. Raises Forbidden for somebody without."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if party is None:
        raise HTTPForbidden()
    uscc: str = party.uscc
    return uscc
