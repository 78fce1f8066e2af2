"""A committee that is drawn: from the demand to the last signature, and what is refused on the way."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import text

from expert_pool.experts import service as experts
from expert_pool.experts.models import ExpertSession
from expert_pool.selection import service
from expert_pool.selection.models import NameRefusal, Panel
from expert_pool.selection.site import the_site
from tests.expert_pool.selection.hall import OTHER_TAG, PanelHall, make_panel_hall, url64
from trading.draws.names import NamesError, open_names
from trading.draws.service import draws_of, openings_of, params_of
from trading.draws.showing import files
from trading.errors import Refused
from trading.evidence import evidence_of
from trading.ledger import canonical


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PanelHall:
    return make_panel_hall(config, tmp_path, monkeypatch)


def code_of(answer: Any) -> str:
    return str(answer["code"])


def test_a_committee_is_drawn_called_filled_up_replaced_and_seated(
    config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = make_panel_hall(config, tmp_path, monkeypatch, others=5)
    hall.site.answers = dict.fromkeys(sorted(hall.experts)[:5], "D")
    hall.ready()
    assert hall.people["agent"].get(hall.api("/panel/draw")).json["state"] == "short"
    second = fill_up(hall)
    hall.people["buyer"].post(
        hall.api("/panel/representatives"), {"logins": [hall.people["delegate"].login], "letter": "…"}, 201
    )
    assert len(hall.seated()) == 4 and not set(hall.seated()) & set(hall.site.answers)
    first = next(number for ann, number in hall.site.accepted if ann == second)
    assert hall.arrive(first) == "known"
    unsigned = hall.experts[first].post(hall.api("/panel/sign-in"), {"interest": "My wife works there"}, 422)
    assert code_of(unsigned.json) == "panel.unsigned"
    page = hall.experts[first].get(f"/tenders/{hall.code}/evaluation").text
    word = hall.experts[first].get(hall.api("/panel/promise")).json["aside"]
    assert page.count("data-sign-base64") == 2 and f'data-sign-base64="{word}"' in page
    assert hall.step_aside(hall.experts[first])["recused"]
    [left] = hall.entries("panel.member-recused")
    assert len(left["statement"]) == len(left["p7s"]) == 64
    assert hall.site.call_all() == 1
    present = [number for number in hall.seated() if number != first]
    assert len(present) == 4
    for number in present:
        assert hall.arrive(number) == "known"
        hall.sign_in(hall.experts[number])
    hall.sign_in(hall.people["delegate"])
    assert hall.people["agent"].get(hall.api("/panel")).json["complete"]
    mine = hall.experts[present[0]]
    seat = hall.sign_in(mine)["seat"]
    chosen = [
        hall.experts[n].post(hall.api("/panel/head"), {"seat": seat}).json["chosen"] for n in present[:3]
    ]
    assert chosen == [False, False, True]
    said = hall.entries("panel.seated")[0]
    with hall.draws.db() as session:
        panel = session.query(Panel).one()
        members = canonical.loads(service.document_of(hall.registry["keys"], panel))["members"]
        assert said["panel"] == panel.panel_sha256
    drawn = {h for result in hall.results().values() for row in result["panel"].values() for h in row}
    assert {row["handle"] for row in members if row["role"] == "expert"} == drawn
    assert [row["role"] for row in members].count("purchaser") == 1
    assert sum(row["head"] for row in members) == 1
    assert mine.get(hall.api("/evaluation")).json["state"] == "evaluating"
    drawn = a_member_is_replaced_in_the_middle(hall, present, second)
    after_the_result_notice_the_members_are_known_and_nobody_else(hall, drawn)


def a_member_is_replaced_in_the_middle(hall: PanelHall, present: list[str], second: str) -> set[str]:
    """By the buyer's order, while the committee reviews: the draw goes on in its order, and the next one takes over (Order
    87 art. 49). Returns the handles that are seated then."""
    agent, head = hall.people["agent"], hall.experts[present[0]]
    gone = next(number for ann, number in hall.site.accepted if ann == second and number in present)
    order = {"ground": "illness", "reason": "突发疾病", "document": url64(b"a doctor's note")}
    wrong = agent.post(hall.api("/panel/replacements"), {**order, "seat": 99}, 422).json
    assert code_of(wrong) == "panel.not-seated"
    before = set(hall.seated())
    assert not replaced(hall, gone, order)["stuck"]
    hall.experts[gone].get(hall.api("/evaluation"), 403)
    assert head.get(hall.api("/evaluation")).json["phase"] == "replacement"
    assert hall.site.call_all() == 1
    came = taken_over(hall, before)
    [_first, again] = hall.entries("panel.seated")
    with hall.draws.db() as session:
        document = service.document_of(hall.registry["keys"], session.query(Panel).one())
    assert again["panel"] == hashlib.sha256(document).hexdigest()
    rows = {row.get("handle"): row.get("replaced", False) for row in canonical.loads(document)["members"]}
    assert rows.pop(hall.entries("panel.member-replaced")[0]["handle"]) and not any(rows.values())
    assert hall.experts[came].get(hall.api("/evaluation")).json["phase"] == "qualification"
    with hall.draws.db() as session:
        assert session.query(ExpertSession).count() == 5, "four experts have served, and who took over"
    return set(rows) - {None}


def replaced(hall: PanelHall, number: str, order: dict[str, Any]) -> Any:
    seat = hall.experts[number].get(hall.api("/evaluation")).json["seat"]
    agent = hall.people["agent"]
    return agent.post(hall.api("/panel/replacements"), order | {"seat": seat}, 201).json


def taken_over(hall: PanelHall, known: set[str]) -> str:
    """Who was called in somebody's place comes and sits down."""
    [came] = set(hall.seated()) - known
    assert hall.arrive(came) == "known"
    hall.sign_in(hall.experts[came])
    return came


