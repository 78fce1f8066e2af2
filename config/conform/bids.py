"""Vector files of whole bids: sealed by others, judged and opened here.

Each base bid is first taken apart: every hash, key, share, wrap, context and plaintext it gives is
computed anew. Then each case's outcome must be the expected one.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bidding.vault import content, keys, shamir
from bidding.vault.manifest import Manifest, parse_manifest
from bidding.vault.open import BidResult, Outcome, StageEvidence, accept, open_bid
from bidding.vault.policy import Policy, Stage, parse_policy
from bidding.vault.release import Answer, seed_is_custodians, unwrap
from config.conform import Case
from config.conform.compare import Differs, case, data, listed, plain_b64, same, same_hex

_WAITING = (Outcome.WAIT_CUSTODIANS, Outcome.WAIT_BIDDER)


@dataclass(frozen=True)
class Bid:
    """A base bid of a vector file."""

    given: Mapping[str, Any]
    policy: Policy
    manifest: Manifest
    ciphertexts: Mapping[str, bytes]

    def seeds(self, stage: str) -> dict[int, bytes]:
        """The custodians' seeds of a stage by index."""
        return {int(i): data(seed) for i, seed in self.given["custodian_seeds"][stage].items()}

    def keys(self, stage: str) -> tuple[bytes, bytes]:
        """The given K and Kb of a stage."""
        entry = self.given["stages"][stage]
        return data(entry["K"]), data(entry["Kb"])


def seal_open_cases(document: Any, path: Path) -> Iterator[Case]:
    """The base bid's values, then every case's outcome."""
    for name, entry in listed(document):
        name = f"{name} {entry.get('id', '')} {entry.get('mode', '')}"
        yield from _base_cases(name, entry["base"])
        yield case(f"{name} frame", _frame, entry)
        if not entry["cases"]:
            yield f"{name} outcomes", False, "no case"
        for trial in entry["cases"]:
            yield case(f"{name}: {trial['name']}", _outcome, entry, trial)


def two_envelope_cases(document: Any, path: Path) -> Iterator[Case]:
    """The base bid's values, and that the releases of one stage open nothing of another."""
    for name, entry in listed(document):
        name = f"{name} {entry.get('id', '')}"
        yield from _base_cases(name, entry["base"])
        yield case(f"{name} has two stages", _two_stages, entry["base"])
        for stage in entry["base"]["stages"]:
            yield case(f"{name} releases of {stage} alone", _one_stage, entry["base"], stage)
            yield case(f"{name} releases of {stage} elsewhere", _elsewhere, entry["base"], stage)
        yield case(f"{name} all releases", _all_stages, entry["base"])


def seal_browser_cases(document: Any, path: Path) -> Iterator[Case]:
    """The values of each bid, and that it opens."""
    for name, entry in listed(document):
        yield from _base_cases(name, entry)
        yield case(f"{name} opens", _all_stages, entry)


def read_bid(given: Mapping[str, Any]) -> Bid:
    """The base bid; raises ValueError when policy or manifest cannot be read."""
    return Bid(
        given,
        parse_policy(given["policy_raw"].encode()),
        parse_manifest(given["manifest_raw"].encode()),
        {name: plain_b64(part["ciphertext_b64"]) for name, part in given["parts"].items()},
    )


def _base_cases(name: str, given: Mapping[str, Any]) -> Iterator[Case]:
    yield case(f"{name} hashes and binding", _hashes, given)
    for stage in given["stages"]:
        yield case(f"{name} keys of {stage}", _stage_keys, given, stage)
    for part in given["parts"]:
        yield case(f"{name} content of {part}", _part_content, given, part)


def _hashes(given: Mapping[str, Any]) -> None:
    bid = read_bid(given)
    same_hex("policy_hash", given["policy_hash"], bid.policy.hash)
    same_hex("manifest_hash", given["manifest_hash"], bid.manifest.hash)
    same_hex("B", given["B"], bid.manifest.binding)
    accept(bid.policy, bid.manifest.raw)
    same("stages", sorted(given["stages"]), sorted(stage.name for stage in bid.policy.stages))
    same("parts", sorted(given["parts"]), sorted(part.name for part in bid.manifest.parts))


