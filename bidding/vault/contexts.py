"""Which tender a request of the bidding API is about: permissions are judged on the tender."""

from __future__ import annotations

import json
from uuid import UUID

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from sqlalchemy import select

from bidding.tenders.invited import enter
from bidding.tenders.models import Tender
from bidding.vault.models import Bid, Upload
from bidding.vault.service import owner_key, uploader_key
from trading.parties.models import Party


def tender_in_body(request: Request) -> Tender:
    """The tender that the JSON body names; 404 when there is none."""
    try:
        code = json.loads(request.body)["tender"]
    except (ValueError, KeyError, TypeError):
        raise HTTPNotFound() from None
    found = request.db.scalars(select(Tender).where(Tender.code == str(code))).first()
    return enter(request, found_or_404(found))


class Nowhere:
    """Stands for the tender of what does not exist and of what is another's alike: whoever guesses an id is
    answered the same, by permission and by view."""

    tenderer_id = agency_id = None


def tender_of_upload(request: Request) -> Tender | Nowhere:
    """The tender of the account's own upload in the address."""
    upload, identity = request.db.get(Upload, id_in(request)), request.identity
    tender = request.db.get(Tender, upload.tender_id) if upload else None
    if upload is None or tender is None or identity is None:
        return Nowhere()
    own = upload.owner_key == uploader_key(request.keys, tender.code, identity.user_id)
    return tender if own else Nowhere()


def id_in(request: Request) -> UUID:
    """The id in the address; the one that nothing has for what is none."""
    try:
        return UUID(request.matchdict["id"])
    except ValueError:
        return UUID(int=0)


def tender_of_receipt(request: Request) -> Tender | Nowhere:
    """The tender of the enterprise's own act whose reference stands in the address."""
    row = request.db.scalars(select(Bid).where(Bid.ref == request.matchdict["ref"])).first()
    identity = request.identity
    party = request.db.get(Party, identity.party_id) if identity and identity.party_id else None
    tender = request.db.get(Tender, row.tender_id) if row else None
    if row is None or tender is None or party is None:
        return Nowhere()
    return tender if row.owner_key == owner_key(request.keys, tender.code, party.uscc) else Nowhere()


def found_or_404(tender: Tender | None) -> Tender:
    if tender is None:
        raise HTTPNotFound()
    return tender
