"""The figures of a period as a spreadsheet (统计表): counts as numbers, shares as published, with their counts beside. Pure."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

Table = tuple[str, Sequence[str], Sequence[Sequence[Any]]]
"""name of the sheet, its heading, its rows"""


def workbook(tables: Sequence[Table]) -> bytes:
    """An .xlsx. Texts are written as texts, whatever they begin with."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        bold = book.add_format({"bold": True})
        for name, heading, rows in tables:
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, heading, bold)
            for number, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    write = sheet.write_number if isinstance(value, int) else sheet.write_string
                    write(number, column, value)
            sheet.set_column(0, 1, 28)
    return out.getvalue()


def counts_rows(rows: Mapping[str, Any], names: Sequence[str]) -> list[list[Any]]:
    """One row for each, its counts in the order of `names`."""
    return [[label, *(getattr(counts, name) for name in names)] for label, counts in rows.items()]
