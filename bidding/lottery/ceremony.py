"""The draws of a lottery (摇号): each step one public draw of `ebid-draw/1` over the frozen ball list, one after the other.

All draws of a works share one purpose and are numbered through, so that a later one names the result before it and
none can be left out unseen. Which step a draw is for stands in its announcement. docs/protocols/draw.md section 14."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.lottery import awarding, listing, works
from bidding.lottery.listing import Ball
from bidding.lottery.models import SmallWorks, WorksAnswer
from trading.acts import Actor
from trading.clock import rfc3339
from trading.draws import service, showing
from trading.draws.beacon import Form, form_of
from trading.draws.candidates import Candidate
from trading.draws.models import Draw
from trading.errors import refuse
from trading.events import DrawEnded
from trading.ledger import canonical
from trading.parties.models import Party
from trading.web import _

PURPOSE = "lottery"
TAG = "ball"


def draws_of(session: Session, code: str) -> list[Draw]:
    """Every draw of a works in its order, void ones too."""
    return service.draws_of(session, code, PURPOSE)


def step_of(draw: Draw) -> str:
    """The step that a draw was announced for."""
    return service.params_of(draw).strata[0].id


def start(session: Session, registry: Any, actor: Actor, small: SmallWorks, step: str) -> Draw:
    """Announce the draw of a step over the frozen list; names are public from this moment. The caller has locked the
    works. Raises Refused `lottery.step-drawn`, `draw.running`, `draw.no-trustees`."""
    if any(draw.result is not None and step_of(draw) == step for draw in draws_of(session, small.code)):
        raise refuse(
            "lottery.step-drawn",
            _("This step has been drawn: there is no second draw of it"),
            remedy=_("Its result stands in the ledger; go on with the next step."),
        )
    quota = listing.quota(small, step)
    demand = service.Demand(
        PURPOSE, [{"id": step, "quota": quota, "tags": [TAG]}], cap=1, asks=False,
        beacon=beacon_of(small).announced(), public=True,
    )  # fmt: skip
    balls = [candidate(ball) for ball in listing.balls(session, small, step)]
    return service.announce(session, registry, actor, small.code, demand, balls, service.Pace(*small.pace))


def beacon_of(small: SmallWorks) -> Form:
    """The public value that was announced with the works. Raises ValueError for none that a program reads."""
    found = form_of(small.beacon)
    if found is None:
        raise ValueError(f"{small.code} announces no public value ({small.beacon})")
    return found


def candidate(ball: Ball) -> Candidate:
    """A ball as the draw lists it: everybody may read its record, and a firm counts once however many balls it has."""
    record = {**ball.record, "org": ball.id, "cats": [TAG]}
    return Candidate(record, (ball.id,), (TAG,), ball.weight, ball.excluded)


def take_order(event: DrawEnded) -> None:
    """What a draw of a lottery gave goes to its works, in the transaction of the result."""
    session, registry = event.session, event.registry
    draw = service.draw_named(session, event.draw)
    if draw.purpose != PURPOSE or draw.result is None:
        return
    small = works.by_code(session, event.tender, lock=True)
    awarding.drawn(session, registry, small, step_of(draw), order_of(registry["keys"], draw))


def order_of(keys: Any, draw: Draw) -> list[str]:
    """The ids that a draw's result seats, in drawn order."""
    names = service.opened_of(keys, draw)
    return [names[handle][1]["id"] for handle in service.seated(draw)]


def record(session: Session, registry: Any, small: SmallWorks) -> dict[str, Any]:
    """Everything public about the draws of a works, in one piece: what a citizen's own browser judges them by."""
    keys = registry["keys"]
    return {
        "v": 1,
        "typ": "ebid.lottery-record",
        "works": small.code,
        "notice": canonical.loads(small.notice) if small.notice else None,
        "balls": canonical.loads(small.balls_raw) if small.balls_raw else None,
        "declined": declines(session, small),
        "drawn": {step: small.drawn[step] for step in small.steps if step in small.drawn},
        "turns": [
            {
                "rank": turn.rank,
                "id": turn.party.uscc,
                "price": f"{turn.price:.2f}",
                "state": turn.state,
                "reason": turn.reason,
            }
            for turn in awarding.awards_of(session, small)
        ],
        "draws": [told(session, keys, draw) for draw in draws_of(session, small.code)],
    }


def declines(session: Session, small: SmallWorks) -> list[dict[str, str]]:
    """Who declined, and when."""
    query = select(Party.uscc, WorksAnswer.declined_at).join(Party, Party.id == WorksAnswer.party_id)
    rows = session.execute(
        query.where(WorksAnswer.works_id == small.id, WorksAnswer.declined_at.is_not(None))
    )
    return [{"id": uscc, "at": rfc3339(at)} for uscc, at in sorted(tuple(row) for row in rows)]


def told(session: Session, keys: Any, draw: Draw) -> dict[str, Any]:
    """A draw as everybody may compute it: one without a result with what is there of it."""
    entry = showing.said(session, draw) or {}
    commits, slips = service.commits_of(session, draw), service.slips_of(session, draw)
    parties = list(draw.parties) or sorted(commits)
    return {
        "ann": draw.ann,
        "void": {name: entry[name] for name in ("reason", "missing")} if draw.voided else None,
        "frozen": {name: entry[name] for name in ("freeze", "parties", "dropped")}
        if entry and not draw.voided
        else None,
        "transcript": {
            "params": canonical.loads(draw.params),
            "rows": canonical.loads(draw.rows),
            "commits": shown({party: commits[party].commits for party in parties}),
            "slips": shown(slips),
            "beacon": draw.beacon or "",
            "waves": draw.waves,
            "result": draw.result,
            "openings": service.opened_of(keys, draw),
        },
    }


def shown(values: Mapping[str, Sequence[bytes]]) -> dict[str, list[str]]:
    return {party: [value.hex() for value in row] for party, row in values.items()}
