"""`tradehall bid` against a hall that listens: seal without a network, hand in, replace, withdraw, decrypt."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import xlsxwriter
from sqlalchemy import select

from bidding.evaluation.pricesheet import parse_bytes
from bidding.opening.models import Opening
from bidding.tenders.models import Tender
from bidding.vault.models import BidderRelease
from bidding.vault.policy_check import PolicyRefused
from bidding.vault.receipt import accepted
from config import bid, bidder
from tests.bidding.vault.scene import CODE, Enterprise, Scene, replace_policy, scene
from tests.bidding.vault.test_closing import promised_close
from trading import clock
from trading.accounts.models import ApiKey
from trading.security import token_hash

__all__ = ["scene"]
PASSPHRASE = "six words that nobody would guess"
KEY = "a key for programs"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, scene.config.make_wsgi_app(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def who(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Enterprise:
    made = scene.enterprise("Green Chairs Ltd")
    with scene.db() as session:
        session.add(
            ApiKey(user_id=made.bidder.user_id, key_hash=token_hash(KEY), label="cli", created_at=clock.now())
        )
    monkeypatch.setenv("TRADEHALL_API_KEY", KEY)
    monkeypatch.setenv("TRADEHALL_PASSPHRASE", PASSPHRASE)
    encrypted = made.key_file.with_suffix(".key.pem")
    encrypt_key(made.key_file, encrypted)
    made.key_file = encrypted
    return made


def encrypt_key(source: Path, target: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    pem = source.read_bytes()
    key = load_pem_private_key(pem, None)
    protected = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())
    )
    chain = b"".join(c.public_bytes(Encoding.PEM) for c in x509.load_pem_x509_certificates(pem))
    target.write_bytes(protected + chain)


@pytest.fixture
def ledger(scene: Scene) -> Iterator[None]:
    """The sequencer and the witness, at work beside the test."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            scene.keep_promises()
            scene.sequence()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def files(folder: Path) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    items = folder / "items.csv"
    items.write_text(
        'name,brand,unit,quantity,unit_price\nChair,Oak,piece,100,"1,234.50"\n', encoding="utf-8"
    )
    document = folder / "bid.pdf"
    document.write_bytes(b"%PDF-1.7 " + bytes(range(256)) * 40000)
    return {"items": items, "document": document}


def run(*arguments: Any) -> int:
    return bid.main([str(argument) for argument in arguments])


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def seal_offline(scene: Scene, who: Enterprise, folder: Path) -> Path:
    made = files(folder)
    policy = folder / "policy.json"
    policy.write_bytes(scene.policy.raw)
    content = ["--prices", made["items"], "--folder", folder, made["document"]]
    assert run("seal", "--policy", policy, "--certificate", who.key_file, *content) == 0
    return only(folder, "*.sealed")


