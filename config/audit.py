"""`tradehall audit export CODE`: the bundle that a stranger checks offline (审计包导出).

Copies stored bytes into the files of docs/protocols/bundle.md and computes nothing. Before it does, one
more `tender.manifest` entry lists every entry of the tender, so that nothing can be left out unseen.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from config import installation, log_rotation, trust
from config.dossiers import Dossier, NoBundle, find
from trading import clock
from trading.acts import opened_person, process, record
from trading.db import committing
from trading.evidence import EvidenceFile, evidence_of
from trading.ledger import canonical, merkle, rotation
from trading.ledger.bundle import MANIFEST, NOTE, build_manifest, sign_manifest, write_bundle
from trading.ledger.checkpoint import LOG_KEY, parse_checkpoint, tlog_proof, verifier_key
from trading.ledger.entry import Entry
from trading.ledger.service import (
    checkpoint_note,
    consistency,
    dummy_openings,
    entries_of,
    inclusion,
    latest_checkpoint,
    log_entries,
    tree_reader,
)
from trading.secrets import HallKeys

FINAL_OFFERS = "final-offers/"
"""Where the bundle of the final offers lies in that of their consultation or negotiation."""
SECRET_TYPES = frozenset(
    {
        "panel.member-signed-in",
        "panel.representatives",
        "names.refused",
        "expert.rated",
        "advisory.asked",
        "advisory.convened",
        "advisory.chair-replaced",
        "advisory.drafted",
        "advisory.voted",
        "advisory.concluded",
        "review.signed",
        "clarification.asked",
        "clarification.answered",
        "loser.notified",
        "confidential.viewed",
        "deposit.listed",
        "deposit.refunded",
        "deposit.released",
        "deposit.decided",
        "deposit.forfeited",
        "deposit.claimed",
    }
)
"""Entry types whose payload is for the regulator's tier (bundle.md, marked R)."""
WITHHELD = "offers."
"""Entry types whose payload is the regulator's until the result is published."""


@dataclass
class Files:
    """The files of a bundle and which of them the public does not get."""

    contents: dict[str, bytes | Path] = field(default_factory=dict)
    regulator: set[str] = field(default_factory=set)

    def add(self, path: str, content: bytes | Path, *, secret: bool = False) -> None:
        self.contents[path] = content
        if secret:
            self.regulator.add(path)

    def add_all(self, folder: str, other: Files, *, secret: bool) -> None:
        """Every file of a bundle within this one."""
        for path, content in other.contents.items():
            self.add(folder + path, content, secret=secret or path in other.regulator)


@dataclass(frozen=True)
class Snapshot:
    """The log as it stands in this bundle: one cosigned checkpoint, and this tender's leaves in it."""

    note: str
    size: int
    plain: list[tuple[int, bytes]]
    openings: list[dict[str, Any]]
    sealed: bool
    """Whether this is the public's edition about a tender that ended unopened."""


def export(registry: Any, code: str, out: BinaryIO, *, public: bool, seed: bytes, wait: float = 30) -> str:
    """Write the bundle of a tender; returns its SHA-256. Waits until the log holds the last manifest.

    Of a tender that ended unopened the public gets the sealed edition: who bid in vain is the regulator's
    alone. Raises NoBundle when the tender is unknown or still sealed, or when the sequencer or witness is
    silent.
    """
    sessions = registry["sessions"]
    with committing(sessions) as session:
        done = [entry.id for entry in entries_of(session, find(session, code).code)]
    wait_for(sessions, done[-1], wait)  # what was done before the export belongs to it
    with committing(sessions) as session:
        tender = find(session, code)
        sealed = public and tender.never_opened(session)
        if (inner := tender.inner(session)) is not None:
            append_manifest(session, registry, inner, sealed=False)
        entry_id = append_manifest(session, registry, tender, sealed=sealed)
    note = wait_for(sessions, entry_id, wait)
    return write(registry, code, entry_id, note, out, public=public, seed=seed)


