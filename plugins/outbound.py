"""Requests to outside parties whose addresses stand in the settings.

Never for an address found inside a document or a certificate. No proxy, no redirect (a redirect could
lead past the allow-list), a size limit and a timeout on every answer.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

MAX_ANSWER = 32 * 1024 * 1024


class Unreachable(Exception):
    """The party did not answer, or not with a success. `status` is the HTTP status, 0 when none came."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def fetch(
    url: str,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 5.0,
    limit: int = MAX_ANSWER,
) -> bytes:
    """The body of a GET (or, with `data`, a POST) of an http(s) `url`; `timeout` in seconds, `limit` in
    bytes. Raises `Unreachable`."""
    status, _headers, body = exchange(url, data, headers, timeout, limit)
    if not 200 <= status < 300:
        detail = body[:500].decode("utf-8", "replace")
        raise Unreachable(f"{url} answered {status}: {detail}", status)
    return body


def exchange(
    url: str,
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 5.0,
    limit: int = MAX_ANSWER,
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of whatever the party answers, refusals included. Raises `Unreachable`."""
    if not url.startswith(("http://", "https://")):
        raise Unreachable(f"not an http address: {url}")
    request = urllib.request.Request(url, data=data, headers=dict(headers or {}))
    try:
        try:
            answer = _opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read(limit)
        with answer:
            return answer.status, dict(answer.headers), _whole(url, answer, limit)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{url} did not answer: {error}") from error


def ask_json(url: str, secret: str, body: Mapping[str, Any] | None, timeout: float) -> tuple[int, Any]:
    """Status and JSON of the answer of a party that knows us by a secret. Raises `Unreachable`, also for an
    answer that is not JSON."""
    data = json.dumps(body, ensure_ascii=False).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    status, _headers, answer = exchange(url, data, headers, timeout)
    try:
        return status, json.loads(answer)
    except ValueError as error:
        raise Unreachable(f"{url} answered {status} without JSON", status) from error


def _whole(url: str, answer: http.client.HTTPResponse, limit: int) -> bytes:
    """The body of a success. Raises Unreachable for a longer one than `limit`, IncompleteRead for a part."""
    body = answer.read(limit + 1)
    if len(body) > limit:
        raise Unreachable(f"{url} answered with more than {limit} bytes")
    if answer.length:  # reading a part does not tell that the rest is missing
        raise http.client.IncompleteRead(body, answer.length)
    return body
