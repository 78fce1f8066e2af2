"""What is announced before anybody commits (公告): the list's root, quotas, parties and times of a draw."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import comb
from typing import Any

from trading.draws.hashing import FAMILIES, Family, check_value, is_name, jcs
from trading.draws.refusal import malformed

MOST_TRUSTEES = 15
HEX32 = re.compile(r"[0-9a-f]{64}")
_SCOPE = re.compile(r"[^/]+/[^/]+/[1-9][0-9]{0,8}")
_FIELDS = frozenset(
    [
        "v",
        "alg",
        "scope",
        "prev",
        "list_root",
        "list_size",
        "strata",
        "cap",
        "trustees",
        "k",
        "must",
        "beacon",
        "t_commit",
        "t_freeze",
        "t_reveal",
    ]
)


@dataclass(frozen=True)
class Stratum:
    """A part of the panel (专业组): `quota` members, taken from `tags` in this order of preference."""

    id: str
    quota: int
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Params:
    """An announcement, checked. `trustees` are sorted; `scope` is `<tender>/<purpose>/<draw number>`;
    `prev` the result hash (hex) of the draw this one supplements; `cap` the most members of one group, 0
    for no limit; the times are Unix seconds."""

    document: Mapping[str, Any]
    family: Family
    scope: str
    prev: str | None
    list_root: str
    list_size: int
    strata: tuple[Stratum, ...]
    cap: int
    trustees: tuple[str, ...]
    k: int
    must: tuple[str, ...]
    beacon: Mapping[str, str] | None
    t_commit: int
    t_freeze: int
    t_reveal: int

    @property
    def slips_each(self) -> int:
        """How many slips every party draws: one for each (k-1)-subset of the trustees."""
        return comb(len(self.trustees), self.k - 1)

    @property
    def hash(self) -> bytes:
        """ann = H("announce", jcs(params))."""
        return self.family.tagged("announce", jcs(self.document))


def parse_params(document: Any) -> Params:
    """The announcement of a JSON object; raises DrawError MALFORMED."""
    check_value(document, "params")
    if type(document) is not dict or document.keys() != _FIELDS:
        raise malformed("the fields of params")
    p = document
    if type(p["v"]) is not int or p["v"] != 1:
        raise malformed("params.v")
    if type(p["alg"]) is not str or p["alg"] not in FAMILIES:
        raise malformed("params.alg")
    if type(p["scope"]) is not str or not _SCOPE.fullmatch(p["scope"]):
        raise malformed("params.scope")
    if p["prev"] is not None and not is_hex32(p["prev"]):
        raise malformed("params.prev")
    if not is_hex32(p["list_root"]):
        raise malformed("params.list_root")
    _check_numbers(p)
    return Params(
        p,
        FAMILIES[p["alg"]],
        p["scope"],
        p["prev"],
        p["list_root"],
        p["list_size"],
        _strata(p["strata"]),
        p["cap"],
        _trustees(p["trustees"], p["k"]),
        p["k"],
        _names(p["must"], "params.must"),
        _beacon(p["beacon"]),
        p["t_commit"],
        p["t_freeze"],
        p["t_reveal"],
    )


def is_hex32(value: object) -> bool:
    """Whether this is 32 bytes in lowercase hex."""
    return isinstance(value, str) and HEX32.fullmatch(value) is not None


def _check_numbers(p: Mapping[str, Any]) -> None:
    for name in ("list_size", "cap", "k", "t_commit", "t_freeze", "t_reveal"):
        if type(p[name]) is not int or p[name] < 0:
            raise malformed(f"params.{name}")
    if not p["t_commit"] <= p["t_freeze"] <= p["t_reveal"]:
        raise malformed("the times of params are out of order")


def _strata(value: Any) -> tuple[Stratum, ...]:
    if type(value) is not list or not value:
        raise malformed("params.strata")
    found = []
    for item in value:
        if type(item) is not dict or item.keys() != {"id", "quota", "tags"} or not is_name(item["id"]):
            raise malformed("params.strata")
        if type(item["quota"]) is not int or item["quota"] < 1:
            raise malformed("a stratum's quota")
        tags = distinct_texts(item["tags"], "a stratum's tags")
        if not tags:
            raise malformed("a stratum without tags")
        found.append(Stratum(item["id"], item["quota"], tags))
    if len({stratum.id for stratum in found}) != len(found):
        raise malformed("two strata of one name")
    return tuple(found)


def _trustees(value: Any, k: int) -> tuple[str, ...]:
    names = _names(value, "params.trustees")
    if k < 2 or not 2 * k - 1 <= len(names) <= MOST_TRUSTEES:
        raise malformed("k of n trustees: 2 <= k and 2k-1 <= n <= 15")
    return tuple(sorted(names))


def _beacon(value: Any) -> Mapping[str, str] | None:
    if value is None:
        return None
    if type(value) is not dict or value.keys() != {"source", "rule"}:
        raise malformed("params.beacon")
    if not all(type(text) is str and text for text in value.values()):
        raise malformed("params.beacon")
    return dict(value)


def _names(value: Any, what: str) -> tuple[str, ...]:
    names = distinct_texts(value, what)
    if not all(map(is_name, names)):
        raise malformed(what)
    return names


def distinct_texts(value: Any, what: str) -> tuple[str, ...]:
    """A list of distinct, non-empty texts; raises DrawError MALFORMED."""
    if type(value) is not list or not all(type(text) is str and text for text in value):
        raise malformed(what)
    if len(set(value)) != len(value):
        raise malformed(f"{what}: twice the same")
    return tuple(value)
