"""Every attack on a lottery, and what the offline verifier says about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from tests.draws.lotteries import BALLED, DRAWN_K, NOTICE
from tests.verifier.pki import Parties
from tests.verifier.raffled import Raffled

Judge = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """The whole verifier over the bundle of a lottery whose hall did one thing wrong: exit code and lines."""
    parties = Parties()

    def run(bend: str = "", notice: dict[str, Any] = NOTICE) -> tuple[int, list[str]]:
        story = Raffled(parties, bend, notice).play()
        (tmp_path / "bundle.tar").write_bytes(story.pack(public=True))
        (tmp_path / "trust.json").write_bytes(story.trust())
        lines: list[str] = []
        code = verifier.main(
            [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json")], lines.append
        )
        return code, lines

    return run


@pytest.fixture(scope="module")
def hasty() -> Parties:
    return Parties(hasty=True)


def problems(parties: Parties, folder: Path, bend: str) -> list[str]:
    """What V13 and V14 name, whatever the signatures are worth."""
    story = Raffled(parties, bend).play()
    (folder / "bundle.tar").write_bytes(story.pack(public=True))
    audit = verifier.Audit(verifier.Bundle(str(folder / "bundle.tar")), verifier.Trust.parse(story.trust()))
    for number in (13, 14):
        with audit.about(f"V{number}"):
            audit.steps[number]()
    return audit.problems


@pytest.mark.parametrize("notice", [NOTICE, DRAWN_K, BALLED], ids=["two-step", "drawn K", "balls"])
def test_an_honest_lottery_is_verified(judged: Judge, notice: dict[str, Any]) -> None:
    code, lines = judged("", notice)
    assert (code, "VERIFIED" in lines) == (0, True), lines
    assert any("1 (declined)" in line and "1 (excluded)" in line for line in lines)
    assert any("refused: no crew free" in line for line in lines)
    assert any("works/award-2.json is signed by" in line for line in lines)


def test_a_void_draw_that_is_shown_is_no_fault_and_its_outcome_is_told(judged: Judge) -> None:
    code, lines = judged("void draw")
    assert code == 0, lines
    assert any("was voided; its order would have begun" in line for line in lines)


def test_cancelled_works_keep_what_was_drawn_and_are_told(judged: Judge) -> None:
    code, lines = judged("cancelled")
    assert code == 0, lines
    assert any("order drawn; the works were cancelled" in line for line in lines), lines
    assert any("the works were cancelled: no funds" in line for line in lines), lines


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        ("re-roll", "re-roll: finalists was drawn again, though T-2026-001/lottery/1 had drawn it"),
        ("re-roll hidden", "draw 2 for lottery does not follow number 0"),
        ("missing ball", "missing ball: firm 2 (91110105MA00000002) stands in the printed list and not in the draw"),
        ("added ball", "added ball: firm 77 (91110105MA00000077) is in the draw"),
        ("swapped order", "swapped order: order is published as"),
        ("swapped result", "the published result is not what the draw gives"),
        ("changed weight", "changed weight: firm 1 (91110105MA00000001) has 3 chances, printed are 2"),
        ("hidden void draw", "draw 2 for lottery does not follow number 0"),
        ("foreign finalist", "added ball: firm "),
        ("readmitted", "firm 4 (91110105MA00000004) was drawn from, printed is declined"),
        ("fewer places", "it was drawn for [{'id': 'finalists', 'quota': 2"),
        ("loaded dice", "the public value 1415926535897932384 has not the form dice/20"),
        ("cartel", "are one group: the seat of one shuts the other out"),
        ("blank ball", "91110105MA00000001 stands in the draw without a chance"),
        ("heavy ball", "has 3 chances, its grade has 2"),
        ("before the hour", "published was 2026-12-30T00:00:00Z"),
        ("list fixed early", "firms could decline until 2026-12-30T00:00:00Z"),
        ("hurried", "its steps end after [300, 600, 1200] seconds, announced were [300, 600, 1800]"),
        ("disguised tender", "it is the bundle of a tender, passed off as that of a lottery"),
        ("untold money", "a lottery for works of 1500000.00, which must be tendered"),
        ("award to another", "wrong award: works/award-2.json says"),
        ("one typist", "the public value was not typed by two people"),
        ("untyped", "the log does not say that they typed it"),
        ("no recording", "there is no recording of the throw"),
        ("secret names", "the names of the balls are not public"),
        ("mandatory", "a lottery for works of 4000000.00, which must be tendered (N1117 1(2), O16 2, 5"),
        ("other rule", "it rests on another local rule than the log names"),
        ("late decline", "declined after the list was fixed"),
        ("passed over", "was passed over, and no refusal or decision in the log says why"),
        ("wrong award", "comes next in the drawn order"),
        ("other price", "wrong price: "),
        ("void for nothing", "voided without a reason: nobody was missing"),
        ("void too early", "it was voided before t_freeze"),
        ("void after the throw", "it was voided when its chances or public value were known"),
        ("left hanging", "left hanging: it was announced and neither frozen nor voided"),
        ("dice changed", "the seed is not what the chances and the public value give"),
        ("exchanged ball", "exchanged ball: 91110105MA00000001 is ball 1, firm 1 in the printed list, in the draw ball 2, firm 2"),
        ("unreasoned", "is left out (declined) without a rule"),
        ("unlisted decliner", "stands nowhere in the printed list"),
        ("never declined", "is printed as declined, and never declined"),
    ],
)  # fmt: skip
def test_a_bent_lottery_is_exposed_to_everybody(hasty: Parties, tmp_path: Path, bend: str, said: str) -> None:
    found = problems(hasty, tmp_path, bend)
    assert any(said in problem for problem in found), found
    assert all(verifier.in_chinese(problem) for problem in found), found


def test_a_commitment_that_no_phone_signed_is_exposed(judged: Judge) -> None:
    code, lines = judged("forged phone")
    assert code == 1 and any("it is not signed with that key" in line for line in lines)
