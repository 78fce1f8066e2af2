"""`tradehall trustee serve`: one organisation's service in draws (见证服务), unattended.

A process of its own with its own folder: `config.json` (who it is, its peers' certificates, the keys of log and
witnesses that it pins), `key.pem` (certificate key), `hpke.key` (32 bytes: slips are encrypted to it), `draws/` (what
it keeps of every draw: written before it acts), `trust/` (roots it pins), `log.jsonl` (what it did or declined). It
needs no inbound port: it asks the hall what is wanted, and decides by itself (trading.draws.trustee)."""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from config.device import FRESH, Device, unb64
from plugins.outbound import Unreachable
from plugins.x509_signatures import verifier_from
from trading import hpke
from trading.clock import now
from trading.draws import floor, papers, trustee
from trading.draws.announcement import Params
from trading.draws.cards import build_card, build_deals, build_share, parse_card
from trading.draws.refusal import DrawError
from trading.draws.trustee import Declined, Frozen, Identity, Memory, Pinned
from trading.errors import Refused
from trading.ledger.checkpoint import parse_vkey
from trading.ledger.folder import write_durably

SUITE = hpke.X_WING
PAUSE, BUSY = 1.0, 0.2
"""seconds between two looks at what is wanted: without and with work"""


class Service(Device):
    """One trustee: its folder, its keys, and the hall it serves."""

    def __init__(
        self, folder: Path, hall: str, crl_addresses: str = "", rng: Callable[[int], bytes] = os.urandom
    ) -> None:
        super().__init__(folder, hall, crl_addresses, rng)
        self.who = Identity(self.known["name"], self.known["cert_sha256"])
        self.peers: dict[str, str] = self.known["peers"]
        self.pinned = Pinned(
            [parse_vkey(key) for key in self.known["log"]],
            [parse_vkey(key) for key in self.known["witnesses"]],
            self.known["quorum"],
        )
        self.verifier = verifier_from(self.settings)
        self.carded = 0.0

    # --- memory ---

    def memories(self) -> list[Memory]:
        """What this service keeps of every draw it has had a part in."""
        return [read_memory(path) for path in sorted((self.folder / "draws").glob("*.json"))]

    def keep(self, memory: Memory) -> None:
        """Durably, before anything leaves."""
        (self.folder / "draws").mkdir(mode=0o700, exist_ok=True)
        write_durably(self.folder / "draws" / f"{memory.announce}.json", memory_bytes(memory))

    # --- judging ---

    def signed_by(self, raw: bytes, cms: bytes, name: str) -> None:
        """Raises Declined unless this peer signed it with the certificate that is pinned here."""
        try:
            found = self.verifier.verify(raw, cms, now()).certificate_sha256
        except Refused as error:
            raise Declined(f"the paper of {name} is not signed: {error}") from error
        if found != self.peers.get(name):
            raise Declined(f"the paper of {name} is signed with another certificate than the one pinned here")

    def commitments(self, params: Params, given: Mapping[str, Any]) -> list[papers.Commit]:
        """Every commitment, its signature checked. Raises Declined."""
        found = []
        for row in given["commits"]:
            commit = papers.parse_commit(params, unb64(row["commit"]))
            if commit.key:
                if not floor.signed_by(commit.key, commit.raw, unb64(row["p7s"])):
                    raise Declined(f"the commitment of {commit.party} is not signed with its key")
            else:
                self.signed_by(commit.raw, unb64(row["p7s"]), commit.party)
            found.append(commit)
        return found

    def key_of(self, name: str, given: Mapping[str, Any]) -> bytes:
        """A trustee's encryption key, by a card that it signed. Raises Declined."""
        row = given["cards"][name]
        raw = bytes.fromhex(row["card"])
        card = parse_card(raw)
        self.signed_by(raw, bytes.fromhex(row["p7s"]), name)
        if card.name != name:
            raise Declined(f"the card given for {name} is another's")
        return card.key

    # --- acts ---

    def commit(self, params: Params, given: Mapping[str, Any]) -> None:
        if strangers := sorted({*params.trustees, *params.must} - self.peers.keys()):
            raise Declined(f"not known here: {', '.join(strangers)}")
        memory = trustee.contribute(self.who, params, self.memories(), int(now().timestamp()), self.rng)
        self.keep(memory)
        self.hand_in(
            f"/api/draws/{memory.announce}/commits", trustee.commitment_paper(self.who, params, memory)
        )

    def deal(self, params: Params, given: Mapping[str, Any]) -> None:
        memory = self.memory(params)
        plain = trustee.deal(self.who, params, memory, self.commitments(params, given))
        self.keep(memory)
        sealed = {
            name: hpke.seal(
                SUITE, self.key_of(name, given), papers.deal_info(params, self.who.name, name), document
            )
            for name, document in plain.items()
        }
        self.hand_in(
            f"/api/draws/{memory.announce}/deals", build_deals(memory.announce, self.who.name, sealed)
        )

    def ack(self, params: Params, given: Mapping[str, Any]) -> None:
        memory = self.memory(params)
        deals = []
        for party, sealed in given["deals"].items():
            info = papers.deal_info(params, party, self.who.name)
            try:
                deals.append(hpke.unseal(SUITE, self.seed, info, unb64(sealed)))
            except hpke.HpkeError:
                self.log("deal unreadable", memory.announce, party=party)
        raw = trustee.acknowledge(self.who, params, memory, self.commitments(params, given), deals)
        self.keep(memory)
        self.hand_in(f"/api/draws/{memory.announce}/acks", raw)

    def reveal(self, params: Params, given: Mapping[str, Any]) -> None:
        memory = self.memory(params)
        if given["voided"]:
            trustee.check_voided(params, evidence(given), self.pinned)
        else:
            self.frozen_parties(params, memory, given)
        shown = [slip.hex() for slip in memory.own]
        self.post(f"/api/draws/{memory.announce}/slips", {"party": self.who.name, "slips": shown})

    def recover(self, params: Params, given: Mapping[str, Any]) -> None:
        memory = self.memory(params)
        parties = self.frozen_parties(params, memory, given)
        at = int(now().timestamp())
        for party, held in trustee.recovered(params, memory, parties, given["revealed"], at).items():
            share = build_share(memory.announce, self.who.name, party, held)
            self.hand_in(f"/api/draws/{memory.announce}/shares", share)

    def frozen_parties(self, params: Params, memory: Memory, given: Mapping[str, Any]) -> list[str]:
        commits = self.commitments(params, given)
        return trustee.check_frozen(self.who, params, memory, commits, evidence(given), self.pinned)

    def memory(self, params: Params) -> Memory:
        """What is kept of this draw. Raises Declined."""
        path = self.folder / "draws" / f"{params.hash.hex()}.json"
        if not path.exists():
            raise Declined("this service has not committed to this draw")
        return read_memory(path)

    # --- work ---

    def show_card(self) -> None:
        """Say that the service is there, once a minute."""
        at = now().timestamp()
        if not 0 <= at - self.carded < FRESH:
            card = build_card(self.who.name, hpke.public_key(SUITE, self.seed), int(at))
            self.hand_in("/api/draws/cards", card)
            self.carded = at

    def work(self) -> bool:
        """One look; whether there was something to do. Raises Unreachable."""
        self.show_card()
        asked = self.ask(f"/api/draws/wanted/{self.who.name}")
        for row in asked:
            self.attempt(str(row["draw"]), row["wanted"])
        return bool(asked)

    def attempt(self, draw: str, wanted: Sequence[str]) -> None:
        """Do what is wanted for one draw; what is declined or refused is logged with its reasons."""
        acts = {"commit": self.commit, "deal": self.deal, "ack": self.ack, "reveal": self.reveal,
                "recover": self.recover}  # fmt: skip
        for what in wanted:
            try:
                given = self.ask(f"/api/draws/{draw}/papers/{self.who.name}")
                acts[what](trustee.read_announcement(given["params"], given["rows"]), given)
            except Declined as error:
                self.log(f"{what} declined", draw, reasons=list(error.reasons))
            except (Unreachable, DrawError, Refused, ValueError, KeyError, TypeError) as error:
                self.log(f"{what} failed", draw, reasons=[str(error)])
            else:
                self.log(what, draw)


