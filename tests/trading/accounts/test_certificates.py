"""Certificates of accounts, with a real (demonstration) authority."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp
from zope.interface import implementer

from plugins.demo_ca.authority import DemoCA
from plugins.x509_signatures.revocation import FixedCrls
from plugins.x509_signatures.signer import FileSigner
from plugins.x509_signatures.verifier import X509Verifier
from tests.helpers import KEYS, committed, form_with, hall_party, hall_user, log_in, make_party, make_user
from trading.accounts import certificates, service
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import ICertificateAuthority
from trading.outbox import deliver

ACTOR = Actor(None, "test", "", "", b"")


@implementer(ICertificateAuthority)
class LocalAuthority:
    """The demonstration CA without its HTTP."""

    def __init__(self, folder: Path) -> None:
        self.ca = DemoCA.create(folder)
        self.revoked: list[int] = []

    def enrol(self, csr_pem: bytes, uscc: str, organisation: str, person: str, at: datetime) -> bytes:
        request = x509.load_pem_x509_csr(csr_pem)
        return self.ca.issue(request, common_name=person, organisation=organisation, organisation_id=uscc)

    def revoke(self, certificate_pem: bytes, at: datetime) -> None:
        self.revoked.append(x509.load_pem_x509_certificate(certificate_pem).serial_number)

    def verifier(self) -> X509Verifier:
        issuing = self.ca.issuing.public_bytes(Encoding.DER)
        lists = FixedCrls([self.ca.crl("root"), self.ca.crl("issuing")])
        return X509Verifier([self.ca.root.public_bytes(Encoding.DER)], [issuing], lists)


@pytest.fixture
def authority(tmp_path: Path) -> LocalAuthority:
    return LocalAuthority(tmp_path / "ca")


def request_pem(key: Any = None, name: str = "Somebody else") -> str:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())
    return built.public_bytes(Encoding.PEM).decode()


def signature(authority: LocalAuthority, data: bytes, at: datetime, **subject: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    chain = authority.ca.issue(key.public_key(), common_name="李工", **subject)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    leaf, *rest = (each.public_bytes(Encoding.PEM) for each in x509.load_pem_x509_certificates(chain))
    return FileSigner(pem, leaf, rest).sign(data, at)


def refusal(act: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*arguments)
    return refused.value.faults[0].code


def test_the_subject_comes_from_the_halls_records_not_from_the_request(
    session: Session, authority: LocalAuthority
) -> None:
    party = make_party(session, "示例测绘有限公司")
    user = make_user(session, "bidder", party=party, name="王敏")
    found = certificates.enrol(session, authority, ACTOR, user, request_pem())
    assert certificates.holder(found) == ("王敏", "示例测绘有限公司")
    assert f"NTRCN-{party.uscc}" in found.subject


@pytest.mark.parametrize(
    "text", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"]
)
def test_what_is_no_request_is_refused(session: Session, authority: LocalAuthority, text: str) -> None:
    user = make_user(session, "custodian")
    assert refusal(certificates.enrol, session, authority, ACTOR, user, text) == "certificate.request"


def test_a_weak_key_and_a_request_signed_by_another_key_are_refused() -> None:
    weak = request_pem(rsa.generate_private_key(65537, 1024))
    assert refusal(certificates.requested_key, weak) == "certificate.request"
    body = bytearray(x509.load_pem_x509_csr(request_pem().encode()).public_bytes(Encoding.DER))
    body[-1] ^= 1
    import base64

    text = base64.encodebytes(bytes(body)).decode()
    forged = f"-----BEGIN CERTIFICATE REQUEST-----\n{text}-----END CERTIFICATE REQUEST-----\n"
    assert refusal(certificates.requested_key, forged) == "certificate.request"


def test_a_certificate_of_another_authority_is_added_by_signing_the_challenge(
    session: Session, authority: LocalAuthority
) -> None:
    party = make_party(session)
    user = make_user(session, "bidder", party=party)
    challenge = certificates.challenge(session, KEYS, user)
    cms = signature(authority, challenge, database_now(session), organisation_id=party.uscc)
    found = certificates.register(session, authority.verifier(), KEYS, ACTOR, user, cms)
    assert found.user_id == user.id
    again = (session, authority.verifier(), KEYS, ACTOR, user, cms)
    assert refusal(certificates.register, *again) == "certificate.filed"


def test_a_challenge_of_somebody_else_or_another_enterprises_certificate_is_refused(
    session: Session, authority: LocalAuthority
) -> None:
    party = make_party(session)
    user, other = (make_user(session, "bidder", party=party) for _each in range(2))
    now = database_now(session)
    theirs = certificates.challenge(session, KEYS, other)
    stolen = signature(authority, theirs, now, organisation_id=party.uscc)
    assert (
        refusal(certificates.register, session, authority.verifier(), KEYS, ACTOR, user, stolen)
        == "signature.invalid"
    )
    own = certificates.challenge(session, KEYS, user)
    foreign = signature(authority, own, now, organisation_id=make_party(session).uscc)
    arguments = (session, authority.verifier(), KEYS, ACTOR, user, foreign)
    assert refusal(certificates.register, *arguments) == "certificate.other-organisation"


def test_only_ones_own_unrevoked_certificate_counts(session: Session, authority: LocalAuthority) -> None:
    user, other = make_user(session, "custodian"), make_user(session, "custodian")
    found = certificates.enrol(session, authority, ACTOR, user, request_pem())
    now = database_now(session)
    assert certificates.own(session, user.id, found.sha256, now) is found
    assert refusal(certificates.own, session, other.id, found.sha256, now) == "certificate.not-yours"
    certificates.revoke(session, ACTOR, user.id, found.id)
    later = database_now(session)
    assert refusal(certificates.own, session, user.id, found.sha256, later) == "certificate.revoked"
    assert certificates.usable(session, user.id, later) == []


def test_nobody_revokes_a_certificate_of_somebody_else(session: Session, authority: LocalAuthority) -> None:
    user, other = make_user(session, "custodian"), make_user(session, "custodian")
    found = certificates.enrol(session, authority, ACTOR, user, request_pem())
    assert refusal(certificates.revoke, session, ACTOR, other.id, found.id) == "certificate.unknown"


def test_a_browser_enrols_and_revokes_and_the_authority_is_told(
    app: TestApp, config: Configurator, authority: LocalAuthority
) -> None:
    config.registry.registerUtility(authority, ICertificateAuthority)
    user = hall_user(config, "bidder", party=hall_party(config))
    browser = log_in(app, config, user)
    token = form_with(browser.get("/account/keys"), "label")["csrf_token"].value
    answer = browser.post(
        "/account/certificates",
        {"csr": request_pem(), "csrf_token": token},
        headers={"Accept": "application/json"},
        status=201,
    )
    assert len(x509.load_pem_x509_certificates(answer.json["certificate"].encode())) == 2
    confirm = form_with(browser.get(f"/account/certificates/{answer.json['id']}/revoke"), "csrf_token")
    page = browser.get(f"/account/certificates/{answer.json['id']}/revoke")
    confirm = next(form for form in page.forms.values() if form.action == "")
    confirm.submit(status=303)
    registry = config.registry
    deliver(registry["sessions"], registry, registry["handlers"])
    assert [f"{serial:x}" for serial in authority.revoked] == [answer.json["serial"]]


def test_a_program_enrols_with_its_key_and_a_revoked_key_is_worthless(
    app: TestApp, config: Configurator, authority: LocalAuthority
) -> None:
    config.registry.registerUtility(authority, ICertificateAuthority)
    user = hall_user(config, "custodian")
    key = committed(config, lambda db: service.create_api_key(db, ACTOR, user.id, "test"))
    headers = {"Authorization": f"Bearer {key}"}
    answer = app.post_json("/api/certificates", {"csr": request_pem()}, headers=headers, status=201)
    listed = app.get("/api/certificates", headers=headers).json
    assert [(each["sha256"], each["state"]) for each in listed] == [(answer.json["sha256"], "valid")]
    bad = app.post_json("/api/certificates", {"csr": "x"}, headers=headers, status=422)
    assert bad.json["code"] == "certificate.request"
    committed(
        config,
        lambda db: service.revoke_api_key(db, ACTOR, user.id, service.api_keys_of(db, user.id)[0].id),
    )
    app.get("/api/certificates", headers=headers, status=401)


def test_an_api_key_cannot_do_what_needs_a_fresh_code(app: TestApp, config: Configurator) -> None:
    user = hall_user(config, "custodian")
    key = committed(config, lambda db: service.create_api_key(db, ACTOR, user.id, "test"))
    headers = {"Authorization": f"Bearer {key}"}
    assert (
        app.post("/account/keys", {"label": "more"}, headers=headers, status=403).json["code"]
        == "step-up-needed"
    )
