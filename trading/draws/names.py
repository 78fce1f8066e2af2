"""Names that the hall itself cannot read (封存名单): the openings of a draw among people, and their telephones, sealed to
two readers only. The file is described in docs/protocols/draw.md section 13.

The readers are the device at the evaluation site, which calls, and the regulator. Pure: keys come in as arguments."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trading import hpke
from trading.draws.announcement import Params
from trading.draws.hashing import jcs
from trading.ledger import canonical

SITE, REGULATOR = "site", "regulator"
READERS = (SITE, REGULATOR)
SUITE = hpke.X_WING
_KEY, _IV, _TAG = 32, 12, 16


class NamesError(ValueError):
    """The file is not one of this draw, or does not open under this key."""


@dataclass(frozen=True)
class Names:
    """What a reader learns: openings.json byte by byte, handle → (nonce, record), handle → telephone."""

    openings: bytes
    rows: Mapping[str, tuple[str, Mapping[str, Any]]]
    phones: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Of openings.json: what the announcement's entry names."""
        return hashlib.sha256(self.openings).hexdigest()


def seal_names(
    params: Params,
    readers: Mapping[str, bytes],
    openings: bytes,
    phones: Mapping[str, str],
    rng: Callable[[int], bytes],
) -> bytes:
    """The sealed file; `readers` gives the raw public key of each. Raises ValueError for other readers,
    hpke.HpkeError for what is no key."""
    if readers.keys() != set(READERS):
        raise ValueError("names are sealed to the site and to the regulator, and to nobody else")
    announce, key, iv = params.hash, rng(_KEY), rng(_IV)
    said = {"v": 1, "typ": "ebid.draw-names", "openings": canonical.loads(openings), "phones": dict(phones)}
    wrapped = {name: _wrap(params, name, public, key) for name, public in readers.items()}
    head = {"v": 1, "typ": "ebid.sealed-openings", "announce": announce.hex(), "readers": wrapped}
    return jcs(head | {"iv": _b64(iv), "ct": _b64(AESGCM(key).encrypt(iv, jcs(said), announce))})


def open_names(params: Params, reader: str, seed: bytes, sealed: bytes) -> Names:
    """What `reader` ("site" or "regulator") reads with the 32-byte seed of its key. Raises NamesError."""
    try:
        box = canonical.loads(sealed)
        if (box["typ"], box["announce"]) != ("ebid.sealed-openings", params.hash.hex()):
            raise NamesError("the names are of another draw")
        mine = box["readers"][reader]
        wrap = _unb64(mine["enc"]) + _unb64(mine["key"])
        key = hpke.unseal(SUITE, seed, names_info(params, reader), wrap)
        plain = AESGCM(key).decrypt(_unb64(box["iv"]), _unb64(box["ct"]), params.hash)
        said = canonical.loads(plain)
        rows = {row["h"]: (row["nonce"], row["record"]) for row in said["openings"]["rows"]}
        return Names(jcs(said["openings"]), rows, said["phones"])
    except (hpke.HpkeError, InvalidTag, canonical.CanonicalError, binascii.Error) as error:
        raise NamesError("the names do not open under this key") from error
    except (KeyError, TypeError) as error:
        raise NamesError("this is no file of sealed names") from error


def names_info(params: Params, reader: str) -> bytes:
    """The context that a reader's key is bound to: H("names", ann, reader)."""
    return params.family.tagged("names", params.hash, reader)


def _wrap(params: Params, reader: str, public: bytes, key: bytes) -> dict[str, str]:
    sealed = hpke.seal(SUITE, public, names_info(params, reader), key)
    enc = hpke.wrap_bytes(SUITE, 0) - _TAG
    return {"enc": _b64(sealed[:enc]), "key": _b64(sealed[enc:])}


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
