"""What the text message port gives back (短信回执). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MOBILE = re.compile(r"1[3-9]\d{9}")
LONGEST = 500
"""characters of a text; gateways split it into several messages"""


@dataclass(frozen=True)
class Delivery:
    """How far a text has come, since the instant `at` (aware): handed over to the network, delivered to the
    telephone, or failed for `reason`."""

    state: Literal["handed", "delivered", "failed"]
    at: datetime
    reason: str = ""


def mobile(number: str) -> str:
    """The eleven digits of a mobile number as people write it, "" for anything else."""
    digits = re.sub(r"[\s-]", "", number).removeprefix("+86")
    return digits if MOBILE.fullmatch(digits) else ""
