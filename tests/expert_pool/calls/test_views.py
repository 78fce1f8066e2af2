"""The regulator's page of calls that go unanswered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from expert_pool.calls.views import rates
from expert_pool.selection.models import PanelDemand
from tests.helpers import hall_user, log_in, make_party, make_user
from trading.draws.models import Draw

AT = datetime(2026, 11, 22, tzinfo=UTC)


def drawn(session: Session, organisation: str, *waves: str, number: int = 1) -> None:
    """A committee that this organisation asked for, and what was answered in each wave."""
    user = make_user(session, party=make_party(session, organisation))
    name = f"{organisation}-{number}"
    found: list[dict[str, str]] = [
        {f"{name}-{n}-{place}": one for place, one in enumerate(wave)} for n, wave in enumerate(waves)
    ]
    facts: dict[str, Any] = {
        "params": b"",
        "rows": b"",
        "openings_sha256": "",
        "certificates": {},
        "cards": {},
    }
    session.add(
        Draw(
            tender=name, purpose="panel", number=1, ann=name, asks=True, announced_at=AT, waves=found, **facts
        )
    )
    session.add(
        PanelDemand(
            tender=name, number=1, raw=b"", sha256=name, wishes=[], warnings=[], asked_by=user.id, asked_at=AT, draw=name
        )
    )  # fmt: skip
    session.flush()


def test_answers_are_counted_by_who_asked_and_a_seat_given_up_later_is_none(session: Session) -> None:
    drawn(session, "甲代理", "A" * 15 + "DN", "NX")
    drawn(session, "乙代理", "A" * 6 + "N" * 18)
    found = [(rate.operator, rate.called, rate.skipped, rate.conspicuous) for rate in rates(session)]
    assert found == [("乙代理", 24, 18, True), ("甲代理", 18, 2, False)]


def test_the_regulator_alone_reads_the_page(app: TestApp, config: Configurator) -> None:
    regulator = log_in(app, config, hall_user(config, "regulator"))
    assert "tradehall names check" in regulator.get("/supervision/calls", status=200)
    log_in(app, config, hall_user(config, "agent")).get("/supervision/calls", status=403)
