"""The close (截标), kept as promises: nobody has to be there, and a process that dies loses nothing.

1. `tender.close`: under the tender's lock, the entry `tender.closed`, so that every admitted bid precedes it.
2. `tender.close-document`: once a checkpoint holds that entry, the closing list over its tree, signed, and
   the entry `tender.manifest` with its hash. Only now are the sealed rows opened into plain columns.
3. `tender.close-ready`: stamped and cosigned, it goes to the custodians, and the opening starts.

Each step is safe to run twice. A witness or a time-stamping authority that is away delays the release of
keys, never the admission of bids.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.tenders.service import advance, find, locked
from bidding.vault.close import Act, CloseEntry, build_close, judge_acts, parse_close
from bidding.vault.encoding import b64, sha256
from bidding.vault.manifest import parse_manifest, parse_withdrawal
from bidding.vault.models import Bid, Close, SealPolicy
from bidding.vault.policy import Policy
from bidding.vault.receipt import witnesses_seen
from bidding.vault.receipts import Inclusion, first_inclusion
from bidding.vault.service import Admitted, Means, admitted, close_of, policy_of, policy_row
from trading import evidence
from trading.acts import process, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.events import TenderClosed, TenderResumed
from trading.interfaces import ITimeStamper
from trading.ledger.models import LedgerEntry
from trading.ledger.service import checkpoint_note, entries_of, leaf_index
from trading.outbox import promise
from trading.web import _

CLOSE, DOCUMENT, READY = "tender.close", "tender.close-document", "tender.close-ready"
START = "opening.start"
SCHEDULER = process("scheduler")
FIRST_LOOK = timedelta(milliseconds=300)
LONGEST_LOOK = timedelta(seconds=10)


def close_tender(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Step 1. A tender whose deadline was moved is closed at the new one."""
    tender = locked(session, payload["tender"])
    if tender.state != "published" or tender.suspended_at is not None:
        return  # a suspension revokes the close; the resumption promises it anew
    now = database_now(session)
    if now < tender.deadline:
        promise(session, CLOSE, {"tender": tender.code}, tender.deadline)
        return
    # Custodians release for the policy that the log itself names here, and for no other.
    facts = {"deadline": rfc3339(tender.deadline), "at": rfc3339(now), "policy": tender.policy_hash}
    entry = record(session, SCHEDULER, "tender.closed", tender.code, facts, at=now)
    session.add(Close(tender_id=tender.id, closed_entry_id=entry.id, closed_at=now))
    advance(session, registry, tender, "close", now)
    registry.notify(TenderClosed(session, registry, tender.code, now))
    promise(session, DOCUMENT, {"tender": tender.code, "looks": 0}, now + FIRST_LOOK)


def resume(event: TenderResumed) -> None:
    """After a suspension the close is due again at the deadline that stands now; a closing list that was
    ready in the meantime goes on to the opening."""
    tender = locked(event.session, event.tender)
    if tender.state == "published":
        promise(event.session, CLOSE, {"tender": tender.code}, tender.deadline)
    close = close_of(event.session, tender)
    if tender.state == "closed" and close is not None and close.ready_at is not None:
        promise(event.session, START, {"tender": tender.code}, max(event.at, tender.opens_at))


