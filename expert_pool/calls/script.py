"""What a called expert hears and reads (通知用语). Pure.

Date, time, place and speciality, and nothing else: no project, no tender's code, no buyer, no bidder has a way into
these words. Place and speciality are plain words; whoever gives more is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from translationstring import TranslationStringFactory

from trading.clock import BEIJING

_ = TranslationStringFactory("tradehall")

PLACE, SPECIALITY = 40, 40
"""characters at most"""
CODE = re.compile(r"[A-Za-z0-9]{9}")
"""what only a code of a tender, a project or an organisation has: nine letters or digits in a row"""
UNSAID = ("项目", "标段", "公司")
"""words in a place that lead to a project, a buyer or a bidder"""


class TellsTooMuch(ValueError):
    """Place or speciality say more than where and what for."""


@dataclass(frozen=True)
class Session:
    """An evaluation as an expert learns of it: `at` aware, `place` a room, `speciality` the expert's."""

    at: datetime
    place: str
    speciality: str

    def __post_init__(self) -> None:
        for words, most in ((self.place, PLACE), (self.speciality, SPECIALITY)):
            if not 0 < len(words) <= most or CODE.search(words):
                raise TellsTooMuch(words)
        if any(word in self.place for word in UNSAID):
            raise TellsTooMuch(self.place)


def question(session: Session) -> Any:
    """What is said on the telephone."""
    return _(
        "Good day, this is the public resource trading centre. You are asked to come to an evaluation on ${date} at ${time}, in ${place}. "
        "Speciality: ${speciality}. Press 1 to accept, press 2 to decline.",
        mapping=_said(session),
    )


def accepted(session: Session) -> Any:
    """The text message to somebody who accepted."""
    return _(
        "You have accepted: evaluation on ${date} at ${time}, ${place}, speciality ${speciality}. Please bring your certificate, and tell nobody.",
        mapping=_said(session),
    )


def skipped(session: Session, at: datetime) -> Any:
    """The text message to somebody who did not answer at the instant `at`, so that a false "no answer" is heard of
    by whom it passed over."""
    return _(
        "You were called for an evaluation on ${date} at ${time} and were marked as not answering at ${called}. "
        "If nobody called you, tell the supervising authority.",
        mapping={name: value for name, value in _said(session).items() if name in ("date", "time")}
        | {"called": at.astimezone(BEIJING).strftime("%H:%M")},
    )


def _said(session: Session) -> dict[str, str]:
    local = session.at.astimezone(BEIJING)
    return {
        "date": f"{local.year}年{local.month}月{local.day}日",
        "time": f"{local:%H:%M}",
        "place": session.place,
        "speciality": session.speciality,
    }
