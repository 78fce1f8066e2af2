"""What a party or trustee of a draw (参与方、见证方) decides by itself, before it commits, deals, acknowledges, reveals.

Pure: papers in, decisions out; the process around it fetches, keeps and signs. The hall is not trusted: what it
sends is taken only as far as signatures, witnesses and one's own memory bear it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trading.draws import papers, slips
from trading.draws.announcement import Params, parse_params
from trading.draws.candidates import check_list, check_rows
from trading.draws.refusal import DrawError
from trading.ledger import canonical
from trading.ledger import entry as ledger_entry
from trading.ledger.checkpoint import NoteError, VerifierKey, verify_cosignature, verify_log_by_any
from trading.ledger.merkle import inclusion_holds, leaf_hash


class Declined(Exception):
    """The service does not do what the hall asks; `reasons` are for its log and its people."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


@dataclass(frozen=True)
class Identity:
    """A service's name in draws and the certificate (SHA-256, hex) it signs with."""

    name: str
    cert_sha256: str


@dataclass
class Memory:
    """What a service keeps of one draw, durably, before it acts on it: its own slips, whom it dealt to
    (the commitments then known), the slips it holds for others, what it acknowledged."""

    scope: str
    announce: str
    own: list[bytes]
    dealt: tuple[str, ...] | None = None
    held: dict[str, dict[int, bytes]] = field(default_factory=dict)
    acked: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Frozen:
    """The hall's evidence that T is fixed: the entry `draw.frozen` (or `draw.void`) with payload, and its place
    under a cosigned checkpoint."""

    entry: bytes
    payload: bytes
    nonce: bytes
    index: int
    path: tuple[bytes, ...]
    note: str


@dataclass(frozen=True)
class Pinned:
    """The log's keys and the witnesses a service knows by itself, and how many must have cosigned."""

    log: Sequence[VerifierKey]
    witnesses: Sequence[VerifierKey]
    quorum: int


def read_announcement(document: Any, rows: Any) -> Params:
    """The announcement, when the list of rows is really the announced one. Raises Declined."""
    try:
        params = parse_params(document)
        check_list(params.family, check_rows(rows), params.list_root, params.list_size)
    except DrawError as error:
        raise Declined(f"the announcement cannot stand: {error}") from error
    return params


def contribute(
    who: Identity, params: Params, memories: Sequence[Memory], now: int, rng: Callable[[int], bytes]
) -> Memory:
    """The slips for a draw, to be kept before the commitment leaves; the same ones when asked again.

    Raises Declined after t_commit, and for a second draw under a number that this service knows already."""
    for memory in memories:
        if memory.announce == params.hash.hex():
            return memory
        if memory.scope == params.scope:
            raise Declined(f"another draw was announced as {params.scope}")
    if now > params.t_commit:
        raise Declined("the time to commit is over")
    if who.name not in params.must and who.name not in params.trustees:
        raise Declined(f"{who.name} has no part in this draw")
    return Memory(params.scope, params.hash.hex(), slips.draw_slips(params, rng))


def commitment_paper(who: Identity, params: Params, memory: Memory) -> bytes:
    """The commitment to the slips in memory, to be signed."""
    return papers.build_commit(params, who.name, who.cert_sha256, slips.commit(params, who.name, memory.own))


def deal(who: Identity, params: Params, memory: Memory, commits: Sequence[papers.Commit]) -> dict[str, bytes]:
    """trustee → plaintext of its deal, when every commitment that can come is there (`commits`, their
    signatures checked). `memory.dealt` then holds them; dealing happens once, for one set. Raises Declined."""
    known = tuple(sorted(commit.hash for commit in commits))
    if memory.dealt not in (None, known):
        raise Declined("the slips were dealt for another set of commitments")
    parties = [commit.party for commit in commits]
    if missing := sorted(set(params.must) - set(parties)):
        raise Declined(f"commitments are missing: {', '.join(missing)}")
    mine = papers.parse_commit(params, commitment_paper(who, params, memory)).hash
    if mine not in known or len(set(parties)) != len(parties):
        raise Declined("the set of commitments lacks this party's own, or has two of one party")
    memory.dealt = known
    return {
        trustee: papers.build_deal(
            params,
            papers.Deal(
                who.name, trustee, papers.list_hash(known), slips.dealt_to(params, trustee, memory.own)
            ),
        )
        for trustee in params.trustees
    }


