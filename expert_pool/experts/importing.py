"""Import and export of the pool (导入导出): a file is looked through whole before anything is taken over."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from expert_pool.experts import service, sheet, training
from expert_pool.experts.lines import COLUMNS, Row, RowFault, fault_at, parse, row_of
from expert_pool.experts.looking import looked
from expert_pool.experts.models import Expert, ExpertTraining
from expert_pool.experts.person import PoolExpert, of_profile, to_profile, with_interest
from trading.accounts.models import RoleGrant, User
from trading.acts import Actor, record
from trading.clock import BEIJING, database_now
from trading.errors import refuse
from trading.permissions import Role
from trading.secrets import HallKeys
from trading.web import _

WHY_UNREADABLE = {
    "large": _("The file is too large"),
    "form": _("This file is not a spreadsheet (.xlsx) that can be read"),
    "formula": _("The file has formulas whose cells cannot be told"),
    "rows": _("The file has more than 20,000 rows"),
    "columns": _("The file has too many columns"),
    "empty": _("The file has no rows"),
}


@dataclass
class Plan:
    """What a file would do: rows of people to take in and to change, how many are as they are, and every fault."""

    sha256: str
    new: list[tuple[int, Row, PoolExpert, bytes]] = field(default_factory=list)
    changed: list[tuple[int, Row, PoolExpert, Expert]] = field(default_factory=list)
    same: int = 0
    faults: list[RowFault] = field(default_factory=list)

    @property
    def faulty_rows(self) -> int:
        return len({fault.row for fault in self.faults})


@dataclass
class Known:
    """What is in the pool already, by the keys that a row may name."""

    rows: dict[str, Expert]
    identities: dict[bytes, str]
    accounts: dict[str, tuple[uuid.UUID, str]]
    owners: dict[bytes, str]
    trained: dict[uuid.UUID, date]


def examine(session: Session, keys: HallKeys, raw: bytes, *, binding: bool = False) -> Plan:
    """What a file would do. A `binding` plan is carried out in this transaction: until it ends nobody else changes a
    record, so that nothing declared meanwhile is overwritten. Raises Refused `sheet.*` for a file that cannot be read
    at all."""
    try:
        found = sheet.read(raw)
    except sheet.Unreadable as error:
        raise refuse(f"sheet.{error.code}", WHY_UNREADABLE[error.code], field="file") from error
    rows, faults = parse(found)
    plan = Plan(hashlib.sha256(raw).hexdigest(), faults=faults)
    places = {heading: place for place, heading in enumerate(found.heading)}
    known, twice = known_now(session, binding), repeated(keys, rows)
    for number, row in rows:
        wrong = twice.get(number) or sort_in(plan, keys, known, number, row)
        plan.faults += [fault_at(places, number, name, message) for name, message in wrong]
    plan.faults.sort(key=lambda fault: (fault.row, len(fault.column), fault.column))
    return plan


def known_now(session: Session, binding: bool) -> Known:
    query = select(Expert).order_by(Expert.number)
    if binding:
        query = query.with_for_update().execution_options(populate_existing=True)
    rows = {row.number: row for row in session.scalars(query)}
    accounts = session.execute(
        select(User.login, User.id, User.name)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(RoleGrant.role == Role.EXPERT.value, User.disabled_at.is_(None))
    )
    return Known(
        rows,
        {row.identity: row.number for row in rows.values()},
        {login: (user_id, name) for login, user_id, name in accounts},
        {row.owner: row.number for row in rows.values() if row.owner},
        training.valid_until(session),
    )


def identity_of(keys: HallKeys, row: Row) -> bytes:
    """The commitment to the person's document; b"" when the row does not tell."""
    return service.commitment(keys, row.id_number) if row.id_number else bytes.fromhex(row.identity)


