"""The evaluation report (评标报告): drawn up from inputs and result, signed by all, delivered.

Formats: docs/protocols/bundle.md (evaluation/inputs.json, evaluation/report.json).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation.criteria import PRICE, parse_criteria
from bidding.evaluation.exact import exact
from bidding.evaluation.models import EvaluationReport, ReportSignature
from bidding.evaluation.papers import CONFORMITY, QUALIFICATION
from bidding.evaluation.progress import Evaluation
from bidding.evaluation.review import count
from bidding.evaluation.score_result import ScoreResult
from bidding.tenders.service import advance, method_of
from bidding.tenders.words import END
from expert_pool.selection.models import PanelMember
from trading.acts import Actor, record
from trading.clock import rfc3339
from trading.errors import refuse
from trading.events import EvaluationDelivered, Served
from trading.ledger import canonical
from trading.notices.service import publish_notice
from trading.outbox import promise
from trading.rulebook.methods import is_tender
from trading.web import _

DELIVERED = "evaluation.delivered"
"""Topic of the promise that a ranking has reached the purchaser: the awards' clocks begin."""

FAILURES = {
    "fewer-than-three-bidders": ("投标人不足三家", "fewer than three bidders"),
    "fewer-than-three-qualified": ("合格投标人不足三家", "fewer than three bidders qualified"),
    "too-few-offers": ("提交最后报价的供应商不足法定家数", "fewer final offers than needed"),
    "all-above-budget": ("投标人的报价均超过预算", "all prices are above the budget"),
    "fewer-than-three-responsive": ("实质性响应的投标人不足三家", "fewer than three bids meet the document"),
    "fewer-than-three-valid": ("有效投标人不足三家", "fewer than three valid bids are left"),
}
"""What a notice of failure says, in Chinese and English (GPL art. 36)."""
OF_RESPONSES = {
    "fewer-than-three-bidders": ("提交响应文件的供应商不足法定家数", "fewer suppliers than needed"),
    "fewer-than-three-qualified": ("合格供应商不足法定家数", "fewer qualified suppliers than needed"),
    "all-above-budget": ("供应商的报价均超过预算", "all prices are above the budget"),
    "fewer-than-three-responsive": (
        "实质性响应的供应商不足法定家数",
        "fewer responses than needed meet the document",
    ),
    "fewer-than-three-valid": ("有效响应的供应商不足法定家数", "fewer valid responses than needed are left"),
}
"""The same of a consultation, negotiation or inquiry."""


def draw_up(session: Session, found: Evaluation, at: datetime) -> EvaluationReport:
    """Compute the result and write the report; nothing in it is typed by anybody."""
    inputs = canonical.dumps(found.inputs())
    raw = report_document(found, inputs, at)
    drawn = EvaluationReport(
        tender_id=found.tender.id,
        round=found.tender.round,
        inputs=inputs,
        raw=raw,
        sha256=hashlib.sha256(raw).hexdigest(),
        drawn_up_at=at,
    )
    session.add(drawn)
    session.flush()
    found.report = drawn
    return drawn


def make_void(session: Session, drawn: EvaluationReport, at: datetime) -> None:
    """A report that nobody has received falls when a member is replaced whose conclusions are in it; it stays on record
    with its signatures and dissents."""
    drawn.void_at = at
    session.flush()


def report_document(found: Evaluation, inputs: bytes, at: datetime) -> bytes:
    """The report's bytes: the protocol's result, and beside it who sat, who dissented, every derivation."""
    result = found.result()
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.report",
            "tender": found.tender.code,
            "lot": found.tender.lot.code,
            "inputs": hashlib.sha256(inputs).hexdigest(),
            "result": result.as_json(),
            "drawn_up": rfc3339(at),
            "committee": [
                {"seat": m.seat, "member": m.member, "role": m.kind, "head": m.head} for m in found.seated
            ],
            "bidders": {bid.id: {"name": bid.name, "manifest": bid.manifest} for bid in found.bids.values()},
            "dissent": dissent(found),
            "derivations": result.derivations_json(),
            **(written_about_scores(found) if isinstance(result, ScoreResult) else {}),
        }
    )


