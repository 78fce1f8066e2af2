"""Giving codes to investment projects (赋码), and holding later cases to them."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases
from plugins.approval_hall.events import CaseAccepted, CaseFiled
from plugins.approval_hall.projects.models import HallProject
from trading.errors import refuse
from trading.investment import compose
from trading.periods import beijing_date
from trading.web import _

ASSIGNS, NEEDS = "assigns", "needs"
FIELD = "project_code"
"""the application's field that names a project"""
GUIDED, KIND = "04", "01"
"""Development and reform; projects that are approved (审批类). A catalogue item may say otherwise."""
NUMBERS = 100_000


def filed(event: CaseFiled) -> None:
    """An application about a project names its code: one that was given out here, to this applicant. Raises Refused
    `project.wanted`, `project.unknown`, `project.not-yours`."""
    item = cases.item_of(event.session, event.case)
    if item.project != NEEDS:
        return
    code = str(event.case.form.get(FIELD) or "").strip()
    if not code:
        raise refuse("project.wanted", _("Name the code of the investment project"), field=FIELD)
    project = find(event.session, code)
    if project is None:
        raise refuse(
            "project.unknown", _("There is no investment project of the code ${code}.", mapping={"code": code}), field=FIELD,
            remedy=_("The code stands on the project's acceptance and approval; apply for the project first."),
        )  # fmt: skip
    if project.owner_id != event.case.party_id:
        raise refuse("project.not-yours", _("This investment project belongs to somebody else."), field=FIELD)
    event.case.project_code = code


def accepted(event: CaseAccepted) -> None:
    """A project is taken up: it gets its code, once; entry `project.coded`."""
    case, item = event.case, cases.item_of(event.session, event.case)
    if item.project != ASSIGNS or case.project_code:
        return
    region = str(event.registry.settings["hall.region"])
    guided, kind = str(item.raw.get("guided", GUIDED)), str(item.raw.get("project_kind", KIND))
    code = unused(event.session, lambda number: compose(beijing_date(event.at), region, guided, kind, number))
    project = HallProject(
        code=code, name=case.title or item.name.zh, owner_id=case.party_id, estimate=estimate_of(case.form), guided=guided,
        kind=kind, case_number=case.number, coded_at=event.at,
    )  # fmt: skip
    event.session.add(project)
    case.project_code = code
    payload = {"code": code, "name": project.name, "estimate": f"{project.estimate:.2f}", "case": case.number}
    cases.note(event.session, event.actor, "project.coded", case, payload, event.at)


def unused(session: Session, made: Callable[[int], str], rng: Callable[[int], bytes] = os.urandom) -> str:
    """A code that nobody has: its five figures are random, as the standard wants them."""
    while True:
        code = made(int.from_bytes(rng(8)) % NUMBERS)
        if find(session, code) is None:
            return code


def estimate_of(form: Any) -> Decimal:
    """The estimated investment of an application, 0 when it says none."""
    try:
        return Decimal(str(form.get("estimate") or 0).replace(",", ""))
    except InvalidOperation:
        return Decimal(0)


def find(session: Session, code: str) -> HallProject | None:
    """The project of a code."""
    return session.scalars(select(HallProject).where(HallProject.code == code)).first()
