"""Vector files of HPKE (RFC 9180 base mode, draft-ietf-hpke-pq) and of the X-Wing KEM.

The key schedule is computed step by step from the given values, and the first ciphertext is opened by
the library that the vault uses.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.conform import Case
from config.conform.compare import Differs, case, data, listed, same, same_hex
from trading import hpke

_ML_KEM_PK = 1184
_ML_KEM_CT = 1088
_X_WING_LABEL = bytes.fromhex("5c2e2f2f5e5c")
_X_WING = 0x647A
_EXPORT_ONLY = 0xFFFF


@dataclass(frozen=True)
class Curve:
    """A DHKEM: its library KEM, hash of its own KDF, secret size, and how keys are made and used."""

    kem: KEM
    hash: str
    secret: int
    order: int | None
    load: Callable[[bytes], Any]
    public: Callable[[Any], bytes]
    exchange: Callable[[Any, bytes], bytes]


def _nist(kem: KEM, curve: ec.EllipticCurve, hash_name: str, secret: int, order: int) -> Curve:
    def exchange(key: ec.EllipticCurvePrivateKey, peer: bytes) -> bytes:
        return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(curve, peer))

    return Curve(
        kem,
        hash_name,
        secret,
        order,
        lambda raw: ec.derive_private_key(int.from_bytes(raw), curve),
        lambda key: key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        exchange,
    )


_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_P384 = int("ff" * 24 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)
_P521 = int("01" + "ff" * 32 + "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", 16)
_CURVES = {
    0x10: _nist(KEM.P256, ec.SECP256R1(), "sha256", 32, _P256),
    0x11: _nist(KEM.P384, ec.SECP384R1(), "sha384", 48, _P384),
    0x12: _nist(KEM.P521, ec.SECP521R1(), "sha512", 66, _P521),
    0x20: Curve(
        KEM.X25519,
        "sha256",
        32,
        None,
        X25519PrivateKey.from_private_bytes,
        lambda key: key.public_key().public_bytes_raw(),
        lambda key, peer: key.exchange(X25519PublicKey.from_public_bytes(peer)),
    ),
}
_KDFS = {
    0x01: (KDF.HKDF_SHA256, "sha256"),
    0x02: (KDF.HKDF_SHA384, "sha384"),
    0x03: (KDF.HKDF_SHA512, "sha512"),
    0x10: (KDF.SHAKE128, "shake_128"),
    0x11: (KDF.SHAKE256, "shake_256"),
}
_AEADS: dict[int, tuple[AEAD, Callable[[bytes], Any], int]] = {
    1: (AEAD.AES_128_GCM, AESGCM, 16),
    2: (AEAD.AES_256_GCM, AESGCM, 32),
    3: (AEAD.CHACHA20_POLY1305, ChaCha20Poly1305, 32),
}


def hpke_cases(document: Any, path: Path) -> Iterator[Case]:
    """Key pairs, key schedule, all ciphertexts and exports of each case, and the one-shot opening."""
    for name, entry in listed(document):
        name = f"{name} {entry['kem_id']:04x}-{entry['kdf_id']:04x}-{entry['aead_id']:04x}"
        yield case(f"{name} recipient's key", _key_pair, entry)
        yield case(f"{name} shared secret", _shared_secret, entry)
        yield case(f"{name} key schedule", _schedule, entry)
        if entry["aead_id"] != _EXPORT_ONLY:
            yield case(f"{name} one-shot open", _one_shot, entry)


def xwing_cases(document: Any, path: Path) -> Iterator[Case]:
    """Key, encapsulation and shared secret of each case."""
    for name, entry in listed(document):
        yield case(name, _xwing, entry)


def _xwing(e: dict[str, Any]) -> None:
    seed, ciphertext = data(e["sk"]), data(e["ct"])
    same("seed", e["seed"], e["sk"])
    same_hex("pk", e["pk"], hpke.public_key(hpke.X_WING, seed))
    same_hex("ss", e["ss"], _xwing_decapsulate(seed, ciphertext))
    _xwing_encapsulation(seed, ciphertext, data(e["eseed"]))


def _xwing_decapsulate(seed: bytes, ciphertext: bytes) -> bytes:
    """draft-connolly-cfrg-xwing-kem section 5.5."""
    same("bytes of ct", len(ciphertext), _ML_KEM_CT + 32)
    ml_kem, x25519 = _xwing_keys(seed)
    ml_kem_ct, x25519_ct = ciphertext[:_ML_KEM_CT], ciphertext[_ML_KEM_CT:]
    secrets = ml_kem.decapsulate(ml_kem_ct) + x25519.exchange(X25519PublicKey.from_public_bytes(x25519_ct))
    own = hpke.public_key(hpke.X_WING, seed)[_ML_KEM_PK:]
    return hashlib.sha3_256(secrets + x25519_ct + own + _X_WING_LABEL).digest()


def _xwing_encapsulation(seed: bytes, ciphertext: bytes, eseed: bytes) -> None:
    """That `eseed` (ML-KEM message and X25519 secret) made the ciphertext: ML-KEM's shared secret is
    G(m, H(ek)) (FIPS 203 algorithm 17), and a ciphertext of another m would be rejected implicitly."""
    same("bytes of the encapsulation's seed", len(eseed), 64)
    ephemeral = X25519PrivateKey.from_private_bytes(eseed[32:]).public_key().public_bytes_raw()
    same("X25519 part of the ciphertext", ciphertext[_ML_KEM_CT:], ephemeral)
    encapsulation_key = hpke.public_key(hpke.X_WING, seed)[:_ML_KEM_PK]
    message = eseed[:32] + hashlib.sha3_256(encapsulation_key).digest()
    decapsulated = _xwing_keys(seed)[0].decapsulate(ciphertext[:_ML_KEM_CT])
    same("ML-KEM secret", decapsulated, hashlib.sha3_512(message).digest()[:32])


def _xwing_keys(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    same("bytes of the seed", len(seed), hpke.SEED_BYTES)
    expanded = hashlib.shake_256(seed).digest(96)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def _key_pair(e: dict[str, Any]) -> None:
    secret = data(e["skRm"])
    same_hex("skRm from ikmR", e["skRm"], _derive_key_pair(e["kem_id"], data(e["ikmR"])))
    if e["kem_id"] == _X_WING:
        same_hex("pkRm", e["pkRm"], hpke.public_key(hpke.X_WING, secret))
        return
    curve = _curve(e)
    same_hex("pkRm", e["pkRm"], curve.public(curve.load(secret)))
    if curve.kem == KEM.X25519:
        same_hex("pkRm", e["pkRm"], hpke.public_key(hpke.X25519, secret))


def _shared_secret(e: dict[str, Any]) -> None:
    enc, secret = data(e["enc"]), data(e["skRm"])
    if e["kem_id"] == _X_WING:
        same_hex("shared_secret", e["shared_secret"], _xwing_decapsulate(secret, enc))
        _xwing_encapsulation(secret, enc, data(e["ikmE"]))
        return
    curve = _curve(e)
    ephemeral = curve.load(_derive_key_pair(e["kem_id"], data(e["ikmE"])))
    same_hex("enc", e["enc"], curve.public(ephemeral))
    suite = b"KEM" + e["kem_id"].to_bytes(2)
    shared = curve.exchange(curve.load(secret), enc)
    extracted = _extract(curve.hash, suite, b"", b"eae_prk", shared)
    size = hashlib.new(curve.hash).digest_size
    context = enc + data(e["pkRm"])
    same_hex(
        "shared_secret",
        e["shared_secret"],
        _expand(curve.hash, suite, extracted, b"shared_secret", context, size),
    )


def _schedule(e: dict[str, Any]) -> None:
    """RFC 9180 section 5.1 in base mode, then every ciphertext and export."""
    same("mode", e["mode"], 0)
    suite = b"HPKE" + b"".join(e[name].to_bytes(2) for name in ("kem_id", "kdf_id", "aead_id"))
    same_hex("suite_id", e.get("suite_id", suite.hex()), suite)
    if e["aead_id"] == _EXPORT_ONLY:
        cipher, key_bytes, nonce_bytes = None, 0, 0
    else:
        (_, cipher, key_bytes), nonce_bytes = _aead(e), 12
    key, nonce, exporter, export_secret = _secrets(e, suite, key_bytes, nonce_bytes)
    same_hex("key", e["key"], key)
    same_hex("base_nonce", e["base_nonce"], nonce)
    same_hex("exporter_secret", e.get("exporter_secret", exporter.hex()), exporter)
    for export in e.get("exports", []):
        computed = export_secret(data(export["exporter_context"]), export["L"])
        same_hex("exported_value", export["exported_value"], computed)
    if cipher is None:
        return
    if not e["encryptions"]:
        raise Differs("encryptions: none")
    for message in e["encryptions"]:
        sequence = int.from_bytes(data(message["nonce"])) ^ int.from_bytes(nonce)
        if sequence >= 1 << 32:
            raise Differs("nonce: not of this base nonce")
        same_hex(
            "ct",
            message["ct"],
            cipher(key).encrypt(data(message["nonce"]), data(message["pt"]), data(message["aad"])),
        )
    same("first nonce", e["encryptions"][0]["nonce"], e["base_nonce"])


def _one_shot(e: dict[str, Any]) -> None:
    """The vault's library opens encryptions[0], and nothing once a bit, the info or the aad differs."""
    first = e["encryptions"][0]
    if e["kem_id"] == _X_WING:
        kem, key = KEM.MLKEM768_X25519, hpke.load_private(hpke.X_WING, data(e["skRm"]))
    else:
        kem, key = _curve(e).kem, _curve(e).load(data(e["skRm"]))
    suite = Suite(kem, _kdf(e)[0], _aead(e)[0])
    sealed, info, aad = data(e["enc"]) + data(first["ct"]), data(e["info"]), data(first["aad"])

    def opened(sealed: bytes, info: bytes, aad: bytes) -> bytes | None:
        try:
            # The public call takes no aad; the published vectors all have one.
            return openssl.hpke._decrypt_with_aad(suite, sealed, key, info, aad)
        except (InvalidTag, ValueError):
            return None

    same_hex("pt", first["pt"], opened(sealed, info, aad) or b"")
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for other in ((flipped, info, aad), (sealed, info + b"x", aad), (sealed, info, aad + b"x")):
        if opened(*other) is not None:
            raise Differs("an altered message was opened")


