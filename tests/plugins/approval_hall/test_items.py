"""Items as data files: what must not be empty, times in parallel, charts; the seven kinds and six ways of handling."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.approval_hall.catalogue import chart, checking, flow, library
from plugins.approval_hall.catalogue.item import Item, ItemError, Stage, Step, Words, kinds, modes, parse
from plugins.approval_hall.handling import clocks

TINY = """
code = "tree"
lead = "parks"
name = { zh = "砍伐城市树木" }
content = { zh = "审查并许可砍伐城市树木" }
fee = { zh = "不收费" }
result = { zh = "砍伐许可证" }
limit = { statutory = 20, promised = 5 }
basis = [{ zh = "城市绿化条例", article = "第二十条" }]
condition = [{ zh = "确需砍伐" }]
material = [{ key = "plan", zh = "砍伐方案" }]
field = [{ key = "place", zh = "地点" }, { key = "trees", zh = "株数", type = "number" }, { key = "day", zh = "日期", type = "date" }]
departments = { parks = { zh = "园林局" }, roads = { zh = "城管局" } }
[[stage]]
zh = "审查"
lead = "parks"
step = [{ department = "parks", zh = "审查", days = 5 }, { department = "roads", zh = "会签", days = 2, deemed = true }]
"""


def say(words: Any) -> str:
    return str(words.interpolate() if hasattr(words, "interpolate") else words)


def problems(text: str) -> set[str]:
    return {fault.code for fault in checking.faults(parse(text))}


def test_every_item_of_the_hall_can_be_published() -> None:
    found = library.load()
    assert not found.broken
    assert {item.code: say(f.message) for item in found.items.values() for f in checking.faults(item)} == {}


@pytest.mark.parametrize(
    ("code", "one_by_one", "together"),
    [
        ("project-approval", 47, 14),
        ("construction-works", 178, 61),
        ("small-works", 118, 44),
        ("company-setup", 5, 5),
    ],
)
def test_departments_at_the_same_time_take_the_longest_branch_and_not_the_sum(
    code: str, one_by_one: int, together: int
) -> None:
    item = library.load().items[code]
    assert (flow.serial(item), flow.parallel(item)) == (one_by_one, together)


def test_a_tiny_item_of_three_fields_and_two_departments_is_one_data_file(tmp_path: Path) -> None:
    (tmp_path / "tree.toml").write_text(TINY)
    found = library.load([tmp_path])
    assert not found.broken and checking.faults(found.items["tree"]) == []
    assert len(found.items["tree"].fields) == 3
    assert found.departments["roads"].of("en") == "城管局"


@pytest.mark.parametrize("field", checking.CALLED)
def test_nothing_is_published_while_one_field_is_empty_and_the_fault_names_it(field: str) -> None:
    taken = {"name": "name", "content": "content", "basis": "basis", "conditions": "condition", "materials": "material",
             "fee": "fee", "result": "result"}  # fmt: skip
    if field in taken:
        text = "\n".join(line for line in TINY.splitlines() if not line.startswith(f"{taken[field]} ="))
    elif field == "flow":
        text = TINY.partition("[[stage]]")[0]
    else:
        text = TINY.replace(", promised = 5" if field == "promised" else "statutory = 20, ", "")
    faults = checking.faults(parse(text))
    assert [fault.field for fault in faults if fault.code == "hall.item-empty"] == [field]
    assert say(checking.CALLED[field]) in say(faults[0].message)


def test_the_six_and_the_eight_are_all_among_the_named_fields() -> None:
    assert set(checking.SIX) | set(checking.EIGHT) <= set(checking.CALLED)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("deemed = true", "deemed = true, external = true", "hall.item-deemed"),
        ('department = "roads"', 'department = "nobody"', "hall.item-department"),
        ("days = 2, deemed", 'days = 2, kind = "approval", deemed', "hall.item-deemed"),
        ("days = 5 }", "days = 5, deemed = true }", "hall.item-deemed"),
        ("promised = 5", "promised = 4", "hall.item-promise"),
        ('code = "tree"', 'code = "tree"\nmode = "instant"', "hall.item-promise"),
        ('code = "tree"', 'code = "a/b"', "hall.item-keys"),
        ('code = "tree"', 'code = "tree"\nlights = 3', "hall.item-lights"),
        ('code = "tree"', 'code = "tree"\nlights = { yellow = "soon" }', "hall.item-lights"),
        ('key = "place"', 'key = "title"', "hall.item-field"),
        ("statutory = 20", "statutory = 60", "hall.item-statutory"),
        ("statutory = 20", "statutory = 4", "hall.item-late"),
        ("days = 2", 'days = 2, kind = "magic"', "hall.item-step"),
        ('key = "trees"', 'key = "place"', "hall.item-keys"),
        ('code = "tree"', 'code = "tree"\nmode = "slow"', "hall.item-mode"),
        ('code = "tree"', 'code = "tree"\nkind = "returned"', "hall.item-kind"),
        ('code = "tree"', 'code = "tree"\nproject = "needs"', "hall.item-project"),
    ],
)
def test_what_cannot_be_kept_is_not_published(old: str, new: str, code: str) -> None:
    assert code in problems(TINY.replace(old, new, 1))


def test_two_inspections_need_a_reason() -> None:
    twice = TINY.replace("days = 5", 'days = 5, kind = "inspection"').replace(
        "days = 2", 'days = 2, kind = "inspection"'
    )
    assert "hall.item-inspections" in problems(twice)
    assert problems('exceptional = "两处工地"\n' + twice) == set()


def test_steps_that_wait_for_each_other_are_found() -> None:
    ring = TINY.replace("days = 5", 'key = "a", after = ["b"], days = 5').replace(
        "days = 2", 'key = "b", after = ["a"], days = 2'
    )
    assert "hall.item-cycle" in problems(ring)


@pytest.mark.parametrize(
    "text", ["code = 3", "= x", 'code = "a"\nlimit = 3', 'code = "a"\nstage = [3]', "name = {}"]
)
def test_a_file_that_is_no_item_says_where_and_takes_no_other_with_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(ItemError):
        parse(text)
    (tmp_path / "bad.toml").write_text(text)
    found = library.load([tmp_path])
    assert "bad.toml" in found.broken and "project-approval" in found.items


@pytest.mark.parametrize("value", ["2026-12-01", "nan", "9007199254740993"])
def test_a_file_with_what_json_cannot_say_is_broken(value: str, tmp_path: Path) -> None:
    (tmp_path / "tree.toml").write_text(TINY.replace('code = "tree"', f'code = "tree"\nsince = {value}'))
    assert "tree.toml" in library.load([tmp_path]).broken


def test_a_special_case_has_each_branch_cut_with_the_promised_time() -> None:
    for item in library.load().items.values():
        special = modes()["special"]
        assert clocks.step_days(item, modes()[item.mode]) == {step.key: step.days for step in item.steps}
        cut = clocks.step_days(item, special)
        shorter = replace(item, stages=tuple(
            replace(stage, steps=tuple(replace(step, days=cut[step.key]) for step in stage.steps)) for stage in item.stages
        ))  # fmt: skip
        assert flow.parallel(shorter) <= checking.promised_days(item, special)


@st.composite
def stages(draw: st.DrawFn) -> Stage:
    count = draw(st.integers(1, 6))
    steps = []
    for number in range(count):
        after = draw(st.sets(st.integers(0, number - 1))) if number else set()
        days = draw(st.integers(0, 20))
        steps.append(Step(f"s{number}", "d", Words("步"), days, tuple(f"s{each}" for each in sorted(after))))
    return Stage("g", Words("段"), "d", tuple(steps))


def with_stages(*found: Stage) -> Item:
    renamed = tuple(
        replace(stage, key=f"g{n}", steps=tuple(
            replace(step, key=f"{n}{step.key}", after=tuple(f"{n}{key}" for key in step.after)) for step in stage.steps
        ))
        for n, stage in enumerate(found)
    )  # fmt: skip
    return replace(parse(TINY), stages=renamed)


@settings(max_examples=60, deadline=None)
@given(st.lists(stages(), min_size=1, max_size=3))
def test_any_flow_takes_at_least_its_longest_step_and_at_most_all_of_them(found: list[Stage]) -> None:
    item = with_stages(*found)
    total = flow.parallel(item)
    assert max(step.days for step in item.steps) <= total <= flow.serial(item)
    assert sum(item.step(key).days for key in flow.critical(item)) == total
    ends = {span.step.key: span.end for span in flow.spans(item)}
    for span in flow.spans(item):
        assert all(ends[key] <= span.start for key in span.step.after)


@settings(max_examples=40, deadline=None)
@given(st.lists(stages(), min_size=1, max_size=3))
def test_every_step_begins_once_and_only_after_what_it_waits_for(found: list[Stage]) -> None:
    item = with_stages(*found)
    ended: set[str] = set()
    begun: set[str] = set()
    while ready := flow.startable(item, ended, begun):
        for step in ready:
            assert step.key not in begun and set(step.after) <= ended
            begun.add(step.key)
        ended |= begun
    assert ended == {step.key for step in item.steps}


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_both_charts_are_pictures_with_a_title_and_every_department_in_words(locale: str) -> None:
    for item in library.load().items.values():
        for svg in (chart.public(item, say, locale), chart.internal(item, say, locale)):
            root = ElementTree.fromstring(svg)
            texts = "".join(root.itertext())
            assert root.get("role") == "img" and "style=" not in svg
            assert root.find("{http://www.w3.org/2000/svg}title") is not None
            for step in item.steps:
                assert item.department(step.department, locale)[:6] in texts


def test_the_seven_kinds_and_the_six_ways_of_handling_are_data() -> None:
    assert set(kinds()) == {"instant", "promised", "joint", "upward", "returned", "supplement", "special"}
    assert all(set(kind.becomes) <= set(kinds()) for kind in kinds().values())
    assert len(modes()) == 6
