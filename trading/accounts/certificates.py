"""Signing certificates of accounts (数字证书): enrolled here, brought from elsewhere, revoked.

The hall never sees a private key: the browser or the program makes it and sends a request (PKCS#10)
that it signed with it. Whether a certificate is good is judged again with every signature
(`ISignatureVerifier`); here stands only which account it belongs to.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from trading.accounts import trail
from trading.accounts.models import Certificate, User
from trading.acts import Actor
from trading.clock import BEIJING, database_now
from trading.errors import Refused, refuse
from trading.interfaces import ICertificateAuthority
from trading.outbox import outward, promise
from trading.parties.models import Party
from trading.secrets import HallKeys
from trading.web import _

REVOKE = "certificate.revoke"
"""Topic of the promise to tell the authority about a revocation."""


def enrol(session: Session, authority: Any, actor: Actor, user: User, csr_pem: str) -> Certificate:
    """A certificate of the authority for the key of a request. Raises Refused `certificate.*`."""
    key = requested_key(csr_pem)
    party = session.get(Party, user.party_id) if user.party_id else None
    chain = authority.enrol(
        csr_pem.encode(),
        party.uscc if party else "",
        party.name if party else "",
        user.name,
        database_now(session),
    )
    certificates = x509.load_pem_x509_certificates(chain)
    if public_bytes(certificates[0].public_key()) != key:
        raise refuse("certificate.refused", _("The authority issued a certificate for another key"))
    return keep(session, actor, user, certificates, "certificate.enrolled")


def requested_key(csr_pem: str) -> bytes:
    """The public key (DER) of a request whose own signature is good. Raises Refused."""
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        good = request.is_signature_valid and strong_enough(request.public_key())
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise refuse(
            "certificate.request", _("This is not a certificate request in PEM"), field="csr", rule="RFC 2986"
        ) from error
    if not good:
        raise refuse(
            "certificate.request",
            _("The request must carry its own good signature, by RSA of 2048 bits or more or ECDSA"),
            field="csr",
            rule="RFC 2986",
        )
    return public_bytes(request.public_key())


def strong_enough(key: Any) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= 2048
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in (
        "secp256r1",
        "secp384r1",
        "secp521r1",
    )


def public_bytes(key: Any) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def keep(
    session: Session, actor: Actor, user: User, chain: Sequence[x509.Certificate], act: str
) -> Certificate:
    """File a certificate with its account. Raises Refused `certificate.filed` when it is filed already."""
    leaf = chain[0]
    found = Certificate(
        user_id=user.id,
        party_id=user.party_id,
        sha256=leaf.fingerprint(SHA256()).hex(),
        chain_pem="".join(each.public_bytes(Encoding.PEM).decode() for each in chain),
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        serial=f"{leaf.serial_number:x}",
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        enrolled_at=database_now(session),
    )
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError as error:
        raise refuse("certificate.filed", _("This certificate belongs to an account already")) from error
    trail.record(session, actor, act, {"certificate": found.sha256}, user.id)
    return found


# --- certificates from elsewhere ------------------------------------------------------------------


def challenge(session: Session, keys: HallKeys, user: User, days_ago: int = 0) -> bytes:
    """What the owner of a certificate from elsewhere signs to show that the key is theirs: good today
    and tomorrow, for this account only."""
    day = (database_now(session) - timedelta(days=days_ago)).astimezone(BEIJING).date().isoformat()
    mark = keys.keyed("certificate-challenge", str(user.id), day).hex()
    return f"tradehall certificate challenge v1\naccount {user.id}\nday {day}\nmark {mark}\n".encode()


def register(
    session: Session, verifier: Any, keys: HallKeys, actor: Actor, user: User, cms: bytes
) -> Certificate:
    """File a certificate of another accepted authority: `cms` is a detached signature over the challenge.

    The verifier checks chain, validity, key usage and revocation. Raises Refused `signature.*` and
    `certificate.*`."""
    evidence = verified(session, verifier, keys, user, cms)
    party = session.get(Party, user.party_id) if user.party_id else None
    if party is not None and evidence.organisation_id != party.uscc:
        raise refuse(
            "certificate.other-organisation",
            _("The certificate does not carry your enterprise's unified social credit code"),
            remedy=_("Ask your certificate authority for a certificate that does."),
        )
    chain = [x509.load_der_x509_certificate(der) for der in (evidence.certificate, *evidence.chain)]
    return keep(session, actor, user, chain, "certificate.registered")


def verified(session: Session, verifier: Any, keys: HallKeys, user: User, cms: bytes) -> Any:
    """The evidence of a signature over today's or yesterday's challenge; raises the last refusal."""
    now = database_now(session)
    try:
        return verifier.verify(challenge(session, keys, user, 1), cms, now)
    except Refused:
        return verifier.verify(challenge(session, keys, user), cms, now)


# --- looking up and revoking ----------------------------------------------------------------------


def of_user(session: Session, user_id: uuid.UUID) -> list[Certificate]:
    """All certificates of an account, the newest first, revoked and expired ones too."""
    query = select(Certificate).where(Certificate.user_id == user_id)
    return list(session.scalars(query.order_by(Certificate.enrolled_at.desc())))


def usable(session: Session, user_id: uuid.UUID, at: datetime) -> list[Certificate]:
    """The certificates that an account can sign with at `at`."""
    return [each for each in of_user(session, user_id) if state(each, at) == "valid"]


def state(certificate: Certificate, at: datetime) -> str:
    """valid, revoked, expired or future."""
    if certificate.revoked_at is not None and certificate.revoked_at <= at:
        return "revoked"
    if at > certificate.not_after:
        return "expired"
    return "future" if at < certificate.not_before else "valid"


def holder(certificate: Certificate) -> tuple[str, str]:
    """Person and organisation as the certificate names them; "" for what it does not."""
    subject = x509.load_pem_x509_certificates(certificate.chain_pem.encode())[0].subject

    def first(oid: x509.ObjectIdentifier) -> str:
        return next((str(each.value) for each in subject.get_attributes_for_oid(oid)), "")

    return first(NameOID.COMMON_NAME), first(NameOID.ORGANIZATION_NAME)


def own(session: Session, user_id: uuid.UUID, sha256: str, at: datetime) -> Certificate:
    """The certificate with this SHA-256 (hex), when it belongs to the account and may sign at `at`.

    For rooms that take a signature: the signer must be the one who is logged in. Raises Refused
    `certificate.not-yours` or `certificate.revoked`."""
    found = session.scalars(select(Certificate).where(Certificate.sha256 == sha256)).first()
    if found is None or found.user_id != user_id:
        raise refuse(
            "certificate.not-yours",
            _("This was signed with a certificate that is not in your account"),
            remedy=_("Sign with a certificate listed under “My account”, or add this one there first."),
        )
    if found.revoked_at is not None and found.revoked_at <= at:
        raise refuse("certificate.revoked", _("This certificate was revoked"))
    return found


def revoke(session: Session, actor: Actor, user_id: uuid.UUID, certificate_id: uuid.UUID) -> Certificate:
    """Revoke one's own certificate: here at once, with its authority as promised work. Raises Refused
    `certificate.unknown`."""
    found = session.get(Certificate, certificate_id)
    if found is None or found.user_id != user_id:
        raise refuse("certificate.unknown", _("There is no such certificate"))
    if found.revoked_at is None:
        found.revoked_at = database_now(session)
        trail.record(session, actor, "certificate.revoked", {"certificate": found.sha256}, user_id)
        promise(session, REVOKE, {"certificate": str(found.id)})
    return found


def authority_of(registry: Any) -> Any:
    """The authority that gives certificates here. Raises Refused `certificate.no-authority`."""
    found = registry.queryUtility(ICertificateAuthority)
    if found is None:
        raise refuse(
            "certificate.no-authority",
            _("This hall gives no certificates itself"),
            remedy=_("Add a certificate of an authority that this hall trusts."),
        )
    return found


@outward
def tell_authority(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise of `revoke`. A foreign authority is the owner's to tell."""
    found = session.get_one(Certificate, uuid.UUID(payload["certificate"]))
    authority = registry.queryUtility(ICertificateAuthority)
    if authority is None or found.revoked_at is None:
        return
    leaf = x509.load_pem_x509_certificates(found.chain_pem.encode())[0]
    try:
        authority.revoke(leaf.public_bytes(Encoding.PEM), found.revoked_at)
    except Refused as refused:
        if refused.faults[0].code != "certificate.foreign":
            raise
