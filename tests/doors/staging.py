"""A published tender with everything its pages show, forty enterprises, and readers of every kind."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session
from webob import Request as WsgiRequest

from bidding.tenders import drafts
from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Publication, Tender
from bidding.vault import service as vault
from bidding.vault.admission import _admit
from bidding.vault.models import Bid
from config.app import make_config
from config.openapi import PARAMETER
from expert_pool.selection import refused
from tests.bidding.vault.scene import CODE, LOT, Enterprise, Scene
from tests.helpers import hall_party, hall_user, valid_code
from trading import clock
from trading.accounts.models import LoginSession, User
from trading.acts import Actor, process, record
from trading.interfaces import IFileStore, ITimeStamper
from trading.ledger.service import latest_checkpoint
from trading.notices.models import Document
from trading.notices.service import keep_file, publish_notice, take_document
from trading.permissions import Role
from trading.security import token_hash

ROLES = [role.value for role in Role if role not in (Role.AGENT, Role.TENDERER)]
NAMES = ["甲方天河家具有限公司", "乙方 Red River Chairs", "丙方长江办公用品厂"]
PASSING = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?|\d{2}:\d{2}:\d{2}(\.\d+)?")
"""Instants."""
TOKEN = re.compile(r'(csrf[_-]token"[^>]*(?:value|content)=)"[^"]*"')


@dataclass
class Work:
    """What a request had the database do: statements, rows, and bytes of values other than instants and
    counters of the log."""

    statements: int = 0
    rows: int = 0
    size: int = 0


Seen = dict[tuple[str, str, str], tuple[Any, ...]]
"""By door, reader and query: status, text, and the work it took (statements, rows, bytes)."""


@dataclass
class Doors:
    """The hall under test: `scene` acts and commits, `asked` answers and changes nothing."""

    scene: Scene
    asked: Any
    readers: dict[str, dict[str, str]]
    enterprises: list[Enterprise]
    filled: dict[str, str]
    work: Work = field(default_factory=Work)
    made: Any = None
    """the configuration of the asked hall"""

    @property
    def secrets(self) -> list[str]:
        """What nobody may learn in connection with the tender."""
        found = []
        with self.scene.db() as db:
            for who in self.enterprises:
                login = db.get_one(User, who.bidder.user_id).login
                found += [who.name, who.bidder.uscc, login, str(who.bidder.user_id), who.certificate]
        return found

    def address(self, pattern: str) -> str:
        """An address of that pattern, about this tender where it is about one."""

        def part(match: re.Match[str]) -> str:
            exact = self.filled.get(f"{pattern} {match[1]}")
            return exact or self.filled.get(match[1], "1")

        return re.sub(r"\*(\w+)", "0/000", re.sub(PARAMETER, part, pattern))

    def ask(self, door: str, who: str, query: str = "") -> tuple[int, str, int, int, int]:
        """What a reader gets at a door, without what changes by itself, and the work it cost."""
        method, pattern = door.split(" ", 1)
        sent = dict(self.readers[who])
        if method != "GET":
            kind = "application/json" if pattern.startswith("/api/") else "application/x-www-form-urlencoded"
            sent |= {"Content-Type": kind}
        body = b"" if method == "GET" else b"{}" if pattern.startswith("/api/") else b"q=1"
        environ = {"REMOTE_ADDR": "192.0.2.1"}
        path = self.address(pattern) + query
        request = WsgiRequest.blank(path, environ, method=method, headers=sent, body=body)
        self.work = Work()
        response = request.get_response(self.asked)
        work, text = astuple(self.work), response.body.decode("utf-8", "replace")
        kept = [
            f"{n}: {v}"
            for n, v in response.headerlist
            if n.lower() not in ("set-cookie", "content-length", "etag", "last-modified")
        ]
        text = "\n".join(kept) + "\n" + text
        return response.status_int, TOKEN.sub(r"\1", PASSING.sub("", text)), *work

    def fetch(self, path: str) -> Any:
        """What everybody gets at an address."""
        return WsgiRequest.blank(path).get_response(self.asked)

    def snapshot(
        self,
        rows: dict[str, str],
        readers: Sequence[str] = (),
        only: Collection[tuple[str, str]] | None = None,
    ) -> Seen:
        """Everybody's answers at every door of the table that can be asked; with `only` at these (door, reader)."""
        self.keep_sessions()
        head = self.head()
        found = {}
        for door, check in rows.items():
            if check in ("static", "stream", "log"):
                continue
            queries = ["", "?q=" + quote(NAMES[0][2:4])] if check == "search" else [""]
            for who in readers or self.readers:
                for query in queries if only is None or (door, who) in only else ():
                    status, text, *work = self.ask(door, who, query)
                    if check == "head":
                        for words in head:
                            text = text.replace(words, "")
                    found[door, who, query] = status, text, *work
        return found

    def head(self) -> list[str]:
        """The words of the newest checkpoint, which moves with every leaf, dummies too."""
        with self.scene.db() as db:
            note = latest_checkpoint(db, witnessed=True)
        if note is None:
            return []
        lines = note.split("\n")
        root = base64.b64decode(lines[2]).hex()
        return [note, lines[2], root, f">{lines[1]}<"]

    def keep_sessions(self) -> None:
        with self.scene.db() as db:
            now = clock.real_now(db) + timedelta(minutes=9)
            db.execute(update(LoginSession).values(last_seen_at=now, stepped_up_at=now))
        self.scene.registry["queue"].flushall()

    def bid(self) -> list[Any]:
        """Every enterprise hands in a bid."""
        made = []
        for who in self.enterprises:
            made.append(self.scene.seal(who))
            self.scene.submit(who, made[-1])
        self.scene.keep_promises()
        return made

    def download(self) -> None:
        """An enterprise takes the documents."""
        with self.scene.db() as db:
            take_document(
                db, self.scene.registry, self.scene.registry["keys"], tender=CODE, lot=LOT, name="tender.pdf",
                address="192.0.2.7", user=str(self.enterprises[0].bidder.user_id),
            )  # fmt: skip

    def crowd(self, number: int) -> None:
        """As many admitted bids more, of enterprises without accounts here: their signatures would take long."""
        means = self.scene.means
        with self.scene.db() as db:
            tender = db.query(Tender).one()
            for n in range(number):
                digest = hashlib.sha256(b"crowd %d" % n).digest()
                bidder = vault.Bidder(
                    uuid4(), valid_code(900000 + n), f"第{n}家投标企业有限公司", "192.0.2.9"
                )
                row = Bid(id=uuid4(), tender_id=tender.id)
                now = clock.database_now(db)
                _admit(db, means, bidder, tender, row, "bid", 1, b"{}", digest, b"cms", now, {})
        self.scene.keep_promises()


