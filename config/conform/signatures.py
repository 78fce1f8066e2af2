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

import gmssl_pyx
import pyotp
from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC
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


def _judge_sm2(case: Mapping[str, Any]) -> tuple[bool, str]:
    """A signature of GB/T 32918.5: ours to verify, and the digest to recompute; or a ciphertext, of which
    the altered one must not open."""
    private = bytes.fromhex(case["d"])
    if "negative" in case:
        try:
            gmssl_pyx.sm2_decrypt(private, _sm2_ciphertext(bytes.fromhex(case["c1c3c2"])))
        except gmssl_pyx.GmsslInnerError:
            return True, "refused"
        return False, "an altered ciphertext was opened"
    point = bytes.fromhex(case["px"] + case["py"])
    signed = case["sign"]
    numbers = [int(signed[name], 16) for name in ("r", "s")]
    message = bytes.fromhex(signed["msg"])
    if not gmssl_pyx.sm2_verify(point, message, _two_integers(*numbers), bytes.fromhex(case["ID"])):
        return False, "the signature does not hold"
    if not gmssl_pyx.sm2_verify_sm3_digest(point, bytes.fromhex(signed["e"]), _two_integers(*numbers)):
        return False, "the digest is another"
    opened = gmssl_pyx.sm2_decrypt(private, _sm2_ciphertext(bytes.fromhex(case["encrypt"]["c1c3c2"])))
    return opened.hex() == case["encrypt"]["msg"].lower(), f"opened {opened.hex()}"


def _two_integers(*numbers: int) -> bytes:
    return core.SequenceOf(spec=core.Integer, value=list(numbers)).dump()  # type: ignore[no-any-return]


def _sm2_ciphertext(raw: bytes) -> bytes:
    """C1 ‖ C3 ‖ C2 of GB/T 32918.4 as the SEQUENCE of GM/T 0009."""
    x, y = (int.from_bytes(raw[start : start + 32], "big") for start in (1, 33))
    parts = (core.Integer(x), core.Integer(y), core.OctetString(raw[65:97]), core.OctetString(raw[97:]))
    body = b"".join(part.dump() for part in parts)
    return bytes([0x30, 0x81, len(body)]) + body if len(body) > 127 else bytes([0x30, len(body)]) + body


def _judge_sm3(case: Mapping[str, Any]) -> tuple[bool, str]:
    message = bytes.fromhex(case["Msg"])[: int(case["Len"]) // 8]
    digest = gmssl_pyx.sm3_hash(message).hex()
    return digest == case["MD"].lower(), f"computed {digest}"


def _judge_hmac_sm3(case: Mapping[str, Any]) -> tuple[bool, str]:
    tag, size = bytes.fromhex(case["tag"]), int(case["group"]["tagSize"]) // 8
    mac = HMAC(bytes.fromhex(case["key"]), SM3())
    mac.update(bytes.fromhex(case["msg"]))
    holds = mac.finalize()[:size] == tag
    return holds is (case["result"] == "valid"), f"tcId {case['tcId']}"


KINDS = [
    Kind(
        "sm2",
        lambda data, path: _all_have(data, "d", "px", "py", "sign"),
        lambda data, path: _run(data, _judge_sm2),
    ),
    Kind(
        "sm3",
        lambda data, path: _all_have(data, "Len", "Msg", "MD") and "32905" in data["source"],
        lambda data, path: _run(data, _judge_sm3),
    ),
    Kind(
        "hmac-sm3",
        lambda data, path: _all_have(data, "key", "msg", "tag", "tcId") and "hmac_sm3" in data["source"],
        lambda data, path: _run(data, _judge_hmac_sm3),
    ),
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
