"""The tender's pages: drafting, the finished document, signing, the public page, the download log."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from bidding.tenders import amendment_rules as rules
from bidding.tenders import (
    checking,
    clausing,
    downloads,
    drafts,
    investment,
    invited,
    papers,
    publication,
    repeating,
    versions,
    words,
)
from bidding.tenders.commands import DraftTender, OverrideRule, SignPublication
from bidding.tenders.criteria import Row, rows_of
from bidding.tenders.interruptions import standstill
from bidding.tenders.links import address, links
from bidding.tenders.models import Tender
from bidding.tenders.readiness import custodians, publishable
from bidding.tenders.service import method_of
from bidding.vault.encoding import b64
from trading.accounts import certificates
from trading.accounts.models import User
from trading.clock import BEIJING, rfc3339
from trading.errors import Refused
from trading.notices import views as notices
from trading.notices.service import documents_of, notices_of, take_document
from trading.permissions import Permission
from trading.rulebook import clauses
from trading.rulebook.methods import OPEN, is_invited
from trading.rulebook.plan import Finding
from trading.supervision import suspensions
from trading.web import PUBLIC, Form, client_address

FOLDER = "bidding.tenders:templates/"
SPARE_ROWS = 2
"""Empty rows for further items, for readers without script."""


def visible(request: Request) -> Tender:
    """The tender of the address, when this reader may see it: a draft is its buyers' own business."""
    tender: Tender = request.context
    if tender.published_at is None and not request.has_permission(Permission.MANAGE_TENDER):
        raise HTTPNotFound()
    return tender


# --- drafting -------------------------------------------------------------------------------------


@view_config(route_name="tender-new", renderer=FOLDER + "form.jinja2", permission=Permission.DRAFT_TENDER)
def new(request: Request) -> Any:
    """A tender from a template: everything is filled in, the agent corrects what differs."""
    templates = drafts.kind_of(request.registry).templates(request.locale_name)
    template = request.params.get("template") or templates[0]["key"]
    method = request.GET.get("method", "")
    form = Form(
        request, DraftTender, drafts.initial_values(request.registry, template, request.now(), method)
    )
    if not clause_taken(request, form) and form.valid():
        user = request.db.get(User, request.identity.user_id)
        try:
            tender = drafts.create_draft(request.db, request.registry, request.actor, user, form.command)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("tender-preview", code=tender.code))
    return form_page(request, form) | {"tender": None, "templates": templates}


@view_config(route_name="tender-edit", renderer=FOLDER + "form.jinja2", permission=Permission.MANAGE_TENDER)
def edit(request: Request) -> Any:
    """The same form over a draft."""
    tender = request.context
    drafts.must_be_draft(tender)
    form = Form(request, DraftTender, initial_of(tender))
    if not clause_taken(request, form) and form.valid():
        try:
            drafts.edit_draft(request.db, request.registry, tender, form.command)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("tender-preview", code=tender.code))
    return form_page(request, form) | {"tender": tender, "templates": []}


def initial_of(tender: Tender) -> dict[str, Any]:
    """The stored form as the fields show it: Beijing time, plain numbers."""
    draft = drafts.draft_of(tender)
    local = draft.deadline.astimezone(BEIJING)
    shown = local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")
    return shown_form(tender.form) | {"deadline": shown}


def shown_form(form: dict[str, Any]) -> dict[str, Any]:
    """A stored form as its fields show it: nothing for what was left to the template."""
    return {name: "" if value is None else value for name, value in form.items()}


def form_page(request: Request, form: Form) -> dict[str, Any]:
    """What the form's template needs beside the form: dates, rows of items."""
    columns = [form.value(name) or [] for name in ("item_name", "item_unit", "item_quantity")]
    rows = [row for row in zip(*columns, strict=False) if any(row)]
    rows += [("", "", "")] * SPARE_ROWS
    return {
        "form": form,
        "rows": rows,
        "criteria": [*criteria_of(form.values), *[Row()] * SPARE_ROWS],
        "taken": request.POST.get("clause", "").partition("@")[2].partition("@")[0],
        "clauses": {field: clauses.for_field(field) for field in clauses.FIELDS},
        **checked(request, form),
        "words": words,
    }


def criteria_of(values: dict[str, Any]) -> list[Row]:
    """The rows of criteria as typed; none when a program's lists do not belong together."""
    try:
        return rows_of(values)
    except ValueError:
        return []


@view_config(
    route_name="tender-check", request_method="POST", renderer=FOLDER + "check.jinja2", permission=Permission.DRAFT_TENDER
)  # fmt: skip
def check(request: Request) -> Any:
    """What the rules say to a form that is being typed; nothing is stored."""
    return checked(request, Form(request, DraftTender)) | {"typing": True}


