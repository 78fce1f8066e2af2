"""A fault of ours is told in words, and changes nothing."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from pyramid.request import Request
from sqlalchemy import text
from webtest import TestApp

from trading.web import PUBLIC


def test_a_crash_is_a_page_in_words_and_rolls_everything_back(config: Configurator) -> None:
    def crash(request: Request) -> None:
        request.db.execute(text("CREATE TABLE half_done ()"))
        raise ZeroDivisionError("secret detail")

    config.add_route("crash", "/crash")
    config.add_view(crash, route_name="crash", permission=PUBLIC)
    app = TestApp(config.make_wsgi_app())
    page = app.get("/crash", status=500)
    assert "平台发生故障" in page.text and "secret detail" not in page.text
    problem = app.get("/crash", headers={"Accept": "application/json"}, status=500)
    assert problem.json["code"] == "crash"
    session = config.registry["sessions"]()
    assert session.execute(text("SELECT to_regclass('half_done')")).scalar() is None
    session.close()


def test_the_log_of_a_crash_holds_its_trace_but_no_values(
    config: Configurator, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(request: Request) -> None:
        bidder = " ".join(["who", "bids", "here"])
        raise ZeroDivisionError(len(bidder))

    config.add_route("crash", "/crash")
    config.add_view(crash, route_name="crash", permission=PUBLIC)
    TestApp(config.make_wsgi_app()).get("/crash", status=500)
    said = capsys.readouterr().out
    assert "raise ZeroDivisionError(len(bidder))" in said
    assert "who bids here" not in said
    assert len(said) < 20_000
