"""A bidder's side without a browser (投标客户端): what `tradehall bid` and other programs are made of.

Sealing needs nothing but the policy and the bidder's own files, and works without a network. The formats
are those of the bid page: the same `.sealed`, key file, signature and receipt.
"""

from __future__ import annotations

import csv
import hashlib
import http.client
import io
import json
import tarfile
import tempfile
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256

from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.keyfile import KeyFile, read_keyfile, write_keyfile
from bidding.vault.manifest import Manifest, build_withdrawal, parse_manifest
from bidding.vault.open import Outcome, StageEvidence, open_bid
from bidding.vault.policy import Policy, parse_policy
from bidding.vault.policy_check import check_policy
from bidding.vault.receipt import Check, Sent, check_receipt, parse_receipt
from bidding.vault.release import bidder_key_fits, build_bidder_release
from bidding.vault.seal import PartInput, seal_bid
from bidding.vault.sealed_file import open_sealed, write_sealed
from plugins.timestamping import judge_from
from plugins.timestamping.tokens import BadToken
from plugins.x509_signatures import verifier_from
from plugins.x509_signatures.evidence import organisation_id
from plugins.x509_signatures.signer import FileSigner
from trading import clock
from trading.ledger.canonical import dumps
from trading.money import capitals, round_money

Progress = Callable[[int, int], None]
"""progress(done, total) in bytes"""

RETRIED = (408, 425, 429, 500, 502, 503, 504)
LONGEST_PAUSE = 30.0


