"""What somebody has who steals database, queue server and file store in the sealed period (数据库泄露)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select

from tests.bidding.vault.scene import CODE, FILES, SHEET, Scene
from tests.bidding.vault.scene import scene as scene
from tests.doors.finding import table
from tests.doors.staging import Doors, stage
from trading.parties.models import Party

OF_ACCOUNTS = """SELECT * FROM ledger_payload p WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e JOIN account_act a
    ON a.entry = e.id WHERE position(convert_to(encode(p.commitment, 'hex'), 'UTF8') IN e.body) > 0)"""
"""Payloads other than those of accounts, enterprises and certificates, which name no tender."""


def variants(secret: str) -> Iterator[bytes]:
    """How a text may lie in a dump: encodings, as it is, in hexadecimal, in base64 at every alignment."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        data = secret.encode(encoding)
        yield data
        yield data.hex().encode()
        yield data.hex().upper().encode()
        for shift in range(3):
            inner = base64.b64encode(bytes(shift) + data)[(0, 2, 3)[shift] : -4]
            if len(inner) > 8:
                yield inner
                yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def found(data: bytes, secrets: list[str]) -> list[str]:
    return [secret for secret in secrets if any(variant in data for variant in variants(secret))]


def dump(url: str) -> dict[str, bytes]:
    """Every table of every schema as PostgreSQL copies it out."""
    tables = {}
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, name in names:
            query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, name))
            if name == "ledger_payload":
                query = sql.SQL(OF_ACCOUNTS)
            with connection.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as copy:
                tables[name] = b"".join(bytes(part) for part in copy)
    return tables


@pytest.fixture
def doors(scene: Scene) -> Doors:
    filled, enterprises, _people = stage(scene)
    hall = Doors(scene, None, {}, enterprises, filled)
    hall.bid()
    hall.download()
    scene.sequence()
    return hall


def test_a_dump_links_no_bidder_to_a_tender_and_holds_no_content(doors: Doors) -> None:
    scene, kinds = doors.scene, table()["tables"]
    codes = [who.bidder.uscc for who in doors.enterprises]
    with scene.db() as session:
        parties = [str(number) for number in session.scalars(select(Party.id).where(Party.uscc.in_(codes)))]
    secrets = [*doors.secrets, *parties, SHEET.decode(), FILES[:26].decode(), "98765.43"]
    tables = dump(scene.registry.settings["database.url"])
    assert {name for name in tables if name not in kinds} <= {"alembic_version"}
    named = {name: found(data, secrets) for name, data in tables.items() if kinds.get(name) != "accounts"}
    assert {name: what for name, what in named.items() if what} == {}
    assert {name for name, data in tables.items() if kinds.get(name) == "later" and data} == set()
    assert all(found(tables[name], [CODE]) == [] for name in kinds if kinds[name] == "accounts")
    rows = {name: tables[name].count(b"\n") for name in ("bid", "upload", "upload_piece", "download")}
    assert rows == {"bid": 3, "upload": 3, "upload_piece": 6, "download": 1}
    assert len(found(tables["party"], [doors.enterprises[0].name])) == 1


def test_queue_server_and_file_store_hold_neither_content_nor_names(doors: Doors) -> None:
    secrets = [*doors.secrets, SHEET.decode(), FILES[:26].decode(), "98765.43"]
    queue = doors.scene.registry["queue"]
    for key in queue.keys("*"):
        assert found(key + (queue.dump(key) or b""), secrets) == [], key
    folders = [Path(doors.scene.registry.settings[name]) for name in ("file_store.folder", "ledger.folder")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 6
    for path in files:
        assert found(str(path).encode() + path.read_bytes(), secrets) == [], path


def test_the_search_finds_what_is_hidden_in_each_encoding() -> None:
    secret = "甲方天河家具有限公司"
    for encoding in ("utf-8", "utf-16-le"):
        data = secret.encode(encoding)
        for shift in range(3):
            assert found(base64.b64encode(b"x" * shift + data + b"y"), [secret]) == [secret]
        assert found(b"\\x" + data.hex().encode(), [secret]) == [secret]
    assert found(b"nothing of it", [secret]) == []
