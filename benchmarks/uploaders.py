"""Slow uploaders against readers: how long a page takes while many send a piece of a bid at a trickle.

`python -m benchmarks.uploaders [uploaders] [reads] [kB/s]`: every uploader sends pieces of 8 MiB without end,
each on its own slow line; a reader asks for the notice board and a tender's page one after the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.hall import Memory, hall_processes, quantile, ratios, running, seal_one, spread
from bidding.vault.encoding import b64
from bidding.vault.sealed_file import open_sealed
from config import bidder as device
from config.demo import people
from config.demo.client import Person
from config.demo.seed import open_tender
from config.supervisor import Hall

PIECE = 8 << 20
PORTION = 16 << 10


def begin(hall: Hall, code: str, folder: Path) -> tuple[str, bytes]:
    """An upload of a real bid; returns the address of its first piece, and the piece."""
    policy = device.fetch_policy(device.Hall(hall.url), code)
    bid = seal_one(policy.raw, people.folder_of(hall.state) / "bidder1.key.pem", folder, PIECE + 1000)
    with bid.sealed.open("rb") as file, open_sealed(file) as opened:
        body = {"tender": code, "manifest": b64(opened.manifest_raw), "cms": b64(opened.cms)}
        upload = Person(hall.url, hall.state, "bidder1").hall.post("/api/bids/uploads", body)
        return f"/api/bids/uploads/{upload['upload']}/documents/0", opened.part("documents").read(PIECE)


def trickle(hall: Hall, path: str, piece: bytes, rate: float, stop: threading.Event, done: list[int]) -> None:
    """Send the piece again and again at `rate` bytes a second; the hall takes the same piece twice."""
    place, key = urlsplit(hall.url), people.load(hall.state)["bidder1"]["api_key"]
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {key}\r\nContent-Length: {len(piece)}\r\n"
        f"Content-Type: application/octet-stream\r\nX-Content-SHA256: {hashlib.sha256(piece).hexdigest()}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()
    while not stop.is_set():
        with socket.create_connection((place.hostname, place.port)) as line, contextlib.suppress(OSError):
            line.sendall(head)
            for start in range(0, len(piece), PORTION):
                line.sendall(piece[start : start + PORTION])
                if stop.wait(PORTION / rate):
                    return
            done.append(int(line.recv(64).split()[1]))


def read(hall: Hall, paths: list[str], count: int) -> list[float]:
    """Seconds of each page."""
    found = []
    for number in range(count):
        began = time.perf_counter()
        with urllib.request.urlopen(hall.url + paths[number % len(paths)]) as answer:
            answer.read()
        found.append(time.perf_counter() - began)
    return found


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    uploaders, reads, rate = ([int(word) for word in arguments] + [40, 200, 100][len(arguments) :])[:3]
    with tempfile.TemporaryDirectory() as papers, running() as hall:
        code = open_tender(Person(hall.url, hall.state, "agent"))
        path, piece = begin(hall, code, Path(papers))
        pages = ["/", f"/tenders/{code}"]
        memory = Memory(hall_processes(hall, "web"))
        read(hall, pages, 20)
        before = read(hall, pages, reads)
        memory.look()
        stop, done = threading.Event(), list[int]()
        lines = [
            threading.Thread(target=trickle, args=(hall, path, piece, rate * 1000, stop, done))
            for _ in range(uploaders)
        ]
        for line in lines:
            line.start()
        time.sleep(3)
        during = read(hall, pages, reads)
        memory.look()
        stop.set()
        for line in lines:
            line.join()
        after = read(hall, pages, reads)
    base = before + after
    delay = (quantile(during, 0.99) - quantile(base, 0.99)) * 1000
    print(f"{uploaders} uploaders at {rate} kB/s each while a page is read {reads} times")
    print(
        f"  with: {spread(during)}; without: {spread(base)}; {ratios(during, base)}; p99 later by {delay:.0f} ms"
    )
    print(
        f"  web process: {memory.marks[-1]:.0f} MB with, {memory.marks[0]:.0f} MB without; pieces arrived whole: {len(done)}"
    )
    if any(status != 204 for status in done):
        raise SystemExit(f"a piece was not taken: {done}")


if __name__ == "__main__":
    main(sys.argv[1:])
