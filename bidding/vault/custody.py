"""Custody (密钥托管): key statements before the publication, releases after the close, both signed by the
custodian's own certificate; and the bidder's own release in its window.

Custodian services ask what is wanted of them (they need no inbound port). The hall decides nothing for
them: each verifies the close by itself before it releases.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bidding.opening.models import Attendance, Opening
from bidding.tenders.models import Amendment, Tender
from bidding.tenders.service import find, locked
from bidding.vault import hpke
from bidding.vault.custodian import question
from bidding.vault.custodian_key import parse_statement
from bidding.vault.documents import canonical
from bidding.vault.encoding import EncodingError, sha256
from bidding.vault.envelopes import key_stages_of
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.models import Bid, BidderRelease, Close, CustodianKey, Release
from bidding.vault.policy import Policy, Stage
from bidding.vault.release import (
    bidder_key_fits,
    check_release,
    parse_bidder_release,
    parse_release,
)
from bidding.vault.service import Bidder, Means, policy_of
from bidding.vault.sittings import Sitting, sitting_of
from bidding.vault.uploads import judge_signature
from trading import evidence
from trading.acts import Actor, process, record
from trading.clock import database_now, parse_rfc3339, rfc3339
from trading.errors import refuse
from trading.interfaces import ISignatureVerifier
from trading.live import announce
from trading.outbox import promise
from trading.web import _

TRY = "opening.try"


@dataclass(frozen=True)
class Custodian:
    """A custodian of this installation (setting `vault.custodians`): its number among them, its own name,
    its organisation, and the certificate (SHA-256, hex) it signs with."""

    index: int
    id: str
    org: str
    cert_sha256: str


def custodians(settings: Any) -> list[Custodian]:
    """The custodians of this installation, by index."""
    rows = json.loads(settings.get("vault.custodians") or "[]")
    return sorted((Custodian(**row) for row in rows), key=lambda c: c.index)


def custodian_named(settings: Any, name: str) -> Custodian:
    """Raises Refused `custodian.unknown`."""
    found = next((c for c in custodians(settings) if c.id == name), None)
    if found is None:
        raise refuse("custodian.unknown", _("This hall knows no such custodian"))
    return found


# --- what is wanted ------------------------------------------------------------------------------

QUESTION_LASTS = timedelta(minutes=5)
"""How far the instant of a custodian's signed question may be from the hall's clock."""


def check_question(session: Session, registry: Any, name: str, raw: bytes, cms: bytes) -> None:
    """Raises Refused `custodian.unknown`, `custodian.question` for anything but this custodian's own fresh
    question, `signature.*`."""
    who, now = custodian_named(registry.settings, name), database_now(session)
    wrong = refuse(
        "custodian.question",
        _("Only the custodian itself may ask this"),
        remedy=_("Sign the question with the certificate that this custodian registered."),
    )
    try:
        asked = canonical(raw)
        fresh = abs(now - parse_rfc3339(asked["at"])) <= QUESTION_LASTS and raw == question(
            who.id, parse_rfc3339(asked["at"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise wrong from error
    found = registry.getUtility(ISignatureVerifier).verify(raw, cms, now) if fresh else None
    if found is None or found.certificate_sha256 != who.cert_sha256:
        raise wrong


def wanted(session: Session, settings: Any, name: str) -> dict[str, Any]:
    """What a custodian is asked for: key statements of drafts and amendments, releases for closed tenders."""
    who = custodian_named(settings, name)
    return {
        "keys": [_wanted_key(who, missing) for missing in _missing_keys(session, who)],
        "releases": [row for tender in _in_opening(session) for row in wanted_releases(session, tender, who)],
    }


def _wanted_key(who: Custodian, missing: MissingKey) -> dict[str, Any]:
    return {
        "tender": missing.tender.code,
        "lot": missing.tender.lot.code,
        "stage": missing.stage,
        "index": who.index,
        "suite": hpke.X_WING,
        "release_after": rfc3339(missing.deadline),
    }


class MissingKey(NamedTuple):
    """A stage for which a custodian's statement is wanted, and the deadline that it must cover."""

    tender: Tender
    stage: str
    deadline: datetime