def write(
    registry: Any, code: str, entry_id: int, note: str, out: BinaryIO, *, public: bool, seed: bytes
) -> str:
    """The bundle that the manifest entry `entry_id` lists, under the cosigned checkpoint `note` that holds it."""
    with tempfile.TemporaryDirectory(prefix="tradehall-") as folder:
        with committing(registry["sessions"]) as session:
            tender = find(session, code)
            last, sealed = listed(session, tender, entry_id)
            snapshot = take_snapshot(session, registry, tender, note, last, sealed=sealed)
            files = collect(session, registry, tender, snapshot, Path(folder))
            if (inner := tender.inner(session)) is not None and not sealed:
                inside = within(session, registry, inner, entry_id, note, Path(folder), seed)
                files.add_all(FINAL_OFFERS, inside, secret=tender.withheld(session))
        edition = "sealed" if snapshot.sealed else ""
        return seal_bundle(registry, code, files, out, public=public, seed=seed, edition=edition)


def within(
    session: Session, registry: Any, inner: Dossier, before: int, note: str, folder: Path, seed: bytes
) -> Files:
    """The whole bundle of `inner`, its signed manifest among its files, as its newest manifest entry `before` that
    of the outer bundle lists it."""
    manifests = [
        e.id for e in entries_of(session, inner.code) if e.entry.type == "tender.manifest" and e.id < before
    ]
    last, _sealed = listed(session, inner, manifests[-1])
    snapshot = take_snapshot(session, registry, inner, note, last, sealed=False)
    inside = folder / "inner"
    inside.mkdir()
    files = collect(session, registry, inner, snapshot, inside)
    manifest, signature = signed_manifest(registry, inner.code, files, seed)
    files.add(MANIFEST, manifest)
    files.add(NOTE, signature)
    return files


def signed_manifest(
    registry: Any, code: str, files: Files, seed: bytes, edition: str = ""
) -> tuple[bytes, bytes]:
    """MANIFEST.json and MANIFEST.note of a bundle's files."""
    created = clock.rfc3339(clock.now())
    manifest = build_manifest(code, created, files.contents, files.regulator, edition=edition)
    key = verifier_key(registry.settings["ledger.origin"], LOG_KEY, seed)
    return manifest, sign_manifest(manifest, key, Ed25519PrivateKey.from_private_bytes(seed).sign)


def seal_bundle(
    registry: Any, code: str, files: Files, out: BinaryIO, *, public: bool, seed: bytes, edition: str = ""
) -> str:
    """Name every file in the signed manifest, leave out what the public does not get, write the tar."""
    manifest, signature = signed_manifest(registry, code, files, seed, edition)
    left_out = files.regulator if public else ()
    return write_bundle(out, files.contents, manifest, signature, left_out=left_out)


def append_manifest(session: Session, registry: Any, tender: Dossier, *, sealed: bool) -> int:
    """The last manifest: every index of this tender below the newest cosigned checkpoint, but of a sealed
    edition the plain entries alone."""
    note = latest_checkpoint(session, witnessed=True)
    if note is None:
        raise NoBundle("no witness has cosigned a checkpoint yet")
    head = parse_checkpoint(note)
    snapshot = take_snapshot(session, registry, tender, note, sealed=sealed)
    payload = {
        "close": None,
        "tree_size": head.size,
        "root": head.root.hex(),
        "plain": [index for index, _ in snapshot.plain],
        "blinded": sorted(row["leaf_index"] for row in snapshot.openings),
    }
    payload |= {"sealed": True} if sealed else {}
    return record(session, process("exporter"), "tender.manifest", tender.code, payload).id


