"""Publishing a tender (发布招标公告): the bytes to sign are made, signed by the agent, checked and published."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders import digests, drafts, papers
from bidding.tenders.models import Publication, Tender
from bidding.tenders.plan import money
from bidding.tenders.readiness import Readiness, publishable
from bidding.tenders.service import advance, locked, method_of, the_rulebook
from bidding.tenders.telling import tell_later
from bidding.vault.envelopes import mode_of, parts_of, stages_of
from bidding.vault.models import SealPolicy
from bidding.vault.policy import StagePlan, build_policy, parse_policy
from bidding.vault.policy_check import PolicyRefused, check_policy
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import Fault, Refused, refuse
from trading.evidence import keep_evidence
from trading.interfaces import IFileStore, ISignatureVerifier
from trading.ledger import canonical
from trading.ledger.checkpoint import parse_vkey
from trading.ledger.rotation import in_force
from trading.notices.models import Document, Notice
from trading.notices.service import keep_file, publish_notice
from trading.outbox import promise
from trading.rulebook.calendar import beijing_date
from trading.rulebook.methods import is_invited

_ = TranslationStringFactory("tradehall")

BUYERS = "buyers"
"""Tenderer, agent and platform operator are one bloc: together they must not be able to open a bid."""
CLOSE = "tender.close"


# --- what is signed -------------------------------------------------------------------------------


def prepare(session: Session, registry: Any, tender: Tender) -> Publication:
    """The bytes to sign; made once and made anew only when what they rest on has changed (the form, the
    keys, the settings, the rulebook, the day). Raises Refused: `tender.not-draft`, `rule.*` for what the
    rulebook refuses, `tender.custodians`, `document.incomplete`."""
    locked(session, tender.code)
    drafts.must_be_draft(tender)
    now = database_now(session)
    readiness = publishable(session, registry, tender, now)
    if readiness.blocking:
        raise Refused([finding.fault() for finding in readiness.blocking])
    if not readiness.keys_ready:
        raise refuse(
            "tender.custodians", _("Not every custodian has delivered its key for this tender yet."),
            remedy=_("The custodians' services deliver them by themselves within a minute; wait and try again."),
        )  # fmt: skip
    basis = basis_of(registry, tender, readiness, now)
    found = session.get(Publication, tender.id)
    if found is not None and found.basis == basis:
        return found
    made = make(registry, tender, readiness, now)
    if found is None:
        found = Publication(tender_id=tender.id)
        session.add(found)
    found.basis, found.made_at = basis, now
    found.policy, found.evaluation = made["policy"], made["evaluation"]
    found.documents, found.notice = made["documents"], made["notice"]
    session.flush()
    return found


def basis_of(registry: Any, tender: Tender, readiness: Readiness, now: datetime) -> str:
    """A hash over everything that the bytes to sign are made from."""
    settings = registry.settings
    names = (
        "ledger.origin",
        "ledger.vkey",
        "ledger.witnesses",
        "vault.custodians",
        "vault.threshold",
        "hall.name",
    )
    parties = [(p.uscc, p.name, p.address, p.phone) for p in (tender.tenderer, tender.agency)]
    return hashlib.sha256(
        canonical.dumps(
            {
                "form": tender.form,
                "signing": [
                    log_key_of(registry),
                    registry["keys"].receipt.public_key().public_bytes_raw().hex(),
                ],
                "keys": [hashlib.sha256(key.raw).hexdigest() for key in readiness.statements],
                "settings": [str(settings[name]) for name in names],
                "parties": [list(party) for party in parties],
                "rulebook": the_rulebook().sha256,
                "said": dict(readiness.said),
                "day": beijing_date(now).isoformat(),
            }
        )
    ).hexdigest()


@dataclass(frozen=True)
class Revision:
    """What makes a publication a later version (修改): `policy` is the one to be kept, None where bids have to
    be sealed again; then the new one is number `policy_version` and names the hash it `replaces`. `said` is
    what the notice says besides. The keys of log and receipts stay those of the first policy."""

    version: int
    policy: bytes | None
    policy_version: int
    replaces: str
    said: dict[str, Any]
    log_key: str
    receipt_key: bytes


def make(
    registry: Any, tender: Tender, readiness: Readiness, now: datetime, revision: Revision | None = None
) -> dict[str, bytes]:
    """policy, evaluation, documents and notice (docs/protocols/bundle.md); the documents' own files go to
    the file store. The papers of a later version keep the date of the first publication."""
    number = revision.version if revision else 1
    policy = (revision and revision.policy) or policy_of(registry, tender, readiness, revision)
    first_day = tender.published_at or now
    setting = setting_of(registry, tender, first_day, hashlib.sha256(policy).hexdigest(), number)
    draft = drafts.draft_of(tender)
    evaluation = canonical.dumps(setting.rules)
    store = registry.getUtility(IFileStore)
    files = {
        papers.file_name(papers.PDF, number): papers.as_pdf(draft, setting, registry.settings["hall.fonts"]),
        papers.file_name(papers.DATA, number): papers.as_data(draft, setting),
    }
    second = digests.further(registry.settings)
    rows = [
        {"name": name, "size": len(data), "sha256": keep_file(store, data)}
        | {family: digest(data) for family, digest in second.items()}
        for name, data in sorted(files.items())
    ]
    documents = canonical.dumps({"v": 1, "typ": "ebid.documents", "files": rows})
    notice = canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.notice",
            "tender": tender.code,
            "lot": tender.lot.code,
            "title": tender.title,
            "kind": tender.kind,
            "published": rfc3339(now),
            "deadline": rfc3339(tender.deadline),
            "open_at": rfc3339(tender.opens_at),
            "buyers": buyers_of(tender),
            "policy": hashlib.sha256(policy).hexdigest(),
            "documents": hashlib.sha256(documents).hexdigest(),
            "evaluation": hashlib.sha256(evaluation).hexdigest(),
            "rulebook": {"version": setting.rulebook.version, "sha256": setting.rulebook.sha256},
            **readiness.said,
            **digests.of(second, policy=policy, documents=documents, evaluation=evaluation),
            **(revision.said if revision else {}),
        }
    )
    return {"policy": policy, "evaluation": evaluation, "documents": documents, "notice": notice}


def buyers_of(tender: Tender) -> list[dict[str, str]]:
    """The purchaser, then its agency where that is another: who signs in this tender (a verifier goes by it)."""
    named = {each.uscc: each.name for each in (tender.tenderer, tender.agency)}
    return [{"id": code, "name": name} for code, name in named.items()]


def policy_of(registry: Any, tender: Tender, readiness: Readiness, revision: Revision | None = None) -> bytes:
    """The seal policy over the custodians' statements, as the draft asks: mode, one or two envelopes."""
    settings, mode = registry.settings, mode_of(tender.form)

    def plan(stage: str) -> StagePlan:
        statements = [key.raw for key in readiness.statements if key.stage == stage]
        threshold = int(settings["vault.threshold"]) if statements else 0
        return StagePlan(
            stage, mode, threshold, len(statements), statements, bidder_window_s=tender.bidder_window_s
        )

    return build_policy(
        tender=tender.code,
        lot=tender.lot.code,
        deadline=tender.deadline,
        open_at=tender.opens_at,
        log=settings["ledger.origin"],
        log_key=revision.log_key if revision else log_key_of(registry),
        receipt_key=(
            revision.receipt_key if revision else registry["keys"].receipt.public_key().public_bytes_raw()
        ),
        witnesses=[
            (parse_vkey(vkey).name, vkey) for *_, vkey in json.loads(settings["ledger.witnesses"] or "[]")
        ],
        tsa=settings.get("timestamping.certificates", "").split(),
        stages=[plan(stage) for stage in stages_of(tender.form)],
        parts=parts_of(tender.form, final=tender.parent_id is not None),
        sig=registry.getUtility(ISignatureVerifier).families,
        client_sha256=client_hashes(registry),
        version=revision.policy_version if revision else 1,
        replaces=revision.replaces if revision else "",
    )


