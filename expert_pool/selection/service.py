"""The committee's services: import the sealed list, sign in, step aside; what both kinds of committee share.

This room knows nothing of tenders: a caller gives the tender's code, who buys and who bids. How a committee that is
drawn here sits down is in `seating`.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from expert_pool.selection.models import Panel, PanelDemand, PanelMember
from expert_pool.selection.panel_list import (
    RESERVE,
    Listed,
    PanelList,
    Seat,
    panel_document,
    parse,
    seats_of_bytes,
    seats_to_bytes,
)
from trading.accounts import certificates
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.errors import Fault, Refused, refuse
from trading.ledger.entry import actor_pseudonym
from trading.parties.models import Party
from trading.permissions import Role
from trading.secrets import HallKeys
from trading.web import _

ROLE_OF_KIND = {"expert": Role.EXPERT, "purchaser": Role.TENDERER}
Check = Callable[[Sequence[Seat]], list[Fault]]
"""What is unlawful in a composition; the caller knows the law of its kind of trade."""


# --- the list -------------------------------------------------------------------------------------


def import_list(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    tender: str,
    raw: bytes,
    *,
    buyers: Collection[str],
    purchaser: str,
    check: Check,
    at: datetime,
    rng: Callable[[int], bytes] = os.urandom,
) -> Panel:
    """Take over the list that a pool drew for `tender`; entry `panel.imported`.

    `buyers` are the codes of tenderer and agency, `purchaser` the tenderer's: an expert may come from none
    of them, a representative comes from the purchaser itself. A list replaces an earlier one while nobody has signed in, or when a member
    has stepped aside, and a committee whose draw nobody has approved; everybody then signs in again. Raises Refused `panel.*` and what `check` finds;
    faults name seats, never persons.
    """
    listed = parse(raw)
    if listed.tender != tender:
        raise refuse("panel.other-tender", _("This list was drawn for another tender"), field="list")
    old = panel_of(session, tender)
    if old is not None and old.drawn and was_approved(session, old):
        raise refuse("panel.drawn", _("The committee of this tender is drawn here; no list replaces it"))
    if old is not None:
        _make_way(session, old)
    everybody = _seat_all(session, keys, listed, buyers, purchaser, at)
    seats = everybody[: len(listed.members)]
    if faults := check(seats):
        raise Refused(faults)
    document = panel_document(tender, seats)
    panel = old or Panel(tender=tender)
    panel.demand_id = None  # a board whose draw nobody approved becomes the list's
    panel.experts = sum(seat.kind == "expert" for seat in seats)
    panel.source, panel.size, panel.imported_at = listed.source, len(seats), at
    panel.list_sha256 = hashlib.sha256(raw).hexdigest()
    panel.panel_sha256 = hashlib.sha256(document).hexdigest()
    panel.sealed = seats_to_keep(keys, tender, everybody, rng)
    session.add(panel)
    session.flush()
    payload = {"panel": panel.panel_sha256, "source": panel.source, "list": panel.list_sha256}
    record(session, actor, "panel.imported", tender, payload, at)
    return panel


def was_approved(session: Session, panel: Panel) -> bool:
    """Whether a draw for this committee was approved; before that it holds the purchaser's representatives at most."""
    query = select(PanelDemand.id).where(
        PanelDemand.tender == panel.tender, PanelDemand.approved_at >= panel.imported_at
    )
    return session.scalars(query).first() is not None


def _make_way(session: Session, old: Panel) -> None:
    members = members_of(session, old)
    if members and not old.drawn and not any(member.recused_at for member in members):
        raise refuse(
            "panel.in-session",
            _("The committee has begun to sign in; its list can no longer be exchanged"),
            remedy=_("A member who must not sit steps aside; then a new list can be imported."),
        )
    session.execute(delete(PanelMember).where(PanelMember.panel_id == old.id))


