"""What may be asked about cases and orders: one vocabulary for the forms and the JSON interface."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Decision = Literal["upheld", "partly", "rejected"]
Ground = Literal["inspection", "test", "appraisal", "expert-review"]
Kind = Literal["suspend", "resume", "correct", "re-evaluate", "new-committee", "void-award"]


def _day(value: Any) -> Any:
    """An empty field is no day."""
    return value or None


class Asked(BaseModel):
    """`paper` is a file in base64url by JSON; a form sends it as an upload instead."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    paper_name: Short = ""
    paper: str = ""


class FileQuery(Asked):
    """`matters`: one a line; each of a query can be complained about later."""

    kind: Literal["query", "inquiry"] = "query"
    stage: Literal["documents", "process", "result"]
    matters: Words
    request: Words

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.matters.splitlines() if line.strip()]


class Answer(Asked):
    """`decision` of a query; an inquiry is answered in words alone."""

    decision: Decision | Literal[""] = ""
    words: Words


class Complain(Asked):
    """`matters` are numbers of the query's matters."""

    department: Short
    matters: list[int]
    request: Words


class Accept(Asked):
    """Nothing but the act."""


class TurnAway(Asked):
    words: Words


class PauseClock(Asked):
    ground: Ground
    reason: Words


class Decide(Answer):
    """The authority's decision, in words to publish."""

    decision: Decision


class IssueOrder(Asked):
    order: Kind
    reason: Words
    article: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    case: Short = ""
    answer_by: Annotated[date | None, BeforeValidator(_day)] = None


class SignOrder(BaseModel):
    """The CMS over the order's bytes, base64url."""

    order_cms: Words


class AnswerOrder(Asked):
    words: Words