def nothing_kept(request: Any, response: Any) -> bool:
    """Every request's transaction ends without effect."""
    return True


def furnish(scene: Scene) -> dict[str, str]:
    """Notice, documents, publication and entries of the tender; returns their names."""
    store = scene.registry.getUtility(IFileStore)
    with scene.db() as session:
        tender = session.query(Tender).one()
        template = drafts.kind_of(scene.registry).templates("zh_CN")[0]["key"]
        values = drafts.initial_values(scene.registry, template, clock.now())
        values["deadline"] = scene.deadline.isoformat()
        tender.form = DraftTender.model_validate(values).model_dump(mode="json")
        tender.published_at = clock.now()
        data = b"the tender document"
        session.add(
            Document(
                tender=CODE, name="tender.pdf", media_type="application/pdf", size=len(data),
                sha256=keep_file(store, data),
            )
        )  # fmt: skip
        notice = publish_notice(
            session, scene.registry["queue"], kind="tender", tender=CODE, title=tender.title, region="440300",
            body=b'{"v":1}', cms=b"p7s", at=clock.now(), shown={"deadline": clock.rfc3339(scene.deadline)},
        )  # fmt: skip
        session.add(
            Publication(
                tender_id=tender.id, basis="", policy=b"{}", evaluation=b"{}", documents=b'{"files":[]}', notice=b"{}",
                made_at=clock.now(),
            )
        )  # fmt: skip
        for type in ("tender.drafted", "tender.published"):
            record(session, process("scheduler"), type, CODE, {"title": tender.title, "kind": tender.kind})
        filled = {"/notices/{id} id": str(notice.id)}
    return filled | {
        f"/notices/{{id}}/notice.{end} id": filled["/notices/{id} id"] for end in ("json", "p7s")
    }


