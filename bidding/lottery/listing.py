"""The ball list (球号名单): every firm of the category, who may decline until it is frozen; each that is left out stays
in it with the reason and what proves it."""

from __future__ import annotations

import functools
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.lottery import sealed_prices
from bidding.lottery.commands import NameManager
from bidding.lottery.models import SmallWorks, WorksAnswer
from bidding.lottery.works import by_code, must_be, show
from bidding.roster import drawable, law, reading
from bidding.roster.drawable import Firm, Wanted
from bidding.roster.models import RosterFirm, RosterManager
from bidding.roster.terms import Terms
from trading.acts import Actor, process, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.ledger import canonical
from trading.messages import service as messages
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date
from trading.secrets import HallKeys
from trading.web import _

MOST_CALLED = 20
"""so many of the order are named by a draw of the winner: the others follow from its seed"""


@dataclass(frozen=True)
class Ball:
    """A row of the list. `id` is the firm's social credit code, or `K=0.02`; `weight` its chances; `excluded` the
    reason code, "" for who is drawn; `detail` what proves it and `rule` the rule that says so."""

    id: str
    name: str
    number: int
    weight: int = 1
    excluded: str = ""
    grade: str = ""
    firm: str = ""
    rule: str = ""
    detail: str = ""

    @property
    def record(self) -> dict[str, Any]:
        """What the draw commits to, and opens."""
        return {
            "id": self.id, "name": self.name, "ball": self.number, "weight": self.weight, "firm": self.firm,
            "grade": self.grade,
        }  # fmt: skip


# --- before the freeze -------------------------------------------------------------------------------


def category_firm(session: Session, works: SmallWorks, party_id: uuid.UUID | None) -> RosterFirm | None:
    """The firm's row in the works' category."""
    query = select(RosterFirm).where(
        RosterFirm.party_id == party_id, RosterFirm.trade == works.trade, RosterFirm.band == works.band
    )
    return session.scalars(query).first()


def answer_of(session: Session, works: SmallWorks, party_id: uuid.UUID) -> WorksAnswer | None:
    query = select(WorksAnswer).where(WorksAnswer.works_id == works.id, WorksAnswer.party_id == party_id)
    return session.scalars(query).first()


def decline(session: Session, actor: Actor, works: SmallWorks, party: Party, reason: str) -> None:
    """A firm does not take part; entry `works.declined`. It does not count as a refused award. Raises Refused
    `works.too-late` from the freeze on, `works.not-in`, `works.declined`."""
    works, answer = answering(session, works, party)
    if answer.declined_at is not None:
        raise refuse("works.declined", _("Your enterprise has declined already"))
    now = database_now(session)
    answer.declined_at, answer.reason = now, reason
    record(session, actor, "works.declined", works.code, {"org": party.uscc, "reason": reason}, now)
    session.flush()


def name_manager(
    session: Session, actor: Actor, works: SmallWorks, party: Party, command: NameManager
) -> None:
    """Who would be the project manager, until the freeze; entry `works.manager`. Raises Refused `works.too-late`,
    `works.not-in`, `manager.unknown`, `manager.busy`."""
    works, answer = answering(session, works, party)
    take_manager(session, actor, works, answer, party, command)


def take_manager(
    session: Session, actor: Actor, works: SmallWorks, answer: WorksAnswer, party: Party, command: NameManager
) -> None:
    """Put one of the firm's project managers into its answer; the caller has judged that it may be given."""
    known = {str(each.id): each for each in reading.managers_of(session, [party.id])[party.id]}
    manager = known.get(command.manager)
    if manager is None:
        raise refuse("manager.unknown", _("Choose one of your project managers"), field="manager")
    if manager.identity.hex() in reading.busy_managers(session):
        raise refuse(
            "manager.busy", _("This project manager has a running project"), field="manager",
            rule="ROSTER", remedy=_("Name another one: one project at a time."),
        )  # fmt: skip
    answer.manager_id = manager.id
    payload = {"org": party.uscc, "manager": manager.name, "certificate": manager.certificate}
    record(session, actor, "works.manager", works.code, payload)
    session.flush()


