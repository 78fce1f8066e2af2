"""Drafting a tender (编制招标文件): from a template to a draft that the rulebook has looked at."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders import fewer, investment
from bidding.tenders.commands import DraftTender, OverrideRule
from bidding.tenders.criteria import SCORING, Row, columns_of, legal_faults
from bidding.tenders.invited import invitees
from bidding.tenders.models import Override, Tender
from bidding.tenders.papers import template_of
from bidding.tenders.plan import EVALUATIONS, plan_of, rules_of
from bidding.tenders.service import advance, least_offers_of, locked, the_calendar, the_rulebook
from bidding.vault.custodian_key import parse_statement
from bidding.vault.models import CustodianKey
from trading.accounts.models import RoleGrant, User
from trading.acts import Actor, record
from trading.clock import BEIJING, database_now
from trading.draws.service import draws_of
from trading.errors import Fault, Refused, refuse
from trading.interfaces import ITradeKind
from trading.ledger.service import entries_of
from trading.parties.models import Party
from trading.permissions import Role
from trading.projects import codes
from trading.projects.models import Lot, Project
from trading.rulebook.book import Rule
from trading.rulebook.calendar import add_days, at_beijing, beijing_date
from trading.rulebook.gates import EarliestDates, check_tender, earliest_dates
from trading.rulebook.methods import (
    METHODS,
    OPEN,
    evaluations,
    has_final_offers,
    is_invited,
    is_tender,
    rule_of,
)
from trading.rulebook.plan import Finding

_ = TranslationStringFactory("tradehall")

KIND = "procurement"
METHOD_NAMES = {name: method for method, name in EVALUATIONS.items()}
"""The method of evaluation by the kind's name for it."""
NUMBERS = 7_205_759_403
"""The advisory lock under which codes of a day are given out."""


def kind_of(registry: Any, name: str = KIND) -> Any:
    """The kind of trade of that name."""
    return registry.getUtility(ITradeKind, name=name)


def earliest(now: datetime, method: str = OPEN) -> EarliestDates:
    """The earliest lawful dates for a tender published at `now`; of an unknown method those of open tenders."""
    return earliest_dates(now, the_rulebook(), the_calendar(), method=method)


def time_rules(method: str, now: datetime) -> list[Rule]:
    """The rules that the earliest dates of a method follow from."""
    asked = (
        (question, rule_of(method, question, f"P4.{question}"))
        for question in ("notice", "documents", "bid_time")
    )
    found = (the_rulebook().find(name, beijing_date(now)) for _question, name in asked)
    return [rule for rule in found if rule is not None]


def known_template(kind: Any, key: str, locale: str = "zh_CN") -> dict[str, Any]:
    """The kind's template of that key. Raises Refused `tender.template`."""
    try:
        return template_of(kind, key, locale)
    except KeyError as error:
        raise refuse("tender.template", _("There is no such template."), field="template") from error


def initial_values(registry: Any, template: str, now: datetime, method: str = "") -> dict[str, Any]:
    """The form as an agent first sees it: the template's words and amounts, and the default timetable of its
    method, or of `method`. Raises Refused `tender.template`."""
    kind = kind_of(registry)
    chosen, english = known_template(kind, template), known_template(kind, template, "en")
    values = chosen["values"]
    method = method if method in METHODS else values["method"]
    own = METHOD_NAMES[values["evaluation"]]
    known = {name: values[name] for name in DraftTender.model_fields if name in values}
    return known | {
        "template": template,
        "method": method,
        "title": values["project_name"],
        "title_en": english["values"]["project_name"],
        "tenderer": "",
        "contact": "",
        "investment_code": "",
        "item_name": [item["name"] for item in chosen["items"]],
        "item_unit": [item["unit"] for item in chosen["items"]],
        "item_quantity": [item["quantity"] for item in chosen["items"]],
        "core_item": next(item["number"] for item in chosen["items"] if item["core"]),
        "evaluation": own
        if values["evaluation"] in evaluations(method)
        else METHOD_NAMES[evaluations(method)[0]],
        **{f"low_{name}": line for name, line in values["low_lines"].items()},
        **columns_of(Row(**row) for row in chosen["criteria"]),
        **timetable(kind, method, now),
    }


