"""Receipts (回执) and refusals: what the hall promises, with its signature, about a bid.

The leaf in the ledger is a salted commitment; the receipt opens it to the bidder alone. The numbered
checks are those of a bidder's client, done by code that trusts nothing but the policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bidding.vault import documents as d
from bidding.vault.content import HEADER
from bidding.vault.encoding import EncodingError, b64, format_time, lp, sha256
from bidding.vault.manifest import MAX_SEQ, SealedPart
from bidding.vault.policy import Policy
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import (
    Checkpoint,
    NoteError,
    parse_checkpoint,
    parse_vkey,
    verify_cosignature,
    verify_log,
)
from trading.ledger.merkle import consistency_holds, inclusion_holds, leaf_hash

BLINDED_KINDS = ("bid", "withdraw", "register", "download", "deposit", "dummy")
RECEIPT_KINDS = ("bid", "withdraw")
SALT_BYTES = 32
CLOCK_TOLERANCE = timedelta(seconds=300)
STAMP_TOLERANCE = timedelta(seconds=60)
WITNESS_PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Receipt:
    """A receipt as read, not verified. `manifest` and `cms` are SHA-256 values of what was received;
    for a withdrawal `manifest` is that of the withdrawal and `parts` is empty."""

    raw: bytes
    kind: str
    tender: str
    lot: str
    ref: str
    seq: int
    manifest: bytes
    cms: bytes
    parts: tuple[tuple[str, int, bytes], ...]
    at: datetime
    salt: bytes
    leaf_index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    tsa: bytes | None

    @property
    def leaf(self) -> bytes:
        """The bytes of the ledger entry that the receipt is about, made from its own fields."""
        commitment = leaf_commitment(
            salt=self.salt,
            kind=self.kind,
            tender=self.tender,
            lot=self.lot,
            seq=self.seq,
            digest=self.manifest,
            at=self.at,
        )
        return leaf_bytes(commitment)


@dataclass(frozen=True)
class Refusal:
    """A signed refusal as read; `manifest` is the hash of the bytes that were refused."""

    raw: bytes
    manifest: bytes
    reason: str
    at: datetime


class State(StrEnum):
    """The state of one check; PENDING may still become PASS, WARN does not spoil the receipt."""

    PASS = "PASS"
    FAIL = "FAIL"
    WARN = "WARN"
    PENDING = "PENDING"


@dataclass(frozen=True)
class Check:
    """One of the numbered client checks."""

    number: int
    state: State
    words: str


@dataclass(frozen=True)
class Sent:
    """What the bidder sent: kind, the document's bytes (manifest or withdrawal), its CMS, the seq of
    the bid and the sealed parts (none for a withdrawal)."""

    kind: str
    document: bytes
    cms: bytes
    seq: int
    parts: Sequence[SealedPart] = ()


_PART = d.exact({"name": d.text, "size": d.integer(HEADER), "tree": d.hash_hex})
_RECEIPT = {
    "kind": d.one_of(*RECEIPT_KINDS),
    "tender": d.text,
    "lot": d.text,
    "ref": d.text,
    "seq": d.integer(1, MAX_SEQ),
    "manifest": d.hash_hex,
    "cms": d.hash_hex,
    "parts": d.list_of(_PART),
    "received": d.issued_time,
    "at": d.issued_time,
    "salt": d.b64_bytes(SALT_BYTES),
    "leaf_index": d.integer(0),
    "proof": d.list_of(d.b64_bytes(32)),
    "checkpoint": d.text,
    "tsa": d.or_null(d.b64_bytes()),
    "sig": d.b64_bytes(64),
}
_REFUSAL = {"manifest": d.hash_hex, "reason": d.text, "at": d.issued_time, "sig": d.b64_bytes(64)}


def leaf_commitment(
    *, salt: bytes, kind: str, tender: str, lot: str, seq: int, digest: bytes, at: datetime
) -> bytes:
    """The commitment c of a blinded entry. `digest` (32 bytes) is the manifest's or withdrawal's hash,
    or that of the canonical payload; `seq` is the manifest's own, `at` the instant of admission."""
    if kind not in BLINDED_KINDS or len(salt) != SALT_BYTES:
        raise EncodingError("not a blinded kind, or a salt of the wrong size")
    when = format_time(at)
    return sha256(lp("ebid/v1/leaf", salt, kind, tender, lot, seq.to_bytes(4, "big"), digest, when))


