"""Ten openings at the same minute against one: from the deadline until every bid is read out.

`python -m benchmarks.openings [openings] [bidders]`: each opening has its bidders, who have unlocked their keys
before the deadline and give them as soon as the hall lets them, all at once; the hall closes, stamps, opens and
reads out by itself. Both instants, the opening's beginning and the reading out, are the hall's own.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.hall import (
    Memory,
    ahead_to,
    deadline_of,
    enlist,
    hall_processes,
    quantile,
    running,
    seal_all,
)
from bidding.vault.encoding import b64
from bidding.vault.keyfile import read_keyfile
from bidding.vault.release import build_bidder_release
from config import bidder as device
from config.demo import people
from config.demo.client import Person, until
from config.demo.seed import open_tender
from config.supervisor import Hall
from trading import clock

SIZE = 256 << 10
STAGE = "opening"
BEFORE = 5
"""seconds before the deadline at which everybody begins to look"""


@dataclass(frozen=True)
class Opened:
    """One opening, in seconds after the deadline."""

    started: float
    read_out: float


Releases = dict[str, dict[str, str]]
"""what each bidder (by login) sends to open its bid"""


def release(code: str, bid: device.SealedBid, key_file: Path) -> dict[str, str]:
    """A bidder's signed key for the opening."""
    kept = read_keyfile(bid.key_file.read_bytes(), people.PASSWORD)
    raw = build_bidder_release(bid.manifest, STAGE, kept.keys[STAGE])
    cms = device.Signer.open(key_file, people.PASSWORD).sign(raw)
    return {"tender": code, "release": b64(raw), "cms": b64(cms)}


def prepare(
    hall: Hall, count: int, logins: Sequence[str], folder: Path, deadline: str
) -> dict[str, Releases]:
    """Tenders with one bid of each bidder handed in, by code."""
    made: dict[str, Releases] = {}
    for _ in range(count):
        code = open_tender(Person(hall.url, hall.state, "agent"), deadline=deadline)
        policy = device.fetch_policy(device.Hall(hall.url), code)
        bids = seal_all(hall, policy, logins, folder, SIZE)
        for login, bid in zip(logins, bids, strict=True):
            own = Person(hall.url, hall.state, login).hall
            device.wait_receipt(own, device.submit(own, bid.sealed).receipt)
        keys = [people.folder_of(hall.state) / f"{login}.key.pem" for login in logins]
        with ProcessPoolExecutor() as pool:
            sent = pool.map(release, [code] * len(bids), bids, keys)
            made[code] = dict(zip(logins, sent, strict=True))
    return made


def opened(hall: Hall, code: str, releases: Releases, deadline: datetime) -> Opened:
    """Follow one opening to its end. Raises SystemExit when a bid was not opened."""
    agent, path = Person(hall.url, hall.state, "agent"), f"/api/tenders/{code}/opening"
    until(lambda: agent.get(path)["opening"], "the opening", seconds=300)
    for login, document in releases.items():
        Person(hall.url, hall.state, login).post("/api/bids/releases", document)
    found: Any = until(lambda: read_out(agent, path), "the reading out", seconds=300)
    if [row["outcome"] for row in found["bids"]] != ["OK"] * len(releases):
        raise SystemExit(f"{code}: not every bid was opened: {found['bids']}")
    after = [
        (clock.parse_rfc3339(found[name]) - deadline).total_seconds() for name in ("started", "read_out")
    ]
    return Opened(*after)


def read_out(agent: Person, path: str) -> Any:
    opening = agent.get(path)["opening"]
    return opening if opening["read_out"] else None


def at_once(hall: Hall, tenders: dict[str, Releases]) -> list[Opened]:
    """All of them at their common deadline."""
    (deadline,) = {deadline_of(hall, code) for code in tenders}
    ahead_to(hall, deadline - timedelta(seconds=BEFORE))
    time.sleep(BEFORE)
    with ThreadPoolExecutor(len(tenders)) as pool:
        return list(pool.map(lambda item: opened(hall, *item, deadline), tenders.items()))


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    count, bidders = ([int(word) for word in arguments] + [4, 3][len(arguments) :])[:2]
    with tempfile.TemporaryDirectory() as papers, running() as hall:
        logins, folder = enlist(hall, bidders), Path(papers)
        day = (clock.now() + timedelta(days=30)).astimezone(clock.BEIJING).date()
        while day.weekday() != 2:  # a Wednesday of a month without holidays would do as well
            day += timedelta(days=1)
        later = day + timedelta(days=35)
        memory = {name: Memory(hall_processes(hall, name)) for name in ("web", "worker")}
        alone = prepare(hall, 1, logins, folder, f"{day.isoformat()}T09:30")
        (single,) = at_once(hall, alone)
        tenders = prepare(hall, count, logins, folder, f"{later.isoformat()}T09:30")
        with memory["web"].watched(), memory["worker"].watched():
            many = at_once(hall, tenders)
    print(f"{count} openings at 09:30 with {bidders} bidders each, seconds after the deadline")
    for name in ("started", "read_out"):
        those, base = [getattr(each, name) for each in many], getattr(single, name)
        print(
            f"  {name.replace('_', ' ')}: median {quantile(those, 0.5):.1f}, last {max(those):.1f}; "
            f"one alone {base:.1f}; ratio of the last {max(those) / base:.2f}"
        )
    print(f"  openings a minute: {60 * count / max(each.read_out for each in many):.0f}")
    print("  " + ", ".join(f"{name} at most {each.peak:.0f} MB" for name, each in memory.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
