"""The papers of final offers (最后报价文件): the call that the host signs, the notice that invites. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trading.ledger import canonical

CALL = "ebid.final-offers-call"


def change_rows(changes: Iterable[Any]) -> list[dict[str, Any]]:
    """Confirmed changes as documents carry them."""
    return [{"number": change.number, "subject": change.subject, "text": change.text} for change in changes]


def call_document(
    *,
    tender: str,
    lot: str,
    offers: str,
    remaining: Sequence[str],
    others: Sequence[str],
    changes: Sequence[Mapping[str, Any]],
    deadline: str,
    salt: str,
) -> bytes:
    """call.json: the host asks the `remaining` suppliers (manifests of their first responses) for final offers,
    sealed in the tender `offers` until `deadline` (RFC 3339). `salt` keeps its hash, which every one of them
    reads in the notice, from telling how many remain."""
    return canonical.dumps(
        {
            "v": 1,
            "typ": CALL,
            "tender": tender,
            "lot": lot,
            "offers": offers,
            "salt": salt,
            "remaining": sorted(remaining),
            "others": sorted(others),
            "changes": list(changes),
            "deadline": deadline,
        }
    )


def notice_document(*, call: str, parent: str, changes: Sequence[Mapping[str, Any]], **said: Any) -> bytes:
    """The notice of the tender for final offers: what every notice says, and of which tender it is, by which
    call (SHA-256), and what was changed. All who remain read the same words at the same time."""
    return canonical.dumps(
        {"v": 1, "typ": "ebid.notice", "offers_of": parent, "call": call, "changes": list(changes)} | said
    )
