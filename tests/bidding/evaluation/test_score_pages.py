"""The pages of scoring, and that nobody sees another's sheet before all are locked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from bidding.vault.encoding import unb64
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.hall import Hall, Program, make_hall
from tests.bidding.evaluation.scoring_room import PLAIN, SCORED, reviewed
from tests.doors.test_dump import dump, found, raw
from tests.helpers import hall_user, log_in

ODD = "43.4321"
"""A score that stands nowhere by chance."""


@pytest.fixture
def hall(app: TestApp, config: Configurator) -> Hall:
    """A hall whose committee is about to score three bids."""
    sheets = [sheet("9000.00"), sheet("10000.00"), sheet("11000.00")]
    return make_hall(app, config, sheets, reviewed, rules=SCORED)


def scores(hall: Hall, changes: Mapping[tuple[int, str], str] = {}) -> list[dict[str, Any]]:  # noqa: B006
    return [
        {
            "bid": party.uscc,
            "item": item,
            "score": changes.get((n, item), score),
            "reason": "seen on the sample",
        }
        for n, party in enumerate(hall.room.bidders)
        for item, score in PLAIN.items()
    ]


def signed(member: Program, path: str, body: Any) -> Any:
    raw = member.post(f"/evaluation/{path}/draft", body)["raw"]
    return member.post(f"/evaluation/{path}", {"raw": raw, "cms": member.sign(unb64(raw))})


def browser(hall: Hall, config: Configurator, number: int) -> TestApp:
    found = log_in(hall.app, config, hall.room.people[number])
    found.extra_environ["HTTP_ACCEPT_LANGUAGE"] = "en"
    return found


def test_a_member_without_script_saves_sees_every_fault_and_locks(hall: Hall, config: Configurator) -> None:
    page = browser(hall, config, 0)
    room = page.get(f"/tenders/{hall.code}/evaluation", status=200)
    assert "Score now" in room
    form = page.get(f"/tenders/{hall.code}/evaluation/scores", status=200).forms["scores"]
    form["score-0-0"] = "61"
    form["why-score-0-0"] = "checked on the sample"
    form = form.submit("act", value="save", status=303).follow(status=200).forms["scores"]
    assert form["score-0-0"].value == "61" and form["why-score-0-0"].value == "checked on the sample"
    wrong = form.submit("act", value="sign", status=422)
    assert "The score is above the maximum of 50" in wrong
    assert wrong.text.count("Give a score") == 2 * 2, (
        "in the summary and beside the fields, not what is prefilled"
    )
    form = wrong.forms["scores"]
    for bid in range(3):
        assert form[f"score-{bid}-1"].value == "10"
        form[f"score-{bid}-0"] = "9"
    form["score-1-1"] = "5"
    wrong = form.submit("act", value="sign", status=422)
    assert "The stated fact gives 10: write why you give other points" in wrong
    form = wrong.forms["scores"]
    form["score-1-1"] = "10"
    check = form.submit("act", value="sign", status=200)
    sign = next(form for form in check.forms.values() if "cms" in form.fields)
    raw = unb64(sign["raw"].value)
    assert {entry["reason"] for entry in json.loads(raw)["scores"]} == {"checked on the sample", ""}
    sign["cms"] = hall.members[0].sign(raw)
    done = sign.submit(status=303).follow(status=200)
    assert "Your scores are signed and locked" in done
    page.get(f"/tenders/{hall.code}/evaluation/scores", status=303)


def test_a_save_over_a_newer_version_shows_both(hall: Hall, config: Configurator) -> None:
    page = browser(hall, config, 0)
    form = page.get(f"/tenders/{hall.code}/evaluation/scores", status=200).forms["scores"]
    hall.members[0].post("/evaluation/scores/save", {"base": 0, "scores": scores(hall, {(0, "T"): "33"})})
    form["score-0-0"] = "44"
    clash = form.submit("act", value="save", status=409)
    assert "Newer scores of yours" in clash and "other window: 33" in clash
    form = clash.forms["scores"]
    assert form["score-0-0"].value == "44"
    form.submit("act", value="save", status=303)
    problem = hall.members[0].post("/evaluation/scores/save", {"base": 1, "scores": scores(hall)}, 409)
    assert problem["code"] == "score.conflict" and problem["newest"]["version"] == 2


def test_reasons_and_corrections_are_given_on_the_page_of_locked_scores(
    hall: Hall, config: Configurator
) -> None:
    bids = [party.uscc for party in hall.room.bidders]
    for number, member in enumerate(hall.members):
        signed(
            member, "scores", {"scores": scores(hall, {(0, "T"): "9", (1, "O"): "5"} if number == 2 else {})}
        )
    page = browser(hall, config, 2)
    address = f"/tenders/{hall.code}/evaluation/scores/settle"
    assert "waits for its reason" in page.get(f"/tenders/{hall.code}/evaluation", status=200)
    form = form_of(page.get(address, status=200), "reason", bids[0])
    assert "Write the reason" in form.submit(status=422)
    form["reason"] = "The sample was louder than stated"
    file(form.submit(status=200), hall.members[2])
    form = form_of(page.get(address, status=200), "correction", bids[1])
    form["after"], form["reason"] = "10", "Certificate checked"
    file(form.submit(status=200), hall.members[2])
    assert hall.members[0].get("/evaluation")["phase"] == "report"


def form_of(page: Any, kind: str, bid: str) -> Any:
    return next(
        form
        for form in page.forms.values()
        if "kind" in form.fields and (form["kind"].value, form["bid"].value) == (kind, bid)
    )


def file(page: Any, member: Program) -> None:
    form = next(form for form in page.forms.values() if "cms" in form.fields)
    form["cms"] = member.sign(unb64(form["raw"].value))
    form.submit(status=303)


def test_nobody_sees_a_sheet_of_another_before_all_are_locked(hall: Hall, config: Configurator) -> None:
    """Whatever is asked: pages, programs' answers, the ledger; by members, agent, bidder, operator, regulator."""
    readers = [log_in(hall.app, config, user) for user in (
        hall.room.people[1], hall.agent.user, hall.bidders[0].user,
        *(hall_user(config, role) for role in ("operator", "regulator")),
    )]  # fmt: skip
    before = [seen(hall, reader) for reader in readers]
    hall.members[4].post("/evaluation/scores/save", {"base": 0, "scores": scores(hall, {(0, "T"): ODD})})
    assert [seen(hall, reader) for reader in readers[:2]] == before[:2], "a draft can be noticed"
    for member in hall.members[2:]:
        signed(member, "scores", {"scores": scores(hall, {(0, "T"): ODD})})
    for reader in readers:
        answers = seen(hall, reader)
        assert ODD not in answers and "43.43" not in answers
    lying = dump(config.registry.settings["database.url"])
    assert {table for table, rows in lying.items() if found(raw(rows), [ODD])} == set(), "a dump tells scores"
    for member in hall.members[:2]:
        assert member.get("/evaluation/scores")["sheets"] is None
        assert member.get("/evaluation/scores")["scores"] == []
        signed(member, "scores", {"scores": scores(hall)})
    opened = hall.members[0].get("/evaluation/scores")["sheets"]
    assert sum(entry["score"] == ODD for entries in opened.values() for entry in entries) == 3


