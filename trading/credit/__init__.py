"""Credit and bribery records (信用名单、行贿犯罪档案查询): signed lists by version, and the queries made before decisions."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The provider for lists that are handed in as files (a plugin may provide another), and its pages."""
    from trading.credit import views, words
    from trading.credit.uploaded import Uploaded
    from trading.interfaces import ICreditRecords

    config.provide(ICreditRecords, Uploaded())
    config.add_act_words(words.ACTS)
    config.add_route("credit", "/credit")
    config.add_route("credit-import", "/credit/import")
    config.add_route("credit-publisher", "/credit/publisher")
    config.add_route("credit-list", "/credit/lists/{sha256}.json")
    config.on_desk("roster-officer", views.cards)
    config.scan("trading.credit.views")
