"""Tenders for tests: an agent with a certificate, custodians that have delivered their keys, a published tender."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from sqlalchemy.orm import Session

from bidding.tenders import drafts, publication
from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Override, Tender
from bidding.tenders.readiness import publishable
from bidding.vault.custodian_key import build_statement
from bidding.vault.models import CustodianKey
from plugins.demo_ca.authority import DemoCA
from plugins.x509_signatures.signer import FileSigner
from tests.helpers import make_party, make_user, numbers
from trading.accounts import certificates
from trading.accounts.models import User
from trading.acts import Actor, process
from trading.clock import database_now
from trading.hpke import X_WING
from trading.parties.models import Party


def demo_ca(registry: Any) -> DemoCA:
    """The authority that this hall trusts (made by the `settings` fixture)."""
    return DemoCA.create(Path(registry.settings["hall.state"]) / "outside" / "ca")


def signer_of(session: Session, registry: Any, user: User) -> FileSigner:
    """A certificate of the demo CA, filed with the account, and its key."""
    party = session.get(Party, user.party_id) if user.party_id else None
    path = Path(registry.settings["hall.state"]) / "keys" / f"{next(numbers)}.key.pem"
    chain = demo_ca(registry).issue_key_file(
        path,
        common_name=user.name,
        organisation=party.name if party else "",
        organisation_id=party.uscc if party else "",
    )
    certificates.keep(
        session, process("test"), user, x509.load_pem_x509_certificates(chain), "certificate.enrolled"
    )
    return FileSigner.from_file(path)


def actor_for(registry: Any, user: User, organisation: str = "") -> Actor:
    """The user as the ledger knows them, from a test address."""
    return Actor(user.id, user.name, organisation, "192.0.2.7", registry["keys"].pseudonym)


def custodian_seed(index: int) -> bytes:
    """The secret behind a synthetic custodian's key for every tender of the tests."""
    return bytes([0x40 + index]) * 32


def custodian_signer(registry: Any, custodian: str) -> FileSigner:
    """The custodian's certificate key, made by the `settings` fixture."""
    return FileSigner.from_file(Path(registry.settings["hall.state"]) / "outside" / custodian / "key.pem")


def deliver_keys(session: Session, registry: Any, tender: Tender, *indexes: int) -> None:
    """The custodians' signed key statements (all three, or those named) arrive."""
    now = database_now(session)
    for row in json.loads(registry.settings["vault.custodians"]):
        if indexes and row["index"] not in indexes:
            continue
        raw = build_statement(
            tender=tender.code, lot=tender.lot.code, stage="opening", custodian=row["id"], org=row["org"],
            cert_sha256=row["cert_sha256"], index=row["index"], seed=custodian_seed(row["index"]), suite=X_WING,
            created=now, release_after=tender.deadline,
        )  # fmt: skip
        session.add(
            CustodianKey(
                tender_id=tender.id, stage="opening", index=row["index"], custodian=row["id"], raw=raw,
                cms=custodian_signer(registry, row["id"]).sign(raw, now), received_at=now,
            )
        )  # fmt: skip
    session.flush()


def draft_values(session: Session, registry: Any, **changes: Any) -> DraftTender:
    """The template as it is offered, with `changes`."""
    template = changes.get("template", "school-computers")
    values = drafts.initial_values(registry, template, database_now(session))
    return DraftTender.model_validate(values | changes)


@dataclasses.dataclass
class Buyers:
    """An agency's agent with a certificate, and the purchaser it works for."""

    agent: User
    actor: Actor
    signer: FileSigner
    agency: Party
    purchaser: Party


def make_buyers(session: Session, registry: Any) -> Buyers:
    """A purchaser and an agency with an agent who can sign; sign-in as usual (tests.helpers.log_in)."""
    purchaser, agency = make_party(session, kind="public-body"), make_party(session)
    agent = make_user(session, "agent", party=agency, keys=registry["keys"])
    return Buyers(
        agent, actor_for(registry, agent, agency.name), signer_of(session, registry, agent), agency, purchaser
    )


def make_draft(session: Session, registry: Any, buyers: Buyers, **changes: Any) -> Tender:
    """A draft from the template."""
    command = draft_values(session, registry, **({"tenderer": buyers.purchaser.uscc} | changes))
    return drafts.create_draft(session, registry, buyers.actor, buyers.agent, command)


def publish_draft(session: Session, registry: Any, buyers: Buyers, tender: Tender) -> Tender:
    """Keys arrive, the agent signs, the tender is published. What the rulebook refuses (an early
    deadline, say) is set aside first: tests of other rooms do not wait three weeks."""
    now = database_now(session)
    for finding in publishable(session, registry, tender, now).blocking:
        session.add(
            Override(
                tender_id=tender.id,
                rule=finding.id,
                reason="test",
                officer_id=buyers.agent.id,
                decided_at=now,
            )
        )
    session.flush()
    deliver_keys(session, registry, tender)
    made = publication.prepare(session, registry, tender)
    at = database_now(session)
    publication.publish(
        session, registry, buyers.actor, buyers.agent.id, tender, buyers.signer.sign(made.notice, at),
        buyers.signer.sign(made.policy, at),
    )  # fmt: skip
    return tender


def published_tender(
    session: Session,
    registry: Any,
    buyers: Buyers | None = None,
    closes_in: timedelta | None = None,
    **changes: Any,
) -> Tender:
    """A published tender with real signatures. `closes_in` sets the deadline that far from now."""
    buyers = buyers or make_buyers(session, registry)
    if closes_in is not None:
        deadline: datetime = database_now(session) + closes_in
        changes["deadline"] = deadline
    return publish_draft(session, registry, buyers, make_draft(session, registry, buyers, **changes))
