"""Each way to cheat, and what the verifier says about it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import tradehall_verify as verifier
from bidding.vault.encoding import b64, format_time, sha256, unb64
from tests.verifier.pki import PURCHASER, NoteSigner, Parties
from tests.verifier.story import DEADLINE, IDS, TENDER, Story
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import WITNESS_KEY
from trading.ledger.entry import Entry
from trading.ledger.tiles import encode_bundle

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


@pytest.fixture(scope="module")
def honest(parties: Parties) -> Story:
    return Story(parties).build()


@pytest.fixture
def story(parties: Parties, honest: Story) -> Story:
    """A copy of the honest tender, to tamper with."""
    copy = Story(parties)
    copy.__dict__.update(honest.__dict__)
    copy.files, copy.regulator, copy.log = dict(honest.files), set(honest.regulator), list(honest.log)
    copy.mine, copy.openings, copy.notes = list(honest.mine), list(honest.openings), dict(honest.notes)
    return copy


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the command line on a bundle: exit code and output."""

    def run(tar: bytes, trust: bytes | None, *earlier: bytes) -> tuple[int, str]:
        (tmp_path / "bundle.tar").write_bytes(tar)
        arguments = [str(tmp_path / "bundle.tar")]
        if trust is not None:
            (tmp_path / "trust.json").write_bytes(trust)
            arguments += ["--trust", str(tmp_path / "trust.json")]
        for number, raw in enumerate(earlier):
            (tmp_path / f"earlier{number}").write_bytes(raw)
            arguments += ["--earlier", str(tmp_path / f"earlier{number}")]
        lines: list[str] = []
        code = verifier.main(arguments, lines.append)
        return code, "\n".join(lines)

    return run


Verify = Callable[..., tuple[int, str]]


def bid_of(story: Story, who: int) -> str:
    return sha256(story.sealed[who].manifest).hex()


def edited(raw: bytes, **changes: object) -> bytes:
    return dumps({**json.loads(raw), **changes})


def flip(raw: bytes) -> bytes:
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


def test_an_honest_bundle_is_verified_and_says_who_is_independent(honest: Story, verify: Verify) -> None:
    code, text = verify(honest.pack(), honest.trust(), *honest.receipts.values())
    assert (code, text.splitlines()[-2]) == (0, "VERIFIED")
    assert text.splitlines()[-1] == (
        "independence: 1 of 1 witnesses and 2 of 3 custodians are not controlled by the operator (Operator)"
    )
    assert "first 91110105MA00000012 at 980000.00" in text
    assert "FAIL" not in text


def test_one_operator_with_every_key_is_called_no_independence(honest: Story, verify: Verify) -> None:
    trust = honest.trust(outside="Operator")
    code, text = verify(honest.pack(), trust)
    assert (code, text.splitlines()[-1]) == (
        0,
        "independence: none (demo): Operator held every key; its own custodians were enough to open bids early",
    )


def test_the_public_bundle_is_verified_without_the_shares(honest: Story, verify: Verify) -> None:
    tar = honest.pack(public=True)
    assert len(tar) < len(honest.pack())
    code, text = verify(tar, honest.trust())
    assert code == 0
    assert "3 of 3 bids opened (public parts)" in text
    assert "not checked: the custodians' shares" in text


def test_without_trust_the_verdict_is_never_verified(honest: Story, verify: Verify) -> None:
    code, text = verify(honest.pack(), None)
    assert (code, text.splitlines()[-1]) == (2, "CONSISTENT, TRUST NOT CHECKED")
    assert "VERIFIED" not in text


def test_an_unreadable_bundle_ends_with_two(honest: Story, verify: Verify) -> None:
    assert verify(b"not a tar", honest.trust())[0] == 2


def test_the_same_files_give_the_same_tar(honest: Story) -> None:
    assert hashlib.sha256(honest.pack()).digest() == hashlib.sha256(honest.pack()).digest()


def test_one_byte_of_a_stored_bid_is_named(story: Story, verify: Verify) -> None:
    path = f"bids/{bid_of(story, 1)}/parts/documents.bin"
    code, text = verify(story.pack(edit=lambda f: f.update({path: flip(f[path])})), story.trust())
    assert code == 1
    assert f"V1  FAIL {path} was altered" in text
    assert f"of {IDS[1]}: the stored part documents is not what the bidder signed" in text


