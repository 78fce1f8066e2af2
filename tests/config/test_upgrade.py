"""A hall of the first schema, with a tender that was played on it, lives on under the newest one.

`data/step-one.tar.xz` is a backup that step 1's schema (0001) made of its demonstration, with the witnesses and
custodians of that hall and its trust file: one tender from draft to award, three bidders, one of whom replaced
its bid. The keys are under the demonstration's passphrase and worth nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from webtest import TestApp

from config import audit, backup
from config.app import make_config
from config.demo.cast import PASSWORD
from config.installation import log_key, log_vkey
from config.migrate import upgrade
from config.settings import settings as hall_settings
from tests.conftest import database, numbers
from trading.db import committing
from trading.ledger.models import LedgerEntry
from trading.ledger.service import latest_checkpoint

FIXTURE = Path(__file__).parent / "data" / "step-one.tar.xz"
VERIFIER = Path(__file__).parents[2] / "tradehall_verify.py"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The backup's folder."""
    with tarfile.open(FIXTURE) as tar:
        tar.extractall(tmp_path / "copy", filter="data")
    return tmp_path / "copy"


@pytest.fixture
def old(servers, copy: Path, tmp_path: Path) -> Iterator[Configurator]:
    """The hall of the fixture, restored and upgraded."""
    name = f"old_{next(numbers)}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url = database(servers, name)
    document = backup.restore(copy, tmp_path / "state", url, PASSWORD)
    assert document["schema"] == "0001"
    upgrade(url)
    parties = json.loads((copy / "parties.json").read_text())
    made = make_config(
        hall_settings(tmp_path / "state", url, servers.redis_url)
        | {
            "ledger.vkey": log_vkey(tmp_path / "state"),
            "ledger.witnesses": parties["TRADEHALL_LEDGER_WITNESSES"],
            "vault.custodians": parties["TRADEHALL_VAULT_CUSTODIANS"],
        }
    )
    yield made
    made.registry["sessions"].kw["bind"].dispose()


def code_of(config: Configurator) -> str:
    with committing(config.registry["sessions"]) as session:
        return (
            session.scalars(select(LedgerEntry.tender).where(LedgerEntry.tender.is_not(None))).first() or ""
        )


def test_the_pages_of_an_old_tender_work_under_the_newest_schema(old: Configurator) -> None:
    code = code_of(old)
    app = TestApp(old.make_wsgi_app())
    assert code in app.get(f"/tenders/{code}").text
    assert code in app.get("/").text or app.get("/notices").status_int == 200
    facts = app.get(f"/api/tenders/{code}").json
    assert facts["state"] == "awarded"
    opening = app.get(f"/api/tenders/{code}/opening").json["opening"]
    assert sorted(row["outcome"] for row in opening["bids"]) == ["OK", "OK", "OK"]
    assert app.get(f"/api/tenders/{code}/close").json["bids"]


@pytest.mark.parametrize("tier", ["public", "regulator"])
def test_the_bundle_of_an_old_tender_is_still_verified(
    old: Configurator, tier: str, copy: Path, tmp_path: Path
) -> None:
    code, registry = code_of(old), old.registry
    with committing(registry["sessions"]) as session:
        note = latest_checkpoint(session, witnessed=True)
        manifests = select(LedgerEntry.id).where(
            LedgerEntry.tender == code, LedgerEntry.body.contains(b'"type":"tender.manifest"')
        )
        last = session.scalars(manifests.order_by(LedgerEntry.id.desc())).first()
    assert note is not None and last is not None
    bundle = tmp_path / "bundle.tar"
    with bundle.open("wb") as out:
        seed = log_key(tmp_path / "state")
        audit.write(registry, code, last, note, out, public=tier == "public", seed=seed)
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(bundle), "--trust", str(copy / "trust.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VERIFIED" in done.stdout
