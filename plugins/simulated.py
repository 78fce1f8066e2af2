"""What the demonstration's outside parties share: books in a folder of their own, failures that can be set, and a
small HTTP server, each in a process of its own.

Not for production: no TLS, one machine, everything that is asked is answered in order of arrival.
"""

from __future__ import annotations

import argparse
import hmac
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from trading import clock
from trading.secrets import make_private


class TooLong(ValueError):
    """The request's body is empty or longer than this party reads."""


class Declined(Exception):
    """What a party does not do; `status` is the HTTP status of its answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Books:
    """What a party keeps in `folder` (SQLite, made when there is none), and the failures that are set for it."""

    file: str
    schema: str
    failures: dict[str, str]
    """names of failures, with what they are when nobody has set them"""

    def __init__(self, folder: Path | str, now: Callable[[], datetime] = clock.now) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.now = now
        self.modes = dict(self.failures)
        self._lock = threading.Lock()
        self._books = sqlite3.connect(self.folder / self.file, check_same_thread=False)
        self._books.executescript(self.schema)

    def set_modes(self, chosen: dict[str, str]) -> None:
        """Set the failures named, end the others."""
        self.modes = self.failures | {name: value for name, value in chosen.items() if name in self.failures}


class Gateway(Books):
    """A party that answers JSON to whoever shows its secret, and shows people a page. Of its failures `down`
    answers 503, and `slow` waits that many seconds first."""

    secret_file = "hall.secret"

    def __init__(self, folder: Path | str, now: Callable[[], datetime] = clock.now) -> None:
        super().__init__(folder, now)
        self.secret = make_token(self.folder / self.secret_file)

    def done(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Do what is asked. Raises Declined, ValueError, KeyError, TypeError."""
        raise NotImplementedError

    def shown(self, path: str) -> tuple[str, bytes] | None:
        """What people may look at: kind of content and content; None where there is no such page."""
        raise NotImplementedError


def make_token(path: Path) -> str:
    """The secret by which a party knows the hall, made when there is none: 43 characters."""
    return make_private(path, lambda: secrets.token_urlsafe(32).encode()).decode()


def form(body: bytes) -> dict[str, str]:
    """The first value of each field of a form."""
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def outcome(act: Callable[[], dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to a request that `act` reads and does."""
    try:
        return 200, act()
    except Declined as error:
        return error.status, {"error": str(error)}
    except (ValueError, KeyError, TypeError) as error:
        return 422, {"error": f"malformed request: {error}"}


class Frame(BaseHTTPRequestHandler):
    """A handler's common part; `/healthz` is answered by whoever calls `healthy`."""

    timeout = 10
    most = 64 * 1024
    """bytes of a request that are read"""

    def healthy(self) -> bool:
        """Answer `/healthz`; False when something else is asked."""
        if self.path != "/healthz":
            return False
        self.answer(200, "text/plain", b"ok")
        return True

    def body(self) -> bytes:
        """The request's bytes. Raises TooLong."""
        length = int(self.headers.get("Content-Length", "0"))
        if not 0 < length <= self.most:
            raise TooLong("the request is empty or too long")
        return self.rfile.read(length)

    def answer(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the supervisor's log is for what people must see."""


class GatewayFrame(Frame):
    """The doors of a Gateway: pages, POST /modes (form) for its failures, everything else JSON with
    `Authorization: Bearer <secret>`."""

    gateway: Gateway

    def do_GET(self) -> None:
        if self.healthy():
            return
        shown = self.gateway.shown(self.path)
        if shown is not None:
            self.answer(200, *shown)
        else:
            self._asked("GET", b"")

    def do_POST(self) -> None:
        try:
            body = self.body()
        except TooLong as error:
            self.answer(413, "text/plain", str(error).encode())
            return
        if self.path == "/modes":
            self.gateway.set_modes(form(body))
            self.answer(200, "text/plain", b"ok")
        else:
            self._asked("POST", body)

    def _asked(self, method: str, body: bytes) -> None:
        if slow := self.gateway.modes["slow"]:
            time.sleep(float(slow))
        given = self.headers.get("Authorization", "").encode()
        known = hmac.compare_digest(given, f"Bearer {self.gateway.secret}".encode())
        status, told = outcome(lambda: self._done(known, method, body))
        self.answer(status, "application/json", json.dumps(told, ensure_ascii=False).encode())

    def _done(self, known: bool, method: str, body: bytes) -> dict[str, Any]:
        if self.gateway.modes["down"]:
            raise Declined(503, "the gateway is down")
        if not known:
            raise Declined(401, "not a customer")
        return self.gateway.done(method, self.path, body)


def make_server(host: str, port: int, handler: type[Frame], **attributes: Any) -> ThreadingHTTPServer:
    """A server that listens already; `server_port` tells which port when `port` is 0. `attributes` are set
    on a handler class of this server's own."""
    return ThreadingHTTPServer((host, port), type(handler.__name__, (handler,), attributes))


def run(description: str, serve: Callable[[str, int, Path], None]) -> None:
    """The command line of a party that is started by itself."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    serve(chosen.host, chosen.port, chosen.folder)
