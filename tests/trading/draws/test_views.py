"""The public page: what it says of everybody in the order."""

from __future__ import annotations

from tests.trading.draws.test_calling import row, state
from trading.draws.models import Draw
from trading.draws.views import fates


def test_the_page_says_of_everybody_in_the_order_why_they_sit_or_do_not() -> None:
    groups = {1: ("7",), 2: ("8",), 3: ("7",), 4: ("9",), 5: ("8",), 6: ("5",), 7: ("4",)}
    rows = [row(number, "A", groups=found) for number, found in groups.items()]
    handles = [one["h"] for one in rows]
    calling = state(rows, [{"id": "s", "quota": 2, "tags": ["A"]}], cap=1)
    waves = [
        {handles[0]: "A", handles[1]: "D"},
        {handles[3]: "N"},
        {handles[4]: "A"},
        {handles[4]: "X"},
        {handles[5]: "A"},
    ]
    for wave in waves:
        if "X" not in wave.values():
            calling.call()
        calling.settle(wave)
    found = fates(Draw(waves=waves), calling)
    assert [str(found[handle][0]) for handle in handles] == [
        "drawn",
        "asked, and declined",
        "passed over: a colleague has a seat",
        "called, and did not answer",
        "had accepted, and stepped aside",
        "drawn",
        "was not needed",
    ]
    assert [mark for _words, mark in found.values()].count("good") == 2
