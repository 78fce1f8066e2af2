"""The CMS container itself: what it must hold, and that it holds nothing unexplained.

A signature covers the signed attributes only. Everything else in the container is checked here, so
that no byte of a stored signature can be altered without notice: versions, certificates that ride
along, unsigned attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.ades.report import AdESFailure, AdESIndeterminate, AdESSubIndic
from pyhanko.sign.general import (
    MultivaluedAttributeError,
    NonexistentAttributeError,
    extract_certificate_info,
    extract_signer_info,
    find_unique_cms_attribute,
)
from pyhanko.sign.validation.errors import SignatureValidationError

MAX_BYTES = 128 * 1024
MAX_CERTIFICATES = 16

IssuedBy = Callable[[x509.Certificate, x509.Certificate], bool]
"""Whether the first certificate carries the second one's good signature."""
CMS_KINDS: Mapping[str, str] = {"signed_data": "data"}
"""Containers that are read, and the type of what each signs (RFC 5652)."""


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `certificate` carries a good RSA or ECDSA signature by `issuer`."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


@dataclass(frozen=True)
class Signed:
    """A parsed container: its SignedData, the signer's certificate, the claimed signing time."""

    content: cms.SignedData
    signer: x509.Certificate
    signing_time: datetime


def parse(
    der: bytes,
    known: Sequence[x509.Certificate],
    issued: IssuedBy = issued_by,
    kinds: Mapping[str, str] = CMS_KINDS,
) -> Signed:
    """Parses a detached CAdES-B CMS of at most 128 KiB. `issued` judges the signatures of certificates;
    `kinds` are the containers that are read. Raises SignatureValidationError, or ValueError, TypeError and
    other parser errors on malformed bytes."""
    if len(der) > MAX_BYTES:
        raise malformed(AdESFailure.FORMAT_FAILURE)
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native not in kinds:
        raise malformed(AdESFailure.FORMAT_FAILURE)
    content = info["content"]
    _check_attributes(extract_signer_info(content))
    check_envelope(content, kinds[info["content_type"].native], known, issued)
    if content["encap_content_info"]["content"].native is not None:
        raise malformed(AdESFailure.FORMAT_FAILURE)
    signer = extract_certificate_info(content).signer_cert
    return Signed(content, x509.load_der_x509_certificate(signer.dump()), _signing_time(content))


def _check_attributes(info: cms.SignerInfo) -> None:
    """The signed attributes of CAdES-B, each once. Raises SignatureValidationError."""
    for name in ("content_type", "message_digest", "signing_time", "signing_certificate_v2"):
        try:
            find_unique_cms_attribute(info["signed_attrs"], name)
        except (NonexistentAttributeError, MultivaluedAttributeError):
            missing_signer = name == "signing_certificate_v2"
            problem = AdESIndeterminate.NO_SIGNING_CERTIFICATE_FOUND
            raise malformed(problem if missing_signer else AdESFailure.FORMAT_FAILURE) from None


def check_envelope(
    content: cms.SignedData,
    content_type: str,
    known: Sequence[x509.Certificate],
    issued: IssuedBy = issued_by,
) -> None:
    """What the signature does not cover: versions, algorithm lists, certificates, revocation lists (none
    may ride along), unsigned attributes; of this container and of the time stamps in it. `known` are the
    certificates that may have issued those inside. Raises SignatureValidationError."""
    info = extract_signer_info(content)
    if not (_complete(content) and _complete(info) and _versions_are_right(content, info, content_type)):
        raise malformed(AdESFailure.FORMAT_FAILURE)
    if content["crls"] is not core.VOID and len(content["crls"]):
        raise malformed(AdESFailure.FORMAT_FAILURE)
    embedded = [choice.chosen.untag().dump() for choice in content["certificates"]]
    # A signature is whole bytes; readers ignore a count of unused bits that says otherwise.
    ragged = any(choice.chosen["signature_value"].contents[0] for choice in content["certificates"])
    if len(embedded) > MAX_CERTIFICATES or ragged:
        raise malformed(AdESFailure.FORMAT_FAILURE)
    try:
        check_explained([*(x509.load_der_x509_certificate(der) for der in embedded), *known], issued)
    except ValueError as error:
        raise malformed(AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE) from error
    if info["unsigned_attrs"] is core.VOID:
        return
    for attribute in info["unsigned_attrs"]:
        if attribute["type"].native != "signature_time_stamp_token" or content_type == "tst_info":
            raise malformed(AdESFailure.FORMAT_FAILURE)
        for token in attribute["values"]:
            check_envelope(token["content"], "tst_info", known, issued)


def check_explained(certificates: Sequence[x509.Certificate], issued: IssuedBy = issued_by) -> None:
    """Every certificate carries a good signature by one of them. Raises ValueError."""
    for certificate in certificates:
        issuers = [issuer for issuer in certificates if issuer.subject == certificate.issuer]
        if not any(issued(certificate, issuer) for issuer in issuers):
            raise ValueError(f"nobody known issued {certificate.subject.rfc4514_string()}")


def malformed(problem: AdESSubIndic) -> SignatureValidationError:
    """The error to raise for a container that is refused before its signature is looked at."""
    return SignatureValidationError("the container is not acceptable", ades_subindication=problem)


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The same certificate in asn1crypto's classes, which pyHanko uses."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _complete(sequence: core.Sequence) -> bool:
    """Whether the fields make up the whole sequence; asn1crypto passes over what it does not expect."""
    held = sum(len(sequence[name].dump()) for name, *_ in sequence._fields)
    return bool(held == len(sequence.contents))


def _versions_are_right(content: cms.SignedData, info: cms.SignerInfo, content_type: str) -> bool:
    """Version numbers as RFC 5652 sections 5.1 and 5.3 prescribe them; one digest algorithm, whose
    parameters are absent or NULL."""
    by_serial = info["sid"].name == "issuer_and_serial_number"
    plain = by_serial and content_type != "tst_info"
    digests = [*content["digest_algorithms"], info["digest_algorithm"]]
    return bool(
        content["encap_content_info"]["content_type"].native == content_type
        and info["version"].native == ("v1" if by_serial else "v3")
        and content["version"].native == ("v1" if plain else "v3")
        and len(digests) == 2
        and len({digest["algorithm"].native for digest in digests}) == 1
        and all(digest["parameters"].dump() in (b"", b"\x05\x00") for digest in digests)
    )


def _signing_time(content: cms.SignedData) -> datetime:
    attributes = extract_signer_info(content)["signed_attrs"]
    instant: datetime = find_unique_cms_attribute(attributes, "signing_time").native
    return instant
