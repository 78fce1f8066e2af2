"""Sealing a bid on the bidder's own device (封标).

Parts are read once and written as ciphertext in pieces; the manifest comes out at the end, to be signed
by the bidder. Stage keys and bid id come from the `rng` argument; the salts of Cobblestone and the
encapsulations of HPKE are drawn inside the cryptographic library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bidding.vault import content, keys
from bidding.vault.content import Sink, Source
from bidding.vault.manifest import BID_ID_BYTES, SealedPart, SealedStage, build_manifest
from bidding.vault.policy import Policy, Stage
from trading import hpke


class SealError(ValueError):
    """The bid cannot be sealed as asked."""


@dataclass(frozen=True)
class PartInput:
    """A part to seal: exactly `size` bytes are read from `source`, the ciphertext goes to `sink`."""

    name: str
    size: int
    source: Source
    sink: Sink


@dataclass(frozen=True, repr=False)
class SealedBid:
    """A sealed bid: the manifest's bytes, to be signed, and per stage the key that the bidder keeps
    (`Kb`; in the modes `custodian` and `either` it is the stage key itself), in mode `dual` beside the Kc
    that was dealt to the custodians."""

    manifest: bytes
    bid_id: bytes
    keys: dict[str, bytes] = field(repr=False)
    dealt: dict[str, bytes] = field(repr=False, default_factory=dict)


def seal_bid(
    policy: Policy,
    *,
    bidder_id: str,
    cert_sha256: str,
    parts: Sequence[PartInput],
    rng: Callable[[int], bytes],
    seq: int = 1,
    replaces: bytes | None = None,
) -> SealedBid:
    """Seals the parts for the policy's custodians and writes the ciphertexts to their sinks.

    `cert_sha256` (hex) is of the certificate that will sign, `seq` this bidder's 1, 2, 3…, `replaces`
    the hash of the manifest that this bid takes the place of. `rng(n)` yields n random bytes.
    Raises SealError for parts that the policy does not have or that are too large, and ContentError
    for a source that is not of its size.
    """
    _check_parts(policy, parts)
    bidder = {"id": bidder_id, "cert_sha256": cert_sha256}
    bid_id = rng(BID_ID_BYTES)
    b = keys.binding(policy.hash, bid_id, bidder)
    kept: dict[str, bytes] = {}
    dealt: dict[str, bytes] = {}
    stage_keys: dict[str, bytes] = {}
    stages = []
    for stage in policy.stages:
        sealed, stage_keys[stage.name], kept[stage.name], kc = _seal_stage(stage, b, rng)
        stages.append(sealed)
        if stage.mode == "dual" and kc is not None:
            dealt[stage.name] = kc
    sealed_parts = []
    for part in parts:
        stage_name = _stage_of(policy, part.name)
        key = keys.part_key(stage_keys[stage_name], b, part.name)
        done = content.encrypt(key, keys.content_context(b, part.name), part.size, part.source, part.sink)
        sealed_parts.append(SealedPart(part.name, stage_name, done.size, done.tree, done.head))
    manifest = build_manifest(
        policy_hash=policy.hash,
        bid_id=bid_id,
        bidder=bidder,
        seq=seq,
        replaces=replaces,
        stages=stages,
        parts=sealed_parts,
    )
    return SealedBid(manifest, bid_id, kept, dealt)


def _seal_stage(
    stage: Stage, b: bytes, rng: Callable[[int], bytes]
) -> tuple[SealedStage, bytes, bytes, bytes | None]:
    """The sealed stage, its key K, what the bidder keeps, and what was dealt to custodians."""
    if not stage.held_by_custodians:
        k = rng(keys.KEY_BYTES)
        return SealedStage(stage.name, keys.key_commitment(b, stage.name, k), None, (), ()), k, k, None
    kc = rng(keys.KEY_BYTES)
    kb = rng(keys.KEY_BYTES) if stage.mode == "dual" else kc
    k = keys.dual_key(kc, kb, b, stage.name) if stage.mode == "dual" else kc
    shares = keys.deal(kc, b, stage.name, stage.t, stage.n)
    return (
        SealedStage(
            name=stage.name,
            k_commit=keys.key_commitment(b, stage.name, k),
            kc_commit=keys.custodian_commitment(b, stage.name, kc),
            shares=tuple(
                keys.share_commitment(b, stage.name, i, share) for i, share in enumerate(shares, start=1)
            ),
            wraps=tuple(
                hpke.seal(stage.suite, custodian.pk, keys.wrap_info(b, stage.name, custodian.index), share)
                for custodian, share in zip(stage.custodians, shares, strict=True)
            ),
        ),
        k,
        kb,
        kc,
    )


def _check_parts(policy: Policy, parts: Sequence[PartInput]) -> None:
    if not parts or len({part.name for part in parts}) != len(parts):
        raise SealError("a bid has parts, each once")
    for part in parts:
        limit = policy.part(part.name)
        if limit is None:
            raise SealError(f"the policy has no part {part.name}")
        if content.sealed_size(part.size) > limit.max_bytes:
            raise SealError(f"{part.name} is larger than the {limit.max_bytes} bytes allowed when sealed")


def _stage_of(policy: Policy, part: str) -> str:
    return next(p.stage for p in policy.parts if p.name == part)
