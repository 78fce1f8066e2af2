"""Draws (随机抽取): `ebid-draw/1`, one protocol for every random choice of the hall.

docs/protocols/draw.md. Pure are announcement, candidates, slips, calling, draw, papers, cards, ceremony, beacon, floor, trustee; the
ceremony as the hall runs it: service (the hall's own acts), receiving (others' papers), entering (the public value), watching, showing, secrecy, subjects, api, views."""

from pyramid.config import Configurator

ROUTES = {
    "draw": "/draws/{tender}/{purpose}/{number}",
    "draw-beacon": "/draws/{tender}/{purpose}/{number}/beacon",
    "api-draws-wanted": "/api/draws/wanted/{name}",
    "api-draws-cards": "/api/draws/cards",
    "api-draw-papers": "/api/draws/{ann}/papers/{name}",
    "api-draw-transcript": "/api/draws/{ann}/transcript",
    "api-draw-slips": "/api/draws/{ann}/slips",
    "api-draw-floor": "/api/draws/{ann}/floor",
    "api-draw-beacon": "/api/draws/{ann}/beacon",
    "api-draw-hand-in": "/api/draws/{ann}/{kind:commits|deals|acks|shares}",
}
OF_SUBJECT = ("draw-beacon", "api-draw-beacon")
"""routes whose permission is judged on what the draw is about"""


def includeme(config: Configurator) -> None:
    """The room's routes, and the promise to look after what is due."""
    # Imported here: the pure modules of this room stay free of the web.
    from trading.draws import service, subjects, watching

    for name, pattern in ROUTES.items():
        config.add_route(name, pattern, factory=subjects.subject_of if name in OF_SUBJECT else None)
    config.on_promise(service.DUE, service.come_due)
    config.on_promise(service.WITNESSED, watching.tell_witnessed)
    for module in ("api", "views"):
        config.scan(f"trading.draws.{module}")
