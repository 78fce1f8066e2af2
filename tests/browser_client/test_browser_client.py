"""The browser's own tests, run by node's test runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def test_the_browser_code_passes_its_own_tests(node: Path) -> None:
    scripts = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    assert len(scripts) >= 6
    command = [str(node), "--test", "--test-reporter=spec", *scripts]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout.partition("failing tests:")[2] or done.stdout
