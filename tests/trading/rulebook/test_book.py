"""Rules as data: what is found on which day, overlays, and the hash that a tender pins."""

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from trading.rulebook.book import RULES_FOLDER, Rulebook, RuleNotFound

BOOK = Rulebook.load()
DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    "family",
    [f"G0-{n}" for n in range(1, 9)]
    + [f"T{n}" for n in range(1, 21)]
    + [f"E{n}" for n in range(1, 22)]
    + [f"P{n}" for n in range(1, 16)]
    + ["LOW", "POLICY", "DEPOSIT"],
)
def test_every_family_of_rules_is_in_the_book(family: str) -> None:
    assert [rule for rule in BOOK.in_force(DAY) if rule.id.split(".")[0] == family]


def test_a_rule_has_value_certainty_article_and_words() -> None:
    rule = BOOK.rule("P4.documents", DAY)
    assert (rule.integer, rule.unit, rule.certainty, rule.refuses) == (5, "working_day", "V", True)
    assert rule.citation("zh_CN") == "财政部令第87号 第18条"
    assert rule.citation("en") == "MOF Order 87 art. 18"
    assert rule.words("zh_CN") == "招标文件提供期限自公告发布之日起不少于5个工作日"
    assert rule.words("en") == "Documents are available for at least 5 working days from the notice"


@pytest.mark.parametrize(
    ("rule_id", "zh", "en"),
    [("P6", "2 %", "2 %"), ("P2.goods", "2,000,000元", "CNY 2,000,000"), ("POLICY.micro", "10 %–20 %", "10 %–20 %"),
     ("LOW.minutes", "30分钟", "30 minutes"), ("P12", "15年", "15 years"), ("P6.late_factor", "1.2", "1.2")],
)  # fmt: skip
def test_values_are_shown_as_people_read_them(rule_id: str, zh: str, en: str) -> None:
    assert BOOK.rule(rule_id, DAY).shown("zh_CN") == zh
    assert BOOK.rule(rule_id, DAY).shown("en") == en


def test_every_rule_has_words_in_both_languages_without_open_placeholders() -> None:
    for rule in BOOK.in_force(DAY):
        for locale in ("zh_CN", "en"):
            assert rule.words(locale) and "{" not in rule.words(locale), rule.id
            assert rule.citation(locale), rule.id


def test_ratios_are_exact_decimals() -> None:
    assert BOOK.rule("P6", DAY).decimal == Decimal("0.02")
    assert str(BOOK.rule("LOW.ceiling", DAY).decimal) == "0.45"


def test_a_rule_is_in_force_from_its_first_to_its_last_day() -> None:
    assert BOOK.find("LOW.mean", date(2026, 1, 31)) is None
    assert BOOK.find("LOW.mean", date(2026, 2, 1)) is not None
    assert BOOK.find("G0-1", date(2027, 8, 31)) is not None
    assert BOOK.find("G0-1", date(2027, 9, 1)) is None
    with pytest.raises(RuleNotFound):
        BOOK.rule("LOW.mean", date(2026, 1, 31))
    with pytest.raises(RuleNotFound):
        BOOK.rule("no such rule", DAY)


def test_a_value_of_another_sort_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="whole number"):
        _ = BOOK.rule("P6", DAY).integer
    with pytest.raises(ValueError, match="whole number"):
        _ = BOOK.rule("P9", DAY).integer
    with pytest.raises(ValueError, match="list of words"):
        _ = BOOK.rule("P6", DAY).strings
    with pytest.raises(ValueError, match="not a number"):
        _ = BOOK.rule("P1", DAY).decimal
    with pytest.raises(ValueError, match="row of numbers"):
        _ = BOOK.rule("P1", DAY).decimals


def test_an_overlay_wins_and_has_its_own_version_and_hash() -> None:
    local = Rulebook.load(tenant="example")
    assert local.rule("P2.goods", DAY).integer == 4000000
    assert BOOK.rule("P2.goods", DAY).integer == 2000000
    assert local.rule("P2.goods", date(2025, 12, 31)).integer == 2000000
    assert local.version == f"{BOOK.version}+example-2026.11.1"
    assert local.sha256 != BOOK.sha256
    assert local.rule("P6", DAY) == BOOK.rule("P6", DAY)


def copied(folder: Path) -> Path:
    target = folder / "rules"
    shutil.copytree(RULES_FOLDER, target)
    return target


def overlay(folder: Path, rule_id: str, value: str, unit: str, bound: str, certainty: str = "V") -> Path:
    rules = copied(folder)
    (rules / "tenants" / "city.toml").write_text(
        f'layer = "city"\nversion = "1"\n[[rule]]\nid = "{rule_id}"\nvalue = {value}\nunit = "{unit}"\n'
        f'bound = "{bound}"\ninstrument = "M87"\narticle = "1"\ncertainty = "{certainty}"\n'
        'from = 2026-01-01\nzh = "甲"\nen = "a"\n'
    )
    return rules


@pytest.mark.parametrize(
    ("rule_id", "value", "unit", "bound", "certainty"),
    [
        ("P4.bid_time", "19", "day", "at_least", "V"),
        ("P4.bid_time", "25", "day", "at_least", "U"),
        ("P4.bid_time", "25", "working_day", "at_least", "V"),
        ("P6", "0.03", "ratio", "at_most", "V"),
        ("P14", '["利润"]', "words", "none", "V"),
        ("P8.experts", "[1, 2]", "fraction", "at_least", "V"),
    ],
)
def test_an_overlay_cannot_loosen_a_certain_national_rule(
    tmp_path: Path, rule_id: str, value: str, unit: str, bound: str, certainty: str
) -> None:
    rules = overlay(tmp_path, rule_id, value, unit, bound, certainty)
    with pytest.raises(ValueError, match="loosens"):
        Rulebook.load(rules, "city")


@pytest.mark.parametrize(
    ("rule_id", "value", "unit", "bound"),
    [("P4.bid_time", "25", "day", "at_least"), ("P6", "0.01", "ratio", "at_most"),
     ("CITY.1", "3", "day", "at_most"), ("LOW.minutes", "20", "minute", "at_least")],
)  # fmt: skip
def test_an_overlay_may_tighten_add_and_correct_what_is_uncertain(
    tmp_path: Path, rule_id: str, value: str, unit: str, bound: str
) -> None:
    local = Rulebook.load(overlay(tmp_path, rule_id, value, unit, bound), "city")
    assert local.rule(rule_id, DAY).layer == "city"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [('unit = "day"', 'unit = "moon"', "unknown unit"), ('instrument = "TBR"', 'instrument = "XYZ"', "instrument"),
     ('roll = true', 'rolls = true', "unknown keys"), ('id = "T2"', 'id = "T1"', "two versions")],
)  # fmt: skip
def test_a_broken_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    rules = copied(tmp_path)
    path = rules / "national.toml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(ValueError, match=message):
        Rulebook.load(rules)


def test_the_hash_changes_with_any_value_and_not_with_comments(tmp_path: Path) -> None:
    rules = copied(tmp_path)
    path = rules / "national.toml"
    path.write_text("# a remark\n" + path.read_text("utf-8"), "utf-8")
    assert Rulebook.load(rules).sha256 == BOOK.sha256
    path.write_text(path.read_text("utf-8").replace("value = 0.02", "value = 0.03", 1), "utf-8")
    assert Rulebook.load(rules).sha256 != BOOK.sha256
