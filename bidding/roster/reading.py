"""Firms as the rules judge them (drawable.Firm), read for a whole category at once."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.roster import grades
from bidding.roster.drawable import Document, Engagement, Exclusion, Firm, Record
from bidding.roster.models import (
    RosterDocument,
    RosterEngagement,
    RosterExclusion,
    RosterFirm,
    RosterManager,
)
from bidding.roster.terms import Terms
from trading.crediting import Version
from trading.interfaces import ICreditRecords

By = Mapping[uuid.UUID, list[Any]]
ONE_DAY = timedelta(days=1)


def firms_of(
    session: Session, registry: Any, rows: Iterable[RosterFirm], terms: Terms
) -> list[tuple[RosterFirm, Firm]]:
    """The firms of rows with everything that decides whether they are drawn."""
    known = list(rows)
    ids = {row.party_id for row in known}
    documents, exclusions = documents_of(session, ids), exclusions_of(session, ids)
    managers = managers_of(session, ids)
    keys = {each.id: each.identity.hex() for found in managers.values() for each in found}
    engagements, busy = engagements_of(session, ids, keys), busy_managers(session)
    records = records_of(session, registry, {row.party.uscc for row in known})
    scores = scores_of(session, ids)
    return [
        (row, Firm(
            id=row.party.uscc, status=row.status, grade=row.grade, documents=documents[row.party_id],
            exclusions=exclusions[row.party_id], engagements=engagements[row.party_id],
            records=records.get(row.party.uscc, []), busy=busy,
            managers=[each.identity.hex() for each in managers[row.party_id]],
            years=grades.by_year(scores[row.party_id], terms),
        ))
        for row in known
    ]  # fmt: skip


def in_category(session: Session, trade: str, band: str) -> list[RosterFirm]:
    """Everybody of a category who is or was in it, by number; applicants are not."""
    query = select(RosterFirm).where(
        RosterFirm.trade == trade, RosterFirm.band == band, RosterFirm.listed_at.is_not(None)
    )
    return list(session.scalars(query.order_by(RosterFirm.number)))


def _grouped(session: Session, model: Any, ids: Collection[uuid.UUID], order: Any) -> By:
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for each in session.scalars(select(model).where(model.party_id.in_(ids)).order_by(order)):
        found[each.party_id].append(each)
    return found


def documents_of(session: Session, ids: Collection[uuid.UUID]) -> By:
    rows = _grouped(session, RosterDocument, ids, RosterDocument.filed_at)
    found: dict[uuid.UUID, list[Document]] = defaultdict(list)
    for party, filed in rows.items():
        found[party] = [Document(each.kind, each.valid_from, each.valid_until) for each in filed]
    return found


def exclusions_of(session: Session, ids: Collection[uuid.UUID]) -> By:
    rows = _grouped(session, RosterExclusion, ids, RosterExclusion.decided_at)
    found: dict[uuid.UUID, list[Exclusion]] = defaultdict(list)
    for party, decided in rows.items():
        found[party] = [Exclusion(each.decision, each.since, last_day(each)) for each in decided]
    return found


def last_day(each: RosterExclusion) -> Any:
    """The last day of an exclusion: one that was lifted ends on the day before."""
    return each.until if each.lifted_on is None else min(each.until, each.lifted_on - ONE_DAY)


def managers_of(session: Session, ids: Collection[uuid.UUID]) -> By:
    return _grouped(session, RosterManager, ids, RosterManager.filed_at)


def engagements_of(session: Session, ids: Collection[uuid.UUID], keys: Mapping[uuid.UUID, str]) -> By:
    rows = _grouped(session, RosterEngagement, ids, RosterEngagement.won_on)
    found: dict[uuid.UUID, list[Engagement]] = defaultdict(list)
    for party, won in rows.items():
        found[party] = [
            Engagement(
                each.works, each.won_on, keys.get(each.manager_id, ""), each.completed_on, each.refused_on
            )
            for each in won
        ]
    return found


def busy_managers(session: Session) -> frozenset[str]:
    """Project managers who have a running contract, with whatever firm."""
    query = (
        select(RosterManager.identity)
        .join(RosterEngagement, RosterEngagement.manager_id == RosterManager.id)
        .where(RosterEngagement.completed_on.is_(None), RosterEngagement.refused_on.is_(None))
    )
    return frozenset(identity.hex() for identity in session.scalars(query))


def scores_of(session: Session, ids: Collection[uuid.UUID]) -> By:
    rows = _grouped(session, RosterEngagement, ids, RosterEngagement.won_on)
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for party, won in rows.items():
        found[party] = [(each.completed_on, each.score) for each in won if each.score is not None]
    return found


def list_versions(session: Session, registry: Any) -> dict[str, Version]:
    """The newest black list and list of bribery records, where there are any."""
    provider = registry.getUtility(ICreditRecords)
    found = {kind: provider.version(session, kind) for kind in ("black", "bribery")}
    return {kind: version for kind, version in found.items() if version is not None}


def records_of(session: Session, registry: Any, ids: Collection[str] | None) -> dict[str, list[Record]]:
    """What the newest lists say about enterprises, about all of them without `ids`; lines about a person of one count for the enterprise of bribery
    records only."""
    provider, found = registry.getUtility(ICreditRecords), defaultdict(list)
    for kind, version in list_versions(session, registry).items():
        for line in provider.lines(session, version, ids):
            if not line.person or kind == "bribery":
                found[line.id].append(Record(kind, version.version, line.decision, line.since, line.until))
    return found
