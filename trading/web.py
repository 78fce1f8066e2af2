"""The web floor (网页基础): sessions, languages, ports, forms, and what a refusal looks like."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, ValidationError
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPFound, HTTPNotFound, HTTPSeeOther
from pyramid.i18n import TranslationStringFactory
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import text

from trading import clock, timekeeping
from trading.accounts import addresses
from trading.acts import Actor
from trading.errors import Fault, Refused
from trading.ledger.standing import halted
from trading.outbox import kept_again
from trading.parties.models import Party
from trading.secrets import HallKeys

_ = TranslationStringFactory("tradehall")
log = structlog.get_logger()

LOCALES = {"zh_CN": "中文", "en": "English"}
LOCALE_COOKIE = "hall_locale"
PUBLIC = NO_PERMISSION_REQUIRED
"""The permission of pages that everybody may read, logged in or not."""

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'; script-src 'self'; style-src 'self'"
)


class Form:
    """A submitted form: what was typed, what is wrong with it, and the command it makes.

    `command` is the validated pydantic model after `valid()` was true. A page shows `faults` at its top
    and beside the fields, and `values` in the fields again."""

    def __init__(
        self, request: Request, model: type[BaseModel], initial: dict[str, Any] | None = None
    ) -> None:
        self.request = request
        self.model = model
        self.posted = request.method == "POST"
        self.values: dict[str, Any] = dict(initial or {})
        if self.posted:
            self.values = {
                name: request.POST.getall(name) if name in self.lists() else request.POST.get(name)
                for name in model.model_fields
                if name in request.POST or name in self.lists()
            }
        self.faults: list[Fault] = []
        self.command: Any = None

    def lists(self) -> set[str]:
        """Names of fields that take several values."""
        return {name for name, field in self.model.model_fields.items() if "list" in str(field.annotation)}

    def valid(self) -> bool:
        """Whether a posted form makes a command; all its faults are collected."""
        if not self.posted:
            return False
        try:
            self.command = self.model.model_validate(self.values)
        except ValidationError as error:
            self.faults.extend(faults_of(error))
            self.request.response.status = 422
            return False
        return True

    def carried_out(self, act: Callable[[], object]) -> bool:
        """Whether what was posted is valid and `act`, which may use `command`, was not refused; a refusal
        shows in the form."""
        if not self.valid():
            return False
        try:
            act()
        except Refused as refused:
            self.refuse(refused)
            return False
        return True

    def refuse(self, refused: Refused) -> None:
        """Show a service's refusal in the form; the 422 status rolls the transaction back."""
        self.faults.extend(refused.faults)
        self.request.response.status = 422

    def fault(self, field: str) -> Fault | None:
        """The first fault of a field."""
        return next((fault for fault in self.faults if fault.field == field), None)

    def value(self, field: str) -> Any:
        return self.values.get(field, "")


FORM_ERRORS = {
    "missing": _("Fill in this field"),
    "string_too_short": _("Fill in this field, or write more"),
    "string_too_long": _("This is too long"),
    "string_pattern_mismatch": _("This does not have the right form"),
    "decimal_parsing": _("Write a number such as 1234.50"),
    "decimal_max_places": _("Write at most two digits after the point"),
    "int_parsing": _("Write a whole number"),
    "greater_than": _("This is too small"),
    "greater_than_equal": _("This is too small"),
    "less_than": _("This is too large"),
    "less_than_equal": _("This is too large"),
    "date_from_datetime_parsing": _("Write a date such as 2026-12-01"),
    "datetime_parsing": _("Write a date and time such as 2026-12-01 09:30"),
    "datetime_from_date_parsing": _("Write a date and time such as 2026-12-01 09:30"),
    "enum": _("Choose one of the list"),
    "literal_error": _("Choose one of the list"),
}


def faults_of(error: ValidationError) -> list[Fault]:
    """Every fault of a pydantic error, by field, in words of ours."""
    return [
        Fault(
            code=f"form.{item['type']}",
            message=FORM_ERRORS.get(item["type"], str(item.get("ctx", {}).get("error") or item["msg"])),
            field=str(item["loc"][0]) if item["loc"] else "",
        )
        for item in error.errors()
    ]


