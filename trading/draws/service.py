"""The ceremony (抽取仪式) as the hall runs it: announced, frozen, ordered, called, ended; each step one ledger entry.

What the hall does next is `ceremony.next_step`; every act here locks the draw, does one thing, and asks again.
What comes in from parties and trustees is in `receiving`, what goes out in `showing`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading import live
from trading.acts import Actor, process, record
from trading.clock import database_now
from trading.draws import calling, ceremony, names, papers, roster, slips
from trading.draws.announcement import Params, parse_params
from trading.draws.candidates import Candidate, CandidateList, build_list
from trading.draws.draw import result_hash
from trading.draws.hashing import FAMILIES, jcs
from trading.draws.models import Draw, DrawAck, DrawDeal, DrawParty, DrawSlip, DrawWave
from trading.draws.refusal import DrawError
from trading.errors import refuse
from trading.events import DrawEnded
from trading.ledger import canonical
from trading.ledger.service import inclusion
from trading.outbox import promise
from trading.secrets import HallKeys
from trading.web import _

DUE, WITNESSED = "draw.due", "draw.witnessed"
OPENINGS = "draw"
"""purpose of the openings' encryption"""
HALL = process("draws")
ALGORITHMS = {"true": "sm3", "false": "sha256"}


@dataclass(frozen=True)
class Pace:
    """Seconds after the announcement at which commitments, acks and slips are due."""

    commit: int
    freeze: int
    reveal: int


ROUTINE = Pace(25, 50, 75)
"""Unattended services only: an order within 90 seconds, whoever withholds."""
PUBLIC_PACE = Pace(300, 600, 1800)
"""Time to throw dice before people."""


@dataclass(frozen=True)
class Demand:
    """What is to be drawn: `strata` as in params, `cap` seats of one group, `asks` whether candidates are
    called and answer, `beacon` the source and rule of a public value or None, `public` whether names are public from
    the start and anybody may contribute from the floor."""

    purpose: str
    strata: Sequence[Mapping[str, Any]]
    cap: int = 0
    asks: bool = True
    beacon: Mapping[str, str] | None = None
    public: bool = False


@dataclass(frozen=True)
class Readers:
    """Who alone may read the names of a draw among people (names.py): the raw public key of each reader, and
    every candidate's telephone by the `id` of its record. `caller` is the certificate (SHA-256, hex) of the device that
    calls them and signs what they answered within `window` seconds."""

    keys: Mapping[str, bytes]
    phones: Mapping[str, str]
    caller: str
    window: int


@dataclass(frozen=True)
class SignedWave:
    """The answers of people, as the device that called them signed them."""

    raw: bytes
    cms: bytes


def lots(purpose: str, number: int) -> Demand:
    """An order among so many things that do not answer (抽签): all are called, and each accepts."""
    return Demand(purpose, [{"id": "lot", "quota": number, "tags": ["lot"]}], asks=False)


# --- reading ------------------------------------------------------------------------------------


def draw_named(session: Session, ann: str, *, lock: bool = False) -> Draw:
    """Raises Refused `draw.unknown`."""
    query = select(Draw).where(Draw.ann == ann)
    found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise refuse("draw.unknown", _("There is no such draw"))
    return found


def draws_of(session: Session, tender: str, purpose: str = "") -> list[Draw]:
    """A tender's draws, oldest first; of all purposes where none is given."""
    query = select(Draw).where(Draw.tender == tender).order_by(Draw.announced_at, Draw.number)
    return list(session.scalars(query.where(Draw.purpose == purpose) if purpose else query))


def params_of(draw: Draw) -> Params:
    return parse_params(canonical.loads(draw.params))


def commits_of(session: Session, draw: Draw) -> dict[str, papers.Commit]:
    """party → its commitment."""
    rows = session.scalars(select(DrawParty).where(DrawParty.draw_id == draw.id).order_by(DrawParty.party))
    params = params_of(draw)
    return {row.party: papers.parse_commit(params, row.commit) for row in rows}


def slips_of(session: Session, draw: Draw) -> dict[str, list[bytes]]:
    """party → its slips, of the parties that were revealed."""
    rows = select(DrawSlip).where(DrawSlip.draw_id == draw.id).order_by(DrawSlip.party, DrawSlip.number)
    found: dict[str, list[bytes]] = {}
    for row in session.scalars(rows):
        found.setdefault(row.party, []).append(bytes.fromhex(row.slip))
    return found


