"""What is read out of a price sheet, whatever a bidder has sealed as one."""

from __future__ import annotations

import pytest

import tradehall_verify
from bidding.opening.papers import read_out
from bidding.vault.models import Bid, Outcome
from trading.ledger.canonical import CanonicalError, dumps, loads

GOOD = {"opening": {"total": "101.00", "period_days": 30}}
SHEETS = [
    (dumps(GOOD), ("101.00", 30)),
    (dumps({"opening": {"total": "1e999", "period_days": -1}}), ("1e999", -1)),
    (dumps({"opening": {"total": 101, "period_days": True}}), (None, None)),
    (dumps({"opening": {"total": "101.00", "period_days": "30"}}), ("101.00", None)),
    (dumps({"opening": {"total": "101.00"}}), (None, None)),
    (dumps({"opening": "total"}), (None, None)),
    (dumps({"opening": ["total"]}), (None, None)),
    (dumps({}), (None, None)),
    (dumps([]), (None, None)),
    (b"", (None, None)),
    (b"\xff", (None, None)),
    (b"[" * 100_000, (None, None)),
    (b'{"opening":{"period_days":1e9,"total":"1.00"}}', (None, None)),
    (b'{"opening":{"period_days":9007199254740993,"total":"1.00"}}', (None, None)),
    (b'{"opening":{"period_days":1,"total":"\\ud800"}}', (None, None)),
    (b'{"opening": {"period_days": 30, "total": "101.00"}}', (None, None)),
]


@pytest.mark.parametrize(("sealed", "expected"), SHEETS)
def test_any_price_sheet_can_be_read_out_and_the_verifier_reads_the_same(
    sealed: bytes, expected: tuple[str | None, int | None]
) -> None:
    row = read_out(Bid(), Outcome(price_sheet=sealed))
    assert (row.total, row.period_days) == expected
    dumps({"total": row.total, "period_days": row.period_days})
    try:
        sheet = loads(sealed)
    except CanonicalError:
        return  # the verifier compares nothing with a sheet that is no canonical JSON
    assert tradehall_verify.read_out_figures(sheet) == expected
