"""The advisory committee's services: its members, requests for an opinion, votes, the signed opinion.

Whoever is convened for a tender does not sit on its panel (membership.py); who is convened is known to the pool
office and the regulator only.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from expert_pool.advisory import opinion
from expert_pool.advisory.commands import Ask, Draft, NewChair, Vote
from expert_pool.advisory.models import AdvisoryMember, AdvisorySeat, OpinionRequest
from expert_pool.advisory.opinion import Ballot
from expert_pool.experts import limits
from expert_pool.experts import service as experts
from expert_pool.experts.models import Expert
from expert_pool.experts.person import PoolExpert
from expert_pool.experts.service import Evidence, kept_evidence
from expert_pool.selection.models import Panel, PanelMember
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.evidence import accept
from trading.ledger import canonical
from trading.ledger.entry import actor_pseudonym
from trading.parties.models import Party
from trading.secrets import HallKeys
from trading.supervision import papers
from trading.web import _

LEAST = 3
"""members who give an opinion"""


# --- members --------------------------------------------------------------------------------------


def set_members(
    session: Session, keys: HallKeys, actor: Actor, numbers: Sequence[str], reason: str, evidence: Evidence
) -> None:
    """The committee's members from now on; entry `advisory.appointed`. Raises Refused `expert.*`,
    `advisory.inactive`."""
    rows = [experts.by_number(session, number) for number in numbers]
    if any(row.status != "active" for row in rows):
        raise refuse(
            "advisory.inactive", _("Only active experts of the pool can be members"), field="numbers"
        )
    digest, at = kept_evidence(session, keys, evidence), database_now(session)
    wanted = {row.id for row in rows}
    for member in sitting(session):
        if member.expert_id not in wanted:
            member.ended_at = at
    there = {member.expert_id for member in sitting(session)}
    session.add_all(AdvisoryMember(expert_id=row.id, appointed_at=at) for row in rows if row.id not in there)
    session.flush()
    payload = {"experts": sorted(numbers), "reason": reason, "evidence": digest}
    record(session, actor, "advisory.appointed", None, payload, at)


def sitting(session: Session) -> list[AdvisoryMember]:
    """The members now."""
    session.flush()
    return list(session.scalars(select(AdvisoryMember).where(AdvisoryMember.ended_at.is_(None))))


def member_rows(session: Session) -> list[Expert]:
    """The members' records, by number."""
    query = select(Expert).join(AdvisoryMember).where(AdvisoryMember.ended_at.is_(None))
    return list(session.scalars(query.order_by(Expert.number)))


# --- a request ------------------------------------------------------------------------------------


def ask(
    session: Session, keys: HallKeys, actor: Actor, tender: Any, command: Ask, attached: Sequence[Evidence]
) -> OpinionRequest:
    """The buyers ask for an opinion, with papers; entry `advisory.asked`."""
    at = database_now(session)
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('opinion request'))"))
    number = f"ADV{(session.scalar(select(func.count(OpinionRequest.id))) or 0) + 1:05d}"
    kept = [
        [papers.keep(session, keys, scope(number), paper.name, paper.data, public=False), paper.name]
        for paper in attached
        if paper.data
    ]
    request = OpinionRequest(
        id=uuid.uuid4(), number=number, tender=tender.code, project=project_of(tender), asked_by=actor.user_id,
        party_id=tender.agency_id or tender.tenderer_id, state="asked", asked_at=at,
        quorum=limits.current(session).advisory_quorum,
    )  # fmt: skip
    seal(
        keys, request, {"subject": command.subject, "question": command.question, "papers": kept, "text": ""}
    )
    session.add(request)
    session.flush()
    payload = {
        "request": number,
        "question": sha256(command.question),
        "papers": [digest for digest, _name in kept],
    }
    record(session, actor, "advisory.asked", tender.code, payload, at)
    return request


def scope(number: str) -> str:
    """Where the papers and the signature's evidence of a request are filed."""
    return f"advice/{number}"


def project_of(tender: Any) -> str:
    lot = getattr(tender, "lot", None)
    return lot.project.code if lot is not None else ""


def sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def seal(keys: HallKeys, request: OpinionRequest, content: dict[str, Any]) -> None:
    request.sealed = keys.seal(canonical.dumps(content), f"opinion_request/{request.id}")


def content_of(keys: HallKeys, request: OpinionRequest) -> dict[str, Any]:
    """subject, question, papers as (hash, name), text."""
    found: dict[str, Any] = canonical.loads(keys.unseal(request.sealed, f"opinion_request/{request.id}"))
    return found


def find(session: Session, number: str, lock: bool = False) -> OpinionRequest:
    """The request with this number. Raises Refused `advisory.unknown`."""
    query = select(OpinionRequest).where(OpinionRequest.number == number)
    found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise refuse("advisory.unknown", _("There is no such request"))
    return found


