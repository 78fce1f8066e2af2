"""The advisory committee's pages: for who asks, the pool office, and the members.

Who is convened is shown to the pool office and the regulator; the buyers and the members see seats."""

from __future__ import annotations

import base64
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from expert_pool.advisory import opinion, service, words
from expert_pool.advisory.commands import Ask, Conclude, Convene, Draft, NewChair, SetMembers, Vote
from expert_pool.advisory.models import OpinionRequest
from expert_pool.experts import service as experts
from expert_pool.experts.looking import looked
from expert_pool.experts.service import Evidence
from expert_pool.experts.views import attached
from trading.accounts import certificates
from trading.errors import Refused, refuse
from trading.interfaces import ITenders
from trading.permissions import Permission
from trading.supervision import acts, papers
from trading.web import Card, Form, _

FOLDER = "expert_pool:advisory/templates/"


class InRequest:
    """The request of the address, with the buyers of its tender, so that permission rows can judge it."""

    def __init__(self, request: Request) -> None:
        try:
            self.request: OpinionRequest = service.find(
                request.db, request.matchdict["number"], lock=request.method == "POST"
            )
        except Refused:
            raise HTTPNotFound() from None
        self.tender = request.port(ITenders).find(request.db, self.request.tender)
        self.tenderer_id, self.agency_id = self.tender.tenderer_id, self.tender.agency_id


def in_tender(request: Request) -> Any:
    """The tender of the address."""
    return request.port(ITenders).context(request)


# --- the committee --------------------------------------------------------------------------------


@view_config(route_name="advisory", renderer=FOLDER + "committee.jinja2", permission=Permission.SEE_POOL)
def committee(request: Request) -> Any:
    """Members and requests; the pool office appoints."""
    form = Form(request, SetMembers)
    if form.posted and not request.has_permission(Permission.MANAGE_POOL):
        raise refuse("advisory.office", _("Only the pool office appoints members"))
    if form.carried_out(
        lambda: service.set_members(
            request.db,
            request.keys,
            request.actor,
            form.command.numbers.split(),
            form.command.reason,
            attached(request),
        )
    ):
        return HTTPSeeOther(request.route_path("advisory"))
    looked(request.db, request.actor, "pool/advisory")
    rows = service.member_rows(request.db)
    if not form.posted:
        form.values = {"numbers": " ".join(row.number for row in rows)}
    return {
        "form": form,
        "members": [experts.read(request.keys, row) for row in rows],
        "requests": listed(request, service.requests(request.db)),
        "states": words.STATES,
    }


def listed(request: Request, found: list[OpinionRequest]) -> list[tuple[OpinionRequest, str]]:
    """Requests with their subjects."""
    return [(each, service.content_of(request.keys, each)["subject"]) for each in found]


# --- who asks -------------------------------------------------------------------------------------


@view_config(route_name="advice", renderer=FOLDER + "ask.jinja2", permission=Permission.ASK_ADVICE)
def ask(request: Request) -> Any:
    """A tender's requests, and a new one."""
    tender, form = request.context, Form(request, Ask)
    if form.valid():
        upload = request.POST.getall("papers")
        files = [
            Evidence(one.filename or "", one.file.read(papers.LARGEST + 1))
            for one in upload
            if hasattr(one, "file")
        ]
        try:
            made = service.ask(request.db, request.keys, request.actor, tender, form.command, files)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("opinion", number=made.number))
    found = listed(request, service.requests(request.db, tender.code))
    return {"form": form, "tender": tender, "requests": found, "states": words.STATES}


# --- one request ----------------------------------------------------------------------------------


def reader_of(request: Request) -> str:
    """office | regulator | member | asker; everybody else gets 404."""
    context = request.context
    if request.has_permission(Permission.MANAGE_POOL):
        return "office"
    if request.has_permission(Permission.SEE_POOL):
        return "regulator"
    if request.has_permission(Permission.OWN_EXPERTISE) and service.seat_of(
        request.db, request.keys, context.request, request.identity.user_id
    ):
        return "member"
    if request.has_permission(Permission.SEE_ADVICE):
        return "asker"
    raise HTTPNotFound()


@view_config(
    route_name="opinion",
    request_method="GET",
    renderer=FOLDER + "opinion.jinja2",
    permission=Permission.OWN_ACCOUNT,
)
def opinion_page(request: Request) -> Any:
    """A request with what the reader can do about it now."""
    return page(request, Form(request, Draft))


