"""Cases of an earlier system (历史办件导入): closed ones and open ones as rows in bulk, with one entry for the whole file.

The file is a table (CSV, UTF-8) with the columns of COLUMNS; days are days in Beijing. `applicant` is a unified social
credit code that is filed here; where it is empty, the one given for the whole file counts. A file that is wrong
anywhere is not taken at all."""

from __future__ import annotations

import csv
import hashlib
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, String, any_, bindparam, select
from sqlalchemy.orm import Session

from plugins.approval_hall import limits
from plugins.approval_hall.catalogue import publishing
from plugins.approval_hall.catalogue.item import kinds
from plugins.approval_hall.models import HallCase, HallItem
from plugins.approval_hall.ratings.models import HallRating
from plugins.approval_hall.ratings.service import GRADES
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.interfaces import IEnterprises
from trading.periods import at_beijing, the_calendar
from trading.web import _

COLUMNS = ("number", "item", "applicant", "title", "kind", "channel", "filed", "accepted", "promised", "statutory", "decided",
           "closed", "outcome", "rating")  # fmt: skip
FEE, DEAREST = "fee", 10**13
"""a column that may be left out: the fee in yuan; the most fen of one case"""
NOON, SHOWN = time(12), 20
YEARS, LONGEST = (1990, 2100), 1000
"""the first and the last year, the most working days that a row may have"""
NOTHING = Jsonb({})
STATES = {(False, False): "accepted", (True, False): "decided", (True, True): "closed"}
OUTCOMES = ("approved", "rejected")


@dataclass(frozen=True)
class Line:
    """One row of the file, understood."""

    number: str
    item: str
    applicant: str
    title: str
    kind: str
    channel: str
    filed: date
    accepted: date
    promised: int
    statutory: int
    decided: date | None
    closed: date | None
    outcome: str
    rating: str
    fee: int = 0
    """fen"""


def load(session: Session, registry: Any, actor: Actor, data: bytes, applicant: str = "") -> int:
    """Take a file in; returns how many cases. Entry `hall.loaded`. Raises Refused with what is wrong, row by row (the
    first twenty): `load.form`, `load.item`, `load.applicant`, `load.number`."""
    lines = read(data)
    items = items_of(session, {line.item for line in lines})
    parties = parties_of(session, registry, {line.applicant or applicant for line in lines})
    must_be_new(session, [line.number for line in lines])
    cases, ratings = [], []
    for line in lines:
        row = case_row(line, items[line.item], parties[line.applicant or applicant])
        cases.append(row)
        if line.rating:
            ratings.append(rating_row(row, line.rating))
    copy(session, HallCase.__tablename__, cases)
    copy(session, HallRating.__tablename__, ratings)
    payload = {"cases": len(cases), "ratings": len(ratings), "file": hashlib.sha256(data).hexdigest()}
    record(session, actor, "hall.loaded", None, payload, database_now(session))
    return len(cases)


# --- reading --------------------------------------------------------------------------------------


def read(data: bytes) -> list[Line]:
    """The rows of a file. Raises Refused `load.form` with the numbers of wrong rows."""
    try:
        text = data.decode("utf-8-sig")
        if "\0" in text:
            raise csv.Error("a zero byte")  # which no column of the database takes
        table = csv.DictReader(io.StringIO(text), restval="")
        missing = set(COLUMNS) - set(table.fieldnames or ())
        rows = list(table) if not missing else []
    except (UnicodeDecodeError, csv.Error) as error:
        raise refuse("load.form", _("This is not a table in CSV (UTF-8)."), field="file") from error
    if missing:
        named = {"names": ", ".join(sorted(missing))}
        raise refuse("load.form", _("Columns are missing: ${names}", mapping=named), field="file")
    found, faults = [], []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(line_of(row))
        except ValueError as error:
            words = _("Row ${row}: ${wrong}", mapping={"row": number, "wrong": str(error)})
            faults.append(Fault("load.form", words, "file"))
    if faults:
        raise Refused(faults[:SHOWN])
    return found


def line_of(row: dict[str, str]) -> Line:
    """A row understood. Raises ValueError naming what is wrong."""
    decided, closed = (date.fromisoformat(row[name]) if row[name] else None for name in ("decided", "closed"))
    line = Line(
        number=row["number"].strip(), item=row["item"].strip(), applicant=row["applicant"].strip(),
        title=row["title"].strip(), kind=row["kind"], channel=row["channel"] or "window",
        filed=date.fromisoformat(row["filed"]), accepted=date.fromisoformat(row["accepted"]),
        promised=int(row["promised"]), statutory=int(row["statutory"]), decided=decided, closed=closed,
        outcome=row["outcome"], rating=row["rating"], fee=fen_of(row.get(FEE) or "0"),
    )  # fmt: skip
    for wrong in faults_of(line):
        raise ValueError(wrong)
    return line


