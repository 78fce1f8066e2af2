"""Vector files of draws (docs/protocols/draw.md): whole transcripts that must hold, and some that must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from config.conform import Case, Kind
from config.conform.compare import Differs, case, same
from trading.draws.draw import Replay, replay
from trading.draws.refusal import DrawError
from trading.draws.slips import holders

_COMPUTED: Mapping[str, Callable[[Replay], Any]] = {
    "announce": lambda found: found.announce.hex(),
    "freeze": lambda found: found.freeze.hex(),
    "contrib": lambda found: {party: r.hex() for party, r in found.contributions.items()},
    "seed": lambda found: found.seed.hex(),
    "order": lambda found: found.order,
    "slip_holders": lambda found: holders(found.params.trustees, found.params.k),
    "result": lambda found: found.result,
    "result_hash": lambda found: found.result_hash.hex(),
}


def _recognise(data: Any, path: Path) -> bool:
    return bool(data["spec"] == "ebid-draw/1" and (data.get("positive") or data.get("negative")))


def _cases(data: Any, path: Path) -> Iterator[Case]:
    for entry in data.get("positive", []):
        yield case(str(entry["name"]), _holds, entry)
    for entry in data.get("negative", []):
        yield case(f"refused: {entry['name']}", _refused, entry)


def _holds(entry: Mapping[str, Any]) -> None:
    found = replay(entry["transcript"])
    for name, given in entry.get("intermediate", {}).items():
        if name == "first_tickets":
            same(name, given, [[handle, ticket.hex()] for ticket, handle in found.tickets[: len(given)]])
        elif name in _COMPUTED:
            same(name, given, _COMPUTED[name](found))
        else:
            raise Differs(f"{name}: nothing of this name is computed")


def _refused(entry: Mapping[str, Any]) -> None:
    try:
        replay(entry["transcript"])
    except DrawError:
        return
    raise Differs(f"accepted, though {entry.get('why', 'it must be refused')}")


KINDS = [Kind("draw", _recognise, _cases)]
