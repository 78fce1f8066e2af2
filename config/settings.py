"""What an installation may set (配置), all through the environment; everything has a default for one
machine. `settings(…)` gives Pyramid's flat dictionary; rooms and plugins read their own keys from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from config import register
from trading.clock import CLOCK_FILE, SKEW

ASSETS = Path(__file__).parent / "assets" / "built"
FONTS = ASSETS.parent / "node_modules" / "@expo-google-fonts" / "noto-sans-sc"
"""Chinese glyphs for printed documents: the same on every machine, so the same bytes."""

PANEL_SITE = "panel-site"
"""by what name the device of the evaluation site asks"""

DEFAULTS = {
    "hall.name": "示例市公共资源交易中心",
    "hall.name_en": "Example City Public Resource Trading Centre",
    "hall.authority": "",
    "hall.region": "440300",
    "hall.uscc": "12440300MB2D000144",
    "hall.https": "false",
    "hall.proxies": "0",
    "hall.proxy_addresses": "",
    "access.certificate_for": "",
    "signer.usb_key": "",
    "hall.sm3": "false",
    "hall.demo": "false",
    "hall.live_port": "",
    "live.heartbeat": "15",
    "hall.plugins": "procurement small_works x509_signatures file_store timestamping bank recorder sms approval_hall",
    "clock.tolerance_ms": "500",
    "ledger.origin": "ledger.tradehall.example/2026",
    "ledger.vkey": "",
    "ledger.tick_ms": "50",
    "ledger.dummies_per_hour": "60",
    "ledger.witnesses": "",
    "vault.custodians": "",
    "vault.threshold": "2",
    "draws.trustees": "",
    "rulebook.folder": "",
    "panel.answer_seconds": "180",
    "panel.addresses": "",
    "panel.pool": "law",
    "panel.site": "",
    "panel.regulator_key": "",
    "approval_hall.addresses": "",
    "approval_hall.address": "",
    "approval_hall.items": "",
    "approval_hall.lights": "",
    "approval_hall.look_seconds": "20",
    "file_store.kind": "local",
    "file_store.bucket": "",
    "file_store.endpoint": "",
    "file_store.region": "",
    "file_store.access_key_id": "",
    "file_store.secret_access_key": "",
    "opening.custodian_minutes": "60",
    "timestamping.url": "",
    "timestamping.folder": "",
    "timestamping.certificates": "",
    "bank.url": "",
    "bank.secret_file": "",
    "bank.poll_seconds": "5",
    "bank.forfeit_name": "国库（示例市财政局）",
    "bank.forfeit_account": "",
    "guarantees.issuers": "",
    "sms.url": "",
    "sms.secret_file": "",
    "demo_ca.url": "",
    "demo_ca.token_file": "",
    "signatures.crl_addresses": "",
    "signatures.signer": "",
    "signatures.signer_password": "",
    "sm2_signatures.crl_addresses": "",
}


def environment_name(key: str) -> str:
    """`ledger.origin` is set by TRADEHALL_LEDGER_ORIGIN."""
    return "TRADEHALL_" + key.replace(".", "_").upper().removeprefix("HALL_")


def settings(state: Path, database_url: str, redis_url: str, **overrides: str) -> dict[str, Any]:
    """The settings of one installation whose own state lies under `state`.

    Raises SystemExit for what only a demonstration may have: a shifted clock, the demo CA."""
    found: dict[str, Any] = {
        key: os.environ.get(environment_name(key), default) for key, default in DEFAULTS.items()
    }
    found |= {
        "hall.state": str(state),
        "hall.assets": os.environ.get("TRADEHALL_ASSETS", str(ASSETS)),
        "hall.fonts": os.environ.get("TRADEHALL_FONTS", str(FONTS)),
        "database.url": database_url,
        "redis.url": redis_url,
        "ledger.folder": str(state / "ledger"),
        "file_store.folder": str(state / "files"),
        "recorder.folder": str(state / "recordings"),
        "signatures.folder": str(state / "trust"),
        "sm2_signatures.folder": str(state / "trust" / "sm2"),
        "jinja2.i18n.domain": "tradehall",
        "jinja2.undefined": "strict",
        "pyramid.default_locale_name": "zh_CN",
        "tm.commit_veto": "pyramid_tm.default_commit_veto",
        "retry.attempts": "3",
    }
    found |= overrides
    found |= register.merged(found)
    demo = found["hall.demo"] == "true"
    refuse_shifted_clock(demo)
    if "demo_ca" in found["hall.plugins"].split() and not demo:
        raise SystemExit("the plugin demo_ca gives certificates to anybody: only for demonstrations")
    return found


def refuse_shifted_clock(demo: bool) -> None:
    """Raises SystemExit when a shifted clock is asked for outside a demonstration. Every process whose
    signature says when something was asks this first."""
    for name in (CLOCK_FILE, SKEW):
        if os.environ.get(name) and not demo:
            raise SystemExit(f"{name} is for demonstrations and tests only; unset it")


def is_demonstration() -> bool:
    """Whether this process's environment says that it belongs to a demonstration."""
    return os.environ.get(environment_name("hall.demo")) == "true"


def from_environment(**overrides: str) -> dict[str, Any]:
    """The settings of a process that the supervisor (or an operator) started: DATABASE_URL, REDIS_URL
    and TRADEHALL_STATE name everything."""
    return settings(
        Path(os.environ["TRADEHALL_STATE"]),
        os.environ["DATABASE_URL"],
        os.environ["REDIS_URL"],
        **overrides,
    )
