"""The lifecycle engine on a small table."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from trading.lifecycle import WRONG_STATE, Lifecycle, StepRefused, due_act, step

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@dataclass
class Letter:
    state: str = "written"
    stamped: bool = False
    addressed: bool = False
    collected_at: datetime | None = None


def stamped(letter: Letter) -> bool:
    """The letter has
    no stamp."""
    return letter.stamped


def addressed(letter: Letter) -> bool:
    """The letter has no address."""
    return letter.addressed


def silent(letter: Letter) -> bool:
    return True


LETTERS: Lifecycle[Letter] = Lifecycle(
    [
        step("post", "written", "posted", stamped, addressed),
        step("deliver", "posted", "delivered"),
        step("burn", ("written", "posted"), "burnt"),
    ],
    [due_act("posted", "remind", lambda letter: datetime(2026, 4, 1, tzinfo=UTC)),
     due_act("posted", "collect", lambda letter: letter.collected_at)],
    initial="written",
)  # fmt: skip


def test_only_steps_whose_guards_agree_are_open() -> None:
    assert [row.name for row in LETTERS.open_steps("written", Letter())] == ["burn"]
    ready = Letter(stamped=True, addressed=True)
    assert [row.name for row in LETTERS.open_steps("written", ready)] == ["post", "burn"]


def test_every_guard_that_refuses_gives_its_docstring_as_reason() -> None:
    assert LETTERS.refusals("post", Letter()) == ("The letter has no stamp.", "The letter has no address.")
    assert LETTERS.refusals("post", Letter(stamped=True)) == ("The letter has no address.",)
    assert LETTERS.refusals("post", Letter(stamped=True, addressed=True)) == ()


def test_a_step_changes_the_state_or_nothing() -> None:
    letter = Letter(stamped=True)
    with pytest.raises(StepRefused) as refused:
        LETTERS.apply("post", letter)
    assert (refused.value.reasons, letter.state) == (("The letter has no address.",), "written")
    letter.addressed = True
    assert LETTERS.apply("post", letter).target == "posted"
    assert letter.state == "posted"


def test_a_step_from_another_state_is_refused_and_an_unknown_one_is_an_error() -> None:
    assert LETTERS.refusals("deliver", Letter()) == (WRONG_STATE,)
    with pytest.raises(LookupError):
        LETTERS.refusals("fly", Letter())


def test_due_acts_come_in_order_of_time_and_only_in_their_state() -> None:
    assert LETTERS.due("written", Letter()) == []
    assert LETTERS.due("posted", Letter()) == [(datetime(2026, 4, 1, tzinfo=UTC), "remind")]
    both = LETTERS.due("posted", Letter(collected_at=NOON))
    assert [act for _instant, act in both] == ["collect", "remind"]


def test_states_ends_and_reach_follow_from_the_table() -> None:
    assert LETTERS.states == ("written", "posted", "delivered", "burnt")
    assert LETTERS.ends == ("delivered", "burnt")
    assert LETTERS.reachable() == set(LETTERS.states)


def test_the_table_draws_itself() -> None:
    mermaid = LETTERS.diagram()
    assert "[*] --> written" in mermaid
    assert "written --> posted: post [stamped] [addressed]" in mermaid
    assert "burnt --> [*]" in mermaid
    assert '"posted" -> "delivered" [label="deliver"];' in LETTERS.diagram("dot")
    with pytest.raises(ValueError, match="unknown form"):
        LETTERS.diagram("oil on canvas")


def test_a_guard_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match="silent"):
        step("post", "written", "posted", silent)


def test_an_ambiguous_table_is_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        Lifecycle([step("go", "a", "b"), step("go", ("a", "c"), "d")], initial="a")
    with pytest.raises(ValueError, match="unknown states"):
        Lifecycle([step("go", "a", "b")], [due_act("z", "act", lambda letter: None)], initial="a")
