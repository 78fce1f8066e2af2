"""The roster of pre-qualified contractors (预选承包商名录): who is in it, who is drawn and why somebody is not.

Everything but people's papers and what applications left behind is public; docs/roster.md."""

from pyramid.config import Configurator

ROUTES = {
    "roster": "/roster",
    "roster-rules": "/roster/rules",
    "roster-issue": "/roster/quarters/{quarter}.json",
    "roster-paper": "/roster/papers/{sha256}",
    "roster-own": "/roster/own",
    "roster-own-act": "/roster/own/{act:document|manager|apply}",
    "roster-office": "/roster/office",
    "roster-exclude": "/roster/office/exclusions",
    "roster-publish": "/roster/office/publish",
    "roster-import": "/roster/office/import",
    "roster-export": "/roster/office/roster.xlsx",
    "roster-template": "/roster/office/template.xlsx",
    "roster-examine": "/roster/office/firms/{number}",
    "roster-act": "/roster/office/firms/{number}/act",
    "roster-lift": "/roster/office/firms/{number}/lift",
    "roster-answer": "/roster/office/firms/{number}/objections/{id}",
    "roster-firm": "/roster/firms/{number}",
    "api-roster": "/api/roster",
    "api-roster-firm": "/api/roster/firms/{number}",
    "roster-object": "/roster/firms/{number}/objections",
    "roster-leave": "/roster/firms/{number}/leave",
}


def includeme(config: Configurator) -> None:
    """The room's routes, cards and words."""
    # Imported here: the pure modules of this room stay free of the web.
    from bidding.roster import law, office_views, own_views, words
    from trading.web import _

    law.the_rulebook(config.registry)  # a city's file that cannot be meant stops the start
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.add_act_words(words.ENTRIES)
    config.add_nav(_("Roster"), "roster")
    config.on_desk("roster-officer", office_views.cards)
    config.on_desk("bidder", own_views.cards)
    for module in ("views", "own_views", "office_views", "api"):
        config.scan(f"bidding.roster.{module}")
