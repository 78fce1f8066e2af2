"""A person of the demonstration at their own computer: asks the hall over HTTP, signs with their own key."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bidding.vault.encoding import b64, unb64
from config.bidder import Hall
from config.demo import people
from config.demo.cast import PASSWORD
from plugins.x509_signatures.signer import FileSigner
from trading import clock


class Person:
    """One person with an API key and a certificate key file."""

    def __init__(self, hall: str, state: Path, login: str) -> None:
        known = people.load(state)[login]
        self.login = login
        self.name = known["name"]
        self.api_key = known["api_key"]
        self.hall = Hall(hall, self.api_key)
        self.key_file = people.folder_of(state) / f"{login}.key.pem"
        self.signer = FileSigner.from_file(self.key_file, PASSWORD.encode())

    def get(self, path: str) -> Any:
        """A JSON answer. Raises HallRefused."""
        return json.loads(self.hall.get(path))

    def post(self, path: str, body: Any = None) -> Any:
        """Post JSON; returns the JSON answer. Raises HallRefused."""
        return self.hall.post(path, {} if body is None else body)

    def sign(self, data: bytes) -> str:
        """A detached CMS over `data`, base64url."""
        return b64(self.signer.sign(data, clock.now()))

    def sign_b64(self, data: str) -> str:
        """The same over base64url bytes, as the hall hands them out to be signed."""
        return self.sign(unb64(data))


def until(look: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Look again until something is there. Raises TimeoutError naming what was waited for."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"waited {seconds:.0f} s for {what}")
