"""ISigner and ISignatureVerifier: what one makes the other accepts, and nothing else passes."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest
from asn1crypto import cms as asn1_cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, Hash
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from zope.interface.verify import verifyObject

from plugins.cms import signing
from plugins.cms.signing import StraightSigner, sign_bytes
from plugins.demo_ca.sm2 import new_key
from plugins.sm2_signatures.signer import Sm2Signer
from plugins.sm2_signatures.verifier import FamilyVerifier
from plugins.x509_signatures.revocation import FixedCrls
from plugins.x509_signatures.signer import FileSigner
from tests.pki import NOW, USCC, Pki, Sm2Pki, der, private_pem, rsa_key
from trading.errors import Refused
from trading.interfaces import ISignatureVerifier, ISigner

DATA = "投标文件 manifest".encode()
KEYS = {
    "rsa-2048": rsa_key,
    "rsa-3072": lambda: rsa_key(3072),
    "p-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p-521": lambda: ec.generate_private_key(ec.SECP521R1()),
}


@pytest.fixture(params=["x509", "sm2"])
def pki(request: pytest.FixtureRequest, tmp_path: Path) -> Pki:
    """Both families: what a test asks of one provider holds for the other."""
    return {"x509": Pki, "sm2": Sm2Pki}[request.param](tmp_path)


@pytest.fixture
def ec_pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path)


@pytest.fixture(params=KEYS)
def signer(request: pytest.FixtureRequest, ec_pki: Pki) -> FileSigner:
    return ec_pki.signer(KEYS[request.param]())


def refused(act: Callable[[], object]) -> tuple[str, str]:
    """The code and the sub-indication of the refusal."""
    with pytest.raises(Refused) as caught:
        act()
    (fault,) = caught.value.faults
    assert fault.remedy
    return fault.code, fault.rule.rpartition(" ")[2]


def test_the_providers_have_the_methods_of_their_ports(pki: Pki) -> None:
    assert verifyObject(ISigner, pki.signer())
    assert verifyObject(ISignatureVerifier, pki.verifier())


@pytest.mark.parametrize("gm", [False, True], ids=["cms", "gm-t-0010"])
def test_what_an_sm2_signer_signs_the_verifier_accepts_with_evidence(tmp_path: Path, gm: bool) -> None:
    pki = Sm2Pki(tmp_path)
    signer = pki.signer(gm=gm)
    evidence = pki.verifier().verify(DATA, signer.sign(DATA, NOW), NOW)
    assert evidence.certificate == der(signer.certificate)
    assert (evidence.organisation_id, evidence.common_name) == (USCC, "张三")
    assert evidence.chain == (der(pki.ca.issuing), der(pki.ca.root))
    assert set(evidence.crls) == set(pki.current(NOW))


def test_a_hall_judges_both_families_each_by_its_own_roots(tmp_path: Path) -> None:
    ec_pki, sm2_pki = Pki(tmp_path / "ec"), Sm2Pki(tmp_path / "sm2")
    both = FamilyVerifier(ec_pki.verifier(), sm2_pki.verifier())
    assert verifyObject(ISignatureVerifier, both)
    for pki in (ec_pki, sm2_pki):
        signer = pki.signer()
        assert both.verify(DATA, signer.sign(DATA, NOW), NOW).certificate == der(signer.certificate)
    alone = FamilyVerifier(ec_pki.verifier(), Sm2Pki(tmp_path / "other").verifier())
    assert refused(lambda: alone.verify(DATA, sm2_pki.signer().sign(DATA, NOW), NOW))[0] == "signature.chain"
    assert refused(lambda: both.verify(DATA, b"junk", NOW))[0] == "signature.format"


def test_an_sm2_signer_with_somebody_elses_certificate_is_not_built(tmp_path: Path) -> None:
    pki = Sm2Pki(tmp_path)
    chain = pki.ca.issue(new_key()[0], common_name="x")
    with pytest.raises(ValueError, match="does not belong"):
        Sm2Signer(new_key()[1], chain)


def test_what_a_signer_signs_the_verifier_accepts_with_evidence(ec_pki: Pki, signer: FileSigner) -> None:
    evidence = ec_pki.verifier().verify(DATA, signer.sign(DATA, NOW), NOW)
    assert evidence.certificate == der(signer.certificate)
    assert (evidence.organisation_id, evidence.common_name) == (USCC, "张三")
    assert evidence.signing_time == evidence.validated_at == NOW
    assert evidence.chain == (der(ec_pki.ca.issuing), der(ec_pki.ca.root))
    assert set(evidence.crls) == set(ec_pki.current(NOW))


def test_evidence_is_recorded_as_plain_json_values(pki: Pki) -> None:
    record = pki.verifier().verify(DATA, pki.signer().sign(DATA, NOW), NOW).record()
    assert record["signing_time"] == "2026-11-22T09:30:00.000Z"
    assert record["organisation_id"] == USCC
    assert len(record["crls_sha256"]) == len(record["chain"]) == 2  # type: ignore[arg-type]


def test_a_signature_is_read_by_programs_that_are_not_ours(
    ec_pki: Pki, signer: FileSigner, tmp_path: Path
) -> None:
    container = signer.sign(DATA, NOW)
    assert_good_by_hand(container)
    if which("openssl"):
        (tmp_path / "cms").write_bytes(container)
        (tmp_path / "data").write_bytes(DATA)
        (tmp_path / "root").write_bytes(ec_pki.ca.roots_pem())
        command = "openssl cms -verify -binary -inform DER -in cms -content data -CAfile root -purpose any"
        at = f" -attime {int(NOW.timestamp())}"
        subprocess.run((command + at).split(), cwd=tmp_path, check=True, capture_output=True)


def assert_good_by_hand(container: bytes) -> None:
    """The steps of RFC 5652 section 5.4 with nothing but the primitives."""
    content = asn1_cms.ContentInfo.load(container)["content"]
    info = content["signer_infos"][0]
    attributes = {row["type"].native: row["values"][0].native for row in info["signed_attrs"]}
    kind = {"sha256": SHA256, "sha384": SHA384, "sha512": SHA512}[
        info["digest_algorithm"]["algorithm"].native
    ]
    digest = Hash(kind())
    digest.update(DATA)
    assert attributes["message_digest"] == digest.finalize()
    assert attributes["content_type"] == "data"
    signed = b"\x31" + info["signed_attrs"].dump()[1:]
    serial = info["sid"].chosen["serial_number"].native
    (leaf,) = [c.chosen for c in content["certificates"] if c.chosen.serial_number == serial]
    key = x509.load_der_x509_certificate(leaf.dump()).public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(info["signature"].native, signed, padding.PKCS1v15(), kind())
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(info["signature"].native, signed, ec.ECDSA(kind()))


def test_changed_data_is_refused(pki: Pki) -> None:
    container = pki.signer().sign(DATA, NOW)
    assert refused(lambda: pki.verifier().verify(DATA + b" ", container, NOW)) == (
        "signature.invalid",
        "HASH_FAILURE",
    )


def test_no_byte_of_a_container_can_be_changed(pki: Pki) -> None:
    verifier, container = pki.verifier(), pki.signer().sign(DATA, NOW)
    accepted = []
    for place in range(len(container)):
        changed = bytearray(container)
        changed[place] ^= 1
        try:
            verifier.verify(DATA, bytes(changed), NOW)
        except Refused:
            continue
        accepted.append(place)
    assert accepted == []


@pytest.mark.parametrize(
    "container", [b"", b"\x30\x80", b"not a signature", b"\x30\x03\x02\x01\x01", bytes(200_000)]
)
def test_bytes_that_are_no_container_are_refused(pki: Pki, container: bytes) -> None:
    assert refused(lambda: pki.verifier().verify(DATA, container, NOW)) == (
        "signature.format",
        "FORMAT_FAILURE",
    )


def test_a_container_with_bytes_after_it_is_refused(pki: Pki) -> None:
    container = pki.signer().sign(DATA, NOW) + b"\x00"
    assert refused(lambda: pki.verifier().verify(DATA, container, NOW))[0] == "signature.format"


def test_a_container_that_holds_its_data_is_not_detached_and_refused(ec_pki: Pki) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf, *chain = x509.load_pem_x509_certificates(ec_pki.ca.issue(key.public_key(), common_name="x"))
    container = sign_bytes(StraightSigner(key, leaf, chain), DATA, NOW, enclosed="data")
    assert refused(lambda: ec_pki.verifier().verify(DATA, container, NOW))[0] == "signature.format"


def test_an_expired_certificate_is_refused_even_for_a_signature_made_before(pki: Pki) -> None:
    signer = pki.signer(not_after=NOW + timedelta(hours=1))
    container = signer.sign(DATA, NOW)
    assert pki.verifier().verify(DATA, container, NOW + timedelta(hours=1))
    late = NOW + timedelta(hours=1, seconds=1)
    assert refused(lambda: pki.verifier().verify(DATA, container, late)) == ("signature.validity", "EXPIRED")


def test_a_certificate_not_yet_valid_is_refused(pki: Pki) -> None:
    container = pki.signer(not_before=NOW + timedelta(seconds=1)).sign(DATA, NOW)
    assert refused(lambda: pki.verifier().verify(DATA, container, NOW)) == (
        "signature.validity",
        "NOT_YET_VALID",
    )


def test_a_revoked_certificate_is_refused_from_the_revocation_on(pki: Pki) -> None:
    signer = pki.signer()
    container = signer.sign(DATA, NOW)
    revoked_at = NOW + timedelta(minutes=5)
    pki.ca.revoke(signer.certificate.serial_number, revoked_at)
    assert pki.verifier().verify(DATA, container, revoked_at - timedelta(milliseconds=1))
    after = revoked_at + timedelta(milliseconds=1)
    assert refused(lambda: pki.verifier().verify(DATA, container, after)) == (
        "signature.revoked",
        "REVOKED_NO_POE",
    )


@pytest.mark.parametrize("missing", ["root", "issuing", "both"])
def test_without_a_revocation_list_of_every_issuer_nothing_is_admitted(pki: Pki, missing: str) -> None:
    held = [pki.ca.crl(name) for name in ("root", "issuing") if missing not in (name, "both")]
    container = pki.signer().sign(DATA, NOW)
    assert refused(lambda: pki.verifier(FixedCrls(held)).verify(DATA, container, NOW)) == (
        "signature.revocation-unknown",
        "TRY_LATER",
    )


def test_a_stale_revocation_list_is_refused(pki: Pki) -> None:
    container, held = pki.signer().sign(DATA, NOW), FixedCrls(pki.current(NOW))
    later = NOW + timedelta(days=7, minutes=1)
    assert refused(lambda: pki.verifier(held).verify(DATA, container, later)) == (
        "signature.revocation-unknown",
        "TRY_LATER",
    )


def test_a_revocation_list_signed_by_somebody_else_counts_for_nothing(pki: Pki, tmp_path: Path) -> None:
    stranger = type(pki.ca).create(tmp_path / "stranger", pki.clock)
    container = pki.signer().sign(DATA, NOW)
    forged = FixedCrls([stranger.crl("root"), stranger.crl("issuing")])
    with pytest.raises(Refused):
        pki.verifier(forged).verify(DATA, container, NOW)


def test_a_foreign_chain_is_refused(pki: Pki, tmp_path: Path) -> None:
    stranger = type(pki)(tmp_path / "stranger")
    container = stranger.signer().sign(DATA, NOW)
    assert refused(lambda: pki.verifier().verify(DATA, container, NOW))[0] == "signature.chain"


def test_a_self_signed_certificate_is_refused(ec_pki: Pki) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "myself")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(7).not_valid_before(NOW - timedelta(1)).not_valid_after(NOW + timedelta(1))
    )
    leaf = builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
    container = FileSigner(private_pem(key), leaf).sign(DATA, NOW)
    assert refused(lambda: ec_pki.verifier().verify(DATA, container, NOW))[0] == "signature.chain"


@pytest.mark.parametrize(
    "usages", [["key_encipherment"], ["key_agreement", "data_encipherment"], ["crl_sign"]]
)
def test_a_certificate_for_other_uses_does_not_sign(pki: Pki, usages: list[str]) -> None:
    container = pki.signer(usages=usages).sign(DATA, NOW)
    assert refused(lambda: pki.verifier().verify(DATA, container, NOW)) == (
        "signature.key-usage",
        "CHAIN_CONSTRAINTS_FAILURE",
    )


@pytest.mark.parametrize("usages", [["digital_signature"], ["content_commitment"]])
def test_one_of_the_two_signing_uses_is_enough(pki: Pki, usages: list[str]) -> None:
    assert pki.verifier().verify(DATA, pki.signer(usages=usages).sign(DATA, NOW), NOW)


@pytest.mark.parametrize("purpose", [ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH])
def test_a_certificate_restricted_to_another_purpose_does_not_sign(
    pki: Pki, purpose: x509.ObjectIdentifier
) -> None:
    container = pki.signer(purposes=[purpose]).sign(DATA, NOW)
    assert refused(lambda: pki.verifier().verify(DATA, container, NOW))[0] == "signature.key-usage"


def issue_weak(ec_pki: Pki, key: object, monkeypatch: pytest.MonkeyPatch) -> FileSigner:
    """The demo CA made to certify a key that it would decline."""
    monkeypatch.setattr("plugins.demo_ca.authority._public_key", lambda public: public)
    return ec_pki.signer(key)


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa_key(1024),
        lambda: ec.generate_private_key(ec.SECP224R1()),
        lambda: ec.generate_private_key(ec.SECP256K1()),
    ],
    ids=["rsa-1024", "p-224", "secp256k1"],
)
def test_a_weak_key_is_refused(
    ec_pki: Pki, make: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    container = issue_weak(ec_pki, make(), monkeypatch).sign(DATA, NOW)
    assert refused(lambda: ec_pki.verifier().verify(DATA, container, NOW)) == (
        "signature.algorithm",
        "CRYPTO_CONSTRAINTS_FAILURE",
    )


def test_a_sha1_digest_is_refused(ec_pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.cms.signing._digest_for", lambda key: "sha1")
    container = ec_pki.signer().sign(DATA, NOW)
    assert refused(lambda: ec_pki.verifier().verify(DATA, container, NOW))[0] == "signature.algorithm"


def test_a_signature_that_names_another_certificate_is_refused(
    ec_pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = StraightSigner(ec.generate_private_key(ec.SECP256R1()), ec_pki.signer().certificate, [])
    named = signing.as_signing_certificate_v2(other.signing_cert)
    monkeypatch.setattr(signing, "as_signing_certificate_v2", lambda certificate: named)
    container = ec_pki.signer().sign(DATA, NOW)
    assert refused(lambda: ec_pki.verifier().verify(DATA, container, NOW)) == (
        "signature.signer",
        "NO_SIGNING_CERTIFICATE_FOUND",
    )


def test_the_verifier_asks_no_address_inside_a_certificate(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", forbidden)
    assert pki.verifier().verify(DATA, pki.signer().sign(DATA, NOW), NOW)


def test_many_threads_can_sign_and_judge_at_once(pki: Pki) -> None:
    signer, verifier, good = pki.signer(), pki.verifier(), []

    def work(number: int) -> None:
        data = f"bid {number}".encode()
        good.append(verifier.verify(data, signer.sign(data, NOW), NOW).organisation_id)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert good == [USCC] * 8


def test_signing_and_judging_work_inside_a_running_event_loop(pki: Pki) -> None:
    async def inside() -> str:
        return pki.verifier().verify(DATA, pki.signer().sign(DATA, NOW), NOW).organisation_id

    assert asyncio.run(inside()) == USCC


def test_a_signer_with_somebody_elses_certificate_is_not_built(ec_pki: Pki) -> None:
    certificate = ec_pki.signer().certificate.public_bytes(Encoding.PEM)
    with pytest.raises(ValueError, match="does not belong"):
        FileSigner(private_pem(ec.generate_private_key(ec.SECP256R1())), certificate)


def test_a_key_file_opens_with_its_password_only(ec_pki: Pki, tmp_path: Path) -> None:
    path = tmp_path / "custodian.key.pem"
    ec_pki.ca.issue_key_file(path, password=b"secret", common_name="保管人", organisation_id=USCC)
    signer = FileSigner.from_file(path, b"secret")
    assert ec_pki.verifier().verify(DATA, signer.sign(DATA, NOW), NOW).organisation_id == USCC
    with pytest.raises(ValueError):
        FileSigner.from_file(path, b"wrong")


def test_signing_time_is_the_given_instant_in_any_zone(pki: Pki) -> None:
    beijing = datetime.fromisoformat("2026-11-22T17:30:00+08:00")
    evidence = pki.verifier().verify(DATA, pki.signer().sign(DATA, beijing), NOW)
    assert evidence.signing_time == beijing.astimezone(UTC)


def test_an_altered_root_is_not_accepted_as_an_anchor(pki: Pki) -> None:
    altered = bytearray(der(pki.ca.root))
    altered[-1] ^= 1
    with pytest.raises((ValueError, InvalidSignature)):
        type(pki.verifier())([bytes(altered)], [], pki)


def test_a_hall_without_roots_builds_no_verifier(pki: Pki) -> None:
    with pytest.raises(ValueError):
        type(pki.verifier())([], [], pki)
