"""One round of calls as the device remembers it (一轮通知): whom it asks, which calls it has placed, what came of them.

Pure: facts in, next steps out; the device (config/site.py) keeps a round durably before it acts on it. What was
placed stays placed: a device that starts again asks for the same calls by the same keys, and calls nobody twice.
Instants are aware."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from expert_pool.calls import script, settling
from trading.clock import parse_rfc3339
from trading.voicing import parse_record

LATE = timedelta(seconds=10)
"""after the window a call that is hung up has so long to end, and the gateway to tell of it"""


@dataclass(frozen=True)
class Insistence:
    """How stubbornly somebody is called who does not answer: calls at most, and the pause between two."""

    calls: int = 3
    pause: timedelta = timedelta(seconds=30)


@dataclass
class Text:
    """A text message to somebody who was called; `key` makes the gateway send it once."""

    handle: str
    key: str
    words: str
    sent: bool = False


@dataclass
class Round:
    """The calls of one wave. `call` pairs stratum and handle, `numbers` gives each one's telephone, `nonces` that of
    the opening, `until` ends the window (Unix seconds); `recused` gives of those who are not called at all why, and the
    earlier draw."""

    draw: str
    number: int
    until: int
    at: str
    place: str
    specialities: dict[str, str]
    call: list[list[str]]
    numbers: dict[str, str]
    nonces: dict[str, str]
    recused: dict[str, list[str]] = field(default_factory=dict)
    placed: dict[str, list[str]] = field(default_factory=dict)
    records: dict[str, list[str]] = field(default_factory=dict)
    impossible: list[str] = field(default_factory=list)
    """handles of those whom no gateway calls"""
    texts: list[Text] = field(default_factory=list)
    wave: dict[str, str] | None = None

    @property
    def name(self) -> str:
        return f"{self.draw}-{self.number}"

    @property
    def window_ends(self) -> datetime:
        return datetime.fromtimestamp(self.until, UTC)

    @property
    def begins(self) -> datetime:
        """When the session begins."""
        return parse_rfc3339(self.at)

    def records_of(self, handle: str) -> list[bytes]:
        """What the gateway recorded of the calls to one person, in their order."""
        return [record.encode() for record in self.records.get(handle, [])]

    def evidence_of(self, handle: str) -> str:
        """The hash that stands in the wave."""
        records = self.records_of(handle)
        if not records:
            why = self.recused.get(handle) or ["no-number" if self._hopeless(handle) else "no-call"]
            records = [settling.uncalled_record(self.draw, handle, self.nonces[handle], *why)]
        return settling.evidence(records)

    def outcomes(self) -> dict[str, str]:
        """handle → A, D, N or R by what is known now."""
        return {
            handle: settling.RECUSED
            if handle in self.recused
            else settling.outcome(self.records_of(handle), self.window_ends)
            for _stratum, handle in self.call
        }

    def document(self) -> bytes:
        """The wave to be signed."""
        evidence = {handle: self.evidence_of(handle) for _stratum, handle in self.call}
        return settling.wave_document(self.draw, self.number, self.until, self.outcomes(), evidence)

    def under_way(self) -> dict[str, str]:
        """handle → key of its call that has been placed and has no record yet."""
        return {
            handle: keys[-1]
            for handle, keys in self.placed.items()
            if len(self.records.get(handle, [])) < len(keys)
        }

    def to_place(self, at: datetime, insist: Insistence, key: Callable[[], str]) -> dict[str, str]:
        """handle → key of the calls that are due now; they are in `placed` from here on, to be kept before anybody
        is called."""
        if at >= self.window_ends:
            return {}
        due = {h: key() for _stratum, h in self.call if self._due(h, at, insist)}
        for handle, new in due.items():
            self.placed.setdefault(handle, []).append(new)
        return due

    def _due(self, handle: str, at: datetime, insist: Insistence) -> bool:
        if self._hopeless(handle):
            return False
        keys, records = self.placed.get(handle, []), self.records_of(handle)
        if not keys:
            return True
        if len(records) < len(keys) or self._decided(handle) or len(keys) >= insist.calls:
            return False
        return at >= parse_record(records[-1]).ended + insist.pause

    def _decided(self, handle: str) -> bool:
        return settling.outcome(self.records_of(handle), self.window_ends) != settling.SILENT

    def take(self, handle: str, record: bytes) -> None:
        """The record of the call to `handle` that was under way."""
        self.records.setdefault(handle, []).append(record.decode())

    def give_up(self, handle: str) -> None:
        """The gateway will never make the call that was under way: it has no record, and there is no other."""
        self.placed[handle].pop()
        self.impossible.append(handle)

    def settled(self, at: datetime, insist: Insistence) -> bool:
        """Whether nothing can change the outcomes any more: everybody has answered or was called as often as is
        due, or the window has ended and its calls with it."""
        if self.wave is not None:
            return True
        if self.under_way():
            return at >= self.window_ends + LATE
        over = at >= self.window_ends
        return all(over or self._done(handle, insist) for _stratum, handle in self.call)

    def _done(self, handle: str, insist: Insistence) -> bool:
        tried = len(self.placed.get(handle, [])) >= insist.calls
        return self._hopeless(handle) or self._decided(handle) or tried

    def _hopeless(self, handle: str) -> bool:
        return handle in self.recused or handle in self.impossible or handle not in self.numbers

    def session_of(self, stratum: str) -> script.Session:
        """What somebody of this stratum may be told. Raises script.TellsTooMuch, KeyError."""
        return script.Session(self.begins, self.place, self.specialities[stratum])

    def write_texts(self, words: Callable[[Any], str], key: Callable[[], str], at: datetime) -> None:
        """The messages after the wave: the session to those who accepted; to those who were called in vain, that they
        are marked so since `at`."""
        self.texts = []
        for stratum, handle in self.call:
            outcome, session = self.outcomes()[handle], self.session_of(stratum)
            if outcome == settling.ACCEPTED:
                self.texts.append(Text(handle, key(), words(script.accepted(session))))
            elif outcome == settling.SILENT and handle in self.numbers:
                self.texts.append(Text(handle, key(), words(script.skipped(session, at))))

    def accepted(self) -> list[str]:
        """The handles that this round's wave gave a seat."""
        if self.wave is None:
            return []
        return [handle for handle, outcome in self.outcomes().items() if outcome == settling.ACCEPTED]


def to_bytes(found: Round) -> bytes:
    return json.dumps(asdict(found), ensure_ascii=False).encode()


def from_bytes(raw: bytes) -> Round:
    said: Mapping[str, Any] = json.loads(raw)
    return Round(**{**said, "texts": [Text(**row) for row in said["texts"]]})
