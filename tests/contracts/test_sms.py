"""ISmsSender: the gateway over HTTP, as the hall meets it, and gateways that misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from zope.interface.verify import verifyObject

from plugins.outbound import exchange
from plugins.sms.client import HttpGateway
from plugins.sms.simulator import Gateway, make_server
from tests.pki import NOW, Clock, running
from trading.errors import Refused
from trading.interfaces import ISmsSender

NUMBER, TEXT = "13800138000", "有新的公告，请登录查看。"


@pytest.fixture
def telephones(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path / "sms", Clock())


@pytest.fixture
def address(telephones: Gateway) -> Iterator[str]:
    with running(make_server("127.0.0.1", 0, telephones)) as address:
        yield address


@pytest.fixture
def sender(address: str, telephones: Gateway) -> HttpGateway:
    return HttpGateway(address, telephones.secret, timeout=2)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.faults[0].code


def test_it_offers_the_port(sender: HttpGateway) -> None:
    assert verifyObject(ISmsSender, sender)


def test_a_text_arrives_once_however_often_it_is_sent(sender: HttpGateway, telephones: Gateway) -> None:
    for _ in range(2):
        sender.send("k1", NUMBER, TEXT)
    assert [(number, text) for _, number, text, _ in telephones.received()] == [(NUMBER, TEXT)]
    found = sender.report("k1")
    assert found is not None and (found.state, found.at) == ("delivered", NOW)


def test_a_key_means_one_text_to_one_number(sender: HttpGateway) -> None:
    sender.send("k1", NUMBER, TEXT)
    assert code(lambda: sender.send("k1", NUMBER, "another")) == "sms.key-reused"
    assert code(lambda: sender.send("k1", "13900139000", TEXT)) == "sms.key-reused"


@pytest.mark.parametrize(("number", "text"), [("0755-12345678", TEXT), (NUMBER, ""), (NUMBER, "a" * 501)])
def test_what_no_telephone_can_get_is_declined(sender: HttpGateway, number: str, text: str) -> None:
    assert code(lambda: sender.send("k1", number, text)) == "sms.declined"
    assert sender.report("k1") is None


def test_a_telephone_that_is_switched_off_is_reported(sender: HttpGateway, telephones: Gateway) -> None:
    telephones.set_modes({"deaf": NUMBER})
    sender.send("k1", NUMBER, TEXT)
    found = sender.report("k1")
    assert found is not None and (found.state, found.reason) == ("failed", "switched off")


def test_a_gateway_that_is_down_or_away_or_knows_us_not_is_unavailable(
    sender: HttpGateway, telephones: Gateway, address: str
) -> None:
    stranger, nobody = (
        HttpGateway(address, "wrong", timeout=2),
        HttpGateway("http://127.0.0.1:9", "", timeout=1),
    )
    telephones.set_modes({"down": "yes"})
    for each in (sender, nobody):
        assert code(lambda each=each: each.send("k1", NUMBER, TEXT)) == "sms.unavailable"  # type: ignore[misc]
    telephones.set_modes({})
    assert code(lambda: stranger.send("k1", NUMBER, TEXT)) == "sms.unavailable"
    assert telephones.received() == []


def test_visitors_read_the_telephones_as_a_page(sender: HttpGateway, address: str) -> None:
    sender.send("k1", NUMBER, "<b>" + TEXT)
    _status, _, log = exchange(address + "/log")
    assert json.loads(log)["messages"][0]["number"] == NUMBER
    status, _, body = exchange(address + "/")
    assert status == 200 and NUMBER in body.decode() and f"&lt;b&gt;{TEXT}" in body.decode()
