"""A long list: the order of the work, not its time (benchmarks/draws.py measures that)."""

from __future__ import annotations

import time

from benchmarks.draws import announced, rows_of, transcript_of
from trading.draws.draw import replay
from trading.draws.hashing import FAMILIES


def test_a_draw_of_20_000_candidates_replays_within_its_share_of_the_three_seconds() -> None:
    rows = rows_of(20_000)
    transcript = transcript_of(announced(FAMILIES["sha256"], rows), rows)
    started = time.process_time()
    replay(transcript)
    assert time.process_time() - started < 0.6
