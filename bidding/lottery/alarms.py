"""What is worth a look among the firms of a lottery (异常线索): evidence for people, never a verdict. Pure, exact.

Shell floods show as firms that applied from one address, one device, with one account, or minute after minute; a
rigged draw as a firm that wins more often than fair draws let expect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

ALERT = Fraction(1, 100)
"""below this chance a run of wins is shown"""
FEWEST = 3
"""so many firms with the same mark are a cluster"""
MARKS = ("address", "device", "payer", "minute")


@dataclass(frozen=True)
class Trace:
    """What a firm's application left: marks by name, "" or absent where nothing is known."""

    firm: str
    marks: Mapping[str, str]


@dataclass(frozen=True)
class Cluster:
    """Firms that share a mark."""

    mark: str
    firms: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """A firm's wins in draws, and how likely so many or more are when all draws are fair."""

    firm: str
    wins: int
    draws: int
    chance: Fraction

    @property
    def alarming(self) -> bool:
        return self.wins > 0 and self.chance < ALERT


def clusters(traces: Iterable[Trace], fewest: int = FEWEST) -> list[Cluster]:
    """Groups of at least `fewest` firms with one mark in common, the largest first."""
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for trace in traces:
        for mark in MARKS:
            if value := trace.marks.get(mark, ""):
                groups[mark, value].add(trace.firm)
    found = [
        Cluster(mark, tuple(sorted(firms))) for (mark, _), firms in groups.items() if len(firms) >= fewest
    ]
    return sorted(found, key=lambda cluster: (-len(cluster.firms), MARKS.index(cluster.mark), cluster.firms))


def at_least(wins: int, chances: Sequence[Fraction]) -> Fraction:
    """The chance of `wins` or more successes in independent draws with these chances: three or more of five
    draws of ten entrants each are 107/12500 = 0.00856."""
    exactly = [Fraction(1)] + [Fraction(0)] * len(chances)
    for chance in chances:
        for count in range(len(chances), 0, -1):
            exactly[count] = exactly[count] * (1 - chance) + exactly[count - 1] * chance
        exactly[0] *= 1 - chance
    return sum(exactly[wins:], Fraction(0))


def runs(draws: Sequence[tuple[Mapping[str, int], str]]) -> list[Run]:
    """Every firm that won: draws are (weight of each firm that was in it, the winner), the least likely first."""
    found = []
    for firm in sorted({winner for _weights, winner in draws}):
        entered = [(weights, winner) for weights, winner in draws if firm in weights]
        chances = [Fraction(weights[firm], sum(weights.values())) for weights, _winner in entered]
        wins = sum(winner == firm for _weights, winner in entered)
        found.append(Run(firm, wins, len(entered), at_least(wins, chances)))
    return sorted(found, key=lambda run: (run.chance, run.firm))
