"""The call for sealed prices (报价邀请): once the list is frozen the owner signs notice and seal policy, which publishes the
tender for the prices to the firms that are not left out, and to nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.lottery import listing, sealed_prices
from bidding.lottery.models import SmallWorks
from bidding.lottery.works import by_code, must_be
from bidding.tenders import publication
from bidding.tenders.invited import invite_exactly
from bidding.tenders.models import Publication, Tender
from bidding.tenders.readiness import Readiness, custodians
from bidding.tenders.service import advance, locked
from bidding.vault.envelopes import mode_of
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.ledger import canonical
from trading.messages import service as messages
from trading.outbox import promise
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date
from trading.web import _

LEAST = timedelta(minutes=10)
"""what must be left of the time for prices when the call goes out"""


def awaited(session: Session, works: SmallWorks) -> Tender:
    """The drafted tender for the prices, when the call for them is due. Raises Refused `works.state`, `prices.called`."""
    must_be(works, "listed")
    child = sealed_prices.tender_of(session, works)
    if child is None or child.state != "draft":
        raise refuse("prices.called", _("Prices are not to be called for now"))
    return child


def readiness_of(session: Session, registry: Any, child: Tender) -> Readiness:
    """Whose keys for the prices are here; the gates judged the notice of the works."""
    return Readiness([], custodians(session, registry, child), mode_of(child.form))


def prepare(session: Session, registry: Any, works: SmallWorks) -> Publication:
    """What the owner signs: notice and policy; made once, and anew when deadline or keys have changed. Raises Refused
    `works.state`, `prices.*`, `tender.custodians`."""
    child, now = awaited(session, works), database_now(session)
    if child.deadline - now < LEAST:
        raise refuse(
            "prices.late", _("Too little is left of the time for prices"), field="prices_until",
            remedy=_("Set a later deadline; the custodians' keys for it come by themselves."),
        )  # fmt: skip
    readiness = readiness_of(session, registry, child)
    if not readiness.keys_ready:
        raise refuse(
            "tender.custodians", _("Not every custodian has delivered its key for this tender yet."),
            remedy=_("The custodians' services deliver them by themselves within a minute; wait and try again."),
        )  # fmt: skip
    keys = [hashlib.sha256(key.raw).hexdigest() for key in readiness.statements]
    said = [rfc3339(child.deadline), works.balls_sha256, *keys]
    basis = hashlib.sha256(canonical.dumps(said)).hexdigest()
    made = session.get(Publication, child.id)
    if made is None or made.basis != basis:
        made = made or Publication(tender_id=child.id)
        make(registry, works, child, readiness, made, now)
        made.basis, made.made_at = basis, now
        session.add(made)
        session.flush()
    return made


def make(
    registry: Any, works: SmallWorks, child: Tender, readiness: Readiness, made: Publication, now: datetime
) -> None:
    """The bytes to sign. The notice names the frozen list: who is on it and not left out may hand a price in."""
    made.policy = publication.policy_of(registry, child, readiness)
    made.evaluation = canonical.dumps(child.rules)
    made.documents = canonical.dumps({"v": 1, "typ": "ebid.documents", "files": []})
    made.notice = canonical.dumps({
        "v": 1, "typ": "ebid.notice", "prices_of": works.code, "balls": works.balls_sha256,
        "tender": child.code, "lot": child.lot.code, "title": child.title, "kind": child.kind,
        "published": rfc3339(now), "deadline": rfc3339(child.deadline), "open_at": rfc3339(child.opens_at),
        "policy": publication.made_hash(made.policy), "documents": publication.made_hash(made.documents),
        "evaluation": publication.made_hash(made.evaluation),
        "rulebook": {"version": child.rulebook_version, "sha256": child.rulebook_hash},
    })  # fmt: skip


def call(
    session: Session, registry: Any, actor: Actor, user_id: UUID, works: SmallWorks, cms: Mapping[str, bytes]
) -> Tender:
    """Publish the tender for the prices, signed by owner or agency; entries `tender.published` of it and
    `works.prices-called`. Every firm that is not left out is told. Raises Refused `works.state`, `prices.*`,
    `tender.*`, `signature.*`, `certificate.*`, `policy.*`."""
    works = by_code(session, works.code, lock=True)
    made = prepare(session, registry, works)
    child, now = locked(session, awaited(session, works).code), database_now(session)
    readiness = readiness_of(session, registry, child)
    invited = [row.id for row in listing.frozen(works) if not row.excluded]
    parties = list(session.scalars(select(Party.id).where(Party.uscc.in_(invited))))
    invite_exactly(session, registry["keys"], child, parties)
    publication.judge(session, registry, child, user_id, readiness, made, cms["notice"], cms["policy"], now)
    publication.put_up(
        session, registry, child, made, cms["notice"], cms["policy"], now, shown=shown(works, child)
    )
    advance(session, registry, child, "publish", now, custodians_ready=readiness.keys_ready)
    publication.say_published(session, actor, child, made, cms["notice"], cms["policy"], now)
    promise(session, publication.CLOSE, {"tender": child.code}, due=child.deadline)
    payload = {
        "prices": child.code, "notice": publication.made_hash(made.notice), "firms": len(parties),
        "until": rfc3339(child.deadline),
    }  # fmt: skip
    record(session, actor, "works.prices-called", works.code, payload, now)
    until = beijing_date(child.deadline).isoformat()
    text = f"{works.title}（{works.code}）请于{until}开标前在平台上提交密封报价。"
    for number in messages.numbers_of(session, parties):
        messages.text_later(session, registry["keys"], f"{child.code}/{number}", number, text)
    session.flush()
    return child


def shown(works: SmallWorks, child: Tender) -> dict[str, Any]:
    """What the notice's page tells the firms."""
    return {
        "title_en": works.title,
        "buyer": child.tenderer.name,
        "agency": child.agency.name,
        "deadline": rfc3339(child.deadline),
        "text": {
            "zh": ["名单内未被剔除的企业，请在截止时间前密封提交报价；逾期不受理。"],
            "en": ["Every firm of the list that is not left out seals and hands in its price before the deadline."],
        },
    }  # fmt: skip


def postpone(session: Session, registry: Any, actor: Actor, works: SmallWorks, until: datetime) -> None:
    """A later deadline, before the call goes out; entry `works.prices-postponed`. Raises Refused `works.state`,
    `prices.called`, `prices.until`."""
    works = by_code(session, works.code, lock=True)
    child, now = locked(session, awaited(session, works).code), database_now(session)
    assert works.draw_at is not None, "published works have their times"
    if until < works.draw_at or until - now < LEAST:
        raise refuse(
            "prices.until", _("The new deadline is later than the published one, and leaves time"),
            field="prices_until",
        )  # fmt: skip
    child.deadline = child.opens_at = until
    child.form = child.form | {"deadline": rfc3339(until)}
    payload = {"prices": child.code, "until": rfc3339(until)}
    record(session, actor, "works.prices-postponed", works.code, payload, now)
    session.flush()
