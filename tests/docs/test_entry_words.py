"""Every type of entry that the bundle's page lists has its words for people, and none is written that it does not list."""

from __future__ import annotations

import re
from pathlib import Path

from bidding.lottery.words import ENTRIES as OF_WORKS
from bidding.roster.words import ENTRIES as OF_FIRMS
from trading.accounts.words import ACTS as OF_ACCOUNTS
from trading.credit.words import ACTS as OF_LISTS
from trading.supervision.words import ACTS as OF_TENDERS

WORDS = {*OF_TENDERS, *OF_ACCOUNTS, *OF_WORKS, *OF_FIRMS, *OF_LISTS}

ROOT = Path(__file__).parents[2]
TYPE = r"[a-z]+(?:\.[a-z]+(?:-[a-z]+)*)"
ROOMS = ("bidding", "config", "expert_pool", "trading")


def listed() -> set[str]:
    """The types in the first column of the table of entries."""
    page = (ROOT / "docs/protocols/bundle.md").read_text()
    table = page.partition("## Entries")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(rf"`({TYPE})`", row)}


def written() -> set[str]:
    """The types that the code hands to the ledger as a literal."""
    call = re.compile(rf"""\b(?:acts\.|trail\.|key_acts\.)?record\((?:[^()"]|\([^()]*\))*"({TYPE})\"""")
    sources = (path.read_text() for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {name for text in sources for name in call.findall(text)}


def test_every_type_of_the_bundles_page_has_its_words() -> None:
    assert len(listed()) > 60
    assert listed() - WORDS == set()


def test_every_type_that_has_words_for_the_trail_of_a_tender_is_listed() -> None:
    assert OF_TENDERS.keys() - listed() == set()


def test_every_type_that_the_code_writes_has_its_words() -> None:
    assert len(written()) > 60
    assert written() - WORDS == set()
    assert written() - listed() - OF_ACCOUNTS.keys() == set()
