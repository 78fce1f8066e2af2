"""The hall that the tests of a process share."""

from __future__ import annotations

from pyramid.config import Configurator

from tests.configured import HallOfMany, copies


def test_the_hall_that_tests_share_can_be_put_back_for_the_next(
    config: Configurator, hall_of_many: HallOfMany
) -> None:
    """Else every test configures a hall of its own, which takes longer than most tests."""
    copies(config.registry)  # names what tests.configured has to list
    hall_of_many.close()
    assert hall_of_many.configured() is config


def test_what_a_test_exchanges_in_the_shared_hall_is_back_for_the_next(
    config: Configurator, hall_of_many: HallOfMany
) -> None:
    before = dict(config.registry)
    config.registry["desk"].append(("bidder", len))
    config.registry["of this test"] = 1
    config.registry.settings["hall.name"] = "another"
    hall_of_many.close()
    again = hall_of_many.configured()
    assert again.registry.keys() == before.keys()
    assert ("bidder", len) not in again.registry["desk"]
    assert again.registry.settings["hall.name"] != "another"
