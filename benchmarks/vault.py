"""Sealing and opening a bid against raw AES-256-GCM on the same bytes, in the same run.

Ratios of rates: 1.00 would be as fast as AES-256-GCM alone. Each round measures all of them one after
another on the same data; the median of the rounds' ratios is shown. `python -m benchmarks.vault [MiB]`.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bidding.vault import content
from bidding.vault.custodian_key import build_statement
from bidding.vault.open import Outcome, StageEvidence, open_bid
from bidding.vault.policy import Part, Policy, StagePlan, build_policy, parse_policy
from bidding.vault.release import Answer
from bidding.vault.seal import PartInput, seal_bid
from trading import hpke

ROUNDS = 5
PIECE = 1 << 20
DEADLINE = datetime(2026, 12, 1, 1, tzinfo=UTC)
SEEDS = [bytes([i]) * 32 for i in (1, 2, 3)]


def make_policy() -> Policy:
    """One stage, mode `either`, two of three X-Wing custodians."""
    statements = [
        build_statement(
            tender="T",
            lot="1",
            stage="opening",
            custodian=f"c{i}",
            org=f"o{i}",
            cert_sha256="00" * 32,
            index=i,
            seed=seed,
            created=DEADLINE,
            release_after=DEADLINE,
        )
        for i, seed in enumerate(SEEDS, start=1)
    ]
    raw = build_policy(
        tender="T",
        lot="1",
        deadline=DEADLINE,
        open_at=DEADLINE,
        log="log",
        log_key="",
        receipt_key=bytes(32),
        witnesses=[],
        tsa=[],
        stages=[StagePlan("opening", "either", 2, 3, statements, hpke.X_WING)],
        parts=[Part("documents", "opening", 1 << 40, False)],
    )
    return parse_policy(raw)


def seconds(act: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


class Memory:
    """Source and sink over memory that exists already, so that no allocation is measured."""

    def __init__(self, memory: bytes | bytearray) -> None:
        self.view = memoryview(memory)
        self.at = 0

    def readinto(self, buffer: memoryview) -> int:
        count = min(len(buffer), len(self.view) - self.at)
        buffer[:count] = self.view[self.at : self.at + count]
        self.at += count
        return count

    def write(self, data: memoryview) -> int:
        self.view[self.at : self.at + len(data)] = data
        self.at += len(data)
        return len(data)


def raw_gcm(data: bytes, out: memoryview) -> tuple[Callable[[], None], Callable[[], None]]:
    """AES-256-GCM over 1 MiB pieces into memory that exists already: encrypt, decrypt."""
    cipher, nonce, view = AESGCM(bytes(32)), bytes(12), memoryview(data)
    pieces = [cipher.encrypt(nonce, view[i : i + PIECE], None) for i in range(0, len(data), PIECE)]

    def encrypt() -> None:
        for start in range(0, len(data), PIECE):
            piece = view[start : start + PIECE]
            cipher.encrypt_into(nonce, piece, None, out[start : start + len(piece) + 16])

    def decrypt() -> None:
        for number, piece in enumerate(pieces):
            start = number * PIECE
            cipher.decrypt_into(nonce, piece, None, out[start : start + len(piece) - 16])

    return encrypt, decrypt


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    size = int(arguments[0]) << 20 if arguments else 64 << 20
    policy, data = make_policy(), os.urandom(size)
    encrypt, decrypt = raw_gcm(data, memoryview(bytearray(size + 16)))
    sealed, plain = bytearray(content.sealed_size(size)), bytearray(size)
    scratch = bytearray(len(sealed))

    def seal(memory: bytearray) -> bytes:
        part = PartInput("documents", size, Memory(data), Memory(memory))
        return seal_bid(policy, bidder_id="B", cert_sha256="00" * 32, parts=[part], rng=os.urandom).manifest

    manifest = seal(sealed)
    evidence = StageEvidence(answers=[Answer(i, seed=SEEDS[i - 1]) for i in (1, 2)])

    def unseal() -> None:
        parts, stages = {"documents": Memory(sealed)}, {"opening": evidence}
        result = open_bid(policy, manifest, parts, stages, lambda name: Memory(plain))
        if result.outcome is not Outcome.OK:
            raise SystemExit(f"the bid did not open: {result.reason}")

    def tree() -> None:
        content.measure(Memory(sealed))

    acts = {
        "AES-256-GCM encrypt": encrypt,
        "AES-256-GCM decrypt": decrypt,
        "tree hash (SHA-256)": tree,
        "seal": lambda: seal(scratch),
        "open": unseal,
    }
    rounds = [{name: seconds(act) for name, act in acts.items()} for _ in range(ROUNDS)]
    if plain != data:
        raise SystemExit("what was opened is not what was sealed")
    print(f"one part of {size >> 20} MiB, median of {ROUNDS} rounds")
    for name in acts:
        rate = size / statistics.median(r[name] for r in rounds) / 1e6
        print(f"  {name:<22}{rate:8.0f} MB/s")
    for name, base in (("seal", "AES-256-GCM encrypt"), ("open", "AES-256-GCM decrypt")):
        ratio = statistics.median(r[base] / r[name] for r in rounds)
        bound = statistics.median((r[base] + r["tree hash (SHA-256)"]) / r[name] for r in rounds)
        print(f"  {name} / {base}: {ratio:.2f}; / cipher and tree hash together: {bound:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
