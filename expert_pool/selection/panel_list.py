"""The imported list of a committee, and the documents made of it (专家名单、评标委员会组成).

The pool that drew the members hands over a JSON file:
`{"v":1,"typ":"ebid.panel-list","tender":code,"source":s,"members":[{"login":s,"name":s,"employer":USCC,
"kind":"expert"|"purchaser","head":bool}]}`, and perhaps `"reserves":[…]`, lines of the same form: who is called, in this
order, when a member must be replaced (候补).
"""

from __future__ import annotations

import json
import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from translationstring import TranslationStringFactory

from trading.errors import refuse
from trading.ledger import canonical

_ = TranslationStringFactory("tradehall")

KINDS = ("expert", "purchaser")
RESERVE, CALLED, REPLACED = "reserve", "called", "replaced"
"""states of a seat besides "", on the committee"""
_LIST = {"v", "typ", "tender", "source", "members"}
_MEMBER: Mapping[str, type] = {"login": str, "name": str, "employer": str, "kind": str, "head": bool}


@dataclass(frozen=True)
class Listed:
    """One line of the list: account name, name, employer's unified social credit code."""

    login: str
    name: str
    employer: str
    kind: str
    head: bool


@dataclass(frozen=True)
class PanelList:
    """The list as handed over. `source` says who drew it and how it can be found there."""

    tender: str
    source: str
    members: tuple[Listed, ...]
    reserves: tuple[Listed, ...] = ()


@dataclass(frozen=True)
class Seat:
    """A place on the committee. `seat` counts from 1; `member` is the pseudonym in the tender's ledger
    entries, `cert_sha256` (hex) the certificate that the member signs with here, `handle` under which a drawn
    member stands in its draw. `state`: "" on the committee; reserve, called (in somebody's place, and not seated yet),
    replaced."""

    seat: int
    user_id: uuid.UUID
    login: str
    name: str
    employer: str
    kind: str
    head: bool
    member: str
    cert_sha256: str
    handle: str = ""
    state: str = ""


def bears_name(common_name: str, name: str) -> bool:
    """Whether a certificate's common name is a person's: the name itself, or the name as a word of it."""
    wanted, found = "".join(name.split()), unicodedata.normalize("NFKC", common_name).strip()
    return bool(wanted) and wanted in ("".join(found.split()), *re.split(r"[\W\d_]+", found))


def parse(raw: bytes) -> PanelList:
    """The list in a file. Raises Refused `panel.list` when it is not one."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not _is_list(found):
        raise refuse(
            "panel.list",
            _("This file is not a list of committee members"),
            field="list",
            remedy=_("Ask the expert pool for the file in the format of this hall."),
        )
    members, reserves = (
        tuple(Listed(**{key: line[key] for key in _MEMBER}) for line in found.get(part, []))
        for part in ("members", "reserves")
    )
    return PanelList(found["tender"], found["source"].strip(), members, reserves)


def _is_list(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() | {"reserves"} == _LIST | {"reserves"}
        and (found["v"], found["typ"]) == (1, "ebid.panel-list")
        and isinstance(found["tender"], str)
        and isinstance(found["source"], str)
        and bool(found["source"].strip())
        and all(isinstance(found.get(part, []), list) for part in ("members", "reserves"))
        and all(_is_member(line) for line in [*found["members"], *found.get("reserves", [])])
    )


def _is_member(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() == _MEMBER.keys()
        and all(type(found[key]) is kind for key, kind in _MEMBER.items())
        and found["kind"] in KINDS
    )


def seats_to_bytes(seats: Sequence[Seat]) -> bytes:
    """The seats as they are kept, to be encrypted."""
    return canonical.dumps([asdict(seat) | {"user_id": str(seat.user_id)} for seat in seats])


def seats_of_bytes(raw: bytes) -> list[Seat]:
    """The seats given to `seats_to_bytes`."""
    return [Seat(**row | {"user_id": uuid.UUID(row["user_id"])}) for row in canonical.loads(raw)]


def panel_document(tender: str, seats: Sequence[Seat]) -> bytes:
    """The panel document (docs/protocols/bundle.md, evaluation/panel.json)."""
    members = [
        {"member": seat.member, "role": seat.kind, "head": seat.head, "cert_sha256": seat.cert_sha256}
        | ({"handle": seat.handle} if seat.handle else {})
        | ({"replaced": True} if seat.state == REPLACED else {})
        for seat in seats
        if seat.state in ("", REPLACED)
    ]
    return canonical.dumps({"v": 1, "typ": "ebid.panel", "tender": tender, "members": members})
