"""What a stranger downloads to check a tender (公开核验材料): bundle, trust file, verifier.

The public bundle is written when the promise `bundle.publish` is kept, by a worker on the host that holds
the log's key (its manifest is signed with it); on other hosts an operator runs `tradehall audit export`.
The pages only hand out the file that is there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import structlog
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from sqlalchemy.orm import Session

from bidding.tenders.service import find
from config import audit, installation, trust
from trading.events import TenderEnded
from trading.ledger import canonical
from trading.outbox import outward, promise
from trading.web import PUBLIC

log = structlog.get_logger()

PUBLISH = "bundle.publish"
PATIENCE = 5.0
"""seconds that the worker waits for the ledger, which takes one; then the promise is put off"""
VERIFIER = Path(__file__).parents[1] / "tradehall_verify.py"
CODE = re.compile(r"[0-9A-Za-z-]{1,64}")


def bundle_path(settings: dict[str, Any], code: str) -> Path:
    """Where the public bundle of a tender lies."""
    return Path(settings["hall.state"]) / "bundles" / f"{code}.public.tar"


@outward
def publish_bundle(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `bundle.publish`: write the public bundle anew, whole or not at all."""
    state = Path(registry.settings["hall.state"])
    if not (state / "log.key").exists() and not any((state / "log").glob("*.key")):
        log.info("bundle not written here: the log's key is elsewhere", tender=payload["tender"])
        return
    target = bundle_path(registry.settings, payload["tender"])
    target.parent.mkdir(exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}")
    # In transactions of its own: an export commits and waits for the ledger, which this one must not.
    seed = installation.log_key(state)
    try:
        with part.open("wb") as file:
            audit.export(registry, payload["tender"], file, public=True, seed=seed, wait=PATIENCE)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def ended(event: TenderEnded) -> None:
    """A tender that comes to nothing gets its bundle at once; one that succeeds with its result. Final offers are
    in the bundle of the tender that asked for them, sealed prices in that of their works."""
    tender = find(event.session, event.tender)
    if event.how != "contracted" and tender.published_at is not None and not tender.gathers:
        promise(event.session, PUBLISH, {"tender": event.tender})


def bundle(request: Request) -> Response:
    """`/tenders/{code}/bundle.tar`: the newest public bundle; 404 until there is one."""
    code = request.matchdict["code"]
    path = bundle_path(request.registry.settings, code)
    if not CODE.fullmatch(code) or not path.exists():
        raise HTTPNotFound()
    return download(request, path, "application/x-tar", f"{code}.tar")


def trust_file(request: Request) -> Response:
    """`/trust.json`; whoever is careful takes it from the regulator instead."""
    body = canonical.dumps(trust.document(request.registry.settings))
    return Response(body, content_type="application/json", charset="utf-8")


def verifier(request: Request) -> Response:
    """`/tradehall_verify.py`: the one file that checks a bundle."""
    return download(request, VERIFIER, "text/x-python", VERIFIER.name)


def download(request: Request, path: Path, media_type: str, name: str) -> Response:
    response = FileResponse(str(path), request=request, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def includeme(config: Configurator) -> None:
    """The downloads' routes and the promise."""
    config.on_promise(PUBLISH, publish_bundle)
    config.add_subscriber(ended, TenderEnded)
    for name, pattern, view in (
        ("bundle", "/tenders/{code}/bundle.tar", bundle),
        ("trust", "/trust.json", trust_file),
        ("verifier", "/tradehall_verify.py", verifier),
    ):
        config.add_route(name, pattern)
        config.add_view(view, route_name=name, request_method="GET", permission=PUBLIC)
