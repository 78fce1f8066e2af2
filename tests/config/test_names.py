"""What the regulator reads with its own key, away from the hall."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.names import main
from expert_pool.calls.settling import evidence
from tests.config.evaluation_site import Drawn, draw, person
from tests.pki import NOW
from trading import hpke
from trading.clock import rfc3339
from trading.ledger import canonical
from trading.ledger.entry import Entry, payload_commitment
from trading.voicing import build_record

OWN, NONCE = bytes(32), bytes([7]) * 32


def record(number: int, said: str) -> bytes:
    at = rfc3339(NOW + timedelta(seconds=5))
    return build_record(
        key=f"k{number}", number=f"1380000000{number}", started=at, answered=at, ended=at, rings=1, keys="1",
        outcome=said, prompts=[], audio="",
    )  # fmt: skip


@pytest.fixture
def drawn() -> Drawn:
    return draw(hpke.public_key(hpke.X_WING, bytes([1]) * 32))


def bundle(folder: Path, drawn: Drawn, outcomes: dict[str, str], records: dict[str, bytes]) -> Path:
    """The parts of a regulator's bundle that name a draw and its one wave."""
    hashes = {handle: evidence([raw]) for handle, raw in records.items()}
    files = {
        f"draws/{drawn.ann}/params.json": canonical.dumps(drawn.params),
        f"draws/{drawn.ann}/sealed.json": drawn.sealed,
    }
    call = [["A02", handle] for handle in outcomes]
    for index, (at, kind, said) in enumerate((
        (NOW, "draw.called", {"number": 0, "call": call}),
        (NOW + timedelta(minutes=1), "draw.wave", {"number": 0, "outcomes": outcomes, "evidence": hashes}),
    )):  # fmt: skip
        payload = canonical.dumps({"draw": drawn.ann, **said})
        commitment = payload_commitment(NONCE, payload).hex()
        entry = Entry("0" * 32, rfc3339(at), kind, "T-1", "hall", None, (commitment,))
        files |= {f"log/entries/{index + 9}.json": entry.to_bytes(), f"payloads/{commitment}.json": payload}
    return packed(folder / "bundle.tar", files)


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def ran(folder: Path, act: str, found: Path, *more: str, key: bytes = OWN) -> int:
    (folder / "regulator.key").write_bytes(key)
    return main([act, str(found), "--key", str(folder / "regulator.key"), *more])


def log(folder: Path, *records: bytes) -> list[str]:
    (folder / "operator.json").write_text(json.dumps({"records": [json.loads(raw) for raw in records]}))
    return ["--log", str(folder / "operator.json")]


def test_the_regulators_key_shows_every_name_and_what_became_of_it(
    tmp_path: Path, drawn: Drawn, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = drawn.handles[0]
    assert ran(tmp_path, "open", bundle(tmp_path, drawn, {handle: "A"}, {handle: record(0, "accept")})) == 0
    shown = capsys.readouterr().out
    assert f"{handle[:16]}  A  E0  专家0  {person(0)['org']}" in shown and "-  E7  专家7" in shown


def test_another_key_shows_nothing(tmp_path: Path, drawn: Drawn) -> None:
    with pytest.raises(SystemExit, match="do not open"):
        ran(tmp_path, "open", bundle(tmp_path, drawn, {}, {}), key=bytes([9]) * 32)


def test_calls_that_fit_the_operators_records_leave_nothing_to_say(
    tmp_path: Path, drawn: Drawn, capsys: pytest.CaptureFixture[str]
) -> None:
    records = {handle: record(n, "accept") for n, handle in enumerate(drawn.handles[:2])}
    found = bundle(tmp_path, drawn, dict.fromkeys(records, "A"), records)
    assert ran(tmp_path, "check", found, *log(tmp_path, *records.values())) == 0
    assert capsys.readouterr().out == "2 answers in 1 draws, 0 findings\n"


def test_a_false_no_answer_is_named_with_the_person_it_passed_over(
    tmp_path: Path, drawn: Drawn, capsys: pytest.CaptureFixture[str]
) -> None:
    records: dict[str, Any] = {drawn.handles[0]: record(0, "accept")}
    found = bundle(tmp_path, drawn, {drawn.handles[0]: "N"}, records)
    assert ran(tmp_path, "check", found, *log(tmp_path, *records.values())) == 1
    said = capsys.readouterr().out
    assert "E0 专家0 marked N: the operator's record says otherwise (heard: A)" in said
