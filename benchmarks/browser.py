"""A large bid sealed and sent from a real browser over a line that drops, against a small one.

`python -m benchmarks.browser [MB] [baseline MB] [cut every MB]`: Chromium fills in the real bid page; between it
and the hall stands a proxy that cuts the connection whenever so many MB have passed. Shown are the largest
resident size of the page's renderer, what all of Chromium and its main process hold, the largest JavaScript heap,
and how many pieces were sent again. The profile is an ordinary one in a folder, as people have: a private window
keeps in memory what others keep on the disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from benchmarks.hall import Memory, running
from config.demo import people
from config.demo.client import Person
from config.demo.seed import open_tender
from config.supervisor import Hall

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
MAIN = "browser"
PATIENCE = 1_800_000
"""milliseconds for a whole bid on a busy machine"""


@dataclass
class Line:
    """A proxy to `address` that cuts a connection when `every` bytes have gone up since the last cut."""

    address: tuple[str, int]
    every: int
    cuts: int = 0
    passed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self) -> int:
        """Listen on a free port and return it."""
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return int(listener.getsockname()[1])

    def _accept(self, listener: socket.socket) -> None:
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(self.address)
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
                if up and self._is_due(len(data)):
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _is_due(self, count: int) -> bool:
        with self.lock:
            self.passed += count
            if self.passed < self.every:
                return False
            self.passed, self.cuts = 0, self.cuts + 1
            return True


def chromium_processes(kind: str) -> list[psutil.Process]:
    """This process's Chromium: all of it, or only its renderers, or only its main process (`browser`)."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            types = [word.removeprefix("--type=") for word in command if word.startswith("--type=")] or [MAIN]
            if any("chrom" in word for word in command[:1]) and kind in ("", *types):
                found.append(process)
    return found


def bid(context: BrowserContext, hall: Hall, size: int, every: int) -> dict[str, Any]:
    """Seal and send one bid of `size` bytes through a fresh line, by a bidder who has logged in."""
    place = urlsplit(hall.url)
    line = Line((str(place.hostname), int(place.port or 80)), every)
    base = f"http://127.0.0.1:{line.open()}"
    code = open_tender(Person(hall.url, hall.state, "agent"))
    page, sent = context.new_page(), list[str]()
    page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    renderer = Memory(lambda: chromium_processes("renderer"))
    whole, main = (Memory(lambda kind=kind: chromium_processes(kind), "pss") for kind in ("", MAIN))
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        for _ in range(size // 1_000_000):
            file.write(os.urandom(1_000_000))
        file.flush()
        page.goto(f"{base}/tenders/{code}/bid")
        page.wait_for_selector("[data-bid][data-ready]")
        for name, text in (("unit_price", "4150.50"), ("brand", "启明")):
            for place in page.locator(f"[data-field={name}]").all():
                place.fill(text)
        page.set_input_files(
            "[data-signer] input[type=file]", people.folder_of(hall.state) / "bidder1.key.pem"
        )
        page.set_input_files("#documents", file.name)
        page.fill("[data-signer-passphrase]", people.PASSWORD)
        renderer.look()
        began, heap = time.monotonic(), 0.0
        page.click("[data-bid-form] .btn-primary")
        while page.get_attribute("[data-bid]", "data-state") != "submitted":
            if time.monotonic() - began > PATIENCE / 1000 or page.is_visible("[data-bid-problem]"):
                raise SystemExit(f"no receipt: {page.inner_text('[data-bid-problem]')}")
            page.wait_for_timeout(250)
            for memory in (renderer, whole, main):
                memory.look()
            metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
            heap = max(heap, metrics["JSHeapUsedSize"] / 1e6)
        seconds = time.monotonic() - began
    failed = page.locator("[data-bid-done] [data-check][data-ok=false]").count()
    pieces = len(set(sent))
    return {"renderer": renderer.peak, "start": renderer.marks[0], "whole": whole.peak, "main": main.peak, "heap": heap, "cuts": line.cuts,
            "pieces": pieces, "again": len(sent) - pieces, "seconds": seconds, "failed": failed}  # fmt: skip


@contextlib.contextmanager
def logged_in(playwright: Playwright, hall: Hall) -> Iterator[BrowserContext]:
    """A browser with a fresh profile of its own, in which a bidder has logged in."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=FLAGS, accept_downloads=True
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{hall.url}/login")
        page.fill("#login", "bidder1")
        page.fill("#password", people.PASSWORD)
        page.click("main .btn-primary")
        page.fill("#code", people.code(hall.state, "bidder1")[0])
        page.click("main .btn-primary")
        page.wait_for_url("**/desk")
        page.close()
        yield context
        context.close()


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    large, small, every = ([int(word) for word in arguments] + [200, 50, 60][len(arguments) :])[:3]
    found = {}
    with running() as hall, sync_playwright() as playwright:
        for size in (small, large):
            with logged_in(playwright, hall) as context:
                found[size] = bid(context, hall, size * 1_000_000, every * 1_000_000)
            time.sleep(31 - time.time() % 30 if size == small else 0)  # a one-time code works only once
    print(f"a bid of {large} MB from a browser over a line cut every {every} MB, against one of {small} MB")
    for size, one in found.items():
        print(
            f"  {size} MB: renderer {one['renderer']:.0f} MB at most ({one['start']:.0f} before), all of Chromium {one['whole']:.0f} MB, its main process {one['main']:.0f} MB, "
            f"JavaScript heap {one['heap']:.0f} MB; {one['cuts']} cuts, {one['pieces']} pieces, {one['again']} sent again; {one['seconds']:.0f} s"
        )
    big, base = found[large], found[small]
    grown = (big["whole"] - base["whole"]) / (large - small)
    print(
        f"  renderer {big['renderer'] / base['renderer']:.2f} times, all of Chromium {big['whole'] / base['whole']:.2f} times, heap {big['heap'] / base['heap']:.2f} times for {large / small:.1f} times the size; {grown:.2f} MB more a MB of the bid"
    )
    if any(one["failed"] for one in found.values()):
        raise SystemExit("a receipt did not hold")


if __name__ == "__main__":
    main(sys.argv[1:])
