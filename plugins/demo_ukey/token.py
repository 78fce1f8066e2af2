"""The key itself: an SM2 key behind a PIN that a few wrong tries lock for good."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from plugins.demo_ca.authority import _write
from plugins.demo_ca.sm2 import Sm2DemoCA, new_key
from plugins.sm2_signatures.signer import Sm2Signer

TRIES = 6


class PinWrong(Exception):
    """The PIN is another one; `left` tries remain."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} tries left")
        self.left = left


class Locked(Exception):
    """Too many wrong PINs: only who issued the key can help."""


class UsbKey:
    """The token in `folder`. The private key lies there encrypted under the PIN; a real one never lets it
    out at all. The count of wrong tries outlives the process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "token.json"
        self._lock = threading.Lock()
        self.chain = (folder / "chain.pem").read_bytes()

    @classmethod
    def create(cls, folder: Path, ca: Sm2DemoCA, pin: str, **subject: str) -> UsbKey:
        """Opens the token in `folder`, or has one personalised by `ca` for `subject` (as for `issue`)."""
        if not (folder / "token.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            public, private = new_key()
            _write(folder / "chain.pem", ca.issue(public, **subject))  # type: ignore[arg-type]
            salt = public[:16]
            sealed = AESGCM(_under(pin, salt)).encrypt(bytes(12), private, None)
            held = {"salt": salt.hex(), "sealed": sealed.hex(), "left": TRIES}
            _write(folder / "token.json", json.dumps(held).encode())
        return cls(folder)

    def sign(self, pin: str, data: bytes, at: datetime) -> bytes:
        """A detached CMS over `data`. Raises PinWrong and Locked."""
        with self._lock:
            held = json.loads(self._path.read_bytes())
            if held["left"] <= 0:
                raise Locked
            try:
                key = _under(pin, bytes.fromhex(held["salt"]))
                private = AESGCM(key).decrypt(bytes(12), bytes.fromhex(held["sealed"]), None)
            except InvalidTag:
                self._left(held, held["left"] - 1)
                if held["left"] <= 0:
                    raise Locked from None
                raise PinWrong(held["left"]) from None
            self._left(held, TRIES)
        return Sm2Signer(private, self.chain).sign(data, at)

    def _left(self, held: dict[str, object], left: int) -> None:
        if held["left"] != left:
            held["left"] = left
            _write(self._path, json.dumps(held).encode())


def _under(pin: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, n=2**14, r=8, p=1).derive(pin.encode())
