"""How a drawn committee sits down (报到、签到): the expert says "I am here", the site gives the one opening, the hall checks
recusal anew, takes the promise of integrity and the telephone, and the experts choose their head.

Whoever must not sit leaves before the first word is spoken; the next in the frozen order is called."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.experts import service as experts
from expert_pool.experts.person import PoolExpert
from expert_pool.selection import refused
from expert_pool.selection import service as committee
from expert_pool.selection.demanding import PURPOSE, demand_of, demand_of_draw
from expert_pool.selection.models import Panel, PanelArrival, PanelMember
from expert_pool.selection.panel_list import CALLED, Seat, bears_name
from expert_pool.selection.purchase import BEFORE_SESSION, RESULT_KNOWN, SESSION, Purchase
from expert_pool.selection.recusal import Recusal, recusal
from trading.accounts import addresses, certificates
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.clock import database_now
from trading.draws import calling
from trading.draws import service as draws
from trading.draws.models import Draw
from trading.errors import Refused, refuse
from trading.evidence import accept
from trading.interfaces import IPurchases
from trading.ledger import canonical
from trading.ledger.entry import actor_pseudonym
from trading.rulebook.calendar import beijing_date
from trading.web import _

PROMISES = ("no-interest", "independent", "secrecy", "no-contact", "telephone-handed-in")
"""what a member promises (廉洁自律承诺): the words are the page's"""
PATIENCE = timedelta(seconds=90)
"""after which somebody whom the site does not answer about is told the same as a stranger"""


# --- arriving ---------------------------------------------------------------------------------------


def check_place(settings: Any, address: str) -> None:
    """Raises Refused `panel.elsewhere` for an address that is not of the evaluation rooms."""
    networks = settings.get("panel.addresses") or ""
    if networks and not addresses.contains(addresses.parse(networks), address):
        raise refuse(
            "panel.elsewhere", _("Experts sign in at the evaluation site only"), rule="N1117 三(十五)",
            remedy=_("Go to the computer in the evaluation room."),
        )  # fmt: skip


def here(session: Session, registry: Any, actor: Actor) -> uuid.UUID:
    """Somebody with an expert's account is in the room; returns the visit. The answer is the same for everybody:
    wait. Whom no draw could mean is written down, and so is who tries elsewhere. Raises Refused `panel.elsewhere`."""
    try:
        check_place(registry.settings, actor.address)
    except Refused:
        refused.tell_apart(registry, actor, "", "arrival")
        raise
    visit, at = uuid.uuid4(), database_now(session)
    query = select(Draw).where(
        Draw.purpose == PURPOSE, Draw.names.is_not(None), Draw.sealed.is_(None), Draw.result.is_not(None)
    )
    running = [draw for draw in session.scalars(query) if seats_open(session, registry, draw)]
    if experts.person_of_user(session, registry["keys"], actor.user_id) is None:
        running = []
    if not running:
        refused.tell(session, actor, "", "arrival")
    for ann in [draw.ann for draw in running] or [""]:
        state = "waiting" if ann else "unknown"
        session.add(PanelArrival(visit=visit, user_id=actor.user_id, draw=ann, state=state, at=at))
    session.flush()
    return visit


def seats_open(session: Session, registry: Any, draw: Draw) -> bool:
    """Whether members of this draw can still sit down."""
    panel = committee.panel_of(session, draw.tender)
    if panel is None or not panel.drawn or draw.announced_at < panel.imported_at:
        return False
    purchase = registry.getUtility(IPurchases).purchase(session, registry, draw.tender, False)
    return wanting(session, panel, purchase)


def wanting(session: Session, panel: Panel, purchase: Purchase) -> bool:
    """Whether somebody can still sit down: before a drawn committee is complete, or when a member was taken out of an
    evaluation that has begun."""
    if purchase.state in BEFORE_SESSION:
        return panel.drawn and not panel.panel_sha256
    return purchase.state == SESSION and committee.vacant(session, panel) > 0


def visit_of(session: Session, visit: uuid.UUID, user_id: uuid.UUID | None) -> list[PanelArrival]:
    """The rows of one's own visit."""
    query = select(PanelArrival).where(PanelArrival.visit == visit, PanelArrival.user_id == user_id)
    return list(session.scalars(query))


