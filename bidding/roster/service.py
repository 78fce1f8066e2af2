"""The register of pre-qualified contractors (预选承包商名录): application, examination, publicity, listing, leaving.

Open all year; no condition of place. Each change has an author, a reason, evidence, and one ledger entry; all of it
but who acted is on the firm's public page.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bidding.roster import drawable, grades, law
from bidding.roster.commands import AddManager, Apply, FileDocument
from bidding.roster.drawable import Record
from bidding.roster.models import RosterAct, RosterDocument, RosterFirm, RosterManager, RosterObjection
from bidding.roster.reading import documents_of, exclusions_of, scores_of
from bidding.roster.standing import FIRM, STEPS
from bidding.roster.terms import Terms
from trading.acts import Actor, record
from trading.clock import database_now
from trading.credit import checking
from trading.errors import Fault, Refused, refuse
from trading.ledger import canonical
from trading.parties.models import Party
from trading.rulebook.calendar import add_days, beijing_date
from trading.secrets import HallKeys
from trading.supervision import papers
from trading.supervision.filing import unnamed
from trading.web import _

ROSTER = "roster"
"""Where the evidence of the roster's acts is filed."""


@dataclass(frozen=True)
class Evidence:
    """A file that an act rests on (依据材料)."""

    name: str
    data: bytes


def kept(session: Session, keys: HallKeys, evidence: Evidence, *, public: bool = False) -> str:
    """The SHA-256 of an act's evidence, which is filed. Raises Refused `roster.evidence`."""
    if not evidence.data:
        raise refuse("roster.evidence", _("Attach the document that this rests on"), field="evidence")
    return papers.keep(session, keys, ROSTER, evidence.name, evidence.data, public=public)


# --- what a firm files -----------------------------------------------------------------------------


def file_document(
    session: Session, keys: HallKeys, registry: Any, actor: Actor, party: Party, command: FileDocument,
    evidence: Evidence,
) -> RosterDocument:  # fmt: skip
    """File a licence or permit with its picture; entry `roster.document`. Raises Refused `document.*`."""
    at = database_now(session)
    faults = []
    if command.kind not in law.the_terms(registry, at).documents:
        faults.append(Fault("document.kind", _("Choose one of the list"), "kind"))
    if command.valid_until < command.valid_from:
        faults.append(Fault("document.dates", _("The end of validity is before its start"), "valid_until"))
    if faults:
        raise Refused(faults)
    filed = RosterDocument(
        party_id=party.id, filed_at=at, evidence=kept(session, keys, evidence), **command.model_dump()
    )
    session.add(filed)
    facts = {
        "kind": filed.kind, "number": filed.number, "from": filed.valid_from.isoformat(),
        "until": filed.valid_until.isoformat(),
    }  # fmt: skip
    note(session, actor, party, party.uscc, "document", "", filed.evidence, facts, at)
    return filed


def add_manager(
    session: Session, keys: HallKeys, actor: Actor, party: Party, command: AddManager
) -> RosterManager:
    """File a project manager; of the identity document only a keyed hash is kept. Entry `roster.manager`. Raises
    Refused `manager.twice`."""
    identity = keys.keyed("project manager", command.id_number)
    known = select(RosterManager).where(
        RosterManager.party_id == party.id, RosterManager.identity == identity
    )
    if session.scalars(known).first() is not None:
        raise refuse("manager.twice", _("This project manager is on file already"), field="id_number")
    at = database_now(session)
    manager = RosterManager(
        id=uuid.uuid4(), party_id=party.id, name=command.name, certificate=command.certificate,
        identity=identity, filed_at=at,
    )  # fmt: skip
    session.add(manager)
    facts = {"name": manager.name, "certificate": manager.certificate}
    note(session, actor, party, party.uscc, "manager", "", "", facts, at)
    return manager


def apply(
    session: Session, keys: HallKeys, registry: Any, actor: Actor, party: Party, command: Apply,
    marks: Mapping[str, str],
) -> RosterFirm:  # fmt: skip
    """Apply for a category; entry `roster.applied`. `marks` is what the application left (address, device).
    Raises Refused with every fault: `roster.trade`, `roster.band`, `roster.documents`, `roster.excluded`,
    `roster.state`."""
    at = database_now(session)
    known = law.the_terms(registry, at)
    firm = in_category(session, party.id, command.trade, command.band, lock=True)
    faults = [*category_faults(known, command), *entry_faults(session, party, known, beijing_date(at))]
    if firm is not None and firm.status not in STEPS["apply"].before:
        faults.append(Fault("roster.state", _("The firm is in this category already"), "trade"))
    if faults:
        raise Refused(faults)
    if firm is None:
        firm = RosterFirm(
            id=uuid.uuid4(), number=next_number(session), party=party, trade=command.trade, band=command.band,
            grade=grade_of(session, party, known), status="", applied_at=at, sealed=b"",
        )  # fmt: skip
        session.add(firm)
    firm.status, firm.applied_at, firm.announced_until = STEPS["apply"].after, at, None
    told = {**marks, "payer": command.account, "minute": at.strftime("%Y-%m-%dT%H:%M")}
    firm.sealed = keys.seal(canonical.dumps(told), f"roster_firm/{firm.id}")
    facts = {"trade": firm.trade, "band": firm.band}
    note(session, actor, party, firm.number, "apply", "", "", facts, at)
    return firm


