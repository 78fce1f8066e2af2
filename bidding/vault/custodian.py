"""What a custodian (密钥保管方) decides by itself, before it signs a key statement and before it releases.

Pure: documents in, decisions out. The process around it (`tradehall custodian`) fetches, stores and
signs. The hall is not trusted here: what it sends is taken only as far as signatures, the witness, the
time stamp and the custodian's own memory bear it out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bidding.vault import documents as d
from bidding.vault.close import Close, parse_close, why_not_release
from bidding.vault.custodian_key import Statement, build_statement, parse_statement
from bidding.vault.encoding import EncodingError, format_time, sha256
from bidding.vault.keys import custodian_seed
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.policy import Policy, Stage, parse_policy
from bidding.vault.release import build_release
from trading import hpke
from trading.ledger import entry as ledger_entry
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import NoteError, parse_checkpoint
from trading.ledger.merkle import inclusion_holds, leaf_hash


@dataclass(frozen=True)
class Identity:
    """Who this custodian is: its name at the hall, organisation, index and certificate (SHA-256, hex)."""

    index: int
    id: str
    org: str
    cert_sha256: str


@dataclass(frozen=True)
class WantedKey:
    """A key statement the hall asks for."""

    tender: str
    lot: str
    stage: str
    index: int
    suite: str
    release_after: datetime


@dataclass(frozen=True)
class WantedRelease:
    """A release the hall asks for: of the bids with these manifests (hashes). With `ticket` it gives out the
    whole closing list."""

    tender: str
    stage: str
    index: int
    close: bytes
    manifests: tuple[bytes, ...]
    ticket: str


@dataclass(frozen=True)
class Bundle:
    """A close as the hall gives it out, read, not verified. `index` and `path` prove the entry
    `tender.closed` in the tree of `note`."""

    close: bytes
    token: bytes | None
    note: str
    policy: bytes
    policy_cms: bytes
    entry: bytes
    index: int
    path: tuple[bytes, ...]
    manifests: tuple[bytes, ...]
    closed: tuple[bytes, bytes]
    """payload of that entry and its nonce: what the log says was closed, and under which policy"""
    policies: tuple[tuple[bytes, bytes], ...]
    """every policy that the hall has published for the tender, with its signature, oldest first"""
    second: bytes | None = None
    """the host's act that opens the second envelopes, with its signature"""
    second_cms: bytes = b""


class Declined(Exception):
    """The custodian does not do what it was asked; `reasons` are for its log and its people."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("; ".join(reasons))


def question(name: str, at: datetime) -> bytes:
    """What a custodian signs to be told what the hall wants of it; the hall takes it for some minutes."""
    return dumps({"v": 1, "typ": "ebid.custodian-question", "custodian": name, "at": format_time(at)})


_WANTED_KEY = d.at_least(
    {
        "tender": d.text,
        "lot": d.text,
        "stage": d.text,
        "index": d.integer(1),
        "suite": d.text,
        "release_after": d.time,
    }
)
_WANTED_RELEASE = d.at_least(
    {
        "tender": d.text,
        "stage": d.text,
        "index": d.integer(1),
        "close": d.hash_hex,
        "manifests": d.list_of(d.hash_hex),
        "ticket": d.text,
    }
)
_BUNDLE = d.at_least(
    {
        "close": d.b64_bytes(),
        "tst": d.or_null(d.b64_bytes()),
        "checkpoint": d.text,
        "proof": d.at_least(
            {"entry": d.b64_bytes(), "index": d.integer(0), "path": d.list_of(d.b64_bytes(32))}
        ),
        "policy": d.b64_bytes(),
        "p7s": d.b64_bytes(),
        "bids": d.list_of(d.at_least({"manifest": d.b64_bytes()})),
        "closed": d.at_least({"payload": d.b64_bytes(), "nonce": d.b64_bytes(32)}),
        "policies": d.list_of(d.at_least({"policy": d.b64_bytes(), "p7s": d.b64_bytes()})),
    }
)


_SECOND = d.at_least({"act": d.b64_bytes(), "p7s": d.b64_bytes()})
_SECOND_ACT = {
    "v": d.constant(1),
    "typ": d.constant("ebid.second-opening"),
    "tender": d.text,
    "close": d.hash_hex,
    "stage": d.text,
    "bids": d.list_of(d.hash_hex),
}


def parse_wanted(document: Mapping[str, Any]) -> tuple[list[WantedKey], list[WantedRelease]]:
    """What the hall asks for; raises EncodingError."""
    read = d.at_least({"keys": d.list_of(_WANTED_KEY), "releases": d.list_of(_WANTED_RELEASE)})(document)
    keys = [WantedKey(**{name: row[name] for name in WantedKey.__dataclass_fields__}) for row in read["keys"]]
    releases = [
        WantedRelease(**{name: row[name] for name in WantedRelease.__dataclass_fields__})
        for row in read["releases"]
    ]
    return keys, releases


def parse_bundle(document: Mapping[str, Any]) -> Bundle:
    """The hall's answer to `GET /api/tenders/{code}/close`; raises EncodingError."""
    f = _BUNDLE(document)
    proof = f["proof"]
    second = d.or_null(_SECOND)(document.get("second"))
    return Bundle(
        close=f["close"],
        token=f["tst"],
        note=f["checkpoint"],
        policy=f["policy"],
        policy_cms=f["p7s"],
        entry=proof["entry"],
        index=proof["index"],
        path=proof["path"],
        manifests=tuple(bid["manifest"] for bid in f["bids"]),
        closed=(f["closed"]["payload"], f["closed"]["nonce"]),
        policies=tuple((row["policy"], row["p7s"]) for row in f["policies"]),
        second=second["act"] if second else None,
        second_cms=second["p7s"] if second else b"",
    )


