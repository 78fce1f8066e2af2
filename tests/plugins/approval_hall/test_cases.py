"""Cases through the services: told once, accepted with gaps, handled in parallel, decided by who may, sealed, closed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.orm import Session

from plugins.approval_hall import cases, place
from plugins.approval_hall.catalogue import publishing
from plugins.approval_hall.handling import deciding, service
from plugins.approval_hall.intake import gaps
from plugins.approval_hall.intake import service as intake
from plugins.approval_hall.papers import documents
from plugins.approval_hall.staff import granting, posts, powers
from plugins.x509_signatures.signer import FileSigner
from tests.pki import Pki
from tests.plugins.approval_hall.scene import FILE, Quick, form_of
from tests.plugins.approval_hall.test_items import TINY
from tests.texting import telephones
from trading.accounts.models import Certificate
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import ISignatureVerifier
from trading.periods import add_days, beijing_date, the_calendar


@pytest.fixture
def scene(session: Session, tmp_path: Path) -> Quick:
    return Quick(session, tmp_path)


def begun(scene: Quick, *keys: str, channel: str = "online") -> str:
    """A draft with these papers; its number."""
    who = "applicant" if channel == "online" else "clerk"
    number: str = scene.do(
        who,
        lambda db, actor: (
            intake.draft(
                db,
                scene.registry,
                actor,
                scene.item.code,
                scene.party.id,
                form_of(scene),
                "示例小学",
                channel,
            ).number
        ),
    )
    for key in keys:
        scene.act(who, intake.deliver, number, key, *FILE)
    return number


def filed(scene: Quick, *keys: str) -> str:
    number = begun(scene, *keys)
    scene.act("applicant", intake.submit, number)
    return number


def codes(scene: Quick, name: str, act: object, number: str, *given: object) -> list[str]:
    """What an act is refused for."""
    with pytest.raises(Refused) as refused:
        scene.act(name, act, number, *given)
    return [fault.code for fault in refused.value.faults]


def test_an_applicant_is_told_once_and_a_second_notice_of_an_old_gap_is_refused_and_counted(
    scene: Quick,
) -> None:
    number = filed(scene, "application", "land", "environment")
    assert codes(scene, "clerk", intake.accept, number) == ["hall.accept"]
    scene.act("clerk", intake.tell, number, {"land": "没有盖章"})
    case = scene.case(number)
    assert (case.state, case.kind) == ("supplementing", "supplement")
    assert codes(scene, "applicant", intake.submit, number) == ["hall.still-missing"] * 2
    for key in ("land", "water"):
        scene.act("applicant", intake.deliver, number, key, *FILE)
    scene.act("applicant", intake.submit, number)
    assert scene.case(number).kind == "joint"
    assert codes(scene, "clerk", intake.tell, number, {"application": "缺页"}) == ["hall.told-twice"]
    scene.act("clerk", intake.tell, number, {"land": "新交的仍不清楚"})
    assert [type for type, _ in scene.entries(number)].count("hall.told") == 2
    scene.act("applicant", intake.deliver, number, "land", *FILE)
    scene.act("applicant", intake.submit, number)
    # water came between the first notice and the second, which did not name it
    assert codes(scene, "clerk", intake.tell, number, {"water": "也不清楚"}) == ["hall.told-twice"]


def test_silence_for_five_working_days_is_acceptance_from_receipt(scene: Quick) -> None:
    number = filed(scene, "application", "land")
    case = scene.case(number)
    assert case.tell_by is not None and case.filed_at is not None
    last = add_days("working_day", 5, beijing_date(case.filed_at), the_calendar())
    assert beijing_date(case.tell_by) == last + timedelta(days=1)
    due, case.tell_by = case.tell_by, case.filed_at
    case.filed_at -= timedelta(days=60)
    assert codes(scene, "clerk", intake.tell, number, {}) == ["hall.tell-late"]
    assert codes(scene, "clerk", intake.send_back, number, "不符合条件") == ["hall.tell-late"]
    scene.keep_promises(due)
    after = scene.case(number)
    assert (after.state, after.accepted_at) == ("accepted", case.filed_at)
    steps = scene.read(lambda db: cases.steps(db, after))
    scene.keep_promises(due)
    assert {step.state for step in steps} == {"running"}  # the departments have only just got it
    assert next(said for type, said in scene.entries(number) if type == "hall.accepted")["silent"] is True


def test_a_clerk_who_accepts_after_the_fifth_day_accepts_from_receipt(scene: Quick) -> None:
    number = filed(scene, "application")
    case = scene.case(number)
    assert case.filed_at is not None
    case.filed_at -= timedelta(days=30)
    case.tell_by = case.filed_at + timedelta(days=7)
    scene.act("clerk", intake.accept, number)
    assert scene.case(number).accepted_at == case.filed_at


def test_time_after_a_supplement_counts_from_the_papers_that_completed_it(scene: Quick) -> None:
    number = filed(scene, "application", "land", "environment")
    scene.act("clerk", intake.tell, number, {})
    case = scene.case(number)
    first = case.filed_at = case.filed_at - timedelta(days=60)  # type: ignore[operator]
    scene.act("applicant", intake.deliver, number, "water", *FILE)
    scene.act("applicant", intake.submit, number)
    assert case.filed_at is not None and case.filed_at - first > timedelta(days=59)


def test_gaps_are_accepted_against_a_signed_promise_where_the_item_lets_them_and_fail_when_they_do_not_come(
    scene: Quick,
) -> None:
    number = begun(scene, "application", channel="window")
    scene.act("clerk", intake.submit, number)
    assert codes(scene, "clerk", gaps.promise_gaps, number) == ["hall.unsigned"]
    scene.act("clerk", gaps.promise_gaps, number, b"", FILE)
    assert codes(scene, "clerk", intake.accept, number) == ["hall.accept"]  # the land paper may not follow
    scene.act("clerk", intake.deliver, number, "land", *FILE)
    scene.act("clerk", intake.accept, number)
    rows = scene.read(lambda db: cases.materials(db, cases.find(db, number)))
    due = rows["water"].due_at
    assert due is not None and rows["environment"].due_at == due
    last = add_days("working_day", 15, beijing_date(scene.case(number).accepted_at), the_calendar())  # type: ignore[arg-type]
    assert beijing_date(due) == last + timedelta(days=1)
    scene.act("clerk", intake.deliver, number, "environment", *FILE)
    scene.read(
        lambda db: setattr(
            cases.materials(db, cases.find(db, number))["water"], "due_at", scene.case(number).filed_at
        )
    )
    scene.keep_promises(due)
    told = [(type, said["material"]) for type, said in scene.entries(number) if type.startswith("hall.gap")]
    assert told == [("hall.gap-reminded", "water"), ("hall.gap-failed", "water")]
    phones = telephones(scene.registry)
    scene.party.phone = "13800001111"
    for what in ("remind", "failed"):
        scene.read(
            lambda db, what=what: gaps.tell(
                db, scene.registry, {"case": number, "material": "water", "what": what}
            )
        )
    texts = [text for to, text in phones.sent.values() if to == "13800001111"]
    assert len(texts) == 2 and all(number in text and "水土保持" not in text for text in texts)
    other = begun(scene, "application", "land", channel="window")
    scene.act("clerk", intake.submit, other)
    assert codes(scene, "clerk", gaps.promise_gaps, other, b"", FILE) == ["hall.gap-record"]
    scene.act("clerk", intake.deliver, number, "water", *FILE)
    assert scene.act("clerk", gaps.promise_gaps, other, b"", FILE) == ["environment", "water"]


def test_departments_work_at_the_same_time_and_the_longest_makes_the_due_day(scene: Quick) -> None:
    number = filed(scene, "application", "land", "environment", "water")
    scene.act("clerk", intake.accept, number)
    case = scene.case(number)
    steps = {step.key: step for step in scene.read(lambda db: cases.steps(db, case))}
    assert len(steps) == 5 and all(step.state == "running" for step in steps.values())
    assert case.promised == 14 and case.promised_due == max(step.due_at for step in steps.values())  # type: ignore[type-var]
    assert codes(scene, "water-A", service.end_step, number, "planning", "passed") == ["hall.not-yours"]
    assert codes(scene, "water-A", service.pause, number, "water", "lunch", "", "", b"") == [
        "hall.pause-ground", "hall.pause-reason", "hall.pause-paper",
    ]  # fmt: skip
    scene.act("water-A", service.pause, number, "water", "hearing", "组织听证", *FILE)
    assert scene.case(number).promised_due == case.promised_due  # it has days to spare
    assert codes(scene, "water-A", service.end_step, number, "water", "passed") == ["hall.paused"]
    scene.act("water-A", service.resume, number, "water")
    scene.act("development-A", service.pause, number, "development", "expert-review", "专家评审", *FILE)
    assert scene.case(number).promised_due is None  # the longest branch stands still
    scene.act("development-A", service.resume, number, "development")
    assert codes(scene, "head", deciding.decide, number, "approved") == ["hall.decide"]


def test_silence_between_departments_is_agreement_and_never_for_a_licence(scene: Quick) -> None:
    number = filed(scene, "application", "land", "environment", "water")
    scene.act("clerk", intake.accept, number)
    case = scene.case(number)

    assert case.promised_due is not None
    for step in scene.read(lambda db: cases.steps(db, case)):
        step.started_at -= timedelta(days=60)
        step.due_at = case.filed_at
    scene.keep_promises(case.promised_due)
    states = {step.key: step.state for step in scene.read(lambda db: cases.steps(db, case))}
    assert states.pop("development") == "running"
    assert set(states.values()) == {"deemed"}
    assert [said["light"] for type, said in scene.entries(number) if type == "hall.step-deemed"] == [
        "red"
    ] * 4


def test_b_has_the_queue_as_soon_as_a_is_absent(scene: Quick) -> None:
    scene.person("water-B", "hall-officer", "water")
    number = filed(scene, "application", "land", "environment", "water")
    scene.act("clerk", intake.accept, number)
    assert codes(scene, "water-B", service.end_step, number, "water", "passed") == ["hall.not-on-duty"]
    scene.do("water-A", lambda db, actor: posts.absent(db, actor, True))
    b = scene.people["water-B"].id
    assert scene.read(lambda db: (posts.on_duty(db, "water"), posts.queues(db, b))) == (b, ["water"])
    scene.act("water-B", service.end_step, number, "water", "passed")
    assert codes(scene, "water-A", service.end_step, number, "water", "passed") == ["hall.not-on-duty"]


def test_a_case_is_decided_by_who_may_under_seal_and_closed_only_with_its_result(scene: Quick) -> None:
    number = filed(scene, "application", "land", "environment", "water")
    scene.act("clerk", intake.accept, number)
    for step in ("planning", "environment", "water", "defence", "development"):
        scene.act(f"{step}-A", service.end_step, number, step, "passed", "同意")
    assert scene.case(number).state == "reviewed"
    assert codes(scene, "representative", deciding.decide, number, "approved") == ["hall.no-power"]
    assert codes(scene, "representative", deciding.prereview, number, "材料齐全") == ["hall.no-power"]
    assert codes(scene, "head", deciding.decide, number, "rejected") == ["hall.decide-reason"]
    scene.act("head", deciding.decide, number, "approved", "按批复建设")
    row = scene.read(lambda db: documents.of_case(db, cases.find(db, number))[-1])
    assert row.kind == "decision" and row.stamped
    digest, row.sha256, row.stamped = row.sha256, "", False  # kept, but not written down
    pdf = scene.read(lambda db: documents.pdf(scene.registry, documents.by_token(db, row.token)))  # type: ignore[arg-type]
    assert b"/ByteRange" in pdf and (row.sha256, row.stamped) == (digest, True)
    assert next(said for type, said in scene.entries(number) if type == "hall.decided")["paper"] == row.sha256
    for data, verdict in ((pdf, "genuine"), (pdf[:-1] + b"x", "forged"), (pdf + b"% more", "changed")):
        found = scene.read(
            lambda db, data=data: documents.judge(db, scene.registry, data, documents.by_token(db, row.token))
        )
        assert found[0] == verdict
    assert codes(scene, "clerk", deciding.close, number) == ["hall.close"]
    assert codes(scene, "water-A", deciding.file_result, number, *FILE) == ["hall.not-yours"]
    assert codes(scene, "water-A", deciding.close, number) == ["hall.not-yours"]
    scene.act("clerk", deciding.file_result, number, *FILE)
    scene.act("clerk", deciding.close, number)
    assert scene.case(number).state == "closed"


def test_a_department_that_does_not_agree_says_why_and_the_case_cannot_be_granted(scene: Quick) -> None:
    number = filed(scene, "application", "land", "environment", "water")
    scene.act("clerk", intake.accept, number)
    assert codes(scene, "water-A", service.end_step, number, "water", "refused") == ["hall.opinion"]
    scene.act("water-A", service.end_step, number, "water", "refused", "方案不符合要求")
    for step in ("planning", "environment", "defence", "development"):
        scene.act(f"{step}-A", service.end_step, number, step, "passed")
    assert codes(scene, "head", deciding.decide, number, "approved") == ["hall.step-refused"]


def test_cases_are_handled_in_the_hall_only_and_an_attempt_from_elsewhere_is_on_record(scene: Quick) -> None:
    number = filed(scene, "application", "land", "environment", "water")
    scene.registry.settings["approval_hall.addresses"] = "192.0.2.0/24"
    with pytest.raises(place.Elsewhere):
        scene.act("clerk", intake.accept, number)
    scene.registry.settings["approval_hall.addresses"] = "10.0.0.0/8"
    scene.act("clerk", intake.accept, number)
    assert scene.case(number).state == "accepted"


def test_sending_back_needs_a_reason_in_writing(scene: Quick) -> None:
    number = filed(scene, "application")
    assert codes(scene, "clerk", intake.send_back, number, " ") == ["hall.return"]
    scene.act("clerk", intake.send_back, number, "不属于本大厅受理范围")
    case = scene.case(number)
    assert (case.state, case.kind) == ("returned", "returned")
    assert scene.read(lambda db: documents.of_case(db, case)[-1].kind) == "refusal"


def test_a_changed_item_is_another_version_and_a_case_keeps_its_own(scene: Quick) -> None:
    number = begun(scene, "application")
    code = scene.item.code
    with pytest.raises(Refused, match="hall.item-same"):
        scene.do("manager", lambda db, who: publishing.publish(db, scene.registry, who, code, "再次发布"))
    scene.do("manager", lambda db, who: publishing.withdraw(db, who, code, "调出大厅"))
    with pytest.raises(Refused, match="hall.no-item"):
        begun(scene)
    scene.do("manager", lambda db, who: publishing.publish(db, scene.registry, who, code, "重新进驻"))
    assert scene.read(lambda db: publishing.current(db, code).version) == 2
    assert scene.read(lambda db: cases.item_of(db, cases.find(db, number)).code) == code


def test_a_tiny_item_works_from_its_one_data_file(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "items"
    folder.mkdir()
    (folder / "tree.toml").write_text(TINY)
    scene = Quick(session, tmp_path, "tree", folder)
    number = filed(scene, "plan")
    scene.act("clerk", intake.accept, number)
    for department in ("parks", "roads"):
        scene.act(f"{department}-A", service.end_step, number, department, "passed")
    paper = scene.act("head", deciding.decide, number, "approved")
    assert paper.number.startswith("审决") and scene.case(number).state == "decided"


def test_the_head_signs_what_the_representative_may_decide(scene: Quick, tmp_path: Path) -> None:
    signer = sign_for(scene, "head", tmp_path)
    matrix = {**powers.usual(), "joint": "decide"}

    def grant(db: Session, who: Actor) -> int:
        raw = granting.letter(db, scene.registry, "development", matrix)
        cms = signer.sign(raw, database_now(db))
        return granting.grant(db, scene.registry, who, "development", matrix, cms).version

    with pytest.raises(Refused, match="hall.not-head"):
        scene.do("representative", grant)
    assert [scene.do("head", grant), scene.do("head", grant)] == [1, 2]
    number = filed(scene, "application", "land", "environment", "water")
    scene.act("clerk", intake.accept, number)
    for step in ("planning", "environment", "water", "defence", "development"):
        scene.act(f"{step}-A", service.end_step, number, step, "passed")
    scene.act("representative", deciding.prereview, number, "材料齐全")
    scene.act("representative", deciding.decide, number, "approved")
    assert scene.case(number).outcome == "approved"


def sign_for(scene: Quick, name: str, folder: Path) -> FileSigner:
    """A certificate of one of the people, and a hall that accepts its signatures."""
    (folder / "pki").mkdir()
    pki = Pki(folder / "pki")
    at = scene.read(database_now)
    pki.clock.instant = at
    signer = pki.signer(common_name=scene.people[name].name)
    scene.registry.registerUtility(pki.verifier(), ISignatureVerifier)
    leaf = signer.certificate
    scene.session.add(
        Certificate(
            user_id=scene.people[name].id, party_id=None, sha256=leaf.fingerprint(SHA256()).hex(), chain_pem="",
            subject="", issuer="", serial="1", not_before=at - timedelta(days=1), not_after=at + timedelta(days=1),
            enrolled_at=at,
        )
    )  # fmt: skip
    scene.session.flush()
    return signer
