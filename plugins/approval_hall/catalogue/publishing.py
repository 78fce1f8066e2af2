"""Publishing items (事项发布): a version that counts from then on, only when nothing of it is empty."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugins.approval_hall.cases import definition
from plugins.approval_hall.catalogue import checking
from plugins.approval_hall.catalogue.item import Item
from plugins.approval_hall.catalogue.library import Library
from plugins.approval_hall.models import HallItem
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Refused, refuse
from trading.web import _

LIBRARY = "hall.library"
"""the registry's name for the definitions on file"""


def library(registry: Any) -> Library:
    found: Library = registry[LIBRARY]
    return found


def on_file(registry: Any, code: str) -> Item:
    """The definition of an item's data file. Raises Refused `hall.no-item`."""
    found = library(registry).items.get(code)
    if found is None:
        raise no_item()
    return found


def no_item() -> Refused:
    return refuse("hall.no-item", _("There is no such item"), remedy=_("Look for it in the list of items."))


def raw(item: Item) -> bytes:
    """The canonical bytes of a definition, its departments' names with it: a version stands by itself."""
    used = {item.lead, *(stage.lead for stage in item.stages), *(step.department for step in item.steps)}
    if item.commitment is not None:
        used.add(item.commitment.department)
    named = {
        key: {"zh": item.departments[key].zh, "en": item.departments[key].en}
        for key in sorted(used)
        if key in item.departments
    }
    return bytes(rfc8785.dumps({**item.raw, "departments": named}))


def publish(session: Session, registry: Any, actor: Actor, code: str, reason: str) -> HallItem:
    """Publish the data file's definition as the next version, with the reason of the change; entry `hall.item-published`. Raises
    Refused with every empty field by name, `hall.no-item`, `hall.item-same`, `hall.item-reason`."""
    item = on_file(registry, code)
    if faults := checking.faults(item):
        raise Refused(faults)
    if not reason.strip():
        raise refuse(
            "hall.item-reason", _("Say by what decision the item is published or changed"), field="reason"
        )
    data = raw(item)
    digest = hashlib.sha256(data).hexdigest()
    before = newest(session, code)
    if before is not None and before.sha256 == digest and before.withdrawn_at is None:
        raise refuse("hall.item-same", _("This is what is published already"))
    at = database_now(session)
    version = (session.scalar(select(func.max(HallItem.version)).where(HallItem.code == code)) or 0) + 1
    row = HallItem(
        code=code, version=version, definition=data, sha256=digest, reason=reason.strip(), published_at=at
    )
    session.add(row)
    session.flush()
    payload = {"item": code, "version": version, "definition": digest, "reason": row.reason}
    record(session, actor, "hall.item-published", None, payload, at)
    return row


def withdraw(session: Session, actor: Actor, code: str, reason: str) -> None:
    """Take an item out of the catalogue (取消进驻); cases go on. Entry `hall.item-withdrawn`. Raises Refused."""
    row = current(session, code)
    if not reason.strip():
        raise refuse(
            "hall.item-reason", _("Say by what decision the item is published or changed"), field="reason"
        )
    row.withdrawn_at, row.withdrawn_reason = database_now(session), reason.strip()
    payload = {"item": code, "version": row.version, "reason": reason.strip()}
    record(session, actor, "hall.item-withdrawn", None, payload, row.withdrawn_at)


def newest(session: Session, code: str) -> HallItem | None:
    """The newest version of a code, withdrawn or not."""
    query = select(HallItem).where(HallItem.code == code).order_by(HallItem.version.desc())
    return session.scalars(query.limit(1)).first()


def current(session: Session, code: str) -> HallItem:
    """The version that counts. Raises Refused `hall.no-item`."""
    found = newest(session, code)
    if found is None or found.withdrawn_at is not None:
        raise no_item()
    return found


def published(session: Session) -> list[HallItem]:
    """The version that counts of every item, by code."""
    query = select(HallItem).distinct(HallItem.code).order_by(HallItem.code, HallItem.version.desc())
    return [row for row in session.scalars(query) if row.withdrawn_at is None]


def versions(session: Session, code: str) -> list[HallItem]:
    """All versions of a code, the newest first."""
    return list(
        session.scalars(select(HallItem).where(HallItem.code == code).order_by(HallItem.version.desc()))
    )


def disclosed(row: HallItem, locale: str) -> Mapping[str, Any]:
    """The eight disclosures (八公开) of a published item, and the six unified fields with them, for programs."""
    item = definition(row)
    return {
        "code": item.code, "version": row.version, "sha256": row.sha256, "name": item.name.of(locale),
        "content": item.content.of(locale),
        "basis": [{"name": each.name.of(locale), "article": each.article} for each in item.basis],
        "conditions": [each.of(locale) for each in item.conditions],
        "materials": [
            {"key": each.key, "name": each.name.of(locale), "may_follow": each.tolerable, "by_commitment": each.committed}
            for each in item.materials
        ],
        "flow": [
            {
                "stage": stage.name.of(locale), "lead": item.department(stage.lead, locale),
                "steps": [
                    {"step": step.name.of(locale), "department": item.department(step.department, locale), "days": step.days}
                    for step in stage.steps
                ],
            }
            for stage in item.stages
        ],
        "limit": item.statutory, "promised": checking.promised_days(item), "natural": item.natural, "fee": item.fee.of(locale),
        "result": item.result.of(locale),
    }  # fmt: skip