def make_statement(
    who: Identity, master: bytes, asked: WantedKey, earlier: Sequence[Statement], now: datetime
) -> bytes:
    """A key statement, to be signed. `earlier` are this custodian's own for the same tender and stage.

    Raises Declined when it would allow a release that an earlier statement forbids, or one already."""
    reasons = []
    if asked.index != who.index:
        reasons.append(f"the hall gives this custodian index {asked.index}, it knows itself as {who.index}")
    if asked.release_after <= now:
        reasons.append("the statement would allow a release at once")
    if any(asked.release_after < before.release_after for before in earlier):
        reasons.append("an earlier statement for this tender forbids a release before a later time")
    if reasons:
        raise Declined(reasons)
    return build_statement(
        tender=asked.tender,
        lot=asked.lot,
        stage=asked.stage,
        custodian=who.id,
        org=who.org,
        cert_sha256=who.cert_sha256,
        index=who.index,
        seed=custodian_seed(master, asked.tender, asked.lot, asked.stage),
        created=now,
        release_after=asked.release_after,
        suite=asked.suite,
    )


def own_statement(policy: Policy, stage_name: str, index: int, own: Sequence[bytes]) -> Statement:
    """The statement of ours that a policy names; raises Declined when it names none of ours."""
    stage = policy.stage(stage_name)
    named = stage.custodian(index) if stage else None
    for raw in own:
        if named is not None and sha256(raw).hex() == named.cks_sha256:
            return parse_statement(raw)
    raise Declined(["the policy does not name this custodian's own key statement"])


def judge(
    bundle: Bundle,
    asked: WantedRelease,
    own: Sequence[bytes],
    *,
    stamped_at: datetime | None,
    quorum: int,
    now: datetime,
) -> tuple[Policy, Close, list[Manifest]]:
    """The policy, the closing list and the bids to release for, when everything speaks for it.

    `own` are this custodian's key statements, `stamped_at` the verified time of the stamp on the list.
    That the policy is properly signed is the caller's to see. Raises Declined with every reason."""
    try:
        policy, close = parse_policy(bundle.policy), parse_close(bundle.close)
        manifests = {m.hash: m for m in map(parse_manifest, bundle.manifests)}
    except EncodingError as error:
        raise Declined([f"the bundle cannot be read: {error}"]) from error
    statement = own_statement(policy, asked.stage, asked.index, own)
    reasons = _later_statements(statement, own, now)
    reasons += why_not_release(
        policy, bundle.close, bundle.note, statement=statement, stamped_at=stamped_at, quorum=quorum, now=now
    )
    if close.hash != asked.close or policy.tender != asked.tender:
        reasons.append("the closing list is not the one a release is asked for")
    reasons += _entry_faults(bundle, policy)
    stage = policy.stage(asked.stage)
    assert stage is not None, "own_statement has found the stage"
    if stage is policy.stages[0]:
        reasons += _window_faults(policy, stage, close, now)
    else:
        reasons += _second_faults(bundle, asked, close)
    unknown = [h for h in asked.manifests if h not in manifests or h not in close.valid]
    if unknown or not asked.manifests:
        reasons.append("a release is asked for bids that the closing list does not open")
    if any(manifest.policy != policy.hash for manifest in manifests.values()):
        # Whoever could put a policy of his own in its place would choose log, witness and deadline too.
        reasons.append("a bid was sealed for another policy than the one given")
    if reasons:
        raise Declined(reasons)
    return policy, close, [manifests[h] for h in asked.manifests]


