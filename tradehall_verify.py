#!/usr/bin/env python3
"""Check one tender's audit bundle without any of our programs: stdlib and `cryptography` only.

    python tradehall_verify.py bundle.tar --trust trust.json [--earlier checkpoint-or-receipt ...]

The layout is docs/protocols/bundle.md; the evaluation is docs/protocols/evaluation.md, draws draw.md. Sections:
  1 bytes and JSON   2 DER, certificates, CMS, time stamps   3 signed notes and Merkle trees
  4 the vault        5 evaluation by lowest price            6 the bundle file
  7 random draws           8 the checks V1-V14                9 verdict and command line
Trust comes from outside: without --trust the verdict is never VERIFIED.
Exit codes: 0 VERIFIED, 1 FAILED, 2 CONSISTENT, TRUST NOT CHECKED, or unreadable input.
"""

from __future__ import annotations

import argparse
import base64
import functools
import hashlib
import json
import math
import re
import sys
import tarfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# ---------------------------------------------------------------------------------------------
# 1  Bytes and JSON
# ---------------------------------------------------------------------------------------------


class Invalid(Exception):
    """Something is wrong with the evidence; the text says what."""


class NotSupported(Exception):
    """Evidence this program cannot judge: reported as not checked, never as right."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def hexhash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def b64url(text: str) -> bytes:
    """Base64url without padding, canonical form only."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise Invalid("not base64url")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Invalid("base64url is not canonical")
    return raw


def b64std(text: str) -> bytes:
    """Standard padded base64, canonical form only."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise Invalid("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise Invalid("base64 is not canonical")
    return raw


def moment(text: str) -> datetime:
    """RFC 3339 UTC with `Z`."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", text):
        raise Invalid(f"not a UTC time: {text!r}")
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise Invalid(f"not a UTC time: {text!r}") from error


def stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _sorted_keys(value: Any) -> Any:
    """`value` with keys in RFC 8785 order (UTF-16 code units)."""
    if isinstance(value, dict):
        return {key: _sorted_keys(value[key]) for key in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    if isinstance(value, list):
        return [_sorted_keys(item) for item in value]
    return value


def jcs(value: Any) -> bytes:
    """RFC 8785 bytes of a value without floats."""
    return json.dumps(_sorted_keys(value), ensure_ascii=False, separators=(",", ":")).encode()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Invalid("a JSON key stands twice")
    return result


def _no_float(text: str) -> Any:
    raise Invalid(f"a JSON number is not an integer: {text}")


def parse_json(raw: bytes) -> Any:
    """Strict JSON: UTF-8, no key twice, integers only."""
    try:
        return json.loads(
            raw.decode(), object_pairs_hook=_no_duplicates, parse_float=_no_float, parse_constant=_no_float
        )
    except (ValueError, RecursionError) as error:
        raise Invalid(f"not JSON ({error})") from error


def parse_canonical(raw: bytes) -> Any:
    """Strict JSON in canonical form: JCS(parse(raw)) == raw."""
    value = parse_json(raw)
    try:
        canonical = jcs(value) == raw
    except UnicodeEncodeError:
        canonical = False
    if not canonical:
        raise Invalid("JSON is not in canonical form")
    return value


def exact_keys(value: Any, keys: Iterable[str], what: str) -> None:
    if not isinstance(value, dict) or set(value) != set(keys):
        raise Invalid(f"{what} does not have exactly the fields {' '.join(sorted(keys))}")


# ---------------------------------------------------------------------------------------------
# 2  DER, certificates, CMS (CAdES-B, RFC 5652/5035), time stamps (RFC 3161)
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Der:
    """One DER element: tag octet, contents, and its whole encoding."""

    tag: int
    value: bytes
    raw: bytes

    def children(self) -> list[Der]:
        if not self.tag & 0x20:
            raise Invalid("DER: a primitive element where a constructed one is due")
        items, rest = [], self.value
        while rest:
            item, rest = _der_element(rest)
            items.append(item)
        return items

    def expect(self, tag: int) -> Der:
        if self.tag != tag:
            raise Invalid(f"DER: tag {self.tag:#04x} where {tag:#04x} is due")
        return self

    def oid(self) -> str:
        self.expect(0x06)
        if not self.value or self.value[-1] & 0x80:
            raise Invalid("DER: broken object identifier")
        numbers, current = [], 0
        for octet in self.value:
            if current == 0 and octet == 0x80:
                raise Invalid("DER: object identifier with leading zeros")
            current = current << 7 | octet & 0x7F
            if not octet & 0x80:
                numbers.append(current)
                current = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(str(n) for n in [first, numbers[0] - 40 * first, *numbers[1:]])

    def integer(self) -> int:
        self.expect(0x02)
        if not self.value or (
            len(self.value) > 1 and self.value[0] in (0, 255) and (self.value[0] ^ self.value[1]) < 128
        ):
            raise Invalid("DER: integer not in shortest form")
        return int.from_bytes(self.value, "big", signed=True)


def _der_element(data: bytes) -> tuple[Der, bytes]:
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise Invalid("DER: truncated or unsupported tag")
    length, start = data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or len(data) < 2 + count:
            raise Invalid("DER: bad length")
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
        if length < 0x80 or data[2] == 0:
            raise Invalid("DER: length not in shortest form")
    if len(data) < start + length:
        raise Invalid("DER: truncated")
    return Der(data[0], data[start : start + length], data[: start + length]), data[start + length :]


def der(data: bytes) -> Der:
    """The one DER element that `data` is; raises Invalid for anything else."""
    element, rest = _der_element(data)
    if rest:
        raise Invalid("DER: bytes after the end")
    return element


OID_SIGNED_DATA = "1.2.840.113549.1.7.2"
OID_DATA = "1.2.840.113549.1.7.1"
OID_TST_INFO = "1.2.840.113549.1.9.16.1.4"
OID_CONTENT_TYPE = "1.2.840.113549.1.9.3"
OID_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
OID_SIGNING_CERT_V1 = "1.2.840.113549.1.9.16.2.12"
OID_SIGNING_CERT_V2 = "1.2.840.113549.1.9.16.2.47"
OID_GM_DATA, OID_GM_SIGNED_DATA = "1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2"
OID_EC_KEY = "1.2.840.10045.2.1"
OID_SM2_CURVE, OID_SM2_SM3, OID_SM2 = "1.2.156.10197.1.301", "1.2.156.10197.1.501", "1.2.156.10197.1.301.1"
OID_RSA, OID_RSA_PSS, OID_MGF1 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.113549.1.1.8"
DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
    "1.2.156.10197.1.401": hashes.SM3,
}
SIGNATURES: dict[str, tuple[str, type[hashes.HashAlgorithm]]] = {
    "1.2.840.113549.1.1.11": ("rsa", hashes.SHA256),
    "1.2.840.113549.1.1.12": ("rsa", hashes.SHA384),
    "1.2.840.113549.1.1.13": ("rsa", hashes.SHA512),
    "1.2.840.10045.4.3.2": ("ecdsa", hashes.SHA256),
    "1.2.840.10045.4.3.3": ("ecdsa", hashes.SHA384),
    "1.2.840.10045.4.3.4": ("ecdsa", hashes.SHA512),
}


def digest_by_oid(oid: str, data: bytes) -> bytes:
    digest = hashes.Hash(_hash_class(oid)())
    digest.update(data)
    return digest.finalize()


def _hash_class(oid: str) -> type[hashes.HashAlgorithm]:
    if oid not in DIGESTS:
        raise Invalid(f"digest algorithm {oid} is not allowed")
    return DIGESTS[oid]


@dataclass(frozen=True)
class SignerInfo:
    sid: Der
    digest_oid: str
    attributes: dict[str, list[Der]]
    attributes_raw: bytes
    algorithm: Der
    signature: bytes


@dataclass(frozen=True)
class SignedData:
    content_type: str
    content: bytes | None
    certificates: list[x509.Certificate]
    signer: SignerInfo


def parse_cms(raw: bytes) -> SignedData:
    """A CMS SignedData with exactly one signer (RFC 5652, 5)."""
    outer = der(raw).expect(0x30).children()
    if len(outer) != 2 or outer[0].oid() not in (OID_SIGNED_DATA, OID_GM_SIGNED_DATA):
        raise Invalid("CMS: not SignedData")
    parts = _only(outer[1].expect(0xA0).children()).expect(0x30).children()
    if len(parts) < 4:
        raise Invalid("CMS: SignedData is incomplete")
    encap = parts[2].expect(0x30).children()
    content = _only(encap[1].expect(0xA0).children()).expect(0x04).value if len(encap) > 1 else None
    certificates = [
        load_certificate(c.raw) for p in parts[3:-1] if p.tag == 0xA0 for c in p.children() if c.tag == 0x30
    ]
    signer = _parse_signer(_only(parts[-1].expect(0x31).children()))
    return SignedData(encap[0].oid(), content, certificates, signer)


def _only(items: list[Der]) -> Der:
    if len(items) != 1:
        raise Invalid(f"DER: {len(items)} elements where one is due")
    return items[0]


def _parse_signer(node: Der) -> SignerInfo:
    parts = node.expect(0x30).children()
    if len(parts) < 6 or parts[3].tag != 0xA0:
        raise Invalid("CMS: no signed attributes")
    attributes: dict[str, list[Der]] = {}
    for attribute in parts[3].children():
        kind, values = attribute.expect(0x30).children()
        if kind.oid() in attributes:
            raise Invalid("CMS: a signed attribute stands twice")
        attributes[kind.oid()] = values.expect(0x31).children()
    # RFC 5652, 5.4: signed is the SET OF encoding, not the [0] found in the message.
    raw = b"\x31" + parts[3].raw[1:]
    digest_oid = parts[2].expect(0x30).children()[0].oid()
    return SignerInfo(
        parts[1], digest_oid, attributes, raw, parts[4].expect(0x30), parts[5].expect(0x04).value
    )


def load_certificate(raw: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(raw)
    except ValueError as error:
        raise Invalid(f"certificate cannot be read ({error})") from error


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def subject_of(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()


def names_organisation(certificate: x509.Certificate, code: str) -> bool:
    """Whether the certificate carries the unified social credit code of this organisation and of no other."""
    return bool(code) and credit_code(certificate) == code


def credit_code(certificate: x509.Certificate) -> str:
    """The code in organizationIdentifier (`NTRCN-<code>`), else in serialNumber, where several Chinese authorities
    put it; "" for a certificate that names no organisation."""
    for oid in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            code = str(attribute.value).removeprefix("NTRCN-")
            if re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{18}", code):
                return code
    return ""


def is_of(certificate: x509.Certificate, code: str, name: str) -> bool:
    """Whether it is an organisation's certificate: by its code, by its name alone where its code is not known."""
    if code:
        return names_organisation(certificate, code)
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    names = ["".join(unicodedata.normalize("NFKC", str(attribute.value)).split()) for attribute in found]
    return "".join(unicodedata.normalize("NFKC", name).split()) in names


def bears_name(certificate: x509.Certificate, name: str) -> bool:
    """Whether the certificate is of somebody of this name: its common name is it, or has it as a word."""
    wanted, found = "".join(name.split()), certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    whole = [unicodedata.normalize("NFKC", str(attribute.value)).strip() for attribute in found]
    words = [word for text in whole for word in re.split(r"[\W\d_]+", text)]
    return bool(wanted) and wanted in ["".join(text.split()) for text in whole] + words


def _signer_certificate(
    signed: SignedData, pool: Iterable[x509.Certificate], need_v2: bool
) -> x509.Certificate:
    """The certificate that signing-certificate-v2 (or v1 in a time stamp) binds to this signature."""
    attributes = signed.signer.attributes
    if OID_SIGNING_CERT_V2 in attributes:
        cert_id = _only(attributes[OID_SIGNING_CERT_V2]).expect(0x30).children()[0].expect(0x30).children()[0]
        fields = cert_id.expect(0x30).children()
        oid = "2.16.840.1.101.3.4.2.1"
        if fields[0].tag == 0x30:
            oid = fields.pop(0).children()[0].oid()

        def digest(raw: bytes) -> bytes:
            return digest_by_oid(oid, raw)
    elif OID_SIGNING_CERT_V1 in attributes and not need_v2:
        cert_id = _only(attributes[OID_SIGNING_CERT_V1]).expect(0x30).children()[0].expect(0x30).children()[0]
        fields = cert_id.expect(0x30).children()

        def digest(raw: bytes) -> bytes:
            return hashlib.sha1(raw, usedforsecurity=False).digest()
    else:
        raise Invalid("the signature does not name its certificate (signing-certificate-v2)")
    wanted = fields[0].expect(0x04).value
    for certificate in [*signed.certificates, *pool]:
        if digest(certificate.public_bytes(Encoding.DER)) == wanted:
            _check_sid(signed.signer.sid, certificate)
            return certificate
    raise Invalid("the signer's certificate is not there")


def _check_sid(sid: Der, certificate: x509.Certificate) -> None:
    if sid.tag == 0x30:
        issuer, serial = sid.children()
        if issuer.raw != certificate.issuer.public_bytes() or serial.integer() != certificate.serial_number:
            raise Invalid("issuer and serial number belong to another certificate")
    elif sid.tag == 0x80:
        try:
            key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound as error:
            raise Invalid("the signer's certificate has no key identifier") from error
        if key_id != sid.value:
            raise Invalid("the key identifier belongs to another certificate")
    else:
        raise Invalid("CMS: unknown signer identifier")


def _pss_padding(parameters: Der) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    fields = {node.tag: _only(node.children()) for node in parameters.expect(0x30).children()}
    if not {0xA0, 0xA1} <= set(fields):
        raise Invalid("RSA-PSS with SHA-1")
    algorithm = _hash_class(fields[0xA0].children()[0].oid())()
    mgf, mgf_hash = fields[0xA1].children()
    if mgf.oid() != OID_MGF1:
        raise Invalid("RSA-PSS: unknown mask function")
    salt = fields[0xA2].integer() if 0xA2 in fields else 20
    return padding.PSS(padding.MGF1(_hash_class(mgf_hash.children()[0].oid())()), salt), algorithm


def _verify_attributes(certificate: x509.Certificate, info: SignerInfo) -> None:
    parts = info.algorithm.children()
    oid, key = parts[0].oid(), public_key(certificate)
    try:
        if oid == OID_RSA_PSS and isinstance(key, rsa.RSAPublicKey):
            scheme, algorithm = _pss_padding(parts[1])
            key.verify(info.signature, info.attributes_raw, scheme, algorithm)
        elif oid == OID_RSA and isinstance(key, rsa.RSAPublicKey):
            key.verify(
                info.signature, info.attributes_raw, padding.PKCS1v15(), _hash_class(info.digest_oid)()
            )
        elif oid in SIGNATURES and SIGNATURES[oid][0] == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(info.signature, info.attributes_raw, padding.PKCS1v15(), SIGNATURES[oid][1]())
        elif (
            oid in SIGNATURES and SIGNATURES[oid][0] == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey)
        ):
            key.verify(info.signature, info.attributes_raw, ec.ECDSA(SIGNATURES[oid][1]()))
        elif oid in (OID_SM2_SM3, OID_SM2) and isinstance(key, Sm2Key):
            key.verify(info.signature, info.attributes_raw)
        else:
            raise Invalid(f"signature algorithm {oid} does not fit the certificate's key")
    except InvalidSignature as error:
        raise Invalid("the signature is wrong") from error


# The curve of GB/T 32918.5. Python's own integers suffice: everything a verifier computes is public.
SM2_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
SM2_A = SM2_P - 3
SM2_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
SM2_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SM2_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
SM2_IDENTITY = b"1234567812345678"
Point = tuple[int, int] | None


def _sm2_add(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % SM2_P == 0:
        return None
    if one == other:
        slope = (3 * x1 * x1 + SM2_A) * pow(2 * y1, -1, SM2_P) % SM2_P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, SM2_P) % SM2_P
    x = (slope * slope - x1 - x2) % SM2_P
    return x, (slope * (x1 - x) - y1) % SM2_P


def _sm2_times(number: int, point: Point) -> Point:
    total: Point = None
    for bit in f"{number:b}":
        total = _sm2_add(total, total)
        if bit == "1":
            total = _sm2_add(total, point)
    return total


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905)."""
    return digest_by_oid("1.2.156.10197.1.401", data)


@dataclass(frozen=True)
class Sm2Key:
    """An SM2 public key."""

    x: int
    y: int

    @classmethod
    def read(cls, point: bytes) -> Sm2Key:
        """From the 65 bytes 04 ‖ x ‖ y; raises Invalid for what is not on the curve."""
        if len(point) != 65 or point[0] != 4:
            raise Invalid("an SM2 key is not an uncompressed point")
        x, y = int.from_bytes(point[1:33], "big"), int.from_bytes(point[33:], "big")
        if max(x, y) >= SM2_P or (y * y - x * x * x - SM2_A * x - SM2_B) % SM2_P:
            raise Invalid("an SM2 key is not on its curve")
        return cls(x, y)

    def digest(self, message: bytes, identity: bytes = SM2_IDENTITY) -> int:
        """e of GB/T 32918.2, 5.5 and 6: SM3 over the signer's identity and key, then over the message."""
        numbers = (SM2_A, SM2_B, *SM2_G, self.x, self.y)
        z = sm3(
            (8 * len(identity)).to_bytes(2, "big")
            + identity
            + b"".join(n.to_bytes(32, "big") for n in numbers)
        )
        return int.from_bytes(sm3(z + message), "big")

    def verify(self, signature: bytes, message: bytes) -> None:
        """GB/T 32918.2, 7.1, over the DER signature; raises InvalidSignature."""
        try:
            r, s = (part.integer() for part in der(signature).expect(0x30).children())
        except (Invalid, ValueError) as error:
            raise InvalidSignature from error
        t = (r + s) % SM2_N
        if not (0 < r < SM2_N and 0 < s < SM2_N and t):
            raise InvalidSignature
        point = _sm2_add(_sm2_times(s, SM2_G), _sm2_times(t, (self.x, self.y)))
        if point is None or (self.digest(message) + point[0]) % SM2_N != r:
            raise InvalidSignature


def sm2_key(certificate: x509.Certificate) -> Sm2Key | None:
    """The SM2 key of a certificate, None when its key is of another kind. `cryptography` does not read it."""
    body = der(certificate.tbs_certificate_bytes).expect(0x30).children()
    fields = [node for node in body if node.tag == 0x30]
    algorithm, bits = fields[4].children()
    names = [node.oid() for node in algorithm.children() if node.tag == 0x06]
    if names != [OID_EC_KEY, OID_SM2_CURVE]:
        return None
    return Sm2Key.read(bits.expect(0x03).value[1:])


def public_key(certificate: x509.Certificate) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Sm2Key:
    """The certificate's key if it is strong enough: RSA from 2048 bits, ECDSA on a NIST curve from P-256, SM2."""
    if chinese := sm2_key(certificate):
        return chinese
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotSupported(f"the key of {subject_of(certificate)}") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(
        key.curve, (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    ):
        return key
    raise Invalid(f"the key of {subject_of(certificate)} is too weak or of an unknown kind")


@dataclass(frozen=True)
class Period:
    """From when (inclusive) until when (exclusive) a key of the trust file counts; None is without end."""

    start: datetime | None = None
    end: datetime | None = None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Period:
        """The `from` and `until` of a row of the trust file. Raises Invalid."""
        start, end = (moment(item[name]) if name in item else None for name in ("from", "until"))
        return cls(start, end)

    def covers(self, when: datetime) -> bool:
        return (self.start is None or self.start <= when) and (self.end is None or when < self.end)


@dataclass
class Anchors:
    """Roots we trust and when, and the certificates and CRLs the bundle brings as evidence."""

    roots: list[x509.Certificate]
    pool: list[x509.Certificate] = field(default_factory=list)
    crls: list[x509.CertificateRevocationList] = field(default_factory=list)
    periods: Mapping[x509.Certificate, Period] = field(default_factory=dict)
    """of roots that do not count at all times"""

    def accepts(self, root: x509.Certificate, when: datetime) -> bool:
        return self.periods.get(root, Period()).covers(when)


KNOWN_CRITICAL = {"2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.32"}


def check_chain(
    certificate: x509.Certificate,
    extra: Iterable[x509.Certificate],
    anchors: Anchors,
    when: datetime,
    need_crl: bool = True,
) -> bool:
    """Chain to a root by signature, validity, CA rights and revocation at `when`. True when all CRLs were seen."""
    candidates = [*extra, *anchors.pool]
    complete, current, depth = True, certificate, 0
    while True:
        _check_certificate(current, when)
        root = next((r for r in anchors.roots if r == current or _issued(current, r)), None)
        issuer = root or next((c for c in candidates if c != current and _issued(current, c)), None)
        if issuer is None:
            raise Invalid(f"no trusted root above {subject_of(current)}")
        if root is not None and not anchors.accepts(root, when):
            raise Invalid(f"the trust file does not accept the root {subject_of(root)} at {stamp(when)}")
        if root is not None and root == current:
            return complete
        _check_authority(issuer, depth, when)
        complete &= _check_revocation(current, issuer, anchors.crls, when, need_crl)
        if root is not None:
            return complete
        current, depth = issuer, depth + 1
        if depth > 8:
            raise Invalid("the certificate chain does not end")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    key = sm2_key(issuer)
    try:
        if key is None:
            certificate.verify_directly_issued_by(issuer)
        elif certificate.signature_algorithm_oid.dotted_string == OID_SM2_SM3:
            key.verify(certificate.signature, certificate.tbs_certificate_bytes)
        else:
            return False
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check_certificate(certificate: x509.Certificate, when: datetime) -> None:
    if not certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc:
        raise Invalid(f"the certificate of {subject_of(certificate)} was not valid at {stamp(when)}")
    public_key(certificate)
    if certificate.signature_algorithm_oid.dotted_string == OID_SM2_SM3:
        algorithm: hashes.HashAlgorithm | None = hashes.SM3()
    else:
        algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.digest_size < 32:
        raise Invalid(f"the certificate of {subject_of(certificate)} is signed with a weak digest")
    for extension in certificate.extensions:
        if extension.critical and extension.oid.dotted_string not in KNOWN_CRITICAL:
            raise Invalid(f"unknown critical extension {extension.oid.dotted_string}")


def _check_authority(issuer: x509.Certificate, depth: int, when: datetime) -> None:
    _check_certificate(issuer, when)
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise Invalid(f"{subject_of(issuer)} is not a certification authority") from error
    if (
        not basic.ca
        or not usage.key_cert_sign
        or (basic.path_length is not None and basic.path_length < depth)
    ):
        raise Invalid(f"{subject_of(issuer)} may not issue this certificate")


def _check_revocation(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    crls: list[x509.CertificateRevocationList],
    when: datetime,
    need: bool,
) -> bool:
    """Refuse a certificate revoked at `when`; True when a CRL in force at `when` was there."""
    in_force = False
    for crl in crls:
        if crl.issuer != issuer.subject or not _crl_usable(crl, issuer):
            continue
        entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None and entry.revocation_date_utc <= when:
            raise Invalid(f"the certificate of {subject_of(certificate)} was revoked")
        until = crl.next_update_utc
        in_force |= crl.last_update_utc <= when and until is not None and when <= until
    if need and not in_force:
        raise Invalid(f"no revocation list in force at {stamp(when)} for {subject_of(certificate)}")
    return in_force


def _crl_usable(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    if any(extension.critical for extension in crl.extensions):
        return False
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        key = public_key(issuer)
        if not isinstance(key, Sm2Key):
            return usage.crl_sign and crl.is_signature_valid(key)
        key.verify(crl.signature, crl.tbs_certlist_bytes)
        return usage.crl_sign and crl.signature_algorithm_oid.dotted_string == OID_SM2_SM3
    except (x509.ExtensionNotFound, ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return False


def _check_signed_data(signed: SignedData, content: bytes) -> None:
    attributes = signed.signer.attributes
    if OID_CONTENT_TYPE not in attributes or _only(attributes[OID_CONTENT_TYPE]).oid() != signed.content_type:
        raise Invalid("the content-type attribute is missing or another one")
    if OID_MESSAGE_DIGEST not in attributes:
        raise Invalid("the message-digest attribute is missing")
    if _only(attributes[OID_MESSAGE_DIGEST]).expect(0x04).value != digest_by_oid(
        signed.signer.digest_oid, content
    ):
        raise Invalid("the signature belongs to other content (message digest)")


def verify_cades(raw: bytes, data: bytes, anchors: Anchors, when: datetime) -> x509.Certificate:
    """Verify a detached CAdES-B signature over `data` as of `when`; returns the signer's certificate.

    Raises Invalid (what is wrong) or NotSupported. EN 319 122-1; order of EN 319 102-1.
    """
    signed = parse_cms(raw)
    if signed.content is not None or signed.content_type not in (OID_DATA, OID_GM_DATA):
        raise Invalid("CMS: not a detached signature over data")
    certificate = _signer_certificate(signed, anchors.pool, need_v2=True)
    _check_signed_data(signed, data)
    _verify_attributes(certificate, signed.signer)
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise Invalid("the signer's certificate has no key usage") from error
    if not (usage.digital_signature or usage.content_commitment):
        raise Invalid("the signer's certificate is not for signing")
    check_chain(certificate, signed.certificates, anchors, when)
    return certificate


@dataclass(frozen=True)
class TimeStamp:
    time: datetime
    certificate: x509.Certificate
    revocation_checked: bool


def verify_timestamp(raw: bytes, data: bytes, anchors: Anchors, nonce: int | None = None) -> TimeStamp:
    """Verify an RFC 3161 token, or a response carrying one, over `data`."""
    signed = parse_cms(_token(raw))
    if signed.content_type != OID_TST_INFO or signed.content is None:
        raise Invalid("not a time-stamp token")
    info = der(signed.content).expect(0x30).children()
    algorithm, imprint = info[2].expect(0x30).children()
    if imprint.expect(0x04).value != digest_by_oid(algorithm.children()[0].oid(), data):
        raise Invalid("the time stamp belongs to other data")
    if nonce is not None and [n.integer() for n in info[5:] if n.tag == 0x02] != [nonce]:
        raise Invalid("the time stamp answers another request (nonce)")
    when = _generalized_time(info[4])
    certificate = _signer_certificate(signed, anchors.pool, need_v2=False)
    _check_signed_data(signed, signed.content)
    _verify_attributes(certificate, signed.signer)
    _check_stamping_purpose(certificate)
    checked = check_chain(certificate, signed.certificates, anchors, when, need_crl=False)
    return TimeStamp(when, certificate, checked)


def _token(raw: bytes) -> bytes:
    """The token inside a TimeStampResp, or `raw` when it is a token already."""
    parts = der(raw).expect(0x30).children()
    if parts and parts[0].tag == 0x06:
        return raw
    status = parts[0].expect(0x30).children()[0].integer() if parts else 2
    if status not in (0, 1) or len(parts) != 2:
        raise Invalid(f"the time-stamping authority refused (status {status})")
    return parts[1].raw


def _generalized_time(node: Der) -> datetime:
    text = node.expect(0x18).value.decode("ascii", "replace")
    match = re.fullmatch(r"(\d{14})(?:\.(\d{0,5}[1-9]))?Z", text)
    if not match:
        raise Invalid("DER: bad time")
    try:
        whole = datetime.strptime(match[1] + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError as error:
        raise Invalid("DER: bad time") from error
    return whole + timedelta(microseconds=int((match[2] or "0").ljust(6, "0")))


def _check_stamping_purpose(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise Invalid("the certificate is not for time stamping") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Invalid("the certificate is not for time stamping alone")


# ---------------------------------------------------------------------------------------------
# 3  Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature) and RFC 6962 trees
# ---------------------------------------------------------------------------------------------

NOTE_SIGNATURE = re.compile("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)\n")


@dataclass(frozen=True)
class NoteKey:
    name: str
    key_id: bytes
    algorithm: int
    key: bytes


def parse_vkey(text: str) -> NoteKey:
    """A C2SP verifier key `name+hash+base64(algorithm ‖ key)`; Ed25519 (1) or cosignature/v1 (4)."""
    parts = str(text).split("+", 2)
    if len(parts) != 3 or not parts[0]:
        raise Invalid(f"not a verifier key: {text!r}")
    body = b64std(parts[2])
    key_id = sha256(parts[0].encode() + b"\n" + body)[:4]
    if key_id.hex() != parts[1] or len(body) != 33 or body[0] not in (1, 4):
        raise Invalid(f"not an Ed25519 verifier key: {text!r}")
    return NoteKey(parts[0], key_id, body[0], body[1:])


def parse_note(raw: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Signed text (with its final newline) and the signature lines (name, key id ‖ signature)."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise Invalid("the note is not UTF-8") from error
    body, cut, tail = text.rpartition("\n\n")
    lines = tail.splitlines(keepends=True)
    if not cut or not lines or any(not NOTE_SIGNATURE.fullmatch(line) for line in lines):
        raise Invalid("not a signed note")
    pairs = [NOTE_SIGNATURE.fullmatch(line).groups() for line in lines]  # type: ignore[union-attr]
    return (body + "\n").encode(), [(name, b64std(blob)) for name, blob in pairs]


def note_signed_by(raw: bytes, key: NoteKey) -> datetime | None:
    """The cosignature's time (or the epoch for a plain signature) if `key` signed this note, else None.

    A line of the same name and key id that does not verify raises Invalid: it was altered.
    """
    text, signatures = parse_note(raw)
    for name, blob in signatures:
        if name != key.name or blob[:4] != key.key_id:
            continue
        message, signature, when = text, blob[4:], datetime.fromtimestamp(0, UTC)
        if key.algorithm == 4:
            seconds = int.from_bytes(blob[4:12], "big")
            message, signature = b"cosignature/v1\ntime %d\n" % seconds + text, blob[12:]
            when = datetime.fromtimestamp(seconds, UTC)
        if not ed25519_valid(key.key, signature, message):
            raise Invalid(f"the signature of {name} is wrong")
        return when
    return None


def ed25519_valid(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes
    text: bytes
    raw: bytes


def parse_checkpoint(raw: bytes) -> Checkpoint:
    text, _ = parse_note(raw)
    lines = text.decode().split("\n")
    if len(lines) != 4 or not re.fullmatch(r"0|[1-9]\d*", lines[1]):
        raise Invalid("not a checkpoint of three lines")
    root = b64std(lines[2])
    if len(root) != 32:
        raise Invalid("the checkpoint's root is not 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root, text, raw)


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def tree_root(level: list[bytes]) -> bytes:
    """RFC 6962 root over subtree hashes of equal width (the last may be narrower)."""
    if not level:
        return sha256(b"")
    new = hashlib.sha256
    while len(level) > 1:
        pairs = [new(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            pairs.append(level[-1])
        level = pairs
    return level[0]


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Invalid("the index lies outside the tree")
    fn, sn, result = index, size - 1, leaf
    for item in proof:
        if sn == 0 or len(item) != 32:
            raise Invalid("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            result = node_hash(item, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, item)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Invalid("the inclusion proof is too short")
    return result


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> None:
    """RFC 9162, 2.1.4.2; raises Invalid when the old tree is not a prefix of the new one."""
    if not 0 < old <= new:
        raise Invalid("the sizes of a consistency proof are wrong")
    if old == new:
        if proof or old_root != new_root:
            raise Invalid("two roots for one tree size")
        return
    path = ([old_root] if old & (old - 1) == 0 else []) + proof
    if not path or any(len(item) != 32 for item in path):
        raise Invalid("the consistency proof is too short")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for item in path[1:]:
        if sn == 0:
            raise Invalid("the consistency proof is too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(item, first), node_hash(item, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, item)
        fn, sn = fn >> 1, sn >> 1
    if sn or first != old_root or second != new_root:
        raise Invalid("the older tree is not a prefix of the newer one")


def parse_tlog_proof(raw: bytes) -> tuple[int, list[bytes], bytes]:
    """`c2sp.org/tlog-proof@v1`: index, inclusion proof, checkpoint note."""
    head, cut, note = raw.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if not cut or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Invalid("not a tlog-proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    if not lines or not re.fullmatch(r"index (0|[1-9]\d*)", lines[0]):
        raise Invalid("a tlog-proof without index")
    return int(lines[0][6:]), [b64std(line) for line in lines[1:]], note


def tile_path(level: int | str, index: int, width: int = 256) -> str:
    """C2SP tlog-tiles path of a tile; `width` < 256 for a partial one."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{level}/" + "/".join(groups) + ("" if width == 256 else f".p/{width}")


def split_entries(data: bytes) -> list[bytes]:
    """The entries of one entry bundle (each with a 2-byte length in front)."""
    entries, at, end = [], 0, len(data)
    while at < end:
        stop = at + 2 + (data[at] << 8 | data[at + 1]) if at + 1 < end else end + 1
        if stop > end:
            raise Invalid("an entry bundle is cut off")
        entries.append(data[at + 2 : stop])
        at = stop
    return entries


# ---------------------------------------------------------------------------------------------
# 4  The vault (protocol ebid/v1)
# ---------------------------------------------------------------------------------------------

SEGMENT = 1 << 20  # bytes per leaf of a ciphertext's tree
SUITE_XWING = "647a-0001-0002"
SUITE_X25519 = "0020-0001-0002"


def lp(*items: bytes | str) -> bytes:
    """Each item as 4-byte big-endian length and bytes."""
    raw = [item.encode() if isinstance(item, str) else item for item in items]
    return b"".join(len(item).to_bytes(4, "big") + item for item in raw)


def expand(key: bytes, info: bytes) -> bytes:
    return HKDFExpand(hashes.SHA256(), 32, info).derive(key)


def _gf_multiply(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


@functools.cache
def _gf_times(factor: int) -> bytes:
    """Translation table: every byte times `factor` in GF(256), polynomial 0x11B."""
    return bytes(_gf_multiply(factor, value) for value in range(256))


def _gf_inverse(value: int) -> int:
    return _gf_times(value).index(1)


def _xor(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).to_bytes(len(a), "big")


def combine_shares(shares: Mapping[int, bytes]) -> bytes:
    """Shamir interpolation at 0 over GF(256), byte by byte."""
    secret = bytes(32)
    for i, share in shares.items():
        factor = 1
        for j in shares:
            if j != i:
                factor = _gf_times(factor)[_gf_times(j)[_gf_inverse(i ^ j)]]
        secret = _xor(secret, share.translate(_gf_times(factor)))
    return secret


def derive_shares(binding: bytes, stage: str, secret: bytes, t: int, n: int) -> dict[int, bytes]:
    """All n shares of a stage secret; the coefficients are derived from it, so dealing is checkable."""
    info = [lp("ebid/v1/shamir", binding, stage, bytes([t]), bytes([j])) for j in range(1, t)]
    coefficients = [expand(secret, item) for item in info]
    shares = {}
    for i in range(1, n + 1):
        share, power = secret, 1
        for coefficient in coefficients:
            power = _gf_times(power)[i]
            share = _xor(share, coefficient.translate(_gf_times(power)))
        shares[i] = share
    return shares


def bid_binding(policy_hash: bytes, manifest: Mapping[str, Any]) -> bytes:
    return sha256(lp("ebid/v1/bid", policy_hash, b64url(manifest["bid_id"]), jcs(manifest["bidder"])))


def share_commitment(binding: bytes, stage: str, index: int, share: bytes) -> str:
    return hexhash(lp("ebid/v1/share", binding, stage, bytes([index]), share))


def key_commitment(binding: bytes, stage: str, key: bytes) -> str:
    return hexhash(lp("ebid/v1/k-commit", binding, stage, key))


def content_key(binding: bytes, part: str, stage_key: bytes) -> bytes:
    return expand(stage_key, lp("ebid/v1/cek", binding, part))


def _xwing_keys(seed: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    stretched = hashlib.shake_256(seed).digest(96)
    return mlkem.MLKEM768PrivateKey.from_seed_bytes(
        stretched[:64]
    ), x25519.X25519PrivateKey.from_private_bytes(stretched[64:])


def seed_public_key(seed: bytes, suite: str) -> bytes:
    """The raw public key that a custodian's published seed gives; raises Invalid."""
    try:
        if suite == SUITE_X25519:
            return x25519.X25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        if suite == SUITE_XWING:
            return b"".join(key.public_key().public_bytes_raw() for key in _xwing_keys(seed))
    except ValueError as error:
        raise Invalid("not a seed") from error
    raise NotSupported(f"wrap suite {suite}")


def share_from_seed(seed: bytes, suite: str, wrap: bytes, info: bytes) -> bytes:
    """Open a custodian's wrap with its published seed (RFC 9180 base mode); raises Invalid."""
    try:
        if suite == SUITE_XWING:
            key: Any = hpke.MLKEM768X25519PrivateKey(*_xwing_keys(seed))
            kem = hpke.KEM.MLKEM768_X25519
        elif suite == SUITE_X25519:
            key, kem = x25519.X25519PrivateKey.from_private_bytes(seed), hpke.KEM.X25519
        else:
            raise NotSupported(f"wrap suite {suite}")
        return hpke.Suite(kem, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM).decrypt(wrap, key, info)
    except (InvalidTag, ValueError) as error:
        raise Invalid("the wrap does not open with the custodian's seed") from error


@dataclass
class Released:
    """What was released for one stage of one bid."""

    shares: dict[int, bytes] = field(default_factory=dict)
    bidder_key: bytes | None = None
    answered: set[int] = field(default_factory=set)
    bad_wraps: set[int] = field(default_factory=set)  # shown by the custodian's own seed


def take_answer(
    released: Released,
    binding: bytes,
    rule: Mapping[str, Any],
    stage: Mapping[str, Any],
    release: Mapping[str, Any],
    manifest: str,
) -> list[str]:
    """Note what one custodian's release says about one bid: its seed, a share, or the claim (no evidence without
    the seed) that its wrap is bad. Returns what is wrong with it, in words."""
    index, name, remarks = release["index"], stage["name"], []
    share = next((b64url(s["share"]) for s in release["shares"] if s["manifest"] == manifest), None)

    def committed(found: bytes | None) -> bool:
        return (
            found is not None and share_commitment(binding, name, index, found) == stage["shares"][index - 1]
        )

    if release["seed"] is not None:
        seed, public = (
            b64url(release["seed"]),
            next(c["pk"] for c in rule["custodians"] if c["index"] == index),
        )
        if seed_public_key(seed, rule["suite"]) == b64url(public):
            released.answered.add(index)
            share = _share_or_none(seed, rule["suite"], stage, index, binding)
            if not committed(share):
                released.bad_wraps.add(index)
                return ["showed by its seed that the wrap holds another share than the bidder committed to"]
        else:
            remarks.append("released a seed that is not its own")
    if share is not None or (release["seed"] is None and manifest in release["bad"]):
        released.answered.add(index)
    if share is not None and committed(share):
        released.shares[index] = share
    elif share is not None:
        remarks.append("released a wrong share (it does not match the bidder's commitment)")
    return remarks


def recover_stage_key(
    binding: bytes, policy_stage: Mapping[str, Any], stage: Mapping[str, Any], released: Released
) -> tuple[str, bytes | None]:
    """Outcome (vault.md 2.9) and key of one stage; shares were checked against their commitments before.

    A bad wrap that a seed shows is the bidder's fault; the key is still given where t other shares found it,
    because a bid that was opened before that seed came stays opened.
    """
    mode, t, name, own = policy_stage["mode"], policy_stage["t"], policy_stage["name"], released.bidder_key

    def fits(key: bytes | None) -> bool:
        return key is not None and key_commitment(binding, name, key) == stage["k_commit"]

    if mode != "dual" and own is not None and fits(own):
        good = mode == "bidder" or _dealt(binding, policy_stage, stage, own)
        return ("OK", own) if good else ("BIDDER_FAULT", None)
    if mode == "bidder":
        return ("WAIT_BIDDER" if own is None else "WRONG_KEY"), None
    if len(released.shares) < t:
        everyone = {c["index"] for c in policy_stage["custodians"]} <= released.answered
        if everyone or released.bad_wraps:
            return "BIDDER_FAULT", None
        return ("WAIT_CUSTODIANS" if mode == "dual" or own is None else "WRONG_KEY"), None
    secret = combine_shares(dict(sorted(released.shares.items())[:t]))
    if not _dealt(binding, policy_stage, stage, secret):
        return "BIDDER_FAULT", None
    key: bytes | None = secret
    if mode == "dual":
        key = None if own is None else expand(secret + own, lp("ebid/v1/dual", binding, name))
    if released.bad_wraps:
        return "BIDDER_FAULT", key if fits(key) else None
    if mode == "dual" and not fits(key):
        return ("WAIT_BIDDER" if own is None else "WRONG_KEY"), None
    return ("OK", key) if fits(key) else ("BIDDER_FAULT", None)


def _dealt(binding: bytes, policy_stage: Mapping[str, Any], stage: Mapping[str, Any], secret: bytes) -> bool:
    """Whether the committed shares are exactly those that this secret deals, and it is the committed one."""
    name = policy_stage["name"]
    if key_commitment(binding, name + "/c", secret) != stage["kc_commit"]:
        return False
    shares = derive_shares(binding, name, secret, policy_stage["t"], policy_stage["n"])
    return bool([share_commitment(binding, name, i, s) for i, s in shares.items()] == stage["shares"])


def segment_tree(stream: BinaryIO) -> str:
    """RFC 6962 root (hex) over 1 MiB segments."""
    leaves = []
    while segment := stream.read(SEGMENT):
        leaves.append(leaf_hash(segment))
    return tree_root(leaves).hex()


def decrypt_part(cek: bytes, binding: bytes, part: str, stream: BinaryIO, keep: bool) -> tuple[str, bytes]:
    """Decrypt and unpad one part: SHA-256 of the plaintext (hex) and, with `keep`, its bytes.

    Raises Invalid when the ciphertext does not open or its padding is not zero.
    """
    decryptor = Cobblestone256Decryptor(cek, lp("ebid/v1/content", binding, part))
    kept: list[bytes] = []
    digest, head, left = hashlib.sha256(), b"", -1
    try:
        while piece := stream.read(SEGMENT):
            head, left = _unpad(decryptor.update(piece), head, left, digest, kept if keep else None)
        _, left = _unpad(decryptor.finalize() or b"", head, left, digest, kept if keep else None)
    except (InvalidTag, ValueError) as error:
        raise Invalid("does not decrypt under the released key") from error
    if left != 0:
        raise Invalid("is shorter than its own length field says")
    return digest.hexdigest(), b"".join(kept)


def _unpad(plain: bytes, head: bytes, left: int, digest: Any, kept: list[bytes] | None) -> tuple[bytes, int]:
    """Feed u64be(length) ‖ data ‖ zeros piecewise; `left` is -1 until the length is known."""
    if left < 0:
        head += plain
        if len(head) < 8:
            return head, -1
        left, plain, head = int.from_bytes(head[:8], "big"), head[8:], b""
    data, zeros = plain[:left], plain[left:]
    if zeros.count(0) != len(zeros):
        raise Invalid("has padding that is not zero")
    digest.update(data)
    if kept is not None:
        kept.append(bytes(data))
    return head, left - len(data)


# ---------------------------------------------------------------------------------------------
# 5  Evaluation by lowest price (ebid-lowest/1, docs/protocols/evaluation.md)
# ---------------------------------------------------------------------------------------------

MONEY = re.compile(r"(0|[1-9][0-9]{0,14})\.[0-9]{2}")
RATIO = re.compile(r"[01]\.[0-9]{1,6}")
QUANTITY = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?")
CLAIMS = {"micro-enterprise", "sheltered", "micro-consortium", "domestic-product"}
SIZE_CLAIMS = {"micro-enterprise", "sheltered", "micro-consortium"}
DIGITS = "零壹贰叁肆伍陆柒捌玖"
_SECTION = r"(?:零?[壹-鿿]仟)?(?:零?[壹-鿿]佰)?(?:零?[壹-鿿]拾)?(?:零?[壹-鿿])?".replace(
    "[壹-鿿]", f"[{DIGITS}]"
)
_WORDS = re.compile(rf"(?:(?P<int>.+)元)?(?:(?P<jiao>零?[{DIGITS}])角)?(?:(?P<fen>零?[{DIGITS}])分)?整?")
_INTEGER = re.compile(rf"(?:(?P<yi>{_SECTION})亿)?(?:(?P<wan>{_SECTION})万)?(?P<one>{_SECTION})")


def money(text: Any) -> Fraction:
    if not isinstance(text, str) or not MONEY.fullmatch(text):
        raise Invalid(f"not an amount: {text!r}")
    return Fraction(text)


def round_fen(value: Fraction) -> Fraction:
    """Half up to two places; the value is not negative."""
    return Fraction((value * 200 + 1) // 2, 100)


def show_money(value: Fraction) -> str:
    fen = int(round_fen(value) * 100)
    return f"{fen // 100}.{fen % 100:02d}"


def show_exact(value: Fraction) -> str:
    return str(value)


def read_words(text: str) -> Fraction:
    """An amount in words (大写金额); raises Invalid when it cannot be read."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).removeprefix("人民币")
    plain = plain.replace("圆", "元").replace("正", "整").replace("〇", "零")
    match = _WORDS.fullmatch(plain)
    if not match or not (match["int"] or match["jiao"] or match["fen"]):
        raise Invalid("the amount in words cannot be read")
    total = Fraction(_read_integer(match["int"])) if match["int"] else Fraction(0)
    for name, unit in (("jiao", 10), ("fen", 100)):
        if match[name]:
            total += Fraction(DIGITS.index(match[name][-1]), unit)
    return total


def _read_integer(text: str) -> int:
    match = _INTEGER.fullmatch(text)
    if not match or match["yi"] == "" or match["wan"] == "":
        raise Invalid("the amount in words cannot be read")
    return sum(
        _read_section(match[n] or "") * unit for n, unit in (("yi", 10**8), ("wan", 10**4), ("one", 1))
    )


def _read_section(text: str) -> int:
    value, digit = 0, 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS.index(sign)
        else:
            value, digit = value + digit * {"仟": 1000, "佰": 100, "拾": 10}[sign], 0
    return value + digit


def sheet_fault(sheet: Any) -> str | None:
    """Why a price sheet is invalid, or None."""
    try:
        exact_keys(
            sheet, ("v", "typ", "currency", "opening", "body", "core_brand", "claims"), "the price sheet"
        )
        if type(sheet["v"]) is not int or (sheet["v"], sheet["typ"], sheet["currency"]) != (
            1,
            "ebid.price-sheet",
            "CNY",
        ):
            raise Invalid("the price sheet is of another kind")
        exact_keys(sheet["opening"], ("total", "words", "period_days"), "the opening form")
        exact_keys(sheet["body"], ("total", "items"), "the price list")
        days, items = sheet["opening"]["period_days"], sheet["body"]["items"]
        if money(sheet["opening"]["total"]) <= 0 or money(sheet["body"]["total"]) <= 0:
            raise Invalid("a total is zero")
        if read_words(_text(sheet["opening"]["words"])) <= 0:
            raise Invalid("the total in words is zero")
        if type(days) is not int or not 1 <= days <= 36500:
            raise Invalid("the period is not 1 to 36500 days")
        if not isinstance(items, list) or not 1 <= len(items) <= 5000:
            raise Invalid("the price list is empty or too long")
        if sum((_line_amount(item) for item in items), Fraction(0)) <= 0:
            raise Invalid("the price list adds up to nothing")
        _text(sheet["core_brand"])
        claims = sheet["claims"]
        if (
            not isinstance(claims, list)
            or any(c not in CLAIMS for c in claims)
            or len(set(claims)) != len(claims)
        ):
            raise Invalid("the claims are not known or stand twice")
    except (Invalid, TypeError) as error:
        return str(error)
    return None


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise Invalid("not a text of at most 500 characters")
    return value


def _line_amount(item: Any) -> Fraction:
    exact_keys(item, ("name", "brand", "unit", "quantity", "unit_price", "amount"), "a line")
    if not _text(item["name"]).strip() or not _text(item["unit"]).strip():
        raise Invalid("a line without name or unit")
    _text(item["brand"])
    money(item["amount"])
    quantity = item["quantity"]
    if not isinstance(quantity, str) or not QUANTITY.fullmatch(quantity) or Fraction(quantity) <= 0:
        raise Invalid("a quantity that is no positive number")
    return round_fen(money(item["unit_price"]) * Fraction(quantity))


def correct_price(sheet: Mapping[str, Any]) -> tuple[Fraction, list[dict[str, str]]]:
    """Bid price after the corrections of Order 87 art. 59, and their record (step 5)."""
    found: list[dict[str, str]] = []

    def note(rule: str, where: str, before: Fraction, after: Fraction) -> None:
        found.append({"rule": rule, "field": where, "before": show_money(before), "after": show_money(after)})

    total, body = money(sheet["opening"]["total"]), money(sheet["body"]["total"])
    if body != total:
        note("59-1", "body.total", body, total)
    words = read_words(sheet["opening"]["words"])
    if words != total:
        note("59-2", "opening.total", total, words)
        total = words
    items = sheet["body"]["items"]
    quantities = [Fraction(item["quantity"]) for item in items]
    prices = [money(item["unit_price"]) for item in items]
    amounts = [round_fen(p * q) for p, q in zip(prices, quantities, strict=True)]
    if sum(amounts) != total:
        slips = _decimal_slips(prices, quantities, amounts, total)
        if len(slips) == 1:
            at, price = slips[0]
            note("59-3", f"body.items[{at}].unit_price", prices[at], price)
            amounts[at] = round_fen(price * quantities[at])
    for at, item in enumerate(items):
        if money(item["amount"]) != amounts[at]:
            note("59-4", f"body.items[{at}].amount", money(item["amount"]), amounts[at])
    if sum(amounts) != total:
        note("59-4", "total", total, sum(amounts, Fraction(0)))
        total = sum(amounts, Fraction(0))
    return total, found


def _decimal_slips(
    prices: list[Fraction], quantities: list[Fraction], amounts: list[Fraction], total: Fraction
) -> list[tuple[int, Fraction]]:
    """(item, amended unit price) for each decimal slip that makes the lines add up to `total`."""
    whole, slips = sum(amounts, Fraction(0)), []
    for at, price in enumerate(prices):
        for power in (-3, -2, -1, 1, 2, 3):
            amended = price * Fraction(10) ** power
            exact_fen = (amended * 100).denominator == 1
            if price > 0 and exact_fen and whole - amounts[at] + round_fen(amended * quantities[at]) == total:
                slips.append((at, amended))
    return slips


def _review_passed(required: list[str], decided: list[Mapping[str, Any]]) -> bool:
    passed = set()
    for item in decided:
        votes = [bool(vote["pass"]) for vote in item["votes"]]
        if 2 * sum(votes) > len(votes):
            passed.add(item["item"])
    return set(required) <= passed


def _brand_key(text: str | None) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text or "")).casefold()


@dataclass
class _Bid:
    id: str
    sheet: Any
    decisions: Mapping[str, Any]
    price: Fraction = Fraction(0)
    evaluated: Fraction = Fraction(0)


OFFER_ARTICLES = {"consultation": ("K214 22", "K214 34(3)"), "negotiation": ("M74 34", "M74 37(3)")}
"""Methods of procurement in which prices come in final offers: the article of leaving, and that of too few offers."""
ENDED_BY = {"consultation": "K214 34(3)", "negotiation": "M74 37(3)", "inquiry": "M74 48(3)"}
"""Of procurements that are no tenders: the article by which too few suppliers end them, at whatever step."""
CHANGEABLE = {"technical", "service", "contract"}
"""What talks may change of what is asked (MOF 74 art. 32, Caiku 2014-214 art. 20)."""


class _Evaluation:
    """The ten steps over one set of inputs; `bids` are those still taking part."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self.rules = inputs["rules"]
        self.draws = [list(draw) for draw in inputs.get("draws") or []]
        self.bids = sorted(
            (_Bid(b["id"], b["sheet"], b["decisions"]) for b in inputs["bids"]), key=lambda b: b.id
        )
        if len({b.id for b in self.bids}) != len(self.bids):
            raise Invalid("a bidder stands twice in the inputs")
        self.limit = money(self.rules["ceiling"] or self.rules["budget"])
        self.out: dict[str, Any] = {
            "outcome": "ranked",
            "failure": None,
            "ranking": [],
            "rejected": [],
            "corrections": {},
            "lines": None,
            "triggers": {},
            "benchmark": None,
            "ties": [],
            "winner": None,
            "contract_price": None,
        }

    def run(self) -> dict[str, Any]:
        steps: list[Callable[[], tuple[str, str] | None]] = [
            self.count,
            self.qualify,
            self.offers,
            self.read_sheets,
            self.conform,
            self.correct,
            self.cap,
            self.abnormal,
            self.price,
            self.brands,
        ]
        for step in steps:
            failure = step()
            if failure:
                law = ENDED_BY.get(self.rules.get("procurement", ""), failure[1])
                self.out |= {"outcome": "failed", "failure": {"code": failure[0], "article": law}}
                break
        else:
            if not self.out["ties"]:
                self.rank()
        self.out["rejected"].sort(key=lambda r: r["id"])
        return self.out

    def reject(self, kept: Callable[[_Bid], bool], ground: str, article: str) -> None:
        for bid in self.bids:
            if not kept(bid):
                self.out["rejected"].append({"id": bid.id, "ground": ground, "article": article})
        gone = {r["id"] for r in self.out["rejected"]}
        self.bids = [bid for bid in self.bids if bid.id not in gone]

    def too_few(self, code: str, article: str) -> tuple[str, str] | None:
        return (code, article) if len(self.bids) < self.rules["minimum"] else None

    def count(self) -> tuple[str, str] | None:
        return self.too_few("fewer-than-three-bidders", "M87 41")

    def qualify(self) -> tuple[str, str] | None:
        required = self.rules["items"]["qualification"]
        self.reject(
            lambda b: _review_passed(required, b.decisions.get("qualification") or []),
            "not-qualified",
            "M87 63(3)",
        )
        return self.too_few("fewer-than-three-qualified", "M87 44")

    def offers(self) -> tuple[str, str] | None:
        """Of a consultation or negotiation: who made no final offer has left."""
        articles = OFFER_ARTICLES.get(self.rules.get("procurement", ""))
        if articles is None:
            return None
        self.reject(lambda b: b.decisions.get("left") is not True, "left", articles[0])
        return self.too_few("too-few-offers", articles[1])

    def read_sheets(self) -> None:
        self.reject(lambda b: sheet_fault(b.sheet) is None, "price-sheet-invalid", "M87 63(6)")

    def conform(self) -> None:
        required = self.rules["items"]["conformity"]
        self.reject(
            lambda b: _review_passed(required, b.decisions.get("conformity") or []),
            "not-responsive",
            "M87 50",
        )

    def correct(self) -> None:
        for bid in self.bids:
            bid.price, found = correct_price(bid.sheet)
            if found:
                self.out["corrections"][bid.id] = found
        unconfirmed = {
            b.id
            for b in self.bids
            if b.id in self.out["corrections"] and b.decisions.get("confirmed") is not True
        }
        self.reject(lambda b: b.id not in unconfirmed, "correction-not-confirmed", "M87 59")

    def cap(self) -> tuple[str, str] | None:
        all_above = bool(self.bids) and all(b.price > money(self.rules["budget"]) for b in self.bids)
        self.reject(lambda b: b.price <= self.limit, "above-ceiling", "M87 63(4)")
        return (
            ("all-above-budget", "GPL 36(3)")
            if all_above
            else self.too_few("fewer-than-three-responsive", "GPL 36(1)")
        )

    def abnormal(self) -> None:
        rules, prices = self.rules["abnormal"], sorted(b.price for b in self.bids)
        lines: dict[str, Fraction | None] = {
            "half_mean": None
            if rules["exclude_self"]
            else Fraction(rules["mean"]) * sum(prices) / len(prices),
            "half_second_lowest": Fraction(rules["second"]) * prices[1] if len(prices) > 1 else None,
            "ceiling": Fraction(rules["ceiling"]) * self.limit,
        }
        self.out["lines"] = {name: None if line is None else show_exact(line) for name, line in lines.items()}
        for bid in self.bids:
            own = dict(lines)
            if rules["exclude_self"] and len(prices) > 1:
                own["half_mean"] = Fraction(rules["mean"]) * (sum(prices) - bid.price) / (len(prices) - 1)
            hits = [name for name, line in own.items() if line is not None and bid.price < line]
            if (bid.decisions.get("abnormal") or {}).get("suspected"):
                hits.append("committee")
            if hits:
                self.out["triggers"][bid.id] = hits
        self.reject(lambda b: b.id not in self.out["triggers"] or _explained(b), "abnormally-low", "M87 60")

    def price(self) -> tuple[str, str] | None:
        for bid in self.bids:
            refused = set(bid.decisions.get("claims_refused") or [])
            rates = {
                c: Fraction(self.rules["deductions"][c])
                for c in bid.sheet["claims"]
                if c in self.rules["deductions"] and c not in refused
            }
            by_size = [rate for claim, rate in rates.items() if claim in SIZE_CLAIMS]
            counted = [rate for claim, rate in rates.items() if claim not in SIZE_CLAIMS] + (
                [max(by_size)] if by_size else []
            )
            factor = Fraction(1)
            for rate in counted:
                factor = factor * (1 - rate) if self.rules["stacking"] == "multiplicative" else factor - rate
            bid.evaluated = bid.price * factor
        return None

    def brands(self) -> tuple[str, str] | None:
        groups: dict[str, list[_Bid]] = {}
        for bid in self.bids:
            key = _brand_key(
                bid.decisions["brand"] if bid.decisions.get("brand") is not None else bid.sheet["core_brand"]
            )
            groups.setdefault(key or f"\0{bid.id}", []).append(bid)
        best = [sorted(b.id for b in self._best_of_brand(group)) for group in groups.values()]
        stay = {bid for ids in best for bid in ids}
        self.reject(lambda b: b.id in stay, "same-brand", "M87 31")
        if len(groups) < self.rules["minimum"]:
            return "fewer-than-three-valid", "GPL 36(1)"
        tied = [{"stage": "brand", "bids": ids} for ids in sorted(best) if len(ids) > 1]
        self.out |= {"ties": tied, "outcome": "tie" if tied else "ranked"}
        return None

    def _best_of_brand(self, group: list[_Bid]) -> list[_Bid]:
        best = [b for b in group if b.price == min(x.price for x in group)]
        if len(best) > 1 and "evaluation-price" in self.rules["brand_ties"]:
            best = [b for b in best if b.evaluated == min(x.evaluated for x in best)]
        drawn = self._drawn(best)
        return [b for b in best if b.id == drawn[0]] if len(best) > 1 and drawn else best

    def _drawn(self, group: list[_Bid]) -> list[str] | None:
        ids = {b.id for b in group}
        return next((d for d in self.draws if set(d) == ids and len(d) == len(ids)), None)

    def rank(self) -> None:
        classes: dict[tuple[Fraction, ...], list[_Bid]] = {}
        for bid in self.bids:
            classes.setdefault(self._standing(bid), []).append(bid)
        rank = 1
        for key in sorted(classes):
            group, drawn = classes[key], self._drawn(classes[key])
            if len(group) > 1 and not drawn and rank <= self.rules["candidates"]:
                self.out["ties"].append({"stage": "rank", "bids": sorted(b.id for b in group)})
            for place, bid in enumerate(sorted(group, key=lambda b: drawn.index(b.id) if drawn else b.id)):
                self.out["ranking"].append(self._row(bid, rank + place if drawn else rank))
            rank += len(group)
        if self.bids:
            self.out["benchmark"] = show_money(min(b.evaluated for b in self.bids))
        if self.out["ties"]:
            self.out["outcome"] = "tie"
        elif self.out["ranking"]:
            first = self.out["ranking"][0]
            self.out |= {"winner": first["id"], "contract_price": first["bid_price"]}

    def _standing(self, bid: _Bid) -> tuple[Fraction, ...]:
        """What the places go by, the smallest first."""
        return (bid.evaluated, bid.price) if "bid-price" in self.rules["ties"] else (bid.evaluated,)

    def _row(self, bid: _Bid, rank: int) -> dict[str, Any]:
        return {
            "id": bid.id,
            "rank": rank,
            "bid_price": show_money(bid.price),
            "evaluation_price": show_money(bid.evaluated),
            "evaluation_exact": show_exact(bid.evaluated),
        }


def _explained(bid: _Bid) -> bool:
    judged = bid.decisions.get("abnormal") or {}
    return judged.get("explained") is True and judged.get("accepted") is True


def evaluate_lowest_price(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The output of docs/protocols/evaluation.md section 4 for one set of inputs."""
    return _Evaluation(inputs).run()


# -- by comprehensive scoring (ebid-score/1, docs/protocols/evaluation.md section 5) --------------

SCORE = re.compile(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?")
PRICE_WEIGHT = {"goods": Fraction(3, 10), "services": Fraction(1, 10)}


def mark(text: Any) -> Fraction:
    """A score or a weight."""
    if not isinstance(text, str) or not SCORE.fullmatch(text):
        raise Invalid(f"not a score: {text!r}")
    return Fraction(text)


def score_criteria(rules: Mapping[str, Any]) -> list[tuple[str, str, Fraction, Fraction]]:
    """(id, kind, share of 1, maximum) of each criterion; the price's maximum is 0."""
    tree, found, names = rules["criteria"], [], []

    def walk(nodes: list[Any]) -> Fraction:
        total = Fraction(0)
        for node in nodes:
            weight = mark(node["weight"])
            names.append(node["id"])
            total += weight
            if "items" not in node:
                most = Fraction(0) if node["kind"] == "price" else mark(node["max"])
                found.append((node["id"], node["kind"], weight, most))
            elif walk(node["items"]) != weight:
                raise Invalid(f"the weights below {node['id']} do not add up to its own")
        return total

    whole = walk(tree)
    if whole not in (1, 100) or any(weight <= 0 for _, _, weight, _ in found):
        raise Invalid(f"the weights add up to {whole}, not to 100 or 1")
    if len(set(names)) != len(names):
        raise Invalid("a criterion stands twice in the rules")
    prices = [weight / whole for _, kind, weight, _ in found if kind == "price"]
    # The span of a consultation (Caiku 2014-214 art. 24) may be left with approval; Order 87's least may not.
    least = Fraction(0) if rules.get("procurement") == "consultation" else PRICE_WEIGHT[rules["category"]]
    if len(prices) != 1 or prices[0] < least:
        raise Invalid(f"the price weighs less than the law demands for {rules['category']}, or not once")
    return [(name, kind, weight / whole, most) for name, kind, weight, most in found]


def _middle(values: Iterable[Fraction]) -> Fraction:
    row = sorted(values)
    return (row[(len(row) - 1) // 2] + row[len(row) // 2]) / 2


def _far(marks: Mapping[str, Fraction], who: str, limits: Mapping[str, Any]) -> list[str]:
    """The rules by which one member's score is far from the others'."""
    rules, others = [], [value for name, value in marks.items() if name != who]
    if others and abs(marks[who] * len(others) - sum(others)) > Fraction(limits["ratio"]) * sum(others):
        rules.append("ratio")
    center = _middle(marks.values())
    spread = _middle(abs(value - center) for value in marks.values())
    if limits["modified_z"] is not None and spread:
        distance = Fraction("0.6745") * abs(marks[who] - center) / spread
        if distance > mark(limits["modified_z"]):
            rules.append("modified-z")
    return rules


def _points(value: Fraction) -> dict[str, str]:
    return {"points": show_money(value), "exact": show_exact(value)}


class _Scoring(_Evaluation):
    """Steps 1–8 as by lowest price; then points, the best of each brand, and places by points."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        super().__init__(inputs)
        self.members: list[str] = list(inputs["members"])
        if not self.members or len(set(self.members)) != len(self.members):
            raise Invalid("a member stands twice in the inputs, or there is none")
        self.criteria = score_criteria(self.rules)
        self.sheets = {b["id"]: {i: dict(row) for i, row in b["scores"].items()} for b in inputs["bids"]}
        for number, change in enumerate(inputs.get("corrections") or []):
            self._correct_mark(number, change)
        self.scored: list[_Bid] = []
        self.totals: dict[str, Fraction] = {}
        self.out |= {"scores": {}, "disagreements": [], "outliers": [], "sensitivity": []}

    def run(self) -> dict[str, Any]:
        super().run()
        self.out["benchmark"] = show_money(min(b.evaluated for b in self.scored)) if self.scored else None
        if self.out["disagreements"] and self.out["outcome"] != "failed":
            self.out |= {"outcome": "to-correct", "winner": None, "contract_price": None}
        return self.out

    def price(self) -> tuple[str, str] | None:
        super().price()
        keys = {_brand_key(self._brand(b)) or f"\0{b.id}" for b in self.bids}
        if len(keys) < self.rules["minimum"]:
            return "fewer-than-three-valid", "GPL 36(1)"
        self.scored = self.bids
        for bid in self.bids:
            self._check_marks(bid.id)
        for bid in self.bids:
            self._show(bid)
        self.totals = self._totals(self.members)
        self._leave_each_out()
        return None

    def _correct_mark(self, number: int, change: Mapping[str, str]) -> None:
        """A correction after locking, on one of the grounds of M87 64."""
        kinds = {name: (kind, most) for name, kind, _, most in self.criteria if kind != "price"}
        row = self.sheets.get(change["bid"], {}).get(change["item"], {})
        kind, most = kinds.get(change["item"], ("", Fraction(0)))
        marks = {who: mark(score) for who, score in row.items()}
        before, after, who = mark(change["before"]), mark(change["after"]), change["member"]
        grounds = {
            "range": before > most,
            "objective": kind == "objective" and len(set(marks.values())) > 1,
            "outlier": kind == "subjective"
            and who in marks
            and bool(_far(marks, who, self.rules["outliers"])),
        }
        if marks.get(who) != before or after > most or not grounds.get(change["ground"]):
            raise Invalid(f"correction {number} of the scores has no ground in M87 64")
        row[who] = change["after"]

    def _check_marks(self, bid: str) -> None:
        judged = {name: most for name, kind, _, most in self.criteria if kind != "price"}
        if set(self.sheets[bid]) != set(judged):
            raise Invalid(f"bidder {bid}: the scored items are not the criteria")
        for item, row in self.sheets[bid].items():
            if set(row) != set(self.members):
                raise Invalid(f"bidder {bid}: the scores on {item} are not those of the members")
            for who, score in row.items():
                if mark(score) > judged[item]:
                    raise Invalid(f"bidder {bid}: {who} gave {score} on {item}, more than {judged[item]}")

    def _parts(self, bid: _Bid, members: list[str]) -> dict[str, Fraction]:
        """The points of each criterion, the price's too."""
        lowest = min(b.evaluated for b in self.scored)
        parts = {}
        for name, kind, share, most in self.criteria:
            if kind == "price":
                parts[name] = 100 * share * lowest / bid.evaluated
            else:
                given = sum(mark(self.sheets[bid.id][name][who]) for who in members)
                parts[name] = 100 * share * given / (len(members) * most)
        return parts

    def _totals(self, members: list[str]) -> dict[str, Fraction]:
        return {b.id: sum(self._parts(b, members).values(), Fraction(0)) for b in self.scored}

    def _show(self, bid: _Bid) -> None:
        parts = self._parts(bid, self.members)
        of_price = next(name for name, kind, _, _ in self.criteria if kind == "price")
        self.out["scores"][bid.id] = {
            "price_points": _points(parts[of_price]),
            "items": {name: _points(value) for name, value in parts.items() if name != of_price},
            "total": _points(sum(parts.values(), Fraction(0))),
        }
        for name, kind, _, _ in self.criteria:
            marks = {who: mark(self.sheets[bid.id][name][who]) for who in self.members if kind != "price"}
            if kind == "objective" and len(set(marks.values())) > 1:
                self.out["disagreements"].append({"bid": bid.id, "item": name})
            for who in marks if kind == "subjective" else ():
                if hit := _far(marks, who, self.rules["outliers"]):
                    self.out["outliers"].append({"bid": bid.id, "item": name, "member": who, "rules": hit})

    def _leave_each_out(self) -> None:
        if len(self.members) < 2:
            return
        first = {row["id"] for row in self._order_of(self.members) if row["rank"] == 1}
        for who in self.members:
            rows = self._order_of([name for name in self.members if name != who])
            other = {row["id"] for row in rows if row["rank"] == 1}
            self.out["sensitivity"].append({"without": who, "ranking": rows, "changes_first": other != first})

    def _order_of(self, members: list[str]) -> list[dict[str, Any]]:
        """The places that these members' scores give."""
        kept, mine = self.totals, self._totals(members)
        self.totals = mine
        groups: dict[str, list[_Bid]] = {}
        for bid in self.scored:
            groups.setdefault(_brand_key(self._brand(bid)) or f"\0{bid.id}", []).append(bid)
        left = [bid for group in groups.values() for bid in self._best_of_brand(group)]
        rows: list[dict[str, Any]] = []
        for key in sorted({self._standing(bid) for bid in left}):
            equal = [bid for bid in left if self._standing(bid) == key]
            drawn, rank = self._drawn(equal) if len(equal) > 1 else None, len(rows) + 1
            ids = drawn or sorted(bid.id for bid in equal)
            rows += [{"id": b, "rank": rank + place if drawn else rank} for place, b in enumerate(ids)]
        self.totals = kept
        return rows

    def _brand(self, bid: _Bid) -> str:
        found = bid.decisions.get("brand")
        return str(bid.sheet["core_brand"] if found is None else found)

    def _best_of_brand(self, group: list[_Bid]) -> list[_Bid]:
        best = [b for b in group if self.totals[b.id] == max(self.totals[x.id] for x in group)]
        if "bid-price" in self.rules["brand_ties"]:
            best = [b for b in best if b.price == min(x.price for x in best)]
        drawn = self._drawn(best)
        return [b for b in best if b.id == drawn[0]] if len(best) > 1 and drawn else best

    def _standing(self, bid: _Bid) -> tuple[Fraction, ...]:
        return -self.totals[bid.id], bid.price

    def _row(self, bid: _Bid, rank: int) -> dict[str, Any]:
        return super()._row(bid, rank) | {"total": _points(self.totals[bid.id])}


def evaluate_scoring(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The output of docs/protocols/evaluation.md section 5.3 for one set of inputs."""
    return _Scoring(inputs).run()


EVALUATIONS = {"lowest-price": evaluate_lowest_price, "comprehensive-scoring": evaluate_scoring}


def _show_mark(value: Fraction) -> str:
    """A score as people write it: at most four places."""
    return f"{int(value * 10000) // 10000}.{int(value * 10000) % 10000:04d}".rstrip("0").rstrip(".")


class _Derivations:
    """How each bid's price and place came about, line by line, as a report prints it (evaluation.md 4)."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        scored = inputs["rules"]["method"] == "comprehensive-scoring"
        self.run = _Scoring(inputs) if scored else _Evaluation(inputs)
        self.everybody = list(self.run.bids)
        self.out = self.run.run()
        self.gone = {row["id"]: row for row in self.out["rejected"]}
        self.ranks = {row["id"]: row["rank"] for row in self.out["ranking"]}
        self.lines: list[dict[str, Any]] = []

    def found(self) -> dict[str, list[dict[str, Any]]]:
        printed = {}
        for bid in self.everybody:
            self.lines = []
            steps = (self._reviewed, self._sheet, self._corrected, self._capped, self._low, self._priced)
            all(step(bid) for step in steps)
            if row := self.gone.get(bid.id):
                self._say("rejected", ground=row["ground"], article=row["article"])
            if bid.id in self.ranks:
                self._say("rank", rank=self.ranks[bid.id])
            printed[bid.id] = self.lines
        return printed

    def _say(self, code: str, **values: object) -> None:
        self.lines.append({"code": code, "values": {name: str(value) for name, value in values.items()}})

    def _left(self, bid: _Bid, *grounds: str) -> bool:
        """Whether the bid got past the step that rejects on these grounds."""
        return self.gone.get(bid.id, {}).get("ground") not in grounds

    def _review(self, bid: _Bid, name: str) -> None:
        for row in bid.decisions.get(name) or []:
            ayes = sum(vote["pass"] is True for vote in row["votes"])
            noes = len(row["votes"]) - ayes
            verdict = "passed" if ayes > noes else "not-passed"
            self._say("review", review=name, item=row["item"], ayes=ayes, noes=noes, verdict=verdict)

    def _reviewed(self, bid: _Bid) -> bool:
        self._review(bid, "qualification")
        return self._left(bid, "not-qualified", "left", "price-sheet-invalid") and not sheet_fault(bid.sheet)

    def _sheet(self, bid: _Bid) -> bool:
        self._say("opening-total", price=show_money(money(bid.sheet["opening"]["total"])))
        self._review(bid, "conformity")
        return self._left(bid, "not-responsive")

    def _corrected(self, bid: _Bid) -> bool:
        price, changes = correct_price(bid.sheet)
        for row in changes:
            self._say(
                f"correction-{row['rule']}", field=row["field"], before=row["before"], after=row["after"]
            )
        if changes and bid.decisions.get("confirmed") is True:
            self._say("confirmed", price=show_money(price))
        return self._left(bid, "correction-not-confirmed")

    def _capped(self, bid: _Bid) -> bool:
        code = "above-limit" if bid.price > self.run.limit else "within-limit"
        self._say(code, price=show_money(bid.price), limit=show_money(self.run.limit))
        return self._left(bid, "above-ceiling") and self.out["lines"] is not None

    def _low(self, bid: _Bid) -> bool:
        lines = {name: None if line is None else Fraction(line) for name, line in self.out["lines"].items()}
        if self.run.rules["abnormal"]["exclude_self"]:
            others = [b.price for b in self._compared() if b is not bid]
            mean = Fraction(self.run.rules["abnormal"]["mean"])
            lines["half_mean"] = mean * sum(others) / len(others) if others else None
        for name, line in lines.items():
            if line is not None:
                code = "line-triggered" if bid.price < line else "line-passed"
                said = {"price": show_money(bid.price), "amount": show_money(line), "exact": show_exact(line)}
                self._say(code, line=name, **said)
        if (bid.decisions.get("abnormal") or {}).get("suspected"):
            self._say("suspected")
        if bid.id in self.out["triggers"] and _explained(bid):
            self._say("explanation-accepted")
        return self._left(bid, "abnormally-low")

    def _compared(self) -> list[_Bid]:
        """The bids whose prices make the lines."""
        later = (None, "abnormally-low", "same-brand")
        return [b for b in self.everybody if self.gone.get(b.id, {}).get("ground") in later]

    def _priced(self, bid: _Bid) -> bool:
        rates, refused = self.run.rules["deductions"], bid.decisions.get("claims_refused") or []
        valid = [c for c in sorted(set(bid.sheet["claims"])) if c in rates and c not in refused]
        size = max((c for c in valid if c in SIZE_CLAIMS), key=lambda c: Fraction(rates[c]), default=None)
        granted = [c for c in valid if c not in SIZE_CLAIMS or c == size]
        for claim in granted:
            self._say("deduction", claim=claim, rate=show_money(Fraction(rates[claim]) * 100))
        for claim in sorted(set(bid.sheet["claims"]) - set(granted)):
            self._say("claim-without-effect", claim=claim)
        self._say("evaluation-price", price=show_money(bid.evaluated), exact=show_exact(bid.evaluated))
        if isinstance(self.run, _Scoring) and bid in self.run.scored:
            self._pointed(self.run, bid)
        return True

    def _pointed(self, run: _Scoring, bid: _Bid) -> None:
        names = {node["id"]: node.get("name") or node["id"] for node in _nodes(run.rules)}
        parts = run._parts(bid, run.members)
        for item, kind, share, most in run.criteria:
            worth = {"weight": show_exact(100 * share), **_points(parts[item])}
            if kind == "price":
                lowest = min(b.evaluated for b in run.scored)
                ratio = {"benchmark": show_exact(lowest), "price": show_exact(bid.evaluated)}
                self._say("price-points", **ratio, **worth)
                continue
            marks = {who: mark(run.sheets[bid.id][item][who]) for who in run.members}
            mean = show_exact(sum(marks.values(), Fraction(0)) / len(marks))
            scores = ", ".join(map(_show_mark, marks.values()))
            said = {"criterion": names[item], "scores": scores, "mean": mean, "max": _show_mark(most)}
            self._say("item-points", **said, **worth)
            if kind == "objective" and len(set(marks.values())) > 1:
                self._say("objective-disagreement", criterion=names[item])
            for who in marks if kind == "subjective" else ():
                for rule in _far(marks, who, run.rules["outliers"]):
                    self._say("outlier", criterion=names[item], score=_show_mark(marks[who]), rule=rule)
        self._say("total-points", **_points(sum(parts.values(), Fraction(0))))


def derivations(inputs: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Every bid's lines; of an evaluation that failed more than a report prints, which stops where it failed."""
    return _Derivations(inputs).found()


PROCUREMENTS = {
    None: tuple(EVALUATIONS),
    "invited": tuple(EVALUATIONS),
    "consultation": ("comprehensive-scoring",),
    "negotiation": ("lowest-price",),
    "inquiry": ("lowest-price",),
}
"""By method of procurement (None: open tender) how offers may be compared"""


def check_procurement(rules: Mapping[str, Any]) -> None:
    """Whether published rules go with the method of procurement (docs/protocols/evaluation.md 1.1)."""
    named = rules.get("procurement")
    if rules["method"] not in PROCUREMENTS.get(named, ()):
        raise Invalid(
            f"offers of a procurement by {named or 'open tender'} are not compared by {rules['method']}"
        )
    least = 2 if _two_are_enough(rules) else 3
    if rules["minimum"] < least:
        raise Invalid(f"{rules['minimum']} bidders were to be enough where the law wants {least}")


TWO_OFFERS = {
    "public-service": ("consultation", "K124", ()),
    "research": ("consultation", "K214 21", ()),
    "failed-tender": ("negotiation", "M74 27", ("approval", "approved", "tender")),
}
"""By the ground on which two suppliers are enough: the method that knows it, its article, and what must be on record"""


def _two_are_enough(rules: Mapping[str, Any]) -> bool:
    """Whether the published rules name a ground in law, and why (docs/protocols/evaluation.md 1.1)."""
    said = rules.get("two_offers")
    if said is None:
        return False
    method, article, papers = TWO_OFFERS.get(said.get("ground", ""), ("", "", ()))
    held = {"ground", "rule", "reason", *papers}
    if rules.get("procurement") != method or said.get("rule") != article:
        raise Invalid(
            f"two suppliers were to be enough by {said.get('rule')} ({said.get('ground')}), which does not say so here"
        )
    if said["ground"] == "public-service" and rules.get("category") != "services":
        raise Invalid(
            f"two suppliers were to be enough for a public service, where {rules.get('category')} are bought"
        )
    if set(said) != held or not all(isinstance(said[name], str) and said[name] for name in held):
        raise Invalid(
            f"two suppliers were to be enough without {', '.join(sorted(held - {k for k in said if said[k]}))} on record"
        )
    return True


def _weights(rules: Mapping[str, Any]) -> dict[str, Fraction]:
    """Each group's and criterion's share of 100, whether or not they add up."""
    whole = sum(mark(node["weight"]) for node in rules["criteria"])
    return {node["id"]: 100 * mark(node["weight"]) / whole for node in _nodes(rules)}


def _nodes(rules: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every group and criterion."""
    nodes = list(rules["criteria"])
    while nodes:
        node = nodes.pop()
        yield node
        nodes += node.get("items", [])


def changed_weights(used: Mapping[str, Any], published: Mapping[str, Any]) -> list[str]:
    """The criteria whose weight is not the published one, in words."""
    mine, theirs = _weights(used), _weights(published)
    changed = [
        f"{name} weighs {show_money(mine[name])} of 100, published was {show_money(theirs[name])}"
        for name in mine.keys() & theirs.keys()
        if mine[name] != theirs[name]
    ]
    return sorted(changed) + [f"{name} is not in both" for name in sorted(mine.keys() ^ theirs.keys())]


def changed_criteria(used: Mapping[str, Any], published: Mapping[str, Any]) -> list[str]:
    """The criteria that are scored otherwise than published, their weights aside, in words."""
    mine, theirs = ({node["id"]: node for node in _nodes(rules)} for rules in (used, published))
    return [
        f"the {what} of {name} is {mine[name].get(what)}, published was {theirs[name].get(what)}"
        for name in sorted(mine.keys() & theirs.keys())
        for what in ("kind", "max", "guidance", "name")
        if mine[name].get(what) != theirs[name].get(what)
    ]


def differing_rows(name: str, mine: list[Any], said: list[Any]) -> list[str]:
    """The rows of a report's list that are not those computed, in words."""
    wrong = [
        f"the report's {name} has {jcs(row).decode()}, which does not come out"
        for row in said
        if row not in mine
    ]
    left_out = [f"the report's {name} lacks {jcs(row).decode()}" for row in mine if row not in said]
    return wrong + left_out or [f"the report's {name} stands in another order"]


def bent_points(mine: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    """The points of a report that the scores do not give, in words."""
    found = []
    for bid, score in mine["scores"].items():
        other = said["scores"].get(bid, {})
        rows = {"price": ("price_points",), "the total": ("total",)}
        rows |= {item: ("items", item) for item in score["items"]}
        for label, path in rows.items():
            right: Any = functools.reduce(lambda value, key: value[key], path, score)
            told: Any = functools.reduce(lambda value, key: value.get(key, {}), path, other)
            if told != right:
                found.append(
                    f"bidder {bid}: the report says {told.get('points')} points for {label}, recomputed {right['points']}"
                )
    return found


# ---------------------------------------------------------------------------------------------
# 6  The bundle file
# ---------------------------------------------------------------------------------------------

FINAL_OFFERS = "final-offers/"
"""The folder of a bundle in the bundle: of the tender in which the final offers were sealed."""
MAX_DOCUMENT = 64 << 20  # bytes of a file read whole; ciphertexts are streamed
REGULATOR_PATHS = re.compile(
    r"bids/[0-9a-f]{64}/parts/[^/]+|opening/(bidder-)?releases/[^/]+|evaluation/(reviews|judgements)/[^/]+|payloads/[^/]+|evidence/certs/[^/]+"
    r"|evaluation/(earlier-[0-9]+/)?(panel\.json|report\.[^/]+\.p7s)"
    r"|evaluation/(earlier-[0-9]+/)?(promises|recusals|replacements|scores|score-facts|score-reasons|score-corrections)/[^/]+"
    r"|deposits/(decisions|documents)/[^/]+|persons/[^/]+|draws/[0-9a-f]{64}/(openings|sealed)\.json"
    r"|works/check-[^/]+\.json"
    r"|offers/call\.(json|p7s)|final-offers/.+|evaluation/(inputs|report)\.json"
    r"|invited/[^/]+|evaluation/void-[0-9a-f]{64}/[^/]+"
)


class Bundle:
    """Random access to the members of a deterministic tar."""

    def __init__(self, path: str) -> None:
        self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed with the process
        self.members: dict[str, tarfile.TarInfo] = {}
        self.disorder: list[str] = []
        previous = ""
        for info in self._tar:
            if not info.isreg() or info.name.startswith("/") or ".." in info.name.split("/"):
                self.disorder.append(f"{info.name} is not a plain file of the bundle")
            if info.name.encode() <= previous.encode() or info.mtime != 0:
                self.disorder.append(f"{info.name} stands twice, out of order or with a time")
            previous = info.name
            self.members[info.name] = info

    def __contains__(self, path: str) -> bool:
        return path in self.members

    def open(self, path: str) -> BinaryIO:
        if path not in self.members:
            raise Invalid(f"{path} is missing")
        stream = self._tar.extractfile(self.members[path])
        if stream is None:
            raise Invalid(f"{path} is not a file")
        return stream  # type: ignore[return-value]

    def read(self, path: str) -> bytes:
        if path in self.members and self.members[path].size > MAX_DOCUMENT:
            raise Invalid(f"{path} is too large")
        with self.open(path) as stream:
            return stream.read()

    def under(self, folder: str) -> list[str]:
        return [path for path in self.members if path.startswith(folder)]

    def digest(self, path: str) -> str:
        with self.open(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]

    def part(self, folder: str, *, outside: bool = False) -> Bundle:
        """The files under a folder as a bundle of their own, or those that are `outside` of it."""
        found = Bundle.__new__(Bundle)
        found._tar, found.disorder = self._tar, []
        found.members = {
            path if outside else path[len(folder) :]: info
            for path, info in self.members.items()
            if path.startswith(folder) != outside
        }
        return found


@dataclass(frozen=True)
class Act:
    """A plain entry with its first payload (None when it was redacted or left out)."""

    index: int
    type: str
    time: str
    entry: Mapping[str, Any]
    payload: Mapping[str, Any] | None

    def __str__(self) -> str:
        return f"entry {self.index} ({self.type})"


DRAW_SIGNERS = {"trustees": "draw trustee", "devices": "calling device"}
"""Rows of the trust file, which may be absent, for those who sign in draws."""


@dataclass
class Trust:
    """What trust.json says, parsed."""

    raw: Mapping[str, Any]
    log: NoteKey
    witnesses: list[NoteKey]
    quorum: int
    ca_roots: list[x509.Certificate]
    tsa_roots: list[x509.Certificate]
    rotations: list[tuple[NoteKey, int]] = field(default_factory=list)
    """The log's later keys that this file lists, each with the index of the entry that announced it."""
    retired: dict[NoteKey, int] = field(default_factory=dict)
    """Keys of the log that count for no tree of more entries than this."""
    periods: dict[str, Period] = field(default_factory=dict)
    """When a witness's key, a root (both as `named`) or a custodian's certificate counts."""
    witness_of: dict[NoteKey, str] = field(default_factory=dict)
    """A witness's keys that followed each other are one witness: the first key's name and id."""

    @classmethod
    def parse(cls, raw: bytes) -> Trust:
        """Raises Invalid when it is not a usable trust file."""
        data = parse_json(raw)
        if not isinstance(data, dict) or data.get("typ") != "ebid.trust" or data.get("v") != 1:
            raise Invalid("not a trust file of version 1")
        try:
            log = parse_vkey(data["log"]["vkey"])
            witnesses = [parse_vkey(w["vkey"]) for w in data["witnesses"]]
            roots = [
                [x509.load_pem_x509_certificate(r["pem"].encode()) for r in data[k]]
                for k in ("ca_roots", "tsa_roots")
            ]
            quorum = data["quorum"]
            later = [(parse_vkey(r["vkey"]), r["index"]) for r in data["log"].get("rotations", [])]
            if any(k.name != log.name or k.algorithm != 1 or type(i) is not int or i < 0 for k, i in later):
                raise Invalid("a later key of the log in the trust file is of the wrong kind")
            rows = [data["log"], *data["log"].get("rotations", [])]
            retired = {parse_vkey(row["vkey"]): row["until"] for row in rows if "until" in row}
            if any(type(size) is not int or size < 0 for size in retired.values()):
                raise Invalid("a retired key of the log has no number of entries in the trust file")
            periods = cls._periods(data)
            same = cls._witnesses(data["witnesses"])
            for item in [
                data["log"],
                *data["witnesses"],
                *data["custodians"],
                *data["ca_roots"],
                *data["tsa_roots"],
                *(row for kind in DRAW_SIGNERS for row in data.get(kind, [])),
            ]:
                item["controller"].strip()
            if not all(
                _is_name(row["name"]) and all(type(one) is str for one in row["cert_sha256"])
                for kind in DRAW_SIGNERS
                for row in data.get(kind, [])
            ):
                raise Invalid("a trustee or device in the trust file has no name")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Invalid(f"the trust file is malformed ({error})") from error
        if (
            log.name != data["log"]["origin"]
            or log.algorithm != 1
            or any(w.algorithm != 4 for w in witnesses)
        ):
            raise Invalid("the trust file's log or witness keys are of the wrong kind")
        if len({w.key for w in witnesses}) != len(witnesses):
            raise Invalid("a witness key stands twice in the trust file")
        if type(quorum) is not int or not 1 <= quorum <= len(set(same.values())):
            raise Invalid("the trust file's quorum cannot be met or is no quorum")
        return cls(data, log, witnesses, quorum, roots[0], roots[1], later, retired, periods, same)

    @staticmethod
    def _periods(data: Mapping[str, Any]) -> dict[str, Period]:
        """`from` and `until` of every key that has them. Raises Invalid."""
        found = {f"witness {parse_vkey(row['vkey']).key.hex()}": Period.of(row) for row in data["witnesses"]}
        for kind in ("ca_roots", "tsa_roots"):
            for row in data[kind]:
                root = x509.load_pem_x509_certificate(row["pem"].encode())
                found[f"{kind} {fingerprint(root)}"] = Period.of(row)
        for row in data["custodians"]:
            for certificate, times in row.get("periods", {}).items():
                found[f"custodian {row['id']} {certificate}"] = Period.of(times)
        return {name: period for name, period in found.items() if period != Period()}

    @staticmethod
    def _witnesses(rows: list[Mapping[str, Any]]) -> dict[NoteKey, str]:
        """Each key's witness: a key that `succeeds` another belongs to the same one. Raises Invalid."""
        before = {row["vkey"]: row.get("succeeds") for row in rows}
        found = {}
        for vkey in before:
            first, seen = vkey, {vkey}
            while (former := before[first]) is not None:
                if former not in before or former in seen:
                    raise Invalid("a witness's key in the trust file succeeds one that is not there")
                first = former
                seen.add(first)
            found[parse_vkey(vkey)] = first
        return found

    def covers(self, kind: str, what: str, when: datetime) -> bool:
        """Whether a key counted at an instant."""
        return self.periods.get(f"{kind} {what}", Period()).covers(when)

    def times(self, kind: str, roots: list[x509.Certificate]) -> dict[x509.Certificate, Period]:
        return {root: self.periods.get(f"{kind} {fingerprint(root)}", Period()) for root in roots}

    def named(self) -> dict[str, dict[str, str]]:
        """The keys of each kind, named as in `periods` → how a person calls them."""
        return {
            "the witnesses or their quorum": {f"witness {w.key.hex()}": w.name for w in self.witnesses},
            "the CA roots": {f"ca_roots {fingerprint(c)}": subject_of(c) for c in self.ca_roots},
            "the time-stamping roots": {f"tsa_roots {fingerprint(c)}": subject_of(c) for c in self.tsa_roots},
        }

    def differences(self, other: Trust, at: datetime) -> list[str]:
        """What differs from `other` in keys that counted at `at`: a key that was rotated before or after need
        stand in one of the two only. What `self` names and `other` does not know at all differs always.
        Controllers do not count."""
        found = []
        if self.log != other.log:
            found.append("the log's key")
        for kind, mine in self.named().items():
            its = other.named()[kind]
            gone = [key for key in its if key not in mine and other.periods.get(key, Period()).covers(at)]
            quorum = kind.startswith("the witnesses") and self.quorum != other.quorum
            if gone or quorum or mine.keys() - its.keys():
                found.append(kind)
        return found

    def controllers(self) -> Iterator[tuple[str, str]]:
        """(key, who holds it), the log first."""
        for key in (self.log, *(key for key, _ in self.rotations)):
            yield f"log {key.name} (key {key.key_id.hex()})", self.raw["log"]["controller"]
        for key, item in zip(self.witnesses, self.raw["witnesses"], strict=True):
            yield f"witness {key.name} (key {key.key_id.hex()})", item["controller"]
        for item in self.raw["custodians"]:
            yield f"custodian {item['id']}", item["controller"]
        for kind, words in DRAW_SIGNERS.items():
            for item in self.raw.get(kind, []):
                yield f"{words} {item['name']}", item["controller"]
        for kind in ("ca", "tsa"):
            for root, item in zip(getattr(self, f"{kind}_roots"), self.raw[f"{kind}_roots"], strict=True):
                yield f"{kind.upper()} root {subject_of(root)} ({fingerprint(root)[:16]})", item["controller"]


# ---------------------------------------------------------------------------------------------
# 7  Random draws
# ---------------------------------------------------------------------------------------------

DRAW_FIELDS = [
    "v",
    "alg",
    "scope",
    "prev",
    "list_root",
    "list_size",
    "strata",
    "cap",
    "trustees",
    "k",
    "must",
    "beacon",
    "t_commit",
    "t_freeze",
    "t_reveal",
]
DRAW_PARTS = ["params", "rows", "commits", "slips", "beacon", "waves", "result", "openings"]
HEX64, HEX16 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{16}")
NAME, ASCII = re.compile(r"[\x20-\x7e]{1,128}"), re.compile(r"[\x20-\x7e]*")
FLOOR_PARTY = re.compile(r"floor-[0-9a-f]{16}")


def demand(holds: object, otherwise: str) -> None:
    """Raises Invalid(otherwise) unless it holds."""
    if not holds:
        raise Invalid(otherwise)


def draw_digest(alg: str) -> Callable[[bytes], bytes]:
    return {"sha256": sha256, "sm3": sm3}[alg]


def draw_hash(alg: str, tag: str, *parts: bytes | str) -> bytes:
    """H(tag, parts…) of draw.md section 1."""
    data = [part.encode() if isinstance(part, str) else part for part in parts]
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in data)
    return draw_digest(alg)(f"ebid-draw/1/{tag}\n".encode() + framed)


def draw_root(alg: str, rows: list[Any]) -> str:
    digest = draw_digest(alg)
    level = [digest(b"\x00" + jcs(row)) for row in rows]
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        level = [digest(b"\x01" + a + b) for a, b in zip(level[::2], level[1::2], strict=False)] + odd
    return (level[0] if level else digest(b"")).hex()


def _is_hex(value: Any) -> bool:
    return type(value) is str and HEX64.fullmatch(value) is not None


def _is_name(value: Any) -> bool:
    return type(value) is str and NAME.fullmatch(value) is not None


def _distinct(value: Any, kind: Callable[[Any], bool]) -> bool:
    return type(value) is list and all(map(kind, value)) and len(set(value)) == len(value)


def _is_text(value: Any) -> bool:
    return type(value) is str and value != "" and not any("\ud800" <= c <= "\udfff" for c in value)


def _check_draw_value(value: Any, depth: int = 0) -> None:
    demand(depth <= 16, "a value is nested too deeply")
    if isinstance(value, dict):
        demand(all(map(_is_name, value)), "a key is not printable ASCII")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _check_draw_value(item, depth + 1)
    elif type(value) is int:
        demand(abs(value) < 2**53, "an integer is out of range")
    else:
        demand(
            value in ("", None) or type(value) is bool or _is_text(value), "a value is not allowed in a draw"
        )


def check_draw_params(p: Any) -> None:
    """The form of an announcement (draw.md section 3)."""
    _check_draw_value(p)
    exact_keys(p, DRAW_FIELDS, "params")
    demand(type(p["v"]) is int and p["v"] == 1 and p["alg"] in ("sha256", "sm3"), "version or hash family")
    demand(type(p["scope"]) is str and re.fullmatch(r"[^/]+/[^/]+/[1-9][0-9]{0,8}", p["scope"]), "scope")
    demand((p["prev"] is None or _is_hex(p["prev"])) and _is_hex(p["list_root"]), "prev or list_root")
    for name in ("list_size", "cap", "k", "t_commit", "t_freeze", "t_reveal"):
        demand(type(p[name]) is int and p[name] >= 0, name)
    demand(p["t_commit"] <= p["t_freeze"] <= p["t_reveal"], "the times are out of order")
    demand(type(p["strata"]) is list and p["strata"], "strata")
    for stratum in p["strata"]:
        exact_keys(stratum, ("id", "quota", "tags"), "a stratum")
        demand(
            _is_name(stratum["id"]) and type(stratum["quota"]) is int and stratum["quota"] > 0, "a stratum"
        )
        demand(stratum["tags"] and _distinct(stratum["tags"], _is_text), "a stratum's tags")
    demand(_distinct([stratum["id"] for stratum in p["strata"]], _is_name), "two strata of one name")
    demand(_distinct(p["trustees"], _is_name) and _distinct(p["must"], _is_name), "trustees or must")
    demand(p["k"] >= 2 and 2 * p["k"] - 1 <= len(p["trustees"]) <= 15, "k of n trustees")
    if p["beacon"] is not None:
        exact_keys(p["beacon"], ("source", "rule"), "the beacon's rule")
        demand(all(map(_is_text, p["beacon"].values())), "the beacon's rule")


def check_draw_rows(rows: Any) -> None:
    demand(type(rows) is list, "the rows are no list")
    for row in rows:
        exact_keys(row, "hx" if type(row) is dict and "x" in row else "hgs", "a row")
        demand(_is_hex(row["h"]), "a handle")
        if "x" in row:
            demand(_is_text(row["x"]), "a reason")
            continue
        demand(_distinct(row["s"], _is_text) and _distinct(row["g"], _is_text), "a row's tags or groups")
        demand(all(HEX16.fullmatch(label) for label in row["g"]), "a group's label")


def _check_hashes(value: Any, count: int | None = None) -> None:
    demand(type(value) is dict, "commitments or slips")
    for party, row in value.items():
        demand(_is_name(party) and type(row) is list and all(map(_is_hex, row)), "commitments or slips")
        demand(count is None or len(row) == count, "the number of commitments")


def check_draw_forms(t: Any) -> None:
    """The form of a transcript (draw.md sections 2, 3, 6, 8)."""
    exact_keys(t, DRAW_PARTS, "the transcript")
    check_draw_params(t["params"])
    check_draw_rows(t["rows"])
    demand(t["commits"], "nobody committed")
    _check_hashes(t["commits"], math.comb(len(t["params"]["trustees"]), t["params"]["k"] - 1))
    _check_hashes(t["slips"])
    demand(type(t["beacon"]) is str and ASCII.fullmatch(t["beacon"]), "the beacon's value")
    demand(type(t["waves"]) is list, "waves")
    for wave in t["waves"]:
        demand(type(wave) is dict and all(map(_is_hex, wave)), "a wave")
        demand(all(type(o) is str and re.fullmatch("[ADNRX]", o) for o in wave.values()), "an outcome")
    _check_draw_value(t["result"])
    demand(type(t["openings"]) is dict, "openings")
    for handle, opening in t["openings"].items():
        demand(_is_hex(handle) and type(opening) is list and len(opening) == 2, "an opening")
        demand(_is_hex(opening[0]) and type(opening[1]) is dict, "an opening")
        _check_draw_value(opening[1])


def draw_seats(p: Mapping[str, Any], rows: list[Any], order: list[str], waves: list[Any]) -> dict[str, Any]:
    """Calls, panel and shortfall after the waves, and who is pending (draw.md sections 5 and 6)."""
    by_handle = {row["h"]: row for row in rows}
    seats: dict[str, tuple[str, bool]] = {}  # handle → (stratum, accepted)
    called: set[str] = set()
    calls: list[list[list[str]]] = []
    for wave in (None, *waves):
        if wave is not None:
            open_seats = {h for h, (_, accepted) in seats.items() if not accepted}
            lawful = all(h in seats and (o == "X") is seats[h][1] for h, o in wave.items())
            demand(
                lawful and open_seats <= wave.keys(), f"wave {len(calls) - 1} does not settle who was called"
            )
            for handle, outcome in wave.items():
                stratum = seats.pop(handle)[0]
                if outcome == "A":
                    seats[handle] = stratum, True
        taken = Counter(label for handle in seats for label in by_handle[handle]["g"])
        call: list[list[str]] = []
        for stratum in p["strata"]:
            missing = stratum["quota"] - sum(s == stratum["id"] for s, _ in seats.values())
            for handle in (h for tag in stratum["tags"] for h in order if tag in by_handle[h]["s"]):
                if missing <= 0:
                    break
                groups = by_handle[handle]["g"]
                if handle in called or (p["cap"] and any(taken[g] >= p["cap"] for g in groups)):
                    continue
                called.add(handle)
                seats[handle] = stratum["id"], False
                taken.update(groups)
                call.append([stratum["id"], handle])
                missing -= 1
        calls.append(call)
    panel = {s["id"]: [h for h in order if seats.get(h) == (s["id"], True)] for s in p["strata"]}
    short = {s["id"]: s["quota"] - len(panel[s["id"]]) for s in p["strata"]}
    return {"calls": calls, "panel": panel, "short": {name: n for name, n in short.items() if n > 0}}


def check_draw_slips(ann: bytes, t: Mapping[str, Any], seen: set[str]) -> None:
    """Every party's slips open its commitments, and those of organisations are new; `seen` grows by them. What a phone
    from the floor uses twice harms only its own contribution."""
    p, commits, slips = t["params"], t["commits"], t["slips"]
    for party in p["must"]:
        demand(party in commits, f"{party}, who must contribute, is missing")
    for party in sorted({*commits, *slips}):
        opened = [
            draw_hash(p["alg"], "slip", ann, party, i.to_bytes(4, "big"), bytes.fromhex(slip)).hex()
            for i, slip in enumerate(slips.get(party, []))
        ]
        demand(
            party in slips and opened == commits.get(party),
            f"the slips of {party} do not open its commitments",
        )
    for party, row in slips.items():
        for slip in row if party in p["must"] or not FLOOR_PARTY.fullmatch(party) else ():
            demand(slip not in seen, f"a slip of {party} was used before")
            seen.add(slip)


def draw_seed(ann: bytes, t: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """(T, seed) of draw.md sections 3 and 4."""
    alg, commits, slips = t["params"]["alg"], t["commits"], t["slips"]
    bound: list[bytes | str] = [ann]
    for party in sorted(commits):
        bound += [party, bytes.fromhex("".join(commits[party]))]
    frozen = draw_hash(alg, "freeze", *bound)
    shares = [draw_hash(alg, "contrib", ann, p, *map(bytes.fromhex, slips[p])) for p in sorted(slips)]
    return frozen, draw_hash(alg, "seed", frozen, *shares, t["beacon"])


def draw_order(alg: str, seed: bytes, rows: list[Any]) -> list[str]:
    eligible = [bytes.fromhex(row["h"]) for row in rows if "x" not in row]
    return [h.hex() for _, h in sorted((draw_hash(alg, "ticket", seed, h), h) for h in eligible)]


def check_draw_list(p: Mapping[str, Any], rows: list[Any]) -> None:
    ascending = all(a["h"] < b["h"] for a, b in zip(rows, rows[1:], strict=False))
    demand(ascending, "the rows are not strictly ascending")
    same = len(rows) == p["list_size"] and draw_root(p["alg"], rows) == p["list_root"]
    demand(same, "the list is not the announced one")


def check_draw_opening(p: Mapping[str, Any], rows: list[Any], handle: str, nonce: str, record: Any) -> None:
    computed = draw_hash(p["alg"], "cand", p["scope"], bytes.fromhex(nonce), jcs(record)).hex()
    listed = any(row["h"] == handle for row in rows)
    demand(listed and computed == handle, f"the opening of {handle[:12]} does not lead to a row of the list")


def replay_draw(t: Any, seen: set[str] | None = None) -> dict[str, Any]:
    """Compute a draw from its transcript (draw.md section 8). Raises Invalid."""
    try:
        check_draw_forms(t)
    except MALFORMED as error:
        raise Invalid(f"malformed transcript ({error})") from error
    p, rows = t["params"], t["rows"]
    check_draw_list(p, rows)
    ann = draw_hash(p["alg"], "announce", jcs(p))
    check_draw_slips(ann, t, set() if seen is None else seen)
    demand(
        (p["beacon"] is None) == (t["beacon"] == ""),
        "the public value that was announced is missing"
        if p["beacon"]
        else "a public value was used that nobody announced",
    )
    frozen, seed = draw_seed(ann, t)
    said = t["result"].get("seed") if isinstance(t["result"], dict) else None
    demand(
        said == seed.hex(),
        "the seed is not what the chances and the public value give: one of them was changed, left out or added",
    )
    order = draw_order(p["alg"], seed, rows)
    result = draw_seats(p, rows, order, t["waves"]) | {"seed": seed.hex()}
    demand(not result["calls"][-1], "somebody who was called has not answered")
    demand(jcs(result) == jcs(t["result"]), "the published result is not what the draw gives")
    for handle, (nonce, record) in t["openings"].items():
        check_draw_opening(p, rows, handle, nonce, record)
    hashed = draw_hash(p["alg"], "result", ann, jcs(result)).hex()
    return {
        "announce": ann.hex(),
        "freeze": frozen.hex(),
        "seed": seed.hex(),
        "order": order,
        "result": result,
        "hash": hashed,
    }


# ---------------------------------------------------------------------------------------------
# 8  The checks
# ---------------------------------------------------------------------------------------------

TOLERANCE = timedelta(seconds=60)  # between the clocks of different machines
MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError)
REGULATOR_TYPES = {
    "panel.member-signed-in",
    "panel.representatives",
    "names.refused",
    "expert.rated",
    "advisory.asked",
    "advisory.convened",
    "advisory.chair-replaced",
    "advisory.drafted",
    "advisory.voted",
    "advisory.concluded",
    "review.signed",
    "clarification.asked",
    "clarification.answered",
    "loser.notified",
    "confidential.viewed",
    "deposit.listed",
    "deposit.refunded",
    "deposit.released",
    "deposit.decided",
    "deposit.forfeited",
    "deposit.claimed",
}
FORFEITURES = {"revoked": "M87 23, TBR 35", "contract-refused": "TBR 74", "conditions-added": "TBR 74",
               "no-performance-security": "TBR 74"}  # fmt: skip
OPENING_TYPES = ("opening.", "vault.", "bid.opened")
RECORDED_BY = [  # (files, the entry types of which one must carry their hash)
    (
        r"tender/(v\d+/)?((notice|policy)\.(json|p7s)|(documents|evaluation)\.json)",
        "tender.published tender.amended",
    ),
    (r"tender/clarifications/.+", "tender.clarified"),
    (r"opening/keys/.+", "custodian.key"),
    (r"opening/close\.json", "tender.manifest"),
    (r"opening/releases/.+", "vault.released"),
    (r"opening/bidder-releases/.+", "vault.bidder-released"),
    (r"opening/(record\.json|record\.p7s|outcomes\.json)", "opening.recorded"),
    (r"opening/second\.(json|p7s)", "opening.second-started"),
    (r"opening/second-outcomes\.json", "opening.second-read-out"),
    (r"offers/call\.(json|p7s)", "offers.called"),
    (r"evaluation/(earlier-[0-9]+/)?panel\.json", "panel.imported panel.seated panel.member-replaced"),
    (r"evaluation/replacements/[0-9a-f]{64}\.json", "panel.member-replaced evaluation.reopened"),
    (r"evaluation/void-[0-9a-f]{64}/report\.json", "panel.member-replaced"),
    (r"evaluation/void-[0-9a-f]{64}/report\..+\.p7s", "report.signed"),
    (r"evaluation/demands/.+", "panel.demanded"),
    (r"evaluation/promises/.+\.json", "panel.member-signed-in"),
    (r"evaluation/recusals/.+", "panel.member-recused"),
    (r"evaluation/reviews/.+", "review.signed"),
    (r"evaluation/judgements/.+", "abnormal.voted"),
    (r"evaluation/scores/.+", "scores.locked"),
    (r"evaluation/score-facts/.+", "scores.stated"),
    (r"evaluation/score-reasons/.+", "scores.explained"),
    (r"evaluation/(earlier-[0-9]+/)?score-corrections/.+", "scores.corrected"),
    (r"evaluation/(inputs\.json|report\..+)", "evaluation.reported"),
    (r"result/result\..+", "result.published"),
    (r"result/award-.+", "award.issued"),
    (r"result/contract\..+", "contract.countersigned"),
    (r"supervision/orders/.+", "order.issued"),
    (r"evaluation/earlier-[0-9]+/(inputs\.json|report\..+)", "evaluation.reported"),
    (r"result/earlier-[0-9]+\..+", "result.published"),
    (r"deposits/.+", "deposit.decided"),
    (r"draws/[0-9a-f]{64}/(params|rows|openings)\.json", "draw.announced"),
    (r"draws/[0-9a-f]{64}/commits/.+", "draw.committed"),
    (r"draws/[0-9a-f]{64}/acks/.+", "draw.acked"),
    (r"invited/list\.json", "invited.listed"),
    (r"invited/record\..+", "invited.recorded"),
    (r"works/notice\..+", "works.published"),
    (r"works/balls\.json", "works.listed"),
    (r"works/award-.+", "works.awarded"),
    (r"works/check-.+", "works.awarded works.rejected"),
    (r"draws/[0-9a-f]{64}/waves/.+", "draw.wave"),
]
CARRIED_OUT = {  # entry type → the orders it may rest on
    "tender.suspended": {"suspend"},
    "tender.resumed": {"resume"},
    "award.voided": {"void-award", "re-evaluate", "new-committee"},
    "evaluation.reopened": {"re-evaluate", "new-committee"},
}
STOPPED = {  # what may not happen while a tender is suspended
    "tender.closed",
    "opening.started",
    "review.signed",
    "evaluation.reported",
    "award.confirmed",
    "result.published",
    "award.issued",
    "contract.signed",
}
CLOSED_ONLY = STOPPED | {"award.voided", "award.declined"}  # what needs a close before it
MUST_BE_SIGNED = re.compile(
    r"(tender/((v\d+/)?(notice|policy)|clarifications/.+)|offers/call|opening/(record|second|keys/.+|releases/.+|bidder-releases/.+)|evaluation/(reviews|judgements|promises|recusals|scores|score-facts|score-reasons)/.+|evaluation/(earlier-[0-9]+/)?score-corrections/.+|result/.+|deposits/decisions/.+|supervision/orders/.+|works/(notice|award-.+)|draws/[^/]+/(commits|acks|waves)/.+"
    r"|bids/[^/]+/bid|withdrawals/[^/]+/withdraw)\.json"
)
BUYERS_SIGN = re.compile(
    r"(tender/.+|offers/call|opening/(record|second)|result/(result|award-.+)|deposits/decisions/.+|works/(notice|award-.+))\.json"
)
"""What the purchaser or its agency signs, and nobody else."""
FILE_FIELDS = {
    "notice",
    "p7s",
    "documents",
    "policy",
    "policy_p7s",
    "evaluation",
    "cks",
    "release",
    "record",
    "act",
    "outcomes",
    "panel",
    "review",
    "sheet",
    "facts",
    "replacement",
    "correction",
    "promise",
    "statement",
    "demand",
    "wave",
    "inputs",
    "report",
    "result",
    "award",
    "close",
    "clarification",
    "call",
    "file",
    "params",
    "rows",
    "openings",
    "commit",
    "ack",
}
LOTTERY, MOST_CALLED = "lottery", 20
"""The purpose of a works' draws; so many of the order a draw of the winner names."""
LOW_PRICE = "low-price"
PRICES_COMPARED = 3
"""The method by sealed prices; so many of them are compared at least."""
MANDATORY = {"works": Fraction(4_000_000), "goods": Fraction(2_000_000), "services": Fraction(1_000_000)}
"""Estimates from which a project with public money must be tendered (O16 art. 5)."""
PUBLIC_FUNDS = Fraction(2_000_000)
FEW_BIDDERS, FEW_OFFERS = "fewer than three bidders", "fewer final offers than needed"
"""Reasons of failures, as entries have them."""
REPLACEMENTS = {"recusal": "GPR 9", "illness": "M87 49", "absence": "M87 49"}
"""Why a member is replaced after the evaluation has begun, with the article."""
COMMITTEE = "panel"
"""The purpose of draws of a committee's experts."""
OUTCOMES = {"A": "accepting", "D": "declining", "N": "not answering", "R": "recused", "X": "removed"}
COMMITTEES = {"panel.imported", "panel.seated", "panel.member-replaced"}
"""Entries that fix the committee's document: of each committee the last one's is in the bundle."""
CHANGES_NO_BID = frozenset(  # fields of a tender whose change makes nobody write another bid
    {
        "title",
        "title_en",
        "contact",
        "approval",
        "investment_code",
        "deadline",
        "notice_until",
        "documents_until",
    }
    | {"committee", "experts"}
)
BEIJING = timezone(timedelta(hours=8))


class _About:
    """`with audit.about("bid X"):` turns whatever is wrong inside into a named problem."""

    def __init__(self, audit: Audit, what: str) -> None:
        self.audit, self.what = audit, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, NotSupported):
            self.audit.unchecked.append(f"{self.what}: {error}")
        elif isinstance(error, Invalid):
            self.audit.problems.append(f"{self.what}: {error}")
        elif isinstance(error, MALFORMED):
            self.audit.problems.append(f"{self.what}: malformed evidence ({type(error).__name__}: {error})")
        else:
            return False
        return True


class Audit:
    """One run over one bundle. `lines` is filled by `run`; problems of a step never stop the next one."""

    def __init__(
        self, bundle: Bundle, trust: Trust | None, earlier: Mapping[str, bytes] | None = None
    ) -> None:
        self.whole, self.bundle = bundle, bundle.part(FINAL_OFFERS, outside=True)
        """Every file, and those that are about this tender itself."""
        self.outside, self.earlier = trust, dict(earlier or {})
        self.own: list[tuple[str, Any]] = []
        """Openings of people who were in the list of a draw, given by themselves: (file, JSON)."""
        self.problems: list[str] = []
        self.unchecked: list[str] = []
        self.notes: list[str] = []
        self.lines: list[tuple[str, str, str]] = []
        self.sheets: dict[str, Any] = {}
        self.opened: set[str] = set()
        self.draws: list[_DrawAudit] = []
        self.evaluation: dict[str, Any] | None = None
        self.procurement: Audit | None = None
        """Of final offers: the audit of the procurement that they belong to."""
        self.certificates: dict[str, x509.Certificate] = {}
        """Of good signatures in the bundle, by fingerprint."""
        self.parent: Audit | None = None
        """Of sealed prices or final offers: the audit of what they belong to."""
        self.served: dict[str, dict[str, str]] = {kind: {} for kind in DRAW_SIGNERS}
        """Who signed in its draws, by the trust file's kind: name → controller."""

    # -- running ------------------------------------------------------------------------------

    def run(self) -> bool:
        """Run V1 to V13, of a lottery V1 to V6, V12 to V14; True when nothing is wrong."""
        good = True
        for number, step in self.steps.items():
            self.problems, summary = [], ""
            with self.about((step.__doc__ or "").split("\n")[0].rstrip(".")):
                summary = step() or ""
            good &= not self.problems
            for problem in self.problems:
                words = in_chinese(problem) if self.lottery and number in (13, 14) else ""
                self.lines.append((f"V{number}", "FAIL", problem + words))
            if not self.problems:
                nothing = summary.startswith("nothing")
                self.lines.append((f"V{number}", "--" if nothing else "ok", summary))
        return good

    @property
    def steps(self) -> dict[int, Callable[[], str]]:
        """The checks by their number."""
        first = {1: self.v1, 2: self.v2, 3: self.v3, 4: self.v4, 5: self.v5, 6: self.v6}
        if self.lottery:
            return {**first, 12: self.v12, 13: self.v13, 14: self.v14}
        return {
            **first,
            7: self.v7,
            8: self.v8,
            9: self.v9,
            10: self.v10,
            11: self.v11,
            12: self.v12,
            13: self.v13,
        }

    @functools.cached_property
    def lottery(self) -> bool:
        """Whether the bundle is of small works whose contractor is drawn by lot, and not of a tender."""
        return "works/notice.json" in self.bundle

    def about(self, what: str) -> _About:
        return _About(self, what)

    def fail(self, problem: str) -> None:
        self.problems.append(problem)

    # -- evidence, read once -------------------------------------------------------------------

    @functools.cached_property
    def trust(self) -> Trust:
        return self.outside or Trust.parse(self.bundle.read("policy/trust.json"))

    @functools.cache  # noqa: B019 - one Audit per process
    def doc(self, path: str) -> Any:
        try:
            return parse_canonical(self.bundle.read(path))
        except Invalid as error:
            raise Invalid(str(error) if path in str(error) else f"{path}: {error}") from error

    @functools.cache  # noqa: B019
    def file_hash(self, path: str) -> str:
        return self.bundle.digest(path)

    def _digest(self, path: str) -> str:
        """The hash of any file; of those about this tender itself it is kept."""
        return self.file_hash(path) if path in self.bundle else self.whole.digest(path)

    @functools.cached_property
    def listed(self) -> dict[str, Mapping[str, Any]]:
        """path → row of MANIFEST.json"""
        manifest = self.doc("MANIFEST.json")
        return {row["path"]: row for row in manifest["files"]}

    @functools.cached_property
    def complete(self) -> bool:
        """Whether this is the regulator's bundle."""
        left_out = [
            path for path, row in self.listed.items() if row["tier"] == "regulator" and path not in self.whole
        ]
        return not left_out

    @functools.cached_property
    def head(self) -> Checkpoint:
        return parse_checkpoint(self.bundle.read("log/checkpoint"))

    @functools.cached_property
    def entries(self) -> dict[int, bytes]:
        found = {}
        for path in self.bundle.under("log/entries/"):
            match = re.fullmatch(r"log/entries/(0|[1-9]\d*)\.json", path)
            if not match:
                raise Invalid(f"{path} is not an entry's name")
            found[int(match[1])] = self.bundle.read(path)
        return dict(sorted(found.items()))

    @functools.cached_property
    def parsed(self) -> dict[int, Mapping[str, Any]]:
        found = {}
        for index, raw in self.entries.items():
            with self.about(f"entry {index}"):
                found[index] = parse_canonical(raw)
        return found

    @functools.cached_property
    def blinded(self) -> dict[int, str]:
        return {i: e["c"] for i, e in self.parsed.items() if e.get("typ") == "ebid.leaf"}

    @functools.cached_property
    def openings(self) -> dict[int, Mapping[str, Any]]:
        return {o["leaf_index"]: o for o in self.doc("log/openings.json")}

    @functools.cached_property
    def acts(self) -> list[Act]:
        found = []
        for index, entry in self.parsed.items():
            if entry.get("typ") != "ebid.leaf":
                path = f"payloads/{entry['pl'][0]}.json" if entry["pl"] else ""
                payload = self.doc(path) if path in self.bundle else None
                found.append(Act(index, entry["type"], entry["t"], entry, payload))
        return found

    def of_type(self, name: str) -> list[Act]:
        return [act for act in self.acts if act.type == name]

    def known(self, name: str) -> list[tuple[Act, Mapping[str, Any]]]:
        """Acts of a type whose payload is there."""
        return [(act, act.payload) for act in self.of_type(name) if act.payload is not None]

    @functools.cached_property
    def recorded(self) -> dict[str, list[Act]]:
        """Every string in a payload (hashes above all) → the acts that carry it."""
        found: dict[str, list[Act]] = {}
        for act in self.acts:
            for value in _strings(act.payload):
                found.setdefault(value, []).append(act)
        return found

    @functools.cached_property
    def policy(self) -> Mapping[str, Any]:
        policy: Mapping[str, Any] = self.doc("tender/policy.json")
        return policy

    @functools.cached_property
    def versions(self) -> list[str]:
        """The folders of the published versions, oldest first; the last one, tender/, counts."""
        found = {m[0] for path in self.bundle.members if (m := re.match(r"tender/v[1-9]\d*(?=/)", path))}
        return [*sorted(found, key=lambda folder: int(folder[len("tender/v") :])), "tender"]

    @functools.cached_property
    def statements(self) -> dict[str, str]:
        """hash → path of every custodian's key statement."""
        paths = [p for p in self.bundle.under("opening/keys/") if p.endswith(".json")]
        return {self.file_hash(path): path for path in paths}

    def statement(self, release: Mapping[str, Any]) -> Mapping[str, Any]:
        """The key statement that the policy names for the custodian of a release."""
        stage = next(s for s in self.policy["stages"] if s["name"] == release["stage"])
        held = next(c for c in stage["custodians"] if c["index"] == release["index"])
        document: Mapping[str, Any] = self.doc(self.statements[held["cks_sha256"]])
        return document

    @functools.cached_property
    def tender(self) -> str:
        return str(self.doc("MANIFEST.json")["tender"])

    @functools.cached_property
    def close(self) -> Mapping[str, Any]:
        close: Mapping[str, Any] = self.doc("opening/close.json")
        return close

    @functools.cached_property
    def sealed(self) -> bool:
        """Whether this is the public's edition about a tender that ended unopened: it keeps every bid blinded."""
        return bool(self.doc("MANIFEST.json").get("edition") == "sealed")

    @functools.cached_property
    def given_up(self) -> Act | None:
        """The act that ended the tender before its close, or before its opening in a sealed edition; None where
        the bundle has a closing list (or still may)."""
        closed = self.of_type("tender.closed") or "opening/close.json" in self.bundle
        if closed and not self.sealed:
            return None
        return next((act for act in self.acts if act.type in ("tender.cancelled", "tender.failed")), None)

    @functools.cached_property
    def rows(self) -> list[Mapping[str, Any]]:
        return list(self.close["entries"])

    @functools.cached_property
    def valid_bids(self) -> list[str]:
        return [row["manifest"] for row in self.rows if row["status"] == "valid"]

    def bid(self, manifest: str) -> Mapping[str, Any]:
        bid: Mapping[str, Any] = self.doc(f"bids/{manifest}/bid.json")
        return bid

    def who(self, manifest: str) -> str:
        try:
            return f"bid {manifest[:12]} of {self.bid(manifest)['bidder']['id']}"
        except (Invalid, *MALFORMED):
            return f"bid {str(manifest)[:12]}"

    @functools.cached_property
    def anchors(self) -> Anchors:
        anchors = Anchors(self.trust.ca_roots, periods=self.trust.times("ca_roots", self.trust.ca_roots))
        for path in self.bundle.under("evidence/certs/"):
            with self.about(path):
                anchors.pool.append(load_certificate(self.bundle.read(path)))
        for path in self.bundle.under("evidence/crls/"):
            with self.about(path):
                anchors.crls.append(x509.load_der_x509_crl(self.bundle.read(path)))
        return anchors

    @functools.cached_property
    def stamp_anchors(self) -> Anchors:
        roots = self.trust.tsa_roots
        return Anchors(roots, self.anchors.pool, self.anchors.crls, self.trust.times("tsa_roots", roots))

    @functools.cache  # noqa: B019
    def cosigned(self, note: bytes) -> datetime | None:
        """When the quorum of trusted witnesses had cosigned, or None when it has not."""
        seen: dict[str, datetime] = {}
        for key in self.trust.witnesses:
            time, name = note_signed_by(note, key), self.trust.witness_of[key]
            if time is not None and self.trust.covers("witness", key.key.hex(), time):
                seen[name] = min(time, seen.get(name, time))
        times = sorted(seen.values())
        return times[self.trust.quorum - 1] if len(times) >= self.trust.quorum else None

    # -- V1 -----------------------------------------------------------------------------------

    def v1(self) -> str:
        """The files are those of the signed manifest."""
        for text in self.whole.disorder:
            self.fail(text)
        note = self.bundle.read("MANIFEST.note")
        with self.about("MANIFEST.note"):
            said, _ = parse_note(note)
            if said != f"tradehall-bundle/v1\n{self.file_hash('MANIFEST.json')}\n".encode():
                raise Invalid("is not about this MANIFEST.json")
            self._log_signed(note, None, "the manifest ")
        left_out = [path for path in self.listed if path not in self.whole]
        for path, row in self.listed.items():
            if path in self.whole and (
                self.whole.members[path].size != row["size"] or self._digest(path) != row["sha256"]
            ):
                self.fail(f"{path} was altered: it is not the file the manifest lists")
            if row["tier"] == "regulator" and not REGULATOR_PATHS.fullmatch(path):
                self.fail(f"{path} may not be kept from the public")
            if row["tier"] not in ("public", "regulator"):
                self.fail(f"{path} is of an unknown tier")
        for path in set(self.whole.members) - set(self.listed) - {"MANIFEST.json", "MANIFEST.note"}:
            self.fail(f"{path} is not listed in the manifest")
        kept = [
            path for path, row in self.listed.items() if row["tier"] == "regulator" and path in self.whole
        ]
        for path in left_out:
            if self.listed[path]["tier"] != "regulator" or kept:
                self.fail(f"{path} is missing")
        if left_out:
            self.unchecked.append(
                f"{len(left_out)} files only the regulator's bundle holds (shares, confidential parts, reviews)"
            )
        return f"{len(self.listed)} files, manifest signed by the log" + (
            f", {len(left_out)} left out for the public" if left_out else ""
        )

    # -- V2 -----------------------------------------------------------------------------------

    def v2(self) -> str:
        """Keys, checkpoints and cosignatures."""
        if self.outside is not None:
            with self.about("policy/trust.json"):
                at = moment(self.doc("MANIFEST.json")["created"])
                for name in Trust.parse(self.bundle.read("policy/trust.json")).differences(self.outside, at):
                    self.fail(f"policy/trust.json: {name} is not what the trust file says")
        with self.about("log/checkpoint"):
            self._check_checkpoint(self.head)
            self._need_quorum(self.head)
        if not self.lottery:
            with self.about("tender/policy.json"):
                self._check_policy_keys()
        checked = 0
        for path in self.bundle.under("log/checkpoints/"):
            with self.about(path):
                point = parse_checkpoint(self.bundle.read(path))
                self._check_checkpoint(point)
                if path != f"log/checkpoints/{point.size}":
                    raise Invalid("is named for another size")
                if not self._connect(point):
                    raise Invalid("has no consistency proof to log/checkpoint")
                checked += 1
        if "opening/close.json" in self.bundle:
            with self.about("the close's checkpoint"):
                self._need_quorum(self._close_checkpoint())
        for name, raw in self.earlier.items():
            with self.about(f"earlier file {name}"):
                self._check_earlier(name, raw)
        times = self.cosigned(self.head.raw)
        return f"tree of {self.head.size} entries, cosigned {stamp(times) if times else '-'}; {checked} older checkpoints are prefixes of it"

    def _check_checkpoint(self, point: Checkpoint) -> None:
        if point.origin != self.trust.log.name:
            raise Invalid(f"is of another log ({point.origin})")
        self._log_signed(point.raw, point.size)

    @functools.cached_property
    def log_keys(self) -> dict[NoteKey, int]:
        """The log's keys → the index of the entry that announced each (-1 for the first): those the trust file
        lists, and those announced in the log itself under a key that already counted."""
        keys = {self.trust.log: -1} | dict(self.trust.rotations)
        paths = self.bundle.under("log/rotations/")
        for path in sorted(paths, key=lambda p: int(re.sub(r"\D", "", p) or 0)):
            with self.about(path):
                key, index = self._announced(path, keys)
                if keys.setdefault(key, index) != index:
                    raise Invalid("the trust file names another entry as this key's announcement")
                self.notes.append(
                    f"the log's key {key.key_id.hex()} is announced by entry {index}, under the key before it"
                )
        return keys

    def _announced(self, path: str, keys: Mapping[NoteKey, int]) -> tuple[NoteKey, int]:
        """The key of an announcement (`key.next`) and its index; Invalid when it is not in the log as it says."""
        said = self.doc(path)
        entry, payload = said["entry"].encode(), said["payload"].encode()
        record, content = parse_canonical(entry), parse_canonical(payload)
        commitment = hexhash(b"ebid-commit/1\n" + b64std(said["nonce"]) + payload)
        if record["type"] != "key.next" or record["tender"] is not None or record["pl"] != [commitment]:
            raise Invalid("is not the announcement of a key")
        before, key = parse_vkey(content["previous"]), parse_vkey(content["next"])
        if before not in keys:
            raise Invalid(f"was announced under a key that nobody vouches for ({before.key_id.hex()})")
        if key.name != before.name or key.algorithm != 1:
            raise Invalid("announces a key of another log")
        statement = f"tradehall-key-next/v1\n{content['previous']}\n{content['next']}\n".encode()
        if not ed25519_valid(key.key, b64std(content["sig"]), statement):
            raise Invalid("was not signed by the key that it announces")
        point, index = parse_checkpoint(said["checkpoint"].encode()), said["index"]
        if point.origin != self.trust.log.name or note_signed_by(point.raw, before) is None:
            raise Invalid("its checkpoint is not signed by the key before it")
        proof = [b64std(text) for text in said["proof"]]
        if root_from_inclusion(index, point.size, leaf_hash(entry), proof) != point.root:
            raise Invalid("is not in the log that the key before it signed")
        if not self._connect(point):
            raise Invalid("its checkpoint has no consistency proof to log/checkpoint")
        return key, index

    def _log_signed(self, note: bytes, size: int | None, what: str = "") -> None:
        """A key of the log signed this note; one that was announced later cannot answer for a smaller tree."""
        signers = [key for key in self.log_keys if note_signed_by(note, key) is not None]
        if not signers:
            raise Invalid(f"{what}is not signed by the log's key ({self.trust.log.name})")
        if size is not None and all(self.log_keys[key] >= size for key in signers):
            raise Invalid("is signed only by a key that the log announced later")
        if size is not None and all(self.trust.retired.get(key, size) < size for key in signers):
            raise Invalid("is signed only by a key that the trust file says was retired before")

    def _need_quorum(self, point: Checkpoint) -> None:
        if self.cosigned(point.raw) is None:
            raise Invalid(
                f"fewer than {self.trust.quorum} trusted witnesses cosigned the tree of {point.size} entries"
            )

    def _check_policy_keys(self) -> None:
        if self.policy["tender"] != self.tender:
            raise Invalid(f"the signed policy is of {self.policy['tender']}")
        if parse_vkey(self.policy["log_key"]) not in self.log_keys:
            raise Invalid("the signed policy names another log key")
        trusted = {w.key for w in self.trust.witnesses}
        for witness in self.policy["witnesses"]:
            if parse_vkey(witness["key"]).key not in trusted:
                raise Invalid(f"the signed policy names witness {witness['name']}, which is not trusted")

    def _close_checkpoint(self) -> Checkpoint:
        size = self.close["tree_size"]
        path = "log/checkpoint" if size == self.head.size else f"log/checkpoints/{size}"
        point = parse_checkpoint(self.bundle.read(path))
        if point.size != size or point.root.hex() != self.close["root"]:
            raise Invalid("the close document's root is not that checkpoint's")
        return point

    def _connect(self, point: Checkpoint) -> bool:
        """Consistency of `point` with log/checkpoint; False when the bundle has no proof for it."""
        if point.size > self.head.size:
            return False
        if point.size in (0, self.head.size):
            if point.size == self.head.size and point.root != self.head.root:
                raise Invalid(f"two different trees of {point.size} entries were signed (fork)")
            return True
        for item in self.doc("log/consistency.json"):
            if item["from"] == point.size and item["to"] == self.head.size:
                proof = [b64std(text) for text in item["proof"]]
                check_consistency(point.size, self.head.size, point.root, self.head.root, proof)
                return True
        if self.whole_log:
            if tree_root(self._all_leaves(point.size)) != point.root:
                raise Invalid(f"the tree of {point.size} entries is not a prefix of this log")
            return True
        return False

    def _check_earlier(self, name: str, raw: bytes) -> None:
        if raw.lstrip().startswith(b"{"):
            receipt = parse_json(raw)
            self._check_own_receipt(receipt)
            raw = receipt["checkpoint"].encode()
        elif raw.startswith(b"c2sp.org/tlog-proof@v1\n"):
            raw = parse_tlog_proof(raw)[2]
        point = parse_checkpoint(raw)
        self._check_checkpoint(point)
        if not self._connect(point):
            self.unchecked.append(
                f"earlier file {name}: the bundle has no consistency proof from {point.size} to {self.head.size} entries"
            )

    def _check_own_receipt(self, receipt: Mapping[str, Any]) -> None:
        """A receipt its holder kept must be in the closing list (vault.md 2.6, check 9)."""
        if not self._receipt_signed(receipt):
            raise Invalid("the receipt is not signed by the policy's receipt key")
        if receipt["tender"] != self.tender or receipt["lot"] != self.policy["lot"]:
            raise Invalid("the receipt is of another tender")
        if self.given_up is not None:
            self.unchecked.append(
                f"receipt {receipt['ref']}: this bundle has no closing list, nothing was opened"
            )
            return
        mine = {"leaf_index": receipt["leaf_index"], "manifest": receipt["manifest"]}
        if not any(mine.items() <= row.items() for row in self.rows):
            raise Invalid(
                f"bid {receipt['manifest'][:12]} (receipt {receipt['ref']}, entry {receipt['leaf_index']}) is missing from the closing list"
            )

    def _receipt_signed(self, receipt: Mapping[str, Any]) -> bool:
        unsigned = {k: v for k, v in receipt.items() if k != "sig"}
        return ed25519_valid(b64url(self.policy["receipt_key"]), b64url(receipt["sig"]), jcs(unsigned))

    # -- V3 -----------------------------------------------------------------------------------

    def v3(self) -> str:
        """Every entry is in the log."""
        for index, raw in self.entries.items():
            with self.about(f"entry {index}"):
                self._check_inclusion(index, raw)
        for path in self.bundle.under("log/proofs/"):
            if f"log/entries/{path[len('log/proofs/') : -len('.tlog-proof')]}.json" not in self.bundle:
                self.fail(f"{path}: its entry is missing")
        self._check_entry_forms()
        if self.whole_log:
            return self._check_whole_log()
        self.unchecked.append("the other entries of the log (this bundle proves those of one tender)")
        return f"{len(self.entries)} entries proved in the tree of {self.head.size}"

    def _check_inclusion(self, index: int, raw: bytes) -> None:
        at, proof, note = parse_tlog_proof(self.bundle.read(f"log/proofs/{index}.tlog-proof"))
        if at != index or note != self.head.raw:
            raise Invalid("its proof is for another entry or checkpoint")
        if root_from_inclusion(index, self.head.size, leaf_hash(raw), proof) != self.head.root:
            raise Invalid(f"these bytes are not in the log ({_describe(raw)})")

    def _check_entry_forms(self) -> None:
        for index, entry in self.parsed.items():
            with self.about(f"entry {index}"):
                if entry.get("typ") == "ebid.leaf":
                    exact_keys(entry, ("v", "typ", "c"), "a blinded entry")
                    continue
                exact_keys(
                    {k: v for k, v in entry.items() if k != "sig"},
                    ("v", "id", "t", "type", "tender", "actor", "cp", "pl"),
                    "an entry",
                )
                moment(entry["t"])
                if entry["tender"] != self.tender:
                    raise Invalid(f"belongs to {entry['tender']}")

    @functools.cached_property
    def whole_log(self) -> bool:
        return any(path.startswith("log/tile/entries/") for path in self.bundle.members)

    def _entry_tiles(self) -> Iterator[tuple[int, list[bytes]]]:
        """(index of the first entry, the entries) of each entry bundle of the whole log."""
        for at in range(0, self.head.size, 256):
            width = min(256, self.head.size - at)
            entries = split_entries(self.bundle.read("log/" + tile_path("entries", at // 256, width)))
            if len(entries) != width:
                raise Invalid(f"the log's entries {at} to {at + width - 1} are not all there")
            yield at, entries

    def _all_leaves(self, size: int) -> list[bytes]:
        return [leaf_hash(entry) for _, entries in self._entry_tiles() for entry in entries][:size]

    def _check_whole_log(self) -> str:
        needle, new = jcs({"tender": self.tender})[1:-1], hashlib.sha256
        tiles, others = [], 0
        for at, entries in self._entry_tiles():
            leaves = [new(b"\x00" + entry).digest() for entry in entries]
            tile = "log/" + tile_path(0, at // 256, len(entries))
            if tile in self.bundle and self.bundle.read(tile) != b"".join(leaves):
                self.fail(f"{tile} does not fit the entries")
            tiles.append(tree_root(leaves))
            for index, entry in enumerate(entries, at):
                if needle in entry:
                    self._check_known(index, entry)
                elif entry.startswith(b'{"c":') and index not in self.openings:
                    others += 1
        if tree_root(tiles) != self.head.root:
            raise Invalid("the whole log does not give the checkpoint's root")
        if others:
            self.unchecked.append(f"{others} blinded entries of other tenders (their own bundles open them)")
        return f"whole log of {self.head.size} entries hashed"

    def _check_known(self, index: int, raw: bytes) -> None:
        if index not in self.entries and parse_json(raw).get("tender") == self.tender:
            self.fail(f"entry {index} ({_describe(raw)}) of this tender is in the log but not in the bundle")

    # -- V4 -----------------------------------------------------------------------------------

    def v4(self) -> str:
        """Nothing of the tender was left out or slipped in."""
        manifests = self.known("tender.manifest")
        if not manifests:
            raise Invalid("no tender.manifest entry: completeness cannot be shown")
        if self.lottery:
            self._check_manifest_entries(manifests)
            return f"{len(self.entries)} entries listed, none missing"
        closing = next(((act, p) for act, p in manifests if p["close"] is not None), None)
        if closing is None and self.given_up is None:
            raise Invalid("no tender.manifest entry carries the close document")
        self._check_manifest_entries(manifests)
        if closing is None or self.sealed:
            self._check_still_sealed()
            when = "unopened" if self.sealed else "before its close"
            return (
                f"{len(self.entries)} entries listed, none missing; no closing list, the tender ended {when}"
            )
        with self.about("opening/close.json"):
            self._check_closing(*closing)
        self._check_rows()
        return f"{len(self.rows)} bids and withdrawals in the closing list; {len(self.entries)} entries listed, none missing"

    def _check_manifest_entries(self, manifests: list[tuple[Act, Mapping[str, Any]]]) -> None:
        before: set[int] = set()
        for act, payload in manifests:
            kept = before & set(self.blinded) if payload.get("sealed") else set()
            listed = set(payload["plain"]) | set(payload["blinded"]) | kept
            for index in sorted(before - listed):
                self.fail(f"{act} no longer lists entry {index}")
            before = listed
            if payload["tree_size"] > act.index:
                self.fail(f"{act} speaks of a tree that did not exist yet")
        last, payload = manifests[-1]
        if payload.get("sealed", False) is not self.sealed:
            raise Invalid(f"{last} was made for another edition of the bundle")
        for index in sorted(set(payload["plain"]) - {a.index for a in self.acts}):
            self.fail(f"entry {index} is listed by the tender's manifest but missing or another kind")
        for index in sorted(set(payload["blinded"]) - set(self.blinded)):
            self.fail(f"blinded entry {index} is listed by the tender's manifest but missing or another kind")
        for index in self.entries:
            if index not in before and index != last.index:
                self.fail(
                    f"entry {index} ({_describe(self.entries[index])}) was inserted: the tender's manifest does not list it"
                )

    def _check_still_sealed(self) -> None:
        """A tender that ended before its close tells nothing of who has bid; nor does the edition for the public
        of one that ended before its opening."""
        inside = re.compile(r"(bids|withdrawals|evaluation|result)/|opening/(?!keys/)")
        for path in self.bundle.members:
            if inside.match(path) or (self.sealed and path.startswith("deposits/")):
                self.fail(f"{path} is in the bundle of a tender that ended before its {self._sealed_until}")
        for index, opening in self.openings.items():
            if self.sealed or opening["kind"] in ("bid", "withdraw"):
                self.fail(
                    f"{self._at(index)} is laid open, though the tender ended before its {self._sealed_until}"
                )
        self.unchecked.append(
            "who had bid: no bid was opened, the closing list is in the regulator's bundle"
            if self.sealed and self.of_type("tender.closed")
            else "who had bid when the tender ended: those entries stay blinded for good"
        )

    @property
    def _sealed_until(self) -> str:
        return "opening" if self.sealed else "close"

    def _check_closing(self, act: Act, payload: Mapping[str, Any]) -> None:
        close = self.close
        exact_keys(
            close,
            ("v", "typ", "tender", "lot", "deadline", "at", "tree_size", "root", "entries", "sig"),
            "the close document",
        )
        if payload["close"] != self.file_hash("opening/close.json"):
            self.fail(f"opening/close.json is not the closing list that {act} recorded")
        if (payload["tree_size"], payload["root"]) != (close["tree_size"], close["root"]):
            self.fail(f"{act} and the closing list speak of different trees")
        if close["tender"] != self.tender or close["lot"] != self.policy["lot"]:
            self.fail("the closing list is of another tender")
        indices = [row["leaf_index"] for row in self.rows]
        if indices != sorted(set(indices)):
            self.fail("the closing list is not in the order of the log")
        for index in sorted(set(payload["blinded"]) - set(indices)):
            self.fail(f"{self._at(index)} is missing from the closing list, which {act} says holds it")
        for index in sorted(set(indices) - set(payload["blinded"])):
            self.fail(f"{self._at(index)} is in the closing list but not in {act}")
        for index, opening in self.openings.items():
            if opening["kind"] in ("bid", "withdraw") and index < close["tree_size"] and index not in indices:
                self.fail(f"{self._at(index)} is missing from the closing list")

    def _at(self, index: int) -> str:
        opening = self.openings.get(index)
        if opening is None:
            return f"entry {index}"
        return f"{self.who(opening['digest'])} (entry {index}, {opening['kind']})"

    def _check_rows(self) -> None:
        expected = self._statuses()
        listed = set()
        for row in self.rows:
            with self.about(self._at(row["leaf_index"])):
                opening = self.openings[row["leaf_index"]]
                folder = "bids" if opening["kind"] == "bid" else "withdrawals"
                name = "bid" if opening["kind"] == "bid" else "withdraw"
                listed.add(f"{folder}/{row['manifest']}/")
                if opening["digest"] != row["manifest"]:
                    raise Invalid("the closing list names another document than the leaf")
                if self.file_hash(f"{folder}/{row['manifest']}/{name}.json") != row["manifest"]:
                    raise Invalid(f"{name}.json was altered: its hash is not that of the closing list")
                if expected.get(row["leaf_index"]) != row["status"]:
                    raise Invalid(
                        f"its status is {row['status']}, by the log it is {expected.get(row['leaf_index'])}"
                    )
        present = {
            "/".join(p.split("/")[:2]) + "/"
            for p in self.bundle.members
            if p.startswith(("bids/", "withdrawals/"))
        }
        for folder in sorted(present - listed):
            self.fail(
                f"{self.who(folder.split('/')[1])} is in the bundle ({folder}) but missing from the closing list"
            )

    def _statuses(self) -> dict[int, str]:
        """Status of each row by the rules of 2.7: last bid counts, unless withdrawn or of an older policy."""
        result: dict[int, str] = {}
        current: dict[str, tuple[int, str]] = {}
        policy_hash = self.file_hash("tender/policy.json")
        for row in self.rows:
            index, manifest = row["leaf_index"], row["manifest"]
            if self.openings[index]["kind"] == "withdraw":
                document = self.doc(f"withdrawals/{manifest}/withdraw.json")
                result[index] = "withdrawn"
                held = current.get(document["bidder"]["id"])
                if held and held[1] == document["manifest"]:
                    result[held[0]] = "withdrawn"
                    del current[document["bidder"]["id"]]
                continue
            bid = self.bid(manifest)
            held = current.get(bid["bidder"]["id"])
            if held and result[held[0]] == "valid":
                result[held[0]] = "superseded"
            result[index] = "valid" if bid["policy"] == policy_hash else "policy-superseded"
            current[bid["bidder"]["id"]] = (index, manifest)
        return result

    # -- V5 -----------------------------------------------------------------------------------

    def v5(self) -> str:
        """Payloads open their commitments, files are those the log recorded."""
        redacted = {p["commitment"]: p["basis"] for _, p in self.known("payload.redacted")}
        counts: Counter[str] = Counter()
        belonging = set()
        for act in self.acts:
            for place, commitment in enumerate(act.entry["pl"]):
                belonging.add(commitment)
                with self.about(f"{act}"):
                    counts[self._check_payload(act, place, commitment, redacted)] += 1
        for path in self.bundle.under("payloads/"):
            if path.split("/")[1].partition(".")[0] not in belonging:
                self.fail(f"{path} belongs to no entry")
        for index, commitment in self.blinded.items():
            with self.about(f"blinded entry {index}"):
                self._check_blinded(index, commitment)
        for index in sorted(set(self.openings) - set(self.blinded)):
            self.fail(f"log/openings.json opens entry {index}, which is not in the bundle")
        self._check_recorded_files()
        if counts["redacted"]:
            self.notes.append(
                f"{counts['redacted']} payloads were redacted, each with its legal basis in the log"
            )
        if counts["left out"]:
            self.unchecked.append(f"{counts['left out']} payloads only the regulator's bundle holds")
        return f"{counts['opened']} payloads and {len(self.openings)} blinded entries open their commitments"

    def _regulators(self, act: Act) -> bool:
        """Whether an act's payload may be the regulator's alone; of talks and final offers until the result."""
        talks = act.type.startswith("offers.") and not self.of_type("result.published")
        return act.type in REGULATOR_TYPES or talks

    def _check_payload(self, act: Act, place: int, commitment: str, redacted: Mapping[str, str]) -> str:
        path = f"payloads/{commitment}"
        if f"{path}.json" in self.bundle:
            nonce, body = self.bundle.read(f"{path}.nonce"), self.bundle.read(f"{path}.json")
            if len(nonce) != 32 or hexhash(b"ebid-commit/1\n" + nonce + body) != commitment:
                raise Invalid(f"its payload {path}.json was altered: it does not open the commitment")
            if (
                self.listed[f"{path}.json"]["tier"] == "regulator"
                and place == 0
                and not self._regulators(act)
            ):
                raise Invalid("its payload may not be kept from the public")
            return "opened"
        if commitment in redacted:
            return "redacted"
        row = self.listed.get(f"{path}.json")
        if self.sealed and (place or self._regulators(act) or act.type == "tender.manifest"):
            return "left out"
        if row and row["tier"] == "regulator" and (place or self._regulators(act)):
            return "left out"
        raise Invalid(f"its payload {commitment[:12]} is missing and no payload.redacted entry says why")

    def _check_blinded(self, index: int, commitment: str) -> None:
        if index not in self.openings:
            raise Invalid("is not opened in log/openings.json")
        opening = self.openings[index]
        exact_keys(
            opening, ("leaf_index", "kind", "tender", "lot", "seq", "digest", "at", "salt"), "an opening"
        )
        fields = (opening["kind"], opening["tender"], opening["lot"], opening["seq"].to_bytes(4, "big"))
        leaf = lp(
            "ebid/v1/leaf", b64url(opening["salt"]), *fields, bytes.fromhex(opening["digest"]), opening["at"]
        )
        if hexhash(leaf) != commitment:
            raise Invalid(f"its opening ({opening['kind']} at {opening['at']}) does not fit the leaf")
        if opening["tender"] != self.tender and (opening["kind"], opening["tender"]) != ("dummy", ""):
            raise Invalid(f"it belongs to {opening['tender']}")

    def _recording(self, path: str) -> Act | None:
        """The entry that recorded this very file, of the type that must."""
        acts = self.recorded.get(self.file_hash(path), [])
        return next((act for act in acts if act.type in _recorded_by(path).split()), None)

    def _check_recorded_files(self) -> None:
        for path in self.listed:
            kind = _recorded_by(path)
            if kind and path in self.bundle and self._recording(path) is None:
                self.fail(f"{path} is not a document that the log recorded ({kind.replace(' ', ' or ')})")
        hashes_listed = {row["sha256"] for row in self.listed.values()}
        read_out = [act for act in self.acts if act.type == "opening.second-read-out"]
        fixed = [act for act in self.acts if act.type in COMMITTEES]
        for act in self.acts:
            if act in read_out[:-1]:
                continue  # outcomes after a decision: the last ones are here
            fields = FILE_FIELDS | ({"reason"} if act.type == "scores.explained" else set())
            for name, value in _named_strings(act.payload):
                if name == "openings" and self._still_sealed(act):
                    continue
                if name == "panel" and act in fixed[:-1]:
                    continue  # another took a seat since, or the next one was to come
                if act.type == "scores.locked" and "evaluation/inputs.json" not in self.bundle:
                    continue  # nobody's sheet is shown before everybody's is locked
                if (
                    name in fields
                    and any(act.type in kinds.split() for _, kinds in RECORDED_BY)
                    and value not in hashes_listed
                ):
                    self.fail(f"the document {name} {value[:12]} that {act} recorded is missing")

    def _still_sealed(self, act: Act) -> bool:
        """Whether the names of a committee's draw are not handed over yet: they lie sealed in the bundle, and the
        hall cannot open them."""
        folder = f"draws/{(act.payload or {}).get('draw')}"
        return f"{folder}/sealed.json" in self.listed and f"{folder}/openings.json" not in self.listed

    # -- V6 -----------------------------------------------------------------------------------

    def v6(self) -> str:
        """Signatures and certificates at their time."""
        count = 0
        for path in sorted(p for p in self.bundle.members if p.endswith(".p7s")):
            with self.about(self._signed_name(path)):
                self._check_signature(path)
                count += 1
        phones = self._check_floor_signatures()
        for path in self.bundle.members:
            signed = {self._cms_path(path), path.removesuffix(".json") + ".sig"} & self.bundle.members.keys()
            if MUST_BE_SIGNED.fullmatch(path) and not signed:
                self.fail(f"{path} carries no signature")
        if self.lottery:
            return f"{count} signatures with chain and revocation, {phones} by phones from the floor"
        receipts = [p for p in self.bundle.members if p.endswith("/receipt.json")]
        for path in receipts:
            with self.about(f"receipt of {self.who(path.split('/')[1])}"):
                self._check_receipt(path)
        if "opening/close.json" in self.bundle and not self._receipt_signed(self.close):
            self.fail("opening/close.json: the closing list is not signed by the policy's receipt key")
        self._check_key_statements()
        for folder in self.versions:
            if f"{folder}/notice.json" in self.bundle:
                with self.about(f"{folder}/notice.json"):
                    self._check_notice(folder)
        return f"{count} signatures with chain and revocation, {len(receipts)} receipts"

    def _check_floor_signatures(self) -> int:
        """Commitments from the floor: signed with the key that the party's name follows from."""
        found = [path for path in self.bundle.members if path.endswith(".sig")]
        for path in found:
            with self.about(path):
                if not re.fullmatch(r"draws/[0-9a-f]{64}/commits/[0-9a-f]{64}\.sig", path):
                    raise Invalid("only commitments from the floor are signed without a certificate")
                document = path.removesuffix(".sig") + ".json"
                self._check_floor_signature(
                    self.doc(document), self.bundle.read(document), self.bundle.read(path)
                )
        return len(found)

    @staticmethod
    def _check_floor_signature(said: Mapping[str, Any], raw: bytes, signature: bytes) -> None:
        point = bytes.fromhex(said["key"])
        if said["party"] != "floor-" + hexhash(point)[:16]:
            raise Invalid("the party has another name than its key gives")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        try:
            key.verify(encode_dss_signature(r, s), raw, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise Invalid("it is not signed with that key") from error

    @staticmethod
    def _cms_path(path: str) -> str:
        return path.removesuffix(".json") + ".p7s"

    def _signed_name(self, path: str) -> str:
        folder = path.split("/")
        return f"{path} ({self.who(folder[1])})" if folder[0] == "bids" else path

    def _check_signature(self, path: str) -> None:
        document = (
            re.sub(r"(/report|/record)\.[^/]*\.p7s$", r"\1.json", path)
            .removesuffix(".p7s")
            .removesuffix(".json")
            + ".json"
        )
        raw, cms = self.bundle.read(document), self.bundle.read(path)
        when = self._signing_moment(document)
        certificate = verify_cades(cms, raw, self.anchors, when)
        self.certificates[fingerprint(certificate)] = certificate
        wanted = self._expected_signer(document, path)
        if wanted is not None and fingerprint(certificate) != wanted:
            raise Invalid(f"signed by {subject_of(certificate)}, not by the certificate it should be")
        if document.startswith(("bids/", "withdrawals/")) and not names_organisation(
            certificate, self.doc(document)["bidder"]["id"]
        ):
            raise Invalid(f"signed for another enterprise ({subject_of(certificate)})")
        if document == "result/contract.json" and not names_organisation(
            certificate, self.doc(document)["supplier"]["id"]
        ):
            raise Invalid(f"signed by somebody else than the supplier ({subject_of(certificate)})")
        if BUYERS_SIGN.fullmatch(document):
            self._check_buyer(certificate)
        if document.startswith(("tender/", "opening/record", "result/", "works/")):
            self.notes.append(f"{document} is signed by {subject_of(certificate)}")

    def _check_buyer(self, certificate: x509.Certificate) -> None:
        """The purchaser (招标人、采购人) or its agency signed."""
        if not self.buyers:
            self.unchecked.append(
                "that the purchaser or its agency signed: nothing published in this bundle names them"
            )
        elif not any(is_of(certificate, code, name) for code, name in self.buyers):
            wanted = " or ".join(" ".join(filter(None, (name, code))) for code, name in self.buyers)
            raise Invalid(f"signed by {subject_of(certificate)}, not by {wanted}")

    @functools.cached_property
    def buyers(self) -> list[tuple[str, str]]:
        """(credit code, name) of the purchaser and of its agency, as the published documents name them; older ones say
        their names alone."""
        if self.parent is not None:
            return self.parent.buyers
        if self.lottery:
            notice = self.doc("works/notice.json")
            return [(one["id"], one["name"]) for one in (notice["owner"], notice.get("agency")) if one]
        first = next(
            (f"{folder}/notice.json" for folder in self.versions if f"{folder}/notice.json" in self.bundle),
            "",
        )
        if first and (said := self.doc(first).get("buyers")):
            return [(one["id"], one["name"]) for one in said]
        path = "tender/files/tender-document.json"
        document = self.doc(path) if path in self.bundle else {}
        return [("", str(document[who])) for who in ("purchaser", "agency") if document.get(who)]

    def _check_named_buyers(self, folder: str, notice: Mapping[str, Any]) -> None:
        """No version has other buyers, and the tender document names the same."""
        said = notice.get("buyers")
        if self.parent is not None or said is None:
            return
        if [(one["id"], one["name"]) for one in said] != self.buyers:
            self.fail(f"{folder}/notice.json names another purchaser or agency than the first notice")
        path = "tender/files/tender-document.json"
        document = self.doc(path) if path in self.bundle else {}
        for who in ("purchaser", "agency"):
            if document.get(who, said[0]["name"]) not in [one["name"] for one in said]:
                self.fail(f"{path} names {document[who]} as {who}, which {folder}/notice.json does not")

    def _signing_moment(self, document: str) -> datetime:
        folder = document.split("/")[0]
        if folder in ("bids", "withdrawals"):
            return moment(self.doc(document.rsplit("/", 1)[0] + "/receipt.json")["at"])
        act = self._recording(document)
        if act is None:
            raise Invalid("no entry of the log records this document, so its time is unknown")
        return moment(act.time)

    def _expected_signer(self, document: str, path: str) -> str | None:
        """The certificate's fingerprint, where a signed document says who must sign."""
        content = self.doc(document)
        if document.startswith(("bids/", "withdrawals/")):
            return str(content["bidder"]["cert_sha256"])
        if re.match(r"draws/[^/]+/waves/", document):
            known = self.known("draw.announced")
            return next((str(p.get("caller")) for _, p in known if p["draw"] == content["draw"]), "nobody")
        if document.startswith("draws/"):
            return str(content["cert_sha256"])
        if document.startswith("opening/keys/"):
            return str(content["custodian"]["cert_sha256"])
        if document.startswith("opening/releases/"):
            return str(self.statement(content)["custodian"]["cert_sha256"])
        if document.startswith("evaluation/recusals/"):
            return str(content["cert_sha256"])
        member = content.get("member")
        if re.fullmatch(r"evaluation/(earlier-[0-9]+/)?report\.json", document):
            member = path.split("report.", 1)[1].removesuffix(".p7s")
        if document.startswith("evaluation/"):
            return next(
                (
                    str(m["cert_sha256"])
                    for panel in sorted(self.bundle.members)
                    if re.fullmatch(r"evaluation/(earlier-[0-9]+/)?panel\.json", panel)
                    for m in self.doc(panel)["members"]
                    if m["member"] == member
                ),
                "nobody",
            )
        return None

    def _check_receipt(self, path: str) -> None:
        receipt, folder = self.doc(path), path.rsplit("/", 1)[0]
        name = "bid" if folder.startswith("bids/") else "withdraw"
        if not self._receipt_signed(receipt):
            raise Invalid("it is not signed by the policy's receipt key")
        opening = self.openings[receipt["leaf_index"]]
        for mine, its in (
            ("kind", "kind"),
            ("tender", "tender"),
            ("lot", "lot"),
            ("seq", "seq"),
            ("manifest", "digest"),
            ("at", "at"),
            ("salt", "salt"),
        ):
            if receipt[mine] != opening[its]:
                raise Invalid(f"its {mine} is not that of the leaf")
        if receipt["manifest"] != self.file_hash(f"{folder}/{name}.json") or receipt["cms"] != self.file_hash(
            f"{folder}/{name}.p7s"
        ):
            raise Invalid("it was given for other bytes than the stored ones")
        if receipt["received"] != receipt["at"]:
            raise Invalid("received and logged times differ")
        point = parse_checkpoint(receipt["checkpoint"].encode())
        self._check_checkpoint(point)
        self._connect(point)
        leaf = leaf_hash(self.entries[receipt["leaf_index"]])
        proof = [_b64_any(text) for text in receipt["proof"]]
        if root_from_inclusion(receipt["leaf_index"], point.size, leaf, proof) != point.root:
            raise Invalid("its inclusion proof does not lead to its checkpoint")
        if receipt["tsa"] is not None:
            token = verify_timestamp(
                b64url(receipt["tsa"]), self.entries[receipt["leaf_index"]], self.stamp_anchors
            )
            if abs(token.time - moment(receipt["at"])) > TOLERANCE:
                self.notes.append(
                    f"the receipt of {self.who(receipt['manifest'])} was time-stamped {stamp(token.time)}"
                )

    def _check_key_statements(self) -> None:
        """The policy's custodian keys are those that the custodians signed (vault.md 2.2)."""
        for folder in self.versions:
            self._check_policy_statements(self.doc(f"{folder}/policy.json"))

    def _check_policy_statements(self, policy: Mapping[str, Any]) -> None:
        for stage in policy["stages"]:
            if stage["mode"] != "bidder" and not 2 <= stage["t"] <= stage["n"] == len(
                {c["index"] for c in stage["custodians"]}
            ):
                self.fail(
                    f"stage {stage['name']} has no proper threshold ({stage['t']} of {len(stage['custodians'])})"
                )
            for custodian in stage["custodians"]:
                with self.about(f"custodian {custodian['id']}"):
                    path = self.statements.get(custodian["cks_sha256"], "")
                    if not path:
                        raise Invalid(
                            f"its key statement opening/keys/{stage['name']}-{custodian['index']}.json is not the one in the signed policy"
                        )
                    if moment(self.doc(path)["release_after"]) < moment(policy["deadline"]):
                        raise Invalid(f"its key statement {path} allows a release before the deadline")
                    statement = self.doc(path)
                    self._check_custodian(
                        custodian["id"], statement["custodian"]["cert_sha256"], moment(statement["created"])
                    )
                    said = (
                        statement["pk"],
                        statement["index"],
                        statement["stage"],
                        statement["tender"],
                        statement["lot"],
                        statement["custodian"]["id"],
                    )
                    if said != (
                        custodian["pk"],
                        custodian["index"],
                        stage["name"],
                        self.tender,
                        self.policy["lot"],
                        custodian["id"],
                    ):
                        raise Invalid(f"its key statement {path} says something else than the policy")

    def _check_custodian(self, name: str, certificate: str, when: datetime) -> None:
        """A custodian's certificate is one that the trust file knows for that time, when it names any."""
        for item in self.trust.raw["custodians"]:
            if item["id"] == name and certificate not in item.get("cert_sha256", [certificate]):
                raise Invalid(f"its certificate {certificate[:16]} is not one that the trust file names")
            if item["id"] == name and not self.trust.covers(f"custodian {name}", certificate, when):
                raise Invalid(
                    f"the trust file does not accept its certificate {certificate[:16]} at {stamp(when)}"
                )
            if item["id"] == name and "cert_sha256" not in item:
                self.unchecked.append(
                    f"that custodian {name} is who it says (the trust file names no certificate of it)"
                )

    def _check_notice(self, folder: str) -> None:
        notice, policy = self.doc(f"{folder}/notice.json"), self.doc(f"{folder}/policy.json")
        for name in ("policy", "documents", "evaluation"):
            if notice[name] != self.file_hash(f"{folder}/{name}.json"):
                self.fail(f"{folder}/{name}.json is not what the signed notice announced")
        for name in ("tender", "lot", "deadline", "open_at"):
            if notice[name] != policy[name]:
                self.fail(f"{folder}: the notice and the policy differ in {name}")
        self._check_sm3(folder, notice)
        self._check_named_buyers(folder, notice)
        if project := notice.get("investment"):
            many = len(project["approvals"])
            self.notes.append(
                f"{folder}: investment project {project['code']}, {many} approvals named by hash"
            )
        absent = 0
        for row in self.doc(f"{folder}/documents.json")["files"]:
            path = f"tender/files/{row['name']}"
            absent += path not in self.bundle
            if path in self.bundle and self.file_hash(path) != row["sha256"]:
                self.fail(f"{path} is not the document that was published")
        if absent:
            self.unchecked.append(f"{absent} tender documents are not in the bundle (their hashes are)")

    def _check_sm3(self, folder: str, notice: Mapping[str, Any]) -> None:
        """The second hash family, where the notice and its list of documents carry it beside SHA-256."""
        said = {f"{folder}/{name}.json": digest for name, digest in notice.get("sm3", {}).items()}
        for row in self.doc(f"{folder}/documents.json")["files"]:
            if "sm3" in row:
                said[f"tender/files/{row['name']}"] = row["sm3"]
        there = {path: digest for path, digest in said.items() if path in self.bundle}
        for path, digest in there.items():
            if sm3(self.bundle.read(path)).hex() != digest:
                self.fail(f"{path} has another SM3 digest than the one that was published")
        if there:
            self.notes.append(f"{folder}/notice.json: {len(there)} SM3 digests hold beside SHA-256")

    # -- V7 -----------------------------------------------------------------------------------

    def v7(self) -> str:
        """The order of acts, and the times."""
        closed = self.of_type("tender.closed")
        if self.given_up is not None:
            return self._check_given_up(self.given_up)
        if len(closed) != 1:
            raise Invalid(f"{len(closed)} tender.closed entries where one is due")
        wall, deadline = closed[0].index, self.deadline
        if self.close["deadline"] != self.policy["deadline"]:
            self.fail("the closing list has another deadline than the policy")
        if moment(self.close["at"]) < deadline or moment(closed[0].time) < deadline:
            self.fail("the tender was closed before its deadline")
        if self.close["tree_size"] <= wall:
            self.fail("the closing list's tree does not hold the close itself")
        for row in self.rows:
            opening = self.openings[row["leaf_index"]]
            if row["leaf_index"] >= wall:
                self.fail(
                    f"{self._at(row['leaf_index'])} lies after tender.closed (entry {wall}): it is late"
                )
            if moment(opening["at"]) >= deadline:
                self.fail(f"{self._at(row['leaf_index'])} came at {opening['at']}, not before the deadline")
        for act, said in self.known("tender.closed"):
            if said.get("policy", self.file_hash("tender/policy.json")) != self.file_hash(
                "tender/policy.json"
            ):
                self.fail(f"{act} closed the tender under another policy than tender/policy.json")
        self._check_versions(wall)
        self._check_acts_order(wall)
        self._check_clock(deadline)
        self._check_deposits(wall)
        self._check_moved(closed[0])
        return f"{len(self.rows)} bids and withdrawals before entry {wall} (tender.closed) and before {stamp(deadline)}; every opening act after it"

    @functools.cached_property
    def stops(self) -> list[Act]:
        """When it was suspended and when it went on; final offers stand still with their procurement."""
        whose = self.procurement or self
        found = [act for act in whose.acts if act.type in ("tender.suspended", "tender.resumed")]
        if whose is self:
            return found
        began, end = self.of_type("tender.published")[0].index, ("offers.handed-over", "tender.failed")
        until = min((act.index for act in self.acts if act.type in end), default=self.head.size)
        return [act for act in found if began < act.index < until]

    @functools.cached_property
    def deadline(self) -> datetime:
        """Until when bids were taken: what the signed policy says; of final offers later by as long as they stood still
        before their close."""
        said = moment(self.policy["deadline"])
        if "offers_of" not in self.doc("tender/notice.json"):
            return said
        since: datetime | None = None
        wall = min((act.index for act in self.of_type("tender.closed")), default=self.head.size)
        for act in (act for act in self.stops if act.index < wall):
            if act.type == "tender.suspended":
                since = since or moment(act.time)
            elif since is not None:
                said, since = said + (moment(act.time) - since), None
        return said

    def _check_moved(self, closed: Act) -> None:
        """Of final offers: the log said until when they are taken, and they stood still just when their procurement did."""
        if "offers_of" not in self.doc("tender/notice.json"):
            return
        own = [act for act in self.acts if act.type in ("tender.suspended", "tender.resumed")]
        theirs = {(act.type, act.time) for act in self.stops}
        for act in self.stops:
            if (act.type, act.time) not in {(each.type, each.time) for each in own}:
                self.fail(f"{act} of the procurement did not reach its final offers")
        for act in own:
            if (act.type, act.time) not in theirs:
                self.fail(f"{act} happened to the final offers alone")
        last = [act for act in (*own, closed) if act.index <= closed.index and act.type != "tender.suspended"]
        if self.stops and last:
            told = {(act.payload or {}).get("deadline") for act in last[-2:]}
            if told != {stamp(self.deadline)}:
                self.fail(
                    f"the log says another deadline than {stamp(self.deadline)}, to which the suspension moved it"
                )
        if (before := self.policy["deadline"]) != stamp(self.deadline):
            self.notes.append(
                f"suspended with the procurement; their deadline moved from {before} to {stamp(self.deadline)}"
            )

    def _check_given_up(self, end: Act) -> str:
        """Of a tender that ended unopened: nothing was closed (but in a sealed edition), opened or judged."""
        wall = self._check_unopened_close(end) if self.sealed else end.index
        self._check_versions(wall)
        for act in self.acts:
            closing = self.sealed and act.type == "tender.closed"
            if (act.type.startswith(OPENING_TYPES) or act.type in CLOSED_ONLY) and not closing:
                self.fail(f"{act} cannot be in a tender that ended before its {self._sealed_until} ({end})")
            if act.type in ("tender.published", "tender.amended", "tender.clarified") and act.index > wall:
                self.fail(f"{act} comes after the {'close' if wall < end.index else 'end'} ({end})")
        self._check_dates()
        self._check_deposits(wall)
        closed = f" (closed by entry {wall})" if wall < end.index else ""
        return f"ended before its {self._sealed_until} by {end}{closed}; nothing was opened"

    def _check_unopened_close(self, end: Act) -> int:
        """The index behind which nothing about the documents may come: that of the close, if there was one."""
        closed = self.of_type("tender.closed")
        if len(closed) > 1 or any(act.index > end.index for act in closed):
            self.fail(
                f"{len(closed)} tender.closed entries, the last {closed[-1]}, where the tender ended by {end}"
            )
        for act, said in self.known("tender.closed"):
            if moment(act.time) < self.deadline:
                self.fail("the tender was closed before its deadline")
            self._check_moved(act)
            if said.get("policy", self.file_hash("tender/policy.json")) != self.file_hash(
                "tender/policy.json"
            ):
                self.fail(f"{act} closed the tender under another policy than tender/policy.json")
        return closed[0].index if closed else end.index

    def _check_deposits(self, wall: int) -> None:
        """Securities: what was listed is in the log, nothing goes to whoever never paid, nothing is paid twice,
        and nothing is kept without a signed decision in a case that the law lists."""
        leaves = {o["digest"] for o in self.openings.values() if o["kind"] == "deposit"}
        held: dict[str, Mapping[str, Any]] = {}
        for act, said in self.known("deposit.listed"):
            if act.index < wall:
                self.fail(f"{act} told who had paid before the deadline")
            for row in said["deposits"]:
                if row["digest"] not in leaves:
                    self.fail(
                        f"{act} lists a security of {row['bidder']} that no deposit leaf of the log holds"
                    )
                held[row["digest"]] = row
        if len(self.known("deposit.listed")) < len(self.of_type("deposit.listed")):
            return  # the public does not see who paid
        decided = {said["decision"]: (act, said) for act, said in self.known("deposit.decided")}
        done: set[str] = set()
        for name in ("deposit.refunded", "deposit.released", "deposit.forfeited", "deposit.claimed"):
            for act, said in self.known(name):
                with self.about(f"{act}"):
                    self._check_payment(act, said, held, decided, done)

    def _check_payment(
        self,
        act: Act,
        said: Mapping[str, Any],
        held: Mapping[str, Mapping[str, Any]],
        decided: Mapping[str, tuple[Act, Mapping[str, Any]]],
        done: set[str],
    ) -> None:
        row = held.get(said["digest"])
        if row is None or row["bidder"] != said["bidder"]:
            raise Invalid(f"{said['bidder']} gets a security that it never paid")
        if said["digest"] in done:
            raise Invalid(f"the security of {said['bidder']} was paid out twice")
        done.add(said["digest"])
        if money(said["principal"]) != money(row["amount"]):
            raise Invalid(f"it returns {said['principal']}, but {row['amount']} was paid")
        if act.type == "deposit.refunded":
            parts = money(said["principal"]) + money(said["interest"]) + money(said["charge"])
            if money(said["total"]) != parts:
                raise Invalid("the total is not principal, interest and charge")
        if act.type in ("deposit.forfeited", "deposit.claimed"):
            order = decided.get(said["decision"])
            if order is None or order[0].index > act.index:
                raise Invalid(f"the security of {said['bidder']} was kept without a recorded decision")
            what = order[1]
            if what["bidder"] != said["bidder"] or what["keep"] is not True:
                raise Invalid("the decision that it names is about something else")
            if what["article"] not in FORFEITURES.get(what["ground"], "").split(", "):
                raise Invalid(
                    f"the law lists no case {what['ground']} ({what['article']}) for keeping a security"
                )

    def _check_versions(self, wall: int) -> None:
        """The published versions are those of the log, each replaces the one before, and in time."""
        acts = [*self.known("tender.published"), *self.known("tender.amended")]
        if len(self.of_type("tender.published")) != 1:
            self.fail(f"{len(self.of_type('tender.published'))} tender.published entries where one is due")
        wanted = [f"tender/v{number}" for number in range(1, len(acts))] + ["tender"]
        if self.versions != wanted:
            raise Invalid(
                f"the log records {len(acts)} versions of the documents, the bundle holds {', '.join(self.versions)}"
            )
        for number, ((act, said), folder) in enumerate(zip(acts, wanted, strict=True), 1):
            with self.about(f"version {number} ({act})"):
                for name in ("notice", "policy", "documents", "evaluation"):
                    if said[name] != self.file_hash(f"{folder}/{name}.json"):
                        raise Invalid(f"{folder}/{name}.json is not what it recorded")
                if number > 1:
                    self._check_amendment(number, act, wall, wanted[number - 2], folder)

    def _check_amendment(self, number: int, act: Act, wall: int, before: str, folder: str) -> None:
        notice, policy = self.doc(f"{folder}/notice.json"), self.doc(f"{folder}/policy.json")
        old = self.doc(f"{before}/policy.json")
        if notice["version"] != number or notice["replaces"] != self.file_hash(f"{before}/notice.json"):
            raise Invalid("its notice does not replace the version before it")
        suspended = any(a.index < act.index for a in self.of_type("tender.suspended"))
        if act.index > wall or (moment(act.time) >= moment(old["deadline"]) and not suspended):
            raise Invalid("came after the deadline that it amends")
        if moment(policy["deadline"]) < moment(old["deadline"]):
            raise Invalid(f"moves the deadline to an earlier time ({policy['deadline']})")
        same = self.file_hash(f"{folder}/policy.json") == self.file_hash(f"{before}/policy.json")
        named = (policy.get("replaces"), policy.get("version"))
        if not same and named != (self.file_hash(f"{before}/policy.json"), old.get("version", 1) + 1):
            raise Invalid("its policy does not replace the one before it")
        for name in ("tender", "lot", "log", "log_key", "receipt_key"):
            if policy[name] != old[name]:
                raise Invalid(f"its policy has another {name}")
        fields = [change["field"] for change in notice["changes"]]
        affects = bool(notice["affects_bids"])
        if not affects and not CHANGES_NO_BID.issuperset(fields):
            raise Invalid(f"says that no bid is affected, and changes {', '.join(fields)}")
        if affects and same:
            raise Invalid("affects bids, and leaves those standing that were sealed before it")
        self._check_time_left(act, policy, notice)

    def _check_time_left(self, act: Act, policy: Mapping[str, Any], notice: Mapping[str, Any]) -> None:
        """A change that may affect bids comes so many days before the deadline (TBL art. 23, M87 art. 27)."""
        dates = (moment(when).astimezone(BEIJING).date() for when in (act.time, policy["deadline"]))
        announced, closes = dates
        days, fields = (closes - announced).days, ", ".join(c["field"] for c in notice["changes"])
        if notice["affects_bids"] and days < notice["least_days"]:
            raise Invalid(f"left {days} days to the deadline where {notice['least_days']} are due")
        self.notes.append(
            f"version {notice['version']} of the documents came {days} days before its deadline {policy['deadline']} (changes: {fields})"
        )

    def _check_acts_order(self, wall: int) -> None:
        sealed = next((a.index for a, p in self.known("tender.manifest") if p["close"] is not None), wall)
        for act in self.acts:
            if act.type.startswith(OPENING_TYPES) and act.index < max(wall, sealed):
                self.fail(
                    f"{act} is an opening act before the closing list was logged (entry {max(wall, sealed)})"
                )
            if act.type in ("tender.published", "tender.amended", "tender.clarified") and act.index > wall:
                self.fail(f"{act} comes after the close")
        steps = [
            "opening.started",
            "opening.recorded",
            "evaluation.reported",
            "result.published",
            "contract.signed",
        ]
        places = [(name, self.of_type(name)[0].index) for name in steps if self.of_type(name)]
        for (first, one), (second, two) in zip(places, places[1:], strict=False):
            if one > two:
                self.fail(f"{second} (entry {two}) comes before {first} (entry {one})")
        for _, payload in self.known("opening.started"):
            if payload["close"] != self.file_hash("opening/close.json"):
                self.fail("the opening started from another closing list")

    def _check_dates(self) -> None:
        """No act is dated before those in front of it or after its cosignature."""
        end, last = self.cosigned(self.head.raw), datetime.fromtimestamp(0, UTC)
        for act in self.acts:
            when = moment(act.time)
            if end is not None and when > end + TOLERANCE:
                self.fail(f"{act} is dated {act.time}, after the witnesses cosigned it ({stamp(end)})")
            if when < last - TOLERANCE:
                self.fail(f"{act} is dated {act.time}, before the entries in front of it")
            last = max(last, when)

    def _check_clock(self, deadline: datetime) -> None:
        self._check_dates()
        sealed = self.cosigned(self._close_checkpoint().raw)
        for act in self.acts:
            inside = sealed is not None and act.index < self.close["tree_size"]
            if sealed is not None and inside and moment(act.time) > sealed + TOLERANCE:
                self.fail(
                    f"{act} is dated {act.time}, after the witnesses cosigned the close ({stamp(sealed)})"
                )
        if sealed is not None and sealed < deadline - TOLERANCE:
            self.fail(f"the close was cosigned at {stamp(sealed)}, before the deadline")
        if "opening/close.tst" in self.bundle:
            token = verify_timestamp(
                self.bundle.read("opening/close.tst"),
                self.bundle.read("opening/close.json"),
                self.stamp_anchors,
            )
            if token.time < deadline:
                self.fail(f"the closing list was time-stamped {stamp(token.time)}, before the deadline")
            if not token.revocation_checked:
                self.unchecked.append(
                    "whether the time-stamping certificate was revoked (no list in the bundle)"
                )
        else:
            self.unchecked.append("a time stamp on the closing list (the bundle has none)")
        for path in self.bundle.under("opening/releases/"):
            if path.endswith(".json"):
                with self.about(path):
                    self._check_release_time(self.doc(path))

    def _check_release_time(self, release: Mapping[str, Any]) -> None:
        statement = self.statement(release)
        if release["close"] != self.file_hash("opening/close.json"):
            raise Invalid("was made for another closing list")
        if moment(release["at"]) < max(moment(statement["release_after"]), self.deadline):
            raise Invalid(f"was made at {release['at']}, too early")

    # -- V8 -----------------------------------------------------------------------------------

    def v8(self) -> str:
        """Every bid of the closing list opens to what was read out."""
        if "opening/outcomes.json" not in self.bundle:
            return "nothing was opened"
        outcomes = {row["manifest"]: row for row in self.doc("opening/outcomes.json")["bids"]}
        for manifest in sorted(set(self.valid_bids) - set(outcomes)):
            self.fail(f"{self.who(manifest)} has no outcome")
        for manifest in sorted(set(outcomes) - set(self.valid_bids)):
            self.fail(f"{self.who(manifest)} was opened but is not a valid bid of the closing list")
        keys = {(row["manifest"], row["part"]): b64url(row["cek"]) for row in self.doc("opening/ceks.json")}
        for manifest in self.valid_bids:
            if manifest in outcomes:
                with self.about(self.who(manifest)):
                    self._open_bid(manifest, outcomes[manifest], keys)
        self._check_opened_entries(outcomes)
        self._check_second_envelopes(keys)
        offers = _OfferAudit(self).check()
        if "opening/record.json" in self.bundle:
            with self.about("opening/record.json"):
                self._check_record(outcomes)
        if not self.complete:
            self.unchecked.append("the custodians' shares, the confidential parts (regulator's bundle)")
        return (
            f"{len(self.opened)} of {len(self.valid_bids)} bids opened"
            + (" from released keys" if self.complete else " (public parts)")
            + offers
        )

    def _open_bid(
        self, manifest: str, outcome: Mapping[str, Any], keys: Mapping[tuple[str, str], bytes]
    ) -> None:
        bid = self.bid(manifest)
        exact_keys(
            bid,
            ("v", "typ", "policy", "bid_id", "bidder", "seq", "replaces", "stages", "parts"),
            "the manifest",
        )
        if bid["policy"] != self.file_hash("tender/policy.json"):
            raise Invalid("was sealed under another policy")
        rules = {part["name"]: part for part in self.policy["parts"]}
        names = [part["name"] for part in bid["parts"]]
        if len(set(names)) != len(names) or any(
            p["stage"] != rules.get(p["name"], {}).get("stage") for p in bid["parts"]
        ):
            raise Invalid("has a part that the policy does not ask for")
        sound = self._check_stored(manifest, bid, outcome)
        binding = bid_binding(bytes.fromhex(bid["policy"]), bid)
        first = self.policy["stages"][0]
        stage_keys, found = self._stage_keys(manifest, bid, binding, first) if self.complete else ({}, None)
        whole = len(stage_keys) == 1
        if found is not None and sound and not _outcomes_agree(found, outcome["outcome"], whole):
            raise Invalid(f"the recorded outcome is {outcome['outcome']}, the released keys give {found}")
        if outcome["outcome"] != "OK":
            self._check_unopened(manifest, bid, binding, stage_keys if found == "OK" else {}, outcome)
            return
        plain = {row["name"]: row["sha256"] for row in outcome["parts"]}
        for part in bid["parts"]:
            if part["stage"] != first["name"]:
                continue  # its envelope is opened later, or never: _check_second_envelopes
            name, rule = part["name"], rules[part["name"]]
            cek = (
                content_key(binding, name, stage_keys[part["stage"]])
                if part["stage"] in stage_keys
                else keys.get((manifest, name))
            )
            if rule["public_after_open"] and keys.get((manifest, name)) != cek:
                raise Invalid(f"the published key of part {name} is not the one the released keys give")
            if cek is None:
                if rule["public_after_open"]:
                    raise Invalid(f"the key of public part {name} is missing")
                continue
            self._open_part(manifest, name, cek, binding, plain)
        self.opened.add(manifest)

    def _check_unopened(
        self,
        manifest: str,
        bid: Mapping[str, Any],
        binding: bytes,
        stage_keys: Mapping[str, bytes],
        outcome: Mapping[str, Any],
    ) -> None:
        """A bid called faulty although its keys were right must really not decrypt."""
        recorded = outcome["outcome"]
        why = f" ({', '.join(outcome['reasons'])})" if outcome.get("reasons") else ""
        self.notes.append(f"{self.who(manifest)} was not opened: {recorded}{why}")
        if not self.complete:
            self.unchecked.append(f"why {self.who(manifest)} was not opened ({recorded}; regulator's bundle)")
        elif recorded == "BIDDER_FAULT" and stage_keys:
            for part in [p for p in bid["parts"] if p["stage"] in stage_keys]:
                cek = content_key(binding, part["name"], stage_keys[part["stage"]])
                with self.bundle.open(f"bids/{manifest}/parts/{part['name']}.bin") as stream:
                    try:
                        decrypt_part(cek, binding, part["name"], stream, keep=False)
                    except Invalid:
                        return
            raise Invalid(f"the recorded outcome is {recorded}, but every part opens with the released keys")

    def _open_part(
        self, manifest: str, name: str, cek: bytes, binding: bytes, plain: Mapping[str, str]
    ) -> None:
        with self.bundle.open(f"bids/{manifest}/parts/{name}.bin") as stream:
            try:
                digest, content = decrypt_part(cek, binding, name, stream, keep=name == "price-sheet")
            except Invalid as error:
                raise Invalid(f"part {name} {error}") from error
        if digest != plain.get(name):
            raise Invalid(f"part {name} opens to another content than outcomes.json says")
        if name == "price-sheet":
            try:
                self.sheets[manifest] = parse_canonical(content)
            except Invalid:
                self.sheets[manifest] = None

    def _check_stored(self, manifest: str, bid: Mapping[str, Any], outcome: Mapping[str, Any]) -> bool:
        """Ciphertexts against the size, tree and head that the bidder signed."""
        sound = True
        for part in bid["parts"]:
            path = f"bids/{manifest}/parts/{part['name']}.bin"
            if path not in self.bundle and path in self.listed:
                continue
            with self.bundle.open(path) as stream:
                head = stream.read(56)
                stream.seek(0)
                same = (
                    self.bundle.members[path].size == part["size"]
                    and head == b64url(part["head"])
                    and segment_tree(stream) == part["tree"]
                )
            if not same:
                sound = False
                if outcome["outcome"] != "STORAGE_FAULT" and "storage-fault" not in outcome.get(
                    "reasons", []
                ):
                    self.fail(
                        f"{self.who(manifest)}: the stored part {part['name']} is not what the bidder signed ({path} was altered)"
                    )
        return sound

    def _stage_keys(
        self, manifest: str, bid: Mapping[str, Any], binding: bytes, rule: Mapping[str, Any]
    ) -> tuple[dict[str, bytes], str]:
        """The key of one stage by its name, when there is one, and what came of the stage."""
        stage = next(s for s in bid["stages"] if s["name"] == rule["name"])
        released = self._released(manifest, stage, rule, binding)
        outcome, key = recover_stage_key(binding, rule, stage, released)
        return ({rule["name"]: key} if key is not None else {}), outcome

    def _check_second_envelopes(self, keys: Mapping[tuple[str, str], bytes]) -> None:
        """Two envelopes: the second ones were opened by the host's signed act after the review, only of bids
        that passed it; one that stays sealed is no failure."""
        if len(self.policy["stages"]) < 2:
            return
        rule = self.policy["stages"][1]
        acts = self.known("opening.second-started")
        begun = acts[0][0].index if acts else None
        passed: set[str] = set()
        if acts:
            act = self.doc("opening/second.json")
            passed = set(act["bids"])
            if act["close"] != self.file_hash("opening/close.json") or act["stage"] != rule["name"]:
                self.fail("the act that opened the second envelopes is for another closing list or stage")
            if passed & set(act["sealed"]) or not passed | set(act["sealed"]) <= set(self.valid_bids):
                self.fail("the act that opened the second envelopes names bids wrongly")
            self._check_review_came_first(acts[0][0], passed)
        self._check_second_order(rule["name"], begun, passed)
        self._check_second_releases(rule["name"], passed, keys)
        if "opening/second-outcomes.json" not in self.bundle:
            return
        rows = {row["manifest"]: row for row in self.doc("opening/second-outcomes.json")["bids"]}
        if set(rows) != passed:
            self.fail("the second envelopes that were read out are not those of the bids that passed")
        logged = {p["manifest"]: p for _, p in self.known("bid.price-opened")}
        for manifest, row in rows.items():
            if {k: logged.get(manifest, {}).get(k) for k in row} != dict(row):
                self.fail(f"{self.who(manifest)}: second-outcomes.json is not what the log's entry says")
            with self.about(self.who(manifest)):
                self._open_second(manifest, row, rule, keys)

    def _check_review_came_first(self, started: Act, passed: set[str]) -> None:
        """Every review of qualifications was signed before, and the bids are those that passed by majority."""
        for act, payload in self.known("review.signed") if self.complete else []:
            if act.index < started.index or self._round_of(act) != self._round_of(started):
                continue
            review = self.doc(f"evaluation/reviews/{payload['review']}.json")
            replaced = [a for a, _ in self.known("panel.member-replaced") if a.index < act.index]
            anew = any(self._round_of(out) == self._round_of(act) for out in replaced)  # by whoever took over
            if not anew and any(v["review"] == "qualification" for v in review["votes"]):
                self.fail(f"the second envelopes were opened early: {act} was signed after {started}")
        self._check_known_prices(
            started, passed,
            ": its second envelope was opened although it failed the review",
            " passed the review, but its second envelope stays sealed",
        )  # fmt: skip

    def _check_known_prices(self, act: Act, known: set[str], failed: str, sealed: str) -> None:
        """The bids (manifests) whose prices `act` led to are those that had passed the review by then, and the evaluation
        that counts goes on with no others: its own review says so too, or, made anew, has none more."""
        reviews: list[tuple[set[str], bool]] = []
        if self.complete:
            reviews.append((self._passed_at(act.index), True))
        if "evaluation/inputs.json" in self.bundle:
            reviews.append((self._passed_at_last(), self._counts(act)))
        seen = set()
        for passed, here in reviews:
            seen |= {(m, failed) for m in known - passed if here} | {(m, sealed) for m in passed - known}
        for manifest, words in sorted(seen):
            self.fail(f"{self.who(manifest)}{words}")

    def _passed_at_last(self) -> set[str]:
        """The bids (manifests) that pass the qualification review by the votes in the evaluation's inputs."""
        by_bidder = {self.bid(m)["bidder"]["id"]: m for m in self.opened}
        inputs = self.doc("evaluation/inputs.json")
        required = inputs["rules"]["items"]["qualification"]
        return {
            by_bidder[bid["id"]]
            for bid in inputs["bids"]
            if bid["id"] in by_bidder
            and _review_passed(required, bid["decisions"].get("qualification") or [])
        }

    def _passed_at(self, index: int) -> set[str]:
        """The bids (manifests) that passed the qualification review by the signed votes that counted right before this
        entry: of its evaluation, without those of members who had been replaced. The regulator's bundle has them."""
        began = max((a.index for a in self.of_type("evaluation.reopened") if a.index < index), default=-1)
        gone = {p["member"] for a, p in self.known("panel.member-replaced") if began < a.index < index}
        votes: dict[str, dict[str, list[Any]]] = {}
        for act, payload in self.known("review.signed"):
            if began < act.index < index and payload["member"] not in gone:
                for vote in self.doc(f"evaluation/reviews/{payload['review']}.json")["votes"]:
                    if vote["review"] == "qualification":
                        votes.setdefault(vote["bid"], {}).setdefault(vote["item"], []).append(vote)
        required = self.doc("tender/evaluation.json")["items"]["qualification"]
        decided: dict[str, list[Mapping[str, Any]]] = {
            bid: [{"item": item, "votes": said} for item, said in items.items()]
            for bid, items in votes.items()
        }
        return {
            manifest
            for manifest in self.opened
            if _review_passed(required, decided.get(self.bid(manifest)["bidder"]["id"], []))
        }

    def _check_second_order(self, stage: str, begun: int | None, passed: set[str]) -> None:
        """Nothing of the second envelopes happened before the host's act, or to a bid that it does not name."""
        for kind in ("vault.released", "vault.bidder-released", "bid.price-opened"):
            for act, payload in self.known(kind):
                if payload["stage"] != stage:
                    continue
                if begun is None or act.index < begun:
                    self.fail(f"{act} is about the second envelopes, which were not being opened yet: early")
                if "manifest" in payload and payload["manifest"] not in passed:
                    self.fail(
                        f"{act} is about {self.who(payload['manifest'])}, which did not pass the review"
                    )

    def _check_second_releases(
        self, stage: str, passed: set[str], keys: Mapping[tuple[str, str], bytes]
    ) -> None:
        """No key of an envelope that stays sealed was given to anybody."""
        for path in [p for p in self.bundle.under("opening/releases/") if p.endswith(".json")]:
            release = self.doc(path)
            if release["stage"] != stage:
                continue
            if release["seed"] is not None and passed != set(self.valid_bids):
                self.fail(
                    f"{path} gives the seed of the second envelopes: it opens those that stay sealed too"
                )
            for row in release["shares"]:
                if row["manifest"] not in passed:
                    self.fail(
                        f"{path} gives a share of {self.who(row['manifest'])}, whose envelope stays sealed"
                    )
        later = {part["name"] for part in self.policy["parts"] if part["stage"] == stage}
        for manifest, part in keys:
            if part in later and manifest not in passed:
                self.fail(
                    f"the key of part {part} of {self.who(manifest)} is out, but its envelope stays sealed"
                )

    def _open_second(
        self,
        manifest: str,
        row: Mapping[str, Any],
        rule: Mapping[str, Any],
        keys: Mapping[tuple[str, str], bytes],
    ) -> None:
        bid = self.bid(manifest)
        binding = bid_binding(bytes.fromhex(bid["policy"]), bid)
        stage_keys, found = self._stage_keys(manifest, bid, binding, rule) if self.complete else ({}, None)
        lost = "storage-fault" in row.get("reasons", [])
        if found is not None and not lost and not _outcomes_agree(found, row["outcome"], bool(stage_keys)):
            raise Invalid(f"the second outcome is {row['outcome']}, the released keys give {found}")
        if row["outcome"] != "OK":
            self.notes.append(f"{self.who(manifest)}: its second envelope was not opened: {row['outcome']}")
            return
        plain = {part["name"]: part["sha256"] for part in row["parts"]}
        for part in [p for p in bid["parts"] if p["stage"] == rule["name"]]:
            name, cek = part["name"], keys.get((manifest, part["name"]))
            if rule["name"] in stage_keys and content_key(binding, name, stage_keys[rule["name"]]) != cek:
                raise Invalid(f"the published key of part {name} is not the one the released keys give")
            if cek is None:
                raise Invalid(f"the key of public part {name} is missing")
            self._open_part(manifest, name, cek, binding, plain)

    def _released(
        self, manifest: str, stage: Mapping[str, Any], rule: Mapping[str, Any], binding: bytes
    ) -> Released:
        """All that custodians and the bidder released for one stage of one bid; wrong shares are named, not used."""
        released, name = Released(), stage["name"]
        for path in [p for p in self.bundle.under("opening/releases/") if p.endswith(".json")]:
            document = self.doc(path)
            if document["stage"] != name:
                continue
            with self.about(f"custodian {document['index']}, {self.who(manifest)}"):
                for remark in take_answer(released, binding, rule, stage, document, manifest):
                    self.notes.append(f"custodian {document['index']} {remark} for {self.who(manifest)}")
        for path in [p for p in self.bundle.under("opening/bidder-releases/") if p.endswith(".json")]:
            document = self.doc(path)
            if (document["manifest"], document["stage"]) == (manifest, name) and not self._fits(
                released, binding, stage
            ):
                released.bidder_key = b64url(document["Kb"])
        return released

    @staticmethod
    def _fits(released: Released, binding: bytes, stage: Mapping[str, Any]) -> bool:
        """A bidder may answer again after a wrong key: the first that fits is kept."""
        key = released.bidder_key
        return key is not None and key_commitment(binding, stage["name"], key) == stage["k_commit"]

    def _check_opened_entries(self, outcomes: Mapping[str, Mapping[str, Any]]) -> None:
        last: dict[str, Mapping[str, Any]] = {p["manifest"]: p for _, p in self.known("bid.opened")}
        for manifest, row in outcomes.items():
            if last.get(manifest) != row and {k: (last.get(manifest) or {}).get(k) for k in row} != dict(row):
                self.fail(f"{self.who(manifest)}: outcomes.json is not what the log's bid.opened entry says")

    def _check_record(self, outcomes: Mapping[str, Mapping[str, Any]]) -> None:
        record = self.doc("opening/record.json")
        if record["close"] != self.file_hash("opening/close.json"):
            self.fail("the opening record belongs to another closing list")
        if {row["manifest"] for row in record["bids"]} != set(outcomes):
            self.fail("the opening record does not name the bids that were opened")
        for row in record["bids"]:
            manifest, sheet = row["manifest"], self.sheets.get(row["manifest"])
            if (
                row["outcome"] != outcomes[manifest]["outcome"]
                or row["bidder"] != self.bid(manifest)["bidder"]["id"]
            ):
                self.fail(f"{self.who(manifest)}: the opening record says another outcome or bidder")
            if sheet is not None and manifest in self.opened:
                # The price was still sealed when the record was made, or is told to the group alone.
                private = self.doc("tender/evaluation.json").get("procurement") in OFFER_ARTICLES
                later = len(self.policy["stages"]) > 1 or private
                sealed = (None, None) if later else read_out_figures(sheet)
                if (row["total"], row["period_days"]) != sealed:
                    self.fail(
                        f"{self.who(manifest)}: read out {row['total']}, the sealed price sheet says {sealed[0]}"
                    )

    # -- V9 -----------------------------------------------------------------------------------

    def v9(self) -> str:
        """The committee that judged is the one that was imported, and it signed."""
        if self.unnamed:
            self.unchecked.append(
                "who judged and signed: the committee is not named before the result notice"
            )
            return "nothing to check: the committee is not named yet"
        if "evaluation/panel.json" not in self.bundle:
            return "nothing to check: no committee"
        self._check_replacements()
        members = [m["member"] for m in self.sitting]
        if len(set(members)) != len(members):
            self.fail("a member stands twice in the panel")
        if "evaluation/report.json" not in self.bundle:
            return f"{len(members)} members, no report yet"
        signers = {
            p.split("report.", 1)[1].removesuffix(".p7s")
            for p in self.bundle.members
            if re.fullmatch(r"evaluation/report\..+\.p7s", p)
        }
        for member in sorted(set(members) - signers):
            self.fail(f"member {member} did not sign the report")
        for member in sorted(signers - set(members)):
            self.fail(f"{member} signed the report but is not of the panel")
        votes = self._votes()
        for voter in sorted({key[1] for key in votes} - set(members)):
            self.fail(self.void(voter, "votes") or f"{voter} voted but is not of the panel")
        self._check_head()
        self._check_arrivals()
        self._check_composition()
        self._check_all_voted()
        if self.complete:
            self._check_reviews(votes)
            self._check_findings()
            self._check_judgements()
        return f"{len(members)} members, all signed the report" + (
            ", votes as in their signed reviews" if self.complete else ""
        )

    @property
    def unnamed(self) -> bool:
        """Whether this public bundle keeps the committee back, which the law wants until the result notice."""
        kept = "evaluation/panel.json" in self.listed and "evaluation/panel.json" not in self.bundle
        if kept:
            told = self.of_type("result.published")
            seated = [act for act in self.acts if act.type in ("panel.seated", "panel.imported")]
            demand(
                not told or told[-1].index < seated[-1].index,
                "the committee is kept from the public after the result notice",
            )
        return kept

    @property
    def sitting(self) -> list[Mapping[str, Any]]:
        """The rows of the panel document without the replaced members."""
        return [m for m in self._members() if not m.get("replaced")]

    @functools.cached_property
    def replaced(self) -> dict[str, Act]:
        """The members who were taken out of the evaluation that counts, with the entry that did."""
        acts = self.known("panel.member-replaced")
        return {payload["member"]: act for act, payload in acts if self._counts(act)}

    def void(self, member: str, what: str) -> str:
        """What is wrong when something of a replaced member was counted; "" for anybody else."""
        act = self.replaced.get(member)
        return f"void conclusion counted: {what} of member {member}, who was replaced ({act})" if act else ""

    def _check_replacements(self) -> None:
        """Whoever the panel document calls replaced was, on a lawful ground that the regulator can read."""
        flagged = {m["member"] for m in self._members() if m.get("replaced")}
        for member in sorted(flagged.symmetric_difference(self.replaced)):
            said = "an entry" if member in self.replaced else "the panel document"
            self.fail(f"only {said} says that member {member} was replaced")
        for act, payload in self.known("panel.member-replaced"):
            ground = payload["ground"]
            if REPLACEMENTS.get(ground) != payload["article"]:
                self.fail(f"{act}: member {payload['member']} was replaced on an unknown ground ({ground})")
            self.notes.append(
                f"{act}: member {payload['member']} was replaced ({ground}, {payload['article']})"
            )
            if not self.complete:
                continue
            with self.about(f"{act}"):
                paper = self.doc(f"evaluation/replacements/{payload['replacement']}.json")
                for name in ("member", "seat", "ground", "article"):
                    demand(paper[name] == payload[name], f"the order to replace a member says another {name}")
                demand(paper["tender"] == self.tender, "the order to replace a member is of another tender")
                file = f"evaluation/replacements/{paper['document']}"
                demand(file in self.bundle, "the document behind the replacement of a member is missing")
                demand(self.file_hash(file) == paper["document"], f"{file} is not what its name says")

    def _check_head(self) -> None:
        """One of the experts leads the committee, never the purchaser's representative (M87 45)."""
        members = self.sitting
        heads = [m for m in members if m.get("head")]
        for head in heads:
            if head["role"] != "expert":
                self.fail(f"{head['member']} leads the committee and is not one of its experts")
        drawn = any("handle" in m for m in members)
        if len(heads) > 1 or (drawn and not heads):
            self.fail(f"the committee has {len(heads)} heads")
        chosen = [p["member"] for act, p in self.known("panel.head-chosen") if act.index > self.formed]
        if drawn and not chosen:
            self.fail("no entry panel.head-chosen says that the experts chose the head of the committee")
        if chosen and [head["member"] for head in heads] != chosen[-1:]:
            self.fail(f"the experts chose {chosen[-1]} as the head, and the panel names another one")

    @functools.cached_property
    def formed(self) -> int:
        """The index from which on the committee that counts was formed: behind the last one that was sent home."""
        again = self.known("evaluation.reopened")
        return max((act.index for act, said in again if said.get("committee") == "new"), default=-1)

    def _check_arrivals(self) -> None:
        """Whoever sits signed in before anything else, a drawn member with the promise of integrity; the regulator's
        tier tells."""
        if not self.complete:
            return
        concluded = [
            (act, said["member"])
            for kind in CONCLUSIONS
            for act, said in self.known(kind)
            if self._counts(act) and "member" in said
        ]
        arrived = [
            (act, said) for act, said in self.known("panel.member-signed-in") if act.index > self.formed
        ]
        for row in self.sitting:
            member, promised = row["member"], False
            first = min((act.index for act, who in concluded if who == member), default=sys.maxsize)
            mine = [said for act, said in arrived if said["member"] == member and act.index < first]
            if not mine:
                self.fail(f"member {member} sits and has not signed in (no panel.member-signed-in before)")
                continue
            for said in mine:
                path = f"evaluation/promises/{said.get('promise')}.json"
                paper = self.doc(path) if path in self.bundle else {}
                promised |= (paper.get("tender"), paper.get("member")) == (self.tender, member) and bool(
                    paper.get("promises")
                )
            if "handle" in row and not promised:
                self.fail(f"member {member} was drawn and sits without the signed promise of integrity")

    def _check_composition(self) -> None:
        """Those who sit when they report are a committee as the law wants it (M87 47, 49), whoever sat before; and
        nothing was concluded while the seat of a replaced member was empty."""
        if any(map(self._counts, self.of_type("evaluation.reported"))):
            size, experts = len(self.sitting), sum(m["role"] == "expert" for m in self.sitting)
            least = least_members(self.doc("tender/evaluation.json"))
            if 3 * experts < 2 * size:
                self.fail(
                    f"{experts} of the {size} who sit on the committee are experts, the law wants two thirds"
                )
            if size < least or size % 2 == 0:
                self.fail(f"{size} sit on the committee, the law wants at least {least}, an odd number")
        gone: Act | None = None
        for act in self.acts:
            if act.type == "panel.member-replaced":
                gone = act
            elif act.type in ("panel.seated", "panel.imported", "evaluation.reopened"):
                gone = None
            elif gone is not None and act.type in CONCLUSIONS:
                self.fail(f"{act} came while a seat of the committee was empty ({gone})")

    def _check_all_voted(self) -> None:
        """Everybody who sits, and nobody else, voted on each item of every bid that a review was about."""
        inputs, members = self.doc("evaluation/inputs.json"), sorted(m["member"] for m in self.sitting)
        items = inputs["rules"]["items"]

        def voters(bid: Mapping[str, Any], step: str) -> list[list[str]]:
            given = {row["item"]: row["votes"] for row in bid["decisions"].get(step) or []}
            return [sorted(vote["member"] for vote in given.get(item, [])) for item in items[step]]

        examined = any(any(voters(bid, "conformity")) for bid in inputs["bids"])
        for bid in inputs["bids"]:
            qualified = _review_passed(items["qualification"], bid["decisions"].get("qualification") or [])
            priced = sheet_fault(bid["sheet"]) is None and bid["decisions"].get("left") is not True
            due = {"qualification": True, "conformity": examined and qualified and priced}
            for step in ("qualification", "conformity"):
                found = voters(bid, step)
                if (due[step] or any(found)) and any(each != members for each in found):
                    self.fail(f"bidder {bid['id']}: the {step} review is not by everybody who sits")

    def _votes(self) -> dict[tuple[str, str, str, str], bool]:
        """(bidder, member, review, item) → pass, as the evaluation's inputs have it."""
        return {
            (bid["id"], vote["member"], review, item["item"]): vote["pass"]
            for bid in self.doc("evaluation/inputs.json")["bids"]
            for review in ("qualification", "conformity")
            for item in bid["decisions"].get(review) or []
            for vote in item["votes"]
        }

    def _check_reviews(self, votes: Mapping[tuple[str, str, str, str], bool]) -> None:
        signed = {}
        for act, payload in self.known("review.signed"):
            if not self._counts(act) or payload["member"] in self.replaced:
                continue  # of an evaluation that was made anew, or void
            review = self.doc(f"evaluation/reviews/{payload['review']}.json")
            if (
                review.get("tender", self.tender) != self.tender
            ):  # absent in those signed before reviews named it
                self.fail(f"{act} holds a review that was signed for tender {review['tender']}")
            if review.get("round", 1) != self.round:
                self.fail(f"{act} holds a review that was signed for another evaluation")
            for vote in review["votes"]:
                signed[(vote["bid"], review["member"], vote["review"], vote["item"])] = vote["pass"]
        for key in sorted(set(votes) | set(signed)):
            if votes.get(key) != signed.get(key):
                self.fail(f"the vote of {key[1]} on {key[3]} of bidder {key[0]} is not the signed one")

    def _papers_of(self, kind: str, folder: str, name: str) -> list[Mapping[str, Any]]:
        """The documents of a kind that count, of those who sit."""
        return [
            self.doc(f"evaluation/{folder}/{payload[name]}.json")
            for act, payload in self.known(kind)
            if self._counts(act) and payload["member"] not in self.replaced
        ]

    def _check_findings(self) -> None:
        """What the majority found of each bid in the conformity review is what it was evaluated by: its brand, refused
        claims to a deduction, a price that seems too low."""
        reviews = [
            review
            for review in self._papers_of("review.signed", "reviews", "review")
            if any(vote["review"] == "conformity" for vote in review["votes"])
        ]
        most = len({review["member"] for review in reviews})
        for row in self.doc("evaluation/inputs.json")["bids"]:
            said = [f for review in reviews for f in review.get("findings", []) if f["bid"] == row["id"]]
            brands = Counter(f["brand"] for f in said if f["brand"] is not None)
            claims = Counter(claim for f in said for claim in set(f["claims_refused"]))
            found = {
                "brand": next((brand for brand, n in sorted(brands.items()) if 2 * n > most), None),
                "claims_refused": sorted(claim for claim, n in claims.items() if 2 * n > most),
                "suspected": 2 * sum(f["suspected"] for f in said) > most,
            }
            used = row["decisions"]
            same = {
                "brand": used.get("brand"),
                "claims_refused": sorted(used.get("claims_refused") or []),
                "suspected": bool((used.get("abnormal") or {}).get("suspected")),
            }
            for name in found:
                if found[name] != same[name]:
                    self.fail(f"bidder {row['id']}: {name} is not what the majority signed")

    def _check_judgements(self) -> None:
        """An explanation of a low price was accepted or not by the majority of everybody who sits, as they signed."""
        members = sorted(m["member"] for m in self.sitting)
        votes: dict[str, list[tuple[str, bool]]] = {}
        for paper in self._papers_of("abnormal.voted", "judgements", "judgement"):
            # judgements signed under step 1 name the bids and no tender
            if (paper.get("tender", self.tender), paper.get("round", 1)) != (self.tender, self.round):
                self.fail(f"a judgement of member {paper['member']} was signed for another evaluation")
            for vote in paper["votes"]:
                votes.setdefault(vote["bid"], []).append((paper["member"], vote["accepted"]))
        told = {p["manifest"]: p for act, p in self.known("abnormal.explained") if self._counts(act)}
        for manifest, payload in told.items():
            given = votes.get(self.bid(manifest)["bidder"]["id"], [])
            if sorted(member for member, _ in given) != members:
                self.fail(f"{self.who(manifest)}: its explanation was not judged by everybody who sits")
            elif payload["accepted"] != (2 * sum(accepted for _, accepted in given) > len(given)):
                self.fail(f"{self.who(manifest)}: its explanation was judged otherwise by the majority")

    # -- V10 ----------------------------------------------------------------------------------

    def v10(self) -> str:
        """The evaluation comes out as reported."""
        if "evaluation/inputs.json" not in self.bundle:
            failed = self.of_type("tender.failed")
            for act, payload in self.known("tender.failed"):
                with self.about(f"{act}"):
                    self._check_failure(act, payload)
            return "nothing to check: " + (
                f"the tender failed ({failed[0]})" if failed else "not evaluated yet"
            )
        inputs, report = self.doc("evaluation/inputs.json"), self.doc("evaluation/report.json")
        check_procurement(self.doc("tender/evaluation.json"))
        self._check_inputs(inputs)
        scores = _ScoreAudit(self, inputs) if "members" in inputs else None
        if scores is not None:
            scores.check_papers()
        if report["inputs"] != self.file_hash("evaluation/inputs.json"):
            self.fail("the report was made from other inputs")
        method = EVALUATIONS.get(inputs["rules"]["method"])
        if method is None:
            raise NotSupported(f"evaluation method {inputs['rules']['method']}")
        if inputs.get("draws") and not all("draw" in p for _, p in self.known("tie.drawn")):
            self.unchecked.append("how the draws among equal bids were made")
        self.evaluation = method(inputs)
        self._compare_result(self.evaluation, report["result"])
        _ReportAudit(self, inputs, report).check()
        if self.complete:
            with self.about("low prices"):
                _HearingAudit(self, self.evaluation).check()
        if scores is not None:
            scores.check_reasons(self.evaluation["outliers"])
            scores.check_printed(report)
            for row in self.evaluation["disagreements"]:
                self.fail(f"the members still differ on the objective item {row['item']} of bid {row['bid']}")
        winner = self.evaluation["winner"]
        return f"recomputed {len(inputs['bids'])} bids: {self.evaluation['outcome']}" + (
            f", first {winner} at {self.evaluation['contract_price']}" if winner else ""
        )

    def _check_failure(self, act: Act, payload: Mapping[str, Any]) -> None:
        """Too few bidders, or too few opened bids, were really too few; and nothing was opened of too few."""
        self.notes.append(f"{act}: {payload['reason']} ({payload['article']})")
        few = str(payload["reason"])
        if self.given_up is not None:
            if few == FEW_BIDDERS:
                self.unchecked.append("that too few had bid: the regulator's bundle shows it")
            return
        minimum = self.doc("tender/evaluation.json")["minimum"]
        bidders = {self.bid(m)["bidder"]["id"] for m in self.valid_bids}
        if few == FEW_BIDDERS:
            if len(bidders) >= minimum:
                raise Invalid(
                    f"the tender was failed for too few bidders, but {len(bidders)} had bid and {minimum} are enough"
                )
            for other in self.acts:
                if other.type.startswith(OPENING_TYPES):
                    self.fail(f"{other} opened bids of a tender that had failed for too few bidders")
        elif (
            few == "fewer than three bids could be opened"
            and "opening/outcomes.json" in self.bundle
            and len(self.opened) >= minimum
        ):
            raise Invalid(
                f"the tender was failed for too few opened bids, but {len(self.opened)} opened and {minimum} are enough"
            )
        elif few == FEW_OFFERS:
            made = _OfferAudit(self).made()
            if made is not None and made >= minimum:
                raise Invalid(
                    f"the procurement was failed for too few final offers, but {made} could be opened and {minimum} are enough"
                )

    def _check_inputs(self, inputs: Mapping[str, Any]) -> None:
        if inputs["rules"] != self.doc("tender/evaluation.json"):
            self.fail("the evaluation used other rules than the published ones")
            if "criteria" in inputs["rules"]:
                for changed in changed_weights(inputs["rules"], self.doc("tender/evaluation.json")):
                    self.fail(f"a weight was changed: {changed}")
                for changed in changed_criteria(inputs["rules"], self.doc("tender/evaluation.json")):
                    self.fail(f"a criterion was changed: {changed}")
        by_bidder = {self.bid(m)["bidder"]["id"]: m for m in self.opened}
        rows = {row["id"]: row for row in inputs["bids"]}
        for bidder in sorted(set(by_bidder) - set(rows)):
            self.fail(f"{self.who(by_bidder[bidder])} was opened but not evaluated")
        for bidder in sorted(set(rows) - set(by_bidder)):
            self.fail(f"bidder {bidder} was evaluated, but no bid of it was opened")
        answers = {p["manifest"]: p for act, p in self.known("price.confirmed") if self._counts(act)}
        judged = {
            p["manifest"]: p["accepted"] for act, p in self.known("abnormal.explained") if self._counts(act)
        }
        for bidder, row in rows.items():
            if bidder in by_bidder:
                with self.about(self.who(by_bidder[bidder])):
                    self._check_decisions(row, by_bidder[bidder], answers, judged)

    def _check_decisions(
        self,
        row: Mapping[str, Any],
        manifest: str,
        answers: Mapping[str, Mapping[str, Any]],
        judged: Mapping[str, bool],
    ) -> None:
        if row["sheet"] != self.sheets.get(manifest):
            raise Invalid("it was evaluated by another price sheet than the sealed one")
        answer, decisions = answers.get(manifest), row["decisions"]
        if (decisions.get("confirmed")) != (answer["confirmed"] if answer else None):
            raise Invalid("the confirmation of its corrected price is not what the log recorded")
        if (
            answer
            and sheet_fault(row["sheet"]) is None
            and show_money(correct_price(row["sheet"])[0]) != answer["total"]
        ):
            raise Invalid(
                f"it confirmed {answer['total']}, the correction gives {show_money(correct_price(row['sheet'])[0])}"
            )
        if (decisions.get("abnormal") or {}).get("accepted", False) != judged.get(manifest, False):
            raise Invalid("the judgement on its abnormally low price is not what the log recorded")

    def _compare_result(self, mine: Mapping[str, Any], said: Mapping[str, Any]) -> None:
        known = len(self.problems)
        bent = bent_points(mine, said) if "scores" in mine and "scores" in said else []
        for points in bent:
            self.fail(points)
        reported = {row["id"]: row for row in said["ranking"]}
        for row in mine["ranking"]:
            other = reported.get(row["id"], {})
            for name, label in (
                ("bid_price", "price"),
                ("evaluation_price", "evaluation price"),
                ("rank", "rank"),
            ):
                if other.get(name) != row[name]:
                    self.fail(
                        f"bidder {row['id']}: the report says {label} {other.get(name)}, recomputed {row[name]}"
                    )
            if other.get("total") != row.get("total"):
                told, right = ((one.get("total") or {}).get("points") for one in (other, row))
                self.fail(
                    f"bidder {row['id']}: the report's ranking says {told} points in total, recomputed {right}"
                )
        for name in mine:
            if mine[name] != said.get(name) and name != "ranking" and not (name == "scores" and bent):
                if name in ("sensitivity", "outliers", "disagreements") and isinstance(said.get(name), list):
                    self.problems += differing_rows(name, mine[name], said[name])
                    continue
                self.fail(
                    f"the report's {name} is {jcs(said.get(name)).decode()}, recomputed {jcs(mine[name]).decode()}"
                )
        if mine["ranking"] != said["ranking"] and len(self.problems) == known:
            self.fail("the report's ranking is another one")

    # -- V11 ----------------------------------------------------------------------------------

    def v11(self) -> str:
        """The award goes to rank 1, or to the next after a logged refusal."""
        self._check_orders()
        if "result/result.json" not in self.bundle:
            return "nothing to check: no result yet"
        if self.evaluation is None:
            raise Invalid("there is a result without an evaluation that could be recomputed")
        result, ranking = self.doc("result/result.json"), self._ranking()
        self._check_result(result, ranking)
        self._check_told(result)
        awards = self.known("award.issued")
        if awards and not ranking:
            raise Invalid("an award was issued though the evaluation ranked nobody")
        declined = {
            p["manifest"]: act
            for kind in ("award.declined", "award.voided")
            for act, p in self.known(kind)
            if self._counts(act)
        }
        for number, (act, payload) in enumerate(awards, 1):
            if not self._counts(act):
                continue  # named among the notes: voided before the evaluation that counts
            with self.about(f"{act}"):
                self._check_award(number, act, payload, ranking, declined)
        for act, payload in self.known("contract.signed"):
            if not awards or (payload["manifest"], payload["price"]) != (
                awards[-1][1]["manifest"],
                awards[-1][1]["price"],
            ):
                self.fail(f"{act}: the contract is not with the awarded bidder at the awarded price")
        self._check_countersignature()
        last = awards[-1][1] if awards else None
        exception = f" after {len(declined)} gave up" if declined else ""
        return (
            f"award to rank {last['rank']}{exception}: {self.who(last['manifest'])} at {last['price']}"
            if last
            else "result as recomputed, no award yet"
        )

    def _check_countersignature(self) -> None:
        """The supplier signed the very contract that was filed."""
        filed = self.known("contract.signed")
        for act, payload in self.known("contract.countersigned"):
            with self.about(f"{act}"):
                document = self.doc("result/contract.json")
                same = filed and all(
                    filed[-1][1][name] == document[name] for name in ("manifest", "price", "contract")
                )
                if (
                    not same
                    or document["contract"] != payload["contract"]
                    or document["tender"] != self.tender
                ):
                    raise Invalid("the supplier signed another contract than the one on file")
                if document["supplier"]["id"] != self.bid(document["manifest"])["bidder"]["id"]:
                    raise Invalid("it names another supplier than the awarded bidder")
                self.notes.append("the contract on file is signed by its supplier too")

    # -- what the authority ordered ------------------------------------------------------------

    @functools.cached_property
    def counts_from(self) -> int:
        """The index from which evaluation and awards count: behind the last one that was ordered anew."""
        return max((act.index for act in self.of_type("evaluation.reopened")), default=-1)

    @property
    def round(self) -> int:
        """1 and one more for each time that the authority had the bids evaluated again."""
        return 1 + len(self.of_type("evaluation.reopened"))

    def _counts(self, act: Act) -> bool:
        return act.index > self.counts_from

    def _round_of(self, act: Act) -> int:
        """Which evaluation an act was part of, the first one being 1."""
        return 1 + sum(reopened.index < act.index for reopened in self.of_type("evaluation.reopened"))

    def _check_orders(self) -> None:
        """No order is hidden, what rests on an order has one, and nothing went on while suspended."""
        issued = self.known("order.issued")
        places = [payload["place"] for _, payload in issued]
        if places != list(range(1, len(places) + 1)):
            self.fail(f"the orders of the authority are numbered {places}: one is hidden")
        whose = [*(self.procurement.known("order.issued") if self.procurement else ()), *issued]
        orders = {payload["number"]: (act, payload["order"]) for act, payload in whose}
        for act, payload in issued:
            self.notes.append(
                f"{act}: {payload['order']} by order {payload['number']} of {payload['authority']}"
            )
        for kind, fitting in CARRIED_OUT.items():
            for act, payload in self.known(kind):
                number = payload.get("order", "")
                found = orders.get(number)
                if number and (found is None or found[0].index > act.index or found[1] not in fitting):
                    self.fail(f"{act} rests on order {number}, which the log does not have before it")
        self._check_stops()
        self._check_suspensions()

    def _check_stops(self) -> None:
        """Without an order a committee is sent home only for want of a member who was replaced, or because others pass
        without that member than those whose prices are known (M87 49)."""
        for act, payload in self.known("evaluation.reopened"):
            if payload.get("order"):
                continue
            grounds = {"vacancy": self._seat_was_empty, "recount": self._prices_contradicted}
            holds = grounds.get(payload.get("ground", ""))
            if payload["committee"] != "new" or holds is None:
                self.fail(f"{act} rests on no order, and on no ground of the law")
            elif wrong := holds(act):
                self.fail(f"{act} rests on no order, and {wrong}")
            else:
                self.notes.append(f"{act}: stopped ({payload['ground']}, M87 49)")
            if self.complete:
                with self.about(f"{act}"):
                    self._check_stop_paper(payload)

    def _seat_was_empty(self, act: Act) -> str:
        """What is wrong with a stop for want of a member; "" when nothing is."""
        before = [other for other in self.acts if other.index < act.index]
        seated = max((a.index for a in before if a.type in ("panel.seated", "panel.imported")), default=-1)
        replaced = any(a.type == "panel.member-replaced" and a.index > seated for a in before)
        return "" if replaced else "no seat was empty for want of a member"

    def _prices_contradicted(self, act: Act) -> str:
        """What is wrong with a stop because the recount contradicts the known prices; "" when nothing is."""
        told = [
            (other, set(payload["bids"] if "bids" in payload else self.doc("offers/call.json")["remaining"]))
            for kind in ("opening.second-started", "offers.called")
            for other, payload in self.known(kind)
            if other.index < act.index and ("bids" in payload or "offers/call.json" in self.bundle)
        ]
        if not told:
            kept = not self.complete and self.of_type("offers.called")
            return "" if kept else "no price was known yet that a recount could contradict"
        if not self.complete:
            self.unchecked.append(
                f"whether the recount before {act} said so: the regulator's bundle shows it"
            )
            return ""
        opened, known = told[-1]
        passed = self._passed_at(act.index)
        same = passed == known if self._round_of(opened) == self._round_of(act) else passed <= known
        return "the recount says nothing else than when the prices were opened" if same else ""

    def _check_stop_paper(self, payload: Mapping[str, Any]) -> None:
        """Why an evaluation was stopped, in words, with the document that it rests on."""
        paper = self.doc(f"evaluation/replacements/{payload['stop']}.json")
        demand(paper["tender"] == self.tender, "the reason of the stop is of another tender")
        for name in ("round", "ground"):
            demand(paper[name] == payload[name], f"the reason of the stop says another {name}")
        file = f"evaluation/replacements/{paper['document']}"
        demand(file in self.bundle, "the document behind the stop is missing")
        demand(self.file_hash(file) == paper["document"], f"{file} is not what its name says")

    def _check_suspensions(self) -> None:
        since: Act | None = None
        others = [act for act in self.acts if act.type not in ("tender.suspended", "tender.resumed")]
        for act in sorted((*others, *self.stops), key=lambda a: a.index):
            if act.type == "tender.suspended":
                since = act
            elif act.type == "tender.resumed":
                since = None
            elif since is not None and act.type in STOPPED:
                self.fail(f"{act} happened while the tender was suspended since {since}")
        for index, opening in self.openings.items():
            since = max(
                (a for a in self.stops if a.index < index),
                key=lambda a: a.index, default=None,
            )  # fmt: skip
            if opening["kind"] == "bid" and since is not None and since.type == "tender.suspended":
                self.fail(f"{self._at(index)} was admitted while the tender was suspended since {since}")

    def _ranking(self) -> list[tuple[int, str, str]]:
        by_bidder = {self.bid(m)["bidder"]["id"]: m for m in self.opened}
        ranking = self.evaluation["ranking"] if self.evaluation else []
        return [(row["rank"], by_bidder[row["id"]], row["bid_price"]) for row in ranking]

    def _check_result(self, result: Mapping[str, Any], ranking: list[tuple[int, str, str]]) -> None:
        published = {row["manifest"]: row for row in result["ranking"]}
        for rank, manifest, price in ranking:
            row = published.get(manifest, {})
            if row.get("price") != price:
                self.fail(
                    f"{self.who(manifest)}: the result says price {row.get('price')}, recomputed {price}"
                )
            if row.get("rank") != rank:
                self.fail(f"{self.who(manifest)}: the result says rank {row.get('rank')}, recomputed {rank}")
        for manifest in sorted(set(published) - {m for _, m, _ in ranking}):
            self.fail(f"{self.who(manifest)} is ranked in the result, but not by the evaluation")
        if ranking:
            _, manifest, price = ranking[0]
            winner = result["winner"]
            if winner["manifest"] != manifest or winner["bidder"] != self.bid(manifest)["bidder"]["id"]:
                self.fail(
                    f"the result names {self.who(winner['manifest'])} as winner, rank 1 is {self.who(manifest)}"
                )
            if winner["price"] != price:
                self.fail(
                    f"{self.who(manifest)}: the result's winning price is {winner['price']}, recomputed {price}"
                )
        self._check_names(result)

    def _check_names(self, result: Mapping[str, Any]) -> None:
        """Candidates and supplier are called what was read out at the opening."""
        if "opening/record.json" not in self.bundle:
            return
        read_out = {row["manifest"]: row["name"] for row in self.doc("opening/record.json")["bids"]}
        told = [("result/result.json", row) for row in [result["winner"], *result["ranking"]] if row]
        if "result/contract.json" in self.bundle:
            contract = self.doc("result/contract.json")
            told.append(("result/contract.json", {"manifest": contract["manifest"]} | contract["supplier"]))
        for path, row in told:
            wanted = read_out.get(row["manifest"])
            if "name" in row and row["name"] != wanted:
                self.fail(
                    f"{path} calls {self.who(row['manifest'])} {row['name']}, the opening record calls it {wanted}"
                )

    def _check_told(self, result: Mapping[str, Any]) -> None:
        """The points that the winner's notice and the losers' letters name are those recomputed."""
        scores = (self.evaluation or {}).get("scores") or {}
        letters = [(act, p) for act, p in self.known("loser.notified") if self._counts(act)]
        for what, told in [("result/result.json", result["winner"]), *letters]:
            if not told or "total" not in told:
                continue
            bidder = told.get("bidder") or self.bid(told["manifest"])["bidder"]["id"]
            figures = scores.get(bidder)
            if figures is None or told["total"] != figures["total"]["points"]:
                self.fail(
                    f"{what} says {told['total']} points for bidder {bidder}, recomputed {figures and figures['total']['points']}"
                )
                continue
            items = {name: figure["points"] for name, figure in figures["items"].items()}
            for name, points in told.get("scores", {}).items():
                right = items.get(name, figures["price_points"]["points"])
                if points != right:
                    self.fail(
                        f"{what} says {points} points for {name} of bidder {bidder}, recomputed {right}"
                    )

    def _check_award(
        self,
        number: int,
        act: Act,
        payload: Mapping[str, Any],
        ranking: list[tuple[int, str, str]],
        declined: Mapping[str, Act],
    ) -> None:
        award = self.doc(f"result/award-{number}.json")
        if (award["manifest"], award["price"], award["rank"]) != (
            payload["manifest"],
            payload["price"],
            payload["rank"],
        ):
            raise Invalid(f"result/award-{number}.json says something else than the log")
        refused = {m for m, other in declined.items() if other.index < act.index}
        due = next((row for row in ranking if row[1] not in refused), None)
        if due is None or payload["manifest"] != due[1]:
            raise Invalid(
                f"wrong award: it went to {self.who(payload['manifest'])}, but {self.who(due[1]) if due else 'nobody'} comes first and no award.declined entry says why"
            )
        if payload["price"] != due[2] or payload["rank"] != due[0]:
            raise Invalid(
                f"wrong award: price {payload['price']} rank {payload['rank']}, recomputed {due[2]} rank {due[0]}"
            )

    # -- V12 ----------------------------------------------------------------------------------

    def v12(self) -> str:
        """Outside time anchors."""
        paths = self.bundle.under("anchors/")
        for path in paths:
            with self.about(path):
                match = re.fullmatch(r"anchors/(\d+)\.tsr", path)
                if not match:
                    raise NotSupported("anchor of an unknown kind")
                size = int(match[1])
                note = self.bundle.read(
                    "log/checkpoint" if size == self.head.size else f"log/checkpoints/{size}"
                )
                verify_timestamp(self.bundle.read(path), parse_checkpoint(note).text, self.stamp_anchors)
        return f"{len(paths)} anchors" if paths else "nothing to check: no anchors"

    # -- V13 ----------------------------------------------------------------------------------

    def v13(self) -> str:
        """Random draws, computed again."""
        self._check_drawn_ties()
        announced = self.of_type("draw.announced")
        if not announced:
            _PanelAudit(self, []).check()
            with self.about("the invitation"):
                _InvitationAudit(self, []).check()
            ours = "evaluation/panel.json" not in self.listed
            return "nothing to check: " + (
                "no draws" if ours else "the draw of the committee was not ours: unverifiable"
            )
        for act in self.acts:
            if act.type.startswith("draw.") and act.payload is None:
                self.fail(f"{act}: its payload is missing")
        before: dict[str, list[_DrawAudit]] = {}  # purpose → its draws so far
        seen: set[str] = set()
        draws = self.draws
        for act, payload in self.known("draw.announced"):
            with self.about(f"draw {self._draw_name(payload)}"):
                draws.append(_DrawAudit(self, act, payload, seen))
                draws[-1].check(before)
        for file, own in self.own:
            with self.about(f"own opening {file}"):
                self._check_own(own)
        with self.about("the committee"):
            _PanelAudit(self, [draw for draw in draws if draw.purpose == COMMITTEE and draw.found]).check()
        with self.about("the invitation"):
            _InvitationAudit(self, [draw for draw in draws if draw.purpose == "invited"]).check()
        voided = len(self.of_type("draw.void"))
        drawn = [m for m in self.sitting if "handle" in m]
        return (
            f"{len(announced)} draws computed again"
            + (f", {voided} of them voided" if voided else "")
            + (f"; {len(drawn)} of {len(self.sitting)} members of the committee were drawn" if drawn else "")
        )

    def _members(self) -> list[Mapping[str, Any]]:
        here = "evaluation/panel.json" in self.bundle
        return list(self.doc("evaluation/panel.json")["members"]) if here else []

    def _check_drawn_ties(self) -> None:
        """The order among equal bids is that of the draw which its entry names, and the evaluation used no other."""
        entries = self.known("tie.drawn")
        for act, payload in entries:
            if "draw" in payload:
                with self.about(f"{act}"):
                    self._check_drawn_tie(act, payload)
        used = {payload.get("draw") for _, payload in entries}
        for act, payload in self.known("draw.result"):
            scope = self._draw_name(payload)
            if scope.split("/")[1:2] == ["tie"] and payload["draw"] not in used:
                self.notes.append(f"{act}: the order of {scope} was not used")
        if entries and "evaluation/inputs.json" in self.bundle:
            drawn = [payload["bids"] for _, payload in entries]
            for order in self.doc("evaluation/inputs.json").get("draws") or []:
                if order not in drawn:
                    self.fail("the evaluation used an order among equal bids that no entry tie.drawn gives")

    def _check_drawn_tie(self, act: Act, payload: Mapping[str, Any]) -> None:
        ann = payload["draw"]
        ended = [(a, p) for a, p in self.known("draw.result") if p["draw"] == ann and a.index < act.index]
        demand(ended, "the draw that it names has no result before it")
        demand(
            self._draw_name(payload).split("/")[1:2] == ["tie"],
            "the draw that it names was for something else",
        )
        if f"draws/{ann}/openings.json" in self.bundle:
            names = {row["h"]: row["record"]["id"] for row in self.doc(f"draws/{ann}/openings.json")["rows"]}
        else:
            opened = [p["openings"] for _, p in self.known("draw.opened") if p["draw"] == ann]
            names = {h: record["id"] for openings in opened for h, (_, record) in openings.items()}
        if not names:
            self.unchecked.append("whose the tickets in the draw among equal bids were: not opened yet")
            return
        order = [names[h] for members in ended[-1][1]["result"]["panel"].values() for h in members]
        demand(order == payload["bids"], "the order among equal bids is not that of the draw")

    def _draw_name(self, payload: Mapping[str, Any]) -> str:
        try:
            return str(self.doc(f"draws/{payload['draw']}/params.json")["scope"])
        except (Invalid, *MALFORMED):
            return str(payload.get("draw"))[:12]

    def _check_own(self, own: Any) -> None:
        """An expert's own opening: was he in the list, in which place of the order, and how is he said to have
        answered? With his own call records (`calls`) also whether those are the ones that the log binds."""
        demand(isinstance(own, dict), "an own opening is an object")
        exact_keys({**own, "calls": None}, ("announce", "h", "nonce", "record", "calls"), "an own opening")
        folder, handle = f"draws/{own['announce']}", own["h"]
        p, rows = self.doc(f"{folder}/params.json"), self.doc(f"{folder}/rows.json")
        check_draw_opening(p, rows, handle, own["nonce"], own["record"])
        row = next(row for row in rows if row["h"] == handle)
        place = f"excluded ({row['x']})" if "x" in row else "eligible"
        for act, payload in self.known("draw.result"):
            if payload["draw"] == own["announce"] and "x" not in row:
                order = draw_order(p["alg"], bytes.fromhex(payload["result"]["seed"]), rows)
                place = f"number {order.index(handle) + 1} of {len(order)} ({act})"
        self.notes.append(f"{p['scope']}: {handle[:12]} was in the list, {place}")
        records = [text.encode() for text in own.get("calls", [])]
        for act, payload in self.known("draw.wave"):
            if payload["draw"] == own["announce"] and handle in payload["outcomes"]:
                how = OUTCOMES[payload["outcomes"][handle]]
                bound = payload["evidence"].get(handle, "")
                if why := uncalled(own["announce"], handle, own["nonce"]).get(bound):
                    how += f", without a call ({why})"
                self.notes.append(f"{p['scope']}: {handle[:12]} was marked as {how} at {act.time} ({act})")
                if records and payload["outcomes"][handle] in "ADN":
                    same = hexhash(b"\n".join(records)) == bound
                    demand(same, f"the call records are not those that {act} binds ({bound[:12]})")

    # -- V14 ----------------------------------------------------------------------------------

    def v14(self) -> str:
        """The lottery: its list, its draws together, its award."""
        found = _LotteryAudit(self)
        found.check()
        return (
            f"{len(found.printed)} balls, {sum(bool(row['excluded']) for row in found.printed)} of them left out with a reason; "
            f"{len(found.draws)} draws in turn, none hidden, none repeated; {found.outcome}"
        )


def uncalled(draw: str, handle: str, nonce: str) -> dict[str, str]:
    """hash → why, of what a wave names in the place of call records for somebody whom no telephone reached (draw.md
    section 13.4)."""
    said = {"v": 1, "typ": "ebid.uncalled", "draw": draw, "h": handle, "nonce": nonce, "earlier": None}
    return {hexhash(jcs({**said, "why": why})): why for why in ("no-number", "no-call")}


RECUSALS = {  # why somebody of the pool is not drawn, and by which rule (draw.md section 13.2)
    "inactive": "not an active expert of the pool",
    "training": "training has lapsed",
    "no-certificate": "no certificate to sign with",
    "workload": "too many sessions",
    "cool-down": "sat for the same tenderer lately",
    "buyer": "M87 47: works for the tenderer or its agency",
    "employer-avoided": "GPR 9(6): works for an organisation to be avoided",
    "supervisor": "TBR 46: supervises the buyer",
    "advisory": "advised on this purchase",
    "bidder": "GPR 9(1): works for a bidder",
    "interest": "GPR 9: tied to a bidder within three years",
    "kinship": "GPR 9(4): of the family of a bidder's people",
    "speciality": "of no speciality that was asked for",
}


def _supervises(area: str, wanted: Mapping[str, Any]) -> bool:
    """Whether an official of this region (trailing pairs of zeros stand for all below) or department supervises the buyer."""
    if area in wanted["buyers"] or not re.fullmatch(r"[0-9]{6}", area):
        return area in wanted["buyers"]
    wide = re.sub(r"(?<=..)(00)+$", "", area)
    return bool(wanted.get("region")) and str(wanted["region"]).startswith(wide)


KIN = {"spouse", "lineal", "collateral", "in-law"}


def _looked_back(day: date) -> str:
    """The same day three years earlier (GPR 9); 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - 3).isoformat()
    except ValueError:
        return day.replace(year=day.year - 3, day=28).isoformat()


def recusals(
    wanted: Mapping[str, Any], record: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, bool]:
    """code → whether it keeps a candidate from being drawn for this demand, from what the pool knew of the person."""
    day, limits = date.fromisoformat(wanted["at"]), wanted["limits"]
    sat = [date.fromisoformat(text) for text in facts["sessions"]]
    rested = day - timedelta(days=limits["cool_down_days"])
    employers = {record["org"]} | {
        tie["org"]
        for tie in facts["interests"]
        if tie["relation"] == "employment" and tie["since"] <= wanted["at"] <= (tie["until"] or "9999")
    }
    tags = {tag for stratum in wanted["strata"] for tag in stratum["tags"]}
    bidders = set(wanted.get("bidders", []))
    ties = {
        tie["relation"] in KIN
        for tie in facts["interests"]
        if tie["org"] in bidders
        and tie["since"] <= wanted["at"]
        and (tie["until"] or "9999") >= _looked_back(day)
    }
    return {
        "inactive": facts["status"] != "active",
        "training": (facts["trained_until"] or "") < wanted["at"],
        "no-certificate": not facts["certificate"],
        "workload": sum(s > day - timedelta(days=30) for s in sat) >= limits["sessions_a_month"]
        or sum(s > day - timedelta(days=365) for s in sat) >= limits["sessions_a_year"],
        "cool-down": any(
            org == wanted.get("tenderer") and date.fromisoformat(on) > rested
            for org, on in facts["tenderers"]
        ),
        "buyer": bool(employers & set(wanted["buyers"])),
        "employer-avoided": bool(employers & {row["org"] for row in wanted["avoid"]}),
        "supervisor": any(_supervises(area, wanted) for area in facts["official_of"]),
        "advisory": bool(set(facts["advises"]) & {wanted["tender"], *wanted.get("matters", [])}),
        "bidder": record["org"] in bidders,
        "interest": False in ties,
        "kinship": True in ties,
        "speciality": not any(c.startswith(tag) for c in record["cats"] for tag in tags),
    }


CONCLUSIONS = {
    "review.signed", "abnormal.voted", "scores.stated", "scores.locked", "scores.explained", "scores.corrected", "tie.drawn",
    "report.signed", "evaluation.reported", "opening.second-started", "offers.called",
}  # fmt: skip
"""What only a whole committee comes to, or what follows from that."""


def least_members(rules: Mapping[str, Any]) -> int:
    """How many members a committee has at least: five, from ten million on seven (M87 47); three in a consultation,
    negotiation or inquiry (GPL 38)."""
    if rules.get("procurement") in ("consultation", "negotiation", "inquiry"):
        return 3
    return 7 if money(rules["budget"]) >= 10_000_000 else 5


SHORT_WINDOW = 60  # seconds in which hardly anybody answers a telephone


class _PanelAudit:
    """The committee that was demanded, drawn and seated here (draw.md section 13); `draws` are those that came to a
    result, in order."""

    def __init__(self, audit: Audit, draws: list[_DrawAudit]) -> None:
        self.audit, self.draws = audit, draws
        seated = audit.known("panel.seated")
        self.seated = seated[-1][1] if seated else None

    def check(self) -> None:
        if not self.draws:
            self._check_imported()
            return
        chain = self._chain()
        self._check_seats(
            [h for draw in chain for row in draw.found["result"]["panel"].values() for h in row]
        )
        for draw in chain:
            with self.audit.about(f"draw {draw.params['scope']}"):
                self._check_answers(draw)
        asked = [self._demand(draw) for draw in chain]
        self._check_law(asked[0])
        for number, (wanted, draw) in enumerate(zip(asked, chain, strict=True)):
            with self.audit.about(f"draw {draw.params['scope']}"):
                self._check_strata(wanted, draw, self._empty(asked[0], chain[:number], draw))
                self._check_choice(wanted, draw)
                self._check_people(wanted, draw)
        if self.seated is not None:
            earlier = {draw.said["draw"] for draw in self.draws} - {draw.said["draw"] for draw in chain}
            counted = [ann for ann in self.seated["draws"] if ann not in earlier]
            wrong = "the committee was not seated from the draws that were made for it"
            demand(counted == [draw.said["draw"] for draw in chain], wrong)

    def _demand(self, draw: _DrawAudit) -> Mapping[str, Any]:
        """What the draw was made for: the demand approved last before it, by somebody else than who had asked."""

        def last(kind: str, digest: str = "") -> tuple[Act, Mapping[str, Any]]:
            acts = [
                (a, p)
                for a, p in self.audit.known(kind)
                if a.index < draw.announced.index and digest in ("", p["demand"])
            ]
            demand(acts, f"{draw.params['scope']} was drawn without a demand that was approved")
            return acts[-1]

        approved, said = last("panel.approved")
        asked, _ = last("panel.demanded", said["demand"])
        same = approved.entry["actor"] == asked.entry["actor"]
        demand(not same, f"{approved} approves what the same person had asked for")
        document: Mapping[str, Any] = self.audit.doc(f"evaluation/demands/{said['demand']}.json")
        demand(document["tender"] == self.audit.tender, f"{asked} is about another tender")
        return {**document, "bidders": sorted({*document.get("bidders", []), *self._bidders(draw.announced)})}

    def _bidders(self, before: Act) -> set[str]:
        """Whose bids had been opened by then: from there on ties to them count too."""
        recorded = [act for act in self.audit.of_type("opening.recorded") if act.index < before.index]
        rows = self.audit.doc("opening/outcomes.json")["bids"] if recorded else []
        return {self.audit.bid(row["manifest"])["bidder"]["id"] for row in rows if row["outcome"] == "OK"}

    def _check_imported(self) -> None:
        """Without a draw of ours nobody can have been drawn here."""
        if "evaluation/panel.json" in self.audit.bundle:
            self._check_seats([])
            if self.seated is not None:
                self.audit.fail("a committee was seated as drawn, and no draw of it came to a result")
            else:
                self.audit.unchecked.append("the draw of the committee: it was not ours")

    def _chain(self) -> list[_DrawAudit]:
        """The draws of the committee that counts: the first one, and those that filled up what the ones before had left.
        A complete committee is drawn again by order only."""
        chain: list[_DrawAudit] = []
        for draw in self.draws:
            if chain and self._empty(self._demand(chain[0]), chain, draw) <= 0:
                since, scope = chain[-1].announced.index, draw.params["scope"]
                orders = self.audit.of_type("evaluation.reopened")
                order = next((act for act in orders if since < act.index < draw.announced.index), None)
                demand(order, f"{scope} was drawn though the one before it had filled every seat")
                known = {act.index: payload for act, payload in self.audit.known("evaluation.reopened")}
                ordered = order is None or known.get(order.index, {}).get("order", "?")
                why = "by order" if ordered else "for want of a member"
                self.audit.notes.append(f"{scope} takes the place of a committee {why} ({order})")
                chain = []
            chain.append(draw)
        return chain

    @staticmethod
    def _empty(wanted: Mapping[str, Any], chain: list[_DrawAudit], draw: _DrawAudit) -> int:
        """How many seats for experts the draws of the chain had left empty when this one was announced: who left
        later was still seated then."""
        seated = 0
        for one in chain:
            came_to = one.result_at(draw.announced.index)
            demand(came_to, f"{draw.params['scope']} was announced while {one.params['scope']} was under way")
            seated += sum(len(row) for row in came_to["result"]["panel"].values())
        return int(wanted["experts"]) - seated

    def _check_seats(self, drawn: list[str]) -> None:
        """Who judged are those who were drawn."""
        if "evaluation/panel.json" not in self.audit.bundle:
            return
        members = self.audit.sitting
        handles = [member["handle"] for member in members if "handle" in member]
        for handle in sorted(set(drawn).symmetric_difference(handles)):
            self.audit.fail(
                f"swapped expert: {handle[:12]} was "
                + ("drawn but is not of" if handle in drawn else "not drawn but is of")
                + " the committee"
            )
        for member in members:
            if drawn and "handle" not in member and member.get("role") == "expert":
                self.audit.fail(f"swapped expert: {member['member']} sits as an expert and was not drawn")
        demand(len(set(handles)) == len(handles), "a drawn member stands twice in the committee")

    def _check_answers(self, draw: _DrawAudit) -> None:
        """Every answer rests on call records of its own, every removal on a ground in the log."""
        bound: set[str] = set()
        path = f"{draw.folder}/openings.json"
        opened = self.audit.doc(path)["rows"] if path in self.audit.bundle else []
        names = {row["h"]: row for row in opened}
        for act, payload in draw.of("wave"):
            self._check_wave(draw, act, payload)
            for handle, outcome in payload["outcomes"].items():
                record, who = payload["evidence"].get(handle), f"{act}: {handle[:12]}"
                demand(record is None or _is_hex(record), f"{who} has no hash as evidence")
                if outcome == "X":
                    self._check_removal(act, handle, record)
                    if handle in names:
                        self._check_word(draw, act, names[handle])
                if outcome == "R":
                    self._check_passed_over(draw, act, handle)
                if outcome not in "ADN":
                    continue
                demand(
                    record is not None, f"{who} is said to be {OUTCOMES[outcome]}, without evidence of a call"
                )
                if handle in names:
                    nonce, person = names[handle]["nonce"], names[handle]["record"]["id"]
                    why = uncalled(draw.said["draw"], handle, nonce).get(str(record))
                    demand(not why or outcome == "N", f"{who} is said to have answered, and nobody called")
                    if why:
                        self.audit.notes.append(
                            f"{who} ({person}) was marked as {OUTCOMES[outcome]} and never called ({why})"
                        )
                demand(record not in bound, f"{who} has the same call record as another answer")
                bound.add(str(record))

    def _check_wave(self, draw: _DrawAudit, act: Act, payload: Mapping[str, Any]) -> None:
        """Who answered how is what the announced device signed (V6), within the window that was set with the call."""
        answers = {h: outcome for h, outcome in payload["outcomes"].items() if outcome != "X"}
        if not answers:
            return
        demand("wave" in payload, f"{act} says who answered how, and no device at a site signed it")
        document = self.audit.doc(f"{draw.folder}/waves/{payload['wave']}.json")
        exact_keys(document, ("v", "typ", "draw", "number", "until", "outcomes", "evidence"), "a wave")
        same = (document["typ"], document["draw"]) == ("ebid.wave", draw.said["draw"])
        demand(same and document["number"] == payload["number"], f"{act} names the answers to another call")
        for handle in sorted(answers.keys() | document["outcomes"].keys()):
            logged, signed = answers.get(handle), document["outcomes"].get(handle)
            if logged != signed:
                said = " and signed is ".join(OUTCOMES.get(str(o), "nothing") for o in (logged, signed))
                self.audit.fail(f"{act}: {handle[:12]} is said to be {said}")
        bound = {h: record for h, record in payload["evidence"].items() if h in answers}
        demand(document["evidence"] == bound, f"{act} binds other call records than the device signed")
        called, call = draw.of("called")[payload["number"]]
        demand(
            document["until"] == payload.get("until") == call.get("until"),
            f"{act} was answered within another window than {called} had set",
        )
        seconds = int(call["until"] - moment(called.time).timestamp())
        if seconds < SHORT_WINDOW:
            self.audit.notes.append(f"{called} left those whom it called {seconds} seconds to answer")

    def _check_removal(self, act: Act, handle: str, record: Any) -> None:
        """A member leaves on a ground that the log named before, and the wave's evidence is that ground."""
        who = f"{act}: {handle[:12]}"
        known = [*self.audit.known("panel.member-recused"), *self.audit.known("panel.member-replaced")]
        known.sort(key=lambda pair: pair[0].index)
        grounds = [p["ground"] for a, p in known if a.index < act.index and p.get("handle") == handle]
        demand(grounds, f"{who} was removed, and no entry panel.member-recused before it says why")
        lawful = RECUSALS | REPLACEMENTS
        demand(grounds[-1] in lawful, f"{who} was removed on an unknown ground ({grounds[-1]})")
        named = {hexhash(jcs({"handle": handle, "ground": ground})) for ground in grounds}
        demand(record in named, f"{who} was removed on another ground than the log names")
        self.audit.notes.append(f"{who} left the committee ({lawful[grounds[-1]]})")

    def _check_word(self, draw: _DrawAudit, act: Act, opened: Mapping[str, Any]) -> None:
        """Who was removed as recused said so under signature, or the pool's own record of the day of the draw did; the
        regulator's tier tells."""
        handle, person = opened["h"], opened["record"]
        known = self.audit.known("panel.member-recused")
        said = [(a, p) for a, p in known if a.index < act.index and p.get("handle") == handle]
        if not said:
            return  # replaced by an order, whose document V9 wants
        why, payload = said[-1]
        who = f"{act}: expert {person['id']}"
        if "statement" in payload:
            path = f"evaluation/recusals/{payload['statement']}"
            paper = self.audit.doc(f"{path}.json")
            same = (paper["typ"], paper["tender"], paper["handle"], paper["member"], paper["ground"]) == (
                "ebid.panel-interest", self.audit.tender, handle, payload["member"], payload["ground"]
            )  # fmt: skip
            demand(same, f"{who} was removed, and signed another statement than {why} names")
            certificate = self.audit.certificates.get(paper["cert_sha256"])  # none where V6 has failed
            demand(
                certificate is None or bears_name(certificate, person["name"]),
                f"{who} was removed on a statement that somebody else signed",
            )
            return
        wanted = self._demand(draw)
        wanted = {**wanted, "bidders": sorted({*wanted["bidders"], *self._bidders(why)})}
        facts = opened.get("facts")
        if facts is not None and recusals(wanted, person, facts).get(payload["ground"]):
            return
        text = f"was removed ({payload['ground']}) without the member's signed word"
        demand(payload["ground"] != "interest", f"{who} {text}, and nothing in its record says so")
        self.audit.unchecked.append(f"why {who} {text}: its record of the day of the draw does not say so")

    def _check_passed_over(self, draw: _DrawAudit, act: Act, handle: str) -> None:
        """Passed over without a call is whom an earlier draw had called, and a colleague of somebody who had accepted
        in one; the regulator's tier tells who that is."""
        who = f"{act}: {handle[:12]}"
        earlier = self.draws[: self.draws.index(draw)]
        demand(earlier, f"{who} was passed over as recused, and no draw came before")
        called: dict[str, set[str]] = {}
        for one in earlier:
            asked = {h for a, p in one.of("called") if a.index < act.index for _, h in p["call"]}
            if asked:
                called[one.folder] = asked
        if not all(f"{folder}/openings.json" in self.audit.bundle for folder in (draw.folder, *called)):
            text = "whether who was passed over as recused had been called before: the regulator's bundle shows it"
            if text not in self.audit.unchecked:
                self.audit.unchecked.append(text)
            return
        took = {h for one in earlier for _, p in one.of("wave") for h, o in p["outcomes"].items() if o == "A"}
        ids, employers = set(), set()
        for folder, asked in called.items():
            people = self._people(folder)
            ids |= {people[h]["id"] for h in asked}
            employers |= {people[h]["org"] for h in asked & took}
        person = self._people(draw.folder)[handle]
        if person["id"] not in ids and person["org"] not in employers:
            self.audit.fail(
                f"{who} was passed over as recused, and was neither called before nor a colleague of a member"
            )

    def _people(self, folder: str) -> dict[str, Any]:
        """handle → record, from a draw's openings."""
        return {row["h"]: row["record"] for row in self.audit.doc(f"{folder}/openings.json")["rows"]}

    def _check_law(self, wanted: Mapping[str, Any]) -> None:
        """The composition of M87 47: odd, five or more, from ten million on seven, two thirds of them experts; three or
        more in a consultation, negotiation or inquiry (GPL 38)."""
        members, experts = wanted["members"], wanted["experts"]
        least = least_members(self.audit.doc("tender/evaluation.json"))
        lawful = members % 2 == 1 and members >= least and 3 * experts >= 2 * members and experts <= members
        demand(
            lawful,
            f"{experts} experts among {members} members were demanded, the law wants at least {least}, odd, two thirds experts",
        )
        acts = self.audit.acts
        vacant = max((a.index for a in acts if a.type == "panel.member-replaced"), default=-1)
        whole = max((a.index for a in acts if a.type == "panel.seated"), default=-1) > vacant
        seats = self.audit.sitting if self.seated is not None and whole else []
        drawn = sum("handle" in row for row in seats)
        if seats and (len(seats), drawn) != (members, experts):
            self.audit.fail(
                f"{drawn} of {len(seats)} members were drawn, demanded were {experts} of {members}"
            )

    def _check_strata(self, wanted: Mapping[str, Any], draw: _DrawAudit, missing: int) -> None:
        """What was drawn for is what was demanded, for as many seats as were empty."""
        p = draw.params
        demand(p["strata"] == wanted["strata"], "it was not drawn for the strata that were demanded")
        demand(p["cap"] == wanted["cap"], "it has another limit for one employer than was demanded")
        seats = sum(row["quota"] for row in p["strata"])
        demand(seats == missing, f"it was drawn for {seats} experts, {missing} seats were empty")

    def _check_choice(self, wanted: Mapping[str, Any], draw: _DrawAudit) -> None:
        """Exclusions leave enough to choose from: `ratio` candidates for each seat."""
        why = Counter(row["x"] for row in draw.rows if "x" in row)
        if why:
            counts = ", ".join(f"{count} ({code})" for code, count in sorted(why.items()))
            self.audit.notes.append(f"{draw.params['scope']}: excluded were {counts}")
        kept_out = self._only_avoided(wanted, draw)
        for stratum in draw.params["strata"]:
            tags, least = set(stratum["tags"]), wanted["ratio"] * stratum["quota"]
            able = sum(bool(tags & set(row.get("s", []))) for row in draw.rows)
            if able >= least:
                continue
            text = f"{able} candidates for {stratum['quota']} seats of {stratum['id']}, {wanted['ratio']} for each are wanted"
            more = sum(any(c.startswith(tag) for c in cats for tag in tags) for cats in kept_out)
            demand(
                able + more < least,
                f"over-broad avoidance list: {text}, and {more} more stand back only because of it",
            )
            self.audit.notes.append(
                f"{draw.params['scope']}: {text}; {why['employer-avoided']} were kept out by the avoidance list"
            )

    def _only_avoided(self, wanted: Mapping[str, Any], draw: _DrawAudit) -> list[list[str]]:
        """The specialities of each person whom nothing but the avoidance list excludes; the regulator's tier tells."""
        path = f"{draw.folder}/openings.json"
        rows = self.audit.doc(path)["rows"] if path in self.audit.bundle else []
        codes = {row["h"]: row.get("x") for row in draw.rows}
        return [
            row["record"]["cats"]
            for row in rows
            if codes.get(row["h"]) == "employer-avoided"
            and not any(recusals({**wanted, "avoid": []}, row["record"], row["facts"]).values())
        ]

    def _check_people(self, wanted: Mapping[str, Any], draw: _DrawAudit) -> None:
        """Who sits, once names are opened; and who was excluded, for the regulator."""
        seated = {h for row in draw.found["result"]["panel"].values() for h in row}
        path = f"{draw.folder}/openings.json"
        opened = {h: record for _, p in draw.of("opened") for h, (_, record) in p["openings"].items()}
        rows = self.audit.doc(path)["rows"] if path in self.audit.bundle else []
        opened |= {row["h"]: row["record"] for row in rows}
        if not seated <= opened.keys():
            self.audit.unchecked.append(
                f"who was seated by {draw.params['scope']}: the names are not opened yet"
            )
        bidders = (
            {self.audit.bid(m)["bidder"]["id"] for m in self.audit.valid_bids} if self._closed else set()
        )
        if strangers := sorted(set(wanted.get("bidders", [])) - bidders):
            self.audit.fail(f"the demand excludes for ties to {', '.join(strangers)}, who did not bid")
        self._check_certificates({h: opened[h]["name"] for h in seated & opened.keys()})
        avoided = {row["org"] for row in wanted["avoid"]} | set(wanted["buyers"])
        for handle in sorted(seated & opened.keys()):
            org, who = opened[handle]["org"], f"expert {opened[handle]['id']}"
            if org in bidders:
                self.audit.fail(f"{who} sits and works for the bidder {org}")
            if org in avoided:
                self.audit.fail(f"{who} sits and works for {org}, which was to be avoided")
        if rows:
            self._check_recusals(wanted, draw, rows)
        else:
            self.audit.unchecked.append(
                "whether each candidate was excluded with reason: the regulator's bundle shows it"
            )

    def _check_certificates(self, drawn: Mapping[str, str]) -> None:
        """Who signed for a seat has the name of who was drawn for it (handle → name)."""
        for member in self.audit._members() if self.seated is not None else []:
            name = drawn.get(member.get("handle", ""))
            certificate = self.audit.certificates.get(member["cert_sha256"])
            if name is not None and certificate is not None and not bears_name(certificate, name):
                self.audit.fail(
                    f"swapped expert: {name} was drawn, {subject_of(certificate)} signs as {member['member']}"
                )

    @property
    def _closed(self) -> bool:
        return "opening/close.json" in self.audit.bundle

    def _check_recusals(
        self, wanted: Mapping[str, Any], draw: _DrawAudit, opened: list[Mapping[str, Any]]
    ) -> None:
        """Each row's exclusion, or that there was no reason for one, from what the pool knew."""
        unknown = 0
        for row, opening in zip(draw.rows, opened, strict=True):
            who, code = f"candidate {opening['record']['id']}", row.get("x", "")
            demand(not code or code in RECUSALS, f"{who} was excluded for an unknown reason ({code})")
            facts = opening.get("facts")
            if facts is None:
                unknown += 1
                continue
            found = recusals(wanted, opening["record"], facts)
            if code and not found[code]:
                self.audit.fail(
                    f"{who} was excluded ({code}, {RECUSALS[code]}) though nothing in its record says so"
                )
            due = [name for name, true in found.items() if true and name != "speciality"]
            if not code and due:
                self.audit.fail(f"{who} could be drawn though it had to be excluded ({', '.join(due)})")
        if unknown:
            self.audit.unchecked.append(
                f"the reasons for {unknown} rows of {draw.params['scope']}: the pool's facts are not given"
            )


class _OfferAudit:
    """The final offers of a consultation or negotiation, sealed in a tender of their own whose bundle lies in this one
    (docs/protocols/evaluation.md 7)."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.called, self.taken = audit.known("offers.called"), audit.known("offers.taken")
        self.there = f"{FINAL_OFFERS}MANIFEST.json" in audit.whole
        self.child = Audit(audit.whole.part(FINAL_OFFERS), audit.outside) if self.there else None
        if self.child is not None:
            self.child.procurement = self.child.parent = audit

    def made(self) -> int | None:
        """How many final offers were opened; None where their bundle is not here."""
        if self.child is None:
            return None
        if not self.child.lines:
            self.child.run()
        return len(self.child.opened)

    def check(self) -> str:
        """Everything about the final offers; returns what is said of them, "" where there are none."""
        audit = self.audit
        procurement = audit.doc("tender/evaluation.json").get("procurement")
        if procurement not in OFFER_ARTICLES or "offers_of" in audit.doc("tender/notice.json"):
            for act in audit.acts:
                if act.type in ("offers.called", "offers.taken"):
                    audit.fail(f"{act} is about final offers, which this tender does not ask for")
            return ""
        if any(part["name"] == "price-sheet" for part in audit.policy["parts"]):
            audit.fail("the first responses were asked for a price")
        if self.child is None:
            return self._absent()
        with audit.about("final offers"):
            self._run()
        if not self.taken:
            return f"; {len(self.child.opened)} final offers opened"
        with audit.about("final offers"):
            return self._check_taken()
        return ""

    def _absent(self) -> str:
        if self.taken and self.audit.of_type("result.published"):
            self.audit.fail("the final offers are missing: the bundle has no folder final-offers/")
        elif self.taken:
            self.audit.unchecked.append(
                "the final offers: the regulator's alone until the result is published"
            )
        return ""

    def _run(self) -> None:
        """The checks of a bundle, on the final offers' own; what is wrong there is wrong here."""
        child = self.child
        assert child is not None
        child.run()
        for number, status, text in child.lines:
            if status == "FAIL":
                self.audit.fail(f"{number} {text}")
        self.audit.notes += [f"final offers: {note}" for note in child.notes]
        self.audit.unchecked += [f"final offers: {text}" for text in child.unchecked]
        notice = child.doc("tender/notice.json")
        demand(
            notice.get("offers_of") == self.audit.tender and child.tender != self.audit.tender,
            f"{child.tender} is not the tender for the final offers of {self.audit.tender}",
        )
        demand(
            child.doc("tender/evaluation.json") == self.audit.doc("tender/evaluation.json"),
            "they were asked for by other rules than the published ones",
        )

    def _check_call(self) -> Mapping[str, Any]:
        """The one signed call: it names this tender and that one, who remains, and what was changed."""
        audit, child = self.audit, self.child
        assert child is not None
        demand(len(self.called) == 1, f"{len(self.called)} calls for final offers where one is due")
        call: Mapping[str, Any] = audit.doc("offers/call.json")
        notice = child.doc("tender/notice.json")
        said = (call["typ"], call["tender"], call["lot"], call["offers"])
        demand(
            said == ("ebid.final-offers-call", audit.tender, audit.policy["lot"], child.tender),
            f"the call is about {call['tender']} and {call['offers']}",
        )
        demand(
            notice["call"] == audit.file_hash("offers/call.json"),
            "the notice is about another call than the signed one",
        )
        for name in ("changes", "deadline"):
            demand(notice[name] == call[name], f"the notice and the call differ in {name}")
        self._check_signer()
        self._check_changes(call)
        ended = audit.of_type("offers.talks-ended")
        demand(
            ended and ended[0].index < self.called[0][0].index, "the call came before the end of the talks"
        )
        return call

    def _check_signer(self) -> None:
        """Who called for the offers is who published the tender for them."""
        audit, child = self.audit, self.child
        assert child is not None
        signers = [
            fingerprint(verify_cades(bundle.read(cms), bundle.read(path), anchors, moment(when)))
            for bundle, path, cms, anchors, when in (
                (audit.bundle, "offers/call.json", "offers/call.p7s", audit.anchors, self.called[0][0].time),
                (child.bundle, "tender/notice.json", "tender/notice.p7s", child.anchors,
                 child.of_type("tender.published")[0].time),
            )
        ]  # fmt: skip
        demand(signers[0] == signers[1], "the call is signed by somebody else than the notice that it led to")

    def _check_changes(self, call: Mapping[str, Any]) -> None:
        """The changes are those that the purchaser confirmed, in what may be changed."""
        proposed = {p["number"]: p for _, p in self.audit.known("offers.change-proposed")}
        decided = {
            p["number"] for _, p in self.audit.known("offers.change-decided") if p["decision"] == "confirmed"
        }
        wanted = [
            {name: proposed[number][name] for name in ("number", "subject", "text")}
            for number in sorted(decided)
        ]
        demand(call["changes"] == wanted, "the call has other changes than the purchaser has confirmed")
        for change in wanted:
            demand(
                change["subject"] in CHANGEABLE,
                f"change {change['number']} is about {change['subject']}, which may not be changed",
            )

    def _check_taken(self) -> str:
        """The offers that were opened there are the price sheets here: no other, none left out."""
        audit, child = self.audit, self.child
        assert child is not None
        call, (act, said) = self._check_call(), self.taken[-1]
        remaining = set(call["remaining"])
        demand(
            len(self.taken) == 1 and act.index > self.called[0][0].index,
            f"{act}: offers were taken twice, or before the call",
        )
        demand(
            not remaining & set(call["others"]) and remaining | set(call["others"]) == audit.opened,
            "the call does not name every first response once",
        )
        audit._check_known_prices(
            self.called[0][0], remaining,
            " was called without having passed the review", " passed the review, but was not called",
        )  # fmt: skip
        files = {
            "closed": "opening/close.json",
            "recorded": "opening/record.json",
            "opened": "opening/outcomes.json",
        }
        for name, path in files.items():
            demand(said[name] == child.file_hash(path), f"{act} took the offers of another opening ({path})")
        callers = {audit.bid(m)["bidder"]["id"]: m for m in remaining}
        for manifest in child.valid_bids:
            bidder = child.bid(manifest)["bidder"]["id"]
            if bidder not in callers:
                audit.fail(f"a final offer came from {bidder}, who was not called for one")
        offers = {child.bid(m)["bidder"]["id"]: m for m in sorted(child.opened)}
        pairs = {row["manifest"]: row["offer"] for row in said["taken"]}
        for bidder, offer in sorted(offers.items()):
            own = callers.get(bidder, "")
            if own and pairs.get(own) != offer:
                audit.fail(f"the final offer of {bidder} was opened and not taken")
        for manifest, offer in sorted(pairs.items()):
            if offer not in child.opened or callers.get(child.bid(offer)["bidder"]["id"]) != manifest:
                audit.fail(f"{audit.who(manifest)}: the offer that was taken is not its own opened one")
            audit.sheets[manifest] = child.sheets.get(offer)
        demand(
            set(said["left"]) == remaining - set(pairs), "who has left is not who remains without an offer"
        )
        self._check_left(set(said["left"]))
        names = ", ".join(sorted(audit.bid(m)["bidder"]["id"] for m in said["left"]))
        return f"; {len(pairs)} of {len(remaining)} final offers taken" + (f", {names} left" if names else "")

    def _check_left(self, left: set[str]) -> None:
        if "evaluation/inputs.json" not in self.audit.bundle:
            return
        audit = self.audit
        by_bidder = {audit.bid(m)["bidder"]["id"]: m for m in audit.opened}
        for row in audit.doc("evaluation/inputs.json")["bids"]:
            gone = by_bidder.get(row["id"]) in left
            if (row["decisions"].get("left") is True) != gone:
                audit.fail(f"bidder {row['id']} was evaluated as if it had {'not ' if gone else ''}left")


class _ScoreAudit:
    """An evaluation's scores against what its members signed (evaluation.md section 5.4)."""

    def __init__(self, audit: Audit, inputs: Mapping[str, Any]) -> None:
        self.audit, self.inputs = audit, inputs
        self.members: list[str] = inputs["members"]
        self.corrections: list[Mapping[str, Any]] = inputs.get("corrections") or []
        self.stated, self.locked, self.explained, self.filed = (
            [(act, p) for act, p in audit.known(f"scores.{kind}") if audit._counts(act)]
            for kind in ("stated", "locked", "explained", "corrected")
        )
        gone = audit.replaced
        self.locked, self.explained, self.corrected = (
            [(act, p) for act, p in rows if p["member"] not in gone]
            for rows in (self.locked, self.explained, self.filed)
        )
        self.used = {
            (bid["id"], item, member): score
            for bid in inputs["bids"]
            for item, row in bid["scores"].items()
            for member, score in row.items()
        }

    def check_papers(self) -> None:
        """Who signed what, and when; in the regulator's bundle also that the inputs hold just that."""
        self._check_members()
        self._check_turns()
        self._check_facts()
        if self.audit.replaced:
            self._check_standing_corrections()
        else:
            self._check_number_of_corrections()
        if self.audit.complete:
            with self.audit.about("the score sheets"):
                self._check_sheets()
            if not self.audit.replaced:
                with self.audit.about("the corrections of scores"):
                    self._check_corrections()
        elif self.used:
            self.audit.unchecked.append("the single score sheets: the regulator's bundle holds them")

    def _check_members(self) -> None:
        if self.audit.unnamed:
            return
        panel = [row["member"] for row in self.audit.sitting]
        used = set(self.members) | {member for _bid, _item, member in self.used}
        for member in sorted(used - set(panel)):
            swapped = f"swapped expert: the scores of {member} were used, who is not of the panel"
            self.audit.fail(self.audit.void(member, "scores") or swapped)
        for member in sorted(set(panel) - set(self.members)):
            self.audit.fail(
                f"swapped expert: {member} is of the panel, but no scores of this member were used"
            )
        sheets = Counter(payload["member"] for _, payload in self.locked)
        for member in panel if self.used else []:
            if not sheets[member]:
                self.audit.fail(f"dropped sheet: member {member} locked no scores")
        for member, count in sheets.items():
            if member not in panel:
                self.audit.fail(f"sheet of a stranger: {member} locked scores and is not of the panel")
            elif count > 1 + len(self.audit.replaced):
                self.audit.fail(f"member {member} locked {count} sheets")

    def _check_turns(self) -> None:
        """All sheets, then reasons and corrections, then the report."""
        breaks = [
            act.index for act in self.audit.replaced.values()
        ]  # after one the sheets are made whole anew
        for act, _ in (*self.explained, *self.corrected):
            until = min((place for place in breaks if place > act.index), default=sys.maxsize)
            if any(act.index < locked.index < until for locked, _ in self.locked):
                self.audit.fail(f"{act} came before the last sheet was locked")
        reported = [act for act, _ in self.audit.known("evaluation.reported") if self.audit._counts(act)]
        for act, payload in (*self.locked, *self.explained, *self.corrected):
            if reported and act.index > reported[-1].index:
                self.audit.fail(f"{act} of member {payload['member']} came after the report")

    def _check_facts(self) -> None:
        """The head stated the facts of objective items, and a sheet that departs from them says why."""
        objective = {name for name, kind, _, _ in score_criteria(self.inputs["rules"]) if kind == "objective"}
        if not objective or not self.used:
            return
        if not self.stated:
            self.audit.notes.append(
                "nobody stated the facts of objective items before the sheets were locked"
            )
            return
        members = self.audit._members()  # none before the result notice, in the public's bundle
        heads = {row["member"] for row in members if row.get("head")}
        for act, payload in self.stated:
            if members and payload["member"] not in heads:
                self.audit.fail(
                    f"{act}: facts were stated by {payload['member']}, who does not lead the committee"
                )
        for act, payload in self.locked:
            before = [row for row in self.stated if row[0].index < act.index]
            if not before:
                self.audit.fail(
                    f"{act}: member {payload['member']} locked a sheet before the facts were stated"
                )
            elif self.audit.complete:
                with self.audit.about("the stated facts"):
                    self._check_departures(objective, before[-1][1], payload)
        if self.audit.complete:
            with self.audit.about("the stated facts"):
                self._check_restated()

    def _check_restated(self) -> None:
        """What a locked sheet was prefilled with is not stated otherwise afterwards, but by another head."""
        standing = [(act, p) for act, p in self.stated if p["member"] not in self.audit.replaced]
        for (_, first), (act, again) in zip(standing, standing[1:], strict=False):
            if not any(locked.index < act.index for locked, _ in self.locked):
                continue
            old, new = (
                {
                    (row["bid"], row["item"]): row
                    for row in self._paper("score-facts", p["facts"], "facts", p)["facts"]
                }
                for p in (first, again)
            )
            for bid, item in sorted(old.keys() & new.keys()):
                if old[bid, item] != new[bid, item]:
                    self.audit.fail(
                        f"{act}: the fact of bid {bid}, item {item} was changed after a sheet was locked"
                    )

    def _check_departures(
        self, objective: set[str], stated: Mapping[str, Any], locked: Mapping[str, Any]
    ) -> None:
        """A sheet against the facts that it was prefilled with."""
        facts = self._paper("score-facts", stated["facts"], "facts", stated)["facts"]
        points = {(row["bid"], row["item"]): row["points"] for row in facts}
        for row in self._paper("scores", locked["sheet"], "sheet", locked)["scores"]:
            if row["item"] not in objective:
                continue
            said = points.get((row["bid"], row["item"]))
            where = f"member {locked['member']}, bid {row['bid']}, item {row['item']}"
            if said is None:
                missing = f"no fact was stated for bid {row['bid']}, item {row['item']}"
                if missing not in self.audit.problems:
                    self.audit.fail(missing)
            elif mark(said) != mark(row["score"]) and row["reason"].strip():
                self.audit.notes.append(f"departs from the stated facts: {where}: {row['score']} for {said}")
            elif mark(said) != mark(row["score"]):
                self.audit.fail(
                    f"departs from the stated facts without a reason: {where}: sheet says {row['score']}, stated was {said}"
                )

    def _check_standing_corrections(self) -> None:
        """After a replacement: the inputs hold the corrections that were filed, in their order, without those of replaced
        members and those from before whose ground has gone."""
        last = max(act.index for act in self.audit.replaced.values())
        left, made = list(self.corrections), 0
        for number, (act, payload) in enumerate(self.filed, 1):
            if payload["member"] in self.audit.replaced:
                continue
            paper = self._correction(number, payload) if self.audit.complete else None
            if left and self._is(left[0], payload, paper):
                left.pop(0)
                made += 1
            elif act.index > last or (paper is not None and self._grounded(made, paper)):
                self.audit.fail(f"correction missing: number {number} of member {payload['member']} ({act})")
            else:
                self.audit.notes.append(f"{act}: this correction lapsed with the void scores")
        for used in left:
            self.audit.fail(
                self.audit.void(used["member"], "a correction")
                or f"a correction of member {used['member']} in the inputs was signed by nobody"
            )

    def _correction(self, number: int, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        paths = [
            path
            for path in self.audit.bundle.members
            if re.fullmatch(r"evaluation/(earlier-[0-9]+/)?score-corrections/[0-9]+\.json", path)
            and self.audit.file_hash(path) == payload["correction"]
        ]
        folder, name = paths[0].removeprefix("evaluation/").rsplit("/", 1)
        paper = self._paper(folder, name.removesuffix(".json"), "correction", payload)
        demand(paper["number"] == number, f"{paths[0]} is not number {number}")
        return paper

    @staticmethod
    def _is(used: Mapping[str, Any], payload: Mapping[str, Any], paper: Mapping[str, Any] | None) -> bool:
        """Whether a correction of the inputs is this one, as far as the tier tells."""
        if paper is None:
            return bool(used["member"] == payload["member"])
        return all(
            paper[name] == used[name] for name in ("bid", "item", "member", "ground", "before", "after")
        )

    def _grounded(self, made: int, paper: Mapping[str, Any]) -> bool:
        """Whether a correction has its ground after so many of those in the inputs."""
        try:
            _Scoring({**self.inputs, "corrections": [*self.corrections[:made], paper]})
        except (Invalid, *MALFORMED):
            return False
        return True

    def _check_number_of_corrections(self) -> None:
        for number, (act, payload) in enumerate(self.corrected, 1):
            used = self.corrections[number - 1] if number <= len(self.corrections) else None
            if used is None:
                self.audit.fail(
                    f"correction missing: number {number} of member {payload['member']} ({act}) is not in the inputs"
                )
            elif used["member"] != payload["member"]:
                self.audit.fail(
                    f"correction {number} is of member {used['member']}, signed by {payload['member']} ({act})"
                )
        for number, used in enumerate(self.corrections[len(self.corrected) :], len(self.corrected) + 1):
            self.audit.fail(f"correction {number} (of member {used['member']}) was signed by nobody")

    def _paper(self, folder: str, name: str, typ: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A signed paper (V6) of this evaluation and of that member."""
        path = f"evaluation/{folder}/{name}.json"
        paper: Mapping[str, Any] = self.audit.doc(path)
        demand(
            paper["v"] == 1 and paper["typ"] == f"ebid.score-{typ}" and paper["tender"] == self.audit.tender,
            f"{path} is no {typ} of this tender",
        )
        demand(paper.get("round", 1) == self.audit.round, f"{path} was signed for another evaluation")
        demand(
            paper["member"] == payload["member"],
            f"{path} is of {paper['member']}, not of {payload['member']}",
        )
        return paper

    def _check_sheets(self) -> None:
        signed: dict[tuple[str, str, str], str] = {}
        for _, payload in self.locked:
            sheet = self._paper("scores", payload["sheet"], "sheet", payload)
            cells = [(row["bid"], row["item"]) for row in sheet["scores"]]
            if cells != sorted(set(cells)):
                self.audit.fail(f"the sheet of {payload['member']} scores something twice or is not sorted")
            signed |= {(row["bid"], row["item"], sheet["member"]): row["score"] for row in sheet["scores"]}
        with_sheet = {payload["member"] for _, payload in self.locked}
        for key in sorted(self.used.keys() | signed.keys()):
            sheet_says, inputs_say = signed.get(key), self.used.get(key)
            if sheet_says != inputs_say and key[2] in with_sheet:
                self.audit.fail(
                    f"score bent: member {key[2]}, bid {key[0]}, item {key[1]}: "
                    f"sheet says {sheet_says or 'nothing'}, inputs say {inputs_say or 'nothing'}"
                )

    def _check_corrections(self) -> None:
        pattern = r"evaluation/(earlier-[0-9]+/)?score-corrections/([0-9]+)\.json"
        paths = [m for path in self.audit.bundle.members if (m := re.fullmatch(pattern, path))]
        found = {self.audit.file_hash(m[0]): m for m in paths}
        pairs = zip(self.corrected, self.corrections, strict=False)
        for number, ((_, payload), used) in enumerate(pairs, 1):
            match = found[payload["correction"]]
            paper = self._paper((match[1] or "") + "score-corrections", match[2], "correction", payload)
            demand(paper["number"] == number == int(match[2]), f"{match[0]} is not number {number}")
            for field_name in ("bid", "item", "member", "ground", "before", "after"):
                if paper[field_name] != used[field_name]:
                    self.audit.fail(
                        f"correction {number} bent: {field_name} {used[field_name]} in the inputs, signed was {paper[field_name]}"
                    )

    def check_reasons(self, outliers: list[Mapping[str, Any]]) -> None:
        """Whoever gave a score far from the others' said why."""
        owed, given = (
            Counter(row["member"] for row in outliers),
            Counter(p["member"] for _, p in self.explained),
        )
        if not self.audit.complete:
            for member in sorted((owed - given).keys()):
                self.audit.fail(
                    f"member {member} owes {owed[member]} reasons for outliers and gave {given[member]}"
                )
            return
        with self.audit.about("the reasons for outliers"):
            papers = [self._paper("score-reasons", p["reason"], "reason", p) for _, p in self.explained]
            said = {
                (p["member"], p["bid"], p["item"], Fraction(p["score"])): p["rules"]
                for p in papers
                if p["reason"].strip()
            }
            for row in outliers:
                score = self._final(row["bid"], row["item"], row["member"])
                rules = said.get((row["member"], row["bid"], row["item"], mark(score)))
                where = f"member {row['member']}, bid {row['bid']}, item {row['item']}: {score}"
                if rules is None:
                    self.audit.fail(f"outlier without a reason: {where}")
                elif rules != row["rules"] and not self.corrections and not self.audit.replaced:
                    self.audit.fail(
                        f"{where} is an outlier by {', '.join(row['rules'])}, the reason names {', '.join(rules)}"
                    )

    def check_printed(self, report: Mapping[str, Any]) -> None:
        """Corrections and reasons as the report prints them."""
        self._check_printed_papers(report)
        for number, row in enumerate(report.get("score_corrections", []), 1):
            used = self.corrections[number - 1] if number <= len(self.corrections) else {}
            wrong = row["number"] != number and not self.audit.replaced
            if wrong or any(row[name] != value for name, value in used.items()) or not used:
                self.audit.fail(f"the report prints a correction {row['number']} that was not made")
        if len(report.get("score_corrections", self.corrections)) < len(self.corrections):
            self.audit.fail("the report leaves out a correction of scores")
        if not self.audit.complete or "score_reasons" not in report:
            return
        with self.audit.about("the reasons for outliers"):
            papers = [self._paper("score-reasons", p["reason"], "reason", p) for _, p in self.explained]
            names = ("bid", "item", "member", "rules", "reason")
            signed = sorted(jcs({name: paper[name] for name in names}) for paper in papers)
            printed = sorted(jcs({name: row[name] for name in names}) for row in report["score_reasons"])
            demand(signed == printed, "the report prints other reasons than the members signed")

    def _check_printed_papers(self, report: Mapping[str, Any]) -> None:
        """Facts and the reasons of corrections as the report prints them are those that members signed; the regulator's
        tier tells."""
        if not self.audit.complete:
            return
        with self.audit.about("the corrections of scores"):
            for row in report.get("score_corrections", []):
                if not 1 <= row["number"] <= len(self.filed):
                    continue  # named by its number
                paper = self._correction(row["number"], self.filed[row["number"] - 1][1])
                if row["reason"] != paper["reason"]:
                    self.audit.fail(
                        f"correction {row['number']}: the report prints another reason than was signed"
                    )
        standing = [said for _, said in self.stated if said["member"] not in self.audit.replaced]
        if not standing or self.audit.evaluation is None:
            return
        with self.audit.about("the stated facts"):
            paper = self._paper("score-facts", standing[-1]["facts"], "facts", standing[-1])
            scored = self.audit.evaluation["scores"]
            signed = [{**row, "member": paper["member"]} for row in paper["facts"] if row["bid"] in scored]
            same = sorted(map(jcs, signed)) == sorted(map(jcs, report.get("score_facts", [])))
            demand(same, "the report prints other facts of objective items than the head signed")

    def _final(self, bid: str, item: str, member: str) -> str:
        """A score after the corrections."""
        score: str = self.used[(bid, item, member)]
        for change in self.corrections:
            if (change["bid"], change["item"], change["member"]) == (bid, item, member):
                score = change["after"]
        return score


class _ReportAudit:
    """What a report prints beside its result (bundle.md, `evaluation/report.json`)."""

    def __init__(self, audit: Audit, inputs: Mapping[str, Any], report: Mapping[str, Any]) -> None:
        self.audit, self.inputs, self.report = audit, inputs, report

    def check(self) -> None:
        parts = {
            "drawn_up": self._time,
            "committee": self._committee,
            "bidders": self._bidders,
            "dissent": self._dissent,
            "derivations": self._derivations,
        }
        for name, check in parts.items():
            if name not in self.report:
                self.audit.fail(f"the report does not print its {name}")
                continue
            with self.audit.about(f"the report's {name}"):
                check()

    def _time(self) -> None:
        """Drawn up after the last conclusion it rests on, before the first signature under it."""
        at, acts = moment(self.report["drawn_up"]), list(filter(self.audit._counts, self.audit.acts))
        signed = [a for a in acts if a.type == "evaluation.reported"]
        signed += [a for a, p in self.audit.known("report.signed") if p["report"] == self._hash]
        until = min((moment(a.time) for a in signed), default=at)
        made = CONCLUSIONS - {"report.signed", "evaluation.reported"}
        since = [moment(a.time) for a in acts if a.type in made and moment(a.time) <= until]
        demand(at <= until + TOLERANCE, f"{self.report['drawn_up']} is after its first signature")
        demand(
            not since or at >= max(since) - TOLERANCE,
            f"{self.report['drawn_up']} is before the last conclusion it rests on",
        )

    @property
    def _hash(self) -> str:
        return self.audit.file_hash("evaluation/report.json")

    def _committee(self) -> None:
        if self.audit.unnamed or "evaluation/panel.json" not in self.audit.bundle:
            return
        said = [(row["member"], row["role"], bool(row["head"])) for row in self.report["committee"]]
        sat = [(row["member"], row["role"], bool(row.get("head"))) for row in self.audit.sitting]
        demand(sorted(said) == sorted(sat), "it is not the committee that the panel document names")

    def _bidders(self) -> None:
        """Each bid with the name that was read out at the opening."""
        mine = {self.audit.bid(m)["bidder"]["id"]: m for m in self.audit.opened}
        record = self.audit.doc("opening/record.json")["bids"] if mine else []
        rows, said = {row["manifest"]: row for row in record}, self.report["bidders"]
        for bid in sorted(said.keys() | {row["id"] for row in self.inputs["bids"]}):
            if bid not in mine:
                continue  # named where the inputs are checked
            row = rows.get(mine[bid], {})
            for name, right in (("manifest", mine[bid]), ("name", row.get("name"))):
                told = said.get(bid, {}).get(name)
                demand(told == right, f"bidder {bid} has the {name} {told}, opened was {right}")
        demand(said.keys() <= mine.keys(), "it names somebody whose bid was not opened")

    def _dissent(self) -> None:
        """Every vote of a minority with its written reason."""
        items, rows = (
            self.inputs["rules"]["items"],
            sorted(self.inputs["bids"], key=lambda bid: str(bid["id"])),
        )
        votes = {bid["id"]: bid["decisions"] for bid in rows}
        passed = [
            b["id"]
            for b in rows
            if _review_passed(items["qualification"], votes[b["id"]].get("qualification") or [])
        ]
        enough = len(passed) >= self.inputs["rules"]["minimum"]
        about = {
            "qualification": [bid["id"] for bid in rows],
            "conformity": [
                b["id"] for b in rows if enough and b["id"] in passed and sheet_fault(b["sheet"]) is None
            ],
        }
        mine = [
            {
                "bid": bid,
                "review": step,
                "item": row["item"],
                "member": vote["member"],
                "reason": vote["reason"],
            }
            for step, bids in about.items()
            for bid in bids
            for row in votes[bid].get(step) or []
            for vote in row["votes"]
            if vote["pass"] != (2 * sum(v["pass"] for v in row["votes"]) > len(row["votes"]))
            and vote["reason"].strip()
        ]
        same = sorted(map(jcs, mine)) == sorted(map(jcs, self.report["dissent"]))
        demand(same, "it is not what the minority wrote beside its votes")

    def _derivations(self) -> None:
        """Every printed line comes out; none is left out of an evaluation that came to its end."""
        mine, said = derivations(self.inputs), self.report["derivations"]
        whole = self.audit.evaluation is not None and self.audit.evaluation["failure"] is None
        for bid in sorted(mine.keys() | said.keys()):
            right, told = ([jcs(line).decode() for line in rows.get(bid, [])] for rows in (mine, said))
            wrong = [line for line in told if line not in right]
            missing = [line for line in right if line not in told] if whole else []
            for what, lines in (("has", wrong), ("lacks", missing)):
                if lines:
                    self.audit.fail(f"the derivation of bidder {bid} {what} {lines[0]}")
            if whole and not wrong and not missing and len(told) != len(right):
                self.audit.fail(f"the derivation of bidder {bid} has a line twice")


class _HearingAudit:
    """Whether a supplier was heard before its price was found too low (M87 60, 2026-2 art. 3), and what became of each
    question; from the entries that the regulator's tier has."""

    MINUTES = timedelta(minutes=30)
    """what the law leaves for an explanation at least"""
    WORDS = "报价异常偏低"
    """what a question says that does not name its kind"""

    def __init__(self, audit: Audit, found: Mapping[str, Any]) -> None:
        self.audit, self.found = audit, found
        self.asked, self.answered, self.told = (
            [(act, p) for act, p in audit.known(kind) if audit._counts(act)]
            for kind in ("clarification.asked", "clarification.answered", "abnormal.explained")
        )

    def check(self) -> None:
        confirmed = [(act, p["manifest"]) for act, p in self.audit.known("price.confirmed")]
        for act, said in self.asked:
            answers = self._answers(act, said)
            if len(answers) > 1:
                self.audit.fail(f"{act}: the question has {len(answers)} answers")
            priced = any(a.index > act.index and m == said["manifest"] for a, m in confirmed)
            if not answers and not priced:
                self.audit.notes.append(
                    f"{act}: {self.audit.who(said['manifest'])} was asked and has not answered"
                )
        refs = {said["ref"] for _, said in self.asked}
        for act, said in self.answered:
            if said["ref"] not in refs:
                self.audit.fail(f"{act} answers a question that nobody asked")
        mine = {self.audit.bid(m)["bidder"]["id"]: m for m in self.audit.opened}
        low = {
            mine[r["id"]]
            for r in self.found["rejected"]
            if r["ground"] == "abnormally-low" and r["id"] in mine
        }
        refused = {said["manifest"] for _, said in self.told if not said["accepted"]}
        for manifest in sorted(low | refused):
            self._heard(manifest)

    def _answers(self, act: Act, said: Mapping[str, Any]) -> list[Act]:
        return [a for a, p in self.answered if p["ref"] == said["ref"] and a.index > act.index]

    def _heard(self, manifest: str) -> None:
        """Asked to explain, and judged not before it answered or its time was over."""
        who, judged = self.audit.who(manifest), [a for a, p in self.told if p["manifest"] == manifest]
        went_on = {"scores.locked", "report.signed", "evaluation.reported"}
        asked = [
            (act, said)
            for act, said in self.asked
            if said["manifest"] == manifest
            and (said["kind"] == "abnormal" if "kind" in said else self.WORDS in said["text"])
        ]
        if judged:
            asked = [(act, said) for act, said in asked if act.index < judged[0].index]
        if not asked:
            self.audit.fail(f"{who} was rejected for its low price and never asked to explain it (M87 60)")
            return
        act, said = asked[-1]
        answers = self._answers(act, said)
        later = judged or [a for a in self.audit.acts if a.type in went_on and a.index > act.index]
        if any(a.index < later[0].index for a in answers if later):
            if not judged:
                self.audit.fail(f"{who} explained its low price, and nobody judged the explanation")
            return
        until = moment(said["until"]) if "until" in said else moment(act.time) + self.MINUTES
        if later and moment(later[0].time) + TOLERANCE < until:
            self.audit.fail(f"{who}: {later[0]} came before its time to explain the low price was over")


class _InvitationAudit:
    """Suppliers of an invited tender (M87 14): drawn at random from twice as many, before two of the purchaser's staff who
    signed the record, and nobody else has bid (draw.md section 15)."""

    def __init__(self, audit: Audit, draws: list[_DrawAudit]) -> None:
        self.audit, self.draws = audit, draws

    def check(self) -> None:
        audit = self.audit
        if audit.lottery or audit.doc("tender/evaluation.json").get("procurement") != "invited":
            return
        found = [draw for draw in self.draws if draw.found]
        demand(len(found) == 1, f"its suppliers were drawn {len(found)} times, not once")
        recorded = audit.known("invited.recorded")
        demand(len(recorded) == 1, f"there are {len(recorded)} records of the draw of its suppliers")
        public = bool(audit.of_type("result.published"))
        kept = [
            path
            for path, row in audit.listed.items()
            if path.startswith("invited/") and row["tier"] == "regulator"
        ]
        demand(not (public and kept), f"{', '.join(kept)}: kept from the public after the result")
        if "invited/record.json" not in audit.bundle:
            demand(not public, "the record of the draw of its suppliers is missing")
            audit.unchecked.append("who was drawn and invited: not public before the result")
            return
        act, said = recorded[0]
        listed, record = audit.doc("invited/list.json"), audit.doc("invited/record.json")
        self._papers(said, listed, record)
        self._drawn(found[0], listed, record)
        self._watched(found[0], said)
        self._signed(record)
        drawn = {one["id"] for one in record["drawn"]}
        for manifest in audit.valid_bids:
            if audit.bid(manifest)["bidder"]["id"] not in drawn:
                audit.fail(f"{audit.who(manifest)} bid in an invited tender and was not among those drawn")
        published = audit.of_type("tender.published")
        if published and published[0].index < act.index:
            audit.fail("the tender was published before the record of the draw was signed")

    def _papers(self, said: Mapping[str, Any], listed: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        audit = self.audit
        ids = [one["id"] for one in listed["candidates"]]
        demand(record["tender"] == listed["tender"] == audit.tender, "list and record are of another tender")
        demand(
            said["list"] == record["list"] == audit.file_hash("invited/list.json"),
            "the record is about another list of candidates",
        )
        demand(len(set(ids)) == len(ids), "a candidate stands in the list twice")
        demand(
            (record["candidates"], record["number"]) == (len(ids), listed["number"]),
            "the record counts differently",
        )
        demand(listed["number"] >= 3, f"{listed['number']} suppliers were drawn, the law wants at least 3")
        demand(
            len(ids) >= 2 * listed["number"],
            f"{len(ids)} candidates for {listed['number']} suppliers, the law wants twice as many",
        )
        demand(
            listed["source"] == "pool" or bool(listed["paper"]), "the purchaser's recommendation has no paper"
        )

    def _drawn(self, draw: _DrawAudit, listed: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        """What the record says is what was drawn, among all of the list and nobody else."""
        demand(record["draw"]["announce"] == draw.said["draw"], "the record is about another draw")
        (stratum,) = draw.params["strata"]
        demand(stratum["quota"] == listed["number"], "another number was drawn than the list says")
        demand(not any("x" in row for row in draw.rows), "a candidate was kept out of the draw")
        names = self._names(draw)
        if not names:
            self.audit.unchecked.append("whose the tickets in the draw of suppliers were: not opened yet")
            return
        wanted = sorted((one["id"], one["name"]) for one in listed["candidates"])
        demand(sorted(names.values()) == wanted, "others were drawn from than stand in the list")
        drawn = [names[handle] for handle in draw.found["result"]["panel"][stratum["id"]]]
        said = [(one["id"], one["name"]) for one in record["drawn"]]
        demand(said == drawn, "the record names other suppliers than were drawn")

    def _names(self, draw: _DrawAudit) -> dict[str, tuple[str, str]]:
        """handle → who stands behind it, as far as this bundle tells."""
        audit, path = self.audit, f"{draw.folder}/openings.json"
        if path in audit.bundle:
            return {row["h"]: (row["record"]["id"], row["record"]["name"]) for row in audit.doc(path)["rows"]}
        opened = [p["openings"] for _, p in audit.known("draw.opened") if p["draw"] == draw.said["draw"]]
        return {h: (r["id"], r["name"]) for openings in opened for h, (_, r) in openings.items()}

    def _watched(self, draw: _DrawAudit, said: Mapping[str, Any]) -> None:
        before = [
            act
            for act, payload in self.audit.known("invited.watched")
            if act.index < draw.announced.index and payload["list"] == said["list"]
        ]
        demand(
            len(before) >= 2,
            f"{len(before)} of the purchaser's staff were present at the draw, the law wants 2",
        )

    def _signed(self, record: Mapping[str, Any]) -> None:
        """Two different people of the purchaser's; V6 has judged their signatures."""
        paths = [path for path in self.audit.bundle.under("invited/") if path.endswith(".p7s")]
        signers = {path: self.signer_of(path) for path in paths}
        wrong = [
            path
            for path, certificate in signers.items()
            if not names_organisation(certificate, record["purchaser"]["id"])
        ]
        demand(not wrong, f"{', '.join(wrong)}: not signed by the purchaser's staff")
        people = {subject_of(certificate) for certificate in signers.values()}
        demand(
            len(people) >= 2,
            f"the record of the draw is signed by {len(people)} of the purchaser's staff, the law wants 2",
        )
        self._purchasers(record)

    def signer_of(self, path: str) -> x509.Certificate:
        audit, document = self.audit, "invited/record.json"
        when = audit._signing_moment(document)
        return verify_cades(audit.bundle.read(path), audit.bundle.read(document), audit.anchors, when)

    def _purchasers(self, record: Mapping[str, Any]) -> None:
        """The purchaser of the record is that of the published documents."""
        path = "tender/files/tender-document.json"
        if path in self.audit.bundle:
            named = self.audit.doc(path)["purchaser"]
            demand(
                named == record["purchaser"]["name"],
                f"the record is of {record['purchaser']['name']}, the purchaser is {named}",
            )


class _DrawAudit:
    """One draw of a bundle: its entries and files against draw.md section 10."""

    def __init__(self, audit: Audit, act: Act, payload: Mapping[str, Any], seen: set[str]) -> None:
        self.audit, self.announced, self.said, self.seen = audit, act, payload, seen
        self.folder = f"draws/{payload['draw']}"
        self.params, self.rows = (audit.doc(f"{self.folder}/{name}.json") for name in ("params", "rows"))
        self.purpose = self.params["scope"].split("/")[1]
        self.found: Mapping[str, Any] = {}
        """What the draw came to, when it came to a result."""
        self.acts = [
            a
            for a in audit.acts
            if a.type.startswith("draw.") and a.payload and a.payload["draw"] == payload["draw"]
        ]

    def of(self, kind: str) -> list[tuple[Act, Mapping[str, Any]]]:
        return [(a, a.payload) for a in self.acts if a.type == f"draw.{kind}" and a.payload is not None]

    def only(self, kind: str) -> tuple[Act, Mapping[str, Any]]:
        found = self.of(kind)
        demand(len(found) == 1, f"there are {len(found)} draw.{kind} entries")
        return found[0]

    def result_at(self, index: int) -> Mapping[str, Any]:
        """What the draw had come to before the entry with this index; empty when to nothing yet."""
        return next((payload for act, payload in reversed(self.of("result")) if act.index < index), {})

    def check(self, before: dict[str, list[_DrawAudit]]) -> None:
        """`before` grows by this draw."""
        try:
            check_draw_params(self.params)
            check_draw_rows(self.rows)
        except MALFORMED as error:
            raise Invalid(f"malformed announcement ({error})") from error
        earlier = list(before.get(self.purpose, ()))
        before.setdefault(self.purpose, []).append(self)
        self._announcement(earlier)
        commits = self._commitments()
        if self.of("void"):
            self._voided(commits)
            return
        demand(self.of("frozen"), "left hanging: it was announced and neither frozen nor voided")
        parties = self._frozen(commits)
        t = self._transcript({party: commits[party][1] for party in parties})
        self.found = self._played(t)
        self._opened()
        if f"{self.folder}/openings.json" in self.audit.bundle:
            self._justified()

    def _announcement(self, earlier: list[_DrawAudit]) -> None:
        p = self.params
        demand(
            draw_hash(p["alg"], "announce", jcs(p)).hex() == self.said["draw"],
            "params.json is not what was announced",
        )
        check_draw_list(p, self.rows)
        tender, purpose, number = p["scope"].split("/")
        demand(tender == self.audit.tender, "the draw is of another tender")
        demand(
            int(number) == len(earlier) + 1,
            f"draw {number} for {purpose} does not follow number {len(earlier)}",
        )
        results = [one["hash"] for draw in earlier if (one := draw.result_at(self.announced.index))]
        demand(p["prev"] == (results[-1] if results else None), "prev is not the result of the draw before")
        named = self.said["certificates"].keys()
        demand({*p["trustees"], *p["must"]} <= named, "a trustee's or party's certificate was not announced")
        for name, certificate in sorted(self.said["certificates"].items()):
            self._signs("trustees", str(name), str(certificate))
        if caller := self.said.get("caller"):
            self._signs("devices", "", str(caller))

    def _signs(self, kind: str, name: str, certificate: str) -> None:
        """A trustee signs with a certificate that the trust file has for its name, a device with one that it has at all;
        whom the file does not list is said, and is counted as the operator's."""
        audit, rows = self.audit, self.audit.trust.raw.get(kind, [])
        mine = [row for row in rows if not name or row["name"] == name]
        found = next((row for row in mine if certificate in row["cert_sha256"]), None)
        known = audit.certificates.get(certificate)
        subject = subject_of(known) if known else f"certificate {certificate[:16]}"
        who = f"{DRAW_SIGNERS[kind]} {name or (found or {}).get('name', certificate[:16])}"
        controller = found["controller"] if found else audit.trust.raw["operator"]
        if audit.served[kind].setdefault(who, controller) != controller:
            audit.served[kind][who] = audit.trust.raw["operator"]
        if mine and not found:
            audit.fail(
                f"draw {self.params['scope']}: the {who} signs as {subject}, whose certificate the trust file does not name"
            )
        elif not mine:
            audit.unchecked.append(
                f"who the {who} is: it signs as {subject}, and the trust file lists no such"
            )

    def _document(self, kind: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """A commitment or ack: signed (V6) with the announced certificate, about this draw."""
        name, who = ("commit", "party") if kind == "commits" else ("ack", "trustee")
        document: Mapping[str, Any] = self.audit.doc(f"{self.folder}/{kind}/{payload[name]}.json")
        floor = kind == "commits" and str(payload[who]).startswith("floor-")
        signer = "key" if floor else "cert_sha256"
        exact_keys(document, ("v", "typ", "announce", who, signer, "commits"), f"a draw-{name}")
        demand(
            document["announce"] == self.said["draw"] and document[who] == payload[who],
            f"the {name} is another's",
        )
        if floor:
            demand(self.purpose == LOTTERY, "nobody contributes from the floor to this draw")
            return document
        announced = self.said["certificates"].get(document[who], document["cert_sha256"])
        demand(
            announced == document["cert_sha256"],
            f"{document[who]} did not sign with the announced certificate",
        )
        return document

    def _commitments(self) -> dict[str, tuple[str, list[str]]]:
        """party → (hash of its document, its commitments)"""
        found: dict[str, tuple[str, list[str]]] = {}
        for act, payload in self.of("committed"):
            party = payload["party"]
            demand(party not in found, f"{party} committed twice")
            demand(
                moment(act.time).timestamp() <= self.params["t_commit"], f"{party} committed after t_commit"
            )
            found[party] = payload["commit"], self._document("commits", payload)["commits"]
        return found

    def _frozen(self, commits: Mapping[str, tuple[str, list[str]]]) -> list[str]:
        """The parties that count: every trustee acknowledged each of them, and T binds them."""
        act, payload = self.only("frozen")
        parties, dropped = payload["parties"], payload["dropped"]
        demand(
            sorted(commits) == sorted(parties + dropped),
            "a party that had committed is missing in draw.frozen",
        )
        demand(
            not set(dropped) & set(self.params["must"]),
            "a mandatory party was dropped instead of voiding the draw",
        )
        late = moment(act.time).timestamp() >= self.params["t_freeze"]
        demand(late or not dropped, "a party was dropped before t_freeze")
        acked = {
            p["trustee"]: set(self._document("acks", p)["commits"])
            for a, p in self.of("acked")
            if a.index < act.index
        }
        for trustee in self.params["trustees"]:
            for party in parties:
                held = commits[party][0] in acked.get(trustee, ())
                demand(held, f"{trustee} has not acknowledged the slips of {party}")
        later = [a.index for a, _ in self.of("committed") if a.index > act.index]
        demand(not later, "somebody committed after the freeze")
        self._cosigned(act)
        return sorted(parties)

    def _cosigned(self, frozen: Act) -> None:
        """A witness saw T before anybody saw a slip."""
        first = min(act.index for act, _ in (*self.of("beacon"), *self.of("revealed")))
        demand(frozen.index < first, "slips or a beacon came before the freeze")
        for path in self.audit.bundle.under("log/checkpoints/"):
            point = parse_checkpoint(self.audit.bundle.read(path))
            when = self.audit.cosigned(point.raw) if frozen.index < point.size <= first else None
            if when is not None and when.timestamp() <= self.params["t_reveal"]:
                return
        raise Invalid("no checkpoint with the freeze was cosigned before the slips were revealed")

    def _transcript(self, commits: Mapping[str, list[str]]) -> dict[str, Any]:
        slips: dict[str, list[str]] = {}
        for act, payload in self.of("revealed"):
            party, by = payload["party"], payload["by"]
            demand(party not in slips, f"{party} was revealed twice")
            slips[party] = payload["slips"]
            if by != [party]:
                enough = len(set(by) & set(self.params["trustees"])) >= self.params["k"]
                demand(enough, f"the slips of {party} were published by fewer than k trustees")
                due = moment(act.time).timestamp() >= self.params["t_reveal"]
                demand(due, f"the slips of {party} were recovered before t_reveal")
        beacon = self.only("beacon")[1]["value"] if self.of("beacon") else ""
        waves = [payload["outcomes"] for _, payload in self.of("wave")]
        return {"params": self.params, "rows": self.rows, "commits": commits, "slips": slips, "beacon": beacon,
                "waves": waves, "openings": {}}  # fmt: skip

    def _played(self, t: dict[str, Any]) -> dict[str, Any]:
        """The last result, computed; earlier ones must be those of the waves before them."""
        demand(self.of("result"), "the draw was announced and neither finished nor voided")
        last = self.of("result")[-1][0]
        demand(all(act.index < last.index for act, _ in self.of("wave")), "waves came after the last result")
        found: dict[str, Any] = {}
        for act, payload in self.of("result"):
            waves = [p["outcomes"] for a, p in self.of("wave") if a.index < act.index]
            seen = set(self.seen) if act is not last else self.seen
            found = replay_draw({**t, "waves": waves, "result": payload["result"]}, seen)
            demand(found["hash"] == payload["hash"], f"{act} names another result hash")
        demand(
            found["freeze"] == self.only("frozen")[1]["freeze"], "draw.frozen does not bind these commitments"
        )
        self._sequence(found["result"]["calls"])
        return found

    def _sequence(self, calls: list[Any]) -> None:
        """The calls as logged, each before the wave that answers it and after the slips."""
        logged, waves = self.of("called"), self.of("wave")
        demand(
            [p["number"] for _, p in logged] == list(range(len(calls))),
            "the calls are not numbered one by one",
        )
        demand(
            [p["number"] for _, p in waves] == list(range(len(waves))),
            "the waves are not numbered one by one",
        )
        demand([p["call"] for _, p in logged] == calls, "the calls are not those of the order")
        turns = [act.index for pair in zip(logged, waves, strict=False) for act, _ in pair]
        turns += [act.index for act, _ in logged[len(waves) :]]
        revealed = max(act.index for act, _ in (*self.of("revealed"), *self.of("beacon")))
        demand(turns == sorted(turns) and revealed < turns[0], "calls and answers do not take turns")

    def _voided(self, commits: Mapping[str, tuple[str, list[str]]]) -> None:
        act, said = self.only("void")
        demand(not self.of("frozen"), "a draw was voided after its freeze")
        seen = [a for a, _ in (*self.of("revealed"), *self.of("beacon")) if a.index < act.index]
        demand(
            not seen and not self.of("beacon"), "it was voided when its chances or public value were known"
        )
        self._awaited(act, said, commits)
        t = self._transcript({party: row for party, (_, row) in commits.items()})
        held = {party: row for party, row in t["commits"].items() if party in t["slips"]}
        check_draw_slips(
            bytes.fromhex(self.said["draw"]),
            {**t, "commits": held, "params": {**self.params, "must": []}},
            self.seen,
        )
        hidden = sorted(commits.keys() - t["slips"].keys())
        if hidden:
            self.audit.notes.append(
                f"{self.params['scope']} was voided; the slips of {', '.join(hidden)} were not opened"
            )
        elif commits:
            order = draw_order(
                self.params["alg"], draw_seed(bytes.fromhex(self.said["draw"]), t)[1], self.rows
            )
            first = ", ".join(handle[:12] for handle in order[:3])
            self.audit.notes.append(f"{self.params['scope']} was voided; its order would have begun {first}")

    def _awaited(
        self, act: Act, said: Mapping[str, Any], commits: Mapping[str, tuple[str, list[str]]]
    ) -> None:
        """A draw is void only because somebody it needs did not do his part in time: who is named, and was late."""
        p, when = self.params, moment(act.time).timestamp()
        absent = sorted(set(p["must"]) - commits.keys())
        if absent or not commits:
            demand(when > p["t_commit"], "it was voided before t_commit, while everybody could still commit")
            demand(sorted(said["missing"]) == absent, f"{act} names others than those who did not commit")
            return
        acked = {pl["trustee"]: set(self._document("acks", pl)["commits"]) for _, pl in self.of("acked")}
        needed = {commits[party][0] for party in p["must"] or commits}
        lacking = [name for name in p["trustees"] if needed - acked.get(name, set())]
        demand(lacking, "voided without a reason: nobody was missing")
        demand(
            when >= p["t_freeze"], "it was voided before t_freeze, while everybody could still do his part"
        )

    def _opened(self) -> None:
        everybody = {row["h"] for row in self.rows}
        seated = {h for _, p in self.of("result") for row in p["result"]["panel"].values() for h in row}
        told = [
            a.index
            for a in self.audit.acts
            if a.type in ("result.published", "tender.failed", "tender.cancelled")
        ]
        for act, payload in self.of("opened"):
            for handle, (nonce, record) in payload["openings"].items():
                check_draw_opening(self.params, self.rows, handle, nonce, record)
            if payload["openings"].keys() == everybody and self.purpose != COMMITTEE:
                continue  # a lottery's list is open from the start; of experts only who sits
            demand(payload["openings"].keys() <= seated, f"{act} opens somebody who had no seat")
            early = self.purpose == COMMITTEE and not any(index < act.index for index in told)
            demand(not early, f"{act} opens names before the result notice")

    def _justified(self) -> None:
        """The regulator's tier: every row's handle, tags and groups from its opening."""
        p, opened = self.params, self.audit.doc(f"{self.folder}/openings.json")
        demand(
            [row["h"] for row in opened["rows"]] == [row["h"] for row in self.rows],
            "openings.json is of another list",
        )
        people: Counter[str] = Counter()
        for row, opening in zip(self.rows, opened["rows"], strict=True):
            record, who = opening["record"], f"row {row['h'][:12]}"
            check_draw_opening(p, [row], row["h"], opening["nonce"], record)
            people[record["id"]] += 1
            demand(
                people[record["id"]] <= record.get("weight", 1),
                f"{who}: {record['id']} stands in the list too often",
            )
            if "x" in row:
                continue
            for tag in row["s"]:
                fits = tag == "ALL" or any(category.startswith(tag) for category in record["cats"])
                demand(fits, f"{who}: nothing in the record justifies the tag {tag}")
            nonce = bytes.fromhex(opened["group_nonce"])
            labels = [
                draw_hash(p["alg"], "group", p["scope"], nonce, g).hex()[:16] for g in opening["groups"]
            ]
            demand(
                labels == row["g"] and record["org"] in opening["groups"],
                f"{who}: its groups are not those of its employer",
            )


class _LotteryAudit:
    """A works and its lottery, as docs/protocols/draw.md section 14 says: the gates of its notice, the printed balls, all
    draws together, and who was awarded."""

    def __init__(self, audit: Audit) -> None:
        self.audit = audit
        self.notice: Mapping[str, Any] = audit.doc("works/notice.json")
        self.rules: Mapping[str, Any] = self.notice["draw"]
        here = "works/balls.json" in audit.bundle
        self.printed: list[Mapping[str, Any]] = audit.doc("works/balls.json")["balls"] if here else []
        self.draws = [draw for draw in audit.draws if draw.purpose == LOTTERY]
        self.results: dict[str, list[str]] = {}
        """step → ids in drawn order, by the first draw that came to a result"""
        self.drawn_by: dict[str, str] = {}
        self.outcome = "nothing drawn yet"
        self.prices = _PriceAudit(self) if self.notice["form"].get("method") == LOW_PRICE else None

    def check(self) -> None:
        with self.audit.about("works/notice.json"):
            self._gates()
        with self.audit.about("works/balls.json"):
            self._list()
        for draw in self.draws:
            with self.audit.about(f"draw {draw.params['scope']}"):
                self._draw(draw)
        if self.prices is not None:
            with self.audit.about("the sealed prices"):
                self.prices.check()
        with self.audit.about("the published order"):
            self._published()
        with self.audit.about("the award"):
            self._award()

    # -- before the draw ----------------------------------------------------------------------

    def _gates(self) -> None:
        """The law's limits from the notice's own figures, and the local rule that the log named."""
        tender = [act for act in self.audit.acts if act.type == "tender.published"]
        demand(not tender, "it is the bundle of a tender, passed off as that of a lottery")
        form, estimate = self.notice["form"], money(self.notice["estimate"])
        demand(self.notice["works"] == self.audit.tender, "the notice is of other works")
        limit = MANDATORY.get(form.get("object", "works"))
        investment = Fraction(form["investment"]) if form.get("investment") else estimate
        funds = Fraction(form["public_funds"]) if form.get("public_funds") else investment
        untold = not (form.get("investment") or form.get("public_funds"))  # counts as budget funds
        public = untold or (funds >= PUBLIC_FUNDS and funds * 10 >= investment)
        if limit is not None and estimate >= limit and (public or form.get("controlled")):
            raise Invalid(
                f"a lottery for works of {show_money(estimate)}, which must be tendered (N1117 1(2), O16 2, 5: from {show_money(limit)})"
            )
        act, published = self._entry("works.published")
        rule = self.notice["local_rule"] or {
            "sha256": "",
            "name": "no local rule",
            "number": "none is needed",
        }
        demand(
            rule["sha256"] == published["local_rule"] and (rule["sha256"] or self.prices is not None),
            "it rests on another local rule than the log names",
        )
        self.audit.notes.append(
            f"{'the award by price' if self.prices else 'the lottery'} rests on {rule['name']} ({rule['number']}); gates: {', '.join(each['rule'] for each in self.notice['route'])}"
        )
        late = [a for a, _ in self.audit.known("draw.announced") if a.index < act.index]
        demand(not late, "a draw was announced before the notice")

    def _entry(self, kind: str) -> tuple[Act, Mapping[str, Any]]:
        found = self.audit.known(kind)
        demand(len(found) == 1, f"there are {len(found)} {kind} entries")
        return found[0]

    def _list(self) -> None:
        """The printed list is what the log fixed before anything was drawn; who declined is left out of it, and nobody
        declined later; each has the chances of its grade."""
        if not self.printed:
            demand(not self.draws, "draws were held without a printed list")
            return
        act, said = self._entry("works.listed")
        until = self.notice["declines_until"]
        demand(moment(act.time) >= moment(until), f"{act}: firms could decline until {until}")
        demand(
            all(draw.announced.index > act.index for draw in self.draws),
            "a draw was announced before the list was fixed",
        )
        demand(
            [row["number"] for row in self.printed] == list(range(1, len(self.printed) + 1)),
            "the balls are not numbered one by one",
        )
        ids = [row["id"] for row in self.printed]
        demand(len(set(ids)) == len(ids), "a firm has two balls with numbers of their own")
        drawn = sum(not row["excluded"] for row in self.printed)
        demand((len(ids), drawn) == (said["firms"], said["drawn"]), f"{act} counts other balls")
        declined = {payload["org"]: entry for entry, payload in self.audit.known("works.declined")}
        for row in self.printed:
            name, gone = f"{row['name']} (ball {row['number']})", declined.get(row["id"])
            weight = 1 if row["excluded"] else self.rules["weights"].get(row["grade"], 1)
            demand(row["weight"] == weight, f"{name} has {row['weight']} chances, its grade has {weight}")
            demand(
                not row["excluded"] or row.get("rule"),
                f"{name} is left out ({row['excluded']}) without a rule",
            )
            demand(gone is None or gone.index < act.index, f"{name} declined after the list was fixed")
            demand(
                bool(gone) == (row["excluded"] == "declined") or (bool(gone) and bool(row["excluded"])),
                f"{name} is printed as {row['excluded'] or 'drawn'}, and {'declined' if gone else 'never declined'}",
            )
        strangers = sorted(declined.keys() - set(ids))
        demand(
            not strangers,
            f"missing ball: {', '.join(strangers)} declined, so was in the category, and stands nowhere in the printed list",
        )
        reasons = Counter(row["excluded"] for row in self.printed if row["excluded"])
        if reasons:
            told = ", ".join(f"{number} ({reason})" for reason, number in sorted(reasons.items()))
            self.audit.notes.append(f"{self.audit.tender}: left out of the draw were {told}")

    # -- the draws ----------------------------------------------------------------------------

    def _draw(self, draw: _DrawAudit) -> None:
        """One draw: in its turn, by the announced rules, over the balls that it must be drawn from."""
        p = draw.params
        step = p["strata"][0]["id"]
        if step in self.results:
            raise Invalid(f"re-roll: {step} was drawn again, though {self.drawn_by[step]} had drawn it")
        due = next((name for name in self.rules["steps"] if name not in self.results), None)
        demand(step == due, f"{step} was drawn when {due} was due")
        wanted = self._wanted(step)
        with self.audit.about(f"draw {p['scope']}"):
            self._rules(p, step, sum(not row["excluded"] for row in wanted.values()))
        with self.audit.about(f"draw {p['scope']}"):
            self._hours(draw)
        with self.audit.about(f"draw {p['scope']}"):
            self._tickets(draw)
        with self.audit.about(f"draw {p['scope']}"):
            self._balls(draw, wanted)
        with self.audit.about(f"draw {p['scope']}"):
            self._beacon(draw)
        told = draw.found.get("result") or next((said["result"] for _, said in draw.of("result")), None)
        if (
            told
        ):  # also one that does not come out: V13 has named it, and it is not named again by all that follows
            names = self._names(draw)
            self.results[step] = [names.get(h, h[:12]) for h in told["panel"][step]]
            self.drawn_by[step] = p["scope"]

    def _beacon(self, draw: _DrawAudit) -> None:
        """The public value: in the announced form, typed by two people, recorded."""
        beacons = draw.of("beacon")
        demand(beacons or not draw.of("result"), "it was drawn without the public value")
        for act, payload in beacons:
            demand(
                beacon_holds(self.rules["beacon"], payload["value"]),
                f"{act}: the public value {payload['value']} has not the form {self.rules['beacon']}",
            )
            demand(len(set(payload["entered"])) == 2, f"{act}: the public value was not typed by two people")
            typed = {said["user"] for entry, said in draw.of("typed") if entry.index < act.index}
            demand(set(payload["entered"]) <= typed, f"{act}: the log does not say that they typed it")
            demand(_is_hex(payload["recording"]), f"{act}: there is no recording of the throw")

    def _wanted(self, step: str) -> dict[str, Mapping[str, Any]]:
        """id → the ball that a step must be drawn from."""
        if step == "k":
            plain = {"weight": 1, "excluded": ""}
            return {f"K={value}": {**plain, "name": value} for value in self.rules["k_values"]}
        rows = {row["id"]: row for row in self.printed}
        if step == "order":
            return {id_: row for id_, row in rows.items() if id_ in self.results["finalists"]}
        return rows

    def _rules(self, p: Mapping[str, Any], step: str, eligible: int) -> None:
        quota = {
            "k": 1,
            "finalists": self.rules["finalists"],
            "order": eligible,
            "winner": min(eligible, MOST_CALLED),
        }
        strata = [{"id": step, "quota": min(quota[step], eligible), "tags": ["ball"]}]
        demand(p["strata"] == strata, f"it was drawn for {p['strata']}, announced were {strata}")
        demand(p["cap"] == 1, "a firm could be drawn more than once")
        demand(sorted(p["must"]) == sorted(p["trustees"]), "not every trustee had to contribute")
        rule = (p["beacon"] or {"rule": ""})["rule"].split(" ")[0]
        demand(
            rule == self.rules["beacon"],
            f"its public value is {rule or 'none'}, announced was {self.rules['beacon']}",
        )

    def _hours(self, draw: _DrawAudit) -> None:
        """It begins at the published hour or later, and runs at the published pace."""
        began, due = moment(draw.announced.time), self.notice["draw_at"]
        demand(began >= moment(due), f"it began at {draw.announced.time}, published was {due}")
        start, pace = int(began.timestamp()), self.rules["pace"]
        taken = [draw.params[name] - start for name in ("t_commit", "t_freeze", "t_reveal")]
        demand(taken == pace, f"its steps end after {taken} seconds, announced were {pace}")

    def _tickets(self, draw: _DrawAudit) -> None:
        """Every ball can be drawn, and shares a place with its own firm's alone: one that no stratum takes, or that the seat
        of another firm shuts out, stands in the list without a chance."""
        names = self._names(draw)
        owners: dict[str, str] = {}
        labels: dict[str, list[str]] = {}
        for row in draw.rows:
            demand(row["h"] in names, f"row {row['h'][:12]} says nowhere whose ball it is")
            id_ = names[row["h"]]
            if "x" in row:
                continue
            demand(row["s"] == ["ball"], f"{id_} stands in the draw without a chance")
            own = labels.setdefault(id_, row["g"])
            demand(own and own == row["g"], f"the balls of {id_} do not count as those of one firm")
            for label in row["g"]:
                owner = owners.setdefault(label, id_)
                demand(owner == id_, f"{owner} and {id_} are one group: the seat of one shuts the other out")

    def _names(self, draw: _DrawAudit) -> dict[str, str]:
        path = f"{draw.folder}/openings.json"
        demand(
            self.audit.listed.get(path, {}).get("tier") == "public", "the names of the balls are not public"
        )
        return {row["h"]: row["record"]["id"] for row in self.audit.doc(path)["rows"]}

    def _balls(self, draw: _DrawAudit, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """No ball missing, none added, each as often as printed, left out as printed."""
        names, rows = self._names(draw), {row["h"]: row for row in draw.rows}
        opened = {
            row["record"]["id"]: row["record"]
            for row in self.audit.doc(f"{draw.folder}/openings.json")["rows"]
        }
        count = Counter(names.get(h, h[:12]) for h in rows)
        excluded = {names.get(h, h[:12]): row.get("x", "") for h, row in rows.items()}
        for id_, ball in wanted.items():
            who = f"{ball['name']} ({id_})"
            with self.audit.about(f"draw {draw.params['scope']}"):
                demand(id_ in count, f"missing ball: {who} stands in the printed list and not in the draw")
                demand(
                    excluded[id_] == ball["excluded"],
                    f"{who} was {excluded[id_] or 'drawn from'}, printed is {ball['excluded'] or 'drawn'}",
                )
                demand(
                    count[id_] == ball["weight"],
                    f"changed weight: {who} has {count[id_]} chances, printed are {ball['weight']}",
                )
        for id_ in sorted(count.keys() - wanted.keys()):
            self.audit.fail(
                f"draw {draw.params['scope']}: added ball: {opened.get(id_, {'name': '?'})['name']} ({id_}) is in the draw and not in the list that it was to be drawn from"
            )

        for id_, ball in wanted.items():
            if id_ in opened and not _same_ball(ball, opened[id_]):
                shown, printed = opened[id_], f"ball {ball.get('number')}, {ball['name']}"
                self.audit.fail(
                    f"draw {draw.params['scope']}: exchanged ball: {id_} is {printed} in the printed list, in the draw ball {shown.get('ball')}, {shown['name']}"
                )

    # -- after the draw -----------------------------------------------------------------------

    def _published(self) -> None:
        """`works.drawn` says what the draws gave, once for each step."""
        said = {payload["step"]: payload["order"] for _, payload in self.audit.known("works.drawn")}
        demand(len(said) == len(self.audit.known("works.drawn")), "a step was published twice")
        for step, order in said.items():
            drawn = self.results.get(step)
            demand(
                order == drawn,
                f"swapped order: {step} is published as {order}, the draw gave {drawn or 'nothing'}",
            )
        silent = [step for step in self.results if step not in said]
        demand(not silent, f"the result of {', '.join(silent)} was drawn and not published")

    def _award(self) -> None:
        """The turns go down the drawn order, each passed on only by a refusal or a decision that the log names; the price
        is the ceiling, less the drawn share."""
        order = self.prices.order if self.prices else self.results.get(self.rules["steps"][-1], [])
        turns = self.audit.known("works.announced")
        for rank, (act, turn) in enumerate(turns, 1):
            due = order[rank - 1] if rank <= len(order) else None
            demand(
                turn["org"] == due,
                f"wrong award: {act} turns to {turn['org']}, {due} comes next in the drawn order",
            )
            demand(turn["rank"] == rank, f"{act} counts another rank")
            price = self.prices.offers[turn["org"]] if self.prices else self._price()
            demand(
                money(turn["price"]) == price,
                f"wrong price: {act} says {turn['price']}, it is {show_money(price)}",
            )
            if rank > 1:
                self._passed_on(turns[rank - 2], act)
        awarded = self.audit.known("works.awarded")
        for act, payload in awarded:
            turn = next(t for a, t in reversed(turns) if a.index < act.index)
            same = all(payload[name] == turn[name] for name in ("org", "rank", "price"))
            demand(same, f"wrong award: {act} goes to {payload['org']}, whose turn it is not")
            self._signed(act, payload)
        contracted = self.audit.known("works.contracted")
        for act, payload in contracted:
            won = next((p for a, p in reversed(awarded) if a.index < act.index), None)
            demand(
                won and (won["org"], won["price"]) == (payload["org"], payload["price"]),
                f"{act} is not the award's",
            )
        if awarded:
            won = awarded[-1][1]
            self.outcome = f"awarded to {won['org']}, rank {won['rank']}, at {won['price']}"
        elif self.results:
            self.outcome = f"{', '.join(self.results)} drawn"
        elif self.prices and self.prices.order:
            self.outcome = "offers ranked"
        for act, payload in self.audit.known("works.cancelled"):
            self.outcome += "; the works were cancelled"
            self.audit.notes.append(f"the works were cancelled: {payload['reason']} ({act})")

    def _signed(self, act: Act, payload: Mapping[str, Any]) -> None:
        """The award notice that the owner signed says what the log says."""
        path = f"works/award-{payload['rank']}.json"
        notice = self.audit.doc(path)
        demand(hexhash(self.audit.bundle.read(path)) == payload["award"], f"{path} is not that of {act}")
        says = (notice["works"], notice["contractor"]["id"], notice["rank"], notice["price"])
        logged = (self.audit.tender, payload["org"], payload["rank"], payload["price"])
        demand(says == logged, f"wrong award: {path} says {says}, {act} says {logged}")

    def _passed_on(self, before: tuple[Act, Mapping[str, Any]], act: Act) -> None:
        earlier, turn = before
        reasons = [
            (a, p)
            for kind in ("works.refused", "works.rejected")
            for a, p in self.audit.known(kind)
            if p["org"] == turn["org"] and earlier.index < a.index < act.index
        ]
        demand(
            reasons, f"{act}: {turn['org']} was passed over, and no refusal or decision in the log says why"
        )
        reason, said = reasons[-1]
        if said.get("by") == "owner":
            self._silent(turn, earlier, reason)
        self.audit.notes.append(
            f"rank {turn['rank']}, {turn['org']}, {'refused' if reason.type == 'works.refused' else 'was turned down'}: {said.get('reason') or said.get('decision')} ({reason})"
        )

    def _silent(self, turn: Mapping[str, Any], announced: Act, reason: Act) -> None:
        """An owner ends a turn only when the time to sign, as printed, is over."""
        awarded = [
            act
            for act, payload in self.audit.known("works.awarded")
            if payload["org"] == turn["org"] and announced.index < act.index < reason.index
        ]
        began = date.fromisoformat(turn["until"])
        if awarded:
            began = moment(awarded[-1].time).astimezone(BEIJING).date()
        else:
            demand(
                self.notice["form"].get("needs_manager"),
                f"{reason}: the owner ended the turn of {turn['org']} instead of awarding, and nothing was to come from it",
            )
        last = began + timedelta(days=self.notice["sign_days"])
        demand(
            moment(reason.time).astimezone(BEIJING).date() > last,
            f"{reason}: the owner ended the turn of {turn['org']}, which could sign until {last}",
        )

    def _price(self) -> Fraction:
        """The ceiling; where K is drawn, ceiling x (1 - K), rounded half up to the fen."""
        ceiling = money(self.notice["ceiling"])
        if "k" not in self.results:
            return ceiling
        return round_fen(ceiling * (1 - Fraction(self.results["k"][0].removeprefix("K="))))


LOTTERY_FAULTS = (
    ("missing ball", "缺少号球"),
    ("added ball", "多出号球"),
    ("exchanged ball", "号球与公布名单不是同一企业"),
    ("changed weight", "抽取机会被更改"),
    ("chances, its grade has", "抽取机会与公告的等级权重不符"),
    ("re-roll", "重抽：该环节已有结果，却又重新抽取"),
    ("does not follow number", "有抽取被隐藏：抽取编号不连续"),
    ("prev is not the result", "有抽取被隐藏：未指明前一次结果"),
    ("left hanging", "抽取悬而未决：既未冻结也未宣布无效"),
    ("neither finished nor voided", "抽取悬而未决：既无结果也未宣布无效"),
    ("voided after its freeze", "冻结之后宣布无效"),
    ("chances or public value were known", "随机数或骰子数已知之后才宣布无效"),
    ("voided before", "时限未到就宣布无效"),
    ("nobody was missing", "无故宣布无效：各方均已到位"),
    ("was due", "环节顺序不符"),
    ("without a printed list", "没有公布号球名单就进行了抽取"),
    ("before the list was fixed", "名单冻结之前就开始抽取"),
    ("declined after the list", "名单冻结之后才放弃"),
    ("and never declined", "名单称其放弃，账本中没有放弃记录"),
    ("and declined", "已声明放弃，名单仍列入抽取"),
    ("without a rule", "未说明理由即被排除"),
    ("counts other balls", "名单与账本记录的号球数不符"),
    ("was drawn from, printed is", "排除情况与公布名单不一致"),
    ("printed is", "排除情况与公布名单不一致"),
    ("without a chance", "有号球在名单中却不可能被抽中"),
    ("one group", "两家企业被设为一组，一家入选即排除另一家"),
    ("it was drawn for", "抽取名额与公告不一致"),
    ("began at", "早于公告的时间开始"),
    ("steps end after", "各阶段时限与公告不一致"),
    ("the seed is not", "随机种子与各方随机数和骰子数不符：其中有被更改、删去或增加的"),
    ("published result is not", "公布的结果与计算结果不一致"),
    ("swapped order", "公布的顺序与抽取结果不一致"),
    ("was drawn and not published", "已抽取的结果没有公布"),
    ("was published twice", "同一环节的结果公布了两次"),
    ("firms could decline until", "放弃期限未满就冻结名单"),
    ("passed off as that of a lottery", "以摇号名义提交的招标项目"),
    ("that they typed it", "账本中没有录入公共随机值的记录"),
    ("public value", "公共随机值（骰子或号球）不符合公告"),
    ("recording", "没有抛掷过程的录像"),
    ("draw.beacon entries", "公共随机值被登记不止一次"),
    ("do not open", "公开的随机数与承诺不符"),
    ("occurs twice", "随机数曾被使用"),
    ("committed twice", "同一参与者提交了两次"),
    ("committed after", "时限或冻结之后又加入随机数"),
    ("revealed twice", "同一参与者的随机数公开了两次"),
    ("missing in draw.frozen", "冻结时有参与者的随机数被删去"),
    ("does not bind these", "随机数与账本中冻结的不一致"),
    ("has not acknowledged", "有见证机构未确认保管份额"),
    ("not the announced one", "名单与公告的指纹不一致"),
    ("not what was announced", "抽取公告被更改"),
    ("does not lead to a row", "号球与企业不对应"),
    ("whose ball it is", "有号球未公开对应企业"),
    ("names of the balls are not public", "号球对应的企业没有公开"),
    ("must be tendered", "依法必须招标的项目不得摇号"),
    ("another local rule", "所依据的本地办法与账本不符"),
    ("wrong award", "授予对象与抽取顺序不符"),
    ("was passed over", "有企业被跳过：既未放弃，也没有否决决定"),
    ("wrong price", "价格与公告不符"),
    ("not the award's", "合同与中标结果不符"),
)
"""What a fault of a lottery is called in Chinese, by a part of its words: citizens read this."""


def in_chinese(problem: str) -> str:
    """A fault's name in Chinese, to be put behind its words; "" for one that has none."""
    return next((f" （{words}）" for part, words in LOTTERY_FAULTS if part in problem), "")


def _same_ball(printed: Mapping[str, Any], opened: Mapping[str, Any]) -> bool:
    """Whether a ball in the draw says what the printed list says of it."""
    names = {"name": "name", "number": "ball", "grade": "grade", "firm": "firm"}
    return all(
        printed[ours] == opened[theirs]
        for ours, theirs in names.items()
        if ours in printed and theirs in opened
    )


class _PriceAudit:
    """The sealed prices of a works by reasonable low price, a tender of their own whose bundle lies in this one, and F1 over
    them (docs/roster.md)."""

    def __init__(self, works: _LotteryAudit) -> None:
        self.works, self.audit = works, works.audit
        there = f"{FINAL_OFFERS}MANIFEST.json" in self.audit.whole
        self.child = Audit(self.audit.whole.part(FINAL_OFFERS), self.audit.outside) if there else None
        if self.child is not None:
            self.child.parent = self.audit
        self.offers: dict[str, Fraction] = {}
        """firm → its opened price, in the order in which the log holds the sealed ones"""
        self.order: list[str] = []

    def check(self) -> None:
        opened = self.audit.known("works.prices-opened")
        if not opened:
            demand(not self.audit.known("works.ranked"), "prices were ranked that nobody has opened")
            return
        demand(len(opened) == 1, f"the prices were opened {len(opened)} times")
        demand(
            self.child is not None, "the sealed prices are missing: the bundle has no folder final-offers/"
        )
        act, said = opened[0]
        self._run()
        self._call()
        self._read(said)
        early = [draw.params["scope"] for draw in self.works.draws if draw.announced.index < act.index]
        demand(not early, f"K was to be drawn ({', '.join(early)}) before the prices were open")
        self._rank()

    def _run(self) -> None:
        """The checks of a bundle, on the prices' own; what is wrong there is wrong here."""
        child = self.child
        assert child is not None
        child.run()
        for number, status, text in child.lines:
            if status == "FAIL":
                self.audit.fail(f"sealed prices: {number} {text}")
        self.audit.notes += [f"sealed prices: {note}" for note in child.notes]
        self.audit.unchecked += [f"sealed prices: {text}" for text in child.unchecked]

    def _call(self) -> None:
        """They were called for once, after the list was fixed, by the printed rules and not to close early."""
        child, notice = self.child, self.works.notice
        assert child is not None
        said = child.doc("tender/notice.json")
        own = (said.get("prices_of"), said.get("balls"), child.tender)
        due = (self.audit.tender, self.audit.file_hash("works/balls.json"), f"{self.audit.tender}-P1")
        demand(own == due, f"{child.tender} is not the tender for the prices of {self.audit.tender}")
        rules = child.doc("tender/evaluation.json")
        printed = ("F1", PRICES_COMPARED, notice["ceiling"], self.works.rules["k_values"])
        asked = tuple(rules[name] for name in ("formula", "minimum", "ceiling", "k_values"))
        demand(asked == printed, f"the prices were asked for by {asked}, printed is {printed}")
        demand(
            moment(child.policy["deadline"]) >= moment(notice["draw_at"]),
            f"the prices closed at {child.policy['deadline']}, published was {notice['draw_at']}",
        )
        act, payload = self.works._entry("works.prices-called")
        demand(payload["notice"] == child.file_hash("tender/notice.json"), f"{act} is about another notice")
        demand(
            act.index > self.works._entry("works.listed")[0].index,
            "prices were called for before the list was fixed",
        )

    def _read(self, said: Mapping[str, Any]) -> None:
        """Each opened price is of a firm that the list lets in, and the log says the same."""
        child = self.child
        assert child is not None
        allowed = {row["id"] for row in self.works.printed if not row["excluded"]}
        told = []
        for row in sorted(child.rows, key=lambda row: row["leaf_index"]):
            manifest = row["manifest"]
            if row["status"] != "valid" or manifest not in child.opened:
                continue
            org, total = child.bid(manifest)["bidder"]["id"], child.sheets[manifest]["opening"]["total"]
            demand(org in allowed, f"{org} handed a price in, and is not on the list or left out of it")
            self.offers[org] = money(total)
            told.append({"org": org, "manifest": manifest, "price": show_money(money(total))})
        demand(said["offers"] == told, "the log names other prices than the opened ones")

    def _rank(self) -> None:
        """F1, exact: the benchmark, and the offers by their distance from it."""
        values = self.works.rules["k_values"]
        drawn = self.works.results.get("k", [])
        k = values[0] if len(values) == 1 else drawn[0].removeprefix("K=") if drawn else ""
        ranked = self.audit.known("works.ranked")
        if not k:
            demand(not ranked, "the offers were ranked without a K")
            return
        ceiling = money(self.works.notice["ceiling"])
        valid = {org: price for org, price in self.offers.items() if price <= ceiling}
        found = low_price(list(valid.values()), Fraction(k)) if valid else None
        places = {org: place for place, org in enumerate(valid)}
        if found:
            self.order = sorted(valid, key=lambda org: (abs(valid[org] - found[1]), valid[org], places[org]))
        demand(len(ranked) == 1, f"there are {len(ranked)} works.ranked entries")
        payload = ranked[0][1]
        figures = (str(found[0]), str(found[1])) if found else ("", "")
        demand(
            (payload["k"], payload["mean"], payload["benchmark"]) == (k, *figures),
            f"wrong benchmark: the log says K {payload['k']}, mean {payload['mean']}, benchmark {payload['benchmark']}; it is {k}, {figures[0]}, {figures[1]}",
        )
        demand(
            payload["order"] == self.order,
            f"swapped order: ranked is {payload['order']}, the prices give {self.order}",
        )
        if found:
            self.audit.notes.append(
                f"F1 over {len(valid)} prices: mean {show_money(round_fen(found[0]))}, K {k}, benchmark {show_money(round_fen(found[1]))}"
            )


def low_price(prices: list[Fraction], k: Fraction) -> tuple[Fraction, Fraction]:
    """F1: the mean, from five prices on without the highest and the lowest; and the benchmark, mean x (1 - K)."""
    counted = sorted(prices)[1:-1] if len(prices) >= 5 else list(prices)
    mean = sum(counted, Fraction(0)) / len(counted)
    return mean, mean * (1 - k)


def beacon_holds(rule: str, value: str) -> bool:
    """Whether a public value has the announced form: `dice/20` twenty digits; `balls/49/6` six different numbers up to 49,
    of equal width, joined by hyphens."""
    kind, *numbers = rule.split("/")
    if kind == "dice":
        return re.fullmatch(r"[0-9]+", value) is not None and len(value) == int(numbers[0])
    most, count = int(numbers[0]), int(numbers[1])
    shown = value.split("-")
    width = len(numbers[0])
    fits = all(re.fullmatch(r"[0-9]+", one) and len(one) == width and 1 <= int(one) <= most for one in shown)
    return fits and len(set(shown)) == len(shown) == count


def _recorded_by(path: str) -> str:
    """The entry types of which one must carry this file's hash; "" for a file that none must."""
    return next((kinds for pattern, kinds in RECORDED_BY if re.fullmatch(pattern, path)), "")


def _strings(value: Any) -> Iterator[str]:
    for _, text in _named_strings(value):
        yield text


def _named_strings(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(key, text) of every string inside a JSON value."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _named_strings(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _named_strings(item, name)


def _describe(raw: bytes) -> str:
    """What an entry claims to be, for messages."""
    try:
        entry = json.loads(raw)
        return f"{entry['type']} at {entry['t']}" if "type" in entry else "blinded"
    except MALFORMED:
        return "unreadable"


def _b64_any(text: str) -> bytes:
    """A proof hash in base64url without, or standard base64 with padding."""
    return b64std(text) if text.endswith("=") else b64url(text)


def _share_or_none(
    seed: bytes, suite: str, stage: Mapping[str, Any], index: int, binding: bytes
) -> bytes | None:
    info = lp("ebid/v1/wrap", binding, stage["name"], bytes([index]))
    try:
        return share_from_seed(seed, suite, b64url(stage["wraps"][index - 1]), info)
    except Invalid:
        return None


def read_out_figures(sheet: Any) -> tuple[str | None, int | None]:
    """Total and period as they are read out of a price sheet; None for what the bidder has not sealed in their place."""
    form = sheet.get("opening") if isinstance(sheet, dict) else None
    if not isinstance(form, dict) or "total" not in form or "period_days" not in form:
        return None, None
    total, period = form["total"], form["period_days"]
    return total if type(total) is str else None, period if type(period) is int else None


def _outcomes_agree(found: str, recorded: str, whole: bool) -> bool:
    """`whole`: every stage's key is known. A bid nobody could open ends as revoked or withdrawn by a decision
    about fault (Order 20 art. 31)."""
    if found in ("WAIT_CUSTODIANS", "WAIT_BIDDER", "WRONG_KEY"):
        return recorded in (found, "REVOKED", "WITHDRAWN")
    if recorded == "BIDDER_FAULT":
        return found in (
            "BIDDER_FAULT",
            "OK",
        )  # right keys, but a part that does not open: tried in _check_unopened
    if recorded == "OK":
        return found == "OK" or (found == "BIDDER_FAULT" and whole)  # a bad wrap shown after it was opened
    return found == recorded


# ---------------------------------------------------------------------------------------------
# 9  Verdict and command line
# ---------------------------------------------------------------------------------------------


def independence(trust: Trust, served: Mapping[str, Mapping[str, str]]) -> str:
    """How many witnesses and custodians, and of those who served in draws, somebody else than the operator controls."""
    operator = trust.raw["operator"]
    rows = {
        "witnesses": [item for item in trust.raw["witnesses"] if "succeeds" not in item],
        "custodians": trust.raw["custodians"],
    }
    rows |= {
        f"{DRAW_SIGNERS[kind]}s": [{"controller": one} for one in found.values()]
        for kind, found in served.items()
        if found
    }
    outside = {
        kind: (sum(item["controller"] != operator for item in items), len(items))
        for kind, items in rows.items()
    }
    if not any(count for count, _ in outside.values()):
        return f"none (demo): {operator} held every key"
    parts = [f"{count} of {total} {kind}" for kind, (count, total) in outside.items()]
    return f"{', '.join(parts[:-1])} and {parts[-1]} are not controlled by the operator ({operator})"


def operator_could_read(audit: Audit) -> bool:
    """Whether custodians of the operator alone were enough to open a stage before its time."""
    foreign = {
        item["id"]
        for item in audit.trust.raw["custodians"]
        if item["controller"] != audit.trust.raw["operator"]
    }
    stages = [
        stage
        for stage in audit.policy["stages"]
        if stage["custodians"] and stage["mode"] in ("custodian", "either")
    ]
    return any(sum(c["id"] not in foreign for c in stage["custodians"]) >= stage["t"] for stage in stages)


def unlisted_custodians(audit: Audit) -> list[str]:
    known = {item["id"] for item in audit.trust.raw["custodians"]}
    stages = audit.policy["stages"]
    return sorted({c["id"] for stage in stages for c in stage["custodians"]} - known)


def verdict(audit: Audit, good: bool, out: Callable[[str], None]) -> int:
    for number, status, text in audit.lines:
        out(f"{number:<4}{status:<5}{text}")
    with audit.about("who controlled the keys"):
        out("keys:" if audit.outside else "keys (by the bundle's own word):")
        for key, controller in audit.trust.controllers():
            out(f"    {key}: {controller}")
        if not audit.lottery:
            out(f"    receipt key {audit.policy['receipt_key'][:12]}: {audit.trust.raw['operator']}")
        for custodian in [] if audit.lottery else unlisted_custodians(audit):
            out(f"    custodian {custodian}: not in the trust file, counted as the operator's")
        listed = {
            f"{words} {row['name']}"
            for kind, words in DRAW_SIGNERS.items()
            for row in audit.trust.raw.get(kind, [])
        }
        for who in [each for found in audit.served.values() for each in found if each not in listed]:
            out(f"    {who}: not in the trust file, counted as the operator's")
    for text in dict.fromkeys(audit.notes):
        out(f"note: {text}")
    for text in dict.fromkeys(audit.unchecked):
        out(f"not checked: {text}")
    failures = [(number, text) for number, status, text in audit.lines if status == "FAIL"]
    if not good:
        more = f" (and {len(failures) - 1} more, above)" if len(failures) > 1 else ""
        out(f"FAILED {failures[0][0]}: {failures[0][1]}{more}")
        return 1
    if audit.outside is None:
        out("CONSISTENT, TRUST NOT CHECKED")
        return 2
    out("VERIFIED")
    could = not audit.lottery and operator_could_read(audit)
    early = "; its own custodians were enough to open bids early" if could else ""
    out(f"independence: {independence(audit.outside, audit.served)}{early}")
    return 0


def main(arguments: list[str] | None = None, out: Callable[[str], None] = print) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Check the audit bundle of one tender.")
    parser.add_argument("bundle", help="the bundle (.tar)")
    parser.add_argument("--trust", help="trust.json from outside the bundle")
    parser.add_argument(
        "--earlier",
        action="append",
        default=[],
        nargs="+",
        help="a checkpoint, receipt or tlog-proof of one's own",
    )
    parser.add_argument(
        "--own", action="append", default=[], help="one's own opening in a draw (draw.md section 11)"
    )
    options = parser.parse_args(arguments)
    try:
        trust = Trust.parse(_read(options.trust)) if options.trust else None
        earlier = {path: _read(path) for group in options.earlier for path in group}
        audit = Audit(Bundle(options.bundle), trust, earlier)
        audit.own = [(path, parse_json(_read(path))) for path in options.own]
        audit.doc("MANIFEST.json")
    except (OSError, tarfile.TarError, Invalid) as error:
        out(f"cannot be read: {error}")
        return 2
    return verdict(audit, audit.run(), out)


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


if __name__ == "__main__":
    sys.exit(main())
