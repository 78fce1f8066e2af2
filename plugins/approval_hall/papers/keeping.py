"""The bytes of a case's papers (附件): sealed in the database, named by their hash."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall.models import HallCase, HallPaper
from trading.clock import database_now
from trading.errors import refuse
from trading.secrets import HallKeys
from trading.web import _

LARGEST = 20 << 20
"""bytes of one paper"""


def keep(
    session: Session, keys: HallKeys, case: HallCase, name: str, data: bytes, field: str = "file"
) -> str:
    """Seal a file in; returns its SHA-256 (hex). Raises Refused `hall.paper-empty`, `hall.paper-large`."""
    if not data:
        raise refuse("hall.paper-empty", _("Choose a file that is not empty"), field=field)
    if len(data) > LARGEST:
        raise refuse("hall.paper-large", _("The file is larger than 20 MB"), field=field)
    digest = hashlib.sha256(data).hexdigest()
    if find(session, case, digest) is None:
        row = HallPaper(id=uuid.uuid4(), case_id=case.id, sha256=digest, kept_at=database_now(session))
        content = {"name": name[:200], "data": base64.b64encode(data).decode()}
        row.sealed = keys.seal(json.dumps(content).encode(), purpose(row))
        session.add(row)
        session.flush()
    return digest


def purpose(row: HallPaper) -> str:
    return f"hall_paper/{row.id}"


def find(session: Session, case: HallCase, digest: str) -> HallPaper | None:
    return session.scalars(
        select(HallPaper).where(HallPaper.case_id == case.id, HallPaper.sha256 == digest)
    ).first()


def opened(keys: HallKeys, row: HallPaper) -> tuple[str, bytes]:
    """Name and bytes; whoever calls has checked that the reader may have it."""
    content = json.loads(keys.unseal(row.sealed, purpose(row)))
    return content["name"], base64.b64decode(content["data"])
