"""RFC 3161 requests, responses and tokens: building and judging them. Nothing here talks to anybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.general import extract_certificate_info, extract_signer_info
from pyhanko.sign.validation.generic_cms import get_signing_cert_attr, validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, CertRevTrustPolicy

from plugins.cms.algorithms import AllowedAlgorithms
from plugins.cms.envelope import check_envelope, check_explained
from plugins.cms.straight import finish

MAX_BYTES = 64 * 1024
GRANTED = ("granted", "granted_with_mods")


class Response(core.Sequence):
    """A TimeStampResp (RFC 3161 section 2.4.2); asn1crypto's takes the token for obligatory."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


class BadToken(Exception):
    """A request, response or token that is malformed, untrusted or about something else."""


def request(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq (DER) for a SHA-256 digest that asks for the authority's certificates."""
    asked = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "nonce": nonce,
            "cert_req": True,
        }
    )
    der: bytes = asked.dump()
    return der


def token_of(response: bytes, query: bytes) -> bytes:
    """The token (DER) in a response to `query`. An HTTP success says nothing: the status inside does.

    Raises `BadToken` when the authority rejected, or answered another question (digest, nonce, policy).
    """
    try:
        return _token_of(response, query)
    except BadToken:
        raise
    except Exception as error:
        # The parser raises many kinds of errors on hostile bytes; none of them may pass.
        raise BadToken(f"malformed: {error!r}") from error


def _token_of(response: bytes, query: bytes) -> bytes:
    answer = Response.load(response, strict=True)
    asked = tsp.TimeStampReq.load(query, strict=True)
    if asked["version"].native != "v1" or asked.dump(force=True) != query:
        raise BadToken("the request is not version 1 in DER")
    status = answer["status"]["status"].native
    if status not in GRANTED:
        raise BadToken(f"the authority answered: {status}")
    token: bytes = answer["time_stamp_token"].dump()
    if answer["status"].dump() + token != answer.contents:
        raise BadToken("the response holds more than status and token")
    info = _token_info(answer["time_stamp_token"]["content"])
    if info["message_imprint"].native != asked["message_imprint"].native:
        raise BadToken("the token is over another digest")
    if info["nonce"].native != asked["nonce"].native:
        raise BadToken("the token answers another request (nonce)")
    if asked["req_policy"].native not in (None, info["policy"].native):
        raise BadToken("the token was made under another policy")
    return token


class TokenJudge:
    """Judges tokens against `roots` (DER). `certificates` help to build chains and supply the
    authority's own certificate when a token carries none; `crls` gives the revocation lists held, in
    which a revoked authority is found. The lists are not required: tokens outlive them.

    Raises ValueError for a root that is not self-signed, or a certificate nobody of them issued."""

    def __init__(
        self,
        roots: Sequence[bytes],
        certificates: Sequence[bytes] = (),
        crls: Callable[[], Sequence[bytes]] = tuple,
    ) -> None:
        if not roots:
            raise ValueError("no trusted root certificate is configured for time stamps")
        self._known = [x509.load_der_x509_certificate(der) for der in (*roots, *certificates)]
        check_explained(self._known)
        self._roots = [asn1_x509.Certificate.load(der) for der in roots]
        self._certificates = [asn1_x509.Certificate.load(der) for der in certificates]
        self._crls = crls

    def gen_time(self, token: bytes, digest: bytes) -> datetime:
        """The instant at which the authority saw the SHA-256 `digest`. Raises `BadToken`."""
        try:
            return self._judge(token, digest)
        except BadToken:
            raise
        except Exception as error:
            # The parsers raise many kinds of errors on hostile bytes; none of them may pass.
            raise BadToken(f"malformed: {error!r}") from error

    def _judge(self, token: bytes, digest: bytes) -> datetime:
        if len(token) > MAX_BYTES:
            raise BadToken("too long")
        content = cms.ContentInfo.load(token, strict=True)["content"]
        check_envelope(content, "tst_info", self._known)
        if not len(content["certificates"]):
            content["certificates"] = self._certificates
        _check_signer(content)
        info = _token_info(content)
        instant: datetime = info["gen_time"].native.astimezone(UTC)
        status = self._validate(content, digest, instant)
        if not status.intact:
            raise BadToken("the token is over another digest")
        if not (status.valid and status.trusted):
            raise BadToken(f"the authority is not trusted: {status.trust_problem_indic}")
        self._check_revocation(status, instant)
        return instant

    def _check_revocation(self, status: TimestampSignatureStatus, instant: datetime) -> None:
        """Refuses an authority that a list we hold, signed by its issuer, says was revoked by then."""
        path = list(status.validation_path.iter_certs(include_root=True))
        signer, issuer = (x509.load_der_x509_certificate(cert.dump()) for cert in (path[-1], path[-2]))
        for crl in map(x509.load_der_x509_crl, self._crls()):
            if crl.issuer != signer.issuer or not crl.is_signature_valid(issuer.public_key()):
                continue
            entry = crl.get_revoked_certificate_by_serial_number(signer.serial_number)
            if entry is not None and entry.revocation_date_utc <= instant:
                raise BadToken("the authority's certificate was revoked")

    def _validate(
        self, content: cms.SignedData, digest: bytes, instant: datetime
    ) -> TimestampSignatureStatus:
        context = ValidationContext(
            trust_roots=self._roots,
            other_certs=self._certificates,
            moment=instant,
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),
            algorithm_usage_policy=AllowedAlgorithms(),
        )
        judging = validate_tst_signed_data(
            content, context, lambda algorithm: digest if algorithm == "sha256" else b""
        )
        return TimestampSignatureStatus(**finish(judging))


def _token_info(content: cms.SignedData) -> tsp.TSTInfo:
    enclosed = content["encap_content_info"]["content"].parsed
    if not isinstance(enclosed, tsp.TSTInfo):
        raise BadToken("not a time stamp")
    return enclosed


def _check_signer(content: cms.SignedData) -> None:
    """RFC 3161 section 2.3: a critical extended key usage, time stamping alone; section 2.4.2: the
    token names the certificate that signed it (ESSCertID)."""
    if get_signing_cert_attr(extract_signer_info(content)["signed_attrs"]) is None:
        raise BadToken("the token does not say which certificate made it")
    signer = x509.load_der_x509_certificate(extract_certificate_info(content).signer_cert.dump())
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise BadToken("the certificate is not for time stamps") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadToken("the certificate is not for time stamps alone")
