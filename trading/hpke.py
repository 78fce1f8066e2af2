"""Sealing a share to a custodian's key: HPKE base mode (RFC 9180), in the two suites of a policy.

`647a-0001-0002` is X-Wing (ML-KEM-768 with X25519, draft-connolly-cfrg-xwing-kem), HKDF-SHA256 and
AES-256-GCM; its secret key is a 32-byte seed. `0020-0001-0002` is the same with X25519 alone; its seed
is the X25519 secret key. The context of a wrap goes into `info`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

X_WING = "647a-0001-0002"
X25519 = "0020-0001-0002"
SUITES = (X_WING, X25519)
SEED_BYTES = 32
_ML_KEM_PUBLIC = 1184
_TAG = 16
_KEMS = {X_WING: KEM.MLKEM768_X25519, X25519: KEM.X25519}

PrivateKey = MLKEM768X25519PrivateKey | X25519PrivateKey
PublicKey = MLKEM768X25519PublicKey | X25519PublicKey


class HpkeError(ValueError):
    """A wrap does not open, or a key or suite is not one of ours."""


@dataclass(frozen=True)
class _XWingSeed:
    ml_kem: MLKEM768PrivateKey
    x25519: X25519PrivateKey


def public_key(suite: str, seed: bytes) -> bytes:
    """The raw public key of a 32-byte seed: 1,216 bytes for X-Wing, 32 for X25519."""
    if _known(suite) == X25519:
        return X25519PrivateKey.from_private_bytes(_seed(seed)).public_key().public_bytes_raw()
    parts = _x_wing(seed)
    return parts.ml_kem.public_key().public_bytes_raw() + parts.x25519.public_key().public_bytes_raw()


def wrap_bytes(suite: str, plaintext: int = 32) -> int:
    """Bytes of a wrap of `plaintext` bytes: encapsulation, ciphertext and tag."""
    return _KEMS[_known(suite)].enc_length() + plaintext + _TAG


def seal(suite: str, key: bytes, info: bytes, plaintext: bytes) -> bytes:
    """enc || ciphertext for the raw public key. Raises HpkeError for a key that is none."""
    try:
        return _suite(suite).encrypt(plaintext, load_public(suite, key), info=info)
    except (ValueError, TypeError) as error:
        raise HpkeError(f"not a public key of suite {suite}: {error}") from error


def unseal(suite: str, seed: bytes, info: bytes, sealed: bytes) -> bytes:
    """The plaintext of enc || ciphertext under the key of `seed`. Raises HpkeError when it does not open."""
    key = load_private(suite, seed)
    try:
        return _suite(suite).decrypt(sealed, key, info=info)
    except (InvalidTag, ValueError) as error:
        raise HpkeError("the wrap does not open under this key") from error


@lru_cache(maxsize=64)
def load_private(suite: str, seed: bytes) -> PrivateKey:
    """The key object of a 32-byte seed (kept for a while: a custodian opens many wraps with one)."""
    if _known(suite) == X25519:
        return X25519PrivateKey.from_private_bytes(_seed(seed))
    parts = _x_wing(seed)
    return MLKEM768X25519PrivateKey(parts.ml_kem, parts.x25519)


def load_public(suite: str, raw: bytes) -> PublicKey:
    """The key object of a raw public key. Raises ValueError for wrong lengths or encodings."""
    if _known(suite) == X25519:
        return X25519PublicKey.from_public_bytes(raw)
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(raw[:_ML_KEM_PUBLIC]),
        X25519PublicKey.from_public_bytes(raw[_ML_KEM_PUBLIC:]),
    )


def _x_wing(seed: bytes) -> _XWingSeed:
    expanded = hashlib.shake_256(_seed(seed)).digest(96)
    return _XWingSeed(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def _suite(suite: str) -> Suite:
    return Suite(_KEMS[_known(suite)], KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _known(suite: str) -> str:
    if suite not in _KEMS:
        raise HpkeError(f"suite {suite!r} is not allowed")
    return suite


def _seed(seed: bytes) -> bytes:
    if len(seed) != SEED_BYTES:
        raise HpkeError("a seed has 32 bytes")
    return seed
