"""What called experts hear and read."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

import pytest

from expert_pool.calls import script
from expert_pool.calls.script import Session, TellsTooMuch

AT = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
SESSION = Session(AT, "三楼评标室2", "计算机设备")


def test_the_script_takes_date_time_place_and_speciality_and_nothing_else() -> None:
    assert list(inspect.signature(Session).parameters) == ["at", "place", "speciality"]
    assert list(inspect.signature(script.question).parameters) == ["session"]
    assert script.question(SESSION).mapping == {
        "date": "2026年11月25日", "time": "09:30", "place": "三楼评标室2", "speciality": "计算机设备",
    }  # fmt: skip


def test_who_did_not_answer_reads_neither_place_nor_speciality() -> None:
    said = script.skipped(SESSION, datetime(2026, 11, 24, 6, 3, tzinfo=UTC))
    assert said.mapping == {"date": "2026年11月25日", "time": "09:30", "called": "14:03"}


@pytest.mark.parametrize(
    ("place", "speciality"),
    [
        ("评标室 D01440300261122000100", "计算机设备"),
        ("评标室", "91440300100000015X"),
        ("教育局电脑采购项目评标室", "计算机设备"),
        ("启明教育装备有限公司会议室", "计算机设备"),
        ("评" * 41, "计算机设备"),
        ("", "计算机设备"),
        ("评标室", ""),
    ],
)
def test_words_that_tell_more_are_refused(place: str, speciality: str) -> None:
    with pytest.raises(TellsTooMuch):
        Session(AT, place, speciality)
