"""What the catalogue holds at an instant (进驻事项、环节、材料), and which promises are long (承诺时限倒逼)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall.catalogue.checking import LONG_PROMISE, promised_days
from plugins.approval_hall.models import HallItem

HELD = ("items", "links", "papers")


def counts(session: Session, begin: datetime, end: datetime) -> dict[str, tuple[int, int]]:
    """Items, links of their flow and papers wanted, at the beginning and at the end."""
    before, after = held(session, begin), held(session, end)
    return {name: (before[name], after[name]) for name in HELD}


def held(session: Session, at: datetime) -> dict[str, int]:
    """How many items can be applied for at an instant: those whose newest version then was not withdrawn; their links and papers."""
    query = select(HallItem.definition, HallItem.withdrawn_at).where(HallItem.published_at < at)
    newest = query.distinct(HallItem.code).order_by(HallItem.code, HallItem.version.desc())
    found = [
        json.loads(raw) for raw, gone in session.execute(newest) if gone is None or gone >= at
    ]  # fmt: skip
    return {
        "items": len(found),
        "links": sum(len(stage.get("step", ())) for each in found for stage in each.get("stage", ())),
        "papers": sum(len(each.get("material", ())) for each in found),
    }


def slow(items: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """The items that promise more than ten working days, the longest first: the list gets shorter as promises do."""
    found = [(code, item.name.zh, promised_days(item)) for code, item in items.items()]
    return sorted((row for row in found if row[2] > LONG_PROMISE), key=lambda row: (-row[2], row[0]))
