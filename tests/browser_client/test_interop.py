"""The browser's code and the server's, each opening what the other made."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cn2an
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bidding.vault import sealed_file
from bidding.vault.encoding import b64, unb64
from bidding.vault.keyfile import KeyFile, WrongPassphrase, read_keyfile, write_keyfile
from bidding.vault.manifest import admission_faults
from bidding.vault.open import Outcome, StageEvidence, open_bid
from bidding.vault.policy import parse_policy
from bidding.vault.release import Answer, unwrap
from bidding.vault.seal import PartInput, seal_bid
from plugins.x509_signatures.verifier import X509Verifier
from tests.browser_client.authority import Authority
from tests.browser_client.conftest import Interop
from trading.errors import Refused
from trading.ledger.canonical import dumps

SEEDS = [bytes([i]) * 32 for i in (1, 2, 3)]
BIDDER = {"id": "91110000600037341L", "cert_sha256": "ab" * 32}
DOCUMENTS = bytes(i * 7 % 256 for i in range(1_500_000))
PARTS = {"price-sheet": b'{"a":1}', "documents": DOCUMENTS}


@pytest.fixture(scope="module", params=["custodian", "bidder", "dual", "either"])
def policy(request: pytest.FixtureRequest, interop: Interop) -> bytes:
    """A policy of one stage in each mode, with keys that the browser's code derives from SEEDS."""
    custodians = [
        {"index": i, "id": f"c{i}", "org": f"o{i}", "cks_sha256": "00" * 32, "pk": public}
        for i, public in enumerate(interop("public-keys", seeds=[seed.hex() for seed in SEEDS])["keys"], 1)
    ]
    stage = {"name": "opening", "mode": request.param, "t": 2, "n": 3, "suite": "647a-0001-0002"}
    stage |= {"bidder_window_s": 1800, "custodians": [] if request.param == "bidder" else custodians}
    part = {"stage": "opening", "public_after_open": True}
    parts = [
        {**part, "name": "price-sheet", "max_bytes": 1 << 20},
        {**part, "name": "documents", "max_bytes": 1 << 30},
    ]
    frame = {"v": 1, "typ": "ebid.policy", "tender": "T", "lot": "1", "deadline": "2026-12-01T01:00:00.000Z"}
    return dumps({**frame, "stages": [stage], "parts": parts})


def test_a_bid_sealed_by_the_browser_is_admitted_and_opened_by_the_server(
    interop: Interop, policy: bytes, tmp_path: Path
) -> None:
    target = tmp_path / "bid.sealed"
    parts = {name: b64(data) for name, data in PARTS.items()}
    sealed = interop("seal", policy=b64(policy), bidder=BIDDER, parts=parts, sealed_file=str(target))
    manifest = unb64(sealed["manifest"])
    assert admission_faults(parse_policy(policy), manifest) == []
    found: dict[str, io.BytesIO] = {}
    with target.open("rb") as source, sealed_file.open_sealed(source) as opened:
        assert (opened.policy, opened.manifest_raw) == (policy, manifest)
        evidence = _evidence(policy, unb64(sealed["keys"]["opening"]["Kb"]), opened.manifest)
        ciphertexts = {name: io.BytesIO(opened.part(name).read()) for name in PARTS}
    result = open_bid(
        parse_policy(policy),
        manifest,
        ciphertexts,
        evidence,
        lambda name: found.setdefault(name, io.BytesIO()),
    )
    assert result.outcome is Outcome.OK, result.reason
    assert {name: sink.getvalue() for name, sink in found.items()} == PARTS


def test_a_bid_sealed_by_the_server_is_opened_by_the_browser(
    interop: Interop, policy: bytes, tmp_path: Path
) -> None:
    rules = parse_policy(policy)
    sinks = {name: io.BytesIO() for name in PARTS}
    inputs = [PartInput(name, len(data), io.BytesIO(data), sinks[name]) for name, data in PARTS.items()]
    bid = seal_bid(
        rules, bidder_id=BIDDER["id"], cert_sha256=BIDDER["cert_sha256"], parts=inputs, rng=os.urandom
    )
    target = tmp_path / "bid.sealed"
    with target.open("wb") as out:
        for sink in sinks.values():
            sink.seek(0)
        sealed_file.write_sealed(out, policy=policy, manifest=bid.manifest, cms=b"cms", parts=sinks)
    read = interop("read-sealed", file=str(target))
    assert unb64(read["manifest"]) == bid.manifest
    seeds = {} if rules.stages[0].mode == "bidder" else {"1": SEEDS[0].hex(), "3": SEEDS[2].hex()}
    released = {"opening": {"Kb": b64(bid.keys["opening"]), "seeds": seeds}}
    answer = interop(
        "open", policy=read["policy"], manifest=read["manifest"], parts=read["parts"], released=released
    )
    assert {name: unb64(part["data"]) for name, part in answer["parts"].items()} == PARTS


