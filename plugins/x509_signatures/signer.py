"""Signing with a private key in memory (CAdES-B detached, ETSI EN 319 122-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore
from zope.interface import implementer

from plugins.x509_signatures.straight import finish
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
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise ValueError("only RSA and ECDSA keys can sign")
        self.certificate = x509.load_pem_x509_certificate(cert_pem)
        if self.certificate.public_key() != key.public_key():
            raise ValueError("the certificate does not belong to the private key")
        self._digest = _digest_for(key)
        authorities = (x509.load_pem_x509_certificate(pem) for pem in chain)
        store = SimpleCertificateStore()
        store.register_multiple([_asn1(cert) for cert in authorities if cert.subject != cert.issuer])
        self._signer = SimpleSigner(
            signing_cert=_asn1(self.certificate),
            signing_key=keys.PrivateKeyInfo.load(
                key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            ),
            cert_registry=store,
            embed_roots=False,
        )

    @classmethod
    def from_file(cls, path: Path | str, password: bytes | None = None) -> FileSigner:
        """Reads a certificate key file: the private key, then certificates from the signer's upwards."""
        content = Path(path).read_bytes()
        first, *chain = (
            cert.public_bytes(Encoding.PEM) for cert in x509.load_pem_x509_certificates(content)
        )
        return cls(content, first, chain, password)

    def sign(self, data: bytes, at: datetime) -> bytes:
        """A detached CAdES-B CMS (DER) over `data` with signing-certificate-v2 and signing-time `at`."""
        signing = self._signer.async_sign_general_data(
            data,
            self._digest,
            use_cades=True,
            signed_attr_settings=PdfCMSSignedAttributes(signing_time=at),
        )
        cms: bytes = finish(signing).dump()
        return cms


def _digest_for(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """The digest as strong as the key: SHA-384 and SHA-512 for the larger curves, else SHA-256."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {384: "sha384", 521: "sha512"}.get(key.curve.key_size, "sha256")
    return "sha256"


def _asn1(cert: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(cert.public_bytes(Encoding.DER))
