"""The pool's pages: what the office does with them, what an expert sees, and that nobody else gets in."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from webtest import TestApp, Upload

from expert_pool.experts import importing, lines, service, sheet, waiting
from expert_pool.experts.commands import DeclareInterest
from expert_pool.experts.models import Expert
from expert_pool.selection.models import NameRefusal
from tests.expert_pool.experts.test_importing import HEADING, cells
from tests.expert_pool.pool import OFFICE, id_number, make_expert
from tests.helpers import committed, hall_party, hall_user, log_in, valid_code
from trading.ledger.models import LedgerPayload
from trading.permissions import Role
from trading.supervision.models import Paper

MINUTES = Upload("纪要.pdf", b"minutes", "application/pdf")
PAGES = (
    "/pool", "/pool/new", "/pool/import", "/pool/experts.xlsx", "/pool/template.xlsx", "/pool/statistics", "/pool/settings",
    "/pool/experts/E000001", "/pool/experts/E000001/change", "/pool/experts/E000001/payment",
)  # fmt: skip
SUPERVISED = ("/pool", "/pool/statistics", "/pool/experts/E000001")


def in_pool(config: Configurator, **fields: object) -> str:
    """A committed expert; returns the number."""
    keys = config.registry["keys"]
    number: str = committed(config, lambda db: make_expert(db, keys=keys, **fields)).number
    return number


def looks(config: Configurator) -> list[str]:
    """What was looked at, by the ledger."""
    payloads = committed(
        config, lambda db: [bytes(data) for data in db.scalars(select(LedgerPayload.bytes)) if data]
    )
    return [found["object"] for found in map(json.loads, payloads) if "object" in found]


def office(app: TestApp, config: Configurator) -> TestApp:
    return log_in(app, config, hall_user(config, Role.POOL_OFFICER))


def test_nobody_but_the_pool_office_and_the_regulator_gets_in(app: TestApp, config: Configurator) -> None:
    in_pool(config, name="独孤求败")
    for role in set(Role) - {Role.POOL_OFFICER}:
        party = hall_party(config) if role in (Role.AGENT, Role.TENDERER, Role.BIDDER) else None
        browser = log_in(app, config, hall_user(config, role, party=party))
        allowed = set(SUPERVISED) if role == Role.REGULATOR else set()
        for page in PAGES if role == Role.AGENT else SUPERVISED:
            answer = browser.get(page, expect_errors=True)
            assert answer.status_int == (200 if page in allowed else 403), (role, page)
            assert page in allowed or "独孤求败" not in answer.text
    tried = committed(config, lambda db: [(row.who, row.door) for row in db.scalars(select(NameRefusal))])
    assert len(tried) == len(set(tried)) == len(PAGES) + (len(Role) - 3) * len(SUPERVISED)
    assert all(app.get(page).status_int == 303 for page in PAGES)


def test_the_office_takes_somebody_in_suspends_and_reinstates(app: TestApp, config: Configurator) -> None:
    browser = office(app, config)
    form = form_of(browser.get("/pool/new"))
    form["name"], form["id_number"], form["phone"] = "欧阳清", id_number(5), "13800000005"
    form["employer"], form["employer_name"], form["title"], form["years"] = (
        valid_code(5),
        "示例院",
        "教授",
        "3",
    )
    form.set("specialities", True, index=0)
    refused = form.submit(status=422)
    assert "满八年" in refused.html.select_one("#years-fault").text
    form = form_of(refused)
    form["years"], form["reason"] = "30", "入库评审通过"
    assert form_of(refused)["name"].value == "欧阳清"
    assert "evidence" in form.submit(status=422).text
    form["evidence"] = MINUTES
    page = form.submit(status=303).follow()
    assert "欧阳清" in page and "E000001" in page
    for act, words in (("suspend", "暂停"), ("reinstate", "在库"), ("leave", "已退出"), ("readmit", "在库")):
        form = next(form for form in page.forms.values() if "act" in form.fields)
        form["act"], form["reason"], form["evidence"] = act, "经查属实，予以处理", MINUTES
        page = form.submit(status=303).follow()
        assert words in page.html.select_one("main > p").text
    link = page.html.select_one("ol.timeline a")["href"]
    assert browser.get(link).body == b"minutes"
    assert looks(config).count("pool/E000001") == 5


@pytest.mark.parametrize("page", ["standing", "training", "payment"])
def test_a_refused_form_shows_nobody_without_an_entry(app: TestApp, config: Configurator, page: str) -> None:
    number = in_pool(config, name="欧阳清")
    browser = office(app, config)
    token = form_of(browser.get(f"/pool/experts/{number}/change"))["csrf_token"].value
    before = looks(config)
    answer = browser.post(f"/pool/experts/{number}/{page}", {"csrf_token": token}, status=422)
    assert "欧阳清" in answer and sorted(looks(config)) == sorted([*before, f"pool/{number}"])


def form_of(page: object) -> object:
    """The form with the person's name."""
    return next(form for form in page.forms.values() if "name" in form.fields)  # type: ignore[attr-defined]


