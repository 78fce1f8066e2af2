"""The published versions of a tender's documents (文件版本): what was announced when, which policies there are, and the amendment
that is drafted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders import amendment_rules as rules
from bidding.tenders.models import Amendment, Publication, Tender
from bidding.tenders.publication import made_hash
from bidding.vault.models import SealPolicy
from trading.notices.service import notices_of


@dataclass(frozen=True)
class Version:
    """The documents of a tender as published at one time; number 1 is the first publication."""

    number: int
    published_at: datetime
    notice: bytes
    notice_cms: bytes | None
    policy: bytes
    policy_cms: bytes | None
    documents: bytes
    evaluation: bytes

    @property
    def said(self) -> dict[str, Any]:
        """What the notice says."""
        said: dict[str, Any] = json.loads(self.notice)
        return said


def versions(session: Session, tender: Tender) -> list[Version]:
    """Every published version, oldest first; the last one counts. Empty for a draft."""
    first = session.get(Publication, tender.id)
    if first is None or tender.published_at is None:
        return []
    announced = next(n for n in notices_of(session, tender.code) if n.kind == "tender")
    policies = {row.sha256: row.cms for row in policies_of(session, tender)}
    found = [
        Version(1, tender.published_at, announced.body, announced.cms, first.policy,
                policies.get(made_hash(first.policy)), first.documents, first.evaluation)
    ]  # fmt: skip
    query = select(Amendment).where(Amendment.tender_id == tender.id, Amendment.published_at.is_not(None))
    for row in session.scalars(query.order_by(Amendment.version)):
        assert row.policy and row.documents and row.evaluation and row.notice and row.published_at
        found.append(
            Version(row.version, row.published_at, row.notice, row.notice_cms, row.policy,
                    policies.get(made_hash(row.policy)), row.documents, row.evaluation)
        )  # fmt: skip
    return found


def policies_of(session: Session, tender: Tender) -> list[SealPolicy]:
    """Every published seal policy, oldest first."""
    query = select(SealPolicy).where(SealPolicy.tender_id == tender.id)
    return list(session.scalars(query.order_by(SealPolicy.version)))


def amendments_of(session: Session, tender: Tender, since: datetime | None = None) -> list[Amendment]:
    """The published amendments, newest first; with `since` those that came after it."""
    query = select(Amendment).where(Amendment.tender_id == tender.id, Amendment.published_at.is_not(None))
    if since is not None:
        query = query.where(Amendment.published_at > since)
    return list(session.scalars(query.order_by(Amendment.version.desc())))


def changes_since(rows: list[Amendment], form: dict[str, Any]) -> list[dict[str, Any]]:
    """What these amendments, newest first, have changed together, as pages render it."""
    return [change.shown() for change in rules.differences(rows[-1].before, form)] if rows else []


def open_amendment(session: Session, tender: Tender) -> Amendment | None:
    """The amendment that is drafted and not published yet."""
    query = select(Amendment).where(Amendment.tender_id == tender.id, Amendment.published_at.is_(None))
    return session.scalars(query).first()
