"""The page of turnover (成交额统计) and its JSON: for everybody, of what the board shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.awards.turnover import Deal, Month, Sum, by, in_words, listed, total
from bidding.awards.turnover_deals import deals_of, months_of
from bidding.tenders.drafts import kind_of
from trading.clock import rfc3339
from trading.errors import Refused
from trading.web import PUBLIC, _

MOST = 500
"""Deals that are listed one by one; the others are one line with their exact sum."""
SUBJECTS = {"goods": _("Goods"), "services": _("Services"), "works": _("Works")}


def month_of(request: Request) -> Month:
    """The month asked for, or the present one. Raises Refused `turnover.month`."""
    asked = request.GET.get("month", "").strip()
    return Month.read(asked) if asked else Month.of(request.now())


def category(each: Deal) -> str:
    return f"{each.kind}/{each.subject}"


def category_name(request: Request) -> Callable[[str], str]:
    """How a category is called in the reader's language."""

    def name(key: str) -> str:
        kind, subject = key.split("/")
        of_kind = kind_of(request.registry, kind).name(request.locale_name)
        return f"{of_kind} · {request.localizer.translate(SUBJECTS.get(subject, subject))}"

    return name


@view_config(
    route_name="turnover", request_method="GET", renderer="bidding.awards:templates/turnover.jinja2",
    permission=PUBLIC,
)  # fmt: skip
def turnover(request: Request) -> dict[str, Any]:
    """A month's turnover: in all, by category, by district, by month of its year, and deal by deal."""
    faults, month = [], Month.of(request.now())
    try:
        month = month_of(request)
    except Refused as refused:
        request.response.status = 422
        faults = refused.faults
    deals = [] if faults else deals_of(request.db, request.registry, month)
    shown, others = listed(deals, MOST)
    return {
        "faults": faults, "asked": request.GET.get("month", "") if faults else str(month), "month": month,
        "total": total(deals), "categories": by(deals, category), "category_name": category_name(request),
        "regions": by(deals, lambda each: each.region), "months": [] if faults else months_of(request.db, month.year),
        "deals": shown, "others": others, "words": lambda amount: in_words(amount, request.locale_name),
    }  # fmt: skip


@view_config(route_name="api-turnover", request_method="GET", renderer="json", permission=PUBLIC)
def figures(request: Request) -> dict[str, Any]:
    """The same for programs; amounts are strings in yuan, `others` the sum of the deals that are not listed."""
    month = month_of(request)
    deals = deals_of(request.db, request.registry, month)
    shown, others = listed(deals, MOST)
    return {
        "month": str(month),
        "total": facts(total(deals)) | {"words": in_words(total(deals).price, "zh_CN")},
        "categories": [
            dict(zip(("kind", "subject"), row.key.split("/"), strict=True)) | facts(row.sum)
            for row in by(deals, category)
        ],
        "regions": [{"region": row.key} | facts(row.sum) for row in by(deals, lambda each: each.region)],
        "months": [{"month": row.key} | facts(row.sum) for row in months_of(request.db, month.year)],
        "deals": [
            {
                "tender": each.tender, "title": each.title, "buyer": each.buyer, "winner": each.winner,
                "kind": each.kind, "subject": each.subject, "region": each.region, "price": f"{each.price:.2f}",
                "limit": f"{each.limit:.2f}", "notice": each.notice, "published": rfc3339(each.at),
            }
            for each in shown
        ],
        "others": facts(others),
    }  # fmt: skip


def facts(of: Sum) -> dict[str, Any]:
    return {
        "count": of.count,
        "price": f"{of.price:.2f}",
        "limit": f"{of.limit:.2f}",
        "saved": f"{of.saved:.2f}",
        "saved_percent": None if of.percent is None else str(of.percent),
    }
