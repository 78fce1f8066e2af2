"""Rotation of a custodian's own keys (托管方密钥轮换), on its own box: `tradehall keys rotate custodian --name …`.

Bids are sealed to a key that the box derives from its master for each tender; a new master serves tenders
whose key statements are not made yet, and every older one stays until its tenders are done. The same goes
for the certificate with which statements and releases are signed (`--certificate KEYFILE`): a release bears
the certificate of the statement that the policy names.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from bidding.vault.custodian import Declined, master_of
from bidding.vault.custodian_key import Statement, parse_statement
from config.custodian import certificate_files, certificate_of, masters_of
from plugins.x509_signatures.signer import FileSigner
from trading.ledger.folder import write_durably
from trading.secrets import next_in_ring

DONE = ("contracted", "failed", "cancelled")
"""States of a tender after which no share of it is asked for any more."""


def rotate_master(folder: Path) -> Path:
    """The next master; the box uses it for new tenders once it was started again. Returns its file."""
    return next_in_ring(folder / "masters")


def rotate_certificate(folder: Path, key_file: Path) -> str:
    """Takes a key file (private key, certificate, chain) as the box's newest certificate; returns its SHA-256
    (hex), which the hall must be told. Raises OSError, ValueError for one that cannot sign."""
    known = certificate_of(FileSigner.from_file(key_file))
    ring = folder / "certificates"
    ring.mkdir(mode=0o700, exist_ok=True)
    path = ring / f"{len(list(ring.glob('*.pem'))) + 1:04d}.pem"
    shutil.copyfile(key_file, path)
    path.chmod(0o600)
    said = json.loads((folder / "config.json").read_text()) | {"cert_sha256": known}
    write_durably(folder / "config.json", json.dumps(said, ensure_ascii=False).encode())
    return known


def retire(folder: Path, state_of: Callable[[str], str]) -> tuple[list[Path], list[str]]:
    """Delete the older masters and certificate keys that no tender under way needs. `state_of` gives a
    tender's state as the hall publishes it. Returns the deleted files, and the tenders that hold others."""
    statements = [parse_statement(path.read_bytes()) for path in (folder / "statements").glob("*.json")]
    under_way = [said for said in statements if state_of(said.tender) not in DONE]
    masters, gone = masters_of(folder), []
    needed = {_master(said, masters) for said in under_way}
    files = [
        path for path in (folder / "master.key", *sorted((folder / "masters").glob("*.key"))) if path.exists()
    ]
    gone += [path for path, master in zip(files[:-1], masters[:-1], strict=True) if master not in needed]
    signing = {said.cert_sha256 for said in under_way}
    for path in certificate_files(folder)[:-1]:
        if certificate_of(FileSigner.from_file(path)) not in signing:
            gone.append(path)
    for path in gone:
        path.unlink()
    return gone, sorted({said.tender for said in under_way})


def _master(said: Statement, masters: list[bytes]) -> bytes | None:
    try:
        return master_of(said, masters)
    except Declined:
        return None
