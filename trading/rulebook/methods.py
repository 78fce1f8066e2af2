"""Methods of procurement beside tendering (非招标采购方式): which rules stand in the place of a tender's, and how
many must make a final offer. Pure. Consultation: Caiku 2014-214; negotiation and inquiry: MOF Order 74.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from trading.rulebook.book import Rule, Rulebook

CONSULTATION, NEGOTIATION, INQUIRY = "consultation", "negotiation", "inquiry"

RULES: Mapping[str, Mapping[str, str]] = {
    CONSULTATION: {
        "notice": "", "documents": "P21.consultation.documents", "bid_time": "P21.consultation.response",
        "price_weight": "P21.consultation.price_weight.{subject}", "group": "P21.group",
        "offers": "P21.consultation.offers",
    },
    NEGOTIATION: {
        "notice": "", "documents": "", "bid_time": "P21.negotiation.response", "group": "P21.group",
        "offers": "P21.negotiation.offers",
    },
    INQUIRY: {
        "notice": "", "documents": "", "bid_time": "P21.inquiry.response", "group": "P21.group",
        "offers": "P21.inquiry.offers",
    },
}  # fmt: skip
"""By method and question the rule's id; "" where the law asks for nothing"""


def rule_of(method: str, question: str, otherwise: str, subject: str = "") -> str:
    """The id of the rule that answers a question for a method; `otherwise` the one of open tenders."""
    return RULES.get(method, {}).get(question, otherwise).format(subject=subject)


def least_offers(method: str, subject: str, rulebook: Rulebook, day: date, research: bool = False) -> Rule:
    """The rule on how many suppliers must make a final offer. In a consultation for services that a government
    buys for the public, or for research (`research`), two are enough (Caiku 2015-124); open tenders ask for
    the bidders of P7. Raises RuleNotFound."""
    wanted = rule_of(method, "offers", "P7")
    if method == CONSULTATION and (subject == "services" or research):
        wanted = "P21.consultation.offers_services"
    return rulebook.rule(wanted, day)
