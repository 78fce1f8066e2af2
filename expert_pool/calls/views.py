"""How often calls go unanswered, by who asked for the committee (未应答率), for the regulator."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.calls.proving import ENOUGH, TIMES, SkipRate, skip_rates
from expert_pool.selection.models import PanelDemand
from trading.accounts.models import User
from trading.draws.calling import REMOVED
from trading.draws.models import Draw
from trading.parties.models import Party
from trading.permissions import Permission
from trading.web import Card, _


def rates(session: Session) -> list[SkipRate]:
    """The rates by the organisation that asked for the committees, the highest first."""
    query = (
        select(Party.name, Draw.waves)
        .join(PanelDemand, PanelDemand.draw == Draw.ann)
        .join(User, User.id == PanelDemand.asked_by)
        .join(Party, Party.id == User.party_id)
    )
    answers = (
        (organisation, outcome)
        for organisation, waves in session.execute(query)
        for wave in waves
        for outcome in wave.values()
        if outcome != REMOVED
    )
    return skip_rates(answers)


@view_config(
    route_name="skip-rates",
    request_method="GET",
    renderer="expert_pool.calls:templates/rates.jinja2",
    permission=Permission.SUPERVISE,
)
def page(request: Request) -> Any:
    """The rates, and how a single answer is checked."""
    return {"rates": rates(request.db), "enough": ENOUGH, "times": TIMES}


def cards(request: Request) -> list[Card]:
    """The page; in other words once somebody's calls go unanswered far more often than the others'."""
    conspicuous = any(rate.conspicuous for rate in rates(request.db))
    words = _("Experts’ calls go unanswered unusually often") if conspicuous else _("Calls to experts")
    return [Card(words, request.route_path("skip-rates"))]
