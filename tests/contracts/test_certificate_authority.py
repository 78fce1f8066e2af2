"""ICertificateAuthority: the demo CA over HTTP, as the hall meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from zope.interface.verify import verifyObject

from plugins.demo_ca.client import DemoCAClient
from plugins.demo_ca.service import make_server
from plugins.x509_signatures.evidence import organisation_id
from plugins.x509_signatures.revocation import FixedCrls
from plugins.x509_signatures.signer import FileSigner
from tests.pki import NOW, USCC, Pki, csr, pems, private_pem, rsa_key, running
from trading.errors import Refused
from trading.interfaces import ICertificateAuthority


@pytest.fixture
def address(pki: Pki) -> Iterator[str]:
    with running(make_server("127.0.0.1", 0, pki.ca)) as address:
        yield address


@pytest.fixture
def authority(pki: Pki, address: str) -> DemoCAClient:
    return DemoCAClient(address, pki.ca.token)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.faults[0].code


def enrol(authority: DemoCAClient, key: object) -> bytes:
    return authority.enrol(csr(key), USCC, "示例公司", "张三", NOW)


def test_the_provider_has_the_methods_of_the_port(authority: DemoCAClient) -> None:
    assert verifyObject(ICertificateAuthority, authority)


@pytest.mark.parametrize(
    "make", [rsa_key, lambda: ec.generate_private_key(ec.SECP256R1())], ids=["rsa", "ec"]
)
def test_an_enrolled_key_signs_what_the_hall_accepts(
    pki: Pki, authority: DemoCAClient, make: Callable[[], object]
) -> None:
    key = make()
    leaf, *chain = pems(enrol(authority, key))
    container = FileSigner(private_pem(key), leaf, chain).sign(b"bid", NOW)
    evidence = pki.verifier(FixedCrls(authority.fetch_crls())).verify(b"bid", container, NOW)
    assert (evidence.organisation_id, evidence.organisation, evidence.common_name) == (
        USCC,
        "示例公司",
        "张三",
    )


def test_the_subject_comes_from_the_hall_and_not_from_the_request(pki: Pki, authority: DemoCAClient) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    claimed = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mayor")])
    request = x509.CertificateSigningRequestBuilder().subject_name(claimed)
    from cryptography.hazmat.primitives.hashes import SHA256

    pem = request.sign(key, SHA256()).public_bytes(Encoding.PEM)
    leaf = x509.load_pem_x509_certificate(authority.enrol(pem, "", "", "李四", NOW))
    assert "mayor" not in leaf.subject.rfc4514_string()
    assert organisation_id(leaf.subject) == ""


def test_a_certificate_is_backdated_a_day_and_lasts_three_years(authority: DemoCAClient) -> None:
    leaf = x509.load_pem_x509_certificate(enrol(authority, ec.generate_private_key(ec.SECP256R1())))
    assert leaf.not_valid_before_utc == NOW - timedelta(days=1)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=3 * 365)


def test_a_weak_key_is_declined(authority: DemoCAClient) -> None:
    assert code(lambda: enrol(authority, rsa_key(1024))) == "certificate.refused"


def test_a_request_not_signed_by_its_own_key_is_declined(authority: DemoCAClient) -> None:
    lines = csr(ec.generate_private_key(ec.SECP256R1())).splitlines()
    der = x509.load_pem_x509_csr(b"\n".join(lines)).public_bytes(Encoding.DER)
    import base64

    forged = base64.encodebytes(der[:-1] + bytes([der[-1] ^ 1]))
    pem = b"-----BEGIN CERTIFICATE REQUEST-----\n" + forged + b"-----END CERTIFICATE REQUEST-----\n"
    assert code(lambda: authority.enrol(pem, USCC, "x", "y", NOW)) == "certificate.refused"


@pytest.mark.parametrize("request_pem", [b"", b"not a request", "证书".encode()])
def test_bytes_that_are_no_request_are_declined(authority: DemoCAClient, request_pem: bytes) -> None:
    assert code(lambda: authority.enrol(request_pem, USCC, "x", "y", NOW)) == "certificate.refused"


def test_who_does_not_hold_the_token_gets_nothing(pki: Pki, address: str) -> None:
    stranger = DemoCAClient(address, "guess")
    key = ec.generate_private_key(ec.SECP256R1())
    assert code(lambda: enrol(stranger, key)) == "certificate.unavailable"
    pem = pki.signer().certificate.public_bytes(Encoding.PEM)
    assert code(lambda: stranger.revoke(pem, NOW)) == "certificate.unavailable"


def test_a_revoked_certificate_is_on_the_next_list_once(pki: Pki, authority: DemoCAClient) -> None:
    certificate = pki.signer().certificate
    pem = certificate.public_bytes(Encoding.PEM)
    authority.revoke(pem, NOW)
    authority.revoke(pem, NOW + timedelta(hours=1))
    lists = [x509.load_der_x509_crl(crl) for crl in authority.fetch_crls()]
    found = [entry for crl in lists for entry in crl if entry.serial_number == certificate.serial_number]
    assert [entry.revocation_date_utc for entry in found] == [NOW]


def test_a_foreign_certificate_is_not_revoked(
    pki: Pki, authority: DemoCAClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    foreign = Pki(tmp_path_factory.mktemp("foreign")).signer().certificate.public_bytes(Encoding.PEM)
    assert code(lambda: authority.revoke(foreign, NOW)) == "certificate.foreign"


def test_lists_are_renewed_when_the_clock_has_moved(pki: Pki, authority: DemoCAClient) -> None:
    def dated() -> set[object]:
        return {x509.load_der_x509_crl(crl).last_update_utc for crl in authority.fetch_crls()}

    assert dated() == {NOW}
    pki.clock.move(minutes=59)
    assert dated() == {NOW}
    pki.clock.move(minutes=1)
    assert dated() == {NOW + timedelta(hours=1)}
    pki.clock.move(days=30)
    assert dated() == {pki.clock()}
    pki.clock.move(days=-30)
    assert dated() == {pki.clock()}


def test_an_authority_that_does_not_answer_is_unavailable(pki: Pki) -> None:
    with running(make_server("127.0.0.1", 0, pki.ca)) as address:
        gone = DemoCAClient(address, pki.ca.token)
    assert code(gone.fetch_crls) == "certificate.unavailable"


def test_an_authority_opened_again_is_the_same(pki: Pki) -> None:
    again = Pki(pki.folder)
    assert (again.ca.root, again.ca.token) == (pki.ca.root, pki.ca.token)


def test_keys_are_readable_by_their_owner_only(pki: Pki) -> None:
    modes = {path.stat().st_mode & 0o077 for path in (pki.folder / "ca").iterdir() if path.suffix != ".pem"}
    assert modes == {0}
