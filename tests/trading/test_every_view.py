"""What must hold for every page that any room registers."""

from __future__ import annotations

import re

from pyramid.config import Configurator
from webtest import TestApp

from tests.helpers import hall_party, hall_user, log_in
from trading.permissions import Permission
from trading.web import PUBLIC


def test_every_view_of_a_route_names_a_permission_of_the_table(app: TestApp, config: Configurator) -> None:
    found = {}
    for item in config.introspector.get_category("views"):
        view = item["introspectable"]
        if view["route_name"] is None or str(view["route_name"]).startswith("__"):
            continue
        named = [related.title for related in item["related"] if related.category_name == "permissions"]
        found[str(view["route_name"]), str(view["callable"])] = named
    allowed = set(config.registry["permissions"]) - {Permission.NOBODY} | {PUBLIC}
    assert found
    assert {key: named for key, named in found.items() if not set(named) & allowed} == {}


def posting_routes(config: Configurator) -> list[str]:
    """Addresses of the routes whose views take POST and want a CSRF token, parts filled in."""
    patterns = {
        item["introspectable"]["name"]: item["introspectable"]["pattern"]
        for item in config.introspector.get_category("routes")
        if not str(item["introspectable"]["name"]).startswith("__")
    }
    addresses = set()
    for item in config.introspector.get_category("views"):
        view = item["introspectable"]
        methods = view["request_methods"]
        takes_post = methods is None or "POST" in methods
        if view["route_name"] in patterns and takes_post and view["require_csrf"] is not False:
            addresses.add(re.sub(r"\{[^}]*\}|\*\w+", "1", str(patterns[view["route_name"]])))
    return sorted(addresses)


def test_a_post_without_its_token_changes_nothing_whoever_sends_it(
    app: TestApp, config: Configurator
) -> None:
    user = hall_user(config, "bidder", party=hall_party(config))
    browser = log_in(app, config, user)
    addresses = posting_routes(config)
    assert "/logout" in addresses
    for address in addresses:
        assert app.post(address, status="*").status_int in (400, 401, 403, 404), address
        assert browser.post(address, status="*").status_int in (400, 403, 404), address
    assert browser.get("/account").status_int == 200


def test_a_stranger_is_sent_to_the_login_page_and_back(app: TestApp) -> None:
    answer = app.get("/account?x=1", status=303)
    assert answer.location.endswith("/login?next=%2Faccount%3Fx%3D1")


def test_a_program_without_a_key_gets_a_problem_instead_of_a_page(app: TestApp) -> None:
    answer = app.get("/api/certificates", status=401)
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "login-needed"
