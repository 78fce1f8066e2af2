"""Opening the bids (开标解密): from what bidders and custodians have released to one outcome for each.

Runs in the worker, as often as something new arrives. OK is final; the rest is judged again with more
evidence, until the window and the custodians' time are over."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening.deciding import StageFacts, decide
from bidding.tenders.models import Tender
from bidding.vault.content import Sink, measure
from bidding.vault.manifest import Manifest, SealedPart, parse_manifest
from bidding.vault.models import Bid, BidderRelease, Outcome, Release
from bidding.vault.open import Outcome as Opened
from bidding.vault.open import StageEvidence, open_bid
from bidding.vault.policy import Policy, Stage
from bidding.vault.release import answers, parse_bidder_release, parse_release
from bidding.vault.service import part_reader, policy_of
from trading.clock import database_now
from trading.interfaces import IFileStore

SHEET = "price-sheet"
FINAL = frozenset({"OK", "BIDDER_FAULT", "REVOKED", "WITHDRAWN"})
"""Outcomes that need no further evidence and may be read out; REVOKED and WITHDRAWN are decisions (Order 20
art. 31). A STORAGE_FAULT is not final: the bidder may hand the same bytes in again (vault.md 2.9)."""

FAULT = {
    "BIDDER_FAULT": "bidder",
    "WRONG_KEY": "bidder",
    "WAIT_BIDDER": "bidder",
    "STORAGE_FAULT": "platform",
}


class Hashing:
    """A sink that keeps the hash of what was written, and the bytes where they are to be shown."""

    def __init__(self, keep: bool) -> None:
        self.digest = hashlib.sha256()
        self.kept = io.BytesIO() if keep else None

    def write(self, data: memoryview, /) -> int:
        self.digest.update(data)
        if self.kept is not None:
            self.kept.write(data)
        return len(data)


@dataclass
class Plaintexts:
    """The plaintexts of one bid: hashes of all parts, bytes of the price sheet."""

    sinks: dict[str, Hashing] = field(default_factory=dict)

    def sink(self, part: str) -> Sink:
        self.sinks[part] = Hashing(keep=part == SHEET)
        return self.sinks[part]

    def hashes(self) -> list[dict[str, str]]:
        return [
            {"name": name, "sha256": sink.digest.hexdigest()} for name, sink in sorted(self.sinks.items())
        ]

    def sheet(self) -> bytes | None:
        found = self.sinks.get(SHEET)
        return found.kept.getvalue() if found is not None and found.kept is not None else None


def outcomes_of(session: Session, tender: Tender) -> dict[Any, Outcome]:
    """What is known of each bid, by the bid's id."""
    rows = select(Outcome).join(Bid).where(Bid.tender_id == tender.id)
    return {row.bid_id: row for row in session.scalars(rows.execution_options(populate_existing=True))}


@dataclass(frozen=True)
class Judgement:
    """What the keys released by now make of one envelope; `wrong` are releases that turned out not to fit.
    `tried` is false where nothing was there to be tried."""

    bid: Bid
    tried: bool
    outcome: str = "WAIT_BIDDER"
    key: bytes | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    sheet: bytes | None = None
    by_bidder: bool = False
    wrong: tuple[Any, ...] = ()


def consider(
    session: Session,
    registry: Any,
    tender: Tender,
    stage: Stage,
    bids: Iterable[Bid],
    final: Collection[Any],
    *,
    last: bool = False,
) -> list[Judgement]:
    """Judge one stage of these bids, but for those (by id) with a final outcome. Reads and decrypts, which
    may take minutes: no lock is held and nothing is written. With `last`, the stored bytes of bids for
    which nobody has released anything are measured too."""
    policy, store = policy_of(session, tender), registry.getUtility(IFileStore)
    return [_judge(session, store, policy, stage, tender, bid, last) for bid in bids if bid.id not in final]


