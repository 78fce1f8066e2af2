"""Where tests let servers keep their files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""bytes that must be free in memory before servers keep their files there"""


@contextmanager
def server_folder() -> Iterator[Path]:
    """A folder for the time being, in memory where the machine has such a place with room: a database is 700
    files, and on a disk making and removing them takes longer than most tests. Its name is short, since
    a socket lies in it."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(prefix="th-", dir=MEMORY if roomy else None) as folder:
        yield Path(folder)
