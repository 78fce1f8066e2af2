"""Contributions to the seed (承诺、揭示、恢复): slips that any k trustees hold between them and k-1 do not.

Every party draws one random 32-byte slip for each (k-1)-subset of the n trustees and commits to each. Slip i
goes to every trustee outside subset i. At the freeze all commitments are bound together; from then on the
contribution can be published by the party or by any k trustees, and nobody can change or withhold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from trading.draws.announcement import Params, is_hex32
from trading.draws.floor import is_floor
from trading.draws.hashing import Family, is_name
from trading.draws.refusal import DrawError, malformed

Slips = Sequence[bytes]


def subsets(trustees: Sequence[str], k: int) -> list[tuple[str, ...]]:
    """The (k-1)-subsets of the trustees in lexicographic order of sorted names: slip i belongs to the i-th."""
    return list(combinations(sorted(trustees), k - 1))


def holders(trustees: Sequence[str], k: int) -> list[list[str]]:
    """For each slip the trustees that get it: all who are not in its subset."""
    return [[name for name in sorted(trustees) if name not in subset] for subset in subsets(trustees, k)]


def draw_slips(params: Params, rng: Callable[[int], bytes]) -> list[bytes]:
    """A party's fresh slips; they may serve this one draw only."""
    return [rng(32) for _ in range(params.slips_each)]


def dealt_to(params: Params, trustee: str, slips: Slips) -> dict[int, bytes]:
    """The slips that go to one trustee, by their number."""
    held = holders(params.trustees, params.k)
    return {number: slip for number, slip in enumerate(slips) if trustee in held[number]}


def commitment(family: Family, announce: bytes, party: str, number: int, slip: bytes) -> bytes:
    """c = H("slip", ann, party, number in 4 bytes, slip)."""
    return family.tagged("slip", announce, party, number.to_bytes(4, "big"), slip)


def commit(params: Params, party: str, slips: Slips) -> list[bytes]:
    """A party's commitments, one for each slip."""
    announce = params.hash
    return [commitment(params.family, announce, party, number, slip) for number, slip in enumerate(slips)]


def check_deal(
    params: Params, trustee: str, party: str, commits: Sequence[bytes], dealt: Mapping[int, bytes]
) -> None:
    """What a trustee checks before it signs an ack: raises DrawError SLIPS_UNOPENED unless it got exactly
    its slips and each opens the party's commitment."""
    mine = {n for n, names in enumerate(holders(params.trustees, params.k)) if trustee in names}
    if dealt.keys() != mine or len(commits) != params.slips_each:
        raise DrawError("SLIPS_UNOPENED", party)
    announce = params.hash
    for number, slip in dealt.items():
        if commitment(params.family, announce, party, number, slip) != commits[number]:
            raise DrawError("SLIPS_UNOPENED", party)


def recover(
    params: Params, party: str, commits: Sequence[bytes], shares: Iterable[Mapping[int, bytes]]
) -> list[bytes]:
    """A withheld contribution from what trustees hold: every slip that opens its commitment.

    A false slip of one trustee does no harm where another holds the right one. Raises DrawError
    SLIPS_UNOPENED when a slip is held by none of them."""
    announce = params.hash
    found: dict[int, bytes] = {}
    for share in shares:
        for number, slip in share.items():
            if not 0 <= number < len(commits):
                continue
            if commitment(params.family, announce, party, number, slip) == commits[number]:
                found[number] = slip
    if len(found) != params.slips_each or len(commits) != params.slips_each:
        raise DrawError("SLIPS_UNOPENED", party)
    return [found[number] for number in range(params.slips_each)]


def freeze(params: Params, commits: Mapping[str, Sequence[bytes]]) -> bytes:
    """T = H("freeze", ann, for each party in order of name: name, its commitments joined)."""
    parts: list[bytes | str] = [params.hash]
    for party in sorted(commits):
        parts += [party, b"".join(commits[party])]
    return params.family.tagged("freeze", *parts)


def contribution(params: Params, party: str, slips: Slips) -> bytes:
    """r = H("contrib", ann, party, slip 0, slip 1 …)."""
    return params.family.tagged("contrib", params.hash, party, *slips)


def seed(params: Params, frozen: bytes, slips: Mapping[str, Slips], beacon: str) -> bytes:
    """seed = H("seed", T, each party's r in order of name, the beacon's ASCII bytes)."""
    contributions = [contribution(params, party, slips[party]) for party in sorted(slips)]
    return params.family.tagged("seed", frozen, *contributions, beacon)


def check_commits(params: Params, value: Any) -> dict[str, list[bytes]]:
    """party → commitments, of the right form and number; raises DrawError MALFORMED."""
    commits = _hashes(value, "commits")
    if not commits or any(len(row) != params.slips_each for row in commits.values()):
        raise malformed("the number of commitments")
    return commits


def check_slips(value: Any) -> dict[str, list[bytes]]:
    """party → slips, each of 32 bytes; raises DrawError MALFORMED."""
    return _hashes(value, "slips")


def check_revealed(
    params: Params,
    commits: Mapping[str, Sequence[bytes]],
    slips: Mapping[str, Slips],
    seen: frozenset[bytes] = frozenset(),
) -> None:
    """Raises DrawError unless every mandatory party committed, all slips open their commitments and no slip
    of an organisation occurs twice, here or among those `seen` in other draws. One that a party from the floor uses
    twice harms only its own contribution."""
    for party in params.must:
        if party not in commits:
            raise DrawError("PARTY_MISSING", party)
    for party in sorted(commits.keys() | slips.keys()):
        if party not in slips or commit(params, party, slips[party]) != commits.get(party):
            raise DrawError("SLIPS_UNOPENED", party)
    used = set(seen)
    for party in sorted(slips):
        for slip in slips[party] if party in params.must or not is_floor(party) else ():
            if slip in used:
                raise DrawError("SLIP_REUSED", party)
            used.add(slip)


def _hashes(value: Any, what: str) -> dict[str, list[bytes]]:
    if type(value) is not dict:
        raise malformed(what)
    for party, row in value.items():
        if not is_name(party) or type(row) is not list or not all(map(is_hex32, row)):
            raise malformed(what)
    return {party: [bytes.fromhex(text) for text in row] for party, row in value.items()}
