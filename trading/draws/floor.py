"""Contributors from the floor (现场自愿参与人): whoever is there puts a chance of their own into a public draw, by phone.

Nobody knows who they are, and nobody needs to: a phone makes a key pair for one draw, goes by the name that follows from
its public key, and signs with it what a trustee signs with a certificate (draw.md section 14.2). Pure."""

from __future__ import annotations

import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_NAME = re.compile(r"floor-[0-9a-f]{16}")
POINT = 65
"""bytes of an uncompressed point of P-256"""


def is_floor(name: str) -> bool:
    """Whether a party is one from the floor."""
    return _NAME.fullmatch(name) is not None


def name_of(key: bytes) -> str:
    """The name that follows from a public key (65 bytes): `floor-` and 16 hex digits of its SHA-256."""
    return "floor-" + hashlib.sha256(key).hexdigest()[:16]


def signed_by(key: bytes, raw: bytes, signature: bytes) -> bool:
    """Whether `signature` (r and s, 32 bytes each) over `raw` is of this key: ECDSA on P-256 with SHA-256."""
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        public.verify(encode_dss_signature(r, s), raw, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return len(signature) == 64
