"""How large a request may be (请求大小): asked before anything reads its body.

The retry of transactions keeps a copy of every body, so a limit inside the application would come too
late. Without a length it is refused as well: nobody could tell how much would follow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

MOST_BODY = 42_000_000
"""Bytes: a signed contract of 30 MB in base64 is the largest thing that is sent in one request."""

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def limited(application: Application, most: int = MOST_BODY) -> Application:
    """The WSGI application, behind a look at the length that a request announces."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if "HTTP_TRANSFER_ENCODING" in environ or not (length.isascii() and length.isdigit()):
            return refuse(
                start_response,
                "411 Length Required",
                "body.length",
                "请求必须注明长度 / The request must say its length",
            )
        if int(length[:20]) > most:
            return refuse(
                start_response, "413 Content Too Large", "body.size", "请求过大 / The request is too large"
            )
        return application(environ, start_response)

    return guarded


def refuse(start_response: Any, status: str, code: str, words: str) -> Iterable[bytes]:
    """problem+json in both languages: who asks is not known yet."""
    body = {"type": "about:blank", "title": words, "status": int(status[:3]), "code": code, "faults": []}
    data = json.dumps(body, ensure_ascii=False).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(data)))]
    start_response(status, headers)
    return [data]
