"""A lottery of many firms against one of a few: `python -m benchmarks.lottery [firms] [few]`.

Both are held in one hall, with phones on the floor and all the ceremony. Shown are, for each and as a ratio: freezing the list,
announcing the draw, the order once everything is shown, what the pages weigh and cost on a phone of 390 pixels with a processor a quarter as fast as this one, what a citizen's own check takes in Chromium and in the
offline verifier, and how far the processes that serve pages and those that do the work grew. The aim: draw and check within seconds, pages of bounded size."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.hall import Memory, hall_processes, registry_of, running
from bidding.roster.lines import KINDS
from bidding.roster.models import RosterDocument, RosterFirm
from config.demo import lottery
from config.demo.client import until
from config.demo.forms import fill_in, sign_on
from config.demo.phone import Phone, asking
from config.demo.play import VERIFIER, Story
from config.supervisor import Hall
from trading import clock
from trading.clock import parse_rfc3339
from trading.db import committing
from trading.parties.codes import compose
from trading.parties.models import Party

TRADES, BAND = {"few": "road", "many": "water"}, "500000-2000000"
VALID = date(2026, 1, 1), date(2030, 12, 31)
AT_ONCE = 1000
"""firms in one transaction"""
PHONE, SLOWER = {"width": 390, "height": 844}, 4
AIM = 10.0
"""seconds within which a draw has its order, and a check its verdict"""


@dataclass
class Run:
    """What one lottery took: seconds, kilobytes, megabytes by name."""

    firms: int
    first: int
    """number of the first firm"""
    figures: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.figures[name] = time.perf_counter() - began


def enrol(hall: Hall, trade: str, first: int, count: int) -> None:
    """So many firms of one trade with their documents, as an import leaves them."""
    registry, now = registry_of(hall), clock.now()
    for start in range(first, first + count, AT_ONCE):
        with committing(registry["sessions"]) as session:
            firms = [(uuid.uuid4(), number) for number in range(start, min(start + AT_ONCE, first + count))]
            session.add_all(
                Party(
                    id=id, uscc=code(number), name=f"示例市第{number}建筑工程有限公司", name_pinyin=f"{number}",
                    kind="enterprise", registered_at=now,
                )
                for id, number in firms
            )  # fmt: skip
            session.flush()
            session.add_all(
                RosterFirm(
                    id=uuid.uuid4(), number=f"R{number:06d}", party_id=id, trade=trade, band=BAND,
                    grade="ABC"[number % 3], status="listed", applied_at=now, listed_at=now, sealed=b"",
                )
                for id, number in firms
            )  # fmt: skip
            session.add_all(
                RosterDocument(
                    party_id=id, kind=kind, number="1", valid_from=VALID[0], valid_until=VALID[1],
                    evidence="0" * 64, filed_at=now,
                )
                for id, _number in firms
                for kind in KINDS
            )  # fmt: skip


def code(number: int) -> str:
    return compose("9", "1", "440300", f"7{number:07d}")


def publish(story: Story, trade: str) -> None:
    """A works of a trade, drafted, signed and published."""
    buyer = story.person("buyer")
    plan = lottery.DRAFT | lottery.times() | {"trade": trade, "method": "one-step", "finalists": "0"}
    story.code = lottery.code_in(fill_in(buyer, "/small-works/new", plan))
    fill_in(buyer, lottery.works(story, "/publish"), sign_on(buyer, lottery.works(story)))


def before(story: Story, run: Run) -> None:
    """The list as it would be now: made for the first who looks, kept for the next."""
    path = lottery.works(story, "/balls")
    for name in ("live list, first visit", "live list, next visit"):
        with run.timed(name):
            story.person("buyer").hall.get(path)


def freeze(story: Story, run: Run) -> None:
    before(story, run)
    notice = lottery.record(story)["notice"]
    story.ahead_to(parse_rfc3339(notice["declines_until"]))
    with run.timed("list frozen"):
        until(lambda: lottery.record(story)["balls"], "the frozen list", 120)
    story.ahead_to(parse_rfc3339(notice["draw_at"]))


def draw(story: Story, run: Run) -> None:
    """One draw with two phones on the floor, timed where the number of firms matters."""
    time.sleep(5)  # the trustees show that they are there, whose clocks have just been moved
    with run.timed("announced"):
        until(lambda: lottery.announced(story), "the trustees")
    found = lottery.record(story)["draws"][-1]
    ann, params = found["ann"], found["transcript"]["params"]
    phones = [Phone(asking(story.hall.url), ann) for _ in range(2)]
    for phone in phones:
        phone.look()
    until(lambda: len(phones[0].papers()["commits"]) == 5, "the commitments", 120)
    story.ahead_to(datetime.fromtimestamp(params["t_commit"] + 1, UTC))
    until(lambda: all(phone.has("deal") for phone in phones), "the shares", 120)
    until(lambda: phones[0].papers()["frozen"], "the witness", 120)
    with run.timed("dice to order"):
        lottery.throw(story, ann)
        until(lambda: all(phone.has("reveal") for phone in phones), "the chances", 120)
        until(lambda: phones[0].papers()["ended"], "the order", 120)


def look(story: Story, run: Run, browser: Any) -> None:
    """The pages on a phone, and the citizen's own check."""
    page = browser.new_context(locale="zh-CN", viewport=PHONE).new_page()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    for name, path in (
        ("ball list page", "/balls"),
        ("ball found by its code", "/balls?q=" + own(run)),
        ("works page", ""),
    ):
        with run.timed(name):
            answer = page.goto(f"{story.hall.url}{lottery.works(story, path)}")
        run.figures[f"{name}, kB"] = len(answer.body()) / 1000
    with run.timed("live page with check"):
        page.goto(f"{story.hall.url}{lottery.works(story, '/live')}")
        page.wait_for_selector("[data-state=good], [data-state=bad]", timeout=60_000)
    if page.get_attribute("[data-lottery-check]", "data-state") != "good":
        raise SystemExit(page.inner_text("[data-check-faults]"))
    run.figures["check in Chromium"] = (
        float(page.get_attribute("[data-lottery-check]", "data-milliseconds")) / 1000
    )
    run.figures["published numbers, kB"] = (
        len(story.person("buyer").hall.get(f"/api{lottery.works(story)}/record")) / 1000
    )
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    run.figures["JavaScript heap, MB"] = metrics["JSHeapUsedSize"] / 1e6
    page.context.close()


