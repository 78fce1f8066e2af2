"""What the demonstration's outside parties share: a small HTTP server, each in a process of its own.

Not for production: no TLS, one machine, everything that is asked is answered in order of arrival.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class TooLong(ValueError):
    """The request's body is empty or longer than this party reads."""


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
