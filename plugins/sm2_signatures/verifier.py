"""Judging SM2 signatures, and telling which family a signature is of.

Everything but the primitives is the X.509 verifier's: order of checks, chains, revocation lists, refusals.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from asn1crypto import algos, cms, keys
from cryptography.exceptions import InvalidSignature
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    SignatureValidationContext,
    SignatureValidator,
)
from zope.interface import implementer

from plugins.sm2_signatures import primitives
from plugins.x509_signatures.evidence import SignatureEvidence
from plugins.x509_signatures.revocation import CrlFolder
from plugins.x509_signatures.verifier import X509Verifier
from trading.interfaces import ISignatureVerifier


class Sm2Only(CMSAlgorithmUsagePolicy):
    """SM2 with SM3; a time stamp or an issuer of other algorithms does not belong into this family."""

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        name = algo["algorithm"].native
        return AlgorithmUsageConstraint(name == "sm3", failure_reason=f"digest {name} is not allowed")

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        name = algo["algorithm"].native
        good = name in ("sm3_sm2", "sm2") and (public_key is None or is_sm2(public_key))
        return AlgorithmUsageConstraint(good, failure_reason=f"signature algorithm {name} is not allowed")


class Sm2Primitives(SignatureValidator):
    """The one signature scheme of the family, for pyHanko's path and container checks."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: keys.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        """Raises InvalidSignature."""
        try:
            point = primitives.public_point(public_key_info)
        except ValueError as error:
            raise InvalidSignature from error
        if context.prehashed or signature_algorithm["algorithm"].native not in ("sm3_sm2", "sm2"):
            raise InvalidSignature
        primitives.check(point, signature, signed_data)


@implementer(ISignatureVerifier)
class Sm2Verifier(X509Verifier):
    """Judges SM2 signatures, in CMS (RFC 5652) or in the container of GM/T 0010, whose certificates chain
    to SM2 roots. Arguments and errors are those of `X509Verifier`."""

    families = ("gm-sm2",)
    kinds = {"signed_data": "data", "gm_signed_data": "gm_data"}
    issued_by = staticmethod(primitives.issued_by)
    policy = Sm2Only
    primitives = Sm2Primitives


class Sm2CrlFolder(CrlFolder):
    """Revocation lists signed with SM2."""

    signed_by = staticmethod(primitives.list_signed_by)


@implementer(ISignatureVerifier)
class FamilyVerifier:
    """Sends each signature to the verifier of its certificate's family: SM2, or everything else."""

    def __init__(self, other: Any, sm2: Sm2Verifier) -> None:
        self._other = other
        self._sm2 = sm2
        self.families: tuple[str, ...] = (*other.families, *sm2.families)

    def verify(self, data: bytes, cms: bytes, at: datetime) -> SignatureEvidence:
        """See `ISignatureVerifier.verify`."""
        chosen = self._sm2 if signed_with_sm2(cms) else self._other
        evidence: SignatureEvidence = chosen.verify(data, cms, at)
        return evidence


def signed_with_sm2(container: bytes) -> bool:
    """Whether the signer's certificate holds an SM2 key; False for what cannot be read."""
    try:
        signed = cms.ContentInfo.load(container, strict=True)["content"]
        return is_sm2(extract_certificate_info(signed).signer_cert.public_key)
    except Exception:
        # Hostile bytes raise many kinds of errors; the other family's verifier says what is wrong.
        return False


def is_sm2(key: keys.PublicKeyInfo) -> bool:
    try:
        return bool(primitives.public_point(key))
    except (ValueError, TypeError, KeyError):
        return False
