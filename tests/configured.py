"""One configured hall per test process, used by one test after the other.

To configure a hall takes longer than most tests, and what it depends on can be the same for all of them: the
database's name, the queue, the parties' keys, and the path of the state folder, a link to the folder of the
test that runs. What a test has exchanged is put back, plugins are made anew, and a hall that cannot be put
back is given up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import redis
from pyramid.config import Configurator

from bidding.lottery import live_picture
from bidding.opening import views as opening_views
from config.app import include_plugins, make_config
from config.installation import WITNESS, log_vkey, prepare
from config.settings import settings as hall_settings
from trading.secrets import HallKeys
from trading.throttle import Streams

KEPT = {"sessions", "queue", "keys", "assets", "live.hub"}
"""What stays in the registry as it is; of everything else there, every test gets a copy."""
STANDING = {"procurement", "small_works", "approval_hall"}
"""Plugins that bring pages or read data, with no state of their own: they stay as they are."""
RENEWED = (Streams, opening_views.Pictures, live_picture.Pictures)
"""What is made anew, under whatever name it lies: it cannot be copied."""


class HallOfMany:
    """A hall with its state under `folder` / "state"."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, own: Mapping[str, Any]) -> None:
        self.link, self.template = folder / "state", folder / "template"
        self.template.mkdir()
        self.show(self.template)
        parties = prepare(self.link)
        self.settings: dict[str, Any] = hall_settings(self.link, database_url, redis_url) | {
            "ledger.vkey": log_vkey(self.link),
            "ledger.witnesses": json.dumps([[WITNESS, "http://127.0.0.1:9", parties.witness_vkey]]),
            "vault.custodians": json.dumps(parties.custodians),
        }
        self.settings |= own
        self._made: Configurator | None = None
        self._before: tuple[Any, ...] | None = None

    def show(self, folder: Path) -> None:
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(folder, target_is_directory=True)

    def open(self, folder: Path) -> dict[str, Any]:
        """The settings of a hall whose state lies in `folder`, its queue emptied; the outside parties (demo CA,
        custodians, witness) have their keys there, but none of them runs."""
        redis.Redis.from_url(self.settings["redis.url"]).flushall()
        shutil.copytree(self.template, folder, dirs_exist_ok=True, symlinks=True)
        self.show(folder)
        return dict(self.settings)

    def configured(self) -> Configurator:
        """The hall of these settings."""
        if self._made is None:
            self._made = make_config(dict(self.settings))
            self._made.commit()
            with suppress(
                TypeError
            ):  # something in it cannot be copied: it serves one test only, and one fails
                self._before = state_of(self._made)
        else:
            assert self._before is not None
            put_back(self._made, self._before)
            self._made.registry["keys"] = HallKeys.load(self.link)
        return self._made

    def close(self) -> None:
        """After a test: let go of its database, and of a hall that the next one cannot have."""
        if self._made is not None:
            self._made.registry["sessions"].kw["bind"].dispose()
            if not can_be_put_back(self._made, self._before):
                self._made = self._before = None


def state_of(made: Configurator) -> tuple[Any, ...]:
    """Everything that tests exchange: settings, utilities and items; and how many doors there are."""
    registry = made.registry
    utilities = {(row.provided, row.name): row.component for row in registry.registeredUtilities()}
    return dict(registry.settings), utilities, copies(registry), doors_of(made)


def copies(items: Mapping[str, Any]) -> dict[str, Any]:
    """What a test may exchange or fill, as it was. Raises TypeError for what nobody has listed above."""
    return {
        name: value if name in KEPT else type(value)() if isinstance(value, RENEWED) else deepcopy(value)
        for name, value in items.items()
    }


def doors_of(made: Configurator) -> tuple[int, ...]:
    kinds = ("views", "routes", "tweens", "subscribers")
    known = [len(made.introspector.get_category(kind) or ()) for kind in kinds]
    return (*known, len(list(made.registry.registeredHandlers())), len(made.action_state.actions))


def can_be_put_back(made: Configurator, before: tuple[Any, ...] | None) -> bool:
    followed = made.registry["live.hub"]._thread is not None  # it listens with a thread of its own
    return before is not None and not followed and doors_of(made) == before[-1]


def put_back(made: Configurator, before: tuple[Any, ...]) -> None:
    registry = made.registry
    settings, utilities, items, _ = before
    registry.settings.clear()
    registry.settings.update(settings)
    for row in list(registry.registeredUtilities()):
        if utilities.get((row.provided, row.name)) is not row.component:
            registry.unregisterUtility(provided=row.provided, name=row.name)
    for (provided, name), component in utilities.items():
        registry.registerUtility(component, provided, name=name)
    plugins = Configurator(registry=registry)
    include_plugins(plugins, [name for name in settings["hall.plugins"].split() if name not in STANDING])
    plugins.commit()
    registry.clear()
    registry.update(copies(items))
