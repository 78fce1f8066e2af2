"""The hall's words (语言): msgids are English, zh_CN is complete and comes first.

Each room keeps its own small catalogue in zh_CN/parts/; they are merged and compiled when stale."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent
DOMAIN = "tradehall"


def parts(locale: str = "zh_CN") -> list[Path]:
    """The rooms' catalogues, in name order."""
    return sorted((FOLDER / locale / "parts").glob("*.po"))


def merged(locale: str = "zh_CN") -> Catalog:
    """All rooms' translations in one catalogue. The first translation of a msgid stands."""
    catalogue = Catalog(locale=locale, domain=DOMAIN, charset="utf-8")
    for path in parts(locale):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale, domain=DOMAIN):
                if message.id and message.id not in catalogue:
                    catalogue.add(message.id, message.string, context=message.context)
    return catalogue


def compile_catalogues() -> None:
    """Write the compiled catalogue when a part is newer; safe when several processes start at once."""
    target = FOLDER / "zh_CN" / "LC_MESSAGES" / f"{DOMAIN}.mo"
    newest = max((path.stat().st_mtime for path in parts()), default=0)
    if target.exists() and target.stat().st_mtime >= newest:
        return
    target.parent.mkdir(exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}")
    with temporary.open("wb") as file:
        write_mo(file, merged())
    temporary.replace(target)
