"""One window (一窗受理): an application is drafted, handed in, taken up, told once what is missing, or sent back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from plugins.approval_hall import cases, lifecycle, limits, place
from plugins.approval_hall.catalogue import publishing
from plugins.approval_hall.catalogue.checking import promised_days
from plugins.approval_hall.catalogue.item import Item, modes
from plugins.approval_hall.events import CaseAccepted, CaseFiled, CaseReturned
from plugins.approval_hall.handling import clocks, tasks
from plugins.approval_hall.intake import gaps
from plugins.approval_hall.intake.completeness import form_faults, missing, told_twice
from plugins.approval_hall.models import HallCase, HallMaterial
from plugins.approval_hall.papers import documents, keeping
from trading.acts import Actor, process
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.interfaces import IEnterprises
from trading.outbox import promise
from trading.periods import the_calendar
from trading.web import _, beijing

ACCEPT_BY = "hall.accept-by"
BEFORE = ("draft", "supplementing", "prefiled")
"""states in which papers may still be handed in as they come"""
LONGEST_TITLE = 200
"""characters"""


def draft(
    session: Session, registry: Any, actor: Actor, item_code: str, party_id: uuid.UUID, form: Mapping[str, Any], title: str = "", channel: str = "online",
) -> HallCase:  # fmt: skip
    """Begin an application for an enterprise, online or at the window; it has its one number from now on. Nothing is handed in
    yet, and nobody but the applicant sees it. Raises Refused `hall.no-item`."""
    row, at = publishing.current(session, item_code), database_now(session)
    item = cases.definition(row)
    case = HallCase(
        number=cases.next_number(session, "SP", at), item_id=row.id, item=item.code, party_id=party_id,
        filed_by=actor.user_id, channel=channel, title=title.strip(), form=_known(item, form), state="draft",
        kind=item.kind, origin=item.kind, mode=item.mode, promised=promised_days(item), statutory=item.statutory,
        created_at=at, clerk_id=actor.user_id if channel == "window" else None,
    )  # fmt: skip
    session.add(case)
    session.flush()
    session.add_all(HallMaterial(case_id=case.id, key=each.key, state="missing") for each in item.materials)
    session.flush()
    return case


def change(session: Session, case: HallCase, form: Mapping[str, Any], title: str) -> None:
    """Other words in the form, while it is not handed in. Raises Refused `hall.change`."""
    if case.state not in ("draft", "supplementing"):
        raise refuse("hall.change", _("The application is handed in; its words cannot be changed now"))
    case.form, case.title = _known(cases.item_of(session, case), form), title.strip()
    session.flush()


def _known(item: Item, form: Mapping[str, Any]) -> dict[str, str]:
    return {field.key: str(form.get(field.key, "") or "").strip() for field in item.fields}


def deliver(
    session: Session, registry: Any, actor: Actor, case: HallCase, key: str, name: str, data: bytes
) -> None:
    """Hand in a wanted paper, a promised one too; entry `hall.delivered` once the application is in. Raises Refused
    `hall.no-material`, `hall.deliver`, `hall.paper-*`."""
    rows = cases.materials(session, case)
    if key not in rows:
        raise refuse("hall.no-material", _("The item wants no such paper"), field=key)
    row = rows[key]
    if case.state not in BEFORE and row.state != "promised":
        raise refuse("hall.deliver", _("Papers are handed in before the application is accepted"), field=key)
    sha256, at = keeping.keep(session, registry["keys"], case, name, data, key), database_now(session)
    if row.state == "delivered" and row.sha256 == sha256:
        return  # the very paper that is there is not handed in anew
    row.sha256 = sha256
    late = row.due_at is not None and at >= row.due_at
    row.state, row.delivered_at = "delivered", at
    session.flush()
    if case.filed_at is not None:
        cases.note(
            session, actor, "hall.delivered", case, {"material": key, "sha256": row.sha256, "late": late}, at
        )


def submit(session: Session, registry: Any, actor: Actor, case: HallCase) -> None:
    """Hand the application in (预申报), or again after the notice of what was missing; entry `hall.filed`. Raises Refused with every
    wrong field and every paper that the notice named and that is not there."""
    item, at, again = cases.item_of(session, case), database_now(session), case.told_at is not None
    faults = wanting(item, case)
    rows = cases.materials(session, case)
    faults += [
        Fault("hall.still-missing", _("“${paper}” is still missing", mapping={"paper": item.material(key).name.zh}), key,
              rule=limits.article("tell"), remedy=_("Hand it in, or promise it where it may follow later."))
        for key, row in rows.items()
        if again and row.told and row.state == "missing"
    ]  # fmt: skip
    if faults:
        raise Refused(faults)
    cases.advance(session, case, "file")
    case.kind = lifecycle.become(case.kind, case.origin)
    case.filed_at = at  # of the last papers: the law counts from when they are complete
    case.tell_by = limits.due_at(at, limits.days("tell"), the_calendar())
    promise(session, ACCEPT_BY, {"case": case.number}, case.tell_by)
    session.flush()
    handed = {key: row.sha256 for key, row in rows.items() if row.state == "delivered"}
    payload = {"item": case.item, "channel": case.channel, "materials": handed, "again": again}
    cases.note(session, actor, "hall.filed", case, payload, at)
    if not again:
        documents.issue(
            session,
            case,
            "receipt",
            at,
            facts(session, registry, case, item),
            receipt_words(item, rows, case),
        )
    registry.notify(CaseFiled(session, registry, actor, case, at))


def wanting(item: Item, case: HallCase) -> list[Fault]:
    """What is wrong with the words of an application."""
    title = []
    if not case.title:
        title = [Fault("hall.field-empty", _("Fill in this field"), "title")]
    elif len(case.title) > LONGEST_TITLE:
        title = [Fault("hall.field-wrong", _("This is too long"), "title")]
    return [*title, *form_faults(item, case.form)]


def accept(session: Session, registry: Any, actor: Actor, case: HallCase, special: str = "") -> None:
    """Take the application up (受理): its clocks run from now on and the first departments begin; entry `hall.accepted`.
    `special` is the reason for the green channel (特办). When the time for the notice is over it counts from receipt, whatever is
    missing. Raises Refused `hall.accept`, one fault for each missing paper."""
    place.check(registry, actor, "accept", case.number)
    at = database_now(session)
    silent = notice_is_late(case, at)
    item, rows = cases.item_of(session, case), cases.materials(session, case)
    gap_faults = [
        Fault("hall.accept", _("“${paper}” is missing", mapping={"paper": each.name.zh}), each.key, rule=limits.article("tell"),
              remedy=_("It may follow later: have the promise signed.") if each.tolerable
              else _("Tell the applicant once what is missing."))
        for each in missing(item, cases.papers(rows))
    ]  # fmt: skip
    if case.state == "prefiled" and gap_faults and not silent:
        raise Refused(gap_faults)
    take_up(session, registry, actor, case, at, special, silent)


def take_up(
    session: Session,
    registry: Any,
    actor: Actor,
    case: HallCase,
    at: datetime,
    special: str = "",
    silent: bool = False,
) -> None:
    """The acceptance itself; `silent`: nobody told the applicant in time what was missing, so it counts from receipt (LIC 32).
    The departments' own time begins when they get the case, which is now."""
    item = cases.item_of(session, case)
    cases.advance(session, case, "accept")
    special = special or tasks.green_reason(item, case.form)
    if special.strip():
        case.kind, case.mode, case.special = (
            lifecycle.become(case.kind, "special"),
            "special",
            special.strip(),
        )
        case.promised = promised_days(item, modes()["special"])
    case.accepted_at = case.filed_at if silent and case.filed_at else at
    if actor.user_id is not None:
        case.clerk_id = actor.user_id
    begun = clocks.begin(session, case, item, at)
    clocks.recount(session, case, item)
    promised = gaps.start(session, case, item, at)
    payload = {
        "promised": case.promised, "statutory": case.statutory, "due": limits.shown_day(case.promised_due),
        "kind": case.kind, "silent": silent, "gaps": promised, **clocks.told(begun, item),
    }  # fmt: skip
    cases.note(session, actor, "hall.accepted", case, payload, at)
    documents.issue(
        session,
        case,
        "acceptance",
        at,
        facts(session, registry, case, item),
        accepted_words(item, case, promised),
    )
    if followed := tasks.open_with(
        session, registry, actor, case, item, facts(session, registry, case, item), at
    ):
        cases.note(session, actor, "hall.followed", case, {"reason": case.special, **followed}, at)
    registry.notify(CaseAccepted(session, registry, actor, case, at))
    clocks.tell(session, registry, actor, case, at)
    if not item.steps:
        cases.advance(session, case, "review")
        case.reviewed_at = at


