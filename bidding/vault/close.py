"""The closing list (截标清单): every bid and withdrawal of a tender, what each counts as, and when a
custodian may release for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bidding.vault import documents as d
from bidding.vault.custodian_key import Statement
from bidding.vault.encoding import EncodingError, format_time, sha256
from bidding.vault.policy import Policy
from bidding.vault.receipt import Check, Receipt, State, verify_policy_log, witnesses_seen
from trading.ledger.checkpoint import NoteError, parse_checkpoint
from trading.ledger.merkle import consistency_holds

STATUSES = ("valid", "superseded", "withdrawn", "policy-superseded")


@dataclass(frozen=True)
class CloseEntry:
    """One admitted act; `manifest` is the hash of the bid's manifest or of the withdrawal."""

    leaf_index: int
    manifest: bytes
    status: str


@dataclass(frozen=True)
class Close:
    """A closing list as read, not verified."""

    raw: bytes
    hash: bytes
    tender: str
    lot: str
    deadline: datetime
    at: datetime
    tree_size: int
    root: bytes
    entries: tuple[CloseEntry, ...]

    @property
    def valid(self) -> tuple[bytes, ...]:
        """Hashes of the manifests that are to be opened."""
        return tuple(entry.manifest for entry in self.entries if entry.status == "valid")


@dataclass(frozen=True)
class Act:
    """An admitted bid or withdrawal, as `judge_acts` needs it: `document` is the hash of the manifest or
    withdrawal, `withdraws` the hash of the bid that a withdrawal takes back."""

    leaf_index: int
    document: bytes
    policy: bytes
    bidder: str
    withdraws: bytes | None = None


_CLOSE = {
    "tender": d.text,
    "lot": d.text,
    "deadline": d.issued_time,
    "at": d.issued_time,
    "tree_size": d.integer(0),
    "root": d.hash_hex,
    "entries": d.list_of(
        d.exact({"leaf_index": d.integer(0), "manifest": d.hash_hex, "status": d.one_of(*STATUSES)})
    ),
    "sig": d.b64_bytes(64),
}


def judge_acts(acts: Sequence[Act], policy_hash: bytes) -> list[CloseEntry]:
    """What every act counts as, in the order of the ledger.

    A bidder's last bid under the current policy is valid, its earlier ones superseded. A withdrawal and
    the standing bid it names are withdrawn; no earlier bid comes back by that. Every bid under an older
    policy is policy-superseded, unless withdrawn.
    """
    status: dict[bytes, str] = {}
    standing: dict[str, bytes] = {}
    ordered = sorted(acts, key=lambda act: act.leaf_index)
    for act in ordered:
        before = standing.get(act.bidder)
        if act.withdraws is not None:
            status[act.document] = "withdrawn"
            if before == act.withdraws:
                status[standing.pop(act.bidder)] = "withdrawn"
            continue
        if before is not None and status[before] == "valid":
            status[before] = "superseded"
        standing[act.bidder] = act.document
        status[act.document] = "valid" if act.policy == policy_hash else "policy-superseded"
    return [CloseEntry(act.leaf_index, act.document, status[act.document]) for act in ordered]


def build_close(
    *,
    tender: str,
    lot: str,
    deadline: datetime,
    at: datetime,
    tree_size: int,
    root: bytes,
    entries: Sequence[CloseEntry],
    sign: d.Sign,
) -> bytes:
    """The closing list over the checkpoint (`tree_size`, `root`) that contains the close, signed."""
    document = {
        "v": 1,
        "typ": "ebid.close",
        "tender": tender,
        "lot": lot,
        "deadline": format_time(deadline),
        "at": format_time(at),
        "tree_size": tree_size,
        "root": root.hex(),
        "entries": [
            {"leaf_index": e.leaf_index, "manifest": e.manifest.hex(), "status": e.status} for e in entries
        ],
    }
    return d.signed(document, sign)


