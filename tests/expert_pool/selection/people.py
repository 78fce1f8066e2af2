"""A small pool for tests: experts of a few specialities, each of an employer of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

from expert_pool.experts.person import PoolExpert

DAY = date(2026, 11, 23)
TAG = "B03.01.01"


def person(number: int = 1, **changes: Any) -> PoolExpert:
    """A person who can be drawn, but for `changes`."""
    plain: dict[str, Any] = {
        "number": f"E{number:05d}", "name": f"专家{number}", "employer": f"91440300MA{number:08d}",
        "employer_name": "", "region": "440300", "specialities": (TAG,), "title": "高级工程师", "years": 12,
        "status": "active", "trained_until": date(2027, 1, 1), "phone": f"138{number:08d}", "certificate": True,
    }  # fmt: skip
    return PoolExpert(**plain | changes)


def pool(number: int, **changes: Any) -> list[PoolExpert]:
    return [person(n, **changes) for n in range(1, number + 1)]
