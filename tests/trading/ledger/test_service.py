"""Appending, reading, opening and redacting on a real database."""

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from trading import clock
from trading.errors import Refused
from trading.ledger import canonical, entry, merkle, service
from trading.ledger.checkpoint import WITNESS_KEY, cosign, parse_checkpoint, verifier_key, verify_log


def test_an_act_and_its_entry_are_committed_together_or_not_at_all(engine: Engine):
    with Session(engine) as session:
        service.append(session, "test.done", tender="T-1", actor="a", payload={"n": 1})
        session.rollback()
        assert service.counts(session) == service.Counts(0, 0, 0)
        service.append(session, "test.done", tender="T-1", actor="a", payload={"n": 1})
        session.commit()
        assert service.counts(session) == service.Counts(1, 0, 1)


def test_an_append_costs_one_statement(session: Session):
    service.append(session, "test.done", tender="T-1", actor="a")
    statements = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
    service.append(session, "test.done", tender="T-1", actor="a", payload={"n": 1}, payloads=[{"n": 2}])
    assert len(statements) == 1


def test_payloads_open_their_commitments_in_the_order_given(session: Session):
    documents = [{"name": "投标"}, {"n": 2}, {"n": 3}]
    done = service.append(
        session, "test.done", tender="T-1", actor="a", payload=documents[0], payloads=documents[1:]
    )
    found = [service.find_payload(session, commitment) for commitment in done.commitments]
    assert [payload.document for payload in found] == documents
    for payload in found:
        assert entry.payload_commitment(payload.nonce, payload.raw).hex() == payload.commitment
    assert service.find_payload(session, "0" * 64) is None


def test_the_same_payload_twice_has_two_commitments(session: Session):
    first, second = (
        service.append(session, "test.done", tender="T-1", actor="a", payload={"n": 1}) for _ in range(2)
    )
    assert first.commitments != second.commitments


def test_a_payload_with_a_float_is_refused(session: Session):
    with pytest.raises(canonical.CanonicalError):
        service.append(session, "test.done", tender="T-1", actor="a", payload={"price": 1.5})


def test_the_entry_says_when_the_act_was_judged(session: Session):
    at = clock.parse_rfc3339("2026-11-22T01:02:03.004Z")
    service.append(session, "test.done", tender="T-9", actor="a", at=at)
    (found,) = service.entries_of(session, "T-9")
    assert found.entry.at == "2026-11-22T01:02:03.004Z"


def test_a_tenders_trail_has_its_entries_in_order_and_no_others(session: Session):
    for tender, number in (("T-7", 1), ("T-8", 2), (None, 3), ("T-7", 4)):
        service.append(session, "test.done", tender=tender, actor="a", payload={"n": number})
    trail = service.entries_of(session, "T-7")
    assert [found.payloads[0].document for found in trail] == [{"n": 1}, {"n": 4}]
    assert [found.index for found in trail] == [None, None]


def test_a_blinded_entry_tells_neither_tender_nor_kind(session: Session):
    at = clock.now()
    number, salt = service.append_blinded(
        session, "bid", tender="T-5", lot="1", seq=1, digest=b"d" * 32, at=at
    )
    body = session.execute(text("SELECT body FROM ledger_entry WHERE id = :id"), {"id": number}).scalar_one()
    assert b"T-5" not in body and b"bid" not in body.replace(b"ebid.leaf", b"")
    assert service.entries_of(session, "T-5") == []
    opened = entry.blinded_commitment(
        salt, "bid", tender="T-5", lot="1", seq=1, digest=b"d" * 32, at=clock.rfc3339(at)
    )
    assert entry.parse(body) == entry.Blinded(opened.hex())


def test_redacting_deletes_payload_and_nonce_keeps_the_commitment_and_is_logged(session: Session):
    done = service.append(session, "test.done", tender="T-1", actor="a", payload={"name": "张三"})
    (commitment,) = done.commitments
    service.redact(session, commitment, "PIPL art. 47", actor="security", tender="T-1")
    session.expire_all()
    found = service.find_payload(session, commitment)
    assert (found.raw, found.nonce, found.document, found.basis) == (None, None, None, "PIPL art. 47")
    last = service.entries_of(session, "T-1")[-1]
    assert last.entry.type == "payload.redacted"
    assert last.payloads[0].document == {"basis": "PIPL art. 47", "commitment": commitment}
    with pytest.raises(Refused):
        service.redact(session, commitment, "again", actor="security", tender="T-1")


TABLES = [
    "ledger_entry",
    "ledger_seq",
    "ledger_tile",
    "ledger_checkpoint",
    "ledger_cosig",
    "ledger_dummy",
]


