"""Containers from outside, tars and spreadsheets with damaged bytes, are read or refused in words (不良输入)."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidding.archive import service as archive
from bidding.evaluation import bidfiles
from bidding.vault.sealed_file import SealedFileError, open_sealed
from config.bidder.content import read_items
from config.bidder.hall import BidError
from trading.errors import Refused

BLOCK = 512


class Kept:
    """A file store that only counts."""

    def put(self, key: str, data: bytes) -> None:
        assert len(data) <= 1 << 20, "a few bytes unpacked to a great many"


def sealed(data: bytes) -> None:
    with open_sealed(io.BytesIO(data)) as file:
        for part in file.manifest.parts:
            file.part(part.name).read()


def one_of(data: bytes) -> None:
    for name, _ in bidfiles.listed(io.BytesIO(data)):
        bidfiles.one_file(io.BytesIO(data), name)


READERS: dict[str, tuple[Callable[[bytes], Any], tuple[type[Exception], ...]]] = {
    "a sealed bid": (sealed, (SealedFileError,)),
    "the list of a bid's files": (lambda data: bidfiles.listed(io.BytesIO(data)), ()),
    "one of a bid's files": (one_of, (Refused,)),
    "a package": (lambda data: archive._keep_files(Kept(), io.BytesIO(data)), (Refused,)),
}


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, io.BytesIO]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, io.BytesIO(data)


def tar(*members: tuple[tarfile.TarInfo, io.BytesIO], kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as made:
        for info, data in members:
            made.addfile(info, data)
    return out.getvalue()


def sparse() -> bytes:
    """A member of one block that says to be a terabyte (GNU.sparse 1.0)."""
    headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
        "GNU.sparse.name": "big", "GNU.sparse.realsize": str(1 << 40),
    }  # fmt: skip
    return tar(member("big", b"1\n0\n0\n".ljust(BLOCK, b"\0"), pax_headers=headers))


HONEST = [
    tar(member("policy.json", b"{}"), member("manifest.json", b"{}"), member("manifest.p7s", b"x")),
    tar(member("投标文件.pdf", b"%PDF-1.7"), member("a" * 150, b"y" * 700)),
    tar(member("技术.docx", b"PK"), kind=tarfile.GNU_FORMAT),
    sparse(),
    tar(member("link", type=tarfile.SYMTYPE, linkname="nowhere")),
    tar(member("hard", type=tarfile.LNKTYPE, linkname="../../etc/passwd")),
    tar(member("pipe", type=tarfile.FIFOTYPE), member("../up", b"1"), member("../up", b"2")),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A tar with some bytes of its headers changed, or cut off; the checksums of its blocks put right."""
    data = bytearray(draw(st.sampled_from(HONEST)))
    for _ in range(draw(st.integers(0, 3))):
        start = BLOCK * draw(st.integers(0, max(0, len(data) // BLOCK - 1)))
        at = start + draw(st.sampled_from([0, 100, 124, 136, 156, 157, 257, 345]) | st.integers(0, BLOCK - 9))
        new = draw(st.binary(min_size=1, max_size=8) | st.just(b"\x80" + b"\xff" * 7))
        data[at : at + len(new)] = new
        if draw(st.booleans()):
            block = data[start : start + 148] + b" " * 8 + data[start + 156 : start + BLOCK]
            data[start + 148 : start + 156] = b"%06o\0 " % sum(block)
    return bytes(data[: draw(st.just(len(data)) | st.integers(0, len(data)))])


@pytest.mark.parametrize("name", READERS)
@given(data=damaged())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_tar_is_read_or_refused_in_words(name: str, data: bytes) -> None:
    read, own = READERS[name]
    try:
        read(data)
    except own:
        return


@pytest.mark.parametrize("hostile", HONEST[3:], ids=["sparse", "link", "hard link", "pipe"])
def test_a_package_holds_plain_files_only_each_once(hostile: bytes) -> None:
    with pytest.raises(Refused, match=r"archive\.unreadable"):
        archive._keep_files(Kept(), io.BytesIO(hostile))


def spreadsheet(folder: Path) -> bytes:
    path = folder / "honest.xlsx"
    with xlsxwriter.Workbook(path) as book:
        # Its own time of creation would make other bytes every second.
        book.set_properties({"created": datetime(2026, 3, 2, tzinfo=UTC)})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "brand", "unit", "quantity", "unit_price"])
        sheet.write_row(1, 0, ["空调", "A", "台", 3, "2000.50"])
    return path.read_bytes()


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_list_of_items_is_read_or_refused_in_words(tmp_path: Path, data: st.DataObject) -> None:
    ending = data.draw(st.sampled_from([".xlsx", ".csv"]))
    honest = spreadsheet(tmp_path) if ending == ".xlsx" else "name,brand\n空调,A\n".encode()
    at = data.draw(st.integers(0, len(honest)))
    junk = data.draw(st.sampled_from([b"", b"\0", b"\xff\xfe", b'"', b",,,,,,,\n", b"x" * 200_000]))
    path = tmp_path / f"items{ending}"
    path.write_bytes(honest[:at] + junk + honest[at + data.draw(st.integers(0, 50)) :])
    try:
        read_items(path)
    except BidError:
        return
