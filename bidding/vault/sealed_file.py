"""The `.sealed` file: a whole sealed and signed bid as one tar, to carry or to upload.

USTAR, no compression, members in this order: policy.json, bid.json, bid.p7s, parts/<name>.bin. Times,
owners and modes are fixed, so the same bid is the same file.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from bidding.vault.encoding import EncodingError
from bidding.vault.manifest import Manifest, parse_manifest
from trading.tars import NOT_A_TAR, is_plain

_DOCUMENTS = ("policy.json", "bid.json", "bid.p7s")
_MAX_DOCUMENT = 4 << 20
_PART = re.compile(r"parts/([a-z0-9][a-z0-9-]{0,63})\.bin")


class SealedFileError(ValueError):
    """The file is not a `.sealed` file, or does not hold what its manifest says."""


@dataclass(frozen=True)
class SealedFile:
    """An opened `.sealed` file: the documents' bytes and the manifest as read; parts on demand."""

    policy: bytes
    manifest_raw: bytes
    cms: bytes
    manifest: Manifest
    _tar: tarfile.TarFile

    def part(self, name: str) -> IO[bytes]:
        """A reader of a part's ciphertext, valid while the file is open. Raises KeyError."""
        reader = self._tar.extractfile(f"parts/{name}.bin")
        if reader is None:
            raise KeyError(name)
        return reader


def write_sealed(
    out: BinaryIO, *, policy: bytes, manifest: bytes, cms: bytes, parts: Mapping[str, BinaryIO]
) -> None:
    """Writes the file. `parts` are readers of the ciphertexts by name, in any order; they are written
    in the manifest's. Raises SealedFileError unless they are exactly the manifest's parts."""
    sealed = parse_manifest(manifest)
    if {part.name for part in sealed.parts} != parts.keys():
        raise SealedFileError("the parts are not those of the manifest")
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in zip(_DOCUMENTS, (policy, manifest, cms), strict=True):
            tar.addfile(_member(name, len(data)), io.BytesIO(data))
        for part in sealed.parts:
            name = f"parts/{part.name}.bin"
            if not _PART.fullmatch(name):
                raise SealedFileError(f"{part.name!r} cannot be a file name")
            tar.addfile(_member(name, part.size), parts[part.name])


@contextmanager
def open_sealed(source: BinaryIO) -> Iterator[SealedFile]:
    """Opens a file for reading; nothing is unpacked to disk.

    Raises SealedFileError for other members, another order, sizes that are not the manifest's, or a
    file that ends early. Trees and signatures are for admission to check.
    """
    try:
        tar = tarfile.open(fileobj=source, mode="r:")  # noqa: SIM115 - closed below
    except NOT_A_TAR as error:
        raise SealedFileError(f"not a sealed bid: {error}") from error
    with tar:
        yield _read(tar)


def _read(tar: tarfile.TarFile) -> SealedFile:
    try:
        members = tar.getmembers()
        if tuple(m.name for m in members[:3]) != _DOCUMENTS or not all(map(is_plain, members)):
            raise SealedFileError("not a sealed bid")
        if any(m.size > _MAX_DOCUMENT for m in members[:3]):
            raise SealedFileError("a document is too large")
        policy, raw, cms = (_bytes(tar, m) for m in members[:3])
        manifest = parse_manifest(raw)
    except (*NOT_A_TAR, EncodingError) as error:
        raise SealedFileError(f"not a sealed bid: {error}") from error
    wanted = [(f"parts/{part.name}.bin", part.size) for part in manifest.parts]
    if [(m.name, m.size) for m in members[3:]] != wanted:
        raise SealedFileError("the parts are not those of the manifest")
    return SealedFile(policy, raw, cms, manifest, tar)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    return member


def _bytes(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    reader = tar.extractfile(member)
    if reader is None:
        raise SealedFileError("not a sealed bid")
    return reader.read()
