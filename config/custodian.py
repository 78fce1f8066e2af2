"""`tradehall custodian serve|attend`: the box of one custodian organisation (托管服务).

A process of its own with its own folder: `config.json` (who it is), `key.pem` (certificate key),
`master.key` (32 bytes from which every tender's key is derived), `certificates/` and `masters/` (those that
came later, config.custodian_rotation), `statements/` (what it has signed),
`trust/` (roots it pins; the installation's `trust/` when it has none of its own), `log.jsonl` (what it
did, and why it refused). It needs no inbound port: it asks the hall what is wanted. Attended boxes
(`"attended": true` in config.json) make keys by themselves but release only through `attend`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA256

from bidding.vault import custodian as decide
from bidding.vault.custodian_key import Statement, parse_statement
from bidding.vault.encoding import EncodingError, b64, sha256
from bidding.vault.policy_check import PolicyRefused, check_policy
from config.pauses import uneven
from plugins.outbound import Unreachable, fetch
from plugins.timestamping import judge_from
from plugins.timestamping.tokens import BadToken
from plugins.x509_signatures import FileSigner, signer_from, verifier_from
from trading.clock import now, rfc3339
from trading.errors import Refused
from trading.ledger.folder import write_durably
from trading.secrets import load_master, load_ring

QUORUM = 1
PAUSE = 1.0
"""seconds between two looks at what is wanted"""
FRESH = timedelta(minutes=1)
WORRY = 20
"""looks without an answer of the hall after which it is logged"""


def masters_of(folder: Path) -> list[bytes]:
    """The masters of a box, the newest last; the first may have gone. Raises NoKey."""
    first = folder / "master.key"
    later = load_ring(folder / "masters")
    return [load_master(first), *later] if first.exists() or not later else later


def certificate_files(folder: Path) -> list[Path]:
    """The key files of a box's certificates, the newest last."""
    found = [folder / "key.pem", *sorted((folder / "certificates").glob("*.pem"))]
    return [path for path in found if path.exists()]


def certificate_of(signer: FileSigner) -> str:
    """SHA-256 (hex) of a signer's certificate."""
    return signer.certificate.fingerprint(SHA256()).hex()


