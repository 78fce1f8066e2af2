"""Guessing is slowed down; nobody can lock another person out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from config.embedded import Servers
from tests.helpers import KEYS
from trading.accounts.limits import FREE_TRIES, Limiter
from trading.errors import Refused


@pytest.fixture
def queue(servers: Servers) -> Iterator[redis.Redis]:
    found = redis.Redis.from_url(servers.redis_url)
    found.flushall()
    yield found
    found.close()


def limiter(
    queue: redis.Redis, login: str = "wang", address: str = "192.0.2.1", second: bool = False
) -> Limiter:
    return Limiter(queue, KEYS, login, address, second=second)


def fail(guard: Limiter, times: int) -> None:
    for _each in range(times):
        guard.failed()


def test_some_mistakes_cost_nothing(queue: redis.Redis) -> None:
    guard = limiter(queue)
    fail(guard, FREE_TRIES["pair"])
    guard.check()


def test_more_mistakes_cost_a_wait_that_ends(queue: redis.Redis) -> None:
    guard = limiter(queue)
    fail(guard, FREE_TRIES["pair"] + 10)
    with pytest.raises(Refused) as refused:
        guard.check()
    assert refused.value.faults[0].code == "login.slow-down"
    assert 0 < queue.ttl(guard.buckets["pair"] + ":wait") <= 60


def test_strangers_who_know_a_login_name_keep_its_owner_waiting_nowhere(queue: redis.Redis) -> None:
    for number in range(200):
        fail(limiter(queue, address=f"198.51.100.{number}"), 6)
    limiter(queue, address="203.0.113.9").check()


def test_strangers_who_know_the_password_do_not_touch_its_owner_at_an_address_of_old(
    queue: redis.Redis,
) -> None:
    limiter(queue, address="192.0.2.7").succeeded()
    for number in range(200):
        fail(limiter(queue, address=f"198.51.100.{number}", second=True), 1)
    limiter(queue, address="192.0.2.7", second=True).check()
    with pytest.raises(Refused):
        limiter(queue, address="203.0.113.9", second=True).check()


def test_a_colleague_behind_the_same_address_locks_nobody_out_who_has_been_there(queue: redis.Redis) -> None:
    limiter(queue, login="li").succeeded()
    for number in range(FREE_TRIES["address"] + 5):
        fail(limiter(queue, login=f"user{number}"), 1)
    limiter(queue, login="li").check()


def test_all_addresses_of_an_ipv6_network_are_one(queue: redis.Redis) -> None:
    for number in range(FREE_TRIES["pair"] + 3):
        fail(limiter(queue, address=f"2001:db8:1:2::{number + 1:x}"), 1)
    with pytest.raises(Refused):
        limiter(queue, address="2001:db8:1:2:ffff::1").check()
    limiter(queue, address="2001:db8:1:3::1").check()


def test_mistakes_with_one_account_do_not_slow_another_down(queue: redis.Redis) -> None:
    fail(limiter(queue), FREE_TRIES["pair"] + 1)
    limiter(queue, login="li").check()


def test_one_address_trying_many_accounts_is_slowed_down(queue: redis.Redis) -> None:
    for number in range(FREE_TRIES["address"] + 1):
        fail(limiter(queue, login=f"user{number}"), 1)
    with pytest.raises(Refused):
        limiter(queue, login="another").check()


def test_success_forgets_the_mistakes_of_the_pair(queue: redis.Redis) -> None:
    guard = limiter(queue)
    fail(guard, FREE_TRIES["pair"])
    guard.succeeded()
    fail(guard, 1)
    guard.check()


def test_the_queue_learns_neither_login_nor_address(queue: redis.Redis) -> None:
    fail(limiter(queue), 1)
    assert not [key for key in queue.scan_iter() if b"wang" in key or b"192" in key]