def fill_up(hall: PanelHall) -> str:
    """Three accepted: another demand for the seat that is empty, and for no more; returns the second draw."""
    wrong = hall.ask(422, strata=[{"quota": 2, "tag": OTHER_TAG}])
    assert [fault["code"] for fault in wrong["faults"]] == ["demand.strata"]
    ann = hall.draw(strata=[{"quota": 1, "tag": OTHER_TAG}])
    row = hall.site.wanted()["calls"][0]
    assert (row["draw"], row["params"]["prev"], len(row["earlier"])) == (ann, hall.result_hashes()[0], 1)
    hall.site.call_all()
    assert hall.people["agent"].get(hall.api("/panel/draw")).json["state"] == "ready"
    return ann


def after_the_result_notice_the_members_are_known_and_nobody_else(hall: PanelHall, drawn: set[str]) -> None:
    for state in ("failed", "cancelled", "result_published"):
        assert not hall.site.wanted()["open"], "no result notice, no names"
        hall.people["bidder"].get(hall.api("/panel/names"), 403)
        with hall.draws.db() as session:
            session.execute(text("UPDATE tender SET state = :state"), {"state": state})
    hall.site.hand_over()
    opened = {handle for entry in hall.entries("draw.opened") for handle in entry["openings"]}
    assert opened == drawn
    assert hall.people["bidder"].get(hall.api("/panel/names")).json["names"]
    with hall.draws.db() as session:
        assert len(openings_of(hall.registry["keys"], draws_of(session, hall.code, "panel")[0])) == len(
            hall.experts
        )
    assert not hall.site.wanted()["open"]


# --- what is refused ------------------------------------------------------------------------------------

UNLAWFUL = [
    ({"members": 4}, "demand.members"),
    ({"experts": 3, "strata": [{"quota": 3, "tag": "B03.01.01"}]}, "demand.experts"),
    ({"strata": [{"quota": 4, "tag": "C02.01.01"}]}, "demand.too-few"),
    ({"session": {"at": "2020-01-01T00:00:00Z", "place": "三楼"}}, "demand.past"),
    ({"session": {"at": "2099-01-01T00:00:00Z", "place": "某公司"}}, "demand.place"),
    ({"session": {"at": "9999-12-31T23:59:59Z", "place": "三楼"}}, "form.value_error"),
    ({"session": {"at": "0001-01-01T00:00:00+14:00", "place": "三楼"}}, "form.value_error"),
]


def test_a_draw_cannot_be_bent_and_its_names_cannot_be_learnt(hall: PanelHall) -> None:
    names_that_no_certificate_has(hall)
    for changes, code in UNLAWFUL:
        faults = hall.ask(422, **changes)["faults"]
        assert code in [fault["code"] for fault in faults]
    demanded = hall.ask()["demand"]
    assert hall.approve(demanded, "agent", 403)
    first = hall.approve(demanded)["draw"]
    assert code_of(hall.approve(demanded, status=422)) == "panel.complete"
    assert hall.ask(422)["code"] == "panel.complete"
    hall.draws.to_the_freeze()
    hall.draws.work()
    a_wave_is_of_those_who_were_asked(hall)
    hall.registry.settings["panel.answer_seconds"] = "60"  # the call that is out keeps its window
    nobody_can_read_the_names(hall)
    hall.site.call_all()
    assert hall.ask(422)["code"] == "panel.complete"
    what_the_device_signed_is_kept(hall)
    nobody_learns_a_name_at_a_door(hall)
    only_who_was_drawn_gets_a_seat(hall)
    assert [
        draw["draw"] for draw in hall.people["regulator"].get(hall.api("/panel/demands")).json["demands"]
    ] == [first]


