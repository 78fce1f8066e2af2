"""Whoever took the documents or has bid is told by text message, by nobody's name and of no project's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bidding.tenders import interruptions, telling
from bidding.tenders.interruptions import Ground
from bidding.tenders.models import Tender
from tests.bidding.vault.scene import CODE, LOT, Enterprise, Scene
from tests.bidding.vault.scene import scene as scene
from tests.texting import Telephones, telephones
from trading import clock
from trading.acts import process
from trading.errors import Refused
from trading.events import OrderIssued
from trading.interfaces import IFileStore
from trading.notices.models import Document
from trading.notices.service import keep_file, take_document
from trading.outbox import Promise
from trading.parties.models import Party

TAKER, BIDDER, BOTH = "13800000001", "13800000002", "13800000003"


@pytest.fixture
def gateway(scene: Scene) -> Iterator[Telephones]:
    """One has taken the documents, one has bid, one did both; a fourth enterprise did nothing."""
    for name, number in (("A", TAKER), ("B", BIDDER), ("C", BOTH), ("D", "13800000004")):
        who = scene.enterprise(name)
        with scene.db() as session:
            session.scalars(select(Party).where(Party.uscc == who.bidder.uscc)).one().phone = number
        if number in (TAKER, BOTH):
            take(scene, who)
        if number in (BIDDER, BOTH):
            scene.submit(who, scene.seal(who))
    yield telephones(scene.registry)


def take(scene: Scene, who: Enterprise) -> None:
    with scene.db() as session:
        if not session.scalars(select(Document).where(Document.tender == CODE)).first():
            digest = keep_file(scene.registry.getUtility(IFileStore), b"document")
            session.add(
                Document(tender=CODE, name="d.pdf", media_type="application/pdf", size=8, sha256=digest)
            )
            session.flush()
        take_document(
            session, scene.registry, scene.registry["keys"], tender=CODE, lot=LOT, name="d.pdf",
            address="192.0.2.1", user=str(who.bidder.user_id),
        )  # fmt: skip


def promised(scene: Scene) -> list[dict[str, str]]:
    with scene.db() as session:
        query = select(Promise.payload).where(Promise.topic == telling.TELL).order_by(Promise.due_at)
        return list(session.scalars(query))


def keep(scene: Scene) -> None:
    with scene.db() as session:
        for payload in promised(scene):
            telling.tell(session, scene.registry, payload)


def suspend(scene: Scene, **more: str) -> None:
    with scene.db() as session:
        ground = Ground("核查", **more)
        interruptions.suspend(session, scene.registry, process("test"), CODE, ground)


def test_a_suspension_reaches_downloaders_and_bidders_once_and_names_nothing(
    scene: Scene, gateway: Telephones
) -> None:
    suspend(scene)
    assert [set(row) for row in promised(scene)] == [{"tender", "what", "at"}]
    keep(scene)
    keep(scene)
    assert gateway.numbers == [TAKER, BIDDER, BOTH]
    (text,) = {text for _, text in gateway.sent.values()}
    with scene.db() as session:
        title = session.scalars(select(Tender.title)).one()
    assert "已暂停" in text and CODE not in text and title not in text


def test_when_the_gateway_breaks_in_the_middle_the_rest_is_told_later(
    scene: Scene, gateway: Telephones
) -> None:
    suspend(scene)
    gateway.away = {BIDDER}
    with pytest.raises(Refused):
        keep(scene)
    assert gateway.numbers == [TAKER]
    gateway.away = set()
    keep(scene)
    assert gateway.numbers == [TAKER, BIDDER, BOTH]


@pytest.mark.parametrize(("order", "told"), [("suspend", 0), ("correct", 1)])
def test_an_order_is_told_unless_the_event_that_it_leads_to_tells_it(
    scene: Scene, gateway: Telephones, order: str, told: int
) -> None:
    with scene.db() as session:
        event = OrderIssued(session, scene.registry, CODE, clock.now(), order, "O-1", "r", process("test"))
        telling.telling("ordered")(event)
    assert len(promised(scene)) == told
