"""A whole hall as an operator starts it: `tradehall run` as a process of its own, and what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.supervisor import Family, Hall

PATIENCE = 180
"""seconds that the hall may take to open, or to end, on a busy machine"""


@dataclass
class HallProcess:
    """A running `tradehall run`; `temporary` is where it and its children may put temporary files."""

    hall: Hall
    root: subprocess.Popen[str]
    temporary: Path

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to this hall, also those that have left its family (PostgreSQL)."""
        return processes_of(self.hall.state)

    def left_files(self) -> list[str]:
        """Temporary files; the user's own runtime folder (XDG), where the machine has none, is not the hall's."""
        runtime = self.temporary / f"runtime-{os.getuid()}"
        return [str(path) for path in self.temporary.iterdir() if path != runtime]

    def end(self) -> int:
        """SIGTERM to the supervisor alone; returns its exit code."""
        self.root.send_signal(signal.SIGTERM)
        return self.root.wait(PATIENCE)


def processes_of(state: Path) -> list[psutil.Process]:
    """The processes that name this state folder in their command, work in it or were told of it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            said = [*process.cmdline(), process.cwd(), process.environ().get("TRADEHALL_STATE", "")]
            if process.pid != os.getpid() and any(str(state) in text for text in said):
                found.append(process)
    return found


@contextmanager
def run_hall(folder: Path) -> Iterator[HallProcess]:
    """`tradehall run` with its state under `folder` (whose name is short: a socket lies in it), on a free
    port, with the demonstration's people. Whatever still runs when the block ends is killed."""
    state, temporary = folder / "s", folder / "tmp"
    temporary.mkdir()
    inherited = {
        k: v for k, v in os.environ.items() if not k.startswith(("TRADEHALL_", "DATABASE_URL", "REDIS_URL"))
    }
    command = [sys.executable, "-m", "config.cli", "run", "--port", "0", "--state", str(state)]
    with (folder / "run.err").open("w") as errors:
        root = subprocess.Popen(
            command,
            env=inherited | {"TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        url = opened_at(root, folder / "run.err")
        environment = sequencers_environment(root)
        yield HallProcess(Hall(url, environment, state, Family(environment, state / "log")), root, temporary)
    finally:
        for process in processes_of(state):
            with suppress(psutil.Error):
                process.kill()
        root.wait(PATIENCE)


def opened_at(root: subprocess.Popen[str], errors: Path) -> str:
    """The address that the hall prints once it is open. Raises AssertionError with what it said instead."""
    assert root.stdout is not None
    for line in root.stdout:
        if found := re.search(r"Tradehall is open:\s+(\S+)", line):
            return found[1]
    raise AssertionError(f"the hall did not open: {errors.read_text()}")


def sequencers_environment(root: subprocess.Popen[str]) -> dict[str, str]:
    """The environment that the supervisor gives its children, as one of them has it."""
    children = psutil.Process(root.pid).children()
    return next(dict(child.environ()) for child in children if "sequencer" in child.cmdline())
