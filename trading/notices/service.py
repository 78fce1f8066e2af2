"""The notice board's services: publish a notice, search the board, hand out documents and remember who took them."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from trading import clock
from trading.errors import refuse
from trading.interfaces import IFileStore
from trading.ledger import canonical
from trading.ledger.service import append_blinded
from trading.live import announce
from trading.notices.models import Document, Download, Notice
from trading.notices.search import grams
from trading.secrets import HallKeys

_ = TranslationStringFactory("tradehall")

CHANNEL = "notices"
PAGE = 20
MOST = 1000
"""Notices that a search counts and pages through; who wants older ones narrows the search."""
PURPOSE = "download"


def publish_notice(
    session: Session,
    queue: Any,
    *,
    kind: str,
    tender: str,
    title: str,
    region: str,
    body: bytes,
    cms: bytes | None,
    at: datetime,
    shown: dict[str, Any],
    listed: bool = True,
) -> Notice:
    """Put a notice on the board and tell whoever watches it; one that is not `listed` is for those only who may
    read about its tender. `body` is the exact bytes that `cms` signs.

    `shown` is for people only; the board and the notice's page know these keys, all optional: `title_en`,
    `buyer`, `agency`, `method`, `budget`, `ceiling`, `price` (yuan, strings), `deadline` (RFC 3339),
    `winner`, and `text`: {"zh": [paragraph…], "en": [paragraph…]}.
    """
    notice = Notice(
        kind=kind, tender=tender, title=title, region=region, body=body, cms=cms, published_at=at,
        sha256=hashlib.sha256(body).hexdigest(), shown=shown, listed=listed,
    )  # fmt: skip
    session.add(notice)
    session.flush()
    if listed:
        announce(session, queue, CHANNEL, "published", notice=str(notice.id), kind=kind, tender=tender)
    return notice


def find_notice(session: Session, notice_id: str) -> Notice | None:
    """The notice with this id, or None."""
    try:
        return session.get(Notice, uuid.UUID(notice_id))
    except ValueError:
        return None


def notices_of(session: Session, tender: str) -> list[Notice]:
    """A tender's notices, oldest first."""
    query = select(Notice).where(Notice.tender == tender).order_by(Notice.published_at, Notice.id)
    return list(session.scalars(query))


@dataclass(frozen=True)
class Board:
    """One page of the board. `pages` is at least 1; `total` counts no further than MOST."""

    notices: list[Notice]
    total: int
    page: int
    pages: int

    @property
    def many(self) -> bool:
        """There may be more than are counted."""
        return self.total == MOST


def board(
    session: Session, now: datetime, *, text: str = "", kind: str = "", region: str = "", state: str = "",
    page: int = 1,
) -> Board:  # fmt: skip
    """The board, newest first. `text` is looked for in titles, codes and buyers; `region` is a prefix of
    the six digits; `state` is `open` (bids may still be handed in), `closed` or ""."""
    query = _matching(select(Notice).where(Notice.listed), now, text.strip(), kind, region, state)
    counted = query.with_only_columns(Notice.id).limit(MOST).subquery()
    total = session.execute(select(func.count()).select_from(counted)).scalar_one()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    newest = query.order_by(Notice.published_at.desc(), Notice.id.desc())
    newest = newest.offset((page - 1) * PAGE).limit(PAGE)
    return Board(list(session.scalars(newest)), total, page, pages)


def _matching(
    query: Select[Any], now: datetime, text: str, kind: str, region: str, state: str
) -> Select[Any]:
    if text:
        query = query.where(Notice.grams.contains(sorted(grams(text))))
        places = (
            Notice.title, Notice.tender, Notice.shown["title_en"].astext, Notice.shown["buyer"].astext,
            Notice.shown["winner"].astext,
        )  # fmt: skip
        found = [place.icontains(text, autoescape=True) for place in places]
        query = query.where(func.coalesce(found[0], False) | found[1] | func.coalesce(found[2], False)
                            | func.coalesce(found[3], False) | func.coalesce(found[4], False))  # fmt: skip
    if kind:
        query = query.where(Notice.kind == kind)
    if region:
        query = query.where(Notice.region.startswith(region, autoescape=True))
    # RFC 3339 in UTC with fixed decimals sorts as text.
    deadline, instant = Notice.shown["deadline"].astext, clock.rfc3339(now)
    if state == "open":
        query = query.where(Notice.kind == "tender", deadline > instant)
    elif state == "closed":
        query = query.where(Notice.kind == "tender", deadline <= instant)
    return query


