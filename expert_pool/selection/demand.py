"""What committee is asked for (抽取需求): its composition judged against the law, and the document that says it.

Pure. Order 87 art. 47 and Tendering Law art. 37: an odd number of five or more, of seven or more for ten million and
for complex purchases, two thirds of them experts (5 → 4, 7 → 5, 9 → 6, 11 → 8). The group of a consultation, negotiation or inquiry has three or more (GPL 38)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from translationstring import TranslationStringFactory

from expert_pool.experts.drawable import Limits
from expert_pool.experts.specialities import above
from expert_pool.selection.purchase import Purchase
from trading.errors import Fault
from trading.ledger import canonical

_ = TranslationStringFactory("tradehall")

MOST_REASON = 200


@dataclass(frozen=True)
class Law:
    """The numbers in force: the rulebook's P8 and its like, by the method of procurement; `article` has them. `ratio`
    is how many drawable people each seat wants."""

    members: int = 5
    members_large: int = 7
    large_budget: Decimal = Decimal(10_000_000)
    share: Fraction = Fraction(2, 3)
    ratio: int = 5
    article: str = "M87 47"


@dataclass(frozen=True)
class Wish:
    """`quota` seats of the speciality `tag`, a code of any level of the catalogue."""

    quota: int
    tag: str


@dataclass(frozen=True)
class Avoid:
    """An organisation whose people are not to sit, and why (回避单位)."""

    org: str
    reason: str


@dataclass(frozen=True)
class Demand:
    """A committee of `members`, `experts` of them to be drawn; the session's instant (aware) and place."""

    tender: str
    members: int
    experts: int
    wishes: tuple[Wish, ...]
    avoid: tuple[Avoid, ...]
    at: datetime
    place: str
    cap: int = 1


def fewest_experts(members: int, share: Fraction = Fraction(2, 3)) -> int:
    """How many of so many members are experts at least."""
    return -(-members * share.numerator // share.denominator)


def composition(
    demand: Demand, budget: Decimal, law: Law, *, complex_: bool = False, seats: int | None = None
) -> list[Fault]:
    """Everything that is unlawful or incomplete in what is asked for; `complex_` for a technically complex or
    high-impact purchase (M87 47). `seats` are to be drawn: all experts, or those that an earlier draw did not find."""
    seats = demand.experts if seats is None else seats
    faults = []
    large = complex_ or budget >= law.large_budget
    least = law.members_large if large else law.members
    if demand.members < least or demand.members % 2 == 0:
        message = _(
            "The committee needs an odd number of members, ${least} or more", mapping={"least": least}
        )
        faults.append(Fault("demand.members", message, "members", law.article))
    wanted = fewest_experts(demand.members, law.share)
    if not wanted <= demand.experts <= demand.members:
        message = _("Of ${members} members at least ${least} are experts",
                    mapping={"members": demand.members, "least": wanted})  # fmt: skip
        faults.append(Fault("demand.experts", message, "experts", law.article))
    if any(wish.quota < 1 for wish in demand.wishes) or sum(w.quota for w in demand.wishes) != seats:
        message = _("The seats of all specialities together are the ${experts} experts",
                    mapping={"experts": seats})  # fmt: skip
        faults.append(Fault("demand.strata", message, "strata"))
    if any(not 0 < len(one.reason.strip()) <= MOST_REASON for one in demand.avoid):
        faults.append(
            Fault("demand.avoid-reason", _("Say why each organisation is avoided"), "avoid", "GPR 9")
        )
    return faults


def chain(tag: str) -> tuple[str, ...]:
    """A speciality and those over it, the narrowest first: the announced fallbacks."""
    return (tag, *reversed(above(tag)))


def strata(wishes: Sequence[Wish], usable: Collection[str]) -> list[dict[str, Any]]:
    """The strata as they are announced: of each chain the tags that enough people carry."""
    return [
        {
            "id": f"{number}-{wish.tag}",
            "quota": wish.quota,
            "tags": [tag for tag in chain(wish.tag) if tag in usable],
        }
        for number, wish in enumerate(wishes, 1)
    ]


def document(
    demand: Demand,
    announced: Sequence[Mapping[str, Any]],
    ratio: int,
    purchase: Purchase,
    limits: Limits,
    *,
    session_at: str,
    day: str,
) -> bytes:
    """evaluation/demands/<hash>.json (draw.md 13.1). `session_at` is the session's instant (RFC 3339), `day` the Beijing
    day on which the list was judged, `limits` by which numbers."""
    return canonical.dumps(
        {
            "v": 1, "typ": "ebid.panel-demand", "tender": demand.tender, "members": demand.members,
            "experts": demand.experts, "strata": [dict(one) for one in announced], "cap": demand.cap,
            "avoid": [asdict(one) for one in demand.avoid], "ratio": ratio,
            "session": {"at": session_at, "place": demand.place}, "buyers": sorted(purchase.buyers),
            "bidders": sorted(purchase.bidders or ()), "tenderer": purchase.tenderer, "region": purchase.region,
            "matters": sorted(purchase.matters),
            "at": day, "limits": asdict(limits),
        }
    )  # fmt: skip
