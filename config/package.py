"""`tradehall package export|import`: a whole tender as one signed package (项目整体导入导出).

The package is the regulator's bundle: every stored file, the ledger's entries with proofs, payloads,
certificates. It is judged by the offline verifier before an installation takes it in."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bidding.archive import service
from config import audit, installation
from config.dossiers import NoBundle
from config.publishing import VERIFIER
from trading.db import committing
from trading.errors import Refused


def judged(package: Path, trust: Path | None) -> tuple[str, int]:
    """What the offline verifier says of a package, and its exit code."""
    command = [sys.executable, "-I", str(VERIFIER), str(package), *(["--trust", str(trust)] if trust else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr, done.returncode


def export(registry: Any, code: str, out: Path) -> str:
    """Write a tender's package, its own or an imported one; returns its SHA-256."""
    with committing(registry["sessions"]) as session, out.open("wb") as file:
        archive = service.find(session, code)
        if archive is not None:
            return service.export(session, registry, archive, file)
    seed = installation.log_key(Path(os.environ["TRADEHALL_STATE"]))
    with out.open("wb") as file:
        return audit.export(registry, code, file, public=False, seed=seed)


def main(arguments: Sequence[str]) -> int:
    """`tradehall package export TENDER --out F` · `tradehall package import F [--trust trust.json]`."""
    parser = argparse.ArgumentParser(prog="tradehall package", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    out = commands.add_parser("export", help="write a whole tender as one package")
    out.add_argument("tender")
    out.add_argument("--out", type=Path, required=True)
    into = commands.add_parser("import", help="take in a tender of another installation")
    into.add_argument("package", type=Path)
    into.add_argument("--trust", type=Path, help="the trust file of its origin, from its regulator")
    given = parser.parse_args(arguments)
    from config.app import make_config
    from config.settings import from_environment

    config = make_config(from_environment())
    config.commit()
    if given.command == "export":
        try:
            print(f"{given.out}  sha256 {export(config.registry, given.tender, given.out)}")
        except NoBundle as error:
            raise SystemExit(f"tradehall package: {error}") from error
        return 0
    verdict, code = judged(given.package, given.trust)
    print(verdict, end="")
    try:
        with committing(config.registry["sessions"]) as session, given.package.open("rb") as file:
            archive = service.import_package(session, config.registry, file, verdict, code)
            print(f"imported {archive.code}  sha256 {archive.package_sha256}")
    except Refused as refused:
        print(f"tradehall package: {refused}", file=sys.stderr)
        return 1
    return 0
