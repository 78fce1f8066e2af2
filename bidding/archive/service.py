"""Import and export of whole tenders (项目整体导入导出): the same bytes in and out.

A package is the regulator's bundle (docs/protocols/bundle.md). Its files are kept one by one, and the tar is
written anew from them at every export; an import whose tar would not come out byte for byte is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import uuid
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.archive.models import Archive, ArchiveFile
from trading.acts import process, record
from trading.clock import database_now
from trading.errors import refuse
from trading.interfaces import IFileStore
from trading.ledger import canonical
from trading.ledger.bundle import MANIFEST, NOTE, write_bundle
from trading.tars import NOT_A_TAR, is_plain
from trading.web import _

MOST_FILES = 100_000


def file_key(sha256: str) -> str:
    return f"archive/{sha256}"


def import_package(
    session: Session, registry: Any, file: BinaryIO, verdict: str, verdict_code: int
) -> Archive:
    """Keep a package that the verifier has judged: `verdict` is what it printed, `verdict_code` its exit
    code. Entry `archive.imported`.

    Raises Refused `archive.failed` (the verifier found something wrong), `archive.unreadable`,
    `archive.known`."""
    if verdict_code not in (0, 2):
        raise refuse("archive.failed", _("The verifier found this package wrong: it is not imported."))
    store = registry.getUtility(IFileStore)
    rows, small = _keep_files(store, file)
    try:
        manifest = canonical.loads(small[MANIFEST])
        tiers = {row["path"]: row["tier"] for row in manifest["files"]}
        note = small[NOTE].decode()
        code, origin = str(manifest["tender"]), note.rpartition("\n— ")[2].split(" ")[0]
    except (KeyError, ValueError, TypeError) as error:
        raise _unreadable(str(error)) from error
    if session.scalars(select(Archive.id).where(Archive.code == code)).first():
        raise refuse("archive.known", _("This tender is in the archive already."))
    now = database_now(session)
    archive = Archive(
        id=uuid.uuid4(), code=code, title=_title(small) or code, origin=origin, package_sha256="",
        verdict=verdict, verdict_code=verdict_code, imported_at=now,
    )  # fmt: skip
    session.add(archive)
    session.flush()
    for path, (size, digest) in rows.items():
        public = tiers.get(path, "public") == "public"
        session.add(ArchiveFile(archive_id=archive.id, path=path, size=size, sha256=digest, public=public))
    session.flush()
    archive.package_sha256 = _must_come_out(session, registry, archive, file)
    payload = {"tender": code, "origin": origin, "package": archive.package_sha256, "files": len(rows)}
    record(session, process("importer"), "archive.imported", None, payload, now)
    return archive


def _keep_files(store: Any, file: BinaryIO) -> tuple[dict[str, tuple[int, str]], dict[str, bytes]]:
    """(path → size and hash, the files that are read at once); every member goes to the file store."""
    rows: dict[str, tuple[int, str]] = {}
    small: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for member in tar:
                content = tar.extractfile(member) if is_plain(member) else None
                if content is None or member.name in rows or len(rows) >= MOST_FILES:
                    raise _unreadable(member.name)
                data = content.read()
                digest = hashlib.sha256(data).hexdigest()
                store.put(file_key(digest), data)
                rows[member.name] = (len(data), digest)
                if member.name in (MANIFEST, NOTE, "tender/notice.json"):
                    small[member.name] = data
    except NOT_A_TAR as error:
        raise _unreadable(str(error)) from error
    return rows, small


def _title(small: dict[str, bytes]) -> str:
    try:
        return str(json.loads(small["tender/notice.json"])["title"])
    except (KeyError, ValueError):
        return ""


def _unreadable(what: str) -> Exception:
    return refuse("archive.unreadable", _("This is not a package of a tender."), rule=what)


def _must_come_out(session: Session, registry: Any, archive: Archive, file: BinaryIO) -> str:
    """The package's SHA-256, which an export gives again."""
    file.seek(0)
    given = hashlib.file_digest(file, "sha256").hexdigest()
    if export(session, registry, archive, _Nowhere()) != given:
        raise _unreadable("the tar is not written as bundles are")
    return given


class _Nowhere(io.RawIOBase):
    """Takes bytes and keeps none."""

    def write(self, data: Any) -> int:
        return len(data)


def export(session: Session, registry: Any, archive: Archive, out: Any) -> str:
    """Write the package again; returns its SHA-256."""
    store = registry.getUtility(IFileStore)
    files = {row.path: store.get(file_key(row.sha256)) for row in files_of(session, archive)}
    manifest, note = files.pop(MANIFEST), files.pop(NOTE)
    return write_bundle(out, files, manifest, note)


def find(session: Session, code: str) -> Archive | None:
    return session.scalars(select(Archive).where(Archive.code == code)).first()


def files_of(session: Session, archive: Archive) -> list[ArchiveFile]:
    query = select(ArchiveFile).where(ArchiveFile.archive_id == archive.id).order_by(ArchiveFile.path)
    return list(session.scalars(query))
