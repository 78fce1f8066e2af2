"""Queries before a decision (信用与行贿记录查询): each is numbered, and kept with the answer as it then was.

A hit is told with the decision's number; who decides goes by it. A kind of list without any version is told too:
that nothing was found in no list is no clean record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.credit.models import CreditCheck
from trading.crediting import KINDS, Line, Version
from trading.interfaces import ICreditRecords
from trading.ledger import canonical
from trading.parties.models import Party


@dataclass(frozen=True)
class Found:
    """A line about a subject in force on the day, and the version it stands in."""

    version: Version
    line: Line


def current(session: Session, registry: Any) -> dict[str, Version | None]:
    """The newest version of each kind of list."""
    provider = registry.getUtility(ICreditRecords)
    return {kind: provider.version(session, kind) for kind in KINDS}


def in_force(line: Line, day: date) -> bool:
    return line.since <= day and (line.until is None or day <= line.until)


def query(
    session: Session, registry: Any, actor: Actor, code: str, party: Party, persons: Sequence[str], day: date,
    *, tender: bool = True,
) -> tuple[CreditCheck, list[Found]]:  # fmt: skip
    """Ask every list about an enterprise, its legal representative and these persons, for the file of `code`; one
    entry, `credit.checked`, of that tender or works unless the file is no `tender`'s. Bribery records are told whatever their end: who decides knows how long they count."""
    provider, at = registry.getUtility(ICreditRecords), database_now(session)
    names = {"", party.legal_representative, *persons}
    versions, found = current(session, registry), []
    for version in filter(None, versions.values()):
        lines = provider.lines(session, version, {party.uscc})
        told = [line for line in lines if line.person in names and line.since <= day]
        found += [Found(version, line) for line in told if version.kind == "bribery" or in_force(line, day)]
    number = 1 + (session.scalar(select(func.count()).where(CreditCheck.object == code)) or 0)
    snapshot = {
        "v": 1, "typ": "ebid.credit-check", "object": code, "number": number, "at": rfc3339(at),
        "enterprise": party.uscc, "persons": sorted(name for name in names if name),
        "versions": {
            kind: {"version": version.version, "source": version.source, "sha256": version.sha256}
            if version else None for kind, version in versions.items()
        },
        "found": [{"kind": each.version.kind, **each.line.document()} for each in found],
    }  # fmt: skip
    digest = hashlib.sha256(canonical.dumps(snapshot)).hexdigest()
    payload = {"org": party.uscc, "number": number, "snapshot": digest, "found": len(found)}
    entry = record(session, actor, "credit.checked", code if tender else None, payload, at)
    check = CreditCheck(
        object=code, number=number, party_id=party.id, operator=actor.name, snapshot=snapshot, sha256=digest,
        entry=entry.id, at=at,
    )  # fmt: skip
    session.add(check)
    session.flush()
    return check, found


def versions_of(check: CreditCheck) -> dict[str, str]:
    """The version of each kind that a query used, "" where there was none."""
    return {kind: told["version"] if told else "" for kind, told in check.snapshot["versions"].items()}


def checks_of(session: Session, code: str) -> list[CreditCheck]:
    """The queries of an award's file, in their order."""
    return list(
        session.scalars(select(CreditCheck).where(CreditCheck.object == code).order_by(CreditCheck.number))
    )
