"""Tenders through their services: steps of life, drafts, publication."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from bidding.tenders import service
from bidding.tenders.models import Tender
from tests.helpers import make_party, make_user
from trading.clock import database_now
from trading.errors import Refused
from trading.projects.models import Lot, Project


def bare_tender(session: Session, state: str = "published") -> Tender:
    """A tender without content, its deadline an hour ago: enough for steps of life."""
    party, now = make_party(session), database_now(session)
    project = Project(code=f"P-{party.uscc}", deal_code=f"D-{party.uscc}", name="Desks", kind="procurement",
                      region="440300", owner=party, budget=Decimal(1), created_at=now)  # fmt: skip
    lot = Lot(project=project, number=1, code=f"L-{party.uscc}", name="Desks", budget=Decimal(1),
              ceiling=Decimal(1))  # fmt: skip
    tender = Tender(
        code=f"T-{party.uscc}", kind="procurement", state=state, title="Desks", title_en="Desks", lot=lot,
        tenderer=party, agency=party, agent=make_user(session, "agent", party=party), method="lowest-price",
        budget=Decimal(1), ceiling=Decimal(1), security=Decimal(0), form={}, rules={}, rulebook_version="1",
        rulebook_hash="00", deadline=now - timedelta(hours=1), opens_at=now - timedelta(hours=1),
        bidder_window_s=1800, created_at=now,
    )  # fmt: skip
    session.add(tender)
    session.flush()
    return tender


def test_a_step_changes_the_state_when_its_guards_agree(session: Session) -> None:
    tender = bare_tender(session)
    for step in ("close", "start_opening", "finish_opening", "start_evaluation", "finish_evaluation",
                 "publish_result", "award", "contract"):  # fmt: skip
        service.advance(session, None, tender, step)
    assert tender.state == "contracted"


def test_a_step_is_refused_with_the_reason_of_its_guard(session: Session) -> None:
    tender = bare_tender(session)
    with pytest.raises(Refused) as refused:
        service.advance(session, None, tender, "close", tender.deadline - timedelta(milliseconds=1))
    assert [fault.code for fault in refused.value.faults] == ["tender.step"]
    assert tender.state == "published"
    service.advance(session, None, tender, "close", tender.deadline)
    assert tender.state == "closed"


def test_too_few_bids_end_the_tender_and_never_open_it(session: Session) -> None:
    tender = bare_tender(session, "closed")
    with pytest.raises(Refused):
        service.advance(session, None, tender, "start_opening", bids_at_close=2)
    service.advance(session, None, tender, "fail_for_few_bidders", bids_at_close=2)
    assert tender.state == "failed"


def test_an_unknown_code_is_refused(session: Session) -> None:
    with pytest.raises(Refused) as refused:
        service.find(session, "T-none")
    assert refused.value.faults[0].code == "tender.unknown"


def test_rows_that_were_read_before_the_lock_are_read_anew_under_it(session: Session) -> None:
    tender = bare_tender(session)
    lot, party = tender.lot, tender.tenderer
    assert lot is not None and lot.name == "Desks"
    party.name = "changed here, not yet written"
    # What whoever held the lock has committed meanwhile.
    session.connection().execute(text("UPDATE lot SET name = 'Chairs' WHERE id = :id"), {"id": lot.id})
    service.locked(session, tender.code)
    assert (lot.name, party.name) == ("Chairs", "changed here, not yet written")
