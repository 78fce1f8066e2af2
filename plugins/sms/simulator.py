"""A text message gateway for demonstrations: a process of its own that keeps every message in its folder (SQLite).

For the hall, with its secret: POST /messages · GET /messages/KEY (plugins/sms/client.py)
For people: GET /  what every telephone has received · GET /log the same as JSON · POST /modes  failures that can be set (form):
`down` answers 503, `slow` waits that many seconds, `deaf` numbers (separated by spaces) never get anything.
"""

from __future__ import annotations

import json
from html import escape
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from plugins import simulated
from plugins.simulated import Declined
from trading.clock import BEIJING, parse_rfc3339, rfc3339
from trading.texting import LONGEST, MOBILE

SECRET = simulated.Gateway.secret_file
MODES = {"down": "", "slow": "", "deaf": ""}
SHOWN = 200
"""messages that the page shows, newest first"""
SCHEMA = """
CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, number TEXT NOT NULL,
  text TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL);
"""


class Gateway(simulated.Gateway):
    """The messages in `folder`; the hall's secret is made when there is none."""

    file, schema, failures = "messages.sqlite", SCHEMA, MODES

    def take(self, key: str, number: str, text: str) -> None:
        """Take a message once, and deliver it at once. Raises Declined."""
        if not MOBILE.fullmatch(number) or not 0 < len(text) <= LONGEST:
            raise Declined(422, "not a mobile number, or not a text of that length")
        deaf = number in self.modes["deaf"].split()
        state, reason = ("failed", "switched off") if deaf else ("delivered", "")
        with self._lock, self._books:
            known = self._books.execute("SELECT number, text FROM message WHERE key = ?", (key,)).fetchone()
            if known is not None and known != (number, text):
                raise Declined(409, "this key was used for another message")
            if known is None:
                row = (key, number, text, state, reason, rfc3339(self.now()))
                columns = "key, number, text, state, reason, at"
                self._books.execute(f"INSERT INTO message ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row)

    def report(self, key: str) -> dict[str, str]:
        with self._lock:
            row = self._books.execute(
                "SELECT state, at, reason FROM message WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            raise Declined(404, "no such message")
        return dict(zip(("state", "at", "reason"), row, strict=True))

    def done(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        if (method, path) == ("POST", "/messages"):
            asked = json.loads(body)
            self.take(str(asked["key"]), str(asked["number"]), str(asked["text"]))
            return {}
        if method == "GET" and path.startswith("/messages/"):
            return self.report(unquote(path.removeprefix("/messages/")))
        raise Declined(404, "no such page")

    def shown(self, path: str) -> tuple[str, bytes] | None:
        if path == "/":
            return "text/html; charset=utf-8", page(self).encode()
        if path == "/log":
            names = ("at", "number", "text", "state")
            messages = [dict(zip(names, row, strict=True)) for row in self.received()]
            return "application/json", json.dumps({"messages": messages}, ensure_ascii=False).encode()
        return None

    def received(self) -> list[tuple[str, str, str, str]]:
        """(instant, number, text, state) of the newest messages."""
        with self._lock:
            query = "SELECT at, number, text, state FROM message ORDER BY seq DESC LIMIT ?"
            return self._books.execute(query, (SHOWN,)).fetchall()


def serve(host: str, port: int, folder: Path | str) -> None:
    """Serves the gateway whose messages lie in `folder` until the process is ended."""
    make_server(host, port, Gateway(folder)).serve_forever()


def make_server(host: str, port: int, gateway: Gateway) -> ThreadingHTTPServer:
    """A server that listens already; `server_port` tells which port when `port` is 0."""
    return simulated.make_server(host, port, simulated.GatewayFrame, gateway=gateway)


def page(gateway: Gateway) -> str:
    """What every telephone has received, newest first; failures to set."""
    rows = "".join(
        f"<tr><td>{parse_rfc3339(at).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}<td>{escape(number)}"
        f"<td>{escape(text)}<td>{'已送达 / delivered' if state == 'delivered' else '未送达 / failed'}"
        for at, number, text, state in gateway.received()
    )
    fields = "".join(f'<p><label>{name} <input name="{name}"></label>' for name in MODES)
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>短信（模拟）</title><h1>手机短信（模拟） / Telephones (simulated)</h1>"
        "<table border=1 cellpadding=6><tr><th>时间 / Time<th>号码 / Number<th>内容 / Text<th>"
        f"{rows}</table><h2>故障 / Failures</h2>"
        f'<form method="post" action="/modes">{fields}<button>设置 / Set</button></form>'
    )


if __name__ == "__main__":
    simulated.run("A text message gateway for demonstrations.", serve)
