"""The decision (审批决定): looked into first where the letter of authority leaves no more, made by who may, sealed, and closed only with
its result in the file."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from plugins.approval_hall import cases, limits, place
from plugins.approval_hall.catalogue.item import Item
from plugins.approval_hall.events import CaseClosed, CaseDecided
from plugins.approval_hall.handling import clocks, tasks
from plugins.approval_hall.handling.service import end_step
from plugins.approval_hall.intake.commitment import committed
from plugins.approval_hall.intake.service import facts
from plugins.approval_hall.models import HallCase, HallIssued
from plugins.approval_hall.papers import documents, keeping
from plugins.approval_hall.staff import granting, posts, powers
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import refuse
from trading.interfaces import IAccounts
from trading.web import _

APPROVED, REJECTED = "approved", "rejected"


def prereview(session: Session, registry: Any, actor: Actor, case: HallCase, opinion: str) -> None:
    """The lead department's representative looks into a case first (预审), as the letter of authority says; entry `hall.prereviewed`. Raises
    Refused `hall.not-yours`, `hall.no-power`, `hall.prereview`, `hall.opinion`."""
    place.check(registry, actor, "prereview", case.number)
    item = cases.item_of(session, case)
    granting.may_decide(session, actor, item.lead, item.department(item.lead), case.kind, powers.PRE_REVIEW)
    if case.state not in ("accepted", "reviewed"):
        raise refuse("hall.prereview", _("This is not possible at the present stage."))
    if not opinion.strip():
        raise refuse("hall.opinion", _("Fill in this field"), field="opinion")
    cases.note(session, actor, "hall.prereviewed", case, {"opinion": opinion.strip()}, database_now(session))


def decide(
    session: Session,
    registry: Any,
    actor: Actor,
    case: HallCase,
    outcome: str,
    words: str = "",
) -> HallIssued:
    """Decide a case for its lead department, under the hall's seal; entry `hall.decided` with the hash of the sealed paper. Raises
    Refused `hall.no-power`, `hall.not-yours`, `hall.decide`, `hall.step-refused`,
    `hall.decide-reason`, `hall.no-seal`, `hall.no-address`."""
    place.check(registry, actor, "decide", case.number)
    item = cases.item_of(session, case)
    granting.may_decide(session, actor, item.lead, item.department(item.lead), case.kind)
    documents.must_seal(registry)
    if case.kind == "instant":
        end_own_steps(session, registry, actor, case, item)
    if outcome not in (APPROVED, REJECTED):
        raise refuse("hall.outcome", _("Choose one of the list"), field="outcome")
    if outcome == APPROVED and any(step.state == "refused" for step in cases.steps(session, case)):
        raise refuse(
            "hall.step-refused", _("A department has not agreed: the case cannot be granted"), field="outcome",
            remedy=_("Decide against it and give the department's reason, or have the applicant file again."),
        )  # fmt: skip
    if outcome == REJECTED and not words.strip():
        raise refuse("hall.decide-reason", _("A refusal says why in writing"), field="words", rule="LIC 38")
    cases.advance(session, case, "decide")
    at = database_now(session)
    paper = documents.issue(
        session,
        case,
        "decision",
        at,
        facts(session, registry, case, item),
        decided_words(session, case, item, outcome, words),
    )
    documents.pdf(registry, paper)
    case.outcome, case.decided_at, case.decision_number = outcome, at, paper.number
    session.flush()
    payload: dict[str, Any] = {
        "outcome": outcome,
        "number": paper.number,
        "paper": paper.sha256,
        "kind": case.kind,
    }
    if outcome == APPROVED:
        payload |= granted(session, case, item, at)
    cases.note(session, actor, "hall.decided", case, payload, at)
    registry.notify(CaseDecided(session, registry, actor, case, at))
    return paper


def granted(session: Session, case: HallCase, item: Item, at: datetime) -> dict[str, Any]:
    """What follows from a grant: the one fee, and where it stands on a commitment the inspection. Returns what the entry says of it."""
    said: dict[str, Any] = {}
    if item.charge:
        case.fee = item.charge
        said["fee"] = f"{Decimal(item.charge) / 100:.2f}"
    if item.commitment is not None and committed(session, case):
        given = item.commitment
        task = tasks.make(session, case, tasks.INSPECTION, given.department, None, at, given.days)
        said["inspection"] = {"department": given.department, "due": limits.shown_day(task.due_at)}
    session.flush()
    return said


def end_own_steps(session: Session, registry: Any, actor: Actor, case: HallCase, item: Item) -> None:
    """What is decided on the spot is looked at and decided by one person in one act: the lead department's steps end with it."""
    for step in cases.steps(session, case):
        if step.state == "running" and step.department == item.lead:
            end_step(session, registry, actor, case, step.key, "passed")


