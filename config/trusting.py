"""Trusting the next key of an outside party, and ending the one before (信任与停用外部密钥).

    tradehall keys trust witness VKEY --address URL [--succeeds VKEY]   tradehall keys distrust witness VKEY
    tradehall keys trust custodian KEYFILE|SHA256 --name ID             tradehall keys distrust custodian SHA256 --name ID
    tradehall keys trust ca|tsa ROOT.pem [--intermediates FILE]         tradehall keys distrust ca|tsa SHA256

Both keys count until the older one is ended, and that is refused while a tender under way rests on it. Each
command is an entry of the ledger; the processes of the hall take it up when they are started again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.vault.custodian_key import parse_statement
from bidding.vault.encoding import sha256
from bidding.vault.models import CustodianKey, SealPolicy
from config import key_acts, register
from config.log_rotation import DONE, NotYet
from config.register import Known
from trading import clock
from trading.ledger.checkpoint import WITNESS_KEY, NoteError, parse_vkey
from trading.ledger.folder import write_durably

ROOTS, FURTHER = "roots.pem", "intermediates.pem"


def folder_of(settings: Any, kind: str) -> Path:
    """Where the roots of this kind lie; the register itself lies in the folder of signatures."""
    own = settings["timestamping.folder"] if kind == "tsa" else ""
    return Path(own or settings["signatures.folder"])


def trust(engine: Engine, settings: Any, chosen: argparse.Namespace) -> Known:
    """Add the key that the command names. Raises NotYet for one that is no such key."""
    now = clock.rfc3339(clock.now())
    if chosen.kind == "witness":
        row = _witness(settings, chosen.key, chosen.address, chosen.succeeds or "", now)
    elif chosen.kind == "custodian":
        row = _custodian(settings, chosen.key, chosen.name, now)
    else:
        row = _root(folder_of(settings, chosen.kind), chosen, now)
    _record(engine, "key.trusted", row, {"from": now})
    register.put(Path(settings["signatures.folder"]), row)
    return row


def _witness(settings: Any, vkey: str, address: str | None, succeeds: str, now: str) -> Known:
    known = json.loads(settings["ledger.witnesses"] or "[]")
    try:
        key = parse_vkey(vkey)
    except NoteError as error:
        raise NotYet(f"this is no vkey: {error}") from error
    if key.kind != WITNESS_KEY or not address:
        raise NotYet("a witness has a vkey of its own kind and an address (--address)")
    before = next((row for row in known if row[2] == succeeds), None)
    if succeeds and before is None:
        raise NotYet("the key that this one succeeds is not one of the witnesses that are asked")
    return Known("witness", vkey, now, "", before[0] if before else key.name, address, succeeds)


def _custodian(settings: Any, given: str, name: str | None, now: str) -> Known:
    custodians = json.loads(settings["vault.custodians"] or "[]")
    if name not in [row["id"] for row in custodians]:
        raise NotYet("--name must be the id of a custodian that this hall knows")
    if Path(given).exists():
        given = _fingerprint(x509.load_pem_x509_certificates(Path(given).read_bytes())[0])
    if len(given) != 64 or not set(given) <= set("0123456789abcdef"):
        raise NotYet("a custodian's certificate is a PEM file or its SHA-256 in hex")
    return Known("custodian", given, now, name=str(name))


def _root(folder: Path, chosen: argparse.Namespace, now: str) -> Known:
    (root,) = x509.load_pem_x509_certificates(Path(chosen.key).read_bytes())[:1]
    if root.subject != root.issuer:
        raise NotYet("this certificate is not a root: it was issued by another")
    _append(folder / ROOTS, [root])
    if chosen.intermediates:
        _append(folder / FURTHER, x509.load_pem_x509_certificates(Path(chosen.intermediates).read_bytes()))
    pem = root.public_bytes(Encoding.PEM).decode()
    return Known(chosen.kind, _fingerprint(root), now, address=" ".join(chosen.crl), pem=pem)


def _append(path: Path, certificates: Iterable[x509.Certificate]) -> None:
    """The certificates that a PEM file does not hold yet, after those it holds."""
    held = x509.load_pem_x509_certificates(path.read_bytes()) if path.exists() else []
    _write(path, [*held, *(one for one in certificates if one not in held)])


def _write(path: Path, certificates: Iterable[x509.Certificate]) -> None:
    write_durably(path, b"".join(one.public_bytes(Encoding.PEM) for one in certificates))
    path.chmod(0o644)


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(SHA256()).hex()


# --- the end of a key -----------------------------------------------------------------------------


def distrust(engine: Engine, settings: Any, chosen: argparse.Namespace) -> Known:
    """End a key. Raises NotYet while a tender under way rests on it, or where nothing would be left."""
    now, folder = clock.rfc3339(clock.now()), Path(settings["signatures.folder"])
    with Session(engine) as session:
        row = {"witness": _end_witness, "custodian": _end_custodian}.get(chosen.kind, _end_root)(
            session, settings, chosen
        )
    rows = register.of_kind(folder, chosen.kind)
    start = next((known.start for known in rows if (known.name, known.key) == (row.name, row.key)), "")
    row = Known(**(vars(row) | {"start": start, "end": now}))
    _record(engine, "key.distrusted", row, {"until": now})
    if chosen.kind in ("ca", "tsa"):
        path = folder_of(settings, chosen.kind) / ROOTS
        held = x509.load_pem_x509_certificates(path.read_bytes())
        _write(path, [root for root in held if _fingerprint(root) != row.key])
    register.put(folder, row)
    return row


def _end_witness(session: Session, settings: Any, chosen: argparse.Namespace) -> Known:
    asked = json.loads(settings["ledger.witnesses"] or "[]")
    row = next((row for row in asked if row[2] == chosen.key), None)
    others = {key for *_, key in asked if key != chosen.key}
    if row is None or not others:
        raise NotYet("this key is not one of several that are asked")
    _refuse(
        code
        for code, policy in _policies(session)
        if not any(witness["key"] in others for witness in policy["witnesses"])
    )
    succeeds = next(
        (
            k.succeeds
            for k in register.of_kind(Path(settings["signatures.folder"]), "witness")
            if k.key == chosen.key
        ),
        "",
    )
    return Known("witness", chosen.key, name=row[0], address=row[1], succeeds=succeeds)


def _end_custodian(session: Session, settings: Any, chosen: argparse.Namespace) -> Known:
    custodian = next(
        (r for r in json.loads(settings["vault.custodians"] or "[]") if r["id"] == chosen.name), None
    )
    if custodian is None or chosen.key not in custodian.get("former", []):
        raise NotYet("this is no former certificate of a custodian that this hall knows")
    certificates = {
        sha256(key.raw).hex(): parse_statement(key.raw).cert_sha256
        for key in session.scalars(select(CustodianKey))
    }
    _refuse(
        code
        for code, policy in _policies(session)
        if chosen.key
        in [
            certificates.get(held["cks_sha256"]) for stage in policy["stages"] for held in stage["custodians"]
        ]
    )
    return Known("custodian", chosen.key, name=str(chosen.name))


def _end_root(session: Session, settings: Any, chosen: argparse.Namespace) -> Known:
    path = folder_of(settings, chosen.kind) / ROOTS
    held = {_fingerprint(root): root for root in x509.load_pem_x509_certificates(path.read_bytes())}
    if chosen.key not in held or len(held) < 2:
        raise NotYet("this root is not one of several that are trusted")
    later = [row.start for row in register.of_kind(Path(settings["signatures.folder"]), chosen.kind)
             if row.key != chosen.key and not row.ended]  # fmt: skip
    since = clock.parse_rfc3339(max(later)) if later else clock.now()
    query = select(Tender.code).where(Tender.state.not_in(("draft", *DONE)), Tender.published_at < since)
    _refuse(session.scalars(query))
    pem = held[chosen.key].public_bytes(Encoding.PEM).decode()
    return Known(chosen.kind, chosen.key, pem=pem)


def _policies(session: Session) -> list[tuple[str, dict[str, Any]]]:
    """(code, policy that counts) of every tender under way."""
    query = (
        select(Tender.code, SealPolicy.raw)
        .join(SealPolicy, SealPolicy.sha256 == Tender.policy_hash)
        .where(Tender.state.not_in(DONE))
    )
    return [(code, json.loads(raw)) for code, raw in session.execute(query)]


def _refuse(codes: Iterable[str]) -> None:
    if named := sorted(codes):
        raise NotYet(f"tenders that are not done rest on this key: {', '.join(named)}")


def _record(engine: Engine, act: str, row: Known, when: dict[str, str]) -> None:
    said = {"key": row.kind, "name": row.name, "value": row.key} | when
    with Session(engine) as session, session.begin():
        key_acts.record(session, act, said)
