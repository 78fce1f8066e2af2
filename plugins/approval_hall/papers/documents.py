"""Documents that the hall issues about a case (文书): receipt, the one notice of what is missing, acceptance, refusal, promise, stopped
clock, decision; printed with a QR code that anyone can check, under the hall's seal."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugins.approval_hall.models import HallCase, HallIssued
from trading.clock import BEIJING
from trading.errors import Refused, refuse
from trading.interfaces import IFileStore, ISigner
from trading.pdf_seal import sealed
from trading.periods import beijing_date
from trading.web import _

SEALED = b"/ByteRange"
"""in every PDF that is signed, ISO 32000-2 12.8.1"""
LAYOUT = Path(__file__).parent / "document.typ"
TITLES = {
    "receipt": "申请材料接收凭证", "missing": "一次性补正告知书", "acceptance": "受理通知书", "refusal": "不予受理通知书",
    "promise": "容缺受理承诺书", "commitment": "告知承诺书", "green": "绿色通道告知书", "revocation": "撤销决定书", "pause": "中止计时告知书", "decision": "审批决定书",
}  # fmt: skip
MARKS = {
    "receipt": "收",
    "missing": "补",
    "acceptance": "受",
    "refusal": "退",
    "promise": "诺",
    "commitment": "承",
    "green": "绿",
    "revocation": "撤",
    "pause": "停",
    "decision": "决",
}


def issue(
    session: Session,
    case: HallCase,
    kind: str,
    at: datetime,
    rows: Sequence[tuple[str, str]],
    paragraphs: Sequence[str],
    p7s: bytes | None = None,
) -> HallIssued:
    """A document with its number and the word of its QR code; its content stays as it is from now on."""
    content = {"title": TITLES[kind], "rows": [list(row) for row in rows], "paragraphs": list(paragraphs)}
    row = HallIssued(
        case_id=case.id, kind=kind, number=number(session, kind, at), token=uuid.uuid4().hex, content=content,
        p7s=p7s, issued_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def number(session: Session, kind: str, at: datetime) -> str:
    """示审决〔2026〕0001号: counted by year and kind."""
    year = beijing_date(at).year
    begin = f"审{MARKS[kind]}〔{year}〕"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("hall document"))))
    count = session.scalar(select(func.count(HallIssued.id)).where(HallIssued.number.startswith(begin))) or 0
    return f"{begin}{count + 1:04d}号"


def of_case(session: Session, case: HallCase) -> list[HallIssued]:
    """The documents of a case, oldest first."""
    query = (
        select(HallIssued)
        .where(HallIssued.case_id == case.id)
        .order_by(HallIssued.issued_at, HallIssued.number)
    )
    return list(session.scalars(query))


def store_key(row: HallIssued) -> str:
    return f"hall/issued/{row.token}.pdf"


def must_seal(registry: Any) -> Any:
    """The signer of the hall's seal. Raises Refused `hall.no-seal`: without it nothing is decided."""
    signer = registry.queryUtility(ISigner)
    if signer is None:
        raise refuse(
            "hall.no-seal", _("The hall has no electronic seal"), rule="HALL 37",
            remedy=_("The operator installs the seal's key (setting signatures.signer) first."),
        )  # fmt: skip
    return signer


def pdf(registry: Any, row: HallIssued) -> bytes:
    """The document as PDF/A, made and sealed when it is first asked for, the same bytes from then on. Raises Refused
    `hall.no-address`."""
    store = registry.getUtility(IFileStore)
    try:
        kept: bytes = store.get(store_key(row))
    except KeyError:
        # Somebody may have asked at the same moment: what was kept first counts.
        with suppress(Refused):
            store.put(store_key(row), made(registry, row))
        kept = store.get(store_key(row))
    if not row.sha256:  # also where the bytes were kept and the transaction was not
        row.sha256, row.stamped = hashlib.sha256(kept).hexdigest(), SEALED in kept
    return kept


def made(registry: Any, row: HallIssued) -> bytes:
    """The document, sealed where the hall has a seal."""
    signer = registry.queryUtility(ISigner)
    plain = compiled(row, registry.settings, address(registry, row), signer is not None)
    return sealed(plain, signer, row.issued_at) if signer is not None else plain


def address(registry: Any, row: HallIssued) -> str:
    """Where anybody checks the document: never where the request says that we are. Raises Refused `hall.no-address`."""
    base: str = registry.settings.get("approval_hall.address") or ""
    if not base:
        raise refuse(
            "hall.no-address", _("The hall does not know its own address, which its documents lead to"),
            remedy=_("The operator sets approval_hall.address first."),
        )  # fmt: skip
    return f"{base.rstrip('/')}/hall/check/{row.token}"


def compiled(row: HallIssued, settings: Mapping[str, Any], link: str, stamped: bool) -> bytes:
    """The PDF without its seal. Same row, same bytes."""
    picture = BytesIO()
    segno.make(link, error="m").save(picture, kind="svg", border=2)
    data = {
        **row.content, "number": row.number, "office": settings["hall.name"], "link": link, "stamped": stamped,
        "qr": picture.getvalue().decode(), "day": row.issued_at.astimezone(BEIJING).strftime("%Y年%m月%d日"),
    }  # fmt: skip
    found: bytes = typst.compile(
        LAYOUT.read_bytes(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        font_paths=[settings["hall.fonts"]],
        ignore_system_fonts=True,
        pdf_standards=["a-3b"],
        timestamp=int(row.issued_at.timestamp()),
    )
    return found


def by_token(session: Session, token: str) -> HallIssued | None:
    """The document of a QR code."""
    return session.scalars(select(HallIssued).where(HallIssued.token == token)).first()


def by_bytes(session: Session, data: bytes) -> HallIssued | None:
    """The document of which these are the very bytes."""
    digest = hashlib.sha256(data).hexdigest()
    return session.scalars(select(HallIssued).where(HallIssued.sha256 == digest)).first()


def judge(
    session: Session, registry: Any, data: bytes, row: HallIssued | None = None
) -> tuple[str, HallIssued | None]:
    """What an uploaded file is: `genuine` (with its document), `changed` (begins with a genuine one and goes on), `forged`.
    With `row` it must be that one."""
    found = by_bytes(session, data)
    if found is not None and (row is None or row.id == found.id):
        return "genuine", found
    if (
        row is not None
        and row.sha256
        and data.startswith(registry.getUtility(IFileStore).get(store_key(row)))
    ):
        return "changed", row
    return "forged", row
