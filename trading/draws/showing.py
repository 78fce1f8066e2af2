"""What the hall shows of a draw (公示): to the services that hold it, to everybody, and into the bundle.

Who stands behind a handle is in `openings.json` alone; who may know of a draw at all, `secrecy` says."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from trading.clock import database_now
from trading.draws import ceremony
from trading.draws.floor import is_floor
from trading.draws.models import Draw, DrawAck, DrawDeal, DrawParty, DrawWave
from trading.draws.service import (
    OPENINGS,
    commits_of,
    draws_of,
    facts_of,
    hashed,
    opened_of,
    params_of,
    slips_of,
)
from trading.ledger import canonical, checkpoint
from trading.ledger import entry as ledger_entry
from trading.ledger.models import LedgerEntry
from trading.ledger.service import checkpoint_note, find_payload, inclusion, leaf_index
from trading.secrets import HallKeys

ASKED_FOR = timedelta(days=1)
"""how long services are asked for the slips of a draw that is void"""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def running(session: Session) -> list[Draw]:
    """Draws that wait for somebody: those without an end, and void ones whose slips are still unknown."""
    fresh = or_(Draw.voided.is_(False), Draw.announced_at > database_now(session) - ASKED_FOR)
    return list(session.scalars(select(Draw).where(Draw.result.is_(None), fresh)))


def wanted(session: Session, name: str, now: int) -> list[dict[str, Any]]:
    """What is asked of a service: [{"draw", "wanted"}]."""
    found = []
    for draw in running(session):
        asked = ceremony.wanted(facts_of(session, draw), name, now) if name in draw.certificates else []
        if asked:
            found.append({"draw": draw.ann, "wanted": asked})
    return found


def papers_of(session: Session, draw: Draw, name: str) -> dict[str, Any]:
    """What a service needs to judge and act: announcement, cards, commitments, its own sealed deals, the freeze
    with its place in the log, who was revealed. Bytes in base64."""
    commits = session.scalars(select(DrawParty).where(DrawParty.draw_id == draw.id).order_by(DrawParty.party))
    mine = select(DrawDeal).where(DrawDeal.draw_id == draw.id, DrawDeal.trustee == name)
    return {
        "params": canonical.loads(draw.params),
        "rows": canonical.loads(draw.rows),
        "cards": draw.cards,
        "commits": [{"commit": b64(row.commit), "p7s": b64(row.p7s)} for row in commits],
        "deals": {row.party: b64(row.sealed) for row in session.scalars(mine)},
        "voided": draw.voided,
        "frozen": frozen(session, draw),
        "revealed": sorted(slips_of(session, draw)),
    }


def floor_papers(session: Session, draw: Draw, party: str, now: int) -> dict[str, Any]:
    """The same for somebody on the floor, who is named by its key: without the list, which it can read elsewhere,
    and with every commitment once they are frozen, so that a phone can compute T itself."""
    facts = facts_of(session, draw)
    values = {name: [c.hex() for c in commit.commits] for name, commit in facts.commits.items()}
    mine = facts.commits[party].hash if party in facts.commits else ""
    return {
        "now": now,
        "params": canonical.loads(draw.params),
        "certificates": draw.certificates,
        "cards": draw.cards,
        "commits": sorted(commit.hash for commit in facts.commits.values()),
        "must": sorted(set(facts.params.must) & facts.commits.keys()),
        "values": values if draw.frozen_entry is not None else {},
        "wanted": ceremony.wanted(facts, party, now) if is_floor(party) else [],
        "acked": sum(mine in ack.commits for ack in facts.acks.values()),
        "held": party in draw.parties,
        "voided": draw.voided,
        "ended": draw.ended,
        "frozen": frozen(session, draw),
        "revealed": party in facts.revealed,
    }


def frozen(session: Session, draw: Draw) -> dict[str, Any] | None:
    """The entry that fixed the draw (or voided it), its payload, and its place under a cosigned checkpoint."""
    if draw.frozen_entry is None:
        return None
    place = inclusion(session, draw.frozen_entry, witnessed=True)
    body = session.scalars(select(LedgerEntry.body).where(LedgerEntry.id == draw.frozen_entry)).one()
    parsed = ledger_entry.parse(body)
    payload = find_payload(session, parsed.commitments[0]) if isinstance(parsed, ledger_entry.Entry) else None
    if place is None or payload is None or payload.raw is None or payload.nonce is None:
        return None
    return {
        "entry": b64(body),
        "payload": b64(payload.raw),
        "nonce": b64(payload.nonce),
        "index": place.index,
        "path": [b64(step) for step in place.proof],
        "note": place.note,
    }


def said(session: Session, draw: Draw) -> dict[str, Any] | None:
    """What the entry says that froze the draw, or declared it void; None before."""
    if draw.frozen_entry is None:
        return None
    body = session.scalars(select(LedgerEntry.body).where(LedgerEntry.id == draw.frozen_entry)).one()
    parsed = ledger_entry.parse(body)
    payload = find_payload(session, parsed.commitments[0]) if isinstance(parsed, ledger_entry.Entry) else None
    assert payload is not None and payload.raw is not None, "acts of a draw are never redacted"
    told: dict[str, Any] = canonical.loads(payload.raw)
    return told


class Fixed(NamedTuple):
    """What fixed a draw, and where everybody finds it: T, the entry's place in the log, the size of the log under the
    checkpoint that held it before any slip was shown, and which witnesses signed that checkpoint when."""

    freeze: str
    index: int
    size: int
    seen: list[tuple[str, datetime]]


def fixed(session: Session, draw: Draw) -> Fixed | None:
    """None before a checkpoint with the freeze was witnessed, and for a void draw."""
    if draw.frozen_entry is None or draw.witnessed_size is None:
        return None
    note, index = checkpoint_note(session, draw.witnessed_size), leaf_index(session, draw.frozen_entry)
    told = said(session, draw)
    if note is None or index is None or told is None:
        return None
    lines = checkpoint.parse_note(note).signatures
    seen = [(line.name, datetime.fromtimestamp(line.time, UTC)) for line in lines if line.time is not None]
    return Fixed(told["freeze"], index, draw.witnessed_size, seen)


def transcript(session: Session, keys: HallKeys, draw: Draw) -> dict[str, Any] | None:
    """The public transcript (draw.md section 8) of a draw with a result, None before; with the openings once
    the list was opened."""
    if draw.result is None:
        return None
    commits, slips = commits_of(session, draw), slips_of(session, draw)
    return {
        "params": canonical.loads(draw.params),
        "rows": canonical.loads(draw.rows),
        "commits": {party: [c.hex() for c in commits[party].commits] for party in draw.parties},
        "slips": {party: [slip.hex() for slip in slips[party]] for party in draw.parties},
        "beacon": draw.beacon or "",
        "waves": draw.waves,
        "result": draw.result,
        "openings": opened_of(keys, draw),
    }


class File(NamedTuple):
    """A file of the bundle; `secret` ones are of the regulator's tier."""

    path: str
    content: bytes
    secret: bool = False


