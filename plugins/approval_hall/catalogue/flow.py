"""How long an item takes when its departments work at the same time (并联审批): the longest branch, never the sum. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from plugins.approval_hall.catalogue.item import Item, Stage, Step


class Cycle(ValueError):
    """Steps wait for each other in a ring, or for a step that the stage does not have; `key` is one of them."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


@dataclass(frozen=True)
class Span:
    """A step's working days from the item's acceptance: it begins after day `start` and is due on day `end`."""

    step: Step
    stage: str
    start: int
    end: int


def spans(item: Item) -> list[Span]:
    """When each step runs if all take their whole time; stages follow each other. Raises Cycle."""
    found: list[Span] = []
    begin = 0
    for stage in item.stages:
        ends = _ends(stage)
        found += [
            Span(step, stage.key, begin + ends[step.key] - step.days, begin + ends[step.key])
            for step in stage.steps
        ]
        begin += max(ends.values(), default=0)
    return found


def _ends(stage: Stage) -> dict[str, int]:
    """The day within the stage on which each step ends."""
    steps = {step.key: step for step in stage.steps}
    ends: dict[str, int] = {}
    waiting = dict(steps)
    while waiting:
        ready = [step for step in waiting.values() if set(step.after) <= ends.keys()]
        if not ready:
            raise Cycle(next(iter(waiting)))
        for step in ready:
            ends[step.key] = max((ends[key] for key in step.after), default=0) + step.days
            del waiting[step.key]
    return ends


def serial(item: Item) -> int:
    """The working days of all steps one after the other."""
    return sum(step.days for step in item.steps)


def parallel(item: Item) -> int:
    """The working days of the longest branch: the one due date of all. Raises Cycle."""
    return max((span.end for span in spans(item)), default=0)


def startable(item: Item, ended: Collection[str], begun: Collection[str]) -> list[Step]:
    """The steps that begin now: all that they wait for has ended, and so have the stages before theirs."""
    for stage in item.stages:
        open_ones = [step for step in stage.steps if step.key not in ended]
        if open_ones:
            return [step for step in open_ones if step.key not in begun and set(step.after) <= set(ended)]
    return []


def told(stage: Stage) -> tuple[str, ...]:
    """The departments that get a copy of the application (抄告相关): all of a stage but its leader."""
    return tuple(dict.fromkeys(step.department for step in stage.steps if step.department != stage.lead))


def critical(item: Item) -> list[str]:
    """The steps of a longest branch, in order: whoever is late there makes the whole case late."""
    chosen: list[str] = []
    for stage in item.stages:
        ends = _ends(stage)
        steps = {step.key: step for step in stage.steps}
        at = max(ends, key=lambda key: ends[key], default="")
        branch: list[str] = []
        while at:
            branch.append(at)
            at = _latest(steps[at].after, ends)
        chosen += reversed(branch)
    return chosen


def _latest(keys: Iterable[str], ends: Mapping[str, int]) -> str:
    return max(keys, key=lambda key: ends[key], default="")
