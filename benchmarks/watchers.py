"""Many watchers of one live channel, against a few: the last one's delay, and what bidders notice of it.

`python -m benchmarks.watchers [watchers] [events]`: the watchers are open event streams held by a process of
its own, each with the address of another network, as behind the hall's proxy; every event carries the monotonic clock of its making, so a delay counts from before the act's commit
to the byte at the watcher. Meanwhile one bidder submits bid after bid; its submissions are measured with few
and with many watchers.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.hall import (
    Memory,
    Timed,
    hall_processes,
    quantile,
    ratios,
    registry_of,
    running,
    seal_one,
    spread,
)
from config import bidder as device
from config.demo import people
from config.demo.client import Person
from config.demo.seed import open_tender
from config.supervisor import Hall
from trading.db import committing
from trading.live import announce

FEW = 10
EVERY = 0.25
"""seconds between two events"""
SIZE = 64 << 10
ROUNDS, BIDS = 3, 20


async def follow(
    port: int, path: str, address: str, delays: dict[int, list[float]], ready: asyncio.Semaphore
) -> None:
    """One watcher: notes each event's delay. Raises SystemExit when it is not let in."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET {path} HTTP/1.1\r\nHost: hall\r\nAccept: text/event-stream\r\nX-Forwarded-For: {address}\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.readline()
    if b" 200 " not in answer:
        raise SystemExit(f"a watcher was turned away: {answer!r}")
    ready.release()
    while line := await reader.readline():
        if line.startswith(b"data: "):
            data = json.loads(line[6:])["data"]
            if "made" in data:
                delays.setdefault(data["number"], []).append(time.monotonic() - float(data["made"]))
    writer.close()


async def watch(port: int, path: str, count: int) -> None:
    """All watchers of this process, until a line arrives on its input; prints the delays."""
    delays: dict[int, list[float]] = {}
    ready = asyncio.Semaphore(0)
    tasks = []
    for number in range(count):
        address = f"198.18.{number // 250}.{number % 250}"
        tasks.append(asyncio.create_task(follow(port, path, address, delays, ready)))
        if number % 50 == 49:
            await asyncio.sleep(0.05)
    for _ in range(count):
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()
    print(json.dumps(delays), flush=True)


@dataclass
class Found:
    """What was seen with so many watchers; seconds."""

    last: list[float] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    lost: int = 0
    mb: float = 0.0


def measure(
    hall: Hall, registry: Any, code: str, bids: list[Any], count: int, events: int, found: Found
) -> None:
    """`count` watchers, `events` events at least, and submissions meanwhile."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.watchers",
        "--watch",
        hall.environment["TRADEHALL_LIVE_PORT"],
    ]
    command += [f"/live/tender/{code}", str(count)]
    memory, own = Memory(hall_processes(hall, "live")), Timed(hall, "bidder1")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout and watching.stdin
        if watching.stdout.readline() != "ready\n":
            raise SystemExit("not every watcher was let in")
        time.sleep(2)
        handed = threading.Event()

        def tell() -> None:
            nonlocal events
            told = 0
            while told < events or not handed.is_set():
                with committing(registry["sessions"]) as session:
                    made = repr(time.monotonic())
                    announce(session, registry["queue"], f"tender:{code}", "bench", number=told, made=made)
                told += 1
                time.sleep(EVERY)
            events = told

        with ThreadPoolExecutor(1) as pool:
            telling = pool.submit(tell)
            for bid in bids:
                device.submit(own, bid.sealed)
            handed.set()
            telling.result()
        time.sleep(2)
        memory.look()
        out, _ = watching.communicate("\n")
    delays = json.loads(out)
    found.last += [max(each) for each in delays.values()]
    found.lost += events * count - sum(len(each) for each in delays.values())
    found.accepted += own.submitted
    found.mb = max(found.mb, memory.peak)


def prepare(hall: Hall, count: int, folder: Path) -> tuple[str, list[Any]]:
    """A tender, and one bidder's bids, each replacing the one before."""
    code = open_tender(Person(hall.url, hall.state, "agent"))
    policy = device.fetch_policy(device.Hall(hall.url), code)
    key_file, before, bids = people.folder_of(hall.state) / "bidder1.key.pem", None, []
    for number in range(1, count + 1):
        bids.append(seal_one(policy.raw, key_file, folder / f"{code}-{number}", SIZE, number, before))
        before = bids[-1].manifest.hash
    return code, bids


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    if arguments[:1] == ["--watch"]:
        asyncio.run(watch(int(arguments[1]), arguments[2], int(arguments[3])))
        return
    many, events = ([int(word) for word in arguments] + [300, 20][len(arguments) :])[:2]
    few, all_ = Found(), Found()
    with tempfile.TemporaryDirectory() as papers, running(TRADEHALL_PROXIES="1") as hall:
        registry = registry_of(hall)
        for _ in range(ROUNDS):  # in turn, so that what else the machine does touches both alike
            for count, found in ((FEW, few), (many, all_)):
                measure(
                    hall, registry, *prepare(hall, BIDS, Path(papers)), count, -(-events // ROUNDS), found
                )
    print(
        f"{many} watchers of one channel, {len(all_.last)} events, against {FEW} watchers; {len(all_.accepted)} bids each"
    )
    for words, those, base in (
        ("the last watcher's delay", all_.last, few.last),
        ("acceptance meanwhile", all_.accepted, few.accepted),
    ):
        print(f"  {words}: {spread(those)}; with {FEW}: {spread(base)}; {ratios(those, base)}")
    each = (all_.mb - few.mb) / (many - FEW) * 1000
    print(
        f"  live process: {all_.mb:.0f} MB, with {FEW}: {few.mb:.0f} MB, {each:.0f} kB a watcher; events lost: {all_.lost}"
    )
    if all_.lost or few.lost:
        raise SystemExit("watchers missed events")
    if quantile(all_.accepted, 0.99) > 0.15:
        print("  (more than 150 ms)")


if __name__ == "__main__":
    main(sys.argv[1:])
