"""Qualification and conformity review by majority (资格审查、符合性审查), and who may sit on the committee.

M87 art. 61: the majority decides a common finding; a member who differs writes down that and why,
else he is deemed to agree. M87 art. 47 and 45(4): composition of the committee.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bidding.evaluation.exact import N_
from trading.errors import Fault

EXPERT = "expert"
PURCHASER = "purchaser"


@dataclass(frozen=True)
class Vote:
    """One member's vote on one item; `reason` is his written reason or ""."""

    member: str
    passed: bool
    reason: str = ""


@dataclass(frozen=True)
class ItemVotes:
    """All votes on one item of a review."""

    item: str
    votes: tuple[Vote, ...]


@dataclass(frozen=True)
class ItemResult:
    """The common finding on one item. `dissent` are (member, reason) of the minority with a written
    reason; `deemed_agreed` are members of the minority without one."""

    item: str
    passed: bool
    ayes: int
    noes: int
    dissent: tuple[tuple[str, str], ...]
    deemed_agreed: tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """A committee member: `role` is "expert", "purchaser" or another (who may not sit, such as "agent")."""

    name: str
    role: str
    head: bool = False


@dataclass(frozen=True)
class CommitteeLimits:
    """The law's numbers for a committee, looked up in the rulebook (M87 47; amounts in yuan)."""

    members: int = 5
    members_large: int = 7
    large_budget: Fraction = Fraction(10_000_000)
    expert_share: Fraction = Fraction(2, 3)
    article: str = "M87 47"


def count(entry: ItemVotes) -> ItemResult:
    """The majority's finding on one item: passed when strictly more than half of the votes pass."""
    ayes = sum(vote.passed for vote in entry.votes)
    passed = 2 * ayes > len(entry.votes)
    minority = [vote for vote in entry.votes if vote.passed != passed]
    return ItemResult(
        entry.item,
        passed,
        ayes,
        len(entry.votes) - ayes,
        tuple((vote.member, vote.reason) for vote in minority if vote.reason.strip()),
        tuple(vote.member for vote in minority if not vote.reason.strip()),
    )


def passes(items: Sequence[str], entries: Sequence[ItemVotes]) -> bool:
    """Whether a bid passes a review: every item was examined and passed."""
    results = {entry.item: count(entry).passed for entry in entries}
    return all(results.get(item, False) for item in items)


def check_votes(members: Sequence[str], entry: ItemVotes) -> list[Fault]:
    """What is wrong with the votes on one item. With an odd committee that votes in full no tie can be."""
    faults = []
    voted = Counter(vote.member for vote in entry.votes)
    if len(members) % 2 == 0:
        faults.append(Fault("committee-even", N_("The number of members must be odd."), entry.item, "M87 47"))
    for member in members:
        if member not in voted:
            faults.append(
                Fault("vote-missing", N_("A member has not voted."), f"{entry.item}.{member}", "M87 61")
            )
    for member, times in voted.items():
        if member not in members:
            faults.append(
                Fault("vote-stranger", N_("A vote is not by a member."), f"{entry.item}.{member}", "M87 46")
            )
        elif times > 1:
            faults.append(
                Fault("vote-twice", N_("A member voted twice."), f"{entry.item}.{member}", "M87 61")
            )
    return faults


def check_committee(
    members: Sequence[Member],
    budget: Fraction,
    *,
    complex_or_sensitive: bool = False,
    limits: CommitteeLimits = CommitteeLimits(),
) -> list[Fault]:
    """Everything that is unlawful in a committee's composition, with the article; empty when lawful.

    `budget` is the project's budget in yuan; `complex_or_sensitive`: technically complex or of high
    social impact (M87 47(2), (3)).
    """
    faults = []
    large = complex_or_sensitive or budget >= limits.large_budget
    needed = limits.members_large if large else limits.members
    if len(members) < needed:
        faults.append(
            Fault("committee-too-small", N_("The committee has too few members."), "members", limits.article)
        )
    if len(members) % 2 == 0:
        faults.append(
            Fault("committee-even", N_("The number of members must be odd."), "members", limits.article)
        )
    roles = Counter(member.role for member in members)
    if roles[EXPERT] < limits.expert_share * len(members):
        faults.append(
            Fault(
                "committee-experts",
                N_("At least two thirds of the members must be experts."),
                "members",
                limits.article,
            )
        )
    if roles.keys() - {EXPERT, PURCHASER}:
        faults.append(
            Fault(
                "committee-role",
                N_("Only experts and the purchaser's representatives may sit."),
                "members",
                limits.article,
            )
        )
    if len({member.name for member in members}) != len(members):
        faults.append(Fault("committee-twice", N_("A member is listed twice."), "members", limits.article))
    return faults + _check_head(members)


def _check_head(members: Sequence[Member]) -> list[Fault]:
    heads = [member for member in members if member.head]
    if len(heads) != 1:
        return [Fault("committee-head", N_("The committee chooses one head."), "head", "M87 45(4)")]
    if heads[0].role == PURCHASER:
        return [
            Fault(
                "committee-head-purchaser",
                N_("The purchaser's representative cannot be head."),
                "head",
                "M87 45(4)",
            )
        ]
    return []


def parse_votes(raw: object) -> tuple[ItemVotes, ...]:
    """The votes of one review from JSON (docs/protocols/evaluation.md 1.3). Raises ValueError."""
    if not isinstance(raw, list):
        raise ValueError("a review is a list of items")
    entries = tuple(_entry(item) for item in raw)
    if len({entry.item for entry in entries}) != len(entries):
        raise ValueError("an item is listed twice")
    return entries


def _entry(raw: object) -> ItemVotes:
    if not (
        isinstance(raw, Mapping) and isinstance(raw.get("item"), str) and isinstance(raw.get("votes"), list)
    ):
        raise ValueError("an item needs its name and its votes")
    return ItemVotes(raw["item"], tuple(_vote(vote) for vote in raw["votes"]))


def _vote(raw: object) -> Vote:
    if not (
        isinstance(raw, Mapping) and isinstance(raw.get("member"), str) and type(raw.get("pass")) is bool
    ):
        raise ValueError("a vote needs a member and pass true or false")
    return Vote(raw["member"], raw["pass"], str(raw.get("reason", "")))
