"""Turnover statistics (成交额统计): exact sums of deals, and how people print them. Pure.

Sums are exact to the fen; an amount is rounded once, half up, where it is put in words ("25.78亿元"). What is
saved (节约资金) is the ceiling price, or the budget where there is no ceiling, less the price of the deal.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from translationstring import TranslationStringFactory

from trading.errors import refuse
from trading.money import FEN, format_money, percent_of, round_money
from trading.rulebook.calendar import beijing_date

_ = TranslationStringFactory("tradehall")

NOTHING = Decimal("0.00")
WAN, YI, MILLION = Decimal(10**4), Decimal(10**8), Decimal(10**6)
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in Beijing, printed `2026-03`."""

    year: int
    number: int

    @classmethod
    def of(cls, instant: datetime) -> Month:
        day = beijing_date(instant)
        return cls(day.year, day.month)

    @classmethod
    def read(cls, text: str) -> Month:
        """Raises Refused `turnover.month`."""
        found = MONTH.fullmatch(text.strip())
        if found is None:
            raise refuse("turnover.month", _("Enter a month such as 2026-03."), field="month")
        return cls(int(found[1]), int(found[2]))

    def later(self, months: int) -> Month:
        """So many months later, or earlier."""
        years, number = divmod(self.number - 1 + months, 12)
        return Month(self.year + years, number + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"


@dataclass(frozen=True)
class Deal:
    """An award that stands and whose notice is on the board. Amounts in yuan."""

    tender: str
    title: str
    title_en: str
    buyer: str
    winner: str
    kind: str
    """name of the kind of trade"""
    subject: str
    """goods | services | works"""
    region: str
    """GB/T 2260, six digits"""
    price: Decimal
    limit: Decimal
    """the ceiling price, or the budget where there is none"""
    notice: str
    at: datetime


@dataclass(frozen=True)
class Sum:
    """How many deals, what they cost and what they might have cost at most, in yuan."""

    count: int = 0
    price: Decimal = NOTHING
    limit: Decimal = NOTHING

    @property
    def saved(self) -> Decimal:
        """Below nothing when more was paid than the limits say."""
        return self.limit - self.price

    @property
    def percent(self) -> Decimal | None:
        """What is saved, in percent of the limits; None when there are none."""
        return percent_of(self.saved, self.limit) if self.limit > 0 else None


@dataclass(frozen=True)
class Row:
    """One group of deals."""

    key: str
    sum: Sum


def total(deals: Iterable[Deal]) -> Sum:
    """The exact sum."""
    rows = list(deals)
    return Sum(
        len(rows), sum((each.price for each in rows), NOTHING), sum((each.limit for each in rows), NOTHING)
    )


def by(deals: Iterable[Deal], key: Callable[[Deal], str]) -> list[Row]:
    """The deals in groups, that with the largest amount first. The rows sum exactly to the total."""
    groups: defaultdict[str, list[Deal]] = defaultdict(list)
    for each in deals:
        groups[key(each)].append(each)
    rows = (Row(name, total(group)) for name, group in groups.items())
    return sorted(rows, key=lambda row: (-row.sum.price, row.key))


def listed(deals: Sequence[Deal], most: int) -> tuple[list[Deal], Sum]:
    """The first `most` deals, and the sum of the others: together exactly the total."""
    return list(deals[:most]), total(deals[most:])


def in_words(amount: Decimal, locale: str) -> str:
    """As people print a turnover: "25.78亿元", "3.50万元", "CNY 2,578.00 million"; rounded half up to two places,
    once. An amount that its smaller unit would round to the larger one is printed in the larger one."""
    if amount < 0:
        return "-" + in_words(-amount, locale)
    if not locale.startswith("zh"):
        return f"CNY {_in(amount, MILLION):,} million" if amount >= MILLION else format_money(amount, locale)
    if round_money(amount) < WAN:
        return format_money(amount, locale)
    in_wan = _in(amount, WAN)
    return f"{in_wan}万元" if in_wan < WAN else f"{_in(amount, YI)}亿元"


def _in(amount: Decimal, unit: Decimal) -> Decimal:
    return (amount / unit).quantize(FEN, ROUND_HALF_UP)
