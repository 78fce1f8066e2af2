"""Amending a published tender (澄清、修改): drafted, judged by the rulebook, signed with one click, published.

The whole form is filled in anew; what differs is what is announced. Where a change may affect bids, or the
deadline moves, there is a new seal policy: bids sealed for the one before no longer count, and their
bidders are told at once (vault.md 2.11). Deadlines move to later times only.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders import amendment_rules as rules
from bidding.tenders import drafts, investment, publication
from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Amendment, Override, Tender
from bidding.tenders.papers import template_of
from bidding.tenders.plan import plan_of
from bidding.tenders.publication import Revision, made_hash
from bidding.tenders.readiness import Readiness, custodians
from bidding.tenders.service import advance, locked, method_of, the_calendar, the_rulebook
from bidding.tenders.versions import open_amendment, policies_of, versions
from bidding.vault.envelopes import mode_of
from bidding.vault.models import SealPolicy
from bidding.vault.policy import Policy, parse_policy
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import Fault, Refused, refuse
from trading.events import TenderAmended
from trading.evidence import accept
from trading.notices.models import Notice
from trading.notices.service import notices_of, publish_notice
from trading.outbox import promise
from trading.rulebook.gates import check_tender
from trading.rulebook.plan import Finding

_ = TranslationStringFactory("tradehall")


class AsAmended:
    """The tender as it would be with another form: every other fact is the tender's own."""

    def __init__(self, tender: Tender, command: DraftTender) -> None:
        self._tender = tender
        drafts.fill_in(self, command)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tender, name)


# --- drafting -------------------------------------------------------------------------------------


def proposed_deadline(registry: Any, tender: Tender, now: datetime) -> datetime:
    """The deadline to offer for a change announced at `now`: the present one where it leaves time enough."""
    regime = drafts.kind_of(registry, tender.kind).regime
    return rules.earliest_deadline(
        now, tender.deadline, the_rulebook(), the_calendar(), regime, method_of(tender)
    )


def draft_amendment(
    session: Session, registry: Any, tender: Tender, command: DraftTender, reason: str
) -> Amendment:
    """Draft the next version, or change its draft. Nothing is public before it is signed, except that
    custodians are asked for statements that cover a later deadline.

    Raises Refused `amendment.state`, `amendment.fixed`, `amendment.earlier`, `amendment.nothing`,
    `amendment.reason`."""
    locked(session, tender.code)
    must_be_amendable(tender, now := database_now(session))
    published = tender.form
    form = {
        name: published[name]
        if name in published and rules.same_value(name, published[name], value)
        else value
        for name, value in command.model_dump(mode="json").items()
    }
    faults = [
        Fault("amendment.fixed", _("This cannot be amended: cancel the tender and publish it anew."), name)
        for name in rules.FIXED
        if form.get(name) != tender.form.get(name, form.get(name))
    ]
    if command.deadline < tender.deadline:
        faults.append(
            Fault("amendment.earlier", _("The bid deadline can only move to a later time."), "deadline")
        )
    if not reason.strip():
        faults.append(Fault("amendment.reason", _("Say why: bidders read it in the notice."), "reason"))
    if faults:
        raise Refused(faults)
    drafts.must_be_scorable(registry, tender.kind, DraftTender.model_validate(form), now)
    investment.must_be_known(session, registry, command.investment_code)
    if not rules.differences(tender.form, form):
        raise refuse("amendment.nothing", _("Nothing is changed."))
    row = open_amendment(session, tender)
    if row is None:
        number = versions(session, tender)[-1].number + 1
        row = Amendment(tender_id=tender.id, version=number, before=tender.form, drafted_at=now)
    row.form, row.reason = form, reason.strip()
    session.add(row)
    session.flush()
    return row


def must_be_amendable(tender: Tender, now: datetime) -> None:
    """Raises Refused `amendment.state`: bids must still be possible, or the procedure be suspended."""
    if tender.state != "published" or (now >= tender.deadline and tender.suspended_at is None):
        raise refuse(
            "amendment.state", _("Only a published tender can be amended, before its bid deadline."),
            rule="TBL art. 23",
        )  # fmt: skip


def discard_amendment(session: Session, tender: Tender) -> None:
    """Give a drafted amendment up."""
    locked(session, tender.code)
    row = open_amendment(session, tender)
    if row is not None:
        session.delete(row)
        session.flush()


# --- what stands in the way -----------------------------------------------------------------------


def as_amended(tender: Tender, row: Amendment) -> Any:
    """The tender as the amendment would make it."""
    return AsAmended(tender, DraftTender.model_validate(row.form))