def repeated(keys: HallKeys, rows: list[tuple[int, Row]]) -> dict[int, list[tuple[str, Any]]]:
    """The rows that name what another row names too, with what is wrong."""
    of_row = [
        (number, {"number": row.number, "login": row.login.lower(), "id_number": identity_of(keys, row)})
        for number, row in rows
    ]
    seen = Counter((name, value) for _number, told in of_row for name, value in told.items() if value)
    message = _("Another row of this file says the same")
    found = {
        number: [(name, message) for name, value in told.items() if value and seen[name, value] > 1]
        for number, told in of_row
    }
    return {number: wrong for number, wrong in found.items() if wrong}


def sort_in(plan: Plan, keys: HallKeys, known: Known, number: int, row: Row) -> list[tuple[str, Any]]:
    """Put a row where it belongs in the plan, or say what speaks against it."""
    old, identity = known.rows.get(row.number), identity_of(keys, row)
    faults = link_faults(keys, known, row) + identity_faults(known, old, row, identity)
    if old is not None and row.status and row.status != old.status:
        faults.append(
            ("status", _("An expert's standing is changed by an act of its own, with its evidence"))
        )
    if (
        old is not None
        and row.trained_until
        and (now := known.trained.get(old.id))
        and row.trained_until < now
    ):
        faults.append(("trained_until", _("A later training is on file")))
    if faults:
        return faults
    user_id = known.accounts[row.login.lower()][0] if row.login else None
    if old is None:
        plan.new.append((number, row, person_of(row, None, user_id), identity))
        return []
    before = service.read(keys, old)
    if renamed_apart(known, row, before):
        return [("name", _("The account of this expert bears another name"))]
    person = person_of(row, before, user_id)
    longer = row.trained_until is not None and row.trained_until != known.trained.get(old.id)
    if longer or to_profile(person) != to_profile(before):
        plan.changed.append((number, row, person, old))
    else:
        plan.same += 1
    return []


def link_faults(keys: HallKeys, known: Known, row: Row) -> list[tuple[str, Any]]:
    account = known.accounts.get(row.login.lower())
    if not row.login:
        return []
    if account is None or account[1] != row.name:
        words = _("There is no account of an expert with this login name and this person's name")
        return [("login", words)]
    if known.owners.get(service.owner_key(keys, account[0]), row.number) != row.number:
        return [("login", _("This account belongs to another expert"))]
    return []


def renamed_apart(known: Known, row: Row, before: PoolExpert) -> bool:
    """Whether a file without the column of accounts gives a person another name than its account bears."""
    kept = "login" not in row.model_fields_set and before.user_id is not None
    return kept and row.name != before.name and (before.user_id, row.name) not in known.accounts.values()


def identity_faults(known: Known, old: Expert | None, row: Row, identity: bytes) -> list[tuple[str, Any]]:
    if not identity:
        return [] if old else [("id_number", _("Somebody new needs the number of an identity document"))]
    owner = known.identities.get(identity)
    if owner is not None and owner != row.number:
        return [("id_number", _("This person is in the pool already"))]
    if old is not None and old.identity != identity:
        return [("id_number", _("This number belongs to another person of the pool"))]
    return []


def person_of(row: Row, before: PoolExpert | None, user_id: uuid.UUID | None) -> PoolExpert:
    """The person of a row. Ties that somebody declared stay, whatever the row says; so do the account and what is
    supervised when the file has no column of them."""
    plain = {name: getattr(row, name) for name in ("name", "employer", "employer_name", "region", "title", "years", "phone")}  # fmt: skip
    status = before.status if before else row.status or "active"
    official = row.official
    if before is not None and "login" not in row.model_fields_set:
        user_id = before.user_id
    if before is not None and "official_of" not in row.model_fields_set:
        official = before.official_of
    person = PoolExpert(
        number=row.number,
        status=status,
        specialities=tuple(row.specialities),
        official_of=official,
        user_id=user_id,
        interests=before.interests if before else (),
        **plain,
    )
    for tie in row.interests:
        if tie not in person.interests:
            person = with_interest(person, tie)
    return person


# --- taking over ----------------------------------------------------------------------------------