def wait_for(sessions: Any, entry_id: int, seconds: float) -> str:
    """The newest cosigned checkpoint, once it holds the entry."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        with committing(sessions) as session:
            found = inclusion(session, entry_id, witnessed=True)
            if found is not None:
                return found.note
        time.sleep(0.1)
    raise NoBundle("the sequencer or the witness does not answer; try again later")


def take_snapshot(
    session: Session, registry: Any, tender: Dossier, note: str, last: tuple[int, int] | None = None,
    *, sealed: bool,
) -> Snapshot:  # fmt: skip
    """This tender's plain entries below the checkpoint's size and, but for a `sealed` edition, its blinded
    leaves with their openings.

    `last` is the newest exported manifest, (index, tree_size): the bundle then holds exactly what that
    manifest lists, and the manifest itself; what came later belongs to the next bundle."""
    size = parse_checkpoint(note).size
    limit = last[1] if last else size
    known = [entry for entry in entries_of(session, tender.code) if entry.index is not None]
    plain = [(e.index, e.body) for e in known if e.index < limit or (last and e.index == last[0])]
    if sealed:
        return Snapshot(note, size, plain, [], sealed=True)
    openings = tender.openings(session, registry["keys"])
    first = min((index for index, _ in plain), default=0) if tender.blinded else limit
    openings += [
        {
            "leaf_index": dummy.index,
            "kind": "dummy",
            "tender": "",
            "lot": "",
            "seq": 0,
            "digest": dummy.digest.hex(),
            "at": dummy.at,
            "salt": b64(dummy.salt),
        }
        for dummy in dummy_openings(session, first, limit)
    ]
    below = sorted((o for o in openings if o["leaf_index"] < limit), key=lambda o: o["leaf_index"])
    return Snapshot(note, size, plain, below, sealed=False)


def listed(session: Session, tender: Dossier, entry_id: int) -> tuple[tuple[int, int], bool]:
    """(index, tree_size) of the manifest entry that this export has written, and whether it is that of a
    sealed edition."""
    entry = next(entry for entry in entries_of(session, tender.code) if entry.id == entry_id)
    said = entry.payloads[0].document
    return (entry.index, said["tree_size"]), said.get("sealed", False)


def collect(session: Session, registry: Any, tender: Dossier, snapshot: Snapshot, folder: Path) -> Files:
    """Every file of the bundle but its manifest."""
    files = Files()
    files.add("policy/trust.json", canonical.dumps(trust.document(registry.settings)))
    add_log(session, registry, tender, snapshot, files)
    add_payloads(session, registry["keys"], tender, snapshot, files)
    found = list(tender.exhibits(session, registry, folder, sealed=snapshot.sealed))
    for exhibit in found:
        files.add(exhibit.path, exhibit.content, secret=exhibit.secret)
    shown = [
        exhibit.content for exhibit in found if not exhibit.secret and isinstance(exhibit.content, bytes)
    ]
    for evidence in evidence_of(session, tender.code):
        secret = evidence.kind == "cert" and not judges(evidence, shown)
        if secret and snapshot.sealed:
            continue
        place, ending = ("certs", "der") if evidence.kind == "cert" else ("crls", "crl")
        files.add(f"evidence/{place}/{evidence.sha256}.{ending}", evidence.der, secret=secret)
    return files


def judges(evidence: EvidenceFile, shown: list[bytes]) -> bool:
    """Whether a certificate is an authority's, or of whoever signed what is shown to everybody: those of bidders stay out
    of a sealed edition, those of the committee are the regulator's until it is named."""
    if any(evidence.der in content or evidence.sha256.encode() in content for content in shown):
        return True
    certificate = x509.load_der_x509_certificate(evidence.der)
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def add_log(session: Session, registry: Any, tender: Dossier, snapshot: Snapshot, files: Files) -> None:
    """log/: the checkpoint, earlier ones with consistency proofs, leaves with their inclusion proofs."""
    files.add("log/checkpoint", snapshot.note.encode())
    rotations = rotation.known(Path(registry.settings["ledger.folder"]))
    announced = log_rotation.exhibits(session, rotations, snapshot.size)
    for index, _, document in announced:
        files.add(f"log/rotations/{index}.json", canonical.dumps(document))
    held = set() if snapshot.sealed else tender.checkpoint_sizes(session, registry)
    earlier = sorted(held | {parse_checkpoint(snapshot.note).size} | {size for _, size, _ in announced})
    earlier = [size for size in earlier if size <= snapshot.size]
    for size in earlier:
        note = checkpoint_note(session, size)
        if note is not None:
            files.add(f"log/checkpoints/{size}", note.encode())
    proofs = [
        {
            "from": size,
            "to": snapshot.size,
            "proof": [base64.b64encode(p).decode() for p in consistency(session, size, snapshot.size)],
        }
        for size in earlier
    ]
    files.add("log/consistency.json", canonical.dumps(proofs))
    files.add("log/openings.json", canonical.dumps(snapshot.openings))
    reader = tree_reader(session, snapshot.size)
    for index, body in leaves(session, snapshot):
        files.add(f"log/entries/{index}.json", body)
        proof = merkle.inclusion_proof(reader, index, snapshot.size)
        files.add(f"log/proofs/{index}.tlog-proof", tlog_proof(index, proof, snapshot.note).encode())


