"""The documents of opened bids (投标文件): decrypted for the committee on demand, never stored in clear."""

from __future__ import annotations

import tarfile
import tempfile
import urllib.parse
from itertools import islice
from typing import IO, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation.opened import OpenedBid
from bidding.tenders.models import Tender
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import SealPolicy
from bidding.vault.open import Outcome as Opened
from bidding.vault.open import accept, open_part
from bidding.vault.policy import parse_policy
from bidding.vault.service import part_reader
from trading.acts import Actor, record
from trading.errors import refuse
from trading.interfaces import IFileStore
from trading.tars import NOT_A_TAR, plain_files
from trading.web import _

PART = "documents"
IN_MEMORY = 8 << 20
MOST_LISTED = 2000


def decrypted(
    session: Session, registry: Any, actor: Actor, tender: Tender, bid: OpenedBid, name: str = ""
) -> IO[bytes]:
    """The bidder's files as one tar, in a temporary file at its start. The look is an entry
    `confidential.viewed` that names the bid and the file `name` ("" for all). Raises Refused
    `documents.*`."""
    manifest = parse_manifest(bid.row.manifest or b"")
    sealed, key = manifest.part(PART), bid.outcome.stage_key
    if sealed is None or key is None:
        raise refuse("documents.none", _("This bid has no documents that can be read"))
    row = session.scalars(select(SealPolicy).where(SealPolicy.sha256 == manifest.policy.hex())).one()
    accept(parse_policy(row.raw), manifest.raw)
    target: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    source = part_reader(registry.getUtility(IFileStore), bid.row, PART, sealed.size)
    found = open_part(manifest, sealed, key, source, target)
    if found.outcome is not Opened.OK:
        target.close()
        raise refuse("documents.unreadable", _("The stored documents of this bid cannot be opened"))
    target.seek(0)
    place = f"bid {bid.manifest} {PART}" + (f"/{name}" if name else "")
    payload = {"object": place, "viewer": actor.within(tender.code)}
    record(session, actor, "confidential.viewed", tender.code, payload)
    return target


def listed(tar: IO[bytes]) -> list[tuple[str, int]]:
    """(name, size) of the files in a bidder's tar, at most MOST_LISTED; a bidder may hand in something else,
    which lists as nothing and can be downloaded whole."""
    try:
        with tarfile.open(fileobj=tar, mode="r:") as archive:
            return [(shown_name(member), member.size) for member in islice(plain_files(archive), MOST_LISTED)]
    except NOT_A_TAR:
        return []


def one_file(tar: IO[bytes], name: str) -> bytes:
    """One file of a bidder's tar. Raises Refused `documents.no-file`."""
    try:
        with tarfile.open(fileobj=tar, mode="r:") as archive:
            found = next((member for member in plain_files(archive) if shown_name(member) == name), None)
            opened = archive.extractfile(found) if found else None
            if opened is not None:
                return opened.read()
    except NOT_A_TAR:
        pass
    raise refuse("documents.no-file", _("This bid has no file of this name"))


def shown_name(member: tarfile.TarInfo) -> str:
    """A member's name as text. Programs on Chinese systems write names in GB 18030 where the format has no
    room for saying so."""
    raw = member.name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


def header_name(name: str) -> str:
    """A file's own name, without folders, for a Content-Disposition header (RFC 5987)."""
    return urllib.parse.quote(name.rsplit("/", 1)[-1], safe="")
