"""The items that an installation has (事项库): this folder's data files, and those of the folders in the setting
`approval_hall.items`. A later file of the same code replaces an earlier one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import rfc8785

from plugins.approval_hall.catalogue.item import Item, ItemError, Words, parse

FOLDER = Path(__file__).parent / "items"
DEPARTMENTS = "departments.toml"


@dataclass(frozen=True)
class Library:
    """The definitions on file, published or not, and the departments that all of them know. `broken`: files that are no item,
    each with what is wrong."""

    items: Mapping[str, Item]
    departments: Mapping[str, Words]
    broken: Mapping[str, ItemError]


def load(folders: Iterable[Path | str] = ()) -> Library:
    """Read every file. A file that cannot be read is in `broken` and takes nothing else with it."""
    places = [FOLDER, *map(Path, folders)]
    departments: dict[str, Words] = {}
    items: dict[str, Item] = {}
    broken: dict[str, ItemError] = {}
    for place in places:
        if (place / DEPARTMENTS).exists():
            try:
                departments |= departments_of((place / DEPARTMENTS).read_text("utf-8"))
            except ItemError as error:
                broken[str(place / DEPARTMENTS)] = error
    for path in (path for place in places for path in sorted(place.glob("*.toml"))):
        if path.name == DEPARTMENTS:
            continue
        try:
            item = parse(path.read_text("utf-8"), departments)
            rfc8785.dumps(
                dict(item.raw)
            )  # a version is published in these bytes: no dates, no numbers beyond JSON's
        except ItemError as error:
            broken[path.name] = error
        except (UnicodeDecodeError, rfc8785.CanonicalizationError) as error:
            broken[path.name] = ItemError("file", str(error))
        else:
            items[item.code] = item
            departments = {**item.departments, **departments}
    return Library(items, departments, broken)


def departments_of(text: str) -> dict[str, Words]:
    """The departments of a file. Raises ItemError."""
    try:
        named = tomllib.loads(text)["departments"]
        return {key: Words(row["zh"], row.get("en", "")) for key, row in named.items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ItemError("departments", f"{type(error).__name__}: {error}") from error
