"""Node and the installed packages of the browser's code, once per test run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import assets
from config.assets.toolchain import find_node

Interop = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def node() -> Path:
    """Node, with the browser's packages installed."""
    assets.build()
    return find_node()


@pytest.fixture(scope="session")
def interop(node: Path) -> Interop:
    """`interop("seal", …)`: one command to the browser's sealing code, run by node."""

    def call(do: str, **fields: Any) -> dict[str, Any]:
        done = subprocess.run(
            [node, "src/interop.mjs"],
            cwd=assets.HERE,
            input=json.dumps({"do": do, **fields}).encode(),
            capture_output=True,
            check=True,
            timeout=120,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return call
