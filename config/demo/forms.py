"""A person of the demonstration who fills in a page's form (演示：网页表单), files and all."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Iterable, Mapping
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from config.demo.client import Person

SUMMARY = re.compile(r'class="error-summary".*?</ul>', re.DOTALL)
HEADING = re.compile(r"<h1>([^<]+)</h1>")
FAULTS = re.compile(r'<li>(?:<a href="#[^"]*">)?([^<]+)')
SIGNED = re.compile(r'name="(\w+)" data-sign-base64="([^"]+)"')


def fill_in(
    who: Person, path: str, fields: Mapping[str, str | list[str]], files: Mapping[str, tuple[str, bytes]] = {}
) -> str:
    """Post a form; returns the page that it leads to. Raises Refusal."""
    token = secrets.token_hex(16)
    pairs = [
        (name, one)
        for name, value in fields.items()
        for one in ([value] if isinstance(value, str) else value)
    ]
    if files:
        boundary = secrets.token_hex(16)
        kind, body = f"multipart/form-data; boundary={boundary}", b"".join(parts(boundary, pairs, files))
    else:
        kind, body = "application/x-www-form-urlencoded", urlencode(pairs).encode()
    request = Request(who.hall.address + path, data=body, headers={"Content-Type": kind})
    for name, text in (
        ("X-CSRF-Token", token), ("Cookie", f"csrf_token={token}"), ("Authorization", f"Bearer {who.api_key}"),
    ):  # fmt: skip
        request.add_header(name, text)
    try:
        with urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        raise Refusal(words_of(error.read().decode())) from error


class Refusal(RuntimeError):
    """The page says no, in these words."""


def words_of(page: str) -> str:
    """Why a page says no: its faults, else its heading."""
    summary = SUMMARY.search(page)
    found = FAULTS.findall(summary[0]) if summary else HEADING.findall(page)
    return " ".join(html.unescape(text).strip() for text in found)


def parts(
    boundary: str, pairs: Iterable[tuple[str, str]], files: Mapping[str, tuple[str, bytes]]
) -> Iterable[bytes]:
    """The pieces of a multipart body."""
    for name, value in pairs:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        yield head.encode() + value.encode() + b"\r\n"
    for name, (file, data) in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        yield head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def sign_on(who: Person, page: str) -> dict[str, str]:
    """What a page asks this person to sign, signed: field → signature in base64url."""
    text = who.hall.get(page).decode()
    return {name: who.sign_b64(html.unescape(data)) for name, data in SIGNED.findall(text)}
