"""A review as a form without script: one choice for a whole bid, or item by item with reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidding.evaluation.papers import ABNORMAL, CONFORMITY, Sheet


def votes_of(posted: Mapping[str, str], sheet: Sheet) -> list[dict[str, Any]]:
    """The votes in a posted form. Fields, with b the bid's and i the item's place from 0: `all-b` = "yes"
    passes every item; else `vote-b-i` = "pass" | "fail" and `reason-b-i` (items of a judgement: one)."""
    judging = sheet.step == ABNORMAL
    votes: list[dict[str, Any]] = []
    for b, bid in enumerate(sheet.bids):
        whole = posted.get(f"all-{b}") == "yes" and not judging
        for i, item in enumerate(("",) if judging else sheet.items):
            choice = {"pass": True, "fail": False}.get(posted.get(f"vote-{b}-{i}", ""))
            reason = "" if whole else posted.get(f"reason-{b}-{i}", "").strip().replace("\r\n", "\n")
            yes = True if whole else choice
            vote = {"bid": bid, "reason": reason}
            votes.append(vote | ({"accepted": yes} if judging else {"item": item, "pass": yes}))
    return votes


def findings_of(posted: Mapping[str, str], sheet: Sheet) -> list[dict[str, Any]]:
    """The findings in a posted form (conformity only): `suspected-b`, `brand-b`, `refused-b-claim`."""
    if sheet.step != CONFORMITY:
        return []
    found = []
    for b, bid in enumerate(sheet.bids):
        refused = [claim for claim in sheet.claims.get(bid, ()) if posted.get(f"refused-{b}-{claim}")]
        finding = {
            "bid": bid,
            "suspected": bool(posted.get(f"suspected-{b}")),
            "brand": posted.get(f"brand-{b}", "").strip() or None,
            "claims_refused": refused,
        }
        if finding["suspected"] or finding["brand"] or refused:
            found.append(finding)
    return found


def field_of_vote(sheet: Sheet, field: str) -> str:
    """The form's field for a fault's field (`papers.field_of`), so that the summary can lead to it."""
    bid, _slash, item = field.partition("/")
    if bid not in sheet.bids:
        return ""
    i = sheet.items.index(item) if item in sheet.items else 0
    return f"vote-{sheet.bids.index(bid)}-{i}"
