"""An opinion from the question to the signature, as each reader meets it; its members are barred from the panel."""

from __future__ import annotations

import base64
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from sqlalchemy import select
from webtest import TestApp, Upload

from expert_pool.experts import service as experts
from tests.expert_pool.pool import make_expert
from tests.helpers import committed, hall_party, hall_user, log_in
from tests.tenders import make_buyers, published_tender, signer_of
from trading import clock
from trading.accounts.models import User
from trading.interfaces import ISignatureVerifier
from trading.ledger.models import LedgerEntry
from trading.permissions import Role

PICTURES = os.environ.get("TRADEHALL_PAGES")
"""A folder to keep the pages in, for whoever wants to look at them."""
MINUTES = Upload("聘任决定.pdf", b"decision", "application/pdf")


class Scene:
    """A published tender, a committee of four, and everybody signed in."""

    def __init__(self, app: TestApp, config: Configurator) -> None:
        self.config = config

        def make(db: Any) -> tuple[str, str, str]:
            buyers = make_buyers(db, config.registry)
            tender = published_tender(db, config.registry, buyers, closes_in=timedelta(days=40))
            return tender.code, buyers.agent.login, buyers.purchaser.uscc

        self.code, agent, purchaser = committed(config, make)
        self.users = [hall_user(config, Role.EXPERT) for _ in range(4)]
        self.signer = committed(
            config, lambda db: signer_of(db, config.registry, db.get(User, self.users[0].id))
        )
        keys = config.registry["keys"]
        self.numbers = [
            committed(config, lambda db, user=user, more=more: make_expert(
                db, keys=keys, name=user.name, login=user.login, **more)).number
            for user, more in zip(self.users, ({}, {}, {}, {"employer": purchaser}), strict=True)
        ]  # fmt: skip
        self.agent = log_in(app, config, agent)
        self.office = log_in(app, config, hall_user(config, Role.POOL_OFFICER))
        self.members = [log_in(app, config, user) for user in self.users]

    def send(self, browser: TestApp, page: str, field: str, status: int = 303, **values: Any) -> Any:
        """Fill and send the form of a page that has `field`."""
        form = next(form for form in browser.get(page).forms.values() if field in form.fields)
        for name, value in values.items():
            form[name] = value
        answer = form.submit(status=status)
        return answer.follow() if status == 303 else answer

    def ask(self) -> str:
        page = self.send(
            self.agent, f"/tenders/{self.code}/advice", "question", subject="技术参数是否具有倾向性",
            question="第三章第2条要求的接口是否排斥其他产品？", papers=[Upload("第三章.pdf", b"chapter three")],
        )  # fmt: skip
        return str(page.request.path)

    def entries(self) -> list[str]:
        bodies = committed(
            self.config, lambda db: db.scalars(select(LedgerEntry.body).order_by(LedgerEntry.id)).all()
        )
        return [kind for body in bodies if (kind := json.loads(body)["type"]).startswith("advisory.")]


def keep(name: str, page: Any) -> None:
    if PICTURES:
        (Path(PICTURES) / f"{name}.html").write_bytes(page.body)


