"""Making CMS signatures with a private key in memory (CAdES-B, ETSI EN 319 122-1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from plugins.cms.straight import finish

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class StraightSigner(Signer):
    """pyHanko's signer without unsigned attributes (assembling them would need an event loop), with the
    key loaded once (checking an RSA key takes longer than signing with it). `digest` is its algorithm."""

    def __init__(
        self, key: PrivateKey, certificate: x509.Certificate, chain: Sequence[x509.Certificate]
    ) -> None:
        store = SimpleCertificateStore()
        store.register_multiple([_asn1(cert) for cert in chain])
        super().__init__(cert_registry=store, signing_cert=_asn1(certificate), embed_roots=False)
        self._key = key
        self.digest = _digest_for(key)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        digest = get_pyca_cryptography_hash(digest_algorithm)
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), digest)
        return self._key.sign(data, ec.ECDSA(digest))

    async def unsigned_attrs(self, *_: Any, **__: Any) -> None:
        return None


def sign_bytes(signer: StraightSigner, data: bytes, at: datetime, enclosed: str | None = None) -> bytes:
    """A CAdES-B CMS (DER) over `data`: detached, or with `data` inside when its content type is
    `enclosed`, such as `tst_info`."""
    attributes = cms.CMSAttributes(
        [
            simple_cms_attribute("content_type", enclosed or "data"),
            simple_cms_attribute("signing_time", cms.Time({"utc_time": core.UTCTime(at)})),
            simple_cms_attribute("message_digest", hashlib.new(signer.digest, data).digest()),
            simple_cms_attribute("signing_certificate_v2", as_signing_certificate_v2(signer.signing_cert)),
        ]
    )
    content = None
    if enclosed:
        content = cms.EncapsulatedContentInfo(
            {"content_type": enclosed, "content": cms.ParsableOctetString(data)}
        )
    signing = signer.async_sign_prescribed_attributes(
        signer.digest, attributes, cms_version="v3" if enclosed else "v1", encap_content_info=content
    )
    container: bytes = finish(signing).dump()
    return container


def _digest_for(key: PrivateKey) -> str:
    """The digest as strong as the key: SHA-384 and SHA-512 for the larger curves, else SHA-256."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {384: "sha384", 521: "sha512"}.get(key.curve.key_size, "sha256")
    return "sha256"


def _asn1(cert: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(cert.public_bytes(Encoding.DER))
