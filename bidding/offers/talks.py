"""The talks (磋商、谈判): the group and each supplier exchange questions and answers apart from the others; what is
asked may change in its technical, service and contract terms, never in its core, when the purchaser confirms it.
Law: MOF 74 art. 31–33; Caiku 2014-214 art. 19–21; GPL 38."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation.progress import Evaluation, Phase, load
from bidding.evaluation.service import head_only
from bidding.offers import standing
from bidding.offers.models import FinalOffers, RequirementChange
from bidding.tenders import invited
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, must_go_on
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.parties.models import Party
from trading.web import _

SUBJECTS = ("technical", "service", "contract")
"""What may be changed (MOF 74 art. 32, Caiku 2014-214 art. 20)."""
WINDOW = timedelta(minutes=10)
"""The longest time that suppliers have to decrypt their final offers before custodians do: everybody is waiting."""
SHORTEST, LONGEST = 10, 7 * 24 * 60
"""Minutes that suppliers may be given for their final offers."""


def under_way(
    session: Session, registry: Any, actor: Actor, code: str
) -> tuple[Tender, Evaluation, str, datetime]:
    """The tender in its talks, and the pseudonym of the group's head, who acts. Raises Refused `talks.not-now`,
    `panel.*`, `tender.suspended`."""
    tender = locked(session, code)
    must_go_on(tender)
    now = database_now(session)
    found = load(session, registry["keys"], tender)
    member = head_only(found, actor)
    if found.phase(now) is not Phase.CONSULTATION:
        raise refuse("talks.not-now", _("The talks are not under way"))
    return tender, found, member.member, now


def propose(
    session: Session, registry: Any, actor: Actor, code: str, subject: str, text: str
) -> RequirementChange:
    """The head writes down a change of what is asked; it waits for the purchaser. Entry `offers.change-proposed`.
    Raises Refused `talks.*`."""
    tender, _found, member, now = under_way(session, registry, actor, code)
    if subject not in SUBJECTS:
        raise refuse(
            "talks.core", _("Only technical and service requirements and contract terms may be changed"),
            field="subject", rule="MOF 74 art. 32",
        )  # fmt: skip
    number = len(standing.changes_of(session, tender)) + 1
    change = RequirementChange(
        tender_id=tender.id, number=number, subject=subject, text=text.strip(), member=member, proposed_at=now
    )
    session.add(change)
    session.flush()
    payload = {"number": number, "subject": subject, "text": change.text, "member": member}
    record(session, actor, "offers.change-proposed", code, payload, now)
    return change


def decide(
    session: Session, registry: Any, actor: Actor, code: str, number: int, confirm: bool
) -> RequirementChange:
    """The purchaser confirms a change or refuses it. Entry `offers.change-decided`. Raises Refused `talks.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    change = next((row for row in standing.changes_of(session, tender) if row.number == number), None)
    if change is None or change.decision:
        raise refuse("talks.no-change", _("There is no change of this number that waits for you"))
    now = database_now(session)
    change.decision, change.decided_at = "confirmed" if confirm else "refused", now
    payload = {"number": number, "decision": change.decision}
    record(session, actor, "offers.change-decided", code, payload, now)
    session.flush()
    return change


def end(session: Session, registry: Any, actor: Actor, code: str, minutes: int) -> FinalOffers:
    """The head ends the talks and gives the suppliers that remain `minutes` for their final offers. The tender
    for these is drafted at once, so that custodians make its keys while the host reads the call. Entry
    `offers.talks-ended`. Raises Refused `talks.*`."""
    tender, found, member, now = under_way(session, registry, actor, code)
    if any(not change.decision for change in standing.changes_of(session, tender)):
        raise refuse("talks.undecided", _("The purchaser has not decided on every change yet"))
    if found.waiting("meaning", now):
        raise refuse("talks.waiting", _("A supplier can still answer a question: wait for it"))
    must_be_equal(found)
    deadline = deadline_in(now, minutes)
    child = draft(session, tender, deadline, now)
    remaining = [found.bids[bid].id for bid in found.qualified()]
    parties = session.scalars(select(Party.id).where(Party.uscc.in_(remaining))).all()
    invited.invite(session, registry["keys"], child, parties)
    offers = FinalOffers(
        tender_id=tender.id, child_id=child.id, salt=secrets.token_urlsafe(16), ended_at=now, left=[]
    )
    session.add(offers)
    session.flush()
    payload = {"member": member, "offers": child.code, "deadline": rfc3339(deadline)}
    record(session, actor, "offers.talks-ended", code, payload, now)
    record(session, actor, "tender.drafted", child.code, {"title": child.title, "kind": child.kind}, now)
    return offers


def must_be_equal(found: Evaluation) -> None:
    """Raises Refused `talks.unequal` when some were talked to and others were not (MOF 74 art. 31)."""
    asked = {found.bid_of(question).id for question in found.asked("meaning")}
    left_out = sorted(found.bids[bid].name for bid in set(found.qualified()) - asked)
    if asked & set(found.qualified()) and left_out:
        raise refuse(
            "talks.unequal", _("Not talked to yet: ${names}", mapping={"names": "、".join(left_out)}),
            rule="MOF 74 art. 31, Caiku 2014-214 art. 19",
            remedy=_("Every supplier that remains has the same chance to talk."),
        )  # fmt: skip


def deadline_in(now: datetime, minutes: int) -> datetime:
    """The deadline so many minutes from now, at a whole minute. Raises Refused `talks.minutes`."""
    if not SHORTEST <= minutes <= LONGEST:
        raise refuse(
            "talks.minutes", _("Give the suppliers between 10 minutes and 7 days"), field="minutes",
            rule="MOF 74 art. 33",
        )  # fmt: skip
    exact = now + timedelta(minutes=minutes)
    return exact.replace(second=0, microsecond=0) + timedelta(minutes=1)


def draft(session: Session, tender: Tender, deadline: datetime, now: datetime) -> Tender:
    """The tender for the final offers, as a draft: the same lot, buyers and rules, price sheets alone."""
    window = min(tender.bidder_window_s, int(WINDOW.total_seconds()))
    form = tender.form | {
        "deadline": rfc3339(deadline),
        "envelopes": 1,
        "decryption_minutes": max(1, window // 60),
        "bid_security": "0",
    }
    child = Tender(
        code=f"{tender.code}-F1", kind=tender.kind, state="draft",
        title=f"{tender.title}（最后报价）", title_en=f"{tender.title_en} (final offers)" if tender.title_en else "",
        lot=tender.lot, tenderer=tender.tenderer, agency=tender.agency, agent=tender.agent, method=tender.method,
        budget=tender.budget, ceiling=tender.ceiling, security=0, form=form, rules=tender.rules,
        rulebook_version=tender.rulebook_version, rulebook_hash=tender.rulebook_hash,
        deadline=deadline, opens_at=deadline, bidder_window_s=window, created_at=now,
        limited=True, parent_id=tender.id,
    )  # fmt: skip
    session.add(child)
    session.flush()
    return child
