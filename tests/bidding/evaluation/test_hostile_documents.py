"""What a bidder may hand in as documents: names in any code, tars that are meant to hurt."""

from __future__ import annotations

import io
import tarfile

import pytest

from bidding.evaluation import bidfiles
from trading.errors import Refused


def member(name: str, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(made, field, value)
    return made


def test_names_in_gb18030_can_be_read_and_downloaded() -> None:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.GNU_FORMAT, encoding="gb18030") as archive:
        archive.addfile(member("报价/明细.pdf", size=3), io.BytesIO(b"abc"))
    assert bidfiles.listed(io.BytesIO(tar.getvalue())) == [("报价/明细.pdf", 3)]
    assert bidfiles.one_file(io.BytesIO(tar.getvalue()), "报价/明细.pdf") == b"abc"
    bidfiles.header_name("报价/明细.pdf").encode("ascii")


def sparse(size: int) -> bytes:
    """A tar of a kilobyte and a half with one file that claims `size` bytes of nothing."""
    header = bytearray(member("big.pdf", type=tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
    header[386:398], header[398:410] = b"%011o\0" % size, b"%011o\0" % 0
    header[482:495] = b"\0" + b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


def test_a_file_that_is_larger_than_what_was_sent_is_not_unpacked() -> None:
    bomb = sparse(8 << 30)
    assert bidfiles.listed(io.BytesIO(bomb)) == []
    with pytest.raises(Refused):
        bidfiles.one_file(io.BytesIO(bomb), "big.pdf")


def test_a_tar_of_countless_files_lists_only_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bidfiles, "MOST_LISTED", 3)
    tar = b"".join(member(f"{n}.txt").tobuf(tarfile.USTAR_FORMAT) for n in range(10)) + bytes(1024)
    assert len(bidfiles.listed(io.BytesIO(tar))) == 3


def test_a_broken_extended_header_lists_as_nothing() -> None:
    record = b"20 GNU.sparse.map=x\n"
    body = record.ljust(512, b"\0")
    header = member("x", type=tarfile.XHDTYPE, size=len(record)).tobuf(tarfile.USTAR_FORMAT)
    tar = header + body + member("a.pdf").tobuf(tarfile.USTAR_FORMAT) + bytes(1024)
    assert bidfiles.listed(io.BytesIO(tar)) == []
    with pytest.raises(Refused):
        bidfiles.one_file(io.BytesIO(tar), "a.pdf")
