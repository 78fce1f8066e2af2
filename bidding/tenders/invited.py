"""Tenders for some only (邀请对象): who is invited, and who may come in.

The list is one sealed row a tender, padded: a dump tells neither who is invited nor how many are. Everybody
else is refused at one place, where an address leads to a tender (bidding.tenders.tender_factory and
bidding.vault.contexts), and again where a bid is taken. Such a tender is on no public list before its result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders.models import Tender, TenderInvitee
from bidding.tenders.service import find
from expert_pool.selection.models import Panel, PanelMember
from trading.errors import Refused, refuse
from trading.parties.models import Party
from trading.permissions import Identity, Role, buys_here
from trading.secrets import HallKeys

_ = TranslationStringFactory("tradehall")

BLOCK = 4096
"""Bytes that a sealed list is padded to a multiple of: some hundred names look like one."""
OFFICIAL = frozenset({Role.REGULATOR, Role.EXPERT, Role.OPERATOR})
"""Who has to do with a limited tender without buying or bidding: supervision, committee, the hall's office."""
RESULT = ("result_published", "awarded", "contracted")
OPENED = ("opening", "opened", "handed_over")
"""States from which the sealed prices of small works are public: their opening is."""
WITHHELD = ("opening-record", "opening-file", "opening-bid")
"""Addresses that name who made final offers: those invited do not read them before the result."""
OWN_PAGES = ("tender", "api-tender", "api-amend", "api-answers")
"""Addresses of a tender's own life, which sealed prices of small works do not have."""
CUSTODIANS = ("api-close", "api-custodian-keys")
"""Addresses that custodians' boxes read without a login: nothing there names anybody before the close."""


def purpose(row: Any) -> str:
    """What a sealed list is bound to."""
    return f"invited/{row.tender_id}"


def invite(session: Session, keys: HallKeys, tender: Tender, party_ids: Iterable[UUID]) -> None:
    """Limit the tender to these enterprises, besides those invited before (邀请)."""
    invite_exactly(session, keys, tender, {*invitees(session, keys, tender), *party_ids})


def invite_exactly(session: Session, keys: HallKeys, tender: Tender, party_ids: Iterable[UUID]) -> None:
    """Limit the tender to these enterprises and nobody else."""
    plain = json.dumps(sorted(party.hex for party in set(party_ids))).encode()
    padded = plain.ljust(-(-len(plain) // BLOCK) * BLOCK)
    row = session.get(TenderInvitee, tender.id) or TenderInvitee(tender_id=tender.id)
    row.sealed = keys.seal(padded, purpose(row))
    session.add(row)
    tender.limited = True
    session.flush()


def invitees(session: Session, keys: HallKeys, tender: Tender) -> list[UUID]:
    """Who is invited, by id; nobody where the tender is open to all."""
    row = session.get(TenderInvitee, tender.id)
    return [UUID(hex=each) for each in json.loads(keys.unseal(row.sealed, purpose(row)))] if row else []


def may_bid(session: Session, keys: HallKeys, tender: Tender, party_id: UUID | None) -> bool:
    """Whether an enterprise may bid: everybody where the tender is not limited."""
    return not tender.limited or party_id in invitees(session, keys, tender)


def only_own(session: Session, tender: Tender, who: Identity | None) -> bool:
    """Whether this reader of final offers sees its own and nobody else's: before the result everybody but the
    regulator and the buyers."""
    if tender.parent_id is None or is_public(session, tender):
        return False
    return who is None or not (Role.REGULATOR in who.roles or buys_here(who, tender))


def not_invited() -> Refused:
    """What everybody is told who is not invited."""
    return refuse(
        "tender.invited-only", _("Only those who were invited take part in this tender"), field="tender",
        rule="GPL 34", remedy=_("Its result will be published on the notice board."),
    )  # fmt: skip


def must_be_invited(session: Session, keys: HallKeys, tender: Tender, uscc: str) -> None:
    """Raises Refused `tender.invited-only` for an enterprise that may not bid here."""
    if not tender.limited:
        return
    party = session.scalar(select(Party.id).where(Party.uscc == uscc))
    if not may_bid(session, keys, tender, party):
        raise not_invited()


def root_of(session: Session, tender: Tender) -> Tender:
    """The tender itself, or the one that it is the final offers of."""
    return session.get_one(Tender, tender.parent_id) if tender.parent_id else tender


def is_public(session: Session, tender: Tender) -> bool:
    """Whether everybody may read about it: a limited tender once its result is published, prices of small works from
    their opening on."""
    if tender.prices_of:
        return tender.state in OPENED
    return not tender.limited or root_of(session, tender).state in RESULT


def admits(session: Session, keys: HallKeys, tender: Tender, who: Identity | None) -> bool:
    """Whether this reader may come in."""
    if is_public(session, tender):
        return True
    if who is None:
        return False
    official = who.roles & OFFICIAL and (Role.EXPERT not in who.roles or judges(session, tender, who))
    return bool(official) or buys_here(who, tender) or may_bid(session, keys, tender, who.party_id)


def judges(session: Session, tender: Tender, who: Identity) -> bool:
    """Whether an expert may come in: any may to where committees sign in, to final offers who has signed in."""
    if tender.parent_id is None:
        return True
    seats = select(PanelMember.id).join(Panel, Panel.id == PanelMember.panel_id)
    mine = seats.where(Panel.tender == root_of(session, tender).code, PanelMember.user_id == who.user_id)
    return session.scalars(mine.where(PanelMember.recused_at.is_(None))).first() is not None


def enter(request: Request, tender: Tender) -> Tender:
    """The tender of an address, for whom it is meant. Raises HTTPForbidden (log in first) or Refused
    `tender.invited-only`; what is done with sealed prices of small works is done at the works."""
    route = getattr(request.matched_route, "name", "")
    if tender.prices_of and route.startswith(OWN_PAGES):
        raise HTTPSeeOther(request.route_path("works-one", code=tender.prices_of))
    withheld = route in WITHHELD and only_own(request.db, tender, request.identity)
    if route in CUSTODIANS or (admits(request.db, request.keys, tender, request.identity) and not withheld):
        return tender
    raise HTTPForbidden() if request.identity is None else not_invited()


def enter_at(request: Request, code: str) -> Tender:
    """The same by the tender's code, for rooms below this one."""
    return enter(request, find(request.db, code))
