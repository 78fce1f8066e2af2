"""How far each tender has come by the ledger (项目阶段): the newest of its acts that moved it.

Derived from the ledger, and no evidence: lists of all tenders would otherwise read every entry of all years.
Written with the entry, in the same transaction.
"""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from trading.db import Base

MOVES = frozenset({
    "tender.published", "tender.closed", "opening.started", "opening.recorded", "panel.member-signed-in",
    "review.signed", "evaluation.reported", "evaluation.reopened", "award.declined", "award.voided",
    "result.published", "award.issued", "contract.signed", "tender.failed", "tender.cancelled", "offers.handed-over",
})  # fmt: skip
"""types of entries after which a tender is in another stage; trading.supervision.words names the stages"""


class TenderStage(Base):
    """One tender's newest moving act."""

    __tablename__ = "tender_stage"

    tender: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(index=True)


def note(session: Session, type: str, tender: str | None) -> None:
    """Remember the act if it moved a tender."""
    if tender is None or type not in MOVES:
        return
    row = insert(TenderStage).values(tender=tender, type=type)
    session.execute(row.on_conflict_do_update(index_elements=["tender"], set_={"type": row.excluded.type}))
