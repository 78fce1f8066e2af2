"""The pages of a replacement: the buyer orders it with a document, the committee waits, and it can be stopped."""

from __future__ import annotations

from typing import Any

import transaction
from pyramid.config import Configurator
from webtest import TestApp, Upload

from bidding.vault.encoding import b64
from tests.bidding.evaluation.hall import make_hall
from tests.bidding.evaluation.room import Room
from tests.bidding.evaluation.scoring_room import SCORED, lock, reviewed
from tests.bidding.evaluation.test_replacement import open_prices
from tests.helpers import log_in, make_user


def english(browser: TestApp) -> TestApp:
    browser.extra_environ["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


def test_the_buyer_replaces_a_member_and_stops_when_nobody_can_be_had(
    app: TestApp, config: Configurator
) -> None:
    hall = make_hall(app, config, before=reviewed, rules=SCORED)
    agent = english(log_in(app, config, hall.agent.user))
    panel, room = f"/tenders/{hall.code}/panel", f"/tenders/{hall.code}/evaluation"
    form = ordering(agent.get(panel, status=200), "replacements")
    form["seat"], form["reason"] = "2", "Taken to hospital"
    wrong = form.submit(status=422)
    assert "Choose why the member is replaced" in wrong and "Choose the document" in wrong
    form = ordering(wrong, "replacements")
    assert form["reason"].value == "Taken to hospital" and form["seat"].value == "2"
    form["ground"], form["document"] = "illness", Upload("note.txt", b"a doctor's note", "text/plain")
    shown = form.submit(status=303).follow(status=200)
    assert "nobody is on the way to it" in shown and "replaced" in shown
    assert "A seat of the committee is empty" in agent.get("/desk", status=200)
    left = english(log_in(app, config, hall.room.people[2]))
    assert "A member is being replaced" in left.get(room, status=200)
    gone = english(log_in(app, config, hall.room.people[1]))
    assert "You have been replaced" in gone.get(room, status=200)
    assert hall.members[2].get("/evaluation")["phase"] == "replacement"
    assert hall.members[2].post("/evaluation/scores/draft", {"scores": []}, 422)["code"] == "score.not-now"
    hall.members[1].get("/evaluation", 403)
    stop = ordering(shown, "stop")
    stop["reason"], stop["document"] = "Nobody can come", Upload("list.txt", b"all declined", "text/plain")
    again = stop.submit(status=303).follow(status=200)
    with transaction.manager:
        session = config.registry["sessions"]()
        user = make_user(session, "regulator", keys=config.registry["keys"])
        session.flush()
        session.expunge_all()
    assert "1 members replaced in the last 30 days" in english(log_in(app, config, user)).get(
        "/desk", status=200
    )
    assert "No list has been imported yet" in again
    english(left).get(room, status=403)


def ordering(page: Any, what: str) -> Any:
    return next(form for form in page.forms.values() if form.action.endswith(f"/panel/{what}"))


def test_no_score_is_shown_while_the_seat_of_the_last_member_who_had_not_locked_is_empty(
    app: TestApp, config: Configurator
) -> None:
    hall = make_hall(app, config, before=four_of_five, rules=SCORED)
    seen = hall.members[0].get("/evaluation/scores")
    assert seen["locked"] == 4 if isinstance(seen["locked"], int) else len(seen["locked"]) == 4
    assert seen["sheets"] is None
    document = b64(b"a doctor's note")
    order = {"seat": 5, "ground": "illness", "reason": "Ill", "file_name": "n.txt", "document": document}
    hall.agent.post("/panel/replacements", order)
    assert hall.members[0].get("/evaluation/scores")["sheets"] is None


def four_of_five(room: Room) -> None:
    reviewed(room)
    for user in room.people[:4]:
        lock(room, user)


def test_a_recount_that_contradicts_known_prices_is_told_to_buyer_and_committee(
    app: TestApp, config: Configurator
) -> None:
    hall = make_hall(app, config, before=contradicted, rules=SCORED)
    agent = english(log_in(app, config, hall.agent.user))
    assert "The recount contradicts the prices" in agent.get("/desk", status=200)
    panel = agent.get(f"/tenders/{hall.code}/panel", status=200)
    assert "others pass the review than those whose prices are known" in panel
    assert "nobody is on the way" not in panel and "nobody can be had" not in panel
    member = english(log_in(app, config, hall.room.people[2]))
    assert "You need do nothing more" in member.get(f"/tenders/{hall.code}/evaluation", status=200)
    assert hall.members[2].get("/evaluation")["phase"] == "recount"
    stop = ordering(panel, "stop")
    stop["reason"], stop["document"] = "Counted anew", Upload("count.txt", b"the votes", "text/plain")
    assert "No list has been imported yet" in stop.submit(status=303).follow(status=200)


def contradicted(room: Room) -> None:
    """The prices of all but one were opened, and all pass."""
    room.seat_all()
    room.all_vote("qualification")
    open_prices(room, [party.uscc for party in room.bidders[1:]])
