"""Ties by a verifiable draw (同分同价抽签, Order 87 art. 31, 68): the head asks once, services of opposed organisations
hold the ceremony, and its order goes into the evaluation by itself. docs/protocols/draw.md."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bidding.evaluation.models import TieDraw
from bidding.evaluation.phases import Phase
from bidding.evaluation.progress import Evaluation, load
from bidding.evaluation.service import head_only, locked, proceed
from trading.acts import Actor, record
from trading.clock import database_now
from trading.draws import roster, service
from trading.draws.candidates import Candidate
from trading.draws.models import Draw
from trading.errors import refuse
from trading.events import AwardIssued, DrawEnded, TenderEnded
from trading.web import _

PURPOSE = "tie"
PROTOCOL = "ebid-draw/1"


def available(settings: Any) -> bool:
    """Whether this hall decides ties by the ceremony; without trustees a lot is drawn by hand and recorded."""
    return roster.ready(settings)


def start(session: Session, registry: Any, actor: Actor, code: str) -> Draw:
    """The head asks for the draw among the bids that are tied first. Raises Refused `draw.*`,
    `panel.head-only`."""
    tender = locked(session, code)
    found = load(session, registry["keys"], tender)
    head_only(found, actor)
    if found.phase(database_now(session)) != Phase.DRAW:
        raise refuse("draw.not-now", _("There is no tie to be decided by lot"))
    tied = sorted(found.result().ties[0].bids)
    lots = [
        Candidate(
            {"id": bid, "name": found.bids[bid].name, "org": bid, "cats": ["lot"]},
            groups=(bid,),
            tags=("lot",),
        )
        for bid in tied
    ]
    return service.announce(session, registry, actor, code, service.lots(PURPOSE, len(lots)), lots)


def last_draw(session: Session, found: Evaluation) -> Draw | None:
    """The newest draw among tied bids of this tender."""
    drawn = service.draws_of(session, found.tender.code, PURPOSE)
    return drawn[-1] if drawn else None


def take_order(event: DrawEnded) -> None:
    """The order of a draw goes into the evaluation that waits for it. Entry `tie.drawn`."""
    session, registry = event.session, event.registry
    draw = service.draw_named(session, event.draw)
    if draw.purpose != PURPOSE or draw.result is None:
        return
    tender = locked(session, event.tender)
    names = service.openings_of(registry["keys"], draw)
    order = [names[handle][1]["id"] for handle in draw.result["panel"]["lot"]]
    found = load(session, registry["keys"], tender)
    if found.phase(event.at) != Phase.DRAW or set(order) not in [
        set(tie.bids) for tie in found.result().ties
    ]:
        return  # the authority ordered the evaluation anew meanwhile
    row = TieDraw(
        tender_id=tender.id, round=tender.round, order=order, officer=PROTOCOL, how=draw.ann, at=event.at
    )
    session.add(row)
    session.flush()
    payload = {"bids": order, "officer": PROTOCOL, "how": draw.scope, "draw": draw.ann}
    record(session, service.HALL, "tie.drawn", tender.code, payload, event.at)
    proceed(session, registry, tender, event.at)


def open_names(event: AwardIssued | TenderEnded) -> None:
    """With the award everybody may know who drew against whom; before it, the evaluation is secret."""
    for draw in service.draws_of(event.session, event.tender, PURPOSE):
        service.open_list(event.session, event.registry, draw)
