"""A hall with a project under approval by five departments, for tests of what watches over it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases
from plugins.approval_hall.catalogue import publishing
from plugins.approval_hall.handling import service as handling
from plugins.approval_hall.intake import service as intake
from plugins.approval_hall.models import HallCase, HallPost
from plugins.approval_hall.supervision.models import HallLight, HallLightChange
from tests.helpers import make_party, make_user
from trading.acts import Actor

ITEM = "project-approval"
DEPARTMENTS = ("development", "planning", "environment", "water", "defence")
FORM = {"place": "人民路1号", "estimate": "2400000.00", "scale": "一栋教学楼"}
PAPERS = ("application", "land", "environment", "water")


class Supervised:
    """People, one published item, and cases of one applicant."""

    def __init__(self, session: Session, registry: Any) -> None:
        self.session, self.registry, self.keys = session, registry, registry["keys"]
        self.owner = make_party(session, "示例市教育局")
        self.applicant = self.actor(make_user(session, "bidder", party=self.owner, keys=self.keys))
        self.clerk = self.actor(make_user(session, "hall-clerk", keys=self.keys))
        watcher = make_user(session, "hall-supervisor", keys=self.keys)
        watcher.phone = "13900000099"
        self.supervisor = self.actor(watcher)
        self.officers = {name: self.officer(name) for name in DEPARTMENTS}
        publishing.publish(session, registry, self.clerk, ITEM, "首次发布")

    def actor(self, user: Any) -> Actor:
        return Actor(user.id, user.name, "", "192.0.2.9", self.keys.pseudonym)

    def officer(self, department: str) -> Actor:
        user = make_user(self.session, "hall-officer", keys=self.keys, name=f"经办人{department}")
        user.phone = f"1390000{DEPARTMENTS.index(department):04}"
        since = datetime.fromisoformat("2026-01-01T00:00:00Z")
        self.session.add(HallPost(department=department, user_id=user.id, post="A", since=since))
        self.session.flush()
        return self.actor(user)

    def case(self) -> HallCase:
        """An accepted case: five steps run from now on."""
        made = self.filed()
        intake.accept(self.session, self.registry, self.clerk, made)
        return made

    def filed(self) -> HallCase:
        """A case that is handed in and waits for the window."""
        made = intake.draft(
            self.session, self.registry, self.applicant, ITEM, self.owner.id, FORM, "示例小学教学楼"
        )
        for key in PAPERS:
            intake.deliver(
                self.session,
                self.registry,
                self.applicant,
                made,
                key,
                f"{key}.pdf",
                b"%PDF-1.4 " + key.encode(),
            )
        intake.submit(self.session, self.registry, self.applicant, made)
        return made

    def end(self, case: HallCase, step: str) -> None:
        handling.end_step(
            self.session,
            self.registry,
            self.officers[step],
            cases.find(self.session, case.number),
            step,
            "passed",
        )

    def lights(self, prefix: str = "hall/") -> dict[str, str]:
        """Lights that are on, by the last part of their key."""
        query = select(HallLight).where(HallLight.ended_at.is_(None), HallLight.key.startswith(prefix))
        return {light.key.rpartition("/")[2]: light.light for light in self.session.scalars(query)}

    def changes(self, step: str) -> list[str]:
        query = select(HallLightChange.light).join(HallLight, HallLight.id == HallLightChange.light_id)
        found = query.where(HallLight.key.endswith(f"/{step}")).order_by(
            HallLightChange.at, HallLightChange.light.desc()
        )
        return list(self.session.scalars(found))


def days_later(hall: Supervised, case: HallCase, days: int) -> timedelta:
    """How long it is until noon of the working day that many after the acceptance."""
    from trading.periods import add_days, at_beijing, beijing_date, the_calendar

    assert case.accepted_at is not None
    day = add_days("working_day", days, beijing_date(case.accepted_at), the_calendar())
    return at_beijing(day, datetime.min.time().replace(hour=12)) - case.accepted_at
