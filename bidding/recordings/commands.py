"""What a recorder or an agent says about a recording that it files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints


class FileRecording(BaseModel):
    """`sha256` (hex) is of the file's bytes; times are aware."""

    model_config = ConfigDict(extra="ignore")

    sitting: Literal["opening", "evaluation"]
    place: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    media_type: Annotated[str, StringConstraints(pattern=r"^(audio|video)/[a-z0-9.+-]{1,60}$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
