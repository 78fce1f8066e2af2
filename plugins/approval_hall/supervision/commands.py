"""What may be asked of the supervision: one vocabulary for forms and programs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class Asked(BaseModel):
    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)


class IssueLetter(Asked):
    """A supervision letter; `days` are working days for its answer."""

    words: Words
    days: int = Field(5, ge=1, le=60)


class AnswerLetter(Asked):
    words: Words


class DecideAccountability(Asked):
    outcome: Literal["no-fault", "talk", "notice", "discipline"]
    words: Words
