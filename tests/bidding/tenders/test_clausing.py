"""Taking clauses into a form, and mending what the lint found."""

from __future__ import annotations

from datetime import date

from bidding.tenders.clausing import remedy_of, take
from bidding.tenders.criteria import Row, columns_of, rows_of
from trading.rulebook.book import Rulebook
from trading.rulebook.clauses import library
from trading.rulebook.lint import lint
from trading.rulebook.plan import Finding

BOOK = Rulebook.load()
BAD = "1. 提供营业执照。\n2. 信誉良好；注册资本不低于 500 万元。\n3、投标人须为本市注册的企业"


def found(texts: dict[str, str]) -> list[Finding]:
    return lint(texts, BOOK, date(2026, 3, 2))


def test_a_clause_is_added_as_the_next_number() -> None:
    form = take({"qualification": "1. 提供营业执照。"}, "taxes-statement@qualification", "zh_CN")
    assert form["qualification"] == "1. 提供营业执照。\n2. 依法缴纳税收和社会保障资金，提供书面承诺。"
    assert take({}, "training@technical", "en")["technical"].startswith("Users and administrators")


def test_every_finding_of_a_text_is_mended_in_its_place_by_the_offered_wording() -> None:
    form = {"qualification": BAD}
    while findings := found(form):
        form = take(form, remedy_of(findings[0]), "zh_CN")
    first, second, third = form["qualification"].splitlines()
    assert first == "1. 提供营业执照。"
    assert second.startswith("2. 信誉良好；具有履行合同所需的设备") and second.endswith("条件。")
    assert third.startswith("3、不限制供应商的所在地")


def test_a_criterions_guidance_is_mended_and_its_weight_stays() -> None:
    form = columns_of([Row(name="业绩", weight="10", guidance="本省同类项目业绩每个得 2 分")])
    (hit,) = found({"criteria.1.guidance": "本省同类项目业绩每个得 2 分"})
    (row,) = rows_of(take(form, remedy_of(hit), "zh_CN"))
    assert (row.name, row.weight) == ("业绩", "10") and "不限地区" in row.guidance


def test_a_criterion_of_the_library_is_one_row_more() -> None:
    rows = rows_of(take(columns_of([Row(name="a", weight="5")]), "team-criterion@criteria", "en"))
    assert [(row.name, row.kind) for row in rows] == [("a", "subjective"), ("Project team", "subjective")]


def test_what_is_not_there_changes_nothing() -> None:
    form = {"qualification": BAD}
    for asked in ("no-such@qualification", "taxes-statement@title", "taxes-statement@technical",
                  "open-to-all@qualification@9@00", "open-to-all@qualification@2@00", "open-to-all@criteria.7.guidance"):  # fmt: skip
        assert take(form, asked, "zh_CN")["qualification"] == BAD


def test_no_clause_of_the_library_is_found_by_the_lint() -> None:
    for clause in library().values():
        for locale in ("zh_CN", "en"):
            texts = {field: clause.text(locale) for field in clause.fields if field != "criteria"}
            name, guidance = clause.criterion(locale)
            texts |= {"criteria.1.name": name, "criteria.1.guidance": guidance}
            assert found(texts) == [], (clause.id, locale)
