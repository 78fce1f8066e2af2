"""The head's act before anybody locks a sheet: the facts of objective criteria are stated once (客观分陈述)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.evaluation import score_facts, score_papers
from bidding.evaluation.models import ScoreFacts, facts_purpose
from bidding.evaluation.phases import Phase
from bidding.evaluation.progress import Evaluation, load
from bidding.evaluation.score_papers import Form
from bidding.evaluation.score_service import scoring_of
from bidding.evaluation.service import accept_from, head_only
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, must_go_on
from bidding.vault.encoding import b64
from expert_pool.selection.models import PanelMember
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Refused, refuse
from trading.web import _


def draft_facts(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: Tender,
    facts: Sequence[dict[str, Any]],
    rng: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """The bytes that the head signs: a fact and its points for every objective criterion of every bid. Raises Refused
    `score.*` with every fault."""
    found, _member, form = _stating(session, registry, actor, tender, database_now(session))
    number = _filed(session, tender) + 1
    raw = score_facts.facts_document(form, number, facts, b64(rng(score_papers.SALT_BYTES)))
    _kept(found, score_facts.read_facts(form, raw))
    return raw


def state_facts(
    session: Session, registry: Any, actor: Actor, code: str, raw: bytes, cms: bytes
) -> ScoreFacts:
    """File the signed facts: they stand prefilled on every sheet from now on. Entry `scores.stated`. Raises Refused
    `score.*`, `signature.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    at = database_now(session)
    found, member, form = _stating(session, registry, actor, tender, at)
    said = score_facts.read_facts(form, raw)
    _kept(found, said)
    if said["number"] != _filed(session, tender) + 1:
        raise refuse("score.newer", _("The scores have changed meanwhile; read and sign again"))
    accept_from(session, registry, found, member, raw, cms, at)
    row = ScoreFacts(
        tender_id=tender.id, round=tender.round, number=said["number"], member=member.member,
        sha256=hashlib.sha256(raw).hexdigest(), cms=cms, at=at,
    )  # fmt: skip
    row.sealed = registry["keys"].seal(raw, facts_purpose(row))
    session.add(row)
    session.flush()
    payload = {"member": member.member, "facts": row.sha256, "p7s": hashlib.sha256(cms).hexdigest()}
    record(session, actor, "scores.stated", code, payload, at)
    return row


def _stating(
    session: Session, registry: Any, actor: Actor, tender: Tender, at: datetime
) -> tuple[Evaluation, PanelMember, Form]:
    """The evaluation, its head and what there is to state, while facts can be stated."""
    found = load(session, registry["keys"], tender)
    member, scoring = head_only(found, actor), scoring_of(found)
    if found.phase(at) != Phase.SCORING:
        raise refuse("score.not-now", _("Scores are not open now"))
    if not scoring.may_state:
        raise facts_stand()
    return found, member, scoring.whole_form(member.member)


def _kept(found: Evaluation, said: dict[str, Any]) -> None:
    if not scoring_of(found).keeps(said["facts"]):
        raise facts_stand()


def facts_stand() -> Refused:
    """What is said to a head who would change what locked sheets were prefilled with."""
    return refuse(
        "score.facts-stand", _("A member has locked a sheet: what was stated stands"), rule="M87 64",
        remedy=_("Whoever sees a fact otherwise gives other points with a reason on the sheet."),
    )  # fmt: skip


def _filed(session: Session, tender: Tender) -> int:
    """How many statements this evaluation has had."""
    here = (ScoreFacts.tender_id == tender.id, ScoreFacts.round == tender.round)
    return session.scalar(select(func.count()).select_from(ScoreFacts).where(*here)) or 0
