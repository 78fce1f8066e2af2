"""Two tenders are played once on a real hall: one to its award, one that fails for lack of bidders. The hall
ends by SIGTERM; what it printed, exported and left on the disk is then looked at by all tests here."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from config import bidder as device
from config import embedded
from config.app import make_config
from config.demo import lowest_price, play
from config.demo.client import Person, until
from config.demo.play import Story
from config.settings import settings
from config.supervisor import Hall
from tests.folders import server_folder
from tests.hall import HallProcess, run_hall
from tests.journeys import amended, ordered
from tests.journeys.attacks import Copy, Forgery, Keys, insert_entry
from tests.journeys.envelopes import play_two_envelopes
from tests.journeys.exporting import export, export_to
from trading import clock

numbers = itertools.count(1)


@dataclass
class Aftermath:
    """What two tenders left behind."""

    hall: Hall
    folder: Path
    goods: Story
    said: list[str]
    award: dict[str, Any] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: Story = field(init=False)
    envelopes: Story = field(init=False)
    amended: Story = field(init=False)
    ordered: Story = field(init=False)
    given_up: Story = field(init=False)
    disputed: dict[str, Any] = field(default_factory=dict)
    failure: dict[str, Any] = field(default_factory=dict)
    failed_opening: dict[str, Any] = field(default_factory=dict)
    failure_notices: list[dict[str, Any]] = field(default_factory=list)
    inserted: Path = field(init=False)
    """a bundle exported after somebody had put a back-dated entry into the database"""
    ran: list[str] = field(default_factory=list)
    exit_code: int = -1
    left: list[str] = field(default_factory=list)

    @property
    def trust(self) -> Path:
        return self.goods.folder / "trust.json"

    def bundle(self, tier: str = "regulator", of: Story | None = None) -> Path:
        story = of or self.goods
        return story.folder / f"{story.code}.{tier}.tar"

    def manifest(self, login: str) -> str:
        """The manifest's hash of this person's last bid."""
        return self.goods.sealed[login].manifest.hash.hex()


@pytest.fixture(scope="package")
def aftermath() -> Iterator[Aftermath]:
    with server_folder() as folder:
        with pytest.MonkeyPatch.context() as patch, run_hall(folder) as running:
            patch.setenv(clock.CLOCK_FILE, running.hall.environment[clock.CLOCK_FILE])
            found = live(running, folder)
            found.ran = [name_of(process) for process in running.processes()]
            found.exit_code = running.end()
            _, alive = psutil.wait_procs(running.processes(), timeout=10)
            found.left = [name_of(process) for process in alive] + running.left_files()
        yield found


def name_of(process: psutil.Process) -> str:
    return " ".join(process.cmdline()) or process.name()


def live(running: HallProcess, folder: Path) -> Aftermath:
    """Play both tenders; the failing one runs beside the other and closes at the same deadline."""
    said: list[str] = []
    found = Aftermath(running.hall, folder, Story(running.hall, made(folder / "goods"), said.append), said)
    for _, step in lowest_price.STEPS:
        step(found.goods)
        if step is play.bid:
            found.failed = few_bidders(running.hall, made(folder / "few"))
            found.amended = Story(running.hall, made(folder / "amended"), lambda line: None)
            amended.bid_and_amend(found.amended)
            found.ordered = Story(running.hall, made(folder / "ordered"), lambda line: None)
            ordered.bid(found.ordered)
            found.given_up = Story(running.hall, made(folder / "given-up"), lambda line: None)
            ordered.give_up(found.given_up)
        if step is play.open_bids:  # before another story's jump of the clock ends the custodians' time
            found.disputed = ordered.open_dispute_and_award(found.ordered)
    found.award = found.goods.person("buyer").get(found.goods.api("/award"))
    found.told = {
        login: found.goods.person(login).get(found.goods.api("/my-result"))
        for login in ("bidder2", "bidder5")
    }
    see_it_fail(found)
    found.envelopes = Story(running.hall, made(folder / "envelopes"), lambda line: None)
    play_two_envelopes(found.envelopes)
    amended.open_and_export(found.amended)
    found.inserted = back_dated(found)
    return found


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def few_bidders(hall: Hall, folder: Path) -> Story:
    """A tender with three bids, one of which is withdrawn again."""
    story = Story(hall, folder, lambda line: None)
    play.publish(story)
    story.policy = device.fetch_policy(device.Hall(hall.url), story.code, hall.state / "trust")
    for login in ("bidder1", "bidder2", "bidder3"):
        play.hand_in(story, login)
    own, signer = story.own_device("bidder3")
    device.wait_receipt(own, device.withdraw(own, signer, story.sealed["bidder3"].sealed).receipt)
    return story


def see_it_fail(found: Aftermath) -> None:
    """The hall fails the tender by itself; its notice and its bundle."""
    story, agent = found.failed, found.failed.person("agent")
    story.ahead_to(clock.parse_rfc3339(agent.get(story.api())["deadline"]))
    found.failure = until(lambda: failed_now(agent, story), "the failure of the tender")
    found.failed_opening = agent.get(story.api("/opening"))
    notices = json.loads(device.Hall(found.hall.url).get("/api/notices"))
    found.failure_notices = [row for row in notices["notices"] if row["tender"] == story.code]
    export(story, "public", "regulator")


def failed_now(agent: Person, story: Story) -> Any:
    facts = agent.get(story.api())
    return facts if facts["state"] == "failed" else None


def back_dated(found: Aftermath) -> Path:
    """Somebody with the database writes an entry that never happened; then a bundle is exported once more."""
    url = found.hall.environment["DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as connection:
        insert_entry(connection, found.goods.code)
    path = found.goods.folder / "inserted.tar"
    export_to(found.goods, path)
    return path


@pytest.fixture
def keys(aftermath: Aftermath) -> Keys:
    """Every key that the operator of the hall holds."""
    return Keys(aftermath.hall.state)


@pytest.fixture
def forgery(aftermath: Aftermath, keys: Keys) -> Forgery:
    """The regulator's bundle of the awarded tender, to be changed."""
    return Forgery(aftermath.bundle(), keys)


