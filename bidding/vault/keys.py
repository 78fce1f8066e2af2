"""The key schedule of `ebid/v1`: everything derived from a bid's stage keys.

`b` is the binding B of policy, bid and bidder; it stands in every derivation, so a copied wrap, share
or ciphertext opens for nobody else. Keys, shares and commitments have 32 bytes.
"""

from __future__ import annotations

from bidding.vault import shamir
from bidding.vault.encoding import expand, lp, sha256
from trading.ledger.canonical import dumps

KEY_BYTES = 32


def binding(policy_hash: bytes, bid_id: bytes, bidder: dict[str, str]) -> bytes:
    """B of a bid: policy hash (32 bytes), bid id (16 bytes) and the manifest's bidder object."""
    return sha256(lp("ebid/v1/bid", policy_hash, bid_id, dumps(bidder)))


def custodian_seed(master: bytes, tender: str, lot: str, stage: str) -> bytes:
    """A custodian's seed for one stage of one tender, from its 32-byte master secret."""
    return expand(master, lp("ebid/v1/custodian", tender, lot, stage))


def dual_key(kc: bytes, kb: bytes, b: bytes, stage: str) -> bytes:
    """The stage key K of mode `dual`, which needs the custodians' Kc and the bidder's Kb."""
    return expand(kc + kb, lp("ebid/v1/dual", b, stage))


def deal(kc: bytes, b: bytes, stage: str, t: int, n: int) -> list[bytes]:
    """The n shares of Kc, any t of which rebuild it; the same for everybody who knows Kc."""
    coefficients = [expand(kc, lp("ebid/v1/shamir", b, stage, bytes([t]), bytes([j]))) for j in range(1, t)]
    return shamir.split(kc, coefficients, n)


def key_commitment(b: bytes, stage: str, k: bytes) -> bytes:
    """`k_commit` of the stage key K."""
    return sha256(lp("ebid/v1/k-commit", b, stage, k))


def custodian_commitment(b: bytes, stage: str, kc: bytes) -> bytes:
    """`kc_commit` of the custodians' key Kc."""
    return key_commitment(b, stage + "/c", kc)


def share_commitment(b: bytes, stage: str, index: int, share: bytes) -> bytes:
    """`shares[index]` of the manifest; the index starts at 1."""
    return sha256(lp("ebid/v1/share", b, stage, bytes([index]), share))


def wrap_info(b: bytes, stage: str, index: int) -> bytes:
    """The HPKE `info` of the wrap for custodian `index`."""
    return lp("ebid/v1/wrap", b, stage, bytes([index]))


def part_key(k: bytes, b: bytes, part: str) -> bytes:
    """The content encryption key of one part."""
    return expand(k, lp("ebid/v1/cek", b, part))


def content_context(b: bytes, part: str) -> bytes:
    """The Cobblestone context of one part."""
    return lp("ebid/v1/content", b, part)
