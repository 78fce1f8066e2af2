"""What may be asked of and by the advisory committee."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, StringConstraints

from expert_pool.experts.commands import Reason
from trading.parties.commands import Line
from trading.web import _

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=20_000)]


def _numbers(text: str) -> str:
    found = list(dict.fromkeys(re.split(r"[\s,;，；、]+", text.strip().upper())))
    if not all(re.fullmatch(r"E[0-9]{6}", number) for number in found):
        raise ValueError(_("Write the pool's numbers, such as E000012, separated by spaces"))
    return " ".join(found)


Numbers = Annotated[str, AfterValidator(_numbers)]
"""numbers of the pool, separated by single spaces"""


class SetMembers(BaseModel):
    """The committee's members from now on."""

    numbers: Numbers
    reason: Reason


class Ask(BaseModel):
    """A question about a tender."""

    subject: Line
    question: Words


class Convene(BaseModel):
    """Who gives the opinion: the first is the chair."""

    numbers: Numbers


class NewChair(BaseModel):
    """Who of those convened takes the chair, and what has become of the one before."""

    number: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^E[0-9]{6}$")]
    reason: Reason


class Draft(BaseModel):
    """The opinion that the chair puts to the vote."""

    text: Words


class Vote(BaseModel):
    """A member's vote; whoever is against says why."""

    vote: Literal["for", "against", "abstain"]
    dissent: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)] = ""


class Conclude(BaseModel):
    """The chair's detached signature over the opinion, in base64url without padding."""

    opinion_cms: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]
