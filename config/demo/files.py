"""Real files for the demonstration's bids (演示投标文件): a PDF letter and a spreadsheet of prices."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import typst
import xlsxwriter

from config.settings import FONTS

LETTER = """
#set page(paper: "a4", margin: 2.5cm)
#set text(size: 11pt, lang: "zh", font: ("Noto Sans SC",))
= 投标函 / Letter of tender
{name} · {tender}

我方承诺按招标文件的全部要求供货，投标有效期自投标截止之日起九十日。
We offer to deliver everything the tender document asks for; the bid is valid for ninety days.
"""


def letter(folder: Path, name: str, tender: str) -> Path:
    """A bidder's letter as PDF."""
    source = folder / "letter.typ"
    source.write_text(LETTER.format(name=name, tender=tender))
    target = folder / "投标函.pdf"
    typst.compile(str(source), output=str(target), font_paths=[str(FONTS)], ignore_system_fonts=True)
    source.unlink()
    return target


def price_list(folder: Path, items: Sequence[dict[str, str]]) -> Path:
    """The detailed prices as a spreadsheet, in the columns that `tradehall bid` reads."""
    target = folder / "分项报价表.xlsx"
    book = xlsxwriter.Workbook(str(target))
    sheet = book.add_worksheet("报价")
    columns = ("name", "brand", "unit", "quantity", "unit_price")
    sheet.write_row(0, 0, columns)
    for row, item in enumerate(items, start=1):
        sheet.write_row(row, 0, [item[column] for column in columns])
    book.close()
    return target


def offer(items: Sequence[dict[str, str]], total: Decimal, brand: str) -> list[dict[str, str]]:
    """Unit prices that share `total` over the items, nearly evenly; the last item takes the rest.

    Every amount is whole fen, so that the sheet adds up to a price close to `total`."""
    share = total / len(items)
    priced = []
    for item in items:
        unit_price = (share / Decimal(item["quantity"])).quantize(Decimal("0.01"))
        priced.append(
            {
                "name": item["name"],
                "brand": brand,
                "unit": item["unit"],
                "quantity": item["quantity"],
                "unit_price": f"{unit_price:.2f}",
            }
        )
    return priced
