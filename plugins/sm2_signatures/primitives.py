"""SM2 signatures with SM3 (GB/T 32918.2, GB/T 32905) over GmSSL, and their names in ASN.1.

Importing this module teaches asn1crypto the names: SM3, SM2 with SM3, the SM2 curve, and the container
of GM/T 0010, which is CMS under identifiers of its own.
"""

from __future__ import annotations

import gmssl_pyx
from asn1crypto import algos, cms, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

SM3 = "1.2.156.10197.1.401"
SM2_CURVE = "1.2.156.10197.1.301"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
SM2_SIGN = "1.2.156.10197.1.301.1"
GM_DATA, GM_SIGNED_DATA = "1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2"


def _name(kind: type, oid: str, name: str) -> None:
    kind._map[oid] = name  # type: ignore[attr-defined]
    if kind._reverse_map is not None:  # type: ignore[attr-defined]
        kind._reverse_map[name] = oid  # type: ignore[attr-defined]


_name(algos.DigestAlgorithmId, SM3, "sm3")
_name(algos.SignedDigestAlgorithmId, SM2_WITH_SM3, "sm3_sm2")
_name(algos.SignedDigestAlgorithmId, SM2_SIGN, "sm2")
_name(cms.ContentType, GM_DATA, "gm_data")
_name(cms.ContentType, GM_SIGNED_DATA, "gm_signed_data")
cms.ContentInfo._oid_specs["gm_signed_data"] = cms.SignedData
keys.NamedCurve.register("sm2p256v1", SM2_CURVE, 32)


def public_point(info: keys.PublicKeyInfo) -> bytes:
    """The 64 bytes x ‖ y of an SM2 public key. Raises ValueError for another kind of key."""
    if info.algorithm != "ec" or info["algorithm"]["parameters"].chosen.dotted != SM2_CURVE:
        raise ValueError("not an SM2 key")
    point: bytes = info["public_key"].native
    if len(point) != 65 or point[0] != 4:
        raise ValueError("an SM2 key is an uncompressed point")
    return point[1:]


def public_key_info(point: bytes) -> keys.PublicKeyInfo:
    """The SubjectPublicKeyInfo of the point x ‖ y."""
    algorithm = {"algorithm": "ec", "parameters": keys.ECDomainParameters("named", "sm2p256v1")}
    return keys.PublicKeyInfo({"algorithm": algorithm, "public_key": b"\x04" + point})


def sign(private: bytes, public: bytes, data: bytes) -> bytes:
    """The signature (DER) over `data` under the usual identity 1234567812345678 (GM/T 0009)."""
    signature: bytes = gmssl_pyx.sm2_sign(private, public, data)
    return signature


def check(point: bytes, signature: bytes, data: bytes) -> None:
    """Raises InvalidSignature."""
    try:
        good = gmssl_pyx.sm2_verify(point, data, signature)
    except gmssl_pyx.GmsslInnerError as error:
        raise InvalidSignature from error
    if not good:
        raise InvalidSignature


def sm3(data: bytes) -> bytes:
    """SM3 of `data`, 32 bytes."""
    digest: bytes = gmssl_pyx.sm3_hash(data)
    return digest


def point_of(certificate: x509.Certificate) -> bytes:
    """The public key of an SM2 certificate, which cryptography reads but for its key. Raises ValueError."""
    parsed = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return public_point(parsed.public_key)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `certificate` carries a good SM2 signature by `issuer`."""
    if certificate.issuer != issuer.subject:
        return False
    return _signed(
        certificate.signature_algorithm_oid, certificate.tbs_certificate_bytes, certificate.signature, issuer
    )


def list_signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether a revocation list carries a good SM2 signature by `issuer`."""
    return _signed(crl.signature_algorithm_oid, crl.tbs_certlist_bytes, crl.signature, issuer)


def _signed(oid: x509.ObjectIdentifier, data: bytes, signature: bytes, issuer: x509.Certificate) -> bool:
    try:
        check(point_of(issuer), signature, data)
    except (ValueError, InvalidSignature):
        return False
    return oid.dotted_string == SM2_WITH_SM3
