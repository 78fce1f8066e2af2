"""Ledger entries (账本记录): their bytes, payload commitments and blinded leaves.

An entry is canonical JSON `{v,id,t,type,tender,actor,cp,pl,sig?}` of at most 65,535 bytes. It never
holds personal data: payloads stand outside it, behind salted commitments, so that a payload can be
deleted by law and the tree still verifies. In the sealed period an entry is only a blinded leaf
`{v,typ,c}`: a salted commitment that tells neither tender nor kind.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trading.ledger import canonical
from trading.ledger.tiles import MAX_ENTRY

BLINDED_KINDS = frozenset({"bid", "withdraw", "register", "download", "deposit", "dummy"})
LEAF_TYPE = "ebid.leaf"

_FIELDS = {"v", "id", "t", "type", "tender", "actor", "cp", "pl"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_HEX32 = re.compile(r"[0-9a-f]{64}")
_REF = re.compile(r"[0-9a-f]{32}")
_TYPE = re.compile(r"[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*")


class EntryError(ValueError):
    """Bytes or fields that make no ledger entry."""


@dataclass(frozen=True)
class Entry:
    """A plain entry. `ref` is its random name (JSON `id`, 32 hex digits), `at` RFC 3339 UTC with three
    decimals (JSON `t`), `cp` the hash of the newest witnessed checkpoint known to the writer or None,
    `commitments` (JSON `pl`) lowercase hex, in the payloads' order."""

    ref: str
    at: str
    type: str
    tender: str | None
    actor: str
    cp: str | None
    commitments: tuple[str, ...]
    sig: str | None = None

    def to_bytes(self) -> bytes:
        """The canonical bytes. Raises EntryError when a field is wrong or the entry too long."""
        self._check()
        document = {"v": 1, "id": self.ref, "t": self.at, "type": self.type, "tender": self.tender}
        document |= {"actor": self.actor, "cp": self.cp, "pl": list(self.commitments)}
        if self.sig is not None:
            document["sig"] = self.sig
        try:
            # Canonical form for these fields: ASCII keys, strings and one small integer (tested).
            body = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise EntryError(str(error)) from error
        if len(body) > MAX_ENTRY:
            raise EntryError(f"an entry of {len(body)} bytes: files go in by their hashes only")
        return body

    def _check(self) -> None:
        if not (
            _matches(_REF, self.ref)
            and _matches(_TIME, self.at)
            and _matches(_TYPE, self.type)
            and (self.tender is None or (isinstance(self.tender, str) and self.tender))
            and isinstance(self.actor, str)
            and self.actor
            and (self.cp is None or _matches(_HEX32, self.cp))
            and all(_matches(_HEX32, commitment) for commitment in self.commitments)
            and (self.sig is None or isinstance(self.sig, str))
        ):
            raise EntryError(f"a field of the entry is wrong: {self}")


@dataclass(frozen=True)
class Blinded:
    """A blinded leaf of the sealed period; `commitment` is lowercase hex."""

    commitment: str

    def to_bytes(self) -> bytes:
        """The canonical bytes (vault protocol, section 2.6)."""
        return canonical.dumps({"v": 1, "typ": LEAF_TYPE, "c": self.commitment})


def parse(body: bytes) -> Entry | Blinded:
    """The entry of exact bytes. Raises EntryError for anything that `to_bytes` would not have made."""
    try:
        document = canonical.loads(body)
    except canonical.CanonicalError as error:
        raise EntryError(str(error)) from error
    if not isinstance(document, dict) or type(document.get("v")) is not int or document["v"] != 1:
        raise EntryError("not a ledger entry of version 1")
    if document.get("typ") == LEAF_TYPE:
        return _parse_blinded(document)
    if set(document) - {"sig"} != _FIELDS or not isinstance(document["pl"], list):
        raise EntryError("the entry's fields are not those of version 1")
    if "sig" in document and document["sig"] is None:
        raise EntryError("an empty signature is left out")
    entry = Entry(
        document["id"],
        document["t"],
        document["type"],
        document["tender"],
        document["actor"],
        document["cp"],
        tuple(document["pl"]),
        document.get("sig"),
    )
    entry.to_bytes()
    return entry


def payload_commitment(nonce: bytes, payload: bytes) -> bytes:
    """C = SHA-256("ebid-commit/1\\n" ‖ nonce ‖ payload): 32-byte nonce, the payload's canonical bytes."""
    if len(nonce) != 32:
        raise EntryError("a payload's nonce has 32 bytes")
    return hashlib.sha256(b"ebid-commit/1\n" + nonce + payload).digest()


def blinded_commitment(
    salt: bytes, kind: str, *, tender: str, lot: str, seq: int, digest: bytes, at: str
) -> bytes:
    """The commitment inside a blinded leaf (vault protocol, section 2.6).

    `salt` and `digest` have 32 bytes, `seq` fits 32 bits, `at` is RFC 3339 UTC with three decimals.
    Raises EntryError for other values and for kinds that are not blinded.
    """
    if kind not in BLINDED_KINDS:
        raise EntryError(f"entries of kind {kind!r} are not blinded")
    if len(salt) != 32 or len(digest) != 32 or not 0 <= seq < 1 << 32 or not _TIME.fullmatch(at):
        raise EntryError("salt, digest, number or time of a blinded leaf is wrong")
    return hashlib.sha256(
        length_prefixed("ebid/v1/leaf", salt, kind, tender, lot, struct.pack(">I", seq), digest, at)
    ).digest()


def actor_pseudonym(secret: bytes, tender: str | None, user_id: str) -> str:
    """The name that stands for a person in one tender's entries (32 hex digits).

    Without the secret nobody can link it to the person or to the person's name in another tender.
    """
    message = length_prefixed("ebid/v1/actor", tender or "", user_id)
    return hmac.digest(secret, message, "sha256").hex()[:32]


def length_prefixed(*items: str | bytes) -> bytes:
    """The vault protocol's `lp`: each item as four-byte big-endian length and bytes (strings UTF-8)."""
    encoded: Sequence[bytes] = [item.encode() if isinstance(item, str) else item for item in items]
    return b"".join(struct.pack(">I", len(item)) + item for item in encoded)


def _parse_blinded(document: dict[str, Any]) -> Blinded:
    if set(document) != {"v", "typ", "c"} or not _matches(_HEX32, document["c"]):
        raise EntryError("not a blinded leaf")
    return Blinded(document["c"])


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
