"""Styles and scripts for browsers (前端资源): built from `src/` by esbuild, served under hashed names.

`build()` is cheap when nothing changed and safe when several processes call it at once. The manifest turns
a logical name such as `bid.page.js` into the hashed file name to serve for ever. What the pages must
contain stands in README.md beside this file.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from config.assets.toolchain import find_node, npm_command

HERE = Path(__file__).parent
BUILT = HERE / "built"
_STAMP = BUILT / ".stamp"
_MODULES_STAMP = HERE / "node_modules" / ".tradehall-stamp"
_ROOTS = ("package.json", "package-lock.json", ".npmrc", "build.mjs", "messages.json")


class AssetsNotBuilt(RuntimeError):
    """The built files are missing: run `python -m config.assets`."""


def build(*, force: bool = False) -> bool:
    """Build if the inputs changed since the last build; True when something was built.

    Raises ToolchainMissing without a usable node, and subprocess.CalledProcessError when npm or
    esbuild fails (their output goes to this process's standard error).
    """
    wanted = _inputs_hash()
    if not force and _read(_STAMP) == wanted:
        return False
    BUILT.mkdir(exist_ok=True)
    with (BUILT / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not force and _read(_STAMP) == wanted:
            return False
        node = find_node()
        _install(node)
        subprocess.run([node, "build.mjs"], cwd=HERE, check=True, stdout=2)
        _STAMP.write_text(wanted)
    load_manifest.cache_clear()
    return True


@cache
def load_manifest() -> Mapping[str, str]:
    """`{logical name: hashed file name in BUILT}`; raises AssetsNotBuilt."""
    manifest: Mapping[str, str] = _load("manifest.json")
    return manifest


def sealer() -> Mapping[str, str]:
    """`{"file", "sha256"}` of the offline sealer; the hash belongs into a policy's `client_sha256`.

    Raises AssetsNotBuilt.
    """
    facts: Mapping[str, str] = _load("sealer.json")
    return facts


def _load(name: str) -> Any:
    try:
        return json.loads((BUILT / name).read_text())
    except FileNotFoundError as error:
        raise AssetsNotBuilt("the assets are not built: run python -m config.assets") from error


def _install(node: Path) -> None:
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if _read(_MODULES_STAMP) == lock:
        return
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    command = [*npm_command(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=HERE, check=True, stdout=2, env={**os.environ, "PATH": path})
    _MODULES_STAMP.write_text(lock)


def _inputs() -> Iterator[Path]:
    yield from (HERE / name for name in _ROOTS)
    yield from sorted(path for path in (HERE / "src").rglob("*") if path.is_file())


def _inputs_hash() -> str:
    digest = hashlib.sha256()
    for path in _inputs():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(HERE)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""
