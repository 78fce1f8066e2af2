"""Changes of a transcript: one value in it, or one byte of its canonical form."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]
_ODD = (
    None,
    True,
    0,
    -1,
    1.5,
    2**53,
    "",
    "x",
    "\ud800",
    "0" * 64,
    "A" * 64,
    "é",
    [],
    {},
    [[]],
    {"h": 1},
    {"é": 1},
)


def spots(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from spots(item, (*path, key))


def mutated(transcript: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """A copy with one change somewhere."""
    changed = copy.deepcopy(transcript)
    part = rng.choice(sorted(changed))
    path = rng.choice([(part,), *((part, *inner) for inner in spots(changed[part]))])
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    _change(holder, path[-1], rng)
    return changed


def raw_bytes(transcript: dict[str, Any]) -> bytes:
    """As canonical as the values allow."""
    text = json.dumps(transcript, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def byte_mutated(raw: bytes, rng: random.Random) -> bytes:
    """A copy with one other byte."""
    place = rng.randrange(len(raw))
    return raw[:place] + bytes([raw[place] ^ rng.randrange(1, 256)]) + raw[place + 1 :]


def _change(holder: Any, key: Any, rng: random.Random) -> None:
    value, kind = holder[key], rng.randrange(5)
    if kind == 0:
        holder[key] = copy.deepcopy(rng.choice(_ODD))
    elif kind == 1:
        del holder[key]
    elif isinstance(value, str) and value:
        place = rng.randrange(len(value))
        holder[key] = value[:place] + rng.choice("0123456789abcdefADNRX") + value[place + 1 :]
    elif isinstance(value, int):
        holder[key] = value + rng.choice((-1, 1))
    elif isinstance(value, list) and value:
        _change_list(value, rng)
    elif isinstance(value, dict) and value:
        name = rng.choice(sorted(value))
        value[rng.choice(("extra", name[:-1] + "0"))] = value.pop(name) if kind == 2 else value[name]
    else:
        holder[key] = copy.deepcopy(rng.choice(_ODD))


def _change_list(value: list[Any], rng: random.Random) -> None:
    one, other = rng.randrange(len(value)), rng.randrange(len(value))
    if rng.random() < 0.5:
        value[one], value[other] = value[other], value[one]
    else:
        value.insert(one, copy.deepcopy(value[other]))