class Box:
    """One custodian: its folder, its keys, and the hall it serves."""

    def __init__(self, folder: Path, hall: str, trust: Path, crl_addresses: str = "") -> None:
        self.folder = folder
        self.hall = hall.rstrip("/")
        known = json.loads((folder / "config.json").read_text())
        self.attended = bool(known.pop("attended", False))
        self.who = decide.Identity(**known)
        self.masters = masters_of(folder)
        trust = folder / "trust" if (folder / "trust").exists() else trust
        settings = {
            "signatures.folder": str(trust),
            "signatures.crl_addresses": crl_addresses,
        }
        self.signers = {
            certificate_of(signer): signer
            for path in certificate_files(folder)
            for signer in [signer_from(settings | {"signatures.signer": str(path)})]
        }
        if self.who.cert_sha256 not in self.signers:
            raise ValueError("config.json names a certificate whose key file is not here")
        self.signer = self.signers[self.who.cert_sha256]
        self.verifier = verifier_from(settings)
        self.stamps = judge_from(settings)
        self._said: dict[str, str] = {}
        self._question: tuple[datetime, bytes, bytes] | None = None

    # --- talking with the hall ---

    def get(self, path: str) -> Any:
        """The JSON the hall answers; raises Unreachable."""
        return json.loads(fetch(self.hall + path))

    def post(self, path: str, **documents: bytes) -> Any:
        """Post documents as base64url; returns the JSON the hall answers. Raises Unreachable with the hall's own words when it refuses."""
        body = json.dumps({name: b64(data) for name, data in documents.items()}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return json.loads(fetch(self.hall + path, body, headers))

    def wanted(self) -> tuple[list[decide.WantedKey], list[decide.WantedRelease]]:
        """What the hall asks of this custodian; the question is signed, and the same one for a minute."""
        at = now()
        if self._question is None or not timedelta() <= at - self._question[0] < FRESH:
            raw = decide.question(self.who.id, at)
            self._question = at, raw, self.signer.sign(raw, at)
        _, raw, cms = self._question
        return decide.parse_wanted(self.post(f"/api/custodian/{self.who.id}/wanted", question=raw, p7s=cms))

    # --- memory ---

    def log(self, what: str, tender: str, **more: Any) -> None:
        """One line of what was done or declined; the same refusal again is not repeated."""
        line = {"what": what, "tender": tender, **more}
        text = json.dumps(line, ensure_ascii=False)
        if self._said.get(tender) == text:
            return
        self._said[tender] = text
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps({"at": rfc3339(now()), **line}, ensure_ascii=False) + "\n")

    def statements(self) -> list[bytes]:
        """Every key statement this box has signed."""
        return [path.read_bytes() for path in sorted((self.folder / "statements").glob("*.json"))]

    def earlier(self, asked: decide.WantedKey) -> list[Statement]:
        mine = map(parse_statement, self.statements())
        return [s for s in mine if (s.tender, s.stage) == (asked.tender, asked.stage)]

    # --- acts ---

    def give_key(self, asked: decide.WantedKey) -> None:
        """Make, remember and post a key statement; raises Declined, Unreachable. A tender keeps the key that
        it began with, whichever master is the newest."""
        earlier = self.earlier(asked)
        at_once = [s for s in earlier if s.release_after == asked.release_after]
        same = [s.raw for s in at_once if s.cert_sha256 == self.who.cert_sha256]
        master = decide.master_of(earlier[0], self.masters) if earlier else self.masters[-1]
        raw = same[0] if same else decide.make_statement(self.who, master, asked, earlier, now())
        kept = self.folder / "statements"
        kept.mkdir(exist_ok=True)
        if not same:
            write_durably(kept / f"{sha256(raw).hex()}.json", raw)
        self.post("/api/custodian/keys", cks=raw, p7s=self.signer.sign(raw, now()))
        self.log("key", asked.tender, stage=asked.stage, cks=sha256(raw).hex())

    def ready(self, asked: decide.WantedRelease) -> tuple[Any, Any, Any]:
        """Fetch the close and judge it; raises Declined with every reason, Unreachable."""
        bundle = decide.parse_bundle(
            self.get(f"/api/tenders/{asked.tender}/close?ticket={quote(asked.ticket, safe='')}")
        )
        self._check_policy(bundle, asked.tender)
        stamped = None
        if bundle.token is not None:
            try:
                stamped = self.stamps.gen_time(bundle.token, sha256(bundle.close))
            except BadToken as error:
                raise decide.Declined([f"the time stamp does not hold: {error}"]) from error
        return decide.judge(bundle, asked, self.statements(), stamped_at=stamped, quorum=QUORUM, now=now())

    def _check_policy(self, bundle: decide.Bundle, tender: str) -> None:
        """The policy's own signature and those of all custodians in it, by the roots pinned here. Policies
        that replaced each other are signed for one organisation: whoever published the first."""
        rows = self.get(f"/api/tenders/{tender}/custodian-keys")
        statements = [(decide.d.b64_bytes()(r["cks"]), decide.d.b64_bytes()(r["p7s"])) for r in rows]
        at = now()

        def signer_of(data: bytes, cms: bytes) -> str:
            return str(self.verifier.verify(data, cms, at).certificate_sha256)

        try:
            check_policy(
                bundle.policy,
                bundle.policy_cms,
                statements,
                signer_of=signer_of,
                tenderer_cert=None,
                blocs={},
            )
        except PolicyRefused as error:
            raise decide.Declined([f"the policy must not be used: {error}"]) from error
        if bundle.second is not None:
            # The organisation that signed the policy, whichever of its people.
            try:
                two = self.verifier.verify(bundle.second, bundle.second_cms, at).organisation_id
            except Refused as error:
                raise decide.Declined([f"the act for the second envelopes is not signed: {error}"]) from error
            if two != self.verifier.verify(bundle.policy, bundle.policy_cms, at).organisation_id:
                raise decide.Declined(["the act for the second envelopes is signed by another organisation"])
        signers = {self.verifier.verify(raw, cms, at).organisation_id for raw, cms in bundle.policies}
        if len(signers) > 1:
            raise decide.Declined(["the published policies are signed by different organisations"])

    def release(self, asked: decide.WantedRelease) -> None:
        """Judge the close and post the release; raises Declined, Unreachable."""
        policy, close, manifests = self.ready(asked)
        said = decide.own_statement(policy, asked.stage, asked.index, self.statements())
        signer = self.signers.get(said.cert_sha256)
        if signer is None:
            raise decide.Declined(["the certificate key of this tender's statement is not here any more"])
        master = decide.master_of(said, self.masters)
        raw = decide.release_for(policy, close, asked.stage, master, manifests, now())
        self.post("/api/custodian/releases", release=raw, p7s=signer.sign(raw, now()))
        self.log("release", asked.tender, stage=asked.stage, release=sha256(raw).hex(), bids=len(manifests))

    def work(self) -> None:
        """One look: every key that is wanted, and, unless attended, every release. Raises Unreachable
        when the hall does not say what it wants."""
        keys, releases = self.wanted()
        for key in keys:
            self.attempt("key", key.tender, lambda key=key: self.give_key(key))
        for asked in [] if self.attended else releases:
            self.attempt("release", asked.tender, lambda asked=asked: self.release(asked))

    def attempt(self, what: str, tender: str, act: Any) -> bool:
        """Do one act; what is declined or refused is logged with its reasons."""
        try:
            act()
        except decide.Declined as error:
            self.log(f"{what} declined", tender, reasons=list(error.reasons))
        except (Unreachable, EncodingError, Refused, ValueError, KeyError) as error:
            self.log(f"{what} failed", tender, reasons=[str(error)])
        else:
            return True
        return False


