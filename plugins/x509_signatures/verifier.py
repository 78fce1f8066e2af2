"""Judging a detached CMS at the moment it is received (ETSI EN 319 102-1, basic validation).

In this order: format → signer identified by signing-certificate-v2 → validity → signature and digest →
chain to a root of ours, revocation lists required → key usage → algorithms → a time stamp inside.
What cannot be determined is refused like what is wrong; the refusal names the sub-indication.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from asn1crypto import cms as asn1_cms
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESSubIndic
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import StandardCMSSignatureStatus
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidator
from zope.interface import implementer

from plugins.cms import envelope
from plugins.cms.algorithms import AllowedAlgorithms
from plugins.cms.straight import finish
from plugins.x509_signatures.evidence import SignatureEvidence, name_value, organisation_id
from plugins.x509_signatures.refusals import refusal
from trading.errors import Refused
from trading.interfaces import ISignatureVerifier

logger = logging.getLogger(__name__)

_SIGNING = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"})
# A certificate with an extended key usage is restricted to it (RFC 5280 section 4.2.1.12): one for
# time stamps or for a server does not sign documents.
_PURPOSES = {"any_extended_key_usage", "client_auth", "email_protection", "1.3.6.1.5.5.7.3.36"}


class CrlSource(Protocol):
    """Where current revocation lists come from."""

    def current(self, at: datetime) -> Sequence[bytes]:
        """Revocation lists (DER), the freshest held for the instant `at`."""


@implementer(ISignatureVerifier)
class X509Verifier:
    """Judges signatures whose certificates chain to `roots`.

    `intermediates` help to build chains and are not trusted by themselves; both are DER certificates.
    `crls` gives the revocation lists. A time stamp inside the CMS must chain to the same roots. Raises
    ValueError when a root is not properly self-signed or an intermediate not signed by one of them.
    A family of other algorithms overrides the class's attributes.
    """

    families: tuple[str, ...] = ("cades-rsa", "cades-ecdsa")
    kinds = envelope.CMS_KINDS
    issued_by = staticmethod(envelope.issued_by)
    policy: type[CMSAlgorithmUsagePolicy] = AllowedAlgorithms
    primitives: type[SignatureValidator] = DefaultSignatureValidator

    def __init__(self, roots: Sequence[bytes], intermediates: Sequence[bytes], crls: CrlSource) -> None:
        if not roots:
            raise ValueError("no trusted root certificate is configured")
        self._known = [x509.load_der_x509_certificate(der) for der in (*roots, *intermediates)]
        for certificate in self._known[: len(roots)]:
            if not self.issued_by(certificate, certificate):
                raise ValueError(f"{certificate.subject.rfc4514_string()} is no root")
        envelope.check_explained(self._known, self.issued_by)
        self._roots = tuple(roots)
        self._intermediates = tuple(intermediates)
        self._crls = crls

    def verify(self, data: bytes, cms: bytes, at: datetime) -> SignatureEvidence:
        """See `ISignatureVerifier.verify`. Refusal codes are those of `refusals.WORDS`."""
        crls = tuple(self._crls.current(at))
        try:
            signed = envelope.parse(cms, self._known, self.issued_by, self.kinds)
            _check_signer(signed.signer, at)
            status = self._judge(data, signed.content, crls, at)
            issuers = _path(status)
            _check_status(status, issuers, crls)
            _check_purpose(signed.signer)
            _check_stamps(status, signed.signer, at)
        except Refused:
            raise
        except SignatureValidationError as error:
            raise refusal(error.ades_subindication) from error
        except Exception as error:
            # The parsers below raise many kinds of errors on hostile bytes; none of them may admit.
            logger.info("malformed signature: %s", type(error).__name__)
            raise refusal(AdESFailure.FORMAT_FAILURE) from error
        return _evidence(status, signed, issuers, crls, at)

    def _judge(
        self, data: bytes, content: asn1_cms.SignedData, crls: Iterable[bytes], at: datetime
    ) -> StandardCMSSignatureStatus:
        context = ValidationContext(
            # Parsed anew: asn1crypto's objects fill themselves while they are read, which two threads may
            # not do at once.
            trust_roots=[asn1_x509.Certificate.load(der) for der in self._roots],
            other_certs=[asn1_x509.Certificate.load(der) for der in self._intermediates],
            moment=at,
            allow_fetching=False,
            crls=crls,
            revocation_mode="require",
            # A list issued after `at` still says what was revoked at `at`.
            retroactive_revinfo=True,
            algorithm_usage_policy=self.policy(),
            signature_validator=self.primitives(),
        )
        judging = async_validate_detached_cms(data, content, context, key_usage_settings=_SIGNING)
        return finish(judging)


def _check_signer(signer: x509.Certificate, at: datetime) -> None:
    """Issued by another, and within its period. We look ourselves: one of pyHanko's validators lets a
    signature pass that was made after its certificate had expired."""
    if signer.issuer == signer.subject:
        raise refusal(AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND)
    if at < signer.not_valid_before_utc:
        raise refusal(AdESFailure.NOT_YET_VALID)
    if at > signer.not_valid_after_utc:
        raise refusal(AdESIndeterminate.EXPIRED)


def _check_status(
    status: StandardCMSSignatureStatus, issuers: list[asn1_x509.Certificate], crls: tuple[bytes, ...]
) -> None:
    problem: AdESSubIndic | None = status.trust_problem_indic
    if problem == AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE and len(issuers) > len(
        _lists_of(issuers, crls)
    ):
        problem = AdESIndeterminate.TRY_LATER
    if not status.valid:
        problem = AdESFailure.SIG_CRYPTO_FAILURE
    elif not status.intact:
        problem = AdESFailure.HASH_FAILURE
    if problem is None and not status.trusted:
        problem = AdESIndeterminate.GENERIC
    if problem is not None:
        raise refusal(problem)


def _check_purpose(signer: x509.Certificate) -> None:
    purposes = envelope.asn1(signer).extended_key_usage_value
    if purposes is not None and not _PURPOSES & set(purposes.native):
        raise refusal(AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE)


def _check_stamps(status: StandardCMSSignatureStatus, signer: x509.Certificate, at: datetime) -> None:
    """Time stamps inside the CMS: trusted, and given while the certificate was valid."""
    for stamp in (status.timestamp_validity, status.content_timestamp_validity):
        if stamp is None:
            continue
        if not stamp.trusted:
            raise refusal(AdESIndeterminate.TIMESTAMP_ORDER_FAILURE)
        if not signer.not_valid_before_utc <= stamp.timestamp <= min(signer.not_valid_after_utc, at):
            raise refusal(AdESIndeterminate.TIMESTAMP_ORDER_FAILURE)


def _path(status: StandardCMSSignatureStatus) -> list[asn1_x509.Certificate]:
    """The signer's issuers from the nearest up to the root; empty when no path was found."""
    if status.validation_path is None:
        return []
    return list(status.validation_path.iter_certs(include_root=True))[-2::-1]


