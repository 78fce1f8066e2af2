"""The ledger (账本): the tamper-evident trail of every act, and the proofs a stranger can check.

Pure: `canonical` (JSON), `merkle`, `tiles`, `checkpoint`, `entry`. With the database: `service` (append
and read), `models`, `ddl`. Processes: `sequencer` with `cosigning` and `folder`, `witness`. Settings:
`ledger.folder` (tiles and checkpoint, written by the sequencer) and `ledger.origin` (the log's name).
"""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.security import NO_PERMISSION_REQUIRED


def includeme(config: Configurator) -> None:
    """The log's public addresses: `/checkpoint`, `/tile/…`, `/proof`."""
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
