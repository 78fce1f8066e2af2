"""The notice board (公告栏) and the notices' pages: free, for everybody, without logging in."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from trading.clock import parse_rfc3339, rfc3339
from trading.interfaces import ITenders
from trading.notices import service
from trading.notices.models import Notice
from trading.web import PUBLIC, _

FOLDER = "trading.notices:templates/"

KINDS = {
    "tender": _("Tender notice"),
    "amendment": _("Amendment notice"),
    "clarification": _("Clarification"),
    "result": _("Result notice"),
    "award": _("Award notice"),
    "failure": _("Failure notice"),
    "contract": _("Contract notice"),
    "suspension": _("Suspension notice"),
    "resumption": _("Resumption notice"),
    "cancellation": _("Cancellation notice"),
    "order": _("Order of the supervising authority"),
}
TONES = {"tender": "neutral", "amendment": "wait", "clarification": "neutral", "result": "good", "award": "good", "failure": "bad", "contract": "neutral",
         "suspension": "wait", "resumption": "good", "cancellation": "bad", "order": "wait"}  # fmt: skip
STATES = {"open": _("Bids may be handed in"), "closed": _("Deadline has passed")}


class Search(BaseModel):
    """What the board is asked for; what cannot be understood is left out."""

    model_config = ConfigDict(str_strip_whitespace=True, extra="ignore")

    q: str = ""
    kind: str = ""
    region: str = ""
    state: str = ""
    page: int = 1


def search_of(request: Request) -> Search:
    try:
        return Search.model_validate(dict(request.GET))
    except ValidationError:
        return Search(q=request.GET.get("q", ""))


def found(request: Request, search: Search) -> service.Board:
    return service.board(
        request.db, request.now(), text=search.q[:100], kind=search.kind, region=search.region[:6], state=search.state,
        page=search.page,
    )  # fmt: skip


@view_config(route_name="home", renderer=FOLDER + "board.jinja2", permission=PUBLIC)
def home(request: Request) -> Any:
    """The board: newest first, searchable, a page at a time."""
    search = search_of(request)
    board = found(request, search)

    def page_path(number: int) -> str:
        query = {k: v for k, v in search.model_dump().items() if v} | {"page": number}
        return str(request.route_path("home", _query=query))

    return {
        "board": board,
        "search": search,
        "kinds": KINDS,
        "tones": TONES,
        "states": STATES,
        "title_of": lambda notice: title_of(request, notice),
        "deadline_of": deadline_of,
        "page_path": page_path,
        "now": request.now(),
        "server_now": rfc3339(request.now()),
    }


@view_config(route_name="notice", renderer=FOLDER + "notice.jinja2", permission=PUBLIC)
def notice(request: Request) -> Any:
    """One notice in the reader's language, with what is needed to check it."""
    read = wanted(request)
    language = "en" if request.locale_name == "en" else "zh"
    text = read.shown.get("text", {})
    return {
        "notice": read,
        "title": title_of(request, read),
        "kinds": KINDS,
        "tones": TONES,
        "paragraphs": text.get(language) or text.get("zh") or [],
        "deadline": deadline_of(read),
        "others": [
            each for each in service.notices_of(request.db, read.tender) if each.id != read.id and each.listed
        ],
        "title_of": lambda each: title_of(request, each),
        "tender_path": tender_path(request, read.tender),
    }


@view_config(route_name="notice-raw", permission=PUBLIC)
def raw(request: Request) -> Response:
    """The exact bytes that were signed."""
    return Response(body=wanted(request).body, content_type="application/json")


@view_config(route_name="notice-signature", permission=PUBLIC)
def signature(request: Request) -> Response:
    """The detached signature (CMS, DER) over those bytes."""
    cms = wanted(request).cms
    if cms is None:
        raise HTTPNotFound()
    return Response(body=cms, content_type="application/pkcs7-signature")


@view_config(route_name="api-notices", renderer="json", permission=PUBLIC)
def listing(request: Request) -> Any:
    """The board for programs: the same search, the same pages."""
    board = found(request, search_of(request))
    return {
        "total": board.total,
        "page": board.page,
        "pages": board.pages,
        "notices": [
            {
                "id": str(each.id),
                "kind": each.kind,
                "tender": each.tender,
                "title": each.title,
                "region": each.region,
                "published": rfc3339(each.published_at),
                "sha256": each.sha256,
                "body": json.loads(each.body),
            }
            for each in board.notices
        ],
    }


def wanted(request: Request) -> Notice:
    """The notice of the address; one that is not on the board is for those only who may read about its tender."""
    read = service.find_notice(request.db, request.matchdict["id"])
    if read is None:
        raise HTTPNotFound()
    if not read.listed:
        request.registry.getUtility(ITenders).enter(request, read.tender)
    return read


def title_of(request: Request, read: Notice) -> str:
    """The title in the reader's language, as far as there is one."""
    return (read.shown.get("title_en") if request.locale_name == "en" else "") or read.title


def deadline_of(read: Notice) -> Any:
    """The bid deadline that a notice names, or None."""
    text = read.shown.get("deadline")
    return parse_rfc3339(text) if text else None


def tender_path(request: Request, code: str) -> str:
    """The tender's page; the room that has it is above this one."""
    try:
        return str(request.route_path("tender", code=code))
    except KeyError:
        return ""