def timetable(kind: Any, method: str, now: datetime) -> dict[str, str]:
    """The default timetable of a method, as the form has it: the earliest lawful days and the kind's spare ones."""
    table, dates = kind.data["timetable"], earliest(now, method)
    spare = table["spare"] if is_tender(method) else {}

    def later(day: date, name: str) -> date:
        return add_days("working_day", spare.get(name, 0), day, the_calendar())

    deadline = at_beijing(later(dates.deadline, "deadline"), time.fromisoformat(table["deadline_time"]))
    return {
        "notice_until": later(dates.notice_until, "notice").isoformat(),
        "documents_until": later(dates.documents_until, "documents").isoformat(),
        "deadline": deadline.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M"),
    }


def subject_of(registry: Any, tender: Tender) -> str:
    """What is bought: goods, services or works, as the template of the form says."""
    named = tender.form.get("template")
    return str(template_of(kind_of(registry, tender.kind), named)["subject"]) if named else "goods"


def create_draft(session: Session, registry: Any, actor: Actor, user: User, command: DraftTender) -> Tender:
    """A project with one lot and its tender, as a draft; entry `tender.drafted`.

    The user's organisation is the agency. Raises Refused `tender.no-organisation`, `tender.template`
    `project.unknown`, `tender.tenderer` (unknown, or the agency as its own client under another name), and what is wrong with
    the criteria of a scored tender."""
    agency = session.get(Party, user.party_id) if user.party_id else None
    if agency is None:
        raise refuse("tender.no-organisation", _("Your account belongs to no organisation that could buy."))
    kind = kind_of(registry)
    known_template(kind, command.template)
    must_be_scorable(registry, kind.key, command, now := database_now(session))
    investment.must_be_known(session, registry, command.investment_code)
    fewer.must_have_failed(session, command)
    tenderer = find_tenderer(session, command.tenderer) if command.tenderer else agency
    project = make_project(session, registry, kind, command, tenderer, now)
    code = codes.tender_code(project.code, 1)
    lot = Lot(project=project, number=1, code=codes.lot_code(code, 1), name=command.title, budget=command.budget,
              ceiling=command.ceiling)  # fmt: skip
    tender = Tender(code=code, kind=kind.key, state="draft", lot=lot, tenderer=tenderer, agency=agency, agent=user,
                    method=command.evaluation, rules={}, created_at=now)  # fmt: skip
    fill_in(tender, command)
    session.add(tender)
    session.flush()
    record(session, actor, "tender.drafted", code, {"title": command.title, "kind": kind.key}, now)
    return tender


def must_be_scorable(registry: Any, kind: str, command: DraftTender, now: datetime) -> None:
    """Raises Refused with what bids could not be evaluated by, so that no officer can set it aside: a method of
    evaluation that the method of procurement does not have, everything that the law says against the criteria
    of a scored tender."""
    must_compare(command, now)
    trade = kind_of(registry, kind)
    template = template_of(trade, command.template)
    fewer.must_be_grounded(command, template["subject"], now)
    if command.evaluation != SCORING:
        return
    qualification = published_rules(trade, command, now)["items"]["qualification"]
    faults = legal_faults(
        command.criteria,
        template["subject"],
        qualification,
        the_rulebook(),
        beijing_date(now),
        command.method,
    )
    if faults:
        raise Refused(faults)


def must_compare(command: DraftTender, now: datetime) -> None:
    """Raises Refused `tender.evaluation`, `tender.one-envelope` for what does not go with the method of procurement."""
    if fault := comparison_fault(command.method, command.evaluation, now):
        raise Refused([fault])
    if has_final_offers(command.method) and command.envelopes != 1:
        raise refuse(
            "tender.one-envelope", _("First responses have no price: there is nothing to seal apart."), field="envelopes",
            remedy=_("Choose one envelope; the final offers are sealed in a round of their own."),
        )  # fmt: skip


def comparison_fault(method: str, evaluation: str, now: datetime) -> Fault | None:
    """What is wrong with a method of evaluation for a method of procurement; None when nothing is, or when one of
    them is unknown."""
    if EVALUATIONS.get(evaluation) in (None, *evaluations(method)):
        return None
    rule = the_rulebook().rule(rule_of(method, "award", ""), beijing_date(now))
    return Fault(
        "tender.evaluation", _("Offers are not compared in this way by the chosen method of procurement."),
        "evaluation", f"{rule.instrument} {rule.article}",
        _("Choose comprehensive scoring for a consultation, the lowest price for a negotiation or inquiry."),
    )  # fmt: skip


