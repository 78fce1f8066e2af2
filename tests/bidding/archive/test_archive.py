"""A package goes into an installation that knows nothing of it, is read there, and comes out the same."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.archive import service
from config.package import judged
from tests.helpers import committed, hall_user, log_in
from tests.verifier.pki import Parties
from tests.verifier.story import TENDER, Story
from trading.errors import Refused


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(Parties()).build()


def files(folder: Path, story: Story) -> tuple[Path, Path]:
    """The package and the origin's trust file."""
    package, trust = folder / "package.tar", folder / "trust.json"
    package.write_bytes(story.pack())
    trust.write_bytes(story.trust())
    return package, trust


def taken_in(config: Configurator, package: Path, trust: Path) -> None:
    verdict, code = judged(package, trust)
    with package.open("rb") as file:
        committed(config, lambda db: service.import_package(db, config.registry, file, verdict, code))


def test_a_package_comes_out_byte_for_byte_and_is_verified_again(
    config: Configurator, tmp_path: Path, story: Story
) -> None:
    config.commit()
    package, trust = files(tmp_path, story)
    taken_in(config, package, trust)
    again = tmp_path / "again.tar"

    def export(db: Session) -> str:
        found = service.find(db, TENDER)
        assert found is not None and found.verdict_code == 0
        with again.open("wb") as file:
            return service.export(db, config.registry, found, file)

    digest = _run(config, export)
    assert again.read_bytes() == package.read_bytes()
    assert digest == hashlib.sha256(package.read_bytes()).hexdigest()
    text, code = judged(again, trust)
    assert code == 0 and "VERIFIED" in text


def _run(config: Configurator, act: object) -> str:
    session = config.registry["sessions"]()
    try:
        return str(act(session))  # type: ignore[operator]
    finally:
        session.close()


def test_its_page_shows_verdict_timeline_bids_and_documents_and_nothing_of_the_regulators(
    app: TestApp, config: Configurator, tmp_path: Path, story: Story
) -> None:
    taken_in(config, *files(tmp_path, story))
    assert TENDER in app.get("/archive", status=200).text
    page = app.get(f"/archive/{TENDER}", status=200, headers={"Accept-Language": "en"})
    assert "VERIFIED" in page.text and "Tender published" in page.text and "980,000.00" in page.text
    app.get(f"/archive/{TENDER}/files/tender/notice.json", status=200)
    secret = next(iter(story.regulator))
    app.get(f"/archive/{TENDER}/files/{secret}", status=404)
    app.get("/archive/T-0", status=404)


def test_only_the_regulator_takes_the_whole_package(
    app: TestApp, config: Configurator, tmp_path: Path, story: Story
) -> None:
    package, trust = files(tmp_path, story)
    taken_in(config, package, trust)
    app.get(f"/archive/{TENDER}/package.tar", status=303)
    regulator = log_in(app, config, hall_user(config, "regulator"))
    assert regulator.get(f"/archive/{TENDER}/package.tar", status=200).body == package.read_bytes()


def refusal(session: Session, config: Configurator, data: bytes, code: int = 0) -> str:
    with pytest.raises(Refused) as refused:
        service.import_package(session, config.registry, io.BytesIO(data), "", code)
    return refused.value.faults[0].code


def test_what_the_verifier_rejects_and_what_is_no_package_stays_out(
    session: Session, config: Configurator, story: Story
) -> None:
    config.commit()
    package = story.pack()
    assert refusal(session, config, package, code=1) == "archive.failed"
    assert refusal(session, config, b"no tar at all") == "archive.unreadable"
    assert refusal(session, config, package + bytes(1024)) == "archive.unreadable"


def test_a_tender_is_imported_once(session: Session, config: Configurator, story: Story) -> None:
    config.commit()
    service.import_package(session, config.registry, io.BytesIO(story.pack()), "", 2)
    assert refusal(session, config, story.pack()) == "archive.known"
