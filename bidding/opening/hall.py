"""What the opening hall shows to everybody at an instant (开标大厅): one picture, the same for all readers.

Nothing of a bid's content is in it before the bids are read out, and before the close nothing at all about
who bids or how many do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.opening.judging import outcomes_of
from bidding.opening.models import Attendance, Opening
from bidding.opening.papers import ReadOut
from bidding.opening.people import objections_of
from bidding.opening.service import rows_of
from bidding.opening.standing import find_opening
from bidding.opening.words import ARRIVED, OUTCOMES
from bidding.tenders.models import Tender
from bidding.vault.closing import valid_bids
from bidding.vault.envelopes import first
from bidding.vault.models import Bid, BidderRelease, Release
from bidding.vault.policy import Stage
from bidding.vault.service import close_of, policy_of
from trading.clock import parse_rfc3339
from trading.ledger.service import TrailEntry, entries_of
from trading.live import LiveEvent
from trading.web import _

OFFICIAL = ("host", "regulator", "custodian")
"""Whose coming everybody sees at the opening of final offers."""
LONGEST_SHOWN = 24
"""Characters of a sealed price that is no amount; a bidder may have sealed anything."""


@dataclass(frozen=True)
class BidRow:
    """One bid in the table. `when` is the instant of its state; `amount` is yuan when it is an amount,
    `total` and `period` what was sealed, for reading out."""

    number: int
    name: Any
    manifest: str
    words: Any
    tone: str
    when: datetime | None = None
    opened_by: str = ""
    fault: str = ""
    amount: Decimal | None = None
    total: str | None = None
    period: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of the hall's log."""

    at: datetime
    words: Any
    tone: str = "neutral"


@dataclass
class Hall:
    """The whole picture. `stage` is before | closing | decrypting | custodians | read | recorded | failed;
    `keys` how many bids have a fitting key; `custodians` who has released, `needed` how many must."""

    tender: Tender
    stage: str
    opening: Opening | None = None
    close_sha256: str = ""
    rows: list[BidRow] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    attendance: list[Attendance] = field(default_factory=list)
    objections: list[Any] = field(default_factory=list)
    keys: int = 0
    custodians: list[str] = field(default_factory=list)
    needed: int = 0

    @property
    def step(self) -> int:
        """Which of the five steps is under way, from 0; 5 when all are done, -1 before the deadline."""
        return {
            "before": 0,
            "closing": 1,
            "decrypting": 2,
            "custodians": 2,
            "read": 3,
            "recorded": 5,
            "failed": 1,
        }[self.stage] + (self.stage == "read" and not self.open_objections)

    @property
    def open_objections(self) -> list[Any]:
        """Objections that wait for the host's answer."""
        return [row for row in self.objections if row.answered_at is None]


def stage_of(tender: Tender, opening: Opening | None, now: datetime) -> str:
    """Where the opening stands at `now`."""
    if opening is None:
        if tender.state in ("failed", "cancelled"):
            return "failed"
        return "before" if now < tender.deadline else "closing"
    if opening.recorded_at is not None:
        return "recorded"
    if opening.read_out_at is not None:
        return "read"
    return "decrypting" if now < opening.window_ends_at else "custodians"


def version_of(session: Session, tender: Tender, stage: str) -> tuple[str, str, int]:
    """Changes whenever the picture does: every act of the opening announces an event of its channel."""
    newest = select(func.max(LiveEvent.id)).where(LiveEvent.channel == f"opening:{tender.code}")
    return stage, tender.state, session.scalar(newest) or 0


