"""A person as a row of the pool's spreadsheet, and a row as a person (导入导出格式)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError, model_validator

from expert_pool.experts.commands import (
    Codes,
    IdentityNumber,
    Region,
    Years,
)
from expert_pool.experts.person import RELATIONS, Interest, PoolExpert
from expert_pool.experts.sheet import TEXT, Sheet, column_letters, is_formula, plain
from trading.errors import Refused
from trading.parties.codes import parse as parse_uscc
from trading.parties.commands import Line, OptionalLine, Phone, Uscc
from trading.web import FORM_ERRORS, _

COLUMNS: dict[str, str] = {
    "number": "编号",
    "name": "姓名",
    "phone": "联系电话",
    "employer": "工作单位代码",
    "employer_name": "工作单位",
    "region": "地区",
    "specialities": "专业",
    "title": "职称",
    "years": "从业年限",
    "login": "登录名",
    "official_of": "监管的地区或部门",
    "status": "状态",
    "trained_until": "培训有效期至",
    "interests": "利害关系",
    "id_number": "证件号码",
    "identity": "证件承诺",
}
"""field: heading. The number of the identity document is never written out, its commitment is."""
NEEDED = ("name", "phone", "employer", "employer_name", "region", "specialities", "title", "years")
STATUSES = {"candidate": "候选", "active": "在库", "suspended": "暂停", "left": "退出"}
RELATION_WORDS = dict(
    zip(
        RELATIONS,
        ("劳动关系", "董事", "监事", "股东", "配偶", "直系血亲", "旁系血亲", "近姻亲", "其他"),
        strict=True,
    )
)


@dataclass(frozen=True)
class RowFault:
    """What is wrong with one cell: the row as the reader sees it, the column's letters and heading, what, and
    what to do about it."""

    row: int
    column: str
    heading: str
    message: str
    remedy: str = ""


def _parts(text: Any) -> Any:
    return [part.strip() for part in text.replace("；", ";").split(";")] if isinstance(text, str) else text


def _interests(text: Any) -> Any:
    """`91…;股东;2024-01-01;2025-12-31` each, one under the other; the last day may be missing."""
    if not isinstance(text, str):
        return text
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        org, relation, since, until = [*_parts(line), "", "", ""][:4]
        known = {words: code for code, words in RELATION_WORDS.items()}
        try:
            ends = date.fromisoformat(until) if until else None
            tie = Interest(parse_uscc(org), known[relation], date.fromisoformat(since), ends)
        except (ValueError, KeyError, Refused) as error:
            raise ValueError(
                _("Write each tie on a line of its own: code; relation; since; until")
            ) from error
        if ends is not None and ends < tie.since:
            raise ValueError(_("The end is before the beginning"))
        found.append(tie)
    return tuple(found)


def _status(text: Any) -> Any:
    return {words: code for code, words in STATUSES.items()}.get(text, text)


def _blank(text: Any) -> Any:
    return None if text == "" else text


class Row(BaseModel):
    """One row that can be taken over."""

    number: Annotated[str, StringConstraints(pattern=r"^(E[0-9]{6})?$")] = ""
    name: Line
    phone: Phone
    employer: Uscc
    employer_name: Line
    region: Region
    specialities: Annotated[Codes, BeforeValidator(_parts)]
    title: Line
    years: Years
    login: OptionalLine = ""
    official_of: OptionalLine = ""
    status: Annotated[str, BeforeValidator(_status), StringConstraints(pattern=r"^(candidate|active|suspended|left)?$")] = ""  # fmt: skip
    trained_until: Annotated[date | None, BeforeValidator(_blank)] = None
    interests: Annotated[tuple[Interest, ...], BeforeValidator(_interests)] = ()
    id_number: Annotated[IdentityNumber | None, BeforeValidator(_blank)] = None
    identity: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    @model_validator(mode="before")
    @classmethod
    def _all_texts(cls, values: dict[str, Any]) -> dict[str, Any]:
        for text in values.values():
            if isinstance(text, str) and len(text) > TEXT:
                raise ValueError(_("A cell is too long"))
        return values

    @property
    def official(self) -> tuple[str, ...]:
        return tuple(filter(None, _parts(self.official_of)))


REMEDIES = {
    "employer": _("Write the 18 characters of the licence."),
    "region": _("Write the six digits of the region, such as 440300."),
    "specialities": _("Write codes such as B03.01.01, separated by semicolons."),
    "phone": _("Write digits only, with the area code."),
    "status": _("Write 候选, 在库, 暂停 or 退出, or nothing."),
    "number": _("Leave it empty for somebody new."),
    "trained_until": _("Write a day such as 2027-12-31."),
    "identity": _("Leave it as it was exported."),
    "id_number": _("Compare the number with the document."),
    "years": _("Write whole years."),
}
"""What to do about a fault in a column."""


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
    rows, faults = [], []
    for number, cells in sheet.rows:
        wrong = formula_faults(sheet.heading, number, cells, formulas.get(number, ()))
        found = wrong or parse_row(places, number, cells)
        if isinstance(found, Row):
            rows.append((number, found))
        else:
            faults += found
    return rows, faults


def formula_faults(
    heading: Sequence[str], number: int, cells: Sequence[str], columns: Sequence[int]
) -> list[RowFault]:
    found = sorted({*columns, *(place for place, text in enumerate(cells) if is_formula(text))})
    return [
        RowFault(
            number,
            column_letters(column),
            heading[column] if column < len(heading) else "",
            _("Formulas are not taken"),
            _("Write the value itself."),
        )
        for column in found
    ]


def parse_row(places: Mapping[str, int], number: int, cells: Sequence[str]) -> Row | list[RowFault]:
    """The row of some cells, or all its faults."""
    values = {
        name: plain(cells[places[heading]])
        for name, heading in COLUMNS.items()
        if heading in places and places[heading] < len(cells)
    }
    try:
        return Row.model_validate(values)
    except ValidationError as error:
        return [cell_fault(places, number, item) for item in error.errors()]


def cell_fault(places: Mapping[str, int], number: int, item: Any) -> RowFault:
    """A fault of pydantic's, in our words and with its column."""
    name = str(item["loc"][0]) if item["loc"] else ""
    message = FORM_ERRORS.get(item["type"]) or item.get("ctx", {}).get("error") or item["msg"]
    return fault_at(places, number, name, message.args[0] if isinstance(message, ValueError) else message)


def fault_at(places: Mapping[str, int], number: int, name: str, message: Any) -> RowFault:
    """A fault in the column of a field."""
    heading = COLUMNS.get(name, "")
    letters = column_letters(places[heading]) if heading in places else ""
    return RowFault(number, letters, heading, message, REMEDIES.get(name, ""))


def row_of(person: PoolExpert, login: str, identity: bytes) -> list[str]:
    """A person as the cells of its row."""
    ties = [
        ";".join([tie.org, RELATION_WORDS[tie.relation], tie.since.isoformat(), tie.until.isoformat() if tie.until else ""])
        for tie in person.interests
    ]  # fmt: skip
    cells = {
        "number": person.number,
        "name": person.name,
        "phone": person.phone,
        "employer": person.employer,
        "employer_name": person.employer_name,
        "region": person.region,
        "specialities": ";".join(person.specialities),
        "title": person.title,
        "years": str(person.years),
        "login": login,
        "official_of": ";".join(person.official_of),
        "status": STATUSES[person.status],
        "trained_until": person.trained_until.isoformat() if person.trained_until else "",
        "interests": "\n".join(ties),
        "id_number": "",
        "identity": identity.hex(),
    }
    return [cells[name] for name in COLUMNS]