def _secrets(
    e: dict[str, Any], suite: bytes, key_bytes: int, nonce_bytes: int
) -> tuple[bytes, bytes, bytes, Callable[[bytes, int], bytes]]:
    """Key, base nonce, exporter secret and the export function: in two stages with HKDF (RFC 9180
    section 5.1), in one with SHAKE (draft-ietf-hpke-pq)."""
    info, shared = data(e["info"]), data(e["shared_secret"])
    name = _kdf(e)[1]
    if name.startswith("shake"):
        size = {"shake_128": 32, "shake_256": 64}[name]
        context = b"\x00" + _prefixed(b"") + _prefixed(info)
        length = key_bytes + nonce_bytes + size
        secret = _derive(name, suite, _prefixed(b"") + _prefixed(shared), b"secret", context, length)
        exporter = secret[key_bytes + nonce_bytes :]
        return (
            secret[:key_bytes],
            secret[key_bytes : key_bytes + nonce_bytes],
            exporter,
            lambda context, length: _derive(name, suite, exporter, b"sec", context, length),
        )
    context = (
        b"\x00"
        + _extract(name, suite, b"", b"psk_id_hash", b"")
        + _extract(name, suite, b"", b"info_hash", info)
    )
    secret = _extract(name, suite, shared, b"secret", b"")
    exporter = _expand(name, suite, secret, b"exp", context, hashlib.new(name).digest_size)
    return (
        _expand(name, suite, secret, b"key", context, key_bytes),
        _expand(name, suite, secret, b"base_nonce", context, nonce_bytes),
        exporter,
        lambda context, length: _expand(name, suite, exporter, b"sec", context, length),
    )


