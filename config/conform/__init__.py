"""`tradehall conform FILE…`: run test vectors against this implementation.

A file is recognised by its keys, a folder by its shape, neither by its name. Each case is computed anew
and every value it gives is compared. One line a case; the exit code is 0 only when all hold. A kind
that nobody knows, and a known kind in which no case ran, are errors.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Case = tuple[str, bool, str]
"""Name of the case, whether it holds, and details (the reason when it does not)."""


@dataclass(frozen=True)
class Kind:
    """A kind of vectors. `recognise` and `cases` take the file's JSON (None for a folder) and its path."""

    name: str
    recognise: Callable[[Any, Path], bool]
    cases: Callable[[Any, Path], Iterable[Case]]


def main(paths: Sequence[str]) -> int:
    """Runs the files and folders; returns the process's exit code."""
    if not paths:
        sys.stderr.write("usage: tradehall conform FILE…\n")
        return 2
    kinds = _kinds()
    ran, failed = 0, 0
    for path in paths:
        for name, holds, detail in _run(Path(path), kinds):
            ran += 1
            failed += not holds
            tail = f" - {detail}" if detail and not holds else ""
            sys.stdout.write(f"{'ok  ' if holds else 'FAIL'} {path}: {name}{tail}\n")
    sys.stdout.write(f"{ran} cases, {failed} failed\n")
    return 1 if failed else 0


def _kinds() -> list[Kind]:
    # Here and not above: these modules need Kind.
    from config.conform import draws, evaluation, formulas, ledger, scored_case, signatures, vault

    return [
        *vault.KINDS,
        *ledger.KINDS,
        *signatures.KINDS,
        *evaluation.KINDS,
        *scored_case.KINDS,
        *formulas.KINDS,
        *draws.KINDS,
    ]


def _run(path: Path, kinds: Sequence[Kind]) -> Iterator[Case]:
    try:
        data = None if path.is_dir() else _read(path)
    except (OSError, ValueError, RecursionError) as error:
        yield "unreadable", False, str(error)
        return
    kind = next((kind for kind in kinds if _recognised(kind, data, path)), None)
    if kind is None:
        yield "unknown kind", False, "no kind of vectors has these keys"
        return
    ran = 0
    try:
        for name, holds, detail in kind.cases(data, path):
            ran += 1
            yield f"{kind.name}: {name}", holds, detail
    except Exception as error:  # damaged vectors may break a reader anywhere; that is a failed case
        ran += 1
        yield f"{kind.name}: after {ran - 1} cases", False, f"{type(error).__name__}: {error}"
    if not ran:
        yield f"{kind.name}: no case", False, "the file holds no case that could be run"


def _recognised(kind: Kind, data: Any, path: Path) -> bool:
    try:
        return kind.recognise(data, path)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError):
        return False


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes(), object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result
