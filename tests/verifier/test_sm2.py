"""SM2 and SM3 in the verifier's own integers, against the published values and against GmSSL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from gmssl_pyx import sm2_key_generate, sm2_sign, sm3_hash

import tradehall_verify as verifier
from tests.pki import NOW, Sm2Pki

VECTORS = Path(__file__).parents[1] / "vectors"
SM2 = json.loads((VECTORS / "sm2.json").read_text())["cases"][0]


def signature(r: int, s: int) -> bytes:
    """SEQUENCE of two INTEGERs, both with a leading zero octet where DER asks for one."""
    parts = [number.to_bytes(33, "big").lstrip(b"\0") or b"\0" for number in (r, s)]
    parts = [b"\0" + part if part[0] & 0x80 else part for part in parts]
    body = b"".join(bytes([2, len(part)]) + part for part in parts)
    return bytes([0x30, len(body)]) + body


def published() -> tuple[verifier.Sm2Key, bytes, int, int]:
    key = verifier.Sm2Key.read(bytes.fromhex("04" + SM2["px"] + SM2["py"]))
    signed = SM2["sign"]
    return key, bytes.fromhex(signed["msg"]), int(signed["r"], 16), int(signed["s"], 16)


def test_the_published_signature_holds_and_its_digest_is_the_published_one() -> None:
    key, message, r, s = published()
    assert f"{key.digest(message, bytes.fromhex(SM2['ID'])):064X}" == SM2["sign"]["e"]
    key.verify(signature(r, s), message)


def test_other_numbers_and_another_message_are_refused() -> None:
    key, message, r, s = published()
    for changed in ((r + 1, s), (r, s + 1), (0, s), (r, 0), (verifier.SM2_N, s), (r, verifier.SM2_N - r)):
        with pytest.raises(InvalidSignature):
            key.verify(signature(*changed), message)
    with pytest.raises(InvalidSignature):
        key.verify(signature(r, s), message + b"!")


def test_signatures_of_gmssl_hold_and_damaged_ones_do_not() -> None:
    for number in range(4):
        public, private = sm2_key_generate()
        key, message = verifier.Sm2Key.read(b"\x04" + public), f"message {number}".encode()
        made = sm2_sign(private, public, message)
        key.verify(made, message)
        with pytest.raises(InvalidSignature):
            key.verify(made[:-1] + bytes([made[-1] ^ 1]), message)


def test_a_point_that_is_not_on_the_curve_is_no_key() -> None:
    with pytest.raises(verifier.Invalid):
        verifier.Sm2Key.read(bytes.fromhex("04" + SM2["px"] + SM2["px"]))
    with pytest.raises(verifier.Invalid):
        verifier.Sm2Key.read(bytes.fromhex("03" + SM2["px"]))


@pytest.mark.parametrize("case", json.loads((VECTORS / "sm3.json").read_text())["cases"])
def test_sm3_gives_the_published_digests(case: dict[str, str]) -> None:
    message = bytes.fromhex(case["Msg"])[: int(case["Len"]) // 8]
    assert verifier.sm3(message).hex() == sm3_hash(message).hex() == case["MD"]


@pytest.mark.parametrize("gm", [False, True], ids=["cms", "gm-t-0010"])
def test_a_signature_with_an_sm2_certificate_is_judged_with_its_chain_and_lists(
    tmp_path: Path, gm: bool
) -> None:
    pki = Sm2Pki(tmp_path)
    signer = pki.signer(gm=gm)
    made = signer.sign(b"bid", NOW)

    def anchors(lists: list[bytes]) -> verifier.Anchors:
        return verifier.Anchors([pki.ca.root], [], [x509.load_der_x509_crl(each) for each in lists])

    good = anchors(pki.current(NOW))
    assert verifier.verify_cades(made, b"bid", good, NOW) == signer.certificate
    with pytest.raises(verifier.Invalid, match="other content"):
        verifier.verify_cades(made, b"bid ", good, NOW)
    with pytest.raises(verifier.Invalid, match="revocation list"):
        verifier.verify_cades(made, b"bid", anchors([]), NOW)
    with pytest.raises(verifier.Invalid, match="no trusted root"):
        stranger = Sm2Pki(tmp_path / "stranger").ca.root
        verifier.verify_cades(made, b"bid", verifier.Anchors([stranger], [], good.crls), NOW)
    pki.ca.revoke(signer.certificate.serial_number, NOW)
    with pytest.raises(verifier.Invalid, match="revoked"):
        verifier.verify_cades(made, b"bid", anchors(pki.current(NOW)), NOW)
