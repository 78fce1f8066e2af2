"""The advisory committee (招投标专家咨询委员会): opinions on disputed or complex projects, never evaluations."""

from pyramid.config import Configurator

IN_REQUEST = {
    "opinion": "/advisory/{number}",
    "opinion-act": "/advisory/{number}/{act:convene|chair|draft|vote|sign}",
    "opinion-paper": "/advisory/{number}/papers/{name}",
}


def includeme(config: Configurator) -> None:
    """The room's routes and desk cards."""
    # Imported here: what the pool asks of this room (membership) stays free of the web.
    from expert_pool.advisory import views
    from expert_pool.experts.looking import Door

    config.add_route("advisory", "/advisory", factory=Door)
    config.add_route("advice", "/tenders/{code}/advice", factory=views.in_tender)
    for name, pattern in IN_REQUEST.items():
        config.add_route(name, pattern, factory=views.InRequest)
    config.on_desk("pool-officer", views.office_cards)
    config.on_desk("expert", views.member_cards)
    config.scan("expert_pool.advisory.views")