def _missing_keys(session: Session, who: Custodian) -> list[MissingKey]:
    """Drafts, and published tenders that are being amended, with the stages for which no statement of this
    custodian covers the deadline yet."""
    now = database_now(session)
    drafts = session.scalars(select(Tender).where(Tender.state == "draft", Tender.deadline > now)).all()
    coming = [MissingKey(t, stage, t.deadline) for t in drafts for stage in key_stages_of(t.form)]
    amended = select(Tender, Amendment.form).join(Amendment, Amendment.tender_id == Tender.id)
    open_ones = amended.where(Tender.state == "published", Amendment.published_at.is_(None))
    for tender, form in session.execute(open_ones):
        if (deadline := datetime.fromisoformat(form["deadline"])) > now:
            coming += [MissingKey(tender, stage, deadline) for stage in key_stages_of(form)]
    query = select(CustodianKey).where(
        CustodianKey.index == who.index, CustodianKey.tender_id.in_([row.tender.id for row in coming])
    )
    until = {
        (key.tender_id, key.stage): parse_statement(key.raw).release_after
        for key in session.scalars(query.order_by(CustodianKey.number))
    }
    never = datetime.min.replace(tzinfo=UTC)
    return [row for row in coming if until.get((row.tender.id, row.stage), never) < row.deadline]


def _in_opening(session: Session) -> list[Tender]:
    """Tenders of which envelopes may be being opened: at the opening, or second ones in the evaluation."""
    return list(session.scalars(select(Tender).where(Tender.state.in_(("opening", "evaluating")))))


def wanted_releases(session: Session, tender: Tender, who: Custodian) -> list[dict[str, Any]]:
    """For each stage the bids whose shares this custodian should release and has not."""
    close = session.scalars(select(Close).where(Close.tender_id == tender.id)).first()
    if close is None or close.ready_at is None:
        return []
    policy, now = policy_of(session, tender), database_now(session)
    given = set(
        session.scalars(
            select(Release.stage).where(Release.tender_id == tender.id, Release.index == who.index)
        )
    )
    rows = []
    for stage in policy.stages:
        held = stage.custodian(who.index)
        sitting = sitting_of(session, tender, policy, stage.name)
        if stage.name in given or held is None or held.id != who.id or sitting is None:
            continue
        if bids := bids_for_custodians(session, sitting, now):
            rows.append(
                {
                    "tender": tender.code,
                    "stage": stage.name,
                    "index": who.index,
                    "close": close.sha256,
                    "manifests": [bid.manifest_hash for bid in bids],
                }
            )
    return rows


def bids_for_custodians(session: Session, sitting: Sitting, now: datetime) -> list[Bid]:
    """The bids of a sitting that need the custodians' shares now. In mode `either` they are the remedy: only
    after the bidders' window, and only for bids that their bidders have not opened."""
    stage, bids = sitting.stage, list(sitting.bids)
    if stage.mode == "bidder":
        return []
    if stage.mode != "either":
        return bids
    if now < sitting.window_ends_at:
        return []
    done = set(
        session.scalars(
            select(BidderRelease.bid_id).where(
                BidderRelease.stage == stage.name,
                BidderRelease.matches,
                BidderRelease.bid_id.in_([bid.id for bid in bids]),
            )
        )
    )
    return [bid for bid in bids if bid.id not in done]


# --- key statements ------------------------------------------------------------------------------


def accept_statement(session: Session, registry: Any, raw: bytes, cms: bytes) -> CustodianKey:
    """File a custodian's key statement for a draft, or for an amendment. The same one again is no error; a
    later one (for a deadline that was moved) counts instead of the earlier.

    Raises Refused `statement.*`, `custodian.unknown`, `tender.unknown`, `signature.*`."""
    try:
        statement = parse_statement(raw)
    except EncodingError as error:
        raise refuse("statement.malformed", _("The key statement cannot be read"), rule=str(error)) from error
    who = custodian_named(registry.settings, statement.custodian)
    tender = locked(session, statement.tender)
    now = database_now(session)
    said = (statement.index, statement.org, statement.cert_sha256, statement.lot)
    if said != (who.index, who.org, who.cert_sha256, tender.lot.code) or statement.stage not in key_stages_of(
        tender.form
    ):
        raise refuse("statement.other", _("The key statement says something else than what was asked for"))
    query = select(CustodianKey).where(
        CustodianKey.tender_id == tender.id,
        CustodianKey.stage == statement.stage,
        CustodianKey.index == statement.index,
    )
    earlier = list(session.scalars(query.order_by(CustodianKey.number)))
    if known := next((key for key in earlier if key.raw == raw), None):
        return known
    if statement.release_after < _deadline_to_cover(session, tender):
        raise refuse("statement.early", _("The key statement allows a release before the bid deadline"))
    _judge_custodian(session, registry, tender.code, raw, cms, who.cert_sha256)
    key = CustodianKey(
        tender_id=tender.id, stage=statement.stage, index=statement.index, number=len(earlier) + 1
    )
    key.custodian, key.raw, key.cms, key.received_at = who.id, raw, cms, now
    session.add(key)
    payload = {
        "stage": statement.stage,
        "index": statement.index,
        "custodian": who.id,
        "cks": sha256(raw).hex(),
        "p7s": sha256(cms).hex(),
    }
    record(session, process("custodian"), "custodian.key", tender.code, payload, at=now)
    announce(session, registry["queue"], f"tender:{tender.code}", "custodian-key", index=statement.index)
    return key


