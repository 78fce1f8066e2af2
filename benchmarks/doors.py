"""Do pages of the sealed period tell by their time whether anybody has bid, or how many?

`python -m benchmarks.doors [rounds]`: a hall's database is copied before any bid, again before any bid, with three
and with forty. One application answers from each copy in turn, in an order drawn anew for every page and round, in
this process, so that no network hides a difference. For each page the ratio of the times of a round is compared:
its median with an interval free of assumptions (1.000 must lie in it), and both distributions by
Kolmogorov and Smirnov. The same tests must catch a planted leak: a page that reads the tender's bids and shows
nothing of them. All tests together are wrong about a page that tells nothing once in a hundred runs.
"""

from __future__ import annotations

import gc
import math
import random
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url, select
from webob import Request

from benchmarks.hall import enlist, running, seal_all, surrounded
from bidding.tenders.service import find
from bidding.vault.models import Bid
from bidding.vault.service import unseal_row
from config import bidder as device
from config import embedded
from config.demo import people
from config.demo.client import Person
from config.demo.seed import open_tender
from config.supervisor import Hall
from trading.db import committing, make_engine

COPIES = {"none": 0, "none again": 0, "three": 3, "forty": 40}
"""databases, and the bids in each"""
SIZE = 64 << 10
WARMING, AGAIN = 10, 3
"""rounds before those that count; times that a page is asked for in a round"""
WRONG = 0.01
"""how likely all tests together may see a difference where there is none"""
LEAK = "(planted leak)"


@dataclass(frozen=True)
class Found:
    """How the times of a page in one copy compare to those without bids."""

    ratio: float
    low: float
    high: float
    chance: float
    """of a distance between the distributions like this one by accident"""

    def tells(self, level: float) -> bool:
        return not self.low <= 1 <= self.high or self.chance < level


# --- the copies -----------------------------------------------------------------------------------


def prepare(hall: Hall, folder: Path) -> str:
    """The tender, its bidders and the copies; returns its code."""
    logins = enlist(hall, max(COPIES.values()))
    code = open_tender(Person(hall.url, hall.state, "agent"))
    bids = seal_all(hall, device.fetch_policy(device.Hall(hall.url), code), logins, folder, SIZE)
    handed, done = zip(logins, bids, strict=True), 0
    for name, wanted in COPIES.items():
        for login, bid in islice(handed, wanted - done):
            own = Person(hall.url, hall.state, login).hall
            device.wait_receipt(own, device.submit(own, bid.sealed).receipt)
        done = wanted
        copy(hall.environment["DATABASE_URL"], name)
    return code


def copy(url: str, name: str) -> None:
    """The hall's database under another name; its connections are cut for that and come back."""
    source = make_url(url).database or ""
    with psycopg.connect(url, dbname="template1", autocommit=True) as connection:
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        connection.execute(allow.format(sql.Identifier(source), sql.SQL("false")))
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(query, [source])
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(source)))
        connection.execute(allow.format(sql.Identifier(source), sql.SQL("true")))


# --- asking ---------------------------------------------------------------------------------------


