"""When a committee is whole (组成评标委员会): the experts choose their head, and the panel document is fixed; anew when
somebody has taken the place of a replaced member."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from expert_pool.experts import service as experts
from expert_pool.selection import service as committee
from expert_pool.selection.demanding import draws_for
from expert_pool.selection.models import Panel
from expert_pool.selection.panel_list import REPLACED, RESERVE, Seat
from expert_pool.selection.purchase import Purchase
from trading.acts import Actor, record
from trading.clock import database_now
from trading.draws import service as draws
from trading.errors import Refused, refuse
from trading.events import PanelSeated
from trading.rulebook.calendar import beijing_date
from trading.web import _


def choose_head(session: Session, registry: Any, actor: Actor, purchase: Purchase, number: int) -> bool:
    """An expert names the head; whether the experts' majority has chosen now (M87 45). Entries `panel.head-chosen`,
    `panel.seated`. Raises Refused `panel.*`."""
    panel, own = committee.own_seat(session, registry["keys"], actor, purchase.code)
    rows = [row for row in committee.members_of(session, panel) if not row.recused_at]
    if len(rows) != panel.size or any(row.head for row in rows):
        raise refuse("panel.head-later", _("The head is chosen when everybody has signed in, once"))
    voters = [row for row in rows if row.kind == "expert"]
    mine = next((row for row in voters if row.seat == own.seat), None)
    if mine is None or number not in {row.seat for row in voters}:
        raise refuse(
            "panel.head-expert", _("The experts choose one of themselves"), field="seat", rule="M87 45"
        )
    mine.vote = number
    session.flush()
    votes = Counter(row.vote for row in voters if row.vote is not None)
    if 2 * votes[number] <= len(voters):
        return False
    chosen = next(row for row in voters if row.seat == number)
    chosen.head = True
    record(session, draws.HALL, "panel.head-chosen", panel.tender, {"member": chosen.member})
    complete(session, registry, panel, purchase.tenderer)
    return True


def complete(session: Session, registry: Any, panel: Panel, tenderer: str) -> None:
    """Everybody sits under a head: the panel document is fixed, and the evaluation can begin, or go on. `tenderer`
    (USCC) is for whom experts have now served. Entry `panel.seated`; of an imported list `panel.imported` again. Raises
    Refused `panel.experts`, `panel.unlinked`."""
    keys, at = registry["keys"], database_now(session)
    rows = [row for row in committee.members_of(session, panel) if not row.recused_at]
    if sum(row.kind == "expert" for row in rows) < panel.experts:
        raise refuse(
            "panel.experts",
            _("Somebody else sits on the seat of an expert; only an expert takes it"),
            rule="M87 47",
        )
    heads = {row.seat: row.head for row in rows}
    seats = [
        replace(seat, head=heads[seat.seat], state="") if seat.seat in heads else seat
        for seat in committee.everybody_of(keys, panel)
        if seat.seat in heads or seat.state in (REPLACED, RESERVE)
    ]
    known = (
        {seat.seat for seat in committee.seats_of(keys, panel) if not seat.state}
        if panel.panel_sha256
        else set()
    )
    said: dict[str, Any] = {"panel": committee.fix(keys, panel, seats)}
    if panel.drawn:
        said |= {"draws": [draw.ann for draw in draws_for(session, panel)], "demand": panel.list_sha256}
    else:
        said |= {"source": panel.source, "list": panel.list_sha256}
    record(session, draws.HALL, "panel.seated" if panel.drawn else "panel.imported", panel.tender, said, at)
    for seat in seats:
        if seat.handle and seat.seat in heads.keys() - known:
            row = experts.row_of_user(session, keys, seat.user_id)
            if row is None:
                raise unlinked(seat)
            experts.served(session, keys, row.number, panel.tender, tenderer, beijing_date(at))
    session.flush()
    registry.notify(PanelSeated(session, registry, panel.tender, at))


def sat_down(session: Session, registry: Any, panel: Panel, tenderer: str) -> None:
    """Somebody took the place of a replaced member: with a head there, the committee is whole again."""
    rows = [row for row in committee.members_of(session, panel) if not row.recused_at]
    if len(rows) == panel.size and any(row.head for row in rows):
        complete(session, registry, panel, tenderer)


def unlinked(seat: Seat) -> Refused:
    return refuse(
        "panel.unlinked",
        _("Seat ${seat}: this account is no longer linked to an expert", mapping={"seat": seat.seat}),
        remedy=_("The pool office links the account again; then choose once more."),
    )
