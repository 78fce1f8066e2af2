"""The custodian's key statement (密钥保管方公钥声明): its key for one stage of one tender.

The custodian makes the key on its own device from 32 random or derived bytes and signs the statement
with its certificate; the policy names the statement by its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bidding.vault import documents as d
from bidding.vault.encoding import EncodingError, b64, format_time
from trading import hpke
from trading.ledger.canonical import dumps

MAX_CUSTODIANS = 15


@dataclass(frozen=True)
class Statement:
    """A custodian's key statement: its key for one stage of one tender."""

    raw: bytes
    tender: str
    lot: str
    stage: str
    custodian: str
    org: str
    cert_sha256: str
    index: int
    suite: str
    pk: bytes
    created: datetime
    release_after: datetime


_STATEMENT = {
    "tender": d.text,
    "lot": d.text,
    "stage": d.text,
    "custodian": d.exact({"id": d.text, "org": d.text, "cert_sha256": d.hash_hex}),
    "index": d.integer(1, MAX_CUSTODIANS),
    "suite": d.one_of(*hpke.SUITES),
    "pk": d.b64_bytes(),
    "created": d.time,
    "release_after": d.time,
}


def build_statement(
    *,
    tender: str,
    lot: str,
    stage: str,
    custodian: str,
    org: str,
    cert_sha256: str,
    index: int,
    seed: bytes,
    created: datetime,
    release_after: datetime,
    suite: str = hpke.X_WING,
) -> bytes:
    """The bytes of a key statement for the key of `seed` (32 bytes), to be signed by the custodian."""
    return dumps(
        {
            "v": 1,
            "typ": "ebid.custodian-key",
            "tender": tender,
            "lot": lot,
            "stage": stage,
            "custodian": {"id": custodian, "org": org, "cert_sha256": cert_sha256},
            "index": index,
            "suite": suite,
            "pk": b64(hpke.public_key(suite, seed)),
            "created": format_time(created),
            "release_after": format_time(release_after),
        }
    )


def parse_statement(raw: bytes) -> Statement:
    """Reads a key statement; raises EncodingError. Its signature is the caller's to check."""
    f = d.read(raw, "ebid.custodian-key", _STATEMENT)
    who = f["custodian"]
    try:
        hpke.load_public(f["suite"], f["pk"])
    except ValueError as error:
        raise EncodingError(f"pk: {error}") from error
    return Statement(
        raw=raw,
        custodian=who["id"],
        org=who["org"],
        cert_sha256=who["cert_sha256"].hex(),
        **{k: f[k] for k in ("tender", "lot", "stage", "index", "suite", "pk", "created", "release_after")},
    )
