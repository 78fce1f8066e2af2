"""One window (一窗受理): applications online and at the window, the clerk's desk, an enterprise's own cases."""

from __future__ import annotations

from pyramid.config import Configurator

IN_CASE = {
    "hall-case": "/hall/cases/{number}",
    "hall-case-act": "/hall/cases/{number}/{act:[a-z-]+}",
    "hall-paper": "/hall/cases/{number}/papers/{sha256}",
}


def includeme(config: Configurator) -> None:
    """Routes, what is promised for a day, desk cards."""
    from plugins.approval_hall import reading
    from plugins.approval_hall.intake import gaps, service, views

    config.add_route("hall-apply", "/hall/items/{item}/apply")
    config.add_route("hall-cases", "/hall/cases")
    config.add_route("hall-window", "/hall/window")
    for name in ("hall-paper", "hall-case", "hall-case-act"):
        config.add_route(name, IN_CASE[name], factory=reading.InCase)
    config.on_promise(service.ACCEPT_BY, service.accept_due)
    config.on_promise(gaps.REMIND, gaps.remind)
    config.on_promise(gaps.DUE, gaps.fail)
    config.on_promise(gaps.TELL, gaps.tell)
    config.on_desk("bidder", views.applicant_cards)
    config.on_desk("hall-clerk", views.clerk_cards)
    config.scan("plugins.approval_hall.intake.views")
    config.scan("plugins.approval_hall.case_views")
