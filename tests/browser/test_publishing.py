"""An agent's way, from a template to the notice that everybody reads."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from config.demo import people
from config.supervisor import Hall
from tests.browser.conftest import Visit, key_file, picture
from tests.browser.decisions import Decisions

pytestmark = pytest.mark.browser
ONE_SCREEN = 12
"""fields that fit on one screen"""
LONE_FIELDS = "#tender-form :is(input, textarea).form-control:not([name^=item_], [name^=criterion_])"


def test_an_agent_publishes_from_a_template_with_less_than_a_screen_of_typing(
    visit: Visit, hall: Hall
) -> None:
    page = visit("agent")
    page.goto("/desk")
    picture(page, "desk-agent")
    page.click("main a[href='/tenders/new']")
    picture(page, "tender-new")
    answers = {
        "#title": "市属中小学实验室设备采购项目", "#title_en": "Laboratory equipment for municipal schools",
        "#tenderer": people.uscc("school-board"), "#budget": "1200000.00", "#ceiling": "1150000.00",
        "#bid_security": "12000.00",
    }  # fmt: skip
    empty = page.eval_on_selector_all(
        LONE_FIELDS,
        "all => all.filter(field => !field.value && field.checkVisibility()).map(field => field.name)",
    )
    rarely = {"approval", "approval_date", "investment_code"}  # by law only for some purchases
    assert set(empty) - rarely <= {"tenderer", "contact"}, (
        "the template leaves more than the purchaser to be typed"
    )
    page.locator("#tender-form details", has=page.locator("#bid_security")).locator("summary").click()
    for field, text in answers.items():
        page.fill(field, text)
    assert len(answers) <= ONE_SCREEN
    page.click("#tender-form .btn-primary")
    page.wait_for_url("**/preview")
    expect(page.locator("article.paper")).to_contain_text("市属中小学实验室设备采购项目")
    page.click("#custodians .btn-primary")
    picture(page, "publish")

    signing = Decisions(page)
    signing.give("the key file", "[data-signer-file]", key_file(hall, "agent"))
    signing.answer("its passphrase", {"[data-signer-passphrase]": people.PASSWORD})
    signing.click("sign and publish", "#sign-form .btn-primary")
    page.wait_for_url(lambda url: not url.endswith("/publish"))
    picture(page, "tender")

    for locale, title in (("zh-CN", answers["#title"]), ("en-US", answers["#title_en"])):
        reader = visit(locale=locale)
        reader.goto("/")
        picture(reader, f"home-{locale}")
        reader.click(f"main >> text={title}")
        expect(reader.locator("h1")).to_have_text(title)
        expect(reader.locator("article.paper")).to_contain_text("1,200,000.00")
        picture(reader, f"notice-{locale}")
        reader.click("main .page-actions .btn-primary")
        expect(reader.locator("h1")).to_have_text(title)
        picture(reader, f"tender-{locale}")
