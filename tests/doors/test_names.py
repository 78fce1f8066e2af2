"""Who was drawn is learnt at no door: not from what a page says, nor from what it takes to make it, nor from what is stored."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from structlog.testing import capture_logs

from bidding.tenders import drafts
from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Tender
from expert_pool.experts import service as experts
from expert_pool.experts.models import Expert
from expert_pool.selection import refused
from expert_pool.selection.refused import tell_apart
from tests.doors.finding import may_open, permissions, table
from tests.doors.staging import Doors, Seen, asked_hall, counting, signed_in
from tests.doors.test_dump import dump, found, raw
from tests.expert_pool.selection.hall import PanelHall, make_panel_hall
from tests.helpers import hall_user
from trading import clock
from trading.accounts.models import Certificate, User
from trading.clock import database_now
from trading.draws import showing

OUTSIDE = ("nobody", "agent", "buyer", "bidder", "operator", "system-admin", "security-admin", "audit-admin")
BUYERS = ("agent", "buyer")
OFFICE = ("pool-officer", "regulator", "system-admin", "security-admin", "audit-admin")
SHOWN = re.compile(r"GET (/api)?/(pool|conduct|advisory|admin)\b.*")
"""doors at which people of the pool, and everybody's accounts, are shown: the same before a draw and after it"""
OF_NO_DRAW = {"login_session"}
"""tables that change by themselves, when somebody is signed in"""


class Watched:
    """A hall with a pool of eight, and a look at all that it shows and stores."""

    def __init__(self, hall: PanelHall, doors: Doors, config: Configurator, roles: dict[str, str]) -> None:
        self.hall, self.doors = hall, doors
        rows, needed = table()["routes"], permissions(config)
        self.doors_of = {
            who: {
                door: check
                for door, check in rows.items()
                if door.startswith("GET ")
                and check not in ("static", "stream", "log", "fresh")
                and may_open(config.registry, needed.get(door, ""), role)
            }
            for who, role in roles.items()
        }
        with hall.draws.db() as session:
            people = experts.people(session, hall.registry["keys"], database_now(session))
            self.secrets = {one.number: secrets_of(session, one) for one in people}
            self.keys = [str(row.id) for row in session.query(Expert)]

    @property
    def everything(self) -> list[str]:
        return [secret for several in self.secrets.values() for secret in several]

    def seen_by(self, *readers: str, only: re.Pattern[str] = re.compile(".*")) -> Seen:
        """Answers at every door that is not shut for the reader's role in any case."""
        seen: Seen = {}
        for who in readers:
            asked = {door: check for door, check in self.doors_of[who].items() if only.fullmatch(door)}
            seen |= self.doors.snapshot(asked, [who])
        assert [key for key, answer in seen.items() if answer[0] >= 500] == []
        return seen

    def stored(self) -> set[tuple[str, bytes]]:
        """Every row of the database, by table, as a stolen dump has it."""
        url = self.hall.registry.settings["database.url"]
        tables = dump(url).items()
        return {(name, row) for name, data in tables if name not in OF_NO_DRAW for row in data.splitlines()}


def secrets_of(session: Any, person: Any) -> list[str]:
    user = session.get_one(User, person.user_id)
    (certificate,) = session.query(Certificate).filter_by(user_id=user.id)
    named = [person.number, person.name, person.phone, person.employer, person.employer_name]
    return [*named, f"{user.login}<", str(user.id), certificate.sha256]


