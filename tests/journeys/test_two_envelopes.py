"""Two envelopes: the price is opened after the review, only of bids that passed, and a cheat shows."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bidding.vault.encoding import b64
from bidding.vault.keyfile import read_keyfile
from bidding.vault.keys import part_key
from config.demo.people import PASSWORD
from plugins.recorder.simulator import tone
from tests.journeys.attacks import Forgery, Keys, run_verifier
from tests.journeys.conftest import Aftermath
from tests.journeys.envelopes import FAILS_REVIEW, NEVER_DECRYPTS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("tier", ["public", "regulator"])
def test_two_envelopes_with_a_bidder_that_never_decrypts_are_verified(
    aftermath: Aftermath, tier: str
) -> None:
    code, text = run_verifier(aftermath.bundle(tier, of=aftermath.envelopes), aftermath.trust)
    assert code == 0, text
    assert "FAIL" not in text


def test_the_recording_of_the_opening_stands_in_the_log_with_its_hash(
    aftermath: Aftermath, keys: Keys
) -> None:
    found = Forgery(aftermath.bundle(of=aftermath.envelopes), keys)
    payloads = [
        found.json(path) for path in found.files if path.startswith("payloads/") and path.endswith(".json")
    ]
    (filed,) = [said for said in payloads if "sitting" in said]
    assert filed["sha256"] == hashlib.sha256(tone()).hexdigest()
    assert (filed["sitting"], filed["media_type"]) == ("opening", "audio/wav")


def test_what_was_read_out_names_no_price_of_a_bid_that_stays_sealed(
    aftermath: Aftermath, keys: Keys
) -> None:
    found = Forgery(aftermath.bundle(of=aftermath.envelopes), keys)
    failed, silent = (
        aftermath.envelopes.sealed[who].manifest.hash.hex() for who in (FAILS_REVIEW, NEVER_DECRYPTS)
    )
    first = {row["manifest"]: row["outcome"] for row in found.json("opening/outcomes.json")["bids"]}
    assert (first[failed], first[silent]) == ("OK", "REVOKED")
    assert {row["total"] for row in found.json("opening/record.json")["bids"]} == {None}
    act = found.json("opening/second.json")
    assert act["sealed"] == [failed]
    second = found.json("opening/second-outcomes.json")["bids"]
    assert {row["manifest"] for row in second} == set(act["bids"])
    assert failed not in {row["manifest"] for row in found.json("opening/ceks.json")}


def test_the_price_of_a_bid_that_failed_the_review_must_not_come_out(
    aftermath: Aftermath, keys: Keys, tmp_path: Path
) -> None:
    forged = Forgery(aftermath.bundle(of=aftermath.envelopes), keys)
    sealed = aftermath.envelopes.sealed[FAILS_REVIEW]
    kept = read_keyfile(sealed.key_file.read_bytes(), PASSWORD)
    cek = part_key(kept.keys["price"], sealed.manifest.binding, "price-sheet")
    rows = [*forged.json("opening/ceks.json")]
    rows.append({"manifest": sealed.manifest.hash.hex(), "part": "price-sheet", "cek": b64(cek)})
    forged.set_json("opening/ceks.json", sorted(rows, key=lambda row: (row["manifest"], row["part"])))
    code, text = run_verifier(forged.write(tmp_path / "forged.tar"), aftermath.trust)
    assert code == 1
    assert "is out, but its envelope stays sealed" in text


def test_a_second_opening_that_names_a_failed_bid_is_refused(
    aftermath: Aftermath, keys: Keys, tmp_path: Path
) -> None:
    forged = Forgery(aftermath.bundle(of=aftermath.envelopes), keys)
    act = forged.json("opening/second.json")
    changed = act | {"bids": sorted([*act["bids"], *act["sealed"]]), "sealed": []}
    forged.change_signed("opening/second", changed, "agent")
    code, text = run_verifier(forged.write(tmp_path / "forged.tar"), aftermath.trust)
    assert code == 1
    assert "its second envelope was opened although it failed the review" in text
