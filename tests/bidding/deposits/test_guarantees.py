"""A guarantor's signed file in place of money: judged by the hall alone, sealed like a payment, claimed by the
purchaser's signed decision."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.deposits import guarantee_file, guarantees, service
from bidding.deposits.models import DepositItem
from bidding.tenders.models import Tender
from bidding.vault.encoding import EncodingError, sha256
from plugins.x509_signatures.signer import FileSigner
from tests.awards import Evaluated, evaluated_tender
from tests.bidding.deposits.scene import Counter, go_round, keep_payments, past, standing_of, with_bank
from tests.bidding.deposits.test_service import payloads, revoked, sign, write
from tests.helpers import make_party
from tests.tenders import demo_ca, published_tender
from trading.clock import database_now
from trading.errors import Refused
from trading.evidence import EvidenceUse
from trading.parties.models import Party

GUARANTOR = "91440300MA5EXAMP0X"


@pytest.fixture
def guarantor(config: Configurator) -> FileSigner:
    """A bank that this hall lists, and its key."""
    config.commit()
    settings = config.registry.settings
    settings[guarantees.ISSUERS] = json.dumps([{"id": GUARANTOR, "name": "示例银行"}])
    return signer(config, GUARANTOR)


def signer(config: Configurator, identifier: str) -> FileSigner:
    path = Path(config.registry.settings["hall.state"]) / "guarantors" / f"{identifier}.pem"
    demo_ca(config.registry).issue_key_file(
        path, common_name="示例银行", organisation="示例银行", organisation_id=identifier
    )
    return FileSigner.from_file(path)


@pytest.fixture
def counter(config: Configurator, tmp_path: Path) -> Counter:
    return with_bank(config.registry, tmp_path)


def issued(session: Session, by: FileSigner, tender: Tender, party: Party, **other: Any) -> bytes:
    now = database_now(session)
    said = {
        "number": f"G-{party.uscc}", "issuer": GUARANTOR, "issuer_name": "示例银行", "applicant": party.uscc,
        "beneficiary": tender.tenderer.uscc, "tender": tender.code, "lot": tender.lot.code,
        "amount": tender.security, "begins": now.date() - timedelta(days=1), "until": service.valid_until(tender),
    }  # fmt: skip
    raw = guarantee_file.document(**(said | other))
    return guarantee_file.pack(raw, by.sign(raw, now))


def codes(session: Session, config: Configurator, tender: Tender, party: Party, data: bytes) -> list[str]:
    with pytest.raises(Refused) as refused:
        guarantees.hand_in_file(session, config.registry, tender, party, data)
    return [fault.code for fault in refused.value.faults]


def test_a_listed_guarantors_signed_file_secures_the_bid_and_tells_nobody(
    session: Session, config: Configurator, guarantor: FileSigner, counter: Counter
) -> None:
    tender, party = published_tender(session, config.registry), make_party(session)
    data = issued(session, guarantor, tender, party)
    used = session.query(EvidenceUse).filter(EvidenceUse.tender == tender.code).count()
    item = guarantees.hand_in_file(session, config.registry, tender, party, data)
    assert standing_of(session, config.registry, tender, party).verdict == ()
    assert party.uscc.encode() not in item.sealed and b"ebid" not in item.sealed
    assert session.query(EvidenceUse).filter(EvidenceUse.tender == tender.code).count() == used
    assert codes(session, config, tender, party, data) == ["guarantee.used"]


def test_every_fault_of_a_guarantee_is_named_at_once(
    session: Session, config: Configurator, guarantor: FileSigner, counter: Counter
) -> None:
    tender, party = published_tender(session, config.registry), make_party(session)
    last, stranger = service.valid_until(tender), signer(config, "91440300MA5EXAMP1X")
    wrong = {
        "guarantee.beneficiary": {"beneficiary": party.uscc},
        "guarantee.begins": {"begins": last},
        "guarantee.foreign": {"applicant": make_party(session).uscc},
        "guarantee.amount": {"amount": tender.security - Decimal("0.01")},
        "guarantee.expires": {"until": last - timedelta(days=1)},
    }
    for code, change in wrong.items():
        assert codes(session, config, tender, party, issued(session, guarantor, tender, party, **change)) == [
            code
        ]
    together = {name: value for change in wrong.values() for name, value in change.items()}
    both = issued(session, stranger, tender, party, **together)
    assert codes(session, config, tender, party, both) == ["guarantee.issuer", *wrong]
    assert codes(session, config, tender, party, issued(session, stranger, tender, party)) == [
        "guarantee.issuer"
    ]
    unlisted = issued(session, stranger, tender, party, issuer="91440300MA5EXAMP1X")
    assert codes(session, config, tender, party, unlisted) == ["guarantee.issuer"]


def test_an_altered_file_does_not_count(
    session: Session, config: Configurator, guarantor: FileSigner, counter: Counter
) -> None:
    tender, party = published_tender(session, config.registry), make_party(session)
    found = guarantee_file.read(issued(session, guarantor, tender, party, amount=Decimal("1.00")))
    raised = guarantee_file.pack(found.raw.replace(b'"1.00"', b'"9999999.00"'), found.cms)
    assert codes(session, config, tender, party, raised)[0].startswith("signature.")
    assert codes(session, config, tender, party, b"{}") == ["guarantee.unreadable"]
    assert session.scalars(select(DepositItem)).all() == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for attempt in (data, guarantee_file.pack(data, b"x")):
        with pytest.raises(EncodingError):
            guarantee_file.read(attempt)


def test_a_guarantee_is_claimed_by_the_signed_decision_and_never_without(
    session: Session, config: Configurator, guarantor: FileSigner, counter: Counter
) -> None:
    made: Evaluated = evaluated_tender(session, config.registry)
    past(session, made)
    tender, party = made.tender, made.bidders[5]
    state, tender.state, tender.deadline = tender.state, "published", database_now(session) + timedelta(1)
    data = issued(session, guarantor, tender, party, until=date(2099, 12, 31))
    guarantees.hand_in_file(session, config.registry, tender, party, data)
    tender.state, tender.deadline = state, database_now(session)
    go_round(session, config.registry)
    hashed = sha256(guarantee_file.read(data).raw).hex()
    (listed,) = payloads(session, tender.code, "deposit.listed")
    assert listed["deposits"][0]["guarantee"] == hashed
    assert session.query(EvidenceUse).filter(EvidenceUse.tender == tender.code).count() > 0
    revoked(session, made, "bidder")
    write(session, config, made, 5, "revoked")
    assert payloads(session, tender.code, "deposit.claimed") == []
    sign(session, config, made, 5)
    keep_payments(session, config.registry)
    each = standing_of(session, config.registry, tender, party)
    assert (each.rows[0].state, each.claimed, counter.paid()) == ("claimed", True, [])
    (claimed,) = payloads(session, tender.code, "deposit.claimed")
    said = json.loads(each.decisions[0].raw)
    assert claimed["decision"] == sha256(each.decisions[0].raw).hex()
    assert said["claims"] == [
        {
            "amount": f"{tender.security:.2f}",
            "guarantee": hashed,
            "issuer": "示例银行",
            "number": claimed["number"],
        }
    ]
