"""Keys that never enter the database (密钥).

One master key file outside the database gives, by HKDF with a label each: the key that encrypts what a
database dump must not tell (who bids, before the close), the key of look-up hashes, the secret behind
per-tender pseudonyms, and the Ed25519 key that signs receipts.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand


@dataclass(frozen=True)
class HallKeys:
    """The hall's keys, all derived from one 32-byte master."""

    sealing: bytes
    lookup: bytes
    pseudonym: bytes
    receipt: Ed25519PrivateKey

    @classmethod
    def derive(cls, master: bytes) -> HallKeys:
        def key(label: str) -> bytes:
            return HKDFExpand(SHA256(), 32, f"tradehall/1/{label}".encode()).derive(master)

        return cls(
            key("sealing"),
            key("lookup"),
            key("pseudonym"),
            Ed25519PrivateKey.from_private_bytes(key("receipt")),
        )

    def seal(self, plain: bytes, purpose: str, rng: Callable[[int], bytes] = os.urandom) -> bytes:
        """AES-256-GCM, nonce first; `purpose` is bound in, so a row cannot be moved to another column."""
        nonce = rng(12)
        return nonce + AESGCM(self.sealing).encrypt(nonce, plain, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """The bytes given to `seal`; raises cryptography's InvalidTag when they were touched."""
        return AESGCM(self.sealing).decrypt(sealed[:12], sealed[12:], purpose.encode())

    def keyed(self, *parts: str | bytes) -> bytes:
        """A keyed hash for look-ups: equal parts give equal hashes, and without the key it says nothing."""
        mac = hmac.new(self.lookup, digestmod=hashlib.sha256)
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.digest()


def load_master(path: Path, rng: Callable[[int], bytes] = os.urandom) -> bytes:
    """The 32 bytes of the master key file; made on first use, readable by its owner only."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(rng(32))
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()
