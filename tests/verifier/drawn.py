"""Stories with a committee that is drawn, and with one that scores; `bend` names what the hall does wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.draws.ceremonies import Ceremony, ceremony
from tests.verifier.story import IDS, RULES, TENDER, Story, hexhash
from tradehall_verify import EVALUATIONS
from trading.draws.announcement import parse_params
from trading.draws.calling import Calling
from trading.draws.candidates import Candidate
from trading.draws.draw import Replay, replay
from trading.ledger.canonical import dumps

TRUSTEES = ("c1", "c2", "c3")
CALLER = "site"
"""whose certificate the device at the site has"""
BUYER, AVOIDED, FRIEND = "91110105MA0000009X", "91110105MA0000008R", "91110105MA0000007L"


def expert(number: int, org: str = "", reason: str = "") -> Candidate:
    org = org or f"unit{number}"
    record = {"id": f"E{number}", "name": f"expert {number}", "org": org, "cats": ["A08.01"]}
    return Candidate(record, (org,), () if reason else ("A08.01",), 1, reason)


POOL = [*(expert(n) for n in range(15)), expert(20, AVOIDED, "employer-avoided"), expert(21, "", "training")]
LIMITS = {"sessions_a_month": 6, "sessions_a_year": 48, "cool_down_days": 60}
DEMAND: dict[str, Any] = {
    "v": 1,
    "typ": "ebid.panel-demand",
    "tender": TENDER,
    "members": 5,
    "experts": 4,
    "strata": [{"id": "s", "quota": 4, "tags": ["A08.01"]}],
    "cap": 1,
    "avoid": [{"org": AVOIDED, "reason": "parent company of the tenderer"}],
    "ratio": 2,
    "session": {"at": "2026-12-01T01:30:00.000Z", "place": "room 3"},
    "buyers": [BUYER],
    "tenderer": BUYER,
    "region": "110105",
    "matters": [TENDER],
    "at": "2026-11-30",
    "limits": LIMITS,
}
FACTS: dict[str, Any] = {
    "status": "active",
    "trained_until": "2027-06-30",
    "certificate": True,
    "interests": [],
    "sessions": ["2026-11-02"],
    "tenderers": [],
    "advises": [],
    "official_of": [],
}
GROUND = "interest"
LEFT = (
    "left later",
    "left unsigned",
    "left by another hand",
    "left without a word",
    "left on two grounds",
    "left on a whim",
)
"""a member of the first draw steps aside after a second"""
PASSED = ("recused", "passed over", "passed over at once")
"""the second draw passes people over"""


class Drawn(Story):
    """Four of five members are drawn before they sit."""

    bend = ""
    purpose, pool, tag, quota, answers, waves = "panel", POOL, "A08.01", 4, "AAD", 3
    members = ("m1", "m2", "m3", "m4", "m5")

    def draws_only(self) -> None:
        """What V13 needs and no more: the other checks fail for want of bids."""
        self.publish()
        self.seat()
        self.act("result.published", {})
        self.finish()

    def seat(self) -> None:
        if self.bend != "undemanded":
            self.demand()
        self.draws()
        drawn = [hexhash(self.ann.encode())] if self.bend == "other draw" else self.anns
        panel = self.panel()
        if self.bend != "no head chosen":
            rows = json.loads(self.files["evaluation/panel.json"])["members"]
            head = next((row["member"] for row in rows if row.get("head")), "")
            self.act("panel.head-chosen", {"member": "m3" if self.bend == "other head chosen" else head})
        self.act("panel.seated", {"panel": panel, "draws": drawn, "demand": self.demanded})

    def demand(self) -> None:
        bent = {
            "broad": {"ratio": 4},
            "few": {"members": 3, "experts": 3},
            "even": {"members": 4},
            "strata": {"strata": [{"id": "s", "quota": 4, "tags": ["A08"]}]},
            "cap": {"cap": 2},
            "unfounded": {"avoid": []},
            "overlooked": {"avoid": [{"org": f"unit{n}", "reason": ""} for n in range(15)]},
        }
        strata = [{**DEMAND["strata"][0], "quota": self.quota}]
        document = dumps({**DEMAND, "strata": strata, **bent.get(self.bend, {})})
        self.demanded = hexhash(document)
        self.files[f"evaluation/demands/{self.demanded}.json"] = document
        self.act("panel.demanded", {"demand": self.demanded})
        self.actor = "actor" if self.bend == "alone" else "somebody else"
        self.act("panel.approved", {"demand": self.demanded})
        self.actor = "actor"

    demanded = ""
    listed: Mapping[str, Any] = {}
    """openings of everybody who stood in a draw"""

    def panel(self) -> str:
        self.certify()
        super().panel()
        panel = json.loads(self.files["evaluation/panel.json"])
        for member, handle in zip(panel["members"], self.seated, strict=False):
            member["handle"] = handle
        if not any(member.get("head") for member in panel["members"]):
            panel["members"][1]["head"] = True
        panel["members"][-1]["role"] = "purchaser"
        if self.bend == "swapped":
            panel["members"][0]["handle"] = next(
                h for h in self.ceremony.listed.openings if h not in self.seated
            )
        if self.bend == "undrawn":
            panel["members"][-1]["role"] = "expert"
        if self.bend == "head":
            panel["members"][1]["head"], panel["members"][-1]["head"] = False, True
        self.files["evaluation/panel.json"] = dumps(panel)
        return hexhash(dumps(panel))

    def arrival(self, member: str) -> dict[str, Any]:
        said = {"v": 1, "typ": "ebid.panel-promise", "tender": TENDER, "member": member}
        raw = dumps({**said, "handle": None, "promises": ["secrecy"]})
        digest, p7s = self.signed(f"evaluation/promises/{hexhash(raw)}", raw, member, secret=True)
        return {"member": member, "promise": digest, "p7s": p7s, "phone": True}

    def certify(self) -> None:
        """Members who were drawn sign with certificates of their own names."""
        known = {h: record["name"] for h, (_, record) in self.listed.items()}
        for member, handle in zip(self.members, self.seated, strict=False):
            name = "somebody else" if (self.bend, member) == ("impostor", "m1") else known[handle]
            self.parties.people[member] = self.parties.named(name)

    def draws(self) -> None:
        self.anns: list[str] = []
        if self.bend in ("short", "overfilled"):
            self.pool, self.answers = POOL[:6], "DDA"
        if self.bend in (*LEFT, *PASSED):
            self.pool, self.answers = POOL[:3], "R" if self.bend == "passed over at once" else "A"
        if self.bend == "left beforehand":
            self.pool, self.answers = POOL[:4], "A"
        first = self.hold(1, None)
        self.seated = first.result["panel"]["s"]
        if self.bend in ("short", "overfilled", *LEFT):
            self.fill_up(first)
        if self.bend in PASSED:
            self.pass_over(first)
        if self.bend == "left beforehand":
            self.needless(first)
        if self.bend == "again":
            self.hold(1, None)
        if self.bend in ("second", "redrawn", "old slip"):
            if self.bend != "redrawn":
                self.act("evaluation.reopened", {"committee": "new"})
            self.demand()
            self.anns.clear()
            self.seated = self.hold(2, first.result_hash.hex()).result["panel"]["s"]
        if self.bend == "unlinked":
            self.hold(2, None)

    def fill_up(self, first: Replay) -> None:
        """A second draw, from other people, for the seats that the first one left empty."""
        self.pool, self.answers = POOL[6:15], "A"
        self.quota = first.result["short"]["s"] + (self.bend == "overfilled")
        self.demand()
        early, drawn = self.ann, self.ceremony
        second = self.hold(2, first.result_hash.hex())
        self.seated = [*self.seated, *second.result["panel"]["s"]]
        if self.bend in LEFT:
            self.seated.remove(self.leave(early, drawn, first))
            self.pool, self.quota = [expert(n) for n in range(30, 36)], 1
            self.demand()
            self.seated += self.hold(3, second.result_hash.hex()).result["panel"]["s"]

    def pass_over(self, first: Replay) -> None:
        """A second draw passes over who was called in the first and a colleague of one of them; a third finds somebody."""
        self.quota = first.result["short"]["s"]
        self.pool = [expert(0), expert(40, "unit1")] if self.bend == "recused" else [expert(41)]
        self.answers = "R"
        self.demand()
        second = self.hold(2, first.result_hash.hex())
        self.pool, self.answers = POOL[6:15], "A"
        self.demand()
        self.seated = [*self.seated, *self.hold(3, second.result_hash.hex()).result["panel"]["s"]]

    def needless(self, first: Replay) -> None:
        """A second draw beside a complete committee; then somebody of the first leaves, and nobody of its list is left."""
        early, drawn = self.ann, self.ceremony
        self.pool, self.quota = POOL[6:15], 1
        self.demand()
        self.seated = [*self.seated, *self.hold(2, first.result_hash.hex()).result["panel"]["s"]]
        self.seated.remove(self.leave(early, drawn, first))

    def leave(self, ann: str, drawn: Ceremony, found: Replay) -> str:
        """A member of a draw whose list is used up steps aside: the draw comes to another result. Returns the handle."""
        now, self.ann = self.ann, ann
        t, member = drawn.transcript, found.result["panel"]["s"][0]
        waves = [*t["waves"], {member: "X"}]
        state = Calling(parse_params(t["params"]), t["rows"], found.order)
        for wave in waves:
            state.call()
            state.settle(wave)
        assert state.call() == []
        result = state.result(bytes.fromhex(found.result["seed"]))
        again = replay({**t, "waves": waves, "result": result})
        if self.bend != "left without a word":
            self.recuse(member)
        evidence = {member: ground_record(member, "buyer" if self.bend == "left on two grounds" else GROUND)}
        self.entry("wave", number=len(waves) - 1, outcomes=waves[-1], evidence=evidence)
        self.entry("called", number=len(waves), call=[])
        self.entry("result", result=again.result, hash=again.result_hash.hex())
        self.ann = now
        return str(member)

    def recuse(self, handle: str) -> None:
        ground = "whim" if self.bend == "left on a whim" else GROUND
        said = {"member": "00" * 16, "handle": handle, "ground": ground, "article": "GPR 9"}
        self.act("panel.member-recused", said | self.word(handle))

    def word(self, handle: str) -> dict[str, str]:
        """The member's signed statement that it has an interest."""
        if self.bend == "left unsigned":
            return {}
        name = "别人" if self.bend == "left by another hand" else self.listed[handle][1]["name"]
        people, who = self.parties.people, "gone"
        people[who] = self.parties.named(name)
        said = {
            "tender": TENDER,
            "member": "00" * 16,
            "handle": handle,
            "cert_sha256": people[who].cert_sha256,
        }
        raw = dumps({"v": 1, "typ": "ebid.panel-interest", **said, "ground": GROUND})
        statement, p7s = self.signed(f"evaluation/recusals/{hexhash(raw)}", raw, who, secret=True)
        return {"statement": statement, "p7s": p7s}

    def act(self, kind: str, payload: dict[str, Any], *, secret: bool = False) -> int:
        index = super().act(kind, payload, secret=secret)
        if kind == "result.published" and self.bend != "early":
            self.open_names()
        return index

    def hold(self, number: int, prev: str | None) -> Replay:
        """One ceremony, entry by entry."""
        start = int(self.now.timestamp())
        self.ceremony = drawn = ceremony(
            57 if self.bend == "old slip" else 56 + number, alg="sm3" if number == 2 else "sha256", scope=f"{TENDER}/{self.purpose}/{number}", cap=1, k=2,
            trustees=TRUSTEES, must=["c1", "c2", "tenderer"], volunteers=["c3"], candidates=self.pool, prev=prev, beacon=None,
            strata=[{"id": "s", "quota": self.quota, "tags": [self.tag]}], answers=self.answers, waves=self.waves,
            times=(start + 3600, start + 3600, start + 7200),
        )  # fmt: skip
        found = replay(drawn.transcript)
        self.listed = {**self.listed, **drawn.listed.openings}
        self.ann = found.announce.hex()
        self.anns.append(self.ann)
        self.announce(drawn)
        self.commit_and_ack(drawn.transcript)
        if self.bend == "void":
            self.tick(3600)
            self.entry("void", reason="no acks", missing=["c3"])
            return found
        self.entry(
            "frozen", freeze=found.freeze.hex(), parties=sorted(drawn.transcript["commits"]), dropped=[]
        )
        if self.bend != "unwitnessed":
            self.checkpoint()
        self.reveal(drawn.transcript)
        self.call(drawn.transcript)
        self.entry("result", result=found.result, hash=found.result_hash.hex())
        if self.bend == "early":
            self.open_names()
        return found

    def entry(self, kind: str, **payload: Any) -> None:
        self.act(f"draw.{kind}", {"draw": self.ann, **payload})

    def announce(self, drawn: Ceremony) -> None:
        t, folder = drawn.transcript, f"draws/{self.ann}"
        rows = [
            {
                "h": h,
                "nonce": nonce,
                "record": dict(record),
                "groups": [record["org"]],
                "facts": self.facts(record),
            }
            for h, (nonce, record) in sorted(drawn.listed.openings.items())
        ]
        if self.bend == "employer":
            rows[0]["groups"] = ["another employer"]
        sealed = {"v": 1, "typ": "ebid.draw-openings", "announce": self.ann, "rows": rows}
        sealed["group_nonce"] = drawn.listed.group_nonce.hex()
        listed = t["rows"][1:] if self.bend == "list" else t["rows"]
        files = {"params": dumps(t["params"]), "rows": dumps(listed), "openings": dumps(sealed)}
        self.files |= {f"{folder}/{name}.json": raw for name, raw in files.items()}
        if self.bend == "sealed":
            self.files[f"{folder}/sealed.json"] = self.files.pop(f"{folder}/openings.json")
        self.regulator |= {f"{folder}/openings.json", f"{folder}/sealed.json"} & self.files.keys()
        people = self.parties.people
        certificates = {p: people[p].cert_sha256 for p in {*TRUSTEES, "tenderer"}}
        digests = {name: hexhash(raw) for name, raw in files.items()}
        self.entry("announced", **digests, certificates=certificates, caller=people[CALLER].cert_sha256)

    def facts(self, record: Any) -> dict[str, Any]:
        """What the pool knows of a candidate."""
        trained = {"trained_until": "2026-10-31"} if record["id"] == "E21" and self.bend != "fit" else {}
        tie = {"org": BUYER, "relation": "employment", "since": "2020-01-01", "until": None}
        friend = {"interests": [tie]} if record["id"] == "E3" and self.bend == "friend" else {}
        return FACTS | trained | friend

    def commit_and_ack(self, t: dict[str, Any]) -> None:
        hashes = []
        for party in t["commits"]:
            signer = "m1" if self.bend == "signer" and party == "c1" else party
            hashes.append(
                self.paper("commits", "commit", party=party, signer=signer, commits=t["commits"][party])
            )
        for trustee in TRUSTEES:
            if {"unacked": "c2", "void": "c3"}.get(self.bend) != trustee:
                self.paper("acks", "ack", trustee=trustee, signer=trustee, commits=sorted(hashes))

    def paper(self, folder: str, name: str, *, signer: str, commits: list[str], **who: str) -> str:
        certificate = self.parties.people[signer].cert_sha256
        document = {"v": 1, "typ": f"ebid.draw-{name}", "announce": self.ann, "cert_sha256": certificate}
        raw = dumps({**document, **who, "commits": commits})
        digest, p7s = self.signed(f"draws/{self.ann}/{folder}/{hexhash(raw)}", raw, signer)
        self.entry("committed" if name == "commit" else "acked", **who, **{name: digest, "p7s": p7s})
        return digest

    def reveal(self, t: dict[str, Any]) -> None:
        for party, slips in t["slips"].items():
            shown = [*slips[:-1], "00" * 32] if self.bend == "other slip" and party == "c1" else slips
            if self.bend == "hidden" and party == "c3":
                continue
            if self.bend in ("withheld", "hasty") and party == "c3":
                if self.bend == "withheld":
                    self.tick(9000)
                self.entry("revealed", party=party, slips=shown, by=["c1", "c2"])
            else:
                self.entry("revealed", party=party, slips=shown, by=[party])

    def call(self, t: dict[str, Any]) -> None:
        for number, call in enumerate(t["result"]["calls"]):
            until = int(self.now.timestamp()) + (20 if self.bend == "hasty call" else 180)
            self.entry("called", number=number, call=call, until=until)
            if number < len(t["waves"]):
                outcomes = dict(t["waves"][number])
                if self.bend == "no answer" and number == 0:
                    outcomes[next(h for h, o in outcomes.items() if o == "A")] = "N"
                for handle in (h for h, o in outcomes.items() if o == "X"):
                    self.recuse(handle)
                evidence = {
                    h: ground_record(h) if o == "X" else hexhash(call_record(h, o))
                    for h, o in outcomes.items()
                }
                if self.bend in ("no record", "never called", "invented answer") and number == 0:
                    said = "A" if self.bend == "invented answer" else "D"
                    handle = next(h for h, outcome in outcomes.items() if outcome == said)
                    if self.bend == "no record":
                        del evidence[handle]
                    else:
                        evidence[handle] = self.uncalled(handle)
                        outcomes[handle] = "N" if said == "D" else said
                if self.bend == "one record":
                    evidence = dict.fromkeys(evidence, hexhash(b"one call"))
                self.wave(number, until, outcomes, evidence)

    def wave(self, number: int, until: int, outcomes: dict[str, str], evidence: dict[str, str]) -> None:
        """What the device signed, and what the hall makes of it."""
        answers = {h: outcome for h, outcome in outcomes.items() if outcome != "X"}
        said = {"v": 1, "typ": "ebid.wave", "draw": self.ann, "number": number, "until": until}
        if self.bend == "longer" and number == 1:
            said["until"] = until = until + 600
        bound = {h: record for h, record in evidence.items() if h in answers}
        if self.bend == "bent answer" and number == 0:
            changed = next(h for h, outcome in answers.items() if outcome == "D")
            answers[changed] = "A"
        if self.bend == "other records" and number == 0:
            bound = {h: hexhash(h.encode()) for h in bound}
        raw = dumps(said | {"outcomes": answers, "evidence": bound})
        signer = "c1" if self.bend == "other caller" else CALLER
        paper: dict[str, Any] = {"until": until}
        if answers and self.bend != "unsigned wave":
            digest, p7s = self.signed(f"draws/{self.ann}/waves/{hexhash(raw)}", raw, signer)
            paper |= {"wave": digest, "p7s": p7s}
        self.entry("wave", number=number, outcomes=outcomes, evidence=evidence, **paper)

    def uncalled(self, handle: str) -> str:
        """What a device names that could not call."""
        nonce = self.ceremony.listed.openings[handle][0]
        said = {"v": 1, "typ": "ebid.uncalled", "draw": self.ann, "h": handle, "nonce": nonce}
        return hexhash(dumps(said | {"earlier": None, "why": "no-number"}))

    def open_names(self) -> None:
        t = self.ceremony.transcript
        seats = [h for members in t["result"]["panel"].values() for h in members]
        if self.bend == "gossip":
            seats = [h for h in t["openings"] if h not in seats][:1]
        if self.bend == "everybody":
            openings = {
                h: [nonce, dict(found)] for h, (nonce, found) in self.ceremony.listed.openings.items()
            }
            self.entry("opened", openings=openings)
            return
        self.entry("opened", openings={h: t["openings"][h] for h in seats})


