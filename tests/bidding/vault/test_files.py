"""The `.sealed` file and the key file."""

from __future__ import annotations

import io
import json
import os
import tarfile
from dataclasses import replace

import pytest

from bidding.vault.encoding import EncodingError
from bidding.vault.keyfile import KeyFile, WrongPassphrase, read_keyfile, write_keyfile
from bidding.vault.sealed_file import SealedFileError, open_sealed, write_sealed
from tests.bidding.vault.support import seal, world
from trading.ledger.canonical import dumps

BID = seal(world())
CMS = b"\x30\x00"


def sealed_file() -> bytes:
    out = io.BytesIO()
    readers = {name: io.BytesIO(data) for name, data in BID.ciphertexts.items()}
    write_sealed(out, policy=world().policy.raw, manifest=BID.manifest_raw, cms=CMS, parts=readers)
    return out.getvalue()


def test_a_sealed_file_gives_back_what_was_put_in() -> None:
    with open_sealed(io.BytesIO(sealed_file())) as sealed:
        assert (sealed.policy, sealed.manifest_raw, sealed.cms) == (
            world().policy.raw,
            BID.manifest_raw,
            CMS,
        )
        assert sealed.part("sheet").read() == BID.ciphertexts["sheet"]


def test_the_same_bid_is_the_same_file_in_the_agreed_order() -> None:
    assert sealed_file() == sealed_file()
    with tarfile.open(fileobj=io.BytesIO(sealed_file())) as tar:
        assert tar.getnames() == ["policy.json", "bid.json", "bid.p7s", "parts/sheet.bin"]


def rearranged(order: list[int], extra: str | None = None, link: bool = False) -> bytes:
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(sealed_file())) as source,
        tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        members = source.getmembers()
        for index in order:
            content = source.extractfile(members[index])
            if link and index == 3:
                members[3].type, members[3].size = tarfile.SYMTYPE, 0
            tar.addfile(members[index], content)
        if extra:
            tar.addfile(tarfile.TarInfo(extra))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 2000,
        rearranged([1, 0, 2, 3]),
        rearranged([0, 1, 2]),
        rearranged([0, 1, 2, 3], "parts/more.bin"),
        rearranged([0, 1, 2, 3], link=True),
        rearranged([0, 2, 2, 3]),
    ],
)
def test_a_file_in_another_shape_is_refused(data: bytes) -> None:
    with pytest.raises(SealedFileError), open_sealed(io.BytesIO(data)):
        pass


def test_parts_must_be_those_of_the_manifest() -> None:
    with pytest.raises(SealedFileError):
        write_sealed(io.BytesIO(), policy=b"{}", manifest=BID.manifest_raw, cms=CMS, parts={})


KEYS = KeyFile(world().policy.hash, BID.manifest.bid_id, BID.manifest.hash, BID.keys)


@pytest.fixture(scope="module")
def key_file() -> bytes:
    return write_keyfile(KEYS, "correct horse", os.urandom)


def test_a_key_file_opens_with_its_passphrase_only(key_file: bytes) -> None:
    assert read_keyfile(key_file, "correct horse") == KEYS
    with pytest.raises(WrongPassphrase):
        read_keyfile(key_file, "Correct horse")


def test_a_key_file_of_mode_dual_keeps_what_was_dealt_too() -> None:
    dual = replace(KEYS, dealt={"opening": bytes([7]) * 32})
    raw = write_keyfile(dual, "correct horse", os.urandom)
    assert read_keyfile(raw, "correct horse") == dual


def test_an_altered_or_weakened_key_file_does_not_open(key_file: bytes) -> None:
    document = json.loads(key_file)
    ct = document["ct"]
    with pytest.raises(WrongPassphrase):
        read_keyfile(dumps({**document, "ct": ("A" if ct[0] != "A" else "B") + ct[1:]}), "correct horse")
    for bad in ({"iterations": 1000}, {"kdf": "none"}, {"iv": "AAAA"}, {"more": 1}):
        with pytest.raises(EncodingError):
            read_keyfile(dumps({**document, **bad}), "correct horse")


def test_keys_are_not_shown_when_printed() -> None:
    assert BID.keys["opening"].hex() not in repr(KEYS)
    assert repr(BID.keys["opening"]) not in repr(KEYS)
