"""Investment projects as the hall knows them (投资项目): the code, what was approved, where to read it. Pure.

The code (投资项目统一代码) has 24 characters by GB/T 40058: year and month, region, guiding department and type of the
project in five groups, the last of five figures and a check figure. The standard's own text was not at hand:
its groups are known from the notice of its publication (certainty S), the check figure is reckoned by
ISO 7064 MOD 11,10 (certainty U), so that a code from elsewhere is never refused for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

CODE = re.compile(r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}")


@dataclass(frozen=True)
class Approval:
    """One department's decision: what was approved, under which number, on which day, and the paper's hash.
    `route` and `where` name the page of it."""

    item: str
    department: str
    number: str
    decided_at: datetime
    sha256: str
    route: str = ""
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class InvestmentProject:
    """A project with its code. `owner` is a unified social credit code, `estimate` yuan. `trails` are the subjects
    under which its entries stand in the ledger (case numbers)."""

    code: str
    name: str
    owner: str
    owner_name: str
    estimate: Decimal
    coded_at: datetime
    approvals: tuple[Approval, ...] = ()
    trails: tuple[str, ...] = ()


def compose(day: date, region: str, guided: str, kind: str, number: int) -> str:
    """A code; `number` 0–99999 tells projects of one month, region, department and type apart. Raises ValueError."""
    plain = f"{day:%y%m}-{region}-{guided}-{kind}-{number:05}"
    code = plain + str(check_figure(plain.replace("-", "")))
    if CODE.fullmatch(code) is None:
        raise ValueError(f"no project code: {code}")
    return code


def check_figure(figures: str) -> int:
    """ISO 7064 MOD 11,10."""
    product = 10
    for figure in figures:
        product = ((product + int(figure)) % 10 or 10) * 2 % 11
    return (11 - product) % 10