def fen_of(text: str) -> int:
    """An amount such as 120.50 in fen. Raises ValueError."""
    try:
        fen = Decimal(text) * 100
    except InvalidOperation:
        raise ValueError("fee") from None
    if not fen.is_finite() or not 0 <= fen <= DEAREST or fen != int(fen):
        raise ValueError("fee")
    return int(fen)


def faults_of(line: Line) -> Iterator[str]:
    """What contradicts itself."""
    if not line.number or line.kind not in kinds() or line.channel not in ("online", "window"):
        yield "number, kind or channel"
    if not 0 <= line.promised <= line.statutory <= LONGEST:
        yield f"0 ≤ promised ≤ statutory ≤ {LONGEST}"
    if line.closed is not None and line.decided is None:
        yield "closed, not decided"
    days = [day for day in (line.filed, line.accepted, line.decided, line.closed) if day is not None]
    if days != sorted(days) or not YEARS[0] <= days[0].year <= days[-1].year <= YEARS[1]:
        yield "filed, accepted, decided, closed"
    if (line.outcome in OUTCOMES) != (line.decided is not None) or line.rating not in ("", *GRADES):
        yield "outcome or rating"
    if line.rating and line.closed is None:
        yield "rating before closed"


# --- what the rows refer to -----------------------------------------------------------------------


def items_of(session: Session, codes: set[str]) -> dict[str, HallItem]:
    """The newest version of each item. Raises Refused `load.item`."""
    found = {code: publishing.newest(session, code) for code in sorted(codes)}
    if missing := [code for code, row in found.items() if row is None]:
        named = {"names": ", ".join(missing)}
        raise refuse(
            "load.item", _("These items were never published here: ${names}", mapping=named), field="file"
        )
    return {code: row for code, row in found.items() if row is not None}


def parties_of(session: Session, registry: Any, codes: set[str]) -> dict[str, Any]:
    """The record of each applicant. Raises Refused `load.applicant`."""
    register = registry.getUtility(IEnterprises)
    found = {code: register.by_code(session, code) if code else None for code in sorted(codes)}
    if missing := [code or "—" for code, party in found.items() if party is None]:
        named = {"names": ", ".join(missing[:SHOWN])}
        raise refuse(
            "load.applicant", _("These applicants are not filed here: ${names}", mapping=named), field="file"
        )
    return found


def must_be_new(session: Session, numbers: Sequence[str]) -> None:
    """Raises Refused `load.number` for numbers that are there, or twice in the file."""
    given = bindparam(
        "numbers", list(numbers), ARRAY(String)
    )  # one parameter: a year has more than a statement takes
    there = set(session.scalars(select(HallCase.number).where(HallCase.number == any_(given)).limit(SHOWN)))
    seen: set[str] = set()
    twice = {number for number in numbers if number in seen or seen.add(number)}  # type: ignore[func-returns-value]
    if wrong := sorted(there | twice):
        named = {"names": ", ".join(wrong[:SHOWN])}
        raise refuse(
            "load.number", _("These cases are here already, or twice: ${names}", mapping=named), field="file"
        )


# --- rows -----------------------------------------------------------------------------------------


def copy(session: Session, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """All rows at once (COPY): a year of a large hall in seconds."""
    if not rows:
        return
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    connection: Any = session.connection().connection.dbapi_connection
    with connection.cursor() as cursor, cursor.copy(command) as stream:
        for row in rows:
            stream.write_row(tuple(row.values()))


@cache
def due_by(accepted: date, days: int) -> datetime | None:
    return limits.due_at(at_beijing(accepted, NOON), days, the_calendar())


def case_row(line: Line, item: HallItem, party: Any) -> dict[str, Any]:
    accepted = at_beijing(line.accepted, NOON)
    decided = at_beijing(line.decided, NOON) if line.decided else None
    filed = at_beijing(line.filed, NOON)
    return {
        "id": uuid.uuid4(), "number": line.number, "item_id": item.id, "item": line.item, "party_id": party.id,
        "channel": line.channel, "title": line.title, "form": NOTHING, "kind": line.kind, "origin": line.kind, "mode": "limit",
        "state": STATES[line.decided is not None, line.closed is not None], "promised": line.promised,
        "statutory": line.statutory, "created_at": filed, "filed_at": filed, "accepted_at": accepted,
        "promised_due": due_by(line.accepted, line.promised), "statutory_due": due_by(line.accepted, line.statutory),
        "reviewed_at": decided, "decided_at": decided, "outcome": line.outcome, "special": "", "decision_number": "",
        "result_sha256": "", "project_code": "", "fee": line.fee, "closed_at": at_beijing(line.closed, NOON) if line.closed else None,
    }  # fmt: skip


def rating_row(case: dict[str, Any], grade: str) -> dict[str, Any]:
    at = case["closed_at"]
    return {
        "id": uuid.uuid4(),
        "case_id": case["id"],
        "asked_at": at,
        "grade": grade,
        "rated_at": at,
        "words": "",
        "outcome": "",
        "followed_at": at,  # whoever was dissatisfied then is no debt of this hall
    }
