"""An evaluation room for tests: an opened tender with its bids, a committee, signatures that are stamps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation import papers, seats, service
from bidding.evaluation.models import Clarification, EvaluationReport
from bidding.evaluation.progress import Evaluation, load
from bidding.tenders.models import Tender
from bidding.vault.models import Bid, Outcome
from tests.bidding.evaluation.builders import rules_json, sheet
from tests.helpers import KEYS, make_party, make_user, numbers
from trading.accounts.models import Certificate, User
from trading.acts import Actor
from trading.clock import database_now
from trading.interfaces import ISignatureVerifier
from trading.ledger import canonical
from trading.ledger.service import entries_of
from trading.parties.models import Party
from trading.projects.models import Lot, Project
from trading.secrets import HallKeys

RULES = rules_json(
    budget="15000.00", items={"qualification": ["licence"], "conformity": ["terms"]},
    abnormal={"mean": "0.50", "second": "0.50", "ceiling": "0.45", "exclude_self": False},
)  # fmt: skip


def stamp(certificate: str, data: bytes) -> bytes:
    """Stands for a CMS: names the certificate and the data."""
    return f"{certificate}|{hashlib.sha256(data).hexdigest()}".encode()


@dataclass
class Stamps:
    """Judges stamps; `organisations` says whose each certificate is."""

    organisations: dict[str, str] = field(default_factory=dict)

    def verify(self, data: bytes, cms: bytes, at: object) -> Any:
        certificate, _, digest = cms.decode().partition("|")
        assert digest == hashlib.sha256(data).hexdigest(), "signed over something else"
        return SimpleNamespace(
            certificate_sha256=certificate, organisation_id=self.organisations.get(certificate, ""),
            certificate=certificate.encode(), chain=(), crls=(),
        )  # fmt: skip


class Registry(dict[str, Any]):
    """What services take from a hall: keys, no queue, the judge of stamps; no trustees for draws."""

    settings: dict[str, str] = {}

    def __init__(self, keys: HallKeys = KEYS) -> None:
        super().__init__(keys=keys, queue=None)
        self.stamps = Stamps()

    def getUtility(self, port: Any) -> Any:
        assert port is ISignatureVerifier
        return self.stamps

    def notify(self, event: Any) -> None:
        """No other room listens here."""


def certify(session: Session, user: User, party: Party | None = None) -> str:
    """A filed certificate of an account; returns its hash."""
    sha256, now = hashlib.sha256(str(user.id).encode()).hexdigest(), database_now(session)
    session.add(
        Certificate(
            user_id=user.id,
            party_id=party.id if party else None,
            sha256=sha256,
            chain_pem="",
            subject="s",
            issuer="i",
            serial=sha256[:8],
            not_before=now - timedelta(days=1),
            not_after=now + timedelta(days=365),
            enrolled_at=now,
        )  # fmt: skip
    )
    session.flush()
    return sha256


def make_tender(session: Session, state: str = "opened", **changes: Any) -> Tender:
    """A tender whose bids are opened; `rules` and `form` as given."""
    party, agency, now = make_party(session), make_party(session), database_now(session)
    number = next(numbers)
    project = Project(code=f"P-{number}", deal_code=f"D-{number}", name="Desks", kind="procurement",
                      region="440300", owner=party, budget=changes.pop("budget", Decimal(100_000)),
                      created_at=now)  # fmt: skip
    lot = Lot(project=project, number=1, code=f"L-{number}", name="Desks", budget=Decimal(100_000),
              ceiling=Decimal(100_000))  # fmt: skip
    tender = Tender(
        code=f"T-{number}", kind="procurement", state=state, title="课桌椅采购", title_en="Desks", lot=lot,
        tenderer=party, agency=agency, agent=make_user(session, "agent", party=agency), method="lowest-price",
        budget=Decimal(100_000), ceiling=Decimal(100_000), security=Decimal(0), form=changes.pop("form", {}),
        rules=changes.pop("rules", RULES), rulebook_version="1", rulebook_hash="00",
        deadline=now - timedelta(hours=1), opens_at=now - timedelta(hours=1), bidder_window_s=1800,
        created_at=now, **changes,
    )  # fmt: skip
    session.add(tender)
    session.flush()
    return tender


def add_bid(session: Session, tender: Tender, price_sheet: Any, party: Party | None = None) -> Party:
    """A valid bid that was opened with this price sheet (bytes stay as they are)."""
    party = party or make_party(session)
    number = next(numbers)
    manifest = hashlib.sha256(f"bid {number}".encode()).hexdigest()
    bid = Bid(
        tender_id=tender.id, ref=f"R-{number}", owner_key=b"", entry_id=number, sealed=b"", kind="bid",
        status="valid", bidder_uscc=party.uscc, bidder_name=party.name, manifest_hash=manifest,
        received_at=database_now(session),
    )  # fmt: skip
    session.add(bid)
    session.flush()
    raw = price_sheet if isinstance(price_sheet, bytes) else canonical.dumps(price_sheet)
    session.add(
        Outcome(
            bid_id=bid.id,
            outcome="OK",
            opened_by="bidder",
            evidence={},
            price_sheet=raw,
            decided_at=database_now(session),
        )  # fmt: skip
    )
    session.flush()
    return party


@dataclass
class Room:
    """One tender's evaluation, with hands for everybody in it."""

    session: Session
    registry: Registry
    tender: Tender
    bidders: list[Party]
    people: list[User]
    """the members, by seat"""

    def actor(self, user: User) -> Actor:
        return Actor(user.id, user.name, "", "127.0.0.1", self.registry["keys"].pseudonym)

    @property
    def agent(self) -> Actor:
        return self.actor(self.tender.agent)

    def list_file(self, **changes: Any) -> bytes:
        members = [
            {"login": user.login, "name": user.name, "employer": self.tender.tenderer.uscc if n == 4 else "",
             "kind": "purchaser" if n == 4 else "expert", "head": n == 0}
            for n, user in enumerate(self.people)
        ]  # fmt: skip
        document = {"v": 1, "typ": "ebid.panel-list", "tender": self.tender.code, "source": "Expert pool",
                    "members": members}  # fmt: skip
        return json.dumps(document | changes).encode()

    def members(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.list_file())["members"]
        return found

    def import_panel(self) -> None:
        seats.import_panel(self.session, self.registry, self.agent, self.tender.code, self.list_file())

    def seat_all(self) -> None:
        self.import_panel()
        for user in self.people:
            seats.sign_in(self.session, self.registry, self.actor(user), self.tender.code)

    @property
    def found(self) -> Evaluation:
        self.session.expire_all()
        return load(self.session, self.registry["keys"], self.tender)

    @property
    def phase(self) -> str:
        return str(self.found.phase(database_now(self.session)))

    def own_certificate(self, user: User) -> str:
        return str(
            self.session.scalars(select(Certificate.sha256).where(Certificate.user_id == user.id)).one()
        )

    def votes(self, step: str, against: Sequence[str] = (), reason: str = "missing") -> list[dict[str, Any]]:
        """Votes on everything that a step is about; no to the bids of `against`."""
        found = self.found
        if step == papers.ABNORMAL:
            return [{"bid": bid, "accepted": bid not in against, "reason": "calculation"}
                    for bid in found.subjects(step)]  # fmt: skip
        return [
            {"bid": bid, "item": item, "pass": bid not in against, "reason": reason if bid in against else ""}
            for bid in found.subjects(step)
            for item in found.items(step)
        ]

    def vote(
        self, user: User, step: str, against: Sequence[str] = (), findings: Sequence[dict[str, Any]] = (),
        **more: Any,
    ) -> None:  # fmt: skip
        actor = self.actor(user)
        raw = service.draft_review(
            self.session, self.registry, actor, self.tender, step, self.votes(step, against, **more), findings
        )
        cms = stamp(self.own_certificate(user), raw)
        service.sign_review(self.session, self.registry, actor, self.tender.code, step, raw, cms)

    def all_vote(self, step: str, against: Sequence[str] = (), **more: Any) -> None:
        for user in self.people:
            self.vote(user, step, against, **more)

    def review_all(self) -> None:
        """Everybody passes everything."""
        self.all_vote("qualification")
        self.all_vote("conformity")

    def questions(self) -> list[Clarification]:
        return self.found.questions

    def answer(self, question: Clarification, text: str = "", confirmed: bool | None = None) -> None:
        """The bidder's own person answers, with a certificate of the enterprise."""
        bid = self.session.get_one(Bid, question.bid_id)
        party = next(each for each in self.bidders if each.uscc == bid.bidder_uscc)
        user = make_user(self.session, "bidder", party=party)
        certificate = certify(self.session, user, party)
        self.registry.stamps.organisations[certificate] = party.uscc
        raw = text.encode()
        if question.kind == "correction":
            raw = service.questions.confirmation_document(
                self.tender, bid.manifest_hash or "", question.total, bool(confirmed)
            )
        service.answer(
            self.session, self.registry, self.actor(user), self.tender.code, question.id.hex,
            uscc=party.uscc, cms=stamp(certificate, raw), text=text, confirmed=confirmed,
        )  # fmt: skip

    def time_is_up(self) -> None:
        """The time to answer passes, and the promise is kept."""
        for question in self.questions():
            question.due_at = database_now(self.session) - timedelta(seconds=1)
        self.session.flush()
        service.question_due(self.session, self.registry, {"tender": self.tender.code})

    def report(self) -> EvaluationReport:
        found = self.found.report
        assert found is not None, f"no report in phase {self.phase}"
        return found

    def sign_all(self) -> None:
        for user in self.people:
            cms = stamp(self.own_certificate(user), self.report().raw)
            service.sign_report(self.session, self.registry, self.actor(user), self.tender.code, cms)

    def deliver(self) -> None:
        head = self.actor(self.people[0])
        service.deliver(self.session, self.registry, head, self.tender.code)

    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = canonical.loads(self.report().raw)["result"]
        return found

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of the tender's entries of a type."""
        trail = entries_of(self.session, self.tender.code)
        found = [entry.payloads[0] for entry in trail if entry.entry.type == kind]
        return [payload.document or {} for payload in found if payload is not None]


def make_room(session: Session, sheets: Sequence[Any] = (), keys: HallKeys = KEYS, **changes: Any) -> Room:
    """An opened tender with a bid for each sheet (default: three plain ones), five people for the committee."""
    tender = make_tender(session, **changes)
    sheets = sheets or [sheet("9000.00"), sheet("10000.00"), sheet("11000.00")]
    bidders = [add_bid(session, tender, each) for each in sheets]
    people = [make_user(session, "expert", keys=keys) for _ in range(4)]
    people.append(make_user(session, "tenderer", party=tender.tenderer, keys=keys))
    for user in people:
        certify(session, user)
    return Room(session, Registry(keys), tender, bidders, people)
