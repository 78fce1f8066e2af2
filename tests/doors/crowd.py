"""What bidders do before the deadline besides bidding: securities, downloads, questions, queries, signing in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from webtest import TestApp

from bidding.deposits import service as deposits
from bidding.deposits.sealed import owner_of
from bidding.tenders import questions
from bidding.tenders.models import Tender
from tests.bidding.deposits.scene import Counter, with_bank
from tests.bidding.vault.scene import CODE, LOT, Scene
from tests.doors.staging import Enterprise
from trading import clock
from trading.accounts.models import LoginSession, User
from trading.acts import Actor
from trading.notices.service import take_document
from trading.parties.models import Party
from trading.security import token_hash
from trading.supervision import filing
from trading.supervision.filing import Filer

ADDRESS = "203.0.113.77"
"""where all of them sit"""
SECURITY = Decimal("1800.00")
TOTAL = "1987654321.09"
"""a price in their bids, and how else it may be written"""
WRITTEN = (TOTAL, "1,987,654,321.09", "198765432109", "壹拾玖亿捌仟柒佰陆拾伍万肆仟叁佰贰拾壹元零玖分")
SHEET = f'{{"total":"{TOTAL}","words":"{WRITTEN[3]}","shown":"{WRITTEN[1]}","fen":{WRITTEN[2]}}}'.encode()
FILES = "投标函-不可外传.pdf 技术方案-不可外传.docx ".encode() * 900
FILE_NAMES = ("投标函-不可外传.pdf", "技术方案-不可外传.docx")
WORDS = "第三章第七条的参数是否只有一家能够满足？"


@dataclass(frozen=True)
class Contact:
    """What can be told of an enterprise and its person besides name and code."""

    person: str
    phone: str
    mobile: str
    address: str
    head: str
    account: str


def contact_of(number: int) -> Contact:
    return Contact(
        f"端木投标人{number}", f"0755-2660{number}713", f"1390755{number}466", f"深圳市盐田区沙头角深盐路{number}07号",
        f"欧阳法定代表{number}", f"622255550000{number}19",
    )  # fmt: skip


def act(scene: Scene, enterprises: list[Enterprise]) -> dict[str, list[str]]:
    """Everything at once; returns by enterprise what may be found of nobody beside the tender."""
    bank = with_bank(scene.registry, scene.state)
    demand_security(scene)
    told: dict[str, list[str]] = {}
    for number, who in enumerate(enterprises):
        told[who.name] = introduce(scene, who, contact_of(number))
        take(scene, who)
        ask(scene, who)
        told[who.name] += pay(scene, bank, who, contact_of(number))
        query(scene, who)
    with scene.db() as session:
        assert len(deposits.collect(session, scene.registry)) == len(enterprises)
    fail_to_sign_in(scene, told[enterprises[0].name][1])
    return told


def introduce(scene: Scene, who: Enterprise, contact: Contact) -> list[str]:
    """Names a person, telephones and an address; the person signs in."""
    with scene.db() as session:
        user = session.get_one(User, who.bidder.user_id)
        user.name, user.phone = contact.person, contact.mobile
        party = session.scalars(select(Party).where(Party.uscc == who.bidder.uscc)).one()
        party.phone, party.address, party.legal_representative = contact.phone, contact.address, contact.head
        now = clock.real_now(session)
        session.add(
            LoginSession(
                user_id=user.id, token_hash=token_hash(f"at work {user.id}"), strength="totp", created_at=now,
                last_seen_at=now, stepped_up_at=now, address=ADDRESS, device="Firefox at work",
            )
        )  # fmt: skip
        return [
            str(party.id),
            user.login,
            contact.person,
            contact.phone,
            contact.mobile,
            contact.address,
            contact.head,
        ]


def take(scene: Scene, who: Enterprise) -> None:
    """The tender document is downloaded."""
    with scene.db() as session:
        take_document(
            session, scene.registry, scene.registry["keys"], tender=CODE, lot=LOT, name="tender.pdf", address=ADDRESS,
            user=str(who.bidder.user_id),
        )  # fmt: skip


def ask(scene: Scene, who: Enterprise, words: str = "") -> None:
    """A question about the documents, by default one that names its author."""
    with scene.db() as session:
        tender, keys = session.query(Tender).one(), scene.registry["keys"]
        questions.ask(session, keys, tender, who.bidder.user_id, ADDRESS, words or f"{who.name}问：{WORDS}")


def demand_security(scene: Scene) -> None:
    with scene.db() as session:
        session.query(Tender).one().security = SECURITY


def pay_all(scene: Scene, enterprises: list[Enterprise]) -> None:
    """Everybody's security is paid and found in the bank's list."""
    bank = with_bank(scene.registry, scene.state)
    for number, who in enumerate(enterprises):
        pay(scene, bank, who, contact_of(number))
    with scene.db() as session:
        assert len(deposits.collect(session, scene.registry)) == len(enterprises)


def pay(scene: Scene, bank: Counter, who: Enterprise, contact: Contact) -> list[str]:
    """The security comes from the base account; returns the numbers of both accounts."""
    with scene.db() as session:
        tender = session.query(Tender).one()
        party = session.scalars(select(Party).where(Party.uscc == who.bidder.uscc)).one()
        actor = actor_of(scene, who, contact)
        deposits.register_base_account(session, actor, party, "示例银行", contact.account)
        account = deposits.open_account(session, scene.registry, tender, party)
        number = owner_of(scene.registry["keys"], account).number
        bank.books.pay_in(number, f"{SECURITY:.2f}", party.name, contact.account)
    return [contact.account, number]


def actor_of(scene: Scene, who: Enterprise, contact: Contact) -> Actor:
    return Actor(who.bidder.user_id, contact.person, who.name, ADDRESS, scene.registry["keys"].pseudonym)


def query(scene: Scene, who: Enterprise) -> None:
    """An inquiry about the documents, and its author's name in it."""
    with scene.db() as session:
        party = session.scalars(select(Party).where(Party.uscc == who.bidder.uscc)).one()
        actor = Actor(who.bidder.user_id, who.name, who.name, ADDRESS, scene.registry["keys"].pseudonym)
        filer = Filer(who.bidder.user_id, who.name, party.id, who.name)
        filing.file_inquiry(
            session, scene.registry["keys"], actor, filer, session.query(Tender).one(), "documents",
            [f"{who.name}：{WORDS}"], "请更正",
        )  # fmt: skip


def fail_to_sign_in(scene: Scene, login: str) -> None:
    """A wrong password counts against the account and the address, in the queue server."""
    browser = TestApp(scene.config.make_wsgi_app(), extra_environ={"REMOTE_ADDR": ADDRESS})
    form = next(each for each in browser.get("/login").forms.values() if "password" in each.fields)
    form["login"], form["password"] = login, "wrong password"
    form.submit(status="*")
