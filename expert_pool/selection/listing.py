"""The list of a panel's draw (候选名单): the whole pool, each person with tags or with the reason of exclusion.

Pure. Rows tell nobody who is meant, so a tag that fewer than five people carry is not used: the wider speciality over
it stands in (draw.md section 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from expert_pool.experts.drawable import Limits, why_not
from expert_pool.experts.person import PoolExpert
from expert_pool.experts.specialities import with_levels
from expert_pool.selection import demand as asking
from expert_pool.selection.recusal import Parties, recusal
from trading.draws.candidates import Candidate

FEWEST = 5
"""people who carry a tag, at least"""
OTHER_SPECIALITY = "speciality"


@dataclass(frozen=True)
class Listing:
    """A list ready to be announced. `avoided` counts those whom only the avoidance list excludes; `eligible` and
    `without_avoiding` count for each stratum who could be called, with the avoidance list and without; `merged` are
    the tags that were too fine. Who asks for a committee sees `counted` and `left_out` only: exact counts for one
    organisation after the other would tell who is in the pool."""

    candidates: tuple[Candidate, ...]
    strata: tuple[Mapping[str, Any], ...]
    avoided: int
    eligible: Mapping[str, int]
    without_avoiding: Mapping[str, int]
    merged: tuple[str, ...]

    def thin(self, ratio: int, counts: Mapping[str, int] | None = None) -> list[Mapping[str, Any]]:
        """The strata with fewer than `ratio` drawable people for each seat."""
        found = self.eligible if counts is None else counts
        return [one for one in self.strata if found[one["id"]] < ratio * one["quota"]]

    def counted(self, ratio: int) -> dict[str, int]:
        """For each stratum how many can be drawn at least: `ratio` for each seat, one for each, or none. Exact numbers
        would tell, of a small pool, who is in it."""
        steps = ((one, (ratio * one["quota"], one["quota"], 0)) for one in self.strata)
        return {
            one["id"]: next(step for step in levels if self.eligible[one["id"]] >= step)
            for one, levels in steps
        }

    def left_out(self) -> str:
        """How many the avoidance list excludes, in steps of FEWEST; nobody and somebody are the same."""
        steps = self.avoided // FEWEST
        return f"≥ {steps * FEWEST}" if steps else f"< {FEWEST}"


def make(
    people: Sequence[PoolExpert], wanted: asking.Demand, parties: Parties, day: date, limits: Limits,
    tenderer: str,
) -> Listing:  # fmt: skip
    """The list of everybody in the pool for this demand, judged on that Beijing day."""
    asked = frozenset(tag for wish in wanted.wishes for tag in asking.chain(wish.tag))
    parties = replace(parties, avoid=frozenset(one.org for one in wanted.avoid))
    reasons = [why_excluded(person, asked, parties, day, limits, tenderer) for person in people]
    free = replace(parties, avoid=frozenset())
    only_avoided = [
        person
        for person, reason in zip(people, reasons, strict=True)
        if reason == "employer-avoided" and not why_excluded(person, asked, free, day, limits, tenderer)
    ]
    drawable = [person for person, reason in zip(people, reasons, strict=True) if not reason]
    carried = Counter(tag for person in drawable for tag in tags_of(person, asked))
    usable = {tag for tag in asked if carried[tag] >= FEWEST}
    strata = asking.strata(wanted.wishes, usable)
    return Listing(
        candidates=tuple(
            candidate(person, usable, reason) for person, reason in zip(people, reasons, strict=True)
        ),
        strata=tuple(strata),
        avoided=len(only_avoided),
        eligible=callable_by(drawable, strata),
        without_avoiding=callable_by([*drawable, *only_avoided], strata),
        merged=tuple(sorted(tag for tag in asked - usable if carried[tag])),
    )


def why_excluded(
    person: PoolExpert, asked: frozenset[str], parties: Parties, day: date, limits: Limits, tenderer: str
) -> str:
    """The reason code of a row, "" for who can be drawn."""
    reason = why_not(person, day, limits, tenderer)
    if reason:
        return reason
    ground = recusal(person, parties, day)
    if ground is not None:
        return ground.code
    return "" if tags_of(person, asked) else OTHER_SPECIALITY


def tags_of(person: PoolExpert, among: frozenset[str] | set[str]) -> tuple[str, ...]:
    """Those of the tags that the person carries, ascending."""
    return tuple(tag for tag in with_levels(person.specialities) if tag in among)


def candidate(person: PoolExpert, usable: set[str], reason: str) -> Candidate:
    """A person's row. Who has no employer counts as a unit of its own against the cap."""
    org = person.employer or f"self/{person.number}"
    record = {"id": person.number, "name": person.name, "org": org, "cats": list(person.specialities)}
    return Candidate(record, (org,), tags_of(person, usable), excluded=reason, facts=facts_of(person))


def facts_of(person: PoolExpert) -> dict[str, Any]:
    """What a verifier with the openings judges exclusions by."""
    return {
        "status": person.status,
        "certificate": person.certificate,
        "trained_until": plain(person.trained_until),
        "interests": [
            asdict(one) | {"since": plain(one.since), "until": plain(one.until)} for one in person.interests
        ],
        "sessions": [plain(day) for day in person.sessions],
        "tenderers": [[whose, plain(day)] for whose, day in person.tenderers],
        "advises": list(person.advises),
        "official_of": list(person.official_of),
    }


def plain(day: date | None) -> str | None:
    return day.isoformat() if day else None


def callable_by(people: Sequence[PoolExpert], strata: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many of these people carry a tag of each stratum."""
    return {
        stratum["id"]: sum(bool(tags_of(person, set(stratum["tags"]))) for person in people)
        for stratum in strata
    }
