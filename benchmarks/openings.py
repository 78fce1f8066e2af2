"""Ten openings at the same minute against one: from the deadline until every bid is read out.

`python -m benchmarks.openings [openings] [bidders]`: each opening has its bidders, who decrypt as soon as the
hall lets them; the hall closes, stamps, opens and reads out by itself.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.hall import ahead_to, deadline_of, enlist, quantile, running, seal_all
from config import bidder as device
from config.demo import people
from config.demo.client import Person, until
from config.demo.seed import open_tender
from config.supervisor import Hall
from trading import clock

SIZE = 256 << 10
BEFORE = 5
"""seconds before the deadline at which everybody begins to look"""


def prepare(hall: Hall, count: int, logins: list[str], folder: Path, **fields: Any) -> dict[str, list[Any]]:
    """Tenders with one bid of each bidder handed in: code → sealed bids."""
    made: dict[str, list[Any]] = {}
    for _ in range(count):
        code = open_tender(Person(hall.url, hall.state, "agent"), **fields)
        policy = device.fetch_policy(device.Hall(hall.url), code)
        made[code] = seal_all(hall, policy, logins, folder, SIZE)
        for login, bid in zip(logins, made[code], strict=True):
            own = Person(hall.url, hall.state, login).hall
            device.wait_receipt(own, device.submit(own, bid.sealed).receipt)
    return made


def opened(hall: Hall, code: str, logins: list[str], bids: list[Any], deadline: Any) -> float:
    """Seconds from the deadline to the reading out of all bids."""
    agent = Person(hall.url, hall.state, "agent")
    path = f"/api/tenders/{code}/opening"
    until(lambda: agent.get(path)["opening"], "the opening", seconds=300)
    for login, bid in zip(logins, bids, strict=True):
        who = Person(hall.url, hall.state, login)
        signer = device.Signer.open(who.key_file, people.PASSWORD)
        device.decrypt(who.hall, signer, code, bid.key_file.read_bytes(), people.PASSWORD)
    found = until(lambda: read_out(agent, path), "the reading out", seconds=300)
    if any(row["outcome"] != "OK" for row in found["bids"]) or len(found["bids"]) != len(bids):
        raise SystemExit(f"{code}: not every bid was opened: {found['bids']}")
    return (clock.now() - deadline).total_seconds()


def read_out(agent: Person, path: str) -> Any:
    opening = agent.get(path)["opening"]
    return opening if opening["read_out"] else None


def at_once(hall: Hall, tenders: dict[str, list[Any]], logins: list[str]) -> list[float]:
    """All of them at their common deadline."""
    deadlines = {deadline_of(hall, code) for code in tenders}
    if len(deadlines) != 1:
        raise SystemExit("these tenders have different deadlines")
    deadline = deadlines.pop()
    ahead_to(hall, deadline - timedelta(seconds=BEFORE))
    time.sleep(BEFORE)
    with ThreadPoolExecutor(len(tenders)) as pool:
        return list(
            pool.map(lambda item: opened(hall, *item[:1], logins, item[1], deadline), tenders.items())
        )


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    count, bidders = ([int(word) for word in arguments] + [4, 3][len(arguments) :])[:2]
    with tempfile.TemporaryDirectory() as papers, running() as hall:
        logins, folder = enlist(hall, bidders), Path(papers)
        day = (clock.now() + timedelta(days=30)).astimezone(clock.BEIJING).date()
        while day.weekday() != 2:  # a Wednesday of a month without holidays would do as well
            day += timedelta(days=1)
        alone = prepare(hall, 1, logins, folder, deadline=f"{day.isoformat()}T09:30")
        single = at_once(hall, alone, logins)
        later = (day + timedelta(days=35)).isoformat()
        tenders = prepare(hall, count, logins, folder, deadline=f"{later}T09:30")
        many = at_once(hall, tenders, logins)
    print(f"{count} openings at 09:30 with {bidders} bidders each, from the deadline until all is read out")
    print(
        f"  one opening alone: {single[0]:.1f} s; of {count}: median {quantile(many, 0.5):.1f} s, last {max(many):.1f} s"
    )
    print(
        f"  ratio of the last to one alone: {max(many) / single[0]:.2f}; openings a minute: {60 * count / max(many):.1f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
