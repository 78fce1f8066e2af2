"""The notice board, and documents handed out without telling who took them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.registry import Registry
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.file_store.local import LocalFileStore
from tests.helpers import KEYS
from trading.clock import rfc3339
from trading.errors import Refused
from trading.interfaces import IFileStore
from trading.ledger import canonical
from trading.ledger.entry import blinded_commitment, parse
from trading.ledger.models import LedgerEntry
from trading.notices import service
from trading.notices.models import Document, Download, Notice

NOW = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)


def put(
    session: Session,
    title: str,
    kind: str = "tender",
    *,
    hours: int = 1,
    region: str = "440300",
    **shown: str,
) -> Notice:
    deadline = {"deadline": rfc3339(NOW + timedelta(hours=hours))} if kind == "tender" else {}
    return service.publish_notice(
        session, None, kind=kind, tender=f"T-{title}", title=title, region=region, body=title.encode(), cms=None,
        at=NOW - timedelta(hours=hours), shown=deadline | shown,
    )  # fmt: skip


def titles(board: service.Board) -> list[str]:
    return [notice.title for notice in board.notices]


def test_the_board_shows_the_newest_first(session: Session) -> None:
    put(session, "older", hours=5)
    put(session, "newer", hours=2)
    assert titles(service.board(session, NOW)) == ["newer", "older"]


def test_a_notice_is_found_by_title_english_title_buyer_winner_or_code(session: Session) -> None:
    put(session, "桌椅", title_en="Desks 100%", buyer="示例市教育局")
    put(session, "服务器", "result", winner="示例科技有限公司")
    for text, found in (
        ("桌", "桌椅"),
        ("desks", "桌椅"),
        ("教育局", "桌椅"),
        ("科技", "服务器"),
        ("t-服务器", "服务器"),
    ):
        assert titles(service.board(session, NOW, text=text)) == [found], text
    assert titles(service.board(session, NOW, text="0%")) == ["桌椅"]
    assert service.board(session, NOW, text="_").total == 0


def test_a_search_counts_no_further_than_it_pages(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    for number in range(3):
        put(session, f"n{number}", hours=number)
    found = service.board(session, NOW)
    assert (found.total, found.many, titles(found)) == (2, True, ["n0", "n1", "n2"])
    assert not service.board(session, NOW, text="n1").many


def test_a_word_is_found_wherever_it_stands_and_only_whole(session: Session) -> None:
    put(session, "中学校服采购")
    put(session, "学校食堂")
    assert set(titles(service.board(session, NOW, text="学校"))) == {"中学校服采购", "学校食堂"}
    assert titles(service.board(session, NOW, text="校学")) == []


def test_a_tender_is_open_until_its_deadlines_instant(session: Session) -> None:
    put(session, "open")
    put(session, "result", "result")
    deadline = NOW + timedelta(hours=1)
    before = deadline - timedelta(milliseconds=1)
    assert titles(service.board(session, before, state="open")) == ["open"]
    assert titles(service.board(session, deadline, state="open")) == []
    assert titles(service.board(session, deadline, state="closed")) == ["open"]


def test_the_board_can_be_narrowed_by_kind_and_region(session: Session) -> None:
    put(session, "here", region="440305")
    put(session, "there", region="350100")
    put(session, "failed", "failure")
    assert titles(service.board(session, NOW, kind="failure")) == ["failed"]
    assert titles(service.board(session, NOW, region="4403", kind="tender")) == ["here"]


def test_pages_of_the_board_hold_every_notice_once(session: Session) -> None:
    for number in range(service.PAGE + 1):
        put(session, f"n{number}", hours=number)
    first, second = (service.board(session, NOW, page=page) for page in (1, 2))
    assert (first.pages, len(first.notices), len(second.notices)) == (2, service.PAGE, 1)
    assert len({*titles(first), *titles(second)}) == service.PAGE + 1
    assert service.board(session, NOW, page=99).page == 2


def test_an_address_that_is_no_notice_finds_none(session: Session) -> None:
    assert service.find_notice(session, "not-an-id") is None


@pytest.fixture
def registry(tmp_path: Path) -> Any:
    found = Registry()
    found.registerUtility(LocalFileStore(tmp_path), IFileStore)
    return found


def take(session: Session, registry: Any) -> bytes:
    _document, data = service.take_document(
        session, registry, KEYS, tender="T-1", lot="L-1", name="a.pdf", address="192.0.2.7", user="u-1"
    )
    return data


def test_a_download_leaves_a_blinded_leaf_and_a_sealed_row_and_nothing_to_read(
    session: Session, registry: Any
) -> None:
    digest = service.keep_file(registry.getUtility(IFileStore), b"the document")
    session.add(Document(tender="T-1", name="a.pdf", media_type="application/pdf", size=12, sha256=digest))
    assert take(session, registry) == b"the document"
    row = session.scalars(select(Download)).one()
    body = session.get_one(LedgerEntry, row.entry_id).body
    for secret in (b"192.0.2.7", b"u-1", b"a.pdf"):
        assert secret not in row.sealed and secret not in body
    assert b"T-1" not in body and b"download" not in body


def test_the_blinded_leaf_of_a_download_can_be_opened_later(session: Session, registry: Any) -> None:
    digest = service.keep_file(registry.getUtility(IFileStore), b"the document")
    session.add(Document(tender="T-1", name="a.pdf", media_type="application/pdf", size=12, sha256=digest))
    take(session, registry)
    (taken,) = service.downloads(session, KEYS, "T-1")
    assert (taken.address, taken.user, taken.document) == ("192.0.2.7", "u-1", "a.pdf")
    leaf = parse(session.get_one(LedgerEntry, taken.entry_id).body)
    expected = blinded_commitment(
        taken.salt, "download", tender="T-1", lot="L-1", seq=0, digest=taken.digest, at=taken.at
    )
    assert leaf.commitment == expected.hex()  # type: ignore[union-attr]


def test_the_published_hash_of_a_download_does_not_tell_the_address_to_who_tries_them_all(
    session: Session, registry: Any
) -> None:
    digest = service.keep_file(registry.getUtility(IFileStore), b"the document")
    session.add(Document(tender="T-1", name="a.pdf", media_type="application/pdf", size=12, sha256=digest))
    take(session, registry)
    (taken,) = service.downloads(session, KEYS, "T-1")
    guess = {"address": "192.0.2.7", "user": "u-1", "document": "a.pdf", "at": taken.at}
    assert hashlib.sha256(canonical.dumps(guess)).digest() != taken.digest


def test_an_unknown_document_is_refused_and_leaves_no_trace(session: Session, registry: Any) -> None:
    with pytest.raises(Refused) as refused:
        take(session, registry)
    assert refused.value.faults[0].code == "document.unknown"
    assert session.scalars(select(Download)).first() is None


def test_a_file_lies_under_its_hash(registry: Any) -> None:
    store = registry.getUtility(IFileStore)
    assert store.get(service.file_key(service.keep_file(store, b"x"))) == b"x"
    assert service.keep_file(store, b"x") == hashlib.sha256(b"x").hexdigest()
