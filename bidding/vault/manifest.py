"""The bid manifest (投标封装清单) and the withdrawal: what a bidder signs.

The manifest commits to keys, shares, wraps and ciphertexts, so that after the opening everyone can see
that exactly these were opened. Here are reading, building, and the checks of admission that need
neither keys nor a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bidding.vault import documents as d
from bidding.vault import keys
from bidding.vault.content import HEADER, Source, measure, plausible_size
from bidding.vault.encoding import EncodingError, b64, format_time, sha256
from bidding.vault.policy import Policy
from trading import hpke
from trading.errors import Fault
from trading.ledger.canonical import dumps

MAX_SEQ = 2**32 - 1
BID_ID_BYTES = 16


@dataclass(frozen=True)
class SealedStage:
    """A stage of a bid: commitments (32 bytes each) and wraps, in the order of the custodians."""

    name: str
    k_commit: bytes
    kc_commit: bytes | None
    shares: tuple[bytes, ...]
    wraps: tuple[bytes, ...]


@dataclass(frozen=True)
class SealedPart:
    """A part of a bid: bytes, tree root and first 56 bytes of its ciphertext."""

    name: str
    stage: str
    size: int
    tree: bytes
    head: bytes


@dataclass(frozen=True)
class Manifest:
    """A bid manifest as read; `hash` is SHA-256 of its bytes, `policy` that of the policy's."""

    raw: bytes
    hash: bytes
    policy: bytes
    bid_id: bytes
    bidder: Mapping[str, str]
    seq: int
    replaces: bytes | None
    stages: tuple[SealedStage, ...]
    parts: tuple[SealedPart, ...]

    @property
    def binding(self) -> bytes:
        """B: binds policy, bid and bidder into every key."""
        return keys.binding(self.policy, self.bid_id, dict(self.bidder))

    def stage(self, name: str) -> SealedStage | None:
        """The stage with this name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def part(self, name: str) -> SealedPart | None:
        """The part with this name."""
        return next((part for part in self.parts if part.name == name), None)


@dataclass(frozen=True)
class Withdrawal:
    """A signed wish to take a bid back (撤回); `manifest` is the hash of the bid's manifest."""

    raw: bytes
    hash: bytes
    policy: bytes
    bidder: Mapping[str, str]
    manifest: bytes
    created: datetime


_BIDDER = d.exact({"id": d.text, "cert_sha256": d.hash_hex})
_MANIFEST = {
    "policy": d.hash_hex,
    "bid_id": d.b64_bytes(BID_ID_BYTES),
    "bidder": _BIDDER,
    "seq": d.integer(1, MAX_SEQ),
    "replaces": d.or_null(d.hash_hex),
    "stages": d.list_of(
        d.exact(
            {
                "name": d.text,
                "k_commit": d.hash_hex,
                "kc_commit": d.or_null(d.hash_hex),
                "shares": d.list_of(d.hash_hex),
                "wraps": d.list_of(d.b64_bytes()),
            }
        )
    ),
    "parts": d.list_of(
        d.exact(
            {
                "name": d.text,
                "stage": d.text,
                "size": d.integer(0),
                "tree": d.hash_hex,
                "head": d.b64_bytes(HEADER),
            }
        )
    ),
}
_WITHDRAWAL = {"policy": d.hash_hex, "bidder": _BIDDER, "manifest": d.hash_hex, "created": d.time}


def parse_manifest(raw: bytes) -> Manifest:
    """Reads a bid manifest; raises EncodingError when it is not canonical or its fields not exact."""
    f = d.read(raw, "ebid.bid", _MANIFEST)
    stages = tuple(SealedStage(**stage) for stage in f["stages"])
    parts = tuple(SealedPart(**part) for part in f["parts"])
    for items in (stages, parts):
        if len({item.name for item in items}) != len(items):
            raise EncodingError("a name stands twice")
    if not {part.stage for part in parts} <= {stage.name for stage in stages}:
        raise EncodingError("a part belongs to no stage")
    return Manifest(
        raw=raw,
        hash=sha256(raw),
        bidder=_bidder_text(f["bidder"]),
        stages=stages,
        parts=parts,
        **{name: f[name] for name in ("policy", "bid_id", "seq", "replaces")},
    )


def check_fits(policy: Policy, manifest: Manifest) -> None:
    """Raises EncodingError unless the manifest has the policy's stages, with the shares and wraps that
    their modes want, and only parts of the policy (if it lists parts)."""
    if [stage.name for stage in manifest.stages] != [stage.name for stage in policy.stages]:
        raise EncodingError("stages: not those of the policy")
    for stage, sealed in zip(policy.stages, manifest.stages, strict=True):
        wanted = stage.n if stage.held_by_custodians else 0
        if len(sealed.shares) != wanted or len(sealed.wraps) != wanted:
            raise EncodingError(f"stages: {stage.name} needs {wanted} shares and wraps")
        if (sealed.kc_commit is not None) != stage.held_by_custodians:
            raise EncodingError(f"stages: kc_commit of {stage.name} does not fit its mode")
        if any(len(wrap) != hpke.wrap_bytes(stage.suite) for wrap in sealed.wraps):
            raise EncodingError(f"stages: a wrap of {stage.name} has the wrong size")
    for part in manifest.parts:
        allowed = policy.part(part.name)
        if policy.parts and (allowed is None or allowed.stage != part.stage):
            raise EncodingError(f"parts: {part.name} is not in the policy")