def _deadline_to_cover(session: Session, tender: Tender) -> datetime:
    """The draft's or the drafted amendment's deadline. Raises Refused `statement.late` when no statement is
    wanted."""
    if tender.state == "draft":
        return tender.deadline
    query = select(Amendment.form).where(Amendment.tender_id == tender.id, Amendment.published_at.is_(None))
    form = session.scalars(query).first()
    if tender.state != "published" or form is None:
        raise refuse("statement.late", _("This tender is published already"))
    return datetime.fromisoformat(form["deadline"])


def _judge_custodian(
    session: Session, registry: Any, code: str, data: bytes, cms: bytes, certificate: str
) -> None:
    found = evidence.accept(session, registry, code, data, cms, database_now(session))
    if found.certificate_sha256 != certificate:
        raise refuse(
            "custodian.certificate",
            _("This is not signed with the certificate that the custodian registered"),
        )


# --- releases ------------------------------------------------------------------------------------


def accept_release(session: Session, registry: Any, raw: bytes, cms: bytes) -> Release:
    """File a custodian's release after checking every share against the bidders' commitments, and have
    the opening tried. The same one again is no error.

    Raises Refused `release.*`, `signature.*`; a wrong share is named, and another custodian asked."""
    try:
        release = parse_release(raw)
    except EncodingError as error:
        raise refuse("release.malformed", _("The release cannot be read"), rule=str(error)) from error
    tender, policy = _closed_tender(session, release.close.hex())
    stage = policy.stage(release.stage)
    held = stage.custodian(release.index) if stage else None
    if stage is None or held is None:
        raise refuse("release.other", _("The policy names no such custodian for this stage"))
    earlier = session.scalars(
        select(Release).where(
            Release.tender_id == tender.id, Release.stage == release.stage, Release.index == release.index
        )
    ).first()
    if earlier is not None:
        if earlier.raw == raw:
            return earlier
        raise refuse("release.already", _("This custodian has released for this stage already"))
    certificate = _certificate_of(session, tender, held.cks_sha256)
    _judge_custodian(session, registry, tender.code, raw, cms, certificate)
    now = database_now(session)
    _check_shares(session, tender, policy, stage, release, now)
    row = Release(
        tender_id=tender.id, stage=release.stage, index=release.index, raw=raw, cms=cms, received_at=now
    )
    session.add(row)
    payload = {
        "stage": release.stage,
        "index": release.index,
        "custodian": held.id,
        "release": sha256(raw).hex(),
        "p7s": sha256(cms).hex(),
    }
    record(session, process("custodian"), "vault.released", tender.code, payload, at=now)
    promise(session, TRY, {"tender": tender.code})
    return row


def _closed_tender(session: Session, close_sha256: str) -> tuple[Tender, Policy]:
    close = session.scalars(select(Close).where(Close.sha256 == close_sha256)).first()
    if close is None:
        raise refuse("release.other", _("The release is for a closing list that this hall does not have"))
    tender = locked(session, session.get_one(Tender, close.tender_id).code)
    return tender, policy_of(session, tender)


def _certificate_of(session: Session, tender: Tender, cks_sha256: str) -> str:
    """The certificate with which the custodian signed the key statement that the policy names."""
    for key in session.scalars(select(CustodianKey).where(CustodianKey.tender_id == tender.id)):
        if sha256(key.raw).hex() == cks_sha256:
            return parse_statement(key.raw).cert_sha256
    raise refuse("release.other", _("The policy names no such custodian for this stage"))


