"""Methods of procurement beside open tendering (非公开招标的采购方式): which rules stand in the place of a tender's,
how bids are evaluated, how many must make an offer, how large the group is. Pure.

Invited tender: GPL 29, MOF Order 87 art. 14; consultation: Caiku 2014-214; negotiation and inquiry: MOF Order 74.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trading.rulebook.book import Rule, Rulebook

OPEN, INVITED = "open", "invited"
CONSULTATION, NEGOTIATION, INQUIRY = "consultation", "negotiation", "inquiry"
METHODS = (OPEN, INVITED, CONSULTATION, NEGOTIATION, INQUIRY)
LOWEST, SCORING = "lowest_price", "scoring"

RULES: Mapping[str, Mapping[str, str]] = {
    CONSULTATION: {
        "notice": "", "documents": "P21.consultation.documents", "bid_time": "P21.consultation.response",
        "amendment": "P21.consultation.amendment", "price_weight": "P21.consultation.price_weight.{subject}",
        "offers": "P21.consultation.offers", "award": "P21.consultation.award",
    },
    NEGOTIATION: {
        "notice": "", "documents": "", "bid_time": "P21.negotiation.response",
        "amendment": "P21.negotiation.amendment", "offers": "P21.negotiation.offers",
        "award": "P21.negotiation.award",
    },
    INQUIRY: {
        "notice": "", "documents": "", "bid_time": "P21.inquiry.response", "amendment": "P21.inquiry.amendment",
        "offers": "P21.inquiry.offers", "award": "P21.inquiry.award",
    },
}  # fmt: skip
"""By method and question the rule's id; "" where the law asks for nothing"""

PUBLIC_SERVICE, RESEARCH, FAILED_TENDER = "public-service", "research", "failed-tender"
GROUNDS = (PUBLIC_SERVICE, RESEARCH, FAILED_TENDER)
"""Why two suppliers may be enough: a service that the government buys for the public (政府购买服务, not every service);
research in a market with too little competition or results that need support; an open tender that left two."""
TWO: Mapping[tuple[str, str], str] = {
    (CONSULTATION, PUBLIC_SERVICE): "P21.consultation.offers_public_service",
    (CONSULTATION, RESEARCH): "P21.consultation.offers_research",
    (NEGOTIATION, FAILED_TENDER): "P21.negotiation.offers_failed_tender",
}
"""By method and ground the rule that lets two be enough"""

ENDED_BY: Mapping[str, str] = {
    CONSULTATION: "K214 34(3)", NEGOTIATION: "M74 37(3)", INQUIRY: "M74 48(3)",
}  # fmt: skip
"""The article that ends another procurement than a tender for too few suppliers, at whatever step"""


def rule_of(method: str, question: str, otherwise: str, subject: str = "") -> str:
    """The id of the rule that answers a question for a method; `otherwise` the one of open tenders."""
    return RULES.get(method, {}).get(question, otherwise).format(subject=subject)


def is_tender(method: str) -> bool:
    """Whether it is a tender (招标), open or invited: Order 87 holds to the letter."""
    return method not in RULES


def is_invited(method: str) -> bool:
    """Whether only those may bid who were drawn and invited (邀请招标)."""
    return method == INVITED


def has_final_offers(method: str) -> bool:
    """Whether prices come in a second, sealed round after the talks (最后报价); the first response has none."""
    return method in (CONSULTATION, NEGOTIATION)


def evaluations(method: str) -> tuple[str, ...]:
    """By which methods of evaluation offers may be compared: the lowest price in negotiation and inquiry (GPL
    38, 40), comprehensive scoring in a consultation (Caiku 2014-214 art. 23)."""
    if method == CONSULTATION:
        return (SCORING,)
    return (LOWEST,) if method in (NEGOTIATION, INQUIRY) else (LOWEST, SCORING)


def least_offers(method: str, rulebook: Rulebook, day: date, ground: str = "", subject: str = "") -> Rule:
    """The rule on how many suppliers must make a final offer; `ground` says why two should be enough for this
    subject. Open tenders ask for the bidders of P7. Raises RuleNotFound."""
    return rulebook.rule(two_rule(method, ground, subject) or rule_of(method, "offers", "P7"), day)


def two_rule(method: str, ground: str, subject: str) -> str | None:
    """The id of the rule by which two suppliers are enough on this ground; None where it takes three."""
    return None if ground == PUBLIC_SERVICE and subject != "services" else TWO.get((method, ground))


@dataclass(frozen=True)
class Group:
    """How many sit at least: `small`, and `large` from a budget of `large_from` yuan on; `complex_too` says
    that complex and high-impact purchases need the large one whatever their budget (M87 47)."""

    small: Rule
    large: Rule
    large_from: Decimal
    complex_too: bool

    def least(self, budget: Decimal, complex_: bool = False) -> Rule:
        """The rule that holds for a purchase."""
        return self.large if budget >= self.large_from or (complex_ and self.complex_too) else self.small


def group_of(method: str, subject: str, rulebook: Rulebook, day: date) -> Group:
    """The committee of a tender (评标委员会, P8), or the group of another method (P21.group): three, in
    negotiation and inquiry five from the limit on from which tenders are open (Order 74 art. 7). Raises
    RuleNotFound."""
    if is_tender(method):
        limit = rulebook.rule("P8.large_budget", day).decimal
        return Group(rulebook.rule("P8", day), rulebook.rule("P8.large", day), limit, True)
    small = rulebook.rule("P21.group", day)
    if method == CONSULTATION:
        return Group(small, small, Decimal("Infinity"), False)
    threshold = rulebook.find(f"P2.{subject}", day)
    large_from = threshold.decimal if threshold else Decimal("Infinity")
    return Group(small, rulebook.rule("P21.group_large", day), large_from, False)
