"""Amendments: the form over a published tender, the differences with the rulebook's word and one click to
sign, what everybody reads; questions and their answers. The JSON interface says the same."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.tenders import amending, drafts, publication, questions, versions
from bidding.tenders import amendment_rules as rules
from bidding.tenders.api import json_object, shown_finding, validated
from bidding.tenders.commands import DraftTender
from bidding.tenders.criteria import replaced
from bidding.tenders.models import Amendment, Tender
from bidding.tenders.views import (
    FOLDER,
    clause_taken,
    finding_words,
    form_page,
    initial_of,
    shown_form,
    visible,
)
from bidding.vault.encoding import b64
from trading.accounts import certificates
from trading.clock import BEIJING, rfc3339
from trading.errors import Refused
from trading.permissions import Permission
from trading.web import PUBLIC, Form, _, client_address, read_json

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]


class AmendTender(DraftTender):
    """The form with the reason that the notice gives."""

    reason: Words = ""

    @property
    def tender(self) -> DraftTender:
        return DraftTender.model_validate(self.model_dump(exclude={"reason"}))


class SignAmendment(BaseModel):
    """The signatures that publish an amendment; no `policy_cms` where no bid has to be sealed again."""

    notice_cms: Annotated[str, StringConstraints(min_length=1)]
    policy_cms: str = ""


class AskQuestion(BaseModel):
    text: Annotated[str, Field(max_length=questions.LONGEST)] = ""


class AnswerQuestion(BaseModel):
    """The question as it will be published, and its answer."""

    number: int
    text: Annotated[str, Field(max_length=questions.LONGEST)] = ""
    answer: Annotated[str, Field(max_length=questions.LONGEST)] = ""


class SignAnswer(BaseModel):
    number: int
    clarification_cms: Annotated[str, StringConstraints(min_length=1)]


# --- the form -------------------------------------------------------------------------------------


@view_config(route_name="tender-amend", renderer=FOLDER + "form.jinja2", permission=Permission.MANAGE_TENDER)
def amend(request: Request) -> Any:
    """The tender's form over what is published; the earliest lawful deadline is filled in."""
    tender: Tender = request.context
    now = request.now()
    amending.must_be_amendable(tender, now)
    row = versions.open_amendment(request.db, tender)
    proposed = amending.proposed_deadline(request.registry, tender, now)
    form = Form(request, AmendTender, amended_values(tender, row, proposed))
    if not clause_taken(request, form) and form.valid():
        try:
            amending.draft_amendment(
                request.db, request.registry, tender, form.command.tender, form.command.reason
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("tender-amendment", code=tender.code))
    page = form_page(request, form)
    return page | {"tender": tender, "templates": [], "amending": {"proposed": proposed}}


def amended_values(tender: Tender, row: Amendment | None, proposed: Any) -> dict[str, Any]:
    """The drafted amendment's form, else the published one with the deadline that a change made today needs."""
    if row is not None:
        local = DraftTender.model_validate(row.form).deadline.astimezone(BEIJING)
        return shown_form(row.form) | {"deadline": local.strftime("%Y-%m-%dT%H:%M"), "reason": row.reason}
    values = initial_of(tender) | {"reason": ""}
    if proposed > tender.deadline:
        values["deadline"] = proposed.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M")
    return values


# --- differences, findings, signature -------------------------------------------------------------


@view_config(
    route_name="tender-amendment", renderer=FOLDER + "amendment.jinja2", permission=Permission.MANAGE_TENDER
)
def amendment(request: Request) -> Any:
    """What is changed, what the rulebook says, and one click that signs and publishes."""
    tender, form = request.context, Form(request, SignAmendment)
    row = versions.open_amendment(request.db, tender)
    if row is None:
        return HTTPSeeOther(request.route_path("tender", code=tender.code))
    if form.valid():
        try:
            publish(request, form.command)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("tender", code=tender.code))
    readiness = amending.readiness_of(request.db, request.registry, tender, row, request.now())
    signed = {}
    if readiness.ready:
        made = amending.prepare_amendment(request.db, request.registry, tender)
        signed = {
            name: (b64(data), publication.made_hash(data))
            for name, data in amending.signed_bytes(made).items()
        }
    usable = certificates.usable(request.db, request.identity.user_id, request.now())
    return {
        "form": form,
        "tender": tender,
        "row": row,
        "changes": [change.shown() for change in rules.differences(row.before, row.form)],
        "readiness": readiness,
        "reseal": amending.needs_reseal(row),
        "signed": signed,
        "certificates": ",".join(each.sha256 for each in usable),
        "words": lambda finding: finding_words(request, finding),
    }


