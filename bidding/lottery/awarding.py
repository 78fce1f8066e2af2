"""After the draw (摇号之后): publicity, checks, award notice, refusal and the next in order, contract, performance."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bidding.lottery import listing, sealed_prices
from bidding.lottery.commands import NameManager, SignedWorks
from bidding.lottery.models import SmallWorks, WorksAward
from bidding.lottery.pricing import drawn_price
from bidding.lottery.works import by_code, must_be, show, signed_by_buyers
from bidding.roster import drawable, engaging, law, reading
from bidding.roster.commands import Rate
from bidding.roster.drawable import Bar, Record, Wanted
from bidding.roster.models import RosterManager
from bidding.roster.terms import Terms
from trading.acts import Actor, process, record
from trading.clock import database_now
from trading.credit import checking
from trading.errors import Fault, Refused, refuse
from trading.interfaces import IFileStore
from trading.ledger import canonical
from trading.parties import service as parties
from trading.parties.models import Party
from trading.rulebook.calendar import add_days, beijing_date
from trading.supervision import papers
from trading.web import _

HALL = process("lottery")
STILL = frozenset({
    "not-listed", "documents", "excluded", "blacklisted", "bribery", "interest", "grade-exit", "refused-often", "running",
})  # fmt: skip
"""reasons of the ball list that turn a drawn firm down at the award too; the others speak of the draw, and of its project
manager `manager_of` judges"""


def drawn(session: Session, registry: Any, works: SmallWorks, step: str, order: Sequence[str]) -> None:
    """A draw has its result: its order is kept; after the last step the first firm's turn begins. Works that were
    cancelled while it ran keep the result, and nobody's turn begins: no owner suppresses a running draw. Entry
    `works.drawn`. Raises Refused `works.step` for a step that is not due."""
    if works.state not in ("listed", "cancelled") or step != works.next_step:
        raise refuse("works.step", _("This step is not due"))
    works.drawn = {**works.drawn, step: list(order)}
    now = database_now(session)
    record(session, HALL, "works.drawn", works.code, {"step": step, "order": list(order)}, now)
    if works.state == "cancelled" or works.next_step:
        session.flush()
        return
    begin(session, registry, works, now)


def begin(session: Session, registry: Any, works: SmallWorks, now: datetime) -> None:
    """All is drawn, or the prices are open: the first firm's turn begins."""
    if works.by_price:
        sealed_prices.rank(session, works, now)
    works.state = "drawn"
    announce_next(session, registry, HALL, works, now)


def order_of(works: SmallWorks) -> list[str]:
    """The firms in the order of their turns, once all steps are drawn or the prices ranked."""
    return list(works.drawn.get(works.order_step, ()))


def price_of(session: Session, works: SmallWorks, org: str) -> Decimal:
    """The contract's price with a firm: what it offered; without offers the ceiling, less the drawn share where K is
    drawn."""
    if works.by_price:
        return sealed_prices.price_of(session, works, org)
    if "k" in works.steps:
        return drawn_price(works.ceiling, works.drawn["k"][0].removeprefix("K="))
    return works.ceiling


def announce_next(session: Session, registry: Any, actor: Actor, works: SmallWorks, now: datetime) -> None:
    """The next firm's turn: its name is public for some days. Entry `works.announced`; with nobody left the works
    fail, entry `works.failed`."""
    rank = len(awards_of(session, works)) + 1
    show(session, works)
    order = order_of(works)
    if rank > len(order):
        works.state = "failed"
        record(session, actor, "works.failed", works.code, {"reason": "nobody-left"}, now)
        session.flush()
        return
    party = parties.by_code(session, order[rank - 1])
    assert party is not None, "a drawn firm is registered"
    answer = listing.answer_of(session, works, party.id)
    until = add_days("day", law.the_terms(registry, now).result_days, beijing_date(now), law.the_calendar())
    award = WorksAward(
        id=uuid.uuid4(), works_id=works.id, rank=rank, party=party, price=price_of(session, works, party.uscc),
        state="announced",
        announced_at=now, announced_until=until, manager_id=answer.manager_id if answer else None, checks=[],
    )  # fmt: skip
    session.add(award)
    works.state = "announced"
    payload = {"org": party.uscc, "rank": rank, "price": f"{award.price:.2f}", "until": until.isoformat()}
    record(session, actor, "works.announced", works.code, payload, now)
    session.flush()


