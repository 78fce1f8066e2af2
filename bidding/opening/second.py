"""The opening of the second envelopes (第二信封开启): the prices, after the technical review.

Begun by the host's signature over the list of bids that passed; the others' envelopes are never opened. The
hall then does what it does at the opening: bidders' window, custodians, and all prices shown at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation import progress
from bidding.evaluation import service as evaluation
from bidding.opening import papers
from bidding.opening.judging import FINAL, consider, note, outcomes_of, propose
from bidding.opening.models import EnvelopeOutcome, SecondOpening
from bidding.opening.service import final_ones
from bidding.opening.standing import SCHEDULER, UNOPENED, custodians_until, give_back, second_of, tell
from bidding.tenders.models import Tender
from bidding.tenders.service import find, locked, must_go_on
from bidding.vault.closing import valid_bids
from bidding.vault.envelopes import second
from bidding.vault.models import Bid
from bidding.vault.policy import Stage
from bidding.vault.service import close_of, policy_of
from bidding.vault.sittings import sitting_of
from trading import evidence
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.events import BidDecided, TenderResumed
from trading.ledger import canonical
from trading.outbox import promise
from trading.web import _

WINDOW_ENDED, GIVE_UP = "opening.second-window-ended", "opening.second-give-up"


def awaited(session: Session, registry: Any, tender: Tender) -> bool:
    """Whether the review is over and the host's signature is what the second envelopes wait for."""
    if tender.state != "evaluating" or second(policy_of(session, tender)) is None:
        return False
    found = progress.load(session, registry["keys"], tender)
    return (
        second_of(session, tender) is None
        and found.phase(database_now(session)) is progress.Phase.SECOND_ENVELOPE
    )


def act_to_sign(session: Session, registry: Any, tender: Tender) -> bytes:
    """What the host signs: the bids that passed the review, and those whose envelope stays sealed.

    Raises Refused `second.not-now`."""
    if not awaited(session, registry, tender):
        raise refuse("second.not-now", _("The second envelopes are opened when the technical review is over"))
    found = progress.load(session, registry["keys"], tender)
    qualified = {found.bids[bid].manifest for bid in found.qualified()}
    everybody = {bid.manifest for bid in found.bids.values()}
    close, stage = close_of(session, tender), second(policy_of(session, tender))
    assert close is not None and stage is not None
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.second-opening",
            "tender": tender.code,
            "lot": tender.lot.code,
            "close": close.sha256,
            "stage": stage.name,
            "bids": sorted(qualified),
            "sealed": sorted(everybody - qualified),
        }
    )


def start(session: Session, registry: Any, actor: Actor, code: str, cms: bytes) -> SecondOpening:
    """The host begins the opening of the second envelopes; entry `opening.second-started`. The same again is
    no error. Raises Refused `second.*`, `signature.*`, `certificate.*`, `tender.suspended`."""
    tender = locked(session, code)
    must_go_on(tender)
    if (known := second_of(session, tender)) is not None:
        return known
    raw, now = act_to_sign(session, registry, tender), database_now(session)
    assert actor.user_id is not None
    found = evidence.accept(session, registry, code, raw, cms, now)
    certificates.own(session, actor.user_id, found.certificate_sha256, now)
    act = json.loads(raw)
    row = SecondOpening(
        tender_id=tender.id,
        stage=act["stage"],
        act=raw,
        cms=cms,
        started_at=now,
        window_ends_at=now + timedelta(seconds=tender.bidder_window_s),
    )
    session.add(row)
    session.flush()
    payload = {
        "act": hashlib.sha256(raw).hexdigest(),
        "p7s": hashlib.sha256(cms).hexdigest(),
        "stage": act["stage"],
        "bids": act["bids"],
        "sealed": act["sealed"],
    }
    record(session, actor, "opening.second-started", code, payload, at=now)
    promise(session, WINDOW_ENDED, {"tender": code}, row.window_ends_at)
    promise(session, GIVE_UP, {"tender": code}, custodians_until(session, registry, tender, row))
    tell(session, registry, tender, "second-started")
    return row


def known_outcomes(session: Session, tender: Tender) -> dict[Any, EnvelopeOutcome]:
    """What is known of each second envelope, by the bid's id."""
    rows = select(EnvelopeOutcome).join(Bid, Bid.id == EnvelopeOutcome.bid_id)
    query = rows.where(Bid.tender_id == tender.id).execution_options(populate_existing=True)
    return {row.bid_id: row for row in session.scalars(query)}


