"""`tradehall names open|check`: what the regulator alone can do with the names of a drawn committee (监督：名单核查).

Both read a regulator's bundle on the regulator's own machine, with the regulator's own key, without the hall: nobody learns
that they were read, and no database is asked. `open` prints whose name stands behind every handle. `check` holds what the
ledger says of the calls against the telephone operator's own records (`--log`: JSON with `records`, a list of call
records): a false "no answer" has a record that says otherwise, or none. The bundle itself is judged first, by
`tradehall_verify.py`."""

from __future__ import annotations

import argparse
import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expert_pool.calls.proving import SKEW, Finding, Wave, check
from expert_pool.calls.settling import ACCEPTED
from trading.clock import parse_rfc3339
from trading.draws.announcement import Params, parse_params
from trading.draws.calling import REMOVED
from trading.draws.candidates import handle
from trading.draws.names import REGULATOR, Names, NamesError, open_names
from trading.ledger import canonical, entry
from trading.secrets import load_master

CODES = {
    "unproven": "no record of the operator of that time bears the hash",
    "contradicted": "the operator's record says otherwise",
    "left-out": "the operator has a call that is not in the evidence (it may be another committee's)",
    "not-called": "marked as not answering, though no call was made",
    "not-recused": "passed over, though neither called before nor a colleague of somebody who accepted",
}


@dataclass(frozen=True)
class DrawFiles:
    """A committee's draw as a bundle has it: `openings` is the hash (hex) of the names that were announced, "" without
    an announcement; `number` of the draw."""

    params: Params
    sealed: bytes
    openings: str
    waves: list[Wave]

    @property
    def ann(self) -> str:
        return self.params.hash.hex()

    @property
    def number(self) -> int:
        return int(self.params.scope.rpartition("/")[2])


def draws_of(files: dict[str, bytes]) -> list[DrawFiles]:
    """The draws with sealed names, the first one first."""
    found = []
    for path in files:
        if path.startswith("draws/") and path.endswith("/sealed.json"):
            params = parse_params(canonical.loads(files[path.replace("sealed", "params")]))
            ann = params.hash.hex()
            announced = [
                said["openings"]
                for _at, kind, said in entries_of(files)
                if kind == "draw.announced" and said["draw"] == ann
            ]
            found.append(DrawFiles(params, files[path], *announced[:1] or [""], list(waves_of(files, ann))))
    return sorted(found, key=lambda draw: draw.number)


def waves_of(files: dict[str, bytes], ann: str) -> Iterator[Wave]:
    """The waves of a draw with the instants of their calls, from the ledger's entries."""
    called = {}
    for at, kind, said in entries_of(files):
        if said.get("draw") != ann:
            continue
        if kind == "draw.called":
            called[said["number"]] = at
        elif kind == "draw.wave":
            began, settled = (parse_rfc3339(each) for each in (called[said["number"]], at))
            until = datetime.fromtimestamp(said["until"], UTC) if "until" in said else settled + SKEW
            yield Wave(ann, said["number"], began, settled, until, said["outcomes"], said["evidence"])


