"""Tars that strangers made: only their plain files are looked at."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

NOT_A_TAR = (tarfile.TarError, ValueError, OverflowError, EOFError)
"""What the parser raises on hostile bytes."""


def plain_files(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The plain files. A sparse one says its size itself: a few bytes that unpack to terabytes."""
    return (member for member in archive if is_plain(member))


def is_plain(member: tarfile.TarInfo) -> bool:
    return member.isreg() and not member.issparse()