def facts_of(session: Session, draw: Draw) -> ceremony.Facts:
    """What is known of a draw."""
    params, entry = params_of(draw), draw.frozen_entry
    acks = select(DrawAck).where(DrawAck.draw_id == draw.id).order_by(DrawAck.at)
    deals = select(DrawDeal.party, DrawDeal.trustee).where(DrawDeal.draw_id == draw.id)
    return ceremony.Facts(
        params=params,
        floor=draw.public,
        commits=commits_of(session, draw),
        dealt=[(party, trustee) for party, trustee in session.execute(deals)],
        acks={row.trustee: papers.parse_ack(params, row.ack) for row in session.scalars(acks)},
        frozen=tuple(draw.parties) if entry is not None and not draw.voided else None,
        witnessed=entry is not None and inclusion(session, entry, witnessed=True) is not None,
        beacon=draw.beacon,
        revealed=set(session.scalars(select(DrawSlip.party).where(DrawSlip.draw_id == draw.id).distinct())),
        voided=draw.voided,
    )


# --- announcing -----------------------------------------------------------------------------------


def announce(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: str,
    demand: Demand,
    candidates: Sequence[Candidate],
    pace: Pace | None = None,
    readers: Readers | None = None,
    rng: Callable[[int], bytes] = os.urandom,
) -> Draw:
    """Announce the next draw of a tender for a purpose; with `readers` the hall keeps no name. The caller has
    locked the tender. Entry `draw.announced`. Raises Refused `draw.running`, `draw.no-trustees`."""
    at = database_now(session)
    earlier = draws_of(session, tender, demand.purpose)
    if any(not draw.ended for draw in earlier):
        raise refuse("draw.running", _("A draw for this is under way: there is no second one beside it"))
    cards = roster.serving(session, registry.settings)
    family = FAMILIES[ALGORITHMS[registry.settings.get("hall.sm3", "false")]]
    scope = f"{tender}/{demand.purpose}/{len(earlier) + 1}"
    listed = build_list(family, scope, candidates, demand.cap, rng)
    results = [draw.result_hash for draw in earlier if draw.result_hash]
    start, pace = int(at.timestamp()), pace or (PUBLIC_PACE if demand.beacon else ROUTINE)
    document = {
        "v": 1, "alg": family.name, "scope": scope, "prev": results[-1] if results else None,
        "list_root": listed.root(family).hex(), "list_size": len(listed.rows), "strata": list(demand.strata),
        "cap": demand.cap, "trustees": list(cards), "k": roster.THRESHOLD, "must": list(cards),
        "beacon": demand.beacon, "t_commit": start + pace.commit, "t_freeze": start + pace.freeze,
        "t_reveal": start + pace.reveal,
    }  # fmt: skip
    params = parse_params(document)
    openings = openings_document(params, listed, candidates)
    known = roster.trustees(registry.settings)
    draw = Draw(
        tender=tender, purpose=demand.purpose, number=len(earlier) + 1, ann=params.hash.hex(),
        params=jcs(document), rows=jcs(listed.rows),
        sealed=None if readers else registry["keys"].seal(openings, OPENINGS),
        names=sealed_names(params, readers, openings, listed, rng) if readers else None,
        openings_sha256=hashed(openings), certificates={name: known[name].cert_sha256 for name in cards},
        cards={name: {"card": row.card.hex(), "p7s": row.p7s.hex()} for name, row in cards.items()},
        public=demand.public, opened_at=at if demand.public else None,
        asks=demand.asks, announced_at=at, answer_seconds=readers.window if readers else None,
    )  # fmt: skip
    session.add(draw)
    session.flush()
    files = {"params": hashed(draw.params), "rows": hashed(draw.rows), "openings": draw.openings_sha256}
    said = {"draw": draw.ann, **files, "certificates": draw.certificates}
    record(
        session, actor, "draw.announced", tender, said | ({"caller": readers.caller} if readers else {}), at
    )
    promise_steps(session, draw, params)
    return draw


def promise_steps(session: Session, draw: Draw, params: Params) -> None:
    """Somebody looks when commitments, acks and slips are due."""
    for due in (params.t_commit + 1, params.t_freeze, params.t_reveal):
        promise(session, DUE, {"draw": draw.ann}, datetime.fromtimestamp(due, UTC))


