"""What a cheat with the hall's own keys and database can do to a bundle."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from bidding.vault.encoding import b64
from bidding.vault.models import Bid
from bidding.vault.service import piece_key
from config import audit, installation
from config.demo import people
from config.demo.play import VERIFIER
from plugins.x509_signatures.signer import FileSigner
from trading import clock
from trading.db import committing
from trading.ledger import bundle, canonical
from trading.ledger.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    cosign,
    parse_checkpoint,
    sign_checkpoint,
    verifier_key,
)
from trading.ledger.entry import Entry
from trading.ledger.service import entries_of, inclusion
from trading.secrets import HallKeys, load_master


def run_verifier(bundle: Path, trust: Path | None, *earlier: Path) -> tuple[int, str]:
    """Exit code and output of tradehall_verify.py, alone and without our packages."""
    command = [sys.executable, "-I", str(VERIFIER), str(bundle)]
    command += ["--trust", str(trust)] if trust else []
    command += [word for path in earlier for word in ("--earlier", str(path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def insert_entry(connection: psycopg.Connection[Any], tender: str) -> None:
    """A plain entry of this tender, dated before everything in it, queued like a real one."""
    at = clock.now() - timedelta(days=90)
    body = Entry("0" * 32, clock.rfc3339(at), "rule.overridden", tender, "agent", None, ()).to_bytes()
    row = connection.execute(
        "INSERT INTO ledger_entry (body, at, tender) VALUES (%s, %s, %s) RETURNING id", (body, at, tender)
    ).fetchone()
    connection.execute("INSERT INTO ledger_inbox (entry) VALUES (%s)", row)


def flip(data: bytes) -> bytes:
    """One bit of the middle byte changed."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@dataclass
class Keys:
    """Every key that the operator of this hall holds."""

    state: Path

    @property
    def log(self) -> bytes:
        return installation.log_key(self.state)

    def receipt(self, data: bytes) -> bytes:
        return HallKeys.derive(load_master(self.state / "master.key")).receipt.sign(data)

    def person(self, login: str) -> FileSigner:
        return FileSigner.from_file(
            people.folder_of(self.state) / f"{login}.key.pem", people.PASSWORD.encode()
        )


@dataclass
class Copy:
    """A copy of the hall's database and file store, and a hall without processes over them."""

    url: str
    files: Path
    registry: Any
    tender: str
    keys: Keys
    folder: Path

    @contextmanager
    def as_administrator(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection for which no trigger fires, as a database administrator can have it."""
        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")
            yield connection

    def piece(self, manifest: str, part: str) -> Path:
        """The file in which the beginning of a bid's part is stored."""
        with committing(self.registry["sessions"]) as session:
            bid = session.scalars(select(Bid).where(Bid.manifest_hash == manifest)).one()
            assert bid.upload_id is not None
            return self.files / piece_key(bid.upload_id, part, 0)

    def export(self) -> Path:
        """The regulator's bundle over what the last manifest but one lists: the one of the story itself."""
        with committing(self.registry["sessions"]) as session:
            entries = [e for e in entries_of(session, self.tender) if e.entry.type == "tender.manifest"]
            chosen = entries[-2]
            found = inclusion(session, chosen.id, witnessed=True)
            assert found is not None
        path = self.folder / "copy.tar"
        with path.open("wb") as out:
            audit.write(
                self.registry, self.tender, chosen.id, found.note, out, public=False, seed=self.keys.log
            )
        return path


class Forgery:
    """A bundle's files, to be changed; `write` signs the manifest again with the hall's own log key."""

    def __init__(self, path: Path, keys: Keys) -> None:
        self.keys = keys
        with tarfile.open(path) as tar:
            self.files = {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
        self.files.pop(bundle.NOTE)
        self.head = json.loads(self.files.pop(bundle.MANIFEST))
        self.regulator = {row["path"] for row in self.head["files"] if row["tier"] == "regulator"}

    def json(self, path: str) -> Any:
        return json.loads(self.files[path])

    def set_json(self, path: str, value: Any) -> None:
        self.files[path] = canonical.dumps(value)

    def change_signed(self, path: str, value: Any, login: str) -> None:
        """Another content, signed by the person whose document it is."""
        self.set_json(f"{path}.json", value)
        at = clock.parse_rfc3339(self.head["created"])
        self.files[f"{path}.p7s"] = self.keys.person(login).sign(self.files[f"{path}.json"], at)

    def change_close(self, rows: list[dict[str, Any]]) -> None:
        """Another closing list, signed with the hall's receipt key."""
        close = self.json("opening/close.json") | {"entries": rows}
        del close["sig"]
        self.set_json("opening/close.json", close | {"sig": b64(self.keys.receipt(canonical.dumps(close)))})

    def forget_bid(self, manifest: str) -> None:
        """Not a trace of this bid in the bundle."""
        openings = self.json("log/openings.json")
        index = next(o["leaf_index"] for o in openings if o["digest"] == manifest)
        self.change_close(
            [row for row in self.json("opening/close.json")["entries"] if row["manifest"] != manifest]
        )
        self.set_json("log/openings.json", [o for o in openings if o["leaf_index"] != index])
        gone = (f"bids/{manifest}/", f"log/entries/{index}.json", f"log/proofs/{index}.tlog-proof")
        self.files = {path: content for path, content in self.files.items() if not path.startswith(gone)}

    def resign_log(self, log_seed: bytes, witness_seed: bytes) -> None:
        """Every checkpoint signed and cosigned with other keys, and a trust file that names them."""
        trust = self.json("policy/trust.json")
        origin, witness = trust["log"]["origin"], installation.WITNESS
        trust["log"]["vkey"] = str(verifier_key(origin, LOG_KEY, log_seed))
        trust["witnesses"][0]["vkey"] = str(verifier_key(witness, WITNESS_KEY, witness_seed))
        self.set_json("policy/trust.json", trust)
        when = int(clock.parse_rfc3339(self.head["created"]).timestamp())
        old = self.files["log/checkpoint"]
        for path in [p for p in self.files if p.startswith("log/checkpoint")]:
            note = sign_checkpoint(parse_checkpoint(self.files[path].decode()), log_seed)
            self.files[path] = (note + cosign(note, witness, witness_seed, when)).encode()
        for path in [p for p in self.files if p.startswith("log/proofs/")]:
            self.files[path] = self.files[path].replace(old, self.files["log/checkpoint"])

    def write(self, path: Path, log_seed: bytes | None = None) -> Path:
        """The tar, complete, with a manifest for exactly these files."""
        seed = log_seed or self.keys.log
        origin = self.json("policy/trust.json")["log"]["origin"]
        regulator = self.regulator & set(self.files)
        manifest = bundle.build_manifest(self.head["tender"], self.head["created"], self.files, regulator)
        sign = Ed25519PrivateKey.from_private_bytes(seed).sign
        note = bundle.sign_manifest(manifest, verifier_key(origin, LOG_KEY, seed), sign)
        out = io.BytesIO()
        bundle.write_bundle(out, self.files, manifest, note)
        path.write_bytes(out.getvalue())
        return path
