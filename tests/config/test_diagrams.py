"""The pictures of docs/diagrams come from the code, and say so when they do not fit it any more."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from config import diagrams


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small tree of the same shape: vault → ledger, also over tenders; config imports all."""
    files = {
        "config/app.py": "from bidding.vault import seal\n",
        "bidding/__init__.py": "",
        "bidding/vault/seal.py": "def f():\n    from trading.ledger import merkle\n    import bidding.tenders.plan\n",
        "bidding/tenders/plan.py": "from trading.ledger.merkle import leaf\nfrom trading import db\nimport json\n",
        "trading/__init__.py": "",
        "trading/db.py": "import sqlalchemy\n",
        "trading/ledger/merkle.py": "",
        "config/assets/node_modules/x.py": "import bidding.tenders\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_edges_are_the_imports_between_rooms_wherever_the_statement_stands(house: Path) -> None:
    rooms, edges = diagrams.read(house)
    assert rooms == ["config", "bidding.tenders", "bidding.vault", "trading", "trading.ledger"]
    assert edges == {
        ("config", "bidding.vault"),
        ("bidding.vault", "bidding.tenders"),
        ("bidding.vault", "trading.ledger"),
        ("bidding.tenders", "trading.ledger"),
        ("bidding.tenders", "trading"),
    }


def test_an_arrow_that_a_detour_shows_is_left_out_of_the_picture_but_not_of_the_list(house: Path) -> None:
    rooms, edges = diagrams.read(house)
    assert diagrams.telling(edges) == {
        ("bidding.vault", "bidding.tenders"),
        ("bidding.tenders", "trading.ledger"),
    }
    assert "bidding_vault --> trading_ledger" in diagrams.mermaid(rooms, edges)


def test_two_rooms_that_import_each_other_keep_both_arrows() -> None:
    edges = frozenset({("a.x", "a.y"), ("a.y", "a.x"), ("a.x", "a.z"), ("a.y", "a.z")})
    assert diagrams.telling(edges) == edges


def test_the_picture_is_well_formed_and_names_every_room_once(house: Path) -> None:
    drawn = diagrams.svg(*diagrams.read(house))
    words = [
        element.text for element in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")
    ]
    for name in ("config", "tenders/", "vault/", "ledger/"):
        assert words.count(name) == 1


def test_the_same_code_gives_the_same_bytes() -> None:
    assert diagrams.pictures() == diagrams.pictures()


def test_check_fails_until_the_pictures_are_those_of_the_code(
    house: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "pictures"
    assert diagrams.main(["--check"], folder, house) == 1
    assert diagrams.main([], folder, house) == 0
    assert diagrams.main(["--check"], folder, house) == 0
    (house / "bidding/tenders/plan.py").write_text("")
    capsys.readouterr()
    assert diagrams.main(["--check"], folder, house) == 1
    assert "packages.svg is out of date" in capsys.readouterr().err


def test_the_lifecycle_picture_shows_a_tender_from_draft_to_contract() -> None:
    drawn = diagrams.pictures()["tender-lifecycle.mmd"]
    assert drawn.startswith("stateDiagram-v2\n    [*] --> draft\n")
    assert "awarded --> contracted" in drawn
