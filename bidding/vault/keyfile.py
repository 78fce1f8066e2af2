"""The bid key file (投标密钥文件): the bidder's stage keys under a passphrase.

PBKDF2-SHA-256 and AES-256-GCM, which every browser has. The file is canonical JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from bidding.vault import documents as d
from bidding.vault.encoding import EncodingError, b64
from bidding.vault.keys import KEY_BYTES
from bidding.vault.manifest import BID_ID_BYTES
from trading.ledger.canonical import dumps

ITERATIONS = 600_000
_MAX_ITERATIONS = 10_000_000
_SALT_BYTES = 16
_IV_BYTES = 12


class WrongPassphrase(ValueError):
    """The passphrase does not open the file, or the file was altered."""


@dataclass(frozen=True)
class KeyFile:
    """An opened key file: hashes of policy and manifest, bid id, and the key Kb of each stage. In mode `dual`
    also Kc, which was dealt to the custodians: its bidder can read its own bid again, to seal it anew."""

    policy: bytes
    bid_id: bytes
    manifest: bytes
    keys: Mapping[str, bytes] = field(repr=False)
    dealt: Mapping[str, bytes] = field(repr=False, default_factory=dict)


_KEYFILE = {
    "policy": d.hash_hex,
    "bid_id": d.b64_bytes(BID_ID_BYTES),
    "manifest": d.hash_hex,
    "kdf": d.constant("PBKDF2-SHA-256"),
    "iterations": d.integer(ITERATIONS, _MAX_ITERATIONS),
    "salt": d.b64_bytes(),
    "iv": d.b64_bytes(_IV_BYTES),
    "ct": d.b64_bytes(),
}


def write_keyfile(key_file: KeyFile, passphrase: str, rng: Callable[[int], bytes]) -> bytes:
    """The file's bytes; `rng(n)` yields n random bytes for salt and nonce."""
    salt, iv = rng(_SALT_BYTES), rng(_IV_BYTES)
    stages = {name: {"Kb": b64(key)} for name, key in key_file.keys.items()}
    for name, key in key_file.dealt.items():
        stages[name]["Kc"] = b64(key)
    cipher = AESGCM(_derive(passphrase, salt, ITERATIONS))
    return dumps(
        {
            "v": 1,
            "typ": "ebid.keyfile",
            "policy": key_file.policy.hex(),
            "bid_id": b64(key_file.bid_id),
            "manifest": key_file.manifest.hex(),
            "kdf": "PBKDF2-SHA-256",
            "iterations": ITERATIONS,
            "salt": b64(salt),
            "iv": b64(iv),
            "ct": b64(cipher.encrypt(iv, dumps({"stages": stages}), None)),
        }
    )


def read_keyfile(raw: bytes, passphrase: str) -> KeyFile:
    """Opens a key file. Raises EncodingError when it is none and WrongPassphrase when it stays shut."""
    f = d.read(raw, "ebid.keyfile", _KEYFILE)
    try:
        cipher = AESGCM(_derive(passphrase, f["salt"], f["iterations"]))
        inner = d.canonical(cipher.decrypt(f["iv"], f["ct"], None))
    except InvalidTag as error:
        raise WrongPassphrase("the passphrase does not open the key file") from error
    stages = d.exact({"stages": _stages})(inner)["stages"]
    keys = {name: entry["Kb"] for name, entry in stages.items()}
    dealt = {name: entry["Kc"] for name, entry in stages.items() if "Kc" in entry}
    return KeyFile(f["policy"], f["bid_id"], f["manifest"], keys, dealt)


def _stages(value: object) -> dict[str, dict[str, bytes]]:
    if not isinstance(value, dict):
        raise EncodingError("stages expected")
    key = d.b64_bytes(KEY_BYTES)
    alone, dual = d.exact({"Kb": key}), d.exact({"Kb": key, "Kc": key})
    return {
        d.text(name): (dual if isinstance(entry, dict) and "Kc" in entry else alone)(entry)
        for name, entry in value.items()
    }


def _derive(passphrase: str, salt: bytes, iterations: int) -> bytes:
    return PBKDF2HMAC(SHA256(), 32, salt, iterations).derive(passphrase.encode())
