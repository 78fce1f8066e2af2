"""Listing, watching and signing (备选名单、在场监督、抽取记录): each act one ledger entry. The draw itself: drawing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bidding.invitations.commands import ListCandidates
from bidding.invitations.models import Invitation, InvitationWitness
from bidding.invitations.papers import Law, Listed, article, faults_of, list_document
from bidding.tenders import invited
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, method_of, the_rulebook
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now
from trading.draws.models import Draw
from trading.draws.service import draws_of
from trading.errors import Fault, Refused, refuse
from trading.evidence import accept
from trading.ledger import canonical
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date
from trading.rulebook.methods import is_invited
from trading.secrets import HallKeys
from trading.supervision import papers as kept_papers
from trading.web import _

PURPOSE = "invited"
BLOCK = 65536
"""Bytes that a sealed row is padded to a multiple of: its size tells no number of candidates"""


def sealed_as(row: Any) -> str:
    """What the sealed column is bound to."""
    return f"invitation/{row.tender_id}"


def law_on(at: datetime) -> Law:
    """The rules of the Beijing day of `at`."""
    book, day = the_rulebook(), beijing_date(at)
    return Law(*(book.rule(f"P3.{name}", day) for name in ("suppliers", "pool", "witnesses")))


def papers_of(keys: HallKeys, row: Invitation) -> dict[str, bytes]:
    """The list, and the record once there is one, by name: `list`, `record`."""
    held = json.loads(keys.unseal(row.sealed, sealed_as(row)))
    return {name: base64.b64decode(text) for name, text in held.items()}


def seal(keys: HallKeys, row: Invitation, held: dict[str, bytes]) -> None:
    plain = json.dumps({name: base64.b64encode(raw).decode() for name, raw in held.items()}).encode()
    row.sealed = keys.seal(plain.ljust(-(-len(plain) // BLOCK) * BLOCK), sealed_as(row))


def witnesses_of(session: Session, tender: Tender) -> list[InvitationWitness]:
    """Who watches, in the order of coming."""
    query = select(InvitationWitness).where(InvitationWitness.tender_id == tender.id)
    return list(session.scalars(query.order_by(InvitationWitness.present_at, InvitationWitness.user_id)))


def last_draw(session: Session, tender: Tender) -> Draw | None:
    drawn = draws_of(session, tender.code, PURPOSE)
    return drawn[-1] if drawn else None


def open_invitation(session: Session, code: str) -> Tender:
    """The tender, locked, while who is invited can still be decided. Raises Refused `invited.not-invited`,
    `invited.late`."""
    tender = locked(session, code)
    if not is_invited(method_of(tender)):
        raise refuse(
            "invited.not-invited", _("Suppliers are drawn for an invited tender only."), rule="M87 14",
            remedy=_("Choose “invited tender” in the draft first."),
        )  # fmt: skip
    if tender.state != "draft":
        raise refuse("invited.late", _("This tender is published: who is invited is decided."))
    return tender


def not_drawn(session: Session, tender: Tender) -> None:
    """Raises Refused `invited.drawn`, `invited.running` once there is a draw that is not void."""
    draw = last_draw(session, tender)
    if draw is None or draw.voided:
        return
    if draw.result is None:
        raise refuse("invited.running", _("The draw is under way."))
    raise refuse(
        "invited.drawn", _("The suppliers are drawn: there is no second draw for this tender."), rule="M87 14"
    )


def list_candidates(
    session: Session, registry: Any, actor: Actor, code: str, command: ListCandidates, paper: tuple[str, bytes],
    rng: Callable[[int], bytes] = os.urandom,
) -> Invitation:  # fmt: skip
    """File the list to draw from; until the draw another takes its place, and who is present says so anew. `paper` is
    name and bytes of the purchaser's recommendation. Entry `invited.listed`. Raises Refused with every fault."""
    tender = open_invitation(session, code)
    not_drawn(session, tender)
    at, keys = database_now(session), registry["keys"]
    names, unknown = registered(session, command.candidates)
    kept = kept_papers.keep(session, keys, code, *paper, public=False)
    listed = Listed(
        command.source, command.basis, kept, command.number,
        tuple((uscc, names.get(uscc, "")) for uscc in command.candidates),
    )  # fmt: skip
    buyers = {party.uscc: party.name for party in (tender.tenderer, tender.agency)}
    if faults := [*unknown, *faults_of(listed, law_on(at), buyers)]:
        raise Refused(faults)
    raw = list_document(code, listed, base64.urlsafe_b64encode(rng(16)).decode().rstrip("="))
    row = session.get(Invitation, tender.id) or Invitation(tender_id=tender.id)
    row.list_sha256, row.listed_at, row.draw, row.record_sha256 = digest(raw), at, "", ""
    seal(keys, row, {"list": raw})
    session.add(row)
    session.execute(delete(InvitationWitness).where(InvitationWitness.tender_id == tender.id))
    record(session, actor, "invited.listed", code, {"list": row.list_sha256}, at)
    session.flush()
    return row


