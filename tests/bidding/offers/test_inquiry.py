"""A price inquiry over HTTP from the first price to the award: one unchangeable price each, a group of three, the lowest that
meets the needs; both editions of its bundle are VERIFIED."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyramid.config import Configurator

import tradehall_verify as verifier
from bidding.vault.encoding import unb64
from tests.bidding.offers.hall import bundle_of, make_play, offer_sheet
from trading.ledger.service import entries_of

PRICES = ("460000.00", "450000.00", "455000.00")


def test_an_inquiry_is_played_to_its_award(
    config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = make_play(config, tmp_path, monkeypatch, "office-supplies-inquiry", suppliers=3,
                     bid_security="0", decryption_minutes=10)  # fmt: skip
    a, b, c = play.suppliers
    for supplier, total in zip((a, b, c), PRICES, strict=True):
        play.submit(supplier, play.code, {"price-sheet": offer_sheet(total), "documents": b"response"})
    play.open(play.code)
    play.seat()
    play.review()
    play.review()
    result = play.report()
    assert [row["id"] for row in result["ranking"]] == [b.uscc, c.uscc, a.uscc], result["rejected"]
    documents = play.purchaser.get("/award")["documents"]
    signed = {f"{name}_cms": play.purchaser.sign(unb64(row["data"])) for name, row in documents.items()}
    play.purchaser.post("/award", signed)
    assert play.purchaser.get("/award")["awards"][-1]["price"] == "450000.00"
    for edition in ("public", "regulator"):
        (tmp_path / edition).mkdir()
        bundle, trusted = bundle_of(play, tmp_path / edition, public=edition == "public")
        said: list[str] = []
        assert verifier.main([str(bundle), "--trust", str(trusted)], said.append) == 0, "\n".join(said)
    with play.scene.db() as session:
        types = [row.entry.type for row in entries_of(session, play.code)]
    assert "award.issued" in types and not any(name.startswith("offers.") for name in types)