def files(session: Session, keys: HallKeys, tender: str) -> Iterator[File]:
    """draws/ of a tender's bundle (draw.md section 10)."""
    for draw in draws_of(session, tender):
        folder = f"draws/{draw.ann}"
        yield File(f"{folder}/params.json", draw.params)
        yield File(f"{folder}/rows.json", draw.rows)
        if draw.names is not None:
            yield File(f"{folder}/sealed.json", draw.names, True)
        if draw.sealed is not None:
            yield File(f"{folder}/openings.json", keys.unseal(draw.sealed, OPENINGS), not draw.public)
        for row in session.scalars(select(DrawParty).where(DrawParty.draw_id == draw.id)):
            name = commits_of(session, draw)[row.party].hash
            yield File(f"{folder}/commits/{name}.json", row.commit)
            ending = "sig" if is_floor(row.party) else "p7s"
            yield File(f"{folder}/commits/{name}.{ending}", row.p7s)
        for ack in session.scalars(select(DrawAck).where(DrawAck.draw_id == draw.id)):
            yield File(f"{folder}/acks/{ack.sha256}.json", ack.ack)
            yield File(f"{folder}/acks/{ack.sha256}.p7s", ack.p7s)
        for wave in session.scalars(select(DrawWave).where(DrawWave.draw_id == draw.id)):
            name = hashed(wave.wave)
            yield File(f"{folder}/waves/{name}.json", wave.wave)
            yield File(f"{folder}/waves/{name}.p7s", wave.p7s)


def checkpoint_sizes(session: Session, tender: str) -> set[int]:
    """Sizes of the checkpoints that held each freeze before the first slip was shown."""
    return {draw.witnessed_size for draw in draws_of(session, tender) if draw.witnessed_size is not None}


def steps(session: Session, draw: Draw, now: int) -> dict[str, Any]:
    """How far a draw has come, for its page."""
    facts = facts_of(session, draw)
    step = ceremony.next_step(facts, now)
    return {"facts": facts, "missing": step.missing, "params": params_of(draw)}
