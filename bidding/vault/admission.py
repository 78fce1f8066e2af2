"""Admission (接收): the one short transaction in which a bid or a withdrawal counts, or does not.

Under the tender's row lock the clock is read, and that instant alone decides: strictly before the
deadline. What was verified before needs no second look; what can change (state, policy, earlier bids)
is looked at here.
"""

from __future__ import annotations

import base64
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.invited import must_be_invited
from bidding.tenders.models import Tender
from bidding.tenders.service import locked
from bidding.vault.encoding import EncodingError
from bidding.vault.manifest import Manifest, parse_manifest, parse_withdrawal, replay_marks
from bidding.vault.models import Bid, SpentToken
from bidding.vault.refusals import refusal
from bidding.vault.service import (
    Admitted,
    Bidder,
    Means,
    acts_of,
    owner_key,
    policy_of,
    seal_admitted,
    standing_of,
)
from bidding.vault.uploads import check_whole, judge_bid, judge_signature, manifest_of, own_upload
from trading import timekeeping
from trading.clock import database_now, rfc3339
from trading.ledger.service import append_blinded
from trading.outbox import promise
from trading.secrets import HallKeys

STAMP = "receipt.stamp"
"""Topic of the promise to have an admitted act's leaf stamped."""


def submit(session: Session, means: Means, bidder: Bidder, upload_id: UUID) -> Bid:
    """Hand a wholly uploaded bid in. Submitting it again gives the same row.

    Raises Refused `tender.invited-only`, `bid.*`, `signature.*`, `certificate.*`, `clock.skewed`; then nothing has
    happened.
    """
    upload = own_upload(session, means, bidder, upload_id)
    manifest, cms = manifest_of(means, upload)
    check_whole(session, upload, manifest)
    # Judged again: since the upload began the certificate may have been revoked.
    code = session.get_one(Tender, upload.tender_id).code
    evidence = judge_bid(session, means, bidder, code, manifest, cms).record()
    check_clocks(session, means)
    tender = locked(session, code)
    now = database_now(session)
    acts = acts_of(session, means.keys, tender, bidder.uscc)
    if known := next((act for act in acts if act.digest == manifest.hash), None):
        return known.row
    if tender.suspended_at is not None:
        raise refusal("bid.suspended")
    must_be_invited(session, means.keys, tender, bidder.uscc)
    check_open(tender, now, manifest.policy)
    check_order(acts, manifest)
    tokens = spend(session, means.keys, tender, manifest)
    bid = Bid(id=uuid4(), tender_id=tender.id, upload_id=upload.id)
    _admit(
        session,
        means,
        bidder,
        tender,
        bid,
        "bid",
        manifest.seq,
        manifest.raw,
        manifest.hash,
        cms,
        now,
        evidence,
    )
    session.flush()
    session.add_all(SpentToken(token=token, bid_id=bid.id) for token in tokens)
    upload.finished_at = now
    session.flush()
    return bid


def withdraw(
    session: Session, means: Means, bidder: Bidder, tender: Tender, document: bytes, cms: bytes
) -> Bid:
    """Take the standing bid back. The same withdrawal again gives the same row.

    Raises Refused `withdraw.*`, `bid.*`, `signature.*`, `certificate.*`.
    """
    try:
        withdrawal = parse_withdrawal(document)
    except EncodingError as error:
        raise refusal("withdraw.malformed", rule=str(error)) from error
    if withdrawal.bidder["id"] != bidder.uscc:
        raise refusal("bid.other-bidder", "bidder")
    certificate = withdrawal.bidder["cert_sha256"]
    evidence = judge_signature(session, means, bidder, tender.code, document, cms).record()
    check_clocks(session, means)
    tender = locked(session, tender.code)
    now = database_now(session)
    acts = acts_of(session, means.keys, tender, bidder.uscc)
    if known := next((act for act in acts if act.digest == withdrawal.hash), None):
        return known.row
    check_open(tender, now)
    standing = standing_of(acts)
    if standing is None or standing.digest != withdrawal.manifest:
        raise refusal("withdraw.none")
    bid_manifest = parse_manifest(standing.document)
    if (bid_manifest.policy, bid_manifest.bidder["cert_sha256"]) != (withdrawal.policy, certificate):
        raise refusal("withdraw.malformed", "bidder")
    if evidence["certificate_sha256"] != certificate:
        raise refusal("bid.other-certificate")
    row = Bid(id=uuid4(), tender_id=tender.id, upload_id=None)
    _admit(
        session,
        means,
        bidder,
        tender,
        row,
        "withdraw",
        standing.seq,
        document,
        withdrawal.hash,
        cms,
        now,
        evidence,
    )
    session.flush()
    return row


def check_clocks(session: Session, means: Means) -> None:
    """While the hall's clocks disagree, nobody can say what is in time: nothing is admitted, and operators
    are told. Raises Refused `clock.skewed`."""
    if words := timekeeping.alarm(timekeeping.skews(session, means.tolerance)):
        raise refusal("clock.skewed", rule=words)


def check_open(tender: Tender, now: datetime, policy: bytes | None = None) -> None:
    """The locked tender takes bids at `now`, under this policy (its hash); while it is suspended its deadline does not
    pass. Raises Refused `bid.*`."""
    if now >= tender.deadline and tender.suspended_at is None:
        raise refusal("bid.late", rule="Order 20 art. 27")
    if tender.state != "published":
        raise refusal("bid.not-open")
    if policy is not None and policy.hex() != tender.policy_hash:
        raise refusal("bid.wrong-policy")


def check_order(acts: list[Admitted], manifest: Manifest) -> None:
    """A later bid has a higher number, and what it replaces is this bidder's own."""
    if any(manifest.seq <= act.seq for act in acts):
        raise refusal("bid.out-of-order", "seq")
    if manifest.replaces is not None and manifest.replaces not in {act.digest for act in acts}:
        raise refusal("bid.replaces", "replaces")


def spend(session: Session, keys: HallKeys, tender: Tender, manifest: Manifest) -> list[bytes]:
    """The keyed hashes of what may come only once in this tender. Raises Refused `bid.replayed`.

    The tender's lock makes looking and writing one step."""
    tokens = sorted({keys.keyed("replay", tender.code, mark) for mark in replay_marks(manifest)})
    if session.execute(select(SpentToken.token).where(SpentToken.token.in_(tokens)).limit(1)).first():
        raise refusal("bid.replayed")
    return tokens


def _admit(
    session: Session,
    means: Means,
    bidder: Bidder,
    tender: Tender,
    row: Bid,
    kind: str,
    seq: int,
    document: bytes,
    digest: bytes,
    cms: bytes,
    now: datetime,
    evidence: dict[str, object],
) -> None:
    """The row of an admitted act and its blinded entry."""
    lot = policy_of(session, tender).lot
    row.entry_id, salt = append_blinded(
        session, kind, tender=tender.code, lot=lot, seq=seq, digest=digest, at=now, rng=means.rng
    )
    row.ref = reference(means.rng(10))
    row.owner_key = owner_key(means.keys, tender.code, bidder.uscc)
    row.sealed = seal_admitted(
        means,
        row,
        bidder,
        kind=kind,
        seq=seq,
        document=document,
        cms=cms,
        salt=salt,
        at=rfc3339(now),
        evidence=evidence,
    )
    session.add(row)
    promise(session, STAMP, {"bid": str(row.id)})


def reference(random: bytes) -> str:
    """A receipt's random number as people read it out: four groups of four letters and digits."""
    text = base64.b32encode(random).decode()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))
