"""What comes next in a ceremony (抽取流程): for the hall, and for each service that asks what is wanted of it.

Pure: the facts so far in, one step out. Whoever keeps the facts acts on it under a lock, as often as he likes: the
same facts give the same step. Instants are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from trading.draws.announcement import Params
from trading.draws.floor import is_floor
from trading.draws.papers import Ack, Commit


@dataclass(frozen=True)
class Facts:
    """A draw so far. `floor` says whether voluntary parties may come until t_commit (public profile); without
    them the list of commitments closes with the last mandatory one. `dealt` are (party, trustee) whose deals
    are there; `frozen` the parties that T binds; `witnessed`: a cosigned checkpoint holds the freeze,
    or that the draw is void."""

    params: Params
    floor: bool = False
    commits: Mapping[str, Commit] = field(default_factory=dict)
    dealt: Collection[tuple[str, str]] = ()
    acks: Mapping[str, Ack] = field(default_factory=dict)
    frozen: tuple[str, ...] | None = None
    witnessed: bool = False
    beacon: str | None = None
    revealed: Collection[str] = ()
    voided: bool = False


@dataclass(frozen=True)
class Step:
    """What the hall does now: `wait` (for `missing`), `freeze` (with `parties`, without `missing`), `void`
    (because of `missing`) or `order` (the seed is known)."""

    act: str
    parties: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def closed(facts: Facts, now: int) -> bool:
    """Whether the list of commitments is closed: from then on slips are dealt, and nobody else comes in."""
    if not facts.params.must or set(facts.params.must) - facts.commits.keys():
        return now > facts.params.t_commit
    return not facts.floor or now > facts.params.t_commit


def next_step(facts: Facts, now: int) -> Step:
    """The hall's next step."""
    if facts.voided:
        return Step("wait")
    if facts.frozen is not None:
        return _after_freeze(facts, facts.frozen)
    absent = _sorted(set(facts.params.must) - facts.commits.keys())
    if not closed(facts, now):
        return Step("wait", missing=absent)
    if absent or not facts.commits:
        return Step("void", missing=absent)
    whole = _acknowledged(facts)
    missing = _sorted(facts.commits.keys() - whole)
    if not missing:
        return Step("freeze", _sorted(whole))
    if now < facts.params.t_freeze:
        return Step("wait", missing=missing)
    refused = _sorted(set(facts.params.must) - whole)
    return (
        Step("void", missing=_blamed(facts, refused))
        if refused or not whole
        else Step("freeze", _sorted(whole), missing)
    )


def wanted(facts: Facts, name: str, now: int) -> list[str]:
    """What the service `name` is asked for: commit, deal, ack, reveal, recover."""
    if facts.voided:
        shown = facts.witnessed and name in facts.commits and name not in facts.revealed
        return ["reveal"] if shown else []
    if facts.frozen is not None:
        return _wanted_slips(facts, facts.frozen, name, now)
    if not closed(facts, now):
        invited = name in facts.params.must or (facts.floor and is_floor(name))
        return ["commit"] if invited and name not in facts.commits else []
    asked = []
    if name in facts.commits and any((name, trustee) not in facts.dealt for trustee in facts.params.trustees):
        asked.append("deal")
    if name in facts.params.trustees:
        dealt = {party for party, trustee in facts.dealt if trustee == name}
        held = {c.hash for party, c in facts.commits.items() if party in dealt}
        ack = facts.acks.get(name)
        if set(facts.params.must) <= dealt and held - set(ack.commits if ack else ()):
            asked.append("ack")
    return asked


def choose_trustees(
    named: Sequence[str], standby: Sequence[str], present: Collection[str]
) -> tuple[str, ...]:
    """Who serves: those named, and for each that is absent the next standby that is present. One who is
    absent stays named when no standby is left."""
    spare = iter([name for name in standby if name in present and name not in named])
    return tuple(name if name in present else next(spare, name) for name in named)


def _after_freeze(facts: Facts, parties: Sequence[str]) -> Step:
    if not facts.witnessed:
        return Step("wait", missing=("witness",))
    if facts.params.beacon is not None and facts.beacon is None:
        return Step("wait", missing=("beacon",))
    hidden = _sorted(set(parties) - set(facts.revealed))
    return Step("wait", missing=hidden) if hidden else Step("order", tuple(parties))


def _wanted_slips(facts: Facts, parties: Sequence[str], name: str, now: int) -> list[str]:
    if _after_freeze(facts, parties).missing in (("witness",), ("beacon",)):
        return []
    asked = ["reveal"] if name in parties and name not in facts.revealed else []
    hidden = set(parties) - set(facts.revealed) - {name}
    if name in facts.params.trustees and hidden and now >= facts.params.t_reveal:
        asked.append("recover")
    return asked


def _acknowledged(facts: Facts) -> set[str]:
    """The parties whose slips every trustee holds."""
    held = [set(facts.acks[name].commits) if name in facts.acks else set() for name in facts.params.trustees]
    return {party for party, commit in facts.commits.items() if all(commit.hash in hashes for hashes in held)}


def _blamed(facts: Facts, refused: Sequence[str]) -> tuple[str, ...]:
    """Who was awaited: parties that did not deal, else trustees that did not acknowledge what was dealt."""
    silent = [p for p in refused if any((p, t) not in facts.dealt for t in facts.params.trustees)]
    if silent:
        return _sorted(silent)  # without their slips no trustee can acknowledge
    hashes = {facts.commits[party].hash for party in refused}
    return tuple(
        name
        for name in facts.params.trustees
        if hashes - set(facts.acks[name].commits if name in facts.acks else ())
    )


def _sorted(names: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
