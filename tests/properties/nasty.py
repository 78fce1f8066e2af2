"""Values that nobody means, as they go over the wire, for every place where a request can hold one (不良输入)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

VALUES = [
    b"%00", b"%ED%A0%80", b"%FF%FE", b"9" * 5000, b"-1", b"1e999999", b"NaN", b"-Infinity", b"0000-00-00",
    b"0001-01-01T00:00:00%2B23:59", b"10000-01-01", b"9999-12-31T23:59:59-23:59", quote("١٢").encode(),
    quote("²").encode(), quote("\u202e<script>'\"--").encode(), b"..%2f..%2fetc%2fpasswd", b"%zz", b"a" * 9000,
    b"%0d%0aX-Evil:%201", b"%2f%2fevil", quote("𝒳" * 400).encode(), b"http://%5B", b"0" * 64,
    b"00000000-0000-0000-0000-000000000000", b"99999999999999999999",
]  # fmt: skip
"""NUL, a lone surrogate, no UTF-8, more digits than Python reads, numbers and dates that are none, other scripts'
digits, paths, headers, addresses."""
HEADERS = {
    "Last-Event-ID": ["-1", "9" * 5000, "\xb2", "NaN"],
    "Cookie": ["hall_session=\xff\xfe", "hall_session=" + "a" * 5000, 'hall_locale="', "=;=;", "hall_csrf=\x00"],
    "Authorization": ["Bearer ", "Bearer \xff\xfe", "Bearer " + "a" * 9000, "Basic =", "Bearer \x00"],
    "Content-Range": ["bytes 0-1/2", "bytes -1-/*", "9" * 5000],
    "X-Content-SHA256": ["", "\xff", "0" * 5000, "zz" * 32],
    "Accept-Language": ["zh;q=9" * 300, ";;=", "\xff"],
    "Accept": ["text/html;q=nan", "*", "application/json" * 200],
    "If-None-Match": ['W/"x', "*", "\xff"],
    "If-Modified-Since": ["0000", "Thu, 99 Nov 99999 99:99:99 GMT"],
    "Range": ["bytes=9-1", "bytes=-", "bytes=0-0,1-1", "bytes=" + "9" * 5000 + "-"],
    "X-Forwarded-For": ["\xff", "1, 2, 3", "::1%eth0", "9" * 5000],
    "Content-Type": ["multipart/form-data", "multipart/form-data; boundary=", "application/json; charset=nonsense"],
    "Content-Length": ["-1", "x"],
    "Referer": ["http://[", "\xff"],
}  # fmt: skip
FORM, JSON, PARTS = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=x"
IN_JSON = [
    None, True, -1, 10**40, 1e308, float("nan"), float("inf"), "", "\x00", "\ud800", "x" * 20000, [], {}, [[None]],
    {"a": [1]}, "0000-00-00", "0001-01-01T00:00:00+23:59", "1e999999", "Infinity", "A" * 43, "=", "1" * 5000,
]  # fmt: skip
BOMBS = [
    b"", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000, b"NaN", b'"\\ud800"',
    b"\xff\xfe\x00", b'{"tender":"\\u0000"}', b'{"tender":"\\ud800"}', b'{"tender":["T-1"]}', b'{"tender":' + b"9" * 5000 + b"}",
]  # fmt: skip
FILES = [
    (b"", b""), (b"\x00", b"\x00"), (b"\xff\xfe", b"\xff"), (b"x", b"../../x"), (b"PK\x03\x04junk", b"a.xlsx"),
    (b"%PDF-1.4", b"a.pdf"), (b"x", b"a" * 300), (b"a,b\n\x00", b"a.csv"), (b"\xed\xa0\x80", None),
]  # fmt: skip
KINDS = [
    "text/plain",
    "",
    "x",
    "application/json;charset=utf-16",
    "multipart/form-data; boundary=" + "x" * 300,
]


def part(name: str, value: bytes, file: bytes | None) -> bytes:
    """One field of a multipart form, as a file where it has a file's name."""
    named = b'; filename="' + file + b'"' if file is not None else b""
    return (
        b'--x\r\nContent-Disposition: form-data; name="'
        + name.encode()
        + b'"'
        + named
        + b"\r\n\r\n"
        + value
        + b"\r\n"
    )


def bodies(fields: list[str], tender: str) -> Iterator[tuple[str, bytes]]:
    """Media type and bytes of requests that carry wrong values in every field there is."""
    for bomb in BOMBS:
        yield JSON, bomb
    for value in IN_JSON:
        yield JSON, json.dumps(dict.fromkeys(fields, value) | {"tender": tender}).encode()
    for raw in VALUES:
        chosen = fields if len(raw) < 100 else fields[::9]
        yield FORM, b"&".join(name.encode() + b"=" + raw for name in chosen)
        yield FORM, b"&".join(name.encode() + b"=" + raw + b"&" + name.encode() + b"=x" for name in chosen)
    for data, file in FILES:
        yield PARTS, b"".join(part(name, data, file) for name in fields) + b"--x--\r\n"
        yield (
            PARTS,
            b"".join(part(name, data, file) + part(name, b"y", None) for name in fields) + b"--x--\r\n",
        )
    for kind in KINDS:
        yield kind, b"\x00\xff\xfe"
    yield FORM, b"&" * 5000
    yield FORM, b"a" * 300_000
    yield PARTS, b"--x\r\n"