def _derive_key_pair(kem_id: int, ikm: bytes) -> bytes:
    """The secret key of DeriveKeyPair (RFC 9180 section 7.1.3; draft-ietf-hpke-pq for X-Wing)."""
    suite = b"KEM" + kem_id.to_bytes(2)
    if kem_id == _X_WING:
        return _derive("shake_256", suite, ikm, b"DeriveKeyPair", b"", 32)
    curve = _curve({"kem_id": kem_id})
    extracted = _extract(curve.hash, suite, b"", b"dkp_prk", ikm)
    if curve.order is None:
        return _expand(curve.hash, suite, extracted, b"sk", b"", curve.secret)
    for counter in range(256):
        raw = _expand(curve.hash, suite, extracted, b"candidate", bytes([counter]), curve.secret)
        candidate = bytes([raw[0] & 1]) + raw[1:] if curve.secret == 66 else raw
        if 0 < int.from_bytes(candidate) < curve.order:
            return candidate
    raise Differs("ikm: yields no key")


def _extract(name: str, suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, name)


def _expand(name: str, suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2) + b"HPKE-v1" + suite + label + info
    output, block = b"", b""
    for counter in range(1, -(-length // hashlib.new(name).digest_size) + 1):
        block = hmac.digest(key, block + labeled + bytes([counter]), name)
        output += block
    return output[:length]


def _derive(name: str, suite: bytes, ikm: bytes, label: bytes, context: bytes, length: int) -> bytes:
    labeled = ikm + b"HPKE-v1" + suite + _prefixed(label) + length.to_bytes(2) + context
    return hashlib.new(name, labeled).digest(length)  # type: ignore[call-arg]


def _prefixed(text: bytes) -> bytes:
    return len(text).to_bytes(2) + text


def _kdf(e: dict[str, Any]) -> tuple[KDF, str]:
    if e["kdf_id"] not in _KDFS:
        raise Differs(f"kdf_id: {e['kdf_id']} is not supported")
    return _KDFS[e["kdf_id"]]


def _curve(e: dict[str, Any]) -> Curve:
    if e["kem_id"] not in _CURVES:
        raise Differs(f"kem_id: {e['kem_id']} is not supported")
    return _CURVES[e["kem_id"]]


def _aead(e: dict[str, Any]) -> tuple[AEAD, Callable[[bytes], Any], int]:
    if e["aead_id"] not in _AEADS:
        raise Differs(f"aead_id: {e['aead_id']} is not supported")
    return _AEADS[e["aead_id"]]
