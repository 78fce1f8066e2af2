"""What the audit bundle of small works is made of (审计材料): notice, ball list, awards, and the draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from bidding.exhibits import Exhibit, signed
from bidding.lottery import awarding
from bidding.lottery.models import SmallWorks
from trading.draws import showing as draws


def of_works(session: Session, registry: Any, works: SmallWorks) -> Iterator[Exhibit]:
    """works/: the signed notice, the frozen ball list, the signed award notices in their order; draws/: every draw."""
    if works.notice is not None:
        yield from signed("works/notice", works.notice, works.notice_p7s)
    if works.balls_raw is not None:
        yield Exhibit("works/balls.json", works.balls_raw)
    awarded = [turn for turn in awarding.awards_of(session, works) if turn.notice is not None]
    for number, turn in enumerate(awarded, start=1):
        if turn.notice is not None:
            yield from signed(f"works/award-{number}", turn.notice, turn.notice_p7s)
    for file in draws.files(session, registry["keys"], works.code):
        yield Exhibit(*file)