def attempt(session: Session, registry: Any, code: str, *, last: bool = False) -> None:
    """Judge the second envelopes with what has been released by now, and show all prices when each has its
    outcome. Decrypts before it locks. With `last` it is over whatever has come. Nothing while the tender is
    suspended."""
    tender = find(session, code)
    policy = policy_of(session, tender)
    stage = second(policy)
    sitting = sitting_of(session, tender, policy, stage.name) if stage is not None else None
    if stage is None or sitting is None:
        return
    final = final_ones(known_outcomes(session, tender))
    judged = consider(session, registry, tender, stage, sitting.bids, final, last=last)
    tender = locked(session, code)
    row = second_of(session, tender)
    if row is None or row.read_out_at is not None or tender.suspended_at is not None:
        return
    known = known_outcomes(session, tender)
    note(session, EnvelopeOutcome, known, judged)
    tell(session, registry, tender, "second-keys")
    open_ones = [known[bid.id].outcome for bid in sitting.bids]
    now = database_now(session)
    waits = any(outcome not in FINAL for outcome in open_ones)
    early = now < row.window_ends_at and not all(outcome == "OK" for outcome in open_ones)
    if last or not (waits or early):
        read_out(session, registry, tender, stage, row, list(sitting.bids))


def window_ended(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """The bidders' window is over; where there are no custodians nothing more can come."""
    tender = find(session, payload["tender"])
    stage, row = second(policy_of(session, tender)), second_of(session, tender)
    if stage is not None and row is not None and database_now(session) >= row.window_ends_at:
        attempt(session, registry, tender.code, last=not stage.held_by_custodians)


def give_up(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """The custodians' time is over; a suspension may have moved its end."""
    tender = find(session, payload["tender"])
    row = second_of(session, tender)
    if row is not None and database_now(session) >= custodians_until(session, registry, tender, row):
        attempt(session, registry, tender.code, last=True)


def resume(event: TenderResumed) -> None:
    """The second opening goes on where a suspension has stopped it."""
    tender = locked(event.session, event.tender)
    if tender.state == "evaluating":
        give_back(event, tender, second_of(event.session, tender), WINDOW_ENDED, GIVE_UP)


def read_out(
    session: Session, registry: Any, tender: Tender, stage: Stage, row: SecondOpening, bids: list[Bid]
) -> None:
    """Show the prices, all at once; entries `bid.price-opened` and `opening.second-read-out`. What was not
    opened counts as the rule says until the host has decided on it; the evaluation finds no price in it."""
    now, known = database_now(session), known_outcomes(session, tender)
    first_ones = outcomes_of(session, tender)
    for bid in bids:
        outcome = known[bid.id]
        if outcome.outcome not in FINAL:
            propose(session, tender, stage, outcome, now)
        if outcome.outcome == "OK":
            first_ones[bid.id].price_sheet = outcome.price_sheet
        say_opened(session, SCHEDULER, tender, stage, bid, outcome, now)
        if outcome.outcome not in UNOPENED:
            tell_decided(session, registry, tender, bid, outcome, now)
    row.read_out_at = now
    row.window_ends_at = min(row.window_ends_at, now)
    publish_outcomes(session, SCHEDULER, tender, stage, row, bids, now)
    session.flush()
    tell(session, registry, tender, "second-read-out")
    evaluation.proceed(session, registry, tender, now)


def say_opened(
    session: Session, actor: Actor, tender: Tender, stage: Stage, bid: Bid, outcome: Any, now: datetime
) -> None:
    """The entry `bid.price-opened`; the last one of a bid counts."""
    payload = {"manifest": bid.manifest_hash, "stage": stage.name} | papers.opened(outcome)
    record(session, actor, "bid.price-opened", tender.code, payload, at=now)


def publish_outcomes(
    session: Session, actor: Actor, tender: Tender, stage: Stage, row: SecondOpening, bids: Sequence[Bid],
    now: datetime,
) -> None:  # fmt: skip
    """Make second-outcomes.json from how the envelopes stand now; the entry `opening.second-read-out`, of which
    the last one counts."""
    known = known_outcomes(session, tender)
    rows = [{"manifest": bid.manifest_hash} | papers.opened(known[bid.id]) for bid in bids]
    row.outcomes = canonical.dumps({"v": 1, "typ": "ebid.outcomes", "stage": stage.name, "bids": rows})
    payload = {"outcomes": hashlib.sha256(row.outcomes).hexdigest()}
    record(session, actor, "opening.second-read-out", tender.code, payload, at=now)


def tell_decided(
    session: Session, registry: Any, tender: Tender, bid: Bid, outcome: Any, now: datetime
) -> None:
    """The end of one bid's opening, for the rooms that follow it."""
    said = (bid.bidder_uscc or "", outcome.outcome, outcome.fault)
    registry.notify(BidDecided(session, registry, tender.code, now, *said))


def opened_bids(session: Session, tender: Tender, row: SecondOpening) -> list[Bid]:
    """The bids whose second envelopes the host's act names, in the ledger's order."""
    named = frozenset(json.loads(row.act)["bids"])
    return [bid for bid in valid_bids(session, tender) if bid.manifest_hash in named]
