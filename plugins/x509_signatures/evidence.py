"""What a validated signature leaves behind, so that it can be judged again years later."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import NameOID

from trading.clock import rfc3339

# ETSI EN 319 412-1 section 5.1.4: "NTR" (national trade register), country, "-", identifier. The
# identifier of a Chinese organisation is its unified social credit code (GB 32100-2015).
ORGANISATION_PREFIX = "NTRCN-"
SM2_CURVE = "1.2.156.10197.1.301"
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")


@dataclass(frozen=True)
class SignatureEvidence:
    """A signature that was found good at `validated_at`, with all that the judgement rested on.

    `certificate` is the signer's certificate (DER), `chain` the certificates from the signer's issuer
    up to the root (DER), `crls` the revocation lists of exactly those issuers (DER), `serial` and
    `certificate_sha256` lowercase hex, `organisation_id` the unified social credit code or "",
    `person_id` the subject's serialNumber or "", `signing_time` the signer's claim, `stamped_at` the
    genTime of a time stamp inside the CMS or None.
    """

    certificate: bytes
    certificate_sha256: str
    subject: str
    common_name: str
    serial: str
    issuer: str
    organisation: str
    organisation_id: str
    person_id: str
    chain: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    signing_time: datetime
    stamped_at: datetime | None
    validated_at: datetime

    @property
    def family(self) -> str:
        """The kind of signature, as a seal policy's `sig` names it: gm-sm2, cades-rsa or cades-ecdsa."""
        key = asn1_x509.Certificate.load(self.certificate).public_key
        if key.algorithm != "ec":
            return "cades-rsa"
        return "gm-sm2" if key["algorithm"]["parameters"].chosen.dotted == SM2_CURVE else "cades-ecdsa"

    def record(self) -> dict[str, object]:
        """A JSON object for storing: certificates in base64, revocation lists by their SHA-256."""
        return {
            "certificate": base64.b64encode(self.certificate).decode(),
            "certificate_sha256": self.certificate_sha256,
            "subject": self.subject,
            "common_name": self.common_name,
            "serial": self.serial,
            "issuer": self.issuer,
            "organisation": self.organisation,
            "organisation_id": self.organisation_id,
            "person_id": self.person_id,
            "chain": [base64.b64encode(cert).decode() for cert in self.chain],
            "crls_sha256": [hashlib.sha256(crl).hexdigest() for crl in self.crls],
            "signing_time": rfc3339(self.signing_time),
            "stamped_at": rfc3339(self.stamped_at) if self.stamped_at else None,
            "validated_at": rfc3339(self.validated_at),
        }


def name_value(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The first value of one attribute of a distinguished name, "" when it has none."""
    values = name.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""


def organisation_id(subject: x509.Name) -> str:
    """The unified social credit code in a certificate's subject, "" when there is none.

    Looked for in organizationIdentifier (2.5.4.97), with or without the prefix `NTRCN-`, then in
    serialNumber (2.5.4.5), where several Chinese CAs put it.
    """
    for oid in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER):
        value = name_value(subject, oid).removeprefix(ORGANISATION_PREFIX)
        if _CREDIT_CODE.fullmatch(value):
            return value
    return ""