def award_notice(works: SmallWorks, award: WorksAward, manager: str) -> bytes:
    """The award notice that the owner signs (中标通知书, JCS)."""
    return canonical.dumps({
        "v": 1, "typ": "ebid.works-award", "works": works.code, "title": works.title, "rank": award.rank,
        "owner": {"id": works.tenderer.uscc, "name": works.tenderer.name},
        "contractor": {"id": award.party.uscc, "name": award.party.name}, "manager": manager,
        "price": f"{award.price:.2f}", "days": works.form["days"], "balls": works.balls_sha256,
    })  # fmt: skip


def award(session: Session, registry: Any, actor: Actor, works: SmallWorks, p7s: bytes) -> WorksAward:
    """After the publicity: credit lists and bribery records are asked about firm, legal representative and project
    manager, and the firm is judged as for the ball list; what speaks against it turns it down and the next firm's turn
    begins (state `rejected`, entry `works.rejected`). Otherwise the owner's signed award notice goes out, entry
    `works.awarded`. One award at a time in the whole hall: two at once would give one project manager twice. Raises
    Refused `works.state`, `works.publicity`, `manager.*`, `signature.*`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "announced")
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('works award'))"))
    now = database_now(session)
    day, turn = beijing_date(now), current(session, works)
    if day <= turn.announced_until:
        message = _(
            "The publicity runs until the end of ${day}", mapping={"day": turn.announced_until.isoformat()}
        )
        raise refuse("works.publicity", message, rule="ROSTER")
    manager = manager_of(session, works, turn)
    persons = [manager.name] if manager else []
    check, found = checking.query(session, registry, actor, works.code, turn.party, persons, day)
    turn.checks = [*turn.checks, check.sha256]
    if bar := kept_out(session, registry, works, turn, found, now):
        reject(session, registry, actor, works, turn, bar, check.sha256, now)
        return turn
    notice = award_notice(works, turn, manager.name if manager else "")
    signed_by_buyers(session, registry, works, notice, p7s, now)
    turn.state, turn.notice, turn.notice_p7s, turn.awarded_at = "awarded", notice, p7s, now
    turn.manager_id = manager.id if manager else None
    works.state = "awarded"
    engaging.won(
        session, works=works.code, title=works.title, party=turn.party, trade=works.trade, band=works.band,
        price=turn.price, manager_id=turn.manager_id, day=day,
    )  # fmt: skip
    payload = {
        "org": turn.party.uscc, "rank": turn.rank, "price": f"{turn.price:.2f}", "check": check.sha256,
        "award": hashlib.sha256(notice).hexdigest(), "p7s": hashlib.sha256(p7s).hexdigest(),
    }  # fmt: skip
    record(session, actor, "works.awarded", works.code, payload, now)
    show(session, works)
    session.flush()
    return turn


def old_lists(session: Session, registry: Any, at: datetime) -> list[str]:
    """The kinds of lists without a version, or whose newest is older than the rules want: the award says so."""
    first = beijing_date(at) - timedelta(days=law.the_terms(registry, at).lists_days)
    found = checking.current(session, registry).items()
    return [kind for kind, version in found if version is None or version.published < first]


def manager_of(session: Session, works: SmallWorks, turn: WorksAward) -> RosterManager | None:
    """The firm's project manager for these works, free now; None where the notice asks for none. Raises Refused
    `manager.none`, `manager.busy`."""
    if not works.form["needs_manager"]:
        return None
    answer = listing.answer_of(session, works, turn.party_id)
    found = session.get(RosterManager, answer.manager_id) if answer and answer.manager_id else None
    if found is None:
        raise refuse("manager.none", _("The firm has not named its project manager yet"))
    if found.identity.hex() in reading.busy_managers(session):
        raise refuse(
            "manager.busy", _("This project manager has a running project"), rule="ROSTER",
            remedy=_("The firm names another one; who has none refuses the award."),
        )  # fmt: skip
    return found


def name_manager(
    session: Session, actor: Actor, works: SmallWorks, party: Party, command: NameManager
) -> None:
    """The firm whose turn it is names its project manager, or another one when that person has been taken meanwhile;
    entry `works.manager`. Raises Refused `works.state`, `works.not-yours`, `manager.unknown`, `manager.busy`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "announced")
    turn_of(session, works, party)
    answer = listing.answer_of(session, works, party.id) or listing.new_answer(session, works, party)
    listing.take_manager(session, actor, works, answer, party, command)


