"""What services beside the hall share (外部设备): a folder of their own, a certificate key, an encryption key, and one hall
that they ask. They need no inbound port."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from config.pauses import uneven
from plugins.outbound import Unreachable, fetch
from plugins.x509_signatures import signer_from
from trading.clock import now, rfc3339
from trading.draws.cards import build_question
from trading.errors import Refused
from trading.secrets import load_master

FRESH = 60
"""seconds after which a question is signed anew"""


class Device:
    """`folder` holds `config.json` (with the device's `name`), `key.pem` (certificate key), `hpke.key` (32 bytes: what is for
    this device is encrypted to it), `trust/` (roots it pins) and `log.jsonl` (what it did or declined)."""

    def __init__(
        self, folder: Path, hall: str, crl_addresses: str = "", rng: Callable[[int], bytes] = os.urandom
    ) -> None:
        self.folder, self.hall, self.rng = folder, hall.rstrip("/"), rng
        self.known: dict[str, Any] = json.loads((folder / "config.json").read_text())
        self.seed = load_master(folder / "hpke.key")
        self.settings = {
            "signatures.folder": str(folder / "trust"),
            "signatures.crl_addresses": crl_addresses,
        }
        self.signer = signer_from(self.settings | {"signatures.signer": str(folder / "key.pem")})
        self._said: dict[tuple[str, str], str] = {}
        self._question: tuple[float, dict[str, str]] | None = None

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Post JSON; raises Unreachable with the hall's own words when it refuses."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return json.loads(fetch(self.hall + path, json.dumps(body).encode(), headers))

    def hand_in(self, path: str, document: bytes) -> None:
        """Sign and post a document."""
        self.post(path, self.signed(document))

    def signed(self, document: bytes) -> dict[str, str]:
        return {"document": b64(document), "p7s": b64(self.signer.sign(document, now()))}

    def ask(self, path: str) -> Any:
        """What the hall tells this device alone; the question is signed, and the same one for a minute."""
        at = now().timestamp()
        if self._question is None or not 0 <= at - self._question[0] < FRESH:
            self._question = at, self.signed(build_question(str(self.known["name"]), int(at)))
        return self.post(path, self._question[1])

    def log(self, what: str, draw: str, **more: Any) -> None:
        """One line of what was done or declined; the same again is not repeated."""
        text = json.dumps({"what": what, "draw": draw, **more}, ensure_ascii=False)
        if self._said.get((draw, what)) == text:
            return
        self._said[draw, what] = text
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps({"at": rfc3339(now()), **json.loads(text)}, ensure_ascii=False) + "\n")

    def work(self) -> bool:
        """One look; whether there was something to do. Raises Unreachable."""
        raise NotImplementedError

    def serve(self, stop: threading.Event, pause: float, busy: float) -> None:
        """Work until `stop` is set; seconds between two looks without and with work."""
        while not stop.is_set():
            worked = False
            try:
                worked = self.work()
            except (Unreachable, Refused, ValueError, KeyError, TypeError) as error:
                self.log("no answer", "", reasons=[repr(error)])
            stop.wait(busy if worked else uneven(pause))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
