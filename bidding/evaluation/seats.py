"""The committee of an evaluation (评标委员会): its list is imported, it sits down, and a member is replaced (M87 45–49).

What both kinds of committee share stands in `expert_pool.selection`; here is what it has to do with the tender.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from bidding.evaluation import report, rounds
from bidding.evaluation.phases import Phase
from bidding.evaluation.progress import load
from bidding.evaluation.review import CommitteeLimits, Member, check_committee
from bidding.evaluation.rounds import Ground
from bidding.evaluation.service import proceed
from bidding.tenders.drafts import subject_of
from bidding.tenders.models import Tender
from bidding.tenders.service import advance, locked, method_of, must_go_on, the_rulebook
from expert_pool.selection import completing, replacing, seating
from expert_pool.selection import service as committee
from expert_pool.selection.models import Panel, PanelMember, PanelReplacement
from expert_pool.selection.panel_list import CALLED, Seat
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Fault, refuse
from trading.events import PanelSeated
from trading.interfaces import IPurchases
from trading.rulebook.calendar import beijing_date
from trading.rulebook.methods import group_of
from trading.web import _

IMPORT_STATES = ("published", "closed", "opening", "opened")


def import_panel(session: Session, registry: Any, actor: Actor, code: str, raw: bytes) -> Panel:
    """Take over the list of the committee (导入评标委员会名单). Raises Refused with every fault: seats that
    cannot sit, and a composition that the law does not allow (M87 47)."""
    tender = locked(session, code)
    if tender.state not in IMPORT_STATES:
        raise refuse("panel.late", _("The committee can no longer be exchanged at this stage"))
    at = database_now(session)
    purchaser = tender.tenderer.uscc
    return committee.import_list(
        session, registry["keys"], actor, code, raw,
        buyers={purchaser, tender.agency.uscc}, purchaser=purchaser, check=composition(registry, tender, at), at=at,
    )  # fmt: skip


def composition(registry: Any, tender: Tender, at: datetime) -> Callable[[Sequence[Seat]], list[Fault]]:
    """The check of a committee's composition for this tender, by the rules in force."""
    book, day = the_rulebook(), beijing_date(at)
    share = book.rule("P8.experts", day).decimals
    group = group_of(method_of(tender), subject_of(registry, tender), book, day)
    budget = tender.lot.project.budget
    least = group.least(budget)
    limits = CommitteeLimits(
        members=least.integer,
        members_large=least.integer,
        expert_share=Fraction(share[0]) / Fraction(share[1]),
        article=f"{least.instrument} {least.article}",
    )

    def check(seats: Sequence[Seat]) -> list[Fault]:
        members = [Member(seat.login, seat.kind, seat.head) for seat in seats]
        return check_committee(members, Fraction(budget), limits=limits)

    return check


def sign_in(
    session: Session,
    registry: Any,
    actor: Actor,
    code: str,
    interest: str = "",
    promise: seating.SignedPromise | None = None,
) -> PanelMember:
    """A member declares to have no interest and sits down, or says what it is and steps aside; of a drawn committee
    with a signed `promise`. The last one of an imported list to sit down starts the evaluation. Raises Refused
    `panel.*`."""
    tender, panel = locked(session, code), committee.panel_of(session, code)
    taking_over = tender.state == "evaluating" and panel is not None and committee.vacant(session, panel)
    if tender.state != "opened" and not taking_over:
        raise refuse(
            "panel.not-now", _("The committee signs in after the opening is recorded"), rule="M87 40"
        )
    at = database_now(session)
    if panel is not None and panel.drawn:
        purchase = registry.getUtility(IPurchases).purchase(session, registry, code, False)
        if interest.strip():
            return seating.step_aside(session, registry, actor, purchase, interest, promise)
        member = seating.sign_in(session, registry, actor, purchase, promise)
        completing.sat_down(session, registry, panel, tender.tenderer.uscc)
        return member
    if interest.strip():
        return replacing.step_aside(session, registry, actor, code, interest)
    found = load(session, registry["keys"], tender)
    member = committee.sign_in(session, registry["keys"], actor, code, set(found.bids), at)
    assert panel is not None
    if tender.state == "evaluating" or any(seat.state == CALLED for seat in found.seats):
        completing.sat_down(session, registry, panel, tender.tenderer.uscc)
    elif committee.sits(session, panel):
        begin(session, registry, tender, at)
    return member


