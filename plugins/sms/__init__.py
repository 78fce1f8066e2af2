"""A text message gateway (短信网关): provider of ISmsSender over HTTP.

`client` asks, `simulator` is a gateway for demonstrations that shows every telephone's messages.

Settings:
    sms.url           address of the gateway; without it nobody is told by text message
    sms.secret_file   the secret that the hall shows it
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plugins.sms.client import HttpGateway
from trading.interfaces import ISmsSender


def includeme(config: Any) -> None:
    settings = config.registry.settings
    if settings.get("sms.url"):
        secret = Path(settings["sms.secret_file"]).read_text().strip()
        config.provide(ISmsSender, HttpGateway(settings["sms.url"], secret))
