"""`make faults`: the long form. Exit code 1 on any loss."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.faults.runs import long_form


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=21, help="tenders, each with a fault at every point")
    parser.add_argument("--first", type=int, default=0, help="begin with this tender of the seed's row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=0, help="begin no tender after so many minutes (0: no end)"
    )
    parser.add_argument("--only", action="append", default=[], help="only this hurt (may be given again)")
    parser.add_argument("--keep", type=Path, help="keep the logs of halls with losses here")
    chosen = parser.parse_args()

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    numbers = range(chosen.first, chosen.first + chosen.runs)
    report = long_form(numbers, chosen.seed, chosen.minutes, say, chosen.only, chosen.keep)
    say(report.table())
    for loss in report.losses:
        say(f"LOSS {loss}")
    return 1 if report.losses else 0


if __name__ == "__main__":
    raise SystemExit(main())