def picture(session: Session, tender: Tender, stage: str) -> Hall:
    """The picture at a stage that `stage_of` gave."""
    opening = find_opening(session, tender)
    hall = Hall(tender, stage, opening)
    if stage in ("before", "closing"):
        return hall
    close = close_of(session, tender)
    hall.close_sha256 = (close.sha256 or "") if close else ""
    if opening is None:
        hall.lines = lines_of(session, tender, hall)
        return hall
    hall.attendance = list(
        session.scalars(select(Attendance).where(Attendance.opening_id == opening.id).order_by(Attendance.at))
    )
    if tender.parent_id is not None:  # who comes to the opening of final offers has not left the talks
        hall.attendance = [row for row in hall.attendance if row.role in OFFICIAL]
    hall.objections = objections_of(session, opening)
    policy_stage = first(policy_of(session, tender))
    hall.needed = policy_stage.t
    hall.custodians = custodians_released(session, tender, policy_stage)
    hall.rows = rows_read_out(session, tender) if opening.read_out_at else rows_waiting(session, tender, hall)
    hall.keys = sum(row.tone == "good" for row in hall.rows)
    hall.lines = lines_of(session, tender, hall)
    return masked(session, hall) if tender.parent_id is not None else hall


def masked(session: Session, hall: Hall) -> Hall:
    """The picture of final offers: suppliers watch it, and none of them learns who else made one (GPL 38(4))."""
    masks = {
        bid.bidder_name or "": _("Supplier ${n}", mapping={"n": number})
        for number, bid in enumerate(valid_bids(session, hall.tender), start=1)
    }
    hall.rows = [replace(row, name=masks.get(row.name, row.name)) for row in hall.rows]
    hall.lines = [line for line in hall.lines if not masks.keys() & named(line.words)]
    hall.objections = [
        SimpleNamespace(organisation=masks.get(row.organisation, row.organisation), text=row.text, raised_at=row.raised_at,
                        answered_at=row.answered_at, answer=row.answer)
        for row in hall.objections
    ]  # fmt: skip
    return hall


def named(words: Any) -> set[str]:
    """The texts that are put into a line's words."""
    return {str(value) for value in (getattr(words, "mapping", None) or {}).values()}


def custodians_released(session: Session, tender: Tender, stage: Stage) -> list[str]:
    """The organisations that have released their shares."""
    query = select(Release.index).where(Release.tender_id == tender.id, Release.stage == stage.name)
    found = [stage.custodian(index) for index in session.scalars(query.order_by(Release.received_at))]
    return [custodian.org for custodian in found if custodian is not None]


def rows_waiting(session: Session, tender: Tender, hall: Hall) -> list[BidRow]:
    """Names and keys, and nothing of what any bid says."""
    bids = valid_bids(session, tender)
    own: dict[Any, BidderRelease] = {}
    query = select(BidderRelease).where(BidderRelease.bid_id.in_([bid.id for bid in bids]))
    for release in session.scalars(query.order_by(BidderRelease.matches, BidderRelease.received_at)):
        own[release.bid_id] = release
    outcomes = outcomes_of(session, tender)
    rows = []
    for number, bid in enumerate(bids, start=1):
        given, outcome = own.get(bid.id), outcomes.get(bid.id)
        name, manifest = bid.bidder_name or "", bid.manifest_hash or ""
        if given is not None and given.matches:
            rows.append(BidRow(number, name, manifest, _("Key received"), "good", given.received_at))
        elif outcome is not None and outcome.outcome == "OK":
            words = _("Key put together by the custodians")
            rows.append(BidRow(number, name, manifest, words, "good", outcome.decided_at))
        elif given is not None:
            rows.append(BidRow(number, name, manifest, OUTCOMES["WRONG_KEY"], "bad", given.received_at))
        else:
            waits = "WAIT_BIDDER" if hall.stage == "decrypting" else "WAIT_CUSTODIANS"
            rows.append(BidRow(number, name, manifest, OUTCOMES[waits], "wait"))
    return rows


def rows_read_out(session: Session, tender: Tender) -> list[BidRow]:
    """The bids as they are read out."""
    return [row_read_out(number, row) for number, row in enumerate(rows_of(session, tender), start=1)]


