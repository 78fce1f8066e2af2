"""What a chief representative may decide in the hall (首席代表授权): a matrix by kind of case, in a letter that the head of the
department signs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import rfc8785
from translationstring import TranslationStringFactory

from plugins.approval_hall.catalogue.item import kinds
from trading.errors import Fault

_ = TranslationStringFactory("tradehall")

DECIDE, PRE_REVIEW, NONE = "decide", "pre-review", "none"
LEVELS = (DECIDE, PRE_REVIEW, NONE)
Matrix = Mapping[str, str]
"""kind of case → decide | pre-review | none"""


def usual() -> dict[str, str]:
    """The matrix of the founding rules: decide what is instant, to be completed or returned; look into the rest first."""
    return {key: kind.power for key, kind in kinds().items()}


def faults(matrix: Matrix) -> list[Fault]:
    """Why a matrix is none: every kind has one of the three levels."""
    wrong = [key for key in kinds() if matrix.get(key) not in LEVELS] + sorted(set(matrix) - set(kinds()))
    return [
        Fault("hall.powers", _("Choose for every kind of case what the representative may do"), key)
        for key in wrong
    ]


def letter(department: str, name: str, person: str, version: int, matrix: Matrix, day: date) -> bytes:
    """The letter of authority (授权书) that is signed, in force from a day on: canonical JSON."""
    return bytes(
        rfc8785.dumps(
            {
                "v": 1, "typ": "hall.power", "department": department, "name": name, "representative": person,
                "version": version, "powers": {key: matrix[key] for key in kinds()}, "from": day.isoformat(),
            }
        )
    )  # fmt: skip


def may(matrix: Matrix | None, kind: str, power: str) -> bool:
    """Whether the matrix gives a power over cases of a kind; who may decide may look into it as well. Without a letter none."""
    held = (matrix or {}).get(kind, NONE)
    return held == DECIDE or (held == PRE_REVIEW and power == PRE_REVIEW)


def no_power(kind: str, department: str, matrix: Matrix | None, version: int) -> Fault:
    """What a representative without the power is told."""
    called: dict[str, Any] = {"kind": kinds()[kind].name.zh, "department": department, "version": version}
    if matrix is None:
        words = _("There is no letter of authority for you from ${department}", mapping=called)
    else:
        words = _(
            "Letter of authority no. ${version} of ${department} gives no power to decide “${kind}”",
            mapping=called,
        )
    return Fault(
        "hall.no-power", words, rule="HALL 29",
        remedy=_("You can look into it first (pre-review); the head of the department decides."),
    )  # fmt: skip
