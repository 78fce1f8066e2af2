"""A bank for bid securities (保证金托管银行): provider of IBank and IGuaranteeIssuer over signed HTTP.

`signing` is what both sides share, `client` asks, `simulator` is a bank for demonstrations.

Settings:
    bank.url           address of the bank; without it nothing is provided, and tenders' securities are
                       taken outside the hall
    bank.secret_file   the secret shared with the bank
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plugins.bank.client import HttpBank
from trading.interfaces import IBank, IGuaranteeIssuer


def includeme(config: Any) -> None:
    settings = config.registry.settings
    if settings.get("bank.url"):
        bank = HttpBank(settings["bank.url"], Path(settings["bank.secret_file"]).read_bytes())
        config.provide(IBank, bank)
        config.provide(IGuaranteeIssuer, bank)
