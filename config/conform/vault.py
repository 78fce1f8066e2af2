"""Vector files of the vault: whole bids, derivations, secret sharing, content encryption."""

from __future__ import annotations

import ast
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from bidding.vault import content, keys, shamir
from config.conform import Case, Kind
from config.conform.bids import seal_browser_cases, seal_open_cases, two_envelope_cases
from config.conform.compare import Differs, any_case, case, data, listed, same, same_hex
from config.conform.hpke import hpke_cases, xwing_cases

_TREE_OF = "bytes((i*7+3)%251 for i in range("
_MOST_TREE_BYTES = 1 << 28
_CHUNKED_LABEL = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"
_SALT = 24


def derivations(document: Any, path: Path) -> Iterator[Case]:
    """Key schedule, Padmé sizes and tree hashes."""
    for name, entry in listed(document):
        if "treehash_of" in entry:
            yield case(f"{name} tree", _tree, entry)
        elif "padme" in entry:
            yield case(f"{name} padding", _padding, entry)
        else:
            yield case(f"{name} keys", _derived, entry)


def shamir_gf256(document: Any, path: Path) -> Iterator[Case]:
    """Any t shares join to the secret and to every other share; fewer do not."""
    for name, entry in listed(document):
        yield case(name, _shared, entry)


def cobblestone256(document: Any, path: Path) -> Iterator[Case]:
    """Valid ciphertexts decrypt to the given hash; invalid ones are refused."""
    for name, entry in listed(document):
        label = f"{name} ({entry.get('comment', '')})" if isinstance(entry, dict) else name
        yield case(label, _chunked, entry)


def _derived(e: dict[str, Any]) -> None:
    b, stage, k, t, n = data(e["B"]), e["stage"], data(e["K"]), e["t"], e["n"]
    shares = keys.deal(k, b, stage, t, n)
    numbered = list(enumerate(shares, start=1))
    same_hex("k_commit", e["k_commit"], keys.key_commitment(b, stage, k))
    same("shares", e["shares"], {str(i): share.hex() for i, share in numbered})
    commitments = {str(i): keys.share_commitment(b, stage, i, share).hex() for i, share in numbered}
    same("share_commits", e["share_commits"], commitments)
    same_hex("cek_part_docs", e["cek_part_docs"], keys.part_key(k, b, "docs"))
    same_hex("content_context_docs", e["content_context_docs"], keys.content_context(b, "docs"))
    same_hex("wrap_info_1", e["wrap_info_1"], keys.wrap_info(b, stage, 1))
    same_hex("dual_with_Kb_zero32", e["dual_with_Kb_zero32"], keys.dual_key(k, bytes(32), b, stage))


def _tree(e: dict[str, Any]) -> None:
    said = e["treehash_of"]
    if not said.startswith(_TREE_OF) or not said.endswith("))"):
        raise Differs(f"treehash_of: cannot make {said!r}")
    size = ast.literal_eval(said[len(_TREE_OF) : -2])
    same("n", e["n"], size)
    if not 0 <= size <= _MOST_TREE_BYTES:
        raise Differs("n: too large to make here")
    period = bytes((i * 7 + 3) % 251 for i in range(251))
    sample = (period * (size // 251 + 1))[:size]
    same_hex("root", e["root"], content.measure(io.BytesIO(sample)).tree)


def _padding(e: dict[str, Any]) -> None:
    if not e["padme"]:
        raise Differs("padme: no sizes")
    for size, padded in e["padme"]:
        same(f"padded size of {size}", padded, content.padded_size(size))


def _shared(e: dict[str, Any]) -> None:
    t, secret = e["t"], data(e["secret"])
    shares = {int(x): data(share) for x, share in e["shares"].items()}
    same("number of shares", len(shares), e["n"])
    if not 2 <= t <= len(shares):
        raise Differs("t: not between 2 and n")
    points = list(shares)
    for start in range(len(points)):
        chosen = {x: shares[x] for x in (points[start:] + points[:start])[:t]}
        same(f"secret from {list(chosen)}", e["secret"], shamir.combine(chosen).hex())
        for x in points:
            same_hex(f"share {x}", e["shares"][str(x)], shamir.combine(chosen, at=x))
        fewer = dict(list(chosen.items())[:-1])
        if shamir.combine(fewer) == secret:
            raise Differs(f"{t - 1} shares were enough")


def _chunked(e: dict[str, Any]) -> None:
    same("type", e["group"]["type"], "ChunkedEncryption")
    same("aead", e["group"]["aead"], "AEAD_AES_256_GCM")
    same("sha", e["group"]["sha"], "SHA-512")
    key, context, ciphertext = data(e["key"]), data(e["ctx"]), _inflated(data(e["ct"]))
    plain, authentic = _decrypted(key, context, ciphertext)
    same("result", e["result"], "valid" if authentic else "invalid")
    if "aeadKey" in e or "baseNonce" in e:
        derived = HKDFExpand(SHA512(), 76, _CHUNKED_LABEL + ciphertext[:_SALT] + context).derive(key)
        same_hex("aeadKey", e["aeadKey"], derived[:32])
        same_hex("baseNonce", e["baseNonce"], derived[32:44])
        same_hex("commitment", ciphertext[_SALT : content.HEADER].hex(), derived[44:])
    same("msgLength", e.get("msgLength", 0), len(plain))
    if "msgSha512" in e or authentic:
        same_hex("msgSha512", e["msgSha512"], hashlib.sha512(plain).digest())


def _decrypted(key: bytes, context: bytes, ciphertext: bytes) -> tuple[bytes, bool]:
    """What the chunks up to the first wrong one hold, and whether the whole is authentic."""
    plain = b""
    try:
        cipher = Cobblestone256Decryptor(key, context)
        for start in range(0, len(ciphertext), content.CHUNK + content.TAG):
            plain += cipher.update(ciphertext[start : start + content.CHUNK + content.TAG])
        return plain + cipher.finalize(), True
    except (InvalidTag, ValueError):
        return plain, False


def _inflated(compressed: bytes) -> bytes:
    """The published vectors carry ciphertexts zlib-compressed."""
    inflater = zlib.decompressobj()
    try:
        whole = inflater.decompress(compressed)
    except zlib.error as error:
        raise Differs(f"ct: {error}") from error
    if not inflater.eof or inflater.unused_data:
        raise Differs("ct: not one zlib stream")
    return whole


def _is_derivations(document: Any, path: Path) -> bool:
    return any(any_case(key)(document, path) for key in ("share_commits", "treehash_of", "padme"))


KINDS = [
    Kind("seal_open", any_case("base", "cases"), seal_open_cases),
    Kind("two_envelope", any_case("base", without=("cases",)), two_envelope_cases),
    Kind("seal_browser", any_case("policy_raw", "manifest_raw", "parts"), seal_browser_cases),
    Kind(
        "derivations",
        _is_derivations,
        derivations,
    ),
    Kind("shamir_gf256", any_case("secret", "shares", "t", "n"), shamir_gf256),
    Kind("cobblestone256", any_case("group", "key", "ctx", "ct", "result"), cobblestone256),
    Kind("hpke", any_case("kem_id", "kdf_id", "aead_id", "encryptions"), hpke_cases),
    Kind("xwing_kem", any_case("eseed", "sk", "pk", "ct", "ss"), xwing_cases),
]
