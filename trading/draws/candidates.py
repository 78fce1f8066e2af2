"""The list of a draw (候选名单): one row per candidate, which tells nobody who it is.

A row carries a handle, a commitment to the candidate's record. An excluded candidate stays in the list
with a reason, so that exclusions can be seen and counted. Rows are strictly ascending by handle.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trading.draws.announcement import distinct_texts, is_hex32
from trading.draws.hashing import Family, check_text, check_value, jcs
from trading.draws.refusal import DrawError, malformed

Row = dict[str, Any]
"""{"h": handle, "g": [group labels], "s": [tags]}, or {"h": handle, "x": reason} when excluded."""

_LABEL = re.compile(r"[0-9a-f]{16}")
_ELIGIBLE = {"h", "g", "s"}
_EXCLUDED = {"h", "x"}


@dataclass(frozen=True)
class Candidate:
    """Who may be drawn: the `record` that is opened later, the `groups` (employer ids; members count
    against the cap), the `tags`, the `weight` (chances; more than 1 needs a cap of 1), the reason of
    exclusion or "", and the `facts` that it rests on, where openings are to tell them."""

    record: Mapping[str, Any]
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    weight: int = 1
    excluded: str = ""
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class CandidateList:
    """A list as it is announced (`rows`), and what opens it: (nonce, record) and groups for every handle."""

    rows: list[Row]
    openings: dict[str, tuple[str, Mapping[str, Any]]]
    group_nonce: bytes
    groups: dict[str, tuple[str, ...]]
    """whose labels each handle's row carries"""

    def root(self, family: Family) -> bytes:
        """The list's root: an RFC 6962 tree over jcs(row)."""
        return list_root(family, self.rows)


def build_list(
    family: Family, scope: str, candidates: Iterable[Candidate], cap: int, rng: Callable[[int], bytes]
) -> CandidateList:
    """Rows and openings with fresh nonces. A candidate of weight w gets w rows that share one more group
    label, so that only its first ticket counts. Raises ValueError for a weight below 1, or above 1 unless
    the cap is 1."""
    group_nonce = rng(32)
    rows: list[Row] = []
    openings, grouped = {}, {}
    for number, candidate in enumerate(candidates):
        if candidate.weight < 1 or (candidate.weight > 1 and cap != 1):
            raise ValueError("a weight is at least 1, and more than 1 only where the cap is 1")
        groups = candidate.groups + ((f"weight/{number}",) if candidate.weight > 1 else ())
        labels = [group_label(family, scope, group_nonce, group) for group in groups]
        for _ in range(candidate.weight):
            nonce = rng(32)
            name = handle(family, scope, nonce, candidate.record).hex()
            openings[name], grouped[name] = (nonce.hex(), candidate.record), groups
            if candidate.excluded:
                rows.append({"h": name, "x": candidate.excluded})
            else:
                rows.append({"h": name, "g": labels, "s": list(candidate.tags)})
    return CandidateList(sorted(rows, key=lambda row: row["h"]), openings, group_nonce, grouped)


def handle(family: Family, scope: str, nonce: bytes, record: Mapping[str, Any]) -> bytes:
    """h = H("cand", scope, nonce, jcs(record)): 32 bytes, new for every draw."""
    return family.tagged("cand", scope, nonce, jcs(record))


def group_label(family: Family, scope: str, nonce: bytes, group: str) -> str:
    """The first 16 hex digits of H("group", scope, nonce, group)."""
    return family.tagged("group", scope, nonce, group).hex()[:16]


def list_root(family: Family, rows: Sequence[Row]) -> bytes:
    """The root over rows that `check_rows` has passed."""
    return family.tree_root(map(_leaf, rows))


def check_rows(rows: Any) -> list[Row]:
    """The rows, each of the right form; raises DrawError MALFORMED. Their order is not judged."""
    if type(rows) is not list:
        raise malformed("rows")
    known: set[tuple[str, ...]] = set()
    for row in rows:
        if type(row) is not dict or not is_hex32(row.get("h")):
            raise malformed("a row")
        if row.keys() == _ELIGIBLE:
            _check_labels(row["g"])
            _check_tags(row["s"], known)
        elif row.keys() == _EXCLUDED and type(row["x"]) is str and row["x"]:
            check_text(row["x"], "a reason")
        else:
            raise malformed("a row's fields")
    return rows


def check_list(family: Family, rows: Sequence[Row], root: str, size: int) -> None:
    """Raises DrawError unless rows of the right form are ordered and are the announced list."""
    if any(one["h"] >= next_one["h"] for one, next_one in zip(rows, rows[1:], strict=False)):
        raise DrawError("ROWS_UNORDERED")
    if len(rows) != size or list_root(family, rows).hex() != root:
        raise DrawError("LIST_DIFFERS")


def check_openings(openings: Any) -> dict[str, tuple[bytes, Any]]:
    """handle → (nonce, record), each of the right form; raises DrawError MALFORMED."""
    if type(openings) is not dict:
        raise malformed("openings")
    found = {}
    for name, opening in openings.items():
        if not is_hex32(name) or type(opening) is not list or len(opening) != 2 or not is_hex32(opening[0]):
            raise malformed("an opening")
        if type(opening[1]) is not dict:
            raise malformed("an opened record")
        check_value(opening[1], "an opened record")
        found[name] = bytes.fromhex(opening[0]), opening[1]
    return found


def check_opened(
    family: Family, scope: str, rows: Sequence[Row], openings: dict[str, tuple[bytes, Any]]
) -> None:
    """Raises DrawError OPENING_DIFFERS unless every opening leads to a row's handle."""
    listed = {row["h"] for row in rows}
    for name, (nonce, record) in sorted(openings.items()):
        if name not in listed or handle(family, scope, nonce, record).hex() != name:
            raise DrawError("OPENING_DIFFERS", name)


def _leaf(row: Row) -> bytes:
    """jcs(row), made quickly for the rows of which there are many: labels and handle need no escapes."""
    if "x" in row or not row["g"]:
        return jcs(row)
    labels = '","'.join(row["g"])
    return f'{{"g":["{labels}"],"h":"{row["h"]}","s":{_tags_text(tuple(row["s"]))}}}'.encode()


@functools.lru_cache(maxsize=4096)
def _tags_text(tags: tuple[str, ...]) -> str:
    return jcs(list(tags)).decode()


def _check_labels(labels: Any) -> None:
    if type(labels) is not list or not all(
        type(label) is str and _LABEL.fullmatch(label) for label in labels
    ):
        raise malformed("a row's groups")
    if len(set(labels)) != len(labels):
        raise malformed("a group stands twice in a row")


def _check_tags(tags: Any, known: set[tuple[str, ...]]) -> None:
    """`known` are tags that have passed: a long list has few different ones."""
    if type(tags) is list and all(type(tag) is str for tag in tags):
        if tuple(tags) in known:
            return
        for tag in tags:
            check_text(tag, "a tag")
    known.add(distinct_texts(tags, "a row's tags"))
