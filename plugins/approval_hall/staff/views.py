"""Pages of posts and powers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from plugins.approval_hall.catalogue.item import kinds
from plugins.approval_hall.catalogue.publishing import library
from plugins.approval_hall.staff import granting, posts, powers
from plugins.approval_hall.uploads import signature, unpadded
from plugins.approval_hall.words import POSTS, POWERS
from trading.errors import Refused
from trading.interfaces import IAccounts
from trading.web import Form

FOLDER = "plugins.approval_hall:staff/templates/"


class Appoint(BaseModel):
    """Somebody gets a post."""

    department: str
    login: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    post: str


@view_config(route_name="hall-posts", renderer=FOLDER + "posts.jinja2", permission="hall-staff")
def all_posts(request: Request) -> Any:
    """Who holds which post; the manager gives them."""
    form = Form(request, Appoint)
    if form.posted and not request.has_permission("hall-manage"):
        raise HTTPNotFound()

    def act() -> None:
        posts.appoint(
            request.db,
            request.registry,
            request.actor,
            form.command.department,
            form.command.login,
            form.command.post,
        )

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("hall-posts"))
    accounts = request.port(IAccounts)
    rows = []
    for key, called in library(request.registry).departments.items():
        held = posts.holders(request.db, key)
        people = {post: (row, accounts.get(request.db, row.user_id)) for post, row in held.items()}
        matrix, version = None, 0
        if posts.REPRESENTATIVE in held:
            matrix, version = granting.standing(request.db, key, held[posts.REPRESENTATIVE].user_id)
        is_head = posts.HEAD in held and held[posts.HEAD].user_id == request.identity.user_id
        rows.append(
            {
                "key": key,
                "name": called.of(request.locale_name),
                "people": people,
                "matrix": matrix,
                "version": version,
                "head": is_head,
            }
        )
    able = sorted(
        {
            user.login: user
            for role in set(posts.ROLE_OF.values())
            for user in accounts.with_role(request.db, role)
        }.values(),
        key=lambda user: user.login,
    )
    return {"rows": rows, "form": form, "posts": POSTS, "powers": POWERS, "kinds": kinds(), "people": able}


@view_config(route_name="hall-absence", request_method="POST", permission="hall-handle")
def absence(request: Request) -> Any:
    """Away, or back."""
    posts.absent(request.db, request.actor, request.POST.get("absent") == "true")
    return HTTPSeeOther(request.route_path("hall-queue"))


@view_config(route_name="hall-powers", renderer=FOLDER + "powers.jinja2", permission="hall-handle")
def letter(request: Request) -> Any:
    """The head chooses the powers, reads the letter, signs it."""
    department = request.matchdict["department"]
    if department not in library(request.registry).departments:
        raise HTTPNotFound()
    asked = request.POST if request.method == "POST" else request.GET
    matrix = {key: asked.get(key, usual) for key, usual in powers.usual().items()}
    faults: tuple[Any, ...] = ()
    raw = b""
    try:
        raw = granting.letter(request.db, request.registry, department, matrix)
        if request.method == "POST":
            cms = signature(asked.get("letter_cms", ""))
            granting.grant(request.db, request.registry, request.actor, department, matrix, cms)
            return HTTPSeeOther(request.route_path("hall-posts"))
    except Refused as refused:
        faults = refused.faults
        request.response.status = 422
    now = request.now()
    return {
        "department": department, "name": library(request.registry).departments[department].of(request.locale_name),
        "matrix": matrix, "kinds": kinds(), "powers": POWERS, "faults": faults, "shown": raw.decode(),
        "raw": unpadded(raw), "chosen": bool(request.GET) or request.method == "POST",
        "certificates": ",".join(request.port(IAccounts).certificates(request.db, request.identity.user_id, now)),
    }  # fmt: skip