class HallRefused(Exception):
    """The hall said no. `problem` is its problem+json, `refusal` the refusal that it signed, if any."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.refusal: dict[str, Any] | None = problem.get("refusal")
        faults = problem.get("faults") or [{"code": problem.get("code"), "message": problem.get("title")}]
        lines = [" ".join(str(f.get(k) or "") for k in ("code", "message", "remedy")).strip() for f in faults]
        super().__init__("; ".join(lines))


class BidError(ValueError):
    """Something is wrong on this side: a file, a key, a receipt that does not hold."""


class Hall:
    """The hall at an address, asked with an API key ("" for what everybody may read).

    A line that breaks, or a hall that restarts, is waited out for `patience` seconds."""

    def __init__(self, address: str, api_key: str = "", patience: float = 120.0) -> None:
        self.address = address.rstrip("/")
        self._key = api_key
        self._patience = patience

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of an answer below 400. Raises HallRefused; BidError when none comes in time."""
        limit, pause = time.monotonic() + self._patience, 0.5
        while True:
            try:
                return self._once(method, path, body, headers or {})
            except HallRefused as refused:
                if refused.status not in RETRIED or time.monotonic() + pause > limit:
                    raise
            except (OSError, http.client.HTTPException) as error:  # the latter: an answer that breaks off
                if time.monotonic() + pause > limit:
                    raise BidError(f"{self.address} does not answer: {error}") from error
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def get(self, path: str) -> bytes:
        return self.send("GET", path)[1]

    def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Post JSON; returns the JSON answer."""
        headers = {"Content-Type": "application/json"}
        return json.loads(self.send("POST", path, json.dumps(document).encode(), headers)[1])

    def _once(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(self.address + path, data=body, method=method, headers=dict(headers))
        request.add_header("Accept", "application/json")
        if self._key:
            request.add_header("Authorization", f"Bearer {self._key}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            raw = error.read()
            try:
                problem = json.loads(raw)
            except ValueError:
                problem = {"code": str(error.code), "title": raw[:300].decode(errors="replace")}
            raise HallRefused(error.code, problem) from error


# --- the policy ----------------------------------------------------------------------------------


def fetch_policy(hall: Hall, tender: str, trust: Path | None = None, sha256_hex: str = "") -> Policy:
    """The tender's seal policy.

    With `trust` (a folder with `roots.pem`, `intermediates.pem`, `crl/`) every signature is checked as a
    bidder must: the tenderer's and those of all custodians. `sha256_hex` is the hash printed in the
    notice. Raises PolicyRefused or BidError for a policy that must not be used."""
    base = f"/api/tenders/{tender}"
    raw, cms = hall.get(f"{base}/policy"), hall.get(f"{base}/policy.p7s")
    policy = parse_policy(raw)
    if policy.tender != tender or (sha256_hex and policy.hash.hex() != sha256_hex):
        raise BidError("this is not the seal policy that the notice names")
    if trust is not None:
        rows = json.loads(hall.get(f"{base}/custodian-keys"))
        verifier, at = verifier_from({"signatures.folder": str(trust)}), clock.now()
        check_policy(
            raw,
            cms,
            [(unb64(row["cks"]), unb64(row["p7s"])) for row in rows],
            signer_of=lambda data, p7s: str(verifier.verify(data, p7s, at).certificate_sha256),
            tenderer_cert=None,
            blocs={},
        )
    return policy


# --- the parts -----------------------------------------------------------------------------------


def price_sheet(
    items: Iterable[Mapping[str, str]], period_days: int, core_brand: str = "", claims: Sequence[str] = ()
) -> bytes:
    """The part `price-sheet`. Items have name, brand, unit, quantity and unit_price (yuan); amounts and
    total are computed, each amount rounded to the fen."""
    rows = []
    for item in items:
        quantity, unit_price = (_number(item[name]) for name in ("quantity", "unit_price"))
        rows.append(
            {
                "name": item["name"],
                "brand": item.get("brand", ""),
                "unit": item["unit"],
                "quantity": f"{quantity:f}",
                "unit_price": f"{unit_price:.2f}",
                "amount": f"{round_money(quantity * unit_price):.2f}",
            }
        )
    total = sum((Decimal(row["amount"]) for row in rows), Decimal(0))
    if not rows or total <= 0 or period_days < 1:
        raise BidError("a price sheet needs items, a total above zero and a period of at least a day")
    opening = {"total": f"{total:.2f}", "words": capitals(total), "period_days": period_days}
    return dumps(
        {
            "v": 1,
            "typ": "ebid.price-sheet",
            "currency": "CNY",
            "opening": opening,
            "body": {"total": f"{total:.2f}", "items": rows},
            "core_brand": core_brand,
            "claims": sorted(claims),
        }
    )


def read_items(path: Path) -> list[dict[str, str]]:
    """The items of a spreadsheet (.xlsx) or a .csv whose first row names the columns name, brand, unit,
    quantity, unit_price."""
    if path.suffix.lower() == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [dict(row) for row in csv.DictReader(file)]
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    names = [str(cell).strip() for cell in sheet[0]]
    return [{n: _cell(cell) for n, cell in zip(names, row, strict=True)} for row in sheet[1:] if any(row)]


def pack_documents(paths: Sequence[Path], out: BinaryIO) -> int:
    """The part `documents`: the files, by name, in one deterministic tar. Returns its size in bytes."""
    named = {unicodedata.normalize("NFC", path.name): path for path in paths}
    if len(named) != len(paths) or not paths:
        raise BidError("documents need at least one file, and names of their own")
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(named):
            if len(name.encode()) > 100:
                raise BidError(f"the file name is longer than 100 bytes: {name}")
            member = tarfile.TarInfo(name)
            member.size = named[name].stat().st_size
            with named[name].open("rb") as file:
                tar.addfile(member, file)
    return out.tell()


def _number(text: str) -> Decimal:
    try:
        return Decimal(unicodedata.normalize("NFKC", str(text)).replace(",", "").strip())
    except ArithmeticError as error:
        raise BidError(f"not a number: {text!r}") from error


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{Decimal(repr(value)).normalize():f}"
    return str(value).strip()


# --- sealing -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signer:
    """A certificate key file, opened."""

    signer: FileSigner

    @classmethod
    def open(cls, path: Path, passphrase: str) -> Signer:
        """Raises BidError when it stays shut."""
        try:
            return cls(FileSigner.from_file(path, passphrase.encode() or None))
        except (ValueError, TypeError) as error:
            raise BidError(f"{path} does not open: {error}") from error

    @property
    def certificate(self) -> str:
        """SHA-256 (hex) of the certificate."""
        return self.signer.certificate.fingerprint(SHA256()).hex()

    @property
    def uscc(self) -> str:
        """The enterprise's unified social credit code in the certificate."""
        return organisation_id(self.signer.certificate.subject)

    def sign(self, data: bytes) -> bytes:
        return self.signer.sign(data, clock.now())


