"""What the answers of one round of calls come to (应答结算). Pure.

An outcome depends on what was answered in the window, not on how fast, nor on when it is asked for: the same records
always give the same wave. A record is a call record of the gateway (trading.voicing)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from trading.ledger import canonical
from trading.voicing import parse_record

ACCEPTED, DECLINED, SILENT, RECUSED = "A", "D", "N", "R"
_OF = {"accept": ACCEPTED, "decline": DECLINED}


def outcome(records: Sequence[bytes], until: datetime) -> str:
    """A, D or N of one person's calls, in the order in which they were made: the first one in which a key decided
    before the window ended."""
    for record in map(parse_record, records):
        if record.outcome in _OF and record.ended <= until:
            return _OF[record.outcome]
    return SILENT


def evidence(records: Sequence[bytes]) -> str:
    """SHA-256 (hex) of the records of one person's calls, joined by line feeds: of the record itself when there is
    one."""
    return hashlib.sha256(b"\n".join(records)).hexdigest()


WHY_UNCALLED = ("called", "employer", "no-number", "no-call")


def uncalled_record(draw: str, handle: str, nonce: str, why: str, earlier: str | None = None) -> bytes:
    """In the place of a call record, why somebody was not called: `called` in the earlier draw `earlier` already,
    `employer` has a seat from it (both are recused), `no-number` that can be called, `no-call` could be made in
    the window. `nonce` (hex) is that of the handle's opening, so that the record's hash tells nothing
    before it."""
    said = {"draw": draw, "h": handle, "nonce": nonce, "earlier": earlier, "why": why}
    return canonical.dumps({"v": 1, "typ": "ebid.uncalled"} | said)


def wave_document(
    draw: str, number: int, until: int, outcomes: Mapping[str, str], evidence_of: Mapping[str, str]
) -> bytes:
    """The wave, to be signed: everybody who was asked, with the hash of each one's records. `until` (Unix seconds) ended
    the window."""
    said = {"draw": draw, "number": number, "outcomes": dict(outcomes), "evidence": dict(evidence_of)}
    return canonical.dumps({"v": 1, "typ": "ebid.wave", "until": until} | said)
