"""Spreadsheets of the pool (电子表格): bytes to rows of text and back. Pure.

What is read is bounded, and a formula is never taken: neither its text nor the value that some program left
beside it. What is written can be opened by any program without becoming a formula there.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zipfile import BadZipFile, ZipFile

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

LARGEST = 8 << 20
"""bytes of a file"""
UNPACKED = 128 << 20
"""bytes of what is packed in it"""
ROWS = 20_000
COLUMNS = 64
TEXT = 4_000
"""characters of one cell"""
_FORMULA = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=\"([A-Z]{1,3})([0-9]{1,7})\"[^>]*>\s*<(?:\w+:)?f[\s>/]")
_ANY_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""with what a cell begins that some programs take for a formula"""


class Unreadable(Exception):
    """`code` says why: large, form, formula, rows, columns, empty."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Sheet:
    """The first sheet of a file: its heading row, the rows below with their numbers as a reader sees them, and
    the cells (row, column counted from 0) that hold a formula."""

    heading: list[str]
    rows: list[tuple[int, list[str]]]
    formulas: list[tuple[int, int]]


def read(raw: bytes) -> Sheet:
    """The first sheet of an .xlsx; empty rows are left out. Raises Unreadable."""
    if len(raw) > LARGEST:
        raise Unreadable("large")
    formulas = _formulas(raw)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        sheet = book.get_sheet_by_index(0)
        if sheet.total_height > ROWS:
            raise Unreadable("rows")
        if sheet.total_width >= COLUMNS:
            raise Unreadable("columns")
        cells = sheet.to_python(skip_empty_area=False)
    except (CalamineError, ValueError, IndexError, OSError) as error:
        raise Unreadable("form") from error
    rows = [(number, [cell_text(cell) for cell in row]) for number, row in enumerate(cells, start=1)]
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise Unreadable("empty")
    return Sheet(rows[0][1], rows[1:], formulas)


def _formulas(raw: bytes) -> list[tuple[int, int]]:
    """Row and column of every formula in any sheet. Raises Unreadable."""
    found: list[tuple[int, int]] = []
    try:
        with ZipFile(io.BytesIO(raw)) as packed:
            if sum(info.file_size for info in packed.infolist()) > UNPACKED:
                raise Unreadable("large")
            if packed.testzip() is not None:  # a member that is not what its header says
                raise Unreadable("form")
            names = [name for name in packed.namelist() if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
            if not names:
                raise Unreadable("form")
            for name in names:
                text = packed.read(name)
                cells = _FORMULA.findall(text)
                if len(cells) != len(_ANY_FORMULA.findall(text)):
                    raise Unreadable("formula")
                found += [(int(row), column_number(letters.decode())) for letters, row in cells]
    except (
        BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise Unreadable("form") from error
    return sorted(found)


def column_number(letters: str) -> int:
    """A → 0, Z → 25, AA → 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def column_letters(number: int) -> str:
    """0 → A, 26 → AA."""
    letters, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_text(value: Any) -> str:
    """A cell as text: whole numbers without a point, days as 2026-12-01."""
    if isinstance(value, float):
        return f"{Decimal(repr(value)).normalize():f}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.time().min else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()


def is_formula(text: str) -> bool:
    """Whether a text would be taken for a formula: it came without our mark."""
    return text.startswith("=")


def neutral(text: str) -> str:
    """A text that no program takes for a formula: marked with an apostrophe where it would be."""
    return "'" + text if text.startswith((*_STARTS, "'")) else text


def plain(text: str) -> str:
    """What `neutral` was given."""
    return text[1:] if text.startswith("'") else text


def write(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """An .xlsx of one sheet, all cells text; the same rows give the same cells."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet("专家")
        bold = book.add_format({"bold": True})
        for column, text in enumerate(heading):
            sheet.write_string(0, column, text, bold)
        for number, row in enumerate(rows, start=1):
            for column, text in enumerate(row):
                sheet.write_string(number, column, neutral(text))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(len(heading) - 1, 0), 16)
    return out.getvalue()
