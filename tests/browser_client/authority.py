"""A certificate authority for tests, and signers under it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from plugins.x509_signatures.signer import FileSigner

PEM = serialization.Encoding.PEM


class Authority:
    """Issues certificates; it is also its verifier's source of revocation lists."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.root = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(usage, True)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name, key: Any) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
        )

    def _issue(self, subject: x509.Name, key: Any) -> x509.Certificate:
        usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        return self._builder(subject, key).add_extension(usage, True).sign(self._key, hashes.SHA256())

    def issue(self, csr: x509.CertificateSigningRequest) -> x509.Certificate:
        """The certificate asked for."""
        return self._issue(csr.subject, csr.public_key())

    def signer(self, name: str) -> FileSigner:
        """Somebody with a certificate of ours."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        pem = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return FileSigner(pem, self._issue(subject, key.public_key()).public_bytes(PEM))

    def current(self, at: datetime) -> list[bytes]:
        """An empty revocation list, fresh now."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        built = builder.last_update(now - timedelta(hours=1)).next_update(now + timedelta(hours=1))
        return [built.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)]
