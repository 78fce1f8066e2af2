"""A firm as a row of the roster's spreadsheet, and a row as a firm (名录导入导出格式)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from expert_pool.experts.lines import RowFault, formula_faults
from expert_pool.experts.sheet import Sheet, column_letters, plain
from trading.parties.commands import Line, OptionalLine, Uscc
from trading.web import FORM_ERRORS, _

COLUMNS: dict[str, str] = {
    "number": "名录编号",
    "org": "统一社会信用代码",
    "name": "企业名称",
    "trade": "专业",
    "band": "金额档",
    "grade": "等级",
    "listed_on": "入库日期",
    "licence": "营业执照编号",
    "licence_until": "营业执照有效期至",
    "qualification": "资质证书编号",
    "qualification_until": "资质证书有效期至",
    "safety": "安全生产许可证编号",
    "safety_until": "安全生产许可证有效期至",
    "legal_representative": "法定代表人",
    "phone": "联系电话",
    "address": "地址",
}
"""field: heading"""
NEEDED = ("org", "name", "trade", "band", "licence_until", "qualification_until", "safety_until")
KINDS = ("licence", "qualification", "safety")
REMEDIES = {
    "number": _("Leave it empty for somebody new."),
    "org": _("Write the 18 characters of the licence."),
    "trade": _("Write a trade of the roster's rules, by its name or key."),
    "band": _("Write a band such as 500000-2000000, or 50-200 in ten thousand yuan."),
    "grade": _("Write A, B or C, or nothing."),
    "phone": _("Write digits only, with the area code."),
    "listed_on": _("Write a day such as 2027-12-31."),
} | {f"{kind}_until": _("Write a day such as 2027-12-31.") for kind in KINDS}
"""what to do about a fault in a column"""

Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(\+?[0-9 ()-]{5,30})?$")]
Day = Annotated[date | None, BeforeValidator(lambda text: text or None)]


class Row(BaseModel):
    """One row that can be taken over, as far as it can be judged by itself."""

    number: Annotated[str, StringConstraints(pattern=r"^(R[0-9]{6})?$")] = ""
    org: Uscc
    name: Line
    trade: Line
    band: Line
    grade: Annotated[str, StringConstraints(pattern=r"^[ABC]?$")] = ""
    listed_on: Day = None
    licence: OptionalLine = ""
    licence_until: date
    qualification: OptionalLine = ""
    qualification_until: date
    safety: OptionalLine = ""
    safety_until: date
    legal_representative: OptionalLine = ""
    phone: Phone = ""
    address: OptionalLine = ""


def parse(sheet: Sheet) -> tuple[list[tuple[int, Row]], list[RowFault]]:
    """The rows that are right by themselves, and every fault of the others."""
    places = {heading: place for place, heading in enumerate(sheet.heading) if heading}
    if missing := [COLUMNS[name] for name in NEEDED if COLUMNS[name] not in places]:
        message = _(
            "The first row does not name these columns: ${names}", mapping={"names": "、".join(missing)}
        )
        return [], [RowFault(1, "", "", message, _("Take the headings from an exported file."))]
    formulas: dict[int, list[int]] = {}
    for number, column in sheet.formulas:
        formulas.setdefault(number, []).append(column)
    rows: list[tuple[int, Row]] = []
    faults: list[RowFault] = []
    for number, cells in sheet.rows:
        wrong = formula_faults(sheet.heading, number, cells, formulas.get(number, ()))
        values = {
            name: plain(cells[places[heading]])
            for name, heading in COLUMNS.items()
            if heading in places and places[heading] < len(cells)
        }
        try:
            if not wrong:
                rows.append((number, Row.model_validate(values)))
        except ValidationError as error:
            wrong = [cell_fault(places, number, item) for item in error.errors()]
        faults += wrong
    return rows, faults


def cell_fault(places: Mapping[str, int], number: int, item: Any) -> RowFault:
    """A fault of pydantic's, in our words and with its column."""
    name = str(item["loc"][0])
    message = FORM_ERRORS.get(item["type"]) or item.get("ctx", {}).get("error") or item["msg"]
    return fault_at(places, number, name, message.args[0] if isinstance(message, ValueError) else message)


def fault_at(places: Mapping[str, int], number: int, name: str, message: Any) -> RowFault:
    place = places.get(COLUMNS[name])
    letters = "" if place is None else column_letters(place)
    return RowFault(number, letters, COLUMNS[name], message, REMEDIES.get(name, ""))
