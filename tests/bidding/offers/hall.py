"""A whole consultation or negotiation in this process: everybody's programs over HTTP, the hall's clock moved by the test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from webtest import TestApp

from bidding.tenders.models import Tender
from bidding.vault import key_statements
from bidding.vault.custodian_key import build_statement
from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.pieces import PIECE
from bidding.vault.policy import parse_policy
from bidding.vault.release import build_bidder_release
from config import audit, dossiers, installation, trust
from config.bidder import price_sheet
from plugins.x509_signatures.signer import FileSigner
from tests import tenders
from tests.bidding.evaluation.scored import Member
from tests.bidding.vault.scene import Enterprise, Scene, Sealed, Stamper
from tests.helpers import make_user
from trading import clock
from trading.accounts.models import User
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.hpke import X_WING
from trading.interfaces import ITimeStamper
from trading.ledger.service import inclusion
from trading.outbox import deliver

NAMES = ("甲公司", "乙公司", "丙公司", "丁公司")


@dataclass
class Supplier:
    """An enterprise with its program; `bids` are what it sealed, by the tender's code."""

    who: Enterprise
    program: Member
    bids: dict[str, Sealed] = field(default_factory=dict)

    @property
    def uscc(self) -> str:
        return self.who.bidder.uscc


@dataclass
class Play:
    """The hall, the tender and everybody who has to do with it."""

    scene: Scene
    app: TestApp
    code: str
    host: Member
    purchaser: Member
    suppliers: list[Supplier] = field(default_factory=list)
    group: list[Member] = field(default_factory=list)
    reserves: list[Member] = field(default_factory=list)

    @property
    def child(self) -> str:
        return f"{self.code}-F1"

    @property
    def head(self) -> Member:
        return self.group[0]

    def at(self, code: str) -> str:
        return f"/api/tenders/{code}"

    def tender(self, code: str = "") -> Tender:
        with self.scene.db() as session:
            found = session.scalars(select(Tender).where(Tender.code == (code or self.code))).one()
            session.expunge_all()
            return found

    def work(self, times: int = 4) -> None:
        """What worker and sequencer do, until nothing is due."""
        registry = self.scene.registry
        for turn in range(times):
            kept = deliver(registry["sessions"], registry, registry["handlers"])
            self.scene.sequence()
            if turn and not kept:
                return

    # -- suppliers ----------------------------------------------------------------------------------

    def supplier(self, name: str) -> Supplier:
        who = self.scene.enterprise(name)
        with self.scene.db() as session:
            user = session.get_one(User, who.bidder.user_id)
            key = create_api_key(session, process("test"), user.id, "test")
            session.expunge(user)
        found = Supplier(who, Member(self.app, user, key, "", self.at(self.code), who.signer))
        self.suppliers.append(found)
        return found

    def seal(self, supplier: Supplier, code: str, parts: Mapping[str, bytes]) -> Sealed:
        headers = {"Authorization": f"Bearer {supplier.program.key}"}
        policy = parse_policy(self.app.get(self.at(code) + "/policy", headers=headers).body)
        former = supplier.bids.get(code)
        seq = former.manifest.seq + 1 if former else 1
        sealed = self.scene.seal(supplier.who, parts, policy=policy, seq=seq)
        supplier.bids[code] = sealed
        return sealed

    def submit(self, supplier: Supplier, code: str, parts: Mapping[str, bytes]) -> Any:
        """Seal, upload and hand in over HTTP; returns the answer."""
        return self.hand_in(supplier, code, self.seal(supplier, code, parts))

    def hand_in(self, supplier: Supplier, code: str, bid: Sealed) -> Any:
        headers = {"Authorization": f"Bearer {supplier.program.key}"}
        body = {"tender": code, "manifest": b64(bid.raw), "cms": b64(bid.cms)}
        begun = self.app.post_json("/api/bids/uploads", body, headers=headers, status=201).json
        for part, numbers in begun["missing"].items():
            for n in numbers:
                piece = bid.parts[part][n * PIECE : (n + 1) * PIECE]
                more = {"X-Content-SHA256": sha256(piece).hex(), "Content-Type": "application/octet-stream"}
                self.app.put(f"/api/bids/uploads/{begun['upload']}/{part}/{n}", piece, headers=headers | more)
        address = f"/api/bids/uploads/{begun['upload']}/submit"
        return self.app.post_json(address, {}, headers=headers, status=202).json

    def decrypt(self, supplier: Supplier, code: str) -> None:
        bid = supplier.bids[code]
        raw = build_bidder_release(bid.manifest, "opening", bid.keys["opening"])
        cms = supplier.who.signer.sign(raw, clock.now())
        headers = {"Authorization": f"Bearer {supplier.program.key}"}
        body = {"tender": code, "release": b64(raw), "cms": b64(cms)}
        self.app.post_json("/api/bids/releases", body, headers=headers)

    # -- the hall -----------------------------------------------------------------------------------

    def close(self, code: str) -> None:
        """Pass the deadline; the hall goes on by itself."""
        self.scene.run_until(self.tender(code).deadline)
        self.work()
        self.scene.run_until(clock.now() + timedelta(seconds=12))
        self.work()

    def open(self, code: str) -> None:
        """Everybody who has sealed decrypts; the host signs the record."""
        self.close(code)
        for supplier in self.suppliers:
            if code in supplier.bids:
                self.decrypt(supplier, code)
        self.work()
        self.record(code)

    def record(self, code: str) -> Any:
        headers = {"Authorization": f"Bearer {self.host.key}"}
        address = self.at(code) + "/opening/record"
        raw = unb64(self.app.get(address, headers=headers).json["record"])
        return self.app.post_json(address, {"cms": self.host.sign(raw)}, headers=headers).json

    def seat(self, size: int = 3, reserves: int = 0) -> None:
        """The group sits down; the last one represents the purchaser. `reserves` more experts stand on its list."""
        registry = self.scene.registry
        with self.scene.db() as session:
            buyer = session.scalars(select(Tender).where(Tender.code == self.code)).one().tenderer
            for number in range(size + reserves):
                last = number == size - 1
                role = "tenderer" if last else "expert"
                user = make_user(session, role, party=buyer if last else None, keys=registry["keys"])
                key = create_api_key(session, process("test"), user.id, "test")
                signer = tenders.signer_of(session, registry, user)
                self.group.append(Member(self.app, user, key, "", self.at(self.code), signer))
            self.group, self.reserves = self.group[:size], self.group[size:]
            uscc = buyer.uscc
            session.flush()
            session.expunge_all()
        rows = [
            {"login": member.user.login, "name": member.user.name, "employer": uscc if n == size - 1 else "",
             "kind": "purchaser" if n == size - 1 else "expert", "head": n == 0}
            for n, member in enumerate([*self.group, *self.reserves])
        ]  # fmt: skip
        said = {
            "v": 1,
            "typ": "ebid.panel-list",
            "tender": self.code,
            "source": "Expert pool",
            "members": rows[:size],
            "reserves": rows[size:],
        }
        self.app.post(
            self.at(self.code) + "/panel", json.dumps(said).encode(), status=201,
            headers={"Authorization": f"Bearer {self.host.key}"}, content_type="application/json",
        )  # fmt: skip
        for member in self.group:
            member.post("/panel/sign-in")

    def review(self, no: Sequence[str] = ()) -> None:
        """Everybody votes yes on the present step, but for the bids of `no`."""
        for member in self.group:
            member.vote(no=no)

    # -- final offers -------------------------------------------------------------------------------

    def keys(self) -> None:
        """The custodians' keys for the final offers arrive."""
        with self.scene.db() as session:
            child = session.scalars(select(Tender).where(Tender.code == self.child)).one()
            deliver_keys(session, self.scene.registry, child)

    def call(self, minutes: int = 30) -> Any:
        """The head ends the talks, the keys arrive, the host signs the call."""
        self.head.post("/consultation/end", {"minutes": minutes})
        self.keys()
        return self.sign_call()

    def sign_call(self) -> Any:
        documents = self.host.get("/consultation/call")["documents"]
        signed = {f"{name}_cms": self.host.sign(unb64(row["data"])) for name, row in documents.items()}
        return self.host.post("/consultation/call", signed)

    def offer(self, supplier: Supplier, total: str, **more: Any) -> Any:
        """A supplier seals and hands in its final offer: one item at this price."""
        return self.submit(supplier, self.child, {"price-sheet": offer_sheet(total, **more)})

    def report(self) -> Any:
        """The report, signed by everybody and handed over."""
        report = self.head.get("/evaluation/report")
        for member in self.group:
            member.post("/evaluation/report", {"cms": member.sign(unb64(report["raw"]))})
        self.head.post("/evaluation/report/deliver")
        return report["result"]


