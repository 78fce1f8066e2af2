"""Where two suppliers are enough (两家即可): public services and certain research in a consultation, and a negotiation with
the two that an open tender has left, once the finance department has approved it. Which of these it is, and why, is on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Tender
from bidding.tenders.service import method_of, the_rulebook
from trading.errors import Refused, refuse
from trading.rulebook.book import Rule, Rulebook
from trading.rulebook.calendar import beijing_date
from trading.rulebook.methods import FAILED_TENDER, OPEN, least_offers, two_rule

_ = TranslationStringFactory("tradehall")


def must_be_grounded(command: DraftTender, subject: str, now: datetime) -> None:
    """Raises Refused `tender.two-offers` for a ground that the method or the purchase does not have, or that lacks what
    must be on record."""
    if not command.two_offers:
        return
    rule = two_rule(command.method, command.two_offers, subject)
    if rule is None:
        least = least_offers(command.method, the_rulebook(), beijing_date(now))
        raise refuse(
            "tender.two-offers", _("On this ground two suppliers are not enough here: the law asks for three."),
            field="two_offers", rule=f"{least.instrument} {least.article}".strip(),
            remedy=_("Two are enough for public services or certain research in a consultation, and in a negotiation "
                     "with the two that an open tender has left."),
        )  # fmt: skip
    law = the_rulebook().rule(rule, beijing_date(now))
    if missing := [name for name in wanted(command.two_offers) if not getattr(command, name)]:
        raise missing_fault(missing[0], law)
    if command.approval_date is not None and command.approval_date > beijing_date(now):
        raise refuse(
            "tender.two-offers", _("The approval cannot be of a later day than today."), field="approval_date",
            rule=f"{law.instrument} {law.article}".strip(), remedy=_("Write the day on the paper."),
        )  # fmt: skip


def wanted(ground: str) -> tuple[str, ...]:
    """The fields that a ground must be given with."""
    return (
        "two_offers_reason",
        *(("failed_tender", "approval", "approval_date") if ground == FAILED_TENDER else ()),
    )


def missing_fault(name: str, law: Rule) -> Refused:
    words = {
        "two_offers_reason": _("Say why two suppliers are enough: it is printed in the documents."),
        "failed_tender": _("Name the open tender that left only two suppliers."),
        "approval": _(
            "The finance department must have approved the negotiation with two suppliers: write its number."
        ),
        "approval_date": _("Write the date of the finance department's approval."),
    }
    return refuse(
        "tender.two-offers", words[name], field=name, rule=f"{law.instrument} {law.article}".strip(),
        remedy=_("Without it three suppliers are needed: choose so, or fill this in."),
    )  # fmt: skip


def must_have_failed(session: Session, command: DraftTender) -> None:
    """Raises Refused `tender.two-offers` where the named open tender is one of this hall, and was not open or has not
    failed. Of another hall's the paper of approval speaks."""
    if command.two_offers != FAILED_TENDER:
        return
    named = session.scalars(select(Tender).where(Tender.code == command.failed_tender)).first()
    if named is not None and (named.state != "failed" or method_of(named) != OPEN):
        raise refuse(
            "tender.two-offers", _("This tender was not an open one that has failed."), field="failed_tender",
            rule="MOF 74 art. 27", remedy=_("Name the open tender that left only two suppliers."),
        )  # fmt: skip


def in_rules(command: DraftTender, subject: str, rulebook: Rulebook, at: datetime) -> dict[str, Any]:
    """What the published rules say about it; nothing where three are needed."""
    rule = two_rule(command.method, command.two_offers, subject)
    if rule is None:
        return {}
    law = rulebook.rule(rule, beijing_date(at))
    said = {"ground": command.two_offers, "rule": f"{law.instrument} {law.article}".strip()}
    said["reason"] = command.two_offers_reason
    if command.two_offers == FAILED_TENDER:
        approved = command.approval_date.isoformat() if command.approval_date else ""
        said |= {"approval": command.approval, "approved": approved, "tender": command.failed_tender}
    return {"two_offers": said}


def words(command: DraftTender, subject: str, rulebook: Rulebook, at: datetime, zh: bool) -> str:
    """The sentence of the documents: by which article three are needed, or why two are enough."""
    locale = "zh_CN" if zh else "en"
    law = least_offers(command.method, rulebook, beijing_date(at), command.two_offers, subject)
    cited = (
        f"{law.words(locale)}（{law.citation(locale)}）。"
        if zh
        else f" {law.words(locale)} ({law.citation(locale)})."
    )
    if two_rule(command.method, command.two_offers, subject) is None:
        return cited
    said = [cited, f"理由：{command.two_offers_reason}。" if zh else f" Reason: {command.two_offers_reason}."]
    if command.two_offers == FAILED_TENDER:
        named, number, day = command.failed_tender, command.approval, command.approval_date
        said.append(
            f"原公开招标项目：{named}；批准文号：{number}（{day}）。" if zh
            else f" The open tender: {named}; approved by {number} of {day}."
        )  # fmt: skip
    return "".join(said)