def answering(session: Session, works: SmallWorks, party: Party) -> tuple[SmallWorks, WorksAnswer]:
    """The locked works and the firm's answer, while it may still be given."""
    works = by_code(session, works.code, lock=True)
    if works.state != "published" or database_now(session) >= (works.declines_until or works.created_at):
        raise refuse(
            "works.too-late", _("The list is frozen: from here on nobody declines or changes anything"),
            rule="ROSTER", remedy=_("Who is drawn and does not want the contract refuses the award; that is counted."),
        )  # fmt: skip
    firm = category_firm(session, works, party.id)
    if firm is None or firm.status != "listed":
        raise refuse("works.not-in", _("Your enterprise is not in this category of the roster"))
    return works, answer_of(session, works, party.id) or new_answer(session, works, party)


def new_answer(session: Session, works: SmallWorks, party: Party) -> WorksAnswer:
    answer = WorksAnswer(works_id=works.id, party_id=party.id, reason="")
    session.add(answer)
    return answer


# --- the list ----------------------------------------------------------------------------------------


def preview(session: Session, registry: Any, works: SmallWorks) -> list[Ball]:
    """The list as it would be now."""
    at = database_now(session)
    known, day = law.the_terms(registry, at), beijing_date(at)
    answers = {
        answer.party_id: answer
        for answer in session.scalars(select(WorksAnswer).where(WorksAnswer.works_id == works.id))
    }
    names = {each.id: each.identity.hex() for each in managers_named(session, answers)}
    buyers = buyers_of(session, works)
    rows = reading.in_category(session, works.trade, works.band)
    found = []
    for row, firm in reading.firms_of(session, registry, rows, known):
        answer = answers.get(row.party_id)
        wanted = Wanted(
            grades=tuple(works.form["grades"]), needs_manager=works.form["needs_manager"], buyers=buyers,
            manager=names.get(answer.manager_id, "") if answer and answer.manager_id else "",
            declined=bool(answer and answer.declined_at),
        )  # fmt: skip
        bar = next(drawable.bars(firm, day, wanted, known), None)
        found.append((row, firm, bar))
    return [ball(place, works, *each) for place, each in enumerate(found, start=1)]


def buyers_of(session: Session, works: SmallWorks) -> tuple[str, ...]:
    """The codes of owner and agency: neither builds what it buys."""
    agency = session.get(Party, works.agency_id) if works.agency_id else None
    return tuple(party.uscc for party in (works.tenderer, agency) if party)


def shown(session: Session, registry: Any, works: SmallWorks) -> Sequence[Ball]:
    """The list as everybody may read it: the frozen one; before that the list as it would be now, made anew once a
    minute and whenever a firm of it answers, however many come to see it."""
    if works.balls_sha256:
        return frozen(works)
    answers = (func.count(WorksAnswer.declined_at), func.count(WorksAnswer.manager_id))
    given = session.execute(select(*answers).where(WorksAnswer.works_id == works.id)).one()
    minute = database_now(session).replace(second=0, microsecond=0)
    kept: Sequence[Ball] = registry["lottery.previews"].get(
        (works.code, works.state, minute, tuple(given)), lambda: preview(session, registry, works)
    )
    return kept


def managers_named(session: Session, answers: Mapping[uuid.UUID, WorksAnswer]) -> list[RosterManager]:
    ids = {answer.manager_id for answer in answers.values() if answer.manager_id}
    return list(session.scalars(select(RosterManager).where(RosterManager.id.in_(ids)))) if ids else []


def ball(place: int, works: SmallWorks, row: RosterFirm, firm: Firm, bar: drawable.Bar | None) -> Ball:
    return Ball(
        id=firm.id, name=row.party.name, number=place, firm=row.number, grade=row.grade,
        weight=1 if bar else works.weights.get(row.grade, 1), excluded=bar.code if bar else "",
        rule=bar.rule if bar else "", detail=bar.detail if bar else "",
    )  # fmt: skip