def _lists_of(issuers: list[asn1_x509.Certificate], crls: tuple[bytes, ...]) -> tuple[bytes, ...]:
    names = {issuer.subject.dump() for issuer in issuers}
    return tuple(crl for crl in crls if asn1_crl.CertificateList.load(crl).issuer.dump() in names)


def _evidence(
    status: StandardCMSSignatureStatus,
    signed: envelope.Signed,
    issuers: list[asn1_x509.Certificate],
    crls: tuple[bytes, ...],
    at: datetime,
) -> SignatureEvidence:
    signer = signed.signer
    stamp = status.timestamp_validity
    return SignatureEvidence(
        certificate=signer.public_bytes(Encoding.DER),
        certificate_sha256=envelope.asn1(signer).sha256.hex(),
        subject=signer.subject.rfc4514_string(),
        common_name=name_value(signer.subject, NameOID.COMMON_NAME),
        serial=f"{signer.serial_number:x}",
        issuer=signer.issuer.rfc4514_string(),
        organisation=name_value(signer.subject, NameOID.ORGANIZATION_NAME),
        organisation_id=organisation_id(signer.subject),
        person_id=name_value(signer.subject, NameOID.SERIAL_NUMBER),
        chain=tuple(cert.dump() for cert in issuers),
        crls=_lists_of(issuers, crls),
        signing_time=signed.signing_time,
        stamped_at=stamp.timestamp if stamp else None,
        validated_at=at,
    )
