"""The bidding API (投标接口): what the bid page and `tradehall bid` speak. Formats: the shared seams."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from bidding.tenders.invited import admits, not_invited, only_own
from bidding.tenders.models import Tender
from bidding.vault import admission, uploads
from bidding.vault.closing import close_bundle
from bidding.vault.commands import ReleaseOwnKey, StartUpload, Withdraw
from bidding.vault.contexts import id_in
from bidding.vault.custody import close_ticket
from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import SealPolicy
from bidding.vault.policy import parse_policy
from bidding.vault.receipt import build_refusal
from bidding.vault.receipts import find_receipt
from bidding.vault.refusals import status_of
from bidding.vault.releasing import accept_bidder_release
from bidding.vault.service import (
    Admitted,
    Bidder,
    Means,
    acts_of,
    part_reader,
    policy_row,
    statements_of,
)
from trading.clock import rfc3339
from trading.errors import Refused, refuse
from trading.parties.models import Party
from trading.permissions import Permission
from trading.refusals import problem
from trading.web import PUBLIC, _, client_address, read_json


def bidder_of(request: Request) -> Bidder:
    """The account behind a request and its enterprise; permission BID has made sure there is one."""
    identity = request.identity
    party = request.db.get_one(Party, identity.party_id)
    return Bidder(identity.user_id, party.uscc, party.name, client_address(request))


def means_of(request: Request) -> Means:
    return Means.of(request.registry)


def signed_refusal(request: Request, refused: Refused, document: bytes, tender: Tender) -> Response:
    """A refusal with the hall's signature over it: the bidder can prove what was said, and when. Signed with
    the key that the tender's policy names."""
    named = request.db.scalars(select(SealPolicy.raw).where(SealPolicy.sha256 == tender.policy_hash)).first()
    key = request.keys.receipt_for(parse_policy(named).receipt_key) if named else request.keys.receipt
    words = "; ".join(f"{f.code}: {request.localizer.translate(f.message)}" for f in refused.faults)
    raw = build_refusal(sha256(document), words, request.now(), key.sign)
    return problem(request, status_of(refused), list(refused.faults), refusal=json.loads(raw))


def pending(request: Request, ref: str) -> dict[str, str]:
    """202: counted; the receipt is made as soon as the ledger holds it."""
    request.response.status = 202
    return {"ref": ref, "receipt": request.route_path("api-receipt", ref=ref)}


# --- what everybody may read ---------------------------------------------------------------------


def raw_document(data: bytes, media_type: str) -> Response:
    return Response(data, content_type=media_type)


@view_config(route_name="api-policy", request_method="GET", permission=PUBLIC)
def policy(request: Request) -> Response:
    """GET /api/tenders/{code}/policy: the exact bytes of the newest seal policy."""
    return raw_document(policy_row(request.db, request.context).raw, "application/json")


@view_config(route_name="api-policy.p7s", request_method="GET", permission=PUBLIC)
def policy_signature(request: Request) -> Response:
    """GET /api/tenders/{code}/policy.p7s: the tenderer's detached CMS over them."""
    return raw_document(policy_row(request.db, request.context).cms or b"", "application/pkcs7-signature")


@view_config(route_name="api-custodian-keys", request_method="GET", renderer="json", permission=PUBLIC)
def custodian_keys(request: Request) -> list[dict[str, str]]:
    """GET /api/tenders/{code}/custodian-keys: the custodians' signed key statements."""
    return [{"cks": b64(key.raw), "p7s": b64(key.cms)} for key in statements_of(request.db, request.context)]


@view_config(route_name="api-close", request_method="GET", renderer="json", permission=PUBLIC)
def close(request: Request) -> dict[str, Any]:
    """GET /api/tenders/{code}/close: after the close only. Of a limited tender for those who may enter, of final
    offers a supplier's own bid alone; whole for whoever brings the ticket (`?ticket=`) that custodians are given
    when their shares are asked for."""
    tender: Tender = request.context
    ticket = request.GET.get("ticket", "").encode()
    known = hmac.compare_digest(ticket, close_ticket(request.keys, tender).encode())
    if not known and not admits(request.db, request.keys, tender, request.identity):
        raise not_invited()
    bundle = close_bundle(request.db, tender.code)
    if not known and only_own(request.db, tender, request.identity):
        own = bidder_of(request).uscc if request.identity.party_id else ""
        bundle["bids"] = [
            bid for bid in bundle["bids"] if parse_manifest(unb64(bid["manifest"])).bidder["id"] == own
        ]
    return bundle


# --- uploads -------------------------------------------------------------------------------------


@view_config(route_name="api-bid-uploads", request_method="POST", renderer="json", permission=Permission.BID)
def start(request: Request) -> Any:
    """POST /api/bids/uploads: begin an upload, or find it again by the same manifest."""
    command = read_json(request, StartUpload)
    try:
        upload = uploads.start_upload(
            request.db, means_of(request), bidder_of(request), request.context, command.manifest, command.cms
        )
    except Refused as refused:
        return signed_refusal(request, refused, command.manifest, request.context)
    request.response.status = 201
    return uploads.state_of(request.db, upload)


@view_config(route_name="api-upload", request_method="GET", renderer="json", permission=Permission.BID)
def state(request: Request) -> dict[str, Any]:
    """GET /api/bids/uploads/{id}: what is still missing."""
    return uploads.state_of(request.db, own_upload(request))


def own_upload(request: Request) -> Any:
    return uploads.own_upload(request.db, means_of(request), bidder_of(request), id_in(request))


