"""What a person is told when something cannot be done.

One exception carries everything a page or a JSON answer needs: what was wrong, where (the field),
which rule with its article, and what to do next. Raising it changes nothing: the transaction rolls
back. `code` is stable and documented; the words are translated where they are shown.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `field` is a form field's name or ""; `rule` an article such as
    "TBR 16"; `remedy` says what to do next."""

    code: str
    message: str
    field: str = ""
    rule: str = ""
    remedy: str = ""


class Refused(Exception):
    """An act that the rules or the state of things do not allow; carries every fault at once."""

    def __init__(self, faults: Sequence[Fault] | Fault) -> None:
        self.faults = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("; ".join(f"{f.code}: {f.message}" for f in self.faults))


def refuse(code: str, message: str, *, field: str = "", rule: str = "", remedy: str = "") -> Refused:
    """A `Refused` with one fault, to be raised by the caller."""
    return Refused(Fault(code, message, field, rule, remedy))


def kind_of(error: BaseException) -> str:
    """What of an error may stand in a log or a table: its class, a refusal's codes or the database's code, and
    the line that raised it. Never its words: they may name who bids, which nobody may read before the
    deadline."""
    codes = " ".join(fault.code for fault in error.faults) if isinstance(error, Refused) else ""
    codes = codes or getattr(getattr(error, "orig", error), "sqlstate", None) or ""
    steps = traceback.extract_tb(error.__traceback__)
    place = f"at {Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else ""
    return " ".join(filter(None, (type(error).__name__, codes, place)))


def trace_of(error: BaseException) -> str:
    """The calls that led to an error and to those that caused it, with `kind_of` in place of their words."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = trace_of(cause) if cause is not None else ""
    return before + "".join(traceback.format_tb(error.__traceback__)) + kind_of(error) + "\n"