def published_rules(kind: Any, command: DraftTender, now: datetime) -> dict[str, Any]:
    """The RULES by which bids would be evaluated if the draft were published at `now`."""
    template = template_of(kind, command.template)
    least = least_offers_of(command.method, command.two_offers, template["subject"], now)
    made = rules_of(command, template, kind.conformity(command.method), least)
    return made | fewer.in_rules(command, template["subject"], the_rulebook(), now)


def make_project(
    session: Session, registry: Any, kind: Any, command: DraftTender, owner: Party, now: datetime
) -> Project:
    """The project with its two codes. Numbers are the day's next, given out under a lock."""
    region, platform = registry.settings["hall.region"], registry.settings["hall.uscc"]
    day = beijing_date(now)
    session.execute(select(func.pg_advisory_xact_lock(NUMBERS)))
    number = next_number(session, Project.code, codes.project_code(kind.deal_class, region, day, 1)[:-4], 4)
    first = codes.transaction_code(kind.deal_class, platform, day, 1)[:-8]
    deal = next_number(session, Project.deal_code, first, 6)
    project = Project(
        code=codes.project_code(kind.deal_class, region, day, number),
        deal_code=codes.transaction_code(kind.deal_class, platform, day, deal),
        name=command.title, kind=kind.key, region=region, owner=owner, budget=command.budget, created_at=now,
    )  # fmt: skip
    session.add(project)
    return project


def next_number(session: Session, column: Any, prefix: str, width: int) -> int:
    """One more than the greatest number of `width` digits that follows `prefix`."""
    greatest = session.scalar(select(func.max(column)).where(column.startswith(prefix, autoescape=True)))
    return int(greatest[len(prefix) : len(prefix) + width]) + 1 if greatest else 1


def find_tenderer(session: Session, wanted: str) -> Party:
    """The organisation of that code or exact name. Raises Refused `tender.tenderer`, also for an enterprise that
    only bids here: named as the purchaser it would be shut out of bidding, and see what only purchasers see."""
    query = select(Party).where((Party.uscc == wanted.upper()) | (Party.name == wanted)).limit(2)
    found = list(session.scalars(query))
    if len(found) != 1:
        raise refuse(
            "tender.tenderer", _("No registered organisation has this code or name."), field="tenderer",
            remedy=_("Write the unified social credit code; the organisation must be registered here."),
        )  # fmt: skip
    party = found[0]
    buys = select(RoleGrant.id).join(User, User.id == RoleGrant.user_id)
    buys = buys.where(User.party_id == party.id, RoleGrant.role.in_((Role.TENDERER, Role.AGENT)))
    bids = select(RoleGrant.id).join(User, User.id == RoleGrant.user_id)
    bids = bids.where(User.party_id == party.id, RoleGrant.role == Role.BIDDER)
    if session.scalar(bids.limit(1)) and not session.scalar(buys.limit(1)):
        raise refuse(
            "tender.tenderer", _("This organisation has nobody here who buys: it cannot be named as the purchaser."),
            field="tenderer", remedy=_("Ask it to register a user with the tenderer's role, or choose another one."),
        )  # fmt: skip
    return party


def fill_in(tender: Tender, command: DraftTender) -> None:
    """Write the form into the columns; the rulebook of today applies to a draft."""
    book = the_rulebook()
    tender.method, tender.limited = command.evaluation, is_invited(command.method)
    tender.title, tender.title_en = command.title, command.title_en
    tender.budget, tender.ceiling, tender.security = command.budget, command.ceiling, command.bid_security
    tender.deadline = tender.opens_at = command.deadline
    tender.bidder_window_s = command.decryption_minutes * 60
    tender.form = command.model_dump(mode="json")
    tender.rulebook_version, tender.rulebook_hash = book.version, book.sha256


def draft_of(tender: Tender) -> DraftTender:
    """The form as it was filled in."""
    return DraftTender.model_validate(tender.form)


