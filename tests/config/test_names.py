"""What the regulator reads with its own key, away from the hall."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.names import main
from expert_pool.calls.settling import evidence, uncalled_record
from tests.config.evaluation_site import Drawn, draw, person
from tests.pki import NOW
from trading import hpke
from trading.clock import rfc3339
from trading.draws.announcement import parse_params
from trading.draws.names import seal_names
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


def bundle(
    folder: Path, drawn: Drawn, outcomes: dict[str, str], records: dict[str, bytes], openings: str = ""
) -> Path:
    """A regulator's bundle with one draw of one wave."""
    return packed(folder / "bundle.tar", files_of(drawn, outcomes, records, openings))


def files_of(
    drawn: Drawn,
    outcomes: dict[str, str],
    records: dict[str, bytes],
    openings: str = "",
    first: int = 9,
    until: int | None = None,
) -> dict[str, bytes]:
    """The parts of a regulator's bundle that name a draw and its one wave; `first` is the index of its first entry, and
    in minutes when it begins."""
    hashes = {handle: evidence([raw]) for handle, raw in records.items()}
    files = {
        f"draws/{drawn.ann}/params.json": canonical.dumps(drawn.params),
        f"draws/{drawn.ann}/sealed.json": drawn.sealed,
    }
    ends = {} if until is None else {"until": until}
    call, begun = [["A02", handle] for handle in outcomes], NOW + timedelta(minutes=first - 9)
    for index, (at, kind, said) in enumerate((
        (begun, "draw.announced", {"openings": openings or drawn.given()["openings_sha256"]}),
        (begun, "draw.called", {"number": 0, "call": call}),
        (begun + timedelta(minutes=1), "draw.wave", {"number": 0, "outcomes": outcomes, "evidence": hashes} | ends),
    )):  # fmt: skip
        payload = canonical.dumps({"draw": drawn.ann, **said})
        commitment = payload_commitment(NONCE, payload).hex()
        entry = Entry("0" * 32, rfc3339(at), kind, "T-1", "hall", None, (commitment,))
        files |= {
            f"log/entries/{index + first}.json": entry.to_bytes(),
            f"payloads/{commitment}.json": payload,
        }
    return files


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


def test_names_other_than_the_announced_ones_are_not_shown(tmp_path: Path, drawn: Drawn) -> None:
    with pytest.raises(SystemExit, match="draw 1: the sealed names are not those that were announced"):
        ran(tmp_path, "open", bundle(tmp_path, drawn, {}, {}, "00" * 32))


def test_a_handle_that_stands_for_somebody_else_is_not_shown(tmp_path: Path, drawn: Drawn) -> None:
    said = canonical.loads(drawn.openings)
    said["rows"][0]["record"], said["rows"][1]["record"] = (
        said["rows"][1]["record"],
        said["rows"][0]["record"],
    )
    readers = {
        "site": hpke.public_key(hpke.X_WING, bytes([1]) * 32),
        "regulator": hpke.public_key(hpke.X_WING, OWN),
    }
    openings = canonical.dumps(said)
    sealed = seal_names(parse_params(drawn.params), readers, openings, {}, bytes)
    with pytest.raises(SystemExit, match="does not stand for E"):
        ran(tmp_path, "open", bundle(tmp_path, replace(drawn, openings=openings, sealed=sealed), {}, {}))


@pytest.mark.parametrize(("first", "passed", "found"), [(0, 0, 0), (0, 1, 0), (0, 2, 1)])
def test_only_who_was_called_before_and_the_colleagues_of_members_may_be_passed_over(
    tmp_path: Path, drawn: Drawn, first: int, passed: int, found: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The persons 0 and 1 have one employer."""
    second = draw(hpke.public_key(hpke.X_WING, bytes([1]) * 32), number=2)
    called, over = drawn.handles[first], second.handles[passed]
    (nonce,) = (row["nonce"] for row in canonical.loads(second.openings)["rows"] if row["h"] == over)
    answer = record(first, "accept")
    says = uncalled_record(second.ann, over, nonce, "employer", drawn.ann)
    both = files_of(drawn, {called: "A"}, {called: answer}) | files_of(
        second, {over: "R"}, {over: says}, first=20
    )
    assert ran(tmp_path, "check", packed(tmp_path / "bundle.tar", both), *log(tmp_path, answer)) == found
    assert ("passed over, though neither" in capsys.readouterr().out) is bool(found)


@pytest.mark.parametrize(("seconds", "found"), [(4, 0), (5, 1)])
def test_an_answer_counts_until_the_end_of_the_window_that_the_ledger_names(
    tmp_path: Path, drawn: Drawn, seconds: int, found: int
) -> None:
    accepted, until = record(0, "accept"), int((NOW + timedelta(seconds=seconds)).timestamp())
    files = files_of(drawn, {drawn.handles[0]: "N"}, {drawn.handles[0]: accepted}, until=until)
    assert ran(tmp_path, "check", packed(tmp_path / "bundle.tar", files), *log(tmp_path, accepted)) == found