def kept_out(
    session: Session, registry: Any, works: SmallWorks, turn: WorksAward, found: Sequence[checking.Found],
    at: datetime,
) -> Bar | None:  # fmt: skip
    """What turns a drawn firm down at that instant: the first of the ball list's reasons that still counts, or a line
    about its legal representative or project manager."""
    day, known = beijing_date(at), law.the_terms(registry, at)
    row = listing.category_firm(session, works, turn.party_id)
    assert row is not None, "a drawn firm has its row in the category"
    firm = reading.firms_of(session, registry, [row], known)[0][1]
    bars = drawable.bars(firm, day, Wanted(buyers=listing.buyers_of(session, works)), known)
    own = next((bar for bar in bars if bar.code in STILL), None)
    return own or next(person_bars(found, day, known), None)


def person_bars(found: Sequence[checking.Found], day: date, known: Terms) -> Iterator[Bar]:
    """What the lists say of people: records count for their years, lines of the black list while they are in force."""
    for hit in found:
        line, version = hit.line, hit.version
        record = Record(version.kind, version.version, line.decision, line.since, line.until)
        yield from drawable.listed_bars([record], day, known)


def reject(
    session: Session, registry: Any, actor: Actor, works: SmallWorks, turn: WorksAward, bar: Bar, check: str,
    now: datetime,
) -> None:  # fmt: skip
    """The firm is turned down, with what proves it; the next in order has its turn. Entry `works.rejected`."""
    turn.state, turn.reason = "rejected", f"{bar.code} {bar.detail}".strip()
    payload = {
        "org": turn.party.uscc, "rank": turn.rank, "code": bar.code, "rule": bar.rule, "decision": bar.detail,
        "check": check,
    }  # fmt: skip
    record(session, actor, "works.rejected", works.code, payload, now)
    announce_next(session, registry, actor, works, now)


def refuse_award(
    session: Session, registry: Any, actor: Actor, works: SmallWorks, party: Party, reason: str
) -> None:
    """The firm gives its award up after the draw: it is forfeited and counted, and the next in order has its turn.
    Entry `works.refused`. Raises Refused `works.state`, `works.not-yours`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "announced", "awarded")
    give_up(
        session, registry, actor, works, turn_of(session, works, party), reason, "firm", database_now(session)
    )


def give_up(
    session: Session, registry: Any, actor: Actor, works: SmallWorks, turn: WorksAward, reason: str, by: str,
    now: datetime,
) -> None:  # fmt: skip
    party = turn.party
    if turn.state == "announced":
        engaging.won(
            session, works=works.code, title=works.title, party=party, trade=works.trade, band=works.band,
            price=turn.price, manager_id=None, day=beijing_date(now),
        )  # fmt: skip
    engaging.refused(session, works.code, party, beijing_date(now))
    turn.state, turn.reason = "refused", reason
    payload = {"org": party.uscc, "rank": turn.rank, "reason": reason, "by": by}
    record(session, actor, "works.refused", works.code, payload, now)
    announce_next(session, registry, actor, works, now)


def forfeit(session: Session, registry: Any, actor: Actor, works: SmallWorks, reason: str) -> None:
    """A firm that keeps silent gives its award up: the owner says so once its time to sign is over, before the award
    only while the firm keeps it from going out. It is counted like a refusal of its own. Entry `works.refused`. Raises
    Refused `works.state`, `works.may-sign`, `works.not-silent`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "announced", "awarded")
    turn, now = current(session, works), database_now(session)
    last = signs_until(works, turn)
    if beijing_date(now) <= last:
        message = _("The firm has time until the end of ${day}", mapping={"day": last.isoformat()})
        raise refuse("works.may-sign", message, rule="ROSTER")
    if turn.state == "announced" and not silent(session, works, turn):
        raise refuse(
            "works.not-silent",
            _("Nothing is missing from the firm: the award is the owner's to sign"),
            rule="ROSTER",
        )
    give_up(session, registry, actor, works, turn, reason, "owner", now)


