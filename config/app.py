"""Puts the hall together: one WSGI application in two roles, `web` and `live`."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TextIO

import redis
import structlog
from pyramid.config import Configurator

from config import locale
from trading.db import make_engine, make_sessions
from trading.errors import trace_of
from trading.secrets import HallKeys
from trading.web import beijing, yuan

FLOOR = ("trading.web", "trading.security", "trading.throttle")
ROOMS = (
    "trading.accounts",
    "trading.parties",
    "trading.notices",
    "trading.messages",
    "trading.ledger",
    "trading.deals",
    "trading.credit",
    "trading.draws",
    "trading.supervision",
    "trading.live_views",
    "expert_pool.experts",
    "expert_pool.advisory",
    "expert_pool.selection",
    "expert_pool.calls",
    "expert_pool.conduct",
    "bidding.tenders",
    "bidding.tenders.telling",
    "bidding.vault",
    "bidding.opening",
    "bidding.recordings",
    "bidding.evaluation",
    "bidding.offers",
    "bidding.invitations",
    "bidding.awards",
    "bidding.deposits",
    "bidding.roster",
    "bidding.lottery",
    "bidding.archive",
    "config.publishing",
)


def make_config(settings: dict[str, Any]) -> Configurator:
    """The configured hall, before it becomes an application: processes without pages use its registry."""
    plain_logs()
    locale.compile_catalogues()
    config = Configurator(settings=settings)
    registry = config.registry
    Path(settings["hall.state"]).mkdir(parents=True, exist_ok=True)
    registry["sessions"] = make_sessions(make_engine(settings["database.url"], pool_size=20, max_overflow=30))
    registry["queue"] = redis.Redis.from_url(settings["redis.url"])
    state = Path(settings["hall.state"])
    registry["keys"] = HallKeys.load(state)
    config.include("pyramid_tm")
    config.include("pyramid_retry")
    config.include("pyramid_jinja2")
    config.add_translation_dirs(str(locale.FOLDER))
    for name in FLOOR + ROOMS:
        config.include(name)
    include_plugins(config, settings["hall.plugins"].split())
    add_filters(config)
    return config


def plain_logs() -> None:
    """Tracebacks without words (`trading.errors.trace_of`). The library's own show every local variable, among
    them what is sealed, and take seconds to draw: a database that is away for a moment then stops the pages
    for minutes."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("iso"),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=write_trace),
        ]
    )


def write_trace(file: TextIO, info: tuple[Any, BaseException, Any]) -> None:
    file.write(trace_of(info[1]))


def include_plugins(config: Configurator, enabled: list[str]) -> None:
    """Plugins are found by entry point and enabled by name; a name without a plugin stops the start."""
    found = {point.name: point for point in entry_points(group="tradehall.plugins")}
    for name in enabled:
        if name not in found:
            raise SystemExit(f"hall.plugins names {name!r}, but no such plugin is installed")
        config.include(found[name].value)


def add_filters(config: Configurator) -> None:
    """How templates print instants, amounts and hashes."""
    config.commit()
    environment = config.get_jinja2_environment()
    environment.filters |= {"beijing": beijing, "yuan": yuan}
    environment.globals |= {"hall_name": hall_name(config.registry.settings)}


def hall_name(settings: dict[str, Any]) -> dict[str, str]:
    return {"zh_CN": settings["hall.name"], "en": settings["hall.name_en"]}


def make_app(settings: dict[str, Any]) -> Any:
    """The WSGI application."""
    return make_config(settings).make_wsgi_app()
