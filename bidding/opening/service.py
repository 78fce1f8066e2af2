"""The acts of an opening (开标): begin, wait for keys, read out, object, record.

`opening.start`, `opening.try`, `opening.window-ended` and `opening.give-up` are promises: from the deadline
to the record nobody waits for anything but people. What a bid says is shown to nobody before the bidders'
window has ended, or every bid is open (docs/protocols/vault.md)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening import papers
from bidding.opening.judging import FINAL, consider, note, outcomes_of, propose
from bidding.opening.models import Opening
from bidding.opening.people import attend, objections_of
from bidding.opening.standing import (
    SCHEDULER,
    custodians_until,
    find_opening,
    give_back,
    tell,
    undecided,
)
from bidding.tenders.models import Tender
from bidding.tenders.service import advance, find, least_bidders, locked, method_of, must_go_on
from bidding.tenders.words import END
from bidding.vault.closing import valid_bids
from bidding.vault.envelopes import first
from bidding.vault.models import Close, Outcome
from bidding.vault.service import close_of, policy_of
from bidding.vault.sittings import present_sitting
from trading import evidence
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.events import BidDecided, OpeningRecorded, TenderResumed
from trading.ledger import canonical
from trading.notices.service import publish_notice
from trading.outbox import promise
from trading.rulebook.methods import ENDED_BY, has_final_offers, is_tender
from trading.web import _

FEW = {**ENDED_BY, "low-price": "ROSTER"}
"""The article that ends another procurement than a tender for too few suppliers."""
START, WINDOW_ENDED, GIVE_UP = "opening.start", "opening.window-ended", "opening.give-up"


# --- begin ----------------------------------------------------------------------------------------


def start(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Begin the opening of a closed tender, or end the tender where too few have bid (P7)."""
    tender = locked(session, payload["tender"])
    close = close_of(session, tender)
    if tender.state != "closed" or close is None or close.ready_at is None or tender.suspended_at is not None:
        return
    now = database_now(session)
    bidders = {bid.bidder_uscc for bid in valid_bids(session, tender)}
    if len(bidders) < least_bidders(tender, now):
        fail(session, registry, tender, "fail_for_few_bidders", now, bids_at_close=len(bidders))
        return
    opening = Opening(
        tender_id=tender.id,
        started_at=now,
        window_ends_at=now + timedelta(seconds=tender.bidder_window_s),
    )
    session.add(opening)
    advance(session, registry, tender, "start_opening", now, bids_at_close=len(bidders), close_recorded=True)
    record(session, SCHEDULER, "opening.started", tender.code, {"close": close.sha256 or ""}, at=now)
    promise(session, WINDOW_ENDED, {"tender": tender.code}, opening.window_ends_at)
    until = custodians_until(session, registry, tender, opening)
    promise(session, GIVE_UP, {"tender": tender.code}, until)
    tell(session, registry, tender, "started")


def fail(session: Session, registry: Any, tender: Tender, step: str, now: datetime, **facts: Any) -> None:
    """End the tender: too few bidders may not be opened, too few opened bids not be evaluated."""
    advance(session, registry, tender, step, now, close_recorded=True, **facts)
    few = FEW.get(method_of(tender))
    tendered = few is None
    reason = {
        "fail_for_few_bidders": (
            "fewer than three bidders",
            few or "M87 43",
            "投标人不足三家，不得开标" if tendered else "提交响应文件的供应商不足法定家数，不予开启",
        ),
        "fail_for_few_opened": (
            "fewer than three bids could be opened",
            few or "M87 44",
            "成功解密的投标不足三家" if tendered else "成功解密的响应文件不足法定家数",
        ),
    }[step]
    announce_failure(session, registry, tender, reason, now)
    tell(session, registry, tender, "failed")


def announce_failure(
    session: Session, registry: Any, tender: Tender, reason: tuple[str, str, str], now: datetime
) -> None:
    """Entry and notice of a failure: the reason in English, its article, the reason in Chinese. Of final offers
    only the procurement that they belong to has a notice."""
    payload = {"reason": reason[0], "article": reason[1]}
    record(session, SCHEDULER, "tender.failed", tender.code, payload, at=now)
    if tender.gathers:
        return
    body = canonical.dumps(
        {"v": 1, "typ": "ebid.failure", "tender": tender.code, "lot": tender.lot.code, "at": rfc3339(now)}
        | payload
    )
    publish_notice(
        session, registry["queue"], kind="failure", tender=tender.code, title=tender.title,
        region=tender.lot.project.region, body=body, cms=None, at=now,
        shown={
            "title_en": tender.title_en,
            "buyer": tender.tenderer.name,
            "text": {
                "zh": [f"{reason[2]}（{reason[1]}），{END[is_tender(method_of(tender))][0]}"],
                "en": [f"{END[is_tender(method_of(tender))][1]} ({reason[0]}; {reason[1]})."],
            },
        },
    )  # fmt: skip


