"""Small works (小型工程) from the draft to the published notice, and what ends them before an award."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.lottery import routing, rules, sealed_prices
from bidding.lottery.commands import DraftWorks, RouteQuestion, SetAside
from bidding.lottery.models import LocalRule, SmallWorks
from bidding.roster import law
from bidding.roster.service import Evidence, kept
from bidding.tenders.drafts import find_tenderer, make_project
from trading import evidence
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import Fault, Refused, refuse
from trading.interfaces import ITradeKind
from trading.ledger import canonical
from trading.outbox import promise
from trading.parties.models import Party
from trading.projects import codes
from trading.rulebook.book import Rule
from trading.rulebook.calendar import add_days, beijing_date, end_of
from trading.web import _

KIND = "small_works"
FREEZE, NOTIFY = "works.freeze", "works.notify"
BUNDLE = "bundle.publish"
"""kept by the host that holds the log's key: the public bundle is written anew"""
PACE = [300, 600, 1800]
"""seconds of a public draw: time to throw dice before people"""
PLANNED = tuple(RouteQuestion.model_fields)


def by_code(session: Session, code: str, lock: bool = False) -> SmallWorks:
    """Raises Refused `works.unknown`."""
    query = select(SmallWorks).where(SmallWorks.code == code)
    if lock:
        query = query.with_for_update(of=SmallWorks).execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise refuse("works.unknown", _("There are no small works of this code"))
    return found


def must_be(works: SmallWorks, *states: str) -> None:
    """Raises Refused `works.state`."""
    if works.state not in states:
        raise refuse("works.state", _("The works' present state does not allow this"))


# --- drafting --------------------------------------------------------------------------------------


def draft(
    session: Session, registry: Any, actor: Actor, own: Party, is_agent: bool, command: DraftWorks
) -> SmallWorks:
    """A draft with its codes; entry `works.drafted`. An agent names the tenderer. Raises Refused with every fault."""
    now = database_now(session)
    if faults := plain_faults(registry, command, now):
        raise Refused(faults)
    owner = find_tenderer(session, command.tenderer) if is_agent else own
    kind = registry.getUtility(ITradeKind, name=KIND)
    project = make_project(session, registry, kind, command, owner, now)
    works = SmallWorks(
        id=uuid.uuid4(), code=codes.tender_code(project.code, 1), tenderer_id=owner.id, tenderer=owner,
        agency_id=own.id if is_agent else None, state="draft", pace=list(PACE), drawn={}, created_at=now,
    )  # fmt: skip
    fill_in(works, registry, command, now)
    session.add(works)
    session.flush()
    record(
        session,
        actor,
        "works.drafted",
        works.code,
        {"title": works.title, "estimate": f"{works.estimate:.2f}"},
        now,
    )
    return works