def test_one_byte_of_a_stored_bid_is_named_though_the_operator_signs_the_manifest_anew(
    story: Story, verify: Verify
) -> None:
    path = f"bids/{bid_of(story, 0)}/parts/price-sheet.bin"
    story.files[path] = flip(story.files[path])
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"of {IDS[0]}: the stored part price-sheet is not what the bidder signed" in text


def test_an_edited_ledger_row_is_named(story: Story, verify: Verify) -> None:
    index = next(i for i in story.mine if b'"award.issued"' in story.log[i])
    story.files[f"log/entries/{index}.json"] = edited(story.log[index], actor="somebody else")
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"V3  FAIL entry {index}: these bytes are not in the log (award.issued at " in text


def test_a_payload_edited_in_the_database_is_named(story: Story, verify: Verify) -> None:
    index, entry = next(
        (i, json.loads(story.log[i])) for i in story.mine if b'"award.issued"' in story.log[i]
    )
    path = f"payloads/{entry['pl'][0]}.json"
    story.files[path] = edited(story.files[path], price="1.00")
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"entry {index} (award.issued): its payload {path} was altered" in text


def test_a_bid_removed_from_the_closing_list_is_named(story: Story, verify: Verify) -> None:
    close = json.loads(story.files["opening/close.json"])
    gone = next(row for row in close["entries"] if row["manifest"] == bid_of(story, 1))
    close["entries"].remove(gone)
    del close["sig"]
    signed = {**close, "sig": b64(story.parties.receipts.sign(dumps(close)))}
    story.files["opening/close.json"] = dumps(signed)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"of {IDS[1]} (entry {gone['leaf_index']}, bid) is missing from the closing list" in text
    assert "opening/close.json is not the closing list that entry" in text


def test_a_bid_forgotten_throughout_is_found_by_its_receipt(parties: Parties, verify: Verify) -> None:
    story = Story(parties, omit=1)
    story.build()
    assert verify(story.pack(), story.trust())[0] == 0
    receipt = next(
        raw for raw in story.receipts.values() if json.loads(raw)["seq"] == 1 and _bidder(raw, story) is None
    )
    code, text = verify(story.pack(), story.trust(), receipt)
    assert code == 1
    assert f"bid {json.loads(receipt)['manifest'][:12]} (receipt {json.loads(receipt)['ref']}" in text
    assert "is missing from the closing list" in text


def _bidder(receipt: bytes, story: Story) -> str | None:
    """The bidder in the bundle, None when the hall forgot the bid."""
    digest = json.loads(receipt)["manifest"]
    return next((p for p in story.files if digest in p), None)


def test_a_price_changed_in_the_result_is_named(story: Story, verify: Verify) -> None:
    result = json.loads(story.files["result/result.json"])
    result["ranking"][0]["price"] = result["winner"]["price"] = "880000.00"
    story.signed("result/result", result, "tenderer")
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"of {IDS[0]}: the result says price 880000.00, recomputed 980000.00" in text
    assert "result/result.json is not a document that the log recorded (result.published)" in text


def test_an_entry_inserted_later_is_named(story: Story, verify: Verify) -> None:
    entry = Entry("0" * 32, "2026-11-30T12:00:00.000Z", "rule.overridden", TENDER, "actor", None, ())
    index = story.append(entry.to_bytes())
    story.prove()
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"entry {index} (rule.overridden at 2026-11-30T12:00:00.000Z) was inserted" in text
    assert (
        f"entry {index} (rule.overridden) is dated 2026-11-30T12:00:00.000Z, before the entries in front of it"
        in text
    )


def test_an_entry_pushed_into_the_middle_contradicts_what_the_witness_signed(
    story: Story, verify: Verify
) -> None:
    witnessed = story.files["log/checkpoints/15"]
    body = Entry(
        "0" * 32, "2026-11-30T12:00:00.000Z", "rule.overridden", TENDER, "actor", None, ()
    ).to_bytes()
    story.log.insert(5, body)
    story.mine = [i + (i >= 5) for i in story.mine]
    story.prove()
    code, text = verify(story.pack(), story.trust(), witnessed)
    assert code == 1
    assert "earlier file" in text
    assert "the older tree is not a prefix of the newer one" in text


def test_a_bundle_resigned_throughout_with_other_keys_fails_against_the_real_trust(
    honest: Story, verify: Verify
) -> None:
    forged = Story(Parties(salt=10)).build()
    assert verify(forged.pack(), forged.trust())[0] == 0
    code, text = verify(forged.pack(), honest.trust())
    assert code == 1
    assert "policy/trust.json: the log's key is not what the trust file says" in text
    assert "the manifest is not signed by the log's key" in text
    assert "log/checkpoint: is not signed by the log's key" in text


