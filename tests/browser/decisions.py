"""Counts what a person has to decide on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Page


class Decisions:
    """A page in the hands of somebody whose every click, choice, file and answer is counted. A form's answers
    that belong together (the price list) are one decision, however many cells it has."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.made: list[str] = []

    def click(self, what: str, selector: str) -> None:
        self.made.append(what)
        self.page.locator(selector).first.click()

    def answer(self, what: str, fields: dict[str, str]) -> None:
        """Type into the fields (selector: text); for many rows the selector names them all."""
        self.made.append(what)
        for selector, text in fields.items():
            for field in self.page.locator(selector).all():
                field.fill(text)

    def give(self, what: str, selector: str, file: Path | FilePayload) -> None:
        self.made.append(what)
        given: Any = [file] if isinstance(file, dict) else file
        self.page.set_input_files(selector, given)
