"""Whether a seal policy may be used: what a bidder's client, a custodian and admission demand of it.

Opening needs less (`policy.parse_policy`); here every field must be there, every signature hold, and no
organisation and no bloc may hold as many custodian indexes as open a bid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from bidding.vault import documents as d
from bidding.vault.custodian_key import parse_statement
from bidding.vault.encoding import EncodingError, sha256
from bidding.vault.policy import (
    CUSTODIAN_FIELDS,
    PART_FIELDS,
    POLICY_FIELDS,
    STAGE_FIELDS,
    Policy,
    Stage,
    parse_policy,
)
from trading.errors import Refused
from trading.ledger.checkpoint import LOG_KEY, WITNESS_KEY, NoteError, parse_vkey

SIGNATURES = ("cades-rsa", "cades-ecdsa", "gm-sm2")
_PART_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")

SignerOf = Callable[[bytes, bytes], str]
"""`signer_of(data, cms)`: SHA-256 (hex) of the certificate that signed, once the signature and its
chain to a pinned root hold; raises ValueError or trading.errors.Refused otherwise."""


class PolicyRefused(ValueError):
    """A policy that must not be used; `faults` are all the reasons, as (code, words)."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{code}: {words}" for code, words in self.faults))


_WHOLE = {
    **POLICY_FIELDS,
    "open_at": d.time,
    "log": d.text,
    "log_key": d.text,
    "receipt_key": d.b64_bytes(32),
    "witnesses": d.list_of(d.exact({"name": d.text, "key": d.text})),
    "tsa": d.list_of(d.hash_hex),
    "stages": d.list_of(
        d.exact(
            {
                **STAGE_FIELDS,
                "bidder_window_s": d.integer(0),
                "custodians": d.list_of(
                    d.exact({**CUSTODIAN_FIELDS, "org": d.text, "cks_sha256": d.hash_hex})
                ),
            }
        )
    ),
    "parts": d.list_of(d.exact(PART_FIELDS)),
    "sig": d.list_of(d.one_of(*SIGNATURES)),
    "client_sha256": d.list_of(d.hash_hex),
}


_LATER = {"version": d.integer(2), "replaces": d.hash_hex}
"""What a policy that replaces another says besides."""


def check_policy(
    raw: bytes,
    cms: bytes,
    statements: Sequence[tuple[bytes, bytes]],
    *,
    signer_of: SignerOf,
    tenderer_cert: str | None,
    blocs: Mapping[str, str],
) -> Policy:
    """The policy, when it may be used; raises PolicyRefused with every fault otherwise.

    `statements` are the key statements with their CMS. `tenderer_cert` is the SHA-256 (hex) of the
    certificate that must have signed the policy, None when any signer that `signer_of` accepts will do.
    `blocs` names the bloc of an organisation: tenderer, agent and platform operator are one; an
    organisation that is not listed stands for itself.
    """
    try:
        document = d.canonical(raw)
        optional = {"upload_grace_s": d.constant(0)} if "upload_grace_s" in document else {}
        later = _LATER if "version" in document else {}
        d.exact({**_WHOLE, **optional, **later})(document)
        policy = parse_policy(raw)
    except (EncodingError, TypeError) as error:
        raise PolicyRefused([("policy.malformed", str(error))]) from error
    faults = [
        *_signature_faults(raw, cms, tenderer_cert, signer_of, "policy"),
        *_frame_faults(policy),
        *(fault for stage in policy.stages for fault in _stage_faults(stage, blocs)),
        *_statement_faults(policy, statements, signer_of),
    ]
    if faults:
        raise PolicyRefused(faults)
    return policy


def _signature_faults(
    data: bytes, cms: bytes, certificate: str | None, signer_of: SignerOf, what: str
) -> Iterator[tuple[str, str]]:
    try:
        signer = signer_of(data, cms)
    except (ValueError, Refused) as error:
        yield "policy.signature", f"the signature of {what} does not hold: {error}"
        return
    if certificate is not None and signer != certificate:
        yield "policy.signature", f"{what} is signed with another certificate"


def _frame_faults(policy: Policy) -> Iterator[tuple[str, str]]:
    f = policy.fields
    if d.time(f["open_at"]) < policy.deadline:
        yield "policy.times", "bids would be opened before the deadline"
    try:
        if parse_vkey(f["log_key"]).name != f["log"] or parse_vkey(f["log_key"]).kind != LOG_KEY:
            yield "policy.keys", "the log key is not the key of the log"
        for witness in f["witnesses"]:
            key = parse_vkey(witness["key"])
            if key.name != witness["name"] or key.kind != WITNESS_KEY:
                yield "policy.keys", f"the key of witness {witness['name']} is not its own"
    except NoteError as error:
        yield "policy.keys", str(error)
    names = [stage.name for stage in policy.stages]
    parts = [part.name for part in policy.parts]
    if not names or len(set(names)) != len(names):
        yield "policy.stages", "stages need names of their own"
    if not parts or len(set(parts)) != len(parts):
        yield "policy.parts", "parts need names of their own"
    for part in policy.parts:
        if part.stage not in names or not set(part.name) <= _PART_NAME:
            yield "policy.parts", f"part {part.name!r} has a stage or a name that cannot be"


def _stage_faults(stage: Stage, blocs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if not stage.held_by_custodians:
        if stage.custodians:
            yield "policy.custodians", f"stage {stage.name} is the bidder's alone"
        return
    if not 2 <= stage.t <= stage.n:
        yield "policy.threshold", f"stage {stage.name} needs 2 <= t <= n"
    for kind, holders in (
        ("organisation", Counter(c.org for c in stage.custodians)),
        ("bloc", Counter(blocs.get(c.org, c.org) for c in stage.custodians)),
    ):
        for holder, count in holders.items():
            if count >= stage.t:
                yield "policy.bloc", f"the {kind} {holder} alone could open stage {stage.name}"
    if len({c.pk for c in stage.custodians}) != len(stage.custodians):
        yield "policy.custodians", f"two custodians of stage {stage.name} have one key"


def _statement_faults(
    policy: Policy, statements: Sequence[tuple[bytes, bytes]], signer_of: SignerOf
) -> Iterator[tuple[str, str]]:
    by_hash = {sha256(raw).hex(): (raw, cms) for raw, cms in statements}
    for stage in policy.stages:
        for custodian in stage.custodians:
            what = f"the key statement of custodian {custodian.index} for stage {stage.name}"
            if custodian.cks_sha256 not in by_hash:
                yield "policy.statement", f"{what} is missing"
                continue
            raw, cms = by_hash[custodian.cks_sha256]
            try:
                s = parse_statement(raw)
            except EncodingError as error:
                yield "policy.statement", f"{what} cannot be read: {error}"
                continue
            said = (s.tender, s.lot, s.stage, s.index, s.custodian, s.org, s.suite, s.pk)
            used = (policy.tender, policy.lot, stage.name, custodian.index, custodian.id, custodian.org)
            if said != (*used, stage.suite, custodian.pk):
                yield "policy.statement", f"{what} says something else than the policy"
            if s.release_after < policy.deadline:
                yield "policy.statement", f"{what} allows a release before the deadline"
            yield from _signature_faults(raw, cms, s.cert_sha256, signer_of, what)
