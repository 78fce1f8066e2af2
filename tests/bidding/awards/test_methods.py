"""An inquiry from its notice to the award, by a group of three; and who may be so few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session

import tradehall_verify as verifier
from bidding.evaluation.inputs import check_rules
from bidding.evaluation.scoring_inputs import check_scoring_rules
from plugins.kinds.procurement import Procurement
from tests.awards import Evaluated, publish_award
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.room import RULES, Registry, Room, add_bid, certify, make_room
from tests.bidding.evaluation.scoring_room import SCORED
from tests.helpers import make_user
from tests.tenders import make_buyers, published_tender, signer_of
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import ITradeKind


class Kinds(Registry):
    """The room's registry, with the kind of trade."""

    def getUtility(self, port: Any, name: str = "") -> Any:
        return Procurement() if port is ITradeKind else super().getUtility(port)


def test_an_inquiry_goes_from_its_notice_to_the_award(session: Session, config: Configurator) -> None:
    hall, buyers = config.registry, make_buyers(session, config.registry)
    tender = published_tender(
        session, hall, buyers, template="office-supplies-inquiry", tenderer=buyers.purchaser.uscc
    )
    bidders = [add_bid(session, tender, sheet(total)) for total in ("460000.00", "433000.00", "451000.00")]
    people = [make_user(session, "expert", keys=hall["keys"]) for _ in range(3)]
    for user in people:
        certify(session, user)
    tender.state, tender.deadline = "opened", database_now(session) - timedelta(hours=1)
    room = Room(session, Kinds(hall["keys"]), tender, bidders, people)
    room.seat_all()
    room.review_all()
    room.sign_all()
    room.deliver()
    result = room.result()
    assert (result["winner"], result["contract_price"]) == (bidders[1].uscc, "433000.00")
    assert tender.rules["procurement"] == "inquiry" and tender.state == "evaluated"

    officer = make_user(session, "tenderer", party=buyers.purchaser, keys=hall["keys"])
    made = Evaluated(tender, buyers, officer, signer_of(session, hall, officer), bidders, [])
    publish_award(session, hall, made)
    assert tender.state == "awarded"


@pytest.mark.parametrize(
    ("method", "budget", "article"),
    [
        ("open", 400_000, "M87 47"), ("invited", 400_000, "M87 47"), ("inquiry", 400_000, ""),
        ("negotiation", 1_999_999, ""), ("negotiation", 2_000_000, "M74 7"), ("consultation", 9_000_000, ""),
    ],
)  # fmt: skip
def test_three_sit_in_a_group_and_never_for_a_tender(
    session: Session, method: str, budget: int, article: str
) -> None:
    room = make_room(session, form={"method": method}, budget=budget)
    room.people = room.people[:3]
    faults = faults_of_list(room)
    assert faults == ([("committee-too-small", article)] if article else [])
    room.people = room.people[:2]
    assert {code for code, _article in faults_of_list(room)} >= {"committee-even", "committee-too-small"}


def faults_of_list(room: Room) -> list[tuple[str, str]]:
    try:
        with room.session.begin_nested():
            room.import_panel()
    except Refused as refused:
        return [(fault.code, fault.rule) for fault in refused.faults]
    return []


LOWEST_PRICE, SCORING = "lowest-price", "comprehensive-scoring"


@pytest.mark.parametrize(
    ("procurement", "comparing"),
    [("invited", {LOWEST_PRICE, SCORING}), ("consultation", {SCORING}), ("negotiation", {LOWEST_PRICE}),
     ("inquiry", {LOWEST_PRICE}), ("open", set()), ("lottery", set())],
)  # fmt: skip
def test_both_programs_know_how_each_method_compares(procurement: str, comparing: set[str]) -> None:
    for method, rules, check in ((LOWEST_PRICE, RULES, check_rules), (SCORING, SCORED, check_scoring_rules)):
        named = rules | {"procurement": procurement}
        assert (check(named) == []) is (method in comparing)
        if method in comparing:
            verifier.check_procurement(named)
        else:
            with pytest.raises(verifier.Invalid):
                verifier.check_procurement(named)


def test_two_bidders_are_enough_on_a_ground_in_law_only() -> None:
    ground = {"two_offers": {"ground": "public-service", "rule": "K124", "reason": "居家养老服务"}}
    consultation = SCORED | {"procurement": "consultation", "category": "services"}
    verifier.check_procurement(consultation | ground | {"minimum": 2})
    for rules in (
        SCORED | {"minimum": 2},
        consultation | {"minimum": 2},
        consultation | ground | {"minimum": 1},
    ):
        with pytest.raises(verifier.Invalid, match="the law wants"):
            verifier.check_procurement(rules)


def test_a_consultations_price_weight_is_not_held_to_the_least_of_a_tender() -> None:
    light = [SCORED["criteria"][0] | {"weight": "25"}, *SCORED["criteria"][1:]]
    light[1] = light[1] | {
        "weight": "75",
        "items": [light[1]["items"][0] | {"weight": "65"}, light[1]["items"][1]],
    }
    tender, consultation = (
        SCORED | {"criteria": light},
        SCORED | {"criteria": light, "procurement": "consultation"},
    )
    assert [fault.code for fault in check_scoring_rules(tender)] == ["price-weight-too-low"]
    assert check_scoring_rules(consultation) == []
    with pytest.raises(verifier.Invalid):
        verifier.score_criteria(tender)
    assert len(verifier.score_criteria(consultation)) == 3
