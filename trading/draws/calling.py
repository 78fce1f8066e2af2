"""Order, queues, calls and waves (排序、呼叫、应答): who is asked, and who sits on the panel.

The order is fixed by the seed. A call asks as many as the quotas still need; one wave settles everybody who was
asked. What comes of it depends on what was answered, never on how fast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trading.draws.announcement import HEX32, Params
from trading.draws.candidates import Row
from trading.draws.hashing import Family, prefix
from trading.draws.refusal import DrawError, malformed

Wave = Mapping[str, str]
"""handle → outcome: A accepts, D declines, N no answer, R recused; X an earlier member is removed."""

ANSWERS = frozenset("ADNR")
REMOVED = "X"


def tickets(family: Family, seed: bytes, handles: Iterable[str]) -> list[tuple[bytes, str]]:
    """(ticket, handle) ascending; ticket = H("ticket", seed, the handle's 32 bytes)."""
    digest, head = family.digest, prefix("ticket", seed) + (32).to_bytes(8, "big")
    return sorted((digest(head + bytes.fromhex(handle)), handle) for handle in handles)


def order(family: Family, seed: bytes, rows: Sequence[Row]) -> list[str]:
    """The eligible handles in the order of the draw."""
    return [name for _, name in tickets(family, seed, (row["h"] for row in rows if "x" not in row))]


def check_waves(value: Any) -> list[dict[str, str]]:
    """The waves, each of the right form; raises DrawError MALFORMED."""
    if type(value) is not list:
        raise malformed("waves")
    for wave in value:
        if type(wave) is not dict:
            raise malformed("a wave")
        for name, outcome in wave.items():
            if (
                not HEX32.fullmatch(name)
                or type(outcome) is not str
                or len(outcome) != 1
                or outcome not in "ADNRX"
            ):
                raise malformed("a wave's outcome")
    return value


class Calling:
    """The state of a draw after its order is known. `call` and `settle` take turns."""

    def __init__(self, params: Params, rows: Sequence[Row], ordered: Sequence[str]) -> None:
        self._params = params
        self._groups = {row["h"]: row["g"] for row in rows if "x" not in row}
        self._rank = {name: place for place, name in enumerate(ordered)}
        self._queues = _queues(params, rows, ordered)
        self._taken: Counter[str] = Counter()
        self._called: set[str] = set()
        self.pending: dict[str, str] = {}
        """handle → stratum of everybody called and not settled, in the order of the call."""
        self.members: dict[str, str] = {}
        """handle → stratum of everybody who accepted and was not removed."""
        self.calls: list[list[list[str]]] = []

    @property
    def order(self) -> list[str]:
        """The eligible handles in the order of the draw."""
        return list(self._rank)

    def call(self) -> list[list[str]]:
        """Ask as many as are missing: [[stratum, handle] …], perhaps nobody."""
        filled = Counter(self.members.values()) + Counter(self.pending.values())
        called = []
        for stratum in self._params.strata:
            missing = stratum.quota - filled[stratum.id]
            for name in self._next(stratum.id, missing):
                called.append([stratum.id, name])
        self.calls.append(called)
        return called

    def settle(self, wave: Wave) -> None:
        """Take one wave: an answer for everybody pending, X for members that are removed. Raises DrawError
        WAVE_UNSETTLED for anything else."""
        for name, outcome in wave.items():
            fits = outcome in ANSWERS if name in self.pending else name in self.members and outcome == REMOVED
            if not fits:
                raise DrawError("WAVE_UNSETTLED", name)
        for name in self.pending:
            if name not in wave:
                raise DrawError("WAVE_UNSETTLED", name)
        for name, outcome in wave.items():
            if outcome == REMOVED:
                del self.members[name]
        for name, stratum in self.pending.items():
            if wave[name] == "A":
                self.members[name] = stratum
        for name, outcome in wave.items():
            if outcome != "A":
                self._taken.subtract(self._groups[name])
        self.pending = {}

    def capped(self, name: str) -> bool:
        """Whether a candidate's group has as many members as the cap allows: it is passed over for now."""
        cap = self._params.cap
        return bool(cap) and any(self._taken[group] >= cap for group in self._groups[name])

    def panel(self) -> dict[str, list[str]]:
        """stratum → its members, in the order of the draw."""
        found: dict[str, list[str]] = {stratum.id: [] for stratum in self._params.strata}
        for name in sorted(self.members, key=self._rank.__getitem__):
            found[self.members[name]].append(name)
        return found

    def result(self, seed: bytes) -> dict[str, Any]:
        """{calls, panel, short, seed}; `short` counts the seats that could not be filled. Raises DrawError
        WAVE_UNSETTLED while somebody's answer is open."""
        if self.pending:
            raise DrawError("WAVE_UNSETTLED", next(iter(self.pending)))
        panel = self.panel()
        missing = {s.id: s.quota - len(panel[s.id]) for s in self._params.strata}
        short = {name: number for name, number in missing.items() if number > 0}
        return {"calls": self.calls, "panel": panel, "short": short, "seed": seed.hex()}

    def _next(self, stratum: str, missing: int) -> Iterator[str]:
        # One pass is enough: while a call is made, groups only fill up.
        if missing <= 0:
            return
        queue = self._queues[stratum]
        self._queues[stratum] = queue = [name for name in queue if name not in self._called]
        for name in queue:
            if name in self._called or self.capped(name):
                continue
            self._called.add(name)
            self._taken.update(self._groups[name])
            self.pending[name] = stratum
            yield name
            missing -= 1
            if not missing:
                return


def _queues(params: Params, rows: Sequence[Row], ordered: Sequence[str]) -> dict[str, list[str]]:
    """stratum → handles: those with its first tag in the order of the draw, then the fallbacks'."""
    tags = {row["h"]: row["s"] for row in rows if "x" not in row}
    by_tag: dict[str, list[str]] = {tag: [] for stratum in params.strata for tag in stratum.tags}
    for name in ordered:
        for tag in tags[name]:
            if tag in by_tag:
                by_tag[tag].append(name)
    return {s.id: list(dict.fromkeys(name for tag in s.tags for name in by_tag[tag])) for s in params.strata}
