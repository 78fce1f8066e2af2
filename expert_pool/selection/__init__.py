"""The committee of a tender (评标委员会): drawn here from the pool, or imported as another pool's list; and how it sits down.

Pure are demand, listing, recusal, purchase, panel_list. `demanding` has it drawn, `site` talks with the device that
calls, `seating` signs members in, `completing` fixes the panel when all sit under a head, `replacing` takes a member out of
an evaluation that has begun, `refused` writes down who wanted to know their names too early."""

from pyramid.config import Configurator

ROUTES = {
    "api-panel-demands": "/api/tenders/{code}/panel/demands",
    "api-panel-approval": "/api/tenders/{code}/panel/approval",
    "api-panel-draw": "/api/tenders/{code}/panel/draw",
    "api-panel-representatives": "/api/tenders/{code}/panel/representatives",
    "api-panel-promise": "/api/tenders/{code}/panel/promise",
    "api-panel-head": "/api/tenders/{code}/panel/head",
    "api-panel-names": "/api/tenders/{code}/panel/names",
    "api-panel-here": "/api/panel/here",
    "api-panel-visit": "/api/panel/here/{visit}",
    "api-site-wanted": "/api/site/wanted",
    "api-site-waves": "/api/site/waves",
    "api-site-arrivals": "/api/site/arrivals",
    "api-site-openings": "/api/site/openings",
    "panel-demand": "/tenders/{code}/panel/demand",
    "panel-demand-check": "/tenders/{code}/panel/demand/check",
    "panel-draw": "/tenders/{code}/panel/draw",
    "panel-approve": "/tenders/{code}/panel/approve",
    "panel-representatives": "/tenders/{code}/panel/representatives",
    "panel-head": "/tenders/{code}/panel/head",
    "here": "/here",
    "here-visit": "/here/{visit}",
    "names-refused": "/supervision/names",
}


def includeme(config: Configurator) -> None:
    """The room's routes, its two pools, and the regulator's alert."""
    # Imported here: the pure modules of this room stay free of the web.
    from expert_pool.selection import demanding, desk, pools, refused
    from trading.draws.secrecy import keep_secret
    from trading.interfaces import IExpertPool, ITenders

    def in_tender(request: object) -> object:
        return request.port(ITenders).context(request)  # type: ignore[attr-defined]

    for name, pattern in ROUTES.items():
        config.add_route(name, pattern, factory=in_tender if "{code}" in pattern else None)
    for key, pool in ((pools.OWN, pools.OwnPool()), (pools.IMPORTED, pools.ImportedList())):
        config.registry.registerUtility(pool, IExpertPool, name=key)
    keep_secret(config, demanding.PURPOSE, refused.knows_of_draw)
    config.on_desk("regulator", refused.cards)
    config.on_desk("regulator", desk.replacement_cards)
    config.on_desk("expert", desk.expert_cards)
    for role in ("tenderer", "regulator"):
        config.on_desk(role, desk.approval_cards)
    for role in ("agent", "tenderer"):
        config.on_desk(role, desk.demand_cards)
    for module in ("api", "views"):
        config.scan(f"expert_pool.selection.{module}")