def checked(request: Request, form: Form) -> dict[str, Any]:
    """The criteria's sums and faults, and the forbidden conditions in the words, each with lawful wording."""
    now = request.now()
    return {
        "check": checking.criteria_check(request.registry, form.values, now),
        "words_found": checking.words_check(request.registry, form.values, now),
        "said": lambda finding: finding_words(request, finding),
        "remedy": clausing.remedy_of,
        "clause_of": lambda finding: clauses.library().get(finding.mark.clause),
        "labels": rules.LABELS,
        "dates": drafts.earliest(now, method := str(form.value("method") or OPEN)),
        "time_rules": drafts.time_rules(method, now),
    }


def clause_taken(request: Request, form: Form) -> bool:
    """Whether a clause of the library or the earliest dates were asked for: they are put into the form, and nothing
    is saved yet."""
    if "dates" in request.POST:
        kind, method = drafts.kind_of(request.registry), str(form.value("method") or OPEN)
        form.values |= drafts.timetable(kind, method, request.now())
        return True
    asked = request.POST.get("clause", "")
    if not asked:
        return False
    try:
        form.values = clausing.take(form.values, asked, request.locale_name)
    except ValueError:  # criteria whose lists do not belong together: shown as they are
        return True
    return True


# --- the finished document, the gates, the custodians ----------------------------------------------


@view_config(
    route_name="tender-preview", renderer=FOLDER + "preview.jinja2", permission=Permission.MANAGE_TENDER
)
def preview(request: Request) -> Any:
    """The finished document, what the rulebook says to it, and whose keys are here."""
    return preview_page(request, Form(request, OverrideRule))


@view_config(
    route_name="tender-override", request_method="POST", renderer=FOLDER + "preview.jinja2",
    permission=Permission.OVERRIDE_RULE,
)  # fmt: skip
def override(request: Request) -> Any:
    """Set a refusal aside, with a reason."""
    tender, form = request.context, Form(request, OverrideRule)
    if form.valid():
        try:
            drafts.override_rule(
                request.db, request.registry, request.actor, request.identity.user_id, tender, form.command
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("tender-preview", code=tender.code))
    return preview_page(request, form)


def preview_page(request: Request, form: Form) -> dict[str, Any]:
    tender = request.context
    drafts.must_be_draft(tender)
    now = request.now()
    readiness = publishable(request.db, request.registry, tender, now)
    setting = publication.setting_of(request.registry, tender, now, "")
    return {
        "form": form,
        "tender": tender,
        "readiness": readiness,
        "sections": papers.sections(drafts.draft_of(tender), setting, request.locale_name),
        "words": lambda finding: finding_words(request, finding),
        "labels": rules.LABELS,
        "document_name": setting.kind.document_name(method_of(tender), request.locale_name),
        "invitation": address(request, "invitation", tender) if is_invited(method_of(tender)) else "",
    }


def finding_words(request: Request, finding: Finding) -> tuple[str, str]:
    """Article and the rule's own words in the reader's language."""
    if request.locale_name == "en":
        return finding.article, finding.words_en
    return finding.article_zh, finding.words_zh


@view_config(route_name="tender-discard", request_method="POST", permission=Permission.MANAGE_TENDER)
def discard(request: Request) -> Any:
    """Give a draft up."""
    drafts.discard(request.db, request.actor, request.context)
    return HTTPSeeOther(request.route_path("desk"))


# --- signing --------------------------------------------------------------------------------------


@view_config(
    route_name="tender-publish", renderer=FOLDER + "publish.jinja2", permission=Permission.MANAGE_TENDER
)
def publish(request: Request) -> Any:
    """One click signs the notice (with the hashes of all documents) and the seal policy, and publishes."""
    tender, form = request.context, Form(request, SignPublication)
    if tender.published_at is not None:
        return HTTPSeeOther(request.route_path("tender", code=tender.code))
    if form.valid():
        try:
            publication.publish(
                request.db, request.registry, request.actor, request.identity.user_id, tender,
                publication.cms_bytes(form.command.notice_cms, "notice_cms"),
                publication.cms_bytes(form.command.policy_cms, "policy_cms"),
            )  # fmt: skip
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("tender", code=tender.code))
    made = publication.prepare(request.db, request.registry, tender)
    usable = certificates.usable(request.db, request.identity.user_id, request.now())
    return {
        "form": form,
        "tender": tender,
        "notice": json.loads(made.notice),
        "files": json.loads(made.documents)["files"],
        "signed": {
            name: (b64(data), publication.made_hash(data))
            for name, data in publication.signed_bytes(made).items()
        },
        "certificates": ",".join(each.sha256 for each in usable),
    }


# --- the public page ------------------------------------------------------------------------------


