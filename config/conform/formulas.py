"""The kind of vectors for benchmark formulas: parameters in, benchmark, scores and what lies between out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from bidding.evaluation import benchmark
from bidding.evaluation.benchmark import Deviation
from bidding.evaluation.exact import fixed
from config.conform import Case, Kind
from config.conform.compare import case as judged
from config.conform.compare import same

Found = dict[str, Any]
"""Figures as fractions, lists of prices as fractions, scores by price."""


def _recognise(data: Any, path: Path) -> bool:
    return bool(data["kind"] == "benchmark-formulas" and data["cases"])


def _cases(data: Any, path: Path) -> Iterator[Case]:
    for entry in data["cases"]:
        yield judged(str(entry["id"]), _holds, entry)


def _holds(entry: Mapping[str, Any]) -> None:
    prices = [Fraction(price) for price in entry["bids"]]
    found = FORMULAS[entry["formula"]](
        prices, Fraction(entry["ceiling"]), _numbers(entry["parameters"]), entry
    )
    if "score" in entry:
        scale = Deviation(**_numbers(entry["score"]))
        found["scores"] = {price: scale.score(price, found["benchmark"]) for price in prices}
    for name, given in entry["expected"].items():
        if isinstance(given, list):
            same(name, [Fraction(price) for price in given], list(found[name]))
        else:
            same(name, given, _printed(given, found[name]))


def _printed(given: Any, found: Any) -> Any:
    """What was computed, with three places; scores stand by price as the case writes it."""
    if isinstance(given, dict):
        return {price: fixed(found[Fraction(price)], 3) for price in given if Fraction(price) in found}
    return fixed(found, 3)


def _numbers(texts: Mapping[str, str]) -> dict[str, Fraction]:
    return {name: Fraction(text) for name, text in texts.items()}


def _f1(prices: Sequence[Fraction], ceiling: Fraction, p: Mapping[str, Fraction], entry: Any) -> Found:
    return {"benchmark": benchmark.trimmed_times_k(prices, p["K"])}


def _f2(prices: Sequence[Fraction], ceiling: Fraction, p: Mapping[str, Fraction], entry: Any) -> Found:
    found = benchmark.mixed_with_ceiling(prices, ceiling, p["K1"], p["Q1"], p["K2"])
    return {"A": found.a, "benchmark": found.benchmark}


def _f3(prices: Sequence[Fraction], ceiling: Fraction, p: Mapping[str, Fraction], entry: Any) -> Found:
    found = benchmark.abc(prices, ceiling, p["delta"])
    return {
        "A": found.a,
        "lower_line": found.lower_line,
        "C": found.c,
        "pool": found.pool,
        "benchmark": found.benchmark(p["drawn_bid"], p["K"]),
    }


def _f4(prices: Sequence[Fraction], ceiling: Fraction, p: Mapping[str, Fraction], entry: Any) -> Found:
    found = benchmark.traffic(prices, ceiling, p["delta"], p["w"], p["c"])
    scale = Deviation(Fraction(100), p["E_above"], p["E_below"], Fraction(0))
    return {**vars(found), "scores": {price: scale.score(price, found.benchmark) for price in found.valid}}


def _f5(prices: Sequence[Fraction], ceiling: Fraction, p: Mapping[str, Fraction], entry: Any) -> Found:
    drawn = [Fraction(price) for price in entry["drawn"]]
    if not set(drawn) <= set(prices):
        raise ValueError("a drawn price is no bid")
    return {"benchmark": benchmark.of_subset(drawn, p["k"])}


def _f9(prices: Sequence[Fraction], ceiling: Fraction, p: Mapping[str, Fraction], entry: Any) -> Found:
    left = benchmark.within_limit(prices, p["limit"])
    return {"left": left, "benchmark": benchmark.mean(left)}


FORMULAS: dict[str, Callable[[Sequence[Fraction], Fraction, Mapping[str, Fraction], Any], Found]] = {
    "F1": _f1,
    "F2": _f2,
    "F3": _f3,
    "F4": _f4,
    "F5": _f5,
    "F9": _f9,
}
KINDS = [Kind("benchmark-formula", _recognise, _cases)]