# --- documents ------------------------------------------------------------------------------------


def file_key(sha256: str) -> str:
    """Where a published file lies in the file store."""
    return f"documents/{sha256}"


def keep_file(store: Any, data: bytes) -> str:
    """Store bytes under their hash; returns it (hex)."""
    digest = hashlib.sha256(data).hexdigest()
    store.put(file_key(digest), data)
    return digest


def documents_of(session: Session, tender: str) -> list[Document]:
    """A tender's documents by name."""
    return list(session.scalars(select(Document).where(Document.tender == tender).order_by(Document.name)))


def take_document(
    session: Session,
    registry: Any,
    keys: HallKeys,
    *,
    tender: str,
    lot: str,
    name: str,
    address: str,
    user: str,
) -> tuple[Document, bytes]:
    """Hand out a document and remember who took it, in a form that nobody can read before the deadline.

    The record (address, account or "", file, time) is encrypted; the ledger gets a blinded leaf that
    cannot be told from a bid's. A nonce in the record keeps its hash, which bundles publish after the
    close, from being tried with every address there is. Raises Refused `document.unknown`."""
    document = session.scalars(
        select(Document).where(Document.tender == tender, Document.name == name)
    ).first()
    if document is None:
        raise refuse("document.unknown", _("There is no document of this name."))
    data = registry.getUtility(IFileStore).get(file_key(document.sha256))
    at = clock.database_now(session)
    nonce = os.urandom(16).hex()
    record = {"address": address, "user": user, "document": name, "at": clock.rfc3339(at), "nonce": nonce}
    digest = hashlib.sha256(canonical.dumps(record)).digest()
    entry, salt = append_blinded(session, "download", tender=tender, lot=lot, seq=0, digest=digest, at=at)
    sealed = keys.seal(canonical.dumps({"record": record, "salt": salt.hex()}), PURPOSE)
    taker = taker_key(keys, tender, user) if user else None
    session.add(Download(tender=tender, sealed=sealed, entry_id=entry, taker_key=taker))
    session.flush()
    return document, data


def taker_key(keys: HallKeys, tender: str, user: str) -> bytes:
    """The keyed hash that finds an account's own downloads in one tender."""
    return keys.keyed("taker", tender, user)


def has_taken(session: Session, keys: HallKeys, tender: str, user: str) -> bool:
    """Whether this account has taken a document of the tender while signed in."""
    query = select(Download.id).where(Download.taker_key == taker_key(keys, tender, user)).limit(1)
    return session.scalar(query) is not None


@dataclass(frozen=True)
class Taken:
    """One opened download record; the last four open its ledger leaf: kind "download", seq 0."""

    address: str
    user: str
    document: str
    at: str
    entry_id: int
    digest: bytes
    salt: bytes


def downloads(session: Session, keys: HallKeys, tender: str) -> list[Taken]:
    """The opened log of a tender's downloads, oldest first. Only for use after the deadline (Order 20
    art. 21): whoever shows it checks that first."""
    rows = session.scalars(select(Download).where(Download.tender == tender).order_by(Download.entry_id))
    taken = []
    for row in rows:
        opened = json.loads(keys.unseal(row.sealed, PURPOSE))
        digest = hashlib.sha256(canonical.dumps(opened["record"])).digest()
        shown = {name: text for name, text in opened["record"].items() if name != "nonce"}
        taken.append(Taken(**shown, entry_id=row.entry_id, digest=digest, salt=bytes.fromhex(opened["salt"])))
    return taken