def row_read_out(number: int, row: ReadOut) -> BidRow:
    return BidRow(
        number,
        row.bid.bidder_name or "",
        row.bid.manifest_hash or "",
        OUTCOMES[row.outcome.outcome],
        "good" if row.outcome.outcome == "OK" else "bad",
        opened_by=row.outcome.opened_by,
        fault=row.outcome.fault,
        amount=amount_in(row.total),
        total=row.total if row.total is None else row.total[:LONGEST_SHOWN],
        period=row.period_days,
    )


def amount_in(total: str | None) -> Decimal | None:
    """The sealed total as an amount with two places; None for what is none."""
    try:
        amount = Decimal(total or "")
    except InvalidOperation:
        return None
    return (
        amount if amount.is_finite() and amount.as_tuple().exponent == -2 and abs(amount) < 10**15 else None
    )


# --- the log --------------------------------------------------------------------------------------


def lines_of(session: Session, tender: Tender, hall: Hall) -> list[Line]:
    """The hall's log from the ledger and the list of attendance, the newest first."""
    bids = {bid.manifest_hash: bid for bid in valid_bids(session, tender)} if hall.opening else {}
    lines = [signed_in(row)
             for row in hall.attendance]  # fmt: skip
    fits = released_keys(session, list(bids.values()))
    for entry in entries_of(session, tender.code):
        lines += ledger_lines(entry, hall, bids, fits)
    if hall.opening is not None and hall.opening.read_out_at is not None:
        opened = sum(row.tone == "good" for row in hall.rows)
        counts = {"n": opened, "of": len(hall.rows)}
        lines.append(
            Line(hall.opening.read_out_at, _("Read out: ${n} of ${of} bids opened", mapping=counts), "good")
        )
    return sorted(lines, key=lambda line: line.at, reverse=True)


def signed_in(row: Attendance) -> Line:
    """An organisation by its name, a person without one by the role: names of people are not for the public."""
    if row.organisation:
        return Line(row.at, _("${who} has signed in", mapping={"who": row.organisation}))
    return Line(row.at, ARRIVED.get(row.role, _("A visitor has signed in")))


def released_keys(session: Session, bids: list[Bid]) -> dict[str, bool]:
    """Whether a bidder's released key fits, by the release's SHA-256."""
    query = select(BidderRelease).where(BidderRelease.bid_id.in_([bid.id for bid in bids]))
    return {hashlib.sha256(row.raw).hexdigest(): row.matches for row in session.scalars(query)}


def ledger_lines(
    entry: TrailEntry, hall: Hall, bids: dict[str | None, Bid], fits: dict[str, bool]
) -> Iterator[Line]:
    """The line of one ledger entry, when it has one here."""
    at, kind = parse_rfc3339(entry.entry.at), entry.entry.type
    payload = (entry.payloads[0].document if entry.payloads and entry.payloads[0] else None) or {}
    if kind == "tender.closed":
        yield Line(at, _("Bid deadline: no more bids are taken"))
    elif kind == "opening.started":
        yield Line(at, _("${n} bidders; decryption begins", mapping={"n": len(bids)}))
    elif kind == "vault.bidder-released":
        bid = bids.get(payload.get("manifest"))
        who = {"who": (bid.bidder_name if bid else "") or ""}
        if fits.get(str(payload.get("release")), True):
            yield Line(at, _("${who}: key received", mapping=who), "good")
        else:
            yield Line(at, _("${who}: the key does not fit", mapping=who), "bad")
    elif kind == "vault.released":
        index = payload.get("index")
        yield Line(at, _("Custodian ${n} has released its shares", mapping={"n": index}))
    elif kind in ("opening.objection", "offers.objection"):
        found = next((row for row in hall.objections if str(row.id) == payload.get("ref")), None)
        who = {"who": found.organisation if found else ""}
        yield Line(at, _("${who} objects", mapping=who), "wait")
    elif kind in ("opening.answered", "offers.answered"):
        yield Line(at, _("The host has answered the objection"))
    elif kind == "opening.recorded":
        yield Line(at, _("The record is signed and published"), "good")
    elif kind == "tender.failed":
        yield Line(at, _("The tender has failed"), "bad")
