"""Second envelopes opened early, or of bids that did not pass, are named by the verifier."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import tradehall_verify as verifier

PASSED, FAILED = "aa" * 32, "bb" * 32
STARTED = 10


class Log:
    """As much of a bundle as the checks look at: entries of the log, by type."""

    def __init__(self, *entries: tuple[str, int, dict[str, Any]]) -> None:
        self.entries = entries
        self.said: list[str] = []

    def known(self, kind: str) -> list[tuple[Any, dict[str, Any]]]:
        return [(SimpleNamespace(index=at), said) for name, at, said in self.entries if name == kind]

    def who(self, manifest: str) -> str:
        return manifest[:4]

    def fail(self, words: str) -> None:
        self.said.append(words)


def order_of(*entries: tuple[str, int, dict[str, Any]], begun: int | None = STARTED) -> list[str]:
    log = Log(*entries)
    verifier.Audit._check_second_order(log, "price", begun, {PASSED})  # type: ignore[arg-type]
    return log.said


KEY, SHARES, READ = "vault.bidder-released", "vault.released", "bid.price-opened"


def test_what_happens_after_the_hosts_act_to_bids_that_passed_is_in_order() -> None:
    first = (KEY, 3, {"stage": "opening", "manifest": FAILED})
    rest = [
        (KEY, 11, {"stage": "price", "manifest": PASSED}),
        (SHARES, 12, {"stage": "price"}),
        (READ, 13, {"stage": "price", "manifest": PASSED}),
    ]
    assert order_of(first, *rest) == []


@pytest.mark.parametrize("kind", [KEY, SHARES, READ])
@pytest.mark.parametrize("begun", [STARTED, None])
def test_a_second_envelope_touched_before_the_hosts_act_is_early(kind: str, begun: int | None) -> None:
    said = order_of((kind, STARTED - 1, {"stage": "price"}), begun=begun)
    assert len(said) == 1 and "were not being opened yet: early" in said[0]


def test_a_second_envelope_of_a_bid_that_did_not_pass_is_named() -> None:
    (said,) = order_of((KEY, 11, {"stage": "price", "manifest": FAILED}))
    assert "bbbb, which did not pass the review" in said
