"""The call for final offers (最后报价邀请): the host signs once who remains, what was changed and until when; that
publishes the tender in which the offers are sealed, for those who remain and nobody else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation.progress import Evaluation, Phase, load
from bidding.offers import papers, standing
from bidding.offers.models import FinalOffers
from bidding.offers.talks import deadline_in
from bidding.tenders import publication
from bidding.tenders.invited import invite_exactly
from bidding.tenders.models import Publication, Tender
from bidding.tenders.readiness import Readiness, custodians
from bidding.tenders.service import advance, locked, must_go_on, the_rulebook
from bidding.tenders.telling import tell_later
from bidding.vault.envelopes import mode_of
from trading import evidence
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.ledger import canonical
from trading.outbox import promise
from trading.parties.models import Party
from trading.web import _

LEAST = timedelta(minutes=5)
"""What must be left of the time for offers when the call goes out."""


def awaited(session: Session, registry: Any, tender: Tender) -> tuple[Evaluation, FinalOffers, Tender]:
    """The evaluation that waits for the call, with the drafted tender. Raises Refused `offers.not-now`."""
    offers, child = standing.offers_of(session, tender), standing.child_of(session, tender)
    found = load(session, registry["keys"], tender)
    phase = found.phase(database_now(session))
    if offers is None or child is None or offers.called_at or phase is not Phase.FINAL_OFFERS:
        raise refuse("offers.not-now", _("No call for final offers waits to be signed"))
    return found, offers, child


def readiness_of(session: Session, registry: Any, child: Tender) -> Readiness:
    """Whose keys for the final offers are here; the plan was judged when the tender was published."""
    return Readiness([], custodians(session, registry, child), mode_of(child.form))


def prepare(session: Session, registry: Any, tender: Tender) -> dict[str, bytes]:
    """What the host signs: call, notice and policy; made once, and anew only when deadline, keys or those who
    remain have changed.
    Raises Refused `offers.not-now`, `offers.late`, `tender.custodians`."""
    found, offers, child = awaited(session, registry, tender)
    now = database_now(session)
    if child.deadline - now < LEAST:
        raise refuse(
            "offers.late", _("Too little is left of the time for final offers"), field="minutes",
            remedy=_("Set a new deadline; the custodians' keys for it come by themselves."),
        )  # fmt: skip
    readiness = readiness_of(session, registry, child)
    if not readiness.keys_ready:
        raise refuse(
            "tender.custodians", _("Not every custodian has delivered its key for this tender yet."),
            remedy=_("The custodians' services deliver them by themselves within a minute; wait and try again."),
        )  # fmt: skip
    basis = basis_of(found, child, readiness)
    made = session.get(Publication, child.id)
    if made is None or made.basis != basis or offers.call is None:
        made = made or Publication(tender_id=child.id)
        make(session, registry, found, offers, child, readiness, made, now)
        made.basis, made.made_at = basis, now
        session.add(made)
        session.flush()
    assert offers.call is not None
    return {"call": offers.call, "notice": made.notice, "policy": made.policy}


def basis_of(found: Evaluation, child: Tender, readiness: Readiness) -> str:
    """A hash over what may still change before the call."""
    keys = [hashlib.sha256(key.raw).hexdigest() for key in readiness.statements]
    said = [rfc3339(child.deadline), found.qualified(), *keys]
    return hashlib.sha256(canonical.dumps(said)).hexdigest()


def make(
    session: Session, registry: Any, found: Evaluation, offers: FinalOffers, child: Tender, readiness: Readiness,
    made: Publication, now: datetime,
) -> None:  # fmt: skip
    """The bytes to sign."""
    tender, book = found.tender, the_rulebook()
    # Another member may have judged otherwise since the talks ended.
    codes = [found.bids[bid].id for bid in found.qualified()]
    parties = session.scalars(select(Party.id).where(Party.uscc.in_(codes))).all()
    invite_exactly(session, registry["keys"], child, parties)
    remaining = {found.bids[bid].manifest for bid in found.qualified()}
    changes = papers.change_rows(standing.confirmed(standing.changes_of(session, tender)))
    offers.call = papers.call_document(
        tender=tender.code, lot=tender.lot.code, offers=child.code, remaining=sorted(remaining),
        others=[bid.manifest for bid in found.bids.values() if bid.manifest not in remaining],
        changes=changes, deadline=rfc3339(child.deadline), salt=offers.salt,
    )  # fmt: skip
    made.policy = publication.policy_of(registry, child, readiness)
    made.evaluation = canonical.dumps(child.rules)
    made.documents = canonical.dumps({"v": 1, "typ": "ebid.documents", "files": []})
    made.notice = papers.notice_document(
        call=publication.made_hash(offers.call), parent=tender.code, changes=changes,
        tender=child.code, lot=child.lot.code, title=child.title, kind=child.kind, published=rfc3339(now),
        deadline=rfc3339(child.deadline), open_at=rfc3339(child.opens_at),
        policy=publication.made_hash(made.policy), documents=publication.made_hash(made.documents),
        evaluation=publication.made_hash(made.evaluation),
        rulebook={"version": book.version, "sha256": book.sha256},
    )  # fmt: skip


def call(
    session: Session, registry: Any, actor: Actor, user_id: UUID, code: str, cms: Mapping[str, bytes]
) -> FinalOffers:
    """Publish the tender for the final offers with the host's three signatures; entries `tender.published` on it,
    `offers.called` on the tender. Those who remain are told at the same time. The same again is no error.
    Raises Refused `offers.*`, `tender.*`, `signature.*`, `certificate.*`, `policy.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    offers = standing.offers_of(session, tender)
    if offers is not None and offers.called_at is not None:
        return offers
    signed = prepare(session, registry, tender)
    _found, offers, child = awaited(session, registry, tender)
    locked(session, child.code)
    now, made = database_now(session), session.get_one(Publication, child.id)
    readiness = readiness_of(session, registry, child)
    signer = publication.judge(
        session, registry, child, user_id, readiness, made, cms["notice"], cms["policy"], now
    )
    if (
        evidence.accept(session, registry, code, signed["call"], cms["call"], now).certificate_sha256
        != signer
    ):
        raise refuse(
            "signature.other-certificate",
            _("Sign call, notice and policy with one certificate"),
            field="call_cms",
        )
    publication.put_up(
        session, registry, child, made, cms["notice"], cms["policy"], now, shown=shown(child, made)
    )
    advance(session, registry, child, "publish", now, custodians_ready=readiness.keys_ready)
    publication.say_published(session, actor, child, made, cms["notice"], cms["policy"], now)
    promise(session, publication.CLOSE, {"tender": child.code}, due=child.deadline)
    offers.call_cms, offers.called_at = cms["call"], now
    payload = {
        "call": publication.made_hash(signed["call"]),
        "p7s": publication.made_hash(cms["call"]),
        "offers": child.code,
    }
    record(session, actor, "offers.called", code, payload, now)
    tell_later(session, child.code, "offers-called", now)
    session.flush()
    return offers


def shown(child: Tender, made: Publication) -> dict[str, Any]:
    """What the notice's page tells those who are invited."""
    changes = [row["text"] for row in json.loads(made.notice)["changes"]]
    zh = [
        "请在截止时间前密封提交最后报价；未提交的，视为退出。",
        *(f"采购需求变动：{text}" for text in changes),
    ]
    en = [
        "Seal and hand in your final offer before the deadline; whoever does not has left.",
        *(f"What is asked has changed: {text}" for text in changes),
    ]
    return {
        "title_en": child.title_en,
        "buyer": child.tenderer.name,
        "agency": child.agency.name,
        "deadline": rfc3339(child.deadline),
        "text": {"zh": zh, "en": en},
    }


def postpone(session: Session, registry: Any, actor: Actor, code: str, minutes: int) -> Tender:
    """The host sets a later deadline before the call goes out. Entry `offers.postponed`. Raises Refused
    `offers.not-now`, `talks.minutes`."""
    tender = locked(session, code)
    _found, _offers, child = awaited(session, registry, tender)
    locked(session, child.code)
    now = database_now(session)
    child.deadline = child.opens_at = deadline_in(now, minutes)
    child.form = child.form | {"deadline": rfc3339(child.deadline)}
    payload = {"offers": child.code, "deadline": rfc3339(child.deadline)}
    record(session, actor, "offers.postponed", code, payload, now)
    session.flush()
    return child
