"""`tradehall check`: whether database, keys, ledger and file store are those of one hall (完整性检查).

For operators after a restore, or when files were moved: every sealed column opens with the keys here, the log's
key signed the newest checkpoint, database and folder of the ledger end at the same place, and every stored file
that the database names is there with its hash. It changes nothing; each line says what to do."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from sqlalchemy import LargeBinary, func, select
from sqlalchemy.orm import Session

from bidding.vault.models import UploadPiece
from bidding.vault.restoring import sound
from bidding.vault.service import piece_key
from config import installation
from config.models import Base
from config.rotation import SEALED
from trading.db import committing
from trading.deals.models import Contract
from trading.deals.service import file_key as contract_key
from trading.interfaces import IFileStore
from trading.ledger.checkpoint import NoteError, parse_checkpoint, parse_vkey, verify_log
from trading.ledger.folder import TileFolder
from trading.ledger.models import LedgerSeq
from trading.notices.models import Document
from trading.notices.service import file_key
from trading.secrets import HallKeys, NoKey

SAMPLE = 20
"""values of each sealed column that are tried, the newest rows of the table first"""


def findings(session: Session, registry: Any) -> Iterator[str]:
    """What does not fit together, in words for an operator."""
    yield from of_keys(session, registry["keys"])
    yield from of_ledger(session, registry.settings)
    yield from of_files(session, registry.getUtility(IFileStore))


def of_keys(session: Session, keys: HallKeys) -> Iterator[str]:
    for (name, column), purpose in SEALED.items():
        table = Base.metadata.tables[name]
        assert isinstance(table.c[column].type, LargeBinary)
        shut = 0
        for row in session.execute(select(table).where(table.c[column].is_not(None)).limit(SAMPLE)):
            values = dict(row._mapping)
            bound = purpose(type("Row", (), values | {"table": name}))
            try:
                keys.unseal(values[column], bound)
            except InvalidTag:
                shut += 1
        if shut:
            yield (
                f"{name}.{column}: {shut} of the first values do not open: master.key and sealing/ are not those of "
                "this database. Start nothing; put the right key files there (a backup holds them)"
            )


def of_ledger(session: Session, settings: Any) -> Iterator[str]:
    note = TileFolder(Path(settings["ledger.folder"])).note()
    own = int(session.scalar(select(func.count()).select_from(LedgerSeq)) or 0)
    size = parse_checkpoint(note).size if note else 0
    if size > own:
        yield (
            f"the ledger's folder has {size} entries, the database {own}: it is older. The sequencer will sign nothing; "
            "tradehall ledger replay --from A-MIRROR (docs/deploy.md, section 10)"
        )
    if note is None:
        if own:
            yield "the ledger's folder holds no checkpoint: put it back, it must not begin anew under this name"
        return
    try:
        newest = installation.log_vkeys(Path(settings["hall.state"]))[-1]
        verify_log(note, parse_vkey(newest))
    except NoKey:
        return  # the log's key lies with the sequencer
    except NoteError:
        yield "log.key did not sign the newest checkpoint: it is another log's key, or the sequencer was not started again"


def of_files(session: Session, store: Any) -> Iterator[str]:
    for piece in session.scalars(select(UploadPiece).execution_options(yield_per=500)):
        if not sound(store, piece):
            yield (
                f"{piece_key(piece.upload_id, piece.part, piece.number)}: missing or changed. Put the file back from a "
                "copy; else its bidder can hand in the same bytes again when the bids are opened"
            )
    filed = select(Contract.file_sha256).where(Contract.file_sha256.is_not(None)).distinct()
    named = [(file_key(sha256), sha256) for sha256 in session.scalars(select(Document.sha256).distinct())]
    named += [(contract_key(sha256), sha256) for sha256 in session.scalars(filed)]
    for key, sha256 in named:
        try:
            good = hashlib.sha256(store.get(key)).hexdigest() == sha256
        except KeyError:
            good = False
        if not good:
            yield f"{key}: missing or changed. Put the file back from a copy; published bundles and downloads hold it"


def main(arguments: Sequence[str]) -> int:
    """`tradehall check`; the exit code is 1 when something does not fit together."""
    argparse.ArgumentParser(prog="tradehall check", description=__doc__).parse_args(arguments)
    from config.app import make_config
    from config.settings import from_environment

    config = make_config(from_environment())
    config.commit()
    with committing(config.registry["sessions"]) as session:
        found = list(findings(session, config.registry))
    for line in found:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(
        f"{len(found)} findings\n" if found else "database, keys, ledger and files fit together\n"
    )
    return 1 if found else 0
