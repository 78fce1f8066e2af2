"""What every page of sign-in shares: the cookie, the way back, and who must show a fresh code.

`needs_step_up` is for every room: a dangerous act wants a one-time code of the last ten minutes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from trading.accounts.limits import Limiter
from trading.accounts.models import User
from trading.acts import Actor
from trading.errors import Fault, Refused
from trading.refusals import problem, wants_json
from trading.security import SESSION_COOKIE
from trading.web import _, client_address

View = Callable[[Any, Request], Response]


def needs_step_up(view: View) -> View:
    """View decorator (`decorator=needs_step_up` in a view's configuration): without a one-time code of
    the last ten minutes the page asks for one first and then comes back; JSON gets 403
    `step-up-needed`. API keys never pass: they cannot show a code."""

    def guarded(context: Any, request: Request) -> Response:
        if request.identity.stepped_up:
            return view(context, request)
        if wants_json(request) or request.identity.session_id is None:
            return step_up_needed(request)
        back = request.path_qs if request.method == "GET" else local_path(request.referer or "")
        return HTTPSeeOther(request.route_path("step-up", _query={"next": back}))

    return guarded


def step_up_needed(request: Request) -> Response:
    """403 as problem+json: a fresh one-time code first."""
    remedy = _("Open “My account”, confirm there, and try again.")
    fault = Fault("step-up-needed", _("Confirm with a fresh one-time code first"), remedy=remedy)
    return problem(request, 403, [fault])


def local_path(address: str) -> str:
    """The path and query of an address of ours; "/" when it would lead elsewhere."""
    parts = urlsplit(address)
    path = parts.path
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return "/"
    return path + (f"?{parts.query}" if parts.query else "")


def way_back(request: Request, otherwise: str) -> str:
    """Where the reader wanted to go before signing in; only ever a path of this hall."""
    wanted = request.params.get("next", "")
    return local_path(wanted) if wanted.startswith("/") else otherwise


def with_session(request: Request, response: Response, token: str) -> Response:
    """Give the browser its session token; the CSRF token changes with it."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        httponly=True,
        samesite="Lax",
        secure=request.registry.settings["hall.https"] == "true",
        path="/",
    )
    new_csrf_token(request)
    return response


def without_session(response: Response) -> Response:
    """Take the token from the browser."""
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def keep_attempt(request: Request) -> None:
    """Commit although the answer is a refusal: a failed sign-in stays in the trail."""
    request.response.headers["X-Tm"] = "commit"


def ask_to_wait(request: Request, refused: Refused) -> None:
    """429 with `Retry-After` where the refusal is one of waiting."""
    if refused.faults[0].code == "login.slow-down":
        request.response.status = 429
        request.response.headers["Retry-After"] = str(refused.faults[0].message.mapping["seconds"])


def limiter(request: Request, login: str, *, second: bool = False) -> Limiter:
    return Limiter(request.queue, request.keys, login, client_address(request), second=second)


def own_user(request: Request) -> User:
    """The account behind the request."""
    found: User = request.db.get_one(User, request.identity.user_id)
    return found


def own_session(request: Request) -> uuid.UUID:
    """The browser session behind the request; a program's key has none and raises Forbidden."""
    found: uuid.UUID | None = request.identity.session_id
    if found is None:
        raise HTTPForbidden()
    return found


def self_actor(request: Request, user: User) -> Actor:
    """Somebody who is just signing in, as the ledger knows them."""
    return Actor(user.id, user.name, "", client_address(request), request.keys.pseudonym)