def test_an_opinion_goes_from_the_question_to_the_signature(app: TestApp, config: Configurator) -> None:
    scene = Scene(app, config)
    one, two, three, biased = scene.numbers
    scene.send(
        scene.office,
        "/advisory",
        "numbers",
        numbers=" ".join(scene.numbers),
        reason="组建咨询委员会",
        evidence=MINUTES,
    )
    page = scene.ask()
    assert all(member.get(page, status=404) for member in scene.members)
    for wrong in (f"{one} {two}", f"{one} {two} E999999", f"{one} {two} {biased}"):
        assert scene.send(scene.office, page, "numbers", status=422, numbers=wrong)
    keep("advice-office", scene.office.get(page))
    scene.send(scene.office, page, "numbers", numbers=f"{one} {two} {three}")
    assert scene.members[3].get(page, status=404)

    chair, second, third = scene.members[:3]
    assert "专家咨询" in chair.get("/desk") and "专家咨询" not in second.get("/desk")
    assert "text" not in {name for form in second.get(page).forms.values() for name in form.fields}
    scene.send(chair, page, "text", text="该接口为国家标准，不排斥其他产品。")
    scene.send(chair, page, "vote", vote="for")
    scene.send(second, page, "vote", vote="for")
    assert scene.send(third, page, "vote", status=422, vote="against")
    scene.send(third, page, "vote", vote="against", dissent="该标准仅有一家产品通过认证")
    keep("advice-member", third.get(page))
    assert "该标准仅有一家" not in chair.get(page).text.split("data-sign-base64")[0]

    signing = next(form for form in chair.get(page).forms.values() if "opinion_cms" in form.fields)
    shown = chair.get(page).html.select_one("[data-sign-base64]")["data-sign-base64"]
    assert not set(shown) & set("+/="), "the signing script reads base64url"
    raw = base64.urlsafe_b64decode(shown + "=" * (-len(shown) % 4))
    keep("advice-chair", chair.get(page))
    signature = scene.signer.sign(raw, clock.now())
    signing["opinion_cms"] = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    signing.submit(status=303)

    told = scene.agent.get(page)
    keep("advice-asker", told)
    assert "该接口为国家标准" in told and "该标准仅有一家产品通过认证" in told
    assert "3 号委员" in told and "1 号委员" not in told
    assert scene.agent.get(f"{page}/papers/opinion.json").body == raw
    assert "opinion.p7s" not in told, "its certificate names the chair"
    for reader in (scene.agent, second):
        reader.get(f"{page}/papers/opinion.p7s", status=404)
    signed = scene.office.get(f"{page}/papers/opinion.p7s").body
    verify = config.registry.getUtility(ISignatureVerifier).verify
    assert verify(raw, signed, clock.now()).common_name == scene.users[0].name
    assert not any(
        user.name in told or number in told for user, number in zip(scene.users, scene.numbers, strict=True)
    )
    assert scene.entries() == [
        "advisory.appointed", "advisory.asked", "advisory.convened", "advisory.drafted", "advisory.voted",
        "advisory.voted", "advisory.voted", "advisory.concluded",
    ]  # fmt: skip
    keys = config.registry["keys"]
    people = committed(config, lambda db: experts.people(db, keys, clock.now()))
    assert [scene.code in person.advises for person in people] == [True, True, True, False]


def test_a_new_text_ends_the_votes_and_strangers_read_nothing(app: TestApp, config: Configurator) -> None:
    scene = Scene(app, config)
    scene.send(
        scene.office,
        "/advisory",
        "numbers",
        numbers=" ".join(scene.numbers[:3]),
        reason="组建委员会",
        evidence=MINUTES,
    )
    page = scene.ask()
    scene.send(scene.office, page, "numbers", numbers=" ".join(scene.numbers[:3]))
    nobody_else_reads(app, config, scene, page)
    chair, second = scene.members[:2]
    scene.send(chair, page, "text", text="第一稿意见")
    for browser in scene.members[:3]:
        scene.send(browser, page, "vote", vote="for")
    assert "opinion_cms" in chair.get(page)
    scene.send(chair, page, "text", text="第二稿意见")
    shown = chair.get(page)
    assert "opinion_cms" not in shown and "第二稿意见" in shown
    scene.send(second, page, "vote", vote="abstain")
    assert "3 名委员中 1 名已表决" in second.get(page)
    the_chair_is_lost(scene, page)


def the_chair_is_lost(scene: Scene, page: str) -> None:
    """Another of those convened takes the chair; the votes stand, and the text may be put anew."""
    chair, second, third = scene.members[:3]
    assert scene.send(scene.office, page, "number", status=422, number=scene.numbers[1], reason="")
    scene.send(scene.office, page, "number", number=scene.numbers[1], reason="原主持委员因病退出")
    assert "text" not in {name for form in chair.get(page).forms.values() for name in form.fields}
    scene.send(third, page, "vote", vote="for")
    assert "3 名委员中 2 名已表决" in second.get(page)
    scene.send(second, page, "text", text="第三稿意见")
    assert scene.entries()[-1] == "advisory.drafted" and "advisory.chair-replaced" in scene.entries()


def nobody_else_reads(app: TestApp, config: Configurator, scene: Scene, page: str) -> None:
    rival = log_in(app, config, hall_user(config, Role.AGENT, party=hall_party(config)))
    for browser in (rival, scene.members[3]):
        assert browser.get(page, status=404)
        assert browser.get(f"/tenders/{scene.code}/advice", status=403)
        assert browser.get("/advisory", status=403)
    token = rival.get("/desk").html.select_one("meta[name=csrf-token]")["content"]
    for act in ("convene", "draft", "vote", "sign"):
        assert rival.post(f"{page}/{act}", {"csrf_token": token, "numbers": "E000001"}, status=404)
    assert log_in(app, config, hall_user(config, Role.REGULATOR)).get(page, status=200)