def decided_words(session: Session, case: HallCase, item: Item, outcome: str, words: str) -> list[str]:
    """The text of a decision: what was looked at, what follows, what can be done about it."""
    basis = "、".join(f"《{each.name.zh}》{each.article}" for each in item.basis)
    opinions = [
        f"{item.department(step.department)}（{item.step(step.key).name.zh}）："
        + {"passed": "同意", "refused": "不同意", "deemed": "逾期未答复，视为同意"}[step.state]
        + (f"。{step.opinion}" if step.opinion not in ("", "同意") else "")
        for step in cases.steps(session, case)
        if step.state in ("passed", "refused", "deemed")
    ]
    result = f"准予：{item.result.zh}。" if outcome == APPROVED else "决定：不予批准。"
    more = [f"项目代码：{case.project_code}"] if case.project_code else []
    if outcome == APPROVED and item.commitment is not None and committed(session, case):
        by = item.department(item.commitment.department)
        more.append(
            f"本决定以告知承诺方式作出，{by}将在 {item.commitment.days} 个工作日内核查；承诺不实的，撤销本决定。"
        )
    return [
        f"依据{basis}，经审查：", *opinions, result, *([words.strip()] if words.strip() else []), *more,
        "如不服本决定，可以自收到本决定书之日起六十日内申请行政复议，或者六个月内提起行政诉讼。",
    ]  # fmt: skip


def file_result(
    session: Session, registry: Any, actor: Actor, case: HallCase, name: str, data: bytes
) -> None:
    """Store the result, the licence or the reply as scanned (扫描存入方可办结); entry `hall.result-filed`. Raises Refused."""
    place.check(registry, actor, "result", case.number)
    expect_finisher(session, registry, actor, case)
    if case.state != "decided":
        raise refuse("hall.result", _("The result is filed after the decision"))
    case.result_sha256, at = keeping.keep(session, registry["keys"], case, name, data), database_now(session)
    session.flush()
    cases.note(session, actor, "hall.result-filed", case, {"sha256": case.result_sha256}, at)


def close(session: Session, registry: Any, actor: Actor, case: HallCase) -> None:
    """Close a decided case (办结); entry `hall.closed` with its counted and uncounted working days. Raises Refused `hall.close` while
    its result is not in the file."""
    place.check(registry, actor, "close", case.number)
    expect_finisher(session, registry, actor, case)
    cases.advance(session, case, "close", result=bool(case.result_sha256))
    at = database_now(session)
    case.closed_at = at
    tasks.end_others(session, case, at)
    spent = spent_days(session, case)
    payload = {
        "timed": spent.timed,
        "untimed": spent.untimed,
        "promised": case.promised,
        "outcome": case.outcome,
    }
    cases.note(session, actor, "hall.closed", case, payload, at)
    registry.notify(CaseClosed(session, registry, actor, case, at))
    clocks.tell(session, registry, actor, case, at)


def expect_finisher(session: Session, registry: Any, actor: Actor, case: HallCase) -> None:
    """That whoever finishes a case is a clerk of the window, or of its lead department. Raises Refused `hall.not-yours`,
    `hall.not-on-duty`."""
    person = registry.getUtility(IAccounts).get(session, actor.user_id)
    if "hall-clerk" not in {grant.role for grant in person.roles}:
        item = cases.item_of(session, case)
        posts.expect(session, actor, item.lead, item.department(item.lead))


def spent_days(session: Session, case: HallCase, until: datetime | None = None) -> limits.Totals:
    """Working days of a case that counted and that did not, up to its decision or to now, or to an instant."""
    if case.accepted_at is None:
        return limits.Totals(0, 0)
    until = until or case.decided_at or case.closed_at or database_now(session)
    stopped = clocks.stopping(session, case, cases.item_of(session, case))
    return limits.totals(case.accepted_at, until, clocks.the_calendar(), limits.pauses_from(stopped))