def openings_document(params: Params, listed: CandidateList, candidates: Sequence[Candidate]) -> bytes:
    """openings.json: who stands behind every handle."""
    facts = {jcs(dict(one.record)): {"facts": one.facts} for one in candidates if one.facts}
    rows = [
        {"h": h, "nonce": nonce, "record": dict(found), "groups": list(listed.groups[h])}
        | facts.get(jcs(dict(found)), {})
        for h, (nonce, found) in sorted(listed.openings.items())
    ]
    head = {"v": 1, "typ": "ebid.draw-openings", "announce": params.hash.hex()}
    return jcs(head | {"group_nonce": listed.group_nonce.hex(), "rows": rows})


def sealed_names(
    params: Params, readers: Readers, openings: bytes, listed: CandidateList, rng: Callable[[int], bytes]
) -> bytes:
    """The openings and telephones, to be read by `readers` only."""
    phones = {h: readers.phones[found["id"]] for h, (_, found) in listed.openings.items()}
    return names.seal_names(params, readers.keys, openings, phones, rng)


def openings_of(keys: HallKeys, draw: Draw) -> dict[str, list[Any]]:
    """handle → [nonce, record] of the whole list. Whoever calls has seen to it that the reader may know. Raises
    Refused `draw.names-sealed` while the hall itself cannot read them."""
    if draw.sealed is None:
        raise refuse("draw.names-sealed", _("The names of this draw are sealed; this hall cannot read them"))
    document = canonical.loads(keys.unseal(draw.sealed, OPENINGS))
    return {row["h"]: [row["nonce"], row["record"]] for row in document["rows"]}


def opened_of(keys: HallKeys, draw: Draw) -> dict[str, list[Any]]:
    """What everybody may see of the openings: nothing before the list is opened; of a draw among people only who
    has a seat."""
    if draw.opened_at is None or draw.sealed is None:
        return {}
    found = openings_of(keys, draw)
    return found if draw.names is None else {handle: found[handle] for handle in seated(draw)}


def seated(draw: Draw) -> list[str]:
    """The handles that the last result seats."""
    return [handle for members in (draw.result or {}).get("panel", {}).values() for handle in members]


# --- going on ---------------------------------------------------------------------------------------


