"""The verifier's DER reader and CMS checks beyond the published vectors."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

import tradehall_verify as verifier
from tests.verifier.pki import START, Authority, Person, _asn1, _key_info

NOW = START + timedelta(days=10)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Test CA")


def anchors(authority: Authority, *revoked: Person, since: int = 0) -> verifier.Anchors:
    crl = x509.load_der_x509_crl(authority.crl(*revoked, since=START + timedelta(days=since)))
    return verifier.Anchors([authority.certificate], [], [crl])


@pytest.mark.parametrize(
    "raw",
    [
        b"\x30\x80\x00\x00",  # indefinite length
        b"\x04\x81\x01a",  # long form where the short one is due
        b"\x04\x82\x00\x81" + b"a" * 129,  # leading zero in the length
        b"\x04\x02a",  # cut off
        b"\x04\x01ab",  # bytes after the end
        b"\x1f\x81\x01\x00",  # long tag
    ],
)
def test_what_is_not_der_is_refused(raw: bytes) -> None:
    with pytest.raises(verifier.Invalid):
        verifier.der(raw)


def test_integers_and_object_identifiers_are_read_strictly() -> None:
    assert verifier.der(b"\x02\x01\xff").integer() == -1
    assert verifier.der(b"\x06\x06\x2a\x86\x48\x86\xf7\x0d").oid() == "1.2.840.113549"
    for raw in (b"\x02\x02\x00\x01", b"\x02\x02\xff\xff", b"\x02\x00"):
        with pytest.raises(verifier.Invalid):
            verifier.der(raw).integer()
    for raw in (b"\x06\x02\x2a\x86", b"\x06\x03\x2a\x80\x01"):
        with pytest.raises(verifier.Invalid):
            verifier.der(raw).oid()


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_signature_of_an_enrolled_key_holds(authority: Authority, kind: str) -> None:
    person = authority.issue("somebody", kind=kind)
    cms = person.sign(b"data", NOW)
    certificate = verifier.verify_cades(cms, b"data", anchors(authority), NOW)
    assert verifier.fingerprint(certificate) == person.cert_sha256


def test_an_rsa_pss_signature_holds(authority: Authority) -> None:
    person = authority.issue("somebody", kind="rsa")
    signer = SimpleSigner(
        _asn1(person.certificate), _key_info(person.key), SimpleCertificateStore(), prefer_pss=True
    )
    attributes = PdfCMSSignedAttributes(signing_time=NOW)
    job = signer.async_sign_general_data(b"data", "sha256", use_cades=True, signed_attr_settings=attributes)
    cms = asyncio.run(job).dump()
    assert verifier.verify_cades(cms, b"data", anchors(authority), NOW) == person.certificate
    with pytest.raises(verifier.Invalid):
        verifier.verify_cades(cms, b"date", anchors(authority), NOW)


def test_a_signature_without_signing_certificate_is_refused(authority: Authority) -> None:
    person = authority.issue("somebody")
    builder = pkcs7.PKCS7SignatureBuilder().set_data(b"data")
    builder = builder.add_signer(person.certificate, person.key, hashes.SHA256())
    cms = builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
    with pytest.raises(verifier.Invalid, match="signing-certificate-v2"):
        verifier.verify_cades(cms, b"data", anchors(authority), NOW)


def test_a_certificate_revoked_later_does_not_spoil_an_earlier_signature(authority: Authority) -> None:
    person = authority.issue("somebody")
    cms = person.sign(b"data", NOW)
    verifier.verify_cades(cms, b"data", anchors(authority, person, since=11), NOW)
    with pytest.raises(verifier.Invalid, match="was revoked"):
        verifier.verify_cades(cms, b"data", anchors(authority, person, since=9), NOW)


def test_a_certificate_is_judged_at_the_given_time(authority: Authority) -> None:
    person = authority.issue("somebody", days=20)
    cms = person.sign(b"data", NOW)
    verifier.verify_cades(cms, b"data", anchors(authority), NOW)
    with pytest.raises(verifier.Invalid, match="was not valid at"):
        verifier.verify_cades(cms, b"data", anchors(authority), START + timedelta(days=21))


def test_a_certificate_of_another_authority_with_the_same_name_is_refused(authority: Authority) -> None:
    twin = Authority("Test CA")
    cms = twin.issue("somebody").sign(b"data", NOW)
    with pytest.raises(verifier.Invalid, match="no trusted root"):
        verifier.verify_cades(cms, b"data", anchors(authority), NOW)


def test_a_stamping_certificate_may_not_issue_certificates(authority: Authority) -> None:
    middle = authority.issue("not a CA")
    fake = Authority("not a CA", key=middle.key)  # type: ignore[arg-type]
    fake.__dict__["certificate"] = middle.certificate
    cms = fake.issue("victim").sign(b"data", NOW)
    trust = anchors(authority)
    trust.pool.append(middle.certificate)
    with pytest.raises(verifier.Invalid, match="is not a certification authority|may not issue"):
        verifier.verify_cades(cms, b"data", trust, NOW)


def test_a_certificate_of_another_enterprise_is_told_apart(authority: Authority) -> None:
    certificate = authority.issue("somebody", enterprise="91110105MA00000012").certificate
    assert verifier.names_organisation(certificate, "91110105MA00000012")
    assert not verifier.names_organisation(certificate, "91110105MA00000025")
