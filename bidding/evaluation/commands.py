"""What may be asked of an evaluation. Byte fields are base64url without padding."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from bidding.vault.commands import Asked, Document
from expert_pool.selection import seating

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
SignedText = Annotated[str, StringConstraints(max_length=20000)]
"""Signed as it stands: nothing may be stripped from it."""


class SignIn(Asked):
    """`interest` is why the member must step aside; empty: the member declares to have none. A member of a drawn
    committee also signs the promise of integrity and hands in the telephone."""

    interest: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""
    promise: Document = b""
    p7s: Document = b""
    phone: bool = False

    @property
    def signed(self) -> seating.SignedPromise | None:
        """The signed promise, None where none was given."""
        return seating.SignedPromise(self.promise, self.p7s, self.phone) if self.promise else None


class Stop(Asked):
    """Why an evaluation is stopped: in words, and the document that it rests on, with its file name."""

    reason: str = Field("", max_length=2000)
    file_name: str = Field("document", max_length=200)
    document: Document = b""


class ReplaceMember(Stop):
    """Who sits on `seat` is replaced; `ground` is recusal, illness or absence."""

    seat: int = Field(ge=1)
    ground: str = ""


class CastVote(Asked):
    """One vote; `passed` is called `pass` outside (`accepted` in the step `abnormal`)."""

    bid: str
    item: str = ""
    passed: bool | None = Field(None, alias="pass")
    accepted: bool | None = None
    reason: str = ""


class Finding(Asked):
    bid: str
    suspected: bool = False
    brand: str | None = None
    claims_refused: list[str] = []


class DraftReview(Asked):
    votes: list[CastVote]
    findings: list[Finding] = []


class SignReview(Asked):
    raw: Document
    cms: Document


class Ask(Asked):
    """`bid` is the hash of the bid's manifest."""

    bid: Text
    text: Text


class Answer(Asked):
    """`answer` is the signed text; a price correction is confirmed or denied instead."""

    answer: SignedText = ""
    confirmed: bool | None = None
    cms: Document


class RecordDraw(Asked):
    """`order` are the tied bidders' codes as they were drawn; `officer` conducted the draw."""

    order: list[str] = Field(min_length=2)
    officer: Text
    how: Text


class SignReport(Asked):
    """With `dissent`, `dissent_cms` is a signature over its bytes (UTF-8)."""

    cms: Document
    dissent: SignedText = ""
    dissent_cms: Document | None = None


class TypedScore(Asked):
    """One score as typed; `bid` is the bidder's code, `item` the criterion's id."""

    bid: str
    item: str
    score: str = ""
    reason: str = ""


class SaveScores(Asked):
    """`base` is the version of the draft that was on the screen."""

    base: int = Field(ge=0)
    scores: list[TypedScore]


class DraftScores(Asked):
    """Without `scores`: those of the draft."""

    scores: list[TypedScore] | None = None


class StatedFact(Asked):
    """What a bid shows for an objective criterion, and the points that it gives."""

    bid: str
    item: str
    fact: str = ""
    points: str = ""


class StateFacts(Asked):
    facts: list[StatedFact]


class ExplainScore(Asked):
    bid: str
    item: str
    reason: Annotated[str, StringConstraints(max_length=4000)] = ""


class CorrectScore(ExplainScore):
    """`ground` is range, objective or outlier (Order 87 art. 64)."""

    ground: str = ""
    after: Annotated[str, StringConstraints(strip_whitespace=True, max_length=32)] = ""