def master_of(statement: Statement, masters: Sequence[bytes]) -> bytes:
    """The master that gave a statement's key: a custodian that has rotated its own holds several. Raises
    Declined when it is not among them."""
    for master in masters:
        seed = custodian_seed(master, statement.tender, statement.lot, statement.stage)
        if hpke.public_key(statement.suite, seed) == statement.pk:
            return master
    raise Declined(["the master key of this statement is not here any more"])


def release_for(
    policy: Policy, close: Close, stage: str, master: bytes, manifests: Sequence[Manifest], now: datetime
) -> bytes:
    """The release, to be signed; raises ReleaseError when the key is not the policy's."""
    seed = custodian_seed(master, policy.tender, policy.lot, stage)
    return build_release(policy, stage, seed, manifests, close_hash=close.hash, at=now)


def _later_statements(named: Statement, own: Sequence[bytes], now: datetime) -> list[str]:
    """The key is the same in every statement of ours for this tender and stage: the latest time in them
    holds, whichever of them the policy names."""
    mine = map(parse_statement, own)
    latest = max(s.release_after for s in mine if (s.tender, s.stage) == (named.tender, named.stage))
    if now < latest:
        return [f"a statement of ours forbids a release before {format_time(latest)}"]
    return []


def _entry_faults(bundle: Bundle, policy: Policy) -> list[str]:
    """The entry of the close stands in the tree of the checkpoint."""
    try:
        found = ledger_entry.parse(bundle.entry)
        head = parse_checkpoint(bundle.note)
    except (ledger_entry.EntryError, NoteError) as error:
        return [f"the entry of the close or its checkpoint cannot be read: {error}"]
    if not isinstance(found, ledger_entry.Entry) or (found.type, found.tender) != (
        "tender.closed",
        policy.tender,
    ):
        return ["the entry given is not that of this tender's close"]
    if not inclusion_holds(leaf_hash(bundle.entry), bundle.index, head.size, bundle.path, head.root):
        return ["the entry of the close is not in the checkpoint's tree"]
    return _policy_faults(bundle, found, policy)


def _policy_faults(bundle: Bundle, closed: ledger_entry.Entry, policy: Policy) -> list[str]:
    """The log's own entry of the close names this policy, and it is the last of an unbroken row."""
    payload, nonce = bundle.closed
    if ledger_entry.payload_commitment(nonce, payload).hex() not in closed.commitments[:1]:
        return ["the payload of the close's entry is not the one that the log commits to"]
    said = d.canonical(payload)
    if said.get("policy", policy.hash.hex()) != policy.hash.hex():
        return ["the log says that the tender was closed under another policy"]
    try:
        row = [parse_policy(raw) for raw, _ in bundle.policies]
    except EncodingError as error:
        return [f"a published policy cannot be read: {error}"]
    if not row or row[-1].hash != policy.hash:
        return ["a newer policy than the one given was published"]
    for before, after in zip(row, row[1:], strict=False):
        if (after.version, after.replaces) != (before.version + 1, before.hash.hex()):
            return ["a published policy does not replace the one before it"]
    return [] if row[0].version == 1 else ["the first of the published policies is missing"]


def _window_faults(policy: Policy, stage: Stage, close: Close, now: datetime) -> list[str]:
    """In mode `either` custodians are the remedy: never inside the bidders' own window."""
    if stage.mode != "either":
        return []
    opens = max(d.time(policy.fields["open_at"]), close.deadline)
    if now < opens + timedelta(seconds=stage.bidder_window_s):
        return ["the bidders' own window is still open"]
    return []


def _second_faults(bundle: Bundle, asked: WantedRelease, close: Close) -> list[str]:
    """A later envelope is opened by the host's signed act only, and only for the bids that it names. That
    the act is signed by the tenderer's side is the caller's to see."""
    if bundle.second is None:
        return ["nobody has signed for the opening of the second envelopes"]
    try:
        act = d.at_least(_SECOND_ACT)(d.canonical(bundle.second))
    except EncodingError as error:
        return [f"the act that opens the second envelopes cannot be read: {error}"]
    reasons = []
    if (act["tender"], act["close"], act["stage"]) != (asked.tender, close.hash, asked.stage):
        reasons.append("the act that opens the second envelopes is for another tender, close or stage")
    if set(asked.manifests) - set(act["bids"]):
        reasons.append("a release is asked for a bid whose second envelope stays sealed")
    return reasons
