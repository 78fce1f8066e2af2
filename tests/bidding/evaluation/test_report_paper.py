"""The report as a page and on paper, of a scored tender."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.evaluation import service
from bidding.evaluation.models import EvaluationReport, ReportSignature
from expert_pool.selection import service as committee
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.goods import case, goods_inputs, goods_report
from tests.bidding.evaluation.hall import Hall, make_hall
from tests.bidding.evaluation.room import stamp
from tests.bidding.evaluation.scoring_room import SCORED
from tests.helpers import committed, log_in
from tests.pki import USCC, Pki
from trading.accounts.models import User
from trading.acts import Actor
from trading.clock import database_now, now
from trading.interfaces import ISigner
from trading.ledger import canonical

REASON = "样机未到场，仅凭资料评分"


@pytest.fixture
def hall(app: TestApp, config: Configurator) -> Hall:
    """An evaluation whose scored report (goods-87) is signed and waits to be delivered."""
    made = make_hall(app, config, [sheet(f"{n}000.00") for n in range(9, 15)], rules=SCORED)
    committed(config, lambda db: scored(db, config, made))
    return made


def scored(db: Session, config: Configurator, hall: Hall) -> None:
    room = hall.room
    room.session, room.registry["keys"] = db, config.registry["keys"]
    room.tender = db.merge(room.tender)
    room.seat_all()
    room.all_vote("qualification")
    panel = committee.panel_of(db, room.tender.code)
    assert panel is not None
    members = [row.member for row in committee.members_of(db, panel)]
    bids = [row["id"] for row in goods_inputs()["bids"]]
    names = dict(zip(bids, sorted(party.uscc for party in room.bidders), strict=True))
    inputs = goods_inputs(members, names)
    flag = case()["expected"]["outlier_flags"][0]
    bid, item, member = names[flag[0]], flag[1], members[flag[2] - 1]
    score = next(row for row in inputs["bids"] if row["id"] == bid)["scores"][item][member]
    said = {"bid": bid, "item": item, "member": member, "score": score, "rules": ["ratio"], "reason": REASON}
    seated = committee.members_of(db, panel)
    document = goods_report(
        inputs, v=1, typ="ebid.report", tender=room.tender.code, dissent=[], score_reasons=[said],
        score_corrections=[], bidders={p.uscc: {"name": p.name, "manifest": ""} for p in room.bidders},
        committee=[{"seat": m.seat, "member": m.member, "role": m.kind, "head": m.head} for m in seated],
    )  # fmt: skip
    raw, at = canonical.dumps(document), database_now(db)
    report = EvaluationReport(tender_id=room.tender.id, round=1, inputs=canonical.dumps(inputs), raw=raw,
                              sha256=hashlib.sha256(raw).hexdigest(), drawn_up_at=at)  # fmt: skip
    db.add(report)
    db.flush()
    db.add_all(
        ReportSignature(report_id=report.id, member=m.member, signed_at=at,
                        cms=stamp(room.own_certificate(db.get_one(User, m.user_id)), raw))
        for m in seated
    )  # fmt: skip


def deliver(config: Configurator, hall: Hall) -> None:
    """The head hands the report over."""
    head = Actor(hall.members[0].user.id, "", "", "127.0.0.1", config.registry["keys"].pseudonym)
    committed(config, lambda db: service.deliver(db, config.registry, head, hall.code))


def english(hall: Hall, config: Configurator, user: Any) -> TestApp:
    found = log_in(hall.app, config, user)
    found.set_cookie("hall_locale", "en")
    return found


def test_the_page_shows_cards_formula_outlier_and_what_would_change_without_a_member(
    hall: Hall, config: Configurator
) -> None:
    page = english(hall, config, hall.members[0].user).get(f"/tenders/{hall.code}/evaluation/report").text
    assert "95.20" in page and "1,679,999.9976 ÷ 1,679,999.9976 × 35" in page
    assert REASON in page and "distance from the mean of the others" in page and page.count("report-far") == 1
    assert "without seat 5" in page and "No single member decides the first place" in page


def test_a_delivered_report_is_handed_out_as_a_sealed_pdf_with_what_was_signed_inside(
    hall: Hall, config: Configurator, tmp_path: Path
) -> None:
    pki, path = Pki(tmp_path), f"/tenders/{hall.code}/evaluation/report.pdf"
    pki.clock.instant = now()
    config.registry.registerUtility(pki.signer(), ISigner)
    member = english(hall, config, hall.members[0].user)
    member.get(path, status=404)
    deliver(config, hall)
    pdf = member.get(path).body
    assert member.get(path).body == pdf, "sealed once"
    reader = PdfFileReader(BytesIO(pdf))
    (seal,) = reader.embedded_signatures
    start, length, after, rest = seal.byte_range
    assert (start, after + rest) == (0, len(pdf)), "everything but the signature itself"
    covered = pdf[:length] + pdf[after:]
    found = pki.verifier().verify(covered, seal.pkcs7_content.rstrip(b"\0"), now())
    assert found.organisation_id == USCC
    names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    attached = {
        str(names[n]): names[n + 1].get_object()["/EF"]["/F"].get_object().data
        for n in range(0, len(names), 2)
    }
    report = member.get(f"/api/tenders/{hall.code}/evaluation/report").json
    assert hashlib.sha256(attached["report.json"]).hexdigest() == report["sha256"]


def test_the_paper_names_no_member(hall: Hall, config: Configurator) -> None:
    deliver(config, hall)
    buyer = english(hall, config, hall.agent.user)
    for path in ("report", "report.pdf"):
        body = buyer.get(f"/tenders/{hall.code}/evaluation/{path}").body
        assert not [m for m in hall.members if m.user.name.encode() in body or m.user.login.encode() in body]
