"""The legal gates of a tender's plan: what publishing would break, with article and next lawful value.

`check_tender` looks at everything at once and returns findings; a V rule refuses, an S or U rule warns.
A named officer may override a refusal: the override names the finding's id, which includes the value
it was given for, so that an override of one date does not cover a later, worse one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from translationstring import TranslationStringFactory

from trading.rulebook.book import Rule, Rulebook
from trading.rulebook.calendar import (
    BEIJING,
    Calendar,
    DayKind,
    beijing_date,
    earliest_end,
    roll_forward,
    subtract_days,
)
from trading.rulebook.lint import lint
from trading.rulebook.methods import evaluations, group_of, is_invited, is_tender, rule_of
from trading.rulebook.plan import Finding, Regime, TenderPlan, finding

_ = TranslationStringFactory("tradehall")

# The same question has its own number in each of the two laws.
BY_REGIME: Mapping[Regime, Mapping[str, str]] = {
    "procurement": {
        "notice": "P4.notice", "documents": "P4.documents", "bid_time": "P4.bid_time", "amendment": "P5", "security": "P6",
        "minimum": "P7.minimum", "opening": "P7.opening", "performance": "P17.performance_security",
    },
    "bidding_law": {
        "documents": "T1", "bid_time": "T3", "amendment": "T4", "security": "T6",
        "minimum": "T20", "opening": "T11", "performance": "T17",
    },
}  # fmt: skip


@dataclass(frozen=True)
class EarliestDates:
    """The earliest lawful dates for a tender published at an instant. The deadline is on a working day;
    `deadline_day` is the day that the law alone would allow. `objections_until` and `changes_until` are
    the last days for that deadline. `provisional` tells that an unpublished year was counted."""

    notice_until: date
    documents_until: date
    deadline_day: date
    deadline: date
    changes_until: date
    provisional: bool


def earliest_dates(
    publish_at: datetime, rulebook: Rulebook, calendar: Calendar, regime: Regime = "procurement",
    method: str = "open",
) -> EarliestDates:  # fmt: skip
    """The earliest lawful dates when the documents go out with the notice (RULES: T1, T3, T4; P4, P5; 3.4).
    Where a method asks for no time of its own, documents stay available until the deadline."""
    day = beijing_date(publish_at)
    names = BY_REGIME[regime]
    lawful = _end(rulebook.rule(rule_of(method, "bid_time", names["bid_time"]), day), day, calendar)
    documents_rule = rulebook.find(rule_of(method, "documents", names["documents"]), day)
    documents = _end(documents_rule, day, calendar) if documents_rule else lawful
    notice_rule = rulebook.find(rule_of(method, "notice", names.get("notice", "")), day)
    deadline = roll_forward(lawful, calendar)
    amendment = rulebook.rule(amendment_rule(method, regime), day)
    return EarliestDates(
        notice_until=_end(notice_rule, day, calendar) if notice_rule else documents,
        documents_until=documents,
        deadline_day=lawful,
        deadline=deadline,
        changes_until=subtract_days(_kind(amendment), amendment.integer, deadline, calendar),
        provisional=calendar.provisional(day, deadline),
    )


def amendment_rule(method: str, regime: Regime = "procurement") -> str:
    """The rule on how long before the deadline a change that may affect bids has to come."""
    return rule_of(method, "amendment", BY_REGIME[regime]["amendment"])


def check_tender(
    plan: TenderPlan, rulebook: Rulebook, calendar: Calendar, overridden: Collection[str] = ()
) -> list[Finding]:
    """Every finding on a plan, refusals first. Rules are those in force on the day of publication."""
    check = _Check(plan, rulebook, calendar, beijing_date(plan.publish_at))
    findings = [found for part in CHECKS for found in part(check)]
    marked = [replace(found, overridden=found.id in overridden) for found in findings]
    return sorted(marked, key=lambda found: found.severity != "refuse")


def check_amendment(
    announced_at: datetime, deadline: datetime, rulebook: Rulebook, calendar: Calendar,
    *, regime: Regime = "procurement", method: str = "open", overridden: Collection[str] = (),
) -> list[Finding]:  # fmt: skip
    """Whether a change that may affect bids leaves enough time (T4, P5, P21); else the next lawful deadline."""
    day, last = beijing_date(announced_at), beijing_date(deadline)
    rule = rulebook.rule(amendment_rule(method, regime), day)
    lawful = _end(rule, day, calendar)
    if last >= lawful:
        return []
    message = _("The change leaves too little time: move the bid deadline to ${next} or later.",
                mapping={"next": roll_forward(lawful, calendar).isoformat()})  # fmt: skip
    found = finding(rule, "deadline", last.isoformat(), message, roll_forward(lawful, calendar))
    return [replace(found, overridden=found.id in overridden)]


@dataclass(frozen=True)
class _Check:
    plan: TenderPlan
    rulebook: Rulebook
    calendar: Calendar
    day: date

    def find(self, rule_id: str) -> Rule | None:
        return self.rulebook.find(rule_id, self.day)

    def named(self, question: str) -> Rule | None:
        own = BY_REGIME[self.plan.regime].get(question, question)
        return self.find(rule_of(self.plan.method, question, own, self.plan.subject))


def _end(rule: Rule, start: date, calendar: Calendar) -> date:
    return earliest_end(_kind(rule), rule.integer, start, calendar)


def _kind(rule: Rule) -> DayKind:
    if rule.unit not in ("day", "working_day"):
        raise ValueError(f"{rule.id} does not count days")
    return rule.unit


def _timetable(check: _Check) -> Iterator[Finding]:
    plan, calendar = check.plan, check.calendar
    notice = check.named("notice")
    if notice is not None:
        end, given = _end(notice, check.day, calendar), plan.notice_until
        if given is None or given < end:
            message = _("The notice must run until ${next} or later.", mapping={"next": end.isoformat()})
            yield finding(notice, "notice_until", given.isoformat() if given else "", message, end)
    # Documents cannot be issued before the notice that offers them; time starts with the later day.
    issued = max(plan.documents_from or check.day, check.day)
    documents = check.named("documents")
    if documents is not None and plan.documents_until < (end := _end(documents, issued, calendar)):
        message = _(
            "Documents must stay available until ${next} or later.", mapping={"next": end.isoformat()}
        )
        yield finding(documents, "documents_until", plan.documents_until.isoformat(), message, end)
    bid_time = check.named("bid_time")
    closes = beijing_date(plan.deadline)
    if bid_time is not None and closes < (lawful := _end(bid_time, issued, calendar)):
        end = roll_forward(lawful, calendar)
        message = _("The bid deadline is too early: the first lawful working day is ${next}.",
                    mapping={"next": end.isoformat()})  # fmt: skip
        yield finding(bid_time, "deadline", closes.isoformat(), message, end)


def _opening(check: _Check) -> Iterator[Finding]:
    plan = check.plan
    rule = check.named("opening")
    if rule is not None and plan.opening_at != plan.deadline:
        message = _("The opening takes place at the bid deadline itself.")
        yield finding(rule, "opening_at", plan.opening_at.isoformat(), message)
    hours = check.find("PRACTICE.office_hours")
    local = plan.deadline.astimezone(BEIJING)
    if hours is None:
        return
    given = local.strftime("%Y-%m-%d %H:%M")
    if not check.calendar.is_working(local.date()):
        end = roll_forward(local.date(), check.calendar)
        message = _("The bid deadline is not on a working day; the next one is ${next}.",
                    mapping={"next": end.isoformat()})  # fmt: skip
        yield finding(hours, "deadline", given, message, end)
    elif not any(_within(local.time(), span) for span in hours.strings):
        yield finding(hours, "deadline", given, _("The bid deadline is outside office hours."))
    if check.calendar.provisional(check.day, local.date()):
        message = _("The holiday calendar of this period is not published yet: check the dates again later.")
        yield finding(hours, "deadline", f"{given} provisional", message)


def _within(clock: time, span: str) -> bool:
    first, last = (time.fromisoformat(part) for part in span.split("-"))
    return first <= clock <= last


def _money(check: _Check) -> Iterator[Finding]:
    plan = check.plan
    security = check.named("security")
    if security is not None and plan.bid_security > (most := plan.budget * security.decimal):
        message = _("Bid security may be at most ${next}.", mapping={"next": f"{_down(most):,}"})
        yield finding(security, "bid_security", str(plan.bid_security), message, _down(most))
    cap = check.find("T6b") if plan.regime == "bidding_law" else None
    if cap is not None and plan.bid_security > cap.decimal:
        message = _("Bid security may be at most ${next}.", mapping={"next": f"{cap.decimal:,}"})
        yield finding(cap, "bid_security", str(plan.bid_security), message, cap.decimal)
    forms = check.find("P6.forms") if plan.regime == "procurement" else None
    if forms is not None and (wrong := sorted(set(plan.bid_security_forms) - set(forms.strings))):
        message = _("Bid security must be given in non-cash form.")
        yield finding(forms, "bid_security_forms", ",".join(wrong), message)
    ceiling = check.find("P7.ceiling") if plan.regime == "procurement" else None
    if ceiling is not None and plan.ceiling is not None and plan.ceiling > plan.budget:
        message = _("The ceiling price may not exceed the budget.")
        yield finding(ceiling, "ceiling", str(plan.ceiling), message, plan.budget)
    minimum = check.named("minimum")
    if minimum is not None and plan.minimum_price is not None:
        message = _("A minimum price may not be set.")
        yield finding(minimum, "minimum_price", str(plan.minimum_price), message)
    performance = check.named("performance")
    if performance is not None and plan.performance_security > performance.decimal:
        message = _("Performance security may be at most ${next} of the contract price.",
                    mapping={"next": performance.shown("en")})  # fmt: skip
        yield finding(performance, "performance_security", str(plan.performance_security), message,
                       performance.decimal)  # fmt: skip


def _down(amount: Decimal) -> Decimal:
    """Cut to the fen: an upper limit is never rounded up."""
    return amount.quantize(Decimal("0.01"), ROUND_DOWN)


def _validity(check: _Check) -> Iterator[Finding]:
    plan = check.plan
    for rule_id, name, given, message in (
        ("PRACTICE.bid_validity", "bid_validity_days", plan.bid_validity_days,
         _("Bid validity is short for evaluation, notices and contract.")),
        ("PRACTICE.decryption", "decryption_minutes", plan.decryption_minutes,
         _("Bidders have little time to decrypt.")),
        ("LOW.minutes", "explanation_minutes", plan.explanation_minutes,
         _("The time to explain an abnormally low price is too short.")),
    ):  # fmt: skip
        rule = check.find(rule_id)
        if rule is not None and given is not None and given < rule.integer:
            yield finding(rule, name, str(given), message, rule.integer)


def _method(check: _Check) -> Iterator[Finding]:
    plan = check.plan
    if plan.regime != "procurement":
        return
    methods = check.find("P1")
    if methods is not None and plan.method not in methods.strings:
        yield finding(methods, "method", plan.method, _("This is not a method of government procurement."))
    threshold = check.find(f"P2.{plan.subject}")
    approved = plan.approvals.get("P2")
    if (
        threshold is not None
        and plan.method not in ("open", "framework")
        and not approved
        and (plan.budget >= threshold.decimal)
    ):
        message = _("From ${next} on, another method than open tender needs approval first.",
                    mapping={"next": f"{threshold.decimal:,}"})  # fmt: skip
        yield finding(threshold, "method", plan.method, message)
    if is_invited(plan.method):
        yield from _invited(check)


def _invited(check: _Check) -> Iterator[Finding]:
    plan = check.plan
    suppliers, pool = check.find("P3.suppliers"), check.find("P3.pool")
    drawn = plan.invited or 0
    if suppliers is not None and drawn < suppliers.integer:
        message = _("At least ${next} suppliers must be invited.", mapping={"next": str(suppliers.integer)})
        yield finding(suppliers, "invited", str(drawn), message, suppliers.integer)
    if pool is not None and plan.invited_from is not None and plan.invited_from < drawn * pool.integer:
        message = _("The list to draw from must hold at least ${next} suppliers.",
                    mapping={"next": str(drawn * pool.integer)})  # fmt: skip
        yield finding(pool, "invited_from", str(plan.invited_from), message, drawn * pool.integer)


def _evaluation(check: _Check) -> Iterator[Finding]:
    plan = check.plan
    if plan.regime != "procurement":
        return
    lowest = check.find("P16.lowest_price") if is_tender(plan.method) else None
    if lowest is not None and plan.standardised and plan.evaluation != "lowest_price":
        message = _("Standardised goods and services are evaluated by the lowest price.")
        yield finding(lowest, "evaluation", plan.evaluation, message)
    award = check.named("award")
    if award is not None and plan.evaluation not in evaluations(plan.method):
        message = _("Offers are not compared in this way by the chosen method of procurement.")
        yield finding(award, "evaluation", plan.evaluation, message)
    yield from _price_weight(check)
    for rule_id, name, given in (
        ("POLICY.micro", "micro_deduction", plan.micro_deduction),
        ("POLICY.domestic", "domestic_deduction", plan.domestic_deduction),
    ):
        rule = check.find(rule_id)
        if rule is None or given is None:
            continue
        low, high = rule.decimals if rule.bound == "range" else (rule.decimal, rule.decimal)
        if not low <= given <= high:
            message = _("The price deduction is outside what the policy provides: ${next}.",
                        mapping={"next": rule.shown("en")})  # fmt: skip
            yield finding(rule, name, str(given), message, min(max(given, low), high))
    yield from _low_lines(check)


def _price_weight(check: _Check) -> Iterator[Finding]:
    """At least so much in a tender (M87 55), between two in a consultation (Caiku 2014-214, art. 24)."""
    plan = check.plan
    wanted = rule_of(plan.method, "price_weight", f"P16.price_weight.{plan.subject}", plan.subject)
    weight, given = check.find(wanted), plan.price_weight
    if weight is None or given is None or plan.evaluation != "scoring":
        return
    low, high = weight.decimals if weight.bound == "range" else (weight.decimal, Decimal(1))
    if given < low:
        message = _(
            "The price weight must be at least ${next}.", mapping={"next": f"{(low * 100).normalize():f} %"}
        )
        yield finding(weight, "price_weight", str(given), message, low)
    elif given > high:
        message = _(
            "The price weight may be at most ${next}.", mapping={"next": f"{(high * 100).normalize():f} %"}
        )
        yield finding(weight, "price_weight", str(given), message, high)


def _low_lines(check: _Check) -> Iterator[Finding]:
    highest = check.find("LOW.highest_line")
    for name, given in check.plan.low_lines.items():
        line = check.find(f"LOW.{name}")
        if line is None or highest is None:
            continue
        rule = line if given < line.decimal else highest
        if line.decimal <= given <= highest.decimal:
            continue
        message = _("The line for abnormally low prices must lie between ${low} and ${high}.",
                    mapping={"low": line.shown("en"), "high": highest.shown("en")})  # fmt: skip
        yield finding(rule, f"low_lines.{name}", str(given), message, rule.decimal)


def _committee(check: _Check) -> Iterator[Finding]:
    plan = check.plan
    if plan.committee is None or plan.regime != "procurement":
        return
    group = group_of(plan.method, plan.subject, check.rulebook, check.day)
    size = group.least(plan.budget, plan.complex_or_high_impact)
    if plan.committee < size.integer or plan.committee % 2 == 0:
        odd = max(size.integer, plan.committee + 1 - plan.committee % 2)
        message = _("The committee needs an odd number of members, ${least} or more.",
                    mapping={"least": str(size.integer)})  # fmt: skip
        yield finding(size, "committee", str(plan.committee), message, odd)
    share = check.find("P8.experts")
    if share is not None and plan.experts is not None:
        two, three = (int(part) for part in share.decimals)
        if Fraction(plan.experts, plan.committee or 1) < Fraction(two, three):
            least = -(-plan.committee * two // three)
            message = _("At least ${next} of the members must be experts.", mapping={"next": str(least)})
            yield finding(share, "experts", str(plan.experts), message, least)


def _barriers(check: _Check) -> Iterator[Finding]:
    """Conditions that keep bidders out (G0-1, G0-3 … G0-6, P14, P20)."""
    plan = check.plan
    for rule_id, name, given, message in (
        ("G0-1", "award_by_lottery", plan.award_by_lottery, _("The winner may not be found by lottery.")),
        ("G0-3", "representative_in_person", plan.representative_in_person,
         _("An authorised representative must be accepted at the opening.")),
        ("G0-4", "roster_gate", plan.roster_gate, _("Membership of a roster may not be required.")),
        ("G0-5", "registration_gate", plan.registration_gate,
         _("No sign-up beyond platform registration may be required for the documents.")),
    ):  # fmt: skip
        rule = check.find(rule_id)
        if rule is not None and given:
            yield finding(rule, name, "true", message)
    yield from lint(plan.texts, check.rulebook, check.day, plan.regime)


def _investment(check: _Check) -> Iterator[Finding]:
    """Which purchases belong to an investment project and name its code."""
    rule = check.find("INV.code")
    if rule is not None and check.plan.subject in rule.strings and not check.plan.investment_code:
        message = _("Name the code of the investment project that this belongs to.")
        yield finding(rule, "investment_code", "", message)


CHECKS: tuple[Callable[[_Check], Iterator[Finding]], ...] = (
    _timetable, _opening, _money, _validity, _method, _evaluation, _committee, _barriers, _investment,
)  # fmt: skip