def _judge(
    session: Session, store: Any, policy: Policy, stage: Stage, tender: Tender, bid: Bid, last: bool
) -> Judgement:
    manifest = parse_manifest(bid.manifest or b"")
    own = own_releases(session, bid, stage.name)
    evidence = evidence_for(session, tender, stage, manifest, own)
    if not (last or evidence.bidder_key or evidence.answers):
        return Judgement(bid, tried=False)
    texts, mine = Plaintexts(), [part for part in manifest.parts if part.stage == stage.name]
    sources = {part.name: part_reader(store, bid, part.name, part.size) for part in mine}
    result = open_bid(policy, manifest.raw, sources, {stage.name: evidence}, texts.sink)
    opened = next((row for row in result.stages if row.name == stage.name), None)
    rows = [row for row in (opened, *(p for p in result.parts if p.stage == stage.name)) if row is not None]
    gravest = min(rows, key=lambda row: list(Opened).index(row.outcome)) if rows else result
    name = gravest.outcome.value
    damaged = [p.name for p in result.parts if p.stage == stage.name and p.outcome is Opened.STORAGE_FAULT]
    found = {
        "reason": gravest.reason,
        "findings": [
            {"stage": stage.name, "index": finding.index, "what": finding.what}
            for finding in (opened.findings if opened else ())
        ],
        "parts": texts.hashes() if name == "OK" else [],
    }
    if damaged:
        found["stored"] = [_stored(store, bid, part) for part in mine if part.name in damaged]
    return Judgement(
        bid,
        tried=True,
        outcome=name,
        key=opened.key if opened else None,
        evidence=found,
        sheet=texts.sheet() if name == "OK" else None,
        by_bidder=stage.mode != "custodian" and any(row.matches for row in own),
        wrong=tuple(row.id for row in own if row.matches) if name == "WRONG_KEY" else (),
    )


def _stored(store: Any, bid: Bid, part: SealedPart) -> dict[str, Any]:
    """What lies in the store in the place of a part, beside what its bidder has signed."""
    found = measure(part_reader(store, bid, part.name, part.size))
    return {
        "part": part.name,
        "size": found.size,
        "tree": found.tree.hex(),
        "signed_size": part.size,
        "signed_tree": part.tree.hex(),
    }


def note(session: Session, row_class: Any, known: dict[Any, Any], judged: Iterable[Judgement]) -> None:
    """Write judgements down; the caller holds the tender's lock and has read `known` (by bid id) under it.
    What became final meanwhile stays."""
    now = database_now(session)
    for found in judged:
        row = known.get(found.bid.id)
        if row is not None and row.outcome in FINAL:
            continue
        if row is None:
            row = row_class(bid_id=found.bid.id, evidence={}, outcome="WAIT_BIDDER", decided_at=now)
            known[found.bid.id] = row
            session.add(row)
        if found.tried:
            write(row, found)
        for release in found.wrong:
            # In mode `dual` only the custodians' shares show it; the bidder may try again.
            session.get_one(BidderRelease, release).matches = False
        row.decided_at = now
    session.flush()


def own_releases(session: Session, bid: Bid, stage: str) -> list[BidderRelease]:
    """The bidder's own keys for a stage, a fitting one last."""
    rows = session.scalars(
        select(BidderRelease).where(BidderRelease.bid_id == bid.id, BidderRelease.stage == stage)
    )
    return sorted(rows, key=lambda row: (row.matches, row.received_at))


def evidence_for(
    session: Session, tender: Tender, stage: Stage, manifest: Manifest, own: Sequence[BidderRelease]
) -> StageEvidence:
    """The bidder's key and the custodians' answers for one stage of a bid."""
    query = select(Release).where(Release.tender_id == tender.id, Release.stage == stage.name)
    given = [parse_release(row.raw) for row in session.scalars(query.order_by(Release.index))]
    keys = [parse_bidder_release(row.raw).kb for row in own]
    return StageEvidence(
        bidder_key=keys[-1] if keys else None, answers=answers(given, stage.name, manifest.hash)
    )


def write(row: Any, found: Judgement) -> None:
    """Note a judgement. The stage key of an opened envelope is public from now on, in effect."""
    row.outcome, row.fault, row.evidence = found.outcome, FAULT.get(found.outcome, ""), found.evidence
    if found.outcome == "OK":
        row.opened_by = "bidder" if found.by_bidder else "custodians"
        row.stage_key = found.key
        row.price_sheet = found.sheet


def facts_of(session: Session, tender: Tender, stage: Stage, bid: Bid) -> StageFacts:
    """What came for one stage of a bid."""
    manifest = parse_manifest(bid.manifest or b"")
    own = own_releases(session, bid, stage.name)
    answered = evidence_for(session, tender, stage, manifest, own).answers
    return StageFacts(
        mode=stage.mode,
        key_fits=any(row.matches for row in own) if own else None,
        answered=len({answer.index for answer in answered}),
        threshold=stage.t,
    )


def propose(session: Session, tender: Tender, stage: Stage, row: Any, now: datetime) -> None:
    """What the rule makes of an envelope that nobody has opened; the host decides (bidding.opening.faults)."""
    bid = session.get_one(Bid, row.bid_id)
    facts = facts_of(session, tender, stage, bid)
    found = decide(row.outcome, [facts])
    row.evidence = row.evidence | {
        "judged": row.outcome,
        "decision": list(found.reasons),
        "basis": "Order 20 art. 31",
        "custodians_answered": {stage.name: facts.answered},
    }
    row.outcome, row.fault, row.decided_at = found.outcome, found.fault, now
