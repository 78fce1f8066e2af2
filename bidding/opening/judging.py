"""Opening the bids (开标解密): from what bidders and custodians have released to one outcome for each.

Runs in the worker, as often as something new arrives. OK is final; the rest is judged again with more
evidence, until the window and the custodians' time are over."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening.deciding import StageFacts, decide
from bidding.tenders.models import Tender
from bidding.vault.closing import valid_bids
from bidding.vault.content import Sink
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.models import Bid, BidderRelease, Outcome, Release
from bidding.vault.open import BidResult, StageEvidence, open_bid
from bidding.vault.policy import Policy
from bidding.vault.release import answers, parse_bidder_release, parse_release
from bidding.vault.service import part_reader, policy_of
from trading.clock import database_now
from trading.interfaces import IFileStore

SHEET = "price-sheet"
FINAL = frozenset({"OK", "BIDDER_FAULT", "STORAGE_FAULT", "REVOKED", "WITHDRAWN"})
"""Outcomes that need no further evidence; REVOKED and WITHDRAWN are decisions (Order 20 art. 31)."""

OPENED_OR_DECIDED = FINAL - {"STORAGE_FAULT"}
"""Outcomes that may be read out; what the platform has lost is decided on first."""

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
    return {row.bid_id: row for row in session.scalars(rows)}


def judge_all(session: Session, registry: Any, tender: Tender, *, last: bool = False) -> list[Outcome]:
    """Judge every valid bid that has no final outcome; returns all outcomes in the ledger's order. With
    `last`, the stored bytes of bids for which nobody has released anything are measured too."""
    policy = policy_of(session, tender)
    known = outcomes_of(session, tender)
    store = registry.getUtility(IFileStore)
    found = []
    for bid in valid_bids(session, tender):
        outcome = known.get(bid.id)
        if outcome is None or outcome.outcome not in FINAL:
            outcome = judge(session, store, policy, tender, bid, outcome, last)
        found.append(outcome)
    session.flush()
    return found


def judge(
    session: Session,
    store: Any,
    policy: Policy,
    tender: Tender,
    bid: Bid,
    known: Outcome | None,
    last: bool,
) -> Outcome:
    """Judge one bid with all that has been released for it, and write the outcome down."""
    manifest = parse_manifest(bid.manifest or b"")
    evidence, by_bidder = evidence_for(session, policy, tender, bid, manifest)
    row = known or Outcome(bid_id=bid.id, evidence={}, outcome="WAIT_BIDDER")
    if last or any(stage.bidder_key or stage.answers for stage in evidence.values()):
        texts = Plaintexts()
        sources = {part.name: part_reader(store, bid, part.name, part.size) for part in manifest.parts}
        write(row, open_bid(policy, manifest.raw, sources, evidence, texts.sink), texts, by_bidder)
    row.decided_at = database_now(session)
    session.add(row)
    return row


def evidence_for(
    session: Session, policy: Policy, tender: Tender, bid: Bid, manifest: Manifest
) -> tuple[dict[str, StageEvidence], bool]:
    """By stage: the bidder's key (a fitting one before others) and the custodians' answers; and whether
    the bidder's own key fits."""
    own = list(session.scalars(select(BidderRelease).where(BidderRelease.bid_id == bid.id)))
    own.sort(key=lambda row: (row.matches, row.received_at))
    given = [
        parse_release(row.raw)
        for row in session.scalars(
            select(Release).where(Release.tender_id == tender.id).order_by(Release.index)
        )
    ]
    evidence = {}
    for stage in policy.stages:
        keys = [parse_bidder_release(row.raw).kb for row in own if row.stage == stage.name]
        evidence[stage.name] = StageEvidence(
            bidder_key=keys[-1] if keys else None, answers=answers(given, stage.name, manifest.hash)
        )
    return evidence, any(row.matches for row in own)


def write(row: Outcome, result: BidResult, texts: Plaintexts, by_bidder: bool) -> None:
    """Note a judgement. The stage key of an opened bid is public from now on, in effect."""
    row.outcome = result.outcome.value
    row.fault = FAULT.get(row.outcome, "")
    row.evidence = {
        "reason": result.reason,
        "findings": [
            {"stage": stage.name, "index": finding.index, "what": finding.what}
            for stage in result.stages
            for finding in stage.findings
        ],
        "parts": texts.hashes() if row.outcome == "OK" else [],
    }
    if row.outcome == "OK":
        row.opened_by = "bidder" if by_bidder else "custodians"
        row.stage_key = result.stages[0].key
        row.price_sheet = texts.sheet()


def decide_unopened(session: Session, tender: Tender, outcome: Outcome, now: datetime) -> None:
    """Decide on a bid that nobody has opened; reasons and what they rest on go into the evidence."""
    policy, bid = policy_of(session, tender), session.get_one(Bid, outcome.bid_id)
    evidence, _ = evidence_for(session, policy, tender, bid, parse_manifest(bid.manifest or b""))
    own = select(BidderRelease).where(BidderRelease.bid_id == bid.id)
    fits: dict[str, bool] = {}
    for row in session.scalars(own):
        fits[row.stage] = fits.get(row.stage, False) or row.matches
    facts = [
        StageFacts(
            mode=stage.mode,
            key_fits=fits.get(stage.name),
            answered=len({answer.index for answer in evidence[stage.name].answers}),
            threshold=stage.t,
        )
        for stage in policy.stages
    ]
    found = decide(outcome.outcome, facts)
    outcome.evidence = outcome.evidence | {
        "judged": outcome.outcome,
        "decision": list(found.reasons),
        "basis": "Order 20 art. 31",
        "custodians_answered": {
            stage.name: fact.answered for stage, fact in zip(policy.stages, facts, strict=True)
        },
    }
    outcome.outcome, outcome.fault, outcome.decided_at = found.outcome, found.fault, now
