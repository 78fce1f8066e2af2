"""The public value comes in (录入公共随机值): two people type what everybody has seen, each alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from trading.acts import Actor
from trading.clock import database_now
from trading.draws import ceremony
from trading.draws.announcement import Params, is_hex32
from trading.draws.beacon import form_of
from trading.draws.draw import check_beacon
from trading.draws.models import Draw
from trading.draws.refusal import DrawError
from trading.draws.service import draw_named, facts_of, log, seen_by_witness
from trading.errors import refuse
from trading.web import _


def enter_beacon(
    session: Session, registry: Any, actor: Actor, ann: str, value: str, recording: str | None = None
) -> bool:
    """Somebody types in the public value, or corrects what he typed; whether it counts now. Entry `draw.typed` says who
    (not what: the next one types it without seeing it), `draw.beacon` follows as soon as any two agree: whoever types
    something else holds nobody up. Raises Refused `draw.beacon*`, `draw.recording`."""
    draw, at = draw_named(session, ann, lock=True), database_now(session)
    session.refresh(draw, ["typed", "beacon"])  # as they are under the lock: others type at the same moment
    facts = facts_of(session, draw)
    if ceremony.next_step(facts, int(at.timestamp())).missing != ("beacon",):
        raise refuse("draw.beacon", _("No value is awaited now: only after a witness has seen the freeze"))
    check_form(facts.params, value)
    if (draw.public and recording is None) or not (recording is None or is_hex32(recording)):
        raise refuse(
            "draw.recording",
            _("Give the SHA-256 of the recording on which everybody sees the throw"),
            field="recording",
            remedy=_("Choose the recording's file: this page computes the hash, the file stays with you."),
        )
    user, mine, before = actor.within(draw.tender), [value, recording], draw.typed or {}
    draw.typed = {**before, user: mine}
    if before.get(user) != mine:
        log(session, registry, draw, "typed", {"user": user}, at)
    agreed = sorted(name for name, typed in draw.typed.items() if typed == mine)
    if len(agreed) < 2:
        return False
    seen_by_witness(session, draw)
    draw.beacon = value
    log(session, registry, draw, "beacon", {"value": value, "entered": agreed, "recording": recording}, at)
    return True


def differs(draw: Draw) -> bool:
    """Whether people have typed different values, and no two of them the same."""
    return draw.beacon is None and len(draw.typed or {}) > 1


def check_form(params: Params, value: str) -> None:
    """Raises Refused `draw.beacon-form` for a value that the announced rule cannot give."""
    form = form_of(params.beacon["rule"]) if params.beacon else None
    try:
        if not check_beacon(value):
            raise DrawError("MALFORMED")
    except DrawError as error:
        raise refuse("draw.beacon-form", _("The value is printable ASCII"), field="value") from error
    if form is not None and not form.holds(value):
        raise refuse(
            "draw.beacon-form",
            _("The announced rule is ${rule}: this value has another form", mapping={"rule": form.name}),
            field="value",
            remedy=_("Twenty dice are twenty digits; balls are numbers joined by hyphens, such as 07-31-12."),
        )
