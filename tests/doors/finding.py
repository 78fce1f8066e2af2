"""The doors as the application itself has them, to be compared with the table in doors.toml."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyramid.config import Configurator

import config as config_package
import config.models  # noqa: F401  every table is known
from config.cli import COMMANDS
from trading.db import Base
from trading.web import PUBLIC

ROOT = Path(config_package.__file__).parents[1]
PACKAGES = ("trading", "bidding", "expert_pool", "plugins", "config")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
GUESS = {"tables": "sealed", "routes": "same"}
"""What a new row would most likely be."""


def table() -> dict[str, dict[str, str]]:
    """The rows of doors.toml by section, with those that each plugin of pages has in its own folder of tests."""
    found: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "doors.toml").read_text())
    for path in sorted((Path(__file__).parents[1] / "plugins").glob("*/doors.toml")):
        for section, rows in tomllib.loads(path.read_text()).items():
            found[section] |= rows
    return found


def routes(config: Configurator) -> set[str]:
    """`METHOD /pattern` of every view of every route; a view for any method is a page and its form."""
    patterns = {
        item["introspectable"]["name"]: "/" + str(item["introspectable"]["pattern"]).lstrip("/")
        for item in config.introspector.get_category("routes")
    }
    found = set()
    for item in config.introspector.get_category("views"):
        view = item["introspectable"]
        if view["route_name"] in patterns:
            found |= {f"{method} {patterns[view['route_name']]}" for method in methods_of(view)}
    return found


def methods_of(view: Any) -> set[str]:
    """The methods that a view answers; a page and its form where it says none."""
    methods = view["request_methods"] or ("GET", "POST")
    return {methods} if isinstance(methods, str) else set(methods) - {"HEAD"}


def desk(config: Configurator) -> set[str]:
    """`role: function` of everything that puts cards on desks."""
    return {f"{role}: {cards.__module__}.{cards.__qualname__}" for role, cards in config.registry["desk"]}


def trees() -> Iterator[tuple[str, ast.AST]]:
    """Every module of the application with its dotted name."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield name, ast.parse(path.read_text())


def calls() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in trees():
        yield from ((name, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def text_of(node: ast.expr) -> str:
    """A literal, or the expression that makes the text."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def log_lines() -> set[str]:
    """`module: words` of every line that is ever logged."""
    return {
        f"{name}: {text_of(call.args[0])}"
        for name, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in LEVELS
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("log", "logger")
        and call.args
    }


def live_events() -> set[str]:
    """`module: name` of every event that is told to watchers."""
    return {
        f"{name}: {text_of(call.args[3])}"
        for name, call in calls()
        if isinstance(call.func, ast.Name) and call.func.id == "announce" and len(call.args) > 3
    }


def doors(config: Configurator) -> dict[str, set[str]]:
    """Every door there is, by section of the table."""
    return {
        "routes": routes(config),
        "topics": set(config.registry["handlers"]),
        "desk": desk(config),
        "commands": set(COMMANDS),
        "logs": log_lines(),
        "events": live_events(),
        "tables": set(Base.metadata.tables),
    }


def without_row(found: dict[str, set[str]], rows: dict[str, dict[str, str]]) -> list[str]:
    """Doors that the table does not have, each as the line to add."""
    missing = []
    for section, names in found.items():
        for name in sorted(names - rows[section].keys()):
            guess = GUESS.get(section, "why it tells nothing")
            if section == "routes" and not name.startswith("GET "):
                guess = "act"
            missing.append(f"[{section}] {json.dumps(name, ensure_ascii=False)} = {json.dumps(guess)}")
    return missing


def without_door(found: dict[str, set[str]], rows: dict[str, dict[str, str]]) -> list[str]:
    """Rows of the table for which there is no door (any more)."""
    return [
        f'[{section}] "{name}"' for section in rows for name in sorted(rows[section].keys() - found[section])
    ]


def walk(value: Any) -> Iterator[str]:
    """Every text within JSON-like data."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(key)
            yield from walk(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from walk(inner)
    else:
        yield str(value)


def permissions(config: Configurator) -> dict[str, str]:
    """Door → the permission that it asks for, "" for a door that is open to everybody."""
    patterns = {
        item["introspectable"]["name"]: "/" + str(item["introspectable"]["pattern"]).lstrip("/")
        for item in config.introspector.get_category("routes")
    }
    found = {}
    for item in config.introspector.get_category("views"):
        view = item["introspectable"]
        asked = [str(one["value"]) for one in item["related"] if one.category_name == "permissions"]
        for method in methods_of(view) if view["route_name"] in patterns else ():
            open_ = not asked or asked == [str(PUBLIC)]
            found[f"{method} {patterns[view['route_name']]}"] = "" if open_ else asked[0]
    return found


def may_open(registry: Any, permission: str, role: str) -> bool:
    """Whether somebody of this role can get past the door at all; what it is about, and how the person signed in, may
    still say no."""
    return not permission or role in registry["permissions"][permission].roles