def _stage_keys(given: Mapping[str, Any], name: str) -> None:
    bid = read_bid(given)
    stage, sealed, b = bid.policy.stage(name), bid.manifest.stage(name), bid.manifest.binding
    if stage is None or sealed is None:
        raise Differs(f"{name}: no such stage")
    k, kb = bid.keys(name)
    same_hex("k_commit", sealed.k_commit.hex(), keys.key_commitment(b, name, k))
    if not stage.held_by_custodians:
        same("K and Kb", k, kb)
        return
    seeds = bid.seeds(name)
    same("indexes of the seeds", sorted(seeds), [c.index for c in stage.custodians])
    shares = {}
    for index, seed in seeds.items():
        if not seed_is_custodians(stage, index, seed):
            raise Differs(f"seed {index}: not that of the policy's key")
        share = unwrap(stage, bid.manifest, index, seed)
        if share is None:
            raise Differs(f"wrap {index}: does not open to the committed share")
        shares[index] = share
    kc = shamir.combine(dict(list(shares.items())[: stage.t]))
    same_hex("kc_commit", (sealed.kc_commit or b"").hex(), keys.custodian_commitment(b, name, kc))
    dealt = keys.deal(kc, b, name, stage.t, stage.n)
    same("shares", [shares[i] for i in sorted(shares)], dealt)
    if stage.mode == "dual":
        same("K", k, keys.dual_key(kc, kb, b, name))
    else:
        same("K", k, kc)
        same("Kb", kb, kc)


def _part_content(given: Mapping[str, Any], name: str) -> None:
    bid, entry = read_bid(given), given["parts"][name]
    part, b = bid.manifest.part(name), bid.manifest.binding
    if part is None:
        raise Differs(f"{name}: not in the manifest")
    ciphertext = bid.ciphertexts[name]
    described = content.Sealed(part.size, part.tree, part.head)
    same("size, tree and head", described, content.measure(io.BytesIO(ciphertext)))
    same_hex("cek", entry["cek"], keys.part_key(bid.keys(part.stage)[0], b, name))
    same_hex("content_context", entry["content_context"], keys.content_context(b, name))
    plain = io.BytesIO()
    cek, context = data(entry["cek"]), data(entry["content_context"])
    same("fault", content.decrypt(cek, context, io.BytesIO(ciphertext), plain)[1], None)
    same_hex("plaintext_hex", entry["plaintext_hex"], plain.getvalue())
    same_hex("sha256", entry["sha256"], hashlib.sha256(plain.getvalue()).digest())


def _frame(entry: Mapping[str, Any]) -> None:
    for stage in read_bid(entry["base"]).policy.stages:
        same("mode", entry["mode"], stage.mode)
        same("t and n", (entry["t"], entry["n"]), (stage.t, stage.n))


def _outcome(entry: Mapping[str, Any], trial: Mapping[str, Any]) -> None:
    bid = read_bid(entry["base"])
    raw = bid.manifest.raw if trial["manifest_raw"] == "base" else trial["manifest_raw"].encode()
    ciphertexts = dict(bid.ciphertexts)
    if trial["ciphertext_b64"] != "base":
        ciphertexts[next(iter(ciphertexts))] = plain_b64(trial["ciphertext_b64"])
    key = data(trial["bidder_key"]) if trial["bidder_key"] is not None else None
    evidence = {
        stage.name: StageEvidence(key, _seed_answers(bid, stage, trial["released"]))
        for stage in bid.policy.stages
    }
    result, plain = _open(bid.policy, raw, ciphertexts, evidence)
    same("expect", trial["expect"], result.outcome.value)
    if result.outcome is Outcome.OK:
        _plaintexts(bid, result, plain, list(ciphertexts))


def _two_stages(given: Mapping[str, Any]) -> None:
    if len(given["stages"]) < 2:
        raise Differs("stages: fewer than two")


def _one_stage(given: Mapping[str, Any], name: str) -> None:
    bid = read_bid(given)
    for answers in _answer_sets(bid, name):
        result, plain = _open(bid.policy, bid.manifest.raw, bid.ciphertexts, {name: answers})
        for part in result.parts:
            if part.stage != name and part.outcome not in _WAITING:
                raise Differs(f"{part.name}: {part.outcome} without a release")
        mine = [part.name for part in bid.manifest.parts if part.stage == name]
        if not mine or set(plain) != set(mine):
            raise Differs(f"{name}: other parts than its own opened")
        _plaintexts(bid, result, plain, mine)


