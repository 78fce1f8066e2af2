"""Signed notes, checkpoints, cosignatures and tlog-proofs (C2SP)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger import merkle
from trading.ledger.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    Checkpoint,
    NoteError,
    VerifierKey,
    cosign,
    parse_checkpoint,
    parse_note,
    parse_tlog_proof,
    parse_vkey,
    sign_checkpoint,
    tlog_proof,
    verifier_key,
    verify_cosignature,
    verify_log,
    verify_note,
)

LOG = json.loads((Path(__file__).parents[2] / "vectors" / "ledger_log.json").read_text())
KEYS = LOG["keys"]
LOG_VKEY = parse_vkey(KEYS["log_vkey"])
WITNESS_VKEY = parse_vkey(KEYS["witness_vkey"])
NOTE = LOG["checkpoints"]["257"]


def test_the_specifications_own_example_verifies():
    example = LOG["c2sp_spec_example"]
    assert verify_note(example["note"], parse_vkey(example["vkey"])) == "This is an example message.\n"


@pytest.mark.parametrize("size", LOG["checkpoints"])
def test_checkpoints_verify_and_are_made_again_byte_for_byte_from_the_seeds(size):
    note = LOG["checkpoints"][size]
    checkpoint = verify_log(note, LOG_VKEY)
    assert checkpoint.size == int(size)
    assert checkpoint.root.hex() == LOG["tree"]["roots"][size]
    time = verify_cosignature(note, WITNESS_VKEY)
    made = sign_checkpoint(checkpoint, bytes.fromhex(KEYS["log_seed"]))
    assert made + cosign(made, WITNESS_VKEY.name, bytes.fromhex(KEYS["witness_seed"]), time) == note


@pytest.mark.parametrize("case", LOG["tampered_checkpoints"], ids=lambda case: case["why"])
def test_tampered_checkpoints_are_refused(case):
    with pytest.raises(NoteError):
        verify_log(case["note"], LOG_VKEY)
        verify_cosignature(case["note"], WITNESS_VKEY)


def test_two_witnesses_cosign_one_checkpoint():
    second = parse_vkey(KEYS["witness2_vkey"])
    assert verify_cosignature(LOG["two_witnesses"], second) == verify_cosignature(
        LOG["two_witnesses"], WITNESS_VKEY
    )


def test_a_known_keys_wrong_line_refuses_the_note_even_beside_a_right_one():
    wrong = NOTE.split("\n")[4].replace("4nLJAw", "4nLJA1", 1)
    assert wrong != NOTE.split("\n")[4]
    with pytest.raises(NoteError):
        verify_log(NOTE + wrong + "\n", LOG_VKEY)


def test_lines_by_unknown_keys_are_ignored():
    stranger = cosign(NOTE, "stranger.example", bytes(32), 1)
    assert verify_log(NOTE + stranger, LOG_VKEY).size == 257


def test_a_checkpoint_of_another_origin_is_refused_though_the_key_is_the_same():
    other = sign_checkpoint(
        Checkpoint("other.example", 0, merkle.EMPTY_ROOT), bytes.fromhex(KEYS["log_seed"])
    )
    with pytest.raises(NoteError):
        verify_log(other, LOG_VKEY)


def test_extension_lines_are_refused():
    text = "log.example\n1\n" + "A" * 43 + "=\nextension\n"
    with pytest.raises(NoteError):
        parse_checkpoint(f"{text}\n{cosign(NOTE, 'w.example', bytes(32), 1)}")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        NOTE[:-1],
        NOTE.replace("\n— ", "\n- ", 1),
        NOTE.replace("257", "0257"),
        NOTE.replace("257", "+257"),
        NOTE.replace("257", "２５７"),
        NOTE.replace("=\n\n", "\n\n", 1),
        NOTE.replace("257\n", "257\r\n"),
    ],
)
def test_malformed_checkpoints_are_refused(note):
    with pytest.raises(NoteError):
        verify_log(note, LOG_VKEY)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+" + "A" * 44,
        KEYS["log_vkey"].replace("+e272c903+", "+e272c904+"),
        KEYS["log_vkey"][:-1],
        "two words+e272c903+AVhbKkirbXJa8zlohSM0lvoFayPiswDQR7JjtztGauGv",
    ],
)
def test_malformed_keys_are_refused(vkey):
    with pytest.raises(NoteError):
        parse_vkey(vkey)


def test_a_tlog_proof_goes_through_unchanged_and_proves_its_leaf():
    given_proof = parse_tlog_proof(LOG["tlog_proof"])
    assert tlog_proof(given_proof.index, given_proof.proof, given_proof.note) == LOG["tlog_proof"]
    checkpoint = verify_log(given_proof.note, LOG_VKEY)
    leaf = merkle.leaf_hash(f'{{"i":{given_proof.index},"t":"投标{given_proof.index}"}}'.encode())
    assert merkle.inclusion_holds(
        leaf, given_proof.index, checkpoint.size, given_proof.proof, checkpoint.root
    )


def test_a_tlog_proof_keeps_its_extra_bytes():
    text = tlog_proof(7, [b"h" * 32], NOTE, extra=b"salt")
    assert parse_tlog_proof(text).extra == b"salt"


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**40), st.integers(0, 2**62))
def test_what_a_log_and_a_witness_sign_verifies_and_nothing_near_it(seed, size, time):
    log, witness = verifier_key("log.example", LOG_KEY, seed), verifier_key("w.example", WITNESS_KEY, seed)
    assert parse_vkey(str(log)) == log
    note = sign_checkpoint(Checkpoint("log.example", size, b"r" * 32), seed)
    note += cosign(note, "w.example", seed, time)
    assert verify_log(note, log).size == size
    assert verify_cosignature(note, witness) == time
    assert str(parse_note(note)) == note
    for bad in (
        note.replace(f"\n{size}\n", f"\n{size + 1}\n"),
        note.replace("log.example\n", "log2.example\n"),
    ):
        with pytest.raises(NoteError):
            verify_log(bad, log)
        with pytest.raises(NoteError):
            verify_cosignature(bad, witness)
    with pytest.raises(NoteError):
        verify_cosignature(note, VerifierKey("w.example", WITNESS_KEY, bytes(32)))
