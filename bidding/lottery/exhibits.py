"""What the audit bundle of a small works is made of (审计材料): stored bytes with their path in the bundle.

docs/protocols/bundle.md section 7. Nothing is computed here but the file of checks, which is told as it was stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from bidding.exhibits import Exhibit
from bidding.lottery import awarding
from bidding.lottery.models import SmallWorks
from trading.credit import checking
from trading.ledger import canonical


def of_works(session: Session, registry: Any, works: SmallWorks) -> Iterator[Exhibit]:
    """The notice and its signature, the ball list, the award notices, the queries of credit lists (they name people)."""
    for name, data in (
        ("notice.json", works.notice), ("notice.p7s", works.notice_p7s), ("balls.json", works.balls_raw),
    ):  # fmt: skip
        if data is not None:
            yield Exhibit(f"works/{name}", data)
    for turn in awarding.awards_of(session, works):
        if turn.notice is not None and turn.notice_p7s is not None:
            yield Exhibit(f"works/award-{turn.rank}.json", turn.notice)
            yield Exhibit(f"works/award-{turn.rank}.p7s", turn.notice_p7s)
    for check in checking.checks_of(session, works.code):
        yield Exhibit(f"works/check-{check.number}.json", canonical.dumps(check.snapshot), secret=True)