def requests(session: Session, tender: str = "") -> list[OpinionRequest]:
    """All requests, or those about one tender, the newest first."""
    query = select(OpinionRequest).order_by(OpinionRequest.number.desc())
    return list(session.scalars(query.where(OpinionRequest.tender == tender) if tender else query))


def expect(request: OpinionRequest, *states: str) -> None:
    if request.state not in states:
        raise refuse("advisory.state", _("The request is at another stage"))


# --- convening ------------------------------------------------------------------------------------


def convene(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    request: OpinionRequest,
    tender: Any,
    numbers: Sequence[str],
) -> None:
    """Call members for a request, an odd number of three or more, the first as chair; entry `advisory.convened`.
    They are barred from this tender's panel from now on. Raises Refused `advisory.*`."""
    expect(request, "asked")
    if len(numbers) < LEAST or len(numbers) % 2 == 0:
        raise refuse("advisory.number", _("Convene an odd number of members, three or more"), field="numbers")
    known = {row.number: row for row in member_rows(session)}
    if strangers := [number for number in numbers if number not in known]:
        raise refuse(
            "advisory.stranger",
            _("Not on the committee: ${numbers}", mapping={"numbers": ", ".join(strangers)}),
            field="numbers",
        )
    buyers, panel = buyers_of(session, tender), on_the_panel(session, tender.code)
    people = {number: experts.one(session, keys, known[number]) for number in numbers}
    if unfit := [
        number
        for number, person in people.items()
        if biased(person, buyers) or person.user_id is None or person.user_id in panel
    ]:
        raise refuse(
            "advisory.unfit",
            _("Cannot advise here, being tied to the buyers, on the panel or without an account: ${numbers}",
              mapping={"numbers": ", ".join(unfit)}),
            field="numbers",
            rule="GPR 9",
        )  # fmt: skip
    session.add_all(
        AdvisorySeat(request_id=request.id, expert_id=known[number].id, chair=place == 0)
        for place, number in enumerate(numbers)
    )
    request.state = "convened"
    session.flush()
    payload = {"request": request.number, "experts": sorted(numbers), "quorum": request.quorum}
    record(session, actor, "advisory.convened", request.tender, payload)


def replace_chair(session: Session, actor: Actor, request: OpinionRequest, command: NewChair) -> None:
    """Another of those convened takes the chair of an opinion whose chair is lost; votes stand, and whoever leaves the chair
    keeps its seat. Entry `advisory.chair-replaced`. Raises Refused `advisory.*`."""
    expect(request, "convened", "drafted")
    there = {row.number: seat for seat, row in seats(session, request)}
    if command.number not in there or there[command.number].chair:
        raise refuse("advisory.stranger", _("Name another one of those who are convened"), field="number")
    for number, seat in there.items():
        seat.chair = number == command.number
    session.flush()
    payload = {"request": request.number, "expert": command.number, "reason": command.reason}
    record(session, actor, "advisory.chair-replaced", request.tender, payload)


def buyers_of(session: Session, tender: Any) -> set[str]:
    """The codes of tenderer and agency."""
    parties = [session.get(Party, key) for key in (tender.tenderer_id, tender.agency_id) if key]
    return {party.uscc for party in parties if party}


def on_the_panel(session: Session, tender: str) -> set[uuid.UUID]:
    """The accounts that have signed in to this tender's panel."""
    query = (
        select(PanelMember.user_id)
        .join(Panel, Panel.id == PanelMember.panel_id)
        .where(Panel.tender == tender)
    )
    return set(session.scalars(query))


def biased(person: PoolExpert, buyers: Collection[str]) -> bool:
    """Whether the person works for the buyers or is tied to them."""
    return person.employer in buyers or any(tie.org in buyers for tie in person.interests)


# --- voting ---------------------------------------------------------------------------------------


def seats(session: Session, request: OpinionRequest) -> list[tuple[AdvisorySeat, Expert]]:
    """Who was convened, the chair first."""
    query = select(AdvisorySeat, Expert).join(Expert).where(AdvisorySeat.request_id == request.id)
    query = query.order_by(AdvisorySeat.chair.desc(), Expert.number)
    return [(seat, row) for seat, row in session.execute(query)]


def seat_of(
    session: Session, keys: HallKeys, request: OpinionRequest, user_id: uuid.UUID
) -> AdvisorySeat | None:
    """The seat of an account, or None."""
    row = experts.row_of_user(session, keys, user_id)
    return next((seat for seat, expert in seats(session, request) if row and expert.id == row.id), None)


def own_seat(session: Session, keys: HallKeys, request: OpinionRequest, actor: Actor) -> AdvisorySeat:
    """The actor's seat. Raises Refused `advisory.not-yours`."""
    seat = seat_of(session, keys, request, actor.user_id) if actor.user_id else None
    if seat is None:
        raise refuse("advisory.not-yours", _("You were not convened for this request"))
    return seat


