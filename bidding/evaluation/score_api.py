"""Scoring by program (评分接口): a member's draft, signed sheet, reasons and corrections.

As elsewhere, signing takes two calls: one gives the exact bytes, the next takes them back with a detached CMS.
The page of the score sheet saves through here too, so that a line that drops loses nothing.
"""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.evaluation import access, commands, score_service, score_stating
from bidding.evaluation.api import EVALUATE, phase_now
from bidding.evaluation.phases import Phase
from bidding.evaluation.score_service import Stale
from bidding.vault.encoding import b64
from trading.clock import rfc3339
from trading.refusals import problem
from trading.web import read_json

SCORED_PHASES = tuple(Phase)[list(Phase).index(Phase.SCORING) :]
"""From here on the bids to be scored are known."""


@view_config(route_name="api-scores", request_method="GET", renderer="json", permission=EVALUATE)
def show(request: Request) -> Any:
    """What there is to score, the member's own draft, and once all have locked everybody's sheets."""
    found, own = access.member(request)
    scoring = score_service.scoring_of(found)
    phase = found.phase(request.now())
    draft = score_service.draft_of(request.db, request.registry, found, own.member)
    shown = scoring.bids if phase in SCORED_PHASES else ()
    return draft_json(draft) | {
        "phase": phase,
        "criteria": found.tender.rules["criteria"],
        "bids": [
            {"id": bid, "name": found.bids[bid].name, "manifest": found.bids[bid].manifest} for bid in shown
        ],
        "facts": scoring.facts_stated,
        "facts_owed": bool(shown) and scoring.facts_owed,
        "mine": own.member in scoring.locked,
        "locked": len(scoring.locked),
        "size": len(scoring.members),
        "sheets": scoring.sheets or None,
        "owed": [vars(owed) | {"rules": list(owed.rules)} for owed in scoring.owed(own.member)],
        "disagreements": [{"bid": bid, "item": item} for bid, item in scoring.disagreements],
        "corrections": scoring.corrections,
    }


def draft_json(draft: dict[str, Any]) -> dict[str, Any]:
    """A draft as programs and the page get it."""
    return draft | {"saved": rfc3339(draft["saved"]) if draft["saved"] else None}


@view_config(route_name="api-scores-save", request_method="POST", renderer="json", permission=EVALUATE)
def save(request: Request) -> Any:
    """{"base","scores"} → {"version","saved"}; 409 with the newest version when `base` is not it."""
    command = read_json(request, commands.SaveScores)
    try:
        kept = score_service.save_draft(
            request.db, request.registry, request.actor, request.context, command.base, listed(command)
        )
    except Stale as stale:
        return problem(request, 409, list(stale.faults), newest=draft_json(stale.newest))
    return {"version": kept["version"], "saved": rfc3339(kept["saved"])}


def listed(command: Any) -> list[dict[str, str]]:
    return [entry.model_dump() for entry in command.scores]


@view_config(route_name="api-scores-draft", request_method="POST", renderer="json", permission=EVALUATE)
def draft(request: Request) -> Any:
    """{"scores"} → {"raw"}: the bytes to sign; without `scores` those of the draft."""
    command = read_json(request, commands.DraftScores)
    scores = None if command.scores is None else listed(command)
    raw = score_service.draft_sheet(request.db, request.registry, request.actor, request.context, scores)
    return {"raw": b64(raw)}


@view_config(route_name="api-scores", request_method="POST", renderer="json", permission=EVALUATE)
def lock(request: Request) -> Any:
    """{"raw","cms"} → the scores are locked: {"sheet","phase"}."""
    command = read_json(request, commands.SignReview)
    row = score_service.lock_sheet(
        request.db, request.registry, request.actor, request.context.code, command.raw, command.cms
    )
    return {"sheet": row.sha256, "phase": phase_now(request)}


@view_config(route_name="api-score-facts-draft", request_method="POST", renderer="json", permission=EVALUATE)
def draft_facts(request: Request) -> Any:
    """{"facts": [{"bid","item","fact","points"}]}, of the head → {"raw"}."""
    command = read_json(request, commands.StateFacts)
    facts = [fact.model_dump() for fact in command.facts]
    raw = score_stating.draft_facts(request.db, request.registry, request.actor, request.context, facts)
    return {"raw": b64(raw)}


@view_config(route_name="api-score-facts", request_method="POST", renderer="json", permission=EVALUATE)
def state_facts(request: Request) -> Any:
    """{"raw","cms"} → the facts stand prefilled on every sheet: {"facts","phase"}."""
    command = read_json(request, commands.SignReview)
    row = score_stating.state_facts(
        request.db, request.registry, request.actor, request.context.code, command.raw, command.cms
    )
    return {"facts": row.sha256, "phase": phase_now(request)}


@view_config(route_name="api-score-reasons-draft", request_method="POST", renderer="json",
             permission=EVALUATE)  # fmt: skip
def draft_reason(request: Request) -> Any:
    """{"bid","item","reason"} → {"raw"}."""
    command = read_json(request, commands.ExplainScore)
    raw = score_service.draft_reason(
        request.db,
        request.registry,
        request.actor,
        request.context,
        command.bid,
        command.item,
        command.reason,
    )
    return {"raw": b64(raw)}


@view_config(route_name="api-score-reasons", request_method="POST", renderer="json", permission=EVALUATE)
def explain(request: Request) -> Any:
    """{"raw","cms"} → {"reason","phase"}."""
    command = read_json(request, commands.SignReview)
    row = score_service.explain_outlier(
        request.db, request.registry, request.actor, request.context.code, command.raw, command.cms
    )
    return {"reason": row.sha256, "phase": phase_now(request)}


@view_config(route_name="api-score-corrections-draft", request_method="POST", renderer="json",
             permission=EVALUATE)  # fmt: skip
def draft_correction(request: Request) -> Any:
    """{"bid","item","ground","after","reason"} → {"raw"}."""
    command = read_json(request, commands.CorrectScore)
    raw = score_service.draft_correction(
        request.db, request.registry, request.actor, request.context, **command.model_dump()
    )
    return {"raw": b64(raw)}


@view_config(route_name="api-score-corrections", request_method="POST", renderer="json", permission=EVALUATE)
def correct(request: Request) -> Any:
    """{"raw","cms"} → {"number","phase"}."""
    command = read_json(request, commands.SignReview)
    row = score_service.correct_score(
        request.db, request.registry, request.actor, request.context.code, command.raw, command.cms
    )
    return {"number": row.number, "phase": phase_now(request)}
