"""A whole hall for a benchmark, people who use it, and the figures that all of them print."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pyotp

from bidding.vault.policy import Policy, parse_policy
from config import bidder as device
from config import supervisor
from config.demo import clock as demo_clock
from config.demo import people
from config.demo.client import Person
from config.supervisor import Hall
from trading import clock
from trading.accounts import service
from trading.acts import process
from trading.db import committing
from trading.parties.codes import compose
from trading.permissions import Role

ITEM = {"name": "电脑", "brand": "启明", "unit": "台", "quantity": "500", "unit_price": "4000.00"}


@contextmanager
def running(state: Path | None = None, **settings: str) -> Iterator[Hall]:
    """All processes of a hall with the demonstration's people; its environment is this process's, too.
    `settings` are variables of that environment."""
    with (
        surrounded(settings),
        tempfile.TemporaryDirectory(prefix="th-") as short,
        supervisor.running(state or Path(short), 0) as hall,
        surrounded(hall.environment),
    ):
        command = [sys.executable, "-m", "config.cli", "seed", "--hall", hall.url, "--people-only"]
        subprocess.run(command, env=hall.environment, check=True)
        yield hall


@contextmanager
def surrounded(environment: Mapping[str, str]) -> Iterator[None]:
    """This process's environment with more in it, while the block lasts."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def registry_of(hall: Hall) -> Any:
    """The hall's registry in this process: its database, keys and ports."""
    from config.app import make_config
    from config.settings import from_environment

    config = make_config(from_environment())
    config.commit()
    return config.registry


def enlist(hall: Hall, count: int) -> list[str]:
    """Enterprises with one person each, their certificate and API key; returns the logins."""
    registry, folder, demo = registry_of(hall), people.folder_of(hall.state), process("demo")
    known, logins = people.load(hall.state), [f"load{number}" for number in range(count)]
    for number, login in enumerate(logins):
        with committing(registry["sessions"]) as session:
            party = service.create_party(
                session, demo, uscc=compose("9", "1", "440300", f"2{number:07d}"), name=f"负载企业{number}",
                kind="enterprise", size="small", address="示例市建设路1号", legal_representative="（演示）",
                phone="0755-00000000",
            )  # fmt: skip
            secret = pyotp.random_base32()
            user = service.create_user(
                session, registry["keys"], demo, login=login, name=login, password=people.PASSWORD,
                roles=[Role.BIDDER], party=party, totp_secret=secret,
            )  # fmt: skip
            session.flush()
            people.certify(session, registry, user, folder / f"{login}.key.pem")
            key = service.create_api_key(session, demo, user.id, "benchmark")
        known[login] = {"name": login, "totp": secret, "api_key": key}
    (folder / "people.json").write_text(json.dumps(known, ensure_ascii=False))
    return logins


# --- bids -----------------------------------------------------------------------------------------


class Timed(device.Hall):
    """The hall as one bidder asks it; remembers how long each submission took, in seconds."""

    def __init__(self, hall: Hall, login: str) -> None:
        super().__init__(hall.url, people.load(hall.state)[login]["api_key"], patience=300)
        self.submitted: list[float] = []
        self.refused: list[str] = []

    def _once(self, method: str, path: str, body: Any, headers: Any) -> tuple[int, bytes]:
        began = time.perf_counter()
        try:
            answer = super()._once(method, path, body, headers)
        except device.HallRefused as refused:
            self.refused.append(f"{path}: {refused.status}")
            raise
        if path.endswith("/submit"):
            self.submitted.append(time.perf_counter() - began)
        return answer


def seal_one(
    raw: bytes, key_file: Path, folder: Path, size: int, seq: int = 1, replaces: bytes | None = None
) -> device.SealedBid:
    """One bid sealed by the real client, with one file of `size` random bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    paper = folder / "offer.pdf"
    paper.write_bytes(os.urandom(size))
    signer = device.Signer.open(key_file, people.PASSWORD)
    sheet = device.price_sheet([ITEM], 30, "启明")
    return device.seal(
        parse_policy(raw), signer, sheet, [paper], folder, people.PASSWORD,
        rng=os.urandom, seq=seq, replaces=replaces,
    )  # fmt: skip


def seal_all(
    hall: Hall, policy: Policy, logins: Sequence[str], folder: Path, size: int
) -> list[device.SealedBid]:
    """A first bid of each, sealed on all cores before anything is measured."""
    keys = [people.folder_of(hall.state) / f"{login}.key.pem" for login in logins]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = [
            pool.submit(seal_one, policy.raw, key, folder / f"{policy.tender}-{login}", size)
            for key, login in zip(keys, logins, strict=True)
        ]
        return [each.result() for each in waiting]


def facts(hall: Hall, code: str) -> Any:
    return Person(hall.url, hall.state, "agent").get(f"/api/tenders/{code}")


def ahead_to(hall: Hall, instant: datetime) -> None:
    demo_clock.shift_to(demo_clock.file_of(hall.state), instant)


def deadline_of(hall: Hall, code: str) -> datetime:
    return clock.parse_rfc3339(facts(hall, code)["deadline"])


def near(hall: Hall, code: str, seconds: float) -> datetime:
    """Let time run ahead until so many seconds before the tender's deadline; returns the deadline."""
    deadline = deadline_of(hall, code)
    ahead_to(hall, deadline - timedelta(seconds=seconds))
    return deadline


# --- figures --------------------------------------------------------------------------------------


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least this part of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> str:
    """p50, p99 and the largest, in milliseconds."""
    return f"p50 {quantile(values, 0.5) * 1000:.0f} ms, p99 {quantile(values, 0.99) * 1000:.0f} ms, max {max(values) * 1000:.0f} ms"


def ratios(values: Sequence[float], baseline: Sequence[float]) -> str:
    """p50 and p99 against those of the baseline."""
    p50, p99 = (quantile(values, part) / quantile(baseline, part) for part in (0.5, 0.99))
    return f"ratio p50 {p50:.2f}, p99 {p99:.2f}"


@dataclass
class Memory:
    """The largest resident size of some processes together, in MB, looked at while a block runs. What processes share
    counts in each, or in parts, `pss`, which takes longer to find out."""

    find: Callable[[], list[psutil.Process]]
    kind: str = "rss"
    peak: float = 0.0
    marks: list[float] = field(default_factory=list)

    def look(self) -> None:
        total = 0
        for each in self.find():
            try:
                info = each.memory_full_info() if self.kind == "pss" else each.memory_info()
                total += getattr(info, self.kind)
            except psutil.Error:
                continue
        self.marks.append(total / 1e6)
        self.peak = max(self.peak, total / 1e6)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look twice a second while the block lasts."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                self.look()

        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        yield
        over.set()
        watching.join()


def cpu_seconds(find: Callable[[], list[psutil.Process]]) -> float:
    """Processor time that some processes have used by now: what else the machine does hardly touches it."""
    times = [each.cpu_times() for each in find()]
    return sum(each.user + each.system for each in times)


def hall_processes(hall: Hall, name: str) -> Callable[[], list[psutil.Process]]:
    """Finds the processes of one child of the hall's family, with what it started."""
    child = next(child for child in hall.family.children if child.name == name)

    def find() -> list[psutil.Process]:
        if child.process is None:
            return []
        try:
            top = psutil.Process(child.process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:  # it ends, or is just being started again
            return []

    return find
