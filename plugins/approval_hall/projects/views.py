"""The page of an investment project: everybody may read what was approved."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.view import view_config

from trading.clock import rfc3339
from trading.interfaces import IProjectRegister
from trading.investment import Approval, InvestmentProject
from trading.web import PUBLIC


def found(request: Request) -> InvestmentProject:
    """The project in the address; 404 when there is none."""
    project: InvestmentProject | None = request.port(IProjectRegister).project(
        request.db, request.matchdict["code"]
    )
    if project is None:
        raise HTTPNotFound()
    return project


def address(request: Request, approval: Approval) -> str:
    """Where anybody checks the paper of an approval; "" without one."""
    return str(request.route_path(approval.route, **dict(approval.where))) if approval.route else ""


@view_config(
    route_name="hall-project", request_method="GET", permission=PUBLIC,
    renderer="plugins.approval_hall.projects:templates/project.jinja2",
)  # fmt: skip
def page(request: Request) -> Any:
    return {"project": found(request), "address": address}


@view_config(route_name="api-hall-project", request_method="GET", renderer="json", permission=PUBLIC)
def api(request: Request) -> Any:
    """The same for programs."""
    project = found(request)
    return {
        "code": project.code, "name": project.name, "owner": project.owner, "owner_name": project.owner_name,
        "estimate": f"{project.estimate:.2f}", "coded_at": rfc3339(project.coded_at), "cases": list(project.trails),
        "approvals": [
            {
                "item": each.item, "department": each.department, "number": each.number,
                "decided_at": rfc3339(each.decided_at), "sha256": each.sha256, "page": address(request, each),
            }
            for each in project.approvals
        ],
    }  # fmt: skip
