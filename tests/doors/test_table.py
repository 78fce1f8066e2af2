"""The table of doors is complete: who adds a door adds its row."""

from __future__ import annotations

from pyramid.config import Configurator

from tests.doors.finding import doors, table, without_door, without_row

CHECKS = {"same", "own", "search", "head", "act", "own-act", "fresh", "log", "stream", "static"}
KINDS = {"sealed", "accounts", "public", "log", "times", "later"}


def test_every_door_has_a_row_that_says_how_it_is_kept_shut(config: Configurator) -> None:
    config.commit()
    missing = without_row(doors(config), table())
    assert not missing, "new doors; add these lines to tests/doors/doors.toml:\n" + "\n".join(missing)


def test_every_row_stands_for_a_door_that_is_there(config: Configurator) -> None:
    config.commit()
    assert without_door(doors(config), table()) == []


def test_every_row_says_a_check_that_there_is() -> None:
    rows = table()
    assert set(rows["routes"].values()) <= CHECKS
    assert set(rows["tables"].values()) <= KINDS
    assert all(
        len(why) > 7 for section in rows.keys() - {"routes", "tables"} for why in rows[section].values()
    )


def test_a_door_that_somebody_adds_is_found(config: Configurator) -> None:
    config.add_route("hole", "/tenders/{code}/bidders")
    config.add_view(lambda request: {}, route_name="hole", renderer="json", request_method="GET")
    config.on_promise("hole", print)
    config.commit()
    found = doors(config)
    added = {line for line in without_row(found, table()) if "hole" in line or "bidders" in line}
    assert added == {
        '[routes] "GET /tenders/{code}/bidders" = "same"',
        '[topics] "hole" = "why it tells nothing"',
    }
