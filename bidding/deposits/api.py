"""The JSON interface of bid securities, by program (bearer key)."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.deposits import guarantee_file, guarantees, returns, service, standing
from bidding.deposits.commands import HandInGuarantee, RegisterBaseAccount
from bidding.deposits.own_views import deposit_box, own_party
from trading.clock import rfc3339
from trading.errors import refuse
from trading.permissions import Permission
from trading.web import _, read_json


@view_config(route_name="api-deposit", renderer="json", permission=Permission.BID)
def deposit(request: Request) -> dict[str, Any]:
    """The bidder's own: GET what is known, POST opens the sub-account first."""
    if request.method == "POST":
        service.open_account(request.db, request.registry, request.context, own_party(request))
    box = deposit_box(request, request.context)
    if box is None:
        raise refuse("deposit.none", _("This tender asks for no bid security."))
    return {
        "account": box["number"],
        "required": f"{box['required']:.2f}",
        "counted": f"{box['counted']:.2f}",
        "faults": [
            {"message": request.localizer.translate(said), "rule": rule} for said, rule in box["verdict"]
        ],
        "items": [
            {"kind": each.item.kind, "amount": f"{each.item.amount:.2f}", "at": rfc3339(each.item.at)}
            for each, _found, _paid in box["items"]
        ],
    }


@view_config(
    route_name="api-deposit-guarantee", request_method="POST", renderer="json", permission=Permission.BID
)
def guarantee(request: Request) -> dict[str, str]:
    """{"number"}: a guarantee in place of money."""
    given = read_json(request, HandInGuarantee)
    guarantees.hand_in_number(request.db, request.registry, request.context, own_party(request), given.number)
    return {"number": given.number}


@view_config(
    route_name="api-deposit-guarantee", request_method="PUT", renderer="json", permission=Permission.BID
)
def guarantee_signed(request: Request) -> dict[str, str]:
    """PUT: a guarantor's signed file as body."""
    data = request.body_file.read(guarantee_file.LARGEST + 1)
    guarantees.hand_in_file(request.db, request.registry, request.context, own_party(request), data)
    return {"number": guarantee_file.read(data).number}


@view_config(
    route_name="api-base-account", request_method="POST", renderer="json", permission=Permission.OWN_PARTY
)
def base_account(request: Request) -> dict[str, str]:
    """{"bank", "number"}: the enterprise's base account."""
    given = read_json(request, RegisterBaseAccount)
    service.register_base_account(request.db, request.actor, own_party(request), given.bank, given.number)
    return {"number": given.number}


@view_config(route_name="api-deposits", renderer="json", permission=Permission.SEE_DEPOSITS)
def deposits(request: Request) -> dict[str, Any]:
    """The list, from the deadline on. Raises Refused `deposit.sealed` before."""
    tender, now = request.context, request.now()
    if tender.state == "published" or now < tender.deadline:
        raise refuse(
            "deposit.sealed", _("Until the deadline nobody may know who has paid."), rule="Order 20 art. 21"
        )
    return {
        "deposits": [
            {
                "bidder": each.owner.uscc,
                "name": each.owner.name,
                "counted": f"{each.counted:.2f}",
                "verdict": list(each.verdict),
                "shared_with": list(each.sharers),
                "items": [item_of(row) for row in each.rows],
            }
            for each in standing.standings(request.db, request.registry, tender, now)
        ]
    }


def item_of(row: standing.Row) -> dict[str, Any]:
    paid = row.payment.fields if row.payment else {}
    pays = row.amounts
    return {
        "kind": row.held.item.kind,
        "amount": f"{row.held.item.amount:.2f}",
        "state": row.state,
        "reason": row.back.reason if row.back else "",
        "due": row.due.last_day.isoformat() if row.due and row.due.last_day else "",
        "interest": paid.get("interest", f"{pays.interest:.2f}" if pays else ""),
        "charge": paid.get("charge", f"{pays.charge:.2f}" if pays else ""),
        "total": paid.get("total", f"{pays.total:.2f}" if pays else ""),
        "reference": paid.get("reference", ""),
    }


@view_config(
    route_name="api-deposits-refund",
    request_method="POST",
    renderer="json",
    permission=Permission.REFUND_DEPOSITS,
)
def refund(request: Request) -> dict[str, int]:
    """Return everything that is due; tells how many refunds were ordered."""
    return {"ordered": returns.order(request.db, request.registry, request.context)}