def test_a_swapped_witness_is_named(story: Story, parties: Parties, verify: Verify) -> None:
    stranger = Parties()
    stranger.__dict__.update(parties.__dict__)
    stranger.witness = NoteSigner("witness.friendly.example/w1", WITNESS_KEY, b"\x77" * 32)
    story.parties = stranger
    story.prove()
    code, text = verify(story.pack(), Story(parties).trust())
    assert code == 1
    assert "fewer than 1 trusted witnesses cosigned the tree of" in text


def test_a_missing_payload_without_redaction_is_named(story: Story, verify: Verify) -> None:
    index, entry = next(
        (i, json.loads(story.log[i])) for i in story.mine if b'"opening.recorded"' in story.log[i]
    )
    for suffix in ("json", "nonce"):
        del story.files[f"payloads/{entry['pl'][0]}.{suffix}"]
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert (
        f"entry {index} (opening.recorded): its payload {entry['pl'][0][:12]} is missing and no payload.redacted entry says why"
        in text
    )


def test_a_redacted_payload_is_accepted_with_its_basis(parties: Parties, verify: Verify) -> None:
    class Redacting(Story):
        def results(self) -> None:
            super().results()
            entry = next(json.loads(b) for b in self.log if b'"tender.drafted"' in b)
            for suffix in ("json", "nonce"):
                del self.files[f"payloads/{entry['pl'][0]}.{suffix}"]
            self.act("payload.redacted", {"commitment": entry["pl"][0], "basis": "PIPL 47"})

    story = Redacting(parties).build()
    code, text = verify(story.pack(), story.trust())
    assert code == 0
    assert "note: 1 payloads were redacted" in text


def test_a_wrong_award_is_named(parties: Parties, verify: Verify) -> None:
    story = Story(parties, award_to=1).build()
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "wrong award: it went to bid" in text
    assert f"of {IDS[0]} comes first and no award.declined entry says why" in text


def test_an_award_to_the_second_after_the_first_gave_up_is_lawful(parties: Parties, verify: Verify) -> None:
    story = Story(parties, award_to=1, declined=True).build()
    code, text = verify(story.pack(), story.trust())
    assert code == 0
    assert "award to rank 2 after 1 gave up" in text


def test_an_altered_share_is_named(story: Story, verify: Verify) -> None:
    path = next(p for p in story.files if p.startswith("opening/releases/") and p.endswith(".json"))
    release = json.loads(story.files[path])
    row = next(s for s in release["shares"] if s["manifest"] == bid_of(story, 1))
    row["share"] = b64(flip(unb64(row["share"])))
    story.files[path] = dumps(release)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"{path} is not a document that the log recorded (vault.released)" in text
    assert (
        f"custodian {release['index']} released a wrong share (it does not match the bidder's commitment) for bid {bid_of(story, 1)[:12]} of {IDS[1]}"
        in text
    )
    assert f"of {IDS[1]}: the recorded outcome is OK, the released keys give WAIT_CUSTODIANS" in text


def test_a_replaced_custodian_key_statement_is_named(story: Story, verify: Verify) -> None:
    path = "opening/keys/opening-2"
    statement = json.loads(story.files[f"{path}.json"])
    statement["pk"] = json.loads(story.files["opening/keys/opening-1.json"])["pk"]
    story.signed(path, statement, "c2")
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"custodian c2: its key statement {path}.json is not the one in the signed policy" in text
    assert f"{path}.json is not a document that the log recorded (custodian.key)" in text


def test_a_custodian_with_a_certificate_nobody_trusts_is_named(honest: Story, verify: Verify) -> None:
    trust = json.loads(honest.trust())
    trust["custodians"][1]["cert_sha256"] = ["0" * 64]
    code, text = verify(honest.pack(), dumps(trust))
    assert code == 1
    assert "custodian c2: its certificate" in text
    assert "is not one that the trust file names" in text


def test_a_bid_signed_with_a_revoked_certificate_is_named(story: Story, verify: Verify) -> None:
    revoked = story.parties.ca.crl(story.parties.people["bidder2"])
    story.files["evidence/crls/" + "f" * 64 + ".crl"] = revoked
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert (
        f"bid.p7s (bid {bid_of(story, 1)[:12]} of {IDS[1]}): the certificate of 2.5.4.97=NTRCN-{IDS[1]},CN=bidder2 was"
        in text
    )


