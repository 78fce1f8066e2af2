"""What waits in lotteries (待办): for firms, for owners and agencies."""

from __future__ import annotations

from pyramid.request import Request
from sqlalchemy import select

from bidding.lottery import awarding, words, works
from bidding.lottery.models import SmallWorks, WorksAnswer
from bidding.roster.models import RosterFirm
from trading.web import Card, _, beijing

WAITS = {
    "draft": _("Publish the small works"),
    "listed": _("Draw the contractor"),
    "announced": _("Award the small works"),
    "awarded": _("File the contract"),
    "contracted": _("Rate the works when they are done"),
}
PRICE_WAITS = {"listed": _("Sealed prices: call for them, open them")}
"""the same where sealed prices decide"""


def firm_cards(request: Request) -> list[Card]:
    """Draws that the firm is in unless it declines; awards of its own."""
    party = request.identity.party_id
    if party is None:
        return []
    answered = select(WorksAnswer.works_id).where(
        WorksAnswer.party_id == party, WorksAnswer.declined_at.is_not(None)
    )
    query = (
        select(SmallWorks)
        .join(RosterFirm, (RosterFirm.trade == SmallWorks.trade) & (RosterFirm.band == SmallWorks.band))
        .where(RosterFirm.party_id == party, RosterFirm.status == "listed", SmallWorks.id.not_in(answered))
        .where(SmallWorks.state.in_(["published", "announced"]))
    )
    found = []
    for each in request.db.scalars(query.order_by(SmallWorks.declines_until)):
        path = request.route_path("works-one", code=each.code)
        if each.state == "published" and each.declines_until is not None:
            end = {"end": beijing(each.declines_until, "%Y-%m-%d %H:%M")}
            note = (
                _("You may hand in a sealed price afterwards unless you decline before ${end}", mapping=end)
                if each.by_price
                else _("You are in the draw unless you decline before ${end}", mapping=end)
            )
            found.append(Card(each.title, path, note))
        elif each.state == "announced" and awarding.current(request.db, each).party_id == party:
            found.append(Card(each.title, path, _("Your enterprise was drawn"), "now"))
    return found


def buyer_cards(request: Request) -> list[Card]:
    """The next act of each works that an organisation owns or manages."""
    party = request.identity.party_id
    if party is None:
        return []
    return [
        Card(
            PRICE_WAITS.get(each.state, WAITS[each.state]) if each.by_price else WAITS[each.state],
            request.route_path("works-one", code=each.code),
            each.title,
            "neutral" if each.state in ("draft", "contracted") else "now",
        )
        for each in works.of_buyer(request.db, party)
        if each.state in WAITS
    ]


assert set(WAITS) <= set(words.STATES)
