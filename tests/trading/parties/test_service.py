from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from tests.helpers import form_with, hall_party, hall_user, log_in, make_party
from trading.acts import process
from trading.errors import Refused
from trading.parties import service
from trading.parties.commands import AddQualification, Contact
from trading.parties.models import Qualification

ACTOR = process("test")


def licence(**changed: object) -> AddQualification:
    fields = {
        "name": "测绘资质",
        "number": "44000001",
        "valid_from": "2026-01-01",
        "valid_until": "2027-12-31",
    }
    return AddQualification.model_validate(fields | changed)


def test_an_organisation_is_filed_once(session: Session) -> None:
    party = make_party(session)
    with pytest.raises(Refused) as refused:
        service.create_party(session, ACTOR, uscc=party.uscc.lower(), name="Another name")
    assert refused.value.faults[0].code == "party.filed"


def test_a_code_with_a_wrong_check_character_is_refused_in_words(session: Session) -> None:
    code = make_party(session).uscc
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    with pytest.raises(Refused) as refused:
        service.create_party(session, ACTOR, uscc=wrong, name="Name")
    assert (refused.value.faults[0].code, refused.value.faults[0].rule) == ("uscc.check", "GB 32100-2015")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(-10, -1, "expired"), (-10, 0, "soon"), (-10, 59, "soon"), (-10, 60, "valid"), (1, 90, "future")],
)
def test_validity_counts_both_days(start: int, end: int, expected: str) -> None:
    day = date(2026, 12, 1)
    found = Qualification(valid_from=day + timedelta(days=start), valid_until=day + timedelta(days=end))
    assert service.validity(found, day) == expected


def test_a_qualification_that_ends_before_it_starts_is_refused(session: Session) -> None:
    with pytest.raises(Refused):
        service.add_qualification(session, make_party(session), licence(valid_until="2025-12-31"), ACTOR)


def test_a_withdrawn_qualification_leaves_the_file_and_others_cannot_withdraw_it(session: Session) -> None:
    party, other = make_party(session), make_party(session)
    filed = service.add_qualification(session, party, licence(), ACTOR)
    with pytest.raises(Refused):
        service.withdraw_qualification(session, other, filed.id, ACTOR)
    with pytest.raises(Refused):
        service.withdraw_qualification(session, party, uuid.uuid4(), ACTOR)
    service.withdraw_qualification(session, party, filed.id, ACTOR)
    assert service.qualifications(session, party.id) == []


def test_contact_data_changes_and_the_name_stays(session: Session) -> None:
    party = make_party(session, "示例有限公司")
    service.change_contact(session, party, Contact(phone="0755-87654321", size="small"), ACTOR)
    assert (party.phone, party.size, party.name) == ("0755-87654321", "small", "示例有限公司")


def test_the_page_files_a_qualification_and_the_desk_calls_one_to_mind(
    app: TestApp, config: Configurator
) -> None:
    browser = log_in(app, config, hall_user(config, "bidder", party=hall_party(config)))
    form = form_with(browser.get("/party/qualifications/new"), "number")
    values = {
        "name": "安全生产许可证",
        "number": "粤-1",
        "valid_from": "2020-01-01",
        "valid_until": "2021-01-01",
    }
    for name, value in values.items():
        form[name] = value
    page = form.submit(status=303).follow(status=200)
    assert "安全生产许可证" in page.text
    assert "已过期" in page.text
    assert "安全生产许可证" in browser.get("/desk").text
