"""A whole consultation by comprehensive scoring and a negotiation by lowest price over HTTP: talks, a confirmed change, the
call, final offers sealed like bids, a supplier that leaves, and the evaluation that goes on with the offers."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter
from pyramid.config import Configurator

import tradehall_verify as verifier
from bidding.offers.answers import TalksAnswer
from bidding.tenders.answers import TenderAnswer
from bidding.vault.encoding import b64
from bidding.vault.service import close_of
from config import installation
from tests.bidding.evaluation.scored import Member
from tests.bidding.offers.hall import Play, Supplier, bundle_of, make_play, offer_sheet
from tests.helpers import log_in
from tests.journeys.attacks import Forgery
from trading import clock
from trading.clock import rfc3339
from trading.ledger.service import entries_of

CRITERIA = {
    "criterion_id": ["price", "plan"],
    "criterion_name": ["价格", "服务方案"],
    "criterion_kind": ["price", "subjective"],
    "criterion_weight": ["30", "70"],
    "criterion_max": ["", "70"],
    "criterion_guidance": ["", "按方案的完整和可行程度评分：优 56–70，良 35–55，一般 0–34"],
    "criterion_group": ["", ""],
}
OPEN_TO_ALL = {"bid_security": "0", "decryption_minutes": 10}


def respond(play: Play, reserves: int = 0) -> None:
    """Everybody hands in a first response, which has no price; the group sits and reviews it."""
    for supplier in play.suppliers:
        play.submit(supplier, play.code, {"documents": b"response of " + supplier.who.name.encode()})
    play.open(play.code)
    play.seat(reserves=reserves)
    play.review()


def talk(play: Play) -> None:
    """The head asks everybody in turn; each answers."""
    bids = {row["bid"]: row["manifest"] for row in play.head.get("/consultation")["remaining"]}
    for supplier in play.suppliers:
        play.head.post("/evaluation/questions", {"bid": bids[supplier.uscc], "text": "能否夜间值守？"})
        [asked] = supplier.program.get("/clarifications")
        answer = "可以，增加两人"
        body = {"answer": answer, "cms": supplier.program.sign(answer.encode())}
        supplier.program.post(f"/clarifications/{asked['ref']}", body)


def code_of(answer: Any) -> str:
    return str(answer["code"])


def entries(play: Play, code: str) -> list[str]:
    with play.scene.db() as session:
        return [row.entry.type for row in entries_of(session, code)]


@pytest.fixture
def consultation(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    return make_play(config, tmp_path, monkeypatch, "property-consultation", **CRITERIA, **OPEN_TO_ALL)


def test_a_consultation_by_scoring_is_played_to_its_report(consultation: Play, tmp_path: Path) -> None:
    play = consultation
    a, b, c, d = play.suppliers
    respond(play)
    opening = play.app.get(f"/api/tenders/{play.code}/opening").json["opening"]
    assert [row["total"] for row in opening["bids"]] == [None] * 4
    assert play.head.get("/evaluation")["phase"] == "consultation"
    talk(play)
    play.head.post("/consultation/changes", {"subject": "service", "text": "消防控制室增加夜间值守两人"})
    assert code_of(play.head.post("/consultation/end", {"minutes": 30}, status=422)) == "talks.undecided"
    play.purchaser.post("/consultation/changes/1", {"decision": "confirm"})
    called = play.call()["offers"]
    assert called["tender"] == play.child and called["called"]
    refused_to_strangers(play)
    play.offer(a, "864000.00")
    play.offer(b, "890000.00")
    stands_still(play, a)
    play.offer(b, "900000.00")  # the last one counts, after the deadline that the policy names
    play.offer(c, "880000.00")
    play.open(play.child)
    nobody_reads_a_price(play, a)
    assert play.tender(play.child).state == "handed_over"
    assert play.head.get("/evaluation")["phase"] == "conformity"
    play.review()
    scores = {supplier.uscc: "60" for supplier in play.suppliers}
    for member in play.group:
        rows = [{"bid": row["id"], "item": "plan", "score": scores[row["id"]]}
                for row in member.get("/evaluation/scores")["bids"]]  # fmt: skip
        assert len(rows) == 3
        member.signed("scores", {"scores": rows})
    result = play.report()
    assert [(row["id"], row["ground"], row["article"]) for row in result["rejected"]] == [
        (d.uscc, "left", "K214 22")
    ]
    # Caiku 2014-214 art. 24: lowest ÷ this × weight × 100; lowest 96, this 100, weight 30 % → 28.80.
    assert result["scores"][b.uscc]["price_points"]["points"] == "28.80"
    assert result["scores"][a.uscc]["price_points"]["points"] == "30.00"
    assert (result["winner"], result["contract_price"]) == (a.uscc, "864000.00")
    assert play.tender().state == "evaluated"
    bundle, trusted = bundle_of(play, tmp_path)
    said: list[str] = []
    assert verifier.main([str(bundle), "--trust", str(trusted)], said.append) == 0, "\n".join(said)
    assert any("final offers: suspended with the procurement; their deadline moved" in line for line in said)
    assert any(line.startswith("V8") and f"3 of 4 final offers taken, {d.uscc} left" in line for line in said)
    bent_bundles_are_named(play, bundle, trusted)
    assert [name for name in entries(play, play.code) if name.startswith("offers.")] == [
        "offers.change-proposed", "offers.change-decided", "offers.talks-ended", "offers.called", "offers.taken",
    ]  # fmt: skip


def bent_bundles_are_named(play: Play, bundle: Path, trusted: Path) -> None:
    """What a hall could change that holds its log's key: a call nobody signed, a swapped sheet, a dropped offer."""

    def unsigned(files: Forgery) -> None:
        del files.files["offers/call.p7s"]

    def swapped(files: Forgery) -> None:
        inputs = files.json("evaluation/inputs.json")
        one, two = [row for row in inputs["bids"] if row["sheet"]][:2]
        one["sheet"], two["sheet"] = two["sheet"], one["sheet"]
        files.set_json("evaluation/inputs.json", inputs)

    def dropped(files: Forgery) -> None:
        gone = next(path for path in files.files if path.startswith("final-offers/bids/"))
        folder = "/".join(gone.split("/")[:3])
        files.files = {path: data for path, data in files.files.items() if not path.startswith(folder)}

    for change, words in (
        (unsigned, "offers/call.json carries no signature"),
        (swapped, "it was evaluated by another price sheet than the sealed one"),
        (dropped, "is missing"),
    ):
        forged = Forgery(bundle, SimpleNamespace(log=installation.log_key(play.scene.state)))
        change(forged)
        said: list[str] = []
        path = forged.write(bundle.with_name(f"{change.__name__}.tar"))
        assert verifier.main([str(path), "--trust", str(trusted)], said.append) == 1
        assert any(words in line for line in said), (change.__name__, said)


