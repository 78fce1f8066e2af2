"""Keys of the parties beside the hall change in the middle of a tender: it goes on under the old ones, the next
one is under the new, and the trust file tells strangers from when until when each counted."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.vault.custodian_key import parse_statement
from bidding.vault.encoding import sha256
from bidding.vault.keys import custodian_seed
from bidding.vault.models import CustodianKey, Release
from config import custodian_rotation, installation, keys, party_rotation, register, trust, trusting
from config.log_rotation import NotYet
from plugins.bank.simulator import SECRET, Bank
from plugins.x509_signatures import verifier_from
from plugins.x509_signatures.signer import FileSigner
from tests.bidding.vault.scene import CODE, Scene, scene
from tests.config.test_custodian import NAME, WiredBox, after_the_window, closed
from trading import clock
from trading.hpke import X_WING, public_key
from trading.ledger.models import LedgerEntry
from trading.ledger.witness import Witness, retire_key, rotate_key

__all__ = ["closed", "scene"]


def command(*arguments: str) -> argparse.Namespace:
    return keys.parser().parse_args(arguments)


def take_up(scene: Scene, *arguments: str) -> register.Known:
    """`tradehall keys trust|distrust …`, and the hall started again."""
    settings = scene.registry.settings
    act = {"trust": trusting.trust, "distrust": trusting.distrust}[arguments[0]]
    row = act(scene.registry["sessions"].kw["bind"], settings, command(*arguments))
    settings.update(register.merged(settings))
    return row


def next_certificate(scene: Scene, path: Path) -> str:
    chain = scene.ca().issue_key_file(path, common_name=NAME, organisation="示例市审计局")
    return x509.load_pem_x509_certificates(chain)[0].fingerprint(SHA256()).hex()


def types(scene: Scene) -> list[str]:
    with scene.db() as session:
        bodies = session.scalars(
            select(LedgerEntry.body).where(LedgerEntry.tender.is_(None)).order_by(LedgerEntry.id)
        )
        found = [json.loads(body).get("type", "") for body in bodies]
        return [name for name in found if name.startswith("key.")]


def test_bids_sealed_to_a_custodians_old_key_open_and_new_tenders_get_the_new_one(
    closed: Scene, tmp_path: Path
) -> None:
    folder = installation.outside(closed.state) / NAME
    old = json.loads((folder / "config.json").read_text())["cert_sha256"]
    custodian_rotation.rotate_master(folder)
    new = next_certificate(closed, tmp_path / "next.pem")
    assert custodian_rotation.rotate_certificate(folder, tmp_path / "next.pem") == new
    take_up(closed, "trust", "custodian", str(tmp_path / "next.pem"), "--name", NAME)
    after_the_window(closed)
    box = WiredBox(closed)
    box.work()
    with closed.db() as session:
        assert session.scalars(select(Release.index)).all() == [2], box.lines()
    with closed.db() as session:  # the same row as a new draft, of which nobody has spoken yet
        tender = session.scalars(select(Tender).where(Tender.code == CODE)).one()
        tender.state, tender.code, tender.deadline = "draft", "T-2", tender.deadline.replace(year=2099)
        session.query(CustodianKey).filter_by(index=2).delete()
    box.work()
    with closed.db() as session:
        said = parse_statement(session.scalars(select(CustodianKey.raw).where(CustodianKey.index == 2)).one())
    seed = custodian_seed(box.masters[-1], "T-2", said.lot, said.stage)
    assert (said.cert_sha256, said.pk) == (new, public_key(X_WING, seed))
    states = {CODE: "opening", "T-2": "published"}
    gone, held = custodian_rotation.retire(folder, states.__getitem__)
    assert (gone, held) == ([], [CODE, "T-2"]), "the first tender needs master and certificate before"
    gone, held = custodian_rotation.retire(folder, (states | {CODE: "contracted"}).__getitem__)
    assert ([path.name for path in gone], held) == (["master.key", "key.pem"], ["T-2"])
    assert WiredBox(closed).signer.certificate.fingerprint(SHA256()).hex() == new
    assert old != new


def test_a_custodians_former_certificate_ends_when_no_tender_names_it(scene: Scene, tmp_path: Path) -> None:
    new = next_certificate(scene, tmp_path / "next.pem")
    old = json.loads((installation.outside(scene.state) / NAME / "config.json").read_text())["cert_sha256"]
    with pytest.raises(NotYet, match="no former certificate"):
        take_up(scene, "distrust", "custodian", old, "--name", NAME)
    began = take_up(scene, "trust", "custodian", new, "--name", NAME)
    with pytest.raises(NotYet, match=f"rest on this key: {CODE}"):
        take_up(scene, "distrust", "custodian", old, "--name", NAME)
    with scene.db() as session:
        session.scalars(select(Tender)).one().state = "contracted"
    ended = take_up(scene, "distrust", "custodian", old, "--name", NAME)
    (row,) = [row for row in trust.document(scene.registry.settings)["custodians"] if row["id"] == NAME]
    assert row["cert_sha256"] == [old, new]
    assert row["periods"] == {new: {"from": began.start}, old: {"until": ended.end}}
    assert types(scene) == ["key.trusted", "key.distrusted"]


def test_a_witness_signs_with_both_keys_until_the_first_is_retired(scene: Scene) -> None:
    folder, name = installation.outside(scene.state) / "witness", installation.WITNESS
    first = Witness(folder, name, [scene.registry.settings["ledger.vkey"]]).vkey
    second = rotate_key(folder, name)
    take_up(scene, "trust", "witness", second, "--address", "http://127.0.0.1:9", "--succeeds", first)
    assert [row[2] for row in installation.witnesses(scene.registry.settings)] == [first, second]
    assert Witness(folder, name, []).vkeys == [first, second]
    with pytest.raises(NotYet, match=f"rest on this key: {CODE}"):
        take_up(scene, "distrust", "witness", first)
    with scene.db() as session:
        session.scalars(select(Tender)).one().state = "failed"
    take_up(scene, "distrust", "witness", first)
    assert [row[2] for row in installation.witnesses(scene.registry.settings)] == [second]
    one, two = trust.document(scene.registry.settings)["witnesses"]
    assert (one["vkey"], two["vkey"], two["succeeds"]) == (first, second, first)
    assert one["until"] >= two["from"]
    assert retire_key(folder)
    assert Witness(folder, name, []).vkeys == [second]
    assert not retire_key(folder), "the last one stays"


def test_a_new_root_is_trusted_beside_the_old_and_the_old_ends_when_its_tenders_are_done(
    scene: Scene,
) -> None:
    settings = scene.registry.settings
    data = b"a document"
    before = scene.custodian_signer(NAME).sign(data, clock.now())
    (first,) = trust.document(settings)["ca_roots"][:1]
    with scene.db() as session:
        session.scalars(select(Tender)).one().published_at = clock.now()
    assert "root.pem" in party_rotation.rotate(scene.state, "ca")[0]
    authority = scene.ca()
    authority.issue_key_file(scene.state / "after.pem", common_name="After")
    issuing, root = authority.folder / "issuing.pem", authority.folder / "root.pem"
    row = take_up(scene, "trust", "ca", str(root), "--intermediates", str(issuing))
    authority.export_trust(scene.state / "lists")  # what the addresses of the lists would give
    for path in (scene.state / "lists" / "crl").iterdir():
        (scene.state / "trust" / "crl" / path.name).write_bytes(path.read_bytes())
    after = FileSigner.from_file(scene.state / "after.pem").sign(data, clock.now())
    judge = verifier_from(settings)
    for signed in (before, after):
        judge.verify(data, signed, clock.now())
    der = x509.load_pem_x509_certificate(first["pem"].encode()).fingerprint(SHA256()).hex()
    with pytest.raises(NotYet, match=CODE):
        take_up(scene, "distrust", "ca", der)
    with scene.db() as session:
        session.scalars(select(Tender)).one().state = "contracted"
    take_up(scene, "distrust", "ca", der)
    now_trusted = (scene.state / "trust" / "roots.pem").read_text()
    assert first["pem"] not in now_trusted and row.pem in now_trusted
    told = {entry["pem"]: entry for entry in trust.document(settings)["ca_roots"]}
    assert "until" in told[first["pem"]] and told[row.pem]["from"] == row.start


def test_the_demonstrations_stamper_gets_another_certificate_and_old_stamps_stay_good(scene: Scene) -> None:
    digest = sha256(b"bytes")
    old = scene.stamper.stamp(digest)
    party_rotation.rotate(scene.state, "tsa")
    scene.stamper = type(scene.stamper)(scene.state, scene.registry.settings)
    new = scene.stamper.stamp(digest)
    for token in (old, new):
        scene.stamper.verify(token, digest)
    assert _serial(old) != _serial(new)


def _serial(token: bytes) -> Any:
    return cms.ContentInfo.load(token)["content"]["signer_infos"][0]["sid"].native


def test_the_bank_takes_the_next_secret_before_the_hall_uses_it(tmp_path: Path) -> None:
    folder = tmp_path / "bank"
    bank, settings = Bank(folder), {"bank.secret_file": str(folder / SECRET)}
    (old,) = bank.secrets()
    path = party_rotation.next_bank_secret(settings)
    assert bank.secrets() == [old, path.read_bytes()]
    new = path.read_bytes()
    party_rotation.take_bank_secret(settings)
    assert bank.secrets() == [new] != [old]
    with pytest.raises(NotYet):
        party_rotation.take_bank_secret(settings)