def carry_out(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    plan: Plan,
    evidence: str,
    reason: str,
    *,
    good_ones: bool = False,
) -> None:
    """Take the rows of a `binding` plan over; one entry, `pool.imported`, and a line in everybody's history.
    `evidence` is the SHA-256 of the document that the import rests on. Raises Refused `import.faults` when rows are faulty and the
    officer did not say `good_ones`, `import.nothing`."""
    if plan.faults and not good_ones:
        raise refuse("import.faults", _("Nothing was imported: some rows are faulty"), field="file")
    if not plan.new and not plan.changed:
        raise refuse("import.nothing", _("There is nothing to import"), field="file")
    at = database_now(session)
    counts = {"admitted": len(plan.new), "changed": len(plan.changed), "left_out": plan.faulty_rows}
    entry = record(
        session, actor, "pool.imported", None, {"file": plan.sha256, "evidence": evidence} | counts, at
    ).id
    people = numbered(session, plan)
    try:
        with session.begin_nested():
            taken = put_in(session, keys, plan, people, at)
    except IntegrityError as error:  # somebody else has taken one of them in, or linked an account, just now
        raise refuse(
            "import.overtaken", _("The pool has changed meanwhile: look the file through again"), field="file"
        ) from error
    trained = training.valid_until(session)
    for row, expert in taken:
        service.history(session, keys, actor, expert, "import", reason, evidence, at, entry)
        if row.trained_until and row.trained_until != trained.get(expert.id):
            session.add(taken_over(expert, row.trained_until, at))
    session.flush()


def put_in(
    session: Session,
    keys: HallKeys,
    plan: Plan,
    people: list[tuple[Row, PoolExpert, bytes]],
    at: datetime,
) -> list[tuple[Row, Expert]]:
    """The records of new people, and what has changed in others'."""
    taken = [(row, new_expert(session, keys, person, identity, at)) for row, person, identity in people]
    for _number, row, person, old in plan.changed:
        old.owner = service.owner_key(keys, person.user_id) if person.user_id else None
        service.seal_profile(keys, old, person)
        taken.append((row, old))
    return taken


def numbered(session: Session, plan: Plan) -> list[tuple[Row, PoolExpert, bytes]]:
    """The new people with the numbers they bring; the others get the next ones."""
    brought = [person.number for _n, _row, person, _identity in plan.new if person.number]
    next_one = max([service.next_number(session), *(f"E{int(number[1:]) + 1:06d}" for number in brought)])
    following, found = int(next_one[1:]), []
    for _number, row, person, identity in plan.new:
        if not person.number:
            person, following = replace(person, number=f"E{following:06d}"), following + 1
        found.append((row, person, identity))
    return found


def new_expert(session: Session, keys: HallKeys, person: PoolExpert, identity: bytes, at: datetime) -> Expert:
    row = Expert(
        id=uuid.uuid4(), number=person.number, status=person.status, identity=identity, admitted_at=at,
        owner=service.owner_key(keys, person.user_id) if person.user_id else None,
    )  # fmt: skip
    service.seal_profile(keys, row, of_profile(person.number, person.status, to_profile(person)))
    session.add(row)
    return row


def taken_over(expert: Expert, until: date, at: datetime) -> ExpertTraining:
    """The validity of a training that another pool held."""
    day = at.astimezone(BEIJING).date()
    return ExpertTraining(
        expert_id=expert.id, course="", taken_on=day, score=0, passed=True, valid_until=until
    )


# --- writing out ----------------------------------------------------------------------------------


def export(session: Session, keys: HallKeys, actor: Actor) -> bytes:
    """The whole pool as a spreadsheet that imports to the same; entry `confidential.viewed`. Bank and tax data
    are not in it."""
    looked(session, actor, "pool/export")
    rows = list(session.scalars(select(Expert).order_by(Expert.number)))
    logins = {row.id: row.login for row in session.execute(select(User.id, User.login))}
    people = service.complete(session, keys, rows, database_now(session))
    lines = [
        row_of(person, logins.get(person.user_id, "") if person.user_id else "", row.identity)
        for row, person in zip(rows, people, strict=True)
    ]
    return sheet.write(list(COLUMNS.values()), lines)
