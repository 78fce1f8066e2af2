"""Many bidders in the last minutes before one deadline, against one bidder alone on the same hall.

`python -m benchmarks.deadline [bidders] [seconds] [KiB]`: the bids are sealed beforehand by the real client;
then each bidder arrives at a random moment of the last `seconds`, uploads, submits and waits for the receipt.
Measured is the answer to the submission, by which a bid counts. Afterwards the clock passes the deadline and
the closing list must hold every bid; every receipt must hold by the bidder's own checks; nobody may be refused.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.hall import (
    Memory,
    Timed,
    ahead_to,
    cpu_seconds,
    deadline_of,
    enlist,
    hall_processes,
    near,
    quantile,
    ratios,
    running,
    seal_all,
    seal_one,
    spread,
)  # fmt: skip
from config import bidder as device
from config.demo import people
from config.demo.client import Person, until
from config.demo.seed import open_tender
from config.supervisor import Hall
from trading import clock

ALONE = 30
"""submissions of the one bidder whom the others are compared with"""
LAST = 5
"""seconds before the deadline at which the last bidder arrives"""


@dataclass(frozen=True)
class HandedIn:
    """One bidder's way: seconds to the answer, seconds to the receipt, and whether every check holds."""

    accepted: float
    receipt: float
    holds: bool
    refused: list[str]


def hand_in(hall: Hall, login: str, bid: device.SealedBid) -> HandedIn:
    """Upload, submit, wait for the receipt and check it."""
    own = Timed(hall, login)
    answer = device.submit(own, bid.sealed)
    began = time.perf_counter()
    raw = device.wait_receipt(own, answer.receipt)
    waited = time.perf_counter() - began
    checks = device.judge_receipt(raw, bid.sealed)
    return HandedIn(
        own.submitted[-1], own.submitted[-1] + waited, all(c.state != "FAIL" for c in checks), own.refused
    )


def alone(hall: Hall, code: str, folder: Path, size: int) -> list[HandedIn]:
    """One bidder hands in bid after bid, each replacing the one before, and nobody else is there."""
    policy = device.fetch_policy(device.Hall(hall.url), code)
    key_file, before, found = people.folder_of(hall.state) / "bidder1.key.pem", None, []
    for number in range(1, ALONE + 1):
        bid = seal_one(policy.raw, key_file, folder / f"alone-{number}", size, number, before)
        before = bid.manifest.hash
        found.append(hand_in(hall, "bidder1", bid))
    return found


def rush(
    hall: Hall, code: str, logins: list[str], bids: list[device.SealedBid], seconds: float, memory: Memory
) -> list[HandedIn]:
    """Everybody, each at a random moment of the last seconds."""
    chance = random.Random(20)  # the same arrivals in every run
    near(hall, code, seconds + LAST)
    began = time.monotonic()

    def arrive(login: str, bid: device.SealedBid, moment: float) -> HandedIn:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        return hand_in(hall, login, bid)

    with memory.watched(), ThreadPoolExecutor(len(logins)) as pool:
        waiting = [
            pool.submit(arrive, login, bid, chance.uniform(0, seconds))
            for login, bid in zip(logins, bids, strict=True)
        ]
        return [each.result() for each in waiting]


def closing_list(hall: Hall, code: str) -> Any:
    """The closing list, once the hall has closed by itself."""
    ahead_to(hall, max(deadline_of(hall, code), clock.now()) + timedelta(seconds=1))

    def look() -> Any:
        try:
            return Person(hall.url, hall.state, "agent").get(f"/api/tenders/{code}/close")
        except device.HallRefused:
            return None

    return until(look, "the close", seconds=300)


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    count, seconds, kib = ([int(word) for word in arguments] + [40, 20, 256][len(arguments) :])[:3]
    with tempfile.TemporaryDirectory() as papers, running() as hall:
        folder, agent = Path(papers), Person(hall.url, hall.state, "agent")
        logins = enlist(hall, count)
        quiet, busy = open_tender(agent), open_tender(agent)
        bids = seal_all(hall, device.fetch_policy(device.Hall(hall.url), busy), logins, folder, kib << 10)
        single = alone(hall, quiet, folder, kib << 10)
        pages = hall_processes(hall, "web")
        memory, before = Memory(pages), cpu_seconds(pages)
        many = rush(hall, busy, logins, bids, seconds, memory)
        spent = cpu_seconds(pages) - before
        close = closing_list(hall, busy)
    print(f"{count} bidders of {kib} KiB in the last {seconds} s before one deadline")
    for name, part in (("accepted", "accepted"), ("receipt in hand", "receipt")):
        those, base = [getattr(h, part) for h in many], [getattr(h, part) for h in single]
        print(f"  {name}: {spread(those)}; one bidder alone: {spread(base)}; {ratios(those, base)}")
    holding, refused = sum(h.holds for h in many), [text for h in many for text in h.refused]
    listed = len(close["bids"])
    print(
        f"  receipts that hold: {holding} of {count}; in the closing list: {listed}; refusals: {len(refused)}"
    )
    print(
        f"  web process: {memory.peak:.0f} MB at most, {quantile(memory.marks, 0.5):.0f} MB in the middle; "
        f"{spent / count * 1000:.0f} ms of processor time for each bid, upload to receipt"
    )
    if (holding, listed, refused) != (count, count, []):
        raise SystemExit(f"the deadline's rush lost something: {refused[:5]}")


if __name__ == "__main__":
    main(sys.argv[1:])