def stands_still(play: Play, supplier: Supplier) -> None:
    """A suspension of the procurement reaches its final offers: their deadline does not pass, the time that was left
    goes on, and they are stopped and resumed with it alone."""
    first = play.tender(play.child).deadline
    play.scene.run_until(first - timedelta(minutes=10))
    play.host.post("/interruptions", {"act": "suspend", "reason": "核查质疑事项"})
    began = clock.now()
    play.work()
    waiting = play.seal(supplier, play.child, {"price-sheet": offer_sheet("864000.00")})
    play.scene.run_until(first + timedelta(hours=3))
    play.work()
    child = play.tender(play.child)
    assert (child.state, child.deadline) == ("published", first) and child.suspended_at is not None
    headers = {"Authorization": f"Bearer {supplier.program.key}"}
    body = {"tender": play.child, "manifest": b64(waiting.raw), "cms": b64(waiting.cms)}
    assert (
        code_of(play.app.post_json("/api/bids/uploads", body, headers=headers, status=409).json)
        == "bid.suspended"
    )
    browser = log_in(play.app, play.scene.config, supplier.program.user)
    for page in (f"/tenders/{play.child}", f"/tenders/{play.child}/bid"):
        said = browser.get(page).text
        assert "核查质疑事项" in said and ("尚余 9 分钟" in said or "尚余 10 分钟" in said), page
    assert "最后报价的时间停止计算" in browser.get("/desk").text
    alone = play.app.post_json(
        play.at(play.child) + "/interruptions", {"act": "resume", "reason": "单独恢复最后报价"},
        headers={"Authorization": f"Bearer {play.host.key}"}, status=422,
    )  # fmt: skip
    assert code_of(alone.json) == "tender.final-offers"
    play.host.post("/interruptions", {"act": "resume", "reason": "质疑已答复"})
    child, lost = play.tender(play.child), clock.now() - began
    assert child.suspended_at is None and abs(child.deadline - first - lost) < timedelta(seconds=2)
    play.work()
    assert play.tender(play.child).state == "published"
    play.hand_in(supplier, play.child, waiting)
    play.work()
    facts = play.app.get(f"/api/tenders/{play.child}", headers=headers).json
    for described, answer in ((TenderAnswer, facts), (TalksAnswer, play.head.get("/consultation"))):
        TypeAdapter(described).validate_python(answer)
        assert answer.keys() <= described.__annotations__.keys(), "docs/openapi.json says what is answered"
    assert (facts["moved_deadline"], facts["suspended"]) == (rfc3339(child.deadline), None)


