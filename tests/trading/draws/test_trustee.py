"""Unattended services hold a ceremony between them; none trusts the hall."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest

from tests.draws.ceremonies import ceremony
from trading.draws import calling, papers, slips, trustee
from trading.draws.announcement import Params
from trading.draws.draw import replay
from trading.draws.trustee import Declined, Frozen, Identity, Memory, Pinned
from trading.ledger import canonical, merkle
from trading.ledger.checkpoint import LOG_KEY, WITNESS_KEY, Checkpoint, cosign, sign_checkpoint, verifier_key
from trading.ledger.entry import Entry, payload_commitment

NAMES = ("authority", "notary", "platform")
LOG, WITNESS = b"L" * 32, b"W" * 32
PINNED = Pinned(
    [verifier_key("log.example", LOG_KEY, LOG)], [verifier_key("w.example", WITNESS_KEY, WITNESS)], 1
)
BEFORE, AFTER = 0, 1767226300
"""an instant before t_commit and one after t_reveal"""


class Service:
    """One organisation's service: its identity, its memories."""

    def __init__(self, name: str) -> None:
        self.who = Identity(name, hashlib.sha256(name.encode()).hexdigest())
        self.rng = random.Random(name).randbytes
        self.memories: list[Memory] = []

    def commit(self, params: Params, now: int = BEFORE) -> papers.Commit:
        memory = trustee.contribute(self.who, params, self.memories, now, self.rng)
        if memory not in self.memories:
            self.memories.append(memory)
        return papers.parse_commit(params, trustee.commitment_paper(self.who, params, memory))

    @property
    def memory(self) -> Memory:
        return self.memories[-1]


class Ceremony:
    """A hall that passes papers on, and three services."""

    def __init__(self, number: int = 1) -> None:
        drawn = ceremony(number, k=2, trustees=NAMES, must=list(NAMES), volunteers=[], beacon=None)
        self.transcript = drawn.transcript
        self.params = trustee.read_announcement(drawn.transcript["params"], drawn.listed.rows)
        self.services = {name: Service(name) for name in NAMES}

    def commit(self) -> None:
        self.commits = [service.commit(self.params) for service in self.services.values()]

    def deal(self) -> None:
        self.deals: dict[str, list[bytes]] = {name: [] for name in NAMES}
        for service in self.services.values():
            for name, plain in trustee.deal(service.who, self.params, service.memory, self.commits).items():
                self.deals[name].append(plain)

    def ack(self, name: str) -> papers.Ack:
        service = self.services[name]
        raw = trustee.acknowledge(service.who, self.params, service.memory, self.commits, self.deals[name])
        return papers.parse_ack(self.params, raw)

    def freeze(self, cosigned: bool = True, **said: Any) -> Frozen:
        """The hall's entry of the freeze in a small log."""
        bound = {commit.party: commit.commits for commit in self.commits}
        payload = {
            "draw": self.params.hash.hex(),
            "freeze": slips.freeze(self.params, bound).hex(),
            "parties": sorted(bound),
            "dropped": [],
        }
        raw, nonce = canonical.dumps(payload | said), b"n" * 32
        tender = self.params.scope.split("/")[0]
        commitments = (payload_commitment(nonce, raw).hex(),)
        entry = Entry(
            "0" * 32, "2026-01-01T00:00:00.000Z", "draw.frozen", tender, "hall", None, commitments
        ).to_bytes()
        leaves = [merkle.leaf_hash(body) for body in (b"a", b"b", entry)]
        head = Checkpoint("log.example", 3, merkle.tree_root(leaves))
        note = sign_checkpoint(head, LOG)
        if cosigned:
            note += cosign(note, "w.example", WITNESS, 1767225950)
        path = merkle.inclusion_proof(merkle.leaves_reader(leaves), 2, 3)
        return Frozen(entry, raw, nonce, 2, tuple(path), note)

    def check(self, name: str, frozen: Frozen, pinned: Pinned = PINNED) -> list[str]:
        service = self.services[name]
        return trustee.check_frozen(service.who, self.params, service.memory, self.commits, frozen, pinned)

    def up_to_freeze(self) -> Frozen:
        self.commit()
        self.deal()
        for name in NAMES:
            self.ack(name)
        return self.freeze()

    def replayed(self, revealed: dict[str, list[bytes]]) -> bytes:
        """The seed of the whole draw, checked from its transcript; nobody answers."""
        commits = {commit.party: list(commit.commits) for commit in self.commits}
        seed = slips.seed(self.params, slips.freeze(self.params, commits), revealed, "")
        rows, waves = self.transcript["rows"], []
        state = calling.Calling(self.params, rows, calling.order(self.params.family, seed, rows))
        while state.call():
            waves.append(dict.fromkeys(state.pending, "N"))
            state.settle(waves[-1])
        document = {
            "params": self.params.document, "rows": rows, "beacon": "", "waves": waves, "openings": {},
            "commits": {party: [c.hex() for c in row] for party, row in commits.items()},
            "slips": {party: [s.hex() for s in row] for party, row in revealed.items()},
            "result": state.result(seed),
        }  # fmt: skip
        return replay(json.loads(json.dumps(document))).seed


