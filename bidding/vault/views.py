"""The bidder's page, the receipt check that everybody may use, and what custodians see of their service."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from bidding.offers.standing import parent_of
from bidding.opening.words import WITHOUT_BIDDER
from bidding.tenders import versions
from bidding.tenders.amendment_rules import same_price_sheet
from bidding.tenders.interruptions import standstill
from bidding.tenders.models import Publication, Tender
from bidding.tenders.service import moved_deadline
from bidding.vault.api import bidder_of
from bidding.vault.custody import custodians, wanted_releases
from bidding.vault.encoding import EncodingError
from bidding.vault.envelopes import mode_of, parts_of
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import Bid, BidderRelease, CustodianKey, Release
from bidding.vault.policy import Stage
from bidding.vault.receipt_page import Checked, check_text
from bidding.vault.service import Admitted, acts_of, policy_row, standing_of
from trading.accounts.certificates import usable
from trading.clock import rfc3339
from trading.errors import Fault
from trading.parties.models import Party
from trading.permissions import Permission
from trading.web import PUBLIC, _, beijing

FOLDER = "bidding.vault:templates/"
ACTS = {
    "bid": _("Bid"),
    "withdraw": _("Withdrawal"),
}
COUNTS_AS = {
    "standing": _("stands"),
    "superseded": _("replaced"),
    "withdrawn": _("withdrawn"),
    "valid": _("to be opened"),
    "policy-superseded": _("sealed for earlier documents"),
}
MAX_RECEIPT = 1 << 20


# --- bidding -------------------------------------------------------------------------------------


@view_config(
    route_name="bid", request_method="GET", renderer=FOLDER + "bid.jinja2", permission=Permission.BID
)
def bid(request: Request) -> dict[str, Any]:
    """One page from price to receipt; sealing happens in the bidder's browser."""
    tender: Tender = request.context
    if tender.policy_hash is None:
        raise HTTPNotFound()
    now, bidder = request.now(), bidder_of(request)
    acts = acts_of(request.db, request.keys, tender, bidder.uscc)
    standing = standing_of(acts)
    return amended_for(request, tender, standing) | {
        "tender": tender,
        "standstill": standstill(request.db, tender),
        "open": tender.state == "published" and (now < tender.deadline or tender.suspended_at is not None),
        "bidder": bidder,
        "parts": {part.name for part in parts_of(tender.form, final=tender.parent_id is not None)},
        "parent": parent_of(request.db, tender),
        "changes_called": changes_of(request, tender),
        "items": items_of(tender),
        "period_days": tender.form.get("delivery_days", ""),
        "acts": [row_of(act, standing, tender.policy_hash) for act in reversed(acts)],
        "acts_words": ACTS,
        "counts_as": COUNTS_AS,
        "next_seq": max((act.seq for act in acts), default=0) + 1,
        "replaces": standing.digest.hex() if standing else "",
        "standing": standing,
        "bloc": [tender.tenderer.name, tender.agency.name, request.registry.settings["hall.name"]],
        "certificates": certificates_of(request),
        "policy": policy_row(request.db, tender).sha256,
        "without_bidder": WITHOUT_BIDDER[mode_of(tender.form)],
        "deadline": rfc3339(tender.deadline),
        "server_now": rfc3339(now),
    }


def changes_of(request: Request, tender: Tender) -> list[dict[str, Any]]:
    """What the talks have changed, as the call for these final offers says; none for any other tender."""
    if tender.parent_id is None:
        return []
    rows: list[dict[str, Any]] = json.loads(request.db.get_one(Publication, tender.id).notice)["changes"]
    return rows


def items_of(tender: Tender) -> list[dict[str, Any]]:
    """The schedule's rows, as the form keeps them."""
    form = tender.form
    rows = zip(form["item_name"], form["item_unit"], form["item_quantity"], strict=True)
    return [
        {"name": name, "unit": unit, "quantity": quantity, "core": number == form.get("core_item")}
        for number, (name, unit, quantity) in enumerate(rows, start=1)
    ]


def amended_for(request: Request, tender: Tender, standing: Admitted | None) -> dict[str, Any]:
    """What was amended since this bid was sealed: whether it still counts, what differs, and whether its price
    sheet still answers what is asked."""
    if standing is None or outdated(standing, tender.policy_hash) is False:
        return {"outdated": False, "changes": [], "same_sheet": True}
    rows = versions.amendments_of(request.db, tender, since=standing.at)
    before = rows[-1].before if rows else tender.form
    return {
        "outdated": True,
        "changes": versions.changes_since(rows, tender.form),
        "same_sheet": same_price_sheet(before, tender.form),
    }


def outdated(act: Admitted, policy_hash: str | None) -> bool:
    """Whether a bid was sealed for documents that have been amended since."""
    return act.kind == "bid" and parse_manifest(act.document).policy.hex() != policy_hash


def row_of(act: Admitted, standing: Admitted | None, policy_hash: str | None = None) -> dict[str, Any]:
    """One act as its owner reads it: before the close, what it counts as by their own acts alone."""
    own = "standing" if act is standing else "withdrawn" if act.kind == "withdraw" else "superseded"
    if act is standing and outdated(act, policy_hash):
        own = "policy-superseded"
    return {
        "ref": act.ref,
        "kind": act.kind,
        "seq": act.seq,
        "at": act.at,
        "digest": act.digest.hex(),
        "counts": act.status or own,
    }