def read_json(request: Request, model: type[BaseModel]) -> Any:
    """The JSON body as a command; raises Refused with every fault."""
    try:
        return model.model_validate_json(request.body)
    except ValidationError as error:
        raise Refused(faults_of(error)) from error


def whole_number(text: str, otherwise: Any = None, longest: int = 9) -> Any:
    """A whole number from outside with at most `longest` digits, else `otherwise`. Plain `int` also reads the
    digits of other scripts, and fails for more than 4300 of them."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= longest else otherwise


def negotiate_locale(request: Request) -> str:
    """The switch's cookie, else the browser's wish, else Chinese."""
    chosen = request.cookies.get(LOCALE_COOKIE)
    if chosen in LOCALES:
        return chosen
    wish = request.accept_language.lookup(["zh-CN", "zh", "en"], default="zh")
    return "en" if wish == "en" else "zh_CN"


def switch_locale(request: Request) -> Response:
    """Remember a language and go back to where the reader was."""
    chosen = request.matchdict["locale"]
    if chosen not in LOCALES:
        raise HTTPNotFound()
    back = urlsplit(request.params.get("back", "/"))
    elsewhere = not back.path.startswith("/") or back.path.startswith("//") or "\\" in back.path
    target = "/" if elsewhere else back.path
    response = HTTPSeeOther(target + (f"?{back.query}" if back.query else ""))
    response.set_cookie(LOCALE_COOKIE, chosen, max_age=31536000, samesite="Lax", path="/")
    return response


def secure_headers(handler: Any, registry: Any) -> Any:
    """Every answer: strict CSP, no sniffing, no referrer, no framing."""

    def tween(request: Request) -> Response:
        response = handler(request)
        headers = response.headers
        live = request.live_address
        elsewhere = " ".join(filter(None, (live, registry.settings["signer.usb_key"])))
        policy = CONTENT_SECURITY_POLICY + (f"; connect-src 'self' {elsewhere}" if elsewhere else "")
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if registry.settings["hall.https"] == "true":
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.environ.get("hall.identity") is not None:
            headers.setdefault("Cache-Control", "private, no-store")
        return response

    return tween


def database_session(request: Request) -> Any:
    """One session a request, joined to the request's transaction."""
    session = request.registry["sessions"]()
    request.add_finished_callback(lambda request: session.close())
    return session


def find_port(request: Request, port: Any) -> Any:
    """The provider of a port that the settings enabled."""
    return request.registry.getUtility(port)


def provide(config: Configurator, port: Any, provider: Any, name: str = "") -> None:
    """Directive `config.provide(IPort, provider)`: what a plugin's includeme calls; `name` for a port of which
    there are several providers."""
    config.registry.registerUtility(provider, port, name)


def on_promise(config: Configurator, topic: str, handler: Any) -> None:
    """Directive `config.on_promise("tender.close", close_due)`: who keeps promises of a topic."""
    config.registry["handlers"][topic] = handler


def regularly(config: Configurator, topic: str, handler: Any, seconds: float) -> None:
    """Directive `config.regularly("bank.look", look, 30)`: a promise that stands again as soon as it is kept."""
    config.registry["handlers"][topic] = kept_again(topic, handler, seconds)
    config.registry["regular"].add(topic)


def on_desk(config: Configurator, role: str, cards: Any) -> None:
    """Directive `config.on_desk(role, cards)`: what a role finds on its desk. `cards(request)` returns a
    list of `Card`."""
    config.registry["desk"].append((role, cards))


@dataclass(frozen=True)
class Card:
    """One thing waiting on somebody's desk (待办). `tone` is neutral, now or late."""

    title: Any
    href: str
    note: Any = ""
    tone: str = "neutral"


def asset_path(request: Request, name: str) -> str:
    """The hashed address of a built script or style sheet."""
    manifest = request.registry["assets"]
    return "/assets/" + str(manifest[name])


def load_manifest(folder: Path) -> dict[str, str]:
    path = folder / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else {}


