"""A scored tender with real bids, keys and certificates, evaluated by programs over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from webtest import TestApp

from bidding.tenders import publication
from bidding.tenders.models import Tender
from bidding.vault import admission
from bidding.vault.encoding import b64, unb64
from bidding.vault.manifest import build_withdrawal
from plugins.x509_signatures.signer import FileSigner
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.hall import Program
from tests.bidding.opening.staging import Stage
from tests.bidding.vault.scene import CODE, Enterprise
from tests.helpers import make_user
from tests.tenders import signer_of
from trading import clock
from trading.accounts.models import User
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.errors import Refused
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
    """The case's bids as the vault took them, opened and read out: B6 came at the deadline, B8 was withdrawn.
    Returns the enterprises by their name in the case."""
    scene, case = stage.scene, GOODS_87
    rules = rules_of_the_case(stage, app)
    with scene.db() as session:
        tender = stage.tender(session)
        tender.rules, tender.method = rules, "comprehensive-scoring"
        tender.lot.project.budget = tender.budget = Decimal(case["budget"])
    people: dict[str, Enterprise] = {}
    late: list[tuple[Enterprise, UUID]] = []
    for bid in case["bids"]:
        name, content = bid["id"], canonical.dumps(sheet(bid["price"], claims=bid["policies"]))
        if bid["received"] < case["deadline"]:
            people[name] = stage.bid(name, content, work=False)
            continue
        people[name] = scene.enterprise(name)
        sealed = scene.seal(people[name], {"price-sheet": content, "documents": b"late"})
        late.append((people[name], scene.upload(people[name], sealed)))
    stage.scene.sequence()
    withdraw(stage, people["B8"])
    stage.close()
    for who, upload in late:
        with pytest.raises(Refused, match="bid.late"), scene.db() as session:
            admission.submit(session, scene.means, who.bidder, upload)
    for number, who in enumerate(stage.bidders):
        if who is not people["B8"]:
            stage.release(number, work=False)
    stage.work()
    host, signer = stage.host(app)
    stage.sign_record(host, signer)
    return people


def withdraw(stage: Stage, who: Enterprise) -> None:
    sealed = stage.bids[stage.bidders.index(who)]
    document = build_withdrawal(sealed.manifest, clock.now())
    with stage.scene.db() as session:
        cms = who.signer.sign(document, clock.now())
        admission.withdraw(session, stage.scene.means, who.bidder, stage.tender(session), document, cms)


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
    return Member(app, user, key, "", BASE, who.signer)