def refused_to_strangers(play: Play) -> None:
    """Nobody but who remains comes to the final offers, and no list shows them."""
    stranger = play.supplier("外来公司")
    play.suppliers.remove(stranger)
    headers = {"Authorization": f"Bearer {stranger.program.key}"}
    for path in ("", "/policy", "/opening", "/trail"):
        answer = play.app.get(f"/api/tenders/{play.child}{path}", headers=headers, status=422).json
        assert code_of(answer) == "tender.invited-only", path
    assert play.child not in play.app.get("/").text
    assert play.child not in str(play.app.get("/api/notices").json)
    assert play.child not in play.app.get("/openings").text


def nobody_reads_a_price(play: Play, supplier: Supplier) -> None:
    """A supplier sees neither a price nor who else made an offer before the result, its own opening included."""
    browser = log_in(play.app, play.scene.config, supplier.program.user)
    headers = {"Authorization": f"Bearer {supplier.program.key}"}
    pages = [browser.get(f"/tenders/{play.code}{path}").text for path in ("", "/opening", "/opening/record")]
    of_offers = [browser.get(f"/tenders/{play.child}{path}").text for path in ("", "/opening", "/trail")]
    of_offers += [
        str(play.app.get(f"/api/tenders/{play.child}{path}", headers=headers).json)
        for path in ("/opening", "/trail", "/close")
    ]
    browser.get(f"/tenders/{play.child}/opening/record", status=422)
    with play.scene.db() as session:
        shown = close_of(session, play.tender(play.child)).sha256  # type: ignore[union-attr]
    assert shown and shown in of_offers[1]
    for asked in ("", f"?close={shown}", f"?ticket={shown}", "?ticket="):
        assert play.app.get(f"/api/tenders/{play.child}/close{asked}", status=422)
        of_offers.append(str(play.app.get(f"/api/tenders/{play.child}/close{asked}", headers=headers).json))
    for page in (*pages, *of_offers):
        told = re.sub(r":\d\d\.\d{3,6}", "", page)  # a second's fraction may be the figures of a price
        for price in ("900000", "900,000", "880000", "880,000"):
            assert price not in told
    for page in of_offers:
        for other in play.suppliers:
            assert other is supplier or (other.who.name not in page and other.uscc not in page)
    [own] = play.app.get(f"/api/tenders/{play.child}/opening", headers=headers).json["opening"]["bids"]
    assert own["bidder"] == supplier.uscc


