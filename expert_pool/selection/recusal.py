"""Who must not sit in this evaluation (回避): pure, each ground with its code and article.

Judged twice: when the list is made (the buyer's side is known, bidders are not), and at sign-in, when they are.
Whether a person can be drawn at all (training, workload …) is expert_pool/experts/drawable.py's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from expert_pool.experts.person import Interest, PoolExpert

LOOK_BACK_YEARS = 3
"""GPR 9: a tie that ended longer ago does not count"""

ARTICLES = {
    "buyer": "M87 47",
    "employer-avoided": "GPR 9(6)",
    "supervisor": "TBR 46",
    "advisory": "PRACTICE",
    "bidder": "GPR 9(1)",
    "interest": "GPR 9",
    "kinship": "GPR 9(4)",
}
"""code → article. `buyer`: of the tenderer's or the agency's people; `employer-avoided`: of an organisation that the
demand names; `supervisor`: supervises the buyer's region or department; `advisory`: advised on this tender;
`bidder`: works for a bidder; `interest`, `kinship`: tied to one within three years, oneself or by family."""

KIN = frozenset({"spouse", "lineal", "collateral", "in-law"})


@dataclass(frozen=True)
class Recusal:
    """Why somebody must step aside."""

    code: str

    @property
    def article(self) -> str:
        return ARTICLES[self.code]


@dataclass(frozen=True)
class Parties:
    """Whom an evaluation is about: its `matters` (codes of tender and project), `buyers` (USCC of tenderer and
    agency), the buyer's `region` (six digits), organisations to `avoid`, the bidders once they are known (USCC)."""

    matters: frozenset[str]
    buyers: frozenset[str]
    region: str = ""
    avoid: frozenset[str] = field(default_factory=frozenset)
    bidders: frozenset[str] = field(default_factory=frozenset)


def recusal(person: PoolExpert, parties: Parties, day: date) -> Recusal | None:
    """The first ground on which the person must not sit, judged on that Beijing day; None when there is none."""
    employers = {person.employer, *employed_by(person, day)}
    if employers & parties.buyers:
        return Recusal("buyer")
    if employers & parties.avoid:
        return Recusal("employer-avoided")
    if any(supervises(area, parties) for area in person.official_of):
        return Recusal("supervisor")
    if parties.matters & set(person.advises):
        return Recusal("advisory")
    if person.employer in parties.bidders:
        return Recusal("bidder")
    return tied(person.interests, parties.bidders, day)


def tied(interests: Collection[Interest], bidders: Collection[str], day: date) -> Recusal | None:
    """A tie to a bidder within the look-back; one's own before the family's."""
    kinds = [one.relation for one in interests if one.org in bidders and counts(one, day)]
    if any(kind not in KIN for kind in kinds):
        return Recusal("interest")
    return Recusal("kinship") if kinds else None


def counts(interest: Interest, day: date) -> bool:
    """Whether a tie lasts, or ended within three years before the day (that day itself three years ago counts)."""
    return interest.since <= day and (interest.until is None or interest.until >= years_before(day))


def employed_by(person: PoolExpert, day: date) -> set[str]:
    """Where the person says it works on that day, beside the employer in its record."""
    return {
        one.org
        for one in person.interests
        if one.relation == "employment" and one.since <= day and (one.until is None or one.until >= day)
    }


def supervises(area: str, parties: Parties) -> bool:
    """Whether an official of this region (GB/T 2260; trailing pairs of zeros stand for all below) or department
    (USCC) supervises the buyer."""
    if area in parties.buyers:
        return True
    if len(area) != 6 or not area.isdecimal() or not parties.region:
        return False
    prefix = area
    while len(prefix) > 2 and prefix.endswith("00"):
        prefix = prefix[:-2]
    return parties.region.startswith(prefix)


def years_before(day: date, years: int = LOOK_BACK_YEARS) -> date:
    """The same day so many years earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
