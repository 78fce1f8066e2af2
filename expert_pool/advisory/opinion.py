"""Votes of the advisory committee and its written opinion (咨询意见): pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trading.ledger import canonical

VOTES = ("for", "against", "abstain")


@dataclass(frozen=True)
class Ballot:
    """A place on the committee of one request: the member's pseudonym in that tender, and its vote ("" none yet)
    with the dissent in writing."""

    member: str
    chair: bool
    vote: str = ""
    dissent: str = ""


def tally(ballots: Sequence[Ballot]) -> dict[str, int]:
    """How many voted how."""
    return {vote: sum(ballot.vote == vote for ballot in ballots) for vote in VOTES}


def quorate(ballots: Sequence[Ballot], quorum: int) -> bool:
    """Whether at least `quorum` of 100 of those convened have voted."""
    return sum(bool(ballot.vote) for ballot in ballots) * 100 >= quorum * len(ballots)


def carried(ballots: Sequence[Ballot], quorum: int) -> bool:
    """Whether a text is the committee's opinion: enough have voted, and more for it than against it."""
    counted = tally(ballots)
    return quorate(ballots, quorum) and counted["for"] > counted["against"]


def document(
    request: str, tender: str, question: str, text: str, quorum: int, ballots: Sequence[Ballot]
) -> bytes:
    """The opinion as its chair signs it (JCS): names nobody, dissents are part of it."""
    members: list[dict[str, Any]] = [
        {"member": ballot.member, "chair": ballot.chair, "vote": ballot.vote, "dissent": ballot.dissent}
        for ballot in ballots
    ]
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.advisory-opinion",
            "request": request,
            "tender": tender,
            "question": hashlib.sha256(question.encode()).hexdigest(),
            "text": text,
            "quorum": quorum,
            "members": members,
        }
    )
