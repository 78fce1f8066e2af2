"""The criteria of a scored tender: from the form's rows to the published rules."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy.orm import Session

from bidding.evaluation.criteria import PriceWeights
from bidding.evaluation.exact import plain
from bidding.evaluation.scoring_inputs import check_scoring_rules
from bidding.tenders import amending, amendment_rules, drafts, papers, publication
from bidding.tenders.commands import DraftTender
from bidding.tenders.criteria import Row, columns_of, legal_faults, replaced, rows_of, tree_of
from config.conform.scored_case import _rules
from tests.tenders import Buyers, make_draft, published_tender
from trading.clock import database_now
from trading.errors import Refused
from trading.rulebook.book import Rulebook

GOODS = json.loads((Path(__file__).parents[2] / "vectors" / "cases" / "goods-87.json").read_text())
BOOK, DAY = Rulebook.load(), date(2026, 3, 2)
PRICE = Row(name="Price", kind="price", weight="30")
PLAN = Row(name="Plan", weight="40")
SERVICE = Row(name="Service", kind="objective", weight="30", max="10", guidance="5 for each")


def codes(rows: list[Row], category: str = "goods", qualification: tuple[str, ...] = ()) -> list[str]:
    return [fault.code for fault in legal_faults(rows, category, qualification, BOOK, DAY)]


def scored(session: Session, registry: Any, **changes: Any) -> DraftTender:
    """The scored template for goods as it is offered, with `changes`."""
    values = drafts.initial_values(registry, "office-air-conditioning", database_now(session))
    return DraftTender.model_validate(values | changes)


def goods_87() -> dict[str, Any]:
    """The case of Order 87 as a program sends it."""
    rows = [
        Row(each["id"], "", each["kind"], each["weight"], each.get("max", "")) for each in GOODS["criteria"]
    ]
    terms = GOODS["rules"]
    return {
        "template": "office-air-conditioning", "evaluation": "comprehensive-scoring", "budget": GOODS["budget"],
        "ceiling": GOODS["ceiling"], "micro_deduction": terms["deductions"]["micro-enterprise"],
        "domestic_deduction": terms["deductions"]["domestic-product"], "stacking": terms["stacking"],
        "low_mean": terms["abnormal_ratio"], "low_second": terms["abnormal_ratio"],
        "low_ceiling": terms["abnormal_ceiling_ratio"], "outlier_ratio": terms["outlier_ratio"],
        **columns_of(rows),
    }  # fmt: skip


def test_rows_make_the_tree_with_groups_where_their_first_row_stands() -> None:
    grouped = [PRICE, Row(name="A", weight="12.5", group="Tech"), Row(name="B", weight="30"),
               Row(id="X", name="C", kind="objective", weight="27.5", max="100", group="Tech", guidance="so")]  # fmt: skip
    assert tree_of(grouped) == [
        {"id": "price", "name": "Price", "weight": "30", "kind": "price"},
        {"id": "G1", "name": "Tech", "weight": "40", "items": [
            {"id": "G1.1", "name": "A", "weight": "12.5", "kind": "subjective", "max": "12.5"},
            {"id": "X", "name": "C", "weight": "27.5", "kind": "objective", "max": "100", "guidance": "so"},
        ]},
        {"id": "C3", "name": "B", "weight": "30", "kind": "subjective", "max": "30"},
    ]  # fmt: skip
    assert codes(grouped) == []


def test_made_ids_never_meet_given_ones() -> None:
    ids = [node["id"] for node in tree_of([Row(id="C2", weight="1"), Row(name="x", weight="1"), PRICE])]
    assert ids == ["C2", "C2a", "price"]


@pytest.mark.parametrize(
    ("rows", "category", "expected"),
    [
        ([PRICE, PLAN, SERVICE], "goods", []),
        ([PRICE, PLAN], "goods", ["weights-sum"]),
        ([PLAN, Row(name="Q", weight="60")], "goods", ["price-criterion"]),
        ([PRICE, PRICE, PLAN], "goods", ["criterion-twice", "price-criterion"]),
        ([Row(name="P", kind="price", weight="29.9999"), Row(name="Q", weight="70.0001")], "goods",
         ["price-weight-too-low"]),
        ([Row(name="P", kind="price", weight="10"), Row(name="Q", weight="90")], "services", []),
        ([Row(name="P", kind="price", weight="9.99"), Row(name="Q", weight="90.01")], "services",
         ["price-weight-too-low"]),
        ([], "goods", ["criteria-missing"]),
    ],
)  # fmt: skip
def test_the_law_is_told_with_its_article(rows: list[Row], category: str, expected: list[str]) -> None:
    if expected and expected[0] == "criterion-twice":
        rows = [replace(row, id="same") if row.kind == "price" else row for row in rows]
    assert codes(rows, category) == expected
    assert all("M87" in fault.rule for fault in legal_faults(rows, category, (), BOOK, DAY) if fault.rule)


def test_qualifications_are_no_factors() -> None:
    assert codes([PRICE, PLAN, Row(name="有资质证书", weight="30")], qualification=("有资质证书",)) == [
        "qualification-as-factor"
    ]


def test_the_least_price_weight_comes_from_the_rulebook_of_the_day() -> None:
    assert PriceWeights.on(DAY, BOOK) == PriceWeights(Fraction(3, 10), Fraction(1, 10))
    (rule,) = BOOK.rules["P16.price_weight.goods"]
    stricter = replace(rule, value=Decimal("0.40"))
    later = replace(BOOK, rules={**BOOK.rules, rule.id: (stricter,)})
    assert PriceWeights.on(DAY, later).goods == Fraction(4, 10)


@pytest.mark.parametrize(
    "changes",
    [
        {"criterion_name": ["a"], "criterion_weight": ["1", "2"]},
        {"criterion_name": [""], "criterion_weight": ["5"]},
        {"criterion_name": ["a"], "criterion_weight": ["a lot"]},
        {"criterion_name": ["a"], "criterion_weight": ["0"]},
        {"criterion_name": ["a"], "criterion_weight": ["5"], "criterion_kind": ["dice"]},
        {"criterion_name": ["a"], "criterion_weight": ["5"], "criterion_max": ["-1"]},
        {"criterion_id": ["a/b"], "criterion_weight": ["5"]},
        {"criterion_name": ["a" * 201], "criterion_weight": ["5"]},
    ],
)
def test_rows_that_cannot_be_read_are_refused_at_their_field(
    changes: dict[str, Any], session: Session, registry: Any
) -> None:
    empty = columns_of([])
    with pytest.raises(ValidationError) as refused:
        scored(session, registry, **(empty | changes))
    assert [error["loc"][0] for error in refused.value.errors()] == ["criterion_weight"]


@pytest.mark.parametrize("column", [5, "ab", {"0": "x"}])
def test_columns_that_are_no_lists_are_refused_and_nothing_else_happens(column: object) -> None:
    with pytest.raises(ValueError):
        rows_of({"criterion_weight": ["30"], "criterion_name": column})


def test_empty_rows_are_no_criteria_and_lists_left_out_are_empty() -> None:
    form = {
        "criterion_name": ["a", ""],
        "criterion_weight": ["5", ""],
        "criterion_kind": ["price", "subjective"],
    }
    assert rows_of(form) == [Row(name="a", kind="price", weight="5")]
    assert plain(Fraction("35.50")) == "35.5" and plain(Fraction(100)) == "100"


def test_criteria_that_a_program_gives_take_the_place_of_all_of_the_templates() -> None:
    form = {"title": "t", **columns_of([PRICE, PLAN])}
    given = {"criterion_name": ["Price"], "criterion_weight": ["100"], "criterion_kind": ["price"]}
    assert rows_of(replaced(form, given)) == [Row(name="Price", kind="price", weight="100")]
    assert replaced(form, {"title": "u"}) == form | {"title": "u"}


def test_an_amendment_is_judged_by_every_rule_on_what_it_changes() -> None:
    changes = [amendment_rules.Change(name, "", "") for name in ("criteria", "items", "low_mean", "deadline")]
    for field in ("criteria.2.name", "item_name", "low_lines.mean", "deadline"):
        assert amendment_rules.touched(field, changes)
    assert not amendment_rules.touched("technical", changes)


def test_the_case_of_order_87_is_published_to_the_letter(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = published_tender(session, registry, buyers, **goods_87())
    wanted = _rules(GOODS)
    assert tender.method == "comprehensive-scoring"
    for name in (
        "method",
        "category",
        "budget",
        "ceiling",
        "criteria",
        "outliers",
        "stacking",
        "abnormal",
        "ties",
    ):
        assert tender.rules[name] == wanted[name], name
    assert wanted["deductions"].items() <= tender.rules["deductions"].items()
    assert check_scoring_rules(tender.rules) == []


def test_amended_criteria_are_judged_like_new_ones(session: Session, registry: Any, buyers: Buyers) -> None:
    tender = published_tender(session, registry, buyers, **goods_87())

    def amended(**fields: Any) -> Any:
        command = DraftTender.model_validate(tender.form | fields)
        return amending.draft_amendment(session, registry, tender, command, "供应商提出疑问")

    with pytest.raises(Refused) as refused:
        amended(criterion_weight=["29", "25", "15", "10", "21"])
    assert refused.value.faults[0].code == "price-weight-too-low"
    with pytest.raises(Refused) as refused:
        amended(evaluation="lowest-price")
    assert (refused.value.faults[0].code, refused.value.faults[0].field) == ("amendment.fixed", "evaluation")
    guidance = ["", "", "", "", "本市企业加 3 分"]
    row = amended(criterion_weight=["35", "24", "16", "10", "15"], criterion_guidance=guidance)
    found = amending.findings(session, registry, tender, row, database_now(session))
    assert ("P20.place", "criteria.5.guidance") in [(each.rule, each.field) for each in found if each.blocks]
    assert amending.needs_reseal(row)


def test_a_scored_draft_whose_price_weighs_too_little_is_not_kept(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    weights = ["29", "25", "15", "10", "21"]
    with pytest.raises(Refused) as refused:
        make_draft(session, registry, buyers, **(goods_87() | {"criterion_weight": weights}))
    assert [(fault.code, fault.rule) for fault in refused.value.faults] == [
        ("price-weight-too-low", "M87 55")
    ]


def test_scale_as_a_factor_is_refused_at_publication(session: Session, registry: Any, buyers: Buyers) -> None:
    names = ["", "企业规模与注册资本", "", "", ""]
    tender = make_draft(session, registry, buyers, **(goods_87() | {"criterion_name": names}))
    found = drafts.findings(session, registry, tender, database_now(session))
    assert ("P14", "criteria.2.name") in [(each.rule, each.field) for each in found if each.blocks]


def test_standardised_goods_stay_with_the_lowest_price(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    changes = goods_87() | {"template": "school-computers"}
    tender = make_draft(session, registry, buyers, **changes)
    blocking = [
        each.rule for each in drafts.findings(session, registry, tender, database_now(session)) if each.blocks
    ]
    assert "P16.lowest_price" in blocking


def test_the_papers_print_the_criteria_in_both_languages(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = make_draft(session, registry, buyers, template="office-air-conditioning",
                        **scored(session, registry).model_dump(mode="json", exclude={"template", "tenderer"}))  # fmt: skip
    draft = drafts.draft_of(tender)
    setting = publication.setting_of(registry, tender, database_now(session), "")
    shown_rows = {}
    for locale in papers.LOCALES:
        section = next(
            each for each in papers.sections(draft, setting, locale) if each["key"] == "evaluation"
        )
        shown_rows[locale] = [(row["id"], row["name"], row["kind"]) for row in section["rows"]]
    assert shown_rows["zh_CN"][:3] == [
        ("price", "价格", "价格"), ("G1", "技术", ""), ("T1-performance", "产品性能", "主观"),
    ]  # fmt: skip
    assert shown_rows["en"][:3] == [
        ("price", "Price", "price"), ("G1", "Technical", ""), ("T1-performance", "Performance", "subjective"),
    ]  # fmt: skip
    assert "综合评分法" in str(papers.sections(draft, setting, "zh_CN"))
    assert papers.as_pdf(draft, setting, registry.settings["hall.fonts"]).startswith(b"%PDF")


def test_an_amended_weight_is_announced_and_affects_bids(session: Session, registry: Any) -> None:
    old = scored(session, registry).model_dump(mode="json")
    new = old | {"criterion_weight": ["35", "24", "16", "10", "15"]}
    (change,) = amendment_rules.differences(old, new)
    assert change.field == "criteria" and amendment_rules.affects_bids([change])
    assert [mark for mark, _text in change.lines].count("new") == 2
    assert amendment_rules.differences(old, json.loads(json.dumps(old))) == []