class Asked:
    """The application in this process, over whichever copy is wanted."""

    def __init__(self, hall: Hall, url: str) -> None:
        from config.app import make_config
        from config.settings import from_environment

        made = make_config(from_environment())
        self.application, self.registry = made.make_wsgi_app(), made.registry
        self.keys = {who: row["api_key"] for who, row in people.load(hall.state).items()}
        self.engines = {}
        for name in COPIES:
            with psycopg.connect(url, dbname=name, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
            address = make_url(url).set(database=name).render_as_string(hide_password=False)
            self.engines[name] = make_engine(address, pool_size=1)

    def fastest(self, *what: Any) -> float:
        """The fastest of some: whoever measures a page asks again to be rid of the machine's own moods."""
        return min(self.seconds(*what) for _ in range(AGAIN))

    def seconds(self, copy: str, who: str, path: str, leak: Callable[[], object] | None = None) -> float:
        """How long one page takes. Raises SystemExit when it is none."""
        self.registry["sessions"].configure(bind=self.engines[copy])
        request = Request.blank(path, headers={"Authorization": f"Bearer {self.keys[who]}"} if who else {})
        began = time.perf_counter()
        if leak:
            leak()
        answer = request.get_response(self.application)
        if answer.status_int != 200 or not answer.body:
            raise SystemExit(f"{path} as {who or 'nobody'}: {answer.status}")
        return time.perf_counter() - began

    def read_bids(self, code: str) -> None:
        """What a careless page might do: read the bids and count those that stand, without showing it."""
        with committing(self.registry["sessions"]) as session:
            for row in session.scalars(select(Bid).where(Bid.tender_id == find(session, code).id)):
                unseal_row(self.registry["keys"], row)


def pages(code: str) -> dict[str, tuple[str, str]]:
    """Words → who reads what ("" for everybody)."""
    tender = f"/tenders/{code}"
    return {
        "tender's page": ("", tender),
        "notice board": ("", "/"),
        "search for its code": ("", f"/?q={code}"),
        "search for bidders": ("", "/?q=%E8%B4%9F%E8%BD%BD%E4%BC%81%E4%B8%9A"),
        "trail": ("", f"{tender}/trail"),
        "opening hall": ("", f"{tender}/opening"),
        "agent's desk": ("agent", "/desk"),
        "agent's tender page": ("agent", tender),
        "bidder's desk": ("bidder1", "/desk"),
        "bidder's bid page": ("bidder1", f"{tender}/bid"),
        "bidder's own bids": ("bidder1", f"/api/tenders/{code}/bids"),
        "regulator's desk": ("regulator", "/supervision"),
    }


def measure(asked: Asked, code: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Page → copy → seconds, round by round."""
    chance = random.Random()
    doors: dict[str, tuple[str, str, Any]] = {name: (*door, None) for name, door in pages(code).items()}
    doors[LEAK] = (*pages(code)["tender's page"], lambda: asked.read_bids(code))
    found: dict[str, dict[str, list[float]]] = {door: {copy: [] for copy in COPIES} for door in doors}
    gc.freeze()
    for number in range(rounds + WARMING):
        for door, what in doors.items():
            for name in chance.sample(list(COPIES), len(COPIES)):
                seconds = asked.fastest(name, *what)
                if number >= WARMING:
                    found[door][name].append(seconds)
    return found


# --- judging --------------------------------------------------------------------------------------


def compare(base: Sequence[float], other: Sequence[float], level: float) -> Found:
    """The median of the rounds' ratios with its interval (of the binomial's order statistics), and the chance of
    the largest distance between the two distributions (Kolmogorov's limit)."""
    ratios = sorted(b / a for a, b in zip(base, other, strict=True))
    count = len(ratios)
    half = NormalDist().inv_cdf(1 - level / 2) * math.sqrt(count) / 2
    low, high = max(0, math.floor(count / 2 - half)), min(count - 1, math.ceil(count / 2 + half))
    one, two = sorted(base), sorted(other)
    distance = max(abs(bisect_right(one, t) - bisect_right(two, t)) / count for t in one + two)
    scaled = distance * math.sqrt(count / 2)
    chance = (
        2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 100))
        if scaled > 0.2
        else 1.0
    )
    return Found(median(ratios), ratios[low], ratios[high], min(1.0, chance))


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    rounds = int(arguments[0]) if arguments else 100
    with tempfile.TemporaryDirectory(prefix="th-") as short, tempfile.TemporaryDirectory() as papers:
        state = Path(short)
        with running(state) as hall:
            code = prepare(hall, Path(papers))
        with embedded.servers(state) as servers:
            there = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
            with surrounded(hall.environment | there):
                found = measure(Asked(hall, servers.database_url), code, rounds)
    tests = (len(found) - 1) * (len(COPIES) - 1) * 2
    level, told = WRONG / tests, list[str]()
    print(
        f"{len(found) - 1} pages of the sealed period over four databases, {rounds} rounds, against the first without bids"
    )
    for door, times in found.items():
        base, *others = times.values()
        each = {name: compare(base, times[name], level) for name in list(COPIES)[1:]}
        words = "; ".join(
            f"{name} {f.ratio:.3f} [{f.low:.3f} … {f.high:.3f}] p {f.chance:.2f}" for name, f in each.items()
        )
        print(f"  {door:<22}{median(base) * 1000:6.1f} ms: {words}")
        told += [f"{door}: {name}" for name, f in each.items() if f.tells(level)]
    leaks = [words for words in told if words.startswith(LEAK)]
    print(f"  caught: {', '.join(leaks) or 'no leak'}; pages that tell: {len(told) - len(leaks)}")
    if f"{LEAK}: forty" not in leaks or len(told) > len(leaks):
        raise SystemExit(f"a page tells, or the test does not see a leak: {told}")


if __name__ == "__main__":
    main(sys.argv[1:])
