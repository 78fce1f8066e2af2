"""When lights change, how many red ones have consequences (监察参数): data of the city, read once. Pure.

A file such as lights.toml gives the share of the time and the working days left at which yellow begins, for all and
for single items (an item of the catalogue, a rule of the rulebook such as "P11.contract", a step such as
"document-period")."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from trading.deadlines import Threshold

OWN = Path(__file__).parent / "lights.toml"


@dataclass(frozen=True)
class Thresholds:
    """`reds` red lights of one department in a year open a case of accountability; letters are answered within
    `letter_days` working days, follow-ups to bad ratings done within `follow_days`."""

    default: Threshold
    items: Mapping[str, Threshold]
    reds: int
    letter_days: int
    follow_days: int

    def of(self, item: str) -> Threshold:
        """The threshold of an item; without one of its own that of all."""
        return self.items.get(item, self.default)


@cache
def thresholds(path: str = "") -> Thresholds:
    """The city's file, or ours when `path` is "". Raises ValueError for a share outside 0–1, days below 0, and
    numbers of red lights below 1."""
    data = tomllib.loads((Path(path) if path else OWN).read_text("utf-8"))
    default = threshold(data["default"], Threshold())
    found = Thresholds(
        default,
        {item: threshold(row, default) for item, row in data.get("item", {}).items()},
        int(data["accountability"]["reds"]),
        int(data["letters"]["days"]),
        int(data["ratings"]["days"]),
    )
    if min(found.reds, found.letter_days, found.follow_days) < 1:
        raise ValueError("red lights and days are counted from 1")
    return found


def threshold(row: Mapping[str, Any], default: Threshold) -> Threshold:
    """A row `yellow = "4/5"`, `left = 1`."""
    ratio = Fraction(str(row.get("yellow", default.ratio)))
    left = int(row.get("left", default.left))
    if not 0 < ratio <= 1 or left < 0:
        raise ValueError(f"no threshold: {dict(row)}")
    return Threshold(ratio, left)
