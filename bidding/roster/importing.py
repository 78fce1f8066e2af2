"""Import and export of the roster (导入导出): a file is looked through whole before anything is taken over."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.roster import drawable, grades, law, reading
from bidding.roster.lines import COLUMNS, KINDS, Row, fault_at, parse
from bidding.roster.models import RosterAct, RosterDocument, RosterFirm
from bidding.roster.service import next_number
from bidding.roster.terms import Terms
from bidding.roster.words import band_words
from expert_pool.experts import sheet
from expert_pool.experts.importing import WHY_UNREADABLE
from expert_pool.experts.lines import RowFault
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.ledger import canonical
from trading.parties import service as parties
from trading.parties.models import Party
from trading.rulebook.calendar import at_beijing, beijing_date
from trading.secrets import HallKeys
from trading.web import _


@dataclass
class Plan:
    """What a file would do: rows of firms to take in and to change, how many are as they are, and every fault."""

    sha256: str
    new: list[tuple[int, Row, str, str]] = field(default_factory=list)
    """(row number, row, trade, band)"""
    changed: list[tuple[int, Row, RosterFirm]] = field(default_factory=list)
    same: int = 0
    grades: dict[str, str] = field(default_factory=dict)
    """enterprise → its grade, where it has one"""
    lists: dict[str, str] = field(default_factory=dict)
    """kind → the version of the credit lists that the rows were held against"""
    faults: list[RowFault] = field(default_factory=list)

    @property
    def faulty_rows(self) -> int:
        return len({fault.row for fault in self.faults})


@dataclass
class Known:
    """What is on file, by the keys that a row may name."""

    firms: dict[tuple[str, str, str], RosterFirm]
    parties: dict[str, Party]
    documents: dict[uuid.UUID, dict[str, RosterDocument]]
    """of each enterprise the newest document of each kind"""
    bars: dict[str, str] = field(default_factory=dict)
    """enterprise → the decision or record that keeps it out today"""
    grades: dict[str, set[str]] = field(default_factory=dict)
    """enterprise → the grades that it has or that rows of the file give it"""


def examine(session: Session, registry: Any, raw: bytes, *, binding: bool = False) -> Plan:
    """What a file would do. A `binding` plan is carried out in this transaction: until it ends nobody else changes a
    firm's row. Raises Refused `sheet.*` for a file that cannot be read at all."""
    try:
        found = sheet.read(raw)
    except sheet.Unreadable as error:
        raise refuse(f"sheet.{error.code}", WHY_UNREADABLE[error.code], field="sheet") from error
    rows, faults = parse(found)
    versions = {kind: each.version for kind, each in reading.list_versions(session, registry).items()}
    plan = Plan(hashlib.sha256(raw).hexdigest(), faults=faults, lists=versions)
    places = {heading: place for place, heading in enumerate(found.heading)}
    now = database_now(session)
    terms = law.the_terms(registry, now)
    known = known_now(session, {row.org for _n, row in rows}, binding)
    known.bars = bars_now(session, registry, known.parties, terms, beijing_date(now))
    for (org, _trade, _band), firm in known.firms.items():
        known.grades.setdefault(org, set()).add(firm.grade)
    for _number, row in rows:
        known.grades.setdefault(row.org, set()).update({row.grade} - {""})
    keys = {number: category_of(row, terms) for number, row in rows}
    seen = Counter((row.org, *keys[number]) for number, row in rows)
    for number, row in rows:
        wrong = row_faults(row, keys[number], known, seen)
        plan.faults += [fault_at(places, number, name, message) for name, message in wrong]
        if not wrong:
            sort_in(plan, known, number, row, *keys[number])
    plan.grades = {org: min(given) for org, given in known.grades.items() if given}
    plan.faults.sort(key=lambda fault: (fault.row, len(fault.column), fault.column))
    return plan


def known_now(session: Session, orgs: set[str], binding: bool) -> Known:
    query = select(RosterFirm)
    if binding:
        query = query.with_for_update(of=RosterFirm).execution_options(populate_existing=True)
    firms = {(row.party.uscc, row.trade, row.band): row for row in session.scalars(query)}
    found = {party.uscc: party for party in session.scalars(select(Party).where(Party.uscc.in_(orgs)))}
    return Known(firms, found, newest_documents(session))