def admission_faults(policy: Policy, raw: bytes) -> list[Fault]:
    """What is wrong with a manifest before any byte of its parts is looked at; empty when nothing.

    Codes: bid.malformed, bid.wrong-policy, bid.parts, bid.part-size, bid.shares.
    """
    try:
        manifest = parse_manifest(raw)
    except EncodingError as error:
        return [Fault("bid.malformed", str(error))]
    if manifest.policy != policy.hash:
        return [Fault("bid.wrong-policy", "The bid is sealed for other documents than the current ones.")]
    try:
        check_fits(policy, manifest)
    except EncodingError as error:
        return [Fault("bid.malformed", str(error))]
    return list(_structural_faults(policy, manifest))


def received_faults(part: SealedPart, source: Source) -> list[Fault]:
    """What differs between a part's received ciphertext, read to its end, and the manifest.

    Codes: bid.received-size, bid.received-tree, bid.received-head.
    """
    found, faults = measure(source), []
    if found.size != part.size:
        faults.append(Fault("bid.received-size", f"{found.size} of {part.size} bytes arrived.", part.name))
    if found.tree != part.tree:
        faults.append(Fault("bid.received-tree", "What arrived is not what was sealed.", part.name))
    if found.head != part.head:
        faults.append(Fault("bid.received-head", "The beginning is not what was sealed.", part.name))
    return faults


def replay_marks(manifest: Manifest) -> list[str]:
    """What may never come twice in a tender: bid id, tree roots and hashes of the wraps, as text."""
    wraps = (wrap for stage in manifest.stages for wrap in stage.wraps)
    return [
        f"bid:{manifest.bid_id.hex()}",
        *(f"tree:{part.tree.hex()}" for part in manifest.parts),
        *(f"wrap:{sha256(wrap).hex()}" for wrap in wraps),
    ]


def build_manifest(
    *,
    policy_hash: bytes,
    bid_id: bytes,
    bidder: Mapping[str, str],
    seq: int,
    replaces: bytes | None,
    stages: Sequence[SealedStage],
    parts: Sequence[SealedPart],
) -> bytes:
    """The bytes of a bid manifest, to be signed by the bidder."""
    return dumps(
        {
            "v": 1,
            "typ": "ebid.bid",
            "policy": policy_hash.hex(),
            "bid_id": b64(bid_id),
            "bidder": dict(bidder),
            "seq": seq,
            "replaces": replaces.hex() if replaces else None,
            "stages": [_stage_document(stage) for stage in stages],
            "parts": [
                {
                    "name": part.name,
                    "stage": part.stage,
                    "size": part.size,
                    "tree": part.tree.hex(),
                    "head": b64(part.head),
                }
                for part in parts
            ],
        }
    )


def build_withdrawal(manifest: Manifest, created: datetime) -> bytes:
    """The bytes of a withdrawal of this bid, to be signed by the bidder."""
    return dumps(
        {
            "v": 1,
            "typ": "ebid.withdraw",
            "policy": manifest.policy.hex(),
            "bidder": dict(manifest.bidder),
            "manifest": manifest.hash.hex(),
            "created": format_time(created),
        }
    )


def parse_withdrawal(raw: bytes) -> Withdrawal:
    """Reads a withdrawal; raises EncodingError."""
    f = d.read(raw, "ebid.withdraw", _WITHDRAWAL)
    return Withdrawal(raw, sha256(raw), f["policy"], _bidder_text(f["bidder"]), f["manifest"], f["created"])


def _structural_faults(policy: Policy, manifest: Manifest) -> Iterator[Fault]:
    if not manifest.parts:
        yield Fault("bid.parts", "The bid has no part.", "parts")
    for part in manifest.parts:
        limit = policy.part(part.name)
        if not plausible_size(part.size):
            yield Fault("bid.part-size", "No sealed part can have this size.", part.name)
        elif limit is not None and part.size > limit.max_bytes:
            yield Fault("bid.part-size", f"Larger than the {limit.max_bytes} bytes allowed.", part.name)
    for stage in manifest.stages:
        if len(set(stage.shares)) != len(stage.shares):
            yield Fault("bid.shares", "Two shares of the stage are alike.", stage.name)


def _bidder_text(bidder: Mapping[str, Any]) -> dict[str, str]:
    return {"id": bidder["id"], "cert_sha256": bidder["cert_sha256"].hex()}


def _stage_document(stage: SealedStage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "k_commit": stage.k_commit.hex(),
        "kc_commit": stage.kc_commit.hex() if stage.kc_commit else None,
        "shares": [share.hex() for share in stage.shares],
        "wraps": [b64(wrap) for wrap in stage.wraps],
    }
