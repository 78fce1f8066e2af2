"""The pool of experts (综合性专家评委库): tables. Whatever names a person is sealed with the hall's keys: a stolen
database tells neither who is in the pool nor what anybody is paid to."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import BigInteger, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, OptionalInstant


class Expert(Base):
    """A person of the pool (评标专家). `sealed` is the profile (person.py); `owner` a keyed hash that finds
    one's own record by the account, `identity` the keyed commitment to the number of the identity document."""

    __tablename__ = "expert"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(index=True)
    """candidate | active | suspended | left"""
    sealed: Mapped[Blob]
    owner: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    identity: Mapped[Blob] = mapped_column(unique=True)
    admitted_at: Mapped[Instant]


class ExpertAct(Base):
    """What was done with a record (变动): in `sealed` its author, reason and evidence, and the profile after
    it. `entry` is the ledger's row."""

    __tablename__ = "expert_act"

    id: Mapped[Id]
    expert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expert.id"), index=True)
    act: Mapped[str]
    """register | admit | suspend | reinstate | leave | readmit | change | declare | import"""
    sealed: Mapped[Blob]
    entry: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Instant]


class ExpertPayment(Base):
    """Bank and tax data (银行与纳税信息), apart from everything else: only the pool office's payment view
    opens it, and each look is a ledger entry."""

    __tablename__ = "expert_payment"

    expert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expert.id"), primary_key=True)
    sealed: Mapped[Blob]
    changed_at: Mapped[Instant]


class ExpertSession(Base):
    """An evaluation that a person sat in (评标场次): in `sealed` the tender and the tenderer's code. It counts for
    workload at once; the pool's pages count it from `named_at` on, when the members' names are public."""

    __tablename__ = "expert_session"

    id: Mapped[Id]
    expert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expert.id"), index=True)
    day: Mapped[date]
    sealed: Mapped[Blob]
    named_at: Mapped[OptionalInstant]


class TrainingCourse(Base):
    """A course for experts (培训课程): what the exam asks for, and how long having passed it is good."""

    __tablename__ = "training_course"

    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    pass_mark: Mapped[int]
    """of 100"""
    months: Mapped[int]
    created_at: Mapped[Instant]


class ExpertTraining(Base):
    """A course that a person took (培训记录). `course` is "" for a validity taken over with an import."""

    __tablename__ = "expert_training"

    id: Mapped[Id]
    expert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expert.id"), index=True)
    course: Mapped[str]
    taken_on: Mapped[date]
    score: Mapped[int]
    passed: Mapped[bool]
    valid_until: Mapped[date]
    """the last good day, where passed"""


class PoolLimit(Base):
    """A parameter of the pool (库参数) that differs from what drawable.Limits says."""

    __tablename__ = "pool_limit"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
    changed_at: Mapped[Instant]
