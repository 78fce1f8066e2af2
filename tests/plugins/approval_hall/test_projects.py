"""The seam with trading: a project gets its code when it is taken up, a tender names it, everybody sees its approvals."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders import drafts
from bidding.tenders.models import Publication
from plugins.approval_hall import cases
from plugins.approval_hall.handling import deciding
from plugins.approval_hall.models import HallCase, HallPost
from plugins.approval_hall.projects.models import HallProject
from plugins.approval_hall.ratings import service as ratings
from tests.pki import Pki
from tests.plugins.approval_hall.supervised import DEPARTMENTS, Supervised
from tests.tenders import make_buyers, make_draft, publish_draft
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import IProjectRegister, ISigner
from trading.investment import CODE, compose
from trading.ledger.service import entries_of


@pytest.fixture
def hall(session: Session, config: Configurator, tmp_path: Path) -> Supervised:
    config.commit()
    made = Supervised(session, config.registry)
    config.registry.registerUtility(Pki(tmp_path).signer(common_name="审批专用章"), ISigner)
    return made


def decided(hall: Supervised) -> HallCase:
    """A case that all departments agreed to and the head of the leading one approved."""
    case = hall.case()
    for department in DEPARTMENTS:
        hall.end(case, department)
    head = hall.officers["development"]
    hall.session.scalars(select(HallPost).where(HallPost.user_id == head.user_id)).one().post = "head"
    hall.registry.settings["approval_hall.address"] = "https://hall.example"
    deciding.decide(
        hall.session,
        hall.registry,
        head,
        cases.find(hall.session, case.number),
        "approved",
    )
    return case


def test_a_project_gets_its_code_once_when_it_is_taken_up(hall: Supervised) -> None:
    one, two = hall.case(), hall.case()
    codes = [one.project_code, two.project_code]
    assert all(CODE.fullmatch(code) for code in codes)
    assert len(set(codes)) == 2
    assert codes[0].split("-")[1] == hall.registry.settings["hall.region"]
    project = hall.session.scalars(select(HallProject).where(HallProject.code == codes[0])).one()
    assert (project.owner_id, f"{project.estimate}") == (hall.owner.id, "2400000.00")
    types = [each.entry.type for each in entries_of(hall.session, one.number)]
    assert types.count("project.coded") == 1


def test_a_code_has_the_groups_of_the_standard_and_a_check_figure() -> None:
    day = date(2025, 9, 10)
    assert compose(day, "320193", "89", "01", 54406) == "2509-320193-89-01-544060"
    with pytest.raises(ValueError, match="no project code"):
        compose(day, "320193", "890", "01", 1)


def test_the_register_tells_every_departments_approval_with_the_sealed_paper(hall: Supervised) -> None:
    case = decided(hall)
    project = hall.registry.getUtility(IProjectRegister).project(hall.session, case.project_code)
    assert (project.owner, project.owner_name) == (hall.owner.uscc, hall.owner.name)
    assert len(project.approvals) == len(DEPARTMENTS)
    assert {each.number for each in project.approvals} == {case.decision_number}
    assert all(len(each.sha256) == 64 and each.route for each in project.approvals)
    assert project.trails == (case.number,)


def test_a_tender_names_the_project_and_its_notice_the_approvals(hall: Supervised) -> None:
    case = decided(hall)
    buyers = make_buyers(hall.session, hall.registry)
    with pytest.raises(Refused) as refused:
        make_draft(hall.session, hall.registry, buyers, investment_code="2611-440300-04-01-000000")
    assert (refused.value.faults[0].code, refused.value.faults[0].field) == (
        "project.unknown",
        "investment_code",
    )
    tender = make_draft(hall.session, hall.registry, buyers, investment_code=case.project_code)
    found = [
        each
        for each in drafts.findings(hall.session, hall.registry, tender, database_now(hall.session))
        if each.rule == "INV.owner"
    ]
    assert [each.severity for each in found] == ["warn"], "the owner is somebody else: said, not refused"
    publish_draft(hall.session, hall.registry, buyers, tender)
    notice = json.loads(hall.session.get_one(Publication, tender.id).notice)
    assert notice["investment"]["code"] == case.project_code
    assert {each["number"] for each in notice["investment"]["approvals"]} == {case.decision_number}


def test_one_case_has_one_rating_and_a_bad_one_is_followed_up(hall: Supervised) -> None:
    case, head = decided(hall), hall.officers["development"]
    with pytest.raises(Refused):
        ratings.rate(hall.session, hall.applicant, case, "satisfied")
    deciding.file_result(hall.session, hall.registry, head, case, "r.pdf", b"%PDF-1.4 result")
    deciding.close(hall.session, hall.registry, head, case)
    ratings.rate(hall.session, hall.applicant, case, "dissatisfied", "等了太久")
    with pytest.raises(Refused):
        ratings.rate(hall.session, hall.applicant, case, "satisfied")
    (owed,) = ratings.clocks(hall.session, hall.registry, database_now(hall.session))
    assert (owed.unit, owed.subject) == ("hall", case.number), "not by those who left somebody dissatisfied"
    ratings.follow_up(hall.session, hall.supervisor, hall.supervisor.user_id, case, "已致歉并说明")
    assert ratings.clocks(hall.session, hall.registry, database_now(hall.session)) == []
