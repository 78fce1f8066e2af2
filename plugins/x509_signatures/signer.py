"""Signing with a private key from a file (CAdES-B detached, ETSI EN 319 122-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from zope.interface import implementer

from plugins.cms.signing import PrivateKey, StraightSigner, sign_bytes
from trading.interfaces import ISigner


@implementer(ISigner)
class FileSigner:
    """Signs with an RSA or ECDSA key given as PEM.

    `key_pem` may be encrypted PKCS#8 (`password`); `cert_pem` is the signer's certificate; `chain` are
    its CA certificates (PEM), put into the CMS except self-signed ones, which the receiver must hold
    itself. Raises ValueError when key and certificate do not belong together.
    """

    def __init__(
        self, key_pem: bytes, cert_pem: bytes, chain: Sequence[bytes] = (), password: bytes | None = None
    ) -> None:
        key = load_pem_private_key(key_pem, password)
        if not isinstance(key, PrivateKey):
            raise ValueError("only RSA and ECDSA keys can sign")
        self.certificate = x509.load_pem_x509_certificate(cert_pem)
        if self.certificate.public_key() != key.public_key():
            raise ValueError("the certificate does not belong to the private key")
        authorities = (x509.load_pem_x509_certificate(pem) for pem in chain)
        below_root = [cert for cert in authorities if cert.subject != cert.issuer]
        self._signer = StraightSigner(key, self.certificate, below_root)

    @classmethod
    def from_file(cls, path: Path | str, password: bytes | None = None) -> FileSigner:
        """Reads a certificate key file: the private key, then certificates from the signer's upwards."""
        content = Path(path).read_bytes()
        first, *chain = (cert.public_bytes(Encoding.PEM) for cert in x509.load_pem_x509_certificates(content))
        return cls(content, first, chain, password)

    def sign(self, data: bytes, at: datetime) -> bytes:
        """A detached CAdES-B CMS (DER) over `data` with signing-certificate-v2 and signing-time `at`."""
        return sign_bytes(self._signer, data, at)
