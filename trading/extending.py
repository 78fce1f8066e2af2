"""What a plugin may add to the hall (扩展): roles, permissions, words of entries, links, so that nobody edits the hall for it.

A plugin's `includeme` calls the directives; a hall without the plugin knows none of it, and whoever still holds one of its
roles can do nothing with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from trading.permissions import (
    MAY_HOLD_TOGETHER,
    ROWS,
    Permission,
    Predicate,
    Role,
    Row,
    Strength,
    always,
)


@dataclass(frozen=True)
class Link:
    """A link of the header; who does not hold `permission` does not see it ("" is for everybody)."""

    words: Any
    route: str
    permission: str = ""


def add_role(config: Configurator, name: str, words: Any, together: Collection[str] = ()) -> None:
    """Directive `config.add_role("hall-clerk", _("Window clerk"))`: another role, which nobody may hold with a second
    one unless `together` names it. Raises ValueError for a role that there is."""
    known = config.registry["roles"]
    if name in known or name in {role.value for role in Role}:
        raise ValueError(f"there is a role {name!r} already")
    known[name] = words
    config.registry["roles.together"] |= {frozenset({name, other}) for other in together}
    for permission in (Permission.SECOND_FACTOR, Permission.OWN_ACCOUNT):
        found = config.registry["permissions"][permission]
        config.registry["permissions"][permission] = Row(found.roles | {name}, found.strength, found.when)


def permit(
    config: Configurator,
    name: str,
    roles: Collection[str],
    strength: Strength = Strength.TOTP,
    when: Predicate = always,
) -> None:
    """Directive `config.permit("hall-intake", {"hall-clerk"})`: another row of the table. Raises ValueError for a
    permission that there is, and for a role that there is not."""
    rows, known = config.registry["permissions"], {*Role, *config.registry["roles"]}
    if name in rows or name in set(Permission):
        raise ValueError(f"there is a permission {name!r} already")
    if strangers := set(roles) - known:
        raise ValueError(f"{name}: unknown roles {sorted(strangers)}")
    rows[name] = Row(frozenset(roles), strength, when)


def add_act_words(
    config: Configurator,
    acts: Mapping[str, Any],
    fields: Mapping[str, Any] = {},
    actors: Mapping[str, Any] = {},
) -> None:
    """Directive `config.add_act_words({"hall.filed": _("Filed")})`: what entries, their fields and the processes that write
    them are called on trails."""
    for known, more in zip(
        ("words.acts", "words.fields", "words.actors"), (acts, fields, actors), strict=True
    ):
        config.registry[known].update(more)


def add_nav(config: Configurator, words: Any, route: str, permission: str = "") -> None:
    """Directive `config.add_nav(_("Approval hall"), "hall")`: a link in every page's header."""
    config.registry["nav"].append(Link(words, route, permission))


def add_instruments(config: Configurator, names: Mapping[str, tuple[str, str]]) -> None:
    """Directive `config.add_instruments({"LIC": ("行政许可法", "Administrative Licensing Law")})`: how articles that refusals cite
    are shown; the rulebook's own need none."""
    config.registry["instruments"].update(names)


def nav_links(request: Request) -> list[Link]:
    """What a plugin put into the header for this reader."""
    return [
        link
        for link in request.registry["nav"]
        if not link.permission or request.has_permission(link.permission)
    ]


def includeme(config: Configurator) -> None:
    registry = config.registry
    registry["roles"] = {}
    registry["roles.together"] = set(MAY_HOLD_TOGETHER)
    registry["permissions"] = dict(ROWS)
    registry["nav"] = []
    registry["instruments"] = {}
    for known in ("words.acts", "words.fields", "words.actors"):
        registry[known] = {}
    for directive in (add_role, permit, add_act_words, add_nav, add_instruments):
        config.add_directive(directive.__name__, directive)
    config.add_request_method(nav_links, "nav_links", reify=True)
