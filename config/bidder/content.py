"""The parts of a bid from a bidder's own files (投标内容): price sheet and documents."""

from __future__ import annotations

import csv
import tarfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook

from config.bidder.hall import BidError
from trading.ledger.canonical import dumps
from trading.money import capitals, round_money

COLUMNS = ("name", "unit", "quantity", "unit_price")
"""What a list of items must have; a brand may be missing."""


def price_sheet(
    items: Iterable[Mapping[str, str]], period_days: int, core_brand: str = "", claims: Sequence[str] = ()
) -> bytes:
    """The part `price-sheet`. Items have name, brand, unit, quantity and unit_price (yuan); amounts and
    total are computed, each amount rounded to the fen."""
    rows = []
    for item in items:
        quantity, unit_price = (_number(item[name]) for name in ("quantity", "unit_price"))
        rows.append(
            {
                "name": item["name"],
                "brand": item.get("brand", ""),
                "unit": item["unit"],
                "quantity": f"{quantity:f}",
                "unit_price": f"{unit_price:.2f}",
                "amount": f"{round_money(quantity * unit_price):.2f}",
            }
        )
    total = sum((Decimal(row["amount"]) for row in rows), Decimal(0))
    if not rows or total <= 0 or period_days < 1:
        raise BidError("a price sheet needs items, a total above zero and a period of at least a day")
    opening = {"total": f"{total:.2f}", "words": capitals(total), "period_days": period_days}
    return dumps(
        {
            "v": 1,
            "typ": "ebid.price-sheet",
            "currency": "CNY",
            "opening": opening,
            "body": {"total": f"{total:.2f}", "items": rows},
            "core_brand": core_brand,
            "claims": sorted(claims),
        }
    )


def read_items(path: Path) -> list[dict[str, str]]:
    """The items of a spreadsheet (.xlsx) or a .csv whose first row names the columns name, brand, unit,
    quantity, unit_price; empty rows are left out. Raises BidError for a file that cannot be read so."""
    first, *rows = _csv(path) if path.suffix.lower() == ".csv" else _spreadsheet(path)
    missing = [name for name in COLUMNS if name not in first]
    if missing:
        raise BidError(f"{path.name}: the first row does not name the columns {', '.join(missing)}")
    return [dict(zip(first, row, strict=False)) for row in rows if any(row)]


def _csv(path: Path) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BidError(f"{path.name}: not a .csv in UTF-8: {error}") from error
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows] or [[]]


def _spreadsheet(path: Path) -> list[list[str]]:
    try:
        cells = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except (CalamineError, ValueError) as error:
        raise BidError(f"{path.name}: not a spreadsheet that can be read: {error}") from error
    return [[_cell(cell) for cell in row] for row in cells] or [[]]


def pack_documents(paths: Sequence[Path], out: BinaryIO) -> int:
    """The part `documents`: the files, by name, in one deterministic tar. Returns its size in bytes."""
    named = {unicodedata.normalize("NFC", path.name): path for path in paths}
    if len(named) != len(paths) or not paths:
        raise BidError("documents need at least one file, and names of their own")
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(named):
            if len(name.encode()) > 100:
                raise BidError(f"the file name is longer than 100 bytes: {name}")
            member = tarfile.TarInfo(name)
            member.size = named[name].stat().st_size
            with named[name].open("rb") as file:
                tar.addfile(member, file)
    return out.tell()


def _number(text: str) -> Decimal:
    try:
        return Decimal(unicodedata.normalize("NFKC", str(text)).replace(",", "").strip())
    except ArithmeticError as error:
        raise BidError(f"not a number: {text!r}") from error


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{Decimal(repr(value)).normalize():f}"
    return str(value).strip()