def test_a_negotiation_by_lowest_price_is_played_to_its_report(
    config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member is replaced while the final offers are out, and a supplier objects when they are opened."""
    play = make_play(config, tmp_path, monkeypatch, "laboratory-negotiation", suppliers=3, **OPEN_TO_ALL)
    a, b, c = play.suppliers
    respond(play, reserves=1)
    play.call()
    for supplier, price in zip((a, b, c), PRICES, strict=True):
        play.offer(supplier, price)
    nothing_is_told_to_an_expert(play, play.group[1])
    gone, (came,) = play.group[1], play.reserves
    order = {"seat": 2, "ground": "illness", "reason": "Taken to hospital", "file_name": "note.txt"}
    play.host.post("/panel/replacements", order | {"document": b64(b"a doctor's note")})
    nothing_is_told_to_an_expert(play, gone, outside=True)
    nothing_is_told_to_an_expert(play, came, outside=True)
    play.close(play.child)
    for supplier in play.suppliers:
        play.decrypt(supplier, play.child)
    play.work()
    objected_to(play, a, b)
    nothing_is_told_to_an_expert(play, play.head)
    play.record(play.child)
    assert play.tender(play.child).state == "handed_over", "the offers are taken though a seat is empty"
    assert play.head.get("/evaluation")["phase"] == "replacement"
    came.post("/panel/sign-in")
    play.group[1] = came
    assert play.head.get("/evaluation")["phase"] == "qualification"
    came.vote()
    assert play.head.get("/evaluation")["phase"] == "conformity", "the same suppliers remain"
    play.review()
    result = play.report()
    assert [row["id"] for row in result["ranking"]] == [b.uscc, c.uscc, a.uscc]
    assert (result["winner"], result["contract_price"]) == (b.uscc, "1350000.00")
    bundle, trusted = bundle_of(play, tmp_path)
    said: list[str] = []
    assert verifier.main([str(bundle), "--trust", str(trusted)], said.append) == 0, "\n".join(said)
    assert any("was replaced (illness, M87 49)" in line for line in said)


PRICES = ("1400000.00", "1350000.00", "1375000.00")


def nothing_is_told_to_an_expert(play: Play, member: Member, *, outside: bool = False) -> None:
    """Before the result an expert learns of the final offers neither who made one nor a price; who has left the group, or
    has not sat down yet, not even that they are there (`outside`)."""
    headers = {"Authorization": f"Bearer {member.key}"}
    paths = ("", "/opening", "/trail", "/close", "/policy")
    answers = [
        play.app.get(play.at(play.child) + path, headers=headers, expect_errors=True) for path in paths
    ]
    if outside:
        assert {code_of(answer.json) for answer in answers} == {"tender.invited-only"}
    browser = log_in(play.app, play.scene.config, member.user)
    pages = [f"/tenders/{play.child}{path}" for path in ("", "/opening", "/opening/record", "/trail")]
    answers += [browser.get(page, expect_errors=True) for page in pages]
    for answer in answers:
        told = answer.text
        assert not any(price in told or f"{int(price[:-3]):,}" in told for price in PRICES), (
            answer.request.url
        )
        assert not any(each.who.name in told or each.uscc in told for each in play.suppliers), (
            answer.request.url
        )


def objected_to(play: Play, supplier: Supplier, other: Supplier) -> None:
    """A supplier objects at the opening of the final offers; everybody there hears what is said, nobody who
    said it."""

    def post(who: Member, path: str, text: str, status: int | str = "2*") -> Any:
        headers = {"Authorization": f"Bearer {who.key}"}
        address = f"{play.at(play.child)}/opening/objections{path}"
        return play.app.post_json(address, {"text": text}, headers=headers, status=status).json

    raised = post(supplier.program, "", "我方报价显示缺少税额")["id"]
    assert code_of(post(play.head, "", "I sit here", status=422)) == "objection.bidders-only"
    for reader in (other.program, play.head):
        page = log_in(play.app, play.scene.config, reader.user).get(f"/tenders/{play.child}/opening").text
        assert "缺少税额" in page and supplier.who.name not in page and supplier.uscc not in page
    post(play.host, f"/{raised}", "税额已含在总价中")
    assert [name for name in entries(play, play.child) if name.startswith("offers.")] == [
        "offers.objection", "offers.answered",
    ]  # fmt: skip
    assert "税额" not in play.app.get(f"{play.at(play.code)}/trail").text


def test_too_few_final_offers_fail_the_procurement_with_the_article(
    config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = make_play(config, tmp_path, monkeypatch, "laboratory-negotiation", suppliers=3, **OPEN_TO_ALL)
    respond(play)
    play.call()
    for supplier in play.suppliers[:2]:
        play.offer(supplier, "1400000.00")
    play.close(play.child)
    assert (play.tender(play.child).state, play.tender().state) == ("failed", "failed")
    with play.scene.db() as session:
        [ended] = [row for row in entries_of(session, play.code) if row.entry.type == "tender.failed"]
        assert ended.payloads[0].document["article"] == "M74 37(3)"
    [notice] = play.app.get("/api/notices?kind=failure").json["notices"]
    assert (notice["tender"], notice["body"]["article"]) == (play.code, "M74 37(3)")
