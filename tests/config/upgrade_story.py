"""The hall of the first schema goes on: its open tender is opened, evaluated and awarded under the newest one.

Played by itself (`make upgraded`, and in CI after the suite): everything beside the pages works in threads of one
process, for half a minute."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from pyramid.config import Configurator
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.tenders.publication import log_key_of
from bidding.vault.custodian_key import parse_statement
from bidding.vault.encoding import b64
from bidding.vault.models import CustodianKey, SealPolicy
from config import assets, cli, installation, register
from config.custodian import Box
from config.demo import lowest_price, play
from config.demo.cast import CUSTODIANS
from config.demo.client import until
from config.settings import environment_name
from config.supervisor import Family, Hall
from plugins.demo_ca.authority import DemoCA
from plugins.outbound import Unreachable
from tests.bidding.vault.scene import Scene, Stamper
from tests.browser_client.conftest import node
from tests.config.test_upgrade import codes, copy, old
from trading import clock
from trading.db import committing
from trading.interfaces import ITimeStamper
from trading.ledger.checkpoint import cosign
from trading.ledger.models import LedgerCheckpoint, LedgerCosig
from trading.ledger.witness import keys_of
from trading.outbox import deliver
from trading.secrets import HallKeys

__all__ = ["codes", "copy", "node", "old"]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class OneProcess(Scene):
    """A hall with everything beside its pages in threads: the worker, sequencer and witness, the custodians."""

    def keep_due(self) -> None:
        deliver(self.registry["sessions"], self.registry, self.registry["handlers"])

    def work_boxes(self, hall: str) -> None:
        """One look of each custodian, started again for it."""
        for folder in self.boxes():
            with suppress(Unreachable):
                Box(folder, hall, folder / "trust").work()

    def boxes(self) -> list[Path]:
        return [installation.outside(self.state) / name for name in CUSTODIANS]

    def renew_lists(self) -> None:
        """The authority's revocation lists of now, for the hall and the boxes."""
        for folder in (self.state, *self.boxes()):
            self.ca().export_trust(folder / "trust")

    def sequence(self, witness: bool = True) -> None:
        """The witness signs with every key it has."""
        super().sequence(witness=False)
        own = keys_of(installation.outside(self.state) / "witness", installation.WITNESS)
        with self.db() as session:
            newest = session.query(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).first()
            for name, seed in own:
                if session.get(LedgerCosig, (newest.size, name)) is None:
                    line = cosign(newest.note, name, seed, int(clock.now().timestamp()))
                    session.add(LedgerCosig(size=newest.size, witness=name, line=line))


class Upgraded(play.Story):
    """The story of a hall whose authority tells at every jump of the clock what it has revoked: nobody here asks
    it over the network."""

    renew: Callable[[], None]

    def ahead_to(self, instant: Any) -> None:
        super().ahead_to(instant)
        self.renew()


@contextmanager
def at_work(work: Callable[[], None], pause: float) -> Iterator[None]:
    """Does it again and again while the block runs; what it raises ends the test."""
    stop, raised = threading.Event(), []

    def go_on() -> None:
        try:
            while not stop.wait(pause):
                work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not raised, raised