def signed_in(scene: Scene, people: dict[str, Any]) -> dict[str, dict[str, str]]:
    """For each person the headers of a browser that has just shown a one-time code."""
    found: dict[str, dict[str, str]] = {"nobody": {}}
    with scene.db() as session:
        now = clock.real_now(session)
        for name, user in people.items():
            session.add(
                LoginSession(
                    user_id=user, token_hash=token_hash(name), strength="totp", created_at=now,
                    last_seen_at=now, stepped_up_at=now, address="192.0.2.1", device="test",
                )
            )  # fmt: skip
            found[name] = {"Cookie": f"hall_session={name}; hall_csrf={name}", "X-CSRF-Token": name}
    return found


def counting(doors: Doors, engine: Any) -> None:
    """Count what the asked hall has its database do."""
    passing = {20, 23, 1184, 1114}
    """big and small integers (places in the log), instants"""

    @event.listens_for(engine, "after_cursor_execute")
    def count(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "ledger_cosig" in statement or "ledger_checkpoint" in statement:
            return
        if statement == "SELECT clock_timestamp()":
            return
        doors.work.statements += 1
        result = cursor.pgresult
        if result is None:
            return
        doors.work.rows += result.ntuples
        columns = [n for n in range(result.nfields) if result.ftype(n) not in passing]
        doors.work.size += sum(
            len(result.get_value(row, column) or b"") for row in range(result.ntuples) for column in columns
        )


def told_in_vain(registry: Any, actor: Actor, tender: str, door: str) -> None:
    """What is written apart, since a refusal rolls back: without effect too."""
    with Session(registry["sessions"].kw["bind"]) as apart:
        refused.tell(apart, actor, tender, door)
        apart.rollback()


@contextmanager
def asked_hall(scene: Scene) -> Iterator[Any]:
    """Another hall over the same database, whose requests leave no trace."""
    made = make_config(scene.registry.settings | {"tm.commit_veto": nothing_kept})
    made.registry.registerUtility(scene.stamper, ITimeStamper)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refused, "tell_apart", told_in_vain)
        yield made
    made.registry["sessions"].kw["bind"].dispose()


def stage(scene: Scene) -> tuple[dict[str, str], list[Enterprise], dict[str, Any]]:
    """The furnished tender, three enterprises, and one person of every kind."""
    filled = furnish(scene)
    enterprises = [scene.enterprise(name) for name in NAMES]
    people: dict[str, Any] = {
        role: hall_user(scene.config, role, party=hall_party(scene.config)).id for role in ROLES
    }
    with scene.db() as session:
        tender = session.query(Tender).one()
        people["the-agent"], owner = tender.agent_id, tender.tenderer
        people["the-tenderer"] = hall_user(scene.config, "tenderer", party=owner).id
    people["another-agent"] = hall_user(scene.config, "agent", party=hall_party(scene.config)).id
    people |= {f"bidder-{n}": who.bidder.user_id for n, who in enumerate(enterprises[:1])}
    for _ in range(2):
        scene.sequence()
    return filled | {"code": CODE, "topic": "tender", "name": "policy", "id": "0", "step": "qualification",
                     "/tenders/{code}/documents/{name} name": "tender.pdf", "index": "0",
                     "manifest": hashlib.sha256().hexdigest()}, enterprises, people  # fmt: skip
