"""What a stranger downloads."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pyramid.config import Configurator
from webtest import TestApp

from config.publishing import VERIFIER, bundle_path


def test_the_verifier_is_handed_out_as_it_lies_in_the_repository(app: TestApp) -> None:
    answer = app.get("/tradehall_verify.py")
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(VERIFIER.read_bytes()).digest()
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_trust_file_names_the_log_and_every_controller(app: TestApp, config: Configurator) -> None:
    found = json.loads(app.get("/trust.json").body)
    assert found["log"]["vkey"] == config.registry.settings["ledger.vkey"]
    assert all(row["controller"] for row in [*found["custodians"], *found["witnesses"]])


def test_there_is_no_bundle_until_one_was_published(app: TestApp, config: Configurator) -> None:
    app.get("/tenders/T-1/bundle.tar", status=404)
    path: Path = bundle_path(config.registry.settings, "T-1")
    path.parent.mkdir()
    path.write_bytes(b"tar")
    assert app.get("/tenders/T-1/bundle.tar").body == b"tar"


def test_a_code_cannot_lead_out_of_the_folder(app: TestApp, config: Configurator) -> None:
    outside = Path(config.registry.settings["hall.state"]) / "x.public.tar"
    outside.write_bytes(b"secret")
    app.get("/tenders/..%2Fx/bundle.tar", status=404)
