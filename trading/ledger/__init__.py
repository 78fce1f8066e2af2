"""The ledger (账本): the tamper-evident trail of every act, and the proofs a stranger can check.

Pure: `canonical` (JSON), `merkle`, `tiles`, `checkpoint`, `entry`. With the database: `service` (append
and read), `models`, `ddl`. Processes: `sequencer` with `cosigning` and `folder`, `witness`. Settings:
`ledger.folder` (tiles and checkpoint, written by the sequencer) and `ledger.origin` (the log's name).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The log's public addresses: `/checkpoint`, `/tile/…`, `/proof`."""
    # The pure modules are also used where there is no web: the package itself imports no framework.
    from pyramid.security import NO_PERMISSION_REQUIRED

    for name, pattern, renderer in (
        ("checkpoint", "/checkpoint", None),
        ("tile", "/tile/*path", None),
        ("proof", "/proof", "json"),
    ):
        config.add_route(f"ledger.{name}", pattern, request_method=("GET", "HEAD"))
        config.add_view(
            f"trading.ledger.views.{name}",
            route_name=f"ledger.{name}",
            permission=NO_PERMISSION_REQUIRED,
            renderer=renderer,
        )