def test_three_services_hold_a_whole_draw_and_its_transcript_verifies() -> None:
    c = Ceremony()
    frozen = c.up_to_freeze()
    assert all(c.check(name, frozen) == sorted(NAMES) for name in NAMES)
    c.replayed({name: service.memory.own for name, service in c.services.items()})


@pytest.mark.parametrize("silent", NAMES)
def test_two_services_finish_what_the_third_withholds(silent: str) -> None:
    c = Ceremony(2)
    parties = c.check("notary", c.up_to_freeze())
    shown = {name: service.memory.own for name, service in c.services.items() if name != silent}
    others = [c.services[name].memory for name in NAMES if name != silent]
    before = [trustee.recovered(c.params, memory, parties, list(shown), BEFORE) for memory in others]
    assert before == [{}, {}], "nothing is recovered before t_reveal"
    shares = [trustee.recovered(c.params, memory, parties, list(shown), AFTER)[silent] for memory in others]
    commits = next(commit for commit in c.commits if commit.party == silent).commits
    whole = slips.recover(c.params, silent, commits, shares)
    assert c.replayed(shown | {silent: whole}) == c.replayed(shown | {silent: c.services[silent].memory.own})


def test_nobody_commits_twice_under_one_number_or_too_late() -> None:
    c = Ceremony()
    service = c.services["notary"]
    first = service.commit(c.params)
    assert service.commit(c.params, AFTER) == first, "the same draw again gets the same commitment"
    other = trustee.read_announcement({**c.params.document, "cap": 9}, c.transcript["rows"])
    with pytest.raises(Declined, match="another draw was announced"):
        service.commit(other)
    with pytest.raises(Declined, match="time to commit"):
        Service("platform").commit(c.params, AFTER)
    with pytest.raises(Declined, match="no part"):
        Service("stranger").commit(c.params)


def test_a_list_that_is_not_the_announced_one_gets_no_commitment() -> None:
    c = Ceremony()
    with pytest.raises(Declined, match="LIST_DIFFERS"):
        trustee.read_announcement(c.params.document, c.transcript["rows"][1:])


def test_no_slip_leaves_before_every_mandatory_commitment_is_in() -> None:
    c = Ceremony()
    c.commit()
    service = c.services["notary"]
    with pytest.raises(Declined, match="commitments are missing: platform"):
        trustee.deal(service.who, c.params, service.memory, c.commits[:2])
    assert service.memory.dealt is None


