"""Somebody on the floor with a telephone (演示：现场参与人): what the page for contributions does in a browser, done by a program.

It trusts the hall with nothing: it computes the announcement's hash, and encrypts to keys on cards that the trustees signed."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from plugins.outbound import fetch
from trading import hpke
from trading.draws import floor, papers, slips
from trading.draws.announcement import Params, parse_params
from trading.draws.cards import build_deals, parse_card

SUITE = hpke.X_WING
Ask = Callable[[str, Mapping[str, Any] | None], Any]
"""asks the hall: a path, and what is posted to it (None: it is only read)"""
PATIENCE = 30.0
"""seconds that a phone waits for the hall's answer"""


class Phone:
    """One contributor to one draw."""

    def __init__(self, ask: Ask, ann: str, rng: Callable[[int], bytes] = os.urandom) -> None:
        self.ask, self.ann = ask, ann
        self.done: set[str] = set()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.key = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.name = floor.name_of(self.key)
        self.params: Params = parse_params(self.papers()["params"])
        if self.params.hash.hex() != ann:
            raise RuntimeError("the hall gives another announcement than the one in the address")
        self.slips = slips.draw_slips(self.params, rng)
        self.paper = papers.build_floor_commit(
            self.params, self.key, slips.commit(self.params, self.name, self.slips)
        )

    def papers(self) -> Any:
        """Everything a contributor needs, and what is wanted of this one now."""
        return self.ask(f"/api/draws/{self.ann}/floor?party={self.name}", None)

    def look(self) -> list[str]:
        """Do what is wanted; returns what it was."""
        given = self.papers()
        for what in given["wanted"]:
            {"commit": self.commit, "deal": self.deal, "reveal": self.reveal}[what](given)
            self.done.add(what)
        return list(given["wanted"])

    def has(self, what: str) -> bool:
        """Whether this phone has done it, after another look."""
        if what not in self.done:
            self.look()
        return what in self.done

    def commit(self, given: Mapping[str, Any]) -> None:
        self.hand_in("commits", self.paper)

    def deal(self, given: Mapping[str, Any]) -> None:
        """Shares for every trustee, encrypted to the key on its card, with the list of commitments that is closed."""
        listed, sealed = papers.list_hash(given["commits"]), {}
        for trustee in self.params.trustees:
            card = parse_card(bytes.fromhex(given["cards"][trustee]["card"]))
            dealt = papers.Deal(self.name, trustee, listed, slips.dealt_to(self.params, trustee, self.slips))
            plain = papers.build_deal(self.params, dealt)
            info = papers.deal_info(self.params, self.name, trustee)
            sealed[trustee] = hpke.seal(SUITE, card.key, info, plain)
        self.hand_in("deals", build_deals(self.ann, self.name, sealed))

    def reveal(self, given: Mapping[str, Any]) -> None:
        shown = [slip.hex() for slip in self.slips]
        self.ask(f"/api/draws/{self.ann}/slips", {"party": self.name, "slips": shown})

    def hand_in(self, kind: str, document: bytes) -> None:
        """Post a document, signed with this phone's key."""
        r, s = decode_dss_signature(self._key.sign(document, ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        body = {"document": b64(document), "p7s": b64(signature)}
        self.ask(f"/api/draws/{self.ann}/{kind}", body)


def asking(hall: str) -> Ask:
    """Asks a hall over the network."""

    def ask(path: str, body: Mapping[str, Any] | None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return json.loads(fetch(hall + path, data, headers, PATIENCE))

    return ask


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
