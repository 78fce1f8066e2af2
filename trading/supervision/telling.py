"""Telling by text message whoever filed a case that something was decided on it (质疑投诉短信告知)."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from trading.messages.service import numbers_of, reach
from trading.outbox import promise
from trading.supervision.cases import find, letter_of
from trading.supervision.models import Case

TELL = "case.tell"
WORDS = {
    "answered": "您提交的{kind}（{number}）已答复，请登录平台查看。",
    "accepted": "您提交的投诉（{number}）已受理，请登录平台查看处理期限。",
    "refused": "您提交的投诉（{number}）不予受理，理由请登录平台查看。",
    "decided": "您提交的投诉（{number}）已作出处理决定，请登录平台查看。",
}
KINDS = {"query": "质疑", "inquiry": "询问", "complaint": "投诉"}


def tell_later(session: Session, case: Case) -> None:
    """Promise that the filer is told of the state that the case is in now."""
    promise(session, TELL, {"case": case.number, "state": case.state})


def tell(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise. The text has the case's number, which the docket shows without a name."""
    keys, case, state = registry["keys"], find(session, payload["case"]), payload["state"]
    party = uuid.UUID(letter_of(keys, case).party)
    text = WORDS[state].format(kind=KINDS[case.kind], number=case.number)
    for number in numbers_of(session, [party]):
        reach(registry, keys.keyed("case-told", case.number, state, number).hex(), number, text)
