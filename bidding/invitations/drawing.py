"""The draw among the candidates (随机抽取邀请供应商): trading.draws holds it, its result becomes the record."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.invitations.models import Invitation
from bidding.invitations.papers import record_document
from bidding.invitations.service import (
    PURPOSE,
    digest,
    must_be_watched,
    not_drawn,
    open_invitation,
    papers_of,
    seal,
    witnesses_of,
)
from bidding.tenders.models import Tender
from bidding.tenders.service import find, locked
from trading.accounts.models import User
from trading.acts import Actor
from trading.clock import database_now, rfc3339
from trading.draws import service
from trading.draws.candidates import Candidate
from trading.draws.models import Draw
from trading.errors import refuse
from trading.events import AwardIssued, DrawEnded
from trading.ledger import canonical
from trading.permissions import Role, buys_here
from trading.web import _

LOT = "lot"


def start(session: Session, registry: Any, actor: Actor, code: str) -> Draw:
    """Announce the draw, once enough of the purchaser's staff are present. Raises Refused `invited.*`, `draw.*`."""
    tender = open_invitation(session, code)
    row = session.get(Invitation, tender.id)
    if row is None:
        raise refuse("invited.no-list", _("There is no list of candidates yet."))
    not_drawn(session, tender)
    must_be_watched(session, tender, database_now(session))
    listed = canonical.loads(papers_of(registry["keys"], row)["list"])
    candidates = [
        Candidate(
            {"id": one["id"], "name": one["name"], "org": one["id"], "cats": [LOT]},
            groups=(one["id"],),
            tags=(LOT,),
        )
        for one in listed["candidates"]
    ]
    demand = service.lots(PURPOSE, listed["number"])
    return service.announce(session, registry, actor, code, demand, candidates)


def take_result(event: DrawEnded) -> None:
    """The result becomes the record that the purchaser's staff sign."""
    session, keys = event.session, event.registry["keys"]
    draw = service.draw_named(session, event.draw)
    if draw.purpose != PURPOSE or draw.result is None:
        return
    tender = locked(session, event.tender)
    row = session.get_one(Invitation, tender.id)
    names, held = service.openings_of(keys, draw), papers_of(keys, row)
    drawn = [names[handle][1] for handle in draw.result["panel"][LOT]]
    record = record_document(
        tender.code, {"id": tender.tenderer.uscc, "name": tender.tenderer.name}, canonical.loads(held["list"]),
        row.list_sha256, {"announce": draw.ann, "result": draw.result_hash or "", "scope": draw.scope},
        [{"id": one["id"], "name": one["name"]} for one in drawn], present(session, tender), rfc3339(event.at),
    )  # fmt: skip
    seal(keys, row, held | {"record": record})
    row.draw, row.record_sha256 = draw.ann, digest(record)
    session.flush()


def present(session: Session, tender: Tender) -> list[dict[str, str]]:
    """The witnesses as the record names them."""
    rows = witnesses_of(session, tender)
    names = {
        user.id: user.name
        for user in session.scalars(select(User).where(User.id.in_([row.user_id for row in rows])))
    }
    return [{"name": names[row.user_id], "present": rfc3339(row.present_at)} for row in rows]


def open_names(event: AwardIssued) -> None:
    """With the award everybody may know who was drawn from whom (M87 14, 69)."""
    for draw in service.draws_of(event.session, event.tender, PURPOSE):
        service.open_list(event.session, event.registry, draw)


def knows(request: Request, draw: Draw) -> bool:
    """Whether the reader may know of this draw before the award: the buyers, who file the list and watch, and the
    regulator."""
    who = request.identity
    if who is None:
        return False
    return Role.REGULATOR in who.roles or buys_here(who, find(request.db, draw.tender))