def begin(session: Session, registry: Any, tender: Tender, at: datetime) -> None:
    """Everybody sits: the evaluation starts."""
    found = load(session, registry["keys"], tender)
    advance(
        session, registry, tender, "start_evaluation", at, panel_complete=True, bids_opened=len(found.bids)
    )


def committee_seated(event: PanelSeated) -> None:
    """A committee is complete and has its head: the evaluation begins, or goes on where a member was replaced."""
    tender = locked(event.session, event.tender)
    if tender.state == "evaluating":
        proceed(event.session, event.registry, tender, event.at)
    else:
        begin(event.session, event.registry, tender, event.at)


def reason_needed() -> Fault:
    """What is said to a member who steps aside without saying why."""
    return Fault("panel.reason", _("Say what your interest is"), "interest", "GPR 9")


# --- somebody else --------------------------------------------------------------------------------


def replace_member(
    session: Session, registry: Any, actor: Actor, code: str, order: replacing.Order
) -> PanelReplacement:
    """The buyer has a member replaced after the evaluation has begun (M87 49): what it concluded is void, and so is a
    report that was drawn up with it. Entry `panel.member-replaced`. Raises Refused `panel.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    found = load(session, registry["keys"], tender)
    if tender.state != "evaluating" or (found.report is not None and found.report.delivered_at is not None):
        raise refuse(
            "panel.not-begun", _("A member is replaced here while the committee evaluates"), rule="M87 49",
            remedy=_("Before it begins a member steps aside; after the report only the authority orders another."),
        )  # fmt: skip
    void = found.report.sha256 if found.report is not None else None
    done = replacing.take_out(session, registry, actor, code, order, void)
    if found.report is not None:
        report.make_void(session, found.report, done.at)
    return done


def stop(session: Session, registry: Any, actor: Actor, code: str, ground: Ground) -> None:
    """The evaluation stops, its papers stay sealed as they are, and another committee is formed, which begins anew (M87
    49): nobody can be had for an empty seat in time, or the recount contradicts the prices that are known. Entry
    `evaluation.reopened`. Raises Refused `panel.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    found = load(session, registry["keys"], tender)
    recount = found.phase(database_now(session)) is Phase.RECOUNT
    if not recount:
        must_be_vacant(session, registry, tender, found.panel)
    if not ground.reason.strip():
        raise refuse("panel.why", _("Write what has happened"), field="reason", rule="M87 49")
    if not ground.document:
        raise refuse("panel.document", _("Choose the document that this rests on"), field="document")
    why = rounds.RECOUNT if recount else rounds.VACANCY
    rounds.begin_with_others(session, registry, actor, tender, ground, why)


def must_be_vacant(session: Session, registry: Any, tender: Tender, panel: Panel | None) -> None:
    """Raises Refused `panel.no-vacancy`, `panel.on-the-way` unless a seat is empty and nobody comes to it."""
    if tender.state != "evaluating" or panel is None or not committee.vacant(session, panel):
        raise refuse("panel.no-vacancy", _("Every seat of this committee is taken"), rule="M87 49")
    if not replacing.waits_in_vain(session, registry, panel):
        raise refuse(
            "panel.on-the-way", _("Somebody is called to the empty seat; the evaluation goes on when they sit down"),
            rule="M87 49", remedy=_("If nobody has come after two hours, the evaluation can be stopped."),
        )  # fmt: skip
