"""The worked examples in docs/protocols are what this implementation computes, to the byte."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bidding.vault import content, keys
from bidding.vault.encoding import lp, sha256
from bidding.vault.receipt import build_refusal, leaf_bytes, leaf_commitment
from trading import hpke
from trading.ledger import checkpoint, entry, merkle
from trading.ledger.canonical import dumps
from trading.ledger.tiles import Tile, encode_bundle

DOCS = Path(__file__).parents[2] / "docs" / "protocols"
AT = datetime(2026, 11, 30, 8, 15, 30, 123000, tzinfo=UTC)
TENDER, LOT, STAGE = "T-1", "1", "opening"


def the(byte: int, length: int = 32) -> bytes:
    return bytes([byte]) * length


def vault_example() -> dict[str, str]:
    """Every value of vault.md, section 11, by its name."""
    seed = keys.custodian_seed(the(0x01), TENDER, LOT, STAGE)
    bidder = {"id": "91440300EXAMPLE001", "cert_sha256": the(0x22).hex()}
    b = keys.binding(the(0x11), bytes(range(16)), bidder)
    kc = the(0x33)
    shares = keys.deal(kc, b, STAGE, 2, 3)
    commitment = leaf_commitment(
        salt=the(0x55), kind="bid", tender=TENDER, lot=LOT, seq=1, digest=the(0x66), at=AT
    )
    leaf = leaf_bytes(commitment)
    signer = Ed25519PrivateKey.from_private_bytes(the(0x77))
    return {
        "lp": lp("ab", b"\x01").hex(),
        "seed": seed.hex(),
        "pk": sha256(hpke.public_key(hpke.X_WING, seed)).hex(),
        "pk25519": hpke.public_key(hpke.X25519, seed).hex(),
        "bidder": dumps(bidder).decode(),
        "B": b.hex(),
        **{f"share{i}": share.hex() for i, share in enumerate(shares, 1)},
        "share_commit1": keys.share_commitment(b, STAGE, 1, shares[0]).hex(),
        "k_commit": keys.key_commitment(b, STAGE, kc).hex(),
        "kc_commit": keys.custodian_commitment(b, STAGE, kc).hex(),
        "info1": keys.wrap_info(b, STAGE, 1).hex(),
        "dual": keys.dual_key(kc, the(0x44), b, STAGE).hex(),
        "cek": keys.part_key(kc, b, "price-sheet").hex(),
        "context": keys.content_context(b, "price-sheet").hex(),
        "c": commitment.hex(),
        "leaf": leaf.decode(),
        "leaf_hash": merkle.leaf_hash(leaf).hex(),
        "receipt_key": signer.public_key().public_bytes_raw().hex(),
        "refusal": build_refusal(the(0x66), "bid.late", AT, signer.sign).decode(),
    }


def ledger_example() -> dict[str, str]:
    """Every value of ledger.md, section 11, by its name."""
    payload = dumps({"deadline": "2026-12-01T01:00:00.000Z", "at": "2026-12-01T01:00:00.207Z"})
    commitment = entry.payload_commitment(the(0x88), payload).hex()
    closed = entry.Entry(
        the(0x99, 16).hex(),
        "2026-12-01T01:00:00.207Z",
        "tender.closed",
        TENDER,
        "scheduler",
        None,
        (commitment,),
    ).to_bytes()
    blinded = entry.blinded_commitment(
        the(0x55), "bid", tender=TENDER, lot=LOT, seq=1, digest=the(0x66), at="2026-11-30T08:15:30.123Z"
    )
    first = entry.Blinded(blinded.hex()).to_bytes()
    leaves = [merkle.leaf_hash(first), merkle.leaf_hash(closed)]
    head = checkpoint.Checkpoint("ledger.example/2026", 2, merkle.tree_root(leaves))
    note = checkpoint.sign_checkpoint(head, the(0xAA))
    cosigned = checkpoint.add_lines(
        note, [checkpoint.cosign(note, "witness.example/1", the(0xBB), 1796086801)]
    )
    return {
        "payload": payload.decode(),
        "commitment": commitment,
        "entry": closed.decode(),
        "leaf0": leaves[0].hex(),
        "leaf1": leaves[1].hex(),
        "root": head.root.hex(),
        "log_vkey": str(checkpoint.verifier_key(head.origin, checkpoint.LOG_KEY, the(0xAA))),
        "witness_vkey": str(checkpoint.verifier_key("witness.example/1", checkpoint.WITNESS_KEY, the(0xBB))),
        "note": cosigned,
        "cp": head.hash,
        "proof": checkpoint.tlog_proof(1, merkle.inclusion_proof(merkle.leaves_reader(leaves), 1, 2), note),
        "bundle": encode_bundle([b"ab", b"c"]).hex(),
        "path": Tile(0, 1234067).path,
        "partial": Tile("entries", 273, 112).path,
        "actor": entry.actor_pseudonym(the(0xCC), TENDER, "00000000-0000-0000-0000-000000000001"),
    }


@pytest.mark.parametrize(
    ("document", "example"), [("vault.md", vault_example), ("ledger.md", ledger_example)]
)
def test_the_document_shows_every_computed_value(document: str, example) -> None:
    text = (DOCS / document).read_text(encoding="utf-8")
    missing = {name: value for name, value in example().items() if value not in text}
    assert missing == {}


@pytest.mark.parametrize(
    ("size", "padded", "sealed"),
    [(0, 16384, 16472), (16376, 16384, 16472), (16377, 17408, 17496), (20_000_000, 20447232, 20467272)],
)
def test_the_sizes_in_the_table_are_those_of_the_code(size: int, padded: int, sealed: int) -> None:
    assert (content.padded_size(8 + size), content.sealed_size(size)) == (padded, sealed)
    row = f"| {size:,} | {padded:,} | {sealed:,} |"
    assert row in (DOCS / "vault.md").read_text(encoding="utf-8")
