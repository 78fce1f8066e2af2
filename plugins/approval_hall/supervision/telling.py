"""Telling of lights by text message (短信提醒): the department that has to act, and the supervisors of a red one."""

from __future__ import annotations

import uuid
from typing import Any

from pyramid.i18n import make_localizer
from pyramid.interfaces import ITranslationDirectories
from sqlalchemy.orm import Session

from plugins.approval_hall.staff import posts
from plugins.approval_hall.supervision.models import HallLight, HallLightChange
from plugins.approval_hall.texts import send
from trading.interfaces import IAccounts, IEnterprises
from trading.outbox import outward, promise
from trading.texting import mobile
from trading.web import _

TELL = "hall.light-told"
SUPERVISOR = "hall-supervisor"
WORDS = {
    "yellow": "{subject}“{step}”时限将至（{day}），已亮黄灯，请及时办理。",
    "red": "{subject}“{step}”已超过时限（{day}），已亮红灯，请立即办理并说明原因。",
}
LETTER = "您单位收到督查通知（{number}），请于{day}前登录平台答复。"


def tell_later(session: Session, change: HallLightChange) -> None:
    """Promise the texts about a change. Numbers are looked up when they are sent; the row has none."""
    promise(session, TELL, {"change": str(change.id)})


@outward
def tell(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise: each number once. A text says the number of the case or tender, the step and the day."""
    change = session.get_one(HallLightChange, uuid.UUID(payload["change"]))
    light = session.get_one(HallLight, change.light_id)
    localizer = make_localizer("zh_CN", registry.queryUtility(ITranslationDirectories) or [])
    step = localizer.translate(_(light.step))
    text = WORDS[change.light].format(subject=light.subject, step=step, day=light.last_day)
    for number in numbers(session, registry, light, change.light == "red"):
        send(registry, str(change.id), number, text)


def numbers(session: Session, registry: Any, light: HallLight, red: bool) -> list[str]:
    """The mobile numbers of whoever has to act, and of the supervisors when it is overdue."""
    accounts = registry.getUtility(IAccounts)
    duty = posts.on_duty(session, light.unit) if light.unit else None
    phones = [accounts.get(session, duty).phone] if duty else []
    if light.party_id is not None:
        phones.append(registry.getUtility(IEnterprises).get(session, light.party_id).phone)
    if red:
        phones += [user.phone for user in accounts.with_role(session, SUPERVISOR)]
    return sorted({found for phone in phones if (found := mobile(phone))})