def change(session: Session, registry: Any, works: SmallWorks, command: DraftWorks) -> None:
    """Fill a draft in anew. Raises Refused `works.state` and every fault of the form."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "draft")
    now = database_now(session)
    if faults := plain_faults(registry, command, now):
        raise Refused(faults)
    fill_in(works, registry, command, now)
    session.flush()


def fill_in(works: SmallWorks, registry: Any, command: DraftWorks, now: datetime) -> None:
    known = law.the_terms(registry, now)
    band = known.band_of(command.estimate)
    form = command.model_dump(mode="json", exclude={"tenderer"})
    form["weights"] = known.weights if command.weighted and command.method in routing.LOTTERIES else {}
    works.form = form
    works.title, works.estimate, works.ceiling = command.title, command.estimate, command.ceiling
    works.trade, works.band, works.method = command.trade, band.key if band else "", command.method
    works.beacon = command.beacon
    works.declines_until, works.draw_at = command.declines_until, command.draw_at


def plain_faults(registry: Any, command: DraftWorks, now: datetime) -> list[Fault]:
    """What cannot be meant, whatever the law says."""
    known, faults = law.the_terms(registry, now), []
    low, high = known.finalists
    if known.trade(command.trade) is None:
        faults.append(Fault("works.trade", _("Choose one of the list"), "trade"))
    if command.ceiling > command.estimate:
        faults.append(Fault("works.ceiling", _("The ceiling price may not exceed the estimate"), "ceiling"))
    if command.method == "two-step" and not low <= command.finalists <= high:
        message = _("Between ${low} and ${high} firms become finalists",
                    mapping={"low": str(low), "high": str(high)})  # fmt: skip
        faults.append(Fault("works.finalists", message, "finalists", "ROSTER"))
    if command.method == "drawn-k" and len(command.k_values) < 2:
        faults.append(Fault("works.k", _("Give at least two values to draw K from"), "k_values"))
    if command.method == routing.LOW_PRICE and not command.k_values:
        message = _("Give K: one value, or several that it is drawn from when the prices are open")
        faults.append(Fault("works.k", message, "k_values"))
    if command.method == routing.LOW_PRICE and command.draw_at - command.declines_until < sealed_prices.LEAST:
        message = _("Firms need an hour at least to seal their prices after the list is frozen")
        faults.append(Fault("works.draw-at", message, "draw_at"))
    if command.draw_at < command.declines_until:
        faults.append(Fault("works.draw-at", _("The draw comes after the list is frozen"), "draw_at"))
    return faults


# --- the law -----------------------------------------------------------------------------------------


def plan_of(session: Session, works: SmallWorks) -> routing.Plan:
    """What the gates judge: the form, and the other contracts of the same project."""
    told = RouteQuestion.model_validate({name: works.form[name] for name in PLANNED})
    texts = {
        name: works.form[field] for name, field in (("qualification", "requirements"), ("technical", "scope"))
    }
    return routing.Plan(
        **told.model_dump(), method=works.method, sign_up=works.form["sign_up"],
        siblings=siblings(session, works), texts={**texts, "title": works.title},
    )  # fmt: skip


def siblings(session: Session, works: SmallWorks) -> tuple[Decimal, ...]:
    """The estimates of the owner's other works of the same named project."""
    if not works.form["project"]:
        return ()
    query = select(SmallWorks.estimate).where(
        SmallWorks.tenderer_id == works.tenderer_id, SmallWorks.code != works.code,
        SmallWorks.form["project"].astext == works.form["project"],
        SmallWorks.state.not_in(["cancelled", "failed"]),
    )  # fmt: skip
    return tuple(session.scalars(query.order_by(SmallWorks.code)))


def route_of(session: Session, registry: Any, works: SmallWorks, at: datetime) -> routing.Route:
    """Which way the works go, why, and what they break."""
    return routing.route(plan_of(session, works), law.the_rulebook(registry), beijing_date(at))


def set_aside(session: Session, registry: Any, actor: Actor, works: SmallWorks, command: SetAside) -> None:
    """A named officer of the owner sets a rule aside that is not certain, with a reason; entry `rule.overridden`. Raises
    Refused `works.certain` for a rule that refuses (V) and for what the law demands to be tendered."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "draft")
    now = database_now(session)
    found = route_of(session, registry, works, now)
    rule = law.the_rulebook(registry).find(command.rule, beijing_date(now))
    strained = {reason.rule.id for reason in found.reasons} | {each.rule for each in found.findings}
    if rule is None or rule.id not in strained:
        raise refuse("works.rule", _("These works do not strain this rule"), field="rule")
    if rule.refuses or found.mandatory:
        raise refuse(
            "works.certain", _("Nobody here can set this rule aside"), field="rule", rule=cited(rule)
        )
    works.form = {**works.form, "set_aside": {**works.form.get("set_aside", {}), rule.id: command.reason}}
    payload = {
        "rule": rule.id,
        "finding": f"{rule.id}:estimate={works.estimate:.2f}",
        "reason": command.reason,
    }
    record(session, actor, "rule.overridden", works.code, payload, now)
    session.flush()


def gate_faults(session: Session, registry: Any, works: SmallWorks, at: datetime) -> list[Fault]:
    """Everything that keeps the notice from being published, with articles."""
    book, day = law.the_rulebook(registry), beijing_date(at)
    found, aside = route_of(session, registry, works, at), set(works.form.get("set_aside", {}))
    faults = [replace(each.fault(), rule=cited(book.rule(each.rule, day))) for each in found.refused]
    if found.way == "tender" and not faults:
        remedy = _("Draft a formal tender instead.")
        faults = [
            Fault(f"rule.{why.rule.id}", why.words, "estimate", cited(why.rule), remedy)
            for why in found.reasons
            if why.rule.id in routing.LEADS_AWAY - aside
        ]
    if not works.band:
        faults.append(
            Fault("works.band", _("No amount band of the roster takes this estimate"), "estimate", "ROSTER")
        )
    if works.method in routing.LOTTERIES and rules.in_force(session, day) is None:
        gate = book.find("G0-1", day)
        faults.append(rules.missing(cited(gate) if gate else ""))
    return faults + time_faults(registry, works, at)


def cited(rule: Rule) -> str:
    """A rule's instrument and article, as pages put them into words."""
    return f"{rule.instrument} {rule.article}".strip()