def category_faults(known: Terms, command: Apply) -> list[Fault]:
    faults = []
    if known.trade(command.trade) is None:
        faults.append(Fault("roster.trade", _("Choose one of the list"), "trade"))
    if known.band(command.band) is None:
        faults.append(Fault("roster.band", _("Choose one of the list"), "band"))
    return faults


def entry_faults(session: Session, party: Party, known: Terms, day: date) -> list[Fault]:
    """What keeps a firm from being taken in on that day: missing or lapsed papers, decisions."""
    faults = []
    filed = documents_of(session, [party.id])[party.id]
    if missing := drawable.lapsed(filed, known.documents, day):
        message = _("No valid document on file: ${kinds}", mapping={"kinds": "、".join(missing)})
        faults.append(Fault("roster.documents", message, "documents", "ROSTER",
                            _("File it with its validity first.")))  # fmt: skip
    for each in exclusions_of(session, [party.id])[party.id]:
        if each.since <= day <= each.until:
            message = _("Decision ${number} keeps the firm out until ${day}",
                        mapping={"number": each.decision, "day": each.until.isoformat()})  # fmt: skip
            faults.append(Fault("roster.excluded", message, "", "ROSTER"))
    return faults


def record_faults(found: Iterable[checking.Found], known: Terms, day: date) -> list[Fault]:
    """What lists of credit and bribery say against an enterprise or its legal representative."""
    faults = []
    for hit in found:
        line, version = hit.line, hit.version
        told = Record(version.kind, version.version, line.decision, line.since, line.until)
        for bar in drawable.listed_bars([told], day, known):
            message = _("The lists speak against the firm: ${record}", mapping={"record": bar.detail})
            faults.append(Fault(f"roster.{bar.code}", message, "", "ROSTER"))
    return faults


def grade_of(session: Session, party: Party, known: Terms) -> str:
    """The grade that an enterprise has in every category: from all its scores, before the first as it was taken over."""
    if scores := scores_of(session, [party.id])[party.id]:
        return grades.now(grades.by_year(scores, known))
    return next((firm.grade for firm in of_party(session, party.id) if firm.listed_at), grades.FIRST)


