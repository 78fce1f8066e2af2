"""What waits on a buyer's desk after an evaluation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.conduct import desk, rating
from expert_pool.conduct.models import Sitting
from tests.expert_pool.conduct.scene import actor_of, evaluated, identity_of
from tests.expert_pool.pool import make_expert
from tests.helpers import make_party, make_user
from trading.clock import database_now

GOOD = {"punctuality": 5, "competence": 4, "impartiality": 5, "discipline": 3}


class Tender:
    """One of the buyer's, as the room of tenders tells it."""

    def __init__(self, code: str, party: Any) -> None:
        self.code, self.tenderer_id, self.agency_id = code, None, party


class Desk:
    """What a desk asks of a request; counts the tenders that are loaded."""

    def __init__(self, session: Session) -> None:
        self.db, self.user = session, make_user(session, "agent", party=make_party(session))
        self.identity, self.loaded = identity_of(self.user, "agent"), list[str]()

    def now(self) -> Any:
        return database_now(self.db)

    def port(self, _interface: Any) -> Any:
        return self

    def find(self, _session: Session, code: str) -> Tender:
        self.loaded.append(code)
        return Tender(code, self.user.party_id)

    def route_path(self, _route: str, code: str) -> str:
        return code

    def called(self, tender: Tender) -> str:
        return tender.code

    def cards(self) -> list[str]:
        return [card.href for card in desk.buyer_cards(self)]


def test_no_more_tenders_are_loaded_than_the_desk_shows(session: Session) -> None:
    here, row = Desk(session), make_expert(session)
    for number in range(desk.SHOWN + 5):
        evaluated(session, f"T-{number:02}", [row])
    assert here.cards() == [f"T-{number:02}" for number in range(desk.SHOWN)] == here.loaded


def test_members_whose_evaluation_was_set_aside_need_no_rating(session: Session) -> None:
    here, first, second = Desk(session), make_expert(session), make_expert(session)
    evaluated(session, "T-1", [first], round=1)
    evaluated(session, "T-1", [second], round=2)
    assert here.cards() == ["T-1"]
    (last,) = session.scalars(select(Sitting).where(Sitting.round == 2))
    tender = Tender("T-1", here.user.party_id)
    rating.rate(session, actor_of(here.user), here.identity, tender, last.seat, GOOD, "")
    assert here.cards() == []
