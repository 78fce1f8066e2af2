"""A fast factory of complete ceremonies with random parameters; everything follows from one number."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trading.draws import calling, slips
from trading.draws.announcement import parse_params
from trading.draws.candidates import Candidate, CandidateList, build_list
from trading.draws.floor import is_floor
from trading.draws.hashing import FAMILIES

TAGS = ("A", "A08", "A0801", "B", 'Z "\\', "土建", "\u2028")
PARTIES = ("authority", "notary", "platform", "purchaser", "bidder-01", "bidder-02", "10", "9")
TRUSTEES = (
    (2, ("authority", "notary", "platform")),
    (2, ("d", "c", "b", "a")),
    (3, ("t1", "t2", "t3", "t4", "t5")),
)
DICE = {"source": "dice", "rule": "20 ten-sided dice, ASCII digits in throwing order"}


@dataclass
class Ceremony:
    """One draw from the list to the openings; `transcript` is its public record."""

    transcript: dict[str, Any]
    candidates: Sequence[Candidate]
    listed: CandidateList


def ceremony(number: int, **fixed: Any) -> Ceremony:
    """The ceremony number `number`. Fixed parts: alg, scope, cap, k, trustees, must, volunteers, strata, candidates,
    beacon, value (of the beacon), prev, times, `answers` (the letters that are given, repeated ones being likelier), waves (how many at most)."""
    rng = random.Random(number)
    alg = fixed.get("alg") or rng.choice(("sha256", "sha256", "sm3"))
    cap = fixed.get("cap", rng.choice((0, 1, 1, 2)))
    k, trustees = (fixed["k"], fixed["trustees"]) if "k" in fixed else rng.choice(TRUSTEES)
    scope = fixed.get("scope") or f"T-{rng.randrange(10**6)}/experts/{rng.randrange(1, 4)}"
    candidates = fixed.get("candidates") or [_candidate(rng, n, cap) for n in range(rng.randrange(1, 12))]
    listed = build_list(FAMILIES[alg], scope, candidates, cap, rng.randbytes)
    must = fixed.get("must") or rng.sample(PARTIES, rng.randrange(1, 4))
    document = {"v": 1, "alg": alg, "scope": scope, "list_root": listed.root(FAMILIES[alg]).hex()}
    document |= {"list_size": len(listed.rows), "strata": fixed.get("strata") or _strata(rng), "cap": cap}
    document |= {"trustees": list(trustees), "k": k, "must": must}
    document["prev"] = fixed.get("prev", rng.choice((None, rng.randbytes(32).hex())))
    document["beacon"] = fixed.get("beacon", rng.choice((None, DICE)))
    times = fixed.get("times", (1767225600, 1767225900, 1767226200))
    document |= dict(zip(("t_commit", "t_freeze", "t_reveal"), times, strict=True))
    volunteers = fixed.get("volunteers", rng.sample(PARTIES, rng.randrange(0, 3)))
    beacon = "".join(rng.choices("0123456789", k=20)) if document["beacon"] else ""
    beacon = fixed.get("value", beacon)
    transcript = play(rng, document, listed, sorted({*must, *volunteers}, reverse=True), beacon, fixed)
    return Ceremony(transcript, candidates, listed)


def play(
    rng: random.Random,
    document: dict[str, Any],
    listed: CandidateList,
    parties: Sequence[str],
    beacon: str,
    fixed: dict[str, Any],
) -> dict[str, Any]:
    """Commit, reveal, call and answer until the panel is full or the waves are used up."""
    params = parse_params(document)
    # Phones from the floor use one slip for everything, in every draw: they harm nobody but themselves.
    drawn = {p: slips.draw_slips(params, bytes if is_floor(p) else rng.randbytes) for p in parties}
    commits = {party: slips.commit(params, party, drawn[party]) for party in parties}
    seed = slips.seed(params, slips.freeze(params, commits), drawn, beacon)
    state = calling.Calling(params, listed.rows, calling.order(params.family, seed, listed.rows))
    waves = []
    state.call()
    for _ in range(fixed.get("waves", rng.randrange(0, 4)) or 0):
        waves.append(_wave(rng, state, fixed.get("answers", "AAADNR")))
        state.settle(waves[-1])
        state.call()
    while state.pending:
        waves.append(dict.fromkeys(state.pending, "N"))
        state.settle(waves[-1])
        state.call()
    called = [name for call in state.calls for _, name in call]
    return {
        "params": document,
        "rows": listed.rows,
        "commits": {party: [c.hex() for c in row] for party, row in commits.items()},
        "slips": {party: [slip.hex() for slip in row] for party, row in drawn.items()},
        "beacon": beacon,
        "waves": waves,
        "result": state.result(seed),
        "openings": {name: [listed.openings[name][0], dict(listed.openings[name][1])] for name in called},
    }


def _wave(rng: random.Random, state: calling.Calling, answers: str) -> dict[str, str]:
    wave = {name: rng.choice(answers) for name in state.pending}
    if state.members and rng.random() < 0.3:
        wave[rng.choice(sorted(state.members))] = "X"
    return wave


def _candidate(rng: random.Random, number: int, cap: int) -> Candidate:
    tags = tuple(rng.sample(TAGS, rng.randrange(0, 4)))
    record = {
        "id": f"E{number:05d}",
        "name": rng.choice(("周磊", "O'Neill \"\\\t", "吴芳")),
        "cats": list(tags),
    }
    groups = tuple(rng.sample([f"unit{n}" for n in range(6)], rng.randrange(0, 3)))
    weight = rng.randrange(1, 4) if cap == 1 else 1
    return Candidate(record, groups, tags, weight, rng.choice(("", "", "", "suspended")))


def _strata(rng: random.Random) -> list[dict[str, Any]]:
    names = rng.sample(("1-tech", "2-econ", "win", "__proto__", "7"), rng.randrange(1, 4))
    return [
        {"id": name, "quota": rng.randrange(1, 4), "tags": rng.sample(TAGS, rng.randrange(1, 4))}
        for name in names
    ]
