"""Lifecycles (流程): which step leads from which state to which, what stands in its way, and what is due.

A lifecycle is a table of steps. A guard is a function of the subject that returns whether the step is
open to it; its docstring is the reason shown to the user when it is not, so it is written as a sentence
to a person (and translated like any other text). Time is data too: a due event says which act belongs
to which instant in a state; one scheduler runs what is due, so an act must be safe to run twice.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("tradehall")


class Stateful(Protocol):
    """Anything with a state that a lifecycle may change."""

    state: str


S = TypeVar("S", bound=Stateful)

Guard = Callable[[S], bool]
Instant = Callable[[S], datetime | None]


class StepRefused(Exception):
    """The step cannot be taken; `reasons` are the sentences to show."""

    def __init__(self, name: str, reasons: Sequence[str]) -> None:
        self.name, self.reasons = name, tuple(reasons)
        super().__init__(f"{name}: {' '.join(reasons)}")


@dataclass(frozen=True)
class Step(Generic[S]):
    """A step from any of `sources` to `target`."""

    name: str
    sources: tuple[str, ...]
    target: str
    guards: tuple[Guard[S], ...] = ()


@dataclass(frozen=True)
class DueAct(Generic[S]):
    """In `state`, the act `act` is due at `instant(subject)`; None when the subject sets no such time."""

    state: str
    act: str
    instant: Instant[S]


def step(name: str, sources: str | Collection[str], target: str, *guards: Guard[S]) -> Step[S]:
    """A row of the table. Raises ValueError for a guard without a docstring: it could give no reason."""
    for guard in guards:
        if not (guard.__doc__ or "").strip():
            raise ValueError(f"{name}: guard {guard.__name__} does not say its reason")
    return Step(name, (sources,) if isinstance(sources, str) else tuple(sources), target, guards)


def due_act(state: str, act: str, instant: Instant[S]) -> DueAct[S]:
    """A row of the table of times."""
    return DueAct(state, act, instant)


def reason(guard: Callable[..., bool]) -> str:
    """The sentence that a guard shows: its docstring in one line (a msgid)."""
    sentence = " ".join((inspect.getdoc(guard) or "").split())
    shown: str = _(sentence)
    return shown


class Lifecycle(Generic[S]):
    """A table of steps with one initial state; states without a way out are its ends."""

    def __init__(self, steps: Iterable[Step[S]], due: Iterable[DueAct[S]] = (), *, initial: str) -> None:
        """Raises ValueError when two steps of one name leave the same state, or a due act names a state
        that no step knows."""
        self.steps = tuple(steps)
        self.due_acts = tuple(due)
        self.initial = initial
        rows = [(row.name, source) for row in self.steps for source in row.sources]
        if len(rows) != len(set(rows)):
            raise ValueError("two steps of one name leave the same state")
        if strangers := {row.state for row in self.due_acts} - set(self.states):
            raise ValueError(f"due acts in unknown states: {sorted(strangers)}")

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, in the order in which the table names them."""
        named = [self.initial, *(state for row in self.steps for state in (*row.sources, row.target))]
        return tuple(dict.fromkeys(named))

    @property
    def ends(self) -> tuple[str, ...]:
        """The states with no step out."""
        left = {source for row in self.steps for source in row.sources}
        return tuple(state for state in self.states if state not in left)

    def reachable(self) -> frozenset[str]:
        """The states to which steps lead from the initial one, guards apart."""
        found = {self.initial}
        while new := {row.target for row in self.steps if found & set(row.sources)} - found:
            found |= new
        return frozenset(found)

    def steps_from(self, state: str) -> tuple[Step[S], ...]:
        """The steps that leave a state, whatever their guards say."""
        return tuple(row for row in self.steps if state in row.sources)

    def open_steps(self, state: str, subject: S) -> tuple[Step[S], ...]:
        """The steps open to `subject` in `state`: the buttons to show."""
        return tuple(row for row in self.steps_from(state) if all(guard(subject) for guard in row.guards))

    def refusals(self, name: str, subject: S) -> tuple[str, ...]:
        """Why the step `name` is not open to `subject`, as sentences to show; empty when it is.

        Raises LookupError when no step has that name at all.
        """
        row = self._row(name, subject.state)
        if row is None:
            return (WRONG_STATE,)
        return tuple(reason(guard) for guard in row.guards if not guard(subject))

    def apply(self, name: str, subject: S) -> Step[S]:
        """Takes the step: sets `subject.state`. Raises StepRefused and changes nothing otherwise."""
        if refusals := self.refusals(name, subject):
            raise StepRefused(name, refusals)
        row = self._row(name, subject.state)
        assert row is not None
        subject.state = row.target
        return row

    def due(self, state: str, subject: S) -> list[tuple[datetime, str]]:
        """What is due in a state, `(instant, act)`, earliest first."""
        rows = ((row.instant(subject), row.act) for row in self.due_acts if row.state == state)
        return sorted((instant, act) for instant, act in rows if instant is not None)

    def diagram(self, form: str = "mermaid") -> str:
        """The table drawn: `mermaid` (state diagram) or `dot`. Guarded steps carry their guards' names."""
        if form == "mermaid":
            lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
            lines += [f"    {source} --> {target}: {text}" for source, target, text in self._edges()]
            lines += [f"    {end} --> [*]" for end in self.ends]
        elif form == "dot":
            lines = ["digraph {", f'    "{self.initial}" [shape=doublecircle];']
            lines += [
                f'    "{source}" -> "{target}" [label="{text}"];' for source, target, text in self._edges()
            ]
            lines += ["}"]
        else:
            raise ValueError(f"unknown form {form!r}")
        return "\n".join(lines) + "\n"

    def _edges(self) -> list[tuple[str, str, str]]:
        return [
            (source, row.target, " ".join((row.name, *(f"[{guard.__name__}]" for guard in row.guards))))
            for row in self.steps
            for source in row.sources
        ]

    def _row(self, name: str, state: str) -> Step[S] | None:
        rows = [row for row in self.steps if row.name == name]
        if not rows:
            raise LookupError(f"no step {name!r}")
        return next((row for row in rows if state in row.sources), None)


WRONG_STATE: str = _("This is not possible at the present stage.")
