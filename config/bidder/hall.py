"""The hall as a program asks it (接口访问): its address, its refusals, patience, and what it knows of one's bids."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bidding.vault.encoding import sha256, unb64
from bidding.vault.policy import Policy, parse_policy
from bidding.vault.policy_check import check_policy
from plugins.x509_signatures import verifier_from
from trading import clock

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


def policy_name(policy: Policy) -> str:
    """The name under which a policy is saved."""
    return f"{policy.tender}-{sha256(policy.raw).hex()[:8]}.policy.json"
