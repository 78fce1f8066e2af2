"""Taking a member out of an evaluation that has begun, and another one in (更换评委; Order 87 art. 49, TBR 48).

What the member concluded is void, and whoever comes does it anew; what the others concluded stays. Of a drawn committee
the draw goes on in its frozen order; of an imported list the next reserve of the same kind is called.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.selection import seating
from expert_pool.selection import service as committee
from expert_pool.selection.demanding import PURPOSE, drawn_handles
from expert_pool.selection.models import Panel, PanelMember, PanelReplacement
from expert_pool.selection.panel_list import CALLED, REPLACED, RESERVE, Seat
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.draws import service as draws
from trading.errors import Fault, Refused
from trading.ledger import canonical
from trading.supervision import papers
from trading.web import _

GROUNDS = {"recusal": "GPR 9", "illness": "M87 49", "absence": "M87 49"}
"""why a member is replaced, with the article"""

PATIENCE_OF_CALL = timedelta(hours=2)
"""so long whoever was called may be on the way before an evaluation can be stopped for want of a member"""


@dataclass(frozen=True)
class Order:
    """Which seat, on what ground of GROUNDS, why in words, and the document that it rests on."""

    seat: int
    ground: str
    reason: str
    file_name: str
    document: bytes


def take_out(
    session: Session, registry: Any, actor: Actor, tender: str, order: Order, report: str | None = None
) -> PanelReplacement:
    """Replace a member who sits; the caller has locked the tender and knows that its evaluation is under way. `report`
    is the hash of the report that falls with the member's conclusions. Entry `panel.member-replaced`; the next one is
    called. Raises Refused `panel.*` with every fault."""
    keys, at = registry["keys"], database_now(session)
    panel = committee.panel_of(session, tender)
    row = sitting(session, panel, order.seat) if panel else None
    if faults := faults_of(order, row):
        raise Refused(faults)
    assert panel is not None and row is not None
    row.recused_at, row.recusal = at, f"{order.ground}: {order.reason.strip()}"
    if row.head:
        forget_votes(session, panel)
    seats = [
        replace(seat, state=REPLACED) if seat.seat == row.seat else seat
        for seat in committee.everybody_of(keys, panel)
    ]
    filed = papers.keep(session, keys, tender, order.file_name, order.document, public=False)
    done = PanelReplacement(
        panel_id=panel.id, seat=row.seat, member=row.member, handle=row.handle, ground=order.ground,
        reason=order.reason.strip(), document=filed, ordered_by=actor.user_id, at=at,
    )  # fmt: skip
    session.add(done)
    session.flush()
    said = {
        "member": row.member, "seat": row.seat, "ground": order.ground, "article": GROUNDS[order.ground],
        "replacement": hashlib.sha256(document_of(tender, done)).hexdigest(),
        "panel": committee.fix(keys, panel, seats),
    }  # fmt: skip
    said |= ({"handle": row.handle} if row.handle else {}) | ({"report": report} if report else {})
    record(session, actor, "panel.member-replaced", tender, said, at)
    call_next(session, registry, panel, row)
    return done


def faults_of(order: Order, row: PanelMember | None) -> list[Fault]:
    """What is missing in an order."""
    faults = []
    if row is None:
        faults.append(Fault("panel.not-seated", _("Nobody sits on this seat"), "seat"))
    if order.ground not in GROUNDS:
        faults.append(Fault("panel.ground", _("Choose why the member is replaced"), "ground", "M87 49"))
    if not order.reason.strip():
        faults.append(Fault("panel.why", _("Write what has happened"), "reason", "M87 49"))
    if not order.document:
        faults.append(Fault("panel.document", _("Choose the document that this rests on"), "document"))
    return faults


def sitting(session: Session, panel: Panel, seat: int) -> PanelMember | None:
    """Who sits on a seat."""
    rows = committee.members_of(session, panel)
    return next((row for row in rows if row.seat == seat and not row.recused_at), None)


def forget_votes(session: Session, panel: Panel) -> None:
    """The head is chosen anew."""
    for row in committee.members_of(session, panel):
        row.vote = None


def document_of(tender: str, row: PanelReplacement) -> bytes:
    """The order as the regulator's bundle has it (docs/protocols/bundle.md)."""
    said = {"tender": tender, "member": row.member, "seat": row.seat, "ground": row.ground,
            "article": GROUNDS[row.ground], "reason": row.reason, "document": row.document, "at": rfc3339(row.at)}  # fmt: skip
    return canonical.dumps({"v": 1, "typ": "ebid.panel-replacement"} | said)