def freeze(session: Session, registry: Any, actor: Actor, works: SmallWorks) -> None:
    """Fix the list; entry `works.listed`. From here on nobody declines, and nothing in it changes. With too few firms
    the works fail, entry `works.failed`. Raises Refused `works.state`, `works.early`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "published")
    now = database_now(session)
    assert works.declines_until is not None, "published works have their times"
    if now < works.declines_until:
        raise refuse("works.early", _("Firms may still decline"))
    balls = preview(session, registry, works)
    body = canonical.dumps({
        "v": 1, "typ": "ebid.ball-list", "works": works.code, "at": rfc3339(now),
        "lists": {kind: version.version for kind, version in reading.list_versions(session, registry).items()},
        "balls": [document(each) for each in balls],
    })  # fmt: skip
    works.balls_raw, works.balls_sha256 = body, hashlib.sha256(body).hexdigest()
    drawn = sum(not each.excluded for each in balls)
    payload = {"balls": works.balls_sha256, "firms": len(balls), "drawn": drawn}
    record(session, actor, "works.listed", works.code, payload, now)
    works.state = "listed"
    if drawn < least(works):
        works.state = "failed"
        record(session, actor, "works.failed", works.code, {"reason": "too-few", "drawn": drawn}, now)
        sealed_prices.end(session, registry, works, now)
        show(session, works)
    session.flush()


def least(works: SmallWorks) -> int:
    """So many firms it takes: as many as a draw picks, and two at least; by price as many as are compared."""
    if works.by_price:
        return sealed_prices.FEWEST
    return max(2, works.finalists if works.method == "two-step" else 0)


def document(each: Ball) -> dict[str, Any]:
    """A row of the frozen list."""
    return dict(vars(each))


def freeze_due(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise: nobody can put the freeze off."""
    works = by_code(session, payload["works"], lock=True)
    if works.state == "published":
        freeze(session, registry, process("scheduler"), works)


def notify_due(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Tell every listed firm of the category that it is in a draw unless it declines."""
    works, keys = by_code(session, payload["works"]), registry["keys"]
    tell(session, keys, works, reading.in_category(session, works.trade, works.band))


def tell(session: Session, keys: HallKeys, works: SmallWorks, firms: list[RosterFirm]) -> None:
    assert works.declines_until is not None, "published works have their times"
    until = beijing_date(works.declines_until).isoformat()
    how = "在名录内按合理低价确定" if works.by_price else "从名录中摇号"
    text = f"{works.title}（{works.code}）将{how}，不参加的请于{until}前在平台上声明。"
    listed = [firm.party_id for firm in firms if firm.status == "listed"]
    for number in messages.numbers_of(session, listed):
        messages.text_later(session, keys, f"{works.code}/{number}", number, text)


# --- what is drawn from it ---------------------------------------------------------------------------


def frozen(works: SmallWorks) -> Sequence[Ball]:
    """The rows of the frozen list. Raises Refused `works.not-listed`."""
    if not works.balls_raw:
        raise refuse("works.not-listed", _("The list is not frozen yet"))
    return _rows(works.balls_raw)


@functools.lru_cache(maxsize=4)
def _rows(raw: bytes) -> tuple[Ball, ...]:
    """A printed list, read once for all who look at it."""
    return tuple(Ball(**row) for row in json.loads(raw)["balls"])


def balls(session: Session, works: SmallWorks, step: str) -> Sequence[Ball]:
    """Who or what a step draws from: the whole list with its excluded rows; the finalists; the values of K."""
    rows = frozen(works)
    if step == "k":
        return [Ball(f"K={value}", value, place) for place, value in enumerate(works.k_values, start=1)]
    if step == "order":
        chosen = set(works.drawn["finalists"])
        return [row for row in rows if row.id in chosen]
    return rows


def quota(works: SmallWorks, step: str) -> int:
    """How many a step seats."""
    if step == "k":
        return 1
    if step == "finalists":
        return works.finalists
    if step == "order":
        return len(works.drawn["finalists"])
    return min(MOST_CALLED, sum(not row.excluded for row in frozen(works)))


def thin(session: Session, works: SmallWorks, registry: Any) -> tuple[int, int] | None:
    """(drawable now, wanted) when the category holds too few firms for the finalists, else None."""
    known: Terms = law.the_terms(registry, database_now(session))
    wanted = known.factor * max(1, works.finalists if works.method == "two-step" else 1)
    there = sum(not each.excluded for each in shown(session, registry, works))
    return (there, wanted) if there < wanted else None
