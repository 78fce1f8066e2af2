"""The device at the evaluation site (场所呼叫设备): it alone of this hall's parties reads the names, calls, answers who has
come, and hands the openings over after the result notice.

The hall tells it what is wanted and takes signed documents; everything is checked against the announced list."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.experts import service as experts
from expert_pool.experts.specialities import catalogue
from expert_pool.selection import demanding, seating
from expert_pool.selection.demanding import PURPOSE
from expert_pool.selection.models import PanelArrival
from expert_pool.selection.purchase import RESULT_KNOWN
from trading.clock import database_now, parse_rfc3339, rfc3339
from trading.draws import calling, candidates, showing
from trading.draws import service as draws
from trading.draws.announcement import is_hex32
from trading.draws.cards import parse_question
from trading.draws.models import Draw
from trading.draws.refusal import DrawError
from trading.draws.roster import PRESENT
from trading.errors import Refused, refuse
from trading.evidence import accept
from trading.interfaces import IPurchases, ISignatureVerifier
from trading.ledger import canonical
from trading.web import _

SOON = timedelta(hours=1)
"""until whoever takes over from a replaced member is expected"""
FIELDS = {
    "ebid.wave": {"draw", "number", "until", "outcomes", "evidence"},
    "ebid.arrival": {"draw", "arrival", "opening"},
    "ebid.openings": {"draw", "openings"},
}


@dataclass(frozen=True)
class Site:
    """The device: its name, its certificate (SHA-256, hex)."""

    name: str
    cert_sha256: str


def the_site(settings: Any) -> Site:
    """Raises Refused `site.none` where this hall has none."""
    text = settings.get("panel.site")
    if not text:
        raise refuse("site.none", _("This hall has no device at an evaluation site"))
    row = json.loads(text)
    return Site(row["name"], row["cert_sha256"])


# --- what comes in ------------------------------------------------------------------------------------


def check_question(session: Session, registry: Any, raw: bytes, cms: bytes) -> None:
    """Raises Refused `site.question` for anything but the device's own question of this moment."""
    now = database_now(session)
    wrong = refuse("site.question", _("Only the device at the evaluation site may ask this"))
    try:
        name, at = parse_question(raw)
    except DrawError as error:
        raise wrong from error
    if name != the_site(registry.settings).name or abs(now.timestamp() - at) > PRESENT.total_seconds():
        raise wrong
    check_signer(registry, raw, cms, now, wrong)


def check_signer(registry: Any, raw: bytes, cms: bytes, now: Any, wrong: Refused) -> None:
    """Raises `wrong` unless the device signed it."""
    try:
        signer = registry.getUtility(ISignatureVerifier).verify(raw, cms, now)
    except Refused as error:
        raise wrong from error
    if signer.certificate_sha256 != the_site(registry.settings).cert_sha256:
        raise wrong


def read(session: Session, registry: Any, typ: str, raw: bytes, cms: bytes) -> dict[str, Any]:
    """A document of the device about one draw. Raises Refused `site.signature`, `site.document`."""
    wrong = refuse("site.signature", _("This is not signed by the device at the evaluation site"))
    check_signer(registry, raw, cms, database_now(session), wrong)
    try:
        said = canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise malformed() from error
    if not isinstance(said, dict) or said.keys() != {"v", "typ", *FIELDS[typ]}:
        raise malformed()
    if (said["v"], said["typ"]) != (1, typ) or not is_hex32(said["draw"]):
        raise malformed()
    return said


def malformed() -> Refused:
    return refuse("site.document", _("The document has not the form that is agreed"))


def panel_draw(session: Session, registry: Any, ann: str) -> Draw:
    """The draw of a committee; its tender is locked, then it. Raises Refused `draw.unknown`."""
    draw = draws.draw_named(session, ann)
    if draw.purpose != PURPOSE or draw.names is None:
        raise refuse("draw.unknown", _("There is no such draw"))
    registry.getUtility(IPurchases).purchase(session, registry, draw.tender, True)
    return draws.draw_named(session, ann, lock=True)