@pytest.fixture
def bidders_receipt(aftermath: Aftermath, tmp_path: Path) -> Path:
    """The receipt that bidder 2 kept."""
    held = Forgery(aftermath.bundle(), Keys(aftermath.hall.state))
    path = tmp_path / "receipt.json"
    path.write_bytes(held.files[f"bids/{aftermath.manifest('bidder2')}/receipt.json"])
    return path


@pytest.fixture(scope="package")
def database_server(aftermath: Aftermath) -> Iterator[str]:
    """The hall's own PostgreSQL on its own data, and nothing else of the hall."""
    with embedded.postgres(aftermath.hall.state / "postgres") as url:
        yield url


@pytest.fixture
def copy(
    aftermath: Aftermath, database_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Copy]:
    """Copies of the hall's database and file store, to be changed and exported from."""
    name = f"copy_{next(numbers)}"
    with psycopg.connect(database_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE postgres")  # type: ignore[arg-type]
    shutil.copytree(aftermath.hall.state / "files", tmp_path / "files")
    for key, value in aftermath.hall.environment.items():
        if key.startswith("TRADEHALL_"):
            monkeypatch.setenv(key, value)
    url = database_server.replace("/postgres?", f"/{name}?")
    redis_url = aftermath.hall.environment["REDIS_URL"]
    changed = settings(aftermath.hall.state, url, redis_url, **{"file_store.folder": str(tmp_path / "files")})
    registry = make_config(changed).registry
    yield Copy(url, tmp_path / "files", registry, aftermath.goods.code, Keys(aftermath.hall.state), tmp_path)
    registry["sessions"].kw["bind"].dispose()