def serve(box: Box, stop: threading.Event) -> None:
    """Work until `stop` is set."""
    silent = 0
    while not stop.is_set():
        try:
            box.work()
            silent = 0
        except (Unreachable, EncodingError, ValueError) as error:
            silent += 1
            if silent % WORRY == 0:
                box.log("no answer", "", reasons=[str(error)])
        stop.wait(uneven(PAUSE))


def attend(box: Box, ask: Any = input, say: Any = print) -> int:
    """Show every release that is asked for, with the box's own findings, and release what is confirmed."""
    _, releases = box.wanted()
    if not releases:
        say("nothing is asked of this custodian")
    for asked in releases:
        say(
            f"{asked.tender}, stage {asked.stage}: {len(asked.manifests)} bids, closing list {asked.close.hex()}"
        )
        try:
            box.ready(asked)
        except decide.Declined as error:
            box.log("release declined", asked.tender, reasons=list(error.reasons))
            for reason in error.reasons:
                say(f"  not to be released: {reason}")
            continue
        say("  verified: policy, close, time stamp, witness, own key, time")
        if ask("  release? [yes/no] ").strip().lower() in ("yes", "y", "是"):
            done = box.attempt("release", asked.tender, lambda asked=asked: box.release(asked))
            say("  released" if done else "  failed; see log.jsonl")
    return 0


def make_box(name: str, hall: str, environment: Mapping[str, str]) -> Box:
    """The box of the custodian `name` in this machine's state folder."""
    state = Path(environment.get("TRADEHALL_STATE", ".state"))
    addresses = environment.get("TRADEHALL_SIGNATURES_CRL_ADDRESSES", "")
    return Box(state / "outside" / name, hall, state / "trust", addresses)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="tradehall custodian", description="One organisation's custodian box."
    )
    parser.add_argument("act", choices=("serve", "attend"))
    parser.add_argument("--name", required=True)
    parser.add_argument("--hall", required=True, help="address of the hall")
    chosen = parser.parse_args(arguments)
    box = make_box(chosen.name, chosen.hall, os.environ)
    if chosen.act == "attend":
        return attend(box, say=lambda text: sys.stdout.write(text + "\n"))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve(box, stop)
    return 0