def visit_state(session: Session, visit: uuid.UUID) -> str:
    """waiting | known | recused | refused, over all draws that were asked about."""
    rows = list(session.scalars(select(PanelArrival).where(PanelArrival.visit == visit)))
    states = {row.state for row in rows}
    for state in ("known", "recused"):
        if state in states:
            return state
    late = any(database_now(session) - row.at > PATIENCE for row in rows)
    return "waiting" if "waiting" in states and not late else "refused"


def turn_away(session: Session, registry: Any, arrival: PanelArrival) -> None:
    """Somebody of the pool has no seat in any draw that was asked about: that is written down."""
    if visit_state(session, arrival.visit) == "refused":
        user = session.get_one(User, arrival.user_id)
        secret = registry["keys"].pseudonym
        refused.tell(session, Actor(user.id, user.name, "", "", secret), "", "arrival")


def welcome(session: Session, registry: Any, draw: Draw, arrival: PanelArrival, name: str) -> None:
    """A drawn member of that name has come, and seats are open: a seat, or, for whom the bidders are now a reason to
    leave, none."""
    purchase = registry.getUtility(IPurchases).purchase(session, registry, draw.tender, True)
    panel = committee.panel_of(session, draw.tender)
    person = experts.person_of_user(session, registry["keys"], arrival.user_id)
    assert panel is not None and person is not None
    if ground := must_leave(session, draw.ann, purchase, person, arrival.at):
        leave(session, registry, draw, arrival, ground)
        return
    taken = committee.seats_of(registry["keys"], panel)
    if all(seat.user_id != arrival.user_id for seat in taken):
        who = arrival.user_id
        add_seat(session, registry, panel, who, person.employer, "expert", arrival.handle, name=name)


def add_seat(
    session: Session, registry: Any, panel: Panel, user_id: uuid.UUID, employer: str, kind: str, handle: str,
    name: str = "",
) -> Seat:  # fmt: skip
    """One more known member, in a committee that was whole in the place of a replaced one; an expert has the `name`
    that was drawn. Raises Refused `panel.no-certificate`."""
    keys, at = registry["keys"], database_now(session)
    user, usable = session.get_one(User, user_id), certificates.usable(session, user_id, at)
    if not usable:
        raise refuse("panel.no-certificate", _("This person has no signing certificate yet"))
    seats = committee.everybody_of(keys, panel)
    pseudonym = actor_pseudonym(keys.pseudonym, panel.tender, str(user_id))
    seat = Seat(
        max((one.seat for one in seats), default=0) + 1, user_id, user.login, name or user.name, employer, kind,
        False, pseudonym, usable[0].sha256, handle, CALLED if panel.panel_sha256 else "",
    )  # fmt: skip
    panel.sealed = committee.seats_to_keep(keys, panel.tender, [*seats, seat])
    session.flush()
    return seat


# --- leaving ------------------------------------------------------------------------------------------


def must_leave(
    session: Session, ann: str, purchase: Purchase, person: PoolExpert, at: datetime
) -> Recusal | None:
    """The second check: now that the bidders are known, and with the organisations that this draw avoided. Only
    recusal is judged again, not whether the person could still be drawn."""
    row = demand_of_draw(session, ann)
    avoid = frozenset(one.org for one in demand_of(row).avoid) if row else frozenset()
    return recusal(person, replace(purchase.parties(), avoid=avoid), beijing_date(at))


def word_of(given: SignedPromise | None) -> dict[str, str]:
    """What the log says of a member's signed word: the hashes of the statement and its signature."""
    if given is None:
        return {}
    statement, p7s = (hashlib.sha256(raw).hexdigest() for raw in (given.raw, given.cms))
    return {"statement": statement, "p7s": p7s}