def ground_record(handle: str, ground: str = GROUND) -> str:
    """The hash that stands for the ground on which a member left."""
    return hexhash(dumps({"handle": handle, "ground": ground}))


def call_record(handle: str, outcome: str) -> bytes:
    """What the gateway recorded of one call."""
    return dumps({"v": 1, "typ": "ebid.call-record", "key": handle[:8], "outcome": outcome})


SCORED: dict[str, Any] = RULES | {
    "method": "comprehensive-scoring",
    "category": "goods",
    "criteria": [
        {"id": "P", "kind": "price", "weight": "40"},
        {"id": "T", "kind": "subjective", "weight": "40", "max": "20"},
        {"id": "O", "kind": "objective", "weight": "20", "max": "3"},
    ],
    "outliers": {"ratio": "0.30", "modified_z": "3.5"},
    "ties": ["bid-price"],
}
MARKS = {"T": ("18", "17.5", "18.5", "17", "9"), "O": ("3", "3", "3", "3", "3")}
WRONG = (IDS[0], "O", "m2")
"""this member overlooked a point; corrected afterwards"""


class Scored(Story):
    """The members score; one of them stands far from the others, another must be corrected."""

    bend = ""
    rules = SCORED
    members = ("m1", "m2", "m3", "m4", "m5")

    def scores_only(self) -> None:
        """What the checks of scores need and no more; the other checks fail for want of bids."""
        self.publish()
        self.seat()
        self.score()
        self.sealed = dict.fromkeys(range(len(IDS)))
        inputs = self.inputs()
        self.result = EVALUATIONS[self.rules["method"]](inputs)
        self.report(inputs)
        self.finish()

    def marks(self, member: str) -> list[dict[str, str]]:
        """A member's sheet."""
        place = self.members.index(member)
        cells = sorted((bid, item) for bid in IDS for item in MARKS)
        return [
            {
                "bid": bid,
                "item": item,
                "score": "2" if (bid, item, member) == WRONG else MARKS[item][place],
                "reason": "one has expired"
                if (bid, item, member) == WRONG and self.bend != "no reason"
                else "",
            }
            for bid, item in cells
        ]

    def panel(self) -> str:
        super().panel()
        return self.amended(lambda row: row | {"head": row["member"] == self.members[0]})

    def amended(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
        """The panel document with its rows changed; its hash."""
        said = json.loads(self.files["evaluation/panel.json"])
        document = dumps(said | {"members": [change(row) for row in said["members"]]})
        self.files["evaluation/panel.json"] = document
        return hexhash(document)

    def state(self) -> None:
        """The head states that every bid has three certificates, but for the one that m2 overlooks a point of."""
        facts = [
            {"bid": bid, "item": "O", "fact": "three certificates", "points": "3"} for bid in sorted(IDS)
        ]
        facts = facts[1:] if self.bend == "fact missing" else facts
        member = "m2" if self.bend == "facts of another" else self.members[0]
        head = {
            "v": 1,
            "typ": "ebid.score-facts",
            "tender": TENDER,
            "member": member,
            "number": 1,
            "salt": "C" * 22,
        }
        self.file("score-facts", "stated", "facts", head | {"facts": facts})

    def score(self) -> None:
        if self.bend == "facts late":
            self.lock(self.members[2])
        self.state()
        for member in self.members:
            if (self.bend, member) == ("facts late", self.members[2]):
                continue
            if (self.bend, member) not in (("dropped", "m4"), ("late", "m5")):
                self.lock(member)
        if self.bend == "twice":
            self.lock("m1", salt="B" * 22)
        if self.bend == "stranger":
            self.lock("c1", marks=self.marks("m1"))
        self.explain()
        self.correct()
        if self.bend == "late":
            self.lock("m5")

    def lock(self, member: str, salt: str = "A" * 22, marks: list[dict[str, str]] | None = None) -> None:
        sheet = {"v": 1, "typ": "ebid.score-sheet", "tender": TENDER, "member": member, "salt": salt}
        self.file("scores", "locked", "sheet", sheet | {"scores": marks or self.marks(member)})

    def file(self, folder: str, entry: str, name: str, document: dict[str, Any], path: str = "") -> None:
        member, raw = document["member"], dumps(document)
        digest, p7s = self.signed(f"evaluation/{folder}/{path or hexhash(raw)}", raw, member, secret=True)
        self.act(f"scores.{entry}", {"member": member, name: digest, "p7s": p7s})

    def explain(self) -> None:
        for bid in IDS if self.bend != "silent" else IDS[1:]:
            said = {
                "bid": bid,
                "item": "T",
                "score": "9",
                "rules": ["ratio", "modified-z"],
                "reason": "too weak",
            }
            head = {"v": 1, "typ": "ebid.score-reason", "tender": TENDER, "member": "m5"}
            self.file("score-reasons", "explained", "reason", head | said)

    def correct(self) -> None:
        bid, item, member = WRONG
        self.changes = [
            {"bid": bid, "item": item, "member": member, "ground": "objective", "before": "2", "after": "3"}
        ]
        if self.bend != "unsigned correction":
            head = {
                "v": 1,
                "typ": "ebid.score-correction",
                "tender": TENDER,
                "number": 1,
                "reason": "overlooked",
            }
            self.file("score-corrections", "corrected", "correction", head | self.changes[0], "1")

    def inputs(self) -> dict[str, Any]:
        found = super().inputs()
        for bid in found["bids"]:
            bid["scores"] = {
                item: {
                    member: next(
                        m["score"] for m in self.marks(member) if (m["bid"], m["item"]) == (bid["id"], item)
                    )
                    for member in self.members
                }
                for item in MARKS
            }
        return found | {"members": list(self.members), "corrections": self.changes}

    def report(self, inputs: dict[str, Any]) -> None:
        """Bends what the members signed, or what comes out of it."""
        first = inputs["bids"][0]["scores"]
        reasons = [
            {"bid": bid, "item": "T", "member": "m5", "score": "9", "rules": ["ratio", "modified-z"]}
            | {"reason": "none" if self.bend == "other reason" else "too weak"}
            for bid in (IDS[1:] if self.bend == "silent" else IDS)
        ]
        changes = [row | {"number": n, "reason": "overlooked"} for n, row in enumerate(self.changes, 1)]
        if self.bend == "unprinted correction":
            changes = []
        if self.bend == "invented correction":
            changes.append(changes[0] | {"number": 2})
        changes = [row | {"reason": "seen"} for row in changes] if self.bend == "other ground" else changes
        facts = [
            {"bid": bid, "item": "O", "member": self.members[0], "fact": "three certificates"}
            | {"points": "1" if self.bend == "other fact" else "3"}
            for bid in sorted(IDS)
        ]
        self.printed = {"score_reasons": reasons, "score_corrections": changes, "score_facts": facts}
        if self.bend == "bent":
            first["T"]["m1"] = "20"
        if self.bend == "missing correction":
            inputs["corrections"] = []
        if self.bend == "other correction":
            inputs["corrections"] = [self.changes[0] | {"after": "2.5"}]
        if self.bend == "groundless":
            inputs["corrections"] = [
                {**self.changes[0], "item": "T", "ground": "outlier", "before": "17.5", "after": "20"}
            ]
        if self.bend == "weight":
            criteria = [
                SCORED["criteria"][0] | {"weight": "30"},
                SCORED["criteria"][1] | {"weight": "50"},
                SCORED["criteria"][2],
            ]
            inputs["rules"] = SCORED | {"criteria": criteria}
        if self.bend == "swapped":
            inputs["members"] = ["m1", "m2", "m3", "m4", "c1"]
        if self.bend == "sensitivity":
            self.result["sensitivity"][0]["changes_first"] ^= True
        if self.bend == "ranking":
            self.result["ranking"].reverse()
        if self.bend == "points":
            self.result["scores"][IDS[1]]["items"]["T"] = {"points": "40.00", "exact": "40"}
        super().report(inputs)


class Replaced(Scored):
    """c1 leads the committee, has stated the facts, locked a sheet and corrected a score when it is replaced by m1; the
    correction that m2 had made by then still has its ground. m3 corrected one that c1 alone had differed from."""

    lapsed = {"bid": IDS[1], "item": "O", "member": "m3", "ground": "objective", "before": "3", "after": "2"}

    def seat(self) -> None:
        self.members = ("c1", "m2", "m3", "m4", "m5")
        super().seat()

    def score(self) -> None:
        super().score()  # with c1 in the place of m1
        self.act("scores.corrected", self.paper(2, self.lapsed))
        order = {"member": "c1", "seat": 1, "ground": "illness", "article": "M87 49"}
        document = b"a doctor's note"
        paper = dumps({"v": 1, "typ": "ebid.panel-replacement", "tender": TENDER, **order, "reason": "fell ill",
                       "document": hexhash(document), "at": "2026-06-01T08:00:00Z"})  # fmt: skip
        self.files[f"evaluation/replacements/{hexhash(paper)}.json"] = paper
        if self.bend != "no document":
            self.files[f"evaluation/replacements/{hexhash(document)}"] = document
        panel = self.amended(lambda row: row | ({"replaced": True} if row["member"] == "c1" else {}))
        if self.bend != "no order":
            self.act("panel.member-replaced", order | {"replacement": hexhash(paper), "panel": panel})
        self.members = ("m1", "m2", "m3", "m4", "m5")
        said = json.loads(self.files["evaluation/panel.json"])["members"]
        new = {
            "member": "m1",
            "role": "expert",
            "cert_sha256": self.parties.people["m1"].cert_sha256,
            "head": True,
        }
        self.files["evaluation/panel.json"] = dumps(
            {"v": 1, "typ": "ebid.panel", "tender": TENDER, "members": [*said, new]}
        )
        self.act("panel.imported", {"panel": hexhash(self.files["evaluation/panel.json"])})
        self.lock("m1")

    def paper(self, number: int, change: dict[str, Any]) -> dict[str, str]:
        """A signed correction; the entry's payload."""
        raw = dumps(
            {"v": 1, "typ": "ebid.score-correction", "tender": TENDER, "number": number, "reason": "seen"}
            | change
        )
        digest, p7s = self.signed(
            f"evaluation/score-corrections/{number}", raw, change["member"], secret=True
        )
        return {"member": change["member"], "correction": digest, "p7s": p7s}

    def report(self, inputs: dict[str, Any]) -> None:
        if self.bend == "void sheet":
            for bid in inputs["bids"]:
                bid["scores"] = {item: {**row, "c1": row["m1"]} for item, row in bid["scores"].items()}
        if self.bend == "void member":
            inputs["members"] = ["c1", *inputs["members"][1:]]
            for bid in inputs["bids"]:
                for row in bid["scores"].values():
                    row["c1"] = row.pop("m1")
        if self.bend == "void correction":
            inputs["corrections"] = [*inputs["corrections"], self.lapsed | {"member": "c1", "bid": IDS[2]}]
        if self.bend == "dropped correction":
            inputs["corrections"] = []
        super().report(inputs)


class Whole(Drawn, Scored):
    """A tender from its notice to the award: a drawn committee that scores."""
