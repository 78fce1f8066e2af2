"""What an audit bundle can be about (审计包对象): a tender, or small works whose contractor was drawn by lot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import exhibits
from bidding.exhibits import Exhibit
from bidding.lottery import exhibits as lotteries
from bidding.lottery import sealed_prices
from bidding.lottery.models import SmallWorks
from bidding.offers import standing
from bidding.tenders.models import Tender
from bidding.vault.closing import never_opened
from trading.draws import showing as draws
from trading.secrets import HallKeys

CLOSED = ("handed_over", "failed")
"""Ends of final offers that have been sealed."""


class NoBundle(Exception):
    """There is no bundle of this tender, or not now; the text says why."""


class Dossier(Protocol):
    """One procedure as the exporter sees it."""

    code: str
    blinded: bool
    """whether acts of it were blinded in the log, so that the log's dummies are opened with them"""

    def never_opened(self, session: Session) -> bool:
        """Whether the public gets the sealed edition."""
        ...

    def exhibits(
        self, session: Session, registry: Any, folder: Path, *, sealed: bool
    ) -> Iterator[Exhibit]: ...

    def openings(self, session: Session, keys: HallKeys) -> list[dict[str, Any]]:
        """The openings of its blinded leaves."""
        ...

    def checkpoint_sizes(self, session: Session, registry: Any) -> set[int]: ...

    def inner(self, session: Session) -> Dossier | None:
        """What has a bundle of its own within this one: the final offers of a consultation, the sealed prices of works."""
        ...

    def withheld(self, session: Session) -> bool:
        """Whether the public does not get that inner bundle yet."""
        ...


class TenderDossier:
    """A tender's bundle, from its close on."""

    blinded = True

    def __init__(self, tender: Tender) -> None:
        self.tender, self.code = tender, tender.code

    def never_opened(self, session: Session) -> bool:
        return never_opened(session, self.tender)

    def exhibits(self, session: Session, registry: Any, folder: Path, *, sealed: bool) -> Iterator[Exhibit]:
        if sealed:
            return exhibits.of_sealed(session, registry, self.tender)
        return exhibits.all_of(session, registry, self.tender, folder)

    def openings(self, session: Session, keys: HallKeys) -> list[dict[str, Any]]:
        return exhibits.blinded_openings(session, keys, self.tender)

    def checkpoint_sizes(self, session: Session, registry: Any) -> set[int]:
        return exhibits.checkpoint_sizes(session, registry, self.tender)

    def inner(self, session: Session) -> Dossier | None:
        child = standing.child_of(session, self.tender)
        return TenderDossier(child) if child is not None and child.state in CLOSED else None

    def withheld(self, session: Session) -> bool:
        return exhibits.withheld(session, self.tender)


class WorksDossier:
    """The bundle of small works: everything about them is public from the notice on, sealed prices from their opening."""

    blinded = False

    def __init__(self, works: SmallWorks, prices: Tender | None) -> None:
        self.works, self.prices, self.code = works, prices, works.code

    def never_opened(self, session: Session) -> bool:
        return False

    def exhibits(self, session: Session, registry: Any, folder: Path, *, sealed: bool) -> Iterator[Exhibit]:
        yield from lotteries.of_works(session, registry, self.works)
        for file in draws.files(session, registry["keys"], self.code):
            yield Exhibit(*file)

    def openings(self, session: Session, keys: HallKeys) -> list[dict[str, Any]]:
        return []

    def checkpoint_sizes(self, session: Session, registry: Any) -> set[int]:
        return draws.checkpoint_sizes(session, self.code)

    def inner(self, session: Session) -> Dossier | None:
        return TenderDossier(self.prices) if self.prices is not None and self.prices.state in CLOSED else None

    def withheld(self, session: Session) -> bool:
        """Who handed prices in that were never opened is the regulator's alone."""
        return self.prices is not None and self.prices.state != "handed_over"


def find(session: Session, code: str) -> Dossier:
    """What the code is of. Raises NoBundle for an unknown code, and while a bundle would tell who bids."""
    tender = session.scalars(select(Tender).where(Tender.code == code)).first()
    if tender is not None:
        if tender.parent_id is not None:
            raise NoBundle(f"{code} is in the bundle of {session.get_one(Tender, tender.parent_id).code}")
        if tender.prices_of:
            raise NoBundle(f"{code} is in the bundle of {tender.prices_of}")
        if tender.state in ("draft", "published"):
            raise NoBundle(f"{code} is still open; a bundle would tell who bids")
        return TenderDossier(tender)
    works = session.scalars(select(SmallWorks).where(SmallWorks.code == code)).first()
    if works is None:
        raise NoBundle(f"there is no tender {code}")
    if works.published_at is None:
        raise NoBundle(f"{code} is not published")
    return WorksDossier(works, sealed_prices.tender_of(session, works))
