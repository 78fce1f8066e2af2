"""What custodian services speak with: they ask, and post documents signed with their certificate."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.vault import custody, key_statements, releasing
from bidding.vault.commands import Ask, PostRelease, PostStatement
from trading.web import PUBLIC, read_json


@view_config(
    route_name="api-custodian-wanted",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def wanted(request: Request) -> dict[str, Any]:
    """POST /api/custodian/{id}/wanted: key statements and releases that are asked for. Names no bidder; but it
    names drafts, so only the custodian itself is told: the question is signed like everything it posts."""
    command = read_json(request, Ask)
    name, settings = request.matchdict["id"], request.registry.settings
    custody.check_question(request.db, request.registry, name, command.question, command.p7s)
    return custody.wanted(request.db, settings, request.keys, name)


@view_config(
    route_name="api-custodian-keys-in",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def post_statement(request: Request) -> dict[str, Any]:
    """POST /api/custodian/keys: the signature is the authentication."""
    command = read_json(request, PostStatement)
    key = key_statements.accept_statement(request.db, request.registry, command.cks, command.p7s)
    request.response.status = 201
    return {"stage": key.stage, "index": key.index}


@view_config(
    route_name="api-custodian-releases",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def post_release(request: Request) -> dict[str, Any]:
    """POST /api/custodian/releases: the signature is the authentication."""
    command = read_json(request, PostRelease)
    release = releasing.accept_release(request.db, request.registry, command.release, command.p7s)
    request.response.status = 201
    return {"stage": release.stage, "index": release.index}