def write_close_document(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Step 2; looks again a little later while the entry waits for its place or its witness."""
    tender = locked(session, payload["tender"])
    close = close_of(session, tender)
    if close is None or close.raw is not None:
        return
    policy = policy_of(session, tender)
    now = database_now(session)
    place = _place_of_close(session, close, policy)
    if place is None:
        looks = payload["looks"] + 1
        pause = min(FIRST_LOOK * 2 ** min(looks, 10), LONGEST_LOOK)
        promise(session, DOCUMENT, {"tender": tender.code, "looks": looks}, now + pause)
        return
    means = Means.of(registry)
    rows = unseal_all(session, means, tender, policy)
    close.raw = build_close(
        tender=policy.tender,
        lot=policy.lot,
        deadline=policy.deadline,
        at=now,
        tree_size=place.checkpoint.size,
        root=place.checkpoint.root,
        entries=rows,
        sign=means.keys.receipt_for(policy.receipt_key).sign,
    )
    close.sha256 = sha256(close.raw).hex()
    size = place.checkpoint.size
    plain = [e.index for e in entries_of(session, tender.code) if e.index is not None and e.index < size]
    manifest = {
        "close": close.sha256,
        "tree_size": size,
        "root": place.checkpoint.root.hex(),
        "plain": sorted(plain),
        "blinded": [row.leaf_index for row in rows],
    }
    close.manifest_entry_id = record(session, SCHEDULER, "tender.manifest", tender.code, manifest).id
    promise(session, READY, {"tender": tender.code})


def make_close_ready(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Step 3. Raises Refused `timestamp.unavailable` to be tried again while the authority is away; an
    installation without one goes on without a stamp, which the bundle then reports."""
    tender = locked(session, payload["tender"])
    close = close_of(session, tender)
    if close is None or close.raw is None or close.ready_at is not None:
        return
    stamper = registry.queryUtility(ITimeStamper)
    if stamper is not None:
        token = stamper.stamp(sha256(close.raw))
        if stamper.verify(token, sha256(close.raw)) < tender.deadline:
            raise refuse(
                "timestamp.invalid", _("The time stamp on the closing list lies before the deadline")
            )
        close.token = token
    close.ready_at = database_now(session)
    promise(session, START, {"tender": tender.code}, max(close.ready_at, tender.opens_at))


def unseal_all(session: Session, means: Means, tender: Tender, policy: Policy) -> list[CloseEntry]:
    """Open the sealed rows of a closed tender into plain columns, each with what it counts as; returns
    the rows of the closing list in the ledger's order."""
    rows = list(session.scalars(select(Bid).where(Bid.tender_id == tender.id)))
    acts: dict[bytes, Admitted] = {}
    judged = []
    for row in rows:
        act = admitted(means.keys, row)
        row.leaf_index = leaf_index(session, row.entry_id)
        acts[act.digest] = act
        judged.append(_act(act, row.leaf_index))
    entries = judge_acts(judged, policy.hash)
    for entry in entries:
        _lay_open(acts[entry.manifest], entry)
    for act in acts.values():
        ders = [act.evidence["certificate"], *act.evidence["chain"]]
        evidence.keep(session, tender.code, [base64.b64decode(der) for der in ders], ())
        evidence.name(session, tender.code, act.evidence["crls_sha256"])
    session.flush()
    return entries


def _act(act: Admitted, index: int | None) -> Act:
    assert index is not None, "a bid that was admitted before the close stands before it in the log"
    if act.kind == "bid":
        return Act(index, act.digest, parse_manifest(act.document).policy, act.uscc)
    withdrawal = parse_withdrawal(act.document)
    return Act(index, act.digest, withdrawal.policy, act.uscc, withdrawal.manifest)


def _lay_open(act: Admitted, entry: CloseEntry) -> None:
    row = act.row
    row.kind, row.status = act.kind, entry.status
    row.bidder_uscc, row.bidder_name = act.uscc, act.organisation
    row.manifest_hash, row.manifest, row.cms = act.digest.hex(), act.document, act.cms
    row.received_at, row.evidence = act.at, act.evidence


def _place_of_close(session: Session, close: Close, policy: Policy) -> Inclusion | None:
    """The checkpoint for the closing list: one that a witness of the policy has cosigned, because
    custodians accept no other; any log-signed one where the policy names no witness."""
    if not policy.fields.get("witnesses"):
        return first_inclusion(session, close.closed_entry_id, witnessed=False)
    place = first_inclusion(session, close.closed_entry_id, witnessed=True)
    return place if place is not None and witnesses_seen(place.note, policy) else None


# --- what everybody may see after the close ------------------------------------------------------


def close_bundle(session: Session, code: str) -> dict[str, Any]:
    """The close with all that a custodian needs to judge it by itself (b64 = base64url without padding).

    Raises Refused `close.not-yet` until it is stamped and cosigned, `close.never-opened` for good where the
    tender ended before an opening: who bid in vain is nobody's business before the next round."""
    tender = find(session, code)
    close = close_of(session, tender)
    if never_opened(session, tender):
        raise refuse("close.never-opened", _("These bids were never opened: their list is not public"))
    if close is None or close.raw is None or close.ready_at is None:
        raise refuse("close.not-yet", _("The closing list of this tender is not complete yet"))
    policy = policy_row(session, tender)
    entry = session.get_one(LedgerEntry, close.closed_entry_id)
    note = checkpoint_note(session, parse_close(close.raw).tree_size)
    index = leaf_index(session, close.closed_entry_id)
    assert note is not None and index is not None, "the closing list stands on this checkpoint"
    place = Inclusion(session, index, note)
    bids = valid_bids(session, tender)
    payload = next(e for e in entries_of(session, tender.code) if e.id == entry.id).payloads[0]
    assert payload is not None and payload.raw is not None and payload.nonce is not None
    published = select(SealPolicy).where(SealPolicy.tender_id == tender.id).order_by(SealPolicy.version)
    return {
        "close": b64(close.raw),
        "tst": b64(close.token) if close.token is not None else None,
        "checkpoint": place.note,
        "proof": {"entry": b64(entry.body), "index": place.index, "path": [b64(n) for n in place.proof]},
        "closed": {"payload": b64(payload.raw), "nonce": b64(payload.nonce)},
        "policies": [{"policy": b64(p.raw), "p7s": b64(p.cms or b"")} for p in session.scalars(published)],
        "policy": b64(policy.raw),
        "p7s": b64(policy.cms or b""),
        "second": second_act(session, tender),
        "bids": [{"manifest": b64(bid.manifest or b""), "p7s": b64(bid.cms or b"")} for bid in bids],
    }


def never_opened(session: Session, tender: Tender) -> bool:
    """Whether a tender has ended, and nobody has opened or will open a bid of it."""
    ended = tender.state in ("failed", "cancelled")
    return ended and all(row.entry.type != "opening.started" for row in entries_of(session, tender.code))


def second_act(session: Session, tender: Tender) -> dict[str, str] | None:
    """The host's signed act that begins the opening of the second envelopes, once there is one."""
    from bidding.opening.models import SecondOpening  # Its room stands on this one.

    row = session.scalars(select(SecondOpening).where(SecondOpening.tender_id == tender.id)).first()
    return {"act": b64(row.act), "p7s": b64(row.cms)} if row is not None else None


def valid_bids(session: Session, tender: Tender) -> list[Bid]:
    """The bids of a closed tender that are to be opened, in the ledger's order."""
    query = select(Bid).where(Bid.tender_id == tender.id, Bid.status == "valid", Bid.kind == "bid")
    return list(session.scalars(query.order_by(Bid.leaf_index)))
