"""A hall with a published tender, its outside parties in this process, and enterprises that bid."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import transaction
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyramid.config import Configurator
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.vault import admission, uploads
from bidding.vault.custodian_key import build_statement
from bidding.vault.encoding import sha256
from bidding.vault.keys import custodian_seed
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.models import CustodianKey, SealPolicy
from bidding.vault.pieces import PIECE
from bidding.vault.policy import Part, Policy, StagePlan, build_policy, parse_policy
from bidding.vault.seal import PartInput, SealedBid, seal_bid
from bidding.vault.service import Bidder, Means
from config import installation
from plugins.demo_ca.authority import DemoCA
from plugins.timestamping import judge_from
from plugins.timestamping.simulator import Authority
from plugins.timestamping.tokens import BadToken, request, token_of
from plugins.x509_signatures.signer import FileSigner
from tests.helpers import make_party, make_user
from trading import clock
from trading.accounts.certificates import keep
from trading.acts import process
from trading.errors import refuse
from trading.interfaces import ITimeStamper
from trading.ledger.canonical import dumps, loads
from trading.ledger.checkpoint import cosign
from trading.ledger.folder import TileFolder
from trading.ledger.models import LedgerCheckpoint, LedgerCosig
from trading.ledger.sequencer import Sequencer
from trading.outbox import deliver
from trading.projects.models import Lot, Project

CODE, LOT = "T-1", "T-1-01"
SHEET = b'{"total":"98765.43","marker":"a price nobody may read"}'
FILES = b"the documents " * 4000


class Stamper:
    """The demonstration's time-stamping authority without its HTTP; `down` makes it fail."""

    def __init__(self, state: Path, settings: Mapping[str, Any]) -> None:
        self._authority = Authority(installation.outside(state) / "tsa")
        self._judge = judge_from(settings)
        self.down = False

    def stamp(self, digest: bytes) -> bytes:
        if self.down:
            raise RuntimeError("the authority is away")
        query = request(digest, 7)
        return token_of(self._authority.answer(query), query)

    def verify(self, token: bytes, digest: bytes) -> datetime:
        try:
            return self._judge.gen_time(token, digest)
        except BadToken as error:
            raise refuse("timestamp.invalid", str(error)) from error


@dataclass
class Enterprise:
    """An enterprise that bids: its account, its certificate key, and who it is to the vault."""

    name: str
    bidder: Bidder
    signer: FileSigner
    key_file: Path

    @property
    def certificate(self) -> str:
        return sha256(self.signer.certificate.public_bytes(Encoding.DER)).hex()


@dataclass
class Sealed:
    """A sealed and signed bid in memory."""

    raw: bytes
    manifest: Manifest
    cms: bytes
    keys: Mapping[str, bytes]
    parts: Mapping[str, bytes]