def _check_shares(
    session: Session, tender: Tender, policy: Policy, stage: Stage, release: Any, now: datetime
) -> None:
    sitting = sitting_of(session, tender, policy, stage.name)
    asked = bids_for_custodians(session, sitting, now) if sitting else []
    if sitting is None or not asked:
        raise refuse("release.early", _("No release is wanted for this tender at present"))
    named = release.shares.keys() | release.bad
    answering = [
        bid for bid in sitting.bids if bid in asked or bytes.fromhex(bid.manifest_hash or "") in named
    ]
    if faults := check_release(policy, release, [_manifest(bid) for bid in answering]):
        raise refuse("release.wrong", _("The release does not hold against the bids"), rule="; ".join(faults))


def _manifest(bid: Bid) -> Manifest:
    return parse_manifest(bid.manifest or b"")


def accept_bidder_release(
    session: Session, means: Means, bidder: Bidder, actor: Actor, code: str, raw: bytes, cms: bytes
) -> BidderRelease:
    """File a bidder's own key inside the window and have the opening tried. A key that does not fit is
    filed too, as evidence (`matches` false): the bidder may try again until the window ends.

    Raises Refused `release.*`, `signature.*`, `certificate.*`."""
    try:
        release = parse_bidder_release(raw)
    except EncodingError as error:
        raise refuse("release.malformed", _("The release cannot be read"), rule=str(error)) from error
    tender = find(session, code)
    bid = session.scalars(
        select(Bid).where(Bid.tender_id == tender.id, Bid.manifest_hash == release.manifest.hex())
    ).first()
    if bid is None or bid.bidder_uscc != bidder.uscc or bid.status != "valid":
        raise refuse("release.not-yours", _("There is no such bid of your enterprise to be opened"))
    found = judge_signature(session, means, bidder, tender.code, raw, cms)
    now = database_now(session)
    stage = _open_window(session, tender, release.stage, now, bid)
    for earlier in session.scalars(select(BidderRelease).where(BidderRelease.bid_id == bid.id)):
        if earlier.stage == stage.name and (earlier.matches or earlier.raw == raw):
            return earlier
    evidence.keep(session, tender.code, (found.certificate, *found.chain), ())
    row = BidderRelease(
        bid_id=bid.id,
        stage=stage.name,
        raw=raw,
        cms=cms,
        matches=bidder_key_fits(stage, _manifest(bid), release.kb) is not False,
        received_at=now,
    )
    session.add(row)
    _be_present(session, tender, bidder, actor, now)
    payload = {
        "manifest": bid.manifest_hash,
        "stage": stage.name,
        "release": sha256(raw).hex(),
        "p7s": sha256(cms).hex(),
    }
    record(session, actor, "vault.bidder-released", tender.code, payload, at=now)
    promise(session, TRY, {"tender": tender.code})
    return row


def _be_present(session: Session, tender: Tender, bidder: Bidder, actor: Actor, now: datetime) -> None:
    """Whoever decrypts is there: it counts as signing in to the opening."""
    opening = session.scalars(select(Opening).where(Opening.tender_id == tender.id)).one()
    row = {"opening_id": opening.id, "user_id": bidder.user_id, "name": actor.name, "at": now}
    row |= {"id": uuid4(), "organisation": bidder.organisation, "role": "bidder"}
    session.execute(insert(Attendance).values(row).on_conflict_do_nothing())


def _open_window(session: Session, tender: Tender, stage_name: str, now: datetime, bid: Bid) -> Stage:
    """The stage, while this bid's bidder may release for it. Raises Refused `release.*`."""
    policy = policy_of(session, tender)
    stage = policy.stage(stage_name)
    if stage is None or stage.mode == "custodian":
        raise refuse("release.other", _("Bidders hold no key of this stage"))
    sitting = sitting_of(session, tender, policy, stage_name)
    if sitting is None or bid not in sitting.bids or not sitting.started_at <= now < sitting.window_ends_at:
        raise refuse(
            "release.window",
            _("Bids can be decrypted only while the window of the opening is open"),
            rule="Order 20 art. 31",
        )
    return stage