def written_about_scores(found: Evaluation) -> dict[str, list[dict[str, Any]]]:
    """What was written beside the scores: the facts that were stated of objective items, reasons for scores far from
    the others, and corrections (M87 64)."""

    def told(documents: Sequence[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
        return [{key: document[key] for key in keys} for document in documents]

    about = ("bid", "item", "member", "reason")
    assert found.scoring is not None
    return {
        "score_facts": found.scoring.facts_stated,
        "score_reasons": told(found.scoring.reasons, *about, "score", "rules"),
        "score_corrections": told(found.scoring.corrections, *about, "number", "ground", "before", "after"),
    }


def dissent(found: Evaluation) -> list[dict[str, str]]:
    """Every vote of a minority with its written reason (M87 61)."""
    return [
        {"bid": bid, "review": step, "item": entry.item, "member": member, "reason": reason}
        for step in (QUALIFICATION, CONFORMITY)
        for bid in found.subjects(step)
        for entry in found.votes(step, bid)
        for member, reason in count(entry).dissent
    ]


def drawn_up(found: Evaluation) -> EvaluationReport:
    """The report. Raises Refused `report.not-yet`."""
    if found.report is None:
        raise refuse("report.not-yet", _("The report is not drawn up yet"))
    return found.report


def signatures_of(session: Session, report: EvaluationReport) -> list[ReportSignature]:
    """The signatures under a report, oldest first."""
    query = select(ReportSignature).where(ReportSignature.report_id == report.id)
    return list(session.scalars(query.order_by(ReportSignature.signed_at)))


def unsigned_by(session: Session, found: Evaluation, member: str, at: datetime) -> EvaluationReport:
    """The report that a member has yet to sign. Raises Refused `report.*`."""
    drawn = drawn_up(found)
    if drawn.delivered_at is not None:
        raise refuse("report.delivered", _("The report is delivered"))
    if any(signature.member == member for signature in signatures_of(session, drawn)):
        raise refuse("report.signed", _("You have signed the report"))
    return drawn


def keep_signature(
    session: Session,
    actor: Actor,
    found: Evaluation,
    member: str,
    cms: bytes,
    dissenting: str,
    dissent_cms: bytes | None,
    at: datetime,
) -> None:
    """File a judged signature; entry `report.signed`, which has only the hash of a dissent."""
    drawn = drawn_up(found)
    differs = bool(dissenting.strip())
    session.add(
        ReportSignature(
            report_id=drawn.id,
            member=member,
            cms=cms,
            dissent=dissenting if differs else "",
            dissent_cms=dissent_cms if differs else None,
            signed_at=at,
        )  # fmt: skip
    )
    session.flush()
    payload = {
        "member": member,
        "report": drawn.sha256,
        "p7s": hashlib.sha256(cms).hexdigest(),
        "dissent": hashlib.sha256(dissenting.encode()).hexdigest() if differs else None,
    }
    record(session, actor, "report.signed", found.tender.code, payload, at)


def complete_signatures(session: Session, found: Evaluation) -> list[ReportSignature]:
    """Every member's signature. Raises Refused `report.unsigned` while one is missing."""
    drawn = drawn_up(found)
    if drawn.delivered_at is not None:
        raise refuse("report.delivered", _("The report is delivered"))
    signatures = signatures_of(session, drawn)
    if {signature.member for signature in signatures} != {member.member for member in found.seated}:
        raise refuse("report.unsigned", _("Not every member has signed the report"), rule="M87 58")
    return signatures


def deliver(
    session: Session,
    registry: Any,
    actor: Actor,
    found: Evaluation,
    signatures: Sequence[ReportSignature],
    at: datetime,
) -> None:
    """Record the delivery and take the tender's step: evaluated, or failed with its reason."""
    drawn, tender = drawn_up(found), found.tender
    drawn.delivered_at = at
    rows = [{"member": s.member, "p7s": hashlib.sha256(s.cms).hexdigest()} for s in signatures]
    inputs = hashlib.sha256(drawn.inputs).hexdigest()
    payload = {"inputs": inputs, "report": drawn.sha256, "signatures": rows}
    record(session, actor, "evaluation.reported", tender.code, payload, at)
    registry.notify(delivered_event(session, registry, found, at))
    result = canonical.loads(drawn.raw)["result"]
    facts = {"qualified": len(found.qualified()), "candidates": len(result["ranking"]), "report_signed": True}
    if result["outcome"] == "ranked":
        advance(session, registry, tender, "finish_evaluation", at, **facts)
        promise(session, DELIVERED, {"tender": tender.code})
        return
    advance(session, registry, tender, "fail_in_evaluation", at, **facts)
    failure = {"reason": result["failure"]["code"], "article": result["failure"]["article"]}
    record(session, actor, "tender.failed", tender.code, failure, at)
    publish_failure(session, registry, found, failure, at)


def delivered_event(session: Session, registry: Any, found: Evaluation, at: datetime) -> EvaluationDelivered:
    """What the committee did, for the rooms that pay, rate and look after experts."""
    drawn = drawn_up(found)
    inputs, result = canonical.loads(drawn.inputs), canonical.loads(drawn.raw)["result"]
    rules = inputs["rules"]
    judged = parse_criteria(rules["criteria"]) if "criteria" in rules else ()
    return EvaluationDelivered(
        session,
        registry,
        found.tender.code,
        at,
        found.tender.round,
        {each.id: exact(each.max) for each in judged if each.kind != PRICE},
        tuple(served(row, inputs, result) for row in found.seated),
    )


def served(row: PanelMember, inputs: Mapping[str, Any], result: Mapping[str, Any]) -> Served:
    """One member's part."""
    assert row.signed_in_at is not None, "only who sat is seated"
    given = {
        bid["id"]: {
            item: marks[row.member] for item, marks in bid.get("scores", {}).items() if row.member in marks
        }
        for bid in inputs["bids"]
    }
    far = tuple(
        (flag["bid"], flag["item"]) for flag in result.get("outliers", []) if flag["member"] == row.member
    )
    marks = {bid: items for bid, items in given.items() if items}
    return Served(row.user_id, row.member, row.seat, row.kind, row.head, row.signed_in_at, marks, far)


def publish_failure(
    session: Session, registry: Any, found: Evaluation, failure: dict[str, str], at: datetime
) -> None:
    """The notice that the tender has failed (废标公告), with the reason."""
    tender = found.tender
    body = canonical.dumps(
        {"v": 1, "typ": "ebid.failure", "tender": tender.code, "lot": tender.lot.code, "at": rfc3339(at)}
        | failure
    )
    tendered = is_tender(method_of(tender))
    chinese, english = (FAILURES if tendered else FAILURES | OF_RESPONSES)[failure["reason"]]
    text = {
        "zh": [f"{chinese}（{failure['article']}），{END[tendered][0]}"],
        "en": [f"{END[tendered][1]} ({english}; {failure['article']})."],
    }
    publish_notice(
        session,
        registry["queue"],
        kind="failure",
        tender=tender.code,
        title=tender.title,
        region=tender.lot.project.region,
        body=body,
        cms=None,
        at=at,
        shown={
            "title_en": tender.title_en,
            "buyer": tender.tenderer.name,
            "agency": tender.agency.name,
            "text": text,
        },
    )