def _elsewhere(given: Mapping[str, Any], name: str) -> None:
    """Seeds, shares and the bidder's key of one stage, handed in for every other stage."""
    bid = read_bid(given)
    stage = bid.policy.stage(name)
    if stage is None:
        raise Differs(f"{name}: no such stage")
    shares = [
        Answer(index, share=unwrap(stage, bid.manifest, index, seed))
        for index, seed in (bid.seeds(name) if stage.held_by_custodians else {}).items()
    ]
    kb = bid.keys(name)[1]
    for other in bid.policy.stages:
        if other.name == name:
            continue
        for evidence in (*_answer_sets(bid, name), StageEvidence(kb, shares), StageEvidence(kb)):
            result, plain = _open(bid.policy, bid.manifest.raw, bid.ciphertexts, {other.name: evidence})
            if plain or any(part.outcome is Outcome.OK for part in result.parts):
                raise Differs(f"a release for {name} opened {other.name}")
        for part in bid.manifest.parts:
            if part.stage == other.name and _part_opens(bid, part.name, bid.keys(name)[0]):
                raise Differs(f"the key of {name} opened {part.name}")


def _all_stages(given: Mapping[str, Any]) -> None:
    bid = read_bid(given)
    for last in (False, True):
        evidence = {stage.name: _answer_sets(bid, stage.name)[last] for stage in bid.policy.stages}
        result, plain = _open(bid.policy, bid.manifest.raw, bid.ciphertexts, evidence)
        same("outcome", result.outcome.value, "OK")
        _plaintexts(bid, result, plain, [part.name for part in bid.manifest.parts])


def _answer_sets(bid: Bid, name: str) -> tuple[StageEvidence, StageEvidence]:
    """Just enough to open the stage: with the first t seeds, and with the last."""
    stage = bid.policy.stage(name)
    if stage is None:
        raise Differs(f"{name}: no such stage")
    kb = bid.keys(name)[1] if stage.mode in ("bidder", "dual") else None
    indexes = [custodian.index for custodian in stage.custodians]
    first = _seed_answers(bid, stage, indexes[: stage.t])
    last = _seed_answers(bid, stage, indexes[-stage.t :])
    return StageEvidence(kb, first), StageEvidence(kb, last)


def _seed_answers(bid: Bid, stage: Stage, indexes: Sequence[int]) -> list[Answer]:
    seeds = bid.seeds(stage.name)
    return [Answer(index, seed=seeds[index]) for index in indexes]


def _open(
    policy: Policy,
    raw: bytes,
    ciphertexts: Mapping[str, bytes],
    evidence: Mapping[str, StageEvidence],
) -> tuple[BidResult, dict[str, bytes]]:
    """The result and the data of the parts that opened."""
    sinks: dict[str, io.BytesIO] = {}
    result = open_bid(
        policy,
        raw,
        {name: io.BytesIO(data) for name, data in ciphertexts.items()},
        evidence,
        lambda name: sinks.setdefault(name, io.BytesIO()),
    )
    opened = [part.name for part in result.parts if part.outcome is Outcome.OK]
    return result, {name: sinks[name].getvalue() for name in opened}


def _part_opens(bid: Bid, name: str, stage_key: bytes) -> bool:
    cek = keys.part_key(stage_key, bid.manifest.binding, name)
    context = keys.content_context(bid.manifest.binding, name)
    source = io.BytesIO(bid.ciphertexts[name])
    return content.decrypt(cek, context, source, io.BytesIO())[1] is None


def _plaintexts(bid: Bid, result: BidResult, plain: Mapping[str, bytes], names: Sequence[str]) -> None:
    for name in names:
        part = result.part(name)
        same(f"outcome of {name}", part.outcome.value if part else None, "OK")
        same_hex(f"plaintext of {name}", bid.given["parts"][name]["plaintext_hex"], plain[name])
        same_hex(
            f"sha256 of {name}", bid.given["parts"][name]["sha256"], hashlib.sha256(plain[name]).digest()
        )
