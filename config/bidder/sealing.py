"""Sealing on the bidder's own device (封标), and sealing the same content again for amended documents."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.hashes import SHA256

from bidding.vault.encoding import unb64
from bidding.vault.envelopes import DOCUMENTS, SHEET
from bidding.vault.keyfile import KeyFile, read_keyfile, write_keyfile
from bidding.vault.keys import deal
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.open import Outcome, StageEvidence, open_bid
from bidding.vault.policy import Policy, parse_policy
from bidding.vault.release import Answer
from bidding.vault.seal import PartInput, seal_bid
from bidding.vault.sealed_file import write_sealed
from config.bidder.content import pack_documents
from config.bidder.hall import BidError, Hall, fetch_policy, next_place, own_bids
from plugins.x509_signatures.evidence import organisation_id
from plugins.x509_signatures.signer import FileSigner
from trading import clock


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
    sheet: bytes | None,
    documents: Sequence[Path],
    folder: Path,
    passphrase: str,
    *,
    rng: Callable[[int], bytes],
    seq: int = 1,
    replaces: bytes | None = None,
) -> SealedBid:
    """Seal a bid and write `<tender>-<manifest>.sealed` and `….bidkey.json` into `folder`.

    The policy says which parts there are: a first response in a consultation has no price sheet (`sheet` None),
    a final offer no documents. `passphrase` protects the key file. Before anything counts the key file is read
    back and the sealed bid opened with it. Raises BidError, SealError."""
    asked = parts_asked(policy, sheet, documents)
    with tempfile.TemporaryFile(dir=folder) as tar:
        sources: dict[str, tuple[BinaryIO, int]] = {}
        if SHEET in asked and sheet is not None:
            sources[SHEET] = (io.BytesIO(sheet), len(sheet))
        if DOCUMENTS in asked:
            sources[DOCUMENTS] = (tar, pack_documents(documents, tar))
            tar.seek(0)
        return seal_parts(policy, signer, sources, folder, passphrase, rng=rng, seq=seq, replaces=replaces)


def parts_asked(policy: Policy, sheet: bytes | None, documents: Sequence[Path]) -> frozenset[str]:
    """The parts that the policy asks for; both where it lists none. Raises BidError for what is missing or too
    much."""
    asked = frozenset(part.name for part in policy.parts) or frozenset((SHEET, DOCUMENTS))
    if (SHEET in asked) != (sheet is not None):
        raise BidError(
            "this tender asks for a price sheet: name it with --prices" if SHEET in asked
            else "a first response has no price: it is asked for in the final offer"
        )  # fmt: skip
    if DOCUMENTS not in asked and documents:
        raise BidError("a final offer is the price sheet alone: leave the documents out")
    return asked


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
        kept = KeyFile(policy.hash, bid.bid_id, manifest.hash, bid.keys, bid.dealt)
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
    result = open_bid(policy, manifest.raw, sinks, own_evidence(policy, manifest, kept))  # type: ignore[arg-type]
    if result.outcome != Outcome.OK:
        raise BidError(f"the self-check failed: {result.outcome} {result.reason}")


def own_evidence(policy: Policy, manifest: Manifest, kept: KeyFile) -> dict[str, StageEvidence]:
    """What a key file opens its bid with; in mode `dual` the custodians' shares too, which anybody who knows Kc
    can derive again."""
    evidence = {}
    for name, key in kept.keys.items():
        stage, kc = policy.stage(name), kept.dealt.get(name)
        shares = deal(kc, manifest.binding, name, stage.t, stage.n) if stage and kc else []
        own = [Answer(index, share) for index, share in enumerate(shares, start=1)]
        evidence[name] = StageEvidence(bidder_key=key, answers=own)
    return evidence


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
    lacking = [s.name for s in former.stages if s.mode == "dual" and s.name not in kept.dealt]
    if lacking:
        raise BidError(
            "this key file is of an earlier edition and does not read its bid before the custodians release: "
            "fill in the price sheet anew and use `tradehall bid replace`"
        )
    manifest = parse_manifest(raw)
    with ExitStack() as stack:
        temporary = lambda: stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: E731
        ciphertexts, plain = {}, {}
        for part in manifest.parts:
            ciphertexts[part.name], plain[part.name] = temporary(), temporary()
            ciphertexts[part.name].write(hall.get(f"{base}/{part.name}"))
            ciphertexts[part.name].seek(0)
        evidence = own_evidence(former, manifest, kept)
        result = open_bid(former, raw, ciphertexts, evidence, lambda n: plain[n])
        if result.outcome != Outcome.OK:
            raise BidError(f"the standing bid does not open: {result.outcome} {result.reason}")
        sources: dict[str, tuple[BinaryIO, int]] = {n: (sink, sink.tell()) for n, sink in plain.items()}
        for sink in plain.values():
            sink.seek(0)
        if SHEET in plain:
            must_answer(json.loads(hall.get(f"/api/tenders/{tender}"))["items"], plain[SHEET].read())
            plain[SHEET].seek(0)
        return seal_parts(policy, signer, sources, folder, passphrase, rng=rng, seq=seq, replaces=standing)


def must_answer(asked: Sequence[Mapping[str, Any]], sheet: bytes) -> None:
    """Raises BidError when a price sheet is not for these items."""
    names = ("name", "unit", "quantity")
    offered = [tuple(item[name] for name in names) for item in json.loads(sheet)["body"]["items"]]
    if offered != [tuple(str(item[name]) for name in names) for item in asked]:
        raise BidError("the items have changed: fill in the price sheet anew and use `tradehall bid replace`")
