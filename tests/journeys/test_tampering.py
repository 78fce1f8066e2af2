"""Every way to cheat on the evidence of a real tender, with all the keys that its operator has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.demo.people import uscc
from tests.journeys.attacks import Copy, Forgery, flip, run_verifier
from tests.journeys.conftest import Aftermath
from tests.verifier import story as invented
from tests.verifier.pki import Parties
from tests.verifier.story import Story
from trading.ledger.entry import Entry

pytestmark = pytest.mark.slow


def refused(bundle: Path, trust: Path, *earlier: Path) -> str:
    """What the verifier says of a bundle that it must not accept."""
    code, text = run_verifier(bundle, trust, *earlier)
    assert code == 1, text
    assert "VERIFIED" not in text
    assert text.splitlines()[-1].startswith("FAILED V")
    return text


def name_of(aftermath: Aftermath, login: str, enterprise: str) -> str:
    return f"bid {aftermath.manifest(login)[:12]} of {uscc(enterprise)}"


def test_an_untouched_copy_is_verified(aftermath: Aftermath, copy: Copy) -> None:
    code, text = run_verifier(copy.export(), aftermath.trust)
    assert (code, text.splitlines()[-2]) == (0, "VERIFIED"), text


def test_one_byte_of_a_stored_bid_is_named(aftermath: Aftermath, copy: Copy) -> None:
    manifest = aftermath.manifest("bidder2")
    piece = copy.piece(manifest, "documents")
    piece.write_bytes(flip(piece.read_bytes()))
    text = refused(copy.export(), aftermath.trust)
    path = f"bids/{manifest}/parts/documents.bin"
    assert (
        f"{name_of(aftermath, 'bidder2', 'b2')}: the stored part documents is not what the bidder signed ({path} was altered)"
        in text
    )


def test_one_ledger_row_edited_by_sql_is_named(aftermath: Aftermath, copy: Copy) -> None:
    with copy.as_administrator() as connection:
        rows = connection.execute(
            "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"actor\":\"', '\"actor\":\"x'), 'UTF8') "
            "WHERE tender = %s AND position(%s IN body) > 0 RETURNING id",
            (copy.tender, b'"award.issued"'),
        ).fetchall()
        (place,) = connection.execute("SELECT seq FROM ledger_seq WHERE entry = %s", rows[0]).fetchall()
    assert len(rows) == 1
    text = refused(copy.export(), aftermath.trust)
    assert f"V3  FAIL entry {place[0]}: these bytes are not in the log (award.issued at " in text


def test_a_payload_edited_by_sql_is_named(aftermath: Aftermath, copy: Copy) -> None:
    with copy.as_administrator() as connection:
        rows = connection.execute(
            "UPDATE ledger_payload SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), '2099998.44', '2299998.44'), 'UTF8') "
            "WHERE position(%s IN bytes) > 0 AND position(%s IN bytes) > 0 AND EXISTS (SELECT 1 FROM ledger_entry "
            "WHERE tender = %s AND position(convert_to(encode(commitment, 'hex'), 'UTF8') IN body) > 0) "
            "RETURNING encode(commitment, 'hex')",
            (b'"award":', b"2099998.44", copy.tender),
        ).fetchall()
    assert len(rows) == 1
    text = refused(copy.export(), aftermath.trust)
    assert (
        f"(award.issued): its payload payloads/{rows[0][0]}.json was altered: it does not open the commitment"
        in text
    )


def test_a_bid_removed_from_the_closing_list_is_named(
    aftermath: Aftermath, forgery: Forgery, tmp_path: Path
) -> None:
    manifest = aftermath.manifest("bidder2")
    rows = forgery.json("opening/close.json")["entries"]
    (gone,) = [row for row in rows if row["manifest"] == manifest]
    forgery.change_close([row for row in rows if row is not gone])
    text = refused(forgery.write(tmp_path / "b.tar"), aftermath.trust)
    assert (
        f"{name_of(aftermath, 'bidder2', 'b2')} (entry {gone['leaf_index']}, bid) is missing from the closing list"
        in text
    )
    assert "opening/close.json is not the closing list that entry" in text


def test_a_price_changed_in_the_result_and_signed_again_is_named(
    aftermath: Aftermath, forgery: Forgery, tmp_path: Path
) -> None:
    result = forgery.json("result/result.json")
    result["ranking"][0]["price"] = result["winner"]["price"] = "2199998.44"
    forgery.change_signed("result/result", result, "buyer")
    text = refused(forgery.write(tmp_path / "b.tar"), aftermath.trust)
    winner = name_of(aftermath, "bidder3", "b3")
    assert f"V11 FAIL {winner}: the result says price 2199998.44, recomputed 2099998.44" in text
    assert f"V11 FAIL {winner}: the result's winning price is 2199998.44, recomputed 2099998.44" in text
    assert "V5  FAIL result/result.json is not a document that the log recorded (result.published)" in text


def test_a_back_dated_entry_that_the_hall_logged_later_is_named(aftermath: Aftermath) -> None:
    text = refused(aftermath.inserted, aftermath.trust)
    named = [line for line in text.splitlines() if line.startswith("V7  FAIL entry ")]
    assert len(named) == 1
    assert "(rule.overridden) is dated " in named[0]
    assert named[0].endswith(", before the entries in front of it")


def test_an_entry_inserted_into_the_bundle_is_named(
    aftermath: Aftermath, forgery: Forgery, tmp_path: Path
) -> None:
    taken = {
        int(path.split("/")[2].split(".")[0]) for path in forgery.files if path.startswith("log/entries/")
    }
    index = next(i for i in range(min(taken), max(taken)) if i not in taken)
    at = forgery.json(f"log/entries/{max(i for i in taken if i < index)}.json").get(
        "t", forgery.head["created"]
    )
    body = Entry("0" * 32, at, "rule.overridden", forgery.head["tender"], "agent", None, ()).to_bytes()
    neighbour = forgery.files[f"log/proofs/{min(taken)}.tlog-proof"]
    forgery.files[f"log/entries/{index}.json"] = body
    forgery.files[f"log/proofs/{index}.tlog-proof"] = neighbour.replace(
        f"index {min(taken)}\n".encode(), f"index {index}\n".encode()
    )
    text = refused(forgery.write(tmp_path / "b.tar"), aftermath.trust)
    assert f"V3  FAIL entry {index}: these bytes are not in the log (rule.overridden at {at})" in text
    assert (
        f"V4  FAIL entry {index} (rule.overridden at {at}) was inserted: the tender's manifest does not list it"
        in text
    )


def test_a_log_signed_again_with_other_keys_is_named(
    aftermath: Aftermath, forgery: Forgery, tmp_path: Path
) -> None:
    log, witness = b"\x51" * 32, b"\x52" * 32
    forgery.resign_log(log, witness)
    text = refused(forgery.write(tmp_path / "b.tar", log_seed=log), aftermath.trust)
    assert "V1  FAIL MANIFEST.note: the manifest is not signed by the log's key" in text
    assert "V2  FAIL policy/trust.json: the log's key is not what the trust file says" in text
    assert "V2  FAIL policy/trust.json: the witnesses or their quorum is not what the trust file says" in text
    assert "V2  FAIL log/checkpoint: is not signed by the log's key" in text


@pytest.fixture
def forged(aftermath: Aftermath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The tender played anew under its own code by somebody who made every key himself (log and witness under
    their own names, receipts, CA, custodians), with bids to his liking; and the trust file he would hand out."""
    monkeypatch.setattr(invented, "TENDER", aftermath.goods.code)
    trust = json.loads(aftermath.trust.read_bytes())
    himself = Parties(salt=20)
    himself.log.name = trust["log"]["origin"]
    himself.witness.name = trust["witnesses"][0]["vkey"].split("+")[0]
    world = Story(himself).build()
    (tmp_path / "forged.tar").write_bytes(world.pack())
    (tmp_path / "his.json").write_bytes(world.trust())
    return tmp_path / "forged.tar", tmp_path / "his.json"