def leaf_bytes(commitment: bytes) -> bytes:
    """The bytes of a blinded ledger entry: the commitment and nothing else."""
    return dumps({"v": 1, "typ": "ebid.leaf", "c": commitment.hex()})


def build_receipt(
    *,
    kind: str,
    tender: str,
    lot: str,
    ref: str,
    seq: int,
    manifest: bytes,
    cms: bytes,
    parts: Sequence[SealedPart],
    at: datetime,
    salt: bytes,
    leaf_index: int,
    proof: Sequence[bytes],
    checkpoint: str,
    tsa: bytes | None,
    sign: d.Sign,
) -> bytes:
    """A receipt, signed. `manifest` and `cms` are SHA-256 values, `at` is the admission's instant,
    `proof` leads from the leaf to the root of `checkpoint` (a signed note)."""
    document: dict[str, Any] = {
        "v": 1,
        "typ": "ebid.receipt",
        "kind": kind,
        "tender": tender,
        "lot": lot,
        "ref": ref,
        "seq": seq,
        "manifest": manifest.hex(),
        "cms": cms.hex(),
        "parts": [{"name": p.name, "size": p.size, "tree": p.tree.hex()} for p in parts],
        "received": format_time(at),
        "at": format_time(at),
        "salt": b64(salt),
        "leaf_index": leaf_index,
        "proof": [b64(node) for node in proof],
        "checkpoint": checkpoint,
        "tsa": b64(tsa) if tsa is not None else None,
    }
    return d.signed(document, sign)


def parse_receipt(raw: bytes) -> Receipt:
    """Reads a receipt; raises EncodingError. `received` must be `at`."""
    f = d.read(raw, "ebid.receipt", _RECEIPT)
    if f["received"] != f["at"]:
        raise EncodingError("received and at differ")
    names = ("kind", "tender", "lot", "ref", "seq", "manifest", "cms", "at", "salt", "leaf_index")
    return Receipt(
        raw=raw,
        parts=tuple((part["name"], part["size"], part["tree"]) for part in f["parts"]),
        **{name: f[name] for name in (*names, "proof", "checkpoint", "tsa")},
    )


def build_refusal(manifest: bytes, reason: str, at: datetime, sign: d.Sign) -> bytes:
    """A signed refusal of the document whose hash is `manifest`."""
    document = {
        "v": 1,
        "typ": "ebid.refusal",
        "manifest": manifest.hex(),
        "reason": reason,
        "at": format_time(at),
    }
    return d.signed(document, sign)


def parse_refusal(raw: bytes, receipt_key: bytes) -> Refusal:
    """Reads and verifies a refusal; raises EncodingError."""
    f = d.read(raw, "ebid.refusal", _REFUSAL)
    if not d.signature_holds(raw, receipt_key):
        raise EncodingError("the refusal is not signed by the receipt key")
    return Refusal(raw, f["manifest"], f["reason"], f["at"])


def check_receipt(
    raw: bytes,
    policy: Policy,
    sent: Sent | None,
    *,
    now: datetime,
    quorum: int = 1,
    earlier: tuple[str, Sequence[bytes]] | None = None,
    stamped_at: datetime | None = None,
    moved_to: datetime | None = None,
) -> list[Check]:
    """The client checks 1 to 7 of a receipt for what was `sent`; a stranger, who does not know what was
    sent (None), leaves out check 2.

    `now` is the client's clock, `quorum` the number of witnesses wanted, `earlier` the last checkpoint
    (a signed note) this client stored with a consistency proof to the receipt's, `stamped_at` the time
    in the receipt's TSA token, verified by the caller, `moved_to` the deadline of final offers as a suspension has moved
    it. A receipt that cannot be read fails check 1.
    """
    try:
        receipt = parse_receipt(raw)
    except EncodingError as error:
        return [Check(1, State.FAIL, f"the receipt cannot be read: {error}")]
    signed_by_hall = d.signature_holds(raw, policy.receipt_key)
    checks = [_check(1, signed_by_hall, "signed by the policy's receipt key")]
    if sent is not None:
        checks.append(_check(2, _is_mine(receipt, policy, sent), "about exactly what was sent"))
    try:
        head = parse_checkpoint(receipt.checkpoint)
    except NoteError as error:
        return [*checks, Check(4, State.FAIL, f"the checkpoint cannot be read: {error}")]
    leaf = leaf_hash(receipt.leaf)
    included = inclusion_holds(leaf, receipt.leaf_index, head.size, receipt.proof, head.root)
    return [
        *checks,
        _check(3, True, f"leaf {receipt.leaf.hex()[:16]}… made from salt and fields"),
        _check(4, included, f"entry {receipt.leaf_index} is in the tree of {head.size}"),
        _check_signatures(receipt, policy, now, quorum),
        _check_consistency(head, earlier),
        _check_times(receipt, max(policy.deadline, moved_to or policy.deadline), now, stamped_at),
    ]


