"""Fails when a word that people see has no Chinese: `python -m config.locale.check`."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from config.locale import FOLDER, merged, parts

ROOT = FOLDER.parents[1]
PACKAGES = ("trading", "bidding", "expert_pool", "plugins", "config")
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "gettext": None}
OPTIONS = {"extensions": "jinja2.ext.i18n", "silent": "false"}


def used() -> Iterator[tuple[str, str]]:
    """Every msgid with the file that uses it."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if "node_modules" in path.parts or path.suffix not in (".py", ".jinja2"):
                continue
            yield from ((msgid, str(path.relative_to(ROOT))) for msgid in msgids(path))


def msgids(path: Path) -> Iterator[str]:
    method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
    for _line, message, _comments, _context in extract_from_file(
        method, path, keywords=KEYWORDS, options=OPTIONS
    ):
        yield from [message] if isinstance(message, str) else [part for part in message if part]


def missing() -> list[str]:
    """What is not translated, one line each."""
    catalogue = merged()
    lines = [
        f"{path}: no Chinese for {msgid!r}"
        for msgid, path in used()
        if msgid and not (catalogue.get(msgid) and catalogue.get(msgid).string)
    ]
    scripts = json.loads((FOLDER.parent / "assets" / "messages.json").read_text())
    lines += [
        f"messages.json: no Chinese for {key!r}" for key, words in scripts.items() if not words.get("zh_CN")
    ]
    return sorted(set(lines))


def two_ways() -> list[str]:
    """Words that two rooms' catalogues translate differently: only one of them would be shown."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in parts():
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                if isinstance(message.id, str) and message.id:
                    found[message.id][path.stem] = str(message.string)
    return [
        f"{msgid!r} has two translations: {ways}"
        for msgid, ways in found.items()
        if len(set(ways.values())) > 1
    ]


def main() -> int:
    lines = missing() + two_ways()
    for line in lines:
        print(line)  # noqa: T201
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
