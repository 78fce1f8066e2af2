"""Opening a bid (开标解密): from policy, manifest, ciphertext and releases to one provable outcome.

A pure function, the same for server, auditor and custodian. Order of judgement: MALFORMED,
WRONG_POLICY, the ciphertexts' trees (STORAGE_FAULT), the keys, the content.

An outcome OK is final. A caller that judges again with more evidence hands in the stage key it has
found before (`StageEvidence.found`); then later proof of a bad dealing changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bidding.vault import content, keys, shamir
from bidding.vault.content import Sink, Source
from bidding.vault.encoding import EncodingError
from bidding.vault.manifest import Manifest, SealedPart, check_fits, parse_manifest
from bidding.vault.policy import Policy, Stage
from bidding.vault.release import Answer, seed_is_custodians, unwrap


class Outcome(StrEnum):
    """What came of a bid, a stage or a part; graver ones first."""

    MALFORMED = "MALFORMED"
    WRONG_POLICY = "WRONG_POLICY"
    STORAGE_FAULT = "STORAGE_FAULT"
    BIDDER_FAULT = "BIDDER_FAULT"
    WRONG_KEY = "WRONG_KEY"
    WAIT_BIDDER = "WAIT_BIDDER"
    WAIT_CUSTODIANS = "WAIT_CUSTODIANS"
    OK = "OK"


@dataclass(frozen=True)
class StageEvidence:
    """What is known for one stage of one bid: the bidder's released key, the custodians' answers, and
    the stage key K that earlier evidence gave."""

    bidder_key: bytes | None = None
    answers: Sequence[Answer] = ()
    found: bytes | None = None


@dataclass(frozen=True)
class Finding:
    """Something a custodian's answer shows: `bad-wrap` (with the released seed: the bidder dealt
    wrongly), `bad-claim`, `wrong-share`, `wrong-seed` (the custodian's answer is unusable)."""

    index: int
    what: str


@dataclass(frozen=True)
class StageResult:
    """The outcome for a stage; `key` is K when it was found."""

    name: str
    outcome: Outcome
    reason: str
    key: bytes | None = field(default=None, repr=False)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class PartResult:
    """The outcome for a part; `cek` is its content key when the stage key was found."""

    name: str
    stage: str
    outcome: Outcome
    reason: str
    cek: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class BidResult:
    """The outcome for a bid: the gravest of its stages and parts."""

    outcome: Outcome
    reason: str
    stages: tuple[StageResult, ...] = ()
    parts: tuple[PartResult, ...] = ()

    def part(self, name: str) -> PartResult | None:
        """The result for the part with this name."""
        return next((part for part in self.parts if part.name == name), None)


class Rejected(ValueError):
    """The manifest cannot be one of this policy's: outcome MALFORMED or WRONG_POLICY."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


class Discard:
    """A sink for callers that want the outcome and not the data."""

    def write(self, data: memoryview, /) -> int:
        """Drops the bytes."""
        return len(data)


def open_bid(
    policy: Policy,
    manifest_raw: bytes,
    ciphertexts: Mapping[str, Source],
    evidence: Mapping[str, StageEvidence],
    sink: Callable[[str], Sink] = lambda part: Discard(),
) -> BidResult:
    """Judges one bid. `ciphertexts` are the stored parts by name (one that is missing is a
    STORAGE_FAULT), read to their end; `evidence` is by stage name.

    The data of a part is written to `sink(part)`, which is called once for each part whose stage key is
    found; what was written may be used only if that part's outcome is OK.
    """
    try:
        manifest = accept(policy, manifest_raw)
    except Rejected as rejected:
        return BidResult(rejected.outcome, str(rejected))
    stages = tuple(
        open_stage(stage, manifest, evidence.get(stage.name, StageEvidence())) for stage in policy.stages
    )
    by_name = {stage.name: stage for stage in stages}
    parts = tuple(
        _judge_part(manifest, part, by_name[part.stage], ciphertexts.get(part.name), sink)
        for part in manifest.parts
    )
    order = list(Outcome)
    results: list[StageResult | PartResult] = [*stages, *parts]
    gravest = min(results, key=lambda result: order.index(result.outcome))
    return BidResult(gravest.outcome, gravest.reason, stages, parts)


def accept(policy: Policy, manifest_raw: bytes) -> Manifest:
    """The manifest, when it is well-formed and made for this policy; raises Rejected."""
    try:
        manifest = parse_manifest(manifest_raw)
    except EncodingError as error:
        raise Rejected(Outcome.MALFORMED, str(error)) from error
    if manifest.policy != policy.hash:
        raise Rejected(Outcome.WRONG_POLICY, "sealed for another policy")
    try:
        check_fits(policy, manifest)
    except EncodingError as error:
        raise Rejected(Outcome.MALFORMED, str(error)) from error
    return manifest


def open_stage(stage: Stage, manifest: Manifest, evidence: StageEvidence) -> StageResult:
    """The key of one stage from the evidence, or why there is none yet or never.

    Bidder's key before custodians' shares in the modes that take either: the custodians are the remedy.
    """
    b, sealed = manifest.binding, manifest.stage(stage.name)
    if sealed is None:
        return StageResult(stage.name, Outcome.MALFORMED, "the bid lacks this stage")

    def fits(key: bytes | None) -> bool:
        return key is not None and keys.key_commitment(b, stage.name, key) == sealed.k_commit

    kb = evidence.bidder_key
    if fits(evidence.found):
        return StageResult(stage.name, Outcome.OK, "the key was found before", evidence.found)
    if stage.mode == "bidder":
        return _bidders_stage(stage, kb, fits(kb))
    if stage.mode != "dual" and kb is not None and fits(kb):
        if _dealt(stage, manifest, kb):
            return StageResult(stage.name, Outcome.OK, "the bidder's key", kb)
        return StageResult(stage.name, Outcome.BIDDER_FAULT, "the shares were not dealt from the key")
    result = _custodians_stage(stage, manifest, evidence.answers)
    if stage.mode == "dual" and result.key is not None:
        k = keys.dual_key(result.key, kb, b, stage.name) if kb is not None else None
        return _bidders_stage(stage, k, fits(k), result.findings)
    if result.outcome is Outcome.OK and not fits(result.key):
        return StageResult(stage.name, Outcome.BIDDER_FAULT, "the shares join to another key than committed")
    if stage.mode != "dual" and kb is not None and result.outcome is Outcome.WAIT_CUSTODIANS:
        reason = "the released key is not the committed one"
        return StageResult(stage.name, Outcome.WRONG_KEY, reason, None, result.findings)
    return result


def open_part(manifest: Manifest, part: SealedPart, key: bytes, source: Source, sink: Sink) -> PartResult:
    """Decrypts one part under its stage key K in one pass over `source`."""
    cek = keys.part_key(key, manifest.binding, part.name)
    context = keys.content_context(manifest.binding, part.name)
    stored, fault = content.decrypt(cek, context, source, sink)
    if wrong := _stored_fault(part, stored):
        return wrong
    if fault is not None:
        return PartResult(part.name, part.stage, Outcome.BIDDER_FAULT, fault, cek)
    return PartResult(part.name, part.stage, Outcome.OK, "opened", cek)


def _judge_part(
    manifest: Manifest,
    part: SealedPart,
    stage: StageResult,
    source: Source | None,
    sink: Callable[[str], Sink],
) -> PartResult:
    if source is None:
        return _storage_fault(part)
    if stage.key is not None:
        return open_part(manifest, part, stage.key, source, sink(part.name))
    wrong = _stored_fault(part, content.measure(source))
    return wrong or PartResult(part.name, part.stage, stage.outcome, stage.reason)


def _stored_fault(part: SealedPart, stored: content.Sealed) -> PartResult | None:
    if (stored.size, stored.tree) != (part.size, part.tree):
        return _storage_fault(part)
    if stored.head != part.head:
        reason = "the manifest's beginning of the part is not that of the sealed bytes"
        return PartResult(part.name, part.stage, Outcome.BIDDER_FAULT, reason)
    return None


def _storage_fault(part: SealedPart) -> PartResult:
    reason = "the stored bytes are not those that were receipted"
    return PartResult(part.name, part.stage, Outcome.STORAGE_FAULT, reason)


def _bidders_stage(
    stage: Stage, key: bytes | None, fits: bool, findings: tuple[Finding, ...] = ()
) -> StageResult:
    if key is None:
        return StageResult(stage.name, Outcome.WAIT_BIDDER, "the bidder has released no key", None, findings)
    if not fits:
        reason = "the released key is not the committed one"
        return StageResult(stage.name, Outcome.WRONG_KEY, reason, None, findings)
    return StageResult(stage.name, Outcome.OK, "the bidder's key", key, findings)


def _custodians_stage(stage: Stage, manifest: Manifest, answers: Sequence[Answer]) -> StageResult:
    """`key` of the result is Kc, once t usable shares have proved the dealing honest."""
    usable, answered, findings = _usable_shares(stage, manifest, answers)
    if any(finding.what == "bad-wrap" for finding in findings):
        reason = "a wrap does not hold the committed share, as the custodian's seed shows"
        return StageResult(stage.name, Outcome.BIDDER_FAULT, reason, None, findings)
    if len(usable) < stage.t:
        if len(answered) == stage.n:
            reason = f"all {stage.n} custodians have answered and fewer than {stage.t} shares are usable"
            return StageResult(stage.name, Outcome.BIDDER_FAULT, reason, None, findings)
        reason = f"{len(usable)} of {stage.t} shares"
        return StageResult(stage.name, Outcome.WAIT_CUSTODIANS, reason, None, findings)
    kc = shamir.combine(dict(sorted(usable.items())[: stage.t]))
    if not _dealt(stage, manifest, kc):
        reason = "the dealing is inconsistent: the committed shares lie on no one polynomial"
        return StageResult(stage.name, Outcome.BIDDER_FAULT, reason, None, findings)
    return StageResult(stage.name, Outcome.OK, f"{len(usable)} custodians' shares", kc, findings)


def _usable_shares(
    stage: Stage, manifest: Manifest, answers: Sequence[Answer]
) -> tuple[dict[int, bytes], set[int], tuple[Finding, ...]]:
    """Shares equal to their commitments by index, who has answered, and what was found."""
    usable: dict[int, bytes] = {}
    answered: set[int] = set()
    findings: list[Finding] = []
    sealed = manifest.stage(stage.name)
    for answer in answers:
        index = answer.index
        if sealed is None or stage.custodian(index) is None:
            continue
        if answer.seed is not None and not seed_is_custodians(stage, index, answer.seed):
            findings.append(Finding(index, "wrong-seed"))
        elif answer.seed is not None:
            answered.add(index)
            share = unwrap(stage, manifest, index, answer.seed)
            if share is None:
                findings.append(Finding(index, "bad-wrap"))
            else:
                usable[index] = share
            continue
        if answer.share is not None:
            answered.add(index)
            commitment = keys.share_commitment(manifest.binding, stage.name, index, answer.share)
            if commitment == sealed.shares[index - 1]:
                usable[index] = answer.share
            else:
                findings.append(Finding(index, "wrong-share"))
        elif answer.seed is None:
            answered.add(index)
            findings.append(Finding(index, "bad-claim"))
    return usable, answered, tuple(findings)


def _dealt(stage: Stage, manifest: Manifest, kc: bytes) -> bool:
    """Whether Kc is the committed one and deals exactly the committed shares."""
    b, sealed = manifest.binding, manifest.stage(stage.name)
    if sealed is None or keys.custodian_commitment(b, stage.name, kc) != sealed.kc_commit:
        return False
    shares = keys.deal(kc, b, stage.name, stage.t, stage.n)
    committed = tuple(keys.share_commitment(b, stage.name, i, s) for i, s in enumerate(shares, start=1))
    return committed == sealed.shares
