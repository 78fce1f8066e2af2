"""What an evaluation ends with, and its form in docs/protocols/evaluation.md section 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypedDict

from bidding.evaluation.abnormal import Lines
from bidding.evaluation.corrections import Correction
from bidding.evaluation.derivation import Line
from bidding.evaluation.exact import exact, fixed


@dataclass(frozen=True)
class Ranked:
    """A bid in the ranking: bid price (the contract's price) and evaluation price, yuan, exact."""

    id: str
    rank: int
    bid_price: Fraction
    evaluation_price: Fraction


@dataclass(frozen=True)
class Rejected:
    """A bid that is out: the ground's code and its article."""

    id: str
    ground: str
    article: str


@dataclass(frozen=True)
class Failure:
    """Why the tender failed (废标): the code and its article."""

    code: str
    article: str


@dataclass(frozen=True)
class Tie:
    """Bids that only a draw can part; `stage` is "brand" or "rank"."""

    stage: str
    bids: tuple[str, ...]


class Found(TypedDict):
    """What the steps up to the ranking found."""

    failure: Failure | None
    rejected: tuple[Rejected, ...]
    corrections: Mapping[str, tuple[Correction, ...]]
    lines: Lines | None
    triggers: Mapping[str, tuple[str, ...]]
    ties: tuple[Tie, ...]
    derivations: Mapping[str, tuple[Line, ...]]


@dataclass(frozen=True)
class Result:
    """The evaluation's result. `outcome` is "ranked", "failed" or "tie"; `derivations` has every bid's lines."""

    outcome: str
    failure: Failure | None
    ranking: tuple[Ranked, ...]
    rejected: tuple[Rejected, ...]
    corrections: Mapping[str, tuple[Correction, ...]]
    lines: Lines | None
    triggers: Mapping[str, tuple[str, ...]]
    ties: tuple[Tie, ...]
    derivations: Mapping[str, tuple[Line, ...]]

    @property
    def winner(self) -> Ranked | None:
        """The first-ranked candidate, or None when the tender failed or waits for a draw."""
        return self.ranking[0] if self.outcome == "ranked" else None

    @property
    def benchmark(self) -> Fraction | None:
        """The lowest evaluation price, exact, or None without a ranking."""
        return self.ranking[0].evaluation_price if self.ranking else None

    def as_json(self) -> dict[str, Any]:
        """The result as the protocol writes it (the derivations are a report's, not the protocol's)."""
        winner = self.winner
        return {
            "outcome": self.outcome,
            "failure": self.failure and {"code": self.failure.code, "article": self.failure.article},
            "ranking": [_ranked(entry) for entry in self.ranking],
            "rejected": [{"id": r.id, "ground": r.ground, "article": r.article} for r in self.rejected],
            "corrections": {
                bid: [step.as_json() for step in steps] for bid, steps in self.corrections.items()
            },
            "lines": self.lines and _lines(self.lines),
            "triggers": {bid: list(names) for bid, names in self.triggers.items()},
            "benchmark": None if self.benchmark is None else fixed(self.benchmark),
            "ties": [{"stage": tie.stage, "bids": list(tie.bids)} for tie in self.ties],
            "winner": winner and winner.id,
            "contract_price": winner and fixed(winner.bid_price),
        }

    def derivations_json(self) -> dict[str, list[dict[str, object]]]:
        """Every bid's derivation as data for the report."""
        return {bid: [line.as_json() for line in lines] for bid, lines in self.derivations.items()}


def _ranked(entry: Ranked) -> dict[str, Any]:
    return {
        "id": entry.id,
        "rank": entry.rank,
        "bid_price": fixed(entry.bid_price),
        "evaluation_price": fixed(entry.evaluation_price),
        "evaluation_exact": exact(entry.evaluation_price),
    }


def _lines(lines: Lines) -> dict[str, str | None]:
    amounts = dict(lines.named())
    names = ("half_mean", "half_second_lowest", "ceiling")
    return {name: exact(amounts[name]) if name in amounts else None for name in names}
