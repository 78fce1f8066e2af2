"""The members' names: in no answer before the result notice, whoever asks, and in the notice then (M87 47, 69)."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.awards import service
from bidding.tenders.models import Tender
from tests.bidding.evaluation.hall import Hall
from tests.bidding.evaluation.room import certify, stamp
from tests.bidding.evaluation.test_report_paper import deliver
from tests.bidding.evaluation.test_report_paper import hall as hall  # the fixture
from tests.doors.finding import routes
from tests.helpers import committed, log_in, make_user
from trading.acts import Actor
from trading.notices.service import notices_of

OUTSIDE = ("/", "/api/notices", "/docket", "/api/docket")


def of_tender(config: Configurator, code: str) -> list[str]:
    """Every address to read that needs no more than the tender's code: pages, JSON, trail, archive."""
    found = {line.removeprefix("GET ") for line in routes(config) if line.startswith("GET ")}
    filled = {pattern.replace("{code}", code) for pattern in found if "{code}" in pattern}
    return sorted(address for address in filled if not re.search(r"[{}]", address))


def telling(reader: TestApp, doors: list[str], names: list[str]) -> list[str]:
    """The addresses whose answer has one of the names, in any writing."""
    written = [re.escape(name) for name in (*names, *(json.dumps(name)[1:-1] for name in names))]
    found = re.compile(rf"({'|'.join(written)})\\b".encode())
    return [door for door in doors if found.search(reader.get(door, expect_errors=True).body)]


def publish(db: Session, config: Configurator, hall: Hall) -> None:
    """The purchaser's officer confirms, signs and publishes."""
    tender = db.get_one(Tender, hall.room.tender.id)
    officer = make_user(db, "tenderer", party=tender.tenderer, keys=config.registry["keys"])
    certificate = certify(db, officer)
    draft = service.prepare(db, tender)
    signed = {name: stamp(certificate, data) for name, data in service.signed_bytes(draft).items()}
    actor = Actor(officer.id, officer.name, "", "127.0.0.1", config.registry["keys"].pseudonym)
    service.publish(
        db, config.registry, actor, officer.id, officer.party_id, tender, signed["award"], signed["result"]
    )


def test_no_door_tells_a_name_before_the_result_notice_and_the_notice_does(
    app: TestApp, config: Configurator, hall: Hall
) -> None:
    names = [member.user.name for member in hall.members]
    agent, bidder = (log_in(app, config, who.user) for who in (hall.agent, hall.bidders[0]))
    doors = [*OUTSIDE, *of_tender(config, hall.code)]
    assert len(doors) > 60
    assert telling(agent, doors, names) == [], "while the committee evaluates"
    deliver(config, hall)
    for reader in (agent, bidder, app):
        assert telling(reader, doors, names) == [], "when the report is delivered"
    assert names[0] not in app.get(f"/?q={quote(names[0])}").text.replace(f'value="{names[0]}"', "")
    committed(config, lambda db: publish(db, config, hall))
    notice = committed(config, lambda db: notices_of(db, hall.code)[-1])
    assert all(name in app.get(f"/notices/{notice.id}").text for name in names)