def findings(session: Session, registry: Any, tender: Tender, row: Amendment, now: datetime) -> list[Finding]:
    """What the rulebook says to the amendment if it were published at `now`, refusals first: the rules on
    amendments, and those on the tender's plan for what is changed. The time that bidders had from the first
    publication only grows: a deadline moves to later times."""
    kind, command = drafts.kind_of(registry, tender.kind), DraftTender.model_validate(row.form)
    book, calendar = the_rulebook(), the_calendar()
    found = rules.amendment_findings(row.before, row.form, now, book, calendar, kind.regime)
    changes = rules.differences(row.before, row.form)
    plan = plan_of(command, template_of(kind, command.template), kind.regime, tender.published_at or now)
    set_aside = set(session.scalars(select(Override.rule).where(Override.tender_id == tender.id)))
    found += [
        each
        for each in check_tender(plan, book, calendar, set_aside)
        if rules.touched(each.field, changes) and not (each.field == "deadline" and each.severity == "refuse")
    ]
    return sorted(found, key=lambda each: each.severity != "refuse")


def readiness_of(
    session: Session, registry: Any, tender: Tender, row: Amendment, now: datetime | None = None
) -> Readiness:
    """Findings, and whose key statements cover the amended deadline."""
    found = findings(session, registry, tender, row, now or database_now(session))
    proposed = as_amended(tender, row)
    said = investment.published(session, registry, str(row.form.get("investment_code") or ""))
    return Readiness(found, custodians(session, registry, proposed), mode_of(row.form), said)


def needs_reseal(row: Amendment) -> bool:
    """Whether bids sealed before it no longer answer the documents, or their policy's deadline is moved."""
    changes = rules.differences(row.before, row.form)
    return rules.affects_bids(changes) or row.before["deadline"] != row.form["deadline"]


# --- what is signed -------------------------------------------------------------------------------


def prepare_amendment(session: Session, registry: Any, tender: Tender) -> Amendment:
    """The drafted amendment with the bytes to sign; made anew only when what they rest on has changed.
    Raises Refused: `amendment.none`, `amendment.state`, `rule.*`, `tender.custodians`."""
    locked(session, tender.code)
    row = open_amendment(session, tender)
    if row is None:
        raise refuse("amendment.none", _("There is no amendment to publish."))
    must_be_amendable(tender, now := database_now(session))
    readiness = readiness_of(session, registry, tender, row, now)
    if readiness.blocking:
        raise Refused([finding.fault() for finding in readiness.blocking])
    if not readiness.keys_ready:
        raise refuse(
            "tender.custodians", _("Not every custodian has delivered its key for this tender yet."),
            remedy=_("The custodians' services deliver them by themselves within a minute; wait and try again."),
        )  # fmt: skip
    basis = basis_of(registry, tender, row, readiness, now)
    if row.basis == basis:
        return row
    revision = revision_of(session, registry, tender, row, now)
    made = publication.make(registry, as_amended(tender, row), readiness, now, revision)
    row.basis, row.policy, row.evaluation = basis, made["policy"], made["evaluation"]
    row.documents, row.notice = made["documents"], made["notice"]
    session.flush()
    return row


def basis_of(registry: Any, tender: Tender, row: Amendment, readiness: Readiness, now: datetime) -> str:
    """A hash over everything that the bytes to sign are made from."""
    proposed = publication.basis_of(registry, as_amended(tender, row), readiness, now)
    return made_hash(f"{proposed} {row.version} {tender.policy_hash} {row.reason}".encode())


def revision_of(session: Session, registry: Any, tender: Tender, row: Amendment, now: datetime) -> Revision:
    """What the notice of the amendment says besides (docs/protocols/bundle.md), and which policy it brings."""
    published = policies_of(session, tender)
    newest = parse_policy(published[-1].raw)
    reseal, changes = needs_reseal(row), rules.differences(row.before, row.form)
    regime = drafts.kind_of(registry, tender.kind).regime
    affects = rules.affects_bids(changes)
    said = {
        "version": row.version,
        "replaces": made_hash(versions(session, tender)[-1].notice),
        "reason": row.reason,
        "changes": [change.document() for change in changes],
        "affects_bids": affects,
        "least_days": rules.least_days(now, the_rulebook(), regime, method_of(tender)) if affects else 0,
        "reseal": reseal,
        "policies": [policy_line(parse_policy(each.raw)) for each in published],
    }
    kept = None if reseal else newest.raw
    return Revision(
        row.version,
        kept,
        newest.version + 1,
        newest.hash.hex(),
        said,
        newest.fields["log_key"],
        newest.receipt_key,
    )


def policy_line(policy: Policy) -> dict[str, Any]:
    """A policy as notices list it."""
    return {"version": policy.version, "sha256": policy.hash.hex(), "deadline": rfc3339(policy.deadline)}


def signed_bytes(row: Amendment) -> dict[str, bytes]:
    """What is signed: the notice, and the policy where it is new."""
    assert row.notice is not None and row.policy is not None
    return {"notice": row.notice} | ({"policy": row.policy} if needs_reseal(row) else {})


