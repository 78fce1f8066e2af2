"""The investment project that a tender belongs to (投资项目代码): named by its code, checked where the register of projects
is at hand (port IProjectRegister); where it is not, the code is taken as it is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from trading.errors import refuse
from trading.interfaces import IProjectRegister
from trading.investment import InvestmentProject
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import beijing_date
from trading.rulebook.plan import Finding, finding
from trading.web import _

OWNER = "INV.owner"


def project_of(session: Session, registry: Any, code: str) -> InvestmentProject | None:
    """The project of a code; None without a code, without a register, or for one that it does not know."""
    register = registry.queryUtility(IProjectRegister)
    found: InvestmentProject | None = (
        register.project(session, code) if register is not None and code else None
    )
    return found


def must_be_known(session: Session, registry: Any, code: str) -> None:
    """Raises Refused `project.unknown` for a code that the register never gave out."""
    if not code or registry.queryUtility(IProjectRegister) is None:
        return
    if project_of(session, registry, code) is None:
        raise refuse(
            "project.unknown", _("There is no investment project of the code ${code}.", mapping={"code": code}),
            field="investment_code",
            remedy=_("Write the code as it stands on the project's approval, or leave the field empty."),
        )  # fmt: skip


def findings(
    session: Session, registry: Any, tender: Tender, rulebook: Rulebook, now: datetime
) -> list[Finding]:
    """A project that belongs to somebody else than the tenderer: said, never refused (an agency of construction may
    tender for the owner)."""
    project, rule = (
        project_of(session, registry, tender.investment_code),
        rulebook.find(OWNER, beijing_date(now)),
    )
    if project is None or rule is None or project.owner == tender.tenderer.uscc:
        return []
    named = {"owner": project.owner_name, "code": project.code}
    message = _("The investment project ${code} belongs to ${owner}, not to the purchaser.", mapping=named)
    return [finding(rule, "investment_code", project.code, message)]


def published(session: Session, registry: Any, code: str) -> dict[str, Any]:
    """What a notice says of it: the code, and the approvals that stand in the register, by number and hash; nothing
    for a tender that names no project."""
    if not code:
        return {}
    project = project_of(session, registry, code)
    approvals = [
        {"item": each.item, "department": each.department, "number": each.number, "sha256": each.sha256}
        for each in (project.approvals if project else ())
    ]
    return {"investment": {"code": code, "approvals": approvals}}
