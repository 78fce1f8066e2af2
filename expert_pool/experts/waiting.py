"""Spreadsheets between the look and the import (待导入文件).

They may have numbers of identity documents, which the pool does not keep: each waits under seal for the officer who handed
it in and for nobody else, and is forgotten when it is imported, or a day later at somebody's next look.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from trading.acts import Actor
from trading.clock import database_now
from trading.secrets import HallKeys
from trading.supervision import papers
from trading.supervision.models import Paper

PLACE = "pool-import/"
LONGEST = timedelta(days=1)
"""so long a file waits when others are looked through after it"""


def place(actor: Actor) -> str:
    return f"{PLACE}{actor.user_id}"


def keep(session: Session, keys: HallKeys, actor: Actor, name: str, data: bytes) -> None:
    """Seal the officer's file in until it is imported; whatever has waited too long, of any officer, goes."""
    too_old = Paper.kept_at < database_now(session) - LONGEST
    session.execute(delete(Paper).where(Paper.tender.startswith(PLACE), too_old))
    papers.keep(session, keys, place(actor), name, data, public=False)


def read(session: Session, keys: HallKeys, actor: Actor, digest: str) -> bytes | None:
    """The file of this SHA-256 (hex) that the same officer handed in, if it still waits."""
    found = papers.find(session, place(actor), digest)
    return papers.read(keys, found)[1] if found else None


def forget(session: Session, actor: Actor, digest: str) -> None:
    """The file has been imported; its hash stands in the entry."""
    session.execute(delete(Paper).where(Paper.tender == place(actor), Paper.sha256 == digest))
