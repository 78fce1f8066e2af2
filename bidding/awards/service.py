"""The award's services (定标): the result and the award are signed and published in one act; the winner
may give up, and then the next in rank is awarded."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.awards import announcement
from bidding.awards.announcement import Heading
from bidding.awards.candidates import PERIOD, Standing, ends, in_turn, load, losers
from bidding.awards.models import Award, Candidate, LoserNotice
from bidding.awards.standings import OUTRANKED, Place, award_document, result_document
from bidding.opening.standing import undecided
from bidding.tenders.models import Tender
from bidding.tenders.service import advance, locked, the_calendar, the_rulebook
from bidding.vault.models import Bid
from expert_pool.selection import service as committee
from trading.accounts import certificates
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.deals import service as deals
from trading.errors import refuse
from trading.events import AwardDeclined, AwardIssued
from trading.evidence import accept
from trading.ledger import canonical
from trading.notices.models import Notice
from trading.notices.service import publish_notice
from trading.outbox import promise
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date
from trading.web import _

GIVES_UP = "GPR 49"
"""The article by which the next candidate takes the place of a winner who will not sign."""

BUNDLE = "bundle.publish"
"""Promise: the public audit bundle is written anew."""


# --- what is signed -------------------------------------------------------------------------------


def prepare(session: Session, tender: Tender) -> Award:
    """The bytes to sign: the award, and with the first one the result. Made once, and anew on another
    day. Raises Refused `award.not-now`, `award.not-evaluated`."""
    locked(session, tender.code)
    standing = load(session, tender)
    candidate = in_turn(standing)
    now = database_now(session)
    found = draft_of(standing)
    if found is not None and _fresh(found, candidate, now):
        return found
    award = found or Award(
        tender_id=tender.id, number=1 + sum(a.issued_at is not None for a in standing.awards)
    )
    winner = standing.place_of(candidate)
    award.candidate_id, award.made_at = candidate.id, now
    award.raw = award_document(tender.code, tender.lot.code, winner)
    award.result = (
        None
        if standing.issued
        else result_document(tender.code, tender.lot.code, standing.places, winner, now)
    )
    session.add(award)
    session.flush()
    return award


def draft_of(standing: Standing) -> Award | None:
    """The award that is made but not issued."""
    return next((award for award in standing.awards if award.issued_at is None), None)


def _fresh(award: Award, candidate: Candidate, now: datetime) -> bool:
    return award.candidate_id == candidate.id and beijing_date(award.made_at) == beijing_date(now)


def signed_bytes(award: Award) -> dict[str, bytes]:
    """What is signed, by the name its signature has in the answer (`<name>_cms`)."""
    return ({"result": award.result} if award.result else {}) | {"award": award.raw}


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- publishing -----------------------------------------------------------------------------------


def publish(
    session: Session,
    registry: Any,
    actor: Actor,
    user_id: uuid.UUID,
    party_id: uuid.UUID | None,
    tender: Tender,
    award_cms: bytes,
    result_cms: bytes | None,
) -> Award:
    """Confirm (the purchaser), sign and publish the result, issue the award, tell the losers: one act.

    An agency signs once the purchaser has confirmed, or its time has passed. Entries `result.published`
    (first award only), `award.issued`, `loser.notified`. Raises Refused `award.*`, `signature.*`,
    `certificate.*`, `decision.open`."""
    locked(session, tender.code)
    standing = load(session, tender)
    candidate, award = in_turn(standing), draft_of(standing)
    now = database_now(session)
    if award is None or not _fresh(award, candidate, now):
        raise refuse(
            "award.stale", _("The result was made anew since it was shown for signing."),
            remedy=_("Look at it again and sign it once more."),
        )  # fmt: skip
    if undecided(session, tender):
        raise refuse(
            "decision.open", _("Decide on every price envelope that was not opened before the result is published"),
            rule="Order 20 art. 31",
        )  # fmt: skip
    _confirmed(candidate, tender, user_id, party_id, now)
    if award.result is not None:
        if result_cms is None:
            raise refuse("award.unsigned", _("The result must be signed too."), field="result_cms")
        _judge(session, registry, tender, user_id, award.result, result_cms, now)
    _judge(session, registry, tender, user_id, award.raw, award_cms, now)
    award.cms = award_cms
    _announce(session, registry, actor, standing, award, result_cms, now)
    _issue(session, registry, actor, standing, award, now)
    promise(session, BUNDLE, {"tender": tender.code})
    return award


def _confirmed(
    candidate: Candidate, tender: Tender, user_id: uuid.UUID, party_id: uuid.UUID | None, now: datetime
) -> None:
    if candidate.confirmed_at is not None:
        return
    if party_id != tender.tenderer_id:
        raise refuse(
            "award.unconfirmed", _("The purchaser has not confirmed the winner yet."), rule="M87 68",
            remedy=_("The purchaser confirms on this page; after five working days the law confirms the first."),
        )  # fmt: skip
    candidate.confirmed_at, candidate.confirmed_by = now, user_id


def _judge(
    session: Session,
    registry: Any,
    tender: Tender,
    user_id: uuid.UUID,
    data: bytes,
    cms: bytes,
    now: datetime,
) -> None:
    evidence = accept(session, registry, tender.code, data, cms, now)
    certificates.own(session, user_id, evidence.certificate_sha256, now)


def _announce(
    session: Session,
    registry: Any,
    actor: Actor,
    standing: Standing,
    award: Award,
    result_cms: bytes | None,
    now: datetime,
) -> None:
    """The notice on the board; the tender's result is published."""
    tender, candidate = standing.tender, in_turn(standing)
    winner = standing.place_of(candidate)
    if award.result is not None and result_cms is not None:
        award.publicity_ends_at = ends(PERIOD, now)
        text = announcement.result_text(
            heading(tender),
            standing.places,
            winner,
            committee_names(session, tender),
            award.publicity_ends_at,
        )
        payload = {"result": digest(award.result), "p7s": digest(result_cms)}
        record(session, actor, "result.published", tender.code, payload, now)
        notice = put_up(session, registry, tender, "result", award.result, result_cms, text, now, winner)
    else:
        last = next(each for each in reversed(standing.candidates) if each.declined_at)
        text = announcement.next_text(heading(tender), winner, last.decline_reason, last.voided_by)
        notice = put_up(session, registry, tender, "award", award.raw, award.cms, text, now, winner)
    award.result_notice_id = notice.id
    advance(session, registry, tender, "publish_result", now, winner_confirmed=True)