def replacements_of(session: Session, panel: Panel) -> list[PanelReplacement]:
    """Who was replaced in a committee, oldest first."""
    query = select(PanelReplacement).where(PanelReplacement.panel_id == panel.id)
    return list(session.scalars(query.order_by(PanelReplacement.at)))


# --- who comes ----------------------------------------------------------------------------------------


def call_next(session: Session, registry: Any, panel: Panel, gone: PanelMember) -> None:
    """Have somebody called in the place of a member: by the draw that gave it, or from the reserves of its list. The
    purchaser names another representative itself where the list has none."""
    if not gone.handle:
        call_reserve(session, registry, panel, gone.kind)
        return
    arrival = seating.arrival_of(session, next(
        seat for seat in committee.seats_of(registry["keys"], panel) if seat.seat == gone.seat
    ))  # fmt: skip
    assert arrival is not None, "whoever was drawn and sits has come"
    arrival.state, arrival.ground = "recused", gone.recusal.partition(":")[0]
    session.flush()
    seating.replace_now(session, registry, draws.draw_named(session, arrival.draw, lock=True))


def call_reserve(session: Session, registry: Any, panel: Panel, kind: str) -> Seat | None:
    """The next reserve of a kind takes a seat, and signs in; None when the list has no more."""
    keys = registry["keys"]
    everybody = committee.everybody_of(keys, panel)
    found = next((seat for seat in everybody if (seat.state, seat.kind) == (RESERVE, kind)), None)
    if found is not None:
        called = replace(found, state=CALLED, head=False)
        seats = [called if seat.seat == found.seat else seat for seat in everybody]
        panel.sealed = committee.seats_to_keep(keys, panel.tender, seats)
        session.flush()
    return found


def step_aside(session: Session, registry: Any, actor: Actor, tender: str, reason: str) -> PanelMember:
    """A member of an imported list declares an interest before it sits; the next reserve is called. Raises Refused
    `panel.not-yours`, `panel.seated`."""
    at: datetime = database_now(session)
    member = committee.step_aside(session, registry["keys"], actor, tender, reason, at)
    panel = committee.panel_of(session, tender)
    assert panel is not None
    call_reserve(session, registry, panel, member.kind)
    return member


def stuck(session: Session, registry: Any, panel: Panel) -> bool:
    """Whether a seat is empty and nobody is on the way to it."""
    empty = committee.vacant(session, panel)
    if not empty:
        return False
    seats = committee.seats_of(registry["keys"], panel)
    rows = {row.seat for row in committee.members_of(session, panel)}
    coming = sum(seat.state == CALLED and seat.seat not in rows for seat in seats)
    running = [
        draw for draw in draws.draws_of(session, panel.tender, PURPOSE) if draws.awaited(session, draw)
    ]
    accepted = accepted_and_absent(session, registry, panel) if panel.drawn else 0
    return not running and coming + accepted < empty


def waits_in_vain(session: Session, registry: Any, panel: Panel) -> bool:
    """Whether nobody is on the way to an empty seat, or nobody has come since `PATIENCE_OF_CALL`."""
    left = [row.recused_at for row in committee.members_of(session, panel) if row.recused_at]
    patient = bool(left) and database_now(session) - max(left) < PATIENCE_OF_CALL
    return stuck(session, registry, panel) or not patient


def accepted_and_absent(session: Session, registry: Any, panel: Panel) -> int:
    """How many have accepted a seat of the draw and have not come yet."""
    known = {seat.handle for seat in committee.seats_of(registry["keys"], panel) if seat.handle}
    return sum(handle not in known for handle in drawn_handles(session, panel))
