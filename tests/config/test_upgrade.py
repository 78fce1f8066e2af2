"""A hall of the first schema, with tenders in every state, lives on under the newest one.

`data/step-one.tar.xz` is a backup of step 1's demonstration under its schema (0001), made while it ran: one tender
from draft to contract, one that is open with six sealed bids of five bidders, and a draft. Beside it, under
`party/`, what the outside parties and the people keep: custodians, witness, authorities, key files. The keys are
under the demonstration's passphrase and worth nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
from trading import clock
from trading.db import committing
from trading.ledger.models import LedgerEntry
from trading.ledger.service import latest_checkpoint

FIXTURE = Path(__file__).parent / "data" / "step-one.tar.xz"
VERIFIER = Path(__file__).parents[2] / "tradehall_verify.py"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The backup's folder."""
    with tarfile.open(FIXTURE) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.0 to 3.11.3 have none
        tar.extractall(tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def codes(copy: Path) -> dict[str, str]:
    """The tenders of the fixture: `awarded`, `open`, `draft`."""
    found: dict[str, str] = json.loads((copy / "party" / "story.json").read_text())
    return found


@pytest.fixture
def old(servers: Any, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configurator]:
    """The hall of the fixture, restored and upgraded; its clock goes on where the backup was made."""
    name, state = f"old_{next(numbers)}", tmp_path / "state"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url = database(servers, name)
    document = backup.restore(copy, state, url, PASSWORD)
    assert document["schema"] == "0001"
    upgrade(url)
    for part in ("outside", "demo"):
        shutil.copytree(copy / "party" / part, state / part)
    missing = clock.parse_rfc3339(document["at"]) - clock.now()
    (state / "clock").write_text(str(max(0, int(missing.total_seconds()) + 1)))
    monkeypatch.setenv(clock.CLOCK_FILE, str(state / "clock"))
    monkeypatch.setenv("TRADEHALL_DEMO", "true")
    parties = json.loads((copy / "parties.json").read_text())
    made = make_config(
        hall_settings(state, url, servers.redis_url)
        | {
            "ledger.vkey": log_vkey(state),
            "ledger.witnesses": parties["TRADEHALL_LEDGER_WITNESSES"],
            "vault.custodians": parties["TRADEHALL_VAULT_CUSTODIANS"],
        }
    )
    made.commit()
    yield made
    made.registry["sessions"].kw["bind"].dispose()


def test_the_pages_of_an_old_tender_work_under_the_newest_schema(
    old: Configurator, codes: dict[str, str]
) -> None:
    code = codes["awarded"]
    app = TestApp(old.make_wsgi_app())
    assert code in app.get(f"/tenders/{code}").text
    assert code in app.get("/").text or app.get("/notices").status_int == 200
    facts = app.get(f"/api/tenders/{code}").json
    assert facts["state"] == "contracted"
    opening = app.get(f"/api/tenders/{code}/opening").json["opening"]
    assert sorted(row["outcome"] for row in opening["bids"]) == ["OK"] * 5
    assert app.get(f"/api/tenders/{code}/close").json["bids"]


@pytest.mark.parametrize("tier", ["public", "regulator"])
def test_the_bundle_of_an_old_tender_is_still_verified(
    old: Configurator, tier: str, copy: Path, codes: dict[str, str], tmp_path: Path
) -> None:
    code, registry = codes["awarded"], old.registry
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
