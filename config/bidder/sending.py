"""What goes to the hall and what comes back (提交、回执、解密): bids, receipts, withdrawals, keys, damaged pieces."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.keyfile import read_keyfile
from bidding.vault.manifest import Manifest, build_withdrawal, parse_manifest
from bidding.vault.policy import parse_policy
from bidding.vault.receipt import Check, Sent, check_receipt, parse_receipt
from bidding.vault.release import bidder_key_fits, build_bidder_release
from bidding.vault.sealed_file import open_sealed
from config.bidder.hall import BidError, Hall
from config.bidder.sealing import Signer
from plugins.timestamping import judge_from
from plugins.timestamping.tokens import BadToken
from trading import clock

Progress = Callable[[int, int], None]
"""progress(done, total) in bytes"""


@dataclass(frozen=True)
class Submitted:
    """The hall's answer: the reference, and where the receipt will be."""

    ref: str
    receipt: str


def submit(hall: Hall, path: Path, progress: Progress | None = None) -> Submitted:
    """Upload and hand in a `.sealed` file. A second call goes on where the first one stopped, and gives
    the same reference once it was handed in. Raises HallRefused (with the signed refusal), BidError."""
    with path.open("rb") as file, open_sealed(file) as bid:
        tender = parse_policy(bid.policy).tender
        body = {"tender": tender, "manifest": b64(bid.manifest_raw), "cms": b64(bid.cms)}
        upload = hall.post("/api/bids/uploads", body)
        total = sum(part.size for part in bid.manifest.parts)
        for _round in range(3):
            missing = [(part, n) for part, numbers in upload["missing"].items() for n in numbers]
            if not missing:
                break
            done = total - _bytes_of(bid.manifest, missing, upload["piece_bytes"])
            for part, number in missing:
                done += _send_piece(hall, bid, upload, part, number)
                if progress:
                    progress(done, total)
            upload = json.loads(hall.get(f"/api/bids/uploads/{upload['upload']}"))
        else:
            raise BidError("the hall does not keep the pieces that were sent; try again later")
        answer = hall.post(f"/api/bids/uploads/{upload['upload']}/submit", {})
    return Submitted(answer["ref"], answer["receipt"])


def _bytes_of(manifest: Manifest, missing: Iterable[tuple[str, int]], piece: int) -> int:
    sizes = {part.name: part.size for part in manifest.parts}
    return sum(min(piece, sizes[part] - number * piece) for part, number in missing)


def _send_piece(hall: Hall, bid: Any, upload: Mapping[str, Any], part: str, number: int) -> int:
    reader = bid.part(part)
    reader.seek(number * upload["piece_bytes"])
    data = reader.read(upload["piece_bytes"])
    headers = {
        "Content-Type": "application/octet-stream",
        "X-Content-SHA256": hashlib.sha256(data).hexdigest(),
    }
    hall.send("PUT", f"/api/bids/uploads/{upload['upload']}/{part}/{number}", data, headers)
    return len(data)


def wait_receipt(hall: Hall, address: str, seconds: float = 120.0) -> bytes:
    """The receipt, as soon as the ledger holds the act. Raises BidError when it does not come in time."""
    limit, pause = time.monotonic() + seconds, 0.2
    while True:
        status, raw = hall.send("GET", address)
        if status == 200:
            return raw
        if time.monotonic() + pause > limit:
            raise BidError(f"no receipt within {seconds:.0f} s; ask again at {address}")
        time.sleep(pause)
        pause = min(pause * 1.5, 5.0)


def judge_receipt(
    raw: bytes, path: Path, trust: Path | None = None, moved_to: datetime | None = None
) -> list[Check]:
    """The client's checks of a receipt for the `.sealed` file at `path`; the time stamp in it is judged
    by the roots in `trust`, and left pending without them; `moved_to` as in check_receipt."""
    with path.open("rb") as file, open_sealed(file) as bid:
        sent = Sent("bid", bid.manifest_raw, bid.cms, bid.manifest.seq, bid.manifest.parts)
        stamped = stamp_time(raw, trust) if trust is not None else None
        policy = parse_policy(bid.policy)
        return check_receipt(raw, policy, sent, now=clock.now(), stamped_at=stamped, moved_to=moved_to)


def moved_deadline(hall: Hall, tender: str) -> datetime | None:
    """Until when the hall takes final offers, which a suspension may have moved; None for any other tender. Raises
    HallRefused."""
    moved = json.loads(hall.get(f"/api/tenders/{tender}")).get("moved_deadline")
    return clock.parse_rfc3339(moved) if moved else None


