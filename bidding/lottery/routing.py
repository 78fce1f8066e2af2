"""Which way a small works goes (分流): to a formal tender, or to the roster of pre-qualified contractors. Pure.

The national limits come before the city's line: from 4 to 5 million a project that must be tendered goes to a
tender although the city's rule would send it to the roster. Each reason names its rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from translationstring import TranslationStringFactory

from bidding.roster.terms import terms
from trading.rulebook.book import Rule, Rulebook
from trading.rulebook.lint import lint
from trading.rulebook.plan import Finding, finding

_ = TranslationStringFactory("tradehall")

Object = Literal["works", "goods", "services", "agency"]
LOTTERIES = ("one-step", "two-step", "drawn-k")
LOW_PRICE = "low-price"
METHODS = (*LOTTERIES, LOW_PRICE)
LIMITING = ("two-step",)
"""methods whose draw also limits how many compete"""


@dataclass(frozen=True)
class Plan:
    """What is to be built, with whose money, and how the contractor is to be found. Money in yuan.

    `investment` is the whole project's, `public_funds` what of it comes from budgets; `controlled` whether funds of
    state-owned bodies dominate. `siblings` are the estimates of other contracts that could be merged with this one.
    `method` is one of METHODS, or "" for one that is not chosen yet; `sign_up` whether firms must sign up first."""

    estimate: Decimal
    object: Object = "works"
    investment: Decimal | None = None
    public_funds: Decimal | None = None
    controlled: bool = False
    procurement: bool = False
    method: str = ""
    sign_up: bool = False
    siblings: tuple[Decimal, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """A sentence with the rule it rests on."""

    rule: Rule
    words: str


@dataclass(frozen=True)
class Route:
    """`way` is tender | roster, or free for what nobody but the owner chooses; `mandatory` whether the law demands a tender; `reasons` why."""

    way: str
    mandatory: bool
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> list[Finding]:
        return [found for found in self.findings if found.blocks]


def route(plan: Plan, book: Rulebook, day: date) -> Route:
    """The way of a plan, why, and every rule that it breaks, refusals first."""
    reasons = list(mandatory_reasons(plan, book, day))
    mandatory = bool(reasons)
    line = book.rule("ROSTER.line", day)
    if plan.estimate >= line.decimal:
        reasons.append(Reason(line, _("The city's own line sends it to a formal tender.")))
    elif mandatory:
        words = _("Below the city's line of ${line}, which would mean the roster: the national limit goes first.",
                  mapping={"line": f"{line.decimal:,}"})  # fmt: skip
        reasons.append(Reason(line, words))
    procured = _procured(plan, book, day)
    if procured is not None:
        reasons.append(procured)
    way = "tender" if reasons else "roster"
    if plan.object == "agency":
        way, reasons = "free", [Reason(book.rule("G0-8", day), _("The tenderer chooses its agency itself."))]
    elif way == "roster":
        reasons = list(roster_reasons(plan, book, day))
        way = "roster" if terms(book, day).band_of(plan.estimate) else "tender"
    found = [each for check in CHECKS for each in check(plan, book, day, mandatory)]
    found.sort(key=lambda each: each.severity != "refuse")
    return Route(way, mandatory, tuple(reasons), tuple(found))


def mandatory_reasons(plan: Plan, book: Rulebook, day: date) -> Iterator[Reason]:
    """Why a project must be tendered (O16 arts. 2, 5): its money, and the contract's estimate."""
    limit = book.find(f"G0-2.{plan.object}", day)
    if limit is None or plan.estimate < limit.decimal:
        return
    funded = funding(plan, book, day)
    if funded is not None:
        words = _("The estimate of ${estimate} reaches the national limit of ${limit}.",
                  mapping={"estimate": f"{plan.estimate:,.2f}", "limit": f"{limit.decimal:,}"})  # fmt: skip
        yield Reason(limit, words)
        yield funded


def funding(plan: Plan, book: Rulebook, day: date) -> Reason | None:
    """Why a project's money makes a tender mandatory; None when it does not. What is not told counts as budget funds:
    where neither investment nor funds are, the project is taken to be in the law's scope."""
    least, share = book.rule("G0-2.funds", day), book.rule("G0-2.share", day)
    if plan.investment is None and plan.public_funds is None:
        return Reason(least, _("Nothing else is told of its money: budget funds are taken to pay for it."))
    investment = plan.estimate if plan.investment is None else plan.investment
    funds = investment if plan.public_funds is None else plan.public_funds
    if funds >= least.decimal and funds >= investment * share.decimal:
        return Reason(least, _("Budget funds of ${funds} pay for it.", mapping={"funds": f"{funds:,.2f}"}))
    if plan.controlled:
        return Reason(
            book.rule("G0-2.controlled", day), _("Funds of state-owned bodies control the project.")
        )
    return None