def bars_now(
    session: Session, registry: Any, enterprises: Mapping[str, Party], terms: Terms, day: date
) -> dict[str, str]:
    """The decision or record that keeps each enterprise out on that day; who has none is not named."""
    found = {}
    decided = reading.exclusions_of(session, {party.id for party in enterprises.values()})
    records = reading.records_of(session, registry, None)
    for org, told in records.items():
        if bar := next(drawable.listed_bars(told, day, terms), None):
            found[org] = bar.detail
    for org, party in enterprises.items():
        for each in decided[party.id]:
            if each.since <= day <= each.until:
                found[org] = each.decision
    return found


def newest_documents(session: Session) -> dict[uuid.UUID, dict[str, RosterDocument]]:
    documents: dict[uuid.UUID, dict[str, RosterDocument]] = {}
    for each in session.scalars(select(RosterDocument).order_by(RosterDocument.valid_until)):
        documents.setdefault(each.party_id, {})[each.kind] = each
    return documents


def category_of(row: Row, terms: Terms) -> tuple[str, str]:
    """Keys of trade and band as the row writes them; "" for what the roster does not have."""
    trade = next((each.key for each in terms.trades if row.trade in (each.key, each.zh, each.en)), "")
    written = row.band.replace("–", "-").replace("万元", "").replace("万", "").replace("元", "")
    ways = {
        way: band.key for band in terms.bands for way in (band.key, band_words(band.key).replace("–", "-"))
    }
    return trade, ways.get(written, "")


def row_faults(
    row: Row, category: tuple[str, str], known: Known, seen: Mapping[tuple[str, str, str], int]
) -> list[tuple[str, Any]]:
    faults: list[tuple[str, Any]] = []
    trade, band = category
    if not trade:
        faults.append(("trade", _("The roster has no such trade")))
    if not band:
        faults.append(("band", _("The roster has no such band")))
    if seen[row.org, trade, band] > 1:
        faults.append(("org", _("Another row of this file says the same")))
    party, firm = known.parties.get(row.org), known.firms.get((row.org, trade, band))
    if party is not None and party.name != row.name:
        message = _("This code belongs to ${name}", mapping={"name": party.name})
        faults.append(("name", message))
    if row.number and (firm is None or firm.number != row.number):
        faults.append(("number", _("This number belongs to no or to another firm")))
    if firm is not None and firm.status != "listed":
        faults.append(("org", _("The firm's standing is changed by an act of its own, with its evidence")))
    if firm is not None and row.grade and row.grade != firm.grade:
        faults.append(("grade", _("A grade follows from performance, not from a spreadsheet")))
    elif len(known.grades[row.org]) > 1 and row.grade:
        faults.append(("grade", _("An enterprise has one grade in all its categories")))
    if firm is None and row.org in known.bars:
        message = _("Kept out by ${decision}", mapping={"decision": known.bars[row.org]})
        faults.append(("org", message))
    return faults


def sort_in(plan: Plan, known: Known, number: int, row: Row, trade: str, band: str) -> None:
    firm = known.firms.get((row.org, trade, band))
    if firm is None:
        plan.new.append((number, row, trade, band))
    elif new_documents(row, known.documents.get(firm.party_id, {})):
        plan.changed.append((number, row, firm))
    else:
        plan.same += 1


def new_documents(row: Row, filed: Mapping[str, RosterDocument]) -> list[tuple[str, str, date]]:
    """(kind, number, last day) of each document that is longer valid than the one on file."""
    found = []
    for kind in KINDS:
        until, old = getattr(row, f"{kind}_until"), filed.get(kind)
        if old is None or until > old.valid_until:
            found.append((kind, getattr(row, kind) or (old.number if old else "—"), until))
    return found


# --- taking over -----------------------------------------------------------------------------------


