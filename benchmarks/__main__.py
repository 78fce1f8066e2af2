"""`make bench`: every benchmark, each printing ratios against a baseline measured in the same run.

Sizes here are small enough for a coffee break; each benchmark alone takes larger ones (docs/benchmarks.md)."""

from __future__ import annotations

from benchmarks import (
    browser,
    deadline,
    doors,
    draws,
    ledger,
    lottery,
    openings,
    scale,
    uploaders,
    vault,
    watchers,
)


def main() -> None:
    ledger.main()
    vault.main([])
    for each in (draws, deadline, openings, uploaders, watchers, browser, scale, doors, lottery):
        each.main([])


if __name__ == "__main__":
    main()