ADDRESSES = (
    "/tenders/{code}/evaluation", "/tenders/{code}/evaluation/scores", "/tenders/{code}/evaluation/scores/settle",
    "/tenders/{code}/evaluation/report", "/api/tenders/{code}/evaluation", "/api/tenders/{code}/evaluation/scores",
    "/api/tenders/{code}/evaluation/report", "/api/tenders/{code}/panel", "/tenders/{code}/panel", "/desk",
    "/supervision/{code}", "/tenders/{code}", "/api/tenders/{code}",
)  # fmt: skip


def seen(hall: Hall, reader: TestApp) -> str:
    """Everything that a reader gets about the tender, without what changes by itself."""
    answers = [reader.get(each.format(code=hall.code), expect_errors=True) for each in ADDRESSES]
    text = "\n".join(f"{answer.status_int} {answer.text}" for answer in answers)
    text = re.sub(r'(csrf[_-]token"[^>]*(?:value|content)=)"[^"]*"', r"\1", text)
    return re.sub(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?", "", text)


def test_only_the_head_sees_who_has_locked_and_never_what(hall: Hall, config: Configurator) -> None:
    signed(hall.members[2], "scores", {"scores": scores(hall, {(0, "T"): ODD})})
    head, other = browser(hall, config, 0), browser(hall, config, 1)
    shown = head.get(f"/tenders/{hall.code}/evaluation", status=200)
    assert "1 / 5" in shown and shown.text.count("is scoring") == 4 and ODD not in shown
    assert "who has locked" not in other.get(f"/tenders/{hall.code}/evaluation", status=200)
    assert hall.members[1].get("/evaluation")["scoring"]["locked"] == 1


def test_only_a_seated_member_scores(hall: Hall) -> None:
    for outsider in (hall.agent, hall.bidders[0]):
        outsider.get("/evaluation/scores", 403)
        outsider.post("/evaluation/scores/save", {"base": 0, "scores": []}, 403)
        outsider.post("/evaluation/scores/draft", {"scores": []}, 403)
