"""The embedded servers."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from config import embedded


def test_the_log_of_the_database_says_that_a_statement_failed_and_not_about_whom(
    servers: embedded.Servers,
) -> None:
    with psycopg.connect(servers.database_url) as connection:
        folder = Path(connection.execute("SHOW data_directory").fetchone()[0])  # type: ignore[index]
        connection.execute("CREATE TEMP TABLE bidder (uscc text PRIMARY KEY)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO bidder VALUES ('914403001000000248'), ('914403001000000248')")
    written = "".join(path.read_text() for path in folder.rglob("log*") if path.is_file())
    assert "bidder_pkey" in written
    assert "914403001000000248" not in written
