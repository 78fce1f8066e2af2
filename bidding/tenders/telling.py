"""Telling those concerned by text message (短信告知): whoever took the documents while signed in, and whoever has bid.

Who they are is read from encrypted rows at the moment of sending and written nowhere; the text names neither tender nor
anybody, so the gateway learns only that a number deals with this hall. Notices and desks tell the same, with the words.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.invited import invitees
from bidding.tenders.models import Tender
from bidding.tenders.service import find
from bidding.vault.models import Bid
from bidding.vault.service import admitted
from trading.accounts.models import User
from trading.clock import rfc3339
from trading.events import (
    OrderIssued,
    TenderAmended,
    TenderEnded,
    TenderEvent,
    TenderResumed,
    TenderSuspended,
)
from trading.messages.service import numbers_of, reach
from trading.notices.service import downloads
from trading.outbox import promise
from trading.parties.models import Party
from trading.secrets import HallKeys

TELL = "tender.tell"
WORDS = {
    "amended": "您领取过采购文件的项目发布了修改公告，请登录平台查看；已投标的，请查看是否需要重新封装。",
    "clarified": "您领取过采购文件的项目发布了澄清，请登录平台查看。",
    "suspended": "您关注的项目已暂停，恢复时间另行公告，请登录平台查看。",
    "resumed": "您关注的项目已恢复进行，请登录平台查看投标截止时间。",
    "ended": "您关注的项目已终止或废标，请登录平台查看公告。",
    "invited": "采购人邀请您参加一个采购项目的投标，请登录平台查看邀请和投标截止时间。",
    "offers-called": "您参加的采购项目邀请提交最后报价，请尽快登录平台查看截止时间并密封提交。",
    "ordered": "监管部门就您关注的项目作出决定，请登录平台查看公告。",
}
"""What is said of each event; the networks here take Chinese texts."""
EVENTS = {
    TenderAmended: "amended",
    TenderSuspended: "suspended",
    TenderResumed: "resumed",
    TenderEnded: "ended",
    OrderIssued: "ordered",
}


def tell_later(session: Session, tender: str, what: str, at: datetime) -> None:
    """Promise that everybody concerned is told, once, of what happened at `at`."""
    promise(session, TELL, {"tender": tender, "what": what, "at": rfc3339(at)})


def telling(what: str) -> Callable[[TenderEvent], None]:
    """A subscriber that promises it. A tender that ends with its contract has told everybody its result, what an
    order does at once is told as the event that it leads to, and what befalls final offers as their procurement's."""

    def promised(event: TenderEvent) -> None:
        if (
            getattr(event, "how", "") != "contracted"
            and getattr(event, "order", "")
            not in (
                "suspend",
                "resume",
            )
            and not find(event.session, event.tender).gathers
        ):
            tell_later(event.session, event.tender, what, event.at)

    return promised


def tell(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise. Tried again as a whole while the gateway is away; nobody gets it twice."""
    keys, tender = registry["keys"], find(session, payload["tender"])
    for number in numbers_of(session, concerned(session, keys, tender)):
        key = keys.keyed("tender-told", tender.code, payload["what"], payload["at"], number).hex()
        reach(registry, key, number, WORDS[payload["what"]])


def concerned(session: Session, keys: HallKeys, tender: Tender) -> set[uuid.UUID]:
    """The enterprises that took the documents, have bid or are invited. For sending only: until the deadline nobody may
    learn them (Order 20 art. 21)."""
    users = {uuid.UUID(taken.user) for taken in downloads(session, keys, tender.code) if taken.user}
    rows = session.scalars(select(Bid).where(Bid.tender_id == tender.id))
    codes = {admitted(keys, row).uscc for row in rows}
    mine = select(User.party_id).where(User.id.in_(users), User.party_id.is_not(None))
    theirs = select(Party.id).where(Party.uscc.in_(codes))
    called = set(invitees(session, keys, tender))
    return called | {
        party for query in (mine, theirs) for party in session.scalars(query) if party is not None
    }


def includeme(config: Configurator) -> None:
    """The promise, and what makes it."""
    config.on_promise(TELL, tell)
    for event, what in EVENTS.items():
        config.add_subscriber(telling(what), event)