def roster_reasons(plan: Plan, book: Rulebook, day: date) -> Iterator[Reason]:
    """Why a plan may go to the roster; and, for one that no band takes, why it cannot."""
    limit, line = book.find(f"G0-2.{plan.object}", day), book.rule("ROSTER.line", day)
    if limit is not None and plan.estimate < limit.decimal:
        words = _("The estimate is below the national limit of ${limit}: no tender is mandatory.",
                  mapping={"limit": f"{limit.decimal:,}"})  # fmt: skip
        yield Reason(limit, words)
    elif limit is not None:
        yield Reason(book.rule("G0-2.funds", day), _("Its money does not make a tender mandatory."))
    bands = book.rule("ROSTER.bands", day)
    if terms(book, day).band_of(plan.estimate) is None:
        words = _("No amount band of the roster takes it; the last ends below ${end}.",
                  mapping={"end": f"{bands.decimals[-1]:,}"})  # fmt: skip
        yield Reason(bands, words)
    else:
        words = _("It is below the city's line of ${line}: the contractor comes from the roster.",
                  mapping={"line": f"{line.decimal:,}"})  # fmt: skip
        yield Reason(line, words)


def _procured(plan: Plan, book: Rulebook, day: date) -> Reason | None:
    limit = book.rule("G0-4.limit", day)
    if not plan.procurement or plan.estimate < limit.decimal:
        return None
    return Reason(limit, _("It is government procurement above its limit: a method of the law applies."))


# --- what the plan breaks --------------------------------------------------------------------------


def _lottery(plan: Plan, book: Rulebook, day: date, mandatory: bool) -> Iterator[Finding]:
    if not mandatory or not plan.method:
        return
    avoided = book.find("G0-2", day)
    if avoided is not None:
        message = _("A project that must be tendered is not given to a firm of the roster.")
        yield finding(avoided, "method", plan.method, message)
    if plan.method not in LOTTERIES:
        return
    rule = book.find("G0-1", day)
    if rule is not None:
        yield finding(rule, "method", plan.method, _("The winner may not be found by lottery."))
    number = book.find("G0-1.number", day)
    if number is not None and plan.method in LIMITING:
        yield finding(number, "method", plan.method, _("A draw may not limit the number of bidders."))


def _procurement(plan: Plan, book: Rulebook, day: date, mandatory: bool) -> Iterator[Finding]:
    if not plan.procurement or not plan.method:
        return
    roster = book.find("G0-4", day)
    if _procured(plan, book, day) is not None:
        methods = book.rule("P1", day)
        message = _("This is not a method of government procurement.")
        yield finding(methods, "method", plan.method, message)
    if roster is not None:
        message = _("Membership of a roster may not be required.")
        yield finding(roster, "procurement", "true", message)


def _merging(plan: Plan, book: Rulebook, day: date, mandatory: bool) -> Iterator[Finding]:
    rule, limit = book.find("G0-2.merge", day), book.find(f"G0-2.{plan.object}", day)
    if rule is None or limit is None or not plan.siblings:
        return
    together = plan.estimate + sum(plan.siblings, Decimal(0))
    if plan.estimate < limit.decimal <= together:
        message = _("Together with ${n} other contracts of this project the estimates reach ${sum}: can they be merged?",
                    mapping={"n": str(len(plan.siblings)), "sum": f"{together:,.2f}"})  # fmt: skip
        yield finding(rule, "estimate", f"{plan.estimate}+{together - plan.estimate}", message)


def _doors(plan: Plan, book: Rulebook, day: date, mandatory: bool) -> Iterator[Finding]:
    """Sign-up gates, draws of an agent, local preference: refused whatever the amount. Who wants the legal representative
    there in person is warned (G0-3): whoever he sends is let in, and nobody need be there at all."""
    sign_up, agency = book.find("G0-5", day), book.find("G0-8", day)
    if plan.sign_up and sign_up is not None:
        message = _("No sign-up may be required: whoever is in the category is in the draw, or declines.")
        yield finding(sign_up, "sign_up", "true", message)
    if plan.object == "agency" and agency is not None:
        yield finding(agency, "object", "agency", _("Nobody draws or names the agency for a tenderer."))
    yield from (
        found for found in lint(plan.texts, book, day, "bidding_law") if found.rule in ("G0-3", "G0-6")
    )


LEADS_AWAY = frozenset({"ROSTER.line", "G0-4.limit"})
"""rules that lead a project to a tender which the law does not demand"""
CHECKS = (_lottery, _procurement, _merging, _doors)
EXAMPLES = tuple(Decimal(text) for text in ("3999999.99", "4000000.00", "4999999.99", "5000000.00"))
"""amounts on both sides of the two lines, for the page that explains the gates"""
