"""The live streams' addresses (实时推送): server-sent events, and the same by asking again and again.

Only public channels, without login: an event tells that something changed and which part, never more than
the public page shows. In production these run in the role `live`, on a port of their own.
"""

from __future__ import annotations

import json
from functools import partial

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from trading.live import LiveEvent, since
from trading.live_hub import Hub, Stream
from trading.throttle import Streams
from trading.web import PUBLIC, client_address, whole_number

SEND_S = 30
"""A connection that takes nothing for so long is closed."""


def channel_of(request: Request) -> str:
    """`opening:<code>`, `tender:<code>`, `draw:<code>` or `notices`."""
    parts = request.matchdict
    return f"{parts['topic']}:{parts['code']}" if "code" in parts else "notices"


def number_in(text: str | None) -> int | None:
    """A last event id; None for what is none."""
    found: int | None = whole_number(text or "", longest=18)
    return found


def message(event: LiveEvent) -> str:
    return json.dumps({"id": event.id, "name": event.name, "data": event.data}, ensure_ascii=False)


@view_config(route_name="live", request_method="GET", permission=PUBLIC)
@view_config(route_name="live-board", request_method="GET", permission=PUBLIC)
def stream(request: Request) -> Response:
    """The events of a channel from now on, and before them those after `Last-Event-ID`.

    The watcher is there before the database is asked, so nothing falls in between; the database's session
    ends with this function, before the first byte is sent."""
    hub: Hub = request.registry["live.hub"]
    channel = channel_of(request)
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(SEND_S)
    streams: Streams = request.registry["live.streams"]
    place = streams.enter(client_address(request))
    watcher = hub.watch(channel, connection)
    try:
        last = number_in(request.headers.get("Last-Event-ID"))
        missed = since(request.db, channel, last) if last is not None else []
        gone = partial(streams.leave, place)
        body = Stream(hub, channel, watcher, [(event.id, message(event)) for event in missed], gone)
    except BaseException:
        streams.leave(place)
        hub.leave(channel, watcher)
        raise
    response = Response(app_iter=body, content_type="text/event-stream", charset="utf-8")
    response.headers.update(
        {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    return response


@view_config(route_name="live-since", request_method="GET", permission=PUBLIC)
@view_config(route_name="live-board-since", request_method="GET", permission=PUBLIC)
def poll(request: Request) -> Response:
    """{"last": id, "events": [{"id", "name", "data"}]}: the events after `{id}`; 304 while there is nothing new
    for an `If-None-Match` of the answer before."""
    after = number_in(request.matchdict["id"])
    if after is None:
        raise HTTPNotFound()
    events = since(request.db, channel_of(request), after)
    last = events[-1].id if events else after
    response = Response(conditional_response=True, content_type="application/json", charset="utf-8")
    response.body = json.dumps(
        {"last": last, "events": [json.loads(message(event)) for event in events]}, ensure_ascii=False
    ).encode()
    response.etag = f"{after}-{last}"
    response.headers.update({"Access-Control-Allow-Origin": "*", "Cache-Control": "no-cache"})
    return response


def includeme(config: Configurator) -> None:
    """The routes, and this process's hub."""
    heartbeat = float(config.registry.settings.get("live.heartbeat", "15"))
    config.registry["live.hub"] = Hub(config.registry["queue"], heartbeat)
    config.add_route("live-board", "/live/notices")
    config.add_route("live-board-since", "/live/notices/since/{id}")
    config.add_route("live", "/live/{topic:opening|tender|draw}/{code}")
    config.add_route("live-since", "/live/{topic:opening|tender|draw}/{code}/since/{id}")
    config.scan("trading.live_views")
