"""Small works by program (接口): what everybody may read."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.lottery import awarding, listing, sealed_prices, works
from bidding.lottery.models import SmallWorks
from bidding.lottery.works_views import works_of
from bidding.roster import law
from trading.clock import rfc3339
from trading.rulebook.calendar import beijing_date
from trading.web import PUBLIC


@view_config(route_name="api-works", request_method="GET", renderer="json", permission=PUBLIC)
def published(request: Request) -> Any:
    """{"works": […]}: the published works, the newest first."""
    return {"works": [facts(each) for each in works.listed(request.db)]}


@view_config(route_name="api-works-one", request_method="GET", renderer="json", permission=PUBLIC)
def one(request: Request) -> Any:
    """One works: its way with every reason, the list's counts, turns, prices and benchmark once they are open."""
    found = works_of(request)
    day = beijing_date(request.now())
    way = works.route_of(request.db, request.registry, found, request.now())
    rows = listing.frozen(found) if found.balls_raw else []
    ranking = sealed_prices.ranking_of(request.db, found) if found.by_price else None
    return facts(found) | {
        "way": way.way,
        "reasons": [
            {"rule": each.rule.id, "article": each.rule.citation(request.locale_name)} for each in way.reasons
        ],
        "rulebook": law.the_rulebook(request.registry).version,
        "on": day.isoformat(),
        "balls": {"sha256": found.balls_sha256, "firms": len(rows), "left_out": sum(bool(row.excluded) for row in rows)},
        "drawn": dict(found.drawn),
        "benchmark": None if ranking is None else {
            "k": ranking.k, "mean": str(ranking.mean), "benchmark": str(ranking.benchmark),
            "offers": [{"org": place.offer.id, "price": f"{place.offer.price:.2f}", "rank": place.rank} for place in ranking.places],
        },
        "turns": [
            {
                "rank": turn.rank, "org": turn.party.uscc, "name": turn.party.name, "price": f"{turn.price:.2f}",
                "state": turn.state, "announced_until": turn.announced_until.isoformat(),
            }
            for turn in awarding.awards_of(request.db, found)
        ],
    }  # fmt: skip


def facts(found: SmallWorks) -> dict[str, Any]:
    """What the list of works tells of one."""
    return {
        "works": found.code,
        "title": found.title,
        "state": found.state,
        "owner": {"uscc": found.tenderer.uscc, "name": found.tenderer.name},
        "trade": found.trade,
        "band": found.band,
        "method": found.method,
        "estimate": f"{found.estimate:.2f}",
        "ceiling": f"{found.ceiling:.2f}",
        "declines_until": rfc3339(found.declines_until) if found.declines_until else None,
        "draw_at": rfc3339(found.draw_at) if found.draw_at else None,
    }