def test_each_reads_the_others_key_file(interop: Interop) -> None:
    key_file = KeyFile(bytes(32), bytes(16), bytes([1]) * 32, {"opening": bytes([2]) * 32})
    raw = write_keyfile(key_file, "口令 passphrase", os.urandom)
    assert interop("read-key-file", file=raw.decode(), passphrase="口令 passphrase") == {
        "opening": b64(bytes([2]) * 32)
    }
    assert interop("read-key-file", file=raw.decode(), passphrase="x")["error"] == "PASSPHRASE_WRONG"
    bid = {
        "policyHash": "00" * 32,
        "bidId": b64(bytes(16)),
        "manifestHash": "01" * 32,
        "keys": {"opening": {"Kb": b64(bytes([2]) * 32)}},
    }
    written = interop("write-key-file", bid=bid, passphrase="口令 passphrase")["text"].encode()
    assert read_keyfile(written, "口令 passphrase") == key_file
    with pytest.raises(WrongPassphrase):
        read_keyfile(written, "x")


@pytest.mark.parametrize("kind", ["ec-p256", "rsa-3072"])
def test_a_key_enrolled_in_the_browser_signs_what_the_server_accepts(interop: Interop, kind: str) -> None:
    subject = {"C": "CN", "O": "某某有限公司", "CN": "张三", "serialNumber": BIDDER["id"]}
    request = interop("request", subject=subject, passphrase="secret", kind=kind)
    csr = x509.load_pem_x509_csr(request["csr"].encode())
    assert csr.is_signature_valid
    authority = Authority()
    certificate = authority.issue(csr)
    key_file = request["keyPem"] + certificate.public_bytes(serialization.Encoding.PEM).decode()
    assert serialization.load_pem_private_key(request["keyPem"].encode(), b"secret")
    data = b'{"v":1}'
    cms = unb64(interop("sign", key_file=key_file, passphrase="secret", data=b64(data))["cms"])
    verifier = X509Verifier([authority.root.public_bytes(serialization.Encoding.DER)], [], authority)
    evidence = verifier.verify(data, cms, datetime.now(UTC))
    expected = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()
    assert evidence.certificate_sha256 == expected
    with pytest.raises(Refused):
        verifier.verify(data + b" ", cms, datetime.now(UTC))
    assert (
        interop("sign", key_file=key_file, passphrase="wrong", data=b64(data))["error"] == "PASSPHRASE_WRONG"
    )


def test_capital_figures_are_those_of_the_server(interop: Interop) -> None:
    fen = [
        1,
        10,
        105,
        100,
        1010,
        100010000,
        1000000,
        100100000,
        999999999999,
        20000000300_00,
        12030450,
        1001000100_00,
    ]
    fen += [7 * 10**n + 3 * 10 ** (n // 2) for n in range(14)]
    words = interop("words", fen=[str(value) for value in fen])["words"]
    for value, text in zip(fen, words, strict=True):
        expected = cn2an.an2cn(f"{value // 100}.{value % 100:02}".removesuffix(".00"), "rmb")
        # Both readings with and without 零 before 仟 are in use; the server reads both.
        assert text in (expected, expected.replace("亿", "亿零"), expected.replace("万", "万零")), value


def _evidence(policy: bytes, kb: bytes, manifest: Any) -> dict[str, StageEvidence]:
    stage = parse_policy(policy).stages[0]
    answers = [
        Answer(index=i, share=unwrap(stage, manifest, i, SEEDS[i - 1]))
        for i in (1, 3)
        if stage.mode != "bidder"
    ]
    key = kb if stage.mode in ("bidder", "dual") else None
    return {"opening": StageEvidence(bidder_key=key, answers=answers)}
