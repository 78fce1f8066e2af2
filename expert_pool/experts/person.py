"""An expert of the pool (评标专家), as everybody who draws, calls or seats one sees it.

Pure. The law's words: GPR art. 9 (interests, with a look-back of three years), TBL art. 37 (who may be an
expert), Order 87 art. 47 (names stay secret).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

RELATIONS = (
    "employment",
    "director",
    "supervisor",
    "shareholder",
    "spouse",
    "lineal",
    "collateral",
    "in-law",
    "other",
)
"""How a person may be tied to an organisation (GPR 9): by work, office or share, or through its head by family
(配偶、直系血亲、三代以内旁系血亲、近姻亲)."""
STATUSES = ("candidate", "active", "suspended", "left")


@dataclass(frozen=True)
class Interest:
    """A tie to the organisation with the code `org` (USCC); both days count, `until` None while it lasts."""

    org: str
    relation: str
    since: date
    until: date | None = None


@dataclass(frozen=True)
class PoolExpert:
    """One person of the pool. `number` is the pool's own, `employer` a USCC, `region` six digits of
    GB/T 2260, `specialities` codes of the catalogue. `sessions` are the days of the last twelve months on
    which the person sat, `tenderers` for whom (USCC) and when. `advises` names the tenders on whose advisory
    committee it sits, `official_of` the regions and departments that it supervises."""

    number: str
    name: str
    employer: str
    employer_name: str
    region: str
    specialities: tuple[str, ...]
    title: str
    years: int
    status: str
    trained_until: date | None = None
    phone: str = ""
    user_id: uuid.UUID | None = None
    interests: tuple[Interest, ...] = ()
    sessions: tuple[date, ...] = ()
    tenderers: tuple[tuple[str, date], ...] = ()
    advises: tuple[str, ...] = ()
    official_of: tuple[str, ...] = ()
    certificate: bool = False
    """whether its account has a certificate that can sign now"""


def to_profile(person: PoolExpert) -> dict[str, Any]:
    """What is kept of a person under seal; status, training, sessions and offices stand apart."""
    return {
        "name": person.name,
        "employer": person.employer,
        "employer_name": person.employer_name,
        "region": person.region,
        "specialities": list(person.specialities),
        "title": person.title,
        "years": person.years,
        "phone": person.phone,
        "user_id": str(person.user_id or ""),
        "official_of": list(person.official_of),
        "interests": [
            {
                "org": interest.org,
                "relation": interest.relation,
                "since": interest.since.isoformat(),
                "until": interest.until.isoformat() if interest.until else "",
            }
            for interest in person.interests
        ],
    }


def of_profile(number: str, status: str, profile: Mapping[str, Any]) -> PoolExpert:
    """The person of a profile that `to_profile` made."""
    interests = tuple(
        Interest(
            row["org"],
            row["relation"],
            date.fromisoformat(row["since"]),
            date.fromisoformat(row["until"]) if row["until"] else None,
        )
        for row in profile["interests"]
    )
    plain = {
        name: profile[name]
        for name in ("name", "employer", "employer_name", "region", "title", "years", "phone")
    }
    return PoolExpert(
        number=number,
        status=status,
        specialities=tuple(profile["specialities"]),
        official_of=tuple(profile["official_of"]),
        user_id=uuid.UUID(profile["user_id"]) if profile["user_id"] else None,
        interests=interests,
        **plain,
    )


def with_interest(person: PoolExpert, declared: Interest) -> PoolExpert:
    """The person with one more interest; the same tie told again replaces what was told before (its end)."""
    others = tuple(
        known
        for known in person.interests
        if (known.org, known.relation, known.since) != (declared.org, declared.relation, declared.since)
    )
    return replace(person, interests=(*others, declared))