def names_that_no_certificate_has(hall: PanelHall) -> None:
    """The pool knows everybody by another name than their certificates."""
    with hall.draws.db() as session:
        for number in hall.experts:
            row, keys = experts.by_number(session, number), hall.registry["keys"]
            experts.seal_profile(
                keys, row, dataclasses.replace(experts.read(keys, row), name=f"佚名{number}")
            )


def a_wave_is_of_those_who_were_asked(hall: PanelHall) -> None:
    row = hall.site.wanted()["calls"][0]
    asked = [handle for _stratum, handle in row["call"]]
    strangers = [one["h"] for one in canonical.loads(drawn_rows(hall)) if one["h"] not in asked]
    outcomes, evidence = dict.fromkeys(asked, "A"), dict.fromkeys(asked, "00" * 32)
    for changes, code in [
        ({"outcomes": {**outcomes, strangers[0]: "A"}}, "site.strangers"),
        ({"outcomes": dict.fromkeys(strangers[:4], "A"), "evidence": dict.fromkeys(strangers[:4], "00" * 32)},
         "site.strangers"),
        ({"outcomes": dict.fromkeys(asked[1:], "A")}, "site.strangers"),
        ({"outcomes": dict.fromkeys(asked, "X")}, "site.outcome"),
        ({"outcomes": dict.fromkeys(asked, "R")}, "site.outcome"),
        ({"evidence": {}}, "site.evidence"),
        ({"evidence": {**evidence, asked[0]: ""}}, "site.evidence"),
        ({"number": 1}, "site.wave-number"),
        ({"until": row["until"] - 60}, "site.document"),
    ]:  # fmt: skip
        answer = hall.site.post("/api/site/waves", hall.site.wave(row, **changes), 422)
        assert code_of(answer) == code
    forged = hall.site.wave(row) | {"p7s": hall.draws.services["draw-audit"].signed(b"x")["p7s"]}
    assert code_of(hall.site.post("/api/site/waves", forged, 422)) == "site.signature"


def what_the_device_signed_is_kept(hall: PanelHall) -> None:
    """Whoever reads the bundle can hold the log's answers against the device's own word, and the window of the call."""
    (wave,), (called, _nobody) = hall.entries("draw.wave"), hall.entries("draw.called")
    with hall.draws.db() as session:
        kept = {file.path: file.content for file in files(session, hall.registry["keys"], hall.code)}
        certificates = {row.sha256 for row in evidence_of(session, hall.code) if row.kind == "cert"}
    path = f"draws/{wave['draw']}/waves/{wave['wave']}"
    signed = canonical.loads(kept[f"{path}.json"])
    assert (signed["outcomes"], signed["evidence"]) == (wave["outcomes"], wave["evidence"])
    assert signed["until"] == wave["until"] == called["until"]
    assert hashlib.sha256(kept[f"{path}.p7s"]).hexdigest() == wave["p7s"]
    (announced,) = hall.entries("draw.announced")
    assert announced["caller"] == the_site(hall.registry.settings).cert_sha256
    assert announced["caller"] in certificates


def drawn_rows(hall: PanelHall) -> bytes:
    with hall.draws.db() as session:
        return bytes(draws_of(session, hall.code, "panel")[0].rows)


def nobody_can_read_the_names(hall: PanelHall) -> None:
    """Not with the database in hand, not with the hall's own keys besides, not in the operator's shell."""
    with hall.draws.db() as session:
        tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        people = session.execute(text("SELECT login, name FROM user_account")).all()
        for table in tables:
            if table.startswith(("draw", "panel", "promise", "outbox", "evidence", "stage")):
                rows = [
                    b"|".join(map(plainly, row)) for row in session.execute(text(f"SELECT * FROM {table}"))
                ]
                kept = b"\n".join(rows)
                for number, someone in hall.experts.items():
                    name = next(row.name for row in people if row.login == someone.login)
                    for secret in (number, someone.login, name, "佚名"):
                        assert secret.encode() not in kept, (table, secret)
        draw = draws_of(session, hall.code, "panel")[0]
        keys = hall.registry["keys"]
        with pytest.raises(Refused):
            openings_of(keys, draw)
        assert draw.names is not None
        master = (hall.draws.state / "master.key").read_bytes()
        held = [master, *(v for v in vars_of(keys) if isinstance(v, bytes) and len(v) == 32)]
        for seed in held:
            for reader in ("site", "regulator"):
                with pytest.raises(NamesError):
                    open_names(params_of(draw), reader, seed, draw.names)