def beijing(value: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """An instant as people here read it: Beijing time."""
    return value.astimezone(clock.BEIJING).strftime(form)


def yuan(value: Decimal | str | None) -> str:
    """An amount with separators and two places: ¥ 1,980,000.00."""
    return "—" if value is None else f"¥ {Decimal(value):,.2f}"


def client_address(request: Request) -> str:
    """Where a request came from (Order 20 art. 49 asks for the network address).

    Anybody can write an X-Forwarded-For header, so only as many of its last addresses count as there are
    proxies of ours in front (setting `hall.proxies`), and, where `hall.proxy_addresses` names them, only
    what one of them passed on."""
    proxies = int(request.registry.settings["hall.proxies"])
    trusted = request.registry.settings["hall.proxy_addresses"]
    if trusted and not addresses.contains(addresses.parse(trusted), request.remote_addr or ""):
        return request.remote_addr or ""
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies] or request.remote_addr or ""
    return request.remote_addr or ""


def acting(request: Request) -> Actor:
    """The person behind a request as the ledger knows them. Raises Forbidden for nobody."""
    identity = request.identity
    if identity is None:
        raise HTTPForbidden()
    organisation = request.db.get(Party, identity.party_id).name if identity.party_id else ""
    return Actor(
        identity.user_id, identity.name, organisation, client_address(request), request.keys.pseudonym
    )


def hall_keys(request: Request) -> HallKeys:
    keys: HallKeys = request.registry["keys"]
    return keys


def health(request: Request) -> dict[str, str]:
    """`/healthz`: this process answers. `/readyz`: its database and queue answer too, and the ledger is being
    signed and the clocks agree; 503 with the words of it when not."""
    if request.matched_route.name == "readyz":
        request.db.execute(text("SELECT 1"))
        request.queue.ping()
        if words := halted(Path(request.registry.settings["ledger.folder"])):
            request.response.status = 503
            return {"status": "halted", "ledger": words}
        allowed = timekeeping.tolerance(request.registry.settings)
        if words := timekeeping.alarm(timekeeping.skews(request.db, allowed)):
            request.response.status = 503
            return {"status": "skewed", "clock": words}
    return {"status": "ok"}


def called(request: Request, tender: Any) -> str:
    """A tender's title in the reader's language, as far as it has one."""
    title: str = (request.locale_name == "en" and tender.title_en) or tender.title
    return title


def favicon(request: Request) -> Response:
    """`/favicon.ico`: asked for without reading the page; the picture is an asset like the others."""
    return HTTPFound(request.asset("favicon.svg"))


def live_address(request: Request) -> str:
    """Where live events come from: the same origin, or the live process on its own port."""
    port = request.registry.settings["hall.live_port"]
    return f"{request.scheme}://{request.domain}:{port}" if port else ""


def includeme(config: Configurator) -> None:
    """Request attributes, directives, error pages, the language switch."""
    settings = config.registry.settings
    config.registry["handlers"] = {}
    config.registry["regular"] = set()
    config.registry["desk"] = []
    config.add_directive("provide", provide)
    config.add_directive("on_promise", on_promise)
    config.add_directive("regularly", regularly)
    config.add_directive("on_desk", on_desk)
    config.add_request_method(database_session, "db", reify=True)
    config.add_request_method(lambda request: clock.database_now(request.db), "now")
    config.add_request_method(find_port, "port")
    config.add_request_method(acting, "actor", reify=True)
    config.add_request_method(hall_keys, "keys", reify=True)
    config.add_request_method(lambda request: request.registry["queue"], "queue", reify=True)
    config.add_request_method(asset_path, "asset")
    config.add_request_method(called)
    config.add_request_method(lambda request: LOCALES, "locales", reify=True)
    config.add_request_method(lambda request: request.has_permission, "may", reify=True)
    config.set_locale_negotiator(negotiate_locale)
    config.include("trading.extending")
    config.include("trading.refusals")
    config.add_tween("trading.web.secure_headers")
    config.add_route("switch-locale", "/locale/{locale}")
    config.add_view(switch_locale, route_name="switch-locale", permission=PUBLIC)
    config.add_request_method(live_address, "live_address", reify=True)
    config.add_route("favicon", "/favicon.ico")
    config.add_view(favicon, route_name="favicon", permission=PUBLIC)
    for name in ("healthz", "readyz"):
        config.add_route(name, f"/{name}")
        config.add_view(health, route_name=name, renderer="json", permission=PUBLIC)
    folder = Path(settings["hall.assets"])
    config.registry["assets"] = load_manifest(folder)
    config.add_static_view("assets", str(folder), cache_max_age=31536000)
