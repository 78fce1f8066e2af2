"""Departments at work (部门办理): queues, steps, decisions."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Routes, what is promised for a day, desk cards."""
    from plugins.approval_hall.handling import clocks, service, views

    config.add_route("hall-queue", "/hall/queue")
    config.on_promise(clocks.STEP_DUE, service.step_due)
    for role in ("hall-officer", "hall-representative"):
        config.on_desk(role, views.officer_cards)
    config.scan("plugins.approval_hall.handling.views")