def next_number(session: Session) -> str:
    """The roster's next number; nobody else gets one until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('roster number'))"))
    newest = session.scalar(select(func.max(RosterFirm.number))) or "R000000"
    return f"R{int(newest[1:]) + 1:06d}"


# --- what the office does --------------------------------------------------------------------------


def carry_out(
    session: Session, keys: HallKeys, registry: Any, actor: Actor, firm: RosterFirm, act: str, reason: str,
    evidence: Evidence,
) -> None:  # fmt: skip
    """An act of standing.STEPS; one entry. Whatever the office does it first asks the lists of credit and bribery, and
    its act names the versions. Taking in asks for valid papers, no decision or record against the firm, the whole
    publicity and an answer to every objection. Raises Refused `roster.*` with every fault."""
    session.refresh(firm, with_for_update={"of": RosterFirm})
    step, at = STEPS[act], database_now(session)
    if firm.status not in step.before:
        raise refuse("roster.state", _("The firm's present state does not allow this"), field="act")
    known, day = law.the_terms(registry, at), beijing_date(at)
    asks = act in ("announce", "admit")
    faults = entry_faults(session, firm.party, known, day) if asks else []
    facts: dict[str, Any] = {"trade": firm.trade, "band": firm.band}
    if step.by != FIRM:
        check, found = checking.query(
            session, registry, actor, firm.number, firm.party, [], day, tender=False
        )
        facts |= {"check": check.sha256, "lists": checking.versions_of(check)}
        faults += record_faults(found, known, day) if asks else []
    if act == "admit":
        faults += publicity_faults(session, firm, day)
    if faults:
        raise Refused(faults)
    needs_paper = step.by != FIRM
    digest = kept(session, keys, evidence) if needs_paper else ""
    firm.status = step.after
    if asks:
        firm.grade = grade_of(session, firm.party, known)
    facts["grade"] = firm.grade
    if act == "announce":
        firm.announced_until = add_days("day", known.publicity, day, law.the_calendar())
        facts["until"] = firm.announced_until.isoformat()
    elif act == "admit":
        firm.listed_at = at
    note(session, actor, firm.party, firm.number, act, reason, digest, facts, at)


def publicity_faults(session: Session, firm: RosterFirm, day: date) -> list[Fault]:
    faults = []
    if firm.announced_until is None or day <= firm.announced_until:
        until = firm.announced_until.isoformat() if firm.announced_until else ""
        message = _("The publicity runs until the end of ${day}", mapping={"day": until})
        faults.append(Fault("roster.publicity", message, "act", "ROSTER"))
    for objection in objections_of(session, firm):
        if objection.answered_at is None:
            faults.append(Fault("roster.objection", _("An objection is not answered yet"), "act"))
        elif objection.upheld and objection.at >= firm.applied_at:
            faults.append(Fault("roster.upheld", _("An objection was upheld"), "act"))
    return faults


def object_to(
    session: Session, keys: HallKeys, actor: Actor, firm: RosterFirm, words: str, evidence: Evidence
) -> RosterObjection:
    """Anybody with an account may object while a firm is announced; entry `roster.objected`, which does not name
    who. Raises Refused `roster.not-announced`."""
    at = database_now(session)
    session.refresh(firm, with_for_update={"of": RosterFirm})
    if firm.status != "announced" or firm.announced_until is None or beijing_date(at) > firm.announced_until:
        raise refuse("roster.not-announced", _("Objections are taken during the publicity"), field="text")
    digest = kept(session, keys, evidence) if evidence.data else ""
    objection = RosterObjection(
        id=uuid.uuid4(), firm_id=firm.id, text=words, evidence=digest, at=at, answer="", upheld=False,
    )  # fmt: skip
    session.add(objection)
    facts = {"objection": str(objection.id)}
    note(session, actor, firm.party, firm.number, "objected", "", digest, facts, at, keys=keys)
    return objection


def answer(
    session: Session, actor: Actor, firm: RosterFirm, objection: RosterObjection, words: str, upheld: bool
) -> None:
    """The office answers an objection; entry `roster.objection-answered`. Raises Refused `roster.answered`."""
    if objection.answered_at is not None:
        raise refuse("roster.answered", _("This objection is answered already"))
    at = database_now(session)
    objection.answer, objection.upheld, objection.answered_at = words, upheld, at
    facts = {"objection": str(objection.id), "upheld": upheld}
    note(session, actor, firm.party, firm.number, "objection-answered", words, "", facts, at)


ENTRIES = {act: step.entry for act, step in STEPS.items()}


def note(
    session: Session, actor: Actor, party: Party, number: str, act: str, reason: str, evidence: str,
    facts: Mapping[str, Any], at: datetime, *, keys: HallKeys | None = None,
) -> None:  # fmt: skip
    """The act's ledger entry, and its line on the firm's public page. With `keys` nobody is told who acted, and no
    pseudonym ties the entry to others of the same person."""
    payload = {"firm": number, "org": party.uscc, "reason": reason, "evidence": evidence, **facts}
    kind = ENTRIES.get(act, f"roster.{act}")
    if keys is None:
        entry = record(session, actor, kind, None, payload, at)
    else:
        entry = unnamed(session, keys, actor, kind, None, payload, at)
    author = "" if keys else actor.organisation
    session.add(
        RosterAct(
            party_id=party.id, number=number, act=act, reason=reason, author=author, evidence=evidence,
            facts=dict(facts), entry=entry.id, at=at,
        )
    )  # fmt: skip
    session.flush()


# --- finding ---------------------------------------------------------------------------------------


def by_number(session: Session, number: str) -> RosterFirm:
    """Raises Refused `roster.unknown`."""
    found = session.scalars(select(RosterFirm).where(RosterFirm.number == number)).first()
    if found is None:
        raise refuse("roster.unknown", _("There is no firm with this number in the roster"))
    return found


def in_category(
    session: Session, party_id: uuid.UUID, trade: str, band: str, *, lock: bool = False
) -> RosterFirm | None:
    query = select(RosterFirm).where(
        RosterFirm.party_id == party_id, RosterFirm.trade == trade, RosterFirm.band == band
    )
    return session.scalars(query.with_for_update(of=RosterFirm) if lock else query).first()


def of_party(session: Session, party_id: uuid.UUID) -> list[RosterFirm]:
    """A party's categories, by number."""
    query = select(RosterFirm).where(RosterFirm.party_id == party_id).order_by(RosterFirm.number)
    return list(session.scalars(query))


def objections_of(session: Session, firm: RosterFirm) -> list[RosterObjection]:
    query = select(RosterObjection).where(RosterObjection.firm_id == firm.id)
    return list(session.scalars(query.order_by(RosterObjection.at)))


def acts_of(session: Session, firm: RosterFirm) -> list[RosterAct]:
    """The history of a firm in its category and of its enterprise, the newest first."""
    query = select(RosterAct).where(
        RosterAct.party_id == firm.party_id, RosterAct.number.in_([firm.number, firm.party.uscc])
    )
    return list(session.scalars(query.order_by(RosterAct.entry.desc())))