def _seat_all(
    session: Session, keys: HallKeys, listed: PanelList, buyers: Collection[str], purchaser: str, at: datetime
) -> list[Seat]:
    seats: list[Seat] = []
    faults = []
    for number, line in enumerate([*listed.members, *listed.reserves], start=1):
        user = session.scalars(select(User).where(User.login == line.login.strip().lower())).first()
        wrong = unseatable(session, user, line, buyers, purchaser)
        usable = certificates.usable(session, user.id, at) if user and not wrong else []
        if user and number > len(listed.members) and any(seat.user_id == user.id for seat in seats):
            wrong = "panel.twice", _("Seat ${seat}: this person stands on the list already"), ""
        if not wrong and not usable:
            wrong = "panel.no-certificate", _("Seat ${seat}: this person has no signing certificate yet"), ""
        if wrong or user is None:
            code, words, rule = wrong or ("", "", "")
            faults.append(Fault(code, _(words, mapping={"seat": number}), "list", rule))
            continue
        pseudonym = actor_pseudonym(keys.pseudonym, listed.tender, str(user.id))
        seats.append(
            Seat(number, user.id, user.login, user.name, line.employer, line.kind, line.head, pseudonym,
                 usable[0].sha256, state="" if number <= len(listed.members) else RESERVE)
        )  # fmt: skip
    if faults:
        raise Refused(faults)
    return seats


def unseatable(
    session: Session, user: User | None, line: Listed, buyers: Collection[str], purchaser: str
) -> tuple[str, str, str] | None:
    """Why this line cannot sit: code, words, article; None when it can."""
    if user is None or user.disabled_at or _plain(user.name) != _plain(line.name):
        return "panel.stranger", _("Seat ${seat}: this person has no account here under this name"), "M87 46"
    if ROLE_OF_KIND[line.kind].value not in {grant.role for grant in user.roles}:
        return "panel.role", _("Seat ${seat}: this person does not have the role of this seat"), "M87 47"
    party = session.get(Party, user.party_id) if user.party_id else None
    if line.kind == "expert" and (line.employer in buyers or (party is not None and party.uscc in buyers)):
        return "panel.interest", _("Seat ${seat}: this person works for the buyer or its agent"), "GPR 9"
    # The agency's people may not sit; what the account belongs to counts more than what the list says.
    if line.kind == "purchaser" and (party.uscc if party else line.employer) != purchaser:
        return (
            "panel.not-the-purchasers",
            _("Seat ${seat}: this person does not come from the purchaser"),
            "M87 47",
        )
    return None


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _purpose(tender: str) -> str:
    return f"panel/{tender}"


# --- looking up -----------------------------------------------------------------------------------


def panel_of(session: Session, tender: str) -> Panel | None:
    """The committee of a tender, or None before a list was imported."""
    query = select(Panel).where(Panel.tender == tender, Panel.replaced_at.is_(None))
    return session.scalars(query).first()


def panels_of(session: Session, tender: str) -> list[Panel]:
    """Every committee that a tender has had, the one that sits now last."""
    query = select(Panel).where(Panel.tender == tender).order_by(Panel.imported_at, Panel.id)
    return list(session.scalars(query))


def dismiss(session: Session, tender: str, at: datetime) -> None:
    """The committee is sent home by an order of the authority; another one is to be called."""
    panel = panel_of(session, tender)
    if panel is not None:
        panel.replaced_at = at
        session.flush()


def seats_to_keep(
    keys: HallKeys, tender: str, seats: Sequence[Seat], rng: Callable[[int], bytes] = os.urandom
) -> bytes:
    """Seats as the column `panel.sealed` holds them."""
    return keys.seal(seats_to_bytes(seats), _purpose(tender), rng)


def seats_of(keys: HallKeys, panel: Panel) -> list[Seat]:
    """The committee's seats with names, without reserves: for its own acts, never to be shown before sign-in."""
    return [seat for seat in everybody_of(keys, panel) if seat.state != RESERVE]


def everybody_of(keys: HallKeys, panel: Panel) -> list[Seat]:
    """The same, with the reserves of an imported list in their order."""
    return seats_of_bytes(keys.unseal(panel.sealed, _purpose(panel.tender)))


def document_of(keys: HallKeys, panel: Panel) -> bytes:
    """The panel document, whose hash stands in the entry that fixed the committee last."""
    return panel_document(panel.tender, everybody_of(keys, panel))


def fix(keys: HallKeys, panel: Panel, seats: Sequence[Seat]) -> str:
    """Keep these seats (reserves too) and the panel document that they make; returns its hash."""
    panel.sealed = seats_to_keep(keys, panel.tender, seats)
    panel.panel_sha256 = hashlib.sha256(panel_document(panel.tender, seats)).hexdigest()
    return panel.panel_sha256


