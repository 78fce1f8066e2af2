"""Seal policies and custodians' key statements."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bidding.vault.custodian_key import parse_statement
from bidding.vault.encoding import EncodingError, b64, sha256
from bidding.vault.policy import parse_policy
from bidding.vault.policy_check import PolicyRefused, check_policy
from tests.bidding.vault.support import (
    CERT,
    DEADLINE,
    World,
    make_world,
    signature,
    signer_of,
    statement_of,
    world,
)
from trading.ledger.canonical import dumps


def check(w: World, raw: bytes | None = None, blocs: dict[str, str] | None = None, **changes: Any) -> None:
    raw = raw or w.policy.raw
    fields: dict[str, Any] = {"cms": signature(CERT, raw), "statements": w.statements, **changes}
    check_policy(raw, signer_of=signer_of, tenderer_cert=CERT, blocs=blocs or {}, **fields)


def codes(w: World, *given: Any, **changes: Any) -> set[str]:
    with pytest.raises(PolicyRefused) as refused:
        check(w, *given, **changes)
    return {code for code, _ in refused.value.faults}


def with_changes(w: World, change: Callable[[dict[str, Any]], None]) -> bytes:
    document = json.loads(w.policy.raw)
    change(document)
    return dumps(document)


@pytest.mark.parametrize("mode", ["custodian", "bidder", "dual", "either"])
def test_a_whole_and_signed_policy_may_be_used(mode: str) -> None:
    check(world(mode))


def test_a_policy_without_the_grace_field_may_be_used() -> None:
    w = world()
    check(w, with_changes(w, lambda p: p.pop("upload_grace_s")))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.pop("witnesses"),
        lambda p: p.update(upload_grace_s=60),
        lambda p: p.update(extra=1),
        lambda p: p.update(sig=["rsa-md5"]),
        lambda p: p["stages"][0].update(mode="nobody"),
        lambda p: p["stages"][0]["custodians"].pop(),
        lambda p: p["stages"][0]["custodians"][0].pop("org"),
        lambda p: p["parts"][0].update(max_bytes=0),
    ],
)
def test_an_incomplete_or_inexact_policy_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    w = world()
    assert codes(w, with_changes(w, change)) == {"policy.malformed"}


def test_opening_passes_over_what_it_does_not_need() -> None:
    raw = with_changes(world(), lambda p: [p.pop(k) for k in ("parts", "witnesses", "tsa", "sig")])
    assert parse_policy(raw).parts == ()


def test_a_policy_in_another_spelling_is_refused() -> None:
    w = world()
    assert codes(w, json.dumps(json.loads(w.policy.raw)).encode()) == {"policy.malformed"}


def test_a_policy_that_someone_else_signed_is_refused() -> None:
    w = world()
    assert codes(w, cms=signature("00" * 32, w.policy.raw)) == {"policy.signature"}
    assert codes(w, cms=signature(CERT, b"another")) == {"policy.signature"}


@pytest.mark.parametrize("t", [1, 4])
def test_the_threshold_is_at_least_two_and_at_most_all(t: int) -> None:
    assert "policy.threshold" in codes(make_world(t=t))


def test_no_bloc_may_hold_as_many_custodians_as_open_a_bid() -> None:
    w = world()
    check(w, blocs={"Centre": "operator's"})
    assert codes(w, blocs={"Centre": "tenderer's", "Notary": "tenderer's"}) == {"policy.bloc"}


def test_no_organisation_may_hold_as_many_custodians_as_open_a_bid() -> None:
    w = world()

    def merge(p: dict[str, Any]) -> None:
        p["stages"][0]["custodians"][1]["org"] = "Centre"

    assert "policy.bloc" in codes(w, with_changes(w, merge))


def replaced(w: World, index: int, raw: bytes, certificate: str | None = None) -> World:
    """The world with one custodian's statement replaced, in the policy too."""
    statement = parse_statement(raw)

    def change(p: dict[str, Any]) -> None:
        p["stages"][0]["custodians"][index - 1].update(cks_sha256=sha256(raw).hex(), pk=b64(statement.pk))

    policy = parse_policy(with_changes(w, change))
    signed = list(w.statements)
    signed[index - 1] = (raw, signature(certificate or f"{index:02x}" * 32, raw))
    return World(policy, signature(CERT, policy.raw), tuple(signed), w.seeds)


@pytest.mark.parametrize(
    "changes",
    [
        {"tender": "T-2"},
        {"stage": "price"},
        {"index": 2},
        {"custodian": "someone"},
        {"org": "Someone"},
        {"release_after": DEADLINE - timedelta(seconds=1)},
    ],
)
def test_a_key_statement_must_say_what_the_policy_says(changes: dict[str, Any]) -> None:
    w = world()
    fields = {"stage": "opening", "index": 1, "suite": w.policy.stages[0].suite, "org": "Centre", **changes}
    raw = statement_of(fields.pop("stage"), fields.pop("index"), b"s" * 32, **fields)
    assert "policy.statement" in codes(replaced(w, 1, raw))


def test_a_key_statement_must_be_signed_with_the_certificate_it_names() -> None:
    w = world()
    raw = statement_of("opening", 1, b"s" * 32, suite=w.policy.stages[0].suite)
    check(replaced(w, 1, raw))
    assert codes(replaced(w, 1, raw, "00" * 32)) == {"policy.signature"}


def test_a_policy_without_its_key_statements_is_refused() -> None:
    assert codes(world(), statements=()) == {"policy.statement"}


def test_a_false_key_put_in_by_the_operator_is_refused() -> None:
    w = world()
    false_key = json.loads(make_world(tender="T-9").policy.raw)["stages"][0]["custodians"][0]["pk"]
    raw = with_changes(w, lambda p: p["stages"][0]["custodians"][0].update(pk=false_key))
    assert codes(w, raw) == {"policy.statement"}


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(log_key="nonsense"),
        lambda p: p.update(log="another.example/1"),
        lambda p: p["witnesses"][0].update(name="another"),
        lambda p: p["witnesses"][0].update(key=p["log_key"]),
    ],
)
def test_log_and_witness_keys_must_be_their_own(change: Callable[[dict[str, Any]], None]) -> None:
    w = world()
    assert codes(w, with_changes(w, change)) == {"policy.keys"}


def test_a_part_that_could_be_a_path_is_refused() -> None:
    w = world()
    assert codes(w, with_changes(w, lambda p: p["parts"][0].update(name="../x"))) == {"policy.parts"}


def test_a_statement_whose_key_is_none_is_refused() -> None:
    raw = statement_of("opening", 1, b"s" * 32)
    document = json.loads(raw)
    document["pk"] = document["pk"][:-8]
    with pytest.raises(EncodingError, match="pk"):
        parse_statement(dumps(document))
