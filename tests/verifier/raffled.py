"""The bundle of a lottery, from the notice of the works to the award; `bend` names what the hall does wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bidding.lottery.pricing import drawn_price
from tests.draws.ceremonies import Ceremony
from tests.draws.lotteries import NOTICE, TRUSTEES, Lottery, ann_of
from tests.verifier.pki import Parties
from tests.verifier.story import TENDER, Story, hexhash
from trading.draws import floor, slips
from trading.draws.announcement import parse_params
from trading.draws.draw import result_hash
from trading.ledger.canonical import dumps

PHONE = ec.generate_private_key(ec.SECP256R1())
POINT = PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
GUEST_NAME = floor.name_of(POINT)
TICK = 60
"""seconds from one entry to the next"""


class Raffled(Story):
    """A two-step lottery with weights, dice, a phone from the floor, a refusal; other notices by `notice`."""

    def __init__(self, parties: Parties, bend: str = "", notice: dict[str, Any] = NOTICE) -> None:
        super().__init__(parties)
        self.bend = bend
        self.notice: dict[str, Any] = {**notice, "works": TENDER}
        if bend == "mandatory":
            self.notice |= {"estimate": "4000000.00", "form": {"object": "works"}}
        if bend == "untold money":
            self.notice |= {"estimate": "1500000.00", "form": {"object": "services"}}
        self.lottery = Logged(self, bend, self.notice)
        self.notice = self.lottery.notice

    def play(self) -> Raffled:
        rule = "cd" * 32 if self.bend == "other rule" else self.notice["local_rule"]["sha256"]
        if self.bend == "disguised tender":
            self.act("tender.published", {"notice": "ab" * 32})
        notice, p7s = self.signed("works/notice", self.notice, "tenderer")
        self.act("works.published", {"notice": notice, "p7s": p7s, "local_rule": rule, "method": "two-step"})
        if self.bend != "late decline":
            self.decline()
        self.list_balls()
        if self.bend == "late decline":
            self.decline()
        self.lottery.play()
        self.award()
        self.finish()
        return self

    def decline(self) -> None:
        for one in self.lottery.declined:
            self.act("works.declined", {"org": one["id"], "reason": "busy"})

    def list_balls(self) -> None:
        raw = dumps(self.lottery.printed)
        self.files["works/balls.json"] = raw
        rows = self.lottery.balls
        drawn = sum(not row["excluded"] for row in rows)
        self.act("works.listed", {"balls": hexhash(raw), "firms": len(rows), "drawn": drawn})

    # -- a draw ----------------------------------------------------------------------------------

    def draw_entry(self, kind: str, **payload: Any) -> None:
        self.act(f"draw.{kind}", {"draw": self.ann, **payload})

    def hold(self, drawn: Ceremony, void: bool) -> None:
        """One draw, entry by entry."""
        t = drawn.transcript
        self.ann = ann_of(t)
        self.announce(drawn)
        hashes = [self.commit(t, party) for party in t["commits"]]
        for trustee in TRUSTEES:
            if not (void and trustee == "c3") or self.bend == "void for nothing":
                self.paper("acks", "ack", trustee, trustee=trustee, commits=sorted(hashes))
        if void and self.bend != "left hanging":
            if self.bend != "void too early":
                self.tick(t["params"]["t_freeze"] - int(self.now.timestamp()))
            if self.bend == "void after the throw":
                self.throw(t)
            self.draw_entry("void", reason="no acks", missing=["c3"])
        elif void:
            return
        else:
            self.freeze(t)
        self.checkpoint()
        if not void:
            self.throw(t)
        for party, shown in t["slips"].items():
            self.draw_entry("revealed", party=party, slips=shown, by=[party])
        if not void:
            self.conclude(t)

    def announce(self, drawn: Ceremony) -> None:
        t, listed, folder = drawn.transcript, drawn.listed, f"draws/{self.ann}"
        rows = [
            {"h": h, "nonce": nonce, "record": dict(record), "groups": list(listed.groups[h])}
            for h, (nonce, record) in sorted(listed.openings.items())
        ]
        opened = {"v": 1, "typ": "ebid.draw-openings", "announce": self.ann, "rows": rows}
        opened["group_nonce"] = listed.group_nonce.hex()
        files = {"params": dumps(t["params"]), "rows": dumps(t["rows"]), "openings": dumps(opened)}
        self.files |= {f"{folder}/{name}.json": raw for name, raw in files.items()}
        if self.bend == "secret names":
            self.regulator.add(f"{folder}/openings.json")
        certificates = {name: self.parties.people[name].cert_sha256 for name in TRUSTEES}
        hashes = {name: hexhash(raw) for name, raw in files.items()}
        self.draw_entry("announced", **hashes, certificates=certificates)

    def commit(self, t: dict[str, Any], party: str) -> str:
        if party in TRUSTEES:
            return self.paper("commits", "commit", party, party=party, commits=t["commits"][party])
        said = {"v": 1, "typ": "ebid.draw-commit", "announce": self.ann, "party": party}
        raw = dumps(said | {"key": POINT.hex(), "commits": t["commits"][party]})
        signed = raw + b"!" if self.bend == "forged phone" else raw
        r, s = decode_dss_signature(PHONE.sign(signed, ec.ECDSA(SHA256())))
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        self.files |= {f"draws/{self.ann}/commits/{hexhash(raw)}.{end}": data for end, data in (("json", raw), ("sig", signature))}  # fmt: skip
        self.draw_entry("committed", party=party, commit=hexhash(raw), p7s=hexhash(signature))
        return hexhash(raw)

    def paper(self, folder: str, name: str, signer: str, *, commits: list[str], **who: str) -> str:
        certificate = self.parties.people[signer].cert_sha256
        document = {"v": 1, "typ": f"ebid.draw-{name}", "announce": self.ann, "cert_sha256": certificate}
        raw = dumps({**document, **who, "commits": commits})
        digest, p7s = self.signed(f"draws/{self.ann}/{folder}/{hexhash(raw)}", raw, signer)
        self.draw_entry("committed" if name == "commit" else "acked", **who, **{name: digest, "p7s": p7s})
        return digest

    def freeze(self, t: dict[str, Any]) -> None:
        params = parse_params(t["params"])
        bound = {party: [bytes.fromhex(c) for c in row] for party, row in t["commits"].items()}
        self.draw_entry("frozen", freeze=slips.freeze(params, bound).hex(), parties=sorted(bound), dropped=[])

    def throw(self, t: dict[str, Any]) -> None:
        people = ["one"] if self.bend == "one typist" else ["one", "two"]
        recording = None if self.bend == "no recording" else "ef" * 32
        for person in () if self.bend == "untyped" else people:
            self.draw_entry("typed", user=person)
        self.draw_entry("beacon", value=t["beacon"], entered=people, recording=recording)

    def conclude(self, t: dict[str, Any]) -> None:
        result, params = t["result"], parse_params(t["params"])
        for number, call in enumerate(result["calls"]):
            self.draw_entry("called", number=number, call=call)
            if number < len(t["waves"]):
                self.draw_entry("wave", number=number, outcomes=t["waves"][number], evidence={})
        self.draw_entry("result", result=result, hash=result_hash(params.family, params.hash, result).hex())

    # -- after the draws --------------------------------------------------------------------------

    def tell_order(self, step: str, order: list[str]) -> None:
        shown = list(order)
        if (self.bend, step) == ("swapped order", "order"):
            shown[:2] = shown[1::-1]
        self.act("works.drawn", {"step": step, "order": shown})

    def award(self) -> None:
        """The first refuses, the second gets it; nobody does of works that were cancelled."""
        if self.bend == "cancelled":
            self.act("works.cancelled", {"reason": "no funds", "evidence": "ab" * 32})
            return
        order = self.lottery.results[self.notice["draw"]["steps"][-1]]
        price = self.notice["ceiling"]
        if "k" in self.notice["draw"]["steps"]:
            price = f"{drawn_price(Decimal(price), self.lottery.results['k'][0].removeprefix('K=')):.2f}"
        price = "3900000.01" if self.bend == "other price" else price
        first, second = order[0], order[2 if self.bend == "wrong award" else 1]
        self.turn(first, 1, price)
        if self.bend != "passed over":
            self.act("works.refused", {"org": first, "rank": 1, "reason": "no crew free"})
        self.turn(second, 2, price)
        notice = {"v": 1, "typ": "ebid.works-award", "works": TENDER, "rank": 2, "price": price}
        notice["contractor"] = {"id": first if self.bend == "award to another" else second}
        award, p7s = self.signed("works/award-2", notice, "tenderer")
        said = {"org": second, "rank": 2, "price": price, "check": "aa" * 32}
        self.act("works.awarded", said | {"award": award, "p7s": p7s})

    def turn(self, org: str, rank: int, price: str) -> None:
        self.act("works.announced", {"org": org, "rank": rank, "price": price, "until": "2026-12-05"})


class Logged(Lottery):
    """A lottery whose draws are in a story's log."""

    def __init__(self, story: Raffled, bend: str, notice: dict[str, Any]) -> None:
        super().__init__(bend, works=TENDER, notice=notice, volunteers=(GUEST_NAME,))
        self.story = story

    def draw(self, step: str, void: bool = False) -> None:
        self.began = int(self.story.now.timestamp()) + TICK
        before = len(self.held)
        super().draw(step, void)
        if before == 0 and self.hides:
            return
        self.story.hold(*self.held[-1])
        if not void:
            self.story.tell_order(step, self.results[step])
