"""The life of a tender (招标流程): one table of steps, their guards, and what is due when.

Draft, published, closed at the deadline, opening, opened, evaluating, evaluated, result published,
awarded, contracted; or failed (废标), or cancelled (终止). A tender for final offers ends with its opening: they are
handed over to the evaluation of the tender that asked for them. The guards judge a `TenderFacts`: plain
attributes that the service fills from the database, with `now` read after the lock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from trading.lifecycle import Lifecycle, due_act, step


class TenderFacts(Protocol):
    """What the guards look at.

    `now` is the instant the step is judged at. Counts are of bids; `minimum_bidders` and
    `minimum_qualified` are the rulebook's P7 and P7.qualified. `gathers_offers` says that it is the final offers of
    another tender, `offers_made` how many such offers could be opened (None while none were asked for). `cancellation_reason`, `unlawful_act` and
    `order` (of the supervising authority) are references to the recorded decision, empty when there is none. Instants are aware or None.
    """

    state: str
    now: datetime
    deadline: datetime | None
    opening_at: datetime | None
    blocking_findings: int
    document_signed: bool
    policy_signed: bool
    custodians_ready: bool
    minimum_bidders: int
    minimum_qualified: int
    bids_at_close: int
    close_recorded: bool
    bids_without_outcome: int
    bids_opened: int
    opening_record_signed: bool
    decryption_until: datetime | None
    panel_complete: bool
    qualified: int | None
    candidates: int
    report_signed: bool
    confirm_until: datetime | None
    winner_confirmed: bool
    result_until: datetime | None
    award_notice_signed: bool
    winner_declined: bool
    contract_until: datetime | None
    contract_signed: bool
    suspended: bool
    cancellation_reason: str
    unlawful_act: str
    order: str
    gathers_offers: bool
    offers_made: int | None


def lawful(tender: TenderFacts) -> bool:
    """The plan still breaks a rule: correct it or have a named officer override it."""
    return tender.blocking_findings == 0


def document_signed(tender: TenderFacts) -> bool:
    """The tender document is not signed yet."""
    return tender.document_signed


def policy_signed(tender: TenderFacts) -> bool:
    """The seal policy is not signed yet."""
    return tender.policy_signed


def custodians_ready(tender: TenderFacts) -> bool:
    """Not every custodian has delivered its key for this tender yet."""
    return tender.custodians_ready


def before_deadline(tender: TenderFacts) -> bool:
    """The bid deadline has passed."""
    return tender.deadline is not None and tender.now < tender.deadline


def amendable(tender: TenderFacts) -> bool:
    """The bid deadline has passed."""
    return tender.suspended or before_deadline(tender)


def deadline_reached(tender: TenderFacts) -> bool:
    """The bid deadline has not come yet."""
    return tender.deadline is not None and tender.now >= tender.deadline


def close_recorded(tender: TenderFacts) -> bool:
    """The closing list of bids is not recorded in the ledger yet."""
    return tender.close_recorded


def opening_time_reached(tender: TenderFacts) -> bool:
    """The time of the opening has not come yet."""
    return tender.opening_at is not None and tender.now >= tender.opening_at


def enough_bidders(tender: TenderFacts) -> bool:
    """There are too few bidders: the bids may not be opened."""
    return tender.bids_at_close >= tender.minimum_bidders


def too_few_bidders(tender: TenderFacts) -> bool:
    """There are enough bidders: the tender does not fail for lack of them."""
    return tender.bids_at_close < tender.minimum_bidders


def every_bid_has_an_outcome(tender: TenderFacts) -> bool:
    """Some bids have neither been opened nor been found impossible to open."""
    return tender.bids_without_outcome == 0


def opening_record_signed(tender: TenderFacts) -> bool:
    """The opening record is not signed yet."""
    return tender.opening_record_signed


def enough_opened(tender: TenderFacts) -> bool:
    """Too few bids could be opened: they may not be evaluated."""
    return tender.bids_opened >= tender.minimum_bidders


def too_few_opened(tender: TenderFacts) -> bool:
    """Enough bids were opened: the tender does not fail for lack of them."""
    return tender.bids_opened < tender.minimum_bidders


def too_few_offers(tender: TenderFacts) -> bool:
    """Enough final offers were made: the procurement does not fail for lack of them."""
    return tender.offers_made is not None and tender.offers_made < tender.minimum_bidders


def panel_complete(tender: TenderFacts) -> bool:
    """The evaluation committee is not complete."""
    return tender.panel_complete


def enough_qualified(tender: TenderFacts) -> bool:
    """Too few bidders are qualified: the bids may not be evaluated."""
    return tender.qualified is not None and tender.qualified >= tender.minimum_qualified


def has_candidate(tender: TenderFacts) -> bool:
    """No bid has been found acceptable."""
    return tender.candidates > 0


def nobody_to_recommend(tender: TenderFacts) -> bool:
    """There are enough qualified bidders and a candidate: the tender does not fail."""
    few = tender.qualified is not None and tender.qualified < tender.minimum_qualified
    return few or (tender.report_signed and tender.candidates == 0)


def report_signed(tender: TenderFacts) -> bool:
    """The evaluation report is not signed by every member yet."""
    return tender.report_signed


def winner_confirmed(tender: TenderFacts) -> bool:
    """The purchaser has not confirmed the winner yet."""
    return tender.winner_confirmed


def award_notice_signed(tender: TenderFacts) -> bool:
    """The award notice is not signed yet."""
    return tender.award_notice_signed


def winner_has_declined(tender: TenderFacts) -> bool:
    """The winner has not declined the award."""
    return tender.winner_declined


def winner_stands(tender: TenderFacts) -> bool:
    """The winner has declined the award."""
    return not tender.winner_declined


def another_candidate(tender: TenderFacts) -> bool:
    """There is no further candidate."""
    return tender.candidates > 1


def last_candidate(tender: TenderFacts) -> bool:
    """There is a further candidate: the award passes to the next in rank."""
    return tender.candidates <= 1


def contract_signed(tender: TenderFacts) -> bool:
    """The contract is not signed by both parties yet."""
    return tender.contract_signed


def not_suspended(tender: TenderFacts) -> bool:
    """The procedure is suspended until a query or complaint is decided."""
    return not tender.suspended


def cancellation_recorded(tender: TenderFacts) -> bool:
    """The decision that ends the purchase, with its reason, is not recorded yet."""
    return bool(tender.cancellation_reason)


def unlawful_act_recorded(tender: TenderFacts) -> bool:
    """No decision that finds an unlawful act is recorded."""
    return bool(tender.unlawful_act)


def judged_by_itself(tender: TenderFacts) -> bool:
    """Final offers are handed over to the evaluation of the tender that they belong to."""
    return not tender.gathers_offers


def gathers_offers(tender: TenderFacts) -> bool:
    """These are no final offers of a consultation or negotiation."""
    return tender.gathers_offers


def ordered(tender: TenderFacts) -> bool:
    """No order of the supervising authority demands this."""
    return bool(tender.order)


UNDER_WAY = ("published", "closed", "opening", "opened", "evaluating", "evaluated")

DECIDED = ("evaluated", "result_published", "awarded")

TENDER: Lifecycle[TenderFacts] = Lifecycle(
    [
        step("publish", "draft", "published", lawful, document_signed, policy_signed, custodians_ready),
        step("amend", "published", "published", amendable, lawful, document_signed),
        step("close", "published", "closed", deadline_reached, not_suspended),
        step("fail_for_few_bidders", "closed", "failed", close_recorded, too_few_bidders),
        step("start_opening", "closed", "opening", close_recorded, opening_time_reached, enough_bidders,
             not_suspended),
        step("finish_opening", "opening", "opened", every_bid_has_an_outcome, opening_record_signed),
        step("fail_for_few_opened", "opened", "failed", too_few_opened),
        step("start_evaluation", "opened", "evaluating", enough_opened, panel_complete, not_suspended,
             judged_by_itself),
        step("hand_over", "opened", "handed_over", enough_opened, gathers_offers, not_suspended),
        step("fail_for_few_offers", ("opened", "evaluating"), "failed", too_few_offers),
        step("fail_in_evaluation", "evaluating", "failed", nobody_to_recommend),
        step("finish_evaluation", "evaluating", "evaluated", enough_qualified, has_candidate, report_signed,
             not_suspended),
        step("publish_result", "evaluated", "result_published", winner_confirmed, not_suspended),
        step("award", "result_published", "awarded", award_notice_signed, winner_stands, not_suspended),
        step("next_candidate", ("result_published", "awarded"), "evaluated", winner_has_declined,
             another_candidate),
        step("fail_without_candidate", ("result_published", "awarded"), "failed", winner_has_declined,
             last_candidate),
        step("contract", "awarded", "contracted", contract_signed, winner_stands, not_suspended),
        step("re_evaluate", ("evaluating", *DECIDED), "evaluating", ordered),
        step("new_committee", ("evaluating", *DECIDED), "opened", ordered),
        step("reform_committee", "evaluating", "opened", not_suspended),
        step("void_award", ("result_published", "awarded"), "evaluated", ordered, another_candidate),
        step("fail_for_unlawful_act", (*UNDER_WAY, "result_published", "awarded"), "failed",
             unlawful_act_recorded),
        step("cancel", UNDER_WAY, "cancelled", cancellation_recorded),
        step("discard", "draft", "cancelled"),
    ],
    [
        due_act("published", "close", lambda tender: tender.deadline),
        due_act("closed", "start_opening", lambda tender: tender.opening_at),
        due_act("opening", "end_decryption", lambda tender: tender.decryption_until),
        due_act("evaluated", "confirm_first_candidate", lambda tender: tender.confirm_until),
        due_act("result_published", "end_result_notice", lambda tender: tender.result_until),
        due_act("awarded", "contract_overdue", lambda tender: tender.contract_until),
    ],
    initial="draft",
)  # fmt: skip
