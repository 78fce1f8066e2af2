"""A hall that is many years old against a young one: lists, search, pages and proofs must stay as fast.

`python -m benchmarks.scale [tenders] [entries] [baseline tenders] [baseline entries] [folder]`: both halls have as
many open tenders; only the past differs. Both run at the same time and are read in turn; shown is the median of
each page, and their ratio. Halls that were made in `folder` stay there, and the next run takes them from there.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from benchmarks.aged import OPEN, RARE, aged
from benchmarks.hall import Memory, hall_processes, registry_of, surrounded
from config import supervisor
from config.demo import people
from config.supervisor import Hall
from trading.ledger import service

READS, LONGEST = 20, 20.0
"""pages read for a median; no page is asked again after so many seconds"""


def pages(tenders: int, entries: int, chance: random.Random) -> dict[str, tuple[str, Callable[[], str]]]:
    """What is read: words → who reads it ("" for everybody) and a maker of addresses."""
    q = urllib.parse.quote
    old = lambda: f"L{chance.randrange(min(tenders - OPEN, entries // 100)):07d}"  # noqa: E731
    return {
        "notice board": ("", lambda: "/"),
        "notice board, page 20": ("", lambda: "/?page=20"),
        "search, one hit": ("", lambda: f"/?q={q(RARE)}"),
        "search, many hits": ("", lambda: f"/?q={q('图书馆')}"),
        "search, no hit": ("", lambda: f"/?q={q('没有这样的项目')}"),
        "open tenders": ("", lambda: "/?state=open"),
        "closed tenders": ("", lambda: "/?state=closed"),
        "result notices": ("", lambda: "/?kind=result"),
        "openings": ("", lambda: "/openings"),
        "a tender's page": ("", lambda: f"/tenders/{old()}"),
        "a tender's trail": ("", lambda: f"/tenders/{old()}/trail"),
        "inclusion proof, tiles": ("", lambda: f"/proof?index={chance.randrange(entries)}"),
        "consistency proof, tiles": ("", lambda: f"/proof?old={chance.randrange(1, entries)}"),
        "agent's desk": ("agent", lambda: "/desk"),
        "bidder's desk": ("bidder1", lambda: "/desk"),
        "regulator's desk": ("regulator", lambda: "/supervision"),
        "regulator's search": ("regulator", lambda: f"/supervision?q={q(RARE)}"),
        "regulator's stage": ("regulator", lambda: "/supervision?state=contracted"),
    }


def seconds_of(hall: Hall, who: str, path: str) -> float:
    """Seconds for one page."""
    request = urllib.request.Request(hall.url + path)
    if who:
        request.add_header("Authorization", f"Bearer {people.load(hall.state)[who]['api_key']}")
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=300) as answer:
        answer.read()
    return time.perf_counter() - began


def read(halls: Sequence[Hall], pages: Sequence[tuple[str, Callable[[], str]]]) -> list[list[float]]:
    """Seconds of one page in each hall, in turn, so that what else the machine does touches all alike."""
    found: list[list[float]] = [[] for _ in halls]
    began = time.perf_counter()
    while len(found[0]) < READS and time.perf_counter() - began < LONGEST:
        for hall, (who, address), times in zip(halls, pages, found, strict=True):
            times.append(seconds_of(hall, who, address()))
    return found


def append(halls: Sequence[Hall]) -> list[list[float]]:
    """Seconds from an act to its place in a signed tree."""
    found: list[list[float]] = []
    for hall in halls:
        with surrounded(hall.environment):
            sessions = registry_of(hall)["sessions"].kw["bind"]
        found.append([until_signed(sessions) for _ in range(READS)])
    return found


def until_signed(engine: Engine) -> float:
    with Session(engine) as session:
        number = service.append(session, "bench.done", tender="T-1", actor="a").id
        session.commit()
        began = time.perf_counter()
        while service.leaf_index(session, number) is None:
            session.rollback()
            time.sleep(0.002)
        return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    given = [int(word) for word in arguments[:4]]
    sizes = given + [10_000, 1_000_000, 1_000, 100_000][len(given) :]
    found: dict[str, list[list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="th-") as short:
        folder = Path(arguments[4] if len(arguments) > 4 else short)
        states = [aged(folder, *sizes[2:]), aged(folder, *sizes[:2])]
        with supervisor.running(states[0], 0) as young, supervisor.running(states[1], 0) as old:
            halls = (young, old)
            asked = [pages(*sizes[at : at + 2], random.Random(5)) for at in (2, 0)]
            for name in asked[0]:
                found[name] = read(halls, [each[name] for each in asked])
            found["an act until it is signed"] = append(halls)
            memory = [Memory(hall_processes(hall, "web")) for hall in halls]
            for each in memory:
                each.look()
    print(
        f"{sizes[0]} tenders and {sizes[1]} ledger entries against {sizes[2]} and {sizes[3]}, {OPEN} open in both"
    )
    for name, times in found.items():
        base, mine = (statistics.median(each[1:] or each) for each in times)
        print(f"  {name:<28}{mine * 1000:8.1f} ms, young {base * 1000:8.1f} ms, ratio {mine / base:.2f}")
    print(f"  web process: {memory[1].peak:.0f} MB, young {memory[0].peak:.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
