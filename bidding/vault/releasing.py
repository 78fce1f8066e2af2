"""Releases (密钥释放): the custodians' shares after the close, and a bidder's own key in its window."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bidding.opening.models import Attendance, Opening
from bidding.tenders.models import Tender
from bidding.tenders.service import find, locked, must_go_on
from bidding.vault.custodian_key import parse_statement
from bidding.vault.custody import bids_for_custodians, judge_custodian
from bidding.vault.encoding import EncodingError, sha256
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.models import Bid, BidderRelease, Close, CustodianKey, Release
from bidding.vault.policy import Policy, Stage
from bidding.vault.release import (
    bidder_key_fits,
    check_release,
    parse_bidder_release,
    parse_release,
)
from bidding.vault.service import Bidder, Means, policy_of
from bidding.vault.sittings import sitting_of
from bidding.vault.uploads import judge_signature
from trading import evidence
from trading.acts import Actor, process, record
from trading.clock import database_now
from trading.errors import refuse
from trading.outbox import promise
from trading.web import _

TRY = "opening.try"


def accept_release(session: Session, registry: Any, raw: bytes, cms: bytes) -> Release:
    """File a custodian's release after checking every share against the bidders' commitments, and have
    the opening tried. The same one again is no error.

    Raises Refused `release.*`, `signature.*`; a wrong share is named, and another custodian asked."""
    try:
        release = parse_release(raw)
    except EncodingError as error:
        raise refuse("release.malformed", _("The release cannot be read"), rule=str(error)) from error
    tender, policy = _closed_tender(session, release.close.hex())
    stage = policy.stage(release.stage)
    held = stage.custodian(release.index) if stage else None
    if stage is None or held is None:
        raise refuse("release.other", _("The policy names no such custodian for this stage"))
    earlier = session.scalars(
        select(Release).where(
            Release.tender_id == tender.id, Release.stage == release.stage, Release.index == release.index
        )
    ).first()
    if earlier is not None:
        if earlier.raw == raw:
            return earlier
        raise refuse("release.already", _("This custodian has released for this stage already"))
    certificate = _certificate_of(session, tender, held.cks_sha256)
    judge_custodian(session, registry, tender.code, raw, cms, certificate)
    now = database_now(session)
    _check_shares(session, tender, policy, stage, release, now)
    row = Release(
        tender_id=tender.id, stage=release.stage, index=release.index, raw=raw, cms=cms, received_at=now
    )
    session.add(row)
    payload = {
        "stage": release.stage,
        "index": release.index,
        "custodian": held.id,
        "release": sha256(raw).hex(),
        "p7s": sha256(cms).hex(),
    }
    record(session, process("custodian"), "vault.released", tender.code, payload, at=now)
    promise(session, TRY, {"tender": tender.code})
    return row


def _closed_tender(session: Session, close_sha256: str) -> tuple[Tender, Policy]:
    close = session.scalars(select(Close).where(Close.sha256 == close_sha256)).first()
    if close is None:
        raise refuse("release.other", _("The release is for a closing list that this hall does not have"))
    tender = locked(session, session.get_one(Tender, close.tender_id).code)
    return tender, policy_of(session, tender)


def _certificate_of(session: Session, tender: Tender, cks_sha256: str) -> str:
    """The certificate with which the custodian signed the key statement that the policy names."""
    for key in session.scalars(select(CustodianKey).where(CustodianKey.tender_id == tender.id)):
        if sha256(key.raw).hex() == cks_sha256:
            return parse_statement(key.raw).cert_sha256
    raise refuse("release.other", _("The policy names no such custodian for this stage"))


def _check_shares(
    session: Session, tender: Tender, policy: Policy, stage: Stage, release: Any, now: datetime
) -> None:
    sitting = sitting_of(session, tender, policy, stage.name)
    asked = bids_for_custodians(session, sitting, now) if sitting else []
    if sitting is None or not asked:
        raise refuse("release.early", _("No release is wanted for this tender at present"))
    named = release.shares.keys() | release.bad
    answering = [
        bid for bid in sitting.bids if bid in asked or bytes.fromhex(bid.manifest_hash or "") in named
    ]
    if faults := check_release(policy, release, [_manifest(bid) for bid in answering]):
        raise refuse("release.wrong", _("The release does not hold against the bids"), rule="; ".join(faults))


def _manifest(bid: Bid) -> Manifest:
    return parse_manifest(bid.manifest or b"")


def accept_bidder_release(
    session: Session, means: Means, bidder: Bidder, actor: Actor, code: str, raw: bytes, cms: bytes
) -> BidderRelease:
    """File a bidder's own key inside the window and have the opening tried. A key that does not fit is
    filed too, as evidence (`matches` false): the bidder may try again until the window ends.

    Raises Refused `release.*`, `signature.*`, `certificate.*`."""
    try:
        release = parse_bidder_release(raw)
    except EncodingError as error:
        raise refuse("release.malformed", _("The release cannot be read"), rule=str(error)) from error
    tender = find(session, code)
    bid = session.scalars(
        select(Bid).where(Bid.tender_id == tender.id, Bid.manifest_hash == release.manifest.hex())
    ).first()
    if bid is None or bid.bidder_uscc != bidder.uscc or bid.status != "valid":
        raise refuse("release.not-yours", _("There is no such bid of your enterprise to be opened"))
    must_go_on(tender)
    found = judge_signature(session, means, bidder, tender.code, raw, cms)
    now = database_now(session)
    stage = _open_window(session, tender, release.stage, now, bid)
    for earlier in session.scalars(select(BidderRelease).where(BidderRelease.bid_id == bid.id)):
        if earlier.stage == stage.name and (earlier.matches or earlier.raw == raw):
            return earlier
    evidence.keep_evidence(session, tender.code, found)
    row = BidderRelease(
        bid_id=bid.id,
        stage=stage.name,
        raw=raw,
        cms=cms,
        matches=bidder_key_fits(stage, _manifest(bid), release.kb) is not False,
        received_at=now,
    )
    session.add(row)
    _be_present(session, tender, bidder, actor, now)
    payload = {
        "manifest": bid.manifest_hash,
        "stage": stage.name,
        "release": sha256(raw).hex(),
        "p7s": sha256(cms).hex(),
    }
    record(session, actor, "vault.bidder-released", tender.code, payload, at=now)
    promise(session, TRY, {"tender": tender.code})
    return row


def _be_present(session: Session, tender: Tender, bidder: Bidder, actor: Actor, now: datetime) -> None:
    """Whoever decrypts is there: it counts as signing in to the opening."""
    opening = session.scalars(select(Opening).where(Opening.tender_id == tender.id)).one()
    row = {"opening_id": opening.id, "user_id": bidder.user_id, "name": actor.name, "at": now}
    row |= {"id": uuid4(), "organisation": bidder.organisation, "role": "bidder"}
    session.execute(insert(Attendance).values(row).on_conflict_do_nothing())


def _open_window(session: Session, tender: Tender, stage_name: str, now: datetime, bid: Bid) -> Stage:
    """The stage, while this bid's bidder may release for it. Raises Refused `release.*`."""
    policy = policy_of(session, tender)
    stage = policy.stage(stage_name)
    if stage is None or stage.mode == "custodian":
        raise refuse("release.other", _("Bidders hold no key of this stage"))
    sitting = sitting_of(session, tender, policy, stage_name)
    if sitting is None or bid not in sitting.bids or not sitting.started_at <= now < sitting.window_ends_at:
        raise refuse(
            "release.window",
            _("Bids can be decrypted only while the window of the opening is open"),
            rule="Order 20 art. 31",
        )
    return stage
