"""Spreadsheets of the pool: what is written reads back the same, and no formula goes in or out."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from expert_pool.experts import sheet

CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="_\u2028\u2029\u0085"), max_size=12
) | st.sampled_from(
    ["=1+1", "+86 755", "-1", "@SUM(A1)", "'quoted", "''=x", '=HYPERLINK("http://x")', "<b>&amp;"]
)
TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6)
)


@given(CELLS)
def test_a_marked_text_is_no_formula_and_is_told_back(text: str) -> None:
    marked = sheet.neutral(text)
    assert not marked.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert sheet.plain(marked) == text


@settings(max_examples=25, deadline=None)
@given(TABLES)
def test_what_is_written_reads_back_the_same(table: list[list[str]]) -> None:
    heading = [f"c{number}" for number in range(len(table[0]))]
    found = sheet.read(sheet.write(heading, table))
    assert found.heading == heading and found.formulas == []
    back = {number: [sheet.plain(cell) for cell in row] for number, row in found.rows}
    for number, row in enumerate(table, start=2):
        assert [cell.strip() for cell in back.get(number, [""] * len(row))] == [cell.strip() for cell in row]


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=80).map(lambda data: b"PK\x03\x04" + data))
def test_no_bytes_bring_the_reader_down(raw: bytes) -> None:
    with pytest.raises(sheet.Unreadable):
        sheet.read(raw)


def test_a_formula_is_told_by_its_cell_whatever_value_lies_beside_it() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["姓名", "年限"])
        page.write_formula("B3", "=1+8", value=9)
    assert sheet.read(out.getvalue()).formulas == [(3, 1)]


def test_a_formula_that_hides_its_cell_is_refused() -> None:
    hidden = replaced(
        sheet.write(["a"], [["1"]]), b"</sheetData>", b'<row r="9"><c><f>1+1</f></c></row></sheetData>'
    )
    with pytest.raises(sheet.Unreadable, match="formula"):
        sheet.read(hidden)


def replaced(raw: bytes, old: bytes, new: bytes) -> bytes:
    """The file with other bytes in its sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            target.writestr(info.filename, data.replace(old, new) if "worksheets" in info.filename else data)
    return out.getvalue()


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = sheet.write(["a"], [["x" * 30_000]])
    monkeypatch.setattr(sheet, "UNPACKED", 20_000)
    with pytest.raises(sheet.Unreadable, match="large"):
        sheet.read(raw)


def test_a_file_with_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "ROWS", 3)
    with pytest.raises(sheet.Unreadable, match="rows"):
        sheet.read(sheet.write(["a"], [["1"]] * 4))


def test_columns_are_named_as_readers_see_them() -> None:
    assert [sheet.column_letters(number) for number in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert all(sheet.column_number(sheet.column_letters(number)) == number for number in range(2000))
