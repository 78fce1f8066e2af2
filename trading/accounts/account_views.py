"""One's own account: sessions, password, certificates, keys for programs, what happened."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from trading.accounts import certificates, service, trail
from trading.accounts.api import answer
from trading.accounts.commands import ChangePassword, EnrolCertificate, NewApiKey
from trading.accounts.entrance import needs_step_up, own_session, own_user
from trading.accounts.views import FOLDER
from trading.accounts.words import ACTS, device_name, role_words
from trading.errors import Fault, Refused, refuse
from trading.interfaces import ICertificateAuthority, ISignatureVerifier
from trading.parties.models import Party
from trading.permissions import Permission
from trading.refusals import problem, wants_json
from trading.web import Form, _

OWN = Permission.OWN_ACCOUNT
MOST_SIGNATURE = 256 * 1024


@view_config(route_name="account", renderer=FOLDER + "account.jinja2", permission=OWN)
def account(request: Request) -> Any:
    """Everything about one's account on one page."""
    user = own_user(request)
    now = request.now()
    held = certificates.of_user(request.db, user.id)
    return {
        "user": user,
        "roles": role_words(request.registry),
        "sessions": service.sessions_of(request.db, user.id),
        "here": request.identity.session_id,
        "certificates": [(each, certificates.holder(each), certificates.state(each, now)) for each in held],
        "api_keys": service.api_keys_of(request.db, user.id),
        "recent": trail.acts(request.db, subject=user.id, most=10),
        "acts": ACTS,
        "device_name": device_name,
    }


def to_account(request: Request) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path("account"))


def number(request: Request) -> uuid.UUID:
    """The `{id}` of the address; not found when it is none."""
    try:
        return uuid.UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound() from None


@view_config(route_name="account-session", request_method="POST", permission=OWN)
def end_session(request: Request) -> Any:
    """End one of one's sessions."""
    service.close_session(request.db, request.actor, request.identity.user_id, number(request))
    return to_account(request)


@view_config(route_name="account-password", renderer=FOLDER + "password.jinja2", permission=OWN)
def password(request: Request) -> Any:
    """A new password; the other sessions end."""
    form = Form(request, ChangePassword)
    user = own_user(request)
    if form.valid():
        try:
            service.change_password(
                request.db, request.actor, user, form.command.current, form.command.password
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            service.close_other_sessions(request.db, user.id, own_session(request))
            return to_account(request)
    return {"form": form, "initial": user.password_is_initial}


@view_config(
    route_name="account-keys", renderer=FOLDER + "key.jinja2", permission=OWN, decorator=needs_step_up
)
def api_key(request: Request) -> Any:
    """A new key for a program, shown once."""
    form = Form(request, NewApiKey)
    if form.valid():
        key = service.create_api_key(request.db, request.actor, request.identity.user_id, form.command.label)
        return {"form": form, "key": key}
    return {"form": form, "key": None}


@view_config(route_name="account-key", request_method="POST", permission=OWN, decorator=needs_step_up)
def end_api_key(request: Request) -> Any:
    """Revoke a key."""
    service.revoke_api_key(request.db, request.actor, request.identity.user_id, number(request))
    return to_account(request)


@view_config(
    route_name="account-certificates",
    request_method="GET",
    renderer=FOLDER + "enrol.jinja2",
    permission=OWN,
    decorator=needs_step_up,
)
def enrol_page(request: Request) -> Any:
    """Enrol in the browser, or bring a certificate of another accepted authority."""
    return enrolling(request)


def enrolling(request: Request, faults: Sequence[Fault] = ()) -> dict[str, Any]:
    """What the enrolment page shows. The subject is only what the request says: the certificate's own
    comes from the hall's records."""
    user = own_user(request)
    organisation = request.db.get(Party, user.party_id) if user.party_id else None
    subject = {"C": "CN", "CN": user.name} | ({"O": organisation.name} if organisation else {})
    return {
        "user": user,
        "organisation": organisation,
        "subject": json.dumps(subject, ensure_ascii=False),
        "can_enrol": request.registry.queryUtility(ICertificateAuthority) is not None,
        "faults": faults,
    }


@view_config(
    route_name="account-certificates",
    request_method="POST",
    renderer=FOLDER + "enrol.jinja2",
    permission=OWN,
    decorator=needs_step_up,
)
def enrol(request: Request) -> Any:
    """Field `csr`: a request in PEM, made by the page's script or pasted. JSON where it is asked for."""
    form = Form(request, EnrolCertificate)
    if form.valid():
        try:
            authority = certificates.authority_of(request.registry)
            found = certificates.enrol(
                request.db, authority, request.actor, own_user(request), form.command.csr
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return Response(json=answer(found), status=201) if wants_json(request) else to_account(request)
    return problem(request, 422, form.faults) if wants_json(request) else enrolling(request, form.faults)


@view_config(
    route_name="account-certificate",
    renderer=FOLDER + "revoke.jinja2",
    permission=OWN,
    decorator=needs_step_up,
)
def revoke(request: Request) -> Any:
    """Ask once more, then revoke."""
    found = next(
        (c for c in certificates.of_user(request.db, request.identity.user_id) if c.id == number(request)),
        None,
    )
    if found is None:
        raise HTTPNotFound()
    if request.method == "POST":
        certificates.revoke(request.db, request.actor, request.identity.user_id, found.id)
        return to_account(request)
    return {"certificate": found, "holder": certificates.holder(found)}


@view_config(route_name="account-challenge", request_method="GET", permission=OWN)
def challenge(request: Request) -> Any:
    """The text that the owner of a certificate from elsewhere signs."""
    body = certificates.challenge(request.db, request.keys, own_user(request))
    response = Response(body, content_type="application/octet-stream")
    response.content_disposition = 'attachment; filename="challenge.txt"'
    return response


@view_config(
    route_name="account-challenge",
    request_method="POST",
    renderer=FOLDER + "enrol.jinja2",
    permission=OWN,
    decorator=needs_step_up,
)
def bring_certificate(request: Request) -> Any:
    """File the certificate that signed the challenge."""
    try:
        certificates.register(
            request.db,
            request.port(ISignatureVerifier),
            request.keys,
            request.actor,
            own_user(request),
            signed_challenge(request),
        )
    except Refused as refused:
        request.response.status = 422
        return enrolling(request, refused.faults)
    return to_account(request)


def signed_challenge(request: Request) -> bytes:
    """The signature over the challenge: made by the page's script (`signed`, base64url), or a file."""
    signed = request.POST.get("signed", "")
    if not signed:
        return uploaded(request, "signature")
    try:
        return base64.b64decode(signed + "=" * (-len(signed) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise refuse("upload.size", _("Choose the signature file that your program wrote")) from None


def uploaded(request: Request, name: str) -> bytes:
    """The bytes of an uploaded file. Raises Refused when there is none or it is too large."""
    field = request.POST.get(name)
    data = field.file.read(MOST_SIGNATURE + 1) if hasattr(field, "file") else b""
    if not 0 < len(data) <= MOST_SIGNATURE:
        raise refuse("upload.size", _("Choose the signature file that your program wrote"), field=name)
    return bytes(data)
