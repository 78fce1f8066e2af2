"""An evaluation in a whole hall: pages and JSON, with people who hold API keys and sign with stamps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import transaction
from pyramid.config import Configurator
from webtest import TestApp

from bidding.vault.encoding import b64, unb64
from tests.bidding.evaluation.room import Room, Stamps, certify, make_room, stamp
from tests.helpers import make_user
from trading.accounts.models import User
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.interfaces import ISignatureVerifier


@dataclass
class Program:
    """Somebody's program: their API key and certificate."""

    app: TestApp
    user: User
    key: str
    certificate: str
    base: str

    def call(self, method: str, path: str, body: Any = None, status: int | str = "2*") -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        address = self.base + path
        if method == "GET":
            return self.app.get(address, headers=headers, status=status).json
        return self.app.post_json(
            address, body if body is not None else {}, headers=headers, status=status
        ).json

    def get(self, path: str, status: int | str = 200) -> Any:
        return self.call("GET", path, status=status)

    def post(self, path: str, body: Any = None, status: int | str = "2*") -> Any:
        return self.call("POST", path, body, status)

    def sign(self, data: bytes) -> str:
        return b64(stamp(self.certificate, data))

    def vote(self, yes: str = "pass", no: Sequence[str] = ()) -> None:
        """Vote yes on everything of the present step, but for the bids of `no`."""
        seen = self.get("/evaluation")
        items = seen["items"] or [None]
        votes = [
            {"bid": bid, yes: bid not in no, "reason": "sound"} | ({"item": item} if item else {})
            for bid in seen["subjects"]
            for item in items
        ]
        raw = self.post(f"/evaluation/reviews/{seen['step']}/draft", {"votes": votes})["raw"]
        body = {"raw": raw, "cms": self.sign(unb64(raw))}
        self.post(f"/evaluation/reviews/{seen['step']}", body)


@dataclass
class Hall:
    """The hall with one evaluation in it."""

    app: TestApp
    room: Room
    stamps: Stamps
    agent: Program
    members: list[Program]
    bidders: list[Program]

    @property
    def code(self) -> str:
        return self.room.tender.code


def make_hall(
    app: TestApp,
    config: Configurator,
    sheets: Sequence[Any] = (),
    before: Callable[[Room], None] = lambda room: None,
    **changes: Any,
) -> Hall:
    """A hall whose judge of signatures takes stamps, with an opened tender; `before` is what happened before."""
    stamps = Stamps()
    config.registry.registerUtility(stamps, ISignatureVerifier)
    keys = config.registry["keys"]
    session = config.registry["sessions"]()
    with transaction.manager:
        room = make_room(session, sheets, keys, **changes)
        room.registry.stamps = stamps
        before(room)
        base = f"/api/tenders/{room.tender.code}"

        def program(user: User, certificate: str) -> Program:
            key = create_api_key(session, process("test"), user.id, "test")
            return Program(app, user, key, certificate, base)

        members = [program(user, room.own_certificate(user)) for user in room.people]
        bidders = []
        for party in room.bidders:
            user = make_user(session, "bidder", party=party, keys=keys)
            certificate = certify(session, user, party)
            stamps.organisations[certificate] = party.uscc
            bidders.append(program(user, certificate))
        agent_user = make_user(session, "agent", party=room.tender.agency, keys=keys)
        agent = program(agent_user, "")
        # Loaded while there is a session: tests read them later.
        room.list_file()
        session.flush()
        session.expunge_all()
    session.close()
    return Hall(app, room, stamps, agent, members, bidders)
