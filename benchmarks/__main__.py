"""`make bench`: every benchmark, each printing ratios against a baseline measured in the same run."""

from __future__ import annotations

from benchmarks import ledger, vault


def main() -> None:
    ledger.main()
    vault.main([])


if __name__ == "__main__":
    main()