@dataclass
class Scene:
    """A hall of the test's own with one published tender, `CODE`; acts really commit."""

    config: Configurator
    state: Path
    deadline: datetime
    stamper: Stamper
    policy: Policy = field(init=False)

    @property
    def registry(self) -> Any:
        return self.config.registry

    @property
    def means(self) -> Means:
        return Means.of(self.registry)

    @contextmanager
    def db(self) -> Iterator[Session]:
        """A unit of work that commits."""
        session = self.registry["sessions"]()
        try:
            with transaction.manager:
                yield session
        finally:
            session.close()

    def run_until(self, instant: datetime) -> None:
        """Move the hall's clock so that it is `instant` or a little later."""
        ahead = instant - (clock.now() - clock.offset())
        Path(os.environ[clock.CLOCK_FILE]).write_text(str(-int(-ahead.total_seconds() // 1)))

    def ca(self) -> DemoCA:
        return DemoCA.create(installation.outside(self.state) / "ca")

    def enterprise(self, name: str) -> Enterprise:
        """A registered enterprise with one account and one certificate."""
        with self.db() as session:
            party = make_party(session, name)
            user = make_user(session, "bidder", party=party, keys=self.registry["keys"])
            path = self.state / "bidders" / f"{party.uscc}.pem"
            chain = self.ca().issue_key_file(
                path, common_name=user.name, organisation=name, organisation_id=party.uscc
            )
            keep(
                session, process("test"), user, x509.load_pem_x509_certificates(chain), "certificate.enrolled"
            )
            bidder = Bidder(user.id, party.uscc, name, "192.0.2.7")
        return Enterprise(name, bidder, FileSigner.from_file(path), path)

    def seal(self, who: Enterprise, parts: Mapping[str, bytes] | None = None, **more: Any) -> Sealed:
        """A bid of that enterprise, sealed and signed on its own device."""
        parts = parts or {"price-sheet": SHEET, "documents": FILES}
        out = {name: io.BytesIO() for name in parts}
        policy = more.pop("policy", None) or self.policy
        bid: SealedBid = seal_bid(
            policy,
            bidder_id=more.pop("bidder_id", who.bidder.uscc),
            cert_sha256=more.pop("certificate", who.certificate),
            parts=[PartInput(n, len(data), io.BytesIO(data), out[n]) for n, data in parts.items()],
            rng=os.urandom,
            **more,
        )
        cms = who.signer.sign(bid.manifest, clock.now())
        ciphertexts = {name: sink.getvalue() for name, sink in out.items()}
        return Sealed(bid.manifest, parse_manifest(bid.manifest), cms, bid.keys, ciphertexts)

    def upload(self, who: Enterprise, bid: Sealed) -> UUID:
        """Send every piece of it."""
        with self.db() as session:
            tender = session.query(Tender).filter_by(code=CODE).one()
            upload = uploads.start_upload(session, self.means, who.bidder, tender, bid.raw, bid.cms).id
        for part, data in bid.parts.items():
            for number in range(-(-len(data) // PIECE)):
                piece = data[number * PIECE : (number + 1) * PIECE]
                self.send(who, upload, part, number, piece)
        return upload

    def send(self, who: Enterprise, upload: UUID, part: str, number: int, piece: bytes) -> None:
        with self.db() as session:
            digest = sha256(piece).hex()
            uploads.put_piece(session, self.means, who.bidder, upload, part, number, piece, digest)

    def submit(self, who: Enterprise, bid: Sealed) -> str:
        """Upload and hand in; returns the reference."""
        upload = self.upload(who, bid)
        with self.db() as session:
            return admission.submit(session, self.means, who.bidder, upload).ref

    def keep_promises(self) -> int:
        """Keep everything that is due now, as the worker does; the opening is not this room's."""
        handlers = self.registry["handlers"] | dict.fromkeys(("opening.start", "opening.try"), nothing)
        return deliver(self.registry["sessions"], self.registry, handlers)

    def sequence(self, witness: bool = True) -> None:
        """One tick of the sequencer, and the witness's cosignature of what it signed."""
        url = self.registry.settings["database.url"].replace("postgresql+psycopg://", "postgresql://")
        files = TileFolder(Path(self.registry.settings["ledger.folder"]))
        with psycopg.connect(url, autocommit=True) as connection:
            origin = self.registry.settings["ledger.origin"]
            *older, key = installation.log_keys(self.state)
            sequencer = Sequencer(connection, files, key, origin, older=older)
            sequencer.recover()
            sequencer.step()
        if witness:
            seed = (installation.outside(self.state) / "witness" / "key").read_bytes()
            with self.db() as session:
                newest = session.query(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).first()
                if session.get(LedgerCosig, (newest.size, installation.WITNESS)) is None:
                    line = cosign(newest.note, installation.WITNESS, seed, int(clock.now().timestamp()))
                    session.add(LedgerCosig(size=newest.size, witness=installation.WITNESS, line=line))

    def close(self) -> None:
        """Pass the deadline and have the whole close done."""
        self.run_until(self.deadline)
        for _ in range(3):
            self.keep_promises()
            self.sequence()
            self.run_until(clock.now() + timedelta(seconds=12))
        self.keep_promises()

    def custodian_signer(self, name: str) -> FileSigner:
        return FileSigner.from_file(installation.outside(self.state) / name / "key.pem")


def nothing(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Stands for another room's handler."""


@pytest.fixture
def scene(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A hall whose tender is published and takes bids for another hour."""
    monkeypatch.setenv(clock.CLOCK_FILE, str(tmp_path / "clock"))
    config.commit()
    stamper = Stamper(tmp_path, config.registry.settings)
    config.registry.registerUtility(stamper, ITimeStamper)
    deadline = (clock.now() + timedelta(hours=1)).replace(microsecond=0)
    made = Scene(config, tmp_path, deadline, stamper)
    publish(made)
    return made


def publish(scene: Scene) -> None:
    """The tender's rows as they stand after its publication, with real keys and signatures."""
    state, settings = scene.state, scene.registry.settings
    custodians = json.loads(settings["vault.custodians"])
    with scene.db() as session:
        tender = draft(session, scene)
        statements = [statement(state, tender, custodian) for custodian in custodians]
        for custodian, (raw, cms) in zip(custodians, statements, strict=True):
            session.add(
                CustodianKey(
                    tender_id=tender.id,
                    stage="opening",
                    index=custodian["index"],
                    custodian=custodian["id"],
                    raw=raw,
                    cms=cms,
                    received_at=clock.now(),
                )
            )
        policy = build_policy(
            tender=CODE,
            lot=LOT,
            deadline=scene.deadline,
            open_at=scene.deadline,
            log=settings["ledger.origin"],
            log_key=settings["ledger.vkey"],
            receipt_key=scene.registry["keys"].receipt.public_key().public_bytes_raw(),
            witnesses=[(name, key) for name, _, key in json.loads(settings["ledger.witnesses"])],
            tsa=[],
            stages=[
                StagePlan("opening", "either", 2, 3, [raw for raw, _ in statements], bidder_window_s=600)
            ],
            parts=[
                Part("price-sheet", "opening", 1 << 20, True),
                Part("documents", "opening", 1 << 30, False),
            ],
        )
        scene.policy = parse_policy(policy)
        signer = tenderer_signer(scene)
        session.add(
            SealPolicy(
                tender_id=tender.id,
                version=1,
                sha256=scene.policy.hash.hex(),
                raw=policy,
                cms=signer.sign(policy, clock.now()),
                signed_at=clock.now(),
            )
        )
        tender.policy_hash, tender.state = scene.policy.hash.hex(), "published"


def replace_policy(scene: Scene, mode: str) -> None:
    """The tender gets another policy, signed by the tenderer: from now on only that one counts."""
    former = loads(scene.policy.raw)
    stages = [stage | {"mode": mode} for stage in former["stages"]]
    version = {"version": scene.policy.version + 1, "replaces": scene.policy.hash.hex()}
    scene.policy = parse_policy(dumps(former | version | {"stages": stages}))
    with scene.db() as session:
        tender = session.query(Tender).filter_by(code=CODE).one()
        cms = tenderer_signer(scene).sign(scene.policy.raw, clock.now())
        tender.policy_hash = scene.policy.hash.hex()
        session.add(
            SealPolicy(
                tender_id=tender.id, version=scene.policy.version, sha256=tender.policy_hash, raw=scene.policy.raw,
                cms=cms, signed_at=clock.now(),
            )
        )  # fmt: skip


def tenderer_signer(scene: Scene) -> FileSigner:
    path = scene.state / "tenderer.pem"
    if not path.exists():
        scene.ca().issue_key_file(path, common_name="Agent", organisation="Agency")
    return FileSigner.from_file(path)


def draft(session: Session, scene: Scene) -> Tender:
    owner, agency = make_party(session), make_party(session)
    agent = make_user(session, "agent", party=agency, keys=scene.registry["keys"])
    project = Project(
        code="P-1", deal_code="D-1", name="Chairs", kind="procurement", region="440300", owner=owner,
        budget=Decimal(200000), created_at=clock.now(),
    )  # fmt: skip
    lot = Lot(
        project=project, number=1, code=LOT, name="Chairs", budget=Decimal(200000), ceiling=Decimal(190000)
    )
    tender = Tender(
        code=CODE, kind="procurement", state="draft", title="Chairs for schools", lot=lot, tenderer=owner,
        agency=agency, agent=agent, method="lowest-price", budget=Decimal(200000), ceiling=Decimal(190000),
        security=Decimal(0), form={"item_name": ["Chair"], "item_unit": ["piece"], "item_quantity": ["100"], "core_item": 1},
        rules={}, rulebook_version="1", rulebook_hash="0" * 64, deadline=scene.deadline, opens_at=scene.deadline,
        bidder_window_s=600, created_at=clock.now(),
    )  # fmt: skip
    session.add(tender)
    session.flush()
    return tender


def statement(
    state: Path, tender: Tender, custodian: Mapping[str, Any], **changes: Any
) -> tuple[bytes, bytes]:
    """A custodian's signed key statement, from its own folder."""
    folder = installation.outside(state) / custodian["id"]
    raw = build_statement(
        **{
            "tender": tender.code,
            "lot": tender.lot.code,
            "stage": "opening",
            "custodian": custodian["id"],
            "org": custodian["org"],
            "cert_sha256": custodian["cert_sha256"],
            "index": custodian["index"],
            "seed": custodian_seed(
                (folder / "master.key").read_bytes(), tender.code, tender.lot.code, "opening"
            ),
            "created": clock.now(),
            "release_after": tender.deadline,
            **changes,
        }
    )
    (folder / "statements").mkdir(exist_ok=True)
    (folder / "statements" / f"{sha256(raw).hex()}.json").write_bytes(raw)
    return raw, FileSigner.from_file(folder / "key.pem").sign(raw, clock.now())