def log_key_of(registry: Any) -> str:
    """The log's key that new policies name: the newest that signs its checkpoints."""
    settings = registry.settings
    return in_force(Path(settings["ledger.folder"]), settings["ledger.vkey"])


def client_hashes(registry: Any) -> list[str]:
    """SHA-256 of the offline sealer that this hall hands out; empty before the assets are built."""
    built = Path(registry.settings["hall.assets"]) / "sealer.json"
    return [json.loads(built.read_text())["sha256"]] if built.exists() else []


def setting_of(
    registry: Any, tender: Tender, now: datetime, policy_hash: str, version: int = 1
) -> papers.Setting:
    """What surrounds the draft when its papers are made."""
    settings, kind, draft = registry.settings, drafts.kind_of(registry, tender.kind), drafts.draft_of(tender)
    return papers.Setting(
        kind=kind,
        tender=tender.code,
        transaction=tender.lot.project.deal_code,
        purchaser=tender.tenderer.name,
        purchaser_address=tender.tenderer.address,
        purchaser_contact=tender.tenderer.phone,
        agency=tender.agency.name,
        agency_contact=" ".join(
            part for part in (draft.contact or tender.agent.name, tender.agency.phone) if part
        ),
        platform={"zh_CN": settings["hall.name"], "en": settings["hall.name_en"]},
        custodians=tuple(row["org"] for row in json.loads(settings["vault.custodians"] or "[]")),
        threshold=int(settings["vault.threshold"]),
        policy_hash=policy_hash,
        publish_at=now,
        rulebook=the_rulebook(),
        rules=drafts.published_rules(kind, draft, now),
        version=version,
    )


