"""What only a demonstration may have stops every other start."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import processes
from config.settings import settings
from trading.clock import CLOCK_FILE


@pytest.fixture(autouse=True)
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of demonstrations."""
    monkeypatch.setenv("TRADEHALL_ROLE", "")
    for name in ("TRADEHALL_DEMO", "TRADEHALL_HTTPS", "TRADEHALL_PLUGINS", CLOCK_FILE):
        monkeypatch.delenv(name, raising=False)


def make(tmp_path: Path, **overrides: str) -> dict[str, str]:
    return settings(tmp_path, "postgresql://", "redis://", **overrides)


def test_a_clock_that_runs_ahead_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLOCK_FILE, str(tmp_path / "clock"))
    with pytest.raises(SystemExit, match="demonstrations"):
        make(tmp_path)
    assert make(tmp_path, **{"hall.demo": "true"})


@pytest.mark.parametrize(
    ("process", "arguments"),
    [
        (processes.custodian, ["serve", "--name", "c", "--hall", "http://h"]),
        (processes.witness, ["--port", "1"]),
    ],
)
def test_custodians_and_witnesses_refuse_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: object, arguments: list[str]
) -> None:
    monkeypatch.setenv(CLOCK_FILE, str(tmp_path / "clock"))
    monkeypatch.setenv("TRADEHALL_STATE", str(tmp_path))
    with pytest.raises(SystemExit, match="demonstrations"):
        process(arguments)  # type: ignore[operator]


def test_the_demo_ca_is_refused(tmp_path: Path) -> None:
    plugins = {"hall.plugins": "procurement demo_ca"}
    with pytest.raises(SystemExit, match="demo_ca"):
        make(tmp_path, **plugins)
    assert make(tmp_path, **plugins, **{"hall.demo": "true"})


def test_pages_are_not_served_without_https_and_a_hall_without_address_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[object] = []
    monkeypatch.setattr(processes.os, "execv", lambda *given: served.append(given))
    with pytest.raises(SystemExit, match="HTTPS"):
        processes.serve(["web"])
    assert served == []
    processes.serve(["live"])
    with monkeypatch.context() as here:
        here.setenv("TRADEHALL_HTTPS", "true")
        processes.serve(["web"])
        assert "TRADEHALL_APPROVAL_HALL_ADDRESS is not set" in capsys.readouterr().err
        here.setenv("TRADEHALL_APPROVAL_HALL_ADDRESS", "https://hall.example")
        processes.serve(["web"])
        here.delenv("TRADEHALL_APPROVAL_HALL_ADDRESS")
        here.setenv("TRADEHALL_PLUGINS", "procurement")
        processes.serve(["web"])
    with monkeypatch.context() as here:
        here.setenv("TRADEHALL_DEMO", "true")
        processes.serve(["web"])
    assert capsys.readouterr().err == ""
    assert len(served) == 5
