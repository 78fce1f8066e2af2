"""Many watchers of one live channel, against a few: the last one's delay, and what bidders notice of it.

`python -m benchmarks.watchers [watchers] [events]`: the watchers are open event streams held by a process of
its own; every event carries the monotonic clock of its making, so a delay counts from before the act's commit
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


async def follow(port: int, path: str, delays: dict[int, list[float]], ready: asyncio.Semaphore) -> None:
    """One watcher: notes each event's delay."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: hall\r\nAccept: text/event-stream\r\n\r\n".encode())
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
        tasks.append(asyncio.create_task(follow(port, path, delays, ready)))
        if number % 50 == 49:
            await asyncio.sleep(0.05)
    for _ in range(count):
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()
    print(json.dumps(delays), flush=True)


def measure(hall: Hall, registry: Any, bids: list[Any], code: str, count: int, events: int) -> dict[str, Any]:
    """`count` watchers, `events` events, and submissions meanwhile."""
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
        assert watching.stdout.readline() == "ready\n"
        time.sleep(2)
        over = threading.Event()

        def tell() -> None:
            for number in range(events):
                with committing(registry["sessions"]) as session:
                    made = repr(time.monotonic())
                    announce(session, registry["queue"], f"tender:{code}", "bench", number=number, made=made)
                time.sleep(EVERY)
            over.set()

        threading.Thread(target=tell, daemon=True).start()
        while bids:
            device.submit(own, bids.pop(0).sealed)
            if over.is_set() and len(own.submitted) >= 20:
                break
        over.wait()
        time.sleep(2)
        memory.look()
        out, _ = watching.communicate("\n")
    delays = json.loads(out)
    lost = events * count - sum(len(each) for each in delays.values())
    return {
        "last": [max(each) for each in delays.values()],
        "lost": lost,
        "accepted": own.submitted,
        "mb": memory.peak,
    }


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
    with tempfile.TemporaryDirectory() as papers, running() as hall:
        registry, found = registry_of(hall), {}
        for count in (FEW, many):
            code, bids = prepare(hall, 40, Path(papers))
            found[count] = measure(hall, registry, bids, code, count, events)
    few, all_ = found[FEW], found[many]
    print(f"{many} watchers of one channel, {events} events, against {FEW} watchers")
    print(
        f"  the last watcher's delay: {spread(all_['last'])}; of {FEW}: {spread(few['last'])}; {ratios(all_['last'], few['last'])}"
    )
    print(
        f"  acceptance meanwhile: {spread(all_['accepted'])}; with {FEW}: {spread(few['accepted'])}; {ratios(all_['accepted'], few['accepted'])}"
    )
    each = (all_["mb"] - few["mb"]) / (many - FEW) * 1000
    print(
        f"  live process: {all_['mb']:.0f} MB, with {FEW}: {few['mb']:.0f} MB, {each:.0f} kB a watcher; events lost: {all_['lost']}"
    )
    if all_["lost"] or few["lost"]:
        raise SystemExit("watchers missed events")
    if quantile(all_["accepted"], 0.99) > 0.15:
        print("  (more than 150 ms)")


if __name__ == "__main__":
    main(sys.argv[1:])
