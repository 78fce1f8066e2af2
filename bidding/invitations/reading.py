"""What buyers and the regulator see of an invitation, as data for page and program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pyramid.request import Request
from sqlalchemy import select

from bidding.invitations.answers import InvitationAnswer
from bidding.invitations.models import Invitation, InvitationWitness
from bidding.invitations.service import last_draw, law_on, papers_of, witnesses_of
from bidding.tenders.models import Tender
from trading.accounts.models import User
from trading.draws.models import Draw
from trading.ledger import canonical
from trading.permissions import Permission
from trading.rulebook.book import Rule


@dataclass(frozen=True)
class Seen:
    """`listed` and `record` are the documents, {} before; `present` are (witness, name) in the order of coming."""

    tender: Tender
    row: Invitation | None
    listed: dict[str, Any]
    record: dict[str, Any]
    raw: bytes
    draw: Draw | None
    present: list[tuple[InvitationWitness, str]]
    rules: tuple[Rule, Rule, Rule]
    mine: InvitationWitness | None
    files: bool
    """whether this reader files the list and starts the draw"""
    watches: bool
    """whether this reader may be a witness"""

    @property
    def step(self) -> Literal["list", "watch", "draw", "drawing", "sign", "done"]:
        """list | watch | draw | drawing | sign | done: what comes next."""
        if self.row is None:
            return "list"
        if self.row.recorded_at:
            return "done"
        if self.record:
            return "sign"
        if self.draw is not None and not self.draw.ended:
            return "drawing"
        return "draw" if len(self.present) >= self.rules[2].integer else "watch"

    @property
    def owes_signature(self) -> bool:
        return self.step == "sign" and self.mine is not None and self.mine.cms is None


def seen_by(request: Request) -> Seen:
    """The invitation of the tender in the address."""
    tender, db = request.context, request.db
    row = db.get(Invitation, tender.id)
    held = papers_of(request.keys, row) if row else {}
    witnesses = witnesses_of(db, tender)
    users = db.scalars(select(User).where(User.id.in_([each.user_id for each in witnesses])))
    names = {user.id: user.name for user in users}
    law = law_on(request.now())
    who = request.identity.user_id
    return Seen(
        tender=tender,
        row=row,
        listed=canonical.loads(held["list"]) if held else {},
        record=canonical.loads(held["record"]) if "record" in held else {},
        raw=held.get("record", b""),
        draw=last_draw(db, tender),
        present=[(each, names[each.user_id]) for each in witnesses],
        rules=(law.suppliers, law.pool, law.witnesses),
        mine=next((each for each in witnesses if each.user_id == who), None),
        files=bool(request.has_permission(Permission.MANAGE_TENDER)),
        watches=bool(request.has_permission(Permission.WITNESS_INVITATION)),
    )


def as_json(seen: Seen) -> InvitationAnswer:
    """The same for programs."""
    return {
        "tender": seen.tender.code,
        "step": seen.step,
        "list": seen.listed or None,
        "present": [name for _witness, name in seen.present],
        "draw": seen.draw.scope if seen.draw else None,
        "void": bool(seen.draw and seen.draw.voided),
        "drawn": seen.record.get("drawn"),
        "signed": sum(witness.cms is not None for witness, _name in seen.present),
        "recorded": seen.row is not None and seen.row.recorded_at is not None,
    }