# --- publishing -----------------------------------------------------------------------------------


def publish(
    session: Session,
    registry: Any,
    actor: Actor,
    user_id: uuid.UUID,
    tender: Tender,
    notice_cms: bytes,
    policy_cms: bytes,
) -> Notice:
    """Publish what `prepare` made, once both signatures hold; entry `tender.published`.

    Both must be made with one valid certificate of the account `user_id`. The gates are judged again, at
    the instant of publication. Promises the close at the deadline. Raises Refused: `tender.stale` when
    the bytes have to be made and signed anew, `rule.*`, `signature.*`, `certificate.*`, `policy.*`,
    `tender.step`."""
    locked(session, tender.code)
    drafts.must_be_draft(tender)
    now = database_now(session)
    readiness = publishable(session, registry, tender, now)
    if readiness.blocking:
        raise Refused([finding.fault() for finding in readiness.blocking])
    made = session.get(Publication, tender.id)
    if made is None or not readiness.keys_ready or made.basis != basis_of(registry, tender, readiness, now):
        raise refuse(
            "tender.stale", _("The tender has changed since it was shown for signing."),
            remedy=_("Look at it again and sign it once more."),
        )  # fmt: skip
    judge(session, registry, tender, user_id, readiness, made, notice_cms, policy_cms, now)
    notice = put_up(session, registry, tender, made, notice_cms, policy_cms, now)
    advance(
        session, registry, tender, "publish", now,
        blocking_findings=len(readiness.blocking), custodians_ready=readiness.keys_ready,
    )  # fmt: skip
    say_published(session, actor, tender, made, notice_cms, policy_cms, now)
    promise(session, CLOSE, {"tender": tender.code}, due=tender.deadline)
    if is_invited(method_of(tender)):
        tell_later(session, tender.code, "invited", now)
    return notice


def say_published(
    session: Session, actor: Actor, tender: Tender, made: Publication, notice_cms: bytes, policy_cms: bytes,
    now: datetime,
) -> None:  # fmt: skip
    """The entry `tender.published`."""
    payload = {
        "notice": made_hash(made.notice),
        "p7s": made_hash(notice_cms),
        "documents": made_hash(made.documents),
        "policy": made_hash(made.policy),
        "policy_p7s": made_hash(policy_cms),
        "evaluation": made_hash(made.evaluation),
    }
    record(session, actor, "tender.published", tender.code, payload, now)


