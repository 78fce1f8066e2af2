"""Lists that people hand in as signed files (人工上传): the provider that is always there.

A list is one JSON file, {"v": 1, "typ": "ebid.credit-list", "kind", "version", "source", "published", "lines"}, and its
publisher's detached signature. Nothing of it is typed in by hand here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from zope.interface import implementer

from trading import evidence
from trading.acts import Actor, record
from trading.clock import database_now
from trading.credit.models import CreditList, CreditPublisher
from trading.crediting import KINDS, Line, Version, line_of
from trading.errors import refuse
from trading.interfaces import ICreditRecords
from trading.parties.codes import is_valid
from trading.rulebook.calendar import beijing_date
from trading.web import _

LARGEST = 16 << 20
"""bytes of a list"""


@dataclass(frozen=True)
class Issue:
    """A list's file, read."""

    kind: str
    version: str
    source: str
    published: date
    lines: tuple[Line, ...]


@implementer(ICreditRecords)
class Uploaded:
    """The port over what was imported."""

    def version(self, session: Session, kind: str) -> Version | None:
        found = newest(session, kind)
        if found is None:
            return None
        return Version(kind, found.version, found.source, found.published, found.sha256)

    def lines(self, session: Session, version: Version, ids: Collection[str] | None) -> list[Line]:
        query = select(CreditList).where(CreditList.sha256 == version.sha256, CreditList.kind == version.kind)
        found = session.scalars(query).one()
        return [line_of(each) for each in found.lines if ids is None or each["id"] in ids]


def newest(session: Session, kind: str) -> CreditList | None:
    """The list of a kind that was imported last."""
    query = select(CreditList).where(CreditList.kind == kind).order_by(CreditList.entry.desc())
    return session.scalars(query.limit(1)).first()


def publisher(session: Session, kind: str) -> CreditPublisher | None:
    """Who publishes lists of a kind, None while nobody is registered."""
    query = select(CreditPublisher).where(CreditPublisher.kind == kind).order_by(CreditPublisher.entry.desc())
    return session.scalars(query.limit(1)).first()


def register_publisher(session: Session, actor: Actor, kind: str, uscc: str, name: str) -> CreditPublisher:
    """From now on this organisation alone publishes the kind of list; entry `credit.publisher`."""
    at = database_now(session)
    entry = record(session, actor, "credit.publisher", None, {"kind": kind, "org": uscc, "name": name}, at)
    row = CreditPublisher(kind=kind, uscc=uscc, name=name, entry=entry.id, at=at)
    session.add(row)
    session.flush()
    return row


def versions(session: Session) -> list[CreditList]:
    """Every version, the newest first."""
    return list(session.scalars(select(CreditList).order_by(CreditList.entry.desc())))


def read(raw: bytes) -> Issue:
    """A list's file. Raises Refused `credit.file` and says what is wrong, `credit.large`."""
    if len(raw) > LARGEST:
        raise refuse("credit.large", _("The file is too large"), field="list")
    try:
        document = json.loads(raw)
        if document["v"] != 1 or document["typ"] != "ebid.credit-list" or document["kind"] not in KINDS:
            raise ValueError("it is not a list of credit, version 1")
        lines = tuple(line_of(each) for each in document["lines"])
        if wrong := [line.id for line in lines if not is_valid(line.id)]:
            raise ValueError(f"not a social credit code: {wrong[0]}")
        texts = [document["version"], document["source"]]
        if not all(isinstance(text, str) and 0 < len(text) <= 100 for text in texts):
            raise ValueError("version and source are words")
        published = date.fromisoformat(document["published"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        message = _("The file is not a list that can be read: ${why}", mapping={"why": str(error)[:200]})
        raise refuse("credit.file", message, field="list") from error
    return Issue(document["kind"], texts[0], texts[1], published, lines)


def import_list(session: Session, registry: Any, actor: Actor, raw: bytes, p7s: bytes) -> CreditList:
    """File a list with its signature; entry `credit.imported`. Raises Refused `credit.*`, `signature.*`."""
    issue, at = read(raw), database_now(session)
    if not p7s:
        raise refuse("credit.signature", _("Attach the publisher's signature"), field="signature")
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('credit list'))"))
    in_order(session, issue, beijing_date(at))
    judged = evidence.accept(session, registry, "credit", raw, p7s, at)
    by_publisher(session, issue.kind, judged.organisation_id or "")
    digest = hashlib.sha256(raw).hexdigest()
    payload = {
        "kind": issue.kind, "version": issue.version, "published": issue.published.isoformat(),
        "source": issue.source, "sha256": digest,
        "lines": len(issue.lines), "signer": judged.organisation_id or "",
    }  # fmt: skip
    entry = record(session, actor, "credit.imported", None, payload, at)
    row = CreditList(
        kind=issue.kind, version=issue.version, source=issue.source, published=issue.published, raw=raw, sha256=digest, p7s=p7s,
        lines=[line.document() for line in issue.lines], signer=judged.organisation_id or "",
        imported_at=at, entry=entry.id,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise refuse("credit.version", _("This version is on file already"), field="list") from error
    return row


def in_order(session: Session, issue: Issue, today: date) -> None:
    """Raises Refused `credit.future`, `credit.older`: a list from tomorrow, and one older than what is on file."""
    if issue.published > today:
        raise refuse("credit.future", _("The list's day has not come yet"), field="list")
    found = newest(session, issue.kind)
    if found is not None and issue.published < found.published:
        message = _("A newer version is on file: ${version} of ${day}",
                    mapping={"version": found.version, "day": found.published.isoformat()})  # fmt: skip
        raise refuse(
            "credit.older", message, field="list", remedy=_("An older list never replaces a newer one.")
        )


def by_publisher(session: Session, kind: str, signer: str) -> None:
    """Raises Refused `credit.no-publisher`, `credit.publisher` unless the registered publisher of the kind signed."""
    known = publisher(session, kind)
    if known is None:
        raise refuse(
            "credit.no-publisher", _("Nobody is registered as the publisher of this kind of list"), field="list",
            remedy=_("Register the publisher first."),
        )  # fmt: skip
    if signer != known.uscc:
        message = _(
            "Only ${name} publishes this list; the signature is another's", mapping={"name": known.name}
        )
        raise refuse("credit.publisher", message, field="signature")
