"""Acceptance with gaps (容缺受理): minor papers may follow against a signed promise; a reminder, and what follows when they do not come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import rfc8785
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases, limits
from plugins.approval_hall.catalogue.item import Item
from plugins.approval_hall.events import GapFailed
from plugins.approval_hall.intake.completeness import promisable
from plugins.approval_hall.models import HallCase, HallMaterial
from plugins.approval_hall.papers import documents, keeping
from plugins.approval_hall.texts import send
from trading.acts import Actor, process
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.evidence import accept as accept_signature
from trading.interfaces import IAccounts, IEnterprises
from trading.outbox import outward, promise
from trading.periods import the_calendar
from trading.texting import mobile
from trading.web import _

REMIND, DUE, TELL = "hall.gap-remind", "hall.gap-due", "hall.gap-told"
WORDS = {
    "remind": "{case}承诺后补的材料请于{day}前提交。",
    "failed": "{case}承诺后补的材料逾期未提交（{day}），请立即补交；逾期不补的，可以撤销受理或者决定。",
}


def promise_bytes(session: Session, registry: Any, case: HallCase) -> bytes:
    """What the applicant signs: every paper that is missing and may follow. Canonical JSON. Raises Refused
    `hall.no-gap`."""
    item = cases.item_of(session, case)
    later, never = promisable(item, cases.papers(cases.materials(session, case)))
    if not later:
        raise refuse(
            "hall.no-gap", _("No missing paper of this item may follow later"), rule=limits.article("gaps"),
            remedy=_("Hand the papers in: ${papers}", mapping={"papers": "、".join(each.name.zh for each in never)}) if never else "",
        )  # fmt: skip
    party = registry.getUtility(IEnterprises).get(session, case.party_id)
    return bytes(
        rfc8785.dumps(
            {
                "v": 1, "typ": "hall.promise", "case": case.number, "applicant": party.uscc, "item": case.item,
                "materials": [each.key for each in later], "working_days": item.gap_days,
                "words": "承诺在规定期限内补齐上列材料，材料内容与申请一致；逾期不补的，同意撤销受理或者审批决定，并计入信用记录。",
            }
        )
    )  # fmt: skip


def promise_gaps(
    session: Session,
    registry: Any,
    actor: Actor,
    case: HallCase,
    cms: bytes = b"",
    scan: tuple[str, bytes] = ("", b""),
) -> list[str]:
    """The promise, signed with a certificate (`cms` over `promise_bytes`) or on paper at the window (its `scan`: name, bytes); entry
    `hall.promised`. Returns the papers promised. Raises Refused `hall.no-gap`, `hall.unsigned`, `hall.gap-record`,
    `signature.*`, `certificate.*`."""
    if case.state not in ("draft", "prefiled", "supplementing"):
        raise refuse("hall.promise-late", _("Papers are promised before the application is accepted"))
    raw, at = promise_bytes(session, registry, case), database_now(session)
    refuse_breakers(session, case)
    if cms:
        found = accept_signature(session, registry, case.number, raw, cms, at)
        registry.getUtility(IAccounts).own_certificate(session, actor.user_id, found.certificate_sha256, at)
        proof = {"p7s": hashlib.sha256(cms).hexdigest()}
    elif scan[1] and case.channel == "window":
        proof = {"scan": keeping.keep(session, registry["keys"], case, scan[0], scan[1], "scan")}
    else:
        raise refuse(
            "hall.unsigned", _("The promise is not signed"), field="scan", rule=limits.article("gaps"),
            remedy=_("Sign it with your certificate, or at the window on paper; the clerk scans the signed sheet."),
        )  # fmt: skip
    item, rows = cases.item_of(session, case), cases.materials(session, case)
    keys = [each.key for each in promisable(item, cases.papers(rows))[0]]
    for key in keys:
        rows[key].state = "promised"
    session.flush()
    names = [f"{number}. {item.material(key).name.zh}" for number, key in enumerate(keys, 1)]
    last = f"以上材料自受理之日起 {item.gap_days} 个工作日内补齐；逾期不补的，同意撤销受理或者审批决定，并计入信用记录。"
    documents.issue(
        session, case, "promise", at, promisor(session, registry, case, item), [*names, last], cms or None
    )
    payload = {"materials": keys, "document": hashlib.sha256(raw).hexdigest(), **proof}
    cases.note(session, actor, "hall.promised", case, payload, at)
    return keys


def promisor(session: Session, registry: Any, case: HallCase, item: Item) -> list[tuple[str, str]]:
    """What a promise says of its case."""
    party = registry.getUtility(IEnterprises).get(session, case.party_id)
    return [
        ("受理编号", case.number),
        ("事项名称", item.name.zh),
        ("承诺人", f"{party.name}（{party.uscc}）"),
    ]


def refuse_breakers(session: Session, case: HallCase) -> None:
    """Raises Refused `hall.gap-record` for an enterprise that has let a promised paper fail and not brought it since."""
    query = select(HallCase.number).join(HallMaterial, HallMaterial.case_id == HallCase.id)
    query = query.where(
        HallCase.party_id == case.party_id,
        HallMaterial.failed_at.is_not(None),
        HallMaterial.state == "promised",
    )
    if number := session.scalars(query.limit(1)).first():
        raise Refused(
            Fault(
                "hall.gap-record", _("In case ${number} a promised paper did not come", mapping={"number": number}),
                rule=limits.article("gaps"),
                remedy=_("Hand that paper in first; until then nothing is accepted with gaps."),
            )
        )  # fmt: skip


def start(session: Session, case: HallCase, item: Item, at: datetime) -> list[str]:
    """From the acceptance on the time for the promised papers runs: a reminder and an end are promised. Returns their keys."""
    promised = [row for row in cases.materials(session, case).values() if row.state == "promised"]
    for row in promised:
        row.due_at = limits.due_at(at, item.gap_days, the_calendar())
        assert row.due_at is not None, "nothing stops the time of a promised paper"
        about = {"case": case.number, "material": row.key}
        promise(session, REMIND, about, limits.remind_at(row.due_at, at, the_calendar()))
        promise(session, DUE, about, row.due_at)
    session.flush()
    return [row.key for row in promised]


def waiting(session: Session, payload: dict[str, Any]) -> tuple[HallCase, HallMaterial | None]:
    """The case, locked, and its paper if it is still only promised."""
    case = cases.find(session, payload["case"], lock=True)
    row = cases.materials(session, case).get(payload["material"])
    return case, row if row is not None and row.state == "promised" and case.state not in (
        "withdrawn",
        "returned",
    ) else None


def remind(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `hall.gap-remind`; entry `hall.gap-reminded`. The applicant finds it on desk and tracking page, and gets a
    text message."""
    case, row = waiting(session, payload)
    if row is not None and row.reminded_at is None:
        row.reminded_at = database_now(session)
        told = {"material": row.key, "due": limits.shown_day(row.due_at)}
        cases.note(session, process("hall"), "hall.gap-reminded", case, told, row.reminded_at)
        promise(session, TELL, payload | {"what": "remind"})


