"""A pool for tests: people with everything that makes them drawable, unless the test says otherwise."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from expert_pool.experts import identity, service, training
from expert_pool.experts.commands import NewCourse, NewExpert, TookCourse
from expert_pool.experts.models import Expert, TrainingCourse
from expert_pool.experts.person import Interest
from expert_pool.experts.service import Evidence
from tests.helpers import KEYS, make_user, valid_code
from trading.accounts.models import Certificate, User
from trading.acts import process
from trading.clock import BEIJING, database_now
from trading.permissions import Role
from trading.secrets import HallKeys

numbers = itertools.count(1)
OFFICE = process("pool-office")
MINUTES = Evidence("入库评审会纪要.pdf", b"minutes of the admission review")
COURSE = NewCourse(code="LAW-2026", title="评标专家法规与职业道德", pass_mark=60, months=24)


def id_number(number: int) -> str:
    """A resident identity number that checks, another for each number below a million."""
    body = f"440300{1960 + number % 40}0101{number // 40 % 1000:03d}"
    return body + identity.check_character(body)


def new_expert(**fields: Any) -> NewExpert:
    """A command that takes in somebody new."""
    number = next(numbers)
    return NewExpert(
        **{
            "name": f"专家{number}",
            "phone": f"139{number:08d}",
            "employer": valid_code(500_000 + number),
            "employer_name": f"示例设计院{number}",
            "region": "440300",
            "specialities": ["B03.01.01"],
            "title": "高级工程师",
            "years": 12,
            "id_number": id_number(number),
        }
        | fields
    )


def make_expert(
    session: Session,
    *,
    keys: HallKeys = KEYS,
    interests: Sequence[Interest] = (),
    trained_on: date | None = None,
    trained: bool = True,
    account: bool = True,
    **fields: Any,
) -> Expert:
    """Somebody in the pool: with an account and a certificate's row (nobody can sign with it), and trained
    today, unless told otherwise."""
    command = new_expert(**fields)
    if account and not command.login:
        user = make_user(session, Role.EXPERT, keys=keys, name=command.name)
        give_certificate(session, user)
        command = command.model_copy(update={"login": user.login})
    row = service.admit(session, keys, OFFICE, command, MINUTES, interests=interests)
    if trained:
        if session.get(TrainingCourse, COURSE.code) is None:
            training.add_course(session, OFFICE, COURSE)
        day = trained_on or database_now(session).astimezone(BEIJING).date()
        training.took(session, OFFICE, row, TookCourse(course=COURSE.code, taken_on=day, score=90))
    return row


def give_certificate(session: Session, user: User) -> None:
    """The row of a certificate that is good for a year from yesterday."""
    now = database_now(session)
    session.add(
        Certificate(
            user_id=user.id,
            party_id=None,
            sha256=uuid.uuid4().hex * 2,
            chain_pem="",
            subject="",
            issuer="",
            serial="1",
            not_before=now - timedelta(days=1),
            not_after=now + timedelta(days=365),
            enrolled_at=now,
        )
    )
    session.flush()