def stamp_time(raw: bytes, trust: Path) -> datetime | None:
    """The verified time of the stamp in a receipt, None without one. Raises BidError for a false one."""
    receipt = parse_receipt(raw)
    if receipt.tsa is None:
        return None
    try:
        return judge_from({"signatures.folder": str(trust)}).gen_time(receipt.tsa, sha256(receipt.leaf))
    except BadToken as error:
        raise BidError(f"the time stamp in the receipt does not hold: {error}") from error


def wait_witnessed(
    hall: Hall, address: str, path: Path, trust: Path | None = None, seconds: float = 30.0
) -> tuple[bytes, list[Check]]:
    """The receipt with its checks, asked again until witness and time stamp are in it or the time is up."""
    limit, moved = time.monotonic() + seconds, None
    while True:
        raw = wait_receipt(hall, address)
        checks = judge_receipt(raw, path, trust, moved)
        if moved is None and any(check.number == 7 and check.state == "FAIL" for check in checks):
            moved = moved_deadline(hall, parse_receipt(raw).tender)
            checks = judge_receipt(raw, path, trust, moved)
        stamped = parse_receipt(raw).tsa is not None
        witnessed = not any(check.number == 5 and check.state == "PENDING" for check in checks)
        if (stamped and witnessed) or time.monotonic() > limit:
            return raw, checks
        time.sleep(0.5)


def withdraw(hall: Hall, signer: Signer, path: Path) -> Submitted:
    """Take back the bid of a `.sealed` file. Raises HallRefused."""
    with path.open("rb") as file, open_sealed(file) as bid:
        tender = parse_policy(bid.policy).tender
        document = build_withdrawal(bid.manifest, clock.now())
    body = {"tender": tender, "withdraw": b64(document), "cms": b64(signer.sign(document))}
    answer = hall.post("/api/bids/withdrawals", body)
    return Submitted(answer["ref"], answer["receipt"])


def decrypt(hall: Hall, signer: Signer, tender: str, key_file: bytes, passphrase: str) -> int:
    """Give the hall the keys of one's own bid at the opening; returns how many stages were released.

    The keys are checked against the bid first. Raises BidError, WrongPassphrase, HallRefused."""
    kept = read_keyfile(key_file, passphrase)
    close = json.loads(hall.get(f"/api/tenders/{tender}/close"))
    manifests = [parse_manifest(unb64(row["manifest"])) for row in close["bids"]]
    mine = next((m for m in manifests if m.hash == kept.manifest), None)
    if mine is None:
        raise BidError("the closing list opens no bid of this key file")
    policy = parse_policy(unb64(close["policy"]))
    wanted = open_stage(hall, tender)
    if wanted not in kept.keys:
        raise BidError("no envelope of this bid is being opened now")
    # The key of an envelope that is not being opened never leaves this device.
    for name, key in ((name, key) for name, key in kept.keys.items() if name == wanted):
        stage = policy.stage(name)
        if stage is None or bidder_key_fits(stage, mine, key) is False:
            raise BidError("the key file does not fit the bid")
        raw = build_bidder_release(mine, name, key)
        hall.post("/api/bids/releases", {"tender": tender, "release": b64(raw), "cms": b64(signer.sign(raw))})
    return 1


def open_stage(hall: Hall, tender: str) -> str:
    """The stage for which bidders may give their keys now; "" for none."""
    shown = json.loads(hall.get(f"/api/tenders/{tender}/opening"))
    return str((shown["opening"] or {}).get("stage") or "")


def restore(hall: Hall, path: Path) -> int:
    """Send the pieces of a `.sealed` file that the hall has damaged once more; returns how many. Raises
    HallRefused, BidError."""
    with path.open("rb") as file, open_sealed(file) as bid:
        tender = parse_policy(bid.policy).tender
        asked = json.loads(hall.get(f"/api/tenders/{tender}/damaged"))
        if asked["manifest"] not in (None, bid.manifest.hash.hex()):
            raise BidError("the damaged copy is of another sealed file")
        for piece in asked["pieces"]:
            reader = bid.part(piece["part"])
            reader.seek(piece["number"] * asked["piece_bytes"])
            data = reader.read(asked["piece_bytes"])
            address = f"/api/tenders/{tender}/damaged/{piece['part']}/{piece['number']}"
            hall.send("PUT", address, data, {"Content-Type": "application/octet-stream"})
    return len(asked["pieces"])


def receipt_name(tender: str, raw: bytes) -> str:
    """The name under which a receipt is saved."""
    return f"{tender}-{parse_receipt(raw).manifest.hex()[:8]}.receipt.json"
