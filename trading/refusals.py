"""What is answered when something is not done (拒绝与出错): refusals with every fault, missing and forbidden pages, crashes; a
page for people, problem+json (RFC 9457) for programs."""

from __future__ import annotations

import json
import re
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy.exc import DataError

from trading.errors import Fault, Refused
from trading.permissions import Strength
from trading.web import PUBLIC, _, log

PARTED = re.compile(
    r"multipart/form-data\s*;(.*;)?\s*boundary=(\"[ -~]{1,70}\"|[!-~]{1,70})(\s*;.*)?", re.IGNORECASE
)
"""A form in parts says what stands between them, in at most 70 characters (RFC 2046, 5.1.1)."""
RANGE = re.compile(r"bytes=([0-9]{1,18}-([0-9]{1,18})?|-[0-9]{1,18})")
"""One range of bytes; anything else is left out of account (RFC 9110, 14.2)."""
MALFORMED = (DataError, UnicodeDecodeError, RecursionError)


def wants_json(request: Request) -> bool:
    return request.path.startswith("/api/") or "json" in request.headers.get("Accept", "")


def problem(request: Request, status: int, faults: list[Fault], **more: Any) -> Response:
    """An error as problem+json (RFC 9457) with a stable code and every fault."""
    words = request.localizer.translate
    first = faults[0]
    body = {
        "type": "about:blank",
        "title": words(first.message),
        "status": status,
        "code": first.code,
        "detail": words(first.remedy) if first.remedy else words(first.message),
        "faults": [
            {
                "code": fault.code,
                "message": words(fault.message),
                "field": fault.field,
                "rule": fault.rule,
                "remedy": words(fault.remedy),
            }
            for fault in faults
        ],
        **more,
    }
    return Response(
        json.dumps(body, ensure_ascii=False).encode(),
        status=status,
        content_type="application/problem+json",
    )


def refused_view(refused: Refused, request: Request) -> Response:
    """A refusal that no form caught: its own page, or problem+json."""
    if wants_json(request):
        return problem(request, 422, list(refused.faults))
    response = render_to_response("trading:templates/refused.jinja2", {"faults": refused.faults}, request)
    response.status = 422
    return response


def error_page(request: Request, status: int, code: str, title: Any, remedy: Any) -> Response:
    if wants_json(request):
        return problem(request, status, [Fault(code, title, remedy=remedy)])
    response = render_to_response(
        "trading:templates/refused.jinja2", {"faults": [Fault(code, title, remedy=remedy)]}, request
    )
    response.status = status
    return response


def not_found_view(request: Request) -> Response:
    return error_page(
        request,
        404,
        "not-found",
        _("This page does not exist"),
        _("Check the address, or go to the notice board."),
    )


def forbidden_view(request: Request) -> Response:
    """Not logged in → the login page, and back afterwards; logged in → what is missing."""
    identity = request.identity
    if request.environ.get("hall.elsewhere"):
        response = error_page(
            request,
            403,
            "access.address",
            _("Your role may not work from this address"),
            _("Use a computer of the hall's network, or ask the security administrator."),
        )
        response.headers["X-Tm"] = "commit"  # that it was tried stays in the trail
        return response
    if identity is None and not wants_json(request) and request.method == "GET":
        return HTTPSeeOther(request.route_path("login", _query={"next": request.path_qs}))
    if identity is None:
        return error_page(request, 401, "login-needed", _("Log in first"), _("Log in and try again."))
    if identity.strength == Strength.PASSWORD and not wants_json(request) and request.method == "GET":
        return HTTPSeeOther(request.route_path("login-code", _query={"next": request.path_qs}))
    asked = getattr(getattr(request, "exception", None), "result", None)
    if asked is not None and "session by certificate" in asked.msg and request.method == "GET":
        back = {"next": request.path_qs}
        return HTTPSeeOther(request.route_path("login-certificate", _query=back))
    return error_page(
        request,
        403,
        "forbidden",
        _("You may not do this"),
        _("Your role, or the way you logged in, does not allow it. A one-time code may be needed."),
    )


def malformed_view(error: Exception, request: Request) -> Response:
    """Bytes that nobody can mean: a NUL that the database does not take, an address that is no UTF-8, JSON
    nested without end. Not through a template: those ask the request what cannot be read."""
    log.info("malformed request", error=type(error).__name__)
    return problem(request, 400, [Fault("request.malformed", _("The request cannot be read"))])


def bad_csrf_view(request: Request) -> Response:
    return error_page(
        request, 400, "csrf", _("This form has expired"), _("Go back, reload the page and send it again.")
    )


def crash_view(error: Exception, request: Request) -> Response:
    """A fault of ours: logged with its trace, told in words; the 500 rolls everything back."""
    log.error("crash", method=request.method, path=request.path, exc_info=error)
    return error_page(
        request,
        500,
        "crash",
        _("Something went wrong on our side"),
        _("Nothing was changed. Try again; if it happens again, tell the operator what you were doing."),
    )


def last_resort(handler: Any, registry: Any) -> Any:
    """What fails where no view answers for it any more, such as in the commit, or before one is asked."""

    def tween(request: Request) -> Response:
        if not RANGE.fullmatch(request.headers.get("Range", "")):
            request.environ.pop("HTTP_RANGE", None)
        sent = request.headers.get("Content-Type", "")
        if request.content_type == "multipart/form-data" and not PARTED.fullmatch(sent):
            return problem(request, 400, [Fault("request.malformed", _("The request cannot be read"))])
        try:
            return handler(request)
        except MALFORMED as error:
            return malformed_view(error, request)
        except Exception as error:
            log.error("crash", method=request.method, path=request.path, exc_info=error)
            return problem(request, 500, [Fault("crash", _("Something went wrong on our side"))])

    return tween


def includeme(config: Configurator) -> None:
    """The pages, and the last resort around everything."""
    config.add_tween("trading.refusals.last_resort")
    config.add_view(refused_view, context=Refused, permission=PUBLIC, require_csrf=False)
    config.add_view(crash_view, context=Exception, permission=PUBLIC, require_csrf=False)
    config.add_notfound_view(not_found_view)
    config.add_forbidden_view(forbidden_view)
    for malformed in MALFORMED:
        config.add_view(malformed_view, context=malformed, permission=PUBLIC, require_csrf=False)
    config.add_view(
        bad_csrf_view, context="pyramid.exceptions.BadCSRFToken", permission=PUBLIC, require_csrf=False
    )
