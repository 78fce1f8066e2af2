"""The purchaser's representatives on a committee that is drawn (采购人代表): named by its letter, never drawn."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.selection import service as committee
from expert_pool.selection.demanding import demands_of, seat_board
from expert_pool.selection.panel_list import Listed
from expert_pool.selection.purchase import Purchase
from expert_pool.selection.seating import add_seat, wanting
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.supervision import papers
from trading.web import _


def name_representatives(
    session: Session, registry: Any, actor: Actor, purchase: Purchase, logins: list[str], letter: str
) -> None:
    """The tenderer's own members, by its letter (采购人代表), not drawn. Entry `panel.representatives`. Raises
    Refused `panel.*`."""
    asked = demands_of(session, purchase.code)
    panel = committee.panel_of(session, purchase.code)
    if panel is None and asked:
        panel = seat_board(session, registry, asked[-1], database_now(session))
    if panel is None or not wanting(session, panel, purchase):
        raise refuse("panel.not-drawn", _("Representatives are named for a committee that is drawn"))
    seats = [seat for seat in committee.seats_of(registry["keys"], panel) if seat.kind == "purchaser"]
    places = panel.size - panel.experts
    names = list(dict.fromkeys(login.strip().lower() for login in logins))  # as accounts are found
    members = {row.seat for row in committee.members_of(session, panel) if row.recused_at}
    if len([seat for seat in seats if seat.seat not in members]) + len(names) > places:
        raise refuse(
            "panel.representatives", _("The purchaser has ${places} seats", mapping={"places": places}),
            field="logins", rule="M87 47",
        )  # fmt: skip
    for login in names:
        user = session.scalars(select(User).where(User.login == login)).first()
        line = Listed(login, user.name if user else "", purchase.tenderer, "purchaser", False)
        wrong = committee.unseatable(session, user, line, purchase.buyers, purchase.tenderer)
        if wrong or user is None or any(seat.user_id == user.id for seat in seats):
            raise refuse(
                "panel.not-the-purchasers", _("This person does not come from the purchaser"), rule="M87 47"
            )
        add_seat(session, registry, panel, user.id, purchase.tenderer, "purchaser", "")
    filed = papers.keep(session, registry["keys"], purchase.code, "letter.txt", letter.encode(), public=False)
    said = {"letter": filed, "number": len(names)}
    record(session, actor, "panel.representatives", purchase.code, said)
