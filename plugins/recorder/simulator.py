"""A recorder of an opening room, simulated (录音录像设备模拟): follows a hall's openings and files a short sound of
each over the hall's interface, as the real device would file its video."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import wave
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

RATE, SECONDS, PITCH = 8000, 1, 440
PAUSE = 2.0
"""seconds between two looks"""
SECOND = len("2026-01-01T00:00:00")
"""the part of a time that the hall counts: a recording lasts whole seconds"""


def tone(seconds: int = SECONDS) -> bytes:
    """A valid WAV file with a tone: mono, 16 bit."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        samples = (8000 if (2 * PITCH * n // RATE) % 2 else -8000 for n in range(RATE * seconds))
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))
    return out.getvalue()


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file_sound(
    hall: str, key: str, tender: str, sitting: str, place: str, starts: str, ends: str, data: bytes
) -> dict[str, object]:
    """PUT one recording; returns the hall's answer. Raises urllib.error.HTTPError when it refuses."""
    about = {
        "sitting": sitting,
        "place": place,
        "media_type": "audio/wav",
        "sha256": hashlib.sha256(data).hexdigest(),
        "starts_at": starts,
        "ends_at": ends,
    }
    address = f"{hall}/api/tenders/{urllib.parse.quote(tender)}/recordings?{urllib.parse.urlencode(about)}"
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "audio/wav"}
    request = urllib.request.Request(address, data, headers, method="PUT")
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, object] = json.loads(answer.read())
    return found


def main(arguments: Sequence[str]) -> int:
    """`tradehall simulate recorder --hall URL --key-file FILE --tender CODE [--sitting …]`: files one sound of
    the sitting once it has begun, then ends."""
    parser = argparse.ArgumentParser(prog="tradehall simulate recorder", description=__doc__)
    parser.add_argument("--hall", required=True)
    parser.add_argument("--key-file", type=Path, required=True, help="the device's API key")
    parser.add_argument("--tender", required=True)
    parser.add_argument("--sitting", choices=("opening", "evaluation"), default="opening")
    parser.add_argument("--place", default="Opening room 1")
    chosen = parser.parse_args(arguments)
    key = chosen.key_file.read_text().strip()
    while True:
        with urllib.request.urlopen(
            f"{chosen.hall}/api/tenders/{chosen.tender}/opening", timeout=60
        ) as answer:
            shown = json.loads(answer.read())
        if shown["opening"] is not None and shown["opening"]["started"][:SECOND] < shown["now"][:SECOND]:
            break
        time.sleep(PAUSE)
    starts, ends = shown["opening"]["started"], shown["now"]
    try:
        filed = file_sound(
            chosen.hall, key, chosen.tender, chosen.sitting, chosen.place, starts, ends, tone()
        )
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"the hall refuses: {error.code} {error.read().decode()}\n")
        return 1
    sys.stdout.write(f"filed {filed['ref']} sha256 {filed['sha256']} kept until {filed['keep_until']}\n")
    return 0
