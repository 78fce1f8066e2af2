"""A small hall for the vault's tests: custodians with seeds, policies, bids sealed in memory."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.vault.custodian_key import build_statement
from bidding.vault.encoding import sha256
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.open import BidResult, StageEvidence, open_bid
from bidding.vault.policy import Part, Policy, StagePlan, build_policy, parse_policy
from bidding.vault.release import Answer
from bidding.vault.seal import PartInput, SealedBid, seal_bid
from trading import hpke
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import LOG_KEY, WITNESS_KEY, verifier_key

DEADLINE = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
LOG_SEED, WITNESS_SEED, RECEIPT_SEED = b"l" * 32, b"w" * 32, b"r" * 32
LOG = "ledger.hall.example/1"
WITNESS = "witness.audit.example/1"
RECEIPT_KEY = Ed25519PrivateKey.from_private_bytes(RECEIPT_SEED)
CERT = "ab" * 32
ORGS = ("Centre", "Audit Office", "Notary", "Association", "Regulator")
SHEET = b'{"total":"100.00"}'


@dataclass(frozen=True)
class World:
    """A policy with everything that was used to make it."""

    policy: Policy
    cms: bytes
    statements: tuple[tuple[bytes, bytes], ...]
    seeds: Mapping[str, Mapping[int, bytes]]


@dataclass(frozen=True)
class Bid:
    """A sealed bid in memory."""

    manifest_raw: bytes
    manifest: Manifest
    keys: Mapping[str, bytes]
    ciphertexts: Mapping[str, bytes]


def signature(certificate: str, data: bytes) -> bytes:
    """Stands for a CMS: names the certificate and the data it is over."""
    return certificate.encode() + b"|" + sha256(data)


def signer_of(data: bytes, cms: bytes) -> str:
    """The counterpart of `signature`."""
    certificate, _, digest = cms.partition(b"|")
    if digest != sha256(data):
        raise ValueError("the signature is over something else")
    return certificate.decode()


def statement_of(stage: str, index: int, seed: bytes, **changes: Any) -> bytes:
    """A custodian's key statement."""
    fields = {
        "tender": "T-1",
        "lot": "1",
        "stage": stage,
        "custodian": f"cust{index}",
        "org": ORGS[index - 1],
        "cert_sha256": f"{index:02x}" * 32,
        "index": index,
        "seed": seed,
        "created": DEADLINE - timedelta(days=20),
        "release_after": DEADLINE,
        **changes,
    }
    return build_statement(**fields)


def make_world(
    modes: Mapping[str, str] | None = None,
    t: int = 2,
    n: int = 3,
    suite: str = hpke.X25519,
    tender: str = "T-1",
    **changes: Any,
) -> World:
    """A policy with one part per stage, `sheet` or `<stage>-sheet`; X25519 keys, which are quicker."""
    modes = modes or {"opening": "either"}
    seeds = {
        stage: {i: sha256(f"{tender}{stage}{i}".encode()) for i in range(1, n + 1)}
        for stage, mode in modes.items()
        if mode != "bidder"
    }
    raws = {
        stage: [statement_of(stage, i, seed, suite=suite, tender=tender) for i, seed in own.items()]
        for stage, own in seeds.items()
    }
    fields: dict[str, Any] = {
        "tender": tender,
        "lot": "1",
        "deadline": DEADLINE,
        "open_at": DEADLINE,
        "log": LOG,
        "log_key": str(verifier_key(LOG, LOG_KEY, LOG_SEED)),
        "receipt_key": RECEIPT_KEY.public_key().public_bytes_raw(),
        "witnesses": [(WITNESS, str(verifier_key(WITNESS, WITNESS_KEY, WITNESS_SEED)))],
        "tsa": ["cd" * 32],
        "stages": [
            StagePlan(stage, mode, t, n, raws.get(stage, ()), suite, 1800) for stage, mode in modes.items()
        ],
        "parts": [Part(part_of(stage, modes), stage, 1 << 30, True) for stage in modes],
        **changes,
    }
    raw = build_policy(**fields)
    statements = tuple(
        (raw, signature(f"{i:02x}" * 32, raw)) for own in raws.values() for i, raw in enumerate(own, start=1)
    )
    return World(parse_policy(raw), signature(CERT, raw), statements, seeds)


@cache
def world(mode: str = "either", t: int = 2, n: int = 3) -> World:
    """A policy of one stage, made once."""
    return make_world({"opening": mode}, t, n)


def part_of(stage: str, modes: Mapping[str, str]) -> str:
    """The name of a stage's part."""
    return "sheet" if len(modes) == 1 else f"{stage}-sheet"


def seal(w: World, parts: Mapping[str, bytes] | None = None, bidder: str = "B-1", **more: Any) -> Bid:
    """Seals parts in memory; without parts, the sheet."""
    parts = parts if parts is not None else {"sheet": SHEET}
    outputs = {name: io.BytesIO() for name in parts}
    sealed: SealedBid = seal_bid(
        w.policy,
        bidder_id=bidder,
        cert_sha256=CERT,
        parts=[PartInput(name, len(data), io.BytesIO(data), outputs[name]) for name, data in parts.items()],
        rng=more.pop("rng", os.urandom),
        **more,
    )
    ciphertexts = {name: out.getvalue() for name, out in outputs.items()}
    return Bid(sealed.manifest, parse_manifest(sealed.manifest), sealed.keys, ciphertexts)


def changed(bid: Bid, change: Any) -> bytes:
    """The manifest's bytes after `change(document)`."""
    document = json.loads(bid.manifest_raw)
    change(document)
    return dumps(document)


def by_seeds(w: World, indexes: Iterable[int], stage: str = "opening") -> list[Answer]:
    """The custodians' seeds as answers."""
    return [Answer(i, seed=w.seeds[stage][i]) for i in indexes]


def judge(
    w: World,
    bid: Bid,
    evidence: StageEvidence | Mapping[str, StageEvidence],
    manifest: bytes | None = None,
    ciphertexts: Mapping[str, bytes] | None = None,
) -> tuple[BidResult, dict[str, bytes]]:
    """The outcome, and what was written for each part that was tried."""
    sinks: dict[str, io.BytesIO] = {}
    result = open_bid(
        w.policy,
        manifest if manifest is not None else bid.manifest_raw,
        {name: io.BytesIO(data) for name, data in (ciphertexts or bid.ciphertexts).items()},
        {"opening": evidence} if isinstance(evidence, StageEvidence) else evidence,
        lambda name: sinks.setdefault(name, io.BytesIO()),
    )
    return result, {name: sink.getvalue() for name, sink in sinks.items()}
