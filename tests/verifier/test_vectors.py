"""The published vectors, run against the verifier's own code."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

import tradehall_verify as verifier

VECTORS = Path(__file__).parents[1] / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def certificates(data: Any, *names: str) -> list[x509.Certificate]:
    return [x509.load_pem_x509_certificate(data["certs_pem"][name].encode()) for name in names]


CADES, STAMPS, LOG, SEALED = (
    load("cades.json"),
    load("rfc3161.json"),
    load("ledger_log.json"),
    load("seal_open.json"),
)
LOWEST = load("lowest_price.json")


@pytest.mark.parametrize("case", CADES["cases"], ids=lambda case: case["name"])
def test_a_cades_signature_gets_the_published_verdict(case: Any) -> None:
    crls = [x509.load_der_x509_crl(base64.b64decode(raw)) for raw in CADES["crls_b64"].values()]
    anchors = verifier.Anchors(certificates(CADES, "root"), certificates(CADES, "inter"), crls)
    arguments = (
        base64.b64decode(case["p7s_b64"]),
        bytes.fromhex(case["data_hex"]),
        anchors,
        verifier.moment(CADES["moment"]),
    )
    if case["valid"]:
        verifier.verify_cades(*arguments)
    else:
        with pytest.raises(verifier.Invalid):
            verifier.verify_cades(*arguments)


@pytest.mark.parametrize("case", STAMPS["cases"], ids=lambda case: case.get("why", "valid"))
def test_a_time_stamp_gets_the_published_verdict(case: Any) -> None:
    anchors = verifier.Anchors(certificates(STAMPS, "root"), certificates(STAMPS, "inter", "tsa", "rogue"))
    request = verifier.der(base64.b64decode(case["tsq_b64"])).children()
    nonce = next(node.integer() for node in request[2:] if node.tag == 0x02)
    arguments = base64.b64decode(case["tsr_b64"]), bytes.fromhex(case["data_hex"]), anchors, nonce
    if case["valid"]:
        verifier.verify_timestamp(*arguments)
    else:
        with pytest.raises(verifier.Invalid):
            verifier.verify_timestamp(*arguments)


def test_a_time_stamp_of_an_unknown_authority_is_refused() -> None:
    case = next(case for case in STAMPS["cases"] if case["valid"])
    anchors = verifier.Anchors(certificates(STAMPS, "rogue"), certificates(STAMPS, "inter", "tsa"))
    with pytest.raises(verifier.Invalid, match="no trusted root"):
        verifier.verify_timestamp(base64.b64decode(case["tsr_b64"]), bytes.fromhex(case["data_hex"]), anchors)


def hashes(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def test_checkpoints_and_cosignatures_of_the_ledger_vectors_verify() -> None:
    log, witness = (verifier.parse_vkey(LOG["keys"][name]) for name in ("log_vkey", "witness_vkey"))
    for size, note in LOG["checkpoints"].items():
        assert verifier.note_signed_by(note.encode(), log) is not None
        assert verifier.note_signed_by(note.encode(), witness) is not None
        assert verifier.parse_checkpoint(note.encode()).root.hex() == LOG["tree"]["roots"][size]


@pytest.mark.parametrize("case", LOG["tampered_checkpoints"], ids=lambda case: case["why"])
def test_a_tampered_checkpoint_is_refused(case: Any) -> None:
    log, witness = (verifier.parse_vkey(LOG["keys"][name]) for name in ("log_vkey", "witness_vkey"))
    try:
        signed = [verifier.note_signed_by(case["note"].encode(), key) for key in (log, witness)]
    except verifier.Invalid:
        return
    assert None in signed


def test_inclusion_and_consistency_proofs_of_the_ledger_vectors_hold_and_break() -> None:
    for case in LOG["inclusion"]:
        leaf, proof = bytes.fromhex(case["leaf"]), hashes(case["proof"])
        root = verifier.root_from_inclusion(case["index"], case["size"], leaf, proof)
        assert root.hex() == case["root"]
        with pytest.raises(verifier.Invalid):
            verifier.root_from_inclusion(case["index"], case["size"], leaf, [*proof, bytes(32)])
    for case in LOG["consistency"]:
        roots, proof = hashes([case["root_m"], case["root_n"]]), hashes(case["proof"])
        verifier.check_consistency(case["m"], case["n"], *roots, proof)
        with pytest.raises(verifier.Invalid):
            verifier.check_consistency(case["m"], case["n"], roots[0], bytes(32), proof)


def test_tile_paths_are_those_of_the_ledger_vectors() -> None:
    for key, path in LOG["tile_paths"].items():
        parts = [part.strip(" '") for part in key.strip("()").split(",")]
        assert verifier.tile_path(parts[0], int(parts[1]), int(parts[2]) if len(parts) > 2 else 256) == path


@pytest.mark.parametrize("case", LOWEST["cases"], ids=lambda case: case["id"])
def test_a_lowest_price_evaluation_comes_out_as_published(case: Any) -> None:
    assert verifier.evaluate_lowest_price(case["input"]) == case["output"]


SEAL_CASES = [
    pytest.param(group, case, id=f"{group['id']} {case['name']}")
    for group in SEALED["cases"]
    for case in group["cases"]
    if case["expect"] not in ("MALFORMED", "WRONG_POLICY")
]


@pytest.mark.parametrize(("group", "case"), SEAL_CASES)
def test_a_sealed_bid_opens_to_the_published_outcome(group: Any, case: Any) -> None:
    assert opened(group["base"], case) == case["expect"]


@pytest.mark.parametrize("group", SEALED["cases"], ids=lambda group: group["id"])
def test_a_manifest_that_is_not_canonical_is_refused(group: Any) -> None:
    raw = next(case["manifest_raw"] for case in group["cases"] if case["name"] == "non-canonical bytes")
    with pytest.raises(verifier.Invalid):
        verifier.parse_canonical(raw.encode())


def opened(base: Any, case: Any) -> str:
    """The outcome of one single-stage case by the verifier's functions."""
    policy = json.loads(base["policy_raw"])
    raw = base["manifest_raw"] if case["manifest_raw"] == "base" else case["manifest_raw"]
    manifest = verifier.parse_canonical(raw.encode())
    part, stage, rule = manifest["parts"][0], manifest["stages"][0], policy["stages"][0]
    stored = base["parts"][part["name"]] if case["ciphertext_b64"] == "base" else case
    ciphertext = base64.b64decode(stored["ciphertext_b64"])
    if verifier.segment_tree(io.BytesIO(ciphertext)) != part["tree"]:
        return "STORAGE_FAULT"
    binding = verifier.bid_binding(bytes.fromhex(base["policy_hash"]), manifest)
    released = verifier.Released(bidder_key=bytes.fromhex(case["bidder_key"]) if case["bidder_key"] else None)
    dealt_badly = False
    for index in [i for i in case["released"] if i <= len(stage["wraps"])]:
        seed = bytes.fromhex(base["custodian_seeds"][stage["name"]][str(index)])
        info = verifier.lp("ebid/v1/wrap", binding, stage["name"], bytes([index]))
        try:
            share = verifier.share_from_seed(
                seed, rule["suite"], verifier.b64url(stage["wraps"][index - 1]), info
            )
        except verifier.Invalid:
            dealt_badly = True
            continue
        if verifier.share_commitment(binding, stage["name"], index, share) == stage["shares"][index - 1]:
            released.shares[index] = share
        else:
            dealt_badly = True
    outcome, key = verifier.recover_stage_key(binding, rule, stage, released)
    if key is None:
        return "BIDDER_FAULT" if dealt_badly else outcome
    try:
        cek = verifier.content_key(binding, part["name"], key)
        digest, _ = verifier.decrypt_part(cek, binding, part["name"], io.BytesIO(ciphertext), keep=False)
    except verifier.Invalid:
        return "BIDDER_FAULT"
    assert digest == base["parts"][part["name"]]["sha256"]
    return "OK"
