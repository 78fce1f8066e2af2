"""An evaluation site in this process: its device, gateways that speak, and a hall that asks for what a test wants."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from config.device import b64, unb64
from config.site import Site
from plugins.outbound import Unreachable
from plugins.sms.client import HttpGateway
from plugins.sms.simulator import Gateway as Texts
from plugins.sms.simulator import make_server as texts_server
from plugins.voice.client import HttpVoice
from plugins.voice.simulator import Gateway as Telephones
from plugins.voice.simulator import make_server as telephones_server
from tests.pki import NOW, Clock, running
from trading import hpke
from trading.clock import rfc3339
from trading.draws import names
from trading.draws.announcement import parse_params
from trading.draws.candidates import Candidate, build_list
from trading.draws.hashing import FAMILIES
from trading.draws.service import openings_document
from trading.ledger import canonical

PLACE, SPECIALITY, TENDER = "三楼评标室2", "计算机设备", "D01440300261122000100"
AT = NOW + timedelta(days=1)
WINDOW = timedelta(minutes=3)
FAST = {"ring": "0.001", "think": "0.001"}
STRATUM = "A02"
TRUSTEES = ["audit", "notary", "university"]


def person(number: int) -> dict[str, Any]:
    """A pool person's record; two of them have one employer."""
    return {
        "id": f"E{number}",
        "name": f"专家{number}",
        "org": f"9144030010000000{number // 2:02d}",
        "cats": [STRATUM],
    }


@dataclass
class Drawn:
    """One draw of a committee's members as the hall knows it, and what the device shall be asked about it."""

    params: dict[str, Any]
    openings: bytes
    sealed: bytes
    handles: list[str]
    """of the persons 0, 1, 2 … of the pool"""

    @property
    def ann(self) -> str:
        return parse_params(self.params).hash.hex()

    def given(self) -> dict[str, Any]:
        return {
            "draw": self.ann, "params": self.params, "sealed": b64(self.sealed),
            "openings_sha256": hashlib.sha256(self.openings).hexdigest(),
        }  # fmt: skip


def draw(site_key: bytes, number: int = 1, size: int = 8) -> Drawn:
    """The n-th draw of the committee of TENDER."""
    count = iter(range(1, 1000))
    rng = lambda length: hashlib.sha256(bytes([number]) + next(count).to_bytes(4, "big")).digest()[:length]  # noqa: E731
    family = FAMILIES["sha256"]
    scope = f"{TENDER}/panel/{number}"
    people = [Candidate(person(n), (STRATUM,), (person(n)["org"],)) for n in range(size)]
    listed = build_list(family, scope, people, 1, rng)
    params = {
        "v": 1, "alg": "sha256", "scope": scope, "prev": None, "list_root": listed.root(family).hex(),
        "list_size": size, "strata": [{"id": STRATUM, "quota": 5, "tags": [STRATUM]}], "cap": 1, "trustees": TRUSTEES,
        "k": 2, "must": TRUSTEES, "beacon": None, "t_commit": 1, "t_freeze": 2, "t_reveal": 3,
    }  # fmt: skip
    found = parse_params(params)
    openings = openings_document(found, listed, people)
    by_id = {record["id"]: h for h, (_nonce, record) in listed.openings.items()}
    handles = [by_id[f"E{n}"] for n in range(size)]
    phones = {h: f"1380000000{n}" for n, h in enumerate(handles)}
    readers = {"site": site_key, "regulator": hpke.public_key(hpke.X_WING, bytes(32))}
    return Drawn(params, openings, names.seal_names(found, readers, openings, phones, rng), handles)


class Hall:
    """What the device asks: it answers what a test has put into `wanted`, and keeps all that is handed in."""

    def __init__(self) -> None:
        self.wanted: dict[str, list[dict[str, Any]]] = {"calls": [], "arrivals": [], "open": []}
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.refusing = False

    def want_calls(self, drawn: Drawn, handles: list[str], number: int = 0, **more: Any) -> None:
        script = {"at": rfc3339(AT), "place": PLACE, "specialities": {STRATUM: SPECIALITY}}
        row = {"number": number, "call": [[STRATUM, h] for h in handles], "script": script, "tender": TENDER}
        until = {"until": int((NOW + WINDOW).timestamp()), "asked_before": [], "earlier": {}}
        self.wanted["calls"] = [drawn.given() | row | until | more]

    def answer(self, path: str, body: Mapping[str, Any]) -> Any:
        document = canonical.loads(unb64(body["document"]))
        if path == "/api/site/wanted":
            return json.loads(json.dumps(self.wanted))
        if self.refusing:
            raise Unreachable("the hall does not answer")
        self.received.append((path, document))
        if path == "/api/site/waves":
            self.wanted["calls"] = []
        return {}

    def waves(self) -> list[dict[str, Any]]:
        return [said for path, said in self.received if path == "/api/site/waves"]


class Stamp:
    """Signs in no time: a digest."""

    def sign(self, data: bytes, at: object) -> bytes:
        return hashlib.sha256(data).digest()


class WiredSite(Site):
    """The device with a line to the hall of a test; `certified` is its real signature."""

    wire: Hall

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.certified, self.signer = self.signer, Stamp()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self.wire.answer(path, body)

    def lines(self) -> list[dict[str, Any]]:
        path = self.folder / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@dataclass
class Scene:
    """Device, hall and gateways; `clock` is everybody's."""

    folder: Path
    hall: Hall
    telephones: Telephones
    texts: Texts
    voice: HttpVoice
    sms: HttpGateway
    clock: Clock
    site: WiredSite = field(init=False)

    def __post_init__(self) -> None:
        self.switch_on()

    def switch_on(self) -> WiredSite:
        """The device starts (again), from what its folder keeps."""
        self.site = WiredSite(self.folder, "http://hall", self.voice, self.sms, spoken)
        self.site.wire, self.site.now = self.hall, self.clock
        return self.site

    @property
    def key(self) -> bytes:
        return hpke.public_key(hpke.X_WING, (self.folder / "hpke.key").read_bytes())

    def behave(self, *does: str, **more: str) -> None:
        """What people do who are called, in the order of their first call."""
        self.telephones.set_modes(FAST | {"behaviour": " ".join(does)} | more)

    def work_until(self, done: Callable[[], bool], seconds: float = 10) -> None:
        limit = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < limit, self.site.lines()
            self.site.work()
            time.sleep(0.002)

    def settle(self) -> dict[str, Any]:
        """Work until a wave more is handed in; returns it."""
        before = len(self.hall.waves())
        self.work_until(lambda: len(self.hall.waves()) > before)
        return self.hall.waves()[-1]


def spoken(words: Any) -> str:
    """The source words with their values filled in."""
    return words.interpolate()


@contextmanager
def scene(device: Path, folder: Path) -> Iterator[Scene]:
    """A scene whose device is a copy of the one in `device`."""
    shutil.copytree(device, folder / "site")
    clock = Clock()
    telephones, texts = Telephones(folder / "voice", clock), Texts(folder / "sms", clock)
    telephones.set_modes(FAST)
    with (
        running(telephones_server("127.0.0.1", 0, telephones)) as calls,
        running(texts_server("127.0.0.1", 0, texts)) as messages,
    ):
        voice, sms = HttpVoice(calls, telephones.secret, 2), HttpGateway(messages, texts.secret, 2)
        yield Scene(folder / "site", Hall(), telephones, texts, voice, sms, clock)
