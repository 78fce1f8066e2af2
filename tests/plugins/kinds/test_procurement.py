"""Government procurement as a kind of trade."""

import string
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from pyramid.config import Configurator
from zope.interface.verify import verifyObject

from bidding.tenders.lifecycle import TENDER
from plugins.kinds.procurement import Procurement
from trading.errors import Refused
from trading.interfaces import ITradeKind
from trading.projects.codes import project_code
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar, at_beijing
from trading.rulebook.gates import check_tender, earliest_dates
from trading.rulebook.plan import TenderPlan

KIND = Procurement()
PUBLISH = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


METHODS = [row["key"] for row in KIND.data["method"] if row["offered"]]
COMPARED = {"consultation": "comprehensive-scoring"}


def filled(evaluation: str = "lowest-price", method: str = "open", security: str = "asked") -> dict[str, str]:
    return {name: f"<{name}>" for name in KIND.placeholders()} | {
        "stacking": "additive",
        "exclude_self": "false",
        "vault_mode": "either",
        "envelopes": "1",
        "evaluation": evaluation,
        "subject": "goods",
        "outlier": "both",
        "method": method,
        "security": security,
    }


def test_the_kind_is_registered_under_its_name() -> None:
    config = Configurator()
    config.include("plugins.kinds.procurement")
    found = config.registry.getUtility(ITradeKind, name="procurement")
    assert verifyObject(ITradeKind, found)
    assert found.name("zh_CN") == "政府采购"
    assert found.label("evaluation", "lowest_price", "zh_CN") == "最低评标价法"
    with pytest.raises(KeyError):
        found.label("evaluation", "dice", "en")


def test_every_state_of_a_tender_belongs_to_a_stage() -> None:
    assert {KIND.stage_of(state) for state in TENDER.states} == {stage["key"] for stage in KIND.data["stage"]}
    with pytest.raises(KeyError):
        KIND.stage_of("asleep")


def test_everything_shown_has_words_in_both_languages() -> None:
    groups = [KIND.data[name] for name in ("stage", "method", "evaluation", "form")]
    rows = [row for group in groups for row in group] + [
        f for form in KIND.data["form"] for f in form["field"]
    ]
    assert [row["key"] for row in rows if not (row["zh"] and row["en"])] == []


def test_its_rules_exist_and_its_deal_class_makes_codes() -> None:
    book = Rulebook.load()
    assert [name for name in KIND.data["rules"]["pinned"] if book.find(name, PUBLISH.date()) is None] == []
    assert project_code(KIND.deal_class, "350100", PUBLISH.date(), 1)


def test_both_languages_of_the_document_ask_for_the_same_values() -> None:
    for section in [section for texts in KIND._texts.values() for section in texts["section"]]:
        parsed = [string.Formatter().parse(section[language]["body"]) for language in ("zh", "en")]
        names = [{name for _, name, _, _ in body if name and not name.startswith("term_")} for body in parsed]
        assert names[0] == names[1], section["key"]


SECTIONS = ["invitation", "requirements", "qualification", "instructions", "opening", "evaluation", "award", "contract",
            "record"]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("security", ["asked", "none"])
def test_every_method_has_a_whole_document_in_its_own_words(method: str, security: str) -> None:
    for locale in ("zh_CN", "en"):
        given = filled(COMPARED.get(method, "lowest-price"), method, security)
        document = KIND.document(given, locale)
        assert [section["key"] for section in document] == SECTIONS
        text = str(document)
        assert "{" not in text.replace("{'", "") and "<budget>" in text
        # Nobody tenders or bids in a consultation, negotiation or inquiry.
        words = (
            ("招标", "投标", "评标", "中标", "开标") if locale == "zh_CN" else ("tender", "bidder", " bid ")
        )
        own = method in ("open", "invited")
        found = [
            word
            for word in words
            if word in text.replace("<tender_code>", "").replace("<minimum_bidders>", "")
        ]
        assert bool(found) is own, (locale, found)


def test_each_document_says_how_its_method_goes() -> None:
    def text(method: str) -> str:
        return str(KIND.document(filled(COMPARED.get(method, "lowest-price"), method), "zh_CN"))

    assert "一次报出不得更改的价格" in text("inquiry") and "最后报价" not in text("inquiry")
    assert "密封的最后报价" in text("negotiation") and "谈判小组" in text("negotiation")
    assert "综合评分" in text("consultation") and "至少五日前" in text("consultation")
    assert "随机抽取产生" in text("invited") and "公开招标" not in text("invited")