def carry_out(
    session: Session, keys: HallKeys, actor: Actor, plan: Plan, evidence: str, reason: str, *,
    good_ones: bool = False,
) -> None:  # fmt: skip
    """Take the rows of a `binding` plan over; one entry, `roster.imported`, and a line in everybody's history. Raises
    Refused `import.faults` when rows are faulty and the officer did not say `good_ones`, `import.nothing`."""
    if plan.faults and not good_ones:
        raise refuse("import.faults", _("Nothing was imported: some rows are faulty"), field="sheet")
    if not plan.new and not plan.changed:
        raise refuse("import.nothing", _("There is nothing to import"), field="sheet")
    at = database_now(session)
    counts = {"listed": len(plan.new), "changed": len(plan.changed), "left_out": plan.faulty_rows}
    payload = {"file": plan.sha256, "evidence": evidence, "reason": reason, "lists": plan.lists, **counts}
    entry = record(session, actor, "roster.imported", None, payload, at).id
    filed = newest_documents(session)
    enterprises = enterprises_of(session, [row for _number, row, _trade, _band in plan.new], at)
    numbers = int(next_number(session)[1:])
    for place, (_number, row, trade, band) in enumerate(plan.new):
        firm = RosterFirm(
            id=uuid.uuid4(), number=f"R{numbers + place:06d}", party=enterprises[row.org], trade=trade, band=band,
            grade=row.grade or plan.grades.get(row.org, grades.FIRST), status="listed", applied_at=at, sealed=b"",
            listed_at=at_beijing(row.listed_on, time()) if row.listed_on else at,
        )  # fmt: skip
        firm.sealed = keys.seal(canonical.dumps({}), f"roster_firm/{firm.id}")
        session.add(firm)
        take_over(session, actor, row, firm, filed, reason, evidence, entry, at)
    for _number, row, firm in plan.changed:
        take_over(session, actor, row, firm, filed, reason, evidence, entry, at)
    session.flush()


def enterprises_of(session: Session, rows: list[Row], at: datetime) -> dict[str, Party]:
    """The enterprise of each row, filed now when it is not yet: thousands at once, under the import's own entry."""
    orgs = {row.org for row in rows}
    found = {party.uscc: party for party in session.scalars(select(Party).where(Party.uscc.in_(orgs)))}
    for row in rows:
        if row.org not in found:
            found[row.org] = Party(
                id=uuid.uuid4(), uscc=row.org, name=row.name, name_pinyin=parties.pinyin_key(row.name),
                kind="enterprise", registered_at=at, address=row.address, phone=row.phone, size="",
                legal_representative=row.legal_representative,
            )  # fmt: skip
    session.add_all(found.values())
    session.flush()
    return found


def take_over(
    session: Session, actor: Actor, row: Row, firm: RosterFirm,
    filed: dict[uuid.UUID, dict[str, RosterDocument]], reason: str, evidence: str, entry: int, at: datetime,
) -> None:  # fmt: skip
    """The documents of a row, and the firm's line of history."""
    own = filed.setdefault(firm.party.id, {})
    for kind, number, until in new_documents(row, own):
        own[kind] = RosterDocument(
            party_id=firm.party.id, kind=kind, number=number, valid_from=min(beijing_date(at), until),
            valid_until=until, evidence=evidence, filed_at=at,
        )  # fmt: skip
        session.add(own[kind])
    session.add(
        RosterAct(
            party_id=firm.party.id, number=firm.number, act="import", reason=reason,
            author=actor.organisation, evidence=evidence, facts={}, entry=entry, at=at,
        )
    )  # fmt: skip


# --- writing out -----------------------------------------------------------------------------------


def export(session: Session, registry: Any, at: datetime) -> bytes:
    """The listed firms as a spreadsheet that imports to the same."""
    terms, documents = law.the_terms(registry, at), newest_documents(session)
    rows = session.scalars(
        select(RosterFirm).where(RosterFirm.status == "listed").order_by(RosterFirm.number)
    )
    return sheet.write(
        list(COLUMNS.values()), [cells(row, terms, documents.get(row.party_id, {})) for row in rows]
    )


def cells(row: RosterFirm, terms: Terms, filed: Mapping[str, RosterDocument]) -> list[str]:
    trade, party = terms.trade(row.trade), row.party
    told = {
        "number": row.number, "org": party.uscc, "name": party.name, "trade": trade.zh if trade else row.trade,
        "band": row.band, "grade": row.grade,
        "listed_on": beijing_date(row.listed_at).isoformat() if row.listed_at else "",
        "legal_representative": party.legal_representative, "phone": party.phone, "address": party.address,
    }  # fmt: skip
    for kind in KINDS:
        if kind in filed:
            told |= {kind: filed[kind].number, f"{kind}_until": filed[kind].valid_until.isoformat()}
    return [told.get(name, "") for name in COLUMNS]