# --- publishing -----------------------------------------------------------------------------------


def publish_amendment(
    session: Session,
    registry: Any,
    actor: Actor,
    user_id: uuid.UUID,
    tender: Tender,
    notice_cms: bytes,
    policy_cms: bytes | None,
) -> Notice:
    """Publish what `prepare_amendment` made, once the signatures hold; entry `tender.amended`, event
    TenderAmended. `policy_cms` is None where no bid has to be sealed again.

    Raises Refused: `amendment.*`, `tender.stale`, `rule.*`, `signature.*`, `certificate.*`, `policy.*`."""
    locked(session, tender.code)
    row = open_amendment(session, tender)
    if row is None:
        raise refuse("amendment.none", _("There is no amendment to publish."))
    must_be_amendable(tender, now := database_now(session))
    readiness = readiness_of(session, registry, tender, row, now)
    if readiness.blocking:
        raise Refused([finding.fault() for finding in readiness.blocking])
    stale = row.basis != basis_of(registry, tender, row, readiness, now)
    if stale or not readiness.keys_ready or row.notice is None or row.policy is None:
        raise refuse(
            "tender.stale", _("The tender has changed since it was shown for signing."),
            remedy=_("Look at it again and sign it once more."),
        )  # fmt: skip
    reseal = needs_reseal(row)
    if reseal:
        publication.judge(
            session, registry, as_amended(tender, row), user_id, readiness, row,  # type: ignore[arg-type]
            notice_cms, policy_cms or b"", now,
        )  # fmt: skip
    else:
        found = accept(session, registry, tender.code, row.notice, notice_cms, now)
        certificates.own(session, user_id, found.certificate_sha256, now)
    advance(
        session, registry, tender, "amend", now,
        blocking_findings=len(readiness.blocking),
    )  # fmt: skip
    row.notice_cms, row.policy_cms, row.published_at = notice_cms, policy_cms if reseal else None, now
    moved = row.before["deadline"] != row.form["deadline"]
    notice = put_up(session, registry, tender, row, now)
    payload = {
        "version": row.version,
        "notice": made_hash(row.notice),
        "p7s": made_hash(notice_cms),
        "documents": made_hash(row.documents or b""),
        "policy": made_hash(row.policy),
        "policy_p7s": made_hash(policy_cms) if reseal and policy_cms else _kept_cms(session, tender),
        "evaluation": made_hash(row.evaluation or b""),
    }
    record(session, actor, "tender.amended", tender.code, payload, now)
    if moved:
        promise(session, publication.CLOSE, {"tender": tender.code}, due=tender.deadline)
    registry.notify(
        TenderAmended(session, registry, tender.code, now, policy=tender.policy_hash or "", reseal=reseal)
    )
    return notice


def _kept_cms(session: Session, tender: Tender) -> str:
    return made_hash(policies_of(session, tender)[-1].cms or b"")


def put_up(session: Session, registry: Any, tender: Tender, row: Amendment, now: datetime) -> Notice:
    """The tender takes its new form; the board shows the notice of the amendment."""
    assert row.policy and row.documents and row.notice and row.evaluation
    drafts.fill_in(tender, DraftTender.model_validate(row.form))
    lot = tender.lot
    lot.name = lot.project.name = tender.title
    lot.budget, lot.ceiling = tender.budget, tender.ceiling
    lot.project.budget = tender.budget
    tender.rules = json.loads(row.evaluation)
    if needs_reseal(row):
        policy = parse_policy(row.policy)
        tender.policy_hash = policy.hash.hex()
        session.add(
            SealPolicy(
                tender_id=tender.id, version=policy.version, sha256=tender.policy_hash, raw=row.policy,
                cms=row.policy_cms, signed_at=now,
            )
        )  # fmt: skip
    publication.file_documents(session, tender, row.documents)
    for earlier in notices_of(session, tender.code):
        if earlier.kind == "tender":  # the board's lists go by the deadline that counts
            earlier.shown = earlier.shown | {"deadline": rfc3339(tender.deadline)}
    session.flush()
    return publish_notice(
        session, registry["queue"], kind="amendment", tender=tender.code, title=tender.title,
        region=lot.project.region, body=row.notice, cms=row.notice_cms, at=now, shown=shown_of(tender, row),
        listed=not tender.limited,
    )  # fmt: skip


def shown_of(tender: Tender, row: Amendment) -> dict[str, Any]:
    """What the board and the notice's page tell people."""
    return {
        "title_en": tender.title_en,
        "buyer": tender.tenderer.name,
        "agency": tender.agency.name,
        "deadline": rfc3339(tender.deadline),
        "version": row.version,
        "reseal": needs_reseal(row),
        "changes": [change.shown() for change in rules.differences(row.before, row.form)],
        "text": {"zh": [row.reason], "en": [row.reason]},
    }