def registered(session: Session, codes: list[str]) -> tuple[dict[str, str], list[Fault]]:
    """Names by code of the enterprises registered here, and a fault for each other code."""
    rows = session.execute(select(Party.uscc, Party.name).where(Party.uscc.in_(codes)))
    names = {row.uscc: row.name for row in rows}
    faults = [
        Fault(
            "invited.unknown", _("No registered organisation has the code ${code}.", mapping={"code": code}), "candidates",
            "", _("The enterprise registers here first; that is free."),
        )
        for code in sorted(set(codes) - names.keys())
    ]  # fmt: skip
    return names, faults


def watch(session: Session, actor: Actor, code: str) -> InvitationWitness:
    """One of the purchaser's staff says to be present; safe to repeat. Entry `invited.watched`. Raises Refused
    `invited.no-list`."""
    tender = open_invitation(session, code)
    row = session.get(Invitation, tender.id)
    if row is None:
        raise refuse("invited.no-list", _("There is no list of candidates yet."))
    not_drawn(session, tender)
    assert actor.user_id is not None
    found = session.get(InvitationWitness, (tender.id, actor.user_id))
    if found is None:
        at = database_now(session)
        found = InvitationWitness(tender_id=tender.id, user_id=actor.user_id, present_at=at)
        session.add(found)
        record(session, actor, "invited.watched", code, {"list": row.list_sha256}, at)
        session.flush()
    return found


def must_be_watched(session: Session, tender: Tender, at: datetime) -> None:
    """Raises Refused `invited.witnesses` while too few of the purchaser's staff are present."""
    rule, present = law_on(at).witnesses, len(witnesses_of(session, tender))
    if present < rule.integer:
        raise refuse(
            "invited.witnesses",
            _("At least ${least} of the purchaser's staff are present at the draw; there are ${present}.",
              mapping={"least": str(rule.integer), "present": str(present)}),
            rule=article(rule), remedy=_("Each logs in with an own account and confirms to be present."),
        )  # fmt: skip


def sign(session: Session, registry: Any, actor: Actor, code: str, cms: bytes) -> Invitation:
    """A witness signs the record; with the last signature that the law asks for those drawn are invited, entry
    `invited.recorded`. Raises Refused `invited.no-record`, `invited.not-present`, `invited.signer`, `signature.*`,
    `certificate.*`."""
    tender = open_invitation(session, code)
    row = session.get(Invitation, tender.id)
    if row is None or not row.record_sha256:
        raise refuse("invited.no-record", _("There is no record to sign yet."))
    if row.recorded_at is not None:
        return row
    mine = session.get(InvitationWitness, (tender.id, actor.user_id or uuid.UUID(int=0)))
    if mine is None:
        raise refuse(
            "invited.not-present", _("Only who was present at the draw signs its record."), rule="M87 14"
        )
    at, held = database_now(session), papers_of(registry["keys"], row)
    evidence = accept(session, registry, code, held["record"], cms, at)
    certificates.own(session, mine.user_id, evidence.certificate_sha256, at)
    if evidence.organisation_id != tender.tenderer.uscc:
        raise refuse(
            "invited.signer", _("The record is signed with a certificate of the purchaser."), rule="M87 14"
        )
    mine.cms = cms
    session.flush()
    signed = [witness for witness in witnesses_of(session, tender) if witness.cms]
    if row.recorded_at is None and len(signed) >= law_on(at).witnesses.integer:
        conclude(session, registry["keys"], actor, tender, row, held, at)
    return row


def conclude(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    tender: Tender,
    row: Invitation,
    held: dict[str, bytes],
    at: datetime,
) -> None:
    """Invite those who were drawn."""
    drawn = [one["id"] for one in canonical.loads(held["record"])["drawn"]]
    invited.invite(session, keys, tender, session.scalars(select(Party.id).where(Party.uscc.in_(drawn))))
    row.recorded_at = at
    signatures = [digest(witness.cms) for witness in witnesses_of(session, tender) if witness.cms]
    said = {"list": row.list_sha256, "record": row.record_sha256, "p7s": signatures, "draw": row.draw}
    record(session, actor, "invited.recorded", tender.code, said, at)
    session.flush()


def digest(data: bytes | None) -> str:
    return hashlib.sha256(data or b"").hexdigest()