# --- keys arrive ----------------------------------------------------------------------------------


def attempt(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Judge the bids with what has been released by now; read out when each has its outcome.

    Decrypting may take minutes: it is done before the tender is locked, what is written down after."""
    tender = find(session, payload["tender"])
    if tender.state == "evaluating":
        from bidding.opening import second  # It knows the evaluation, which knows this room.

        second.attempt(session, registry, tender.code)
        return
    if (found := judge_now(session, registry, tender.code)) is None:
        return
    tender, opening, outcomes = found
    tell(session, registry, tender, "keys")
    if any(outcome.outcome not in FINAL for outcome in outcomes):
        return
    now = database_now(session)
    early = now < opening.window_ends_at
    if early and not all(outcome.outcome == "OK" for outcome in outcomes):
        return
    if early:
        opening.window_ends_at = now
    read_out(session, registry, tender, opening, now)


def judge_now(
    session: Session, registry: Any, code: str, *, last: bool = False
) -> tuple[Tender, Opening, list[Outcome]] | None:
    """Judge every bid that has no final outcome, without a lock, then lock the tender and write it down.
    None when the opening is not under way (any more)."""
    tender = find(session, code)
    if not under_way(tender, find_opening(session, tender)):
        return None
    bids, final = valid_bids(session, tender), final_ones(outcomes_of(session, tender))
    judged = consider(session, registry, tender, first(policy_of(session, tender)), bids, final, last=last)
    tender = locked(session, code)
    opening = find_opening(session, tender)
    if opening is None or not under_way(tender, opening):
        return None
    known = outcomes_of(session, tender)
    note(session, Outcome, known, judged)
    return tender, opening, [known[bid.id] for bid in bids]


def final_ones(outcomes: dict[Any, Any]) -> set[Any]:
    """The bids (by id) whose outcome is final."""
    return {bid for bid, row in outcomes.items() if row.outcome in FINAL}


def under_way(tender: Tender, opening: Opening | None) -> bool:
    """Whether bids are still being opened, and the tender does not stand still."""
    going = tender.state == "opening" and tender.suspended_at is None
    return going and opening is not None and opening.read_out_at is None


def window_ended(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """The bidders' window is over: custodians are wanted for the rest, and what is open may be shown. Where
    there are no custodians nothing more can come."""
    tender = find(session, payload["tender"])
    opening = find_opening(session, tender)
    if opening is None or not under_way(tender, opening) or database_now(session) < opening.window_ends_at:
        return
    tell(session, registry, tender, "window-ended")
    if first(policy_of(session, tender)).held_by_custodians:
        attempt(session, registry, payload)
    else:
        conclude(session, registry, tender.code)


def give_up(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """The custodians' time is over; a suspension may have moved its end."""
    tender = find(session, payload["tender"])
    opening = find_opening(session, tender)
    if opening is None or not under_way(tender, opening):
        return
    if database_now(session) >= custodians_until(session, registry, tender, opening):
        conclude(session, registry, tender.code)


def conclude(session: Session, registry: Any, code: str) -> None:
    """What is still sealed is read out as what the rule makes of it (bidding.opening.deciding), and the host
    decides on it."""
    if found := judge_now(session, registry, code, last=True):
        tender, opening, _outcomes = found
        read_out(session, registry, tender, opening, database_now(session))


def resume(event: TenderResumed) -> None:
    """The opening goes on where a suspension has stopped it."""
    tender = locked(event.session, event.tender)
    if tender.state == "opening":
        give_back(event, tender, find_opening(event.session, tender), WINDOW_ENDED, GIVE_UP)


# --- read out -------------------------------------------------------------------------------------


def rows_of(session: Session, tender: Tender) -> list[papers.ReadOut]:
    """What is read out of each valid bid, in the ledger's order. Only for use after `read_out_at`."""
    known = outcomes_of(session, tender)
    priced = not has_final_offers(method_of(tender))
    bids = [bid for bid in valid_bids(session, tender) if bid.id in known]
    return [papers.read_out(bid, known[bid.id], priced=priced) for bid in bids]


def read_out(session: Session, registry: Any, tender: Tender, opening: Opening, now: datetime) -> None:
    """Show every bid at once, with the rule's proposal for those that were not opened; write an entry for
    each, and lay the record before the host."""
    stage = first(policy_of(session, tender))
    for outcome in outcomes_of(session, tender).values():
        if outcome.outcome not in FINAL:
            propose(session, tender, stage, outcome, now)
    opening.read_out_at = now
    for row in rows_of(session, tender):
        say_opened(session, SCHEDULER, tender, row, now)
    write_record(session, tender, opening)
    tell(session, registry, tender, "read-out")


def say_opened(session: Session, actor: Actor, tender: Tender, row: papers.ReadOut, now: datetime) -> None:
    """The entry `bid.opened`; the last one of a bid counts."""
    payload = {"manifest": row.bid.manifest_hash} | papers.opened(row.outcome)
    record(session, actor, "bid.opened", tender.code, payload, at=now)


def write_record(session: Session, tender: Tender, opening: Opening) -> None:
    """Make outcomes and record from how the bids stand now."""
    rows = rows_of(session, tender)
    close = session.scalars(select(Close).where(Close.tender_id == tender.id)).one()
    opening.outcomes = papers.outcomes_document(rows)
    opening.record = papers.record_document(tender, close.sha256 or "", rows)
    opening.record_sha256 = hashlib.sha256(opening.record).hexdigest()


def stage_now(session: Session, tender: Tender, now: datetime) -> str:
    """The stage for which bidders may give their keys now; "" for none."""
    sitting = present_sitting(session, tender, policy_of(session, tender))
    return sitting.stage.name if sitting is not None and now < sitting.window_ends_at else ""


def record_to_sign(session: Session, tender: Tender) -> bytes:
    """The record that the host signs. Raises Refused `opening.not-read-out` or `objection.open`."""
    opening = find_opening(session, tender)
    if opening is None or opening.record is None:
        raise refuse("opening.not-read-out", _("The bids have not been read out yet"))
    if any(row.answered_at is None for row in objections_of(session, opening)):
        raise refuse("objection.open", _("Answer every objection before the record is signed"), rule="TBR 44")
    if opening.recorded_at is None and undecided(session, tender):
        raise refuse(
            "decision.open", _("Decide on every bid that was not opened before the record is signed"),
            rule="Order 20 art. 31",
        )  # fmt: skip
    return opening.record


def sign_record(session: Session, registry: Any, actor: Actor, code: str, cms: bytes) -> Opening:
    """File the host's signature under the record and publish it (开标记录, Order 20 art. 32).

    Raises Refused `opening.*`, `objection.open`, `signature.*`, `certificate.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    raw = record_to_sign(session, tender)
    opening = find_opening(session, tender)
    assert opening is not None and actor.user_id is not None
    if opening.recorded_at is not None:
        return opening
    now = database_now(session)
    found = evidence.accept(session, registry, code, raw, cms, now)
    certificates.own(session, actor.user_id, found.certificate_sha256, now)
    attend(session, registry, actor, "host", tender)
    opening.record_cms, opening.recorded_at = cms, now
    payload = {
        "record": opening.record_sha256 or "",
        "p7s": hashlib.sha256(cms).hexdigest(),
        "outcomes": hashlib.sha256(opening.outcomes or b"").hexdigest(),
    }
    record(session, actor, "opening.recorded", code, payload, at=now)
    advance(
        session, registry, tender, "finish_opening", now, bids_without_outcome=0, opening_record_signed=True
    )
    tell(session, registry, tender, "recorded")
    for row in rows_of(session, tender):
        registry.notify(
            BidDecided(
                session,
                registry,
                code,
                now,
                row.bid.bidder_uscc or "",
                row.outcome.outcome,
                row.outcome.fault,
            )
        )
    opened = sum(row.outcome.outcome == "OK" for row in rows_of(session, tender))
    if opened < least_bidders(tender, now):
        fail(session, registry, tender, "fail_for_few_opened", now, bids_opened=opened)
    registry.notify(OpeningRecorded(session, registry, code, now))
    return opening
