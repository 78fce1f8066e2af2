"""Entries, commitments and blinded leaves."""

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger import canonical, entry

PLAIN = entry.Entry(
    ref="0" * 32,
    at="2026-11-22T01:02:03.004Z",
    type="tender.published",
    tender="TH-2026-0001",
    actor="agent:1f",
    cp=None,
    commitments=("a" * 64,),
)
LEAF = {"tender": "T", "lot": "1", "seq": 1, "digest": b"d" * 32, "at": "2026-11-22T01:02:03.004Z"}


def test_an_entry_is_read_back_from_its_bytes():
    assert entry.parse(PLAIN.to_bytes()) == PLAIN
    signed = replace(PLAIN, sig="c2ln", cp="b" * 64, tender=None, commitments=())
    assert entry.parse(signed.to_bytes()) == signed


def test_the_bytes_of_an_entry_are_canonical_json_of_its_fields():
    document = json.loads(PLAIN.to_bytes())
    assert sorted(document) == ["actor", "cp", "id", "pl", "t", "tender", "type", "v"]
    assert PLAIN.to_bytes() == json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@given(st.text(min_size=1), st.text(min_size=1))
def test_an_entry_is_canonical_whatever_its_words_are(tender, actor):
    written = replace(PLAIN, tender=tender, actor=actor)
    try:
        body = written.to_bytes()
    except entry.EntryError:
        body = None
    if body is None:
        with pytest.raises(canonical.CanonicalError):
            canonical.dumps([tender, actor])
    else:
        assert canonical.dumps(canonical.loads(body)) == body
        assert entry.parse(body) == written


@pytest.mark.parametrize(
    "change",
    [
        {"ref": "short"},
        {"at": "2026-11-22T01:02:03Z"},
        {"at": "2026-11-22T01:02:03.004+00:00"},
        {"type": "Tender Published"},
        {"tender": ""},
        {"actor": ""},
        {"cp": "A" * 64},
        {"commitments": ("zz",)},
    ],
)
def test_an_entry_with_a_wrong_field_is_refused(change):
    with pytest.raises(entry.EntryError):
        replace(PLAIN, **change).to_bytes()


def test_an_entry_beyond_a_bundles_limit_is_refused():
    with pytest.raises(entry.EntryError):
        replace(PLAIN, commitments=("a" * 64,) * 1000).to_bytes()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"v":1}',
        b'{"v":true,"typ":"ebid.leaf","c":"' + b"a" * 64 + b'"}',
        PLAIN.to_bytes() + b" ",
        PLAIN.to_bytes().replace(b'"v":1', b'"v":2'),
        PLAIN.to_bytes().replace(b'"v":1', b'"v":1,"x":1'),
        PLAIN.to_bytes().replace(b'"type"', b'"typo"'),
    ],
)
def test_bytes_that_no_entry_has_are_refused(body):
    with pytest.raises(entry.EntryError):
        entry.parse(body)


def test_a_blinded_leaf_is_nothing_but_a_commitment():
    body = entry.Blinded("c" * 64).to_bytes()
    assert body == b'{"c":"' + b"c" * 64 + b'","typ":"ebid.leaf","v":1}'
    assert entry.parse(body) == entry.Blinded("c" * 64)


def test_the_blinded_commitment_is_the_hash_of_its_length_prefixed_parts():
    parts = [b"ebid/v1/leaf", b"s" * 32, b"bid", b"T", b"1", b"\0\0\0\1", b"d" * 32, LEAF["at"].encode()]
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    assert entry.blinded_commitment(b"s" * 32, "bid", **LEAF) == hashlib.sha256(message).digest()


def test_every_part_of_a_blinded_leaf_is_bound():
    base = entry.blinded_commitment(b"s" * 32, "bid", **LEAF)
    others = [{"tender": "T1", "lot": ""}, {"lot": "2"}, {"seq": 2}, {"digest": b"e" * 32}]
    others.append({"at": "2026-11-22T01:02:03.005Z"})
    assert all(entry.blinded_commitment(b"s" * 32, "bid", **(LEAF | other)) != base for other in others)
    assert entry.blinded_commitment(b"t" * 32, "bid", **LEAF) != base
    assert entry.blinded_commitment(b"s" * 32, "withdraw", **LEAF) != base


@pytest.mark.parametrize(
    "change", [{"digest": b"short"}, {"seq": -1}, {"seq": 2**32}, {"at": "2026-11-22T01:02:03Z"}]
)
def test_a_blinded_leaf_with_a_wrong_part_is_refused(change):
    with pytest.raises(entry.EntryError):
        entry.blinded_commitment(b"s" * 32, "bid", **(LEAF | change))


def test_only_the_kinds_of_the_sealed_period_are_blinded():
    with pytest.raises(entry.EntryError):
        entry.blinded_commitment(b"s" * 32, "award", **LEAF)


def test_a_payloads_commitment_is_salted_and_domain_separated():
    expected = hashlib.sha256(b"ebid-commit/1\n" + b"n" * 32 + b"{}").digest()
    assert entry.payload_commitment(b"n" * 32, b"{}") == expected
    with pytest.raises(entry.EntryError):
        entry.payload_commitment(b"n", b"{}")


def test_a_person_has_another_pseudonym_in_every_tender():
    names = {
        entry.actor_pseudonym(secret, tender, user)
        for secret in (b"1" * 32, b"2" * 32)
        for tender in ("T-1", "T-2", None)
        for user in ("u1", "u2")
    }
    assert len(names) == 12
    assert entry.actor_pseudonym(b"1" * 32, "T-1", "u1") == entry.actor_pseudonym(b"1" * 32, "T-1", "u1")
