"""The JSON interface of tenders: draft, look, sign and publish by program (bearer key)."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError
from pyramid.request import Request
from pyramid.view import view_config

from bidding.tenders import drafts, publication
from bidding.tenders.answers import (
    FoundByRule,
    MadeTender,
    Overridden,
    TenderAnswer,
    TenderToSign,
)
from bidding.tenders.commands import DraftTender, OverrideRule, SignPublication
from bidding.tenders.criteria import replaced
from bidding.tenders.models import Tender
from bidding.tenders.readiness import publishable
from bidding.tenders.service import method_of, moved_deadline
from bidding.tenders.views import visible
from bidding.vault.encoding import b64
from trading.accounts.models import User
from trading.clock import rfc3339
from trading.errors import Refused, refuse
from trading.notices.service import documents_of, notices_of
from trading.permissions import Permission
from trading.rulebook.clauses import library
from trading.rulebook.plan import Finding
from trading.web import PUBLIC, _, faults_of, read_json


@view_config(
    route_name="api-tenders", request_method="POST", renderer="json", permission=Permission.DRAFT_TENDER
)
def create(request: Request) -> MadeTender:
    """A new draft. The body is the form's fields; what is left out comes from `template` and the default
    timetable. 201 {"tender", "url"}."""
    given = json_object(request)
    template = str(given.get("template") or first_template(request))
    known = drafts.initial_values(request.registry, template, request.now(), str(given.get("method") or ""))
    command = validated(replaced(known, given))
    user = request.db.get(User, request.identity.user_id)
    tender = drafts.create_draft(request.db, request.registry, request.actor, user, command)
    request.response.status = 201
    return {"tender": tender.code, "url": request.route_path("api-tender", code=tender.code)}


@view_config(
    route_name="api-tender", request_method="PUT", renderer="json", permission=Permission.MANAGE_TENDER
)
def edit(request: Request) -> TenderAnswer:
    """Change a draft: the body's fields replace those of the form."""
    tender = request.context
    drafts.edit_draft(
        request.db, request.registry, tender, validated(replaced(tender.form, json_object(request)))
    )
    return facts(request, tender)


@view_config(route_name="api-tender", request_method="GET", renderer="json", permission=PUBLIC)
def show(request: Request) -> TenderAnswer:
    """What the tender page says."""
    return facts(request, visible(request))


@view_config(
    route_name="api-tender-publish",
    request_method="GET",
    renderer="json",
    permission=Permission.MANAGE_TENDER,
)
def to_sign(request: Request) -> TenderToSign:
    """Findings and custodians; when all is ready, the bytes to sign (base64url) and their hashes."""
    tender = request.context
    readiness = publishable(request.db, request.registry, tender)
    answer: TenderToSign = {
        "tender": tender.code,
        "state": tender.state,
        "findings": [shown_finding(finding) for finding in readiness.findings],
        "custodians": [
            {"index": each.index, "id": each.id, "org": each.org, "ready": each.key is not None}
            for each in readiness.custodians
        ],
        "ready": readiness.ready and tender.state == "draft",
        "documents": None,
    }
    if answer["ready"]:
        made = publication.prepare(request.db, request.registry, tender)
        answer["documents"] = {
            name: {"data": b64(data), "sha256": publication.made_hash(data)}
            for name, data in publication.signed_bytes(made).items()
        }
    return answer


@view_config(
    route_name="api-tender-publish",
    request_method="POST",
    renderer="json",
    permission=Permission.MANAGE_TENDER,
)
def publish(request: Request) -> TenderAnswer:
    """{"notice_cms", "policy_cms"} in base64url → published. Problem+json with every fault otherwise."""
    command: SignPublication = read_json(request, SignPublication)
    notice = publication.publish(
        request.db, request.registry, request.actor, request.identity.user_id, request.context,
        publication.cms_bytes(command.notice_cms, "notice_cms"), publication.cms_bytes(command.policy_cms, "policy_cms"),
    )  # fmt: skip
    return {**facts(request, request.context), "notice": str(notice.id)}


@view_config(
    route_name="api-tender-overrides",
    request_method="POST",
    renderer="json",
    permission=Permission.OVERRIDE_RULE,
)
def override(request: Request) -> Overridden:
    """{"finding": id, "reason"}: a named officer of the purchaser sets a refusal aside."""
    command = read_json(request, OverrideRule)
    drafts.override_rule(
        request.db, request.registry, request.actor, request.identity.user_id, request.context, command
    )
    request.response.status = 201
    return {"finding": command.finding}


def facts(request: Request, tender: Tender) -> TenderAnswer:
    """The public facts of a tender (of a draft, for those who may see it)."""
    return {
        "tender": tender.code,
        "lot": tender.lot.code,
        "project": tender.lot.project.code,
        "transaction": tender.lot.project.deal_code,
        "title": tender.title,
        "title_en": tender.title_en,
        "kind": tender.kind,
        "method": tender.method,
        "procurement": method_of(tender),
        "state": tender.state,
        "tenderer": {"uscc": tender.tenderer.uscc, "name": tender.tenderer.name},
        "agency": {"uscc": tender.agency.uscc, "name": tender.agency.name},
        "budget": f"{tender.budget:.2f}",
        "ceiling": f"{tender.ceiling:.2f}",
        "bid_security": f"{tender.security:.2f}",
        "deadline": rfc3339(tender.deadline),
        "moved_deadline": rfc3339(moved) if (moved := moved_deadline(tender)) else None,
        "suspended": rfc3339(tender.suspended_at) if tender.suspended_at else None,
        "open_at": rfc3339(tender.opens_at),
        "bidder_window_s": tender.bidder_window_s,
        "policy": tender.policy_hash,
        "rulebook": {"version": tender.rulebook_version, "sha256": tender.rulebook_hash},
        "items": drafts.draft_of(tender).items if tender.form else [],
        "criteria": tender.rules.get("criteria", []),
        "documents": [
            {
                "name": document.name,
                "size": document.size,
                "sha256": document.sha256,
                "url": request.route_path("tender-document", code=tender.code, name=document.name),
            }
            for document in documents_of(request.db, tender.code)
        ],
        "notices": [
            {
                "id": str(notice.id),
                "kind": notice.kind,
                "sha256": notice.sha256,
                "published": rfc3339(notice.published_at),
            }
            for notice in notices_of(request.db, tender.code)
        ],
    }


def shown_finding(finding: Finding) -> FoundByRule:
    """A finding as programs read it; `place` and `lawful` for words that the lint found."""
    mark = finding.mark
    clause = library().get(mark.clause) if mark else None
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity,
        "field": finding.field,
        "given": finding.given,
        "article": finding.article,
        "words": finding.words_en,
        "next_lawful": None if finding.next_lawful is None else str(finding.next_lawful),
        "overridden": finding.overridden,
        "blocks": finding.blocks,
        "place": mark
        and {"line": mark.line, "sentence": mark.sentence, "start": mark.start, "end": mark.end},
        "lawful": clause.text("zh") if clause else "",
    }


def first_template(request: Request) -> str:
    return str(drafts.kind_of(request.registry).templates("zh_CN")[0]["key"])


def json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Refused `json.object`."""
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refuse("json.object", _("The body must be a JSON object."))
    return body


def validated(values: dict[str, Any]) -> DraftTender:
    """The command. Raises Refused with every fault."""
    try:
        return DraftTender.model_validate(values)
    except ValidationError as error:
        raise Refused(faults_of(error)) from error
