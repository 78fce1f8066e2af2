"""Scores far from those of the other members (畸高、畸低), M87 art. 64: flagged with the rule, never trimmed.

No national number says how far is too far; the document's ratio (30 % in practice) and the modified
z-score (Iglewicz and Hoaglin, 3.5) each flag alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

RATIO, MODIFIED_Z = "ratio", "modified-z"
_CONSISTENT = Fraction(6745, 10000)


@dataclass(frozen=True)
class OutlierLimits:
    """The document's limits: distance from the others' mean as a share of it; modified z or None."""

    ratio: Fraction = Fraction(30, 100)
    modified_z: Fraction | None = Fraction(35, 10)


@dataclass(frozen=True)
class Outlier:
    """One score that asks for a written reason of its member, with the rules that hit."""

    bid: str
    item: str
    member: str
    rules: tuple[str, ...]


def hits(scores: Mapping[str, Fraction], limits: OutlierLimits) -> dict[str, tuple[str, ...]]:
    """The members whose score is far from the others', with the rules that say so. Limits are not "far"."""
    found = {}
    for member, score in scores.items():
        others = [value for name, value in scores.items() if name != member]
        rules = []
        if _far_by_ratio(score, others, limits.ratio):
            rules.append(RATIO)
        if limits.modified_z is not None and _far_by_z(score, list(scores.values()), limits.modified_z):
            rules.append(MODIFIED_Z)
        if rules:
            found[member] = tuple(rules)
    return found


def _far_by_ratio(score: Fraction, others: Sequence[Fraction], ratio: Fraction) -> bool:
    if not others:
        return False
    mean = sum(others, Fraction(0)) / len(others)
    return abs(score - mean) > ratio * mean


def _far_by_z(score: Fraction, scores: Sequence[Fraction], limit: Fraction) -> bool:
    middle = median(scores)
    spread = median([abs(value - middle) for value in scores])
    # Without spread among the middle scores the measure does not exist: any difference would be "far".
    return spread > 0 and _CONSISTENT * abs(score - middle) > limit * spread


def median(values: Sequence[Fraction]) -> Fraction:
    """The middle value, or the mean of the two middle ones."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
