"""People with certificates for the bundle tests: a small CA with a CRL, signers and a TSA."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from trading.ledger.checkpoint import LOG_KEY, WITNESS_KEY, VerifierKey, verifier_key

PURCHASER = "91110105MA0000009X"
ENTERPRISES = ("91110105MA00000012", "91110105MA00000025", "91110105MA00000038")
"""codes of the purchaser and of the bidders"""
START = datetime(2026, 11, 1, tzinfo=UTC)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def _name(text: str, enterprise: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, text)]
    if enterprise:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"NTRCN-{enterprise}"))
    return x509.Name(attributes)


def _usage(*, sign: bool, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(sign, sign, False, False, False, ca, ca, False, False)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _key_info(key: Key) -> keys.PrivateKeyInfo:
    return keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


@dataclass
class Person:
    """A signer with a certificate."""

    certificate: x509.Certificate
    key: Key
    hasty: bool = False
    """signs with something worth nothing, for checks that look at no signature"""

    @property
    def cert_sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def sign(self, data: bytes, at: datetime) -> bytes:
        """Detached CAdES-B, made by pyHanko."""
        if self.hasty:
            return b"signed by " + self.cert_sha256.encode() + _sha256(data)
        signer = SimpleSigner(_asn1(self.certificate), _key_info(self.key), SimpleCertificateStore())
        attributes = PdfCMSSignedAttributes(signing_time=at)
        job = signer.async_sign_general_data(data, "sha256", use_cades=True, signed_attr_settings=attributes)
        cms: bytes = asyncio.run(job).dump()
        return cms


@dataclass
class Authority:
    """A self-signed CA."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def _builder(
        self, subject: str, public: object, days: int, enterprise: str = ""
    ) -> x509.CertificateBuilder:
        builder = (
            x509.CertificateBuilder().subject_name(_name(subject, enterprise)).issuer_name(_name(self.name))
        )
        builder = builder.public_key(public).serial_number(x509.random_serial_number())  # type: ignore[arg-type]
        return builder.not_valid_before(START).not_valid_after(START + timedelta(days=days))

    @functools.cached_property
    def certificate(self) -> x509.Certificate:
        builder = self._builder(self.name, self.key.public_key(), 3650)
        builder = builder.add_extension(x509.BasicConstraints(True, None), True)
        return builder.add_extension(_usage(sign=False, ca=True), True).sign(self.key, hashes.SHA256())

    def issue(
        self, subject: str, *, kind: str = "ec", stamping: bool = False, days: int = 365, enterprise: str = ""
    ) -> Person:
        key: Key = ec.generate_private_key(ec.SECP256R1())
        if kind == "rsa":
            key = rsa.generate_private_key(65537, 2048)
        builder = self._builder(subject, key.public_key(), days, enterprise)
        builder = builder.add_extension(_usage(sign=True, ca=False), True)
        if stamping:
            purpose = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.TIME_STAMPING])
            builder = builder.add_extension(purpose, True)
        return Person(builder.sign(self.key, hashes.SHA256()), key)

    def crl(self, *revoked: Person, since: datetime = START) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(_name(self.name))
        builder = builder.last_update(START).next_update(START + timedelta(days=300))
        for person in revoked:
            serial = person.certificate.serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass
class NoteSigner:
    """An Ed25519 key of the log, a witness or the receipts."""

    name: str
    kind: int
    seed: bytes

    @property
    def key(self) -> VerifierKey:
        return verifier_key(self.name, self.kind, self.seed)

    def sign(self, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()


class Parties:
    """Everybody who holds a key in the story; `salt` makes another world with the same names, `hasty` one whose
    signatures are worth nothing."""

    def __init__(self, salt: int = 0, *, hasty: bool = False) -> None:
        self.ca, self.tsa_ca = Authority("Test CA"), Authority("Test TSA CA")
        self.log = NoteSigner("ledger.hall.example/2026", LOG_KEY, bytes([1 + salt]) * 32)
        self.witness = NoteSigner("witness.supervision.example/w1", WITNESS_KEY, bytes([2 + salt]) * 32)
        self.receipts = NoteSigner("receipts", LOG_KEY, bytes([3 + salt]) * 32)
        names = ("c1", "c2", "c3", "m1", "m2", "m3", "m4", "m5", "site")
        self.hasty, self._named = hasty, dict[str, Person]()
        self.people = {name: self.ca.issue(name) for name in names}
        self.people["tenderer"] = self.ca.issue("tenderer", enterprise=PURCHASER)
        self.people |= {
            f"bidder{i}": self.ca.issue(
                f"bidder{i}", kind="rsa" if i == 2 else "ec", enterprise=ENTERPRISES[i - 1]
            )
            for i in (1, 2, 3)
        }
        for person in self.people.values():
            person.hasty = hasty
        self.tsa = self.tsa_ca.issue("tsa", kind="rsa", stamping=True)

    def named(self, name: str) -> Person:
        """Somebody with a certificate of that name."""
        if name not in self._named:
            self._named[name] = self.ca.issue(name)
            self._named[name].hasty = self.hasty
        return self._named[name]

    def stamp(self, data: bytes, at: datetime) -> bytes:
        """An RFC 3161 response over `data`."""
        key, cert = _key_info(self.tsa.key), _asn1(self.tsa.certificate)
        request = tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": "sha256"},
                    "hashed_message": _sha256(data),
                },
                "cert_req": True,
            }
        )
        response: bytes = DummyTimeStamper(cert, key, fixed_dt=at).request_tsa_response(request).dump()
        return response


def _sha256(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize()
