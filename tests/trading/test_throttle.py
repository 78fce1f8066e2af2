"""Limits: who asks too often waits, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from pyramid.config import Configurator
from redis.backoff import NoBackoff
from redis.retry import Retry
from webtest import TestApp

from tests.helpers import hall_party, hall_user, log_in
from trading import throttle
from trading.throttle import Rate, Streams, TooMany

ROUTE = "receipt-check"
ADDRESS = "/receipts/check"
HOME, STRANGER = "192.0.2.1", "198.51.100.9"


@pytest.fixture(autouse=True)
def three_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(throttle.RATES, ROUTE, Rate(3, 60))


def ask(browser: TestApp, address: str = HOME, method: str = "GET") -> Any:
    asking: Callable[..., Any] = browser.get if method == "GET" else browser.post
    return asking(ADDRESS, extra_environ={"REMOTE_ADDR": address}, status="*")


def use_up(browser: TestApp, address: str = HOME) -> None:
    assert [ask(browser, address).status_int for _ in range(3)] == [200, 200, 200]


def test_the_request_after_the_last_is_told_when_to_come_again(app: TestApp) -> None:
    use_up(app)
    refused = ask(app)
    assert refused.status_int == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Retry-After"] in refused.text


def test_a_program_gets_the_refusal_as_a_problem(app: TestApp) -> None:
    use_up(app)
    refused = app.get(
        ADDRESS, extra_environ={"REMOTE_ADDR": HOME}, headers={"Accept": "application/json"}, status=429
    )
    assert (refused.content_type, refused.json["code"]) == ("application/problem+json", "slow-down")


def test_whoever_floods_keeps_nobody_else_waiting(app: TestApp, config: Configurator) -> None:
    browser = log_in(app, config, hall_user(config, "bidder", party=hall_party(config)))
    use_up(app)
    assert ask(app).status_int == 429
    assert ask(app, STRANGER).status_int == 200
    assert ask(browser).status_int == 200, "an account counts by itself, also at the flooded address"


def test_an_account_is_counted_wherever_it_asks_from(app: TestApp, config: Configurator) -> None:
    browser = log_in(app, config, hall_user(config, "bidder", party=hall_party(config)))
    use_up(browser)
    assert ask(browser, STRANGER).status_int == 429
    assert ask(app).status_int == 200


def test_the_addresses_of_one_network_count_together(app: TestApp) -> None:
    use_up(app, "2001:db8:1:2::1")
    assert ask(app, "2001:db8:1:2::ffff").status_int == 429
    assert ask(app, "2001:db8:1:3::1").status_int == 200


def test_what_is_refused_does_not_make_the_wait_longer(app: TestApp, config: Configurator) -> None:
    use_up(app)
    queue = config.registry["queue"]
    (key,) = queue.keys("rate:*")
    queue.expire(key, 5)
    assert [ask(app).headers["Retry-After"] in ("4", "5") for _ in range(4)] == [True] * 4
    queue.delete(key)
    assert ask(app).status_int == 200


def test_a_count_that_lost_its_end_gets_a_new_one(app: TestApp, config: Configurator) -> None:
    ask(app)
    queue = config.registry["queue"]
    (key,) = queue.keys("rate:*")
    queue.persist(key)
    ask(app)
    assert 0 < queue.ttl(key) <= 60


def test_only_the_methods_that_cost_something_count(app: TestApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(throttle.RATES, ROUTE, Rate(0, 60, throttle.POST))
    assert ask(app).status_int == 200
    form = next(
        form
        for form in app.get(ADDRESS).forms.values()
        if form.action.endswith(ADDRESS) and form.method.lower() == "post"
    )
    assert form.submit(status="*").status_int == 429


def test_without_the_queue_server_nothing_is_refused(
    app: TestApp, config: Configurator, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = redis.Redis(host="127.0.0.1", port=9, retry=Retry(NoBackoff(), 0))
    monkeypatch.setitem(config.registry, "queue", away)
    assert [ask(app).status_int for _ in range(5)] == [200] * 5


def test_addresses_are_not_kept_as_they_are(app: TestApp, config: Configurator) -> None:
    ask(app)
    (key,) = config.registry["queue"].keys("rate:*")
    assert HOME.encode() not in key


def test_one_network_may_hold_so_many_live_connections_and_another_as_many() -> None:
    streams = Streams(most=2)
    first = streams.enter(HOME)
    streams.enter(HOME)
    with pytest.raises(TooMany):
        streams.enter(HOME)
    assert streams.enter(STRANGER) != first
    streams.leave(first)
    assert streams.enter(HOME) == first


def test_every_limit_is_about_a_route_that_there_is(config: Configurator) -> None:
    config.commit()
    routes = {item["introspectable"]["name"] for item in config.introspector.get_category("routes")}
    assert throttle.RATES.keys() <= routes
