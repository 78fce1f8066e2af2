"""Custody (密钥托管): who the custodians are, and what is asked of them: key statements before the publication
(bidding.vault.key_statements), releases after the close (bidding.vault.releasing).

Custodian services ask what is wanted of them (they need no inbound port). The hall decides nothing for
them: each verifies the close by itself before it releases.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.models import Amendment, Tender
from bidding.vault.custodian import question
from bidding.vault.custodian_key import parse_statement
from bidding.vault.documents import canonical
from bidding.vault.envelopes import key_stages_of
from bidding.vault.models import Bid, BidderRelease, Close, CustodianKey, Release
from bidding.vault.service import policy_of
from bidding.vault.sittings import Sitting, sitting_of
from trading import evidence, hpke
from trading.clock import database_now, parse_rfc3339, rfc3339
from trading.errors import refuse
from trading.interfaces import ISignatureVerifier
from trading.secrets import HallKeys
from trading.web import _


@dataclass(frozen=True)
class Custodian:
    """A custodian of this installation (setting `vault.custodians`): its number among them, its own name,
    its organisation, the certificate (SHA-256, hex) it signs with, and former ones that still count."""

    index: int
    id: str
    org: str
    cert_sha256: str
    former: tuple[str, ...] = ()

    @property
    def certificates(self) -> tuple[str, ...]:
        return (self.cert_sha256, *self.former)


def custodians(settings: Any) -> list[Custodian]:
    """The custodians of this installation, by index."""
    rows = json.loads(settings.get("vault.custodians") or "[]")
    found = (Custodian(**row | {"former": tuple(row.get("former", ()))}) for row in rows)
    return sorted(found, key=lambda c: c.index)


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
    if found is None or found.certificate_sha256 not in who.certificates:
        raise wrong


def judge_custodian(
    session: Session, registry: Any, code: str, data: bytes, cms: bytes, certificate: str
) -> None:
    found = evidence.accept(session, registry, code, data, cms, database_now(session))
    if found.certificate_sha256 != certificate:
        raise refuse(
            "custodian.certificate",
            _("This is not signed with the certificate that the custodian registered"),
        )


def close_ticket(keys: HallKeys, tender: Tender) -> str:
    """Opens the whole closing list of a tender to its custodians; told to them alone, in the answer to a signed
    question."""
    return keys.keyed("close-bundle", tender.code).hex()


def wanted(session: Session, settings: Any, keys: HallKeys, name: str) -> dict[str, Any]:
    """What a custodian is asked for: key statements of drafts and amendments, releases for closed tenders, each
    with the ticket to its closing list."""
    who = custodian_named(settings, name)
    return {
        "keys": [_wanted_key(who, missing) for missing in _missing_keys(session, who)],
        "releases": [
            row | {"ticket": close_ticket(keys, tender)}
            for tender in _in_opening(session)
            for row in wanted_releases(session, tender, who)
        ],
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
    said = [(key, parse_statement(key.raw)) for key in session.scalars(query.order_by(CustodianKey.number))]
    until = {
        (key.tender_id, key.stage): statement.release_after
        for key, statement in said
        if statement.cert_sha256 in who.certificates
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
