"""Releases (解密授权): what custodians and bidders publish at the opening so that bids can be read.

A custodian releases its shares of the bids in the closing list, or its seed for the stage, which shows
how every wrap for it was dealt. A bidder releases its own stage key. All are signed with a certificate
(detached CMS), which is the caller's to check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bidding.vault import documents as d
from bidding.vault import keys
from bidding.vault.custodian_key import MAX_CUSTODIANS
from bidding.vault.encoding import EncodingError, b64, format_time, sha256
from bidding.vault.manifest import Manifest
from bidding.vault.policy import Policy, Stage
from trading import hpke
from trading.ledger.canonical import dumps


class ReleaseError(ValueError):
    """The release cannot be made as asked."""


@dataclass(frozen=True)
class Release:
    """A custodian's release as read. `shares` are by manifest hash; `bad` are the bids whose wrap it
    says did not open to the committed share, which is a claim and no evidence until `seed` is there."""

    raw: bytes
    hash: bytes
    close: bytes
    stage: str
    index: int
    shares: Mapping[bytes, bytes]
    bad: frozenset[bytes]
    seed: bytes | None
    at: datetime


@dataclass(frozen=True)
class BidderRelease:
    """A bidder's release of its stage key as read; `manifest` is the hash of its bid's manifest."""

    raw: bytes
    hash: bytes
    manifest: bytes
    stage: str
    kb: bytes


@dataclass(frozen=True)
class Answer:
    """What one custodian has given for one bid: its share, its seed, or neither (it says the wrap is
    bad)."""

    index: int
    share: bytes | None = None
    seed: bytes | None = None


_SHARE = d.exact({"manifest": d.hash_hex, "share": d.b64_bytes(keys.KEY_BYTES)})
_RELEASE = {
    "close": d.hash_hex,
    "stage": d.text,
    "index": d.integer(1, MAX_CUSTODIANS),
    "shares": d.list_of(_SHARE),
    "bad": d.list_of(d.hash_hex),
    "seed": d.or_null(d.b64_bytes(hpke.SEED_BYTES)),
    "at": d.issued_time,
}
_BIDDER_RELEASE = {"manifest": d.hash_hex, "stage": d.text, "Kb": d.b64_bytes(keys.KEY_BYTES)}


def unwrap(stage: Stage, manifest: Manifest, index: int, seed: bytes) -> bytes | None:
    """The share in the wrap for custodian `index`, or None when it does not open to what the bid
    committed to."""
    sealed = manifest.stage(stage.name)
    if sealed is None or not 1 <= index <= len(sealed.wraps):
        return None
    b = manifest.binding
    try:
        share = hpke.unseal(stage.suite, seed, keys.wrap_info(b, stage.name, index), sealed.wraps[index - 1])
    except hpke.HpkeError:
        return None
    return share if keys.share_commitment(b, stage.name, index, share) == sealed.shares[index - 1] else None


def seed_is_custodians(stage: Stage, index: int, seed: bytes) -> bool:
    """Whether the seed makes the key that the policy names for custodian `index`."""
    custodian = stage.custodian(index)
    return (
        custodian is not None
        and len(seed) == hpke.SEED_BYTES
        and hpke.public_key(stage.suite, seed) == custodian.pk
    )


def build_release(
    policy: Policy,
    stage_name: str,
    seed: bytes,
    manifests: Sequence[Manifest],
    *,
    close_hash: bytes,
    at: datetime,
    reveal_seed: bool = False,
) -> bytes:
    """The bytes of a release of the custodian whose key comes from `seed`, to be signed by it.

    `manifests` are the valid bids of the closing list, whose bytes hash to `close_hash`. With
    `reveal_seed` the seed itself is published, for audit or dispute. Raises ReleaseError when the seed
    is of no custodian of this stage.
    """
    stage = policy.stage(stage_name)
    own = [c for c in stage.custodians if seed_is_custodians(stage, c.index, seed)] if stage else []
    if stage is None or not own:
        raise ReleaseError(f"the key is of no custodian of stage {stage_name}")
    shares, bad = [], []
    for manifest in manifests:
        share = unwrap(stage, manifest, own[0].index, seed)
        if share is None:
            bad.append(manifest.hash.hex())
        else:
            shares.append({"manifest": manifest.hash.hex(), "share": b64(share)})
    return dumps(
        {
            "v": 1,
            "typ": "ebid.release",
            "close": close_hash.hex(),
            "stage": stage_name,
            "index": own[0].index,
            "shares": shares,
            "bad": bad,
            "seed": b64(seed) if reveal_seed else None,
            "at": format_time(at),
        }
    )


def parse_release(raw: bytes) -> Release:
    """Reads a custodian's release; raises EncodingError."""
    f = d.read(raw, "ebid.release", _RELEASE)
    named = [*(share["manifest"] for share in f["shares"]), *f["bad"]]
    if len(set(named)) != len(named):
        raise EncodingError("a bid stands twice in the release")
    return Release(
        raw=raw,
        hash=sha256(raw),
        shares={share["manifest"]: share["share"] for share in f["shares"]},
        bad=frozenset(f["bad"]),
        **{name: f[name] for name in ("close", "stage", "index", "seed", "at")},
    )