def silent(session: Session, works: SmallWorks, turn: WorksAward) -> bool:
    """Whether an announced firm keeps the award from going out: it has no free project manager for it."""
    try:
        manager_of(session, works, turn)
    except Refused:
        return True
    return False


def signs_until(works: SmallWorks, turn: WorksAward) -> date:
    """The last day of a turn: so many days, as the notice says, after the award, or after the publicity while the firm
    keeps the award from going out."""
    days = notice_document(works)["sign_days"]
    began = turn.announced_until if turn.awarded_at is None else beijing_date(turn.awarded_at)
    return began + timedelta(days=days)


def notice_document(works: SmallWorks) -> dict[str, Any]:
    """The published notice."""
    assert works.notice is not None, "published works have their notice"
    found: dict[str, Any] = canonical.loads(works.notice)
    return found


def file_contract(
    session: Session, registry: Any, actor: Actor, works: SmallWorks, command: SignedWorks, file: bytes
) -> None:
    """The signed contract, at the price of the award and no other; entry `works.contracted`. Raises Refused
    `works.state`, `contract.*`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "awarded")
    turn, now = current(session, works), database_now(session)
    faults = []
    if command.price != turn.price:
        message = _("The contract's price must be the awarded price: ${price}",
                    mapping={"price": f"{turn.price:,.2f}"})  # fmt: skip
        faults.append(Fault("contract.price", message, "price"))
    assert turn.awarded_at is not None, "an award has its day"
    if not beijing_date(turn.awarded_at) <= command.signed_on <= beijing_date(now):
        message = _("The day of signing lies between the award notice and today")
        faults.append(Fault("contract.day", message, "signed_on"))
    if not file:
        faults.append(Fault("contract.file", _("Choose the signed contract as a file"), "file"))
    if len(file) > papers.LARGEST:
        faults.append(Fault("contract.large", _("The file is larger than 10 MB"), "file"))
    if faults:
        raise Refused(faults)
    digest = hashlib.sha256(file).hexdigest()
    registry.getUtility(IFileStore).put(f"contracts/{digest}", file)
    turn.state, turn.contract, turn.signed_on = "contracted", digest, command.signed_on
    works.state = "contracted"
    payload = {"org": turn.party.uscc, "price": f"{turn.price:.2f}", "contract": digest}
    record(session, actor, "works.contracted", works.code, payload, now)
    show(session, works)
    session.flush()


def rate(session: Session, registry: Any, actor: Actor, works: SmallWorks, command: Rate) -> str:
    """The works are completed and rated: the score goes back into the roster. Entry `works.rated`. Returns the firm's
    grade. Raises Refused `works.state`, `engagement.*`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "contracted")
    turn, now = current(session, works), database_now(session)
    if command.completed_on > beijing_date(now):
        raise refuse("engagement.future", _("This day has not come yet"), field="completed_on")
    known = law.the_terms(registry, now)
    payload = {
        "org": turn.party.uscc, "score": f"{command.score:.2f}", "completed": command.completed_on.isoformat(),
        "reason": command.reason,
    }  # fmt: skip
    record(session, actor, "works.rated", works.code, payload, now)
    works.state = "completed"
    show(session, works)
    return engaging.completed(
        session, actor, works.code, turn.party, command.completed_on, command.score, known, command.reason
    )


def awards_of(session: Session, works: SmallWorks) -> list[WorksAward]:
    """Every turn so far, in the drawn order."""
    query = select(WorksAward).where(WorksAward.works_id == works.id)
    return list(session.scalars(query.order_by(WorksAward.rank)))


def current(session: Session, works: SmallWorks) -> WorksAward:
    """Whose turn it is. Raises Refused `works.state` before the draw."""
    found = awards_of(session, works)
    if not found:
        raise refuse("works.state", _("The works' present state does not allow this"))
    return found[-1]


def turn_of(session: Session, works: SmallWorks, party: Party) -> WorksAward:
    """The turn that is this enterprise's. Raises Refused `works.not-yours`, `works.state`."""
    turn = current(session, works)
    if turn.party_id != party.id:
        raise refuse("works.not-yours", _("It is not your enterprise's turn"))
    return turn
