"""The browser's draw against the hall's: two implementations, one judgement (`make draws`: 10,000 transcripts)."""

from __future__ import annotations

from pathlib import Path

from tests.draws.agreement import compare

SAMPLE = range(50_000, 50_700)


def test_both_implementations_judge_random_and_bent_transcripts_alike(node: Path) -> None:
    counts, differing = compare(node, SAMPLE)
    assert differing == []
    assert counts["accepted"] > 100
    assert len(counts) >= 7, "the sample must reach the checks, not only the forms"