def take_wave(session: Session, registry: Any, raw: bytes, cms: bytes) -> None:
    """The answers of everybody who was asked, each with the hash of its call record. Raises Refused `site.*`,
    `draw.wave`. Entries `draw.wave` and what follows from it."""
    said = read(session, registry, "ebid.wave", raw, cms)
    draw = panel_draw(session, registry, said["draw"])
    outcomes, evidence = said["outcomes"], said["evidence"]
    asked = {handle for _stratum, handle in draws.awaited(session, draw)}
    if not asked or said["number"] != len(draw.waves) or type(said["number"]) is not int:
        raise refuse("site.wave-number", _("No answers to this call are awaited"))
    if not isinstance(outcomes, dict) or not isinstance(evidence, dict):
        raise malformed()
    if type(said["until"]) is not int or said["until"] != draw.until:
        raise malformed()
    if outcomes.keys() != asked:
        raise refuse("site.strangers", _("A wave settles everybody who was asked, and nobody else"))
    if evidence.keys() != asked or not all(map(is_hex32, evidence.values())):
        raise refuse("site.evidence", _("Every answer has the hash of its call record"))
    allowed = "ADNR" if draw.number > 1 else "ADN"
    if not all(type(one) is str and len(one) == 1 and one in allowed for one in outcomes.values()):
        raise refuse("site.outcome", _("An answer is accepted, declined, or none"))
    leaving, at = seating.still_to_leave(session, draw), database_now(session)
    accept(session, registry, draw.tender, raw, cms, at)
    draws.settle(
        session, registry, draw, {**outcomes, **dict.fromkeys(leaving, calling.REMOVED)},
        {**evidence, **leaving}, at, draws.SignedWave(raw, cms),
    )  # fmt: skip


def take_arrival(session: Session, registry: Any, raw: bytes, cms: bytes) -> None:
    """Whether the number that came has a seat: the opening, checked against the announced list. Raises Refused
    `site.*`."""
    said = read(session, registry, "ebid.arrival", raw, cms)
    draw = panel_draw(session, registry, said["draw"])
    arrival = arrival_named(session, said["arrival"])
    late = arrival is not None and database_now(session) - arrival.at > seating.PATIENCE
    if arrival is None or late or arrival.draw != draw.ann or arrival.state != "waiting":
        raise refuse("site.arrival", _("Nobody waits under this name"))
    opening = said["opening"]
    handle = checked(session, registry, draw, arrival, opening) if opening is not None else None
    # Who accepted may have been removed since, and a committee sent home: the device cannot know.
    if handle is None or handle not in draws.seated(draw) or not seating.seats_open(session, registry, draw):
        arrival.state = "unknown"
        session.flush()
        seating.turn_away(session, registry, arrival)
        return
    arrival.state, arrival.handle = "known", handle
    session.flush()
    seating.welcome(session, registry, draw, arrival, opening["record"]["name"])


def checked(session: Session, registry: Any, draw: Draw, arrival: PanelArrival, opening: Any) -> str:
    """The handle of an opening that leads to a row of the list and is of the person who came. Raises Refused
    `site.opening`."""
    wrong = refuse("site.opening", _("This opening does not lead to the announced list"))
    if not isinstance(opening, dict) or opening.keys() != {"h", "nonce", "record"}:
        raise wrong
    given = {opening["h"]: [opening["nonce"], opening["record"]]} if isinstance(opening["h"], str) else {}
    params, rows = draws.params_of(draw), canonical.loads(draw.rows)
    try:
        candidates.check_opened(params.family, params.scope, rows, candidates.check_openings(given))
    except DrawError as error:
        raise wrong from error
    person = experts.person_of_user(session, registry["keys"], arrival.user_id)
    if not given or person is None or opening["record"].get("id") != person.number:
        raise wrong
    return str(opening["h"])


def arrival_named(session: Session, name: Any) -> PanelArrival | None:
    try:
        found = uuid.UUID(hex=name) if isinstance(name, str) else None
    except ValueError:
        found = None
    if found is None:
        return None
    return session.scalars(select(PanelArrival).where(PanelArrival.id == found).with_for_update()).first()


