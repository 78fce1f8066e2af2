"""Checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature v1, tlog-proof).

A checkpoint is a note of three lines, origin, size and root, signed by the log with Ed25519 (signature
type 0x01) and cosigned, with a time, by witnesses (type 0x04). Keys travel as vkeys,
`name+keyid+base64(type, public key)`. Extension lines are refused: no monitor can audit them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG_KEY = 0x01
WITNESS_KEY = 0x04
_DASH = "— "
_MAX_SIGNATURES = 64
_COSIGNATURE = 72
"""bytes: a time and an Ed25519 signature"""
_TLOG_PROOF = "c2sp.org/tlog-proof@v1"


class NoteError(ValueError):
    """A note, key, checkpoint or proof that is malformed or does not verify."""


@dataclass(frozen=True)
class VerifierKey:
    """A named Ed25519 public key; `kind` is 0x01 for a log, 0x04 for a witness."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that a signature line begins with (signed-note, "key ID")."""
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(material).digest()[:4]

    def __str__(self) -> str:
        """The vkey."""
        return f"{self.name}+{self.key_id.hex()}+{b64(bytes([self.kind]) + self.public)}"


def verifier_key(name: str, kind: int, seed: bytes) -> VerifierKey:
    """The public half of the signing key with this 32-byte seed. Raises NoteError for a bad name."""
    if not _good_name(name):
        raise NoteError(f"not a key name: {name!r}")
    return VerifierKey(name, kind, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def parse_vkey(vkey: str) -> VerifierKey:
    """The key of a vkey. Raises NoteError when it is malformed or its key ID does not fit."""
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    material = unb64(encoded)
    if not _good_name(name) or len(material) != 33 or material[0] not in (LOG_KEY, WITNESS_KEY):
        raise NoteError(f"not an Ed25519 log or witness key: {vkey!r}")
    key = VerifierKey(name, material[0], material[1:])
    if key.key_id.hex() != key_id:
        raise NoteError(f"the key ID of {vkey!r} is not its key's")
    return key


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: the key's name, its ID (4 bytes) and the signature's bytes."""

    name: str
    key_id: bytes
    raw: bytes

    @property
    def line(self) -> str:
        """The line with its newline."""
        return f"{_DASH}{self.name} {b64(self.key_id + self.raw)}\n"

    @property
    def time(self) -> int | None:
        """The time (whole seconds since 1970) that a cosignature/v1 states, NOT verified; None of a log's signature."""
        return int.from_bytes(self.raw[:8]) if len(self.raw) == _COSIGNATURE else None


@dataclass(frozen=True)
class Note:
    """A signed note, taken apart but not verified; `text` ends in a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)


def parse_note(note: str) -> Note:
    """Takes a note apart (C2SP signed-note, "Format"). Raises NoteError when it is malformed."""
    if any(ord(c) < 0x20 and c != "\n" for c in note):
        raise NoteError("control character in a note")
    text, gap, lines = note.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NoteError("a note is a text, an empty line and signature lines")
    signatures = tuple(parse_signature(line + "\n") for line in lines[:-1].split("\n"))
    if len(signatures) > _MAX_SIGNATURES:
        raise NoteError("too many signatures")
    return Note(text + "\n", signatures)


def parse_signature(line: str) -> NoteSignature:
    """One signature line with its newline. Raises NoteError when it is malformed."""
    if not line.startswith(_DASH) or not line.endswith("\n"):
        raise NoteError("not a signature line")
    name, _, encoded = line[len(_DASH) : -1].partition(" ")
    raw = unb64(encoded)
    if not _good_name(name) or len(raw) < 5:
        raise NoteError("not a signature line")
    return NoteSignature(name, raw[:4], raw[4:])


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: the log's origin, its size in leaves, its root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64(self.root)}\n"

    @property
    def hash(self) -> str:
        """SHA-256 of the three lines, lowercase hex: what an entry's `cp` names."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def parse_checkpoint(note: str) -> Checkpoint:
    """The tree head of a checkpoint note, NOT verified. Raises NoteError when it is malformed."""
    lines = parse_note(note).text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise NoteError("a checkpoint has exactly three lines")
    return Checkpoint(lines[0], parse_decimal(lines[1]), parse_hash(lines[2]))


def sign_checkpoint(checkpoint: Checkpoint, *seeds: bytes) -> str:
    """The log's signed note over a tree head, one line by each key; the keys' name is the origin."""
    lines = []
    for seed in seeds:
        key = verifier_key(checkpoint.origin, LOG_KEY, seed)
        raw = Ed25519PrivateKey.from_private_bytes(seed).sign(checkpoint.text.encode())
        lines.append(NoteSignature(key.name, key.key_id, raw).line)
    return f"{checkpoint.text}\n{''.join(lines)}"


def cosign(note: str, name: str, seed: bytes, time: int) -> str:
    """A witness's cosignature/v1 line over a checkpoint, at `time` (whole seconds since 1970).

    It verifies nothing: the witness has done so before.
    """
    key = verifier_key(name, WITNESS_KEY, seed)
    message = _cosigned(parse_note(note).text, time)
    raw = struct.pack(">Q", time) + Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    return NoteSignature(name, key.key_id, raw).line


def add_lines(note: str, lines: Iterable[str]) -> str:
    """The note with further signature lines, each only once, none twice."""
    missing = [line for line in dict.fromkeys(lines) if line not in note]
    return note + "".join(missing)


def verify_log(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint of a note that this log key signed and whose origin is the key's name.

    Raises NoteError otherwise. A wrong signature under the key's own name and ID refuses the note.
    """
    checkpoint = parse_checkpoint(note)
    if key.kind != LOG_KEY or checkpoint.origin != key.name:
        raise NoteError(f"the checkpoint's origin is not {key.name}")
    for raw in _signatures_by(note, key):
        _check(key, raw, checkpoint.text.encode())
    return checkpoint


def verify_log_by_any(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """`verify_log` by the first of a log's keys, oldest first, that holds. Raises NoteError when none does."""
    refused = NoteError("no key to verify with")
    for key in keys:
        try:
            return verify_log(note, key)
        except NoteError as error:
            refused = error
    raise refused


def verify_cosignature(note: str, key: VerifierKey) -> int:
    """The time (whole seconds since 1970) at which this witness cosigned the checkpoint.

    With several lines by the witness, all must verify and the earliest counts. Raises NoteError.
    """
    text, times = parse_checkpoint(note).text, list[int]()
    if key.kind != WITNESS_KEY:
        raise NoteError(f"{key.name} is not a witness key")
    for raw in _signatures_by(note, key):
        if len(raw) != _COSIGNATURE:
            raise NoteError("a cosignature has 72 bytes")
        time = int.from_bytes(raw[:8])
        if time >= 1 << 63:
            raise NoteError("a cosignature's time is out of range")
        _check(key, raw[8:], _cosigned(text, time))
        times.append(time)
    return min(times)


def verify_note(note: str, key: VerifierKey) -> str:
    """The text of any note that this 0x01 key signed. Raises NoteError otherwise."""
    parsed = parse_note(note)
    for raw in _signatures_by(note, key):
        _check(key, raw, parsed.text.encode())
    return parsed.text


def tlog_proof(index: int, proof: Sequence[bytes], note: str, extra: bytes | None = None) -> str:
    """The `.tlog-proof` file of one entry (tlog-proof@v1)."""
    lines = [_TLOG_PROOF]
    if extra is not None:
        lines.append(f"extra {b64(extra)}")
    lines += [f"index {index}", *(b64(node) for node in proof), "", note]
    return "\n".join(lines)


@dataclass(frozen=True)
class TlogProof:
    """A `.tlog-proof`, taken apart but not verified."""

    index: int
    proof: tuple[bytes, ...]
    note: str
    extra: bytes | None = None


def parse_tlog_proof(text: str) -> TlogProof:
    """Takes a `.tlog-proof` apart. Raises NoteError when it is malformed."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != _TLOG_PROOF:
        raise NoteError("not a tlog-proof@v1")
    extra = unb64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise NoteError("a tlog-proof names an index")
    index = parse_decimal(lines.pop(0)[6:])
    parse_checkpoint(note)
    return TlogProof(index, tuple(parse_hash(line) for line in lines), note, extra)


def parse_decimal(text: str) -> int:
    """An ASCII decimal without leading zeroes, below 2^63. Raises NoteError otherwise."""
    if not (text.isascii() and text.isdigit()) or (text[0] == "0" and text != "0") or len(text) > 19:
        raise NoteError(f"not a decimal: {text[:30]!r}")
    if (value := int(text)) >= 1 << 63:
        raise NoteError("a size is out of range")
    return value


def parse_hash(text: str) -> bytes:
    """A base64 hash of 32 bytes. Raises NoteError otherwise."""
    if len(value := unb64(text)) != 32:
        raise NoteError("a hash has 32 bytes")
    return value


def b64(data: bytes) -> str:
    """Standard base64 with padding, as C2SP's formats use it."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """The bytes of canonical standard base64. Raises NoteError for any other spelling."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise NoteError(f"not base64: {text[:30]!r}") from error
    if b64(data) != text:
        raise NoteError(f"not canonical base64: {text[:30]!r}")
    return data


def _signatures_by(note: str, key: VerifierKey) -> list[bytes]:
    found = [s.raw for s in parse_note(note).signatures if s.name == key.name and s.key_id == key.key_id]
    if not found:
        raise NoteError(f"no signature by {key.name}")
    return found


def _check(key: VerifierKey, raw: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw, message)
    except (InvalidSignature, ValueError) as error:
        raise NoteError(f"the signature by {key.name} is wrong") from error


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _good_name(name: str) -> bool:
    """Key names are not empty and hold no Unicode space, plus sign or control character."""
    return bool(name) and not any(
        c == "+" or c.isspace() or unicodedata.category(c) in ("Zs", "Zl", "Zp", "Cc") for c in name
    )