@dataclass(frozen=True)
class SealedBid:
    """What sealing wrote: the `.sealed` file and the key file."""

    sealed: Path
    key_file: Path
    manifest: Manifest


def seal(
    policy: Policy,
    signer: Signer,
    sheet: bytes,
    documents: Sequence[Path],
    folder: Path,
    passphrase: str,
    *,
    rng: Callable[[int], bytes],
    seq: int = 1,
    replaces: bytes | None = None,
) -> SealedBid:
    """Seal a bid and write `<tender>-<manifest>.sealed` and `….bidkey.json` into `folder`.

    `passphrase` protects the key file. Before anything counts the key file is read back and the sealed
    bid opened with it. Raises BidError, SealError."""
    with tempfile.TemporaryFile(dir=folder) as tar:
        sources: dict[str, tuple[BinaryIO, int]] = {
            "price-sheet": (io.BytesIO(sheet), len(sheet)),
            "documents": (tar, pack_documents(documents, tar)),
        }
        tar.seek(0)
        return seal_parts(policy, signer, sources, folder, passphrase, rng=rng, seq=seq, replaces=replaces)


def seal_parts(
    policy: Policy,
    signer: Signer,
    sources: Mapping[str, tuple[BinaryIO, int]],
    folder: Path,
    passphrase: str,
    *,
    rng: Callable[[int], bytes],
    seq: int = 1,
    replaces: bytes | None = None,
) -> SealedBid:
    """`seal` for parts that are there already: readers with their sizes, by the part's name."""
    with ExitStack() as stack:
        temporary = lambda: stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: E731
        sinks = {name: temporary() for name in sources}
        bid = seal_bid(
            policy,
            bidder_id=signer.uscc,
            cert_sha256=signer.certificate,
            parts=[PartInput(name, size, source, sinks[name]) for name, (source, size) in sources.items()],
            rng=rng,
            seq=seq,
            replaces=replaces,
        )
        manifest = parse_manifest(bid.manifest)
        stem = f"{policy.tender}-{manifest.hash.hex()[:8]}"
        kept = KeyFile(policy.hash, bid.bid_id, manifest.hash, bid.keys)
        key_path = folder / f"{stem}.bidkey.json"
        key_path.write_bytes(write_keyfile(kept, passphrase, rng))
        _try_keys(policy, manifest, sinks, read_keyfile(key_path.read_bytes(), passphrase))
        for sink in sinks.values():
            sink.seek(0)
        path = folder / f"{stem}.sealed"
        with path.open("wb") as out:
            cms = signer.sign(bid.manifest)
            write_sealed(out, policy=policy.raw, manifest=bid.manifest, cms=cms, parts=sinks)
    return SealedBid(path, key_path, manifest)


def _try_keys(policy: Policy, manifest: Manifest, sinks: Mapping[str, BinaryIO], kept: KeyFile) -> None:
    """The self-check: the key file that was just written opens the bid that was just sealed."""
    for sink in sinks.values():
        sink.seek(0)
    evidence = {name: StageEvidence(bidder_key=key) for name, key in kept.keys.items()}
    result = open_bid(policy, manifest.raw, sinks, evidence)  # type: ignore[arg-type]
    waiting = (
        {Outcome.WAIT_CUSTODIANS} if any(s.mode in ("dual", "custodian") for s in policy.stages) else set()
    )
    if result.outcome not in {Outcome.OK, *waiting}:
        raise BidError(f"the self-check failed: {result.outcome} {result.reason}")


# --- sealing again for amended documents ----------------------------------------------------------


