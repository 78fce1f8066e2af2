"""Vectors of signatures (CAdES), time stamps (RFC 3161) and one-time passwords (RFC 6238).

Every case is judged by the implementation that the hall runs; its verdict must equal the case's `valid`.
What cannot even be read counts as a failed case, never as a rightly refused one.
"""

from __future__ import annotations

import base64
import hashlib
from collections import ChainMap
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import pyotp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from config.conform import Case, Kind
from plugins.timestamping.tokens import BadToken, TokenJudge, token_of
from plugins.x509_signatures.revocation import FixedCrls
from plugins.x509_signatures.verifier import X509Verifier
from trading.clock import parse_rfc3339
from trading.errors import Refused

DIGESTS = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


def _all_have(data: Any, *keys: str) -> bool:
    """Whether `data` holds cases and at least one of them has all the keys."""
    cases = data.get("cases") if isinstance(data, dict) else None
    return isinstance(cases, list) and any(isinstance(c, dict) and set(keys) <= set(c) for c in cases)


def _der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


def _b64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _verdict(case: Mapping[str, Any], valid: bool, detail: str) -> tuple[bool, str]:
    expected = case["valid"]
    if not isinstance(expected, bool):
        raise ValueError("`valid` is not true or false")
    return valid is expected, f"judged {'valid' if valid else 'invalid'}: {detail}"


def _run(data: Any, judge: Any) -> Iterator[Case]:
    """Every case by `judge(file and case as one mapping)` → (holds, detail)."""
    for number, case in enumerate(data["cases"]):
        name = str(number)
        try:
            name = f"{number} {case.get('name') or case.get('why') or ''}".strip()
            holds, detail = judge(ChainMap(case, data))
        except Exception as error:
            # Whatever is wrong with a case, the other cases run and the file fails.
            holds, detail = False, f"unreadable: {error!r}"
        yield name, holds, detail


def _certificates(case: Mapping[str, Any]) -> tuple[list[bytes], list[bytes]]:
    """The trusted root, and the certificates that help to build chains. The file's own chain must hang
    together; certificates under other names may be strangers' for negative cases, and then do not help."""
    pems = {name: _der(pem) for name, pem in case["certs_pem"].items()}
    root, pool = pems.pop("root"), [*pems.values()]
    helping = [
        der for name, der in pems.items() if name in ("inter", "tsa") or _issued_within(der, [root, *pool])
    ]
    return [root], helping


def _issued_within(der: bytes, pool: list[bytes]) -> bool:
    certificate = x509.load_der_x509_certificate(der)
    for issuer in map(x509.load_der_x509_certificate, pool):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def _judge_cades(case: Mapping[str, Any]) -> tuple[bool, str]:
    roots, helping = _certificates(case)
    crls = [_b64(crl) for crl in case["crls_b64"].values()]
    verifier = X509Verifier(roots, helping, FixedCrls(crls))
    at: datetime = parse_rfc3339(case["moment"])
    data, cms = bytes.fromhex(case["data_hex"]), _b64(case["p7s_b64"])
    try:
        evidence = verifier.verify(data, cms, at)
    except Refused as refused:
        return _verdict(case, False, str(refused))
    return _verdict(case, True, evidence.subject)


def _judge_stamp(case: Mapping[str, Any]) -> tuple[bool, str]:
    roots, helping = _certificates(case)
    digest = hashlib.sha256(bytes.fromhex(case["data_hex"])).digest()
    response, query = _b64(case["tsr_b64"]), _b64(case["tsq_b64"])
    try:
        instant = TokenJudge(roots, helping).gen_time(token_of(response, query), digest)
    except BadToken as bad:
        return _verdict(case, False, str(bad))
    return _verdict(case, True, instant.isoformat())


def _judge_totp(case: Mapping[str, Any]) -> tuple[bool, str]:
    """The secret is the appendix's ASCII seed, as long as the digest, or twice that in hexadecimal."""
    digest = DIGESTS[case["MODE"]]
    secret: str = case["SECRET"]
    seed = bytes.fromhex(secret) if len(secret) == 2 * digest().digest_size else secret.encode("ascii")
    wanted = str(case["TOTP"])
    if len(wanted) != 8 or not wanted.isdecimal():
        raise ValueError("a code has 8 digits")
    totp = pyotp.TOTP(base64.b32encode(seed).decode(), digits=8, digest=digest, interval=30)
    code = totp.at(int(case["TIME"]))
    return code == wanted, f"computed {code}, expected {wanted}"


KINDS = [
    Kind(
        "cades",
        lambda data, path: _all_have(data, "p7s_b64", "data_hex", "valid"),
        lambda data, path: _run(data, _judge_cades),
    ),
    Kind(
        "rfc3161",
        lambda data, path: _all_have(data, "tsr_b64", "tsq_b64", "data_hex", "valid"),
        lambda data, path: _run(data, _judge_stamp),
    ),
    Kind(
        "totp",
        lambda data, path: _all_have(data, "TOTP", "TIME", "SECRET", "MODE"),
        lambda data, path: _run(data, _judge_totp),
    ),
]
