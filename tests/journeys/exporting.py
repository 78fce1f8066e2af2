"""Bundles, as `tradehall audit export` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import audit
from config.demo.play import Story

OF_HALLS = ("TRADEHALL_", "DATABASE_URL", "REDIS_URL")


def export(story: Story, *tiers: str) -> None:
    """The bundles of these tiers, into the story's folder."""
    for tier in tiers:
        export_to(story, story.folder / f"{story.code}.{tier}.tar", tier)


def export_to(story: Story, path: Path, tier: str = "regulator") -> None:
    """One bundle, written in this process: to start the command for each would take minutes. The goods tender
    is exported by the command itself."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in story.hall.environment.items():
            if name.startswith(OF_HALLS):
                patch.setenv(name, value)
        assert audit.main(["export", story.code, "--tier", tier, "--out", str(path)]) == 0
