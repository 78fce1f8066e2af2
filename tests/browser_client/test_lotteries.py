"""The citizen's own check: what a browser says of lotteries that were held honestly, and of those that were not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from config import assets
from tests.browser_client.conftest import Interop
from tests.draws.lotteries import BALLED, DRAWN_K, Lottery
from trading.ledger.canonical import dumps

HONEST = {
    "two steps": Lottery(),
    "a void draw in sight": Lottery("void draw"),
    "K, then the winner": Lottery(notice=DRAWN_K),
    "balls, in SM3": Lottery(notice=BALLED, alg="sm3"),
    "with phones from the floor": Lottery(volunteers=("floor-0123456789abcdef",)),
}
WORDS = json.loads((assets.HERE / "messages.json").read_text())
FRAUDS = {
    "re-roll": ("AGAIN", 2, "finalists"),
    "re-roll hidden": ("HIDDEN", 2, "1"),
    "missing ball": ("BALL_MISSING", 1, "firm 2"),
    "added ball": ("BALL_ADDED", 1, "firm 77"),
    "swapped order": ("ORDER_DIFFERS", 0, "order"),
    "swapped result": ("RESULT_DIFFERS", 2, ""),
    "changed weight": ("WEIGHT_CHANGED", 1, "firm 1: 2 → 3"),
    "hidden void draw": ("HIDDEN", 2, "1"),
    "foreign finalist": ("BALL_ADDED", 2, "firm 1"),
    "readmitted": ("EXCLUSION_DIFFERS", 1, "firm 4"),
    "fewer places": ("PLACES_DIFFER", 1, "2"),
    "loaded dice": ("BEACON_FORM", 1, "1415926535897932384"),
    "left hanging": ("HANGING", 2, "finalists"),
    "void after the throw": ("VOID_WITH_RESULT", 1, ""),
    "cartel": ("RULES_DIFFER", 1, "91110105MA00000001"),
    "blank ball": ("RULES_DIFFER", 1, "91110105MA00000001"),
    "heavy ball": ("WEIGHT_CHANGED", 0, "firm 1: 2 → 3"),
    "before the hour": ("TOO_EARLY", 1, "2026-12-30T00:00:00Z"),
    "list fixed early": ("TOO_EARLY", 0, "2025-11-20T02:00:00Z"),
    "hurried": ("RULES_DIFFER", 1, "pace"),
    "void after the freeze": ("VOID_AFTER_FREEZE", 1, ""),
    "dice changed": ("SEED_DIFFERS", 2, ""),
    "exchanged ball": ("BALL_DIFFERS", 1, "1 firm 1 / 2 firm 2"),
    "unreasoned": ("NO_REASON", 0, "firm 4"),
    "unlisted decliner": ("BALL_MISSING", 0, "91110105MA00000077"),
    "never declined": ("EXCLUSION_DIFFERS", 0, "firm 4"),
    "late decline": ("DECLINED_LATE", 0, "firm 4"),
    "chance left out": ("CHANCE_MISSING", 1, "floor-00000000000000aa"),
    "chance added": ("CHANCE_ADDED", 1, "c1"),
    "another freeze": ("FREEZE_DIFFERS", 1, ""),
    "passed over": ("PASSED_OVER", 0, None),
    "wrong award": ("AWARD_DIFFERS", 0, None),
    "other price": ("PRICE_DIFFERS", 0, "3900000.01"),
}


@pytest.fixture(scope="module")
def verdicts(interop: Interop) -> dict[str, Any]:
    """What the browser's own implementation says of every lottery, in one process."""
    told = HONEST | {bend: Lottery(bend) for bend in FRAUDS}
    records = [
        base64.urlsafe_b64encode(dumps(one.play().record)).rstrip(b"=").decode() for one in told.values()
    ]
    return dict(zip(told, interop("check-lotteries", records=records)["found"], strict=True))


@pytest.mark.parametrize("name", HONEST)
def test_the_browser_finds_nothing_wrong_with_an_honest_lottery(verdicts: dict[str, Any], name: str) -> None:
    assert verdicts[name]["faults"] == []
    assert all(draw["void"] or draw["seed"] for draw in verdicts[name]["draws"])


@pytest.mark.parametrize(("bend", "said"), FRAUDS.items())
def test_the_browser_names_the_fraud(
    verdicts: dict[str, Any], bend: str, said: tuple[str, int, str | None]
) -> None:
    found = [(each["code"], each["draw"], each["detail"]) for each in verdicts[bend]["faults"]]
    told = [(code, number, detail if said[2] is not None else None) for code, number, detail in found]
    assert said in told, found
    for code, _, _ in found:
        assert WORDS[f"lottery.fault.{code}"].keys() == {"en", "zh_CN"}