def test_the_list_is_searched_and_each_look_is_an_entry(app: TestApp, config: Configurator) -> None:
    in_pool(config, name="甲专家", specialities=["A08.01.01"])
    in_pool(config, name="乙专家", specialities=["C02.01.01"], trained=False)
    browser = office(app, config)
    assert {"甲专家", "乙专家"} <= names(browser.get("/pool"))
    assert names(browser.get("/pool", {"q": "乙"})) == {"乙专家"}
    assert names(browser.get("/pool", {"speciality": "A08"})) == {"甲专家"}
    assert names(browser.get("/pool", {"status": "left", "page": "7"})) == set()
    assert looks(config).count("pool") == 4

    # Statistics warn where a speciality is too small, by the office's own parameters.
    assert "物业管理" in browser.get("/pool/statistics").html.select_one(".banner-wait").text
    form = next(
        form for form in browser.get("/pool/settings").forms.values() if "safe_per_seat" in form.fields
    )
    form["safe_per_seat"], form["typical_seats"], form["reason"] = "1", "1", "试运行期间降低下限"
    form["cool_down_days"] = "366"  # sessions of the last 365 days are known
    assert "cool_down_days" in form.submit(status=422).html.select_one(".error-summary a")["href"]
    form["cool_down_days"] = "365"
    form.submit(status=303)
    warned = browser.get("/pool/statistics").html.select_one(".banner-wait").text
    assert "物业管理" in warned and "土建施工" not in warned


def names(page: object) -> set[str]:
    return {cell.text for cell in page.html.select('td[data-label="姓名"]')}  # type: ignore[attr-defined]


def test_a_file_is_looked_through_before_anything_is_taken_over(app: TestApp, config: Configurator) -> None:
    browser = office(app, config)
    rows = [cells(1), cells(2, years="two"), cells(3)]
    form = next(form for form in browser.get("/pool/import").forms.values() if "sheet" in form.fields)
    form["sheet"], form["reason"] = Upload("p.xlsx", sheet.write(HEADING, rows)), "年度增补专家"
    assert form.submit(status=422)
    form["evidence"] = MINUTES
    page = form.submit(status=200)
    assert "I3" in page and count(config) == 0
    good = next(form for form in page.forms.values() if "basis" in form.fields)
    assert good.submit("act", value="good", status=303) and count(config) == 2
    found = sheet.read(browser.get("/pool/experts.xlsx", status=200).body)
    assert found.heading == list(lines.COLUMNS.values())
    assert [row[1] for _number, row in found.rows] == ["专家1", "专家3"] and looks(config) == ["pool/export"]


