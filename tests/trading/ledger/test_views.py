"""The log's public addresses, as a foreign client would use them."""

from __future__ import annotations

import base64

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from tests.trading.ledger.conftest import ORIGIN
from trading.ledger import merkle
from trading.ledger.checkpoint import parse_checkpoint, verify_log
from trading.ledger.tiles import ENTRIES, Tile, decode_bundle, tile_reader


@pytest.fixture
def client(files) -> TestApp:
    config = Configurator(settings={"ledger.folder": str(files.path), "ledger.origin": ORIGIN})
    config.include("trading.ledger")
    return TestApp(config.make_wsgi_app())


@pytest.fixture
def grown(sequencer, write):
    write(200)
    sequencer.step()
    write(100)
    sequencer.step()
    return sequencer


def test_a_stranger_can_recompute_the_tree_from_the_public_files(client, grown, log_key):
    answer = client.get("/checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    checkpoint = verify_log(answer.text, log_key)
    assert checkpoint.size == 300
    entries = []
    for tile in (Tile(ENTRIES, 0), Tile(ENTRIES, 1, 44)):
        answer = client.get(f"/{tile.path}")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert "immutable" in answer.headers["Cache-Control"]
        entries += decode_bundle(answer.body)
    assert merkle.tree_root(map(merkle.leaf_hash, entries)) == checkpoint.root
    read = tile_reader(lambda tile: client.get(f"/{tile.path}").body, 300)
    assert merkle.range_root(read, 0, 300) == checkpoint.root


def test_partial_tiles_of_earlier_checkpoints_stay_readable(client, grown):
    assert len(client.get("/tile/0/000.p/200").body) == 200 * 32
    assert len(decode_bundle(client.get("/tile/entries/000.p/200").body)) == 200


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/002",
        "/tile/0/001.p/45",
        "/tile/0/001",
        "/tile/1/000.p/2",
        "/tile/3/000",
        "/tile/entries/001",
        "/tile/0/../../checkpoint",
        "/tile/0/%2e%2e/000",
        "/tile/",
        "/tile/x/000",
    ],
)
def test_what_the_checkpoint_does_not_promise_is_not_found(client, grown, path):
    client.get(path, status=404)


def test_inclusion_and_consistency_proofs_verify(client, grown):
    checkpoint = parse_checkpoint(client.get("/checkpoint").text)
    (entry,) = decode_bundle(client.get("/tile/entries/001.p/44").body)[43:]
    answer = client.get("/proof?index=299&size=300").json
    proof = [base64.b64decode(node) for node in answer["proof"]]
    assert merkle.inclusion_holds(merkle.leaf_hash(entry), 299, 300, proof, checkpoint.root)
    assert client.get("/proof?index=299").json == answer
    row = grown.connection.execute("SELECT root FROM ledger_checkpoint WHERE size = 200").fetchone()
    proof = [base64.b64decode(node) for node in client.get("/proof?old=200&new=300").json["proof"]]
    assert merkle.consistency_holds(200, 300, row[0], checkpoint.root, proof)


@pytest.mark.parametrize(
    "query",
    ["", "index=300", "index=-1", "index=1&size=301", "index=x", "old=5&new=4", "old=1&new=301", "index="],
)
def test_a_proof_that_cannot_be_is_refused_with_a_stable_code(client, grown, query):
    answer = client.get(f"/proof?{query}", status=400)
    assert answer.json["code"] == "ledger.no-proof"
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_before_the_first_checkpoint_there_is_nothing(client):
    client.get("/checkpoint", status=404)
    client.get("/proof?index=0", status=404)


def test_another_logs_folder_is_not_served_as_this_one(files, grown):
    config = Configurator(settings={"ledger.folder": str(files.path), "ledger.origin": "other.example"})
    config.include("trading.ledger")
    TestApp(config.make_wsgi_app()).get("/checkpoint", status=404)