def take_openings(session: Session, registry: Any, raw: bytes, cms: bytes) -> None:
    """The names, after the result notice: those of the seated become public, the others the regulator's. Entry
    `draw.opened`. Raises Refused `site.*`, `draw.openings`."""
    said = read(session, registry, "ebid.openings", raw, cms)
    draw = panel_draw(session, registry, said["draw"])
    if not names_due(session, registry, draw):
        raise refuse("site.not-now", _("The names stay sealed until the result notice"), rule="M87 47")
    try:
        openings = base64.b64decode(said["openings"], validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise malformed() from error
    draws.hand_over(session, registry, draw, openings)
    draws.open_list(session, registry, draw)


def names_due(session: Session, registry: Any, draw: Draw) -> bool:
    """Whether the device is asked for the openings now; those of a draw that called nobody are the regulator's alone."""
    if draw.result is None or draw.voided or not draw.waves or draw.sealed is not None:
        return False
    purchase = registry.getUtility(IPurchases).purchase(session, registry, draw.tender, False)
    return purchase.state in RESULT_KNOWN


# --- what goes out --------------------------------------------------------------------------------------


def wanted(session: Session, registry: Any) -> dict[str, Any]:
    """What is wanted of the device: whom to call, who has come, which names are due."""
    query = select(Draw).where(Draw.purpose == PURPOSE, Draw.names.is_not(None), Draw.sealed.is_(None))
    open_draws = list(session.scalars(query.order_by(Draw.announced_at, Draw.number)))
    calls = [call_of(session, draw, called) for draw in open_draws
             if (called := draws.awaited(session, draw))]  # fmt: skip
    due = [sealed_of(draw) | {"draw": draw.ann} for draw in open_draws if names_due(session, registry, draw)]
    return {"calls": calls, "arrivals": arrivals(session, registry), "open": due}


def sealed_of(draw: Draw) -> dict[str, Any]:
    """A draw's sealed names, and by what they are opened and checked."""
    assert draw.names is not None
    return {
        "sealed": showing.b64(draw.names),
        "openings_sha256": draw.openings_sha256,
        "params": canonical.loads(draw.params),
    }


def call_of(session: Session, draw: Draw, called: list[list[str]]) -> dict[str, Any]:
    """One call to be made: whom, until when, and what may be said."""
    row = demanding.demand_of_draw(session, draw.ann)
    assert row is not None
    said = canonical.loads(row.raw)
    earlier = {
        one.ann: sealed_of(one)
        for one in draws.draws_of(session, draw.tender, PURPOSE)
        if one.number < draw.number and not one.voided and one.names is not None
    }
    return sealed_of(draw) | {
        "draw": draw.ann,
        "number": len(draw.waves),
        "tender": draw.tender,
        "call": called,
        "script": {
            "at": session_at(draw, said["session"]["at"]),
            "place": said["session"]["place"],
            "specialities": specialities(draws.params_of(draw).document),
        },
        "until": draw.until,
        "asked_before": list(earlier),
        "earlier": earlier,
    }


def session_at(draw: Draw, demanded: str) -> str:
    """When those who are called now are to come: to a session that has begun, in place of a replaced member, soon."""
    assert draw.called_at is not None
    begun = draw.called_at >= parse_rfc3339(demanded)
    return rfc3339(draw.called_at.replace(second=0, microsecond=0) + SOON) if begun else demanded


def specialities(params: Mapping[str, Any]) -> dict[str, str]:
    """stratum → the words for its narrowest speciality."""
    return {one["id"]: catalogue()[one["tags"][0]].named("zh_CN") for one in params["strata"]}


def arrivals(session: Session, registry: Any) -> list[dict[str, Any]]:
    """Who has come and waits to be known."""
    query = select(PanelArrival, Draw).join(Draw, Draw.ann == PanelArrival.draw)
    waits = database_now(session) - seating.PATIENCE  # who was told to come again is asked after no more
    query = query.where(PanelArrival.state == "waiting", PanelArrival.at >= waits).order_by(PanelArrival.at)
    found = []
    for arrival, draw in session.execute(query):
        person = experts.person_of_user(session, registry["keys"], arrival.user_id)
        if person is not None and draw.names is not None:
            row = {"id": arrival.id.hex, "draw": draw.ann, "expert": person.number}
            found.append(row | sealed_of(draw))
    return found
