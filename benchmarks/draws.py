"""What a draw of 100,000 candidates costs: `python -m benchmarks.draws`.

Against hashing as many strings of the same lengths plainly (one leaf, one ticket and one inner node for each candidate). One core;
each figure is processor time, the best of three. The limit is 3 seconds for list root, order and replay together.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections.abc import Callable, Sequence

from trading.draws import calling, candidates, slips
from trading.draws.announcement import Params, parse_params
from trading.draws.draw import replay
from trading.draws.hashing import FAMILIES, Family, jcs

PARTIES = ("authority", "notary", "platform")
STRATA = [
    {"id": "1-tech", "quota": 7, "tags": ["A0801", "A08"]},
    {"id": "2-econ", "quota": 2, "tags": ["B0201"]},
]


def rows_of(number: int) -> list[candidates.Row]:
    """A pool of 100 people to an employer; the handles stand for records that are never opened here."""
    rng = random.Random(1)
    labels = [rng.randbytes(8).hex() for _ in range(max(1, number // 100))]
    tags = [["A0801", "A08"], ["B0201"], ["A08"]]
    rows: list[candidates.Row] = [
        {"h": rng.randbytes(32).hex(), "g": [rng.choice(labels)], "s": rng.choice(tags)}
        for _ in range(number)
    ]
    return sorted(rows, key=lambda row: row["h"])


def announced(family: Family, rows: Sequence[candidates.Row]) -> Params:
    """The announcement of a routine draw over these rows."""
    return parse_params(
        {"v": 1, "alg": family.name, "scope": "T-1/experts/1", "prev": None, "cap": 1, "strata": STRATA}
        | {"list_root": candidates.list_root(family, rows).hex(), "list_size": len(rows)}
        | {"trustees": list(PARTIES), "k": 2, "must": list(PARTIES), "beacon": None}
        | {"t_commit": 0, "t_freeze": 1, "t_reveal": 2}
    )


def transcript_of(params: Params, rows: list[candidates.Row]) -> dict[str, object]:
    """A whole draw in which everybody accepts."""
    rng = random.Random(2)
    drawn = {party: slips.draw_slips(params, rng.randbytes) for party in PARTIES}
    commits = {party: slips.commit(params, party, drawn[party]) for party in PARTIES}
    seed = slips.seed(params, slips.freeze(params, commits), drawn, "")
    state = calling.Calling(params, rows, calling.order(params.family, seed, rows))
    wave = {name: "A" for _, name in state.call()}
    state.settle(wave)
    state.call()
    return {
        "params": params.document,
        "rows": rows,
        "commits": {party: [c.hex() for c in row] for party, row in commits.items()},
        "slips": {party: [slip.hex() for slip in row] for party, row in drawn.items()},
        "beacon": "",
        "waves": [wave],
        "result": state.result(seed),
        "openings": {},
    }


def seconds(work: Callable[[], object]) -> float:
    """The best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def plain(family: Family, rows: Sequence[candidates.Row]) -> None:
    """As many hashes as a draw needs, of strings that are there already."""
    for row in PLAIN[family.name, len(rows)]:
        family.digest(row)


PLAIN: dict[tuple[str, int], list[bytes]] = {}


def measure(family: Family, rows: list[candidates.Row]) -> None:
    params = announced(family, rows)
    transcript = transcript_of(params, rows)
    leaves = [jcs(row) for row in rows]
    PLAIN[family.name, len(rows)] = leaves + [bytes(110)] * len(rows) + [bytes(65)] * len(rows)
    base = seconds(lambda: plain(family, rows))
    parts = {
        "list root": seconds(lambda: candidates.list_root(family, rows)),
        "order": seconds(lambda: calling.order(family, hashlib.sha256(b"seed").digest(), rows)),
        "replay": seconds(lambda: replay(transcript)),
    }
    total = sum(parts.values())
    print(
        f"draw of {len(rows)} candidates, {family.name}; plain hashing of {3 * len(rows)} strings {base:.2f} s"
    )
    for name, spent in {**parts, "together": total}.items():
        print(f"  {name:10} {spent:6.2f} s  {spent / base:5.1f} x plain hashing")
    print(f"  {'within' if total < 3 else 'OVER'} 3 s")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=100_000)
    options = parser.parse_args(arguments)
    rows = rows_of(options.candidates)
    for family in FAMILIES.values():
        measure(family, rows)


if __name__ == "__main__":
    main()