def test_a_bundle_signed_throughout_with_other_keys_fails_against_the_real_trust_file(
    aftermath: Aftermath, forged: tuple[Path, Path]
) -> None:
    bundle, his = forged
    assert run_verifier(bundle, his)[0] == 0
    text = refused(bundle, aftermath.trust)
    for what in ("the log's key", "the witnesses or their quorum", "the CA roots", "the time-stamping roots"):
        assert f"V2  FAIL policy/trust.json: {what} is not what the trust file says" in text
    assert "V1  FAIL MANIFEST.note: the manifest is not signed by the log's key" in text
    assert "V2  FAIL log/checkpoint: is not signed by the log's key" in text
    assert "V2  FAIL the close's checkpoint: fewer than 1 trusted witnesses cosigned the tree of" in text
    assert "V6  FAIL tender/policy.p7s: no trusted root above CN=Test CA" in text


def test_without_a_trust_file_nothing_is_ever_called_verified(
    aftermath: Aftermath, forged: tuple[Path, Path]
) -> None:
    for bundle in (forged[0], aftermath.bundle()):
        code, text = run_verifier(bundle, None)
        assert (code, text.splitlines()[-1]) == (2, "CONSISTENT, TRUST NOT CHECKED")
        assert "VERIFIED" not in text


def test_a_bidder_whose_bid_is_nowhere_in_the_bundle_proves_it_by_its_receipt(
    aftermath: Aftermath, forgery: Forgery, bidders_receipt: Path, tmp_path: Path
) -> None:
    code, text = run_verifier(aftermath.bundle(), aftermath.trust, bidders_receipt)
    assert (code, text.splitlines()[-2]) == (0, "VERIFIED"), text
    forgery.forget_bid(aftermath.manifest("bidder2"))
    text = refused(forgery.write(tmp_path / "b.tar"), aftermath.trust, bidders_receipt)
    mine = json.loads(bidders_receipt.read_bytes())
    assert (
        f"V2  FAIL earlier file {bidders_receipt}: bid {mine['manifest'][:12]} "
        f"(receipt {mine['ref']}, entry {mine['leaf_index']}) is missing from the closing list"
    ) in text