@contextmanager
def living(config: Configurator, state: Path, patch: pytest.MonkeyPatch) -> Iterator[tuple[Hall, OneProcess]]:
    """The hall at work, reached over HTTP by its people's own programs. The ledger begins first and ends last: the
    others wait for it."""
    scene = OneProcess(config, state, clock.now(), Stamper(state, config.registry.settings))
    config.registry.registerUtility(scene.stamper, ITimeStamper)
    settings = config.registry.settings
    for key in ("ledger.vkey", "ledger.witnesses", "vault.custodians", "hall.state"):
        patch.setenv(environment_name(key), settings[key])
    patch.setenv("DATABASE_URL", settings["database.url"])
    patch.setenv("REDIS_URL", settings["redis.url"])
    server = make_server("127.0.0.1", 0, config.make_wsgi_app(), Server, Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    pages = threading.Thread(target=server.serve_forever)
    pages.start()
    environment = dict(os.environ)
    scene.renew_lists()
    try:
        with (
            at_work(scene.sequence, 0.2),
            at_work(scene.keep_due, 0.2),
            at_work(partial(scene.work_boxes, url), 1.5),
        ):
            yield Hall(url, environment, state, Family(environment, state)), scene
    finally:
        server.shutdown()
        pages.join()
        server.server_close()


def run(*arguments: str) -> str:
    """`tradehall …` in this process, whose environment is the hall's; returns what it printed."""
    with redirect_stdout(StringIO()) as said:
        assert cli.main(arguments) == 0
    return said.getvalue()


def rotate_everything(story: play.Story, config: Configurator, tmp_path: Path) -> None:
    """Every key that takes part in the tender gets its successor, by the operators' commands."""
    state, settings = story.hall.state, config.registry.settings
    first = json.loads(settings["ledger.witnesses"])[0]
    for which in ("log", "receipt", "sealing"):
        run("keys", "rotate", which)
    said = run("keys", "rotate", "witness")
    vkey = said.split()[1].rstrip(";")
    run("keys", "trust", "witness", vkey, "--address", first[1], "--succeeds", first[2])
    for name in CUSTODIANS:
        run("keys", "rotate", "custodian", "--name", name)
        path = tmp_path / f"{name}.pem"
        DemoCA.create(installation.outside(state) / "ca").issue_key_file(path, common_name=name)
        said = run("keys", "rotate", "custodian", "--name", name, "--certificate", str(path))
        run("keys", "trust", "custodian", said.split()[3].rstrip(";"), "--name", name)
    settings.update(register.merged(settings))
    config.registry["keys"] = HallKeys.load(state)
    run("keys", "reseal")
    # Whoever prepares a tender before the log has signed with its new key has to sign it anew afterwards.
    until(lambda: log_key_of(config.registry) == installation.log_vkeys(state)[-1], "the log's new key")


def test_a_tender_that_was_open_under_the_first_schema_goes_on_to_verified(
    old: Configurator,
    copy: Path,
    codes: dict[str, str],
    tmp_path: Path,
    node: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though every key is rotated while its bids lie there."""
    said: list[str] = []
    folder = tmp_path / "papers"
    folder.mkdir()
    with living(old, tmp_path / "state", monkeypatch) as (hall, scene):
        story = Upgraded(hall, folder, said.append)
        story.code, story.renew = codes["open"], scene.renew_lists
        for place in (copy / "party" / "bids").iterdir():
            (key_file,) = place.glob("*.bidkey.json")
            sealed = next(place.glob("*.sealed"), None)
            story.sealed[place.name] = SimpleNamespace(sealed=sealed, key_file=key_file)  # type: ignore[assignment]
        rotate_everything(story, old, tmp_path)
        publish_draft(story, codes["draft"])
        fresh = play.seed.open_tender(story.person("agent"))
        for step in (play.too_late, play.open_bids, lowest_price.evaluate, play.award, play.verify):
            step(story)
    assert story.verdict.startswith("VERIFIED")
    assert sum(" OK by " in line for line in said) == 5
    assert_under_the_new_keys(old, fresh)
    assert any("is announced by entry" in line for line in said), "the log's next key signs, and is announced"
    lines = in_the_browser(node, story.bundle, folder / "trust.json")
    assert [line["id"] for line in lines if not line["ok"]] == []


def publish_draft(story: play.Story, code: str) -> None:
    """Its custodians' statements bear their former certificates, which still count."""
    agent = story.person("agent")
    ready = agent.get(f"/api/tenders/{code}/publish")
    assert ready["ready"], ready
    signed = {f"{name}_cms": agent.sign_b64(paper["data"]) for name, paper in ready["documents"].items()}
    agent.post(f"/api/tenders/{code}/publish", signed)


def assert_under_the_new_keys(config: Configurator, code: str) -> None:
    """A tender published after the rotation names the new key of log and receipts, both of the witness, and the
    custodians' new certificates."""
    settings = config.registry.settings
    with committing(config.registry["sessions"]) as session:
        tender = session.scalars(select(Tender).where(Tender.code == code)).one()
        raw = session.scalars(select(SealPolicy.raw).where(SealPolicy.sha256 == tender.policy_hash)).one()
        statements = session.scalars(select(CustodianKey.raw).where(CustodianKey.tender_id == tender.id))
        signed_with = {parse_statement(said).cert_sha256 for said in statements}
    policy = json.loads(raw)
    state = Path(settings["hall.state"])
    assert policy["log_key"] == installation.log_vkeys(state)[-1] != settings["ledger.vkey"]
    assert policy["receipt_key"] == b64(config.registry["keys"].receipt.public_key().public_bytes_raw())
    assert [row["name"] for row in policy["witnesses"]] == [installation.WITNESS, f"{installation.WITNESS}.2"]
    assert signed_with == {row["cert_sha256"] for row in json.loads(settings["vault.custodians"])}


def in_the_browser(node: Path, bundle: Path, trust: Path) -> list[dict[str, Any]]:
    """What the browser's verifier says of a bundle, by the first log key alone: the rest it must find itself."""
    script = """
        import { openAsBlob } from "node:fs";
        import { readFile } from "node:fs/promises";
        import { checkBundleLedger } from "./src/vault/bundle.js";
        const [tar, trust] = process.argv.slice(1);
        const said = JSON.parse(await readFile(trust));
        delete said.log.rotations;
        console.log(JSON.stringify(await checkBundleLedger(await openAsBlob(tar), said)));
    """
    command = [str(node), "--input-type=module", "-e", script, str(bundle), str(trust)]
    done = subprocess.run(command, cwd=assets.HERE, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