def publish(request: Request, command: SignAmendment) -> Any:
    policy = publication.cms_bytes(command.policy_cms, "policy_cms") if command.policy_cms else None
    return amending.publish_amendment(
        request.db, request.registry, request.actor, request.identity.user_id, request.context,
        publication.cms_bytes(command.notice_cms, "notice_cms"), policy,
    )  # fmt: skip


@view_config(
    route_name="tender-amendment-discard", request_method="POST", permission=Permission.MANAGE_TENDER
)
def discard(request: Request) -> Any:
    """Give the drafted amendment up."""
    amending.discard_amendment(request.db, request.context)
    return HTTPSeeOther(request.route_path("tender", code=request.context.code))


# --- the same for programs ------------------------------------------------------------------------


@view_config(
    route_name="api-amendment", request_method="PUT", renderer="json", permission=Permission.MANAGE_TENDER
)
def api_draft(request: Request) -> Any:
    """{field: value…, "reason"}: the fields that are to change; the rest stays as published."""
    given = json_object(request)
    reason = str(given.pop("reason", ""))
    tender = request.context
    amending.draft_amendment(
        request.db, request.registry, tender, validated(replaced(tender.form, given)), reason
    )
    return api_facts(request)


@view_config(
    route_name="api-amendment", request_method="GET", renderer="json", permission=Permission.MANAGE_TENDER
)
def api_facts(request: Request) -> Any:
    """Differences, findings, the earliest lawful deadline; when all is ready, the bytes to sign."""
    tender, now = request.context, request.now()
    proposed = amending.proposed_deadline(request.registry, tender, now)
    row = versions.open_amendment(request.db, tender)
    answer: dict[str, Any] = {"earliest_deadline": rfc3339(proposed), "amendment": None}
    if row is None:
        return answer
    readiness = amending.readiness_of(request.db, request.registry, tender, row, now)
    documents = None
    if readiness.ready:
        made = amending.prepare_amendment(request.db, request.registry, tender)
        documents = {
            name: {"data": b64(data), "sha256": publication.made_hash(data)}
            for name, data in amending.signed_bytes(made).items()
        }
    return answer | {
        "amendment": row.version,
        "changes": [change.document() for change in rules.differences(row.before, row.form)],
        "findings": [shown_finding(finding) for finding in readiness.findings],
        "custodians_ready": readiness.keys_ready,
        "reseal": amending.needs_reseal(row),
        "ready": readiness.ready,
        "documents": documents,
    }


@view_config(
    route_name="api-amendment", request_method="POST", renderer="json", permission=Permission.MANAGE_TENDER
)
def api_publish(request: Request) -> Any:
    """{"notice_cms", "policy_cms"} in base64url → published."""
    notice = publish(request, read_json(request, SignAmendment))
    return {"notice": str(notice.id), "policy": request.context.policy_hash}


# --- questions ------------------------------------------------------------------------------------


@view_config(route_name="tender-questions", renderer=FOLDER + "questions.jinja2", permission=PUBLIC)
def questions_page(request: Request) -> Any:
    """Clarifications for everybody; for bidders a field to ask, for the buyers what waits for an answer."""
    tender = visible(request)
    form = Form(request, AskQuestion)
    bidder = request.identity is not None and bool(request.has_permission(Permission.BID))
    if bidder and form.valid():
        try:
            ask(request, form.command.text)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(
                request.route_path("tender-questions", code=tender.code, _query={"asked": "1"})
            )
    user, buyer = request.identity, bool(request.has_permission(Permission.MANAGE_TENDER))
    kind = drafts.kind_of(request.registry, tender.kind)
    return {
        "tender": tender,
        "form": form,
        "clarified": [answered(row) for row in questions.clarified(request.db, tender)],
        "bidder": bidder,
        "why_not": questions.may_ask(request.db, request.keys, tender, user.user_id, request.now())
        if bidder
        else "",
        "asked": "asked" in request.GET,
        "waiting": waiting(request, tender) if buyer else [],
        "buyer": buyer,
        "last_day": questions.last_day(tender, kind.regime),
        "certificates": certificates_of(request) if buyer else "",
    }


