"""Electronic supervision (电子监察): lights over every deadline of the hall and of trading, letters, accountability."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator

ROUTES = {
    "hall-lights": "/hall/lights",
    "hall-department": "/hall/lights/departments/{department}",
    "hall-wall": "/hall/lights/wall",
    "hall-light": "/hall/lights/{id}",
    "hall-letters": "/hall/letters",
    "hall-letter": "/hall/letters/{number}",
    "hall-accountability": "/hall/accountability",
    "hall-accountability-case": "/hall/accountability/{number}",
    "api-hall-lights": "/api/hall/lights",
    "api-hall-light": "/api/hall/lights/{id}",
    "api-hall-case-lights": "/api/hall/cases/{number}/lights",
    "api-hall-letter": "/api/hall/letters/{number}",
}
WRITTEN_TO = {"hall-officer", "hall-representative", "agent", "tenderer"}
"""roles whose organisations get letters"""


def includeme(config: Configurator) -> None:
    """Routes, the clocks of cases and letters, what is promised, desk cards."""
    from plugins.approval_hall import events
    from plugins.approval_hall.supervision import case_deadlines, desk, letters, lights, telling, words
    from trading.interfaces import IClockSource
    from trading.web import _

    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.add_role("hall-leader", _("Leader: reads the board of lights"))
    config.permit("hall-supervise", {"hall-supervisor", "regulator"})
    config.permit("hall-lights", {"hall-leader", "hall-manager", "hall-supervisor", "regulator"})
    config.permit("hall-letters", WRITTEN_TO | {"hall-supervisor", "regulator"})
    config.provide(IClockSource, case_deadlines, "approval_hall")
    config.provide(IClockSource, letters, "approval_hall_letters")
    config.regularly(lights.LOOK, lights.look, float(config.registry.settings["approval_hall.look_seconds"]))
    config.on_promise(lights.TURN, lights.turn)
    config.on_promise(telling.TELL, telling.tell)
    config.on_promise(letters.TELL, letters.tell)
    config.add_subscriber(case_moved, events.CaseEvent)
    config.add_act_words(words.ACTS, words.FIELDS)
    for role in ("hall-supervisor", "regulator"):
        config.on_desk(role, desk.supervisor_cards)
    config.on_desk("hall-leader", desk.leader_cards)
    for role in ("hall-officer", "hall-representative"):
        config.on_desk(role, desk.officer_cards)
    for role in ("agent", "tenderer"):
        config.on_desk(role, desk.party_cards)
    config.scan("plugins.approval_hall.supervision.views")
    config.scan("plugins.approval_hall.supervision.api")


def case_moved(event: Any) -> None:
    """An act of this hall changed the clocks of a case."""
    from plugins.approval_hall.supervision import case_deadlines, lights

    found = case_deadlines.of_case(event.session, event.registry, event.case)
    lights.follow(event.session, event.registry, found, case_deadlines.prefix(event.case), event.at)
