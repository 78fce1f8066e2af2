"""`tradehall demo`: one whole tender, played by its people's programs (演示：一次完整的采购).

On servers and data of its own that leave nothing behind. Ends with the verdict of the offline verifier over the
exported bundle."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from config import bidder as device
from config import supervisor
from config.demo import consultation, hall, lottery, lowest_price, priced, scored
from config.demo.play import Story
from trading import clock

Step = tuple[str, Callable[[Story], None]]
STORIES: dict[str, Sequence[Step]] = {
    "scored": scored.STEPS,
    "lowest-price": lowest_price.STEPS,
    "lottery": lottery.STEPS,
    "consultation": consultation.STEPS,
    "invited": priced.INVITED,
    "inquiry": priced.INQUIRY,
    "hall": hall.STEPS,
}
"""the tenders that can be played; the first is the default"""


def play(hall: supervisor.Hall, folder: Path, console: Console, steps: Sequence[Step]) -> Story:
    """Play all steps; raises where one does not come out as the story tells."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task("tender", total=len(steps))
        story = Story(
            hall, folder, lambda line: bar.console.print(f"    {line}", markup=False, highlight=False)
        )
        for words, step in steps:
            bar.update(task, description=words)
            bar.console.print(f"== {words}", markup=False, highlight=False)
            step(story)
            bar.advance(task)
    return story


def main(arguments: Sequence[str]) -> int:
    """`tradehall demo [TENDER] [--keep FOLDER]`: exit code 0 only when the verifier says VERIFIED."""
    parser = argparse.ArgumentParser(prog="tradehall demo", description=__doc__)
    parser.add_argument("tender", nargs="?", choices=STORIES, default=next(iter(STORIES)))
    parser.add_argument("--keep", type=Path, help="keep bids, bundles and trust.json in this folder")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leaves nothing behind either
    console = Console(width=160, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="th-") as state, tempfile.TemporaryDirectory() as papers:
        folder = chosen.keep or Path(papers)
        folder.mkdir(parents=True, exist_ok=True)
        with supervisor.running(Path(state), port=0) as hall:
            subprocess.run(
                [sys.executable, "-m", "config.cli", "seed", "--hall", hall.url, "--people-only"],
                env=hall.environment, check=True,
            )  # fmt: skip
            os.environ[clock.CLOCK_FILE] = hall.environment[clock.CLOCK_FILE]
            try:
                story = play(hall, folder, console, STORIES[chosen.tender])
            except (device.HallRefused, RuntimeError, TimeoutError) as error:
                console.print(f"FAILED: {error}", markup=False)
                for log in sorted((Path(state) / "log").glob("*.log")):
                    tail = log.read_text(errors="replace").splitlines()[-15:]
                    console.print("\n".join([f"--- {log.name}", *tail]), markup=False, highlight=False)
                return 1
    console.print(story.verdict, markup=False, highlight=False)
    return 0
