"""Text messages are promised sealed, sent once, and say who sends them."""

from __future__ import annotations

import json

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.helpers import make_party
from tests.texting import telephones
from trading.errors import Refused
from trading.messages import service
from trading.outbox import Promise

NUMBER, TEXT = "13800138000", "请于明日九点到场，专业：计算机。"


def test_a_promised_text_lies_in_the_database_unreadable_and_is_sent_with_the_senders_name(
    session: Session, config: Configurator
) -> None:
    registry = config.registry
    service.text_later(session, registry["keys"], "call-1", NUMBER, TEXT)
    promise = session.scalars(select(Promise).where(Promise.topic == service.SEND)).one()
    stored = json.dumps(promise.payload, ensure_ascii=False)
    assert NUMBER not in stored and "计算机" not in stored
    gateway = telephones(registry)
    service.send_due(session, registry, promise.payload)
    assert gateway.sent == {"call-1": (NUMBER, f"【{registry.settings['hall.name']}】{TEXT}")}


def test_a_hall_without_a_gateway_sends_nothing_and_goes_on(config: Configurator) -> None:
    assert service.reach(config.registry, "k", NUMBER, TEXT) is False
    assert service.report(config.registry, "k") is None


def test_what_the_gateway_never_takes_is_given_up_and_what_it_misses_is_tried_again(
    config: Configurator,
) -> None:
    gateway = telephones(config.registry)
    assert service.reach(config.registry, "k1", "13000000000", TEXT) is False
    gateway.away = {NUMBER}
    with pytest.raises(Refused):
        service.reach(config.registry, "k2", NUMBER, TEXT)


def test_only_mobile_numbers_are_written_to_each_once(session: Session) -> None:
    parties = [
        make_party(session, phone=phone) for phone in ("0755-12345678", "", "138 0013 8000", "+8613800138000")
    ]
    assert service.numbers_of(session, [party.id for party in parties]) == [NUMBER]