def made_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def judge(
    session: Session, registry: Any, tender: Tender, user_id: uuid.UUID, readiness: Readiness, made: Publication,
    notice_cms: bytes, policy_cms: bytes, now: datetime,
) -> str:  # fmt: skip
    """The certificate (SHA-256, hex) that signed, when the signatures hold and the policy may be used by a bidder;
    keeps what they were judged by."""
    verifier = registry.getUtility(ISignatureVerifier)

    def signer_of(data: bytes, cms: bytes) -> str:
        evidence = verifier.verify(data, cms, now)
        keep_evidence(session, tender.code, evidence)
        return str(evidence.certificate_sha256)

    signer = signer_of(made.notice, notice_cms)
    certificates.own(session, user_id, signer, now)
    names = (tender.tenderer.name, tender.agency.name, registry.settings["hall.name"])
    try:
        check_policy(
            made.policy,
            policy_cms,
            [(key.raw, key.cms) for key in readiness.statements],
            signer_of=signer_of,
            tenderer_cert=signer,
            blocs=dict.fromkeys(names, BUYERS),
        )
    except PolicyRefused as refused:
        raise Refused([Fault(code, words) for code, words in refused.faults]) from refused
    return signer


def put_up(
    session: Session, registry: Any, tender: Tender, made: Publication, notice_cms: bytes, policy_cms: bytes,
    now: datetime, *, shown: dict[str, Any] | None = None,
) -> Notice:  # fmt: skip
    """Store what is published and show it on the board; `shown` is what the notice's page tells people, where it
    is not the invitation."""
    policy = parse_policy(made.policy)
    tender.policy_hash, tender.published_at = policy.hash.hex(), now
    tender.rules = json.loads(made.evaluation)
    session.add(
        SealPolicy(
            tender_id=tender.id,
            version=1,
            sha256=tender.policy_hash,
            raw=made.policy,
            cms=policy_cms,
            signed_at=now,
        )
    )
    file_documents(session, tender, made.documents)
    return publish_notice(
        session, registry["queue"], kind="tender", tender=tender.code, title=tender.title,
        region=tender.lot.project.region, body=made.notice, cms=notice_cms, at=now,
        shown=shown or shown_of(registry, tender, made, now), listed=not tender.limited,
    )  # fmt: skip


def file_documents(session: Session, tender: Tender, documents: bytes) -> None:
    """The files of a list of documents, to be downloaded."""
    for row in json.loads(documents)["files"]:
        media_type = papers.media_type(row["name"])
        session.add(
            Document(
                tender=tender.code, name=row["name"], media_type=media_type, size=row["size"], sha256=row["sha256"]
            )
        )  # fmt: skip


def shown_of(registry: Any, tender: Tender, made: Publication, now: datetime) -> dict[str, Any]:
    """What the board and the notice's page tell people: the invitation, in both languages."""
    draft = drafts.draft_of(tender)
    setting = setting_of(registry, tender, now, made_hash(made.policy))
    invitation = {
        locale: papers.sections(draft, setting, locale)[0]["paragraphs"] for locale in papers.LOCALES
    }
    return {
        "title_en": tender.title_en,
        "buyer": tender.tenderer.name,
        "agency": tender.agency.name,
        "method": tender.method,
        "budget": money(tender.budget),
        "ceiling": money(tender.ceiling),
        "deadline": rfc3339(tender.deadline),
        "text": {"zh": invitation["zh_CN"], "en": invitation["en"]},
    }


def signed_bytes(made: Publication) -> dict[str, bytes]:
    """What is signed, by the name its signature has in the answer (`<name>_cms`)."""
    return {"notice": made.notice, "policy": made.policy}


def cms_bytes(text: str, field: str) -> bytes:
    """base64url without padding (as programs and the page's script send it). Raises Refused."""
    try:
        return base64.b64decode(text.strip() + "=" * (-len(text.strip()) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise refuse("signature.encoding", _("The signature is not in base64url."), field=field) from error
