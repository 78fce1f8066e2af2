"""Lotteries with everything that is published of them; `bend` names what the hall does wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bidding.lottery.pricing import drawn_price
from tests.draws.ceremonies import Ceremony, ceremony
from trading.draws import slips
from trading.draws.announcement import parse_params
from trading.draws.beacon import form_of
from trading.draws.candidates import Candidate
from trading.draws.draw import replay

WORKS = "A01-2026-0001"
TRUSTEES = ("c1", "c2", "c3")
FINALISTS = 3
WEIGHTS = {"A": 3, "B": 2, "C": 1}
NOTICE: dict[str, Any] = {
    "v": 1,
    "typ": "ebid.works-notice",
    "owner": {"id": "91110105MA0000009X", "name": "教育局"},
    "works": WORKS,
    "title": "道路维修",
    "estimate": "3999999.99",
    "ceiling": "3900000.00",
    "form": {"object": "works", "public_funds": "3999999.99"},
    "route": [{"rule": "G0-2.works", "article": "O16 art. 5"}, {"rule": "ROSTER.line", "article": "local"}],
    "declines_until": "2025-11-20T02:00:00Z",
    "draw_at": "2025-11-21T02:00:00Z",
    "local_rule": {"name": "小型工程管理办法", "number": "2026-7", "sha256": "ab" * 32},
    "draw": {
        "steps": ["finalists", "order"],
        "finalists": FINALISTS,
        "k_values": [],
        "weights": WEIGHTS,
        "beacon": "dice/20",
        "pace": [300, 600, 1800],
    },
}


def ball(number: int, excluded: str = "") -> dict[str, Any]:
    grade = "ABC"[number % 3]
    return {
        "number": number,
        "id": f"91110105MA{number:08d}",
        "name": f"firm {number}",
        "weight": 1 if excluded else WEIGHTS[grade],
        "excluded": excluded,
        "grade": grade,
        "rule": "ROSTER.bars" if excluded else "",
    }


DECLINED = 4
BALLS = [ball(number, {DECLINED: "declined", 9: "excluded"}.get(number, "")) for number in range(1, 13)]
GUEST = ball(77)
BENDS = {
    "re-roll": "the finalists are drawn again, because somebody did not like the first three",
    "re-roll hidden": "the same, and the first draw is not shown",
    "missing ball": "a firm of the printed list has no ball in the drum",
    "added ball": "a firm that is on no list has one",
    "swapped order": "the first two of the published order change places",
    "swapped result": "the draw itself is said to have given another order",
    "changed weight": "a firm has one ball more than was printed",
    "hidden void draw": "a draw that was prevented is not shown",
    "foreign finalist": "somebody who is no finalist takes part in the second draw",
    "readmitted": "a firm that is printed as left out is drawn from",
    "fewer places": "two finalists are drawn where three were announced",
    "loaded dice": "the public value has not the announced form",
    "left hanging": "the first draw of the finalists is left without a result, and held again",
    "void after the throw": "a draw whose public value is known is said to be void",
    "cartel": "two firms are one group, so that the seat of one shuts the other out",
    "blank ball": "a firm's balls are in the list and can never be drawn",
    "heavy ball": "a firm is printed, and drawn, with a chance more than its grade has",
    "before the hour": "the draw begins before the published hour",
    "list fixed early": "the list is fixed while firms may still decline",
    "hurried": "the draw ends earlier than its announced pace says",
    "void for nothing": "a draw is declared void though nobody was missing",
    "void too early": "a draw is declared void while everybody could still do his part",
    "void after the freeze": "a draw is declared void when nothing may stop it any more",
    "dice changed": "the public value that is published is not the one that was drawn with",
    "exchanged ball": "a firm's ball in the draw bears another number and name than in the printed list",
    "unreasoned": "a firm is left out of the printed list, and no rule is named",
    "unlisted decliner": "a firm that declined stands nowhere in the printed list",
    "never declined": "a firm is printed as having declined, which it never did",
    "late decline": "a firm declines after the list was fixed",
    "chance left out": "a phone's chance that was frozen is not in the draw",
    "chance added": "a chance is in the draw that was not frozen",
    "another freeze": "the log froze other chances",
    "passed over": "the second in order gets the award, and the first gave nothing up",
    "wrong award": "the third in order has the turn of the second",
    "other price": "the award has another price than the ceiling",
}
"""what a hall may do wrong, and what it means"""
LATER = "2026-12-30T00:00:00Z"
TOLD = {"before the hour": {"draw_at": LATER}, "list fixed early": {"declines_until": LATER}}
"""what the notice said where the hall came too early"""


@dataclass
class Lottery:
    """A works from its printed list to the last draw."""

    bend: str = ""
    works: str = WORKS
    alg: str = "sha256"
    notice: dict[str, Any] = field(default_factory=lambda: NOTICE)
    balls: list[dict[str, Any]] = field(default_factory=lambda: BALLS)
    began: int = 1767225300
    """when a draw is announced (Unix seconds)"""
    volunteers: tuple[str, ...] = ()
    held: list[tuple[Ceremony, bool]] = field(default_factory=list)
    """every draw and whether it is void, in order"""
    results: dict[str, list[str]] = field(default_factory=dict)
    prev: str | None = None

    def __post_init__(self) -> None:
        self.notice = self.notice | TOLD.get(self.bend, {})
        if self.bend == "unreasoned":
            self.balls = [row | {"rule": ""} for row in self.balls]
        if self.bend == "heavy ball":
            self.balls = [self.balls[0] | {"weight": self.balls[0]["weight"] + 1}, *self.balls[1:]]

    def play(self) -> Lottery:
        for step in self.notice["draw"]["steps"]:
            self.step(step)
        if self.bend == "swapped order":
            self.results["order"][:2] = self.results["order"][1::-1]
        return self

    def step(self, step: str) -> None:
        if ("void" in self.bend or self.bend == "left hanging") and step == "finalists":
            self.draw(step, void=True)
        self.draw(step)
        if self.bend.startswith("re-roll") and step == "finalists":
            self.draw(step)

    def draw(self, step: str, void: bool = False) -> None:
        number = len(self.held) + 1
        chosen = self.candidates(step)
        firms = len({one.record["id"] for one in chosen if not one.excluded})
        quota = {"finalists": FINALISTS, "k": 1, "winner": min(firms, 20), "order": firms}[step]
        quota -= self.bend == "fewer places" and step == "finalists"
        rule = form_of(self.notice["draw"]["beacon"])
        assert rule is not None
        drawn = ceremony(
            90 + number, alg=self.alg, scope=f"{self.works}/lottery/{number}", cap=1, k=2, trustees=TRUSTEES, must=list(TRUSTEES),
            volunteers=list(self.volunteers), candidates=chosen, prev=self.prev, beacon=rule.announced(), times=self.times(), value=self.value(),
            strata=[{"id": step, "quota": quota, "tags": ["ball"]}], answers="A", waves=1,
        )  # fmt: skip
        t = drawn.transcript
        opened = drawn.listed.openings
        t["openings"] = {handle: [nonce, dict(record)] for handle, (nonce, record) in opened.items()}
        self.held.append((drawn, void))
        if void:
            return
        found = replay(t)
        self.prev = found.result_hash.hex()
        self.results[step] = [
            t["openings"][handle][1]["id"] for seats in found.result["panel"].values() for handle in seats
        ]
        if self.bend == "dice changed" and step == "order":
            t["beacon"] = t["beacon"][::-1]
        if self.bend == "swapped result" and step == "order":
            seats = t["result"]["panel"]["order"]
            seats[:2] = seats[1::-1]
            self.results[step][:2] = self.results[step][1::-1]

    def times(self) -> tuple[int, ...]:
        """The instants that the announced pace gives."""
        commit, freeze, reveal = self.notice["draw"]["pace"]
        reveal -= 600 * (self.bend == "hurried")
        return tuple(self.began + seconds for seconds in (commit, freeze, reveal))

    def value(self) -> str:
        """What the dice or balls show."""
        shown = (
            "07-31-12-49-01-20"
            if self.notice["draw"]["beacon"].startswith("balls")
            else "31415926535897932384"
        )
        return shown[1:] if self.bend == "loaded dice" else shown

    def candidates(self, step: str) -> list[Candidate]:
        if step == "k":
            return [candidate(value_ball(k)) for k in self.notice["draw"]["k_values"]]
        rows = list(self.balls)
        if step == "order":
            rows = [row for row in rows if row["id"] in self.results["finalists"]]
            strangers = [row for row in self.balls if row not in rows and not row["excluded"]]
            rows += strangers[:1] if self.bend == "foreign finalist" else []
            return [candidate(row) for row in rows]
        if self.bend == "missing ball":
            rows = rows[:1] + rows[2:]
        if self.bend == "added ball":
            rows.append(GUEST)
        if self.bend == "readmitted":
            rows[3] = rows[3] | {"excluded": ""}
        if self.bend == "changed weight":
            rows[0] = rows[0] | {"weight": rows[0]["weight"] + 1}
        if self.bend == "exchanged ball":
            rows[0] = rows[0] | {"number": 2, "name": rows[1]["name"]}
        chosen = [candidate(row) for row in rows]
        if self.bend == "cartel":
            chosen[:2] = [replace(one, groups=(*one.groups, "cartel")) for one in chosen[:2]]
        if self.bend == "blank ball":
            chosen[0] = replace(chosen[0], tags=())
        return chosen

    @property
    def printed(self) -> dict[str, Any]:
        """The frozen ball list."""
        return {
            "v": 1, "typ": "ebid.ball-list", "works": self.works, "at": "2025-11-20T02:00:00Z", "balls": self.balls,
        }  # fmt: skip

    @property
    def hides(self) -> bool:
        """Whether the first draw is shown to nobody."""
        return self.bend in ("re-roll hidden", "hidden void draw")

    @property
    def shown(self) -> list[tuple[Ceremony, bool]]:
        """The draws that the hall lets people see."""
        return self.held[1:] if self.bend in ("re-roll hidden", "hidden void draw") else self.held

    @property
    def record(self) -> dict[str, Any]:
        """What the hall gives a citizen's browser."""
        draws = []
        for drawn, void in self.shown:
            t = drawn.transcript
            beacon = t["beacon"] if self.bend == "void after the throw" else ""
            told = t | {"result": None, "waves": [], "beacon": beacon} if void else t
            stopped = (
                {"reason": "no acks", "missing": ["c3"]} if void and self.bend != "left hanging" else None
            )
            draws.append(
                {"ann": ann_of(t), "void": stopped, "frozen": self.frozen(t, void), "transcript": told}
            )
        head = {"v": 1, "typ": "ebid.lottery-record", "works": self.works, "notice": self.notice}
        more = {"declined": self.declined, "turns": self.turns}
        return head | more | {"balls": self.printed, "drawn": self.results, "draws": draws}

    def frozen(self, t: dict[str, Any], void: bool) -> dict[str, Any] | None:
        """What the log froze; the hall may show other chances than those."""
        if void and self.bend != "void after the freeze":
            return None
        bound = {party: [bytes.fromhex(c) for c in row] for party, row in t["commits"].items()}
        said = {
            "freeze": slips.freeze(parse_params(t["params"]), bound).hex(),
            "parties": sorted(bound),
            "dropped": [],
        }
        if self.bend == "chance left out":
            said["parties"] = [*said["parties"], "floor-00000000000000aa"]
        if self.bend == "chance added":
            said["parties"] = said["parties"][1:]
        return said | {"freeze": "0" * 64} if self.bend == "another freeze" else said

    @property
    def declined(self) -> list[dict[str, str]]:
        """Who declined, and when."""
        at = "2025-11-20T03:00:00Z" if self.bend == "late decline" else "2025-11-19T02:00:00Z"
        gone = [self.balls[DECLINED - 1]["id"]] * (self.bend != "never declined")
        gone += [GUEST["id"]] * (self.bend == "unlisted decliner")
        return [{"id": one, "at": at} for one in gone]

    @property
    def turns(self) -> list[dict[str, Any]]:
        """The first in order gives it up, the second gets it."""
        steps = self.notice["draw"]["steps"]
        order, price = self.results[steps[-1]], self.notice["ceiling"]
        if "k" in steps:
            price = f"{drawn_price(Decimal(price), self.results['k'][0].removeprefix('K=')):.2f}"
        price = "3900000.01" if self.bend == "other price" else price
        state, second = (
            "announced" if self.bend == "passed over" else "refused",
            order[2 if self.bend == "wrong award" else 1],
        )
        first = {"rank": 1, "id": order[0], "price": price, "state": state, "reason": "no crew free"}
        return [first, {"rank": 2, "id": second, "price": price, "state": "awarded", "reason": ""}]


def ann_of(transcript: dict[str, Any]) -> str:
    return parse_params(transcript["params"]).hash.hex()


def candidate(row: dict[str, Any]) -> Candidate:
    """A ball as `bidding.lottery.ceremony` lists it."""
    record = {"id": row["id"], "name": row["name"], "org": row["id"], "cats": ["ball"], "ball": row["number"]}
    record |= {"weight": row["weight"], "grade": row["grade"]}
    return Candidate(record, (row["id"],), ("ball",), row["weight"], row["excluded"])


def value_ball(value: str) -> dict[str, Any]:
    return ball(1) | {"id": f"K={value}", "name": value, "weight": 1}


DRAWN_K = NOTICE | {
    "draw": NOTICE["draw"] | {"steps": ["k", "winner"], "finalists": 0, "k_values": ["0.02", "0.03", "0.04"]}
}
BALLED = NOTICE | {"draw": NOTICE["draw"] | {"steps": ["winner"], "finalists": 0, "beacon": "balls/49/6"}}