def reseal(
    hall: Hall,
    signer: Signer,
    tender: str,
    key_file: bytes,
    folder: Path,
    passphrase: str,
    *,
    trust: Path | None = None,
    rng: Callable[[int], bytes],
) -> SealedBid:
    """Open one's standing bid, as the hall keeps it, with its key file, and seal the same content for the
    tender's present policy. Raises BidError when the price sheet no longer answers what is asked, or the key
    file is another bid's; WrongPassphrase, PolicyRefused, HallRefused."""
    kept = read_keyfile(key_file, passphrase)
    seq, standing = next_place(hall, tender)
    if standing is None or kept.manifest != standing:
        raise BidError("the key file is not that of the standing bid")
    policy = fetch_policy(hall, tender, trust)
    if kept.policy == policy.hash:
        raise BidError("the standing bid is sealed for the present documents")
    base = f"/api/tenders/{tender}/bids/{own_bids(hall, tender)[-1]['ref']}"
    said = json.loads(hall.get(base))
    raw, former = unb64(said["manifest"]), parse_policy(unb64(said["policy"]))
    if any(stage.mode == "dual" for stage in former.stages):
        raise BidError(
            "the standing bid opens only together with the custodians, who release nothing before the deadline: "
            "fill in the price sheet anew and use `tradehall bid replace`"
        )
    with ExitStack() as stack:
        temporary = lambda: stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: E731
        ciphertexts, plain = {}, {}
        for part in parse_manifest(raw).parts:
            ciphertexts[part.name], plain[part.name] = temporary(), temporary()
            ciphertexts[part.name].write(hall.get(f"{base}/{part.name}"))
            ciphertexts[part.name].seek(0)
        evidence = {name: StageEvidence(bidder_key=key) for name, key in kept.keys.items()}
        result = open_bid(former, raw, ciphertexts, evidence, lambda n: plain[n])
        if result.outcome != Outcome.OK:
            raise BidError(f"the standing bid does not open: {result.outcome} {result.reason}")
        sources: dict[str, tuple[BinaryIO, int]] = {n: (sink, sink.tell()) for n, sink in plain.items()}
        for sink in plain.values():
            sink.seek(0)
        must_answer(json.loads(hall.get(f"/api/tenders/{tender}"))["items"], plain["price-sheet"].read())
        plain["price-sheet"].seek(0)
        return seal_parts(policy, signer, sources, folder, passphrase, rng=rng, seq=seq, replaces=standing)


def must_answer(asked: Sequence[Mapping[str, Any]], sheet: bytes) -> None:
    """Raises BidError when a price sheet is not for these items."""
    names = ("name", "unit", "quantity")
    offered = [tuple(item[name] for name in names) for item in json.loads(sheet)["body"]["items"]]
    if offered != [tuple(str(item[name]) for name in names) for item in asked]:
        raise BidError("the items have changed: fill in the price sheet anew and use `tradehall bid replace`")


# --- handing in ----------------------------------------------------------------------------------


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


def judge_receipt(raw: bytes, path: Path, trust: Path | None = None) -> list[Check]:
    """The client's checks of a receipt for the `.sealed` file at `path`; the time stamp in it is judged
    by the roots in `trust`, and left pending without them."""
    with path.open("rb") as file, open_sealed(file) as bid:
        sent = Sent("bid", bid.manifest_raw, bid.cms, bid.manifest.seq, bid.manifest.parts)
        stamped = stamp_time(raw, trust) if trust is not None else None
        return check_receipt(raw, parse_policy(bid.policy), sent, now=clock.now(), stamped_at=stamped)


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
    limit = time.monotonic() + seconds
    while True:
        raw = wait_receipt(hall, address)
        checks = judge_receipt(raw, path, trust)
        stamped = parse_receipt(raw).tsa is not None
        witnessed = not any(check.number == 5 and check.state == "PENDING" for check in checks)
        if (stamped and witnessed) or time.monotonic() > limit:
            return raw, checks
        time.sleep(0.5)


def own_bids(hall: Hall, tender: str) -> list[dict[str, Any]]:
    """This enterprise's admitted acts in a tender, oldest first."""
    rows: list[dict[str, Any]] = json.loads(hall.get(f"/api/tenders/{tender}/bids"))
    return rows


def next_place(hall: Hall, tender: str) -> tuple[int, bytes | None]:
    """The number that the next bid needs, and the hash of the bid it replaces (None for none)."""
    acts = own_bids(hall, tender)
    last = acts[-1] if acts else None
    standing = bytes.fromhex(last["manifest"]) if last and last["kind"] == "bid" else None
    return max((act["seq"] for act in acts), default=0) + 1, standing


# --- taking back, decrypting ---------------------------------------------------------------------


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


def policy_name(policy: Policy) -> str:
    """The name under which a policy is saved."""
    return f"{policy.tender}-{sha256(policy.raw).hex()[:8]}.policy.json"