def test_parties_that_were_told_of_different_commitments_get_no_ack() -> None:
    c = Ceremony()
    c.commit()
    late = Service("bidder-01")
    drawn = slips.draw_slips(c.params, late.rng)
    raw = papers.build_commit(
        c.params, "bidder-01", late.who.cert_sha256, slips.commit(c.params, "bidder-01", drawn)
    )
    c.deal()
    c.commits.append(papers.parse_commit(c.params, raw))
    with pytest.raises(Declined, match="dealt for another set"):
        c.ack("platform")
    with pytest.raises(Declined, match="dealt for another set"):
        c.deal()


def test_a_party_whose_slips_do_not_open_its_commitments_is_named_by_every_trustee() -> None:
    c = Ceremony()
    c.commit()
    c.services["authority"].memory.own = [bytes(32)] * 3
    service = c.services["authority"]
    known = tuple(sorted(commit.hash for commit in c.commits))
    deals = [
        papers.build_deal(
            c.params,
            papers.Deal(
                "authority", name, papers.list_hash(known), slips.dealt_to(c.params, name, service.memory.own)
            ),
        )
        for name in NAMES
    ]
    c.deals = dict(zip(NAMES, ([raw] for raw in deals), strict=True))
    for other in ("notary", "platform"):
        peer = c.services[other]
        for name, plain in trustee.deal(peer.who, c.params, peer.memory, c.commits).items():
            c.deals[name].append(plain)
    with pytest.raises(Declined, match="no good slips of authority"):
        c.ack("notary")


def test_nothing_is_revealed_before_a_pinned_witness_has_seen_the_freeze() -> None:
    c = Ceremony()
    c.up_to_freeze()
    with pytest.raises(Declined, match="no witness"):
        c.check("notary", c.freeze(cosigned=False))
    stranger = replace(PINNED, witnesses=[verifier_key("w.example", WITNESS_KEY, b"X" * 32)])
    with pytest.raises(Declined, match="no witness"):
        c.check("notary", c.freeze(), stranger)
    with pytest.raises(Declined, match="not the log's"):
        c.check("notary", c.freeze(), replace(PINNED, log=[verifier_key("log.example", LOG_KEY, b"X" * 32)]))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"freeze": "0" * 64}, "does not bind"),
        ({"draw": "0" * 64}, "of another draw"),
        ({"parties": ["authority", "notary"]}, "names others"),
        ({"parties": ["authority", "notary", "platform", "ghost"]}, "names others"),
    ],
)
def test_a_freeze_that_says_something_else_reveals_nothing(said: dict[str, Any], reason: str) -> None:
    c = Ceremony()
    c.up_to_freeze()
    with pytest.raises(Declined, match=reason):
        c.check("notary", c.freeze(**said))


def test_a_freeze_out_of_the_tree_or_with_an_exchanged_payload_reveals_nothing() -> None:
    c = Ceremony()
    frozen = c.up_to_freeze()
    with pytest.raises(Declined, match="not in the checkpoint's tree"):
        c.check("notary", replace(frozen, index=1))
    with pytest.raises(Declined, match="not the one that the log commits to"):
        c.check("notary", replace(frozen, payload=canonical.dumps({"draw": "x"})))


def test_a_freeze_reveals_nothing_where_this_trustee_has_not_acknowledged() -> None:
    c = Ceremony()
    c.commit()
    c.deal()
    with pytest.raises(Declined, match="has not acknowledged"):
        c.check("notary", c.freeze())


@pytest.mark.parametrize("field", ["v", "typ", "announce", "party", "commits", "cert_sha256"])
def test_a_paper_of_another_form_or_draw_is_refused(field: str) -> None:
    c = Ceremony()
    c.commit()
    said = json.loads(c.commits[0].raw)
    said[field] = {
        "v": True,
        "typ": "x",
        "announce": "0" * 64,
        "party": "",
        "commits": [],
        "cert_sha256": "",
    }[field]
    with pytest.raises(ValueError, match="MALFORMED"):
        papers.parse_commit(c.params, canonical.dumps(said))
