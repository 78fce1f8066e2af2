"""Training of experts (专家培训, E4): courses, exams, and how long having passed is good. A lapse is a matter of
dates: nobody has to enter it."""

from __future__ import annotations

import calendar
import uuid
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from expert_pool.experts.commands import NewCourse, TookCourse
from expert_pool.experts.models import Expert, ExpertTraining, TrainingCourse
from trading.acts import Actor, record
from trading.clock import BEIJING, database_now
from trading.errors import refuse
from trading.web import _


def add_course(session: Session, actor: Actor, command: NewCourse) -> TrainingCourse:
    """A course; entry `training.course`. Raises Refused `course.known`: what passing it means does not change
    under those who passed."""
    if session.get(TrainingCourse, command.code):
        raise refuse("course.known", _("There is a course with this code already"), field="code")
    course = TrainingCourse(**command.model_dump(), created_at=database_now(session))
    session.add(course)
    session.flush()
    record(session, actor, "training.course", None, command.model_dump())
    return course


def took(session: Session, actor: Actor, row: Expert, command: TookCourse) -> ExpertTraining:
    """An exam that a person took, passed or not; entry `expert.trained`. Raises Refused `course.unknown`,
    `training.future`."""
    course = session.get(TrainingCourse, command.course)
    if course is None:
        raise refuse("course.unknown", _("There is no such course"), field="course")
    if command.taken_on > database_now(session).astimezone(BEIJING).date():
        raise refuse("training.future", _("This day has not come yet"), field="taken_on")
    exam = ExpertTraining(
        expert_id=row.id,
        course=course.code,
        taken_on=command.taken_on,
        score=command.score,
        passed=command.score >= course.pass_mark,
        valid_until=months_later(command.taken_on, course.months),
    )
    session.add(exam)
    session.flush()
    payload = {
        "expert": row.number,
        "course": course.code,
        "on": exam.taken_on.isoformat(),
        "score": exam.score,
        "passed": exam.passed,
        "until": exam.valid_until.isoformat(),
    }
    record(session, actor, "expert.trained", None, payload)
    return exam


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def valid_until(session: Session) -> dict[uuid.UUID, date]:
    """The last good day of everybody's newest passed exam."""
    query = (
        select(ExpertTraining.expert_id, func.max(ExpertTraining.valid_until))
        .where(ExpertTraining.passed)
        .group_by(ExpertTraining.expert_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def courses(session: Session) -> list[TrainingCourse]:
    """Every course, by code."""
    return list(session.scalars(select(TrainingCourse).order_by(TrainingCourse.code)))


def exams(session: Session, row: Expert) -> list[ExpertTraining]:
    """A person's exams, the newest first."""
    query = select(ExpertTraining).where(ExpertTraining.expert_id == row.id)
    return list(session.scalars(query.order_by(ExpertTraining.taken_on.desc(), ExpertTraining.id)))
