"""A price inquiry over HTTP from the first price to the award: one unchangeable price each, a group of three, the lowest that
meets the needs; both editions of its bundle are VERIFIED."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pyramid.config import Configurator

import tradehall_verify as verifier
from bidding.vault.encoding import unb64
from config.bidder import price_sheet
from tests.bidding.offers.hall import Play, bundle_of, make_play
from trading.ledger.service import entries_of

PRICES = ("460000.00", "450000.00", "455000.00")


def sheet(play: Play, total: str) -> bytes:
    """The price of the first item carries nearly all of it."""
    items = play.app.get(play.at(play.code)).json["items"]
    rest = len(items) - 1
    rows = [
        {"name": item["name"], "brand": "甲牌", "unit": item["unit"], "quantity": "1",
         "unit_price": f"{Decimal(total) - rest:.2f}" if not number else "1.00"}
        for number, item in enumerate(items)
    ]  # fmt: skip
    return price_sheet(rows, 7, "甲牌")


def test_an_inquiry_is_played_to_its_award(
    config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = {"item_name": ["打印纸"], "item_unit": ["批"], "item_quantity": ["1"], "core_item": 1}
    play = make_play(config, tmp_path, monkeypatch, "office-supplies-inquiry", suppliers=3,
                     bid_security="0", decryption_minutes=10, **items)  # fmt: skip
    a, b, c = play.suppliers
    for supplier, total in zip((a, b, c), PRICES, strict=True):
        play.submit(supplier, play.code, {"price-sheet": sheet(play, total), "documents": b"response"})
    play.open(play.code)
    play.seat()
    play.review()
    play.review()
    result = play.report()
    assert [row["id"] for row in result["ranking"]] == [b.uscc, c.uscc, a.uscc]
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
