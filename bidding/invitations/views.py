"""The page of an invitation (邀请供应商): list, witnesses, draw, record, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.invitations import drawing, service
from bidding.invitations.commands import ListCandidates, SignRecord
from bidding.invitations.reading import seen_by
from bidding.tenders.publication import cms_bytes
from bidding.vault.encoding import b64
from trading.accounts import certificates
from trading.permissions import Permission
from trading.web import Form, _

PAGE = "bidding.invitations:templates/invitation.jinja2"
STEPS = (
    ("list", _("List of candidates")), ("watch", _("Two witnesses")), ("draw", _("Draw")), ("sign", _("Sign the record")),
)  # fmt: skip
SOURCES = (("pool", _("Supplier pool")), ("recommendation", _("The purchaser’s written recommendation")))


class Nothing(BaseModel):
    """A button."""


@view_config(
    route_name="invitation", request_method="GET", renderer=PAGE, permission=Permission.SEE_INVITATION
)
def page(request: Request) -> Any:
    """Where the invitation stands, and what this reader does next."""
    return shown(request, Form(request, ListCandidates))


def shown(request: Request, form: Form) -> dict[str, Any]:
    seen = seen_by(request)
    usable = (
        certificates.usable(request.db, request.identity.user_id, request.now())
        if seen.owes_signature
        else []
    )
    if not form.posted and seen.listed:
        form.values = seen.listed | {
            "candidates": [f"{one['id']} {one['name']}" for one in seen.listed["candidates"]]
        }
    typed = form.values.get("candidates", [])
    form.values["candidates"] = "\n".join(text for text in typed if isinstance(text, str))
    return {
        "seen": seen,
        "tender": seen.tender,
        "form": form,
        "steps": [(request.localizer.translate(words), when) for words, when in progress(seen.step)],
        "sources": SOURCES,
        "signed": (b64(seen.raw), service.digest(seen.raw)) if seen.owes_signature else None,
        "certificates": ",".join(each.sha256 for each in usable),
        "least": {"suppliers": seen.rules[0], "pool": seen.rules[1], "witnesses": seen.rules[2]},
    }


def progress(step: str) -> list[tuple[str, str]]:
    """The steps as the page shows them."""
    order = [name for name, _words in STEPS]
    here = {"drawing": "draw", "done": ""}.get(step, step)
    at = order.index(here) if here else len(order)
    return [
        (words, "now" if place == at else "done" if place < at else "next")
        for place, (_name, words) in enumerate(STEPS)
    ]


def carried_out(request: Request, model: type[BaseModel], act: Callable[[Any], object]) -> Any:
    """Do what was posted; then the page again, with the faults when it is refused."""
    form = Form(request, model)
    if form.carried_out(lambda: act(form.command)):
        return HTTPSeeOther(request.route_path("invitation", code=request.context.code))
    return shown(request, form)


def means(request: Request) -> tuple[Any, Any, Any, str]:
    return request.db, request.registry, request.actor, request.context.code


@view_config(
    route_name="invitation-list", request_method="POST", renderer=PAGE, permission=Permission.MANAGE_TENDER
)
def list_candidates(request: Request) -> Any:
    """The agent files the list."""
    upload = request.POST.get("upload")
    paper = (upload.filename, upload.file.read()) if getattr(upload, "filename", "") else ("", b"")
    return carried_out(
        request, ListCandidates, lambda command: service.list_candidates(*means(request), command, paper)
    )


@view_config(
    route_name="invitation-witness", request_method="POST", renderer=PAGE, permission=Permission.WITNESS_INVITATION
)  # fmt: skip
def watch(request: Request) -> Any:
    """One of the purchaser's staff is present."""
    db, _registry, actor, code = means(request)
    return carried_out(request, Nothing, lambda _command: service.watch(db, actor, code))


@view_config(
    route_name="invitation-draw", request_method="POST", renderer=PAGE, permission=Permission.MANAGE_TENDER
)
def draw(request: Request) -> Any:
    """The draw begins."""
    return carried_out(request, Nothing, lambda _command: drawing.start(*means(request)))


@view_config(
    route_name="invitation-record", request_method="POST", renderer=PAGE, permission=Permission.WITNESS_INVITATION
)  # fmt: skip
def sign(request: Request) -> Any:
    """A witness signs the record."""
    return carried_out(
        request, SignRecord,
        lambda command: service.sign(*means(request), cms_bytes(command.record_cms, "record_cms")),
    )  # fmt: skip
