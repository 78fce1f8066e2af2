"""The seal policy (封装策略): read and built.

A policy says who may open the bids of one tender and how: stages, mode, threshold, custodians and
their keys. `parse_policy` reads what opening needs and passes over the rest; `policy_check` demands
everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bidding.vault import documents as d
from bidding.vault.custodian_key import MAX_CUSTODIANS, parse_statement
from bidding.vault.encoding import EncodingError, b64, format_time, sha256
from trading import hpke
from trading.ledger.canonical import dumps

MODES = ("custodian", "bidder", "dual", "either")


@dataclass(frozen=True)
class Custodian:
    """A custodian in a policy; `org` and `cks_sha256` are empty in a policy that lacks them."""

    index: int
    id: str
    pk: bytes
    org: str = ""
    cks_sha256: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage of a policy; in mode `bidder` there are no custodians."""

    name: str
    mode: str
    t: int
    n: int
    suite: str
    custodians: tuple[Custodian, ...]
    bidder_window_s: int = 0

    @property
    def held_by_custodians(self) -> bool:
        """Whether bids carry shares and wraps for this stage."""
        return self.mode != "bidder"

    def custodian(self, index: int) -> Custodian | None:
        """The custodian with this index."""
        return next((c for c in self.custodians if c.index == index), None)


@dataclass(frozen=True)
class Part:
    """A part that a bid may have; `max_bytes` limits its ciphertext."""

    name: str
    stage: str
    max_bytes: int
    public_after_open: bool


@dataclass(frozen=True)
class Policy:
    """A policy as read; `parts` is empty and `fields` shorter where the document has no more."""

    raw: bytes
    hash: bytes
    tender: str
    lot: str
    deadline: datetime
    stages: tuple[Stage, ...]
    parts: tuple[Part, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    def stage(self, name: str) -> Stage | None:
        """The stage with this name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def part(self, name: str) -> Part | None:
        """The part with this name."""
        return next((part for part in self.parts if part.name == name), None)

    @property
    def version(self) -> int:
        """1 for the policy that the tender began with, one more for each amendment that changed it."""
        return int(self.fields.get("version", 1))

    @property
    def replaces(self) -> str:
        """Hash (hex) of the policy before this one; "" for the first."""
        return str(self.fields.get("replaces", ""))

    @property
    def signatures(self) -> tuple[str, ...]:
        """The kinds of signatures that bidders may sign with."""
        return tuple(d.list_of(d.text)(self.fields.get("sig", [])))

    @property
    def receipt_key(self) -> bytes:
        """The raw Ed25519 key that signs receipts, refusals and the close."""
        return bytes(d.b64_bytes(32)(self.fields.get("receipt_key")))


@dataclass(frozen=True)
class StagePlan:
    """What `build_policy` makes a stage of; `statements` are the custodians' raw key statements."""

    name: str
    mode: str
    t: int
    n: int
    statements: Sequence[bytes] = ()
    suite: str = hpke.X_WING
    bidder_window_s: int = 0


CUSTODIAN_FIELDS = {"index": d.integer(1, MAX_CUSTODIANS), "id": d.text, "pk": d.b64_bytes()}
STAGE_FIELDS = {
    "name": d.text,
    "mode": d.one_of(*MODES),
    "t": d.integer(0, MAX_CUSTODIANS),
    "n": d.integer(0, MAX_CUSTODIANS),
    "suite": d.one_of(*hpke.SUITES),
}
PART_FIELDS = {"name": d.text, "stage": d.text, "max_bytes": d.integer(1), "public_after_open": d.boolean}
POLICY_FIELDS = {
    "v": d.constant(1),
    "typ": d.constant("ebid.policy"),
    "tender": d.text,
    "lot": d.text,
    "deadline": d.time,
    "stages": d.list_of(d.at_least({**STAGE_FIELDS, "custodians": d.list_of(d.at_least(CUSTODIAN_FIELDS))})),
}


def build_policy(
    *,
    tender: str,
    lot: str,
    deadline: datetime,
    open_at: datetime,
    log: str,
    log_key: str,
    receipt_key: bytes,
    witnesses: Sequence[tuple[str, str]],
    tsa: Sequence[str],
    stages: Sequence[StagePlan],
    parts: Sequence[Part],
    sig: Sequence[str] = ("cades-rsa", "cades-ecdsa"),
    client_sha256: Sequence[str] = (),
    version: int = 1,
    replaces: str = "",
) -> bytes:
    """The bytes of a policy, to be signed by the tenderer. `witnesses` are (name, vkey), `tsa` and
    `client_sha256` SHA-256 values in hex, `log_key` the log's vkey. From version 2 on the policy names
    its version and the hash (hex) of the policy that it `replaces`. Raises EncodingError for a
    statement that cannot be read; everything else is `check_policy`'s to judge."""
    return dumps(
        {
            "v": 1,
            "typ": "ebid.policy",
            "tender": tender,
            "lot": lot,
            "deadline": format_time(deadline),
            "open_at": format_time(open_at),
            "log": log,
            "log_key": log_key,
            "receipt_key": b64(receipt_key),
            "witnesses": [{"name": name, "key": key} for name, key in witnesses],
            "tsa": list(tsa),
            "stages": [_stage_document(plan) for plan in stages],
            "parts": [
                {
                    "name": part.name,
                    "stage": part.stage,
                    "max_bytes": part.max_bytes,
                    "public_after_open": part.public_after_open,
                }
                for part in parts
            ],
            "sig": list(sig),
            "client_sha256": list(client_sha256),
            "upload_grace_s": 0,
            **({"version": version, "replaces": replaces} if version > 1 else {}),
        }
    )


def parse_policy(raw: bytes) -> Policy:
    """Reads the fields that opening needs; raises EncodingError. Says nothing about signatures."""
    document = d.canonical(raw)
    f = d.at_least(POLICY_FIELDS)(document)
    parts = d.list_of(d.at_least(PART_FIELDS))(document.get("parts", []))
    return Policy(
        raw=raw,
        hash=sha256(raw),
        tender=f["tender"],
        lot=f["lot"],
        deadline=f["deadline"],
        stages=tuple(_stage(stage, doc) for stage, doc in zip(f["stages"], document["stages"], strict=True)),
        parts=tuple(Part(**part) for part in parts),
        fields=document,
    )


def _stage_document(plan: StagePlan) -> dict[str, Any]:
    statements = [parse_statement(raw) for raw in plan.statements]
    return {
        "name": plan.name,
        "mode": plan.mode,
        "t": plan.t,
        "n": plan.n,
        "suite": plan.suite,
        "bidder_window_s": plan.bidder_window_s,
        "custodians": [
            {
                "index": s.index,
                "id": s.custodian,
                "org": s.org,
                "cks_sha256": sha256(s.raw).hex(),
                "pk": b64(s.pk),
            }
            for s in sorted(statements, key=lambda s: s.index)
        ],
    }


def _stage(f: dict[str, Any], document: dict[str, Any]) -> Stage:
    custodians = tuple(
        Custodian(c["index"], c["id"], c["pk"], str(doc.get("org", "")), str(doc.get("cks_sha256", "")))
        for c, doc in zip(f["custodians"], document["custodians"], strict=True)
    )
    if f["mode"] != "bidder" and [c.index for c in custodians] != list(range(1, f["n"] + 1)):
        raise EncodingError(f"stages: {f['name']} needs the custodians 1 to {f['n']} in order")
    window = d.integer(0)(document.get("bidder_window_s", 0))
    return Stage(f["name"], f["mode"], f["t"], f["n"], f["suite"], custodians, window)