def time_faults(registry: Any, works: SmallWorks, at: datetime) -> list[Fault]:
    lawful = earliest_end(registry, at)
    assert works.declines_until is not None, "a draft has its times"
    if works.declines_until >= lawful:
        return []
    message = _("Firms need time to decline: not before ${next}", mapping={"next": str(beijing_date(lawful))})
    return [Fault("rule.ROSTER.decline_days", message, "declines_until", "ROSTER")]


def earliest_end(registry: Any, at: datetime) -> datetime:
    """The first lawful instant at which firms may decline no more, for a notice published at `at`."""
    days = law.the_terms(registry, at).decline_days
    return end_of(add_days("working_day", days, beijing_date(at), law.the_calendar()))


# --- publication -------------------------------------------------------------------------------------


def notice_of(session: Session, registry: Any, works: SmallWorks, at: datetime) -> bytes:
    """The notice that is published and signed (JCS): it changes with the day and the form only."""
    book, found = law.the_rulebook(registry), route_of(session, registry, works, at)
    local = rules.in_force(session, beijing_date(at))
    form = {name: value for name, value in works.form.items() if value not in ("", None, [])}
    assert works.declines_until is not None and works.draw_at is not None, "a draft has its times"
    agency = session.get(Party, works.agency_id) if works.agency_id else None
    return canonical.dumps({
        "v": 1, "typ": "ebid.works-notice", "works": works.code, "title": works.title,
        "owner": {"id": works.tenderer.uscc, "name": works.tenderer.name},
        **({"agency": {"id": agency.uscc, "name": agency.name}} if agency else {}),
        "trade": works.trade, "band": works.band,
        "estimate": f"{works.estimate:.2f}", "ceiling": f"{works.ceiling:.2f}",
        "form": {name: texts(value) for name, value in form.items()},
        "route": [{"rule": each.rule.id, "article": each.rule.citation("zh")} for each in found.reasons],
        "warnings": [{"rule": each.rule, "article": each.article_zh} for each in found.findings],
        "local_rule": {"name": local.name, "number": local.number, "sha256": local.evidence} if local else None,
        "rulebook": {"version": book.version, "sha256": book.sha256},
        "declines_until": rfc3339(works.declines_until), "draw_at": rfc3339(works.draw_at),
        "sign_days": law.the_terms(registry, at).sign_days,
        "draw": {
            "steps": list(works.steps), "finalists": works.finalists, "k_values": works.k_values,
            "weights": works.weights, "beacon": works.beacon, "pace": list(works.pace),
        },
    })  # fmt: skip


def texts(value: Any) -> Any:
    """A value of the form as canonical JSON takes it: no fractions."""
    if isinstance(value, Mapping):
        return {name: texts(each) for name, each in value.items()}
    return str(value) if isinstance(value, float | Decimal) else value