def accept_due(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `hall.accept-by`: five working days have passed without a word, so the application is accepted from its
    receipt (LIC 32)."""
    case, now = cases.find(session, payload["case"], lock=True), database_now(session)
    if notice_is_late(case, now):
        take_up(session, registry, process("hall"), case, now, silent=True)


def notice_is_late(case: HallCase, at: datetime) -> bool:
    """Whether the five working days passed without a word: the application counts as accepted, no worker need have noted it."""
    return case.state == "prefiled" and case.tell_by is not None and case.tell_by <= at


def refuse_late(case: HallCase, at: datetime) -> None:
    """Raises Refused `hall.tell-late` where `notice_is_late`."""
    if notice_is_late(case, at):
        raise refuse(
            "hall.tell-late", _("The time to say what is missing is over: the application counts as accepted since its receipt"),
            rule=limits.article("tell"), remedy=_("Accept it; what is missing you obtain yourself or have handed in later."),
        )  # fmt: skip


def tell(session: Session, registry: Any, actor: Actor, case: HallCase, words: Mapping[str, str]) -> None:
    """The one notice of everything that is missing or wrong (一次性告知): `words` says of papers that are there what is wrong with
    them, whatever is not there is in it anyway; entry `hall.told`. A gap that was there at an earlier notice is in no later
    one: refused, and counted. Raises Refused `hall.told-twice`, `hall.nothing-missing`, `hall.tell-late`."""
    place.check(registry, actor, "tell", case.number)
    at = database_now(session)
    refuse_late(case, at)
    item, rows = cases.item_of(session, case), cases.materials(session, case)
    wrong = {key: text.strip() for key, text in words.items() if key in rows and text.strip()}
    keys = [each.key for each in item.materials if each.key in wrong or rows[each.key].state == "missing"]
    if not keys:
        raise refuse(
            "hall.nothing-missing",
            _("Nothing is missing: accept the application"),
            rule=limits.article("tell"),
        )
    if case.told_at is not None:
        refuse_second(registry, actor, case, item, keys, rows)
    cases.advance(session, case, "tell")
    for key in keys:
        rows[key].state, rows[key].told = "missing", wrong.get(key) or "未提交"
    case.kind, case.told_at = lifecycle.become(case.kind, "supplement"), at
    session.flush()
    listed = [
        f"{number}. {item.material(key).name.zh}：{rows[key].told}" for number, key in enumerate(keys, 1)
    ]
    ask = "以上为需要补正的全部内容。请一次补齐后再次提交；标明可容缺的材料，可以签署承诺后补。"
    documents.issue(session, case, "missing", at, facts(session, registry, case, item), [*listed, ask])
    cases.note(session, actor, "hall.told", case, {"materials": keys}, at)


def refuse_second(
    registry: Any, actor: Actor, case: HallCase, item: Item, keys: list[str], rows: Mapping[str, HallMaterial]
) -> None:
    """Raises Refused `hall.told-twice` after it is counted, when a gap was there at the notice before."""
    if old := told_twice(keys, cases.papers(rows), case.told_at):
        place.count(
            registry, actor, "told-twice", "hall.second-notice-refused", case.number, {"materials": old}
        )
        raise Refused(
            [
                Fault(
                    "hall.told-twice", _("“${paper}” was so at the first notice already", mapping={"paper": item.material(key).name.zh}),
                    key, rule=limits.article("tell"),
                    remedy=_("An applicant is told once of everything. Accept the application, with a promise where a paper may follow, or obtain the paper yourself. The attempt is counted."),
                )
                for key in old
            ]
        )  # fmt: skip


def send_back(session: Session, registry: Any, actor: Actor, case: HallCase, reason: str) -> None:
    """Do not accept the application, with the reason in writing (退回件); entry `hall.returned`. Raises Refused `hall.return`,
    `hall.tell-late`."""
    place.check(registry, actor, "return", case.number)
    at = database_now(session)
    refuse_late(case, at)
    cases.advance(session, case, "return", reason=reason)
    item = cases.item_of(session, case)
    case.kind = lifecycle.become(case.kind, "returned")
    case.closed_at = at
    remedy = "如不服本决定，可以自收到本通知书之日起六十日内申请行政复议，或者六个月内提起行政诉讼。"
    documents.issue(
        session,
        case,
        "refusal",
        at,
        facts(session, registry, case, item),
        [f"不予受理的理由：{reason.strip()}", remedy],
    )
    cases.note(session, actor, "hall.returned", case, {"reason": reason.strip()}, at)
    registry.notify(CaseReturned(session, registry, actor, case, at))


def withdraw(session: Session, registry: Any, actor: Actor, case: HallCase) -> None:
    """The applicant takes the application back; entry `hall.withdrawn` once it was handed in. Raises Refused `hall.withdraw`."""
    cases.advance(session, case, "withdraw")
    at = database_now(session)
    case.closed_at = at
    for step in cases.steps(session, case):
        if step.state in clocks.OPEN:
            step.state, step.ended_at = "stopped", at
    session.flush()
    if case.filed_at is not None:
        cases.note(session, actor, "hall.withdrawn", case, {}, at)
        clocks.tell(session, registry, actor, case, at)


def facts(session: Session, registry: Any, case: HallCase, item: Item) -> list[tuple[str, str]]:
    """What every document says of its case."""
    party = registry.getUtility(IEnterprises).get(session, case.party_id)
    return [
        ("受理编号", case.number), ("事项名称", item.name.zh), ("申请人", f"{party.name}（{party.uscc}）"),
        ("申请内容", case.title), ("牵头部门", item.department(item.lead)),
    ]  # fmt: skip


def receipt_words(item: Item, rows: Mapping[str, HallMaterial], case: HallCase) -> list[str]:
    there = "、".join(item.material(key).name.zh for key, row in rows.items() if row.state == "delivered")
    return [
        f"收到申请材料：{there or '无'}。",
        f"材料不齐全或者不符合要求的，将在 {limits.shown_day(case.tell_by)} 前一次性告知需要补正的全部内容；逾期不告知的，自收到之日起即为受理（行政许可法第三十二条）。",
    ]


def accepted_words(item: Item, case: HallCase, promised: list[str]) -> list[str]:
    """What an acceptance says: both limits, and what is still to come."""
    begin = beijing(case.accepted_at, "%Y年%m月%d日") if case.accepted_at else ""
    words = [
        f"自 {begin} 起受理。承诺期限 {case.promised} 个工作日，应于 {limits.shown_day(case.promised_due)} 前办结；法定期限 {case.statutory} 个工作日，最迟 {limits.shown_day(case.statutory_due)}。"
    ]
    if promised:
        names = "、".join(item.material(key).name.zh for key in promised)
        words.append(
            f"容缺受理：{names} 须在 {item.gap_days} 个工作日内补齐；逾期不补的，本次受理可以撤销并计入信用记录。"
        )
    if item.natural:
        words.append(f"双限时：自受理之日起 {item.natural} 个自然日内作出决定，中止计时的时间也计算在内。")
    return [*words, f"办理进度和收费（{item.fee.zh}）可凭本通知书二维码查询。"]
