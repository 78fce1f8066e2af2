"""A fault of ours is told in words, and changes nothing."""

from __future__ import annotations

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
