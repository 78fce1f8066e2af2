"""Everybody can use the pages: axe-core finds nothing serious on any of them."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from config.supervisor import Hall
from tests.browser.conftest import Visit, picture

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
LOOK = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core holds to be serious or critical, one line each. The hall's own CSP stays in force: the
    checker comes in through the browser's debugging side."""
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate(LOOK)
    return [
        f"{page.url}: {each['id']} ({each['impact']}) {node['html'][:160]} {node['failureSummary']}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_no_page_has_a_serious_barrier(
    visit: Visit, hall: Hall, axe: str, open_code: str, phone: bool
) -> None:
    tender = f"/tenders/{open_code}"
    pages = {
        "": ["/", "/login", "/register", tender, f"{tender}/opening", "/receipts/check"],
        "bidder1": ["/desk", "/account", "/account/certificates", "/party", f"{tender}/bid"],
        "agent": ["/tenders/new", tender],
    }
    found: list[str] = []
    for person, addresses in pages.items():
        page = visit(person, phone=phone)
        for address in addresses:
            answer = page.goto(address)
            assert answer and answer.ok, f"{address}: {answer and answer.status}"
            page.wait_for_load_state("networkidle") if not phone else None
            found += violations(page, axe)
            picture(page, "axe-" + (person or "anyone") + address.replace(open_code, "T").replace("/", "-"))
    assert found == []


def test_no_page_is_wider_than_a_phone(visit: Visit, open_code: str) -> None:
    page = visit(phone=True)
    wide = []
    for address in ("/", "/login", "/register", f"/tenders/{open_code}", f"/tenders/{open_code}/opening"):
        page.goto(address)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(address)
    assert wide == []
