"""Go's note and tlog packages judge the ledger part of a really played bundle, and agree with our verifier."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.foreign import programs
from tests.journeys.attacks import Forgery, flip, run_verifier
from tests.journeys.conftest import Aftermath

pytestmark = pytest.mark.slow

OTHER = bytes(range(32))


def some_entry(forgery: Forgery, part: bytes) -> str:
    """The place of the first entry that holds these bytes."""
    paths = [path for path in forgery.files if path.startswith("log/entries/")]
    found = next(path for path in sorted(paths) if part in forgery.files[path])
    return found.removeprefix("log/entries/").removesuffix(".json")


def change_an_entry(forgery: Forgery) -> None:
    path = f"log/entries/{some_entry(forgery, b'award.issued')}.json"
    forgery.files[path] = forgery.files[path].replace(b'"actor":"', b'"actor":"x')


def leave_an_entry_out(forgery: Forgery) -> None:
    place = some_entry(forgery, b"opening.started")
    del forgery.files[f"log/entries/{place}.json"], forgery.files[f"log/proofs/{place}.tlog-proof"]


def swap_proofs(forgery: Forgery) -> None:
    first, second = (
        f"log/proofs/{some_entry(forgery, part)}.tlog-proof" for part in (b"opening.started", b"award.issued")
    )
    files = forgery.files
    files[first], files[second] = files[second], files[first]


def change_a_proof(forgery: Forgery) -> None:
    path = f"log/proofs/{some_entry(forgery, b'award.issued')}.tlog-proof"
    lines = forgery.files[path].decode().split("\n")
    lines[2] = base64.b64encode(flip(base64.b64decode(lines[2]))).decode()
    forgery.files[path] = "\n".join(lines).encode()


def change_a_consistency_proof(forgery: Forgery) -> None:
    rows = forgery.json("log/consistency.json")
    row = next(row for row in rows if row["proof"])
    row["proof"][0] = base64.b64encode(flip(base64.b64decode(row["proof"][0]))).decode()
    forgery.set_json("log/consistency.json", rows)


def take_the_witness_away(forgery: Forgery) -> None:
    note = forgery.files["log/checkpoint"]
    alone = note[: note.rindex("— ".encode())]
    for path in [p for p in forgery.files if p == "log/checkpoint" or p.startswith("log/proofs/")]:
        forgery.files[path] = forgery.files[path].replace(note, alone)


def sign_with_other_keys(forgery: Forgery) -> None:
    forgery.resign_log(OTHER, OTHER)


FORGERIES = [
    change_an_entry,
    leave_an_entry_out,
    swap_proofs,
    change_a_proof,
    change_a_consistency_proof,
    take_the_witness_away,
    sign_with_other_keys,
]


@pytest.mark.parametrize("tier", ["public", "regulator"])
def test_go_agrees_with_a_verified_bundle(aftermath: Aftermath, tier: str) -> None:
    bundle = aftermath.bundle(tier)
    code, text = run_verifier(bundle, aftermath.trust)
    agrees, said = programs.judged("bundle", bundle, aftermath.trust)
    assert (code, agrees) == (0, True), f"{text}\n{said}"
    entries = [path for path in Forgery(bundle, None).files if path.startswith("log/entries/")]  # type: ignore[arg-type]
    assert said.endswith(f" {len(entries)} entries")


def test_go_agrees_with_the_bundle_of_a_failed_tender(aftermath: Aftermath) -> None:
    agrees, said = programs.judged("bundle", aftermath.bundle(of=aftermath.failed), aftermath.trust)
    assert agrees, said


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_go_refuses_what_our_verifier_refuses(
    aftermath: Aftermath, forgery: Forgery, tmp_path: Path, forge: Callable[[Forgery], None]
) -> None:
    forge(forgery)
    bundle = forgery.write(tmp_path / "b.tar")
    code, text = run_verifier(bundle, aftermath.trust)
    assert (code, any(f"V{n}  FAIL" in text for n in (1, 2, 3, 4))) == (1, True), text
    agrees, said = programs.judged("bundle", bundle, aftermath.trust)
    assert not agrees, f"{said}\n{text}"


def test_go_refuses_one_changed_byte_anywhere_in_the_tar(aftermath: Aftermath, tmp_path: Path) -> None:
    whole = bytearray(aftermath.bundle().read_bytes())
    place = whole.index(json.dumps("tender.closed").encode())
    whole[place + 1] ^= 1
    bundle = tmp_path / "b.tar"
    bundle.write_bytes(whole)
    assert run_verifier(bundle, aftermath.trust)[0] == 1
    agrees, said = programs.judged("bundle", bundle, aftermath.trust)
    assert not agrees and "is missing or another file" in said
