from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from plugins.outbound import Unreachable, fetch
from tests.pki import running


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/body")
        else:
            self.send_response(200 if self.path in ("/body", "/broken") else 500)
        if self.path == "/broken":
            self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b"0123456789")

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def address() -> object:
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as found:
        yield found


def test_a_body_within_the_limit_is_returned(address: str) -> None:
    assert fetch(address + "/body", limit=10) == b"0123456789"


def test_a_body_beyond_the_limit_is_refused(address: str) -> None:
    with pytest.raises(Unreachable, match="more than 9 bytes"):
        fetch(address + "/body", limit=9)


def test_a_redirect_is_not_followed(address: str) -> None:
    with pytest.raises(Unreachable) as caught:
        fetch(address + "/elsewhere")
    assert caught.value.status == 302


def test_a_proxy_of_the_environment_is_not_used(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetch(address + "/body")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "/etc/hostname"])
def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(Unreachable, match="not an http address"):
        fetch(url)


def test_an_answer_that_breaks_off_is_no_answer(address: str) -> None:
    with pytest.raises(Unreachable, match="did not answer"):
        fetch(address + "/broken")