@view_config(route_name="api-upload-piece", request_method="PUT", permission=Permission.BID)
def put(request: Request) -> Response:
    """PUT /api/bids/uploads/{id}/{part}/{n}: one piece, its SHA-256 in `X-Content-SHA256`; 204."""
    uploads.put_piece(
        request.db,
        means_of(request),
        bidder_of(request),
        id_in(request),
        request.matchdict["part"],
        int(request.matchdict["number"]),
        request.body,
        request.headers.get("X-Content-SHA256", ""),
    )
    return Response(status=204)


@view_config(
    route_name="api-upload-submit", request_method="POST", renderer="json", permission=Permission.BID
)
def submit(request: Request) -> Any:
    """POST /api/bids/uploads/{id}/submit: the admission; again gives the same reference."""
    upload = own_upload(request)
    means = means_of(request)
    try:
        bid = admission.submit(request.db, means, bidder_of(request), upload.id)
    except Refused as refused:
        tender = request.db.get_one(Tender, upload.tender_id)
        return signed_refusal(request, refused, uploads.manifest_of(means, upload)[0].raw, tender)
    return pending(request, bid.ref)


@view_config(
    route_name="api-bid-withdrawals", request_method="POST", renderer="json", permission=Permission.BID
)
def withdraw(request: Request) -> Any:
    """POST /api/bids/withdrawals: take the standing bid back."""
    command = read_json(request, Withdraw)
    try:
        row = admission.withdraw(
            request.db, means_of(request), bidder_of(request), request.context, command.withdraw, command.cms
        )
    except Refused as refused:
        return signed_refusal(request, refused, command.withdraw, request.context)
    return pending(request, row.ref)


# --- receipts and own bids -----------------------------------------------------------------------


@view_config(route_name="api-receipt", request_method="GET", renderer="json", permission=Permission.BID)
def receipt(request: Request) -> Any:
    """GET /api/bids/receipts/{ref}: 202 until a signed checkpoint holds the entry, then the receipt."""
    try:
        found = find_receipt(
            request.db, means_of(request), bidder_of(request).uscc, request.matchdict["ref"]
        )[1]
    except Refused as refused:
        return problem(request, 404, list(refused.faults))
    if found is None:
        request.response.status = 202
        return {"pending": True}
    return raw_document(found, "application/json")


@view_config(route_name="api-own-bids", request_method="GET", renderer="json", permission=Permission.BID)
def own_bids(request: Request) -> list[dict[str, Any]]:
    """GET /api/tenders/{code}/bids: the asking enterprise's own acts in this tender, oldest first."""
    acts = acts_of(request.db, request.keys, request.context, bidder_of(request).uscc)
    return [
        {
            "ref": act.ref,
            "kind": act.kind,
            "seq": act.seq,
            "manifest": act.digest.hex(),
            "at": rfc3339(act.at),
            "status": act.status,
            "receipt": request.route_path("api-receipt", ref=act.ref),
        }
        for act in acts
    ]


def own_bid(request: Request) -> Admitted:
    """The asking enterprise's own bid of the address. 404 for everybody else's."""
    acts = acts_of(request.db, request.keys, request.context, bidder_of(request).uscc)
    found = next((a for a in acts if a.ref == request.matchdict["ref"] and a.kind == "bid"), None)
    if found is None:
        raise HTTPNotFound()
    return found


@view_config(route_name="api-own-bid", request_method="GET", renderer="json", permission=Permission.BID)
def own_manifest(request: Request) -> dict[str, str]:
    """GET /api/tenders/{code}/bids/{ref}: manifest and policy of one's own bid, to open it again."""
    manifest = parse_manifest(own_bid(request).document)
    policy = request.db.scalars(select(SealPolicy).where(SealPolicy.sha256 == manifest.policy.hex())).one()
    return {"manifest": b64(manifest.raw), "policy": b64(policy.raw)}


@view_config(route_name="api-own-part", request_method="GET", permission=Permission.BID)
def own_part(request: Request) -> Response:
    """GET /api/tenders/{code}/bids/{ref}/{part}: the ciphertext of a part as the hall stores it."""
    act = own_bid(request)
    part = parse_manifest(act.document).part(request.matchdict["part"])
    if part is None:
        raise HTTPNotFound()
    reader = part_reader(means_of(request).store, act.row, part.name, part.size)
    response = Response(content_type="application/octet-stream", app_iter=pieces_of(reader))
    response.content_length = part.size
    return response


def pieces_of(reader: Any) -> Iterator[bytes]:
    buffer = bytearray(1 << 20)
    while length := reader.readinto(buffer):
        yield bytes(memoryview(buffer)[:length])


# --- the bidder's own key ------------------------------------------------------------------------


@view_config(route_name="api-bid-releases", request_method="POST", renderer="json", permission=Permission.BID)
def release(request: Request) -> Any:
    """POST /api/bids/releases: this bidder's key for the opening. A key that does not fit is kept as
    evidence and answered 409, so that the bidder can try again inside the window."""
    command = read_json(request, ReleaseOwnKey)
    row = accept_bidder_release(
        request.db,
        means_of(request),
        bidder_of(request),
        request.actor,
        request.context.code,
        command.release,
        command.cms,
    )
    if row.matches:
        return {"matches": True}
    wrong = refuse(
        "release.wrong-key",
        _("This key does not open your bid"),
        rule="Order 20 art. 31",
        remedy=_("Choose the key file of the bid that stands, and try again before the window ends."),
    )
    answer = problem(request, 409, list(wrong.faults))
    answer.headers["X-Tm"] = "commit"
    return answer
