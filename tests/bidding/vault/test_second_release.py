"""A custodian's box releases for a second envelope only what the host's signed act names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bidding.vault import custodian as decide
from trading.ledger.canonical import dumps

CLOSE, PASSED, FAILED = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32


def act(**changes: Any) -> bytes:
    return dumps(
        {
            "v": 1,
            "typ": "ebid.second-opening",
            "tender": "T-1",
            "lot": "L-1",
            "close": CLOSE.hex(),
            "stage": "price",
            "bids": [PASSED.hex()],
            "sealed": [FAILED.hex()],
        }
        | changes
    )


def faults(second: bytes | None, *manifests: bytes) -> list[str]:
    asked = SimpleNamespace(tender="T-1", stage="price", manifests=list(manifests))
    return decide._second_faults(SimpleNamespace(second=second), asked, SimpleNamespace(hash=CLOSE))  # type: ignore[arg-type]


def test_what_the_act_names_is_released() -> None:
    assert faults(act(), PASSED) == []


@pytest.mark.parametrize(
    ("second", "manifest"),
    [
        (None, PASSED),
        (b"{}", PASSED),
        (act(), FAILED),
        (act(close=FAILED.hex()), PASSED),
        (act(tender="T-2"), PASSED),
        (act(stage="opening"), PASSED),
    ],
)
def test_anything_else_is_declined(second: bytes | None, manifest: bytes) -> None:
    assert faults(second, manifest) != []