def acknowledge(
    who: Identity, params: Params, memory: Memory, commits: Sequence[papers.Commit], deals: Sequence[bytes]
) -> bytes:
    """The ack over everybody whose opened deal (`deals`, plaintexts) holds, to be signed; `memory.held` then has the slips.

    Raises Declined while a mandatory party's deal is missing or wrong, or when parties dealt for
    different sets of commitments: then somebody's commitment came after slips had left another."""
    known = tuple(sorted(commit.hash for commit in commits))
    by_party = {commit.party: commit for commit in commits}
    faults, good = [], {}
    for raw in deals:
        try:
            found = papers.parse_deal(params, raw)
            commit = by_party[found.party]
            slips.check_deal(params, who.name, found.party, commit.commits, found.slips)
        except (DrawError, KeyError) as error:
            faults.append(f"a deal does not hold: {error}")
            continue
        if found.listed != papers.list_hash(known) or found.trustee != who.name:
            faults.append(f"{found.party} dealt for another set of commitments")
        else:
            good[found.party] = dict(found.slips)
    if missing := sorted(set(params.must) - good.keys()):
        raise Declined(f"no good slips of {', '.join(missing)}", *faults)
    acked = tuple(sorted(by_party[party].hash for party in good))
    if memory.acked not in (None, acked) and not set(memory.acked or ()) <= set(acked):
        raise Declined("an earlier ack held more")
    memory.held, memory.acked = good, acked
    return papers.build_ack(params, who.name, who.cert_sha256, acked)


def check_frozen(
    who: Identity,
    params: Params,
    memory: Memory,
    commits: Sequence[papers.Commit],
    frozen: Frozen,
    pinned: Pinned,
) -> list[str]:
    """The parties that T binds, when the log holds it and enough witnesses have seen it. Only then may
    slips be shown to anybody. Raises Declined."""
    payload = _payload(params, frozen, "draw.frozen")
    by_party = {commit.party: commit for commit in commits}
    parties = payload["parties"]
    if not set(parties) <= by_party.keys() or not set(params.must) <= set(parties):
        raise Declined("the freeze names others than the parties whose commitments are known")
    bound = {party: by_party[party].commits for party in parties}
    if slips.freeze(params, bound).hex() != payload["freeze"]:
        raise Declined("the freeze does not bind the commitments")
    hashes = {by_party[party].hash for party in parties}
    if memory.dealt is not None and not hashes <= set(memory.dealt):
        raise Declined("the freeze has a commitment that came after the slips were dealt")
    if who.name in params.trustees and not hashes <= set(memory.acked or ()):
        raise Declined("the freeze has a party whose slips this trustee has not acknowledged")
    _check_place(frozen, pinned)
    return list(parties)


def check_voided(params: Params, voided: Frozen, pinned: Pinned) -> None:
    """The log holds, and witnesses have seen, that the draw is void: what it would have given may be known.
    Raises Declined."""
    _payload(params, voided, "draw.void")
    _check_place(voided, pinned)


def recovered(
    params: Params, memory: Memory, parties: Sequence[str], shown: Sequence[str], now: int
) -> dict[str, dict[int, bytes]]:
    """The slips held for parties that withheld theirs at t_reveal: party → slips by number."""
    if now < params.t_reveal:
        return {}
    return {party: memory.held[party] for party in parties if party not in shown and party in memory.held}


def _payload(params: Params, frozen: Frozen, kind: str) -> dict[str, Any]:
    try:
        entry = ledger_entry.parse(frozen.entry)
        payload = canonical.loads(frozen.payload)
        committed = ledger_entry.payload_commitment(frozen.nonce, frozen.payload).hex()
    except (ledger_entry.EntryError, canonical.CanonicalError) as error:
        raise Declined(f"the entry of the freeze cannot be read: {error}") from error
    tender = params.scope.split("/")[0]
    if not isinstance(entry, ledger_entry.Entry) or (entry.type, entry.tender) != (kind, tender):
        raise Declined(f"the entry given is not a {kind} of this tender")
    if committed not in entry.commitments[:1] or not isinstance(payload, Mapping):
        raise Declined("the payload of the freeze is not the one that the log commits to")
    named = "parties" if kind == "draw.frozen" else "missing"
    if payload.get("draw") != params.hash.hex() or type(payload.get(named)) is not list:
        raise Declined("the freeze is of another draw")
    return dict(payload)


def _check_place(frozen: Frozen, pinned: Pinned) -> None:
    try:
        head = verify_log_by_any(frozen.note, pinned.log)
    except NoteError as error:
        raise Declined(f"the checkpoint is not the log's: {error}") from error
    if not inclusion_holds(leaf_hash(frozen.entry), frozen.index, head.size, frozen.path, head.root):
        raise Declined("the freeze is not in the checkpoint's tree")
    if sum(_cosigned(frozen.note, witness) for witness in pinned.witnesses) < pinned.quorum:
        raise Declined("no witness has cosigned the freeze yet")


def _cosigned(note: str, witness: VerifierKey) -> bool:
    try:
        return verify_cosignature(note, witness) > 0
    except NoteError:
        return False
