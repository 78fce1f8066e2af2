"""A hall that draws its committees: trustees, the site's device and everybody's programs in this process, over the API."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from webtest import TestApp

from config import installation
from config.device import Device, b64, unb64
from plugins.x509_signatures.signer import FileSigner
from tests.bidding.evaluation.room import add_bid, make_tender
from tests.draws.hall import DrawHall, make_hall
from tests.expert_pool.pool import make_expert
from tests.helpers import make_user
from tests.tenders import signer_of
from trading import clock
from trading.accounts import service as accounts
from trading.accounts.models import User
from trading.acts import process
from trading.clock import rfc3339
from trading.draws import names
from trading.draws.announcement import parse_params
from trading.ledger import canonical
from trading.ledger.service import entries_of

TAG, OTHER_TAG = "B03.01.01", "B01.01.01"


class SiteDouble(Device):
    """The device of the evaluation site, which telephones nobody: `answers` says what each number of the pool answers
    ("A" unless it says otherwise)."""

    def __init__(self, state: Path, app: TestApp) -> None:
        super().__init__(installation.outside(state) / "panel-site", "http://hall")
        self.app = app
        self.answers: dict[str, str] = {}
        self.accepted: dict[tuple[str, str], dict[str, Any]] = {}

    def post(self, path: str, body: Any, status: int | None = None) -> Any:
        return self.app.post_json(path, body, status=status or "*").json

    def wanted(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("/api/site/wanted")
        return found

    def names(self, row: dict[str, Any]) -> names.Names:
        return names.open_names(parse_params(row["params"]), names.SITE, self.seed, unb64(row["sealed"]))

    def wave(self, row: dict[str, Any], **changes: Any) -> dict[str, str]:
        """The signed wave for a call."""
        known, outcomes = self.names(row), {}
        for _stratum, handle in row["call"]:
            number = known.rows[handle][1]["id"]
            outcomes[handle] = self.answers.get(number, "A")
        evidence = {handle: hashlib.sha256(handle.encode()).hexdigest() for handle in outcomes}
        said = {"v": 1, "typ": "ebid.wave", "draw": row["draw"], "number": row["number"],
                "until": row["until"], "outcomes": outcomes, "evidence": evidence}  # fmt: skip
        return self.signed(canonical.dumps(said | changes))

    def call_all(self) -> int:
        """Settle what is asked until nobody is; returns how many waves there were."""
        waves = 0
        while calls := self.wanted()["calls"]:
            for row in calls:
                known, answer = self.names(row), self.wave(row)
                self.post("/api/site/waves", answer, 201)
                for handle, letter in canonical.loads(unb64(answer["document"]))["outcomes"].items():
                    nonce, record = known.rows[handle]
                    if letter == "A":
                        self.accepted[row["draw"], record["id"]] = {
                            "h": handle,
                            "nonce": nonce,
                            "record": dict(record),
                        }
                waves += 1
        return waves

    def opening(self, row: dict[str, Any]) -> Any:
        return self.accepted.get((row["draw"], row["expert"]))

    def arrival(self, row: dict[str, Any], opening: Any) -> dict[str, str]:
        said = {"v": 1, "typ": "ebid.arrival", "draw": row["draw"], "arrival": row["id"], "opening": opening}
        return self.signed(canonical.dumps(said))

    def answer_all(self) -> None:
        for row in self.wanted()["arrivals"]:
            self.post("/api/site/arrivals", self.arrival(row, self.opening(row)), 201)

    def hand_over(self) -> None:
        for row in self.wanted()["open"]:
            said = {"draw": row["draw"], "openings": b64(self.names(row).openings)}
            document = canonical.dumps({"v": 1, "typ": "ebid.openings"} | said)
            self.post("/api/site/openings", self.signed(document), 201)


@dataclass
class Somebody:
    """A person with a program of its own."""

    app: TestApp
    login: str
    headers: dict[str, str]
    number: str = ""
    signer: FileSigner | None = None

    def get(self, path: str, status: Any = 200) -> Any:
        return self.app.get(path, headers=self.headers, status=status)

    def post(self, path: str, body: Any = None, status: Any = None) -> Any:
        return self.app.post_json(path, body or {}, headers=self.headers, status=status or "2*")


@dataclass
class PanelHall:
    """A tender of that hall, its people and its pool."""

    draws: DrawHall
    site: SiteDouble
    app: TestApp
    code: str = ""
    people: dict[str, Somebody] = field(default_factory=dict)
    experts: dict[str, Somebody] = field(default_factory=dict)
    """by the pool's number"""
    bidders: list[str] = field(default_factory=list)
    """their codes"""

    def api(self, path: str) -> str:
        return f"/api/tenders/{self.code}{path}"

    @property
    def registry(self) -> Any:
        return self.draws.registry

    def demand(self, **changes: Any) -> dict[str, Any]:
        at = rfc3339(clock.now() + timedelta(hours=3))
        return {
            "members": 5, "experts": 4, "strata": [{"quota": 4, "tag": TAG}],
            "session": {"at": at, "place": "三楼评标室2"},
        } | changes  # fmt: skip

    def ask(self, status: Any = 201, **changes: Any) -> Any:
        return self.people["agent"].post(self.api("/panel/demands"), self.demand(**changes), status).json

    def approve(self, sha256: str, who: str = "buyer", status: Any = 201) -> Any:
        return self.people[who].post(self.api("/panel/approval"), {"demand": sha256}, status).json

    def draw(self, **changes: Any) -> str:
        """Demand, approval, ceremony: the order stands; returns the draw."""
        ann: str = self.approve(self.ask(**changes)["demand"])["draw"]
        self.draws.to_the_freeze()
        self.draws.work()
        return ann

    def ready(self) -> str:
        """The same, and everybody who is needed has accepted."""
        ann = self.draw()
        self.site.call_all()
        return ann

    def seated(self) -> list[str]:
        """Numbers of the pool whom the site has accepted for this hall's draws, in order."""
        return sorted(number for _ann, number in self.site.accepted)

    def arrive(self, number: str) -> str:
        """Somebody says: I am here; returns what came of it."""
        who = self.experts[number]
        visit = who.post("/api/panel/here", {}, 201).json["visit"]
        self.site.answer_all()
        return str(who.get(f"/api/panel/here/{visit}").json["state"])

    def sign_in(self, who: Somebody, status: Any = 200, **changes: Any) -> Any:
        assert who.signer is not None
        raw = base64.urlsafe_b64decode(who.get(self.api("/panel/promise")).json["document"] + "==")
        signed = who.signer.sign(raw, clock.now())
        body = {"promise": url64(raw), "p7s": url64(signed), "phone": True} | changes
        return who.post(self.api("/panel/sign-in"), body, status).json

    def step_aside(self, who: Somebody, status: Any = 200, **changes: Any) -> Any:
        """A member signs that it has an interest."""
        assert who.signer is not None
        raw = base64.urlsafe_b64decode(who.get(self.api("/panel/promise")).json["aside"] + "==")
        signed = who.signer.sign(raw, clock.now())
        body = {"interest": "My wife works there", "promise": url64(raw), "p7s": url64(signed)} | changes
        return who.post(self.api("/panel/sign-in"), body, status).json

    def sign_in_fails(self, who: Somebody) -> str:
        """Why somebody without a seat gets no promise to sign."""
        return str(who.get(self.api("/panel/promise"), 422).json["code"])

    def entries(self, kind: str) -> list[dict[str, Any]]:
        with self.draws.db() as session:
            found = [row for row in entries_of(session, self.code) if row.entry.type == kind]
            return [row.payloads[0].document for row in found if row.payloads[0]]

    def results(self) -> dict[str, dict[str, Any]]:
        """draw → the last result that the ledger has of it."""
        return {said["draw"]: said["result"] for said in self.entries("draw.result")}

    def result_hashes(self) -> list[str]:
        return [said["hash"] for said in self.entries("draw.result")]


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_panel_hall(
    config: Configurator, state: Path, monkeypatch: Any, experts: int = 8, others: int = 0
) -> PanelHall:
    """A hall with an opened tender of three bidders, and a pool of so many experts, and `others` of OTHER_TAG."""
    hall = make_hall(config, state, monkeypatch)
    read = installation.name_readers(state)
    settings = config.registry.settings
    settings |= {
        "panel.site": read["TRADEHALL_PANEL_SITE"], "panel.pool": "own",
        "panel.regulator_key": read["TRADEHALL_PANEL_REGULATOR_KEY"],
    }  # fmt: skip
    hall.start()
    app = next(iter(hall.services.values())).app
    made = PanelHall(hall, SiteDouble(state, app), app)
    with hall.db() as session:
        tender = make_tender(session)
        made.code = tender.code
        parties = [add_bid(session, tender, b"{}") for _ in range(3)]
        made.bidders = [party.uscc for party in parties]
        org = {"agent": tender.agency, "buyer": tender.tenderer, "delegate": tender.tenderer}
        role = {"agent": "agent", "buyer": "tenderer", "delegate": "tenderer"}
        outside = ("regulator", "operator", "bidder", "system-admin", "security-admin", "audit-admin")
        for name in ("agent", "buyer", "delegate", *outside):
            party = parties[0] if name == "bidder" else org.get(name)
            user = make_user(session, role.get(name, name), party=party, keys=made.registry["keys"])
            made.people[name] = equip(session, made, user, name == "delegate")
        for speciality in [TAG] * experts + [OTHER_TAG] * others:
            user = make_user(session, "expert", keys=made.registry["keys"])
            someone = equip(session, made, user, True)
            row = make_expert(session, keys=made.registry["keys"], login=user.login, name=user.name,
                              specialities=[speciality])  # fmt: skip
            someone.number = row.number
            made.experts[row.number] = someone
    return made


def equip(session: Any, hall: PanelHall, user: User, signs: bool) -> Somebody:
    """An API key, and where it is needed a certificate."""
    key = accounts.create_api_key(session, process("test"), user.id, "test")
    signer = signer_of(session, hall.registry, user) if signs else None
    return Somebody(hall.app, user.login, {"Authorization": f"Bearer {key}"}, signer=signer)


Make = Callable[..., PanelHall]