def publish(session: Session, registry: Any, actor: Actor, works: SmallWorks, p7s: bytes) -> None:
    """Publish the notice, signed by the owner or its agency; entry `works.published`. The list is frozen by the hall
    itself when firms may decline no more. Raises Refused with every gate, `signature.*`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "draft")
    now = database_now(session)
    if faults := gate_faults(session, registry, works, now):
        raise Refused(faults)
    notice = notice_of(session, registry, works, now)
    signed_by_buyers(session, registry, works, notice, p7s, now)
    local = rules.in_force(session, beijing_date(now))
    works.state, works.notice, works.notice_p7s, works.published_at = "published", notice, p7s, now
    works.rule_id = local.id if local else None
    payload = {
        "notice": hashlib.sha256(notice).hexdigest(), "p7s": hashlib.sha256(p7s).hexdigest(),
        "local_rule": local.evidence if local else "", "method": works.method,
    }  # fmt: skip
    record(session, actor, "works.published", works.code, payload, now)
    promise(session, FREEZE, {"works": works.code}, works.declines_until)
    promise(session, NOTIFY, {"works": works.code})
    if works.by_price:
        sealed_prices.draft(session, registry, actor, works, now)
    session.flush()


def signed_by_buyers(
    session: Session, registry: Any, works: SmallWorks, data: bytes, p7s: bytes, at: datetime
) -> None:
    """Keep the evidence of a signature of the owner or its agency. Raises Refused `signature.*`."""
    judged = evidence.accept(session, registry, works.code, data, p7s, at)
    agency = session.get(Party, works.agency_id) if works.agency_id else None
    if judged.organisation_id not in {works.tenderer.uscc, agency.uscc if agency else None}:
        raise refuse("signature.organisation", _("Only the owner or its agency signs this"))


def to_be_drawn(session: Session, works: SmallWorks) -> str:
    """The step whose draw may be announced now. Raises Refused `works.state`, `works.early`."""
    must_be(works, "listed")
    assert works.draw_at is not None, "published works have their times"
    if database_now(session) < works.draw_at:
        raise refuse("works.early", _("The draw begins at the published hour"))
    if works.by_price and not sealed_prices.are_open(session, works):
        raise refuse("works.sealed", _("K is drawn when the prices are open, and not before"))
    return works.next_step


def cancel(
    session: Session, registry: Any, actor: Actor, works: SmallWorks, reason: str, document: Evidence
) -> None:
    """Give the works up before a contract, with reason and document; entry `works.cancelled`. A draw that has begun
    stays on record with its result; sealed prices stay sealed. Raises Refused `works.state`, `roster.evidence`."""
    works = by_code(session, works.code, lock=True)
    must_be(works, "published", "listed", "drawn", "announced")
    digest = kept(session, registry["keys"], document, public=True)
    works.state = "cancelled"
    record(session, actor, "works.cancelled", works.code, {"reason": reason, "evidence": digest})
    sealed_prices.end(session, registry, works, database_now(session))
    show(session, works)
    session.flush()


def show(session: Session, works: SmallWorks) -> None:
    """Everybody can download what has happened so far: the public bundle is written anew."""
    promise(session, BUNDLE, {"tender": works.code})


def listed(session: Session, most: int = 200) -> list[SmallWorks]:
    """The published works, the newest first."""
    query = select(SmallWorks).where(SmallWorks.state != "draft").order_by(SmallWorks.published_at.desc())
    return list(session.scalars(query.limit(most)))


def of_buyer(session: Session, party_id: uuid.UUID) -> list[SmallWorks]:
    """What an organisation owns or manages, the newest first."""
    own = (SmallWorks.tenderer_id == party_id) | (SmallWorks.agency_id == party_id)
    return list(session.scalars(select(SmallWorks).where(own).order_by(SmallWorks.created_at.desc())))


def local_rule(session: Session, works: SmallWorks) -> LocalRule | None:
    """The local rule that the works rest on, once published."""
    return session.get(LocalRule, works.rule_id) if works.rule_id else None


def today(session: Session) -> date:
    return beijing_date(database_now(session))
