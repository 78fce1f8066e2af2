"""Which tender a request of the bidding API is about: permissions are judged on the tender."""

from __future__ import annotations

import json
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.vault.models import Bid, Upload


def tender_in_body(request: Request) -> Tender:
    """The tender that the JSON body names; 404 when there is none."""
    try:
        code = json.loads(request.body)["tender"]
    except (ValueError, KeyError, TypeError):
        raise HTTPNotFound() from None
    found = request.db.scalars(select(Tender).where(Tender.code == str(code))).first()
    return found_or_404(found)


def tender_of_upload(request: Request) -> Tender:
    """The tender of the upload in the address."""
    try:
        upload = request.db.get(Upload, UUID(request.matchdict["id"]))
    except ValueError:
        upload = None
    return found_or_404(request.db.get(Tender, upload.tender_id) if upload else None)


def tender_of_receipt(request: Request) -> Tender:
    """The tender of the act whose reference stands in the address."""
    row = request.db.scalars(select(Bid).where(Bid.ref == request.matchdict["ref"])).first()
    return found_or_404(request.db.get(Tender, row.tender_id) if row else None)


def found_or_404(tender: Tender | None) -> Tender:
    if tender is None:
        raise HTTPNotFound()
    return tender
