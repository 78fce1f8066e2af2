"""On what members are rated (评价指标): data of scales.toml. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

from trading.errors import Fault


@dataclass(frozen=True)
class Scale:
    """One scale, with its words."""

    key: str
    zh: str
    en: str

    def named(self, locale: str) -> str:
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True)
class Scales:
    """All scales; points are whole numbers from `lowest` to `highest`."""

    lowest: int
    highest: int
    scales: tuple[Scale, ...]

    @property
    def points(self) -> range:
        return range(self.lowest, self.highest + 1)


@cache
def the_scales() -> Scales:
    found = tomllib.loads((Path(__file__).parent / "scales.toml").read_text("utf-8"))
    return Scales(found["lowest"], found["highest"], tuple(Scale(**row) for row in found["scale"]))


def faults(points: Mapping[str, int], scales: Scales, message: str) -> list[Fault]:
    """A fault for every scale without points in its range, and for every unknown one."""
    known = {scale.key for scale in scales.scales}
    wrong = [key for key in known if points.get(key) not in scales.points] + sorted(points.keys() - known)
    return [Fault("rating.points", message, key) for key in wrong]


def means(ratings: Iterable[Mapping[str, int]]) -> dict[str, Fraction]:
    """The mean of the points by scale; nothing without ratings."""
    given: dict[str, list[int]] = {}
    for rating in ratings:
        for key, points in rating.items():
            given.setdefault(key, []).append(points)
    return {key: Fraction(sum(points), len(points)) for key, points in given.items()}