def page(request: Request, form: Form) -> dict[str, Any]:
    found, reader = request.context.request, reader_of(request)
    content, seats = service.content_of(request.keys, found), service.seats(request.db, found)
    cast = service.ballots(request.db, request.keys, found) if seats else []
    own = (
        service.seat_of(request.db, request.keys, found, request.identity.user_id)
        if reader == "member"
        else None
    )
    ready = found.state == "drafted" and opinion.carried(cast, found.quorum)
    if reader in ("office", "regulator"):
        looked(request.db, request.actor, f"pool/advisory/{found.number}")
    names = (
        [experts.read(request.keys, row) for _seat, row in seats] if reader in ("office", "regulator") else []
    )
    usable = certificates.usable(request.db, request.identity.user_id, request.now()) if own else []
    raw = service.to_sign(request.db, request.keys, found) if ready and own and own.chair else b""
    return {
        "opinion": found, "content": content, "tender": request.context.tender, "reader": reader, "form": form,
        "ballots": cast, "voted": sum(bool(ballot.vote) for ballot in cast), "names": names, "own": own, "ready": ready,
        "tally": opinion.tally(cast), "raw": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), "words": words,
        "certificates": ",".join(each.sha256 for each in usable),
        "members": [row.number for row in service.member_rows(request.db)] if reader == "office" else [],
    }  # fmt: skip


ACTS: dict[str, tuple[type, Permission]] = {
    "convene": (Convene, Permission.MANAGE_POOL),
    "chair": (NewChair, Permission.MANAGE_POOL),
    "draft": (Draft, Permission.OWN_EXPERTISE),
    "vote": (Vote, Permission.OWN_EXPERTISE),
    "sign": (Conclude, Permission.OWN_EXPERTISE),
}


@view_config(
    route_name="opinion-act",
    request_method="POST",
    renderer=FOLDER + "opinion.jinja2",
    permission=Permission.OWN_ACCOUNT,
)
def act(request: Request) -> Any:
    """Convene, replace the chair, draft, vote, sign."""
    name, found = request.matchdict["act"], request.context.request
    command, permission = ACTS[name]
    if not request.has_permission(permission):
        raise HTTPNotFound()
    form = Form(request, command)
    if form.carried_out(lambda: carry_out(request, name, found, form.command)):
        return HTTPSeeOther(request.route_path("opinion", number=found.number))
    return page(request, form)


def carry_out(request: Request, name: str, found: OpinionRequest, command: Any) -> None:
    db, keys, actor = request.db, request.keys, request.actor
    if name == "convene":
        service.convene(db, keys, actor, found, request.context.tender, command.numbers.split())
    elif name == "chair":
        service.replace_chair(db, actor, found, command)
    elif name == "draft":
        service.draft(db, keys, actor, found, command)
    elif name == "vote":
        service.vote(db, keys, actor, found, command)
    else:
        service.conclude(db, keys, request.registry, actor, found, acts.decoded(command.opinion_cms))


@view_config(route_name="opinion-paper", request_method="GET", permission=Permission.OWN_ACCOUNT)
def paper(request: Request) -> Response:
    """A paper that came with the question, or the opinion: `opinion.json` and its signature `opinion.p7s`, whose
    certificate names the chair: only who may know the members gets that."""
    found, name = request.context.request, request.matchdict["name"]
    if reader_of(request) not in ("office", "regulator") and name == "opinion.p7s":
        raise HTTPNotFound()
    written = {"opinion.json": found.opinion, "opinion.p7s": found.p7s}.get(name)
    if written:
        return download(written, name.replace("opinion", found.number))
    kept = papers.find(request.db, service.scope(found.number), name)
    if kept is None:
        raise HTTPNotFound()
    return download(papers.read(request.keys, kept)[1], kept.sha256[:16])


def download(data: bytes, name: str) -> Response:
    response = Response(body=data, content_type="application/octet-stream")
    response.content_disposition = f'attachment; filename="{name}"'
    return response


# --- desks ----------------------------------------------------------------------------------------


def office_cards(request: Request) -> list[Card]:
    """Requests that wait for members."""
    return [
        Card(_("Convene advisers"), request.route_path("opinion", number=each.number), each.number, "now")
        for each in service.requests(request.db)
        if each.state == "asked"
    ]


def member_cards(request: Request) -> list[Card]:
    """Requests on which the reader has something to do."""
    return [
        Card(
            _("Advisory opinion"),
            request.route_path("opinion", number=each.number),
            words.STATES[each.state][0],
            "now",
        )
        for each in service.waiting_for(request.db, request.keys, request.identity.user_id)
    ]
