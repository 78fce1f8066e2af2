"""The pool of experts (综合性专家评委库): who may be drawn, and why somebody may not.

The pool office keeps it, the regulator may look into it, and each look is a ledger entry; who buys, bids or
runs a tender learns nothing from here; having a committee drawn tells no more than whether enough can be drawn."""

from pyramid.config import Configurator

ROUTES = {
    "pool": "/pool",
    "pool-new": "/pool/new",
    "pool-import": "/pool/import",
    "pool-export": "/pool/experts.xlsx",
    "pool-template": "/pool/template.xlsx",
    "pool-statistics": "/pool/statistics",
    "pool-settings": "/pool/settings",
    "pool-evidence": "/pool/evidence/{sha256}",
    "pool-expert": "/pool/experts/{number}",
    "pool-change": "/pool/experts/{number}/change",
    "pool-standing": "/pool/experts/{number}/standing",
    "pool-training": "/pool/experts/{number}/training",
    "pool-payment": "/pool/experts/{number}/payment",
}
OWN = {
    "expertise": "/expertise",
    "expertise-interest": "/expertise/interests",
    "expertise-payment": "/expertise/payment",
}


def includeme(config: Configurator) -> None:
    """The room's routes and desk cards."""
    # Imported here: the pure modules of this room stay free of the web.
    from expert_pool.experts import looking, own_views

    for name, pattern in ROUTES.items():
        config.add_route(name, pattern, factory=looking.Door)
    for name, pattern in OWN.items():
        config.add_route(name, pattern)
    config.on_desk("pool-officer", own_views.pool_cards)
    config.on_desk("regulator", own_views.pool_cards)
    config.on_desk("expert", own_views.own_cards)
    for module in ("views", "office_views", "own_views"):
        config.scan(f"expert_pool.experts.{module}")
