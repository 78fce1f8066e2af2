"""One whole tender as a bundle: three bidders, one superseded and one withdrawn bid, real cryptography.

`Story(parties).build()` plays it; tests tamper with `files`, with the log or with the script's options,
and `pack` signs the manifest with the log's real key, as an operator with every server key could.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from bidding.vault.close import CloseEntry, build_close
from bidding.vault.custodian_key import build_statement
from bidding.vault.encoding import b64, format_time, sha256
from bidding.vault.keys import binding, part_key
from bidding.vault.manifest import build_withdrawal, parse_manifest
from bidding.vault.policy import Part, StagePlan, build_policy, parse_policy
from bidding.vault.receipt import build_receipt, leaf_bytes, leaf_commitment
from bidding.vault.release import build_bidder_release, build_release
from bidding.vault.seal import PartInput, SealedBid, seal_bid
from tests.verifier.pki import ENTERPRISES as IDS
from tests.verifier.pki import PURCHASER, Parties
from tradehall_verify import EVALUATIONS, Invalid, derivations
from trading.ledger import bundle, merkle
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint, tlog_proof
from trading.ledger.checkpoint import b64 as b64std
from trading.ledger.entry import Entry, payload_commitment

TENDER, LOT = "T-2026-001", "1"
DEADLINE = datetime(2026, 12, 1, 1, tzinfo=UTC)
MEMBERS = ("m1", "m2", "m3", "m4", "m5")
RULES = {
    "method": "lowest-price",
    "budget": "1500000.00",
    "ceiling": "1200000.00",
    "minimum": 3,
    "candidates": 3,
    "items": {"qualification": ["Q1"], "conformity": ["C1"]},
    "deductions": {"micro-enterprise": "0.10", "domestic-product": "0.20"},
    "stacking": "multiplicative",
    "abnormal": {"mean": "0.50", "second": "0.50", "ceiling": "0.45", "exclude_self": False},
    "brand_ties": [],
    "ties": [],
}


def hexhash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def price_sheet(
    total: str, words: str, *, body: str | None = None, claims: tuple[str, ...] = (), brand: str
) -> bytes:
    item = {
        "name": "server",
        "brand": brand,
        "unit": "台",
        "quantity": "1",
        "unit_price": total,
        "amount": total,
    }
    return dumps(
        {
            "v": 1,
            "typ": "ebid.price-sheet",
            "currency": "CNY",
            "opening": {"total": total, "words": words, "period_days": 30},
            "body": {"total": body or total, "items": [item]},
            "core_brand": brand,
            "claims": list(claims),
        }
    )


SHEETS = (
    price_sheet("980000.00", "玖拾捌万元整", claims=("micro-enterprise",), brand="A"),
    price_sheet("950000.00", "玖拾伍万元整", brand="B"),
    price_sheet("990000.00", "玖拾玖万元整", body="991000.00", brand="C"),
)


class Story:
    """The script; options are the acts of a dishonest hall."""

    edition = ""
    orders: list[list[str]] = []  # noqa: RUF012
    """what was drawn among equal bids"""
    actor = "actor"
    """who acts, as the log has it"""
    rules: dict[str, Any] = RULES
    printed: dict[str, Any] = {}  # noqa: RUF012
    """what else the report prints"""
    members = MEMBERS

    def __init__(
        self,
        parties: Parties,
        *,
        omit: int | None = None,
        award_to: int = 0,
        declined: bool = False,
        late: bool = False,
    ) -> None:
        self.reviewed: dict[str, str] = {"tender": TENDER}
        """what reviews say they are about"""
        self.parties, self.omit, self.award_to, self.declined, self.late = (
            parties,
            omit,
            award_to,
            declined,
            late,
        )
        self.now = datetime(2026, 11, 20, 2, tzinfo=UTC)
        self.log: list[bytes] = []
        self.notes: dict[int, str] = {}
        self.mine: list[int] = []
        self.openings: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.regulator: set[str] = set()
        self.sealed: dict[int, Any] = {}
        self.receipts: dict[int, bytes] = {}
        self._count = 0

    # -- tools ---------------------------------------------------------------------------------

    def rng(self, n: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(b"story" + self.parties.log.seed + self._count.to_bytes(4, "big")).digest(n)

    def tick(self, seconds: int = 60) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def append(self, body: bytes, *, mine: bool = True) -> int:
        self.log.append(body)
        if mine:
            self.mine.append(len(self.log) - 1)
        return len(self.log) - 1

    def act(self, kind: str, payload: dict[str, Any], *, secret: bool = False) -> int:
        """A plain entry with its payload and a regulator-tier context."""
        commitments = []
        for body, hidden in ((dumps(payload), secret), (dumps({"from": "192.0.2.7"}), True)):
            nonce = self.rng(32)
            name = payload_commitment(nonce, body).hex()
            self.files |= {f"payloads/{name}.json": body, f"payloads/{name}.nonce": nonce}
            if hidden:
                self.regulator |= {f"payloads/{name}.json", f"payloads/{name}.nonce"}
            commitments.append(name)
        entry = Entry(
            self.rng(16).hex(), format_time(self.tick()), kind, TENDER, self.actor, None, tuple(commitments)
        )
        return self.append(entry.to_bytes())

    def signed(
        self, path: str, document: dict[str, Any] | bytes, who: str, *, secret: bool = False
    ) -> tuple[str, str]:
        """Write `path`.json and .p7s; their hashes."""
        raw = document if isinstance(document, bytes) else dumps(document)
        cms = self.parties.people[who].sign(raw, self.now)
        self.files |= {f"{path}.json": raw, f"{path}.p7s": cms}
        if secret:
            self.regulator |= {f"{path}.json", f"{path}.p7s"}
        return hexhash(raw), hexhash(cms)

    def checkpoint(self) -> tuple[Checkpoint, str]:
        """The log's head now, signed and cosigned."""
        leaves = [merkle.leaf_hash(body) for body in self.log]
        head = Checkpoint(self.parties.log.name, len(leaves), merkle.tree_root(leaves))
        note = sign_checkpoint(head, self.parties.log.seed)
        witness = self.parties.witness
        note += cosign(note, witness.name, witness.seed, int(self.now.timestamp()) + 1)
        self.notes[head.size] = note
        return head, note

    # -- the script ----------------------------------------------------------------------------

    def build(self) -> Story:
        self.publish()
        self.bids()
        self.closing()
        self.opening()
        self.evaluation()
        self.results()
        self.finish()
        return self

    def publish(self) -> None:
        self.act("tender.drafted", {"title": "服务器采购", "kind": "goods"})
        statements = []
        for index in (1, 2, 3):
            raw = build_statement(
                tender=TENDER,
                lot=LOT,
                stage="opening",
                custodian=f"c{index}",
                org=f"org{index}",
                cert_sha256=self.parties.people[f"c{index}"].cert_sha256,
                index=index,
                seed=self.seed(index),
                created=self.now,
                release_after=DEADLINE,
            )
            cks, p7s = self.signed(f"opening/keys/opening-{index}", raw, f"c{index}")
            self.act(
                "custodian.key",
                {"stage": "opening", "index": index, "custodian": f"c{index}", "cks": cks, "p7s": p7s},
            )
            statements.append(raw)
        raw = build_policy(
            tender=TENDER,
            lot=LOT,
            deadline=DEADLINE,
            open_at=DEADLINE,
            log=self.parties.log.name,
            log_key=str(self.parties.log.key),
            receipt_key=self.parties.receipts.public,
            witnesses=[(self.parties.witness.name, str(self.parties.witness.key))],
            tsa=[],
            stages=[StagePlan("opening", "either", 2, 3, statements, bidder_window_s=1800)],
            parts=[
                Part("price-sheet", "opening", 1 << 20, True),
                Part("documents", "opening", 1 << 30, False),
            ],
        )
        self.policy = parse_policy(raw)
        policy, policy_p7s = self.signed("tender/policy", raw, "tenderer")
        self.files["tender/documents.json"] = self.list_of_documents()
        self.files["tender/evaluation.json"] = dumps(self.rules)
        hashes = {n: hexhash(self.files[f"tender/{n}.json"]) for n in ("documents", "evaluation")}
        notice, p7s = self.signed(
            "tender/notice",
            {
                "v": 1,
                "typ": "ebid.notice",
                "tender": TENDER,
                "lot": LOT,
                "title": "服务器采购",
                "kind": "goods",
                "published": format_time(self.now),
                "deadline": format_time(DEADLINE),
                "open_at": format_time(DEADLINE),
                "buyers": [{"id": PURCHASER, "name": "教育局"}],
                "policy": policy,
                "rulebook": {"version": "2026.1", "sha256": "0" * 64},
                **hashes,
            },
            "tenderer",
        )
        self.act(
            "tender.published",
            {"notice": notice, "p7s": p7s, "policy": policy, "policy_p7s": policy_p7s, **hashes},
        )

    def list_of_documents(self) -> bytes:
        return dumps({"v": 1, "typ": "ebid.documents", "files": []})

    @staticmethod
    def seed(index: int) -> bytes:
        return bytes([0x40 + index]) * 32

    def blinded(
        self, kind: str, digest: bytes, seq: int, tender: str | None = None
    ) -> tuple[int, datetime, bytes]:
        at, salt, tender = self.tick(), self.rng(32), TENDER if tender is None else tender
        lot = LOT if tender else ""
        leaf = leaf_commitment(salt=salt, kind=kind, tender=tender, lot=lot, seq=seq, digest=digest, at=at)
        index = self.append(leaf_bytes(leaf))
        self.openings.append(
            {
                "leaf_index": index,
                "kind": kind,
                "tender": tender,
                "lot": lot,
                "seq": seq,
                "digest": digest.hex(),
                "at": format_time(at),
                "salt": b64(salt),
            }
        )
        return index, at, salt

    def bids(self) -> None:
        self.rows: list[CloseEntry] = []
        self.append(dumps({"c": "ab" * 32, "typ": "ebid.leaf", "v": 1}), mine=False)
        self.blinded("download", sha256(b"somebody"), 1)
        self.blinded("dummy", sha256(b"dummy"), 0, tender="")
        first = self.bid(0, 1, "superseded")
        self.bid(1, 1, "valid")
        self.bid(0, 2, "valid", replaces=first)
        taken_back = self.bid(2, 1, "withdrawn")
        self.withdraw(2, taken_back)
        self.bid(2, 2, "valid")

    @staticmethod
    def content(who: int) -> dict[str, bytes]:
        """The parts of a bid in the clear."""
        return {"price-sheet": SHEETS[who], "documents": b"qualification papers " * 500}

    def bid(self, who: int, seq: int, status: str, replaces: bytes | None = None) -> bytes:
        person = self.parties.people[f"bidder{who + 1}"]
        content = self.content(who)
        sinks = {name: io.BytesIO() for name in content}
        sealed = seal_bid(
            self.policy,
            bidder_id=IDS[who],
            cert_sha256=person.cert_sha256,
            rng=self.rng,
            seq=seq,
            replaces=replaces,
            parts=[PartInput(n, len(content[n]), io.BytesIO(content[n]), sinks[n]) for n in content],
        )
        digest = sha256(sealed.manifest)
        folder = f"bids/{digest.hex()}"
        index, at, salt = self.blinded("bid", digest, seq)
        self.files |= {
            f"{folder}/bid.json": sealed.manifest,
            f"{folder}/bid.p7s": person.sign(sealed.manifest, at),
        }
        for name, sink in sinks.items():
            self.files[f"{folder}/parts/{name}.bin"] = sink.getvalue()
        self.regulator |= {f"{folder}/parts/documents.bin"} & set(self.files)
        parts = parse_manifest(sealed.manifest).parts
        self.receipt(folder, "bid", seq, digest, index, at, salt, parts)
        self.rows.append(CloseEntry(index, digest, status))
        if status == "valid":
            self.sealed[who] = sealed
        return digest

    def receipt(
        self,
        folder: str,
        kind: str,
        seq: int,
        digest: bytes,
        index: int,
        at: datetime,
        salt: bytes,
        parts: Any,
    ) -> None:
        head, note = self.checkpoint()
        read = merkle.leaves_reader([merkle.leaf_hash(body) for body in self.log])
        name = "bid" if kind == "bid" else "withdraw"
        raw = build_receipt(
            kind=kind,
            tender=TENDER,
            lot=LOT,
            ref=self.rng(5).hex(),
            seq=seq,
            manifest=digest,
            cms=sha256(self.files[f"{folder}/{name}.p7s"]),
            parts=parts,
            at=at,
            salt=salt,
            leaf_index=index,
            proof=merkle.inclusion_proof(read, index, head.size),
            checkpoint=note,
            tsa=self.parties.stamp(self.log[index], at + timedelta(seconds=1)),
            sign=self.parties.receipts.sign,
        )
        self.files[f"{folder}/receipt.json"] = self.receipts[index] = raw

    def withdraw(self, who: int, bid: bytes) -> None:
        person = self.parties.people[f"bidder{who + 1}"]
        manifest = parse_manifest(self.files[f"bids/{bid.hex()}/bid.json"])
        raw = build_withdrawal(manifest, self.now)
        digest = sha256(raw)
        folder = f"withdrawals/{digest.hex()}"
        index, at, salt = self.blinded("withdraw", digest, 1)
        self.files |= {f"{folder}/withdraw.json": raw, f"{folder}/withdraw.p7s": person.sign(raw, at)}
        self.receipt(folder, "withdraw", 1, digest, index, at, salt, ())
        self.rows.append(CloseEntry(index, digest, "withdrawn"))

    def drop(self, row: CloseEntry) -> None:
        """The hall forgets a bid: no row, no opening, no file, no entry in the bundle."""
        self.rows.remove(row)
        self.mine.remove(row.leaf_index)
        self.openings = [o for o in self.openings if o["leaf_index"] != row.leaf_index]
        self.files = {p: c for p, c in self.files.items() if row.manifest.hex() not in p}
        self.regulator &= set(self.files)

    def closing(self) -> None:
        self.now = DEADLINE
        self.close_index = self.act(
            "tender.closed", {"deadline": format_time(DEADLINE), "at": format_time(DEADLINE)}
        )
        if self.late:
            gone = self.rows[-1]
            self.rows[-1] = CloseEntry(gone.leaf_index, gone.manifest, "superseded")
            self.bid(2, 3, "valid")
        if self.omit is not None:
            gone = next(r for r in self.rows if r.manifest == sha256(self.sealed[self.omit].manifest))
            self.drop(gone)
            del self.sealed[self.omit]
        head, _ = self.checkpoint()
        raw = build_close(
            tender=TENDER,
            lot=LOT,
            deadline=DEADLINE,
            at=self.now,
            tree_size=head.size,
            root=head.root,
            entries=self.rows,
            sign=self.parties.receipts.sign,
        )
        self.files["opening/close.json"] = raw
        self.files["opening/close.tst"] = self.parties.stamp(raw, self.tick())
        self.manifest(hexhash(raw), head, [row.leaf_index for row in self.rows])

    def manifest(self, close: str | None, head: Checkpoint, blinded: list[int]) -> None:
        plain = [i for i in self.mine if i < head.size and b'"ebid.leaf"' not in self.log[i]]
        payload = {
            "close": close,
            "tree_size": head.size,
            "root": head.root.hex(),
            "plain": plain,
            "blinded": blinded,
            **self.manifest_more(),
        }
        self.act("tender.manifest", payload)

    def manifest_more(self) -> dict[str, Any]:
        """What else a manifest entry says."""
        return {}

    def opening(self) -> None:
        close = self.files["opening/close.json"]
        self.act("opening.started", {"close": hexhash(close)})
        self.ceks, outcomes, record = [], [], []
        for who, sealed in sorted(self.sealed.items()):
            digest = sha256(sealed.manifest).hex()
            if who != 1:  # bidder 2 stays away: the custodians are the remedy
                raw = build_bidder_release(parse_manifest(sealed.manifest), "opening", sealed.keys["opening"])
                release, p7s = self.signed(
                    f"opening/bidder-releases/{hexhash(raw)}", raw, f"bidder{who + 1}", secret=True
                )
                self.act(
                    "vault.bidder-released",
                    {"manifest": digest, "stage": "opening", "release": release, "p7s": p7s},
                )
        self.custodians_release(hashlib.sha256(close).digest())
        for who, sealed in sorted(self.sealed.items()):
            digest = sha256(sealed.manifest).hex()
            self.publish_key(sealed)
            parts = [{"name": name, "sha256": hexhash(data)} for name, data in self.content(who).items()]
            row = {
                "manifest": digest,
                "outcome": "OK",
                "how": "custodians" if who == 1 else "bidder",
                "parts": parts,
            }
            outcomes.append(row)
            self.act("bid.opened", row)
            total = json.loads(SHEETS[who])["opening"]["total"]
            record.append(
                {
                    "manifest": digest,
                    "bidder": IDS[who],
                    "name": f"bidder{who + 1}",
                    "outcome": "OK",
                    "total": total,
                    "period_days": 30,
                }
            )
        self.files["opening/ceks.json"] = dumps(self.ceks)
        self.files["opening/outcomes.json"] = dumps({"v": 1, "typ": "ebid.outcomes", "bids": outcomes})
        document = {
            "v": 1,
            "typ": "ebid.opening-record",
            "tender": TENDER,
            "lot": LOT,
            "close": hexhash(close),
            "bids": record,
        }
        raw, p7s = self.signed("opening/record", document, "tenderer")
        self.act(
            "opening.recorded",
            {"record": raw, "p7s": p7s, "outcomes": hexhash(self.files["opening/outcomes.json"])},
        )

    def custodians_release(self, close: bytes) -> None:
        manifests = [parse_manifest(s.manifest) for _, s in sorted(self.sealed.items())]
        for index in (1, 3):
            raw = build_release(
                self.policy, "opening", self.seed(index), manifests, close_hash=close, at=self.now
            )
            release, p7s = self.signed(f"opening/releases/{hexhash(raw)}", raw, f"c{index}", secret=True)
            self.act(
                "vault.released",
                {
                    "stage": "opening",
                    "index": index,
                    "custodian": f"c{index}",
                    "release": release,
                    "p7s": p7s,
                },
            )

    def publish_key(self, sealed: SealedBid) -> None:
        manifest = parse_manifest(sealed.manifest)
        b = binding(self.policy.hash, manifest.bid_id, dict(manifest.bidder))
        cek = part_key(sealed.keys["opening"], b, "price-sheet")
        self.ceks.append({"manifest": sha256(sealed.manifest).hex(), "part": "price-sheet", "cek": b64(cek)})

    def evaluation(self) -> None:
        self.seat()
        self.review()
        self.score()
        inputs = self.inputs()
        self.result = EVALUATIONS[self.rules["method"]](inputs)
        self.report(inputs)

    def panel(self) -> str:
        """The panel document; its hash."""
        members = [
            {"member": m, "role": "expert", "cert_sha256": self.parties.people[m].cert_sha256}
            for m in self.members
        ]
        document = dumps({"v": 1, "typ": "ebid.panel", "tender": TENDER, "members": members})
        self.files["evaluation/panel.json"] = document
        return hexhash(document)

    def seat(self) -> None:
        self.act("panel.imported", {"panel": self.panel()})

    def review(self) -> None:
        bids = [IDS[who] for who in sorted(self.sealed)]
        for member in self.members:
            self.act("panel.member-signed-in", self.arrival(member), secret=True)
            votes = [
                {"bid": bid, "review": review, "item": item, "pass": True, "reason": ""}
                for bid in bids
                for review, item in (("qualification", "Q1"), ("conformity", "C1"))
            ]
            document = dumps(
                {"v": 1, "typ": "ebid.review", **self.reviewed, "member": member, "votes": votes}
            )
            review, p7s = self.signed(
                f"evaluation/reviews/{hexhash(document)}", document, member, secret=True
            )
            self.act("review.signed", {"member": member, "review": review, "p7s": p7s}, secret=True)
        if 2 in self.sealed:
            third = sha256(self.sealed[2].manifest).hex()
            self.act("price.confirmed", {"manifest": third, "confirmed": True, "total": "990000.00"})

    def arrival(self, member: str) -> dict[str, Any]:
        """What the log says of a member who signs in."""
        return {"member": member}

    def score(self) -> None:
        """By lowest price nobody scores."""

    def inputs(self) -> dict[str, Any]:
        votes = [{"member": m, "pass": True, "reason": ""} for m in self.members]
        bids = [
            {
                "id": IDS[who],
                "sheet": json.loads(SHEETS[who]),
                "decisions": {
                    "qualification": [{"item": "Q1", "votes": votes}],
                    "conformity": [{"item": "C1", "votes": votes}],
                    "confirmed": True if who == 2 else None,
                    "abnormal": None,
                },
            }
            for who in sorted(self.sealed)
        ]
        return {"rules": self.rules, "draws": self.orders, "bids": bids}

    def beside(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """What the report prints beside its result."""
        panel = json.loads(self.files["evaluation/panel.json"])["members"]
        sitting = [row for row in panel if not row.get("replaced")]
        manifests = {IDS[who]: sha256(sealed.manifest).hex() for who, sealed in self.sealed.items() if sealed}
        return {
            "drawn_up": format_time(self.now),
            "committee": [
                {"seat": n, "member": m["member"], "role": m["role"], "head": bool(m.get("head"))}
                for n, m in enumerate(sitting, 1)
            ],
            "bidders": {
                bid: {"name": f"bidder{IDS.index(bid) + 1}", "manifest": digest}
                for bid, digest in manifests.items()
            },
            "dissent": [],
            "derivations": self.lines(inputs),
        }

    @staticmethod
    def lines(inputs: dict[str, Any]) -> dict[str, Any]:
        """How each price and place came about; nothing of inputs that cannot be evaluated."""
        try:
            return derivations(inputs)
        except Invalid:
            return {}

    def report(self, inputs: dict[str, Any]) -> None:
        self.files["evaluation/inputs.json"] = dumps(inputs)
        report = {
            "v": 1,
            "typ": "ebid.report",
            "tender": TENDER,
            "lot": LOT,
            "inputs": hexhash(dumps(inputs)),
            "result": self.result,
            **self.beside(inputs),
            **self.printed,
        }
        self.files["evaluation/report.json"] = dumps(report)
        signatures = []
        for member in self.members:
            cms = self.parties.people[member].sign(dumps(report), self.now)
            self.files[f"evaluation/report.{member}.p7s"] = cms
            signatures.append({"member": member, "p7s": hexhash(cms)})
        self.act(
            "evaluation.reported",
            {"inputs": hexhash(dumps(inputs)), "report": hexhash(dumps(report)), "signatures": signatures},
        )

    def results(self) -> None:
        if not self.result["ranking"]:
            self.act("tender.failed", {"reason": "fewer than three", "article": "M87 44"})
            return
        manifests = {IDS[who]: sha256(s.manifest).hex() for who, s in self.sealed.items()}
        rows = [
            {"rank": r["rank"], "manifest": manifests[r["id"]], "price": r["bid_price"]}
            for r in self.result["ranking"]
        ]
        first = self.result["ranking"][0]
        winner = {
            "manifest": rows[0]["manifest"],
            "bidder": first["id"],
            "name": f"bidder{IDS.index(first['id']) + 1}",
            "price": first["bid_price"],
        }
        document = {
            "v": 1,
            "typ": "ebid.result",
            "tender": TENDER,
            "lot": LOT,
            "published": format_time(self.now),
            "winner": winner,
            "ranking": rows,
            "excluded": [],
        }
        raw, p7s = self.signed("result/result", document, "tenderer")
        self.act("result.published", {"result": raw, "p7s": p7s})
        if self.declined:
            self.act(
                "award.declined", {"manifest": rows[0]["manifest"], "reason": "gives up", "basis": "M87 70"}
            )
        row = rows[self.award_to]
        bidder = self.result["ranking"][self.award_to]["id"]
        document = {
            "v": 1,
            "typ": "ebid.award",
            "tender": TENDER,
            "lot": LOT,
            "manifest": row["manifest"],
            "bidder": bidder,
            "price": row["price"],
            "rank": row["rank"],
        }
        raw, p7s = self.signed("result/award-1", document, "tenderer")
        self.act(
            "award.issued",
            {
                "award": raw,
                "p7s": p7s,
                "manifest": row["manifest"],
                "rank": row["rank"],
                "price": row["price"],
            },
        )
        self.act(
            "contract.signed", {"manifest": row["manifest"], "price": row["price"], "contract": "0" * 64}
        )

    def finish(self) -> None:
        """The exporter: last tender.manifest, checkpoint, proofs, keys, evidence."""
        head, _ = self.checkpoint()
        self.manifest(None, head, [o["leaf_index"] for o in self.openings])
        self.prove()
        ca, tsa = self.parties.ca, self.parties.tsa_ca
        self.files["evidence/crls/" + hexhash(ca.crl()) + ".crl"] = ca.crl()
        self.files["evidence/certs/" + hexhash(b"ca") + ".der"] = ca.certificate.public_bytes(Encoding.DER)
        self.files["evidence/crls/" + hexhash(tsa.crl()) + ".crl"] = tsa.crl()
        self.files["policy/trust.json"] = self.trust()

    def prove(self) -> None:
        """log/: everything computed from the log as it is now."""
        self.files = {p: c for p, c in self.files.items() if not p.startswith("log/")}
        head, note = self.checkpoint()
        read = merkle.leaves_reader([merkle.leaf_hash(body) for body in self.log])
        self.files["log/checkpoint"] = note.encode()
        for index in self.mine:
            self.files[f"log/entries/{index}.json"] = self.log[index]
            proof = tlog_proof(index, merkle.inclusion_proof(read, index, head.size), note)
            self.files[f"log/proofs/{index}.tlog-proof"] = proof.encode()
        sizes = [size for size in sorted(self.notes) if size < head.size]
        for size in sizes:
            self.files[f"log/checkpoints/{size}"] = self.notes[size].encode()
        self.files["log/consistency.json"] = dumps(
            [
                {
                    "from": size,
                    "to": head.size,
                    "proof": [b64std(n) for n in merkle.consistency_proof(read, size, head.size)],
                }
                for size in sizes
            ]
        )
        self.files["log/openings.json"] = dumps(self.openings)

    def trust(self, operator: str = "Operator", outside: str = "Supervision Office") -> bytes:
        def pem(authority: Any) -> str:
            return str(authority.certificate.public_bytes(Encoding.PEM).decode())

        p = self.parties
        return dumps(
            {
                "v": 1,
                "typ": "ebid.trust",
                "operator": operator,
                "log": {"origin": p.log.name, "vkey": str(p.log.key), "controller": operator},
                "witnesses": [{"vkey": str(p.witness.key), "controller": outside}],
                "quorum": 1,
                "custodians": [
                    {
                        "id": f"c{i}",
                        "controller": outside if i != 1 else operator,
                        "cert_sha256": [p.people[f"c{i}"].cert_sha256],
                    }
                    for i in (1, 2, 3)
                ],
                "trustees": [
                    {"name": name, "controller": outside, "cert_sha256": [p.people[name].cert_sha256]}
                    for name in ("c1", "c2", "c3", "tenderer")
                ],
                "devices": [
                    {"name": "site", "controller": operator, "cert_sha256": [p.people["site"].cert_sha256]}
                ],
                "ca_roots": [{"pem": pem(p.ca), "controller": operator}],
                "tsa_roots": [{"pem": pem(p.tsa_ca), "controller": operator}],
            }
        )

    def pack(self, *, public: bool = False, edit: Callable[[dict[str, bytes]], None] | None = None) -> bytes:
        """The tar's bytes; `edit` changes files after the manifest was made, as a thief of the tar would."""
        log = self.parties.log
        manifest = bundle.build_manifest(
            TENDER, format_time(self.now), self.files, self.regulator & set(self.files), edition=self.edition
        )
        files, out = dict(self.files), io.BytesIO()
        if edit:
            edit(files)
        note = bundle.sign_manifest(manifest, log.key, log.sign)
        bundle.write_bundle(out, files, manifest, note, left_out=self.regulator if public else ())
        return out.getvalue()