def _issue(
    session: Session, registry: Any, actor: Actor, standing: Standing, award: Award, now: datetime
) -> None:
    """The award notice goes out; so do the losers' notices; the contract is due."""
    tender, candidate = standing.tender, standing.next
    assert candidate is not None and award.cms is not None, "publish has chosen and signed"
    winner = standing.place_of(candidate)
    award.issued_at = now
    payload = {
        "award": digest(award.raw),
        "p7s": digest(award.cms),
        "manifest": winner.bid.manifest,
        "rank": candidate.rank,
        "price": winner.price,
    }
    record(session, actor, "award.issued", tender.code, payload, now)
    registry.notify(AwardIssued(session, registry, tender.code, now, winner.bid.bidder))
    if award.result is not None:
        for place in losers(standing):
            _tell(session, actor, standing, place, now)
    supplier = session.scalars(select(Party).where(Party.uscc == winner.bid.bidder)).one()
    deals.expect(
        session, the_rulebook(), the_calendar(), tender=tender.code, supplier_id=supplier.id,
        manifest=winner.bid.manifest, price=candidate.price, awarded_at=now,
    )  # fmt: skip
    advance(session, registry, tender, "award", now, award_notice_signed=True)


def _tell(session: Session, actor: Actor, standing: Standing, place: Place, now: datetime) -> None:
    """One loser's notice, with reason and rank, and its own points when bids were scored (M87 69)."""
    reason = OUTRANKED if place.rank is not None else place.reason
    session.add(
        LoserNotice(
            tender_id=standing.tender.id, round=standing.tender.round,
            bid_id=standing.bids[place.bid.manifest].id, rank=place.rank,
            ground=place.ground or OUTRANKED, details="\n".join(place.details), sent_at=now,
        )
    )  # fmt: skip
    payload: dict[str, Any] = {
        "manifest": place.bid.manifest,
        "rank": place.rank,
        "reason": "\n".join((reason, *place.details)),
    }
    if place.score is not None:
        payload |= {"total": place.score.total, "scores": place.score.points}
    record(session, actor, "loser.notified", standing.tender.code, payload, now)


