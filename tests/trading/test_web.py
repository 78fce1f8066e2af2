"""What the floor answers to requests that nobody can mean, and what its logs keep to themselves."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from webtest import TestApp

NESTED = "[" * 100_000


@pytest.mark.parametrize("address", ["/?q=%00", "/tenders/%00", "/api/tenders/%00/policy", "/%ff", "/?q=%ff"])
def test_an_address_that_cannot_be_read_is_the_askers_fault(app: TestApp, address: str) -> None:
    assert app.get(address, status=400).json["code"] == "request.malformed"


@pytest.mark.parametrize("body", [NESTED, '{"tender":"\\u0000"}'])
def test_a_body_that_cannot_be_read_is_the_askers_fault(app: TestApp, body: str) -> None:
    answer = app.post("/api/bids/uploads", body, content_type="application/json", status=400)
    assert answer.json["code"] == "request.malformed"


@pytest.mark.parametrize(
    ("back", "target"),
    [
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/x", "/x"),
        ("javascript:1", "/"),
        ("/desk?a=1", "/desk?a=1"),
    ],
)
def test_the_language_switch_leads_back_to_this_hall_only(app: TestApp, back: str, target: str) -> None:
    location = app.get("/locale/en", {"back": back}, status=303).headers["Location"]
    assert location == "http://localhost" + target


def test_an_error_of_the_database_does_not_log_the_values(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as error:
        connection.execute(text("SELECT CAST(:secret AS integer)"), {"secret": "who-bids"})
    assert "SELECT CAST" in str(error.value)
    assert "[parameters" not in str(error.value)