def test_a_signature_without_a_revocation_list_of_its_time_is_named(story: Story, verify: Verify) -> None:
    story.files = {p: c for p, c in story.files.items() if not p.startswith("evidence/crls/")}
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "no revocation list in force at" in text


def test_a_price_sheet_swapped_before_the_evaluation_is_named(story: Story, verify: Verify) -> None:
    inputs = json.loads(story.files["evaluation/inputs.json"])
    inputs["bids"][1]["sheet"]["opening"]["words"] = "壹元整"
    story.files["evaluation/inputs.json"] = dumps(inputs)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"of {IDS[1]}: it was evaluated by another price sheet than the sealed one" in text


def test_a_vote_turned_round_is_named(story: Story, verify: Verify) -> None:
    inputs = json.loads(story.files["evaluation/inputs.json"])
    inputs["bids"][0]["decisions"]["conformity"][0]["votes"][2]["pass"] = False
    story.files["evaluation/inputs.json"] = dumps(inputs)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"the vote of m3 on C1 of bidder {IDS[0]} is not the signed one" in text


def test_a_report_that_ranks_otherwise_is_named(story: Story, verify: Verify) -> None:
    report = json.loads(story.files["evaluation/report.json"])
    report["result"]["ranking"][0]["evaluation_price"] = "1.00"
    story.files["evaluation/report.json"] = dumps(report)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"bidder {IDS[0]}: the report says evaluation price 1.00, recomputed 882000.00" in text


def test_a_total_read_out_wrongly_is_named(story: Story, verify: Verify) -> None:
    record = json.loads(story.files["opening/record.json"])
    record["bids"][0]["total"] = "970000.00"
    story.signed("opening/record", record, "tenderer")
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"of {IDS[0]}: read out 970000.00, the sealed price sheet says 980000.00" in text


def test_a_bid_after_the_close_is_named_as_late(parties: Parties, verify: Verify) -> None:
    story = Story(parties, late=True).build()
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    late = story.rows[-1].leaf_index
    assert f"of {IDS[2]} (entry {late}, bid) lies after tender.closed (entry {late - 1}): it is late" in text
    assert (
        f"of {IDS[2]} (entry {late}, bid) came at 2026-12-01T01:02:00.000Z, not before the deadline" in text
    )


def test_an_opening_act_before_the_close_is_named(parties: Parties, verify: Verify) -> None:
    class Early(Story):
        def bids(self) -> None:
            super().bids()
            self.act("opening.started", {"close": "0" * 64})

    story = Early(parties).build()
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "(opening.started) is an opening act before the closing list was logged" in text


def test_the_whole_log_is_hashed_when_the_bundle_carries_it(story: Story, verify: Verify) -> None:
    story.files[f"log/tile/entries/000.p/{len(story.log)}"] = encode_bundle(story.log)
    code, text = verify(story.pack(), story.trust())
    assert code == 0
    assert f"V3  ok   whole log of {len(story.log)} entries hashed" in text
    assert "not checked: 1 blinded entries of other tenders" in text


def test_an_entry_of_the_tender_kept_out_of_the_bundle_is_found_in_the_whole_log(
    story: Story, verify: Verify
) -> None:
    index = next(i for i in story.mine if b'"contract.signed"' in story.log[i])
    story.mine.remove(index)
    story.prove()
    story.files[f"log/tile/entries/000.p/{len(story.log)}"] = encode_bundle(story.log)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"entry {index} (contract.signed at " in text
    assert "of this tender is in the log but not in the bundle" in text
    assert f"entry {index} is listed by the tender's manifest but missing" in text


def test_a_regulators_file_may_not_be_hidden_that_the_public_must_see(story: Story, verify: Verify) -> None:
    story.regulator.add("result/result.json")
    code, text = verify(story.pack(public=True), story.trust())
    assert code == 1
    assert "result/result.json may not be kept from the public" in text


def test_an_unsigned_result_is_named(story: Story, verify: Verify) -> None:
    del story.files["result/result.p7s"]
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "V6  FAIL result/result.json carries no signature" in text