def test_stages_and_what_is_examined_are_named_by_the_method() -> None:
    assert KIND.label("stage", "evaluation", "zh_CN", "consultation") == "磋商与最后报价"
    assert KIND.label("stage", "bidding", "zh_CN", "inquiry") == "响应文件提交"
    assert KIND.label("stage", "bidding", "zh_CN") == "公告与投标"
    assert [KIND.document_name(method, "zh_CN") for method in METHODS] == [
        "招标文件", "招标文件", "磋商文件", "谈判文件", "询价通知书",
    ]  # fmt: skip
    first = KIND.conformity("negotiation")[0]
    assert (first["zh"], first["en"], first["price"]) == (
        "响应文件按谈判文件要求签名", "The response is signed as the negotiation document asks", False,
    )  # fmt: skip
    assert KIND.conformity("open")[0]["zh"] == "投标文件按招标文件要求签名"


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize(
    ("evaluation", "tables"), [("lowest-price", ["items"]), ("comprehensive-scoring", ["items", "criteria"])]
)
def test_the_document_has_all_sections_and_no_open_placeholder(
    locale: str, evaluation: str, tables: list[str]
) -> None:
    document = KIND.document(filled(evaluation), locale)
    assert [section["key"] for section in document] == SECTIONS
    text = "\n".join(line for section in document for line in section["paragraphs"])
    assert "{" not in text and "<project_name>" in text and "<custodians>" in text
    assert [section["table"] for section in document if section["table"]] == tables


def test_the_choices_of_the_tender_appear_in_words() -> None:
    text = str(KIND.document(filled(), "en"))
    assert "the rates are added" in text and "includes the price itself" in text


def test_braces_in_a_value_stay_as_they_are() -> None:
    document = KIND.document(filled() | {"technical": "{budget}"}, "en")
    assert "{budget}" in document[1]["paragraphs"]


def test_every_missing_value_is_reported_at_once() -> None:
    values = filled()
    del values["budget"]
    values["deadline"] = " "
    with pytest.raises(Refused) as refused:
        KIND.document(values, "zh_CN")
    assert [fault.field for fault in refused.value.faults] == ["budget", "deadline"]


@pytest.mark.parametrize("template", KIND.templates("zh_CN"), ids=lambda template: template["key"])
def test_every_template_with_the_default_timetable_is_lawful_without_a_warning(template: Any) -> None:
    book, calendar = Rulebook.load(), Calendar.load()
    values = template["values"]
    price = [row["weight"] for row in template["criteria"] if row["kind"] == "price"]
    dates = earliest_dates(PUBLISH, book, calendar, method=values["method"])
    deadline = at_beijing(dates.deadline, time.fromisoformat(KIND.data["timetable"]["deadline_time"]))
    plan = TenderPlan(
        subject=template["subject"], method=values["method"], evaluation=values["evaluation"],
        standardised=template["standardised"], budget=Decimal(values["budget"]), ceiling=Decimal(values["ceiling"]),
        publish_at=PUBLISH, notice_until=dates.notice_until, documents_until=dates.documents_until,
        deadline=deadline, opening_at=deadline, bid_validity_days=values["bid_validity_days"],
        bid_security=Decimal(values["bid_security"]), bid_security_forms=tuple(values["bid_security_forms"]),
        performance_security=Decimal(values["performance_security"]),
        micro_deduction=Decimal(values["micro_deduction"]), domestic_deduction=Decimal(values["domestic_deduction"]),
        low_lines={name: Decimal(line) for name, line in values["low_lines"].items()},
        explanation_minutes=values["explanation_minutes"], decryption_minutes=values["decryption_minutes"],
        committee=values["committee"], experts=values["experts"],
        price_weight=Decimal(price[0]) / 100 if price else None,
        texts={name: values[name] for name in ("qualification", "technical", "payment_terms")},
    )  # fmt: skip
    assert check_tender(plan, book, calendar) == []


def test_templates_are_fresh_copies_in_the_asked_language() -> None:
    english = KIND.templates("en")[0]
    assert english["name"] == "Computers for municipal schools"
    assert english["items"][0] == {"number": 1, "quantity": "360", "core": True, "unit": "set",
                                   "name": "Desktop computer for pupils"}  # fmt: skip
    english["values"]["low_lines"]["mean"] = "0"
    assert KIND.templates("en")[0]["values"]["low_lines"]["mean"] == "0.50"
