"""What the public does not get: the page that says so, the exporter and the verifier name the same entries."""

from __future__ import annotations

import re
from pathlib import Path

from config.audit import SECRET_TYPES
from tradehall_verify import REGULATOR_TYPES

PAGE = Path(__file__).parents[2] / "docs" / "protocols" / "bundle.md"


def test_page_exporter_and_verifier_keep_the_same_payloads_from_the_public() -> None:
    rows = re.findall(r"^\| ([^|]*) \(R\)[^|]*\|", PAGE.read_text(), re.MULTILINE)
    marked = {name for row in rows for name in re.findall(r"`([a-z.-]+)`", row)}
    assert marked == REGULATOR_TYPES == SECRET_TYPES
