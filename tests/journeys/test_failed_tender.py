"""Two bidders are too few: the hall fails the tender by itself, and proves that it opened nothing."""

from __future__ import annotations

import pytest

from config.demo.cast import ORGANISATIONS
from config.demo.people import uscc
from tests.journeys.attacks import Forgery, Keys, run_verifier
from tests.journeys.conftest import Aftermath

pytestmark = pytest.mark.slow


@pytest.fixture
def failed(aftermath: Aftermath, keys: Keys) -> Forgery:
    return Forgery(aftermath.bundle(of=aftermath.failed), keys)


def test_a_tender_with_two_bidders_is_failed_by_the_hall_with_its_article(aftermath: Aftermath) -> None:
    assert aftermath.failure["state"] == "failed"
    assert aftermath.failed_opening["opening"] is None
    (notice,) = [row for row in aftermath.failure_notices if row["kind"] == "failure"]
    assert "M87 43" in str(notice)


def test_nothing_of_the_two_bids_was_opened(failed: Forgery) -> None:
    statuses = [row["status"] for row in failed.json("opening/close.json")["entries"]]
    assert statuses == ["valid", "valid", "withdrawn", "withdrawn"]
    assert failed.json("opening/ceks.json") == []
    assert [p for p in failed.files if p.startswith(("opening/releases", "opening/bidder-releases"))] == []
    assert "opening/outcomes.json" not in failed.files


def test_the_bundle_of_the_failed_tender_is_verified(aftermath: Aftermath) -> None:
    code, text = run_verifier(aftermath.bundle(of=aftermath.failed), aftermath.trust)
    assert code == 0, text
    assert "V4  ok   4 bids and withdrawals in the closing list" in text
    assert "V8  --   nothing was opened" in text
    assert "(tender.failed): fewer than three bidders (M87 43)" in text
    assert text.splitlines()[-2] == "VERIFIED"


def test_the_public_bundle_of_the_failed_tender_is_verified_and_names_nobody(
    aftermath: Aftermath, keys: Keys
) -> None:
    path = aftermath.bundle("public", of=aftermath.failed)
    code, text = run_verifier(path, aftermath.trust)
    assert code == 0, text
    assert "no closing list, the tender ended unopened" in text and text.splitlines()[-2] == "VERIFIED"
    everything = b"".join(Forgery(path, keys).files.values())
    for login, key in (("bidder1", "b1"), ("bidder2", "b2")):
        digest = aftermath.failed.sealed[login].manifest.hash.hex()
        assert digest.encode() not in everything and uscc(key).encode() not in everything
        assert ORGANISATIONS[key][3].encode() not in everything
