"""The members' acts when they score (打分): keep a draft, lock the signed sheet, explain, correct.

M87 46, 55, 61: each member scores alone. M87 64: a locked score changes only on that article's grounds.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bidding.evaluation import score_papers
from bidding.evaluation.models import ScoreDraft, ScorePaper, ScoreSheet, sheet_purpose
from bidding.evaluation.phases import Phase
from bidding.evaluation.progress import CORRECTION, REASON, Evaluation, load
from bidding.evaluation.score_corrections import ARTICLES
from bidding.evaluation.score_papers import Change, Form, Owed
from bidding.evaluation.score_progress import Scoring
from bidding.evaluation.service import accept_from, own_seat, proceed
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, must_go_on
from bidding.vault.encoding import b64
from expert_pool.selection.models import PanelMember
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.web import _

PAD = 4096
"""Drafts are stored in multiples of so many bytes."""
MAX_TYPED = 32


class Stale(Refused):
    """Somebody saves over a newer version of the draft: from another window, or another device."""

    def __init__(self, newest: dict[str, Any]) -> None:
        message = _("Newer scores of yours were saved from another window or device")
        super().__init__(Fault("score.conflict", message))
        self.newest = newest


def scoring_of(found: Evaluation) -> Scoring:
    """The scoring of an evaluation. Raises Refused `score.not-here` by lowest price."""
    if found.scoring is None:
        raise refuse("score.not-here", _("This tender is evaluated without scores"))
    return found.scoring


def _scoring(
    session: Session, registry: Any, actor: Actor, tender: Tender, at: datetime
) -> tuple[Evaluation, PanelMember, Form]:
    """The evaluation, the member and what there is to score, while this member may still score."""
    found = load(session, registry["keys"], tender)
    member, scoring = own_seat(found, actor), scoring_of(found)
    if member.member in scoring.locked:
        raise refuse("score.locked", _("You have locked your scores; they can no longer be changed"))
    if found.phase(at) != Phase.SCORING:
        raise refuse("score.not-now", _("Scores are not open now"))
    return found, member, scoring.form(member.member)


# --- the draft ------------------------------------------------------------------------------------


def draft_of(session: Session, registry: Any, found: Evaluation, member: str) -> dict[str, Any]:
    """A member's own draft: `version` (0 when there is none), `saved`, `scores` as typed of the bids to be scored."""
    row = session.scalars(_draft_row(found.tender, member)).one_or_none()
    draft, bids = _opened(registry, row), scoring_of(found).form(member).bids
    return draft | {"scores": [entry for entry in draft["scores"] if entry["bid"] in bids]}


def _draft_row(tender: Tender, member: str) -> Any:
    here = (ScoreDraft.tender_id == tender.id, ScoreDraft.round == tender.round, ScoreDraft.member == member)
    return select(ScoreDraft).where(*here)


def _opened(registry: Any, row: ScoreDraft | None) -> dict[str, Any]:
    if row is None:
        return {"version": 0, "saved": None, "scores": []}
    scores = json.loads(registry["keys"].unseal(row.sealed, sheet_purpose(row)))
    return {"version": row.version, "saved": row.saved_at, "scores": scores}