def edit_draft(session: Session, registry: Any, tender: Tender, command: DraftTender) -> Tender:
    """Change a draft. After a later deadline the custodians' statements no longer count (they would allow a
    release before it): others are asked for. Raises Refused `tender.not-draft`, `tender.tenderer`, and what
    is wrong with criteria."""
    locked(session, tender.code)
    must_be_draft(tender)
    must_be_scorable(registry, tender.kind, command, database_now(session))
    investment.must_be_known(session, registry, command.investment_code)
    fewer.must_have_failed(session, command)
    if command.tenderer:
        tender.tenderer = tender.lot.project.owner = find_tenderer(session, command.tenderer)
    else:
        tender.tenderer = tender.lot.project.owner = tender.agency
    fill_in(tender, command)
    lot = tender.lot
    lot.name = lot.project.name = command.title
    lot.budget = lot.project.budget = command.budget
    lot.ceiling = command.ceiling
    session.flush()
    return tender


def discard(session: Session, actor: Actor, tender: Tender) -> None:
    """Give a draft up; what was listed for an invitation stays in the log, entry `tender.cancelled`. Raises Refused
    `tender.not-draft`, `invited.drawn`: a draw of suppliers is not repeated until it suits."""
    locked(session, tender.code)
    must_be_draft(tender)
    if any(not draw.voided for draw in draws_of(session, tender.code, "invited")):
        raise refuse(
            "invited.drawn", _("The suppliers are drawn: there is no second draw for this tender."), rule="M87 14",
            remedy=_("Publish the tender; what is to be given up then is cancelled with a notice."),
        )  # fmt: skip
    if any(row.entry.type == "invited.listed" for row in entries_of(session, tender.code)):
        record(session, actor, "tender.cancelled", tender.code, {"reason": "the draft was given up"})
    advance(session, None, tender, "discard")


def must_be_draft(tender: Tender) -> None:
    """Raises Refused `tender.not-draft`, also for final offers: they are asked for as the tender was published."""
    if tender.gathers:
        raise refuse("tender.not-draft", _("Final offers are called for as the talks have left them."))
    if tender.state != "draft":
        raise refuse("tender.not-draft", _("This tender is published: it can no longer be edited."))


def custodian_keys(session: Session, tender: Tender) -> list[CustodianKey]:
    """The key statements that count for the tender's deadline, by index: of each custodian and stage the
    last one, unless it allows a release before the deadline."""
    query = select(CustodianKey).where(CustodianKey.tender_id == tender.id)
    rows = session.scalars(query.order_by(CustodianKey.index, CustodianKey.stage, CustodianKey.number))
    last = {(key.index, key.stage): key for key in rows}
    return [key for key in last.values() if parse_statement(key.raw).release_after >= tender.deadline]


# --- the rulebook's findings ----------------------------------------------------------------------


def findings(session: Session, registry: Any, tender: Tender, now: datetime) -> list[Finding]:
    """What the rulebook finds in a draft if it were published at `now`, refusals first."""
    kind, draft = kind_of(registry, tender.kind), draft_of(tender)
    plan = plan_of(draft, template_of(kind, draft.template), kind.regime, now)
    plan = replace(plan, invited=len(invitees(session, registry["keys"], tender)))
    set_aside = set(session.scalars(select(Override.rule).where(Override.tender_id == tender.id)))
    found = check_tender(plan, the_rulebook(), the_calendar(), set_aside)
    return [*found, *investment.findings(session, registry, tender, the_rulebook(), now)]


def override_rule(
    session: Session, registry: Any, actor: Actor, officer: uuid.UUID, tender: Tender, command: OverrideRule
) -> Override:
    """A named officer of the purchaser sets one refusal aside, for exactly the value it was given for;
    entry `rule.overridden`. Raises Refused `tender.not-draft`, `rule.no-finding`."""
    locked(session, tender.code)
    must_be_draft(tender)
    now = database_now(session)
    open_ones = {each.id: each for each in findings(session, registry, tender, now) if each.blocks}
    found = open_ones.get(command.finding)
    if found is None:
        raise refuse("rule.no-finding", _("There is nothing to override: the plan has no such open finding."))
    override = Override(
        tender_id=tender.id, rule=found.id, reason=command.reason, officer_id=officer, decided_at=now
    )
    session.add(override)
    payload = {"rule": found.rule, "article": found.article, "reason": command.reason, "given": found.given}
    record(session, actor, "rule.overridden", tender.code, payload, now)
    session.flush()
    return override
