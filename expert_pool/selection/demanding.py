"""Having a committee drawn (提出抽取需求、批准、公告): one person asks, another approves, and the ceremony begins.

From here on nobody has anything to do until the experts come: trustees hold the ceremony, the site calls."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.calls.script import Session as Script
from expert_pool.calls.script import TellsTooMuch
from expert_pool.experts.drawable import Limits
from expert_pool.experts.limits import current
from expert_pool.experts.person import PoolExpert
from expert_pool.experts.specialities import catalogue
from expert_pool.selection import demand as asking
from expert_pool.selection import law, listing, pools
from expert_pool.selection.commands import AskPanel
from expert_pool.selection.models import Panel, PanelDemand
from expert_pool.selection.purchase import BEFORE_SESSION, SESSION, Purchase
from expert_pool.selection.service import members_of, panel_of, seats_of, seats_to_keep, vacant
from trading.acts import Actor, record
from trading.clock import database_now, parse_rfc3339, rfc3339
from trading.draws import service as draws
from trading.draws.models import Draw
from trading.draws.names import REGULATOR, SITE
from trading.errors import Fault, Refused, refuse
from trading.ledger import canonical
from trading.rulebook.calendar import beijing_date
from trading.web import _

PURPOSE = "panel"
SOURCE = "ebid-draw/1"
ANSWER_SECONDS = 180
"""for which those who are called may answer, where the hall sets nothing else"""


# --- asking -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """A demand and what comes of it: the list that would be announced, what stands in its way, what to know."""

    wanted: asking.Demand
    people: Sequence[PoolExpert]
    found: listing.Listing
    limits: Limits
    faults: list[Fault]
    warnings: list[dict[str, str]]
    counted: dict[str, int]
    """for each stratum how many can be drawn at least, in coarse steps"""


def look(session: Session, registry: Any, purchase: Purchase, given: AskPanel, at: datetime) -> Look:
    """Judge a demand; nothing is kept. Raises Refused where no committee can be drawn here."""
    return weigh(session, registry, purchase, read(purchase, given), at)


def weigh(session: Session, registry: Any, purchase: Purchase, wanted: asking.Demand, at: datetime) -> Look:
    """The same of a demand that has been read. Raises Refused where no committee can be drawn here."""
    may_draw(session, purchase)
    limits = current(session)
    people = pools.pool_of(registry, purchase).people(session, registry["keys"], at)
    found = listed(people, purchase, wanted, at, limits)
    faults = [*judged(session, purchase, wanted, at), *thin(found, wanted, at)]
    counted = found.counted(law.law_on(beijing_date(at)).ratio)
    return Look(wanted, people, found, limits, faults, warnings(found, wanted, at), counted)


def ask(
    session: Session, registry: Any, actor: Actor, purchase: Purchase, given: AskPanel
) -> tuple[PanelDemand, Look]:
    """Ask for a committee. Entry `panel.demanded`. Raises Refused with every fault `demand.*`, `panel.*`, `pool.*`."""
    at = database_now(session)
    seen = look(session, registry, purchase, given, at)
    if seen.faults:
        raise Refused(seen.faults)
    raw = document(seen, purchase, at)
    earlier = demands_of(session, purchase.code)
    row = PanelDemand(
        tender=purchase.code, number=len(earlier) + 1, raw=raw, sha256=hashlib.sha256(raw).hexdigest(),
        wishes=[{"quota": wish.quota, "tag": wish.tag} for wish in seen.wanted.wishes],
        warnings=seen.warnings, asked_by=actor.user_id, asked_at=at,
    )  # fmt: skip
    if any(one.sha256 == row.sha256 for one in earlier):
        raise refuse("demand.twice", _("This very demand was made before"), remedy=_("Approve that one."))
    session.add(row)
    session.flush()
    record(session, actor, "panel.demanded", purchase.code, {"demand": row.sha256}, at)
    return row, seen


def document(seen: Look, purchase: Purchase, at: datetime) -> bytes:
    """The demand's document, as it would be made at that instant."""
    day = beijing_date(at)
    return asking.document(
        seen.wanted, seen.found.strata, law.law_on(day).ratio, purchase, seen.limits,
        session_at=rfc3339(seen.wanted.at), day=day.isoformat(),
    )  # fmt: skip


