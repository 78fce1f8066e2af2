"""Is every order of the candidates equally likely? `python -m tests.draws.uniformity --draws 1000000`.

Eight candidates, one fresh seed a draw. Three chi-square tests at the 0.1 % limit: who is first, who is at
which place, and who are the first two. The same tests must catch a draw that somebody bent.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trading.draws.calling import order
from trading.draws.candidates import Row
from trading.draws.hashing import FAMILIES, Family

N = 8
LIMITS = {"first pick": 24.322, "places": 85.351, "ordered pairs": 93.168}
"""Upper 0.1 % points of chi-square with 7, 49 and 55 degrees of freedom."""

ROWS: list[Row] = sorted(
    ({"h": hashlib.sha256(b"candidate %d" % n).hexdigest(), "g": [], "s": ["ALL"]} for n in range(N)),
    key=lambda row: row["h"],
)
Draw = Callable[[int], Sequence[str]]
"""The order of the handles in draw number n."""


@dataclass(frozen=True)
class Finding:
    """One test's statistic; it is `within` the limit in all but one of a thousand fair samples."""

    test: str
    statistic: float

    @property
    def within(self) -> bool:
        return self.statistic <= LIMITS[self.test]


def fair(alg: str, salt: int = 0) -> Draw:
    """The hall's own order under independent seeds."""
    family = FAMILIES[alg]
    return lambda number: order(family, _seed(family, salt, number), ROWS)


def bent(alg: str, every: int) -> Draw:
    """The same, but one time in `every` the operator draws again unless its favourite is first."""
    family = FAMILIES[alg]

    def draw(number: int) -> Sequence[str]:
        found = order(family, _seed(family, 0, number), ROWS)
        if number % every == 0 and found[0] != ROWS[0]["h"]:
            found = order(family, _seed(family, 1, number), ROWS)
        return found

    return draw


def findings(draw: Draw, draws: int) -> list[Finding]:
    """The three tests over so many draws."""
    orders: Counter[tuple[str, ...]] = Counter(tuple(draw(number)) for number in range(draws))
    firsts, places, pairs = Counter[str](), Counter[tuple[int, str]](), Counter[tuple[str, str]]()
    for names, times in orders.items():
        firsts[names[0]] += times
        pairs[names[0], names[1]] += times
        for place, name in enumerate(names):
            places[place, name] += times
    return [
        Finding("first pick", _chi_square(firsts.values(), N, draws)),
        # A row and a column of the matrix are bound by the others: (n-1)^2 degrees after this factor.
        Finding("places", _chi_square(places.values(), N * N, draws * N) * (N - 1) / N),
        Finding("ordered pairs", _chi_square(pairs.values(), N * (N - 1), draws)),
    ]


def _chi_square(observed: Iterable[int], cells: int, total: int) -> float:
    expected = total / cells
    seen = list(observed)
    return sum((count - expected) ** 2 for count in seen) / expected + (cells - len(seen)) * expected


def _seed(family: Family, salt: int, number: int) -> bytes:
    return family.tagged("seed", b"uniformity", salt.to_bytes(4, "big"), number.to_bytes(8, "big"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000_000)
    parser.add_argument("--alg", choices=sorted(FAMILIES), default="sha256")
    options = parser.parse_args()
    started = time.monotonic()
    good = True
    for what, draw, expected in (
        ("fair", fair(options.alg), True),
        ("bent in 1 of 40", bent(options.alg, 40), False),
    ):
        found = findings(draw, options.draws)
        for finding in found:
            verdict = f"{'within' if finding.within else 'outside'} {LIMITS[finding.test]}"
            sys.stdout.write(f"{what:16} {finding.test:14} {finding.statistic:9.2f}  {verdict}\n")
        good &= all(finding.within for finding in found) is expected
    verdict = "as it should be" if good else "NOT as it should be"
    seconds = time.monotonic() - started
    sys.stdout.write(f"2 x {options.draws} draws of {N}, {options.alg}: {verdict}, {seconds:.0f} s\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
