"""A scored tender with real bids, keys and certificates, evaluated by programs over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from webtest import TestApp

from bidding.tenders import publication
from bidding.tenders.models import Tender
from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.manifest import build_withdrawal
from bidding.vault.pieces import PIECE
from bidding.vault.release import build_bidder_release
from plugins.x509_signatures.signer import FileSigner
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.hall import Program
from tests.bidding.opening.staging import Stage
from tests.bidding.vault.scene import CODE, Enterprise, Sealed
from tests.helpers import make_user
from tests.tenders import signer_of
from trading import clock
from trading.accounts.models import User
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.ledger import canonical

GOODS_87 = json.loads((Path(__file__).parents[2] / "vectors" / "cases" / "goods-87.json").read_text("utf-8"))
"""The published case of a scored purchase of goods."""
BASE = f"/api/tenders/{CODE}"


@dataclass
class Member(Program):
    """A member's program, with a certificate that the hall really judges."""

    signer: FileSigner

    def sign(self, data: bytes) -> str:
        return b64(self.signer.sign(data, clock.now()))

    def signed(self, path: str, asked: Mapping[str, Any]) -> Any:
        """Ask for the bytes to sign, sign them, hand them in."""
        raw = self.post(f"/evaluation/{path}/draft", asked)["raw"]
        return self.post(f"/evaluation/{path}", {"raw": raw, "cms": self.sign(unb64(raw))})


def rules_of_the_case(stage: Stage, app: TestApp) -> dict[str, Any]:
    """The rules of a tender that is filled in as the case says, over HTTP, as they would be published."""
    case, terms = GOODS_87, GOODS_87["rules"]
    registry = stage.scene.registry
    with stage.scene.db() as session:
        tender = stage.tender(session)
        key = create_api_key(session, process("test"), tender.agent.id, "test")
        purchaser = tender.tenderer.uscc
    body = {
        "template": "office-air-conditioning", "tenderer": purchaser, "evaluation": "comprehensive-scoring",
        "budget": case["budget"], "ceiling": case["ceiling"],
        "micro_deduction": terms["deductions"]["micro-enterprise"],
        "domestic_deduction": terms["deductions"]["domestic-product"],
        "stacking": terms["stacking"], "low_mean": terms["abnormal_ratio"], "low_second": terms["abnormal_ratio"],
        "low_ceiling": terms["abnormal_ceiling_ratio"], "outlier_ratio": terms["outlier_ratio"],
    }  # fmt: skip
    for name in ("id", "kind", "weight", "max"):
        body[f"criterion_{name}"] = [row.get(name, "") for row in case["criteria"]]
    headers = {"Authorization": f"Bearer {key}"}
    made = app.post_json("/api/tenders", body, headers=headers, status=201).json
    with stage.scene.db() as session:
        draft = session.scalars(select(Tender).where(Tender.code == made["tender"])).one()
        return publication.setting_of(registry, draft, clock.now(), "").rules


def opened_case(stage: Stage, app: TestApp) -> dict[str, Enterprise]:
    """The case's bids, handed in by the enterprises' programs, decrypted by them and read out, all over HTTP: B6 came at
    the deadline, B8 was withdrawn. Returns the enterprises by their name in the case."""
    scene, case = stage.scene, GOODS_87
    rules = rules_of_the_case(stage, app)
    with scene.db() as session:
        tender = stage.tender(session)
        tender.rules, tender.method = rules, "comprehensive-scoring"
        tender.lot.project.budget = tender.budget = Decimal(case["budget"])
    people = {bid["id"]: scene.enterprise(bid["id"]) for bid in case["bids"]}
    programs = {name: bidders_program(app, stage, who) for name, who in people.items()}
    sealed, uploads = {}, {}
    for bid in case["bids"]:
        name, content = bid["id"], canonical.dumps(sheet(bid["price"], claims=bid["policies"]))
        sealed[name] = scene.seal(
            people[name], {"price-sheet": content, "documents": b"documents of " + name.encode()}
        )
        uploads[name] = uploaded(programs[name], sealed[name])
        if bid["received"] < case["deadline"]:
            programs[name].post(f"{uploads[name]}/submit")
    scene.sequence()
    withdraw(programs["B8"], sealed["B8"])
    stage.close()
    late = [bid["id"] for bid in case["bids"] if bid["received"] >= case["deadline"]]
    for name in late:
        assert programs[name].post(f"{uploads[name]}/submit", status="4*")["code"] == "bid.late"
    for name in people.keys() - {*late, "B8"}:
        decrypt(programs[name], sealed[name])
    stage.work()
    record_read_out(app, stage)
    return people


