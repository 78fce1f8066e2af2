"""Rotating the key that the database is sealed with: old values open, new ones are under the new key, and
after resealing the old key is needed no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from config import keys, rotation
from tests.helpers import TOTP_SECRET, make_user
from trading.accounts.models import User
from trading.secrets import HallKeys, load_master, load_ring, make_master, next_in_ring


def keys_of(state: Path) -> HallKeys:
    return HallKeys.derive(load_master(state / "master.key"), load_ring(state / "sealing"))


def test_every_sealed_column_is_in_the_table_of_the_rotation() -> None:
    assert rotation.sealed_columns() == set(rotation.SEALED)


def test_a_rotated_hall_opens_the_old_and_seals_with_the_new(tmp_path: Path) -> None:
    make_master(tmp_path / "master.key")
    before = keys_of(tmp_path)
    old = before.seal(b"secret", "x")
    next_in_ring(tmp_path / "sealing")
    after = keys_of(tmp_path)
    assert after.unseal(old, "x") == b"secret"
    with pytest.raises(InvalidTag):
        before.unseal(after.seal(b"secret", "x"), "x")
    with pytest.raises(InvalidTag):
        after.unseal(old, "y")
    # What others hold on to does not change with it: pseudonyms, look-ups, the receipt key of policies.
    assert (after.pseudonym, after.lookup) == (before.pseudonym, before.lookup)
    assert after.receipt.private_bytes_raw() == before.receipt.private_bytes_raw()


def test_resealing_takes_every_value_to_the_new_key_and_deletes_old_ones(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_master(tmp_path / "master.key")
    first = next_in_ring(tmp_path / "sealing")
    with Session(engine) as session, session.begin():
        people = [make_user(session, "agent", keys=keys_of(tmp_path)).id for _ in range(3)]
    next_in_ring(tmp_path / "sealing")
    assert rotation.reseal(engine, tmp_path) == 0
    assert "user_account.totp_secret: 3 sealed anew" in capsys.readouterr().out
    assert not first.exists()
    with Session(engine) as session:
        for secret in session.scalars(select(User.totp_secret).where(User.id.in_(people))):
            assert secret and keys_of(tmp_path).unseal(secret, "totp") == TOTP_SECRET.encode()
    assert rotation.reseal(engine, tmp_path) == 0
    assert "user_account.totp_secret: 0 sealed anew" in capsys.readouterr().out


def test_a_value_that_no_key_opens_keeps_the_old_keys(engine: Engine, tmp_path: Path) -> None:
    make_master(tmp_path / "master.key")
    first = next_in_ring(tmp_path / "sealing")
    with Session(engine) as session, session.begin():
        make_user(session, "agent", keys=HallKeys.derive(bytes(32)))
    next_in_ring(tmp_path / "sealing")
    assert rotation.reseal(engine, tmp_path) == 1
    assert first.exists()


@pytest.mark.parametrize("name", ["lookup", "pseudonym", "session"])
def test_a_key_that_others_hold_on_to_is_not_rotated_and_the_command_says_why(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEHALL_STATE", str(tmp_path))
    with pytest.raises(SystemExit, match="the look-up key|the pseudonym secret|no such key"):
        keys.main(["rotate", name])
    assert list(tmp_path.iterdir()) == []
