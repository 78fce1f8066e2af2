"""A person of the demonstration at their own computer: asks the hall over HTTP, signs with their own key."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.demo import people
from plugins.x509_signatures.signer import FileSigner
from trading import clock


class HallRefused(Exception):
    """The hall said no; `problem` is its problem+json."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status, self.problem = status, problem
        faults = problem.get("faults") or [{"code": problem.get("code"), "message": problem.get("title")}]
        super().__init__("; ".join(f"{f['code']}: {f['message']} {f.get('rule', '')}" for f in faults))


class Person:
    """One person with an API key and a certificate key file."""

    def __init__(self, hall: str, state: Path, login: str) -> None:
        known = people.load(state)[login]
        self.hall = hall
        self.login = login
        self.name = known["name"]
        self.api_key = known["api_key"]
        self.key_file = people.folder_of(state) / f"{login}.key.pem"
        self.signer = FileSigner.from_file(self.key_file, people.PASSWORD.encode())

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request; returns the JSON answer. Raises HallRefused."""
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(self.hall + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self.api_key}")
        request.add_header("Accept", "application/json")
        request.add_header("Accept-Language", "zh-CN")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as error:
            raw = error.read()
            try:
                problem = json.loads(raw)
            except ValueError:
                problem = {"title": raw[:300].decode(errors="replace"), "code": str(error.code)}
            raise HallRefused(error.code, problem) from error
        return json.loads(raw) if raw else None

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.ask("POST", path, {} if body is None else body)

    def sign(self, data: bytes) -> str:
        """A detached CMS over `data`, base64url."""
        return b64(self.signer.sign(data, clock.now()))

    def sign_b64(self, data: str) -> str:
        """The same over base64url bytes, as the hall hands them out to be signed."""
        return self.sign(unb64(data))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def until(look: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Look again until something is there. Raises TimeoutError naming what was waited for."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"waited {seconds:.0f} s for {what}")
