"""The register of investment projects for trading (port IProjectRegister): a project, its approvals, its trails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases
from plugins.approval_hall.models import HallCase, HallIssued
from plugins.approval_hall.projects.coding import find
from trading.interfaces import IEnterprises
from trading.investment import Approval, InvestmentProject

PASSED = ("passed", "deemed")


class Register:
    """The provider; it needs the hall's registry for the one record of enterprises."""

    def __init__(self, registry: Any) -> None:
        self.registry = registry

    def project(self, session: Session, code: str) -> InvestmentProject | None:
        """The project of a code with every approval under it, in the order of the decisions."""
        row = find(session, code.strip())
        if row is None:
            return None
        owner = self.registry.getUtility(IEnterprises).get(session, row.owner_id)
        about = cases_of(session, row.code)
        approvals = [each for case in about for each in approvals_of(session, case)]
        return InvestmentProject(
            code=row.code, name=row.name, owner=owner.uscc, owner_name=owner.name, estimate=row.estimate,
            coded_at=row.coded_at, approvals=tuple(approvals), trails=tuple(case.number for case in about),
        )  # fmt: skip


def cases_of(session: Session, code: str) -> list[HallCase]:
    """Every case about a project, oldest first."""
    query = select(HallCase).where(HallCase.project_code == code)
    return list(session.scalars(query.order_by(HallCase.accepted_at, HallCase.number)))


def approvals_of(session: Session, case: HallCase) -> Iterator[Approval]:
    """What each department agreed to in an approved case, under the number and the sealed paper of the decision."""
    if case.outcome != "approved" or case.decided_at is None:
        return
    paper = session.scalars(
        select(HallIssued).where(HallIssued.case_id == case.id, HallIssued.kind == "decision")
    ).first()
    where = (("token", paper.token),) if paper else ()
    item = cases.item_of(session, case)
    for step in cases.steps(session, case):
        if step.state in PASSED:
            yield Approval(
                item=item.step(step.key).name.zh, department=item.department(step.department), number=case.decision_number,
                decided_at=step.ended_at or case.decided_at, sha256=paper.sha256 if paper else "",
                route="hall-check-one" if paper else "", where=where,
            )  # fmt: skip
