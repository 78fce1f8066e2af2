"""People read the name of a law and its article, not our abbreviations."""

from __future__ import annotations

import pytest

from trading.rulebook.book import Rulebook
from trading.rulebook.citing import cited, instruments_of

KNOWN = instruments_of(Rulebook.load())


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("GPL 57", "政府采购法 第57条", "Government Procurement Law art. 57"),
        ("M87 63(4)", "财政部令第87号 第63条（4）", "MOF Order 87 art. 63(4)"),
        ("TBL art. 23", "招标投标法 第23条", "Tendering and Bidding Law art. 23"),
        ("GPL 51, GPL 52", "政府采购法 第51条、政府采购法 第52条",
         "Government Procurement Law art. 51, Government Procurement Law art. 52"),
        ("城市规定 3", "城市规定 3", "城市规定 3"),
        ("XYZ 3", "XYZ 3", "XYZ 3"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_an_article_is_shown_in_the_readers_language(text: str, zh: str, en: str) -> None:
    assert (cited(KNOWN, text, "zh_CN"), cited(KNOWN, text, "en")) == (zh, en)
