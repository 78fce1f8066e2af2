"""The approval hall (审批大厅): items as published, cases with their materials, steps, pauses and papers, posts and powers."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json, OptionalInstant


class HallItem(Base):
    """One published version of an item (事项版本). `definition` is the data as published, canonical JSON; the newest version of
    a code counts unless it is withdrawn, and a case keeps the one it was filed under."""

    __tablename__ = "hall_item"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[Id]
    code: Mapped[str]
    version: Mapped[int]
    definition: Mapped[Blob]
    sha256: Mapped[str]
    reason: Mapped[str]
    published_at: Mapped[Instant]
    withdrawn_at: Mapped[OptionalInstant]
    withdrawn_reason: Mapped[str] = mapped_column(default="", server_default="")


class HallCase(Base):
    """An application (办件) from draft to result. `promised` and `statutory` are working days as they counted when it was
    accepted; `kind` is what it is now (七件), `origin` what it was before it had to be completed."""

    __tablename__ = "hall_case"
    __table_args__ = (Index("ix_hall_case_state_item", "state", "item"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_item.id"), index=True)
    item: Mapped[str]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    filed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    clerk_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    channel: Mapped[str] = mapped_column(default="online", server_default="online")
    """online | window"""
    title: Mapped[str] = mapped_column(default="", server_default="")
    form: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    state: Mapped[str]
    kind: Mapped[str]
    origin: Mapped[str]
    mode: Mapped[str]
    special: Mapped[str] = mapped_column(default="", server_default="")
    """why it is handled specially (特办), "" otherwise"""
    promised: Mapped[int]
    statutory: Mapped[int]
    created_at: Mapped[Instant]
    filed_at: Mapped[OptionalInstant]
    tell_by: Mapped[OptionalInstant]
    told_at: Mapped[OptionalInstant]
    """when the notice of everything missing went out, the last one where papers were wrong that came after it"""
    accepted_at: Mapped[OptionalInstant]
    promised_due: Mapped[OptionalInstant]
    """the first instant too late; None while the clock stands still"""
    statutory_due: Mapped[OptionalInstant]
    reviewed_at: Mapped[OptionalInstant]
    decided_at: Mapped[OptionalInstant]
    outcome: Mapped[str] = mapped_column(default="", server_default="")
    """approved | rejected | revoked, "" before"""
    decision_number: Mapped[str] = mapped_column(default="", server_default="")
    result_sha256: Mapped[str] = mapped_column(default="", server_default="")
    closed_at: Mapped[OptionalInstant]
    project_code: Mapped[str] = mapped_column(default="", server_default="", index=True)
    fee: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """what was charged for it, in fen, once (一费制)"""


class HallMaterial(Base):
    """One paper that the item wants of a case (申请材料). `due_at` and what follows are of a promised one (容缺)."""

    __tablename__ = "hall_material"
    __table_args__ = (UniqueConstraint("case_id", "key"),)

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_case.id"), index=True)
    key: Mapped[str]
    state: Mapped[str]
    """missing | delivered | promised | committed (stands in the signed commitment, 告知承诺)"""
    sha256: Mapped[str] = mapped_column(default="", server_default="")
    delivered_at: Mapped[OptionalInstant]
    told: Mapped[str] = mapped_column(default="", server_default="")
    """what the one notice said about it"""
    due_at: Mapped[OptionalInstant]
    reminded_at: Mapped[OptionalInstant]
    failed_at: Mapped[OptionalInstant]


class HallPaper(Base):
    """Bytes of a case (附件): materials, documents for pauses, signed promises, results; sealed, named by their hash."""

    __tablename__ = "hall_paper"
    __table_args__ = (UniqueConstraint("case_id", "sha256"),)

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_case.id"), index=True)
    sha256: Mapped[str]
    sealed: Mapped[Blob]
    kept_at: Mapped[Instant]


class HallStep(Base):
    """One department's part of a case (办理环节)."""

    __tablename__ = "hall_step"
    __table_args__ = (
        UniqueConstraint("case_id", "key"),
        Index("ix_hall_step_department_state", "department", "state"),
    )

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_case.id"), index=True)
    stage: Mapped[str]
    key: Mapped[str]
    department: Mapped[str]
    days: Mapped[int]
    deemed: Mapped[bool]
    state: Mapped[str]
    """running | paused | passed | refused | deemed | stopped"""
    started_at: Mapped[Instant]
    due_at: Mapped[OptionalInstant]
    ended_at: Mapped[OptionalInstant]
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    opinion: Mapped[str] = mapped_column(default="", server_default="")


class HallPause(Base):
    """Time that is not counted (不计时环节), with its ground and the paper that proves it; of one step, or of the whole case."""

    __tablename__ = "hall_pause"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_case.id"), index=True)
    step_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("hall_step.id"))
    ground: Mapped[str]
    words: Mapped[str]
    paper: Mapped[str]
    started_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]


class HallPost(Base):
    """Who works for a department (岗位): A and B posts, its head, its chief representative in the hall. Whoever is absent is stood
    in for by the other post."""

    __tablename__ = "hall_post"

    id: Mapped[Id]
    department: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    post: Mapped[str]
    """A | B | head | representative"""
    since: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]
    absent_since: Mapped[OptionalInstant]


class HallPower(Base):
    """A letter of authority (授权书) with its power matrix, as the head of the department signed it; the newest version counts."""

    __tablename__ = "hall_power"
    __table_args__ = (UniqueConstraint("department", "version"),)

    id: Mapped[Id]
    department: Mapped[str]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    version: Mapped[int]
    raw: Mapped[Blob]
    p7s: Mapped[Blob]
    granted_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]


class HallIssued(Base):
    """A document that the hall issued about a case (文书), with the word in its QR code. `sha256` is that of the PDF once it is
    made; the PDF lies in the file store."""

    __tablename__ = "hall_issued"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_case.id"), index=True)
    kind: Mapped[str]
    """a key of papers.documents.TITLES"""
    number: Mapped[str] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(unique=True)
    content: Mapped[Json]
    sha256: Mapped[str] = mapped_column(default="", server_default="", index=True)
    stamped: Mapped[bool] = mapped_column(default=False, server_default="false")
    p7s: Mapped[bytes | None] = mapped_column(LargeBinary)
    """the applicant's signature under a promise, over its bytes"""
    issued_at: Mapped[Instant]


class HallTask(Base):
    """Something to be done about a case beside its steps (任务): who follows it through the green channel or accompanies a large
    project, the inspection after an approval on commitment."""

    __tablename__ = "hall_task"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_case.id"), index=True)
    kind: Mapped[str]
    """tracker | agency | inspection"""
    department: Mapped[str] = mapped_column(index=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    days: Mapped[int] = mapped_column(default=0, server_default="0")
    """working days that it may take, 0 for as long as the case lasts"""
    made_at: Mapped[Instant]
    due_at: Mapped[OptionalInstant]
    ended_at: Mapped[OptionalInstant]
    outcome: Mapped[str] = mapped_column(default="", server_default="")
    """kept | broken of an inspection"""
    opinion: Mapped[str] = mapped_column(default="", server_default="")
    paper: Mapped[str] = mapped_column(default="", server_default="")


class HallRefusal(Base):
    """An act that was refused and counts (被拒绝的行为): from outside the hall, a second notice."""

    __tablename__ = "hall_refusal"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(index=True)
    what: Mapped[str]
    """elsewhere | told-twice"""
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[Instant]