def test_the_verifier_runs_alone_outside_our_tree(honest: Story, tmp_path: Path) -> None:
    shutil.copy(verifier.__file__, tmp_path / "check.py")
    (tmp_path / "bundle.tar").write_bytes(honest.pack())
    (tmp_path / "trust.json").write_bytes(honest.trust())
    command = [sys.executable, "-I", "check.py", "bundle.tar", "--trust", "trust.json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "VERIFIED" in run.stdout.splitlines()


def test_a_file_smuggled_in_is_named(story: Story, verify: Verify) -> None:
    code, text = verify(story.pack(edit=lambda f: f.update({"result/secret.json": b"{}"})), story.trust())
    assert code == 1
    assert "V1  FAIL result/secret.json is not listed in the manifest" in text


def test_a_custodian_may_answer_with_its_seed(parties: Parties, verify: Verify) -> None:
    class Seeds(Story):
        def custodians_release(self, close: bytes) -> None:
            for index in (1, 2):
                document = {
                    "v": 1,
                    "typ": "ebid.release",
                    "close": close.hex(),
                    "stage": "opening",
                    "index": index,
                    "shares": [],
                    "bad": [],
                    "seed": b64(self.seed(index)),
                    "at": format_time(self.now),
                }
                path = f"opening/releases/{hashlib.sha256(dumps(document)).hexdigest()}"
                release, p7s = self.signed(path, document, f"c{index}", secret=True)
                payload = {
                    "stage": "opening",
                    "index": index,
                    "custodian": f"c{index}",
                    "release": release,
                    "p7s": p7s,
                }
                self.act("vault.released", payload)

    story = Seeds(parties).build()
    code, text = verify(story.pack(), story.trust())
    assert (code, "3 of 3 bids opened from released keys" in text) == (0, True), text


def test_a_bid_called_faulty_that_opens_is_named(story: Story, verify: Verify) -> None:
    outcomes = json.loads(story.files["opening/outcomes.json"])
    row = next(r for r in outcomes["bids"] if r["manifest"] == bid_of(story, 1))
    row.update({"outcome": "BIDDER_FAULT", "how": None, "parts": []})
    story.files["opening/outcomes.json"] = dumps(outcomes)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert (
        f"of {IDS[1]}: the recorded outcome is BIDDER_FAULT, but every part opens with the released keys"
        in text
    )
    assert f"of {IDS[1]}: outcomes.json is not what the log's bid.opened entry says" in text


def test_a_published_key_that_is_not_the_sealed_one_is_named(story: Story, verify: Verify) -> None:
    keys = json.loads(story.files["opening/ceks.json"])
    keys[0]["cek"] = b64(bytes(32))
    story.files["opening/ceks.json"] = dumps(keys)
    for public, words in (
        (False, "the published key of part price-sheet is not the one"),
        (True, "part price-sheet does not decrypt"),
    ):
        code, text = verify(story.pack(public=public), story.trust())
        assert code == 1
        assert f"of {IDS[0]}: {words}" in text


def test_a_stamp_of_the_close_before_the_deadline_is_named(story: Story, verify: Verify) -> None:
    early = story.parties.stamp(story.files["opening/close.json"], DEADLINE - timedelta(seconds=1))
    story.files["opening/close.tst"] = early
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "V7  FAIL the closing list was time-stamped 2026-12-01T00:59:59.000Z, before the deadline" in text


def test_an_anchor_over_another_checkpoint_is_named(story: Story, verify: Verify) -> None:
    size, text_of = max(story.notes), lambda n: verifier.parse_checkpoint(story.notes[n].encode()).text
    story.files[f"anchors/{size}.tsr"] = story.parties.stamp(text_of(size), story.now)
    code, text = verify(story.pack(), story.trust())
    assert (code, "V12 ok   1 anchors" in text) == (0, True), text
    story.files[f"anchors/{size}.tsr"] = story.parties.stamp(text_of(min(story.notes)), story.now)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"V12 FAIL anchors/{size}.tsr: the time stamp belongs to other data" in text


def test_a_confirmation_the_log_never_saw_is_named(story: Story, verify: Verify) -> None:
    inputs = json.loads(story.files["evaluation/inputs.json"])
    inputs["bids"][2]["decisions"]["confirmed"] = None
    story.files["evaluation/inputs.json"] = dumps(inputs)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"of {IDS[2]}: the confirmation of its corrected price is not what the log recorded" in text


def test_a_member_who_did_not_sign_is_named(story: Story, verify: Verify) -> None:
    del story.files["evaluation/report.m2.p7s"]
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "V9  FAIL member m2 did not sign the report" in text


def test_a_report_signed_by_somebody_else_is_named(story: Story, verify: Verify) -> None:
    report = story.files["evaluation/report.json"]
    story.files["evaluation/report.m2.p7s"] = story.parties.people["m1"].sign(report, story.now)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "evaluation/report.m2.p7s: signed by CN=m1, not by the certificate it should be" in text


def test_rules_changed_after_publication_are_named(story: Story, verify: Verify) -> None:
    rules = json.loads(story.files["tender/evaluation.json"])
    rules["deductions"]["micro-enterprise"] = "0.00"
    story.files["tender/evaluation.json"] = dumps(rules)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "tender/evaluation.json is not what the signed notice announced" in text
    assert "the evaluation used other rules than the published ones" in text


def test_a_bid_signed_by_another_enterprise_is_named(verify: Verify) -> None:
    parties = Parties()
    parties.people["bidder2"] = parties.ca.issue("bidder2", enterprise=IDS[0])
    story = Story(parties).build()
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert f"of {IDS[1]}): signed for another enterprise (2.5.4.97=NTRCN-{IDS[0]},CN=bidder2)" in text


@pytest.mark.parametrize(
    ("about", "code"),
    [({"tender": TENDER}, 0), ({}, 0), ({"tender": "T-2026-002"}, 1)],
    ids=("named", "older", "another"),
)
def test_a_review_signed_for_another_tender_is_named(
    parties: Parties, verify: Callable[..., tuple[int, str]], about: dict[str, str], code: int
) -> None:
    story = Story(parties)
    story.reviewed = about
    story.build()
    found, text = verify(story.pack(), story.trust())
    assert found == code, text
    assert ("holds a review that was signed for tender T-2026-002" in text) is bool(code)


def test_what_the_purchaser_signs_is_signed_by_nobody_else(story: Story, verify: Verify) -> None:
    """The log's operator files papers that a losing bidder and a stranger signed."""
    signers = {
        "result/result": "bidder2",
        "result/award-1": "m1",
        "opening/record": "bidder3",
        "tender/notice": "c1",
    }
    for path, who in signers.items():
        story.signed(path, story.files[f"{path}.json"], who)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    wanted = f"not by 教育局 {PURCHASER}"
    assert f"result/result.p7s: signed by 2.5.4.97=NTRCN-{IDS[1]},CN=bidder2, {wanted}" in text
    assert f"result/award-1.p7s: signed by CN=m1, {wanted}" in text
    assert f"opening/record.p7s: signed by 2.5.4.97=NTRCN-{IDS[2]},CN=bidder3, {wanted}" in text
    assert f"tender/notice.p7s: signed by CN=c1, {wanted}" in text


def test_the_winner_is_called_what_was_read_out(tmp_path: Path, story: Story) -> None:
    (tmp_path / "b.tar").write_bytes(story.pack())
    audit = verifier.Audit(verifier.Bundle(str(tmp_path / "b.tar")), None)
    result = json.loads(story.files["result/result.json"])
    audit._check_names(result)
    assert audit.problems == []
    result["winner"]["name"] = "朋友有限公司"
    audit._check_names(result)
    assert audit.problems == [
        f"result/result.json calls bid {bid_of(story, 0)[:12]} of {IDS[0]} 朋友有限公司, the opening record calls it bidder1"
    ]


def test_the_buyers_are_those_of_the_published_documents(tmp_path: Path, story: Story) -> None:
    """Of the first notice, of the works', of the tender document where an older notice names nobody; one that names no
    organisation is said to be unchecked. The tender document and later notices name the same."""

    def audit() -> verifier.Audit:
        (tmp_path / "b.tar").write_bytes(story.pack())
        return verifier.Audit(verifier.Bundle(str(tmp_path / "b.tar")), None)

    notice, document = json.loads(story.files["tender/notice.json"]), "tender/files/tender-document.json"
    assert audit().buyers == [(PURCHASER, "教育局")]
    story.files[document] = dumps({"purchaser": "教育局", "agency": "代理公司"})
    found = audit()
    found._check_named_buyers("tender", notice)
    assert found.problems == [f"{document} names 代理公司 as agency, which tender/notice.json does not"]
    found = audit()
    later = {"buyers": [*notice["buyers"], {"id": IDS[1], "name": "代理公司"}]}
    found._check_named_buyers("tender", later)
    assert found.problems == ["tender/notice.json names another purchaser or agency than the first notice"]
    del notice["buyers"]
    story.files["tender/notice.json"] = dumps(notice)
    assert audit().buyers == [("", "教育局"), ("", "代理公司")]
    person = story.parties.people["tenderer"].certificate
    assert not verifier.is_of(person, "", "教育局") and verifier.is_of(person, PURCHASER, "教育局")
    del story.files[document]
    found = audit()
    found._check_buyer(person)
    assert found.unchecked == [
        "that the purchaser or its agency signed: nothing published in this bundle names them"
    ]
