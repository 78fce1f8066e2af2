"""What the guards of the lifecycle are told: the tender's own times, the rulebook's numbers, and the
facts that the room which takes the step has established."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass
class Facts:
    """The facts of one step (see bidding.tenders.lifecycle.TenderFacts).

    Every default lets a tender go its normal way: a room names the facts that it has counted or checked,
    and those of other rooms stand as the rooms before it left them. `bids_at_close`, `bids_opened`,
    `qualified` and `candidates` have no harmless value for a step that ends a tender, so the steps
    `fail_…` and `next_candidate` only open with the number given.
    """

    state: str
    now: datetime
    deadline: datetime | None
    opening_at: datetime | None
    minimum_bidders: int
    minimum_qualified: int
    bids_at_close: int
    bids_opened: int
    qualified: int | None
    candidates: int = 1
    blocking_findings: int = 0
    document_signed: bool = True
    policy_signed: bool = True
    custodians_ready: bool = True
    close_recorded: bool = True
    bids_without_outcome: int = 0
    opening_record_signed: bool = True
    decryption_until: datetime | None = None
    panel_complete: bool = True
    report_signed: bool = True
    confirm_until: datetime | None = None
    winner_confirmed: bool = True
    result_until: datetime | None = None
    award_notice_signed: bool = True
    winner_declined: bool = False
    contract_until: datetime | None = None
    contract_signed: bool = True
    suspended: bool = False
    cancellation_reason: str = ""
    unlawful_act: str = ""
    order: str = ""
    gathers_offers: bool = False
    offers_made: int | None = None
