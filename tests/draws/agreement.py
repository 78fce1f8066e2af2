"""Do the Python and the JavaScript implementation judge alike? `python -m tests.draws.agreement --number 10000`."""

from __future__ import annotations

import argparse
import base64
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from config import assets
from config.assets.toolchain import find_node
from tests.draws.ceremonies import ceremony
from tests.draws.mutations import byte_mutated, mutated, raw_bytes
from trading.draws.draw import read_transcript, replay
from trading.draws.refusal import DrawError

BATCH = 1000


def sample(number: int) -> bytes:
    """Transcript number `number`: one of five untouched, three changed in a value, one in a byte."""
    rng = random.Random(-1 - number)
    transcript = ceremony(number).transcript
    if number % 5 == 0:
        return raw_bytes(transcript)
    if number % 5 == 1:
        return byte_mutated(raw_bytes(transcript), rng)
    return raw_bytes(mutated(transcript, rng))


def judged(raw: bytes) -> dict[str, str]:
    """What the Python implementation says: seed and result hash, or the code of refusal."""
    try:
        found = replay(read_transcript(raw))
    except DrawError as error:
        return {"code": error.code}
    return {"seed": found.seed.hex(), "result": found.result_hash.hex()}


def judged_by_javascript(node: Path, raws: list[bytes]) -> list[dict[str, str]]:
    """What the JavaScript implementation says, in one process."""
    command = {
        "do": "replay-draws",
        "transcripts": [base64.urlsafe_b64encode(r).rstrip(b"=").decode() for r in raws],
    }
    done = subprocess.run(
        [node, "src/interop.mjs"],
        cwd=assets.HERE,
        input=json.dumps(command).encode(),
        capture_output=True,
        check=True,
        timeout=300,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    verdicts: list[dict[str, str]] = answer["verdicts"]
    return verdicts


def compare(node: Path, numbers: range) -> tuple[Counter[str], list[int]]:
    """How many transcripts of each verdict there were, and those on which the two differ."""
    counts: Counter[str] = Counter()
    differing = []
    for start in range(numbers.start, numbers.stop, BATCH):
        batch = range(start, min(start + BATCH, numbers.stop))
        raws = [sample(number) for number in batch]
        for number, raw, theirs in zip(batch, raws, judged_by_javascript(node, raws), strict=True):
            ours = judged(raw)
            counts[ours.get("code", "accepted")] += 1
            if ours != theirs:
                differing.append(number)
    return counts, differing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=10_000)
    options = parser.parse_args()
    assets.build()
    started = time.monotonic()
    counts, differing = compare(find_node(), range(options.number))
    for verdict, count in counts.most_common():
        sys.stdout.write(f"{count:7} {verdict}\n")
    seconds = time.monotonic() - started
    sys.stdout.write(f"{options.number} transcripts, {len(differing)} judged differently, {seconds:.0f} s\n")
    if differing:
        sys.stdout.write(f"differing: {differing[:20]}\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