def vars_of(keys: Any) -> list[Any]:
    return [getattr(keys, one.name) for one in dataclasses.fields(keys)]


def plainly(value: Any) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def nobody_learns_a_name_at_a_door(hall: PanelHall) -> None:
    expert = next(iter(hall.experts.values()))
    askers = [hall.people[name] for name in (
        "agent", "buyer", "operator", "bidder", "regulator", "system-admin", "security-admin", "audit-admin",
    )]  # fmt: skip
    for who in [*askers, expert]:
        assert who.get(hall.api("/panel/names"), 403)
        known = who.get(hall.api("/panel/draw"), "*").json
        assert who.get(f"/draws/{hall.code}/panel/1", 404 if who is not hall.people["regulator"] else 200)
        assert known.get("state") in ("ready", None)
        assert not set(hall.experts) & set(str(known).split("'"))
        assert who.get(f"/api/draws/{'00' * 32}/transcript", 404)
    wrong = hall.draws.services["draw-audit"]
    for body in ({"document": "AAAA", "p7s": "AAAA"}, wrong.signed(b"{}")):
        assert code_of(hall.site.post("/api/site/wanted", body, 422)) == "site.question"
    said = {
        "v": 1,
        "typ": "ebid.openings",
        "draw": hall.people["agent"].get(hall.api("/panel/draw")).json["draw"],
    }
    early = hall.site.signed(canonical.dumps(said | {"openings": "AAAA"}))
    assert code_of(hall.site.post("/api/site/openings", early, 422)) == "site.not-now"
    with hall.draws.db() as session:
        doors = [row.door for row in session.query(NameRefusal)]
    asked = len(askers) + 1
    known = [doors.count(door) for door in ("names", "draw", "site-wanted", "site-paper")]
    assert known == [asked, asked - 1, 1, 1], "a wave in the device's name too"
    assert len(hall.entries("names.refused")) == 2 * asked - 1


def only_who_was_drawn_gets_a_seat(hall: PanelHall) -> None:
    drawn = hall.seated()
    stranger = next(number for number in hall.experts if number not in drawn)
    visits = {n: hall.experts[n].post("/api/panel/here", {}, 201).json["visit"] for n in (drawn[0], stranger)}
    rows = {row["expert"]: row for row in hall.site.wanted()["arrivals"]}
    for number, visit in visits.items():
        assert hall.experts[number].get(f"/api/panel/here/{visit}").json == {
            "state": "waiting",
            "tender": None,
        }
    assert hall.experts[stranger].get(f"/api/panel/here/{visits[drawn[0]]}", 404)
    own = hall.site.opening(rows[drawn[0]])
    other = hall.site.accepted[rows[drawn[0]]["draw"], drawn[1]]
    forged = {**own, "record": own["record"] | {"id": stranger}}
    for row, opening in (
        (rows[stranger], own), (rows[stranger], forged), (rows[drawn[0]], other), (rows[drawn[0]], {"h": own["h"]}),
    ):  # fmt: skip
        answer = hall.site.post("/api/site/arrivals", hall.site.arrival(row, opening), 422)
        assert code_of(answer) == "site.opening"
    hall.site.answer_all()
    assert hall.experts[drawn[0]].get(f"/api/panel/here/{visits[drawn[0]]}").json["state"] == "known"
    assert hall.experts[stranger].get(f"/api/panel/here/{visits[stranger]}").json["state"] == "refused"
    again = hall.site.arrival(rows[stranger], None)
    assert code_of(hall.site.post("/api/site/arrivals", again, 422)) == "site.arrival"
    assert hall.sign_in_fails(hall.experts[stranger]) == "panel.not-yours"
    for number in (stranger, drawn[1]):  # not drawn; drawn, and not come
        answer = hall.experts[number].post(hall.api("/panel/sign-in"), {}, 422).json
        assert code_of(answer) == "panel.not-yours"
    assert code_of(hall.sign_in(hall.experts[drawn[0]], 422, phone=False)) == "panel.phone"
    assert code_of(hall.sign_in(hall.experts[drawn[0]], 422)) == "signature.other-person"
    hall.registry.settings["panel.addresses"] = "10.1.0.0/16"
    assert code_of(hall.experts[stranger].post("/api/panel/here", {}, 422).json) == "panel.elsewhere"
    assert code_of(hall.sign_in(hall.experts[drawn[0]], 422)) == "panel.elsewhere"
    with hall.draws.db() as session:
        doors = [row.door for row in session.query(NameRefusal)]
        # No seat, not in the rooms; not drawn, not come, another's certificate.
        assert (doors.count("arrival"), doors.count("sign-in")) == (2, 3)
