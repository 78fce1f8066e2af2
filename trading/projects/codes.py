"""Codes of projects, tenders and lots, and the unified transaction code (统一交易标识码).

The public documents name these codes; their make-up is known to us from a provincial hub's open
implementation (certainty S), and each is checked by form when it comes from elsewhere:

=================  ====================================================================  ======
project 项目编号     deal class (3) · region (6, GB/T 2260) · day yymmdd (6) · number (4)    19
tender 招标项目编号   project code · number (3)                                              22
lot 标段（包）编号    tender code · number (3)                                               25
transaction        deal class-USCC of the platform-day yyyymmdd-number (6)-check (1)        36+4
=================  ====================================================================  ======

The deal class is a letter (A works, B land, D government procurement …) and two digits; a kind of trade
brings its own. The check character is ISO 7064 MOD 37,36 (GB/T 17710) over the 35 characters before it,
hyphens apart. Numbers come from outside: these functions only compose and read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from trading.parties import codes as uscc

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DEAL_CLASS = re.compile(r"[A-Z][0-9]{2}")
REGION = re.compile(r"[0-9]{6}")
CODE = re.compile(r"([A-Z][0-9]{2})([0-9]{6})([0-9]{6})([0-9]{4})([0-9]{3})?([0-9]{3})?")
TRANSACTION = re.compile(r"([A-Z][0-9]{2})-([0-9A-Z]{18})-([0-9]{8})-([0-9]{6})-([0-9A-Z])")

Level = Literal["project", "tender", "lot"]


@dataclass(frozen=True)
class ProjectCode:
    """What a project, tender or lot code says; `tender` and `lot` None above their level."""

    level: Level
    deal_class: str
    region: str
    day: date
    number: int
    tender: int | None
    lot: int | None


@dataclass(frozen=True)
class TransactionCode:
    """What a unified transaction code says."""

    deal_class: str
    platform: str
    day: date
    number: int


def project_code(deal_class: str, region: str, day: date, number: int) -> str:
    """A project code; `number` 1–9999 counts the region's projects of a day. Raises ValueError."""
    if not DEAL_CLASS.fullmatch(deal_class) or not REGION.fullmatch(region):
        raise ValueError("a deal class such as D01 and a region of six digits are needed")
    return f"{deal_class}{region}{day:%y%m%d}{_number(number, 4)}"


def tender_code(project: str, number: int) -> str:
    """The code of a project's tender; `number` 1–999. Raises ValueError."""
    if parse(project).level != "project":
        raise ValueError("not a project code")
    return project + _number(number, 3)


def lot_code(tender: str, number: int) -> str:
    """The code of a tender's lot; `number` 1–999. Raises ValueError."""
    if parse(tender).level != "tender":
        raise ValueError("not a tender code")
    return tender + _number(number, 3)


def parse(code: str) -> ProjectCode:
    """Reads a project, tender or lot code. Raises ValueError unless it is exactly one of them."""
    match = CODE.fullmatch(code)
    if match is None or not code.isascii():
        raise ValueError("not a project, tender or lot code")
    deal_class, region, day, number, tender, lot = match.groups()
    if any(part is not None and int(part) == 0 for part in (number, tender, lot)):
        raise ValueError("numbers start at 1")
    level: Level = "lot" if lot else "tender" if tender else "project"
    return ProjectCode(
        level, deal_class, region, _day(day, "%y%m%d"), int(number),
        int(tender) if tender else None, int(lot) if lot else None,
    )  # fmt: skip


def transaction_code(deal_class: str, platform: str, day: date, number: int) -> str:
    """A unified transaction code with its check character. `platform` is the trading platform's unified
    social credit code; `number` 1–999999 counts its transactions of a day. Raises ValueError."""
    if not DEAL_CLASS.fullmatch(deal_class) or not uscc.is_valid(platform):
        raise ValueError("a deal class such as D01 and a unified social credit code are needed")
    parts = (deal_class, platform, f"{day:%Y%m%d}", _number(number, 6))
    return "-".join((*parts, check_character("".join(parts))))


def parse_transaction(code: str) -> TransactionCode:
    """Reads a unified transaction code. Raises ValueError for a wrong form, platform, day or check."""
    match = TRANSACTION.fullmatch(code)
    if match is None:
        raise ValueError("not a unified transaction code")
    deal_class, platform, day, number, check = match.groups()
    if not uscc.is_valid(platform):
        raise ValueError("the platform's code is wrong")
    if check_character(deal_class + platform + day + number) != check:
        raise ValueError("the check character is wrong")
    if int(number) == 0:
        raise ValueError("numbers start at 1")
    return TransactionCode(deal_class, platform, _day(day, "%Y%m%d"), int(number))


def check_character(body: str) -> str:
    """ISO 7064 MOD 37,36 over digits and capital letters. Raises ValueError for other characters."""
    product = 36
    for char in body:
        total = (product + ALPHABET.index(char)) % 36 or 36
        product = total * 2 % 37
    return ALPHABET[(37 - product) % 36]


def _number(number: int, width: int) -> str:
    if not 1 <= number < 10**width:
        raise ValueError(f"a number of {width} digits from 1 on is needed")
    return f"{number:0{width}}"


def _day(text: str, form: str) -> date:
    # A day of the calendar has no zone; strptime is only the reader of the form.
    return datetime.strptime(text, form).date()  # noqa: DTZ007