def evidence(given: Mapping[str, Any]) -> Frozen:
    """The hall's evidence of a freeze. Raises Declined where it gives none yet."""
    row = given["frozen"]
    if row is None:
        raise Declined("no witness has cosigned the freeze yet")
    return Frozen(
        unb64(row["entry"]), unb64(row["payload"]), unb64(row["nonce"]), row["index"],
        tuple(map(unb64, row["path"])), row["note"],
    )  # fmt: skip


def memory_bytes(memory: Memory) -> bytes:
    held = {party: {str(n): s.hex() for n, s in row.items()} for party, row in memory.held.items()}
    return json.dumps(asdict(memory) | {"own": [slip.hex() for slip in memory.own], "held": held}).encode()


def read_memory(path: Path) -> Memory:
    said = json.loads(path.read_text())
    held = {p: {int(n): bytes.fromhex(s) for n, s in row.items()} for p, row in said["held"].items()}
    own = [bytes.fromhex(slip) for slip in said["own"]]
    dealt, acked = (None if said[name] is None else tuple(said[name]) for name in ("dealt", "acked"))
    return Memory(said["scope"], said["announce"], own, dealt, held, acked)


def main(arguments: Sequence[str]) -> int:
    """`tradehall trustee serve --name NAME … --hall URL`: each further name is a process of its own."""
    parser = argparse.ArgumentParser(prog="tradehall trustee", description="One organisation's draw service.")
    parser.add_argument("act", choices=("serve",))
    parser.add_argument("--name", required=True, action="append")
    parser.add_argument("--hall", required=True, help="address of the hall")
    chosen = parser.parse_args(arguments)
    own = chosen.name[0]
    for name in chosen.name[1:]:
        if os.fork() == 0:
            own = name
            break
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    state = Path(os.environ.get("TRADEHALL_STATE", ".state"))
    addresses = os.environ.get("TRADEHALL_SIGNATURES_CRL_ADDRESSES", "")
    Service(state / "outside" / own, chosen.hall, addresses).serve(stop, PAUSE, BUSY)
    return 0
