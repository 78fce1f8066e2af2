"""Signing with an SM2 key in memory: CAdES-B in CMS, or the container of GM/T 0010."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from asn1crypto import cms, core, pem, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from zope.interface import implementer

from plugins.sm2_signatures import primitives
from trading.interfaces import ISigner


@implementer(ISigner)
class Sm2Signer:
    """Signs with the 32-byte private key whose certificate is the first of `chain_pem`; the others ride
    along except self-signed ones. `gm` chooses GM/T 0010's container instead of RFC 5652's. Raises
    ValueError when key and certificate do not belong together."""

    def __init__(self, private: bytes, chain_pem: bytes, *, gm: bool = False) -> None:
        leaf, *authorities = (
            asn1_x509.Certificate.load(der) for _, _, der in pem.unarmor(chain_pem, multiple=True)
        )
        self._private = private
        self._public = primitives.public_point(leaf.public_key)
        self._leaf: asn1_x509.Certificate = leaf
        self._certificates: Sequence[asn1_x509.Certificate] = [
            leaf, *(each for each in authorities if each.subject != each.issuer)
        ]  # fmt: skip
        self._kind, self._signed = ("gm_signed_data", "gm_data") if gm else ("signed_data", "data")
        self.certificate = x509.load_der_x509_certificate(leaf.dump())
        probe = b"key and certificate"
        made = primitives.sign(private, self._public, probe)
        try:
            primitives.check(self._public, made, probe)
        except Exception as error:
            raise ValueError("the certificate does not belong to the private key") from error

    def sign(self, data: bytes, at: datetime) -> bytes:
        """A detached CMS (DER) over `data` with signing-certificate-v2 and signing-time `at`."""
        attributes = self._attributes(data, at)
        signature = primitives.sign(self._private, self._public, attributes.dump())
        info = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    {"issuer": self._leaf.issuer, "serial_number": self._leaf.serial_number},
                ),
                "digest_algorithm": {"algorithm": "sm3"},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sm3_sm2"},
                "signature": signature,
            }
        )
        content = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [{"algorithm": "sm3"}],
                "encap_content_info": {"content_type": self._signed},
                "certificates": list(self._certificates),
                "signer_infos": [info],
            }
        )
        container: bytes = cms.ContentInfo({"content_type": self._kind, "content": content}).dump()
        return container

    def _attributes(self, data: bytes, at: datetime) -> cms.CMSAttributes:
        identifier = tsp.ESSCertIDv2(
            {"hash_algorithm": {"algorithm": "sm3"}, "cert_hash": primitives.sm3(self._leaf.dump())}
        )
        values: list[tuple[str, object]] = [
            ("content_type", self._signed),
            ("signing_time", cms.Time({"utc_time": core.UTCTime(at)})),
            ("message_digest", primitives.sm3(data)),
            ("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [identifier]})),
        ]
        return cms.CMSAttributes([cms.CMSAttribute({"type": kind, "values": [v]}) for kind, v in values])
