"""A hall with its items published, people with posts, an enterprise; acts as services and over the pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pyramid.config import Configurator

from plugins.approval_hall import cases
from plugins.approval_hall.catalogue import publishing
from plugins.approval_hall.models import HallCase
from plugins.approval_hall.staff import posts
from tests.helpers import hall_party, hall_user
from tests.pki import Pki
from trading.accounts.models import User
from trading.acts import Actor
from trading.db import committing
from trading.interfaces import ISigner
from trading.outbox import Promise, deliver
from trading.parties.models import Party

FILE = ("paper.pdf", b"%PDF-1.7 a paper of the applicant\n")


def actor(user: User, address: str = "10.1.2.3") -> Actor:
    return Actor(user.id, user.name, "", address, b"secret of the hall")


class Scene:
    """People: clerk, manager, head and representative of the lead, officers A and B of every other department."""

    def __init__(self, config: Configurator, folder: Path, item: str = "project-approval") -> None:
        self.config, self.registry = config, config.registry
        self.registry.registerUtility(Pki(folder).signer(common_name="审批专用章"), ISigner)
        self.party: Party = hall_party(config, "示例建设有限公司")
        self.people: dict[str, User] = {"applicant": hall_user(config, "bidder", party=self.party)}
        for role in ("clerk", "manager", "supervisor"):
            self.people[role] = hall_user(config, f"hall-{role}")
        self.do(
            "manager", lambda db, who: publishing.publish(db, self.registry, who, item, "市政府第 12 号决定")
        )
        self.item = self.read(lambda db: cases.definition(publishing.current(db, item)))
        self.person("head", "hall-officer", self.item.lead)
        self.person("representative", "hall-representative", self.item.lead)
        for department in sorted({step.department for step in self.item.steps}):
            self.person(f"{department}-A", "hall-officer", department)

    def person(self, name: str, role: str, department: str) -> None:
        """Somebody with a role and a post: `head`, `representative`, or the letter at the end of the name."""
        user = self.people[name] = hall_user(self.config, role)
        post = name if name in ("head", "representative") else name[-1]
        self.do(
            "manager", lambda db, who: posts.appoint(db, self.registry, who, department, user.login, post)
        )

    def do(self, name: str, act: Any) -> Any:
        """`act(session, actor)` of one of the people, committed; undone when it is refused."""
        who = actor(self.people[name])
        return self.read(lambda db: act(db, who))

    def read(self, look: Any) -> Any:
        with committing(self.registry["sessions"]) as session:
            found = look(session)
            session.flush()
            session.expunge_all()
            return found

    def act(self, name: str, service: Any, number: str, *given: Any, **named: Any) -> Any:
        """A service `(session, registry, actor, case, …)` on a case."""
        return self.do(
            name,
            lambda db, who: service(
                db, self.registry, who, cases.find(db, number, lock=True), *given, **named
            ),
        )

    def case(self, number: str) -> HallCase:
        found: HallCase = self.read(lambda db: cases.find(db, number))
        return found

    def entries(self, number: str) -> list[tuple[str, dict[str, Any]]]:
        """Types and payloads of a case's trail."""
        from trading.ledger.service import entries_of

        found = self.read(lambda db: entries_of(db, number))
        return [(each.entry.type, each.payloads[0].document) for each in found]

    def keep_promises(self, until: datetime) -> None:
        """Keep every promise of the hall that is due by an instant, as a worker would then."""
        from sqlalchemy import select, update

        def bring_forward(db: Any) -> None:
            due = select(Promise.id).where(
                Promise.topic.startswith("hall."), Promise.due_at <= until, Promise.kept_at.is_(None)
            )
            db.execute(update(Promise).where(Promise.id.in_(due)).values(due_at=Promise.promised_at))

        self.read(bring_forward)
        handlers = {
            name: made for name, made in self.registry["handlers"].items() if name.startswith("hall.")
        }
        deliver(self.registry["sessions"], self.registry, handlers)


def form_of(scene: Scene) -> dict[str, str]:
    """Something for every field of the item."""
    sample = {
        "money": "12000000.00",
        "number": "1200",
        "date": "2026-12-01",
        "long": "新建一所小学",
        "text": "示例路 1 号",
    }
    return {field.key: sample[field.type] for field in scene.item.fields}
