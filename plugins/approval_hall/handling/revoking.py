"""Withdrawing an acceptance or a decision (撤销): when a promised paper did not come, or a commitment was found broken; under seal."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from plugins.approval_hall import cases, place
from plugins.approval_hall.handling import clocks, tasks
from plugins.approval_hall.intake import gaps
from plugins.approval_hall.intake.service import facts
from plugins.approval_hall.models import HallCase, HallIssued
from plugins.approval_hall.papers import documents
from plugins.approval_hall.staff import granting
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import refuse
from trading.web import _

REVOKED = "revoked"
FROM = ("accepted", "reviewed", "decided", "closed")
"""states of a case that something can be withdrawn of"""


def grounds(session: Session, case: HallCase) -> list[str]:
    """Why a case may be revoked now: papers that were promised and did not come, a commitment found broken; in Chinese, as the
    document says it."""
    item, rows = cases.item_of(session, case), cases.materials(session, case)
    found = [
        f"承诺后补的材料逾期未提交：{item.material(row.key).name.zh}"
        for row in gaps.failed(list(rows.values()))
    ]
    found += [
        f"经核查，申请人作出的承诺与实际不符：{task.opinion}"
        for task in tasks.of_case(session, case, tasks.INSPECTION)
        if task.outcome == tasks.BROKEN
    ]
    return found


def revoke(session: Session, registry: Any, actor: Actor, case: HallCase, words: str) -> HallIssued:
    """Withdraw the acceptance, or the decision; entry `hall.revoked` with the hash of the sealed paper. Raises Refused
    `hall.no-ground`, `hall.decide-reason`, `hall.no-power`, `hall.not-yours`, `hall.no-seal`, `hall.no-address`, `hall.revoke`."""
    place.check(registry, actor, "revoke", case.number)
    item = cases.item_of(session, case)
    granting.may_decide(session, actor, item.lead, item.department(item.lead), case.kind)
    why = grounds(session, case)
    if not why:
        raise refuse(
            "hall.no-ground", _("No promised paper failed to come and no commitment was found broken"), rule="BIZ 40",
            remedy=_("A decision falls for these reasons only; others go through administrative review."),
        )  # fmt: skip
    if not words.strip():
        raise refuse("hall.decide-reason", _("A refusal says why in writing"), field="words", rule="LIC 38")
    documents.must_seal(registry)
    decided = case.decision_number
    cases.advance(session, case, "revoke")
    at = database_now(session)
    for step in cases.steps(session, case):
        if step.state in clocks.OPEN:
            step.state, step.ended_at = "stopped", at
    what = f"撤销{decided}审批决定。" if decided else "撤销本次受理。"
    paper = documents.issue(
        session, case, "revocation", at, facts(session, registry, case, item),
        ["理由：" + "；".join(why) + "。", words.strip(), what,
         "如不服本决定，可以自收到本决定书之日起六十日内申请行政复议，或者六个月内提起行政诉讼。"],
    )  # fmt: skip
    documents.pdf(registry, paper)
    case.outcome, case.closed_at = REVOKED, case.closed_at or at
    tasks.end_others(session, case, at)
    payload = {"number": paper.number, "paper": paper.sha256, "reason": words.strip(), "decision": decided}
    cases.note(session, actor, "hall.revoked", case, payload, at)
    clocks.tell(session, registry, actor, case, at)
    return paper
