"""What a provider of credit lists tells (信用名单): versions, and the lines of some subjects. Pure values of the port
`trading.interfaces.ICreditRecords`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

KINDS = ("red", "black", "bribery")
"""守信红榜, 失信黑名单, 行贿犯罪记录"""


@dataclass(frozen=True)
class Version:
    """A list as its publisher issued it. `sha256` is of the exact bytes that were signed."""

    kind: str
    version: str
    source: str
    published: date
    sha256: str


@dataclass(frozen=True)
class Line:
    """One line. `id` is the enterprise's social credit code; `person` names a person of it, "" for the enterprise
    itself. `until` is the last day, None for no end."""

    id: str
    name: str
    person: str
    decision: str
    since: date
    until: date | None

    def document(self) -> dict[str, Any]:
        """The line as JSON."""
        until = self.until.isoformat() if self.until else None
        return asdict(self) | {"since": self.since.isoformat(), "until": until}


def line_of(document: Mapping[str, Any]) -> Line:
    """The line that `document` gave. Raises KeyError, ValueError or TypeError for anything else."""
    texts = {name: document[name] for name in ("id", "name", "person", "decision")}
    if not all(isinstance(text, str) for text in texts.values()) or not texts["decision"]:
        raise ValueError("a line is made of texts, with a decision's number")
    since = date.fromisoformat(document["since"])
    until = date.fromisoformat(document["until"]) if document["until"] else None
    if until is not None and until < since:
        raise ValueError("the end is before the beginning")
    return Line(**texts, since=since, until=until)
