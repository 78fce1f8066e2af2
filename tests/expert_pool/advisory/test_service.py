"""Who can be convened for an opinion."""

from __future__ import annotations

import uuid
from datetime import date
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from expert_pool.advisory import service
from expert_pool.advisory.commands import Ask
from expert_pool.experts import service as experts
from expert_pool.experts.person import Interest
from expert_pool.selection.models import Panel, PanelMember
from tests.expert_pool.pool import MINUTES, OFFICE, make_expert
from tests.helpers import KEYS, make_party, make_user
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Refused


def test_nobody_advises_who_is_tied_to_the_buyers_or_sits_on_the_panel(session: Session) -> None:
    buyer = make_party(session)
    tender = SimpleNamespace(code="T1", tenderer_id=buyer.id, agency_id=None)
    tie = Interest(buyer.uscc, "spouse", date(2020, 1, 1))
    rows = [
        make_expert(session), make_expert(session), make_expert(session), make_expert(session, interests=[tie]),
        make_expert(session, employer=buyer.uscc), make_expert(session, account=False), make_expert(session),
    ]  # fmt: skip
    user_id = experts.read(KEYS, rows[6]).user_id
    panel = Panel(
        id=uuid.uuid4(), tender="T1", source="", list_sha256="", panel_sha256="", sealed=b"", size=5,
        imported_at=database_now(session),
    )  # fmt: skip
    session.add(panel)
    session.flush()
    session.add(PanelMember(panel_id=panel.id, seat=1, user_id=user_id, member="m", kind="expert"))
    numbers = [row.number for row in rows]
    service.set_members(session, KEYS, OFFICE, numbers, "组建委员会", MINUTES)
    agent = make_user(session, "agent", party=buyer)
    asker = Actor(agent.id, agent.name, buyer.name, "192.0.2.1", KEYS.pseudonym)
    request = service.ask(session, KEYS, asker, tender, Ask(subject="事项", question="问题是什么"), ())
    for unfit in numbers[3:]:
        with pytest.raises(Refused) as caught:
            service.convene(session, KEYS, OFFICE, request, tender, [*numbers[:2], unfit])
        assert caught.value.faults[0].code == "advisory.unfit"
    service.convene(session, KEYS, OFFICE, request, tender, numbers[:3])
    assert request.state == "convened"
