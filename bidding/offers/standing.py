"""Where consultation and final offers of a tender stand (磋商进度). Reads only."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.offers.models import FinalOffers, RequirementChange
from bidding.tenders.models import Tender
from bidding.tenders.service import method_of
from trading.rulebook.methods import has_final_offers


def talks(tender: Tender) -> bool:
    """Whether prices come in final offers after talks; not of the final offers themselves."""
    return tender.parent_id is None and has_final_offers(method_of(tender))


def offers_of(session: Session, tender: Tender) -> FinalOffers | None:
    """The tender's final offers, once the talks have ended."""
    return session.get(FinalOffers, tender.id)


def parent_of(session: Session, child: Tender) -> Tender | None:
    """The tender that these final offers belong to; None for any other tender."""
    return session.get(Tender, child.parent_id) if child.parent_id else None


def child_of(session: Session, tender: Tender) -> Tender | None:
    """The tender in which the final offers are sealed, once the talks have ended."""
    offers = offers_of(session, tender)
    return session.get(Tender, offers.child_id) if offers else None


def changes_of(session: Session, tender: Tender) -> list[RequirementChange]:
    """What the group has proposed to change, in order."""
    query = select(RequirementChange).where(RequirementChange.tender_id == tender.id)
    return list(session.scalars(query.order_by(RequirementChange.number)))


def confirmed(changes: list[RequirementChange]) -> list[RequirementChange]:
    """Those that the purchaser has confirmed: they are in force."""
    return [change for change in changes if change.decision == "confirmed"]
