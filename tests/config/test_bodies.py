"""The size of requests is judged before a byte of them is read."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import pytest

from config.bodies import limited


class Untouched(io.BytesIO):
    """A body that must not be read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError("the body was read")


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]


def status(body: io.BytesIO, **environ: str) -> str:
    said: list[str] = []
    answer = limited(echo, most=10)(
        {"wsgi.input": body, **environ}, lambda status, headers: said.append(status)
    )
    assert b"".join(answer) is not None
    return said[0]


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({"CONTENT_LENGTH": "11"}, "413 Content Too Large"),
        ({"CONTENT_LENGTH": "9" * 5000}, "413 Content Too Large"),
        ({"CONTENT_LENGTH": "-1"}, "411 Length Required"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, "411 Length Required"),
    ],
)
def test_what_is_too_large_or_of_unknown_length_is_refused_unread(
    environ: dict[str, str], wanted: str
) -> None:
    assert status(Untouched(), **environ) == wanted


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "10"}, {"CONTENT_LENGTH": ""}, {}])
def test_everything_else_goes_through(environ: dict[str, str]) -> None:
    assert status(io.BytesIO(b"0123456789"), **environ) == "200 OK"