@pytest.mark.parametrize("table", [*TABLES, "ledger_payload", "ledger_inbox"])
@pytest.mark.parametrize(
    "act", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {column} = {column}"]
)
def test_what_is_in_the_ledger_is_neither_changed_nor_deleted(table, act, sequencer, write, engine):
    write(257)
    sequencer.step()
    sequencer.add_dummy()
    with Session(engine) as session, session.begin():
        note = service.latest_checkpoint(session)
        session.execute(
            text("INSERT INTO ledger_cosig VALUES (257, 'w', :line)"),
            {"line": cosign(note, "w", bytes(32), 1)},
        )
    column = {"ledger_cosig": "line", "ledger_payload": "bytes", "ledger_inbox": "entry"}.get(table)
    column = column or {"ledger_entry": "body", "ledger_seq": "leaf", "ledger_tile": "hashes"}.get(
        table, "at"
    )
    with Session(engine) as session, pytest.raises(DBAPIError, match="insert-only|redacted|its place"):
        session.execute(text(act.format(table, column=column)))


def test_the_application_role_can_append_and_no_more(engine: Engine):
    with Session(engine) as session:
        session.execute(text("SET LOCAL ROLE tradehall_app"))
        service.append(session, "test.done", tender="T-1", actor="a", payload={"n": 1})
        for forbidden in (
            "INSERT INTO ledger_seq VALUES (0, 1, '')",
            "INSERT INTO ledger_checkpoint VALUES (0, '', '', now())",
            "DELETE FROM ledger_inbox",
        ):
            with pytest.raises(DBAPIError, match="permission denied"), session.begin_nested():
                session.execute(text(forbidden))


def test_the_database_holds_no_entry_that_a_bundle_cannot(session: Session):
    with pytest.raises(DBAPIError, match="fits_a_bundle"), session.begin_nested():
        session.execute(
            text("INSERT INTO ledger_entry (body, at) VALUES (:body, now())"),
            {"body": b'{"tender":"' + b"x" * 65530 + b'"}'},
        )


def test_a_waiting_entry_has_no_proof_and_a_sequenced_one_has(sequencer, write, engine, log_key):
    ids = write(3)
    with Session(engine) as session:
        assert service.leaf_index(session, ids[0]) is None
        assert service.inclusion(session, ids[0]) is None
    sequencer.step()
    ids += write(600)
    sequencer.step()
    with Session(engine) as session:
        for place in (0, 1, 255, 256, 512, 602):
            found = service.inclusion(session, ids[place])
            checkpoint = verify_log(found.note, log_key)
            ((index, number, body),) = service.log_entries(session, place, place + 1)
            assert (found.index, index, number) == (place, place, ids[place])
            leaf = merkle.leaf_hash(body)
            assert merkle.inclusion_holds(leaf, place, checkpoint.size, found.proof, checkpoint.root)
        old, new = (parse_checkpoint(service.checkpoint_note(session, size)) for size in (3, 603))
        proof = service.consistency(session, 3, 603)
        assert merkle.consistency_holds(3, 603, old.root, new.root, proof)


def test_entries_name_the_newest_witnessed_checkpoint(sequencer, write, engine, monkeypatch):
    monkeypatch.setattr(service, "CP_SECONDS", 0)
    (first,) = write(1)
    sequencer.step()
    write(1)
    sequencer.step()
    with Session(engine) as session, session.begin():
        assert service.inclusion(session, first, witnessed=True) is None
        assert service.entries_of(session, "T-1")[-1].entry.cp is None
        line = cosign(service.checkpoint_note(session, 1), "w.example", bytes(32), 1)
        session.execute(text("INSERT INTO ledger_cosig VALUES (1, 'w.example', :line)"), {"line": line})
    write(1)
    with Session(engine) as session:
        found = service.inclusion(session, first, witnessed=True)
        assert found.checkpoint.size == 1 and line in found.note
        assert service.entries_of(session, "T-1")[-1].entry.cp == found.checkpoint.hash
        assert verifier_key("w.example", WITNESS_KEY, bytes(32)).name in found.note


def test_dummies_open_their_leaves(sequencer, write, engine):
    write(2)
    sequencer.add_dummy()
    write(1)
    sequencer.step()
    with Session(engine) as session:
        (opening,) = service.dummy_openings(session, 0, 4)
        assert opening.index == 2
        assert service.dummy_openings(session, 0, 2) == []
        ((_, _, body),) = service.log_entries(session, 2, 3)
    commitment = entry.blinded_commitment(
        opening.salt, "dummy", tender="", lot="", seq=0, digest=opening.digest, at=opening.at
    )
    assert entry.parse(body) == entry.Blinded(commitment.hex())


def test_randomness_is_an_argument(session: Session):
    done = service.append(session, "test.done", tender=None, actor="a", payload={}, rng=lambda n: bytes(n))
    assert done.ref == "0" * 32
    assert done.commitments == (entry.payload_commitment(bytes(32), b"{}").hex(),)
