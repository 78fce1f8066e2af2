"""The papers of a ceremony (仪式文书): what parties and trustees sign or seal, byte by byte (draw.md section 10).

All are canonical JSON; a reader takes only canonical bytes with exactly the fields of their kind.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trading.draws import floor
from trading.draws.announcement import Params, is_hex32
from trading.draws.hashing import is_name, jcs
from trading.draws.refusal import malformed
from trading.ledger import canonical


@dataclass(frozen=True)
class Commit:
    """A party's signed commitments to its slips."""

    raw: bytes
    party: str
    cert_sha256: str
    """of the certificate that signs; empty for a party from the floor"""
    commits: tuple[bytes, ...]
    key: bytes = b""
    """the public key of a party from the floor, whose name follows from it"""

    @property
    def hash(self) -> str:
        """SHA-256 of the paper, by which others name it."""
        return hashlib.sha256(self.raw).hexdigest()


@dataclass(frozen=True)
class Ack:
    """A trustee's signed word that it holds its slips of these commitments (hashes of the papers)."""

    raw: bytes
    trustee: str
    cert_sha256: str
    commits: tuple[str, ...]


@dataclass(frozen=True)
class Deal:
    """What a party sends one trustee, sealed: its slips by number, and (`listed`) the hash of the list of all
    commitments it knew of when it dealt. Nobody whose commitment is missing there can still come in."""

    party: str
    trustee: str
    listed: str
    slips: Mapping[int, bytes]


def build_commit(params: Params, party: str, cert_sha256: str, commits: Sequence[bytes]) -> bytes:
    """The paper that a party signs and hands in until t_commit."""
    said = {"party": party, "cert_sha256": cert_sha256, "commits": [c.hex() for c in commits]}
    return jcs(_head("ebid.draw-commit", params) | said)


def parse_commit(params: Params, raw: bytes) -> Commit:
    """Raises DrawError MALFORMED for anything but a commitment for this draw."""
    signer = "key" if b'"party":"floor-' in raw else "cert_sha256"
    said = _read(raw, "ebid.draw-commit", params, "party", signer, "commits")
    hashes = _hashes(said["commits"])
    if len(hashes) != params.slips_each:
        raise malformed("the number of commitments")
    commits = tuple(map(bytes.fromhex, hashes))
    if signer == "key":
        return Commit(raw, said["party"], "", commits, _floor_key(said["party"], said["key"]))
    if not is_name(said["party"]) or not is_hex32(said["cert_sha256"]):
        raise malformed("the party of a commitment")
    return Commit(raw, said["party"], said["cert_sha256"], commits)


def build_floor_commit(params: Params, key: bytes, commits: Sequence[bytes]) -> bytes:
    """The paper that a party from the floor signs with the key that its name follows from."""
    said = {"party": floor.name_of(key), "key": key.hex(), "commits": [c.hex() for c in commits]}
    return jcs(_head("ebid.draw-commit", params) | said)


def _floor_key(party: Any, key: Any) -> bytes:
    """The public key of a party from the floor. Raises DrawError MALFORMED unless the name follows from it."""
    if type(key) is not str or not re.fullmatch(r"04[0-9a-f]{128}", key):
        raise malformed("the key of a party from the floor")
    if floor.name_of(bytes.fromhex(key)) != party:
        raise malformed("a party from the floor has another name than its key gives")
    return bytes.fromhex(key)


def build_ack(params: Params, trustee: str, cert_sha256: str, commits: Sequence[str]) -> bytes:
    """The paper that a trustee signs when it holds its slips of these commitments."""
    said = {"trustee": trustee, "cert_sha256": cert_sha256, "commits": sorted(commits)}
    return jcs(_head("ebid.draw-ack", params) | said)


def parse_ack(params: Params, raw: bytes) -> Ack:
    """Raises DrawError MALFORMED for anything but an ack for this draw by one of its trustees."""
    said = _read(raw, "ebid.draw-ack", params, "trustee", "cert_sha256", "commits")
    if said["trustee"] not in params.trustees or not is_hex32(said["cert_sha256"]):
        raise malformed("the trustee of an ack")
    return Ack(raw, said["trustee"], said["cert_sha256"], _ascending(said["commits"]))


def build_deal(params: Params, deal: Deal) -> bytes:
    """The plaintext of a deal."""
    slips = {str(number): slip.hex() for number, slip in deal.slips.items()}
    said = {"party": deal.party, "trustee": deal.trustee, "list": deal.listed, "slips": slips}
    return jcs(_head("ebid.draw-deal", params) | said)


def parse_deal(params: Params, raw: bytes) -> Deal:
    """Raises DrawError MALFORMED for anything but a deal of this draw."""
    said = _read(raw, "ebid.draw-deal", params, "party", "trustee", "list", "slips")
    if (
        not is_name(said["party"])
        or said["trustee"] not in params.trustees
        or not is_hex32(said["list"])
        or type(said["slips"]) is not dict
    ):
        raise malformed("the parties of a deal")
    numbers = {str(number): number for number in range(params.slips_each)}
    if not said["slips"].keys() <= numbers.keys() or not all(map(is_hex32, said["slips"].values())):
        raise malformed("the slips of a deal")
    slips = {numbers[name]: bytes.fromhex(slip) for name, slip in said["slips"].items()}
    return Deal(said["party"], said["trustee"], said["list"], slips)


def list_hash(commits: Iterable[str]) -> str:
    """SHA-256 of the canonical list of commitment papers (their hashes, ascending), by which a deal names it."""
    return hashlib.sha256(jcs(sorted(commits))).hexdigest()


def deal_info(params: Params, party: str, trustee: str) -> bytes:
    """The context that a deal's encryption is bound to: a deal cannot be passed on as another's."""
    return params.family.tagged("deal", params.hash, party, trustee)


def _head(typ: str, params: Params) -> dict[str, Any]:
    return {"v": 1, "typ": typ, "announce": params.hash.hex()}


def _read(raw: bytes, typ: str, params: Params, *fields: str) -> dict[str, Any]:
    try:
        said = canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise malformed(str(error)) from error
    head = _head(typ, params)
    if type(said) is not dict or said.keys() != {*head, *fields}:
        raise malformed(f"the fields of an {typ}")
    if type(said["v"]) is not int or {name: said[name] for name in head} != head:
        raise malformed(f"not an {typ} of this draw")
    return said


def _hashes(value: Any) -> tuple[str, ...]:
    if type(value) is not list or not all(map(is_hex32, value)):
        raise malformed("a list of hashes")
    return tuple(value)


def _ascending(value: Any) -> tuple[str, ...]:
    hashes = _hashes(value)
    if list(hashes) != sorted(set(hashes)):
        raise malformed("hashes are ascending, none twice")
    return hashes
