"""The audit bundle's container."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trading.ledger import bundle
from trading.ledger.checkpoint import LOG_KEY, verifier_key, verify_note

CREATED = "2026-12-01T00:00:00.000Z"
FILES = {"b/2.json": b"{}", "a.json": b"[]", "b/1.bin": b"\x00" * 1000}


def pack(files: dict[str, bundle.File], left_out: frozenset[str] = frozenset()) -> tuple[bytes, str]:
    manifest = bundle.build_manifest("T-1", CREATED, files, {"b/1.bin"})
    out = io.BytesIO()
    digest = bundle.write_bundle(out, files, manifest, b"note", left_out=left_out)
    return out.getvalue(), digest


def test_members_are_sorted_and_carry_no_time_owner_or_order_of_the_caller() -> None:
    raw, digest = pack(dict(FILES))
    assert (raw, digest) == pack(dict(reversed(FILES.items())))
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        members = tar.getmembers()
    assert [m.name for m in members] == ["MANIFEST.json", "MANIFEST.note", "a.json", "b/1.bin", "b/2.json"]
    assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in members} == {(0, 0, 0, "", "", 0o644)}


def test_a_file_from_disk_gives_the_same_bundle_as_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(FILES["b/1.bin"])
    assert pack({**FILES, "b/1.bin": tmp_path / "part"}) == pack(dict(FILES))


def test_the_public_bundle_leaves_out_the_regulators_files_but_lists_them() -> None:
    raw, _ = pack(dict(FILES), frozenset({"b/1.bin"}))
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        assert "b/1.bin" not in tar.getnames()
        listed = json.loads(tar.extractfile("MANIFEST.json").read())["files"]  # type: ignore[union-attr]
    assert {row["path"]: row["tier"] for row in listed} == {
        "a.json": "public",
        "b/1.bin": "regulator",
        "b/2.json": "public",
    }


def test_a_tier_for_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="not among the files"):
        bundle.build_manifest("T-1", CREATED, FILES, {"c.json"})


def test_the_manifest_is_signed_as_a_note_by_the_logs_key() -> None:
    seed = bytes(range(32))
    key = verifier_key("log.example", LOG_KEY, seed)
    note = bundle.sign_manifest(b"manifest", key, Ed25519PrivateKey.from_private_bytes(seed).sign)
    assert verify_note(note.decode(), key).startswith("tradehall-bundle/v1\n")
