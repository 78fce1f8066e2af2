"""Keys that never enter the database (密钥).

One master key file outside the database gives, by HKDF with a label each: the key that encrypts what a
database dump must not tell (who bids, before the close), the key of look-up hashes, the secret behind
per-tender pseudonyms, and the Ed25519 key that signs receipts.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_BYTES = 32


@dataclass(frozen=True)
class HallKeys:
    """The hall's keys, all derived from one 32-byte master."""

    sealing: bytes
    lookup: bytes
    pseudonym: bytes
    receipt: Ed25519PrivateKey
    retired: tuple[bytes, ...] = ()
    """Sealing keys of earlier times: they still open, nothing is sealed with them."""
    receipts: tuple[Ed25519PrivateKey, ...] = ()
    """Receipt keys of earlier times: they sign for the tenders whose policies name them."""

    @classmethod
    def load(cls, state: Path) -> HallKeys:
        """The keys of a state folder: its master and what rotations have put beside it. Raises NoKey."""
        master = load_master(state / "master.key")
        return cls.derive(master, load_ring(state / "sealing"), load_ring(state / "receipt"))

    @classmethod
    def derive(cls, master: bytes, ring: Sequence[bytes] = (), receipts: Sequence[bytes] = ()) -> HallKeys:
        """The keys of a master. `ring` are the sealing keys that came after the one it gives, `receipts` the
        seeds of later receipt keys, the newest last (`tradehall keys rotate sealing|receipt`)."""

        def key(label: str) -> bytes:
            return HKDFExpand(SHA256(), 32, f"tradehall/1/{label}".encode()).derive(master)

        newest, *retired = reversed([key("sealing"), *ring])
        signing, *older = (
            Ed25519PrivateKey.from_private_bytes(seed) for seed in reversed([key("receipt"), *receipts])
        )
        return cls(
            newest,
            key("lookup"),
            key("pseudonym"),
            signing,
            tuple(retired),
            tuple(older),
        )

    def receipt_for(self, public: bytes) -> Ed25519PrivateKey:
        """The receipt key that a policy names by its 32 public bytes. Raises NoKey when it is gone."""
        for key in (self.receipt, *self.receipts):
            if key.public_key().public_bytes_raw() == public:
                return key
        raise NoKey("the receipt key that the policy names is not among this hall's keys")

    def seal(self, plain: bytes, purpose: str, rng: Callable[[int], bytes] = os.urandom) -> bytes:
        """AES-256-GCM, nonce first; `purpose` is bound in, so a row cannot be moved to another column."""
        nonce = rng(12)
        return nonce + AESGCM(self.sealing).encrypt(nonce, plain, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """The bytes given to `seal`; raises cryptography's InvalidTag when they were touched."""
        for key in self.retired:
            with suppress(InvalidTag):
                return AESGCM(key).decrypt(sealed[:12], sealed[12:], purpose.encode())
        return AESGCM(self.sealing).decrypt(sealed[:12], sealed[12:], purpose.encode())

    def reseal(self, sealed: bytes, purpose: str) -> bytes | None:
        """The same bytes under the newest key; None when they are already. Raises InvalidTag."""
        with suppress(InvalidTag):
            AESGCM(self.sealing).decrypt(sealed[:12], sealed[12:], purpose.encode())
            return None
        return self.seal(self.unseal(sealed, purpose), purpose)

    def keyed(self, *parts: str | bytes) -> bytes:
        """A keyed hash for look-ups: equal parts give equal hashes, and without the key it says nothing."""
        mac = hmac.new(self.lookup, digestmod=hashlib.sha256)
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            mac.update(len(data).to_bytes(8, "big") + data)
        return mac.digest()


class NoKey(Exception):
    """A key file is missing or not whole. Nobody makes another one in its place: what was sealed with
    the right one would be lost, and receipts would bear a key that no policy names."""


def load_master(path: Path) -> bytes:
    """The 32 bytes of a key file. Raises NoKey."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NoKey(f"there is no key file {path}; `tradehall keys` makes one for a new hall") from None
    if len(data) != KEY_BYTES:
        raise NoKey(f"{path} has {len(data)} bytes, a key has {KEY_BYTES}")
    return data


def load_ring(folder: Path) -> list[bytes]:
    """The sealing keys of a folder, the oldest first; none where there is no folder. Raises NoKey."""
    return [load_master(path) for path in sorted(folder.glob("*.key"))]


def next_in_ring(folder: Path, rng: Callable[[int], bytes] = os.urandom) -> Path:
    """Another sealing key, newer than all of them. Returns its file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    newest = max((int(path.stem) for path in folder.glob("*.key")), default=0)
    path = folder / f"{newest + 1:04d}.key"
    make_master(path, rng)
    return path


def make_master(path: Path, rng: Callable[[int], bytes] = os.urandom) -> bytes:
    """The 32 bytes of a key file that is made when it is missing. Raises NoKey for one that is not whole."""
    make_private(path, lambda: rng(KEY_BYTES), rng)
    return load_master(path)


def make_private(path: Path, content: Callable[[], bytes], rng: Callable[[int], bytes] = os.urandom) -> bytes:
    """The bytes of a file that is made when it is missing, readable by its owner only. It comes whole under its
    name, whoever else is making it."""
    if path.exists():
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".new-{path.name}-{rng(8).hex()}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink()
    return path.read_bytes()
