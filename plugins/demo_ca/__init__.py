"""A demo CA (演示证书颁发机构): provider of ICertificateAuthority for demonstrations and tests.

`authority` is the CA itself, `service` the process that serves it, `client` the hall's side.

Settings:
    demo_ca.url         address of the service; without it nothing is provided
    demo_ca.token_file  file with the token shared with the service (its folder's `ra.token`)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plugins.demo_ca.client import DemoCAClient
from trading.interfaces import ICertificateAuthority


def includeme(config: Any) -> None:
    settings = config.registry.settings
    if settings.get("demo_ca.url"):
        token = Path(settings["demo_ca.token_file"]).read_text().strip()
        config.provide(ICertificateAuthority, DemoCAClient(settings["demo_ca.url"], token))