def own(run: Run) -> str:
    return code(run.first + run.firms // 2)


def verify(story: Story, run: Run) -> None:
    """The offline verifier over the public bundle."""
    bundle, trust = story.folder / f"{story.code}.tar", story.folder / "trust.json"
    with run.timed("bundle written"):
        story.run(
            "audit", "export", story.code, "--tier", "public", "--out", str(bundle), "--trust", str(trust)
        )
    run.figures["bundle, kB"] = bundle.stat().st_size / 1000
    with run.timed("offline verifier"):
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), str(bundle), "--trust", str(trust)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stdout[-2000:])


def hold(hall: Hall, folder: Path, trade: str, run: Run, browser: Any) -> None:
    """One lottery from the notice to its checks."""
    story = Story(hall, folder, lambda line: None)
    folder.mkdir()
    pages, work = (Memory(hall_processes(hall, name)) for name in ("web", "worker"))
    for memory in (pages, work):
        memory.look()
    with pages.watched(), work.watched():
        publish(story, trade)
        freeze(story, run)
        draw(story, run)
        look(story, run, browser)
        look(story, run, browser)  # as everybody after the first
    verify(story, run)
    for name, memory in (("pages", pages), ("work", work)):
        run.figures[f"{name}: processes, MB"] = memory.peak
        run.figures[f"{name}: grown by, MB"] = memory.peak - memory.marks[0]


def show(few: Run, many: Run) -> None:
    print(f"a lottery of {many.firms} firms against one of {few.firms}, in one hall")
    for name, value in many.figures.items():
        base, unit = few.figures[name], "" if "," in name else " s"
        ratio = f"{value / base:6.1f} x" if base else ""
        print(f"  {name:24} {value:9.2f}{unit:2}  {base:9.2f}{unit:2}  {ratio}")
    slow = [
        name
        for name in ("announced", "dice to order", "live page with check", "offline verifier")
        if many.figures[name] > AIM
    ]
    print(f"  OVER {AIM:.0f} s: {', '.join(slow)}" if slow else f"  draw and checks within {AIM:.0f} s each")


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    count, base = ([int(word) for word in arguments] + [7000, 70][len(arguments) :])[:2]
    few, many = Run(base, 1000), Run(count, 100_000)
    with running() as hall, tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for name, run in (("few", few), ("many", many)):
            enrol(hall, TRADES[name], run.first, run.firms)
            hold(hall, Path(folder) / name, TRADES[name], run, browser)
        browser.close()
    show(few, many)


if __name__ == "__main__":
    main(sys.argv[1:])