def uploaded(program: Member, bid: Sealed) -> str:
    """Send every piece of a sealed bid; returns the upload's address."""
    body = {"tender": CODE, "manifest": b64(bid.raw), "cms": b64(bid.cms)}
    address = "/api/bids/uploads/" + program.post("/api/bids/uploads", body, 201)["upload"]
    for part, data in bid.parts.items():
        for number in range(-(-len(data) // PIECE)):
            piece = data[number * PIECE : (number + 1) * PIECE]
            headers = {"Authorization": f"Bearer {program.key}", "X-Content-SHA256": sha256(piece).hex()}
            program.app.put(f"{address}/{part}/{number}", piece, headers=headers, status=204)
    return address


def withdraw(program: Member, bid: Sealed) -> None:
    document = build_withdrawal(bid.manifest, clock.now())
    body = {"tender": CODE, "withdraw": b64(document), "cms": program.sign(document)}
    program.post("/api/bids/withdrawals", body)


def decrypt(program: Member, bid: Sealed) -> None:
    raw = build_bidder_release(bid.manifest, "opening", bid.keys["opening"])
    program.post("/api/bids/releases", {"tender": CODE, "release": b64(raw), "cms": program.sign(raw)})


def record_read_out(app: TestApp, stage: Stage) -> None:
    """The host's program signs the opening record."""
    with stage.scene.db() as session:
        agent = session.get_one(User, stage.tender(session).agent.id)
        key = create_api_key(session, process("test"), agent.id, "test")
        host = Member(app, agent, key, "", BASE, signer_of(session, stage.scene.registry, agent))
    raw = unb64(host.get("/opening/record")["record"])
    assert host.post("/opening/record", {"cms": host.sign(raw)})["recorded"]


def committee(app: TestApp, stage: Stage, size: int) -> list[Member]:
    """So many experts with certificates; the last one represents the purchaser."""
    registry, found = stage.scene.registry, []
    with stage.scene.db() as session:
        purchaser = stage.tender(session).tenderer
        for number in range(size):
            last = number == size - 1
            user = make_user(
                session,
                "tenderer" if last else "expert",
                party=purchaser if last else None,
                keys=registry["keys"],
            )
            key = create_api_key(session, process("test"), user.id, "test")
            found.append(Member(app, user, key, "", BASE, signer_of(session, registry, user)))
        session.flush()
        session.expunge_all()
    return found


def panel_list(members: Sequence[Member], purchaser: str) -> dict[str, Any]:
    """The committee's list as the pool exports it."""
    last = len(members) - 1
    return {
        "v": 1, "typ": "ebid.panel-list", "tender": CODE, "source": "Expert pool",
        "members": [
            {"login": member.user.login, "name": member.user.name, "employer": purchaser if n == last else "",
             "kind": "purchaser" if n == last else "expert", "head": n == 0}
            for n, member in enumerate(members)
        ],
    }  # fmt: skip


def bidders_program(app: TestApp, stage: Stage, who: Enterprise) -> Member:
    """The enterprise's program."""
    with stage.scene.db() as session:
        user = session.get_one(User, who.bidder.user_id)
        key = create_api_key(session, process("test"), user.id, "test")
        session.expunge(user)
    return Member(app, user, key, "", "", who.signer)