def chairs(seat: AdvisorySeat) -> None:
    if not seat.chair:
        raise refuse("advisory.chair", _("Only the chair does this"))


def draft(session: Session, keys: HallKeys, actor: Actor, request: OpinionRequest, command: Draft) -> None:
    """The chair puts a text to the vote; a new text ends the votes on the one before. Entry `advisory.drafted`.
    Raises Refused `advisory.*`."""
    expect(request, "convened", "drafted")
    chairs(own_seat(session, keys, request, actor))
    seal(keys, request, content_of(keys, request) | {"text": command.text})
    for seat, _row in seats(session, request):
        seat.sealed_vote, seat.voted_at = None, None
    request.state = "drafted"
    session.flush()
    record(
        session,
        actor,
        "advisory.drafted",
        request.tender,
        {"request": request.number, "text": sha256(command.text)},
        seal_person=keys,
    )


def vote(session: Session, keys: HallKeys, actor: Actor, request: OpinionRequest, command: Vote) -> None:
    """A member votes, once on each text; whoever is against says why in writing. Entry `advisory.voted`. Raises
    Refused `advisory.*`."""
    expect(request, "drafted")
    seat = own_seat(session, keys, request, actor)
    if seat.voted_at is not None:
        raise refuse("advisory.voted", _("You have voted on this text"))
    if command.vote == "against" and not command.dissent:
        raise refuse("advisory.dissent", _("Say in writing why you are against"), field="dissent")
    content = {"vote": command.vote, "dissent": command.dissent}
    seat.sealed_vote = keys.seal(canonical.dumps(content), f"advisory_seat/{seat.id}")
    seat.voted_at = database_now(session)
    session.flush()
    payload = {"request": request.number, "member": actor.within(request.tender)}
    record(session, actor, "advisory.voted", request.tender, payload, seat.voted_at, seal_person=keys)


def ballots(session: Session, keys: HallKeys, request: OpinionRequest) -> list[Ballot]:
    """The votes with pseudonyms, the chair's first."""
    found = []
    for seat, row in seats(session, request):
        user_id = experts.read(keys, row).user_id
        member = actor_pseudonym(keys.pseudonym, request.tender, str(user_id))
        told = (
            canonical.loads(keys.unseal(seat.sealed_vote, f"advisory_seat/{seat.id}"))
            if seat.sealed_vote
            else {}
        )
        found.append(Ballot(member, seat.chair, **told))
    return found


# --- concluding -----------------------------------------------------------------------------------


def to_sign(session: Session, keys: HallKeys, request: OpinionRequest) -> bytes:
    """The opinion's bytes as they would be signed now."""
    content, cast = content_of(keys, request), ballots(session, keys, request)
    return opinion.document(
        request.number, request.tender, content["question"], content["text"], request.quorum, cast
    )


def conclude(
    session: Session, keys: HallKeys, registry: Any, actor: Actor, request: OpinionRequest, cms: bytes
) -> None:
    """The chair signs the opinion, which then stands on record with the project; entry `advisory.concluded`. Raises
    Refused `advisory.*`, `signature.*`, `certificate.*`."""
    expect(request, "drafted")
    chairs(own_seat(session, keys, request, actor))
    cast = ballots(session, keys, request)
    if not opinion.carried(cast, request.quorum):
        raise refuse(
            "advisory.not-carried",
            _("Not enough members have voted, or not more for the text than against it"),
        )
    assert actor.user_id is not None
    now, raw = database_now(session), to_sign(session, keys, request)
    found = accept(session, registry, scope(request.number), raw, cms, now)
    certificates.own(session, actor.user_id, found.certificate_sha256, now)
    request.opinion, request.p7s, request.state, request.concluded_at = raw, cms, "concluded", now
    session.flush()
    payload = {
        "request": request.number,
        "opinion": hashlib.sha256(raw).hexdigest(),
        "p7s": hashlib.sha256(cms).hexdigest(),
    }
    record(
        session,
        actor,
        "advisory.concluded",
        request.tender,
        payload | opinion.tally(cast),
        now,
        seal_person=keys,
    )


def waiting_for(session: Session, keys: HallKeys, user_id: uuid.UUID) -> list[OpinionRequest]:
    """The requests on which an expert has something to do."""
    row = experts.row_of_user(session, keys, user_id)
    if row is None:
        return []
    query = (
        select(OpinionRequest)
        .join(AdvisorySeat)
        .where(
            AdvisorySeat.expert_id == row.id,
            OpinionRequest.state.in_(("convened", "drafted")),
            AdvisorySeat.chair | ((OpinionRequest.state == "drafted") & AdvisorySeat.voted_at.is_(None)),
        )
    )
    return list(session.scalars(query.order_by(OpinionRequest.number)))