def entries_of(files: dict[str, bytes]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(instant, type, payload) of the plain entries with a payload, in the ledger's order."""
    paths = (path for path in files if path.startswith("log/entries/"))
    for path in sorted(paths, key=lambda path: int(Path(path).stem)):
        found = entry.parse(files[path])
        if isinstance(found, entry.Entry) and found.commitments:
            payload = files.get(f"payloads/{found.commitments[0]}.json")
            if payload is not None:
                yield found.at, found.type, canonical.loads(payload)


def read(bundle: Path) -> dict[str, bytes]:
    """The files of a bundle."""
    with tarfile.open(bundle, "r:") as tar:
        wanted = ("draws/", "log/entries/", "payloads/")
        members = (member for member in tar if member.isfile() and member.name.startswith(wanted))
        return {member.name: tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]


def names_of(draw: DrawFiles, seed: bytes) -> Names:
    """The names of a draw: those that were announced, every handle standing for the person behind it. Raises
    NamesError."""
    found, params = open_names(draw.params, REGULATOR, seed, draw.sealed), draw.params
    if found.sha256 != draw.openings:
        raise NamesError(f"draw {draw.number}: the sealed names are not those that were announced")
    for each, (nonce, record) in found.rows.items():
        if handle(params.family, params.scope, bytes.fromhex(nonce), record).hex() != each:
            raise NamesError(f"draw {draw.number}: {each[:16]} does not stand for {record.get('id')}")
    return found


def show(draws: Sequence[DrawFiles], names: dict[str, Names]) -> None:
    """Print everybody on the lists, and what became of them."""
    for draw in draws:
        print(f"draw {draw.number}  {draw.ann}")
        outcomes: dict[str, str] = {}
        for wave in draw.waves:
            outcomes |= wave.outcomes
        for each, (_nonce, record) in sorted(names[draw.ann].rows.items()):
            said = [str(record[field]) for field in ("id", "name", "org")]
            print("  ".join([each[:16], outcomes.get(each, "-"), *said]))


def check_all(
    draws: Sequence[DrawFiles], names: dict[str, Names], log: Sequence[bytes]
) -> Iterator[tuple[DrawFiles, Finding]]:
    """What does not fit in any wave."""
    earlier: list[str] = []
    for draw in draws:
        known = names[draw.ann]
        nonces = {each: nonce for each, (nonce, _record) in known.rows.items()}
        for wave in draw.waves:
            passed = recused(known, draws[: len(earlier)], names, wave)
            for finding in check(wave, known.phones, nonces, log, earlier, passed):
                yield draw, finding
        earlier.append(draw.ann)


def recused(known: Names, earlier: Sequence[DrawFiles], names: dict[str, Names], wave: Wave) -> set[str]:
    """The handles of a draw whose people an earlier draw had called before this wave was settled, or who are colleagues
    of somebody who accepted then."""
    people, employers = set(), set()
    for draw in earlier:
        for before in draw.waves:
            if before.called > wave.settled:
                continue
            for each, said in before.outcomes.items():
                record = names[draw.ann].rows[each][1]
                people.add(record["id"])
                if said == ACCEPTED:
                    employers.add(record["org"])
    return {
        each
        for each, (_nonce, record) in known.rows.items()
        if record["id"] in people or record["org"] in employers
    }


def main(arguments: Sequence[str]) -> int:
    """`tradehall names open|check BUNDLE --key FILE [--log FILE]`: exit code 0 when nothing is found."""
    parser = argparse.ArgumentParser(prog="tradehall names", description=__doc__)
    parser.add_argument("act", choices=("open", "check"))
    parser.add_argument("bundle", type=Path, help="the regulator's bundle")
    parser.add_argument("--key", type=Path, required=True, help="the regulator's key file (32 bytes)")
    parser.add_argument("--log", type=Path, help="check: the telephone operator's records")
    chosen = parser.parse_args(arguments)
    if (chosen.act == "check") != (chosen.log is not None):
        parser.error("the operator's records (--log) belong to check")
    draws = draws_of(read(chosen.bundle))
    seed = load_master(chosen.key)
    try:
        names = {draw.ann: names_of(draw, seed) for draw in draws}
    except NamesError as error:
        raise SystemExit(f"tradehall names: {error}") from error
    if chosen.act == "open":
        show(draws, names)
        return 0
    records = [canonical.dumps(record) for record in json.loads(chosen.log.read_text())["records"]]
    findings = list(check_all(draws, names, records))
    for draw, found in findings:
        record = names[draw.ann].rows[found.handle][1]
        heard = f" (heard: {found.heard})" if found.heard else ""
        who = f"{record['id']} {record['name']}"
        print(f"draw {draw.number} wave {found.wave}: {who} marked {found.said}: {CODES[found.code]}{heard}")
    answers = [said for draw in draws for wave in draw.waves for said in wave.outcomes.values()]
    asked = len(answers) - answers.count(REMOVED)
    print(f"{asked} answers in {len(draws)} draws, {len(findings)} findings")
    return 1 if findings else 0