def read(purchase: Purchase, given: AskPanel) -> asking.Demand:
    return asking.Demand(
        tender=purchase.code, members=given.members, experts=given.experts,
        wishes=tuple(asking.Wish(one.quota, one.tag) for one in given.strata),
        avoid=tuple(asking.Avoid(one.org, one.reason) for one in given.avoid),
        at=given.session.at, place=given.session.place,
    )  # fmt: skip


def may_draw(session: Session, purchase: Purchase) -> None:
    """Raises Refused where no committee can be drawn (any more)."""
    panel = panel_of(session, purchase.code)
    filling_up = panel is not None and purchase.state == SESSION and vacant(session, panel)
    if purchase.state not in BEFORE_SESSION and not filling_up:
        raise refuse("panel.late", _("The committee can no longer be exchanged at this stage"))
    if panel is not None and not panel.drawn:
        raise refuse("panel.imported", _("The committee of this tender was imported as a list"))
    if panel is not None and not missing(session, panel):
        raise refuse("panel.complete", _("This committee is drawn: there is no second draw for it"))


def judged(session: Session, purchase: Purchase, wanted: asking.Demand, at: datetime) -> list[Fault]:
    """What is unlawful or incomplete in a demand."""
    panel = panel_of(session, purchase.code)
    if panel is not None and not drawn_handles(session, panel):
        panel = None  # nobody has been found yet: everything may still be asked for anew
    seats = missing(session, panel) if panel else wanted.experts
    faults = asking.composition(
        wanted, purchase.budget, law.law_on(beijing_date(at), purchase.method, purchase.subject),
        complex_=purchase.complex, seats=seats,
    )  # fmt: skip
    if panel is not None and (wanted.members, wanted.experts) != (panel.size, panel.experts):
        faults.append(Fault("demand.other", _("The committee keeps its size"), "members"))
    if purchase.committee and wanted.members != purchase.committee:
        message = _("The published documents say ${members} members", mapping={"members": purchase.committee})
        faults.append(Fault("demand.published", message, "members", "M87 47"))
    faults += [
        Fault(
            "demand.tag", _("The catalogue has no speciality ${code}", mapping={"code": wish.tag}), "strata"
        )
        for wish in wanted.wishes
        if wish.tag not in catalogue()
    ]
    if wanted.at <= at:
        faults.append(Fault("demand.past", _("The session lies in the future"), "session"))
    try:
        Script(wanted.at, wanted.place, "-")
    except TellsTooMuch:
        message = _("The place is heard on the telephone: a room, and no project, buyer or code")
        faults.append(Fault("demand.place", message, "session"))
    return faults


def thin(found: listing.Listing, wanted: asking.Demand, at: datetime) -> list[Fault]:
    """What makes a list undrawable: nobody to draw, or an avoidance list that makes the pool too small."""
    faults = []
    ratio = law.law_on(beijing_date(at)).ratio
    for one in found.strata:
        count, quota = found.eligible[one["id"]], one["quota"]
        if not one["tags"] or count < quota:
            message = _("Fewer experts can be drawn for ${stratum} than the ${quota} seats ask for",
                        mapping={"stratum": one["id"], "quota": quota})  # fmt: skip
            faults.append(Fault("demand.too-few", message, "strata"))
    enough = {one["id"] for one in found.strata} - {
        s["id"] for s in found.thin(ratio, found.without_avoiding)
    }
    broad = [one["id"] for one in found.thin(ratio) if one["id"] in enough]
    if broad:
        message = _("The organisations to avoid shrink the pool below ${ratio} for each seat (left out: ${count})",
                    mapping={"ratio": ratio, "count": found.left_out()})  # fmt: skip
        faults.append(Fault("demand.avoid-too-broad", message, "avoid", "TBR 46",
                            _("Leave out organisations without an interest in this tender.")))  # fmt: skip
    return faults