def seat_for(session: Session, keys: HallKeys, tender: str, user_id: uuid.UUID) -> Seat | None:
    """The seat of an account in a tender's committee, or None."""
    panel = panel_of(session, tender)
    seats = seats_of(keys, panel) if panel else []
    return next((seat for seat in seats if seat.user_id == user_id), None)


def members_of(session: Session, panel: Panel) -> list[PanelMember]:
    """Who has signed in or stepped aside, by seat."""
    query = select(PanelMember).where(PanelMember.panel_id == panel.id).order_by(PanelMember.seat)
    return list(session.scalars(query))


def sits(session: Session, panel: Panel) -> bool:
    """Whether every seat is taken, and a drawn committee has its head."""
    return bool(panel.panel_sha256) and not vacant(session, panel)


def vacant(session: Session, panel: Panel) -> int:
    """How many seats nobody sits on."""
    return panel.size - sum(not member.recused_at for member in members_of(session, panel))


# --- signing in -----------------------------------------------------------------------------------


def sign_in(
    session: Session, keys: HallKeys, actor: Actor, tender: str, bidders: Collection[str], at: datetime
) -> PanelMember:
    """The member declares to have no interest in any of the bidders, and sits down (签到、回避声明).

    `bidders` are the codes of those whose bids are evaluated. Entry `panel.member-signed-in`. Raises
    Refused `panel.not-yours`, and `panel.conflict` for a member who works for a bidder.
    """
    panel, seat = own_seat(session, keys, actor, tender)
    member = row_of(session, panel, seat)
    if member is not None and member.recused_at is None:
        return member
    if member is not None:
        raise refuse("panel.recused", _("You have stepped aside from this evaluation"), rule="GPR 9")
    if seat.employer in bidders or _employer(session, seat) in bidders:
        raise refuse(
            "panel.conflict",
            _("You work for one of the bidders and must step aside"),
            rule="GPR 9",
            remedy=_("Choose “I must step aside”; another member will be called."),
        )
    member = sit(session, panel, seat, signed_in_at=at)
    record(session, actor, "panel.member-signed-in", tender, {"member": seat.member}, at)
    return member


def step_aside(
    session: Session, keys: HallKeys, actor: Actor, tender: str, reason: str, at: datetime
) -> PanelMember:
    """The member has an interest and leaves the seat empty (回避); entry `panel.member-recused`.

    The reason stays with the hall. Raises Refused `panel.not-yours`, `panel.seated`."""
    panel, seat = own_seat(session, keys, actor, tender)
    if row_of(session, panel, seat) is not None:
        raise refuse("panel.seated", _("You have already declared yourself"))
    member = sit(session, panel, seat, recused_at=at, recusal=reason.strip())
    record(session, actor, "panel.member-recused", tender, {"member": seat.member, "seat": seat.seat}, at)
    return member


def own_seat(session: Session, keys: HallKeys, actor: Actor, tender: str) -> tuple[Panel, Seat]:
    panel = panel_of(session, tender)
    seats = seats_of(keys, panel) if panel else []
    for seat in seats:
        if panel is not None and seat.user_id == actor.user_id:
            return panel, seat
    raise refuse("panel.not-yours", _("You are not a member of this committee"), rule="M87 46")


def row_of(session: Session, panel: Panel, seat: Seat) -> PanelMember | None:
    return next((row for row in members_of(session, panel) if row.seat == seat.seat), None)


def _employer(session: Session, seat: Seat) -> str:
    user = session.get_one(User, seat.user_id)
    party = session.get(Party, user.party_id) if user.party_id else None
    return party.uscc if party else ""


def sit(
    session: Session,
    panel: Panel,
    seat: Seat,
    *,
    signed_in_at: datetime | None = None,
    recused_at: datetime | None = None,
    recusal: str = "",
) -> PanelMember:
    member = PanelMember(
        panel_id=panel.id, seat=seat.seat, user_id=seat.user_id, member=seat.member, kind=seat.kind,
        head=seat.head, signed_in_at=signed_in_at, recused_at=recused_at, recusal=recusal, handle=seat.handle,
    )  # fmt: skip
    session.add(member)
    session.flush()
    return member
