"""Revisions of the catalogue (进驻事项清单动态管理): all that is on file published under one decision, and the list of what each changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall.catalogue import checking, publishing
from plugins.approval_hall.catalogue.item import ItemError
from plugins.approval_hall.models import HallItem
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.periods import beijing_date
from trading.web import _


@dataclass
class Revision:
    """What one decision changed: codes that came, went and changed; `total` items afterwards."""

    day: date
    reason: str
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    total: int = 0

    @property
    def net(self) -> int:
        return len(self.added) - len(self.removed)


def revise(session: Session, registry: Any, actor: Actor, reason: str) -> Revision:
    """Make the catalogue what is on file: publish whatever is new or changed, take out whatever has no file any more; one entry,
    `hall.catalogue-revised`. Raises Refused with what is wrong in any file, `hall.item-reason`, `hall.item-same`."""
    on_file = publishing.library(registry)
    if on_file.broken:
        raise Refused([broken(name, error) for name, error in on_file.broken.items()])
    if not reason.strip():
        raise refuse(
            "hall.item-reason", _("Say by what decision the item is published or changed"), field="reason"
        )
    standing = {row.code: row for row in publishing.published(session)}
    data = {code: publishing.raw(item) for code, item in on_file.items.items()}
    moved = [
        code for code, raw in sorted(data.items()) if code not in standing or standing[code].definition != raw
    ]
    gone = sorted(standing.keys() - data.keys())
    if not moved and not gone:
        raise refuse("hall.item-same", _("This is what is published already"))
    if wrong := [code for code in moved if checking.faults(on_file.items[code])]:
        words = _("These items cannot be published: ${names}", mapping={"names": ", ".join(wrong)})
        raise refuse("hall.item-wrong", words, remedy=_("What is wrong stands with each of them."))
    at = database_now(session)
    versions = {code: row.version for code, row in newest(session).items()}
    published = [
        HallItem(code=code, version=versions.get(code, 0) + 1, definition=data[code], reason=reason.strip(), published_at=at,
                 sha256=hashlib.sha256(data[code]).hexdigest())
        for code in moved
    ]  # fmt: skip
    session.add_all(published)
    for code in gone:
        standing[code].withdrawn_at, standing[code].withdrawn_reason = at, reason.strip()
    session.flush()
    payload = {
        "reason": reason.strip(), "withdrawn": gone,
        "published": [{"item": row.code, "version": row.version, "definition": row.sha256} for row in published],
    }  # fmt: skip
    record(session, actor, "hall.catalogue-revised", None, payload, at)
    return revisions(session)[-1]


def broken(name: str, error: ItemError) -> Fault:
    words = _("The file ${name} is no item: ${place}", mapping={"name": name, "place": error.place})
    return Fault("hall.item-broken", words, remedy=error.words)


def newest(session: Session) -> dict[str, HallItem]:
    """The newest version of every code, withdrawn or not."""
    query = select(HallItem).distinct(HallItem.code).order_by(HallItem.code, HallItem.version.desc())
    return {row.code: row for row in session.scalars(query)}


def revisions(session: Session) -> list[Revision]:
    """Every decision that changed the catalogue, oldest first; what one decision did on one day is one revision."""
    found: list[Revision] = []
    there: set[str] = set()
    for at, reason, code, came in sorted(_moves(session)):
        day = beijing_date(at)
        if not found or (found[-1].day, found[-1].reason) != (day, reason):
            found.append(Revision(day, reason))
        last = found[-1]
        (last.changed if came and code in there else last.added if came else last.removed).append(code)
        (there.add if came else there.discard)(code)
        last.total = len(there)
    return found


def _moves(session: Session) -> Iterator[tuple[Any, str, str, bool]]:
    columns = (
        HallItem.published_at,
        HallItem.reason,
        HallItem.code,
        HallItem.withdrawn_at,
        HallItem.withdrawn_reason,
    )
    for published, reason, code, withdrawn, why in session.execute(select(*columns)):
        yield published, reason, code, True
        if withdrawn is not None:
            yield withdrawn, why, code, False
