"""Pages of committees that are drawn."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from expert_pool.selection import refused
from trading.permissions import Permission

FOLDER = "expert_pool.selection:templates/"


@view_config(
    route_name="names-refused",
    request_method="GET",
    renderer=FOLDER + "refused.jinja2",
    permission=Permission.SUPERVISE,
)
def names_refused(request: Request) -> dict[str, Any]:
    """Who wanted to know experts' names and was refused (监督：名单查询被拒)."""
    return {"rows": refused.newest(request.db)}