def warnings(found: listing.Listing, wanted: asking.Demand, at: datetime) -> list[dict[str, str]]:
    """What the approving person should know: [{"code", "rule", "what"}]."""
    ratio = law.law_on(beijing_date(at)).ratio
    rows = [{"code": "pool-small", "rule": "X3.ratio", "what": one["id"]} for one in found.thin(ratio)]
    rows += [{"code": "merged", "rule": "", "what": tag} for tag in found.merged]
    if wanted.avoid:
        rows.append({"code": "avoided", "rule": "", "what": found.left_out()})
    if law.too_early(wanted.at, at):
        rows.append({"code": "early", "rule": "X8", "what": ""})
    return rows


def listed(
    people: Sequence[PoolExpert], purchase: Purchase, wanted: asking.Demand, at: datetime, limits: Limits
) -> listing.Listing:
    day: date = beijing_date(at)
    return listing.make(people, wanted, purchase.parties(), day, limits, purchase.tenderer)


# --- approving --------------------------------------------------------------------------------------


def approve(session: Session, registry: Any, actor: Actor, purchase: Purchase, sha256: str) -> Draw:
    """A second person approves, and the draw is announced at once; judged anew, for seats may have been filled, the
    bidders have become known or the pool and its parameters have changed since. Entries `panel.approved`,
    `draw.announced`. Raises Refused `demand.*`, `draw.*`, `panel.*`. The caller has locked the tender."""
    may_draw(session, purchase)
    row = demand_named(session, purchase.code, sha256)
    if actor.user_id == row.asked_by:
        raise refuse("demand.second-person", _("Somebody else approves what you asked for"))
    if row.draw is not None and not draws.draw_named(session, row.draw).voided:
        raise refuse("demand.drawn", _("This demand has had its draw"), remedy=_("Make another demand."))
    at = database_now(session)
    seen = weigh(session, registry, purchase, demand_of(row), at)
    if seen.faults:
        raise Refused(seen.faults)
    if document(seen, purchase, at) != row.raw:
        raise refuse("demand.outdated", _("What it was judged by has changed since: make the demand anew"))
    room_for_representatives(session, registry, seen.wanted)
    record(session, actor, "panel.approved", purchase.code, {"demand": row.sha256}, at)
    drawn = draws.announce(
        session, registry, actor, purchase.code, draws.Demand(PURPOSE, seen.found.strata, cap=seen.wanted.cap),
        seen.found.candidates, readers=readers(registry.settings, seen.people),
    )  # fmt: skip
    row.approved_by, row.approved_at, row.draw = actor.user_id, at, drawn.ann
    seat_board(session, registry, row, at)
    return drawn


def room_for_representatives(session: Session, registry: Any, wanted: asking.Demand) -> None:
    """Raises Refused `demand.representatives` for a committee without seats for those whom the purchaser has named."""
    panel = panel_of(session, wanted.tender)
    if panel is None:
        return
    aside = {row.seat for row in members_of(session, panel) if row.recused_at}
    seats = seats_of(registry["keys"], panel)
    named = sum(seat.kind == "purchaser" and seat.seat not in aside for seat in seats)
    if named > wanted.members - wanted.experts:
        raise refuse(
            "demand.representatives",
            _("The purchaser has named ${number} representatives: more than this committee has seats for",
              mapping={"number": named}),
            remedy=_("Make another demand."), rule="M87 47",
        )  # fmt: skip


def seat_board(session: Session, registry: Any, row: PanelDemand, at: datetime) -> Panel:
    """The committee of a demand: none of its experts sits in it yet."""
    wanted = demand_of(row)
    panel = panel_of(session, row.tender)
    if panel is None:
        panel = Panel(
            tender=row.tender, panel_sha256="", imported_at=at,
            sealed=seats_to_keep(registry["keys"], row.tender, []),
        )  # fmt: skip
        session.add(panel)
    panel.size, panel.experts = wanted.members, wanted.experts
    panel.source, panel.list_sha256, panel.demand_id = SOURCE, row.sha256, row.id
    session.flush()
    return panel


