"""Calling the experts that a draw names (通知评委): what they are told, what their answers come to, and whether the
caller told the truth. Nobody in the hall calls: a device at the evaluation site does (config/site.py)."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's one page, for the regulator."""
    # Imported here: the pure modules of this room stay free of the web.
    from expert_pool.calls import views

    config.add_route("skip-rates", "/supervision/calls")
    config.on_desk("regulator", views.cards)
    config.scan("expert_pool.calls.views")
