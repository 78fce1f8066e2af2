"""An opening with real bids, keys and pages: acts really commit, the hall's clock is moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.opening.models import Opening
from bidding.tenders.models import Tender
from bidding.vault import closing, custody, releasing
from bidding.vault.encoding import b64
from bidding.vault.keys import custodian_seed
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import Bid
from bidding.vault.release import build_bidder_release, build_release
from bidding.vault.service import close_of
from config import installation
from plugins.x509_signatures.signer import FileSigner
from tests.bidding.vault.scene import CODE, LOT, Enterprise, Scene, Sealed
from tests.helpers import log_in
from tests.tenders import signer_of
from trading import clock
from trading.accounts.models import User
from trading.acts import Actor
from trading.ledger.canonical import dumps
from trading.outbox import deliver, promise


def sheet(total: str, period: int = 30) -> bytes:
    """A price sheet's opening form; the rest is the evaluation's matter."""
    return dumps(
        {"v": 1, "typ": "ebid.price-sheet", "opening": {"total": total, "words": "", "period_days": period}}
    )


def english(browser: TestApp) -> TestApp:
    """The same browser, wishing for English."""
    browser.extra_environ["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


@dataclass
class Stage:
    """The scene, its bidders and their bids, in the ledger's order."""

    scene: Scene
    bidders: list[Enterprise] = field(default_factory=list)
    bids: list[Sealed] = field(default_factory=list)

    def bid(self, name: str, content: bytes, *, work: bool = True) -> Enterprise:
        """An enterprise registers and hands in a bid; it comes into the log at once, or with the next `work()`."""
        who = self.scene.enterprise(name)
        sealed = self.scene.seal(
            who, {"price-sheet": content, "documents": b"the documents of " + name.encode()}
        )
        self.scene.submit(who, sealed)
        if work:
            self.scene.sequence()
        self.bidders.append(who)
        self.bids.append(sealed)
        return who

    def work(self) -> None:
        """What worker and sequencer do, until nothing is due."""
        registry = self.scene.registry
        for _ in range(4):
            deliver(registry["sessions"], registry, registry["handlers"])
            self.scene.sequence()

    def close(self) -> None:
        """Pass the deadline; the hall goes on by itself."""
        with self.scene.db() as session:
            self.tender(session).published_at = clock.now()
            promise(session, closing.CLOSE, {"tender": CODE}, self.scene.deadline)
        self.scene.run_until(self.scene.deadline)
        self.work()
        self.pass_time(12)
        self.work()

    def pass_time(self, seconds: int) -> None:
        self.scene.run_until(clock.now() + timedelta(seconds=seconds))

    def release(
        self, number: int, key: bytes | None = None, stage: str = "opening", *, work: bool = True
    ) -> None:
        """Bidder `number` gives its key of a stage, or another one; what follows of it is done at once, or
        with the next `work()`."""
        who, sealed = self.bidders[number], self.bids[number]
        raw = build_bidder_release(sealed.manifest, stage, key or sealed.keys[stage])
        actor = Actor(who.bidder.user_id, who.name, who.name, "192.0.2.7", b"secret")
        with self.scene.db() as session:
            cms = who.signer.sign(raw, clock.now())
            releasing.accept_bidder_release(session, self.scene.means, who.bidder, actor, CODE, raw, cms)
        if work:
            self.work()

    def custodian_releases(self, name: str) -> None:
        """A custodian releases what is asked of it."""
        with self.scene.db() as session:
            tender = self.tender(session)
            who = custody.custodian_named(self.scene.registry.settings, name)
            asked = custody.wanted_releases(session, tender, who)[0]["manifests"]
            close = close_of(session, tender)
            assert close is not None
            assert close.sha256
            rows = session.scalars(select(Bid).where(Bid.manifest_hash.in_(asked))).all()
            folder = installation.outside(self.scene.state) / name
            seed = custodian_seed((folder / "master.key").read_bytes(), CODE, LOT, "opening")
            raw = build_release(
                self.scene.policy,
                "opening",
                seed,
                [parse_manifest(row.manifest or b"") for row in rows],
                close_hash=bytes.fromhex(close.sha256),
                at=clock.now(),
            )
            cms = FileSigner.from_file(folder / "key.pem").sign(raw, clock.now())
            releasing.accept_release(session, self.scene.registry, raw, cms)
        self.work()

    def tender(self, session: Session) -> Tender:
        return session.scalars(select(Tender).where(Tender.code == CODE)).one()

    def opening(self) -> Opening:
        with self.scene.db() as session:
            found = session.scalars(select(Opening)).one()
            session.expunge(found)
            return found

    def browser(self, app: TestApp, who: Enterprise) -> TestApp:
        """The enterprise's person, signed in."""
        with self.scene.db() as session:
            login = session.get_one(User, who.bidder.user_id).login
        return english(log_in(app, self.scene.config, login))

    def host(self, app: TestApp) -> tuple[TestApp, FileSigner]:
        """The agent, signed in, with a certificate."""
        with self.scene.db() as session:
            agent = self.tender(session).agent
            signer = signer_of(session, self.scene.registry, session.get_one(User, agent.id))
            login = agent.login
        return english(log_in(app, self.scene.config, login)), signer

    def decide(self, browser: TestApp, number: int, fault: str) -> None:
        """The host decides whose fault it was that this bid was not opened."""
        page = browser.get(f"/tenders/{CODE}/opening/cases", status=200)
        mine = next(f for f in page.forms.values() if self.bids[number].manifest.hash.hex() in f.action)
        mine["fault"], mine["reason"] = fault, "As the evidence of the hall shows."
        mine.submit(status=303)

    def sign_record(self, browser: TestApp, signer: FileSigner) -> None:
        """The host signs what the page gives it to sign."""
        page = browser.get(f"/tenders/{CODE}/opening", status=200)
        form = next(form for form in page.forms.values() if "cms" in form.fields)
        form["cms"] = b64(signer.sign(self.opening().record or b"", clock.now()))
        form.submit(status=303)
