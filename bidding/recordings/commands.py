"""What a recorder or an agent says about a recording that it files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from bidding.tenders.commands import BeijingTime

Upload = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{32})?$")]


class FileRecording(BaseModel):
    """`sha256` (hex) is of the file's bytes, "" where the hall is to tell it; times without a zone are
    Beijing's; `upload` names the pieces that were sent before ("": the file comes with this)."""

    model_config = ConfigDict(extra="ignore")

    sitting: Literal["opening", "evaluation"]
    place: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    media_type: Annotated[str, StringConstraints(pattern=r"^((audio|video)/[a-z0-9.+-]{1,60})?$")] = ""
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")] = ""
    starts_at: BeijingTime
    ends_at: BeijingTime
    upload: Upload = ""
