"""After an evaluation (专家履职): experts' fees, how their sessions' parties rate them, what in their record is worth a
look, and decisions that change who can be drawn."""

from pyramid.config import Configurator

IN_TENDER = {
    "fees": "/tenders/{code}/fees",
    "ratings": "/tenders/{code}/ratings",
    "api-fees": "/api/tenders/{code}/fees",
    "api-ratings": "/api/tenders/{code}/ratings",
}
OF_POOL = {
    "conduct": "/pool/conduct",
    "conduct-expert": "/pool/experts/{number}/conduct",
    "api-conduct": "/api/conduct/{number}",
}


def includeme(config: Configurator) -> None:
    """The room's routes, what it listens to, desk cards, and the promise that suspensions end."""
    # Imported here: the pure modules of this room stay free of the web.
    from expert_pool.conduct import deciding, desk, record
    from expert_pool.experts import looking
    from trading.events import AwardIssued, EvaluationDelivered
    from trading.supervision.acts import in_tender

    for name, pattern in IN_TENDER.items():
        config.add_route(name, pattern, factory=in_tender)
    for name, pattern in OF_POOL.items():
        config.add_route(name, pattern, factory=looking.Door)
    config.add_route("own-sittings", "/expertise/sessions")
    config.add_subscriber(record.keep, EvaluationDelivered)
    config.add_subscriber(record.name, AwardIssued)
    config.on_promise(deciding.OVER, deciding.over)
    for role in ("agent", "tenderer"):
        config.on_desk(role, desk.buyer_cards)
    config.on_desk("expert", desk.expert_cards)
    config.on_desk("pool-officer", desk.office_cards)
    for module in ("views", "decision_views", "api"):
        config.scan(f"expert_pool.conduct.{module}")