def deliver_keys(session: Any, registry: Any, tender: Tender) -> None:
    """The custodians' statements, filed as their boxes hand them in."""
    now = clock.now()
    for row in json.loads(registry.settings["vault.custodians"]):
        raw = build_statement(
            tender=tender.code, lot=tender.lot.code, stage="opening", custodian=row["id"], org=row["org"],
            cert_sha256=row["cert_sha256"], index=row["index"], seed=tenders.custodian_seed(row["index"]),
            suite=X_WING, created=now, release_after=tender.deadline,
        )  # fmt: skip
        cms = tenders.custodian_signer(registry, row["id"]).sign(raw, now)
        key_statements.accept_statement(session, registry, raw, cms)
    session.flush()


def offer_sheet(total: str, **more: Any) -> bytes:
    row = {"name": "服务", "brand": "", "unit": "项", "quantity": "1", "unit_price": total}
    return price_sheet([row], 30, **more)


def make_play(
    config: Configurator, folder: Path, patch: pytest.MonkeyPatch, template: str, suppliers: int = 4,
    **changes: Any,
) -> Play:  # fmt: skip
    """A published tender by the method of the template, closing in an hour, and its suppliers' programs."""
    patch.setenv(clock.CLOCK_FILE, str(folder / "clock"))
    patch.setattr(tenders, "deliver_keys", deliver_keys)
    config.commit()
    stamper = Stamper(folder, config.registry.settings)
    config.registry.registerUtility(stamper, ITimeStamper)
    deadline: datetime = (clock.now() + timedelta(hours=1)).replace(microsecond=0)
    scene = Scene(config, folder, deadline, stamper)
    registry = config.registry

    def program(session: Any, user: User, signer: FileSigner, app: TestApp, base: str) -> Member:
        return Member(app, user, create_api_key(session, process("test"), user.id, "test"), "", base, signer)

    app = TestApp(config.make_wsgi_app())
    with scene.db() as session:
        buyers = tenders.make_buyers(session, registry)
        tender = tenders.published_tender(
            session, registry, buyers, timedelta(hours=1), template=template, **changes
        )
        code, base = tender.code, f"/api/tenders/{tender.code}"
        officer = make_user(session, "tenderer", party=buyers.purchaser, keys=registry["keys"])
        host = program(session, buyers.agent, buyers.signer, app, base)
        purchaser = program(session, officer, tenders.signer_of(session, registry, officer), app, base)
        session.flush()
        session.expunge_all()
    play = Play(scene, app, code, host, purchaser)
    for name in NAMES[:suppliers]:
        play.supplier(name)
    return play


def bundle_of(play: Play, folder: Path, *, public: bool = False) -> tuple[Path, Path]:
    """The audit bundle of the tender as it stands, and the trust file that the hall publishes."""
    seed, code = installation.log_key(play.scene.state), play.code
    registry = play.scene.registry
    play.work()
    with play.scene.db() as session:
        tender = dossiers.find(session, code)
        if (inner := tender.inner(session)) is not None:
            audit.append_manifest(session, registry, inner, sealed=False)
        entry = audit.append_manifest(session, registry, tender, sealed=False)
    play.work()
    with play.scene.db() as session:
        note = inclusion(session, entry, witnessed=True).note
    path, trusted = folder / f"{code}.tar", folder / "trust.json"
    with path.open("wb") as out:
        audit.write(registry, code, entry, note, out, public=public, seed=seed)
    trusted.write_text(json.dumps(trust.document(registry.settings)))
    return path, trusted
