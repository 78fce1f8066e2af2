"""A hall with its items published, people with posts, an enterprise; acts as services and over the pages."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.registry import Registry
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from config.settings import FONTS
from plugins.approval_hall import cases
from plugins.approval_hall.catalogue import library, publishing
from plugins.approval_hall.handling import clocks
from plugins.approval_hall.handling import service as handling
from plugins.approval_hall.intake import gaps
from plugins.approval_hall.intake import service as intake
from plugins.approval_hall.models import HallCase
from plugins.approval_hall.staff import posts
from plugins.file_store.local import LocalFileStore
from tests.helpers import KEYS, hall_party, hall_user, make_party, make_user
from tests.pki import Pki
from trading.accounts.models import User
from trading.accounts.people import Accounts
from trading.acts import Actor
from trading.db import committing
from trading.interfaces import IAccounts, IEnterprises, IFileStore, ISigner
from trading.ledger.service import entries_of
from trading.outbox import Promise
from trading.parties.models import Party
from trading.parties.service import Enterprises

FILE = ("paper.pdf", b"%PDF-1.7 a paper of the applicant\n")


def actor(user: User, address: str = "10.1.2.3") -> Actor:
    return Actor(user.id, user.name, "", address, b"secret of the hall")


class People:
    """Clerk, manager, head and representative of the lead, officer A of every department; how they act is a subclass's."""

    registry: Any

    def fill(self, folder: Path, item: str) -> None:
        signer = Pki(folder).signer(common_name="审批专用章")
        self.registry.registerUtility(signer, ISigner)
        self.registry.settings["approval_hall.address"] = "https://hall.example"
        self.party: Party = self.make_party("示例建设有限公司")
        self.people: dict[str, User] = {"applicant": self.make_user("bidder", party=self.party)}
        for role in ("clerk", "manager", "supervisor"):
            self.people[role] = self.make_user(f"hall-{role}")
        self.do(
            "manager", lambda db, who: publishing.publish(db, self.registry, who, item, "市政府第 12 号决定")
        )
        self.item = self.read(lambda db: cases.definition(publishing.current(db, item)))
        self.person("head", "hall-officer", self.item.lead)
        self.person("representative", "hall-representative", self.item.lead)
        for department in sorted({step.department for step in self.item.steps}):
            self.person(f"{department}-A", "hall-officer", department)

    def make_party(self, name: str) -> Party:
        raise NotImplementedError

    def make_user(self, role: str, party: Party | None = None) -> User:
        raise NotImplementedError

    def read(self, look: Any) -> Any:
        raise NotImplementedError

    def keep_promises(self, until: datetime) -> None:
        raise NotImplementedError

    def person(self, name: str, role: str, department: str) -> None:
        """Somebody with a role and a post: `head`, `representative`, or the letter at the end of the name."""
        user = self.people[name] = self.make_user(role)
        post = name if name in ("head", "representative") else name[-1]
        self.do(
            "manager", lambda db, who: posts.appoint(db, self.registry, who, department, user.login, post)
        )

    def do(self, name: str, act: Any) -> Any:
        """`act(session, actor)` of one of the people; undone when it is refused."""
        who = actor(self.people[name])
        return self.read(lambda db: act(db, who))

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
        found = self.read(lambda db: entries_of(db, number))
        return [(each.entry.type, each.payloads[0].document) for each in found]


class Scene(People):
    """In a whole configured hall; every act commits, so pages see it."""

    def __init__(self, config: Configurator, folder: Path, item: str = "project-approval") -> None:
        self.config, self.registry = config, config.registry
        self.fill(folder, item)

    def make_party(self, name: str) -> Party:
        return hall_party(self.config, name)

    def make_user(self, role: str, party: Party | None = None) -> User:
        return hall_user(self.config, role, party=party)

    def read(self, look: Any) -> Any:
        with committing(self.registry["sessions"]) as session:
            found = look(session)
            session.flush()
            session.expunge_all()
            return found


class Quick(People):
    """Services only, on a session that is rolled back at the end."""

    def __init__(self, session: Session, folder: Path, item: str = "project-approval", *items: Path) -> None:
        self.session, self.registry = session, Registry()
        self.registry.settings = {
            "hall.name": "示例市审批大厅",
            "hall.fonts": str(FONTS),
            "hall.region": "440300",
        }
        self.registry["keys"], self.registry[publishing.LIBRARY] = KEYS, library.load(items)
        self.registry["sessions"] = sessionmaker(session.connection())
        for port, provider in (
            (IAccounts, Accounts()),
            (IEnterprises, Enterprises()),
            (IFileStore, LocalFileStore(folder)),
        ):
            self.registry.registerUtility(provider, port)
        self.fill(folder, item)

    def make_party(self, name: str) -> Party:
        return make_party(self.session, name)

    def make_user(self, role: str, party: Party | None = None) -> User:
        return make_user(self.session, role, party=party)

    def read(self, look: Any) -> Any:
        with self.session.begin_nested():
            return look(self.session)

    def keep_promises(self, until: datetime) -> None:
        """Keep every promise of the hall that is due by an instant, as a worker would then."""
        handlers = {
            intake.ACCEPT_BY: intake.accept_due,
            gaps.REMIND: gaps.remind,
            gaps.DUE: gaps.fail,
            clocks.STEP_DUE: handling.step_due,
        }
        query = select(Promise).where(
            Promise.topic.in_(handlers), Promise.due_at <= until, Promise.kept_at.is_(None)
        )
        for promise in list(self.session.scalars(query.order_by(Promise.due_at))):
            handlers[promise.topic](self.session, self.registry, promise.payload)
            promise.kept_at = until


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