def committee_names(session: Session, tender: Tender) -> list[str]:
    """The members' names: secret until now, published with the result (M87 47, 69)."""
    panel = committee.panel_of(session, tender.code)
    members = committee.members_of(session, panel) if panel else []
    return [session.get_one(User, m.user_id).name for m in members if m.signed_in_at and not m.recused_at]


def heading(tender: Tender) -> Heading:
    return Heading(tender.code, tender.title, tender.title_en, tender.tenderer.name, tender.agency.name)


def put_up(
    session: Session,
    registry: Any,
    tender: Tender,
    kind: str,
    body: bytes,
    cms: bytes | None,
    text: announcement.Text,
    now: datetime,
    winner: Place | None = None,
) -> Notice:
    """One of the award's notices on the board."""
    shown: dict[str, Any] = {
        "title_en": tender.title_en,
        "buyer": tender.tenderer.name,
        "agency": tender.agency.name,
        "text": text,
    }
    if winner is not None:
        shown |= {"winner": winner.bid.name, "price": winner.price}
    return publish_notice(
        session, registry["queue"], kind=kind, tender=tender.code, title=tender.title,
        region=tender.lot.project.region, body=body, cms=cms, at=now, shown=shown,
    )  # fmt: skip


# --- giving up ------------------------------------------------------------------------------------


def decline(session: Session, registry: Any, actor: Actor, tender: Tender, reason: str) -> Candidate | None:
    """The winner gives the award up, or refuses to sign (放弃中标): the next in rank may be confirmed, or
    the tender has failed when nobody is left. Entry `award.declined`.

    Whoever calls has checked that the actor is the winner or the purchaser. Returns the next candidate. Raises
    Refused `award.none`, `contract.signed`."""
    locked(session, tender.code)
    standing = load(session, tender)
    award, candidate = standing.standing_award, standing.next
    if tender.state != "awarded" or award is None or candidate is None:
        raise refuse("award.none", _("There is no award that could be given up."))
    deals.no_longer_expected(session, tender.code)
    now = database_now(session)
    left = len(standing.left)
    candidate.declined_at, candidate.decline_reason, award.withdrawn_at = now, reason, now
    payload = {"manifest": standing.place_of(candidate).bid.manifest, "reason": reason, "basis": GIVES_UP}
    record(session, actor, "award.declined", tender.code, payload, now)
    bidder = standing.place_of(candidate).bid.bidder
    registry.notify(AwardDeclined(session, registry, tender.code, now, bidder, reason))
    if left > 1:
        advance(session, registry, tender, "next_candidate", now, winner_declined=True, candidates=left)
        return standing.next
    advance(session, registry, tender, "fail_without_candidate", now, winner_declined=True, candidates=left)
    _fail(session, registry, actor, tender, reason, now)
    return None


def purchaser_only(tender: Tender, party_id: uuid.UUID | None) -> None:
    """Raises Refused `award.purchaser-only`: an agency must not be able to push a winner out."""
    if party_id != tender.tenderer_id:
        raise refuse(
            "award.purchaser-only", _("The purchaser itself records that the winner will not sign."), rule=GIVES_UP
        )  # fmt: skip


def _fail(session: Session, registry: Any, actor: Actor, tender: Tender, reason: str, now: datetime) -> None:
    failure = {"reason": "no-candidate-left", "article": GIVES_UP}
    record(session, actor, "tender.failed", tender.code, failure, now)
    document = {
        "v": 1,
        "typ": "ebid.failure",
        "tender": tender.code,
        "lot": tender.lot.code,
        "at": rfc3339(now),
    }
    text = announcement.failed_text(heading(tender), reason)
    put_up(session, registry, tender, "failure", canonical.dumps(document | failure), None, text, now)


# --- a bidder's own result ------------------------------------------------------------------------


def own_bid(session: Session, tender: Tender, party_id: uuid.UUID | None) -> Bid | None:
    """The bid that an enterprise has in the closing list of a tender."""
    party = session.get(Party, party_id) if party_id else None
    if party is None:
        return None
    query = select(Bid).where(Bid.tender_id == tender.id, Bid.status == "valid", Bid.kind == "bid")
    return session.scalars(query.where(Bid.bidder_uscc == party.uscc)).first()


def loser_notice(session: Session, bid: Bid) -> LoserNotice | None:
    """What this bidder was told last."""
    query = select(LoserNotice).where(LoserNotice.bid_id == bid.id).order_by(LoserNotice.round.desc())
    return session.scalars(query).first()