def fail(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `hall.gap-due`: the paper did not come; entry `hall.gap-failed`. The enterprise gets nothing accepted with
    gaps until it does, and whoever supervises is told (withdrawal, credit)."""
    case, row = waiting(session, payload)
    now = database_now(session)
    if row is not None and row.failed_at is None and row.due_at is not None and row.due_at <= now:
        row.failed_at = now
        actor = process("hall")
        cases.note(
            session,
            actor,
            "hall.gap-failed",
            case,
            {"material": row.key, "due": limits.shown_day(row.due_at)},
            now,
        )
        promise(session, TELL, payload | {"what": "failed"})
        registry.notify(GapFailed(session, registry, actor, case, now, row))


@outward
def tell(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `hall.gap-told`: a text to the enterprise's number, with the case's number and the day; none when the
    paper has come meanwhile."""
    case = cases.find(session, payload["case"])
    row = cases.materials(session, case)[payload["material"]]
    number = mobile(registry.getUtility(IEnterprises).get(session, case.party_id).phone)
    if number and row.state == "promised":
        text = WORDS[payload["what"]].format(case=case.number, day=limits.shown_day(row.due_at))
        send(registry, "/".join((case.number, row.key, payload["what"])), number, text)


def failed(rows: Sequence[HallMaterial]) -> list[HallMaterial]:
    """The promised papers that did not come in time."""
    return [row for row in rows if row.failed_at is not None and row.state == "promised"]