def test_a_bid_sealed_without_a_network_is_handed_in_and_its_receipt_holds(
    scene: Scene,
    who: Enterprise,
    address: str,
    ledger: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "work"
    sealed = seal_offline(scene, who, folder)
    assert "NOT YET SUBMITTED" in capsys.readouterr().out
    assert run("submit", "--hall", address, "--trust", scene.state / "trust", sealed) == 0
    assert "SUBMITTED" in capsys.readouterr().out
    receipt = only(folder, "*.receipt.json").read_bytes()
    checks = bidder.judge_receipt(receipt, sealed, scene.state / "trust")
    assert accepted(checks)
    assert {check.state for check in checks} == {"PASS"}
    hall = bidder.Hall(address, KEY)
    (act,) = bidder.own_bids(hall, CODE)
    assert bidder.submit(hall, sealed).ref == act["ref"], "handed in twice, counted once"


def test_a_standing_bid_is_replaced_and_then_withdrawn(
    scene: Scene, who: Enterprise, address: str, ledger: None, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    assert run("submit", "--hall", address, seal_offline(scene, who, folder)) == 0
    again = tmp_path / "again"
    content = ["--prices", files(again)["items"], "--folder", again, files(again)["document"]]
    trust = scene.state / "trust"
    assert (
        run(
            "replace",
            "--hall",
            address,
            "--tender",
            CODE,
            "--trust",
            trust,
            "--certificate",
            who.key_file,
            *content,
        )
        == 0
    )
    hall = bidder.Hall(address, KEY)
    assert [act["seq"] for act in bidder.own_bids(hall, CODE)] == [1, 2]
    assert run("withdraw", "--hall", address, "--certificate", who.key_file, only(again, "*.sealed")) == 0
    assert bidder.own_bids(hall, CODE)[-1]["kind"] == "withdraw"
    assert bidder.next_place(hall, CODE) == (3, None)


@pytest.mark.parametrize("mode", ["custodian", "dual"])
def test_a_bid_that_its_key_file_opens_is_sealed_again_for_amended_documents(
    scene: Scene,
    who: Enterprise,
    address: str,
    ledger: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    replace_policy(scene, mode)
    folder = tmp_path / "work"
    assert run("submit", "--hall", address, seal_offline(scene, who, folder)) == 0
    replace_policy(scene, mode)
    again = tmp_path / "again"
    again.mkdir()
    get = bidder.Hall.get
    items = json.dumps({"items": [{"name": "Chair", "unit": "piece", "quantity": "100"}]}).encode()
    # This hall has no notice page to read the list of items from.
    monkeypatch.setattr(
        bidder.Hall, "get", lambda hall, path: items if path == f"/api/tenders/{CODE}" else get(hall, path)
    )
    asked = ["--hall", address, "--tender", CODE, "--trust", scene.state / "trust", "--folder", again]
    code = run("reseal", *asked, "--certificate", who.key_file, only(folder, "*.bidkey.json"))
    hall = bidder.Hall(address, KEY)
    assert code == 0 and [act["seq"] for act in bidder.own_bids(hall, CODE)] == [1, 2]


def test_a_refusal_is_shown_and_its_signature_kept(
    scene: Scene, who: Enterprise, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    sealed = seal_offline(scene, who, tmp_path / "work")
    scene.run_until(scene.deadline)
    monkeypatch.chdir(tmp_path)
    assert run("submit", "--hall", address, sealed) == 1
    assert "bid.late" in capsys.readouterr().out
    assert (tmp_path / "refusal.json").exists()


def test_a_bidder_decrypts_with_the_key_file(
    scene: Scene, who: Enterprise, address: str, tmp_path: Path
) -> None:
    promised_close(scene)
    folder = tmp_path / "work"
    sealed = seal_offline(scene, who, folder)
    hall = bidder.Hall(address, KEY)
    bidder.submit(hall, sealed)
    scene.close()
    with scene.db() as session:
        tender = session.scalars(select(Tender).where(Tender.code == CODE)).one()
        tender.state, now = "opening", clock.now()
        window = now + timedelta(seconds=600)
        session.add(Opening(tender_id=tender.id, started_at=now, window_ends_at=window))
    arguments = ["--hall", address, "--tender", CODE, "--certificate", who.key_file]
    assert run("decrypt", *arguments, only(folder, "*.bidkey.json")) == 0
    with scene.db() as session:
        assert session.scalars(select(BidderRelease)).one().matches


def test_a_policy_whose_signature_does_not_hold_is_not_used(
    scene: Scene, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = bidder.Hall(address)
    trust = scene.state / "trust"
    assert bidder.fetch_policy(hall, CODE, trust, scene.policy.hash.hex()).raw == scene.policy.raw
    with pytest.raises(bidder.BidError):
        bidder.fetch_policy(hall, CODE, trust, "0" * 64)
    honest = hall.get
    statements = honest(f"/api/tenders/{CODE}/custodian-keys").replace(b'"p7s": "MI', b'"p7s": "MJ')
    monkeypatch.setattr(hall, "get", lambda path: statements if path.endswith("keys") else honest(path))
    with pytest.raises(PolicyRefused):
        bidder.fetch_policy(hall, CODE, trust)


def test_a_wrong_passphrase_opens_nothing(scene: Scene, who: Enterprise, tmp_path: Path) -> None:
    with pytest.raises(bidder.BidError):
        bidder.Signer.open(who.key_file, "wrong")


def test_a_price_sheet_from_a_spreadsheet_is_one_that_the_evaluation_reads(tmp_path: Path) -> None:
    path = tmp_path / "items.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "brand", "unit", "quantity", "unit_price"])
        sheet.write_row(1, 0, ["学生用台式计算机", "某牌", "台", 360, 4999.5])
        sheet.write_row(2, 0, ["部署", "", "校", "1.5", "2,000"])
    raw = bidder.price_sheet(bidder.read_items(path), 30, "某牌", ["micro-enterprise"])
    found = parse_bytes(raw)
    assert found.total == Decimal("1802820.00")
    assert found.period_days == 30


def test_documents_pack_into_the_same_bytes_whatever_their_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b.txt", "a.txt")]
    for path in paths:
        path.write_text(path.name)
    packed = []
    for order in (paths, paths[::-1]):
        with (tmp_path / "out.tar").open("wb") as out:
            bidder.pack_documents(order, out)
        packed.append((tmp_path / "out.tar").read_bytes())
    assert packed[0] == packed[1]
