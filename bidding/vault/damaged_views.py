"""Handing a damaged file in again (重新提交受损文件): the bidder's page and the interface behind it."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from bidding.tenders.models import Tender
from bidding.vault import restoring
from bidding.vault.api import bidder_of, means_of
from bidding.vault.pieces import PIECE
from bidding.vault.service import acts_of, policy_of, standing_of
from bidding.vault.sittings import present_sitting
from trading.permissions import Permission


@view_config(
    route_name="bid-damaged",
    request_method="GET",
    renderer="bidding.vault:templates/damaged.jinja2",
    permission=Permission.BID,
)
def damaged_page(request: Request) -> dict[str, Any]:
    """What happened to the hall's copy of one's bid, and where to hand the same file in again."""
    tender: Tender = request.context
    standing = standing_of(acts_of(request.db, request.keys, tender, bidder_of(request).uscc))
    if tender.policy_hash is None or standing is None:
        raise HTTPNotFound()
    bid = restoring.damaged_bid(request.db, tender, bidder_of(request).uscc)
    sitting = present_sitting(request.db, tender, policy_of(request.db, tender))
    return {
        "tender": tender,
        "ref": standing.ref,
        "manifest": standing.digest.hex(),
        "parts": restoring.damaged_parts(request.db, means_of(request).store, bid) if bid else [],
        "until": restoring.hand_in_until(request.db, request.registry, tender) if bid and sitting else None,
        "again": restoring.handed_in_again(request.db, means_of(request).store, standing.row),
    }


@view_config(route_name="api-damaged", request_method="GET", renderer="json", permission=Permission.BID)
def damaged(request: Request) -> dict[str, Any]:
    """GET /api/tenders/{code}/damaged: the pieces of the asking enterprise's bid that the hall has damaged."""
    bid = restoring.damaged_bid(request.db, request.context, bidder_of(request).uscc)
    rows = restoring.damaged_pieces(request.db, means_of(request).store, bid) if bid is not None else []
    return {
        "manifest": bid.manifest_hash if bid is not None else None,
        "piece_bytes": PIECE,
        "pieces": [{"part": row.part, "number": row.number, "sha256": row.sha256} for row in rows],
    }


@view_config(route_name="api-restore", request_method="PUT", permission=Permission.BID)
def restore(request: Request) -> Response:
    """PUT /api/tenders/{code}/damaged/{part}/{n}: the same bytes again; 204."""
    restoring.restore(
        request.db, means_of(request), bidder_of(request), request.actor, request.context.code,
        request.matchdict["part"], int(request.matchdict["number"]), request.body,
    )  # fmt: skip
    return Response(status=204)
