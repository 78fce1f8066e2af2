"""Investment projects (投资项目): their codes, and what trading asks about them."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The register, the page of a project, what follows the acts on cases."""
    from plugins.approval_hall import events
    from plugins.approval_hall.projects import coding
    from plugins.approval_hall.projects.register import Register
    from trading.interfaces import IProjectRegister
    from trading.web import _

    config.add_route("hall-project", "/hall/projects/{code}")
    config.add_route("api-hall-project", "/api/hall/projects/{code}")
    config.provide(IProjectRegister, Register(config.registry))
    config.add_subscriber(coding.filed, events.CaseFiled)
    config.add_subscriber(coding.accepted, events.CaseAccepted)
    config.add_act_words(
        {"project.coded": _("An investment project got its code")}, {"code": _("Project code")}
    )
    config.scan("plugins.approval_hall.projects.views")