def come_due(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise `draw.due`."""
    advance(session, registry, draw_named(session, payload["draw"], lock=True))


def advance(session: Session, registry: Any, draw: Draw) -> None:
    """Do what is to be done now; safe to repeat. The caller has locked the draw."""
    at = database_now(session)
    facts = facts_of(session, draw)
    step = ceremony.next_step(facts, int(at.timestamp()))
    if step.act == "freeze":
        bound = {party: facts.commits[party].commits for party in step.parties}
        said = {"freeze": slips.freeze(facts.params, bound).hex(), "parties": list(step.parties)}
        draw.parties = list(step.parties)
        draw.frozen_entry = log(session, registry, draw, "frozen", said | {"dropped": list(step.missing)}, at)
        if draw.public:
            promise(session, WITNESSED, {"draw": draw.ann})
    elif step.act == "void":
        draw.voided = True
        reason = "no commitments" if facts.commits.keys() < set(facts.params.must) else "no acks"
        said = {"reason": reason, "missing": list(step.missing)}
        draw.frozen_entry = log(session, registry, draw, "void", said, at)
        registry.notify(DrawEnded(session, registry, draw.tender, at, draw.ann))
    elif step.act == "order" and not draw.calls and draw.result is None:
        call_next(session, registry, draw, at)


def log(session: Session, registry: Any, draw: Draw, kind: str, said: Mapping[str, Any], at: datetime) -> int:
    """The entry `draw.<kind>`; returns its row in the ledger. Whoever watches a public draw is told."""
    entry = record(session, HALL, f"draw.{kind}", draw.tender, {"draw": draw.ann, **said}, at).id
    if draw.public:
        live.announce(session, registry["queue"], channel(draw), kind, draw=draw.ann)
    return entry


def channel(draw: Draw) -> str:
    """The live channel of a public draw."""
    return f"draw:{draw.tender}"


def calling_of(session: Session, draw: Draw) -> tuple[calling.Calling, bytes]:
    """The state after all waves so far and the calls between them (not the one after the last), and the seed."""
    params, commits = params_of(draw), commits_of(session, draw)
    rows = canonical.loads(draw.rows)
    frozen = slips.freeze(params, {party: commits[party].commits for party in draw.parties})
    shown = {party: row for party, row in slips_of(session, draw).items() if party in draw.parties}
    seed = slips.seed(params, frozen, shown, draw.beacon or "")
    state = calling.Calling(params, rows, calling.order(params.family, seed, rows))
    for wave in draw.waves:
        state.call()
        state.settle(wave)
    return state, seed


def call_next(session: Session, registry: Any, draw: Draw, at: datetime) -> None:
    """Ask whom the order names next; with nobody left to ask, the result. Things that do not answer accept."""
    state, seed = calling_of(session, draw)
    called = state.call()
    draw.calls, draw.called_at = len(draw.waves) + 1, at
    said = {"number": len(draw.waves), "call": called}
    log(
        session, registry, draw, "called", said | ({"until": draw.until} if called and draw.until else {}), at
    )
    if called and not draw.asks:
        settle(session, registry, draw, {handle: "A" for _, handle in called}, {}, at)
    elif not called:
        conclude(session, registry, draw, state.result(seed), at)


def awaited(session: Session, draw: Draw) -> list[list[str]]:
    """Whose answers are awaited: [[stratum, handle] …] of the call that no wave has settled."""
    if draw.voided or draw.calls != len(draw.waves) + 1:
        return []
    return calling_of(session, draw)[0].call()


def settle(
    session: Session, registry: Any, draw: Draw, outcomes: Mapping[str, str], evidence: Mapping[str, str],
    at: datetime, signed: SignedWave | None = None,
) -> None:  # fmt: skip
    """One wave: an answer of everybody who was asked, with the hash of each one's record. Then the next call. People's
    answers are `signed` by whoever called them. Raises Refused `draw.wave`."""
    state, _seed = calling_of(session, draw)
    state.call()
    try:
        state.settle(outcomes)
    except DrawError as error:
        raise refuse("draw.wave", _("A wave settles everybody who was asked, and nobody else")) from error
    said = {"number": len(draw.waves), "outcomes": dict(outcomes), "evidence": dict(evidence)}
    if signed is not None:
        session.add(DrawWave(draw_id=draw.id, number=len(draw.waves), wave=signed.raw, p7s=signed.cms))
        said |= {"until": draw.until, "wave": hashed(signed.raw), "p7s": hashed(signed.cms)}
    log(session, registry, draw, "wave", said, at)
    draw.waves = [*draw.waves, dict(outcomes)]
    session.flush()
    call_next(session, registry, draw, at)


def conclude(session: Session, registry: Any, draw: Draw, result: dict[str, Any], at: datetime) -> None:
    params = params_of(draw)
    draw.result, draw.result_hash = result, result_hash(params.family, params.hash, result).hex()
    log(session, registry, draw, "result", {"result": result, "hash": draw.result_hash}, at)
    session.flush()
    registry.notify(DrawEnded(session, registry, draw.tender, at, draw.ann))


def seen_by_witness(session: Session, draw: Draw) -> None:
    """Keep the size of a cosigned checkpoint with T, before anything is shown for the first time."""
    assert draw.frozen_entry is not None
    found = inclusion(session, draw.frozen_entry, witnessed=True)
    if found is not None and draw.witnessed_size is None:
        draw.witnessed_size = found.checkpoint.size


# --- opening ------------------------------------------------------------------------------------------


def open_list(session: Session, registry: Any, draw: Draw) -> None:
    """Open the whole list of a lottery, once, and of a draw among people those who have a seat; of a void draw, that
    there was one. Entry `draw.opened` where there is a result."""
    if draw.opened_at is not None or not draw.ended:
        return
    draw.opened_at = database_now(session)
    if draw.result is not None:
        said = {"openings": opened_of(registry["keys"], draw)}
        log(session, registry, draw, "opened", said, draw.opened_at)


def hand_over(session: Session, registry: Any, draw: Draw, openings: bytes) -> None:
    """The hall takes the openings that it could not read; they are those that were announced, or Refused
    `draw.openings`."""
    if hashed(openings) != draw.openings_sha256:
        raise refuse("draw.openings", _("These are not the openings that were announced"))
    draw.sealed = registry["keys"].seal(openings, OPENINGS)
    session.flush()


def hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
