"""Rotation of the key that the database is sealed with (封存密钥轮换): `tradehall keys rotate sealing`, then `keys reseal`.

A new key is put beside the old ones; once every process has been started again it seals everything new, and
the old ones still open what they sealed. `tradehall keys reseal` then takes row after row to the new key,
in transactions of a few hundred rows, and can be stopped and started again. When no row needs an old key of
the ring any more its file is deleted. Backups of before need it: keep them together, or let both go.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, LargeBinary, select, update
from sqlalchemy.orm import Session

from bidding.evaluation.models import facts_purpose
from bidding.evaluation.models import sheet_purpose as score_purpose
from bidding.invitations.service import sealed_as
from bidding.tenders.invited import purpose as invited_purpose
from config import key_acts
from config.models import Base
from trading.secrets import HallKeys

BATCH = 200
Purpose = Callable[[Any], str]


def own_row(row: Any) -> str:
    """The usual purpose: table and row."""
    return f"{row.table}/{row.id}"


SEALED: dict[tuple[str, str], Purpose] = {
    ("user_account", "totp_secret"): lambda row: "totp",
    ("download", "sealed"): lambda row: "download",
    ("tender_question", "sealed"): lambda row: "question",
    ("tender_invitee", "sealed"): invited_purpose,
    ("invitation", "sealed"): sealed_as,
    ("expert", "sealed"): own_row,
    ("expert_act", "sealed"): own_row,
    ("expert_payment", "sealed"): lambda row: f"expert_payment/{row.expert_id}",
    ("expert_session", "sealed"): own_row,
    ("opinion_request", "sealed"): own_row,
    ("advisory_seat", "sealed_vote"): own_row,
    ("panel", "sealed"): lambda row: f"panel/{row.tender}",
    ("bid", "sealed"): own_row,
    ("bid", "sealed_token"): lambda row: f"token/{row.id}",
    ("bid", "sealed_receipt"): lambda row: f"receipt/{row.id}",
    ("upload", "sealed"): own_row,
    ("deposit_account", "sealed"): own_row,
    ("deposit_item", "sealed"): own_row,
    ("deposit_payment", "sealed"): own_row,
    ("draw", "sealed"): lambda row: "draw",
    ("hall_paper", "sealed"): own_row,
    ("roster_firm", "sealed"): own_row,
    ("score_draft", "sealed"): score_purpose,
    ("score_sheet", "sealed"): score_purpose,
    ("score_facts", "sealed"): facts_purpose,
    ("supervision_case", "sealed"): lambda row: f"case/{row.id}",
    ("supervision_paper", "sealed"): lambda row: f"paper/{row.tender}/{row.sha256}",
}
"""Every column that `HallKeys.seal` fills, and what it is bound to."""


def reseal(engine: Engine, state: Path) -> int:
    """Takes every sealed column to the newest key; returns 1 when a value could not be opened."""
    keys = HallKeys.load(state)
    total, lost = 0, 0
    for (table, column), purpose in SEALED.items():
        moved, unread = reseal_column(engine, keys, table, column, purpose)
        total, lost = total + moved, lost + unread
        print(f"{table}.{column}: {moved} sealed anew" + (f", {unread} NOT READABLE" if unread else ""))
    if lost:
        sys.stderr.write("old keys are kept: some values could not be opened with any key\n")
        return 1
    retired = sorted((state / "sealing").glob("*.key"))[:-1]
    with Session(engine) as session, session.begin():
        key_acts.record(session, "key.resealed", {"key": "sealing", "values": total})
    for path in retired:
        path.unlink()
    print(f"{total} values sealed anew; {len(retired)} old key files deleted")
    return 0


def reseal_column(
    engine: Engine, keys: HallKeys, table: str, column: str, purpose: Purpose
) -> tuple[int, int]:
    """How many values were sealed anew, and how many no key opens."""
    moved, lost = 0, 0
    for ids in batches(engine, table):
        with Session(engine) as session, session.begin():
            for name, sealed in _locked(session, table, column, purpose, ids):
                try:
                    made = keys.reseal(sealed, name.purpose)
                except Exception:  # InvalidTag: told at the end, the other values go on
                    lost += 1
                    continue
                if made is not None:
                    found = Base.metadata.tables[table]
                    session.execute(update(found).where(name.where).values({column: made}))
                    moved += 1
    return moved, lost


class _Name:
    """Where a value stands, and what it is bound to."""

    def __init__(self, where: Any, purpose: str) -> None:
        self.where = where
        self.purpose = purpose


def _locked(
    session: Session, table: str, column: str, purpose: Purpose, ids: Sequence[Any]
) -> list[tuple[_Name, bytes]]:
    found = Base.metadata.tables[table]
    (key,) = found.primary_key.columns
    query = select(found).where(key.in_(ids), found.c[column].is_not(None)).with_for_update()
    rows = []
    for row in session.execute(query):
        values = dict(row._mapping) | {"table": table}
        bound = purpose(type("Row", (), values))
        rows.append((_Name(key == values[key.name], bound), values[column]))
    return rows


def batches(engine: Engine, table: str) -> Iterator[Sequence[Any]]:
    """The primary keys of a table, a few hundred at a time, in order."""
    (key,) = Base.metadata.tables[table].primary_key.columns
    last = None
    while True:
        query = select(key).order_by(key).limit(BATCH)
        if last is not None:
            query = query.where(key > last)
        with Session(engine) as session:
            ids = list(session.scalars(query))
        if not ids:
            return
        yield ids
        last = ids[-1]


def sealed_columns() -> set[tuple[str, str]]:
    """The columns of the models that look like sealed ones, for the test that keeps the table whole; a draw's
    deals are sealed to its trustees by its parties."""
    return {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if table.name != "draw_deal"
        and isinstance(column.type, LargeBinary)
        and (column.name.startswith("sealed") or column.name == "totp_secret")
    }