def readers(settings: Any, people: Sequence[PoolExpert]) -> draws.Readers:
    """Whom names are sealed to, who calls, and how long those who are called may answer. Raises Refused
    `panel.no-readers`."""
    site, regulator = settings.get("panel.site"), settings.get("panel.regulator_key")
    if not site or not regulator:
        raise refuse(
            "panel.no-readers", _("This hall has no device at an evaluation site that could call experts")
        )
    device = json.loads(site)
    keys = {SITE: base64.b64decode(device["hpke"]), REGULATOR: base64.b64decode(regulator)}
    window = int(settings.get("panel.answer_seconds") or ANSWER_SECONDS)
    phones = {person.number: person.phone for person in people}
    return draws.Readers(keys, phones, device["cert_sha256"], window)


# --- looking up ---------------------------------------------------------------------------------------


def demands_of(session: Session, tender: str) -> list[PanelDemand]:
    """What was asked for a tender, oldest first."""
    query = select(PanelDemand).where(PanelDemand.tender == tender).order_by(PanelDemand.number)
    return list(session.scalars(query))


def demand_named(session: Session, tender: str, sha256: str) -> PanelDemand:
    """Raises Refused `demand.unknown`."""
    for row in demands_of(session, tender):
        if row.sha256 == sha256:
            return row
    raise refuse("demand.unknown", _("There is no such demand"))


def demand_of(row: PanelDemand) -> asking.Demand:
    """The demand of a row, with its specialities as they were asked for."""
    said = canonical.loads(row.raw)
    return asking.Demand(
        tender=row.tender, members=said["members"], experts=said["experts"],
        wishes=tuple(asking.Wish(int(one["quota"]), str(one["tag"])) for one in row.wishes),
        avoid=tuple(asking.Avoid(one["org"], one["reason"]) for one in said["avoid"]),
        at=parse_rfc3339(said["session"]["at"]), place=said["session"]["place"], cap=said["cap"],
    )  # fmt: skip


def demand_of_draw(session: Session, ann: str) -> PanelDemand | None:
    """The demand whose draw this is."""
    return session.scalars(select(PanelDemand).where(PanelDemand.draw == ann)).first()


def draws_for(session: Session, panel: Panel) -> list[Draw]:
    """The draws that filled this committee; one that the authority sent home had others."""
    found = draws.draws_of(session, panel.tender, PURPOSE)
    return [draw for draw in found if draw.announced_at >= panel.imported_at and not draw.voided]


def drawn_handles(session: Session, panel: Panel) -> list[str]:
    """The handles that these draws seat so far."""
    return [handle for draw in draws_for(session, panel) for handle in draws.seated(draw)]


def missing(session: Session, panel: Panel) -> int:
    """How many experts no draw has found; 0 while one is under way."""
    running = draws.draws_of(session, panel.tender, PURPOSE)
    if any(not draw.ended or draws.awaited(session, draw) for draw in running):
        return 0
    return max(0, panel.experts - len(drawn_handles(session, panel)))


def progress(session: Session, tender: str) -> dict[str, Any]:
    """How far the draw has come, for those who may see it: nothing about anybody's answer."""
    rows = demands_of(session, tender)
    if not rows:
        return {"state": "none", "draw": None, "trustees": {}}
    found = draws.draws_of(session, tender, PURPOSE)
    if not found or (rows[-1].draw is None and found[-1].ended):
        return {"state": "demanded", "draw": None, "trustees": {}, "demand": rows[-1].sha256}
    draw = found[-1]
    facts = draws.facts_of(session, draw)
    trustees = {
        name: "revealed" if name in facts.revealed else "acked" if name in facts.acks
        else "committed" if name in facts.commits else "awaited"
        for name in draw.certificates
    }  # fmt: skip
    return {"state": stage(session, draw), "draw": draw.ann, "trustees": trustees, "demand": rows[-1].sha256}


def stage(session: Session, draw: Draw) -> str:
    """announced | frozen | calling | ready | short | void."""
    if draw.voided:
        return "void"
    if draw.frozen_entry is None:
        return "announced"
    if not draw.calls:
        return "frozen"
    if draw.result is None or draws.awaited(session, draw):
        return "calling"
    return "short" if draw.result["short"] else "ready"
