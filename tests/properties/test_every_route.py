"""Every door takes anything from anybody without a crash (每个入口的不良输入).

Nasty values in every place of a request: parts of the address, query, headers, bodies. A sample by route, drawn
from the route's own name: two requests each, or as many of each kind as `TRADEHALL_NASTY` says; `all` is every one.
"""

from __future__ import annotations

import io
import itertools
import os
import random
import re
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from config.openapi import PARAMETER
from tests.bidding.vault.scene import CODE, Scene
from tests.bidding.vault.scene import scene as scene
from tests.doors.finding import routes
from tests.doors.staging import Doors, asked_hall, signed_in, stage
from tests.properties.nasty import HEADERS, VALUES, bodies
from tests.properties.test_forms import commands

SAMPLE = os.environ.get("TRADEHALL_NASTY", "1")
QUERIES = ("q", "page", "number", "known", "received", "track", "before", "next", "look", "state", "old", "new", "index",
           "size", "back", "kind", "name", "template", "place", "session")  # fmt: skip
"""What any page reads after the question mark."""
UPLOADS = ["upload", "file", "list", "receipt_file"]


def drawn(dice: random.Random, found: list[Any]) -> list[Any]:
    return found if SAMPLE == "all" else dice.sample(found, min(len(found), int(SAMPLE)))


def ask(
    app: Any, method: str, path: bytes, query: bytes, headers: dict[str, str], kind: str, body: bytes
) -> int:
    """The status of a request as the server hands it over, no byte of it made better on the way."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path.decode("latin-1"), "QUERY_STRING": query.decode("latin-1"),
        "REMOTE_ADDR": "192.0.2.1", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "HTTP_HOST": "localhost:80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": kind,
    }  # fmt: skip
    for name, value in headers.items():
        name = name.upper().replace("-", "_")
        environ[name if name.startswith("CONTENT_") and name != "CONTENT_RANGE" else f"HTTP_{name}"] = value
    said: list[tuple[str, str]] = []

    def started(status: str, sent: list[tuple[str, str]], error: Any = None) -> None:
        said.append((status, dict(sent).get("Content-Type", "")))

    answer = app(environ, started)
    try:
        if "event-stream" not in said[0][1]:  # which waits for events
            list(itertools.islice(answer, 20))
    finally:
        getattr(answer, "close", lambda: None)()
    return int(said[0][0].split()[0])


def addresses(hall: Doors, pattern: str, dice: random.Random) -> list[bytes]:
    """The address with a nasty value in one of its parts, for each part."""
    found = []
    for name in re.findall(r"[{*](\w+)", pattern):
        for value in drawn(dice, VALUES):
            nasty = unquote_to_bytes(value).decode("latin-1")

            def filled(match: re.Match[str], name: str = name, nasty: str = nasty) -> str:
                return nasty if match[1] == name else hall.filled.get(match[1], "1")

            path = re.sub(r"\*(\w+)", lambda match, nasty=nasty: nasty, re.sub(PARAMETER, filled, pattern))
            found.append(path.encode("latin-1"))
    return found


@pytest.fixture
def hall(scene: Scene) -> Doors:
    filled, enterprises, people = stage(scene)
    made = Doors(scene, None, signed_in(scene, people), enterprises, filled)
    scene.submit(enterprises[0], scene.seal(enterprises[0]))
    made.keep_sessions()
    return made


@pytest.mark.filterwarnings("ignore:Requests are expected to be submitted in UTF-8:DeprecationWarning")
def test_no_door_crashes_whatever_is_sent_by_whomever(hall: Doors) -> None:
    fields = sorted({name for model in commands() for name in model.model_fields}) + UPLOADS
    everything = list(bodies(fields, CODE))
    headers = [(name, value) for name, values in HEADERS.items() for value in values]
    crashed, asked = [], 0
    with asked_hall(hall.scene) as made:
        app, everybody = made.make_wsgi_app(), itertools.cycle(sorted(hall.readers))
        for door in sorted(each for each in routes(made) if " /assets" not in each):
            method, pattern = door.split(" ", 1)
            dice, base = random.Random(door), hall.address(pattern).encode()
            tries = [(path, b"", {}, "", b"") for path in addresses(hall, pattern, dice)]
            for value in drawn(dice, VALUES):
                tries.append((base, b"&".join(name.encode() + b"=" + value for name in QUERIES), {}, "", b""))
            tries += [(base, b"", {name: value}, "", b"") for name, value in drawn(dice, headers)]
            if method != "GET":
                tries += [(base, b"", {}, kind, body) for kind, body in drawn(dice, everything)]
            hall.scene.registry["queue"].flushall()
            if SAMPLE == "1":
                tries = dice.sample(tries, min(len(tries), 2))
            for path, query, sent, kind, body in tries:
                who = next(everybody)
                status = ask(app, method, path, query, hall.readers[who] | sent, kind, body)
                asked += 1
                if status >= 500:
                    crashed.append(
                        f"{door} as {who}: {path[:80]!r} {query[:60]!r} {sent} {kind} {body[:60]!r}"
                    )
    assert not crashed, "\n".join(crashed)
    assert asked > 400
