"""Papers of cases, orders and interruptions (附件): sealed in the database, named by their hash."""

from __future__ import annotations

import base64
import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.clock import database_now
from trading.errors import refuse
from trading.ledger import canonical
from trading.secrets import HallKeys
from trading.supervision.models import Paper
from trading.web import _

LARGEST = 10 << 20
"""bytes of one paper"""


def keep(session: Session, keys: HallKeys, tender: str, name: str, data: bytes, *, public: bool) -> str:
    """Seal a file in; returns its SHA-256 (hex), "" for no bytes. A paper that is public once stays so.

    Raises Refused `paper.large`."""
    if not data:
        return ""
    if len(data) > LARGEST:
        raise refuse("paper.large", _("The file is larger than 10 MB"), field="document")
    digest = hashlib.sha256(data).hexdigest()
    known = find(session, tender, digest)
    if known is not None:
        known.public = known.public or public
        return digest
    content = canonical.dumps({"name": name[:200], "data": base64.b64encode(data).decode()})
    session.add(
        Paper(
            tender=tender, sha256=digest, public=public, sealed=keys.seal(content, purpose(tender, digest)),
            kept_at=database_now(session),
        )
    )  # fmt: skip
    session.flush()
    return digest


def purpose(tender: str, digest: str) -> str:
    return f"paper/{tender}/{digest}"


def find(session: Session, tender: str, digest: str) -> Paper | None:
    """The paper with this hash that was handed in about this tender."""
    return session.scalars(select(Paper).where(Paper.tender == tender, Paper.sha256 == digest)).first()


def read(keys: HallKeys, paper: Paper) -> tuple[str, bytes]:
    """Name and bytes of a paper; whoever calls has checked that the reader may have it."""
    content = canonical.loads(keys.unseal(paper.sealed, purpose(paper.tender, paper.sha256)))
    return content["name"], base64.b64decode(content["data"])
