"""A whole draw, computed anew from its transcript: what anybody can do who holds the published files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trading.draws import calling, candidates, slips
from trading.draws.announcement import Params, parse_params
from trading.draws.hashing import Family, check_value, jcs
from trading.draws.refusal import DrawError, malformed
from trading.ledger import canonical

_PARTS = frozenset(("params", "rows", "commits", "slips", "beacon", "waves", "result", "openings"))


@dataclass(frozen=True)
class Replay:
    """What a transcript gives; hashes are 32 bytes, `order` holds the eligible handles."""

    params: Params
    announce: bytes
    freeze: bytes
    contributions: Mapping[str, bytes]
    seed: bytes
    tickets: list[tuple[bytes, str]]
    result: dict[str, Any]

    @property
    def order(self) -> list[str]:
        """The eligible handles in the order of the draw."""
        return [name for _, name in self.tickets]

    @property
    def result_hash(self) -> bytes:
        """What a supplementary draw names as `prev`."""
        return result_hash(self.params.family, self.announce, self.result)


def result_hash(family: Family, announce: bytes, result: Mapping[str, Any]) -> bytes:
    """H("result", ann, jcs(result))."""
    return family.tagged("result", announce, jcs(result))


def read_transcript(raw: bytes) -> Any:
    """The transcript of canonical JSON bytes; raises DrawError MALFORMED for any others."""
    try:
        return canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise malformed(str(error)) from error


def replay(transcript: Any, seen: frozenset[bytes] = frozenset()) -> Replay:
    """Compute the draw from its transcript; `seen` are the slips of other draws.

    Forms are judged first, all of them, then facts in the order of the ceremony. Raises DrawError."""
    if type(transcript) is not dict or transcript.keys() != _PARTS:
        raise malformed("the parts of a transcript")
    params = parse_params(transcript["params"])
    rows = candidates.check_rows(transcript["rows"])
    commits = slips.check_commits(params, transcript["commits"])
    revealed = slips.check_slips(transcript["slips"])
    beacon = check_beacon(transcript["beacon"])
    waves = calling.check_waves(transcript["waves"])
    check_value(transcript["result"], "result")
    openings = candidates.check_openings(transcript["openings"])

    candidates.check_list(params.family, rows, params.list_root, params.list_size)
    slips.check_revealed(params, commits, revealed, seen)
    if (params.beacon is None) != (beacon == ""):
        raise DrawError("BEACON_UNEXPECTED")
    frozen = slips.freeze(params, commits)
    seed = slips.seed(params, frozen, revealed, beacon)
    tickets = calling.tickets(params.family, seed, (row["h"] for row in rows if "x" not in row))
    result = _called(params, rows, [name for _, name in tickets], waves, seed)
    if jcs(result) != jcs(transcript["result"]):
        raise DrawError("RESULT_DIFFERS")
    candidates.check_opened(params.family, params.scope, rows, openings)
    shares = {party: slips.contribution(params, party, revealed[party]) for party in sorted(revealed)}
    return Replay(params, params.hash, frozen, shares, seed, tickets, result)


def check_beacon(value: Any) -> str:
    """A beacon's value: printable ASCII, "" for none; raises DrawError MALFORMED."""
    if type(value) is not str or not value.isascii() or not value.isprintable():
        raise malformed("beacon")
    return value


def _called(
    params: Params, rows: list[candidates.Row], ordered: list[str], waves: list[dict[str, str]], seed: bytes
) -> dict[str, Any]:
    state = calling.Calling(params, rows, ordered)
    state.call()
    for wave in waves:
        state.settle(wave)
        state.call()
    return state.result(seed)
