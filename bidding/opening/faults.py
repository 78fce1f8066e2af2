"""Decisions on bids that were not opened (解密失败责任认定, Order 20 art. 31).

The hall collects the evidence and says what the rule makes of it; the host decides, with its reason, and may
decide otherwise. A bidder may say before that that the platform failed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening import second as second_envelopes
from bidding.opening.deciding import RULES, outcome_of
from bidding.opening.judging import facts_of, outcomes_of, own_releases
from bidding.opening.models import EnvelopeOutcome, FaultDecision, Opening, PlatformClaim, SecondOpening
from bidding.opening.papers import read_out
from bidding.opening.people import bidder_of
from bidding.opening.second import known_outcomes, opened_bids
from bidding.opening.service import say_opened, write_record
from bidding.opening.standing import UNOPENED, find_opening, second_of, tell
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, moved_deadline
from bidding.vault.closing import valid_bids
from bidding.vault.envelopes import first, second
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import Bid, Outcome
from bidding.vault.policy import Stage
from bidding.vault.receipt_page import Checked, check_text
from bidding.vault.service import policy_of, policy_row
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.ledger.models import LedgerCheckpoint
from trading.web import _

FAULTS = ("bidder", "platform", "other")
SHORTEST_REASON = 10
"""characters of a reason"""


@dataclass(frozen=True)
class Case:
    """An envelope that was not opened: what the hall found, what was claimed, what was decided."""

    bid: Bid
    stage: Stage
    outcome: Outcome | EnvelopeOutcome
    evidence: dict[str, Any]
    claim: PlatformClaim | None
    decision: FaultDecision | None
    may_change: bool

    @property
    def proposed(self) -> str:
        """The fault that the rule proposes."""
        return self.decision.proposed_fault if self.decision else self.outcome.fault

    @property
    def rule(self) -> str:
        return RULES[self.proposed]


@dataclass(frozen=True)
class Sitting:
    """The opening of one stage that has been read out, and how each of its bids stands."""

    stage: Stage
    row: Opening | SecondOpening
    outcomes: dict[Any, Any]


def sittings(session: Session, tender: Tender) -> list[Sitting]:
    """The openings that have been read out: of the first envelopes, of the second ones."""
    policy, found = policy_of(session, tender), []
    opening, again, later = find_opening(session, tender), second_of(session, tender), second(policy)
    if opening is not None and opening.read_out_at is not None:
        found.append(Sitting(first(policy), opening, outcomes_of(session, tender)))
    if later is not None and again is not None and again.read_out_at is not None:
        found.append(Sitting(later, again, known_outcomes(session, tender)))
    return found


def cases(session: Session, tender: Tender) -> list[Case]:
    """The envelopes that were read out as not opened, in the order of the openings and of the ledger."""
    bids = valid_bids(session, tender)
    return [
        Case(
            bid,
            sitting.stage,
            sitting.outcomes[bid.id],
            evidence_of(session, tender, sitting, bid),
            claim_of(session, bid, sitting.stage.name),
            decision_of(session, bid, sitting.stage.name),
            may_change(tender, sitting),
        )
        for sitting in sittings(session, tender)
        for bid in bids
        if bid.id in sitting.outcomes and sitting.outcomes[bid.id].outcome in UNOPENED
    ]


def may_change(tender: Tender, sitting: Sitting) -> bool:
    """Whether its decisions are still open: until the opening record is signed; for second envelopes, until
    the result is published."""
    states = ("opening",) if isinstance(sitting.row, Opening) else ("evaluating", "evaluated")
    return tender.state in states


def case_of(session: Session, tender: Tender, manifest: str) -> Case:
    """The case of one bid. Raises Refused `decision.none`."""
    found = next((row for row in cases(session, tender) if row.bid.manifest_hash == manifest), None)
    if found is None:
        raise refuse("decision.none", _("There is nothing to decide about this bid"))
    return found


def evidence_of(session: Session, tender: Tender, sitting: Sitting, bid: Bid) -> dict[str, Any]:
    """What the hall has collected about an envelope that was not opened, as it goes into the ledger."""
    stage, opening, outcome = sitting.stage, sitting.row, sitting.outcomes[bid.id]
    manifest = parse_manifest(bid.manifest or b"")
    facts = facts_of(session, tender, stage, bid)
    sealed = manifest.stage(stage.name)
    damaged = {row["part"]: row for row in outcome.evidence.get("stored", [])}
    return {
        "receipt": {"ref": bid.ref, "manifest": bid.manifest_hash, "leaf_index": bid.leaf_index},
        "received": rfc3339(bid.received_at) if bid.received_at else None,
        "stored": [
            {
                "part": part.name,
                "signed": part.tree.hex(),
                "stored": damaged[part.name]["tree"] if part.name in damaged else part.tree.hex(),
                "equal": part.name not in damaged,
            }
            for part in manifest.parts
            if part.stage == stage.name
        ],
        "mode": stage.mode,
        "key_commitment": sealed.k_commit.hex() if sealed else None,
        "keys": [
            {"at": rfc3339(row.received_at), "fits": row.matches}
            for row in own_releases(session, bid, stage.name)
        ],
        "custodians": {"answered": facts.answered, "needed": facts.threshold},
        "window": {"from": rfc3339(opening.started_at), "until": rfc3339(opening.window_ends_at)},
        "service": service_in(session, opening.started_at, opening.window_ends_at),
        "judged": outcome.evidence.get("judged"),
        "reasons": outcome.evidence.get("decision", []),
    }


def service_in(session: Session, since: datetime, until: datetime) -> dict[str, int]:
    """The hall's own pulse in the bidders' window: how many checkpoints its log signed, and the longest time
    (seconds) between two of them."""
    query = select(LedgerCheckpoint.at).where(
        LedgerCheckpoint.at >= since - timedelta(minutes=1), LedgerCheckpoint.at <= until
    )
    times = sorted([since, *session.scalars(query), until])
    gaps = [int((later - earlier).total_seconds()) for earlier, later in zip(times, times[1:], strict=False)]
    return {"checkpoints": len(times) - 2, "longest_gap_s": max(0, *gaps)}


def claim_of(session: Session, bid: Bid, stage: str) -> PlatformClaim | None:
    query = select(PlatformClaim).where(PlatformClaim.bid_id == bid.id, PlatformClaim.stage == stage)
    return session.scalars(query).first()


def decision_of(session: Session, bid: Bid, stage: str) -> FaultDecision | None:
    query = select(FaultDecision).where(FaultDecision.bid_id == bid.id, FaultDecision.stage == stage)
    return session.scalars(query).first()


# --- the bidder ------------------------------------------------------------------------------------


def claim(
    session: Session, registry: Any, actor: Actor, code: str, statement: str, receipt: str = ""
) -> PlatformClaim:
    """A bidder says that the platform failed; entry `opening.platform-claimed`. Once for each envelope.

    Raises Refused `claim.*`."""
    tender = locked(session, code)
    bid, stage = claimable(session, tender, bidder_of(session, tender, actor))
    if bid is None or actor.user_id is None:
        raise refuse("claim.closed", _("Only a bidder can say so, until the opening record is signed"))
    if found := claim_of(session, bid, stage):
        return found
    if not statement.strip():
        raise refuse("claim.empty", _("Write what went wrong, and when"), field="statement")
    row = PlatformClaim(
        bid_id=bid.id,
        stage=stage,
        statement=statement.strip()[:2000],
        receipt=receipt.encode()[:65536] or None,
        receipt_holds=receipt_holds(session, registry, tender, bid, receipt) if receipt.strip() else None,
        made_by=actor.user_id,
        made_at=database_now(session),
    )
    session.add(row)
    session.flush()
    payload = {
        "manifest": bid.manifest_hash,
        "stage": stage,
        "statement": row.statement,
        "receipt_holds": row.receipt_holds,
    }
    record(session, actor, "opening.platform-claimed", code, payload, at=row.made_at)
    tell(session, registry, tender, "claim")
    return row


def claimable(session: Session, tender: Tender, uscc: str) -> tuple[Bid | None, str]:
    """The enterprise's bid whose envelope is being opened or decided on, and that envelope's stage."""
    bids, policy, row = valid_bids(session, tender), policy_of(session, tender), second_of(session, tender)
    stage = first(policy).name
    if tender.state != "opening":
        if row is None or tender.state not in ("evaluating", "evaluated"):
            return None, ""
        bids, stage = opened_bids(session, tender, row), row.stage
    return next((bid for bid in bids if bid.bidder_uscc == uscc), None), stage


def receipt_holds(session: Session, registry: Any, tender: Tender, bid: Bid, text: str) -> bool:
    """Whether a receipt is genuine, and for this very bid with the parts that its bidder signed."""
    try:
        checked: Checked = check_text(registry, policy_row(session, tender).raw, text, moved_deadline(tender))
    except (ValueError, TypeError, KeyError):
        return False
    signed = {(p.name, p.size, p.tree) for p in parse_manifest(bid.manifest or b"").parts}
    given = set(checked.receipt.parts)
    return checked.good and checked.receipt.manifest.hex() == bid.manifest_hash and signed == given


# --- the host ----------------------------------------------------------------------------------------


def decide_fault(
    session: Session, registry: Any, actor: Actor, code: str, manifest: str, fault: str, reason: str
) -> FaultDecision:
    """The host decides whose fault it was that an envelope was not opened; entries `bid.decided` and, where
    the outcome is another one now, `bid.opened` or `bid.price-opened`. May be changed until the record is
    signed; for a second envelope, until the result is published.

    Raises Refused `decision.*`."""
    tender = locked(session, code)
    if fault not in FAULTS:
        raise refuse("decision.fault", _("Choose whose fault it was"), field="fault")
    if len(reason.strip()) < SHORTEST_REASON:
        raise refuse("decision.reason", _("Give the reason in a sentence or two"), field="reason")
    case, now = case_of(session, tender, manifest), database_now(session)
    if not case.may_change or actor.user_id is None:
        raise refuse("decision.closed", _("The opening record is signed: this is decided"))
    row = case.decision or FaultDecision(
        bid_id=case.bid.id, stage=case.stage.name, proposed_fault=case.outcome.fault
    )
    row.fault, row.outcome, row.reason = fault, outcome_of(fault), reason.strip()[:2000]
    row.evidence, row.decided_by, row.decided_at = case.evidence, actor.user_id, now
    session.add(row)
    payload = {
        "manifest": manifest,
        "stage": row.stage,
        "outcome": row.outcome,
        "fault": fault,
        "proposed": row.proposed_fault,
        "rule": RULES[row.proposed_fault],
        "reason": row.reason,
        "evidence": json.loads(json.dumps(case.evidence)),
    }
    record(session, actor, "bid.decided", code, payload, at=now)
    changed = case.outcome.outcome != row.outcome
    case.outcome.outcome, case.outcome.fault = row.outcome, fault
    session.flush()
    if isinstance(case.outcome, EnvelopeOutcome):
        settle_second(session, registry, actor, tender, case, changed, now)
    elif changed:
        settle_first(session, actor, tender, case, now)
    tell(session, registry, tender, "decision")
    return row


def settle_first(session: Session, actor: Actor, tender: Tender, case: Case, now: datetime) -> None:
    """The record that the host will sign says what was decided; its signature ends the matter."""
    opening = find_opening(session, tender)
    assert opening is not None and isinstance(case.outcome, Outcome)
    say_opened(session, actor, tender, read_out(case.bid, case.outcome), now)
    write_record(session, tender, opening)


def settle_second(
    session: Session, registry: Any, actor: Actor, tender: Tender, case: Case, changed: bool, now: datetime
) -> None:
    """The outcomes of the second envelopes say what was decided; it takes effect at once."""
    row = second_of(session, tender)
    assert row is not None
    if changed:
        second_envelopes.say_opened(session, actor, tender, case.stage, case.bid, case.outcome, now)
        bids = opened_bids(session, tender, row)
        second_envelopes.publish_outcomes(session, actor, tender, case.stage, row, bids, now)
    second_envelopes.tell_decided(session, registry, tender, case.bid, case.outcome, now)