def leaves(session: Session, snapshot: Snapshot) -> Iterator[tuple[int, bytes]]:
    """(index, exact bytes) of the plain entries and of the opened blinded leaves."""
    yield from snapshot.plain
    for opening in snapshot.openings:
        index = opening["leaf_index"]
        for found, _, body in log_entries(session, index, index + 1):
            yield found, body


def add_payloads(session: Session, keys: HallKeys, tender: Dossier, snapshot: Snapshot, files: Files) -> None:
    """payloads/: what stands behind each commitment; persons and addresses are for the regulator, those that
    are sealed in the database opened beside them, in persons/."""
    shown, withheld = {index for index, _ in snapshot.plain}, tender.withheld(session)
    for entry in entries_of(session, tender.code):
        if entry.index not in shown or not isinstance(entry.entry, Entry):
            continue
        for number, payload in enumerate(entry.payloads):
            if payload is None or payload.raw is None or payload.nonce is None:
                continue
            secret = number > 0 or entry.entry.type in SECRET_TYPES
            secret = secret or (entry.entry.type.startswith(WITHHELD) and withheld)
            if snapshot.sealed and (secret or tells_of_bids(entry.entry.type, payload.document)):
                continue
            files.add(f"payloads/{payload.commitment}.json", payload.raw, secret=secret)
            files.add(f"payloads/{payload.commitment}.nonce", payload.nonce, secret=secret)
            if "sealed" in (said := payload.document or {}) and number > 0:
                person = opened_person(keys, said)
                files.add(f"persons/{payload.commitment}.json", canonical.dumps(person), secret=True)


def tells_of_bids(type: str, document: Any) -> bool:
    """Whether it is a manifest of the tender that lists bids, be they blinded."""
    return type == "tender.manifest" and not document.get("sealed", False)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def main(arguments: Sequence[str]) -> int:
    """`tradehall audit export TENDER [--tier public|regulator] [--out FILE] [--trust FILE]`."""
    parser = argparse.ArgumentParser(prog="tradehall audit", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    chosen = commands.add_parser("export", help="write a tender's bundle")
    chosen.add_argument("tender")
    chosen.add_argument("--tier", choices=("public", "regulator"), default="regulator")
    chosen.add_argument("--out", type=Path)
    chosen.add_argument("--trust", type=Path, help="also write the trust file that the hall publishes")
    given = parser.parse_args(arguments)
    from config.app import make_config
    from config.settings import from_environment

    registry = make_config(from_environment()).registry
    out = given.out or Path(f"{given.tender}.{given.tier}.tar")
    seed = installation.log_key(Path(os.environ["TRADEHALL_STATE"]))
    try:
        with out.open("wb") as file:
            digest = export(registry, given.tender, file, public=given.tier == "public", seed=seed)
    except NoBundle as error:
        raise SystemExit(f"tradehall audit: {error}") from error
    if given.trust:
        given.trust.write_text(json.dumps(trust.document(registry.settings), ensure_ascii=False, indent=1))
    print(f"{out}  sha256 {digest}")
    return 0
