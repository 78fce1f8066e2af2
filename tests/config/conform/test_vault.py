"""`tradehall conform` on the vault's vectors: they hold, and damaged copies do not."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from config.conform import main

VECTORS = Path(__file__).parents[2] / "vectors"
KINDS = (
    "seal_open",
    "two_envelope",
    "seal_browser",
    "derivations",
    "shamir_gf256",
    "cobblestone256",
    "hpke_rfc9180_base",
    "hpke_xwing",
    "xwing_kem",
)


def load(kind: str) -> Any:
    return json.loads((VECTORS / f"{kind}.json").read_bytes())


def run(tmp_path: Path, document: Any) -> int:
    path = tmp_path / "anything.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return main([str(path)])


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_vectors_hold_under_any_name(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(VECTORS / f"{kind}.json", tmp_path / "x")
    assert main([str(tmp_path / "x")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 2
    assert all(line.startswith("ok ") for line in lines[:-1])


def damaged(value: str) -> str:
    """The text with one character changed, the kind of character kept."""
    middle = len(value) // 2
    return value[:middle] + ("1" if value[middle] != "1" else "2") + value[middle + 1 :]


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("seal_open", ("cases", 0, "base", "B")),
        ("seal_open", ("cases", 0, "base", "policy_hash")),
        ("seal_open", ("cases", 0, "base", "manifest_hash")),
        ("seal_open", ("cases", 0, "base", "policy_raw")),
        ("seal_open", ("cases", 1, "base", "stages", "opening", "K")),
        ("seal_open", ("cases", 2, "base", "stages", "opening", "Kb")),
        ("seal_open", ("cases", 0, "base", "custodian_seeds", "opening", "4")),
        ("seal_open", ("cases", 0, "base", "parts", "opening-sheet", "cek")),
        ("seal_open", ("cases", 0, "base", "parts", "opening-sheet", "content_context")),
        ("seal_open", ("cases", 0, "base", "parts", "opening-sheet", "sha256")),
        ("seal_open", ("cases", 0, "base", "parts", "opening-sheet", "ciphertext_b64")),
        ("two_envelope", ("cases", 0, "base", "stages", "price", "K")),
        ("two_envelope", ("cases", 0, "base", "parts", "price-sheet", "plaintext_hex")),
        ("seal_browser", ("cases", 0, "parts", "empty", "sha256")),
        ("seal_browser", ("cases", 0, "manifest_raw")),
        ("derivations", ("cases", 0, "k_commit")),
        ("derivations", ("cases", 0, "share_commits", "5")),
        ("derivations", ("cases", 0, "shares", "5")),
        ("derivations", ("cases", 0, "wrap_info_1")),
        ("derivations", ("cases", 9, "root")),
        ("shamir_gf256", ("cases", 0, "secret")),
        ("cobblestone256", ("cases", 0, "msgSha512")),
        ("cobblestone256", ("cases", 0, "baseNonce")),
        ("cobblestone256", ("cases", 1, "ct")),
        ("hpke_rfc9180_base", ("cases", 0, "shared_secret")),
        ("hpke_rfc9180_base", ("cases", 1, "ikmE")),
        ("hpke_rfc9180_base", ("cases", 0, "encryptions", 2, "ct")),
        ("hpke_xwing", ("cases", 0, "ikmR")),
        ("hpke_xwing", ("cases", 0, "exports", 4, "exported_value")),
        ("xwing_kem", ("cases", 1, "eseed")),
        ("xwing_kem", ("cases", 1, "ss")),
    ],
)
def test_a_damaged_value_is_noticed(kind: str, where: tuple[Any, ...], tmp_path: Path) -> None:
    document = load(kind)
    holder = document
    for step in where[:-1]:
        holder = holder[step]
    holder[where[-1]] = damaged(holder[where[-1]])
    assert run(tmp_path, document) == 1


@pytest.mark.parametrize("kind", ["seal_open"])
def test_another_outcome_than_the_expected_one_is_noticed(kind: str, tmp_path: Path) -> None:
    document = load(kind)
    for outer, entry in enumerate(document["cases"]):
        for inner, trial in enumerate(entry["cases"][:4]):
            changed = copy.deepcopy(document)
            changed["cases"] = [changed["cases"][outer]]
            wrong = "OK" if trial["expect"] != "OK" else "WAIT_BIDDER"
            changed["cases"][0]["cases"][inner]["expect"] = wrong
            assert run(tmp_path, changed) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_without_one_of_its_fields_fails(kind: str, tmp_path: Path) -> None:
    document = load(kind)
    needed = {"seal_open": "t", "two_envelope": "base", "cobblestone256": "result", "shamir_gf256": "n"}
    needed |= {"seal_browser": "B", "derivations": "B", "xwing_kem": "ss"}
    del document["cases"][0][needed.get(kind, "pkRm")]
    assert run(tmp_path, document) == 1


@pytest.mark.parametrize(
    "document",
    [
        {"cases": []},
        {"cases": [{"something": "else"}]},
        [],
        {},
        5,
        "not json",
        '{"cases": [], "cases": []}',
        "",
    ],
)
def test_an_unknown_kind_or_an_unreadable_file_is_an_error(
    document: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, document) == 1
    assert capsys.readouterr().out.startswith("FAIL")


def test_a_bid_without_any_trial_is_an_error(tmp_path: Path) -> None:
    document = load("seal_open")
    document["cases"] = document["cases"][:1]
    document["cases"][0]["cases"] = []
    assert run(tmp_path, document) == 1


def test_a_missing_file_an_unknown_folder_and_no_file_are_errors(tmp_path: Path) -> None:
    assert main([str(tmp_path / "none.json")]) == 1
    assert main([str(tmp_path)]) == 1
    assert main([]) == 2


def test_one_bad_file_among_good_ones_spoils_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    good = str(VECTORS / "shamir_gf256.json")
    assert main([good]) == 0
    assert main([good, str(tmp_path / "bad.json"), good]) == 1