def check_release(policy: Policy, release: Release, manifests: Iterable[Manifest]) -> list[str]:
    """What is wrong with a release for these valid bids, in words; empty when nothing is.

    A share that does not match the bidder's signed commitment is the custodian's fault and public; so
    is a bid passed over, and a seed that is not the policy's. A `bad` claim is not judged here.
    """
    return list(_release_faults(policy, release, {m.hash: m for m in manifests}))


def build_bidder_release(manifest: Manifest, stage: str, kb: bytes) -> bytes:
    """The bytes of a bidder's release of its key for a stage, to be signed by the bidder."""
    return dumps(
        {
            "v": 1,
            "typ": "ebid.bidder-release",
            "manifest": manifest.hash.hex(),
            "stage": stage,
            "Kb": b64(kb),
        }
    )


def parse_bidder_release(raw: bytes) -> BidderRelease:
    """Reads a bidder's release; raises EncodingError."""
    f = d.read(raw, "ebid.bidder-release", _BIDDER_RELEASE)
    return BidderRelease(raw, sha256(raw), f["manifest"], f["stage"], f["Kb"])


def bidder_key_fits(stage: Stage, manifest: Manifest, kb: bytes) -> bool | None:
    """Whether Kb matches the bid's commitment; None in mode `dual`, where only t shares can tell."""
    sealed = manifest.stage(stage.name)
    if sealed is None:
        return False
    if stage.mode == "dual":
        return None
    return keys.key_commitment(manifest.binding, stage.name, kb) == sealed.k_commit


def answers(releases: Iterable[Release], stage: str, manifest_hash: bytes) -> list[Answer]:
    """What these releases say about one bid in one stage, in their order."""
    return [
        Answer(release.index, release.shares.get(manifest_hash), release.seed)
        for release in releases
        if release.stage == stage
        and (release.seed is not None or manifest_hash in release.shares or manifest_hash in release.bad)
    ]


def _release_faults(policy: Policy, release: Release, bids: Mapping[bytes, Manifest]) -> Iterator[str]:
    stage = policy.stage(release.stage)
    if stage is None or stage.custodian(release.index) is None:
        yield f"the policy has no custodian {release.index} for stage {release.stage}"
        return
    if release.seed is not None and not seed_is_custodians(stage, release.index, release.seed):
        yield f"the seed is not that of custodian {release.index}"
    for manifest_hash, share in release.shares.items():
        manifest = bids.get(manifest_hash)
        sealed = manifest.stage(stage.name) if manifest else None
        if manifest is None or sealed is None:
            yield f"a share is for {manifest_hash.hex()}, which is not to be opened"
        elif (
            keys.share_commitment(manifest.binding, stage.name, release.index, share)
            != sealed.shares[release.index - 1]
        ):
            yield f"the share for {manifest_hash.hex()} is not the committed one"
    for missing in bids.keys() - release.shares.keys() - release.bad:
        yield f"the release passes over {missing.hex()}"