def certificates_of(request: Request) -> str:
    """SHA-256 of the certificates that this account may sign with, for the signer block."""
    return ",".join(c.sha256 for c in usable(request.db, request.identity.user_id, request.now()))


UNTIL = {
    "either": _(
        "Decrypt by ${time}. If you cannot, the custodians open your bid after that; it stays valid."
    ),
    "bidder": _("Decrypt by ${time}. Nobody else can: without your key the bid counts as revoked."),
    "dual": _(
        "Decrypt by ${time}. The custodians give their shares too; without your key the bid counts as revoked."
    ),
    "custodian": "",
}
"""What a bidder must do by when, by the mode of the stage."""


def release_box(
    request: Request, tender: Tender, stage: Stage, window_ends: datetime
) -> dict[str, Any] | None:
    """What `bidding.vault:templates/release_box.jinja2` shows to a bidder whose bid waits for its key;
    None for everybody else. The opening page calls it, and includes the template with `box`."""
    if request.identity is None or not request.has_permission(Permission.BID, tender):
        return None
    party = request.db.get(Party, request.identity.party_id)
    row = request.db.scalars(
        select(Bid).where(Bid.tender_id == tender.id, Bid.bidder_uscc == party.uscc, Bid.status == "valid")
    ).first()
    if row is None:
        return None
    done = request.db.execute(
        select(BidderRelease.id).where(
            BidderRelease.bid_id == row.id, BidderRelease.stage == stage.name, BidderRelease.matches
        )
    ).first()
    return {
        "tender": tender.code,
        "manifest": row.manifest_hash,
        "certificates": certificates_of(request),
        "released": done is not None,
        "stage": stage.name,
        "mode": stage.mode,
        "until": UNTIL[stage.mode],
        "window_ends": beijing(window_ends, "%H:%M:%S"),
    }


# --- checking a receipt --------------------------------------------------------------------------


@view_config(route_name="receipt-check", renderer=FOLDER + "receipt_check.jinja2", permission=PUBLIC)
def receipt_check(request: Request) -> dict[str, Any]:
    """Anybody's receipt, checked in the reader's own browser; without script, by the hall."""
    page: dict[str, Any] = {"checked": None, "faults": [], "text": "", "outdated": False}
    if request.method != "POST":
        return page
    page["text"] = receipt_text(request)
    try:
        page["checked"] = found = checked(request, page["text"])
        page["outdated"] = found.receipt.kind == "bid" and found.policy != newest_policy(request, found)
    except (EncodingError, ValueError) as error:
        request.response.status = 422
        fault = Fault("receipt.unreadable", _("This is not a receipt of this hall"), "receipt", str(error))
        page["faults"] = [fault]
    return page


def receipt_text(request: Request) -> str:
    """The pasted text, or the chosen file."""
    chosen = request.POST.get("receipt_file")
    if getattr(chosen, "file", None) is not None:
        data: bytes = chosen.file.read(MAX_RECEIPT)
        return data.decode("utf-8", "replace")
    return str(request.POST.get("receipt", ""))[:MAX_RECEIPT]


def checked(request: Request, text: str) -> Checked:
    """Raises ValueError for what is no receipt of a tender here."""
    document = json.loads(text)
    code = document.get("tender", "") if isinstance(document, dict) else ""
    tender = request.db.scalars(select(Tender).where(Tender.code == str(code))).first()
    if tender is None or tender.policy_hash is None:
        raise ValueError("no such tender")
    policy = policy_at(request, tender, str(document.get("at", "")))
    return check_text(request.registry, policy, text, moved_deadline(tender))


def newest_policy(request: Request, found: Checked) -> str:
    """The policy that counts now in the tender of a receipt; a later one makes an earlier bid count no more."""
    query = select(Tender.policy_hash).where(Tender.code == found.receipt.tender)
    return request.db.scalar(query) or ""


def policy_at(request: Request, tender: Tender, at: str) -> bytes:
    """The policy that was in force at the time of a receipt."""
    published = versions.policies_of(request.db, tender)
    before = [row for row in published if row.signed_at is not None and rfc3339(row.signed_at) <= at]
    return (before or published)[-1 if before else 0].raw


# --- custodians ----------------------------------------------------------------------------------


@view_config(
    route_name="custodian", renderer=FOLDER + "custodian.jinja2", permission=Permission.ATTEND_RELEASE
)
def custodian(request: Request) -> dict[str, Any]:
    """What this organisation's custodian service has given, and what is asked of it."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    mine = [c for c in custodians(request.registry.settings) if party is not None and c.org == party.name]
    return {"custodians": [(who, custodian_rows(request, who)) for who in mine]}


def custodian_rows(request: Request, who: Any) -> list[dict[str, Any]]:
    """One row for each tender for which this custodian has given a key, the newest first."""
    query = (
        select(CustodianKey, Tender)
        .join(Tender, Tender.id == CustodianKey.tender_id)
        .where(CustodianKey.custodian == who.id)
        .order_by(Tender.deadline.desc())
        .limit(100)
    )
    rows = []
    for key, tender in request.db.execute(query):
        released = request.db.scalars(
            select(Release).where(
                Release.tender_id == tender.id, Release.stage == key.stage, Release.index == key.index
            )
        ).first()
        asked = next((r for r in wanted_releases(request.db, tender, who) if r["stage"] == key.stage), None)
        rows.append({"tender": tender, "key": key, "released": released, "asked": asked})
    return rows