def parse_close(raw: bytes) -> Close:
    """Reads a closing list; raises EncodingError. Entries must ascend within the tree."""
    f = d.read(raw, "ebid.close", _CLOSE)
    entries = tuple(CloseEntry(**entry) for entry in f["entries"])
    indices = [entry.leaf_index for entry in entries]
    if indices != sorted(set(indices)) or (indices and indices[-1] >= f["tree_size"]):
        raise EncodingError("entries: not ascending within the tree")
    if len({entry.manifest for entry in entries}) != len(entries):
        raise EncodingError("entries: a document stands twice")
    names = ("tender", "lot", "deadline", "at", "tree_size", "root")
    return Close(raw=raw, hash=sha256(raw), entries=entries, **{name: f[name] for name in names})


def check_close(policy: Policy, raw: bytes, checkpoint: str) -> tuple[Close | None, list[str]]:
    """The closing list and what is wrong with it, in words; the list is empty when nothing is.

    `checkpoint` is the signed note of the tree the list stands on.
    """
    try:
        close = parse_close(raw)
    except EncodingError as error:
        return None, [f"the closing list cannot be read: {error}"]
    faults = []
    if not d.signature_holds(raw, policy.receipt_key):
        faults.append("the closing list is not signed by the policy's receipt key")
    if (close.tender, close.lot) != (policy.tender, policy.lot):
        faults.append("the closing list is another tender's")
    if close.deadline != policy.deadline or close.at < policy.deadline:
        faults.append("the closing list was made before the policy's deadline")
    try:
        head = verify_policy_log(checkpoint, policy)
        if (head.size, head.root) != (close.tree_size, close.root):
            faults.append("the closing list stands on another tree than the checkpoint")
    except NoteError as error:
        faults.append(f"the checkpoint does not hold: {error}")
    return close, faults


def why_not_release(
    policy: Policy,
    raw: bytes,
    checkpoint: str,
    *,
    statement: Statement,
    stamped_at: datetime | None,
    quorum: int,
    now: datetime,
) -> list[str]:
    """Why a custodian must not release yet for this closing list; empty when it may.

    `statement` is the custodian's own, `stamped_at` the verified time of the stamp on the list, `quorum`
    the number of witnesses wanted, `now` the custodian's own clock. That the policy is the newest logged
    one and properly signed is `policy_check`'s and the caller's to see.
    """
    _, faults = check_close(policy, raw, checkpoint)
    stage = policy.stage(statement.stage)
    custodian = stage.custodian(statement.index) if stage else None
    if custodian is None or custodian.cks_sha256 != sha256(statement.raw).hex():
        faults.append("the policy does not name this custodian's own key statement")
    if stamped_at is None or stamped_at < policy.deadline:
        faults.append("the closing list bears no time stamp from after the deadline")
    try:
        if len(witnesses_seen(checkpoint, policy)) < quorum:
            faults.append("too few witnesses have cosigned the closing checkpoint")
    except EncodingError as error:
        faults.append(str(error))
    if now < statement.release_after:
        faults.append(f"the key statement allows no release before {format_time(statement.release_after)}")
    return faults


def check_in_close(receipt: Receipt, close: Close, proof: Sequence[bytes]) -> Check:
    """Client check 9: a receipted act stands in the closing list, whose tree continues the receipt's.

    `proof` is the consistency proof between the two trees.
    """
    mine = (receipt.leaf_index, receipt.manifest)
    if receipt.leaf_index < close.tree_size and mine not in {
        (entry.leaf_index, entry.manifest) for entry in close.entries
    }:
        return Check(9, State.FAIL, "the closing list leaves out what this receipt promises")
    try:
        head = parse_checkpoint(receipt.checkpoint)
    except NoteError as error:
        return Check(9, State.FAIL, str(error))
    if not consistency_holds(head.size, close.tree_size, head.root, close.root, proof):
        return Check(9, State.FAIL, "the closing list stands on a tree that does not continue the receipt's")
    if receipt.leaf_index >= close.tree_size:
        return Check(9, State.FAIL, "the receipt's entry came after the close")
    return Check(9, State.PASS, "in the closing list")


def check_published(plaintext_sha256: bytes, published_sha256: bytes) -> Check:
    """Client check 10: what was published at the opening is what was sealed."""
    same = plaintext_sha256 == published_sha256
    return Check(10, State.PASS if same else State.FAIL, "published as sealed" if same else "altered")