def accepted(checks: Sequence[Check]) -> bool:
    """Whether no check failed: the bid is SUBMITTED, though witness or stamp may be pending."""
    return not any(check.state is State.FAIL for check in checks)


def witnesses_seen(note: str, policy: Policy) -> dict[str, int]:
    """The policy's witnesses that cosigned the checkpoint, with their times (seconds since 1970)."""
    seen = {}
    for witness in policy.fields.get("witnesses", []):
        try:
            key = parse_vkey(witness["key"])
            seen[key.name] = verify_cosignature(note, key)
        except NoteError:
            continue
    return seen


def verify_policy_log(note: str, policy: Policy) -> Checkpoint:
    """The checkpoint, when the policy's log signed it; raises NoteError."""
    return verify_log(note, parse_vkey(policy.fields["log_key"]))


def _is_mine(receipt: Receipt, policy: Policy, sent: Sent) -> bool:
    parts = tuple((part.name, part.size, part.tree) for part in sent.parts)
    return (
        receipt.kind == sent.kind
        and (receipt.tender, receipt.lot) == (policy.tender, policy.lot)
        and receipt.seq == sent.seq
        and receipt.manifest == sha256(sent.document)
        and receipt.cms == sha256(sent.cms)
        and receipt.parts == parts
    )


def _check_signatures(receipt: Receipt, policy: Policy, now: datetime, quorum: int) -> Check:
    try:
        verify_policy_log(receipt.checkpoint, policy)
    except NoteError as error:
        return Check(5, State.FAIL, str(error))
    seen = len(witnesses_seen(receipt.checkpoint, policy))
    words = f"checkpoint signed by the log, {seen} of {quorum} witnesses"
    if seen >= quorum:
        return Check(5, State.PASS, words)
    late = now - receipt.at > WITNESS_PATIENCE
    return Check(5, State.FAIL if late else State.PENDING, words)


def _check_consistency(head: Checkpoint, earlier: tuple[str, Sequence[bytes]] | None) -> Check:
    if earlier is None:
        return Check(6, State.PASS, "no earlier checkpoint to compare with")
    note, proof = earlier
    try:
        old = parse_checkpoint(note)
    except NoteError as error:
        return Check(6, State.FAIL, str(error))
    consistent = old.origin == head.origin and consistency_holds(
        old.size, head.size, old.root, head.root, proof
    )
    return _check(6, consistent, f"the tree of {head.size} continues that of {old.size}")


def _check_times(receipt: Receipt, deadline: datetime, now: datetime, stamped_at: datetime | None) -> Check:
    if receipt.at >= deadline:
        return Check(7, State.FAIL, "received at or after the deadline")
    if stamped_at is not None and abs(stamped_at - receipt.at) > STAMP_TOLERANCE:
        return Check(7, State.FAIL, "the time stamp is more than a minute off")
    if abs(receipt.at - now) > CLOCK_TOLERANCE:
        return Check(7, State.WARN, "this computer's clock is more than five minutes off the hall's")
    if receipt.tsa is None or stamped_at is None:
        return Check(7, State.PENDING, "before the deadline; the time stamp is still to come")
    return Check(7, State.PASS, "before the deadline, stamped")


def _check(number: int, holds: bool, words: str) -> Check:
    return Check(number, State.PASS if holds else State.FAIL, words if holds else f"NOT {words}")
