"""The roster through its services: entry and publicity, decisions, lists by version, spreadsheets, exit."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.lottery import awarding
from bidding.roster import drawable, engaging, importing, issues, law, reading, service
from bidding.roster.commands import AddManager, Apply, FileDocument, Lift
from bidding.roster.deciding import lift
from bidding.roster.models import RosterAct
from expert_pool.experts import sheet
from tests.bidding.lottery import scene as scenes
from tests.bidding.lottery.scene import HEADING, PAPER, Scene, cells
from tests.expert_pool.pool import id_number
from tests.helpers import make_party, valid_code
from trading.clock import BEIJING, database_now
from trading.credit import checking, uploaded
from trading.errors import Refused
from trading.ledger.models import LedgerEntry


@pytest.fixture
def scene(session: Session, config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return scenes.make(session, config.registry, tmp_path, monkeypatch)


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in caught.value.faults]


def why(scene: Scene, number: int) -> list[tuple[str, str]]:
    terms = law.the_terms(scene.registry, database_now(scene.session))
    _row, firm = reading.firms_of(scene.session, scene.registry, [scene.firm(number)], terms)[0]
    found = drawable.bars(firm, scene.today(), drawable.Wanted(), terms)
    return [(bar.code, bar.detail) for bar in found]


def issued(
    scene: Scene, kind: str, version: str, *lines: dict[str, Any], published: date | None = None
) -> None:
    """A version of a list, signed by who publishes it."""
    if uploaded.publisher(scene.session, kind) is None:
        uploaded.register_publisher(scene.session, scene.office, kind, scene.owner.uscc, scene.owner.name)
    document = {
        "v": 1, "typ": "ebid.credit-list", "kind": kind, "version": version, "source": "信用办",
        "published": (published or scene.today()).isoformat(), "lines": list(lines),
    }  # fmt: skip
    raw = json.dumps(document, ensure_ascii=False).encode()
    signed = scene.signer.sign(raw, database_now(scene.session))
    uploaded.import_list(scene.session, scene.registry, scene.office, raw, signed)


def line(number: int, decision: str, since: str, until: str | None, person: str = "") -> dict[str, Any]:
    return {
        "id": valid_code(scenes.FIRST + number), "name": "", "person": person, "decision": decision,
        "since": since, "until": until,
    }  # fmt: skip


def test_entry_asks_for_papers_publicity_and_answers(scene: Scene) -> None:
    party = make_party(scene.session, uscc=valid_code(scenes.FIRST + 1))
    firm = scene.bidder(1)
    db, keys, registry = scene.session, scene.keys, scene.registry
    wanted = Apply(trade="road", band="0-500000")
    with pytest.raises(Refused) as caught:
        service.apply(db, keys, registry, firm, party, Apply(trade="x", band="y"), {})
    assert set(codes(caught)) == {"roster.trade", "roster.band", "roster.documents"}
    for kind in ("licence", "qualification", "safety"):
        paper = FileDocument(kind=kind, number="N", valid_from="2026-01-01", valid_until="2029-01-01")
        service.file_document(db, keys, registry, firm, party, paper, PAPER)
    row = service.apply(db, keys, registry, firm, party, wanted, {"address": "192.0.2.9"})
    with pytest.raises(Refused) as caught:
        service.apply(db, keys, registry, firm, party, wanted, {})
    assert codes(caught) == ["roster.state"]
    with pytest.raises(Refused) as caught:
        service.carry_out(db, keys, registry, scene.office, row, "admit", "直接入库", PAPER)
    assert codes(caught) == ["roster.state"]
    service.carry_out(db, keys, registry, scene.office, row, "announce", "材料齐全", PAPER)
    until = row.announced_until
    assert until == scene.today() + timedelta(days=5)
    last = (database_now(db).astimezone(BEIJING) + timedelta(days=5)).replace(hour=23, minute=59)
    scene.go(last)
    with pytest.raises(Refused) as caught:
        service.carry_out(db, keys, registry, scene.office, row, "admit", "公示期满", PAPER)
    assert codes(caught) == ["roster.publicity"]
    scene.go(last + timedelta(minutes=2))
    service.carry_out(db, keys, registry, scene.office, row, "admit", "公示期满", PAPER)
    assert row.status == "listed" and why(scene, 1) == []
    types = [
        json.loads(body)["type"] for body in db.scalars(select(LedgerEntry.body).order_by(LedgerEntry.id))
    ]
    told = [kind for kind in types if kind.startswith("roster.")]
    assert told == ["roster.document"] * 3 + ["roster.applied", "roster.announced", "roster.listed"]
    assert b"192.0.2.9" not in row.sealed
    asked = [act.facts["lists"] for act in service.acts_of(db, row) if act.act in ("announce", "admit")]
    assert asked == [{"red": "", "black": "", "bribery": ""}] * 2
    numbers = [check.number for check in checking.checks_of(db, row.number)]
    assert numbers == [1, 2, 3], "of the refused act too: this session keeps it"


def test_who_is_on_a_list_is_not_announced_and_is_turned_down_by_the_version(scene: Scene) -> None:
    scene.take_in([cells(1)])
    row, today = scene.firm(1), scene.today()
    row.status = "applied"
    issued(scene, "bribery", "2026-11", line(1, "刑初1号", "2024-01-01", None, person="法人1"))
    act = partial(service.carry_out, scene.session, scene.keys, scene.registry, scene.office, row)
    with pytest.raises(Refused) as caught:
        act("announce", "材料齐全", PAPER)
    assert codes(caught) == ["roster.bribery"]
    act("reject", "行贿犯罪记录", PAPER)
    told = service.acts_of(scene.session, row)[0].facts
    assert told["lists"]["bribery"] == "2026-11" and row.status == "rejected" and today


def test_a_firm_has_one_grade_in_all_its_categories(scene: Scene) -> None:
    scene.take_in([cells(1, grade="A")])
    plan = importing.examine(
        scene.session, scene.registry, sheet.write(HEADING, [cells(1, band="0-50", grade="C")])
    )
    assert [fault.heading for fault in plan.faults] == ["等级"]
    raw = sheet.write(HEADING, [cells(1, band="0-50")])
    plan = importing.examine(scene.session, scene.registry, raw, binding=True)
    importing.carry_out(scene.session, scene.keys, scene.office, plan, "e" * 64, "增加类别")
    party, terms = scene.party(1), law.the_terms(scene.registry, database_now(scene.session))
    assert {firm.grade for firm in service.of_party(scene.session, party.id)} == {"A"}
    engaging.won(
        scene.session, works="W", title="工程", party=party, trade="road", band="0-500000", price=Decimal(1),
        manager_id=None, day=scene.today(),
    )  # fmt: skip
    engaging.completed(
        scene.session, scene.office, "W", party, scene.today(), Decimal("69.99"), terms, "返工整改"
    )
    assert {firm.grade for firm in service.of_party(scene.session, party.id)} == {"C"}
    assert service.grade_of(scene.session, party, terms) == "C"


def test_who_objects_has_no_pseudonym_that_ties_it_to_what_it_files_itself(scene: Scene) -> None:
    scene.take_in([cells(1), cells(2)])
    rival, own = scene.bidder(1), scene.party(1)
    paper = FileDocument(kind="licence", number="N", valid_from="2026-01-01", valid_until="2029-01-01")
    service.file_document(scene.session, scene.keys, scene.registry, rival, own, paper, PAPER)
    row = scene.firm(2)
    row.status, row.announced_until = "announced", scene.today()
    service.object_to(scene.session, scene.keys, rival, row, "业绩材料不实", PAPER)
    bodies = scene.session.scalars(select(LedgerEntry.body).order_by(LedgerEntry.id.desc()).limit(2))
    objected, filed = (json.loads(body) for body in bodies)
    assert (objected["type"], objected["actor"]) == ("roster.objected", "participant")
    assert filed["type"] == "roster.document" and filed["actor"] != "participant"


def test_a_decision_acts_on_its_days_and_ends_when_it_is_lifted(scene: Scene) -> None:
    scene.take_in([cells(1)])
    today = scene.today()
    scene.exclude(1, "示罚〔2026〕7号", today, today + timedelta(days=30))
    assert why(scene, 1) == [("excluded", "示罚〔2026〕7号")]
    with pytest.raises(Refused) as caught:
        scene.exclude(1, "示罚〔2026〕7号", today, today)
    assert codes(caught) == ["exclusion.twice"]
    command = Lift(decision="示罚〔2026〕7号", reason="复议撤销")
    lift(scene.session, scene.keys, scene.office, scene.party(1), command, PAPER)
    assert why(scene, 1) == []


def test_lists_count_by_version_and_queries_keep_what_they_found(scene: Scene) -> None:
    scene.take_in([cells(1), cells(2)])
    db, registry, today = scene.session, scene.registry, scene.today()
    empty, found = checking.query(db, registry, scene.office, "W1", scene.party(1), [], today)
    assert found == [] and set(empty.snapshot["versions"].values()) == {None}
    issued(scene, "black", "2026-11", line(1, "法〔2026〕3号", "2026-11-01", None))
    issued(scene, "bribery", "2026-11", line(2, "刑初1号", "2024-01-01", None, person="法人2"))
    assert why(scene, 1) == [("blacklisted", "法〔2026〕3号 (2026-11)")]
    assert why(scene, 2) == [("bribery", "刑初1号 (2026-11)")]
    check, found = checking.query(db, registry, scene.office, "W1", scene.party(1), ["张三"], today)
    assert (check.number, check.operator, len(found)) == (2, scene.office.name, 1)
    assert check.snapshot["persons"] == ["张三", "法人1"]
    terms = law.the_terms(registry, database_now(db))
    told = [bar.detail for bar in awarding.person_bars(found, today, terms)]
    assert told == ["法〔2026〕3号 (2026-11)"]
    for version, day, code in (
        ("2026-10", today - timedelta(days=1), "credit.older"), ("2027", today + timedelta(days=1), "credit.future"),
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            issued(scene, "black", version, published=day)
        assert codes(caught) == [code]
    plan = importing.examine(db, registry, sheet.write(HEADING, [cells(1, band="0-50")]))
    assert [fault.heading for fault in plan.faults] == ["统一社会信用代码"] and plan.lists[
        "black"
    ] == "2026-11"
    issued(scene, "black", "2026-12")
    assert why(scene, 1) == [], "the newest version counts"
    assert check.snapshot["versions"]["black"]["version"] == "2026-11", "and an older query keeps its own"
    with pytest.raises(Refused) as caught:
        issued(scene, "black", "2026-12")
    assert codes(caught) == ["credit.version"]


def test_a_list_with_another_signature_or_a_wrong_line_is_not_filed(scene: Scene) -> None:
    signed = scene.signer.sign(b"another list", database_now(scene.session))
    good = b'{"v":1,"typ":"ebid.credit-list","kind":"red","version":"1","source":"s","published":"2026-01-01","lines":[]}'
    right = scene.signer.sign(good, database_now(scene.session))
    with pytest.raises(Refused) as caught:
        uploaded.import_list(scene.session, scene.registry, scene.office, good, right)
    assert codes(caught) == ["credit.no-publisher"]
    other = valid_code(scenes.FIRST)
    uploaded.register_publisher(scene.session, scene.office, "red", other, "别的单位")
    for raw, p7s, code in (
        (good, right, "credit.publisher"), (good, signed, "signature."), (good, b"", "credit.signature"), (b"[]", signed, "credit.file"),
        (good.replace(b'"lines":[]', b'"lines":[{"id":"1"}]'), signed, "credit.file"),
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            uploaded.import_list(scene.session, scene.registry, scene.office, raw, p7s)
        assert codes(caught)[0].startswith(code)


def test_a_spreadsheet_tells_every_fault_at_once_and_comes_back_the_same(scene: Scene) -> None:
    scene.take_in([cells(1), cells(2)])
    rows = [
        cells(1), cells(2, name="改名公司"), cells(3, trade="造船"), cells(4, band="1-2"), cells(5, org="91X"),
        cells(6, safety_until="soon"), cells(7), cells(7), cells(1, grade="A", safety_until="2031-01-01"), cells(8),
    ]  # fmt: skip
    plan = importing.examine(scene.session, scene.registry, sheet.write(HEADING, rows), binding=True)
    assert [(fault.row, fault.heading) for fault in plan.faults] == [
        (2, "统一社会信用代码"), (3, "企业名称"), (4, "专业"), (5, "金额档"), (6, "统一社会信用代码"),
        (7, "安全生产许可证有效期至"), (8, "统一社会信用代码"), (9, "统一社会信用代码"), (10, "统一社会信用代码"), (10, "等级"),
    ]  # fmt: skip
    assert len(plan.new) == 1 and all(fault.message for fault in plan.faults)
    with pytest.raises(Refused) as caught:
        importing.carry_out(scene.session, scene.keys, scene.office, plan, "e" * 64, "补录企业")
    assert codes(caught) == ["import.faults"]
    out = importing.export(scene.session, scene.registry, database_now(scene.session))
    again = importing.examine(scene.session, scene.registry, out)
    assert (again.faults, again.new, again.changed, again.same) == ([], [], [], 2)


def test_grade_c_two_years_running_leads_out_and_each_change_is_told(scene: Scene) -> None:
    scene.take_in([cells(1)])
    party, terms = scene.party(1), law.the_terms(scene.registry, database_now(scene.session))
    for year, grade in ((2025, "C"), (2026, "C")):
        engaging.won(
            scene.session, works=f"W{year}", title="工程", party=party, trade="municipal", band="500000-2000000",
            price=Decimal(1), manager_id=None, day=date(year, 3, 1),
        )  # fmt: skip
        found = engaging.completed(
            scene.session, scene.office, f"W{year}", party, date(year, 9, 1), Decimal("69.99"), terms, "返工"
        )
        assert found == grade
    assert scene.firm(1).status == "left" and why(scene, 1)[0][0] == "not-listed"
    acts = [act.act for act in scene.session.scalars(select(RosterAct).order_by(RosterAct.entry))]
    assert acts == ["import", "regraded", "removed"]


def test_a_project_manager_is_one_person_whatever_firm_names_them(scene: Scene) -> None:
    scene.take_in([cells(1), cells(2)])
    first, second = scene.manager(1, 5), scene.manager(2, 5)
    assert first.identity == second.identity and id_number(5).encode() not in first.identity
    with pytest.raises(Refused) as caught:
        command = AddManager(name="再来", certificate="C", id_number=id_number(5))
        service.add_manager(scene.session, scene.keys, scene.office, scene.party(1), command)
    assert codes(caught) == ["manager.twice"]
    engaging.won(
        scene.session, works="W", title="工程", party=scene.party(1), trade="municipal", band="500000-2000000",
        price=Decimal(1), manager_id=first.id, day=scene.today(),
    )  # fmt: skip
    assert second.identity.hex() in reading.busy_managers(scene.session)


def test_the_quarters_roster_is_published_once(scene: Scene) -> None:
    scene.take_in([cells(1)])
    issue = issues.publish(scene.session, scene.office)
    assert json.loads(issue.body)["firms"][0]["name"] == "示例建设1公司"
    with pytest.raises(Refused) as caught:
        issues.publish(scene.session, scene.office)
    assert codes(caught) == ["roster.published"]
    assert [issues.quarter_of(date(2026, month, 1)) for month in (1, 3, 4, 12)] == [
        "2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4",
    ]  # fmt: skip
