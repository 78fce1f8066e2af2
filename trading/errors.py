"""What a person is told when something cannot be done.

One exception carries everything a page or a JSON answer needs: what was wrong, where (the field),
which rule with its article, and what to do next. Raising it changes nothing: the transaction rolls
back. `code` is stable and documented; the words are translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
