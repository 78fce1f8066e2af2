"""An evaluated tender for tests of awards and supervision: rows as the rooms before leave them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from bidding.awards import candidates, service
from bidding.awards.models import Award
from bidding.evaluation.models import EvaluationReport
from bidding.tenders.models import Tender
from bidding.vault.models import Bid, Outcome
from expert_pool.selection.models import Panel, PanelMember
from plugins.x509_signatures.signer import FileSigner
from tests.helpers import make_party, make_user
from tests.tenders import Buyers, actor_for, make_buyers, published_tender, signer_of
from trading.accounts.models import User
from trading.acts import Actor, process, record
from trading.clock import database_now, rfc3339
from trading.ledger import canonical
from trading.parties.models import Party

PRICES = ("980000.00", "1010000.00", "1020000.00", "1030000.00")
"""Of the ranked bidders; one more bidder is not qualified, one could not be opened."""


@dataclass
class Evaluated:
    """The tender, its buyers, the purchaser's officer, and the bidders in rank order (then the others)."""

    tender: Tender
    buyers: Buyers
    officer: User
    officer_signer: FileSigner
    bidders: list[Party]
    manifests: list[str]

    def officer_actor(self, registry: Any) -> Actor:
        return actor_for(registry, self.officer, self.buyers.purchaser.name)


def evaluated_tender(
    session: Session, registry: Any, *, ranked: int = len(PRICES), record_acts: bool = True
) -> Evaluated:
    """A tender whose report is delivered: `ranked` bidders in order, one not qualified, one not opened."""
    buyers = make_buyers(session, registry)
    tender = published_tender(session, registry, buyers, closes_in=timedelta(hours=1))
    officer = make_user(session, "tenderer", party=buyers.purchaser, keys=registry["keys"], name="采购人代表")
    bidders = [make_party(session) for _ in range(ranked + 2)]
    rows = [_bid(session, tender, party, n) for n, party in enumerate(bidders)]
    at = database_now(session)
    for number, row in enumerate(rows):
        opened = number <= ranked
        session.add(
            Outcome(
                bid_id=row.id, outcome="OK" if opened else "REVOKED", opened_by="bidder" if opened else "", fault="",
                evidence={}, price_sheet=None, stage_key=None, decided_at=at,
            )
        )  # fmt: skip
    _report(session, tender, bidders, ranked)
    _committee(session, registry, tender)
    tender.state = "evaluated"
    session.flush()
    made = Evaluated(
        tender,
        buyers,
        officer,
        signer_of(session, registry, officer),
        bidders,
        [row.manifest_hash or "" for row in rows],
    )
    if record_acts:
        record(
            session,
            process("scheduler"),
            "tender.closed",
            tender.code,
            {"deadline": rfc3339(at), "at": rfc3339(at)},
            at,
        )
        payload = {"inputs": "0" * 64, "report": "0" * 64, "signatures": []}
        record(session, buyers.actor, "evaluation.reported", tender.code, payload, at)
    return made


def _bid(session: Session, tender: Tender, party: Party, number: int) -> Bid:
    manifest = canonical.dumps({"tender": tender.code, "bidder": party.uscc, "n": number})
    row = Bid(
        tender_id=tender.id, ref=os.urandom(8).hex(), owner_key=os.urandom(32), upload_id=None, entry_id=0,
        sealed=b"", kind="bid", status="valid", bidder_uscc=party.uscc, bidder_name=party.name,
        manifest_hash=hashlib.sha256(manifest).hexdigest(), manifest=manifest, cms=b"", received_at=database_now(session),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _report(session: Session, tender: Tender, bidders: list[Party], ranked: int) -> None:
    votes = [
        {"member": f"m{n}", "pass": n > 3, "reason": "" if n > 3 else "营业执照已过期"} for n in range(1, 6)
    ]
    decided = {"qualification": [{"item": "营业执照", "votes": votes}], "conformity": []}
    rows = [
        {
            "id": party.uscc,
            "rank": rank,
            "bid_price": price,
            "evaluation_price": price,
            "evaluation_exact": price,
        }
        for rank, (party, price) in enumerate(zip(bidders[:ranked], PRICES, strict=False), 1)
    ]
    unqualified = bidders[ranked].uscc
    inputs = canonical.dumps(
        {"rules": tender.rules, "bids": [{"id": unqualified, "sheet": None, "decisions": decided}]}
    )
    rejected = [{"id": unqualified, "ground": "not-qualified", "article": "M87 63(3)"}]
    result = {"outcome": "ranked", "ranking": rows, "rejected": rejected}
    raw = canonical.dumps({"v": 1, "typ": "ebid.report", "tender": tender.code, "result": result})
    at = database_now(session)
    session.add(
        EvaluationReport(
            tender_id=tender.id, inputs=inputs, raw=raw, sha256=hashlib.sha256(raw).hexdigest(), drawn_up_at=at,
            delivered_at=at,
        )
    )  # fmt: skip
    session.flush()


def _committee(session: Session, registry: Any, tender: Tender) -> None:
    at = database_now(session)
    panel = Panel(
        tender=tender.code, source="test", list_sha256="", panel_sha256="", sealed=b"", size=1, imported_at=at
    )
    session.add(panel)
    session.flush()
    member = make_user(session, "expert", keys=registry["keys"], name="评委甲")
    session.add(
        PanelMember(
            panel_id=panel.id,
            seat=1,
            user_id=member.id,
            member="m1",
            kind="expert",
            head=True,
            signed_in_at=at,
        )
    )
    session.flush()


def publish_award(session: Session, registry: Any, made: Evaluated) -> Award:
    """The purchaser's officer signs and publishes."""
    draft = service.prepare(session, made.tender)
    at = database_now(session)
    signed = {name: made.officer_signer.sign(data, at) for name, data in service.signed_bytes(draft).items()}
    return service.publish(
        session, registry, made.officer_actor(registry), made.officer.id, made.officer.party_id, made.tender,
        signed["award"], signed.get("result"),
    )  # fmt: skip


def standing(session: Session, made: Evaluated) -> candidates.Standing:
    return candidates.load(session, made.tender)
