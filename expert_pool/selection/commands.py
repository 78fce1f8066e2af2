"""What may be asked of the room of committees. Byte fields of people are base64url without padding."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from trading.web import _

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-C][0-9]{2}(\.[0-9]{2}){0,2}$")]
Uscc = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Z]{18}$")]

SOONEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def within_reason(at: datetime) -> datetime:
    """An instant whose day can be told in every zone. Raises ValueError."""
    if not SOONEST <= at < LATEST:
        raise ValueError(_("Write a date and time such as 2026-12-01 09:30"))
    return at


class Asked(BaseModel):
    """Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class AskedStratum(Asked):
    quota: int = Field(ge=1, le=99)
    tag: Code


class AskedAvoid(Asked):
    org: Uscc
    reason: Line


class AskedSession(Asked):
    at: Annotated[AwareDatetime, AfterValidator(within_reason)]
    place: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class AskPanel(Asked):
    """A committee: so many members, so many of them experts, of these specialities, not from those organisations."""

    members: int = Field(ge=1, le=99)
    experts: int = Field(ge=1, le=99)
    strata: list[AskedStratum] = Field(min_length=1, max_length=20)
    avoid: list[AskedAvoid] = Field(default=[], max_length=200)
    session: AskedSession


class ApprovePanel(Asked):
    demand: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class NameRepresentatives(Asked):
    """The tenderer's letter (采购人代表授权函): whom it sends, by login, and its words."""

    logins: list[Line] = Field(min_length=1, max_length=20)
    letter: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class ChooseHead(Asked):
    seat: int = Field(ge=1, le=99)


class Here(Asked):
    """Nothing is asked of who comes but the account."""


class DemandForm(Asked):
    """The demand as a page's form sends it: parallel lists, rows left empty do not count."""

    members: str = ""
    experts: str = ""
    at: str = ""
    place: str = ""
    quota: list[str] = []
    tag: list[str] = []
    org: list[str] = []
    reason: list[str] = []

    def asked(self) -> dict[str, object]:
        """What `AskPanel` is made of."""
        strata = [
            {"quota": quota or 0, "tag": tag}
            for quota, tag in zip(self.quota, self.tag, strict=False)
            if tag and quota
        ]
        avoid = [
            {"org": org.strip().upper(), "reason": reason}
            for org, reason in zip(self.org, self.reason, strict=False)
            if org.strip()
        ]
        at = f"{self.at}:00+08:00" if len(self.at) == 16 else self.at
        session = {"at": at, "place": self.place}
        return {"members": self.members, "experts": self.experts, "strata": strata, "avoid": avoid,
                "session": session}  # fmt: skip


class RepresentativesForm(Asked):
    logins: Line
    letter: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class HeadForm(Asked):
    seat: int = Field(ge=1, le=99)
