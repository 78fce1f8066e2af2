"""The JSON interface: fees, ratings, decisions, by program (bearer key)."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.view import view_config

from expert_pool.conduct import deciding, rating, record, statements
from expert_pool.conduct.commands import DecideByProgram, Rate
from expert_pool.conduct.decision_views import carry_out, indicators_of, the_expert
from expert_pool.conduct.scales import means, the_scales
from expert_pool.conduct.statements import Statement
from expert_pool.experts import service as pool
from expert_pool.experts.looking import looked
from expert_pool.experts.models import Expert
from expert_pool.experts.service import Evidence
from trading.clock import rfc3339
from trading.permissions import Permission
from trading.supervision.acts import decoded
from trading.web import read_json


@view_config(route_name="api-fees", request_method="GET", renderer="json", permission=Permission.SEE_FEES)
def fees(request: Request) -> Any:
    """The statements of one evaluation: all for its buyers and the regulator, a member's own for the member."""
    found = statements.of_tender(request.db, request.identity, request.context)
    return {
        "tender": request.context.code,
        "members": [statement_facts(each) for each in found],
        "total": f"{sum(each.fee.total for each in found):.2f}",
    }


def statement_facts(made: Statement) -> dict[str, Any]:
    sat = made.sitting
    return {
        "seat": sat.seat,
        "kind": sat.kind,
        "name": made.name or None,
        "signed_in": rfc3339(sat.signed_in_at),
        "delivered": rfc3339(sat.delivered_at),
        "seconds": int(made.fee.lasted.total_seconds()),
        "lines": [
            {
                "code": line.code,
                "count": line.count,
                "rate": f"{line.rate:.2f}",
                "amount": f"{line.amount:.2f}",
            }
            for line in made.lines
        ],
        "total": f"{made.fee.total:.2f}",
    }


@view_config(
    route_name="api-ratings", request_method="GET", renderer="json", permission=Permission.RATE_EXPERTS
)
def ratings(request: Request) -> Any:
    """As what the reader rates here, on which scales, and whom."""
    rows = record.of_tender(request.db, request.context.code)
    role = rating.role_here(request.identity, request.context, rows)
    if not role:
        raise HTTPForbidden()
    known = the_scales()
    return {
        "as": role,
        "scales": [scale.key for scale in known.scales],
        "points": [known.lowest, known.highest],
        "members": [
            {
                "seat": row.seat,
                "name": statements.name_for(request.db, row, request.identity) or None,
                "rated": rating.given(request.db, row, request.identity.user_id) is not None,
            }
            for row in rating.to_rate(request.identity, rows)
        ],
    }


@view_config(
    route_name="api-ratings", request_method="POST", renderer="json", permission=Permission.RATE_EXPERTS
)
def rate(request: Request) -> Any:
    """{"seat","points":{scale: points},"comment"} → 201: what the reader may rate now."""
    command = read_json(request, Rate)
    rating.rate(request.db, request.actor, request.identity, request.context, command.seat, command.points,
                command.comment)  # fmt: skip
    request.response.status = 201
    return ratings(request)


@view_config(route_name="api-conduct", request_method="GET", renderer="json", permission=Permission.SEE_POOL)
def conduct(request: Request) -> Any:
    """One expert's ratings, indicators and decisions; the look is recorded."""
    row = the_expert(request)
    looked(request.db, request.actor, f"pool/{row.number}/conduct")
    return conduct_facts(request, row)


@view_config(
    route_name="api-conduct", request_method="POST", renderer="json", permission=Permission.DECIDE_CONDUCT
)
def decide(request: Request) -> Any:
    """{"decision":"warning|suspension|removal","until":day|null,"reason","grounds":[indicator codes],"evidence":
    base64url,"evidence_name"} → 201."""
    row, command = the_expert(request), read_json(request, DecideByProgram)
    carry_out(request, row, command, Evidence(command.evidence_name, decoded(command.evidence)))
    request.response.status = 201
    return conduct_facts(request, row)


def conduct_facts(request: Request, row: Expert) -> dict[str, Any]:
    person = pool.one(request.db, request.keys, row)
    given = rating.of_user(request.db, person.user_id) if person.user_id else []
    return {
        "expert": person.number,
        "status": person.status,
        "ratings": {
            "count": len(given),
            "means": {key: str(mean) for key, mean in means(found.points for _row, found in given).items()},
        },
        "indicators": [
            deciding.as_json(each) | {"about": each.about, "notable": each.notable}
            for each in indicators_of(request, person)
        ],
        "decisions": [
            {
                "decision": each.kind,
                "from": each.from_day.isoformat(),
                "until": each.until_day.isoformat() if each.until_day else None,
                "reason": each.reason,
                "grounds": each.grounds,
                "evidence": each.document,
                "decided": rfc3339(each.decided_at),
                "ended": rfc3339(each.ended_at) if each.ended_at else None,
            }
            for each in deciding.of_expert(request.db, row.number)
        ],
    }
