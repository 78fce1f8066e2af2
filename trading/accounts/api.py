"""Certificates for programs, such as `tradehall`."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from trading.accounts import certificates
from trading.accounts.commands import EnrolCertificate
from trading.accounts.entrance import own_user, step_up_needed
from trading.accounts.models import Certificate
from trading.clock import rfc3339
from trading.permissions import Permission
from trading.web import read_json


@view_config(
    route_name="api-certificates", request_method="POST", renderer="json", permission=Permission.OWN_ACCOUNT
)
def enrol(request: Request) -> Any:
    """POST /api/certificates {"csr": PEM} with an API key; a cookie needs a fresh code here too. 201 with
    the certificate, or problem+json with every fault."""
    if request.identity.session_id is not None and not request.identity.stepped_up:
        return step_up_needed(request)
    command = read_json(request, EnrolCertificate)
    authority = certificates.authority_of(request.registry)
    found = certificates.enrol(request.db, authority, request.actor, own_user(request), command.csr)
    request.response.status = 201
    return answer(found)


@view_config(
    route_name="api-certificates", request_method="GET", renderer="json", permission=Permission.OWN_ACCOUNT
)
def listed(request: Request) -> Any:
    """GET /api/certificates: one's own, the newest first."""
    return [
        answer(found) | {"state": certificates.state(found, request.now())}
        for found in certificates.of_user(request.db, request.identity.user_id)
    ]


def answer(found: Certificate) -> dict[str, str]:
    """A certificate as programs see it; `certificate` is the chain in PEM, leaf first."""
    return {
        "id": str(found.id),
        "sha256": found.sha256,
        "subject": found.subject,
        "issuer": found.issuer,
        "serial": found.serial,
        "not_before": rfc3339(found.not_before),
        "not_after": rfc3339(found.not_after),
        "certificate": found.chain_pem,
    }
