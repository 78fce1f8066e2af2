"""Enterprises and authorities (市场主体): one record each, filed once."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes and its desk cards."""
    # Imported here: the web floor reads this room's models while its pages need that floor.
    from trading.interfaces import IEnterprises
    from trading.parties import service, views

    config.add_route("party", "/party")
    config.add_route("party-contact", "/party/contact")
    config.add_route("party-qualification", "/party/qualifications/new")
    config.add_route("party-withdraw", "/party/qualifications/{id}/withdraw")
    config.add_route("party-colleague", "/party/people/new")
    config.scan("trading.parties.views")
    config.on_desk("bidder", views.cards)
    config.provide(IEnterprises, service.Enterprises())