@pytest.fixture
def watched(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    hall = make_panel_hall(config, tmp_path, monkeypatch)
    officer = hall_user(config, "pool-officer")
    with hall.draws.db() as session:
        template = drafts.kind_of(config.registry).templates("zh_CN")[0]["key"]
        values = drafts.initial_values(config.registry, template, clock.now())
        values["deadline"] = clock.now().isoformat()
        session.query(Tender).one().form = DraftTender.model_validate(values).model_dump(mode="json")
        ids = {user.login: user.id for user in session.query(User)}
    people = {name: ids[who.login] for name, who in (hall.people | hall.experts).items()}
    people["pool-officer"] = officer.id
    roles = {"buyer": "tenderer", "delegate": "tenderer", "nobody": ""} | dict.fromkeys(
        hall.experts, "expert"
    )
    with asked_hall(hall.draws) as made:
        filled = {"code": hall.code, "tender": hall.code, "purpose": "panel", "number": "1", "topic": "tender",
                  "name": "policy", "/pool/experts/{number} number": next(iter(hall.experts))}  # fmt: skip
        doors = Doors(hall.draws, made.make_wsgi_app(), signed_in(hall.draws, people), [], filled)
        counting(doors, made.registry["sessions"].kw["bind"])
        yield Watched(hall, doors, made, {name: roles.get(name, name) for name in doors.readers})


def test_nobody_learns_who_was_drawn_before_the_result(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    hall = watched.hall
    demanded = hall.ask()["demand"]
    watched.seen_by("regulator", only=SHOWN)  # once, for what is remembered of a first look
    before, stored = office_pages(watched), watched.stored()
    channel = hall.registry["queue"].pubsub()
    channel.psubscribe("*")
    with capture_logs() as said:
        hall.approve(demanded)
        hall.draws.to_the_freeze()
        hall.draws.work()
        hall.site.call_all()
    assert len(hall.seated()) == 4
    nothing_written(watched, stored)
    assert office_pages(watched) == before, (
        "pages of pool and accounts are the same, and what it takes to make them"
    )
    nothing_said(watched, str(said) + caplog.text + "".join(map(str, pushed(channel))))
    nothing_in_files(watched)
    told_to_no_outsider(watched, OUTSIDE)
    the_drawn_see_what_the_others_see(watched)
    sit_down(hall)
    assert office_pages(watched) == before, "who sits is counted as a session once the names are public"
    told_to_no_outsider(watched, BUYERS)
    the_regulator_is_alerted(watched)


def office_pages(watched: Watched) -> Seen:
    """What those see who may see the pool or the accounts."""
    return watched.seen_by(*OFFICE, only=SHOWN)


def pushed(channel: Any) -> Iterator[Any]:
    """What the queue server has told on any channel."""
    while (message := channel.get_message(timeout=0.1)) is not None:
        yield message


def nothing_written(watched: Watched, before: set[tuple[str, bytes]]) -> None:
    """No row that a draw adds, changes or takes away names anybody, nor does it lead to a row that does."""
    changed = before ^ watched.stored()
    assert {"draw", "draw_slip", "draw_wave", "panel", "panel_demand"} <= {name for name, _row in changed}
    lying = raw(b"\n".join(row for _name, row in changed))
    assert found(lying, watched.everything + watched.keys) == []


def nothing_said(watched: Watched, text: str) -> None:
    assert found(text.encode(), watched.everything) == []


def nothing_in_files(watched: Watched) -> None:
    """Queue server, file store, log, and the files of an export: of the device nothing is here, it stands elsewhere."""
    registry = watched.hall.registry
    folders = [Path(registry.settings[name]) for name in ("file_store.folder", "ledger.folder")]
    lying = [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    lying += [key + (registry["queue"].dump(key) or b"") for key in registry["queue"].keys("*")]
    with watched.hall.draws.db() as session:
        lying += [file.content for file in showing.files(session, registry["keys"], watched.hall.code)]
    assert len(lying) > 15
    assert found(b"\n".join(lying), watched.everything) == []


def told_to_no_outsider(watched: Watched, readers: tuple[str, ...]) -> None:
    seen = watched.seen_by(*readers)
    assert sum(answer[0] == 200 for answer in seen.values()) > 15 * len(readers)
    naming = {key[0] for key, answer in seen.items() if any(one in answer[1] for one in watched.everything)}
    assert {door for door in naming if not SHOWN.fullmatch(door)} == set()


def the_drawn_see_what_the_others_see(watched: Watched) -> None:
    """Whoever was drawn knows it by telephone; whoever looks over a shoulder, or at how long a page takes, sees nothing."""
    drawn = watched.hall.seated()[0]
    other = next(number for number in watched.hall.experts if number not in watched.hall.seated())
    pages = {}
    for number in (drawn, other):
        pages[number] = {
            key[0]: (answer[0], without(answer[1], watched.secrets[number]), *answer[2:4])
            for key, answer in watched.seen_by(number).items()
            if not re.match("GET (/api)?/(account|certificates)", key[0])  # keys of one's own
        }
    assert len(pages[drawn]) > 20
    assert pages[drawn] == pages[other]


def the_regulator_is_alerted(watched: Watched) -> None:
    """Whoever tries is named on the regulator's desk, and stands in the ledger."""
    hall, card = watched.hall, "/supervision/names"
    known = len(hall.entries("names.refused"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refused, "tell_apart", tell_apart)  # here it shall leave its trace
        hall.people["agent"].get(hall.api("/panel/names"), 403)
    assert len(hall.entries("names.refused")) == known + 1
    assert card in watched.doors.ask("GET /desk", "regulator")[1]
    assert card not in watched.doors.ask("GET /desk", "agent")[1]
    with hall.draws.db() as session:
        (name,) = session.query(User.name).filter_by(login=hall.people["agent"].login).one()
    assert name in watched.doors.ask("GET /supervision/names", "regulator")[1]


def without(text: str, secrets: list[str]) -> str:
    """A page without what names its own reader."""
    for secret in (*secrets, secrets[1].removeprefix("Person ")):
        text = text.replace(secret.removesuffix("<"), "")
    return text


def sit_down(hall: PanelHall) -> None:
    """Everybody comes, promises, and the experts choose their head."""
    delegate = hall.people["delegate"]
    hall.people["buyer"].post(
        hall.api("/panel/representatives"), {"logins": [delegate.login], "letter": "…"}, 201
    )
    seats = []
    for number in hall.seated():
        assert hall.arrive(number) == "known"
        seats.append(hall.sign_in(hall.experts[number])["seat"])
    hall.sign_in(delegate)
    for number in hall.seated():
        with contextlib.suppress(AssertionError):
            if hall.experts[number].post(hall.api("/panel/head"), {"seat": seats[0]}).json["chosen"]:
                break
    assert hall.experts[hall.seated()[0]].get(hall.api("/evaluation")).json["state"] == "evaluating"