def test_a_tie_declared_while_an_import_is_carried_out_is_not_lost(
    app: TestApp, config: Configurator, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, number = config.registry["keys"], in_pool(config, name="欧阳清", account=False)

    def declare(db: Session) -> None:
        row = service.by_number(db, number)
        tie = DeclareInterest(org=valid_code(3), relation="spouse", since=date(2024, 1, 1))
        service.declare(db, keys, OFFICE, row, tie)

    waits: list[bool] = []

    def import_meanwhile(*args: Any, **named: Any) -> None:
        with Session(config.registry["sessions"].kw["bind"]) as other:
            other.execute(text("SET LOCAL lock_timeout = '50ms'"))
            try:
                declare(other)
                other.commit()
                waits.append(False)
            except OperationalError:
                waits.append(True)
        carry_out(*args, **named)

    carry_out = importing.carry_out
    monkeypatch.setattr(importing, "carry_out", import_meanwhile)
    told = committed(
        config, lambda db: lines.row_of(service.read(keys, service.by_number(db, number)), "", b"")
    )
    changed = dict(zip(lines.COLUMNS, told, strict=True)) | {"phone": "13900009999"}
    browser = office(app, config)
    page = looked_through(browser, [list(changed.values())])
    page.submit("act", value="all", status=303)
    if waits == [True]:
        committed(config, declare)
    person = committed(config, lambda db: service.read(keys, service.by_number(db, number)))
    assert (person.phone, [tie.org for tie in person.interests]) == ("13900009999", [valid_code(3)])
    assert waits == [True]


def test_a_spreadsheet_is_forgotten_with_its_import_and_read_by_nobody_else(
    app: TestApp, config: Configurator
) -> None:
    browser = office(app, config)
    form = looked_through(browser, [cells(1)])
    digest = form["file"].value
    assert waiting_files(config) == [digest]
    assert browser.get(f"/pool/evidence/{digest}", status=404)
    assert form.submit("act", value="all", status=303) and count(config) == 1
    assert waiting_files(config) == []
    assert "重新选择" in form.submit("act", value="all", status=422)
    # What the import rests on stays.
    assert browser.get(f"/pool/evidence/{form['basis'].value}").body == b"minutes"


def test_a_spreadsheet_waits_for_its_own_officer_and_a_day_at_most(
    app: TestApp, config: Configurator
) -> None:
    first, second = office(app, config), office(app, config)
    mine = looked_through(first, [cells(1)])
    other = looked_through(second, [cells(2)])
    other["file"] = mine["file"].value
    other.submit("act", value="all", status=422)
    assert len(waiting_files(config)) == 2 and count(config) == 0

    def age(db: Session) -> None:
        row = db.scalars(select(Paper).where(Paper.sha256 == mine["file"].value)).one()
        row.kept_at -= waiting.LONGEST

    committed(config, age)
    third = looked_through(second, [cells(3)])
    assert mine["file"].value not in waiting_files(config) and third["file"].value in waiting_files(config)
    mine.submit("act", value="all", status=422)


def test_a_spreadsheet_is_not_taken_as_its_own_evidence(app: TestApp, config: Configurator) -> None:
    browser, raw = office(app, config), sheet.write(HEADING, [cells(1)])
    form = next(form for form in browser.get("/pool/import").forms.values() if "sheet" in form.fields)
    form["sheet"], form["evidence"], form["reason"] = Upload("p.xlsx", raw), Upload("q", raw), "年度增补专家"
    assert "自身" in form.submit(status=422)
    assert committed(config, lambda db: db.scalars(select(Paper)).all()) == []


def waiting_files(config: Configurator) -> list[str]:
    """The hashes of the kept files that are not evidence."""
    query = select(Paper.sha256).where(Paper.sha256 != hashlib.sha256(b"minutes").hexdigest())
    found: list[str] = committed(config, lambda db: list(db.scalars(query)))
    return found


def looked_through(browser: TestApp, rows: list[list[str]]) -> Any:
    """The form that carries a file out which was just looked through."""
    form = next(form for form in browser.get("/pool/import").forms.values() if "sheet" in form.fields)
    form["sheet"], form["reason"] = Upload("p.xlsx", sheet.write(HEADING, rows)), "年度增补专家"
    form["evidence"] = MINUTES
    page = form.submit(status=200)
    return next(form for form in page.forms.values() if "basis" in form.fields)


def count(config: Configurator) -> int:
    found: int = committed(config, lambda db: len(db.scalars(select(Expert.id)).all()))
    return found


def test_an_expert_sees_the_own_record_only_and_bank_data_go_to_one_place(
    app: TestApp, config: Configurator
) -> None:
    user = hall_user(config, Role.EXPERT)
    number = in_pool(config, name=user.name, login=user.login)
    in_pool(config, name="别的专家")
    browser, account = log_in(app, config, user), "6222020200112233"
    page = browser.get("/expertise")
    assert number in page and "别的专家" not in page and "没有数字证书" in browser.get("/desk")
    form = next(form for form in page.forms.values() if "org" in form.fields)
    form["org"], form["relation"], form["since"] = valid_code(3), "shareholder", "2025-01-01"
    page = form.submit(status=303).follow()
    assert [cell.text for cell in page.html.select('td[data-label="关系"]')] == ["股东"]
    form = next(form for form in page.forms.values() if "bank" in form.fields)
    form["holder"], form["bank"], form["account"], form["tax_number"] = (
        user.name,
        "示例银行",
        account,
        id_number(3),
    )
    assert account not in form.submit(status=303).follow()

    officer, payments = office(app, config), f"/pool/experts/{number}/payment"
    assert account not in officer.get(f"/pool/experts/{number}")
    assert account in officer.get(payments) and f"payment/{number}" in looks(config)
    assert log_in(app, config, hall_user(config, Role.REGULATOR)).get(payments, status=403)
    outsider = log_in(app, config, hall_user(config, Role.EXPERT))
    assert "您不在专家库中" in outsider.get("/expertise")