def ask(request: Request, text: str) -> None:
    questions.ask(
        request.db, request.keys, request.context, request.identity.user_id, client_address(request), text
    )


def answered(row: Any) -> dict[str, Any]:
    """A clarification as pages and programs show it: the signed words."""
    said = json.loads(row.body)
    names = ("number", "question", "answer")
    return {name: said[name] for name in names} | {"at": row.answered_at, "sha256": digest(row.body)}


def waiting(request: Request, tender: Tender) -> list[dict[str, Any]]:
    """Questions without a published answer, with the bytes to sign where there is a draft."""
    found = []
    for row in questions.questions_of(request.db, tender):
        if row.answered_at is not None:
            continue
        text = questions.words_of(request.keys, row)
        signed = (b64(row.body), digest(row.body)) if row.body else None
        found.append(
            {"number": row.number, "text": text, "answer": row.answer, "at": row.asked_at, "signed": signed}
        )
    return found


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def certificates_of(request: Request) -> str:
    usable = certificates.usable(request.db, request.identity.user_id, request.now())
    return ",".join(each.sha256 for each in usable)


@view_config(route_name="tender-answer", request_method="POST", permission=Permission.MANAGE_TENDER)
def answer(request: Request) -> Any:
    """Write an answer; the page then shows it to be signed."""
    form = Form(request, AnswerQuestion)
    if form.valid():
        questions.draft_answer(
            request.db, request.context, form.command.number, form.command.text, form.command.answer
        )
    return HTTPSeeOther(request.route_path("tender-questions", code=request.context.code))


@view_config(route_name="tender-clarify", request_method="POST", permission=Permission.MANAGE_TENDER)
def clarify(request: Request) -> Any:
    """Publish the signed answer."""
    form = Form(request, SignAnswer)
    if form.valid():
        publish_answer(request, form.command)
    return HTTPSeeOther(request.route_path("tender-questions", code=request.context.code))


def publish_answer(request: Request, command: SignAnswer) -> Any:
    return questions.publish_answer(
        request.db, request.registry, request.actor, request.identity.user_id, request.context, command.number,
        publication.cms_bytes(command.clarification_cms, "clarification_cms"),
    )  # fmt: skip


@view_config(
    route_name="api-tender-questions", request_method="POST", renderer="json", permission=Permission.BID
)
def api_ask(request: Request) -> Any:
    """{"text"}: ask; 201. Nobody learns who did."""
    ask(request, read_json(request, AskQuestion).text)
    request.response.status = 201
    return {"asked": True}


@view_config(route_name="api-tender-questions", request_method="GET", renderer="json", permission=PUBLIC)
def api_questions(request: Request) -> Any:
    """Clarifications; for the buyers also the questions that wait."""
    tender = visible(request)
    rows = [answered(row) for row in questions.clarified(request.db, tender)]
    for row in rows:
        row["at"] = rfc3339(row["at"])
    open_ones = waiting(request, tender) if request.has_permission(Permission.MANAGE_TENDER) else []
    shown = [{"number": q["number"], "text": q["text"], "at": rfc3339(q["at"])} for q in open_ones]
    return {"clarifications": rows, "waiting": shown}


@view_config(
    route_name="api-answers", request_method="PUT", renderer="json", permission=Permission.MANAGE_TENDER
)
def api_answer(request: Request) -> Any:
    """{"number", "text", "answer"} → the bytes to sign."""
    command = read_json(request, AnswerQuestion)
    row = questions.draft_answer(request.db, request.context, command.number, command.text, command.answer)
    return {"data": b64(row.body or b""), "sha256": digest(row.body or b"")}


@view_config(
    route_name="api-answers", request_method="POST", renderer="json", permission=Permission.MANAGE_TENDER
)
def api_clarify(request: Request) -> Any:
    """{"number", "clarification_cms"} → published."""
    notice = publish_answer(request, read_json(request, SignAnswer))
    return {"notice": str(notice.id), "title": request.localizer.translate(_("Clarification"))}
