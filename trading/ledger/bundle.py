"""The audit bundle (审计包): files in, one deterministic tar out (docs/protocols/bundle.md).

One manifest serves both tiers: the public bundle leaves out the regulator's files and still names them.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import BinaryIO

from trading.ledger import canonical
from trading.ledger.checkpoint import NoteSignature, VerifierKey

MANIFEST, NOTE = "MANIFEST.json", "MANIFEST.note"
_CHUNK = 1 << 20

File = bytes | Path
Sign = Callable[[bytes], bytes]
"""An Ed25519 signature (64 bytes) over the given bytes."""


def build_manifest(
    tender: str, created: str, files: Mapping[str, File], regulator: Collection[str], *, edition: str = ""
) -> bytes:
    """The bytes of MANIFEST.json; `regulator` are the paths that the public does not get. `edition` "sealed"
    is about a tender that ended unopened: it holds nothing of its bids and has a manifest of its own.

    `created` is RFC 3339 UTC with three decimals. Raises ValueError when `regulator` names no file.
    """
    strangers = set(regulator) - set(files)
    if strangers:
        raise ValueError(f"not among the files: {sorted(strangers)}")
    rows = []
    for path in sorted(files, key=str.encode):
        size, digest = _measure(files[path])
        tier = "regulator" if path in regulator else "public"
        rows.append({"path": path, "size": size, "sha256": digest, "tier": tier})
    document = {"v": 1, "typ": "ebid.bundle", "tender": tender, "created": created, "files": rows}
    return canonical.dumps(document | ({"edition": edition} if edition else {}))


def sign_manifest(manifest: bytes, key: VerifierKey, sign: Sign) -> bytes:
    """MANIFEST.note: a signed note by the log's key over the manifest's hash."""
    text = f"tradehall-bundle/v1\n{hashlib.sha256(manifest).hexdigest()}\n"
    return f"{text}\n{NoteSignature(key.name, key.key_id, sign(text.encode())).line}".encode()


def write_bundle(
    out: BinaryIO, files: Mapping[str, File], manifest: bytes, note: bytes, *, left_out: Collection[str] = ()
) -> str:
    """Write the tar to `out` and return its SHA-256 in hex; `left_out` (the regulator's paths, for the
    public bundle) are not written. The same files always give the same bytes."""
    members: dict[str, File] = {p: content for p, content in files.items() if p not in left_out}
    members |= {MANIFEST: manifest, NOTE: note}
    target = _Hashing(out)
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(members, key=str.encode):
            _add(tar, path, members[path])
    return target.digest.hexdigest()


class _Hashing(io.RawIOBase):
    """Passes bytes on and hashes them."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.digest.update(data)
        self._out.write(data)
        return len(data)


def _measure(content: File) -> tuple[int, str]:
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    digest, size = hashlib.sha256(), 0
    with content.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _add(tar: tarfile.TarFile, path: str, content: File) -> None:
    info = tarfile.TarInfo(path)  # mtime, uid and gid are 0, mode is 0644, no names
    if isinstance(content, bytes):
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
        return
    info.size = content.stat().st_size
    with content.open("rb") as stream:
        tar.addfile(info, stream)