@view_config(route_name="tender", renderer=FOLDER + "tender.jinja2", permission=PUBLIC)
def tender_page(request: Request) -> Any:
    """What is bought, until when, by which rules, and where it stands."""
    tender = visible(request)
    if tender.published_at is None:
        return HTTPSeeOther(request.route_path("tender-preview", code=tender.code))
    kind, draft = drafts.kind_of(request.registry, tender.kind), drafts.draft_of(tender)
    *_replaced, newest = versions.versions(request.db, tender)
    return {
        "investment": investment.project_of(request.db, request.registry, tender.investment_code),
        "dict_of": dict,
        "parent": request.db.get(Tender, tender.parent_id) if tender.parent_id else None,
        "final_offers": final_offers(request, tender),
        "version": newest,
        "current": {row["name"] for row in json.loads(newest.documents)["files"]},
        "amendments": versions.amendments_of(request.db, tender),
        "drafted": request.has_permission(Permission.MANAGE_TENDER)
        and versions.open_amendment(request.db, tender),
        "tender": tender,
        "draft": draft,
        "texts": (texts := papers.worded(draft, kind, request.locale_name)),
        "criteria": papers.criteria_rows(tender.rules, texts["criteria"], request.locale_name),
        "stages": stages(kind, tender, request.locale_name),
        "stage": kind.label("stage", kind.stage_of(tender.state), request.locale_name, method_of(tender)),
        "procurement": method_of(tender),
        "document_name": kind.document_name(method_of(tender), request.locale_name),
        "documents": documents_of(request.db, tender.code),
        "documents_sha256": hashlib.sha256(newest.documents).hexdigest(),
        "notices": notices_of(request.db, tender.code),
        "notice_kinds": notices.KINDS,
        "suspension": suspensions.of_tender(request.db, tender, request.now()),
        "standstill": standstill(request.db, tender),
        "custodians": custodians(request.db, request.registry, tender),
        "now": request.now(),
        "server_now": rfc3339(request.now()),
        "deadline": rfc3339(tender.deadline),
        "links": links(request, tender),
        "changes_of": lambda row: versions.changes_since([row], row.form),
        "percent": papers.percent,
        "words": words,
    } | repeated(request, tender)


def final_offers(request: Request, tender: Tender) -> Tender | None:
    """The tender for the final offers of this one, for those who may enter it."""
    query = select(Tender).where(Tender.parent_id == tender.id, Tender.published_at.is_not(None))
    found = request.db.scalars(query).first()
    may = found is not None and invited.admits(request.db, request.keys, found, request.identity)
    return found if may else None


def repeated(request: Request, tender: Tender) -> dict[str, Any]:
    """What this tender repeats and what repeats it; a draft that repeats it only its buyers see."""
    before = repeating.predecessors(request.db, tender)
    after = repeating.successor(request.db, tender)
    buys = bool(request.has_permission(Permission.MANAGE_TENDER))
    return {
        "predecessor": before[0] if before else None,
        "failures": sum(each.state == "failed" for each in before),
        "successor": after if after and (after.published_at or buys) else None,
        "advice": repeating.advice(request.db, request.registry, tender, request.now()),
        "failed_in_all": repeating.failures_of(request.db, tender),
        "may_repeat": buys and after is None and tender.state in ("failed", "cancelled"),
    }


def stages(kind: Any, tender: Tender, locale: str) -> list[tuple[str, str]]:
    """The kind's stages as steps; a failed or cancelled tender shows that as its last."""
    ended = tender.state in ("failed", "cancelled")
    rows = [stage for stage in kind.data["stage"] if stage["key"] != "preparation"]
    rows = [stage for stage in rows if (stage["key"] == "ended") <= ended]
    here = kind.stage_of(tender.state)
    found, steps = False, []
    for stage in rows:
        now = stage["key"] == here
        found = found or now
        last = now and tender.state in ("contracted", "failed", "cancelled")
        when = "done" if last and not ended else "now" if now else "next" if found else "done"
        if ended and not now:
            when = "next"
        steps.append((kind.label("stage", stage["key"], locale, method_of(tender)), when))
    return steps


@view_config(route_name="tender-document", request_method="GET", permission=PUBLIC)
def document(request: Request) -> Response:
    """A file of the tender documents: free, for everybody, without signing up; who took it is sealed."""
    tender = visible(request)
    user = str(request.identity.user_id) if request.identity else ""
    found, data = take_document(
        request.db, request.registry, request.keys, tender=tender.code, lot=tender.lot.code,
        name=request.matchdict["name"], address=client_address(request), user=user,
    )  # fmt: skip
    response = Response(body=data, content_type=found.media_type)
    response.content_disposition = f'attachment; filename="{tender.code}-{found.name}"'
    response.cache_control = "no-store"
    return response


@view_config(
    route_name="tender-downloads", renderer=FOLDER + "downloads.jinja2", permission=Permission.MANAGE_TENDER
)
def download_log(request: Request) -> Any:
    """Who took the documents; closed to everybody until the deadline. Every look is an entry."""
    tender = visible(request)
    rows = downloads.look(request.db, request.registry, request.actor, tender)
    return {"tender": tender, "rows": rows}
