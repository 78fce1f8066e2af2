"""The contract's clocks (P11): due dates, lights, what is late."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from tests.helpers import make_party
from trading.deals import service
from trading.deals.days import last_day_before
from trading.deals.models import Contract
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar

BOOK, CALENDAR = Rulebook.load(), Calendar.load()
AWARDED = datetime(2026, 11, 20, 3, tzinfo=UTC)


def contract(session: Session, **changes: object) -> Contract:
    made = service.expect(
        session, BOOK, CALENDAR, tender=f"T-{uuid.uuid4()}", supplier_id=make_party(session).id, manifest="0" * 64,
        price=Decimal("980000.00"), awarded_at=AWARDED,
    )  # fmt: skip
    for name, value in changes.items():
        setattr(made, name, value)
    session.flush()
    return made


def test_a_contract_is_due_thirty_days_after_the_award_and_a_sunday_moves_it_to_monday(
    session: Session,
) -> None:
    assert last_day_before(contract(session).due_at).isoformat() == "2026-12-21"


def test_the_light_turns_red_when_the_contract_is_not_signed_in_time(session: Session) -> None:
    made = contract(session)

    def light(at: datetime) -> str:
        return service.signing_light(made, BOOK, CALENDAR, at)

    assert light(AWARDED + timedelta(days=1)) == "green"
    assert light(made.due_at - timedelta(milliseconds=1)) == "yellow"
    assert light(made.due_at) == "red"
    made.signed_at = made.due_at - timedelta(days=1)
    assert light(made.due_at + timedelta(days=1)) == "done"


def test_the_publication_has_a_light_only_once_the_contract_is_signed(session: Session) -> None:
    made = contract(session)
    assert service.publishing_light(made, BOOK, CALENDAR, AWARDED) is None
    made.signed_at = datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert (
        service.publishing_light(made, BOOK, CALENDAR, datetime(2026, 12, 1, 15, 59, tzinfo=UTC)) == "yellow"
    )
    assert service.publishing_light(made, BOOK, CALENDAR, datetime(2026, 12, 1, 16, tzinfo=UTC)) == "red"


def test_what_is_late_is_listed_until_it_is_done(session: Session) -> None:
    unsigned, signed, published = contract(session), contract(session), contract(session)
    signed.signed_at, signed.publish_by = AWARDED, AWARDED + timedelta(days=4)
    published.signed_at, published.publish_by, published.published_at = AWARDED, AWARDED, AWARDED

    def late(at: datetime) -> set[str]:
        return {each.tender for each in service.overdue(session, at)} & {
            unsigned.tender,
            signed.tender,
            published.tender,
        }

    assert late(AWARDED + timedelta(days=3)) == set()
    assert late(AWARDED + timedelta(days=4)) == {signed.tender}
    assert late(unsigned.due_at) == {unsigned.tender, signed.tender}