def save_draft(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: Tender,
    base: int,
    scores: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Keep what a member has filled in so far, as typed; `base` is the version that the screen was showing.

    Returns the new version as `draft_of`. Raises Stale (with the newest version, nothing is overwritten),
    Refused `score.*`."""
    at = database_now(session)
    found, member, form = _scoring(session, registry, actor, tender, at)
    kept = typed(form, scores)
    place = {"tender_id": tender.id, "round": tender.round, "member": member.member}
    empty = _sealed(registry, ScoreDraft(**place), [])
    first = insert(ScoreDraft).values(id=uuid.uuid4(), version=0, sealed=empty, saved_at=at, **place)
    session.execute(first.on_conflict_do_nothing())
    row = session.scalars(_draft_row(tender, member.member).with_for_update()).one()
    session.refresh(row)
    if row.version != base:
        raise Stale(_opened(registry, row))
    row.version, row.saved_at, row.sealed = base + 1, at, _sealed(registry, row, kept)
    session.flush()
    return _opened(registry, row)


def _sealed(registry: Any, row: ScoreDraft, scores: Sequence[dict[str, str]]) -> bytes:
    plain = json.dumps(list(scores), ensure_ascii=False).encode()
    padded = plain + b" " * (-len(plain) % PAD)
    sealed: bytes = registry["keys"].seal(padded, sheet_purpose(row))
    return sealed


def typed(form: Form, scores: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Half-filled scores as they are kept. Raises Refused for what is not to be scored here."""
    items = {criterion.id for criterion in form.criteria}
    kept = {}
    for entry in scores:
        if entry["bid"] not in form.bids or entry["item"] not in items:
            message = _("A score is on something that is not to be scored now")
            raise refuse("score.stranger", message)
        if len(entry["score"]) > MAX_TYPED or len(entry["reason"]) > score_papers.MAX_REASON:
            raise refuse("score.reason", _("A reason is a text of at most 2,000 characters"))
        place = entry["bid"], entry["item"]
        if entry["reason"].strip() or (
            entry["score"].strip() and not _as_stated(form, place, entry["score"])
        ):
            kept[place] = dict(entry)
    return [kept[place] for place in sorted(kept)]


def _as_stated(form: Form, place: score_papers.Place, score: str) -> bool:
    """What only repeats the stated points is not the member's own: it follows them when they are stated anew."""
    stated = form.stated.get(place)
    return stated is not None and score_papers.plain_number(score) == stated.points


# --- the sheet ------------------------------------------------------------------------------------


def _signing(
    session: Session, registry: Any, actor: Actor, tender: Tender, at: datetime
) -> tuple[Evaluation, PanelMember, Form]:
    """The same as `_scoring`, once the facts of objective items are stated."""
    found, member, form = _scoring(session, registry, actor, tender, at)
    if scoring_of(found).facts_owed:
        raise refuse(
            "score.facts-first", _("The head of the committee has not stated the facts of objective items yet"),
            rule="M87 64(3)", remedy=_("Save your scores; they can be signed when the facts are stated."),
        )  # fmt: skip
    return found, member, form


def draft_sheet(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: Tender,
    scores: Sequence[dict[str, Any]] | None = None,
    rng: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """The bytes that a member signs for all scores (None: those of the draft). Raises Refused with every fault:
    what is missing, no number, above the maximum."""
    found, member, form = _signing(session, registry, actor, tender, database_now(session))
    if scores is None:
        scores = draft_of(session, registry, found, member.member)["scores"]
    return score_papers.sheet_document(form, scores, b64(rng(score_papers.SALT_BYTES)))


def lock_sheet(
    session: Session, registry: Any, actor: Actor, code: str, raw: bytes, cms: bytes
) -> ScoreSheet:
    """Lock a member's signed scores. Entry `scores.locked`. Raises Refused `score.*`, `signature.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    at = database_now(session)
    found, member, form = _signing(session, registry, actor, tender, at)
    score_papers.read_sheet(form, raw)
    accept_from(session, registry, found, member, raw, cms, at)
    row = ScoreSheet(
        tender_id=tender.id, round=tender.round, member=member.member, sealed=b"",
        number=len(found.locked_sheets.get(member.member, ())) + 1,
        sha256=hashlib.sha256(raw).hexdigest(), cms=cms, at=at,
    )  # fmt: skip
    row.sealed = registry["keys"].seal(raw, sheet_purpose(row))
    session.add(row)
    for draft in session.scalars(_draft_row(tender, member.member)):
        session.delete(draft)
    session.flush()
    payload = {"member": member.member, "sheet": row.sha256, "p7s": hashlib.sha256(cms).hexdigest()}
    record(session, actor, "scores.locked", code, payload, at)
    proceed(session, registry, tender, at)
    return row


# --- reasons and corrections ------------------------------------------------------------------------


def _settling(
    session: Session, registry: Any, actor: Actor, tender: Tender
) -> tuple[Evaluation, PanelMember, Scoring]:
    """The evaluation, the member and the scoring while locked scores are explained and corrected."""
    found = load(session, registry["keys"], tender)
    member, scoring = own_seat(found, actor), scoring_of(found)
    if found.phase(database_now(session)) != Phase.SCORE_REASONS:
        raise refuse("score.not-now", _("No score waits for a reason or a correction now"), rule="M87 64")
    return found, member, scoring


def _owed(scoring: Scoring, member: str, bid: str, item: str) -> Owed:
    for owed in scoring.owed(member):
        if (owed.bid, owed.item) == (bid, item):
            return owed
    raise refuse("score.not-owed", _("Nobody asks you for a reason here"))


def draft_reason(
    session: Session, registry: Any, actor: Actor, tender: Tender, bid: str, item: str, reason: str
) -> bytes:
    """The bytes that a member signs to explain a score far from the others. Raises Refused `score.*`."""
    _found, member, scoring = _settling(session, registry, actor, tender)
    owed = _owed(scoring, member.member, bid, item)
    return score_papers.reason_document(scoring.form(member.member), owed, reason)


def explain_outlier(
    session: Session, registry: Any, actor: Actor, code: str, raw: bytes, cms: bytes
) -> ScorePaper:
    """File the signed reason of a score; the score stays and counts. Entry `scores.explained`. Raises Refused
    `score.*`, `signature.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    found, member, scoring = _settling(session, registry, actor, tender)
    said = score_papers.read_reason(scoring.form(member.member), raw)
    owed = _owed(scoring, member.member, said["bid"], said["item"])
    if (said["score"], said["rules"]) != (owed.score, list(owed.rules)):
        raise refuse("score.newer", _("The scores have changed meanwhile; read and sign again"))
    return _file(session, registry, actor, found, member, REASON, raw, cms)


def draft_correction(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: Tender,
    *,
    bid: str,
    item: str,
    ground: str,
    after: str,
    reason: str,
) -> bytes:
    """The bytes that a member signs to correct an own locked score. Raises Refused `score.*` with every fault."""
    _found, member, scoring = _settling(session, registry, actor, tender)
    before = scoring.score(member.member, bid, item)
    if before is None:
        raise refuse("score.stranger", _("A score is on something that is not to be scored now"))
    change = Change(scoring.numbered + 1, bid, item, ground, before, after)
    form = scoring.form(member.member)
    raw = score_papers.correction_document(form, change, reason)
    _grounded(scoring, score_papers.read_correction(form, raw))
    return raw


def correct_score(
    session: Session, registry: Any, actor: Actor, code: str, raw: bytes, cms: bytes
) -> ScorePaper:
    """Correct an own locked score on a ground of M87 art. 64; the signed sheet stays as it is. Entry
    `scores.corrected`. Raises Refused `score.*`, `signature.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    found, member, scoring = _settling(session, registry, actor, tender)
    change = score_papers.read_correction(scoring.form(member.member), raw)
    stands = (scoring.numbered + 1, scoring.score(member.member, change["bid"], change["item"]))
    if (change["number"], change["before"]) != stands:
        raise refuse("score.newer", _("The scores have changed meanwhile; read and sign again"))
    _grounded(scoring, change)
    return _file(session, registry, actor, found, member, CORRECTION, raw, cms)


def _grounded(scoring: Scoring, change: dict[str, Any]) -> None:
    """Raises Refused `score.ground` when the ground that a correction names is not there."""
    keys = ("bid", "item", "member", "ground", "before", "after")
    try:
        scoring.counted([{key: change[key] for key in keys}])
    except Refused as error:
        message = _("This ground is not there: a locked score is corrected only on those of Order 87 art. 64")
        article = ARTICLES.get(change["ground"], "M87 64")
        raise Refused(Fault("score.ground", message, "ground", article)) from error


def _file(
    session: Session,
    registry: Any,
    actor: Actor,
    found: Evaluation,
    member: PanelMember,
    kind: str,
    raw: bytes,
    cms: bytes,
) -> ScorePaper:
    """Keep a signed paper about a locked score, tell the ledger, and go on."""
    tender, at = found.tender, database_now(session)
    accept_from(session, registry, found, member, raw, cms, at)
    row = ScorePaper(
        tender_id=tender.id, round=tender.round, kind=kind, member=member.member, raw=raw,
        number=1 + filed(session, tender, kind),
        sha256=hashlib.sha256(raw).hexdigest(), cms=cms, at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    entry = "scores.explained" if kind == REASON else "scores.corrected"
    payload = {"member": member.member, kind: row.sha256, "p7s": hashlib.sha256(cms).hexdigest()}
    record(session, actor, entry, tender.code, payload, at)
    proceed(session, registry, tender, at)
    return row


def filed(session: Session, tender: Tender, kind: str) -> int:
    """How many papers of a kind this evaluation has, those of replaced members too."""
    here = (ScorePaper.tender_id == tender.id, ScorePaper.round == tender.round, ScorePaper.kind == kind)
    return session.scalar(select(func.count()).select_from(ScorePaper).where(*here)) or 0