def leave(
    session: Session, registry: Any, draw: Draw, arrival: PanelArrival, ground: Recusal,
    word: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """A member must not sit. Entry `panel.member-recused`; the next in the order is called."""
    arrival.state, arrival.ground = "recused", ground.code
    session.flush()
    pseudonym = actor_pseudonym(registry["keys"].pseudonym, draw.tender, str(arrival.user_id))
    said = {"member": pseudonym, "handle": arrival.handle, "ground": ground.code, "article": ground.article}
    record(session, draws.HALL, "panel.member-recused", draw.tender, said | (word or {}))
    replace_now(session, registry, draw)


def replace_now(session: Session, registry: Any, draw: Draw) -> None:
    """Take those who left out of the draw, unless a call is under way: its wave will."""
    leaving = still_to_leave(session, draw)
    if leaving and not draws.awaited(session, draw):
        gone = dict.fromkeys(leaving, calling.REMOVED)
        draws.settle(session, registry, draw, gone, leaving, database_now(session))


def still_to_leave(session: Session, draw: Draw) -> dict[str, str]:
    """handle → evidence (hash of the ground) of members who must not sit and are still on the panel."""
    query = select(PanelArrival).where(PanelArrival.draw == draw.ann, PanelArrival.state == "recused")
    members = draws.calling_of(session, draw)[0].members
    return {
        row.handle: hashlib.sha256(canonical.dumps({"handle": row.handle, "ground": row.ground})).hexdigest()
        for row in session.scalars(query)
        if row.handle in members
    }


# --- signing in -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignedPromise:
    """The promise of integrity as it was handed out, its signature, and whether the telephone was handed in."""

    raw: bytes
    cms: bytes
    phone: bool


def promise_document(session: Session, registry: Any, actor: Actor, tender: str) -> tuple[bytes, Seat]:
    """What a member signs before it sits down, and its seat. Raises Refused `panel.not-yours`."""
    _panel, seat = committee.own_seat(session, registry["keys"], actor, tender)
    said = {
        "tender": tender,
        "member": seat.member,
        "handle": seat.handle or None,
        "promises": list(PROMISES),
    }
    return canonical.dumps({"v": 1, "typ": "ebid.panel-promise"} | said), seat


def interest_document(session: Session, registry: Any, actor: Actor, tender: str) -> bytes:
    """What a member of a drawn committee signs who steps aside: that it has an interest, not which; without it nobody
    could tell a member who left from one whom the hall wanted out. Raises Refused `panel.not-yours`."""
    _panel, seat = committee.own_seat(session, registry["keys"], actor, tender)
    said = {
        "tender": tender,
        "member": seat.member,
        "handle": seat.handle or None,
        "cert_sha256": seat.cert_sha256,
        "ground": "interest",
    }
    return canonical.dumps({"v": 1, "typ": "ebid.panel-interest"} | said)


def sign_in(
    session: Session, registry: Any, actor: Actor, purchase: Purchase, given: SignedPromise | None
) -> PanelMember:
    """A member of a drawn committee sits down. Entry `panel.member-signed-in`; with an interest in a bidder
    `panel.member-recused` instead, and somebody else is called. Raises Refused `panel.*`, `signature.*`."""
    check_place(registry.settings, actor.address)
    at = database_now(session)
    panel, seat = seat_or_alarm(session, registry, actor, purchase)
    member = committee.row_of(session, panel, seat)
    if member is not None and member.recused_at is None:
        return member
    if member is not None:
        raise refuse("panel.recused", _("You have stepped aside from this evaluation"), rule="GPR 9")
    if ground := second_check(session, registry, purchase, seat, at):
        return aside(session, registry, panel, seat, ground, at)
    if given is None or given.raw != promise_document(session, registry, actor, purchase.code)[0]:
        raise refuse("panel.promise", _("Sign the promise of integrity first"), rule="M87 45")
    if not given.phone:
        raise refuse("panel.phone", _("Hand in your telephone first"), field="phone", rule="M87 66")
    judge_signature(session, registry, actor, purchase.code, seat, given, at)
    member = committee.sit(session, panel, seat, signed_in_at=at)
    member.promise, member.promise_cms, member.phone = given.raw, given.cms, True
    promised = hashlib.sha256(given.raw).hexdigest()
    said = {
        "member": seat.member,
        "promise": promised,
        "p7s": hashlib.sha256(given.cms).hexdigest(),
        "phone": True,
    }
    record(session, actor, "panel.member-signed-in", purchase.code, said, at)
    return member


def judge_signature(
    session: Session, registry: Any, actor: Actor, tender: str, seat: Seat, given: SignedPromise, at: datetime
) -> None:
    """Whether the person of the seat signed. Raises Refused `signature.*`."""
    evidence = accept(session, registry, tender, given.raw, given.cms, at)
    if evidence.certificate_sha256 != seat.cert_sha256:
        raise refuse(
            "signature.other-certificate",
            _("Sign with the certificate that the committee's list was made with"),
        )
    if seat.kind == "expert" and not bears_name(evidence.common_name, seat.name):
        refused.tell_apart(registry, actor, tender, "sign-in")
        raise refuse(
            "signature.other-person", _("This certificate is not of the person who was drawn"), rule="M87 47",
            remedy=_("Sign with the certificate of your own name; if your name has changed, tell the pool office."),
        )  # fmt: skip


def seat_or_alarm(session: Session, registry: Any, actor: Actor, purchase: Purchase) -> tuple[Panel, Seat]:
    """The actor's seat. Raises Refused `panel.not-yours`: the same for who was not drawn and for who was drawn and has
    not come; and it is written down."""
    try:
        return committee.own_seat(session, registry["keys"], actor, purchase.code)
    except Refused:
        refused.tell_apart(registry, actor, purchase.code, "sign-in")
        raise


def second_check(
    session: Session, registry: Any, purchase: Purchase, seat: Seat, at: datetime
) -> Recusal | None:
    """Recusal now that the bidders are known; of a representative only that it is of no bidder."""
    if seat.kind != "expert":
        return Recusal("bidder") if seat.employer in (purchase.bidders or ()) else None
    person = experts.person_of_user(session, registry["keys"], seat.user_id)
    arrival = arrival_of(session, seat)
    if person is None or arrival is None:
        return Recusal("interest")
    return must_leave(session, arrival.draw, purchase, person, at)


def arrival_of(session: Session, seat: Seat) -> PanelArrival | None:
    """How the expert of a seat became known; None of a representative."""
    query = select(PanelArrival).where(PanelArrival.handle == seat.handle, PanelArrival.state == "known")
    return session.scalars(query).first() if seat.handle else None


def step_aside(
    session: Session,
    registry: Any,
    actor: Actor,
    purchase: Purchase,
    reason: str,
    given: SignedPromise | None,
) -> PanelMember:
    """A member declares an interest itself (自行回避), signed. Raises Refused `panel.not-yours`, `panel.seated`,
    `panel.unsigned`, `signature.*`."""
    panel, seat = seat_or_alarm(session, registry, actor, purchase)
    if committee.row_of(session, panel, seat) is not None:
        raise refuse("panel.seated", _("You have already declared yourself"))
    at = database_now(session)
    if given is None or given.raw != interest_document(session, registry, actor, purchase.code):
        raise refuse("panel.unsigned", _("Sign that you step aside"), rule="GPR 9")
    judge_signature(session, registry, actor, purchase.code, seat, given, at)
    return aside(session, registry, panel, seat, Recusal("interest"), at, reason, given)


def aside(
    session: Session, registry: Any, panel: Panel, seat: Seat, ground: Recusal, at: datetime, reason: str = "",
    given: SignedPromise | None = None,
) -> PanelMember:  # fmt: skip
    """The seat is given up, with the member's signed word or for what the pool knows; of an expert the draw calls
    another."""
    member = committee.sit(session, panel, seat, recused_at=at, recusal=reason.strip() or ground.code)
    if given is not None:
        member.promise, member.promise_cms = given.raw, given.cms
    arrival, word = arrival_of(session, seat), word_of(given)
    if arrival is not None:
        leave(session, registry, draws.draw_named(session, arrival.draw, lock=True), arrival, ground, word)
    else:
        said = {"member": seat.member, "ground": ground.code, "article": ground.article} | word
        record(session, draws.HALL, "panel.member-recused", panel.tender, said, at)
    return member


def public_names(session: Session, registry: Any, purchase: Purchase) -> list[str] | None:
    """The members' names once the result notice is out (M87 47); None while they are secret."""
    panel = committee.panel_of(session, purchase.code)
    if panel is None or purchase.state not in RESULT_KNOWN:
        return None
    present = {row.seat for row in committee.members_of(session, panel) if not row.recused_at}
    return [seat.name for seat in committee.seats_of(registry["keys"], panel) if seat.seat in present]
