"""The demonstration's roster of contractors (演示名录): a dozen firms of one trade, each with somebody at a computer, and the local
rule that allows a lottery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bidding.lottery import rules
from bidding.lottery.commands import FileLocalRule
from bidding.roster import importing
from bidding.roster.lines import COLUMNS
from bidding.roster.models import RosterFirm
from bidding.roster.service import Evidence, kept
from config.demo import people
from config.demo.cast import Figure
from expert_pool.experts import sheet
from trading.acts import process
from trading.db import committing
from trading.parties import service as parties
from trading.parties.codes import compose
from trading.permissions import Role

TRADE, BAND = "房屋建筑", "500000-2000000"
NAMES = [
    "鸿基建筑", "立信建工", "长青建设", "远大工程", "广厦建筑", "恒通建设", "盛泰工程", "金桥建筑",
    "安居建设", "同创工程", "华岳建筑", "新程建设",
]  # fmt: skip
GRADES = "ABBCABBCABBC"
VALID = "2030-12-31"
RULE = FileLocalRule(
    name="示例市小型建设工程预选承包商摇号办法", number="示建规〔2026〕7号", since=date(2026, 1, 1)
)
RULE_TEXT = Evidence(
    "办法.txt", "（演示）限额以下小型工程可以从预选承包商名录中公开摇号产生承包人。".encode()
)
REVIEW = Evidence("入库审查记录.txt", "（演示）名录首批入库审查记录".encode())


@dataclass(frozen=True)
class Contractor:
    """One firm of the demonstration; `number` counts from 1."""

    number: int
    name: str
    grade: str

    @property
    def login(self) -> str:
        return f"firm{self.number}"

    @property
    def uscc(self) -> str:
        return compose("9", "1", "440300", f"6000{self.number:04d}")


def contractors() -> list[Contractor]:
    """Everybody on the roster."""
    return [
        Contractor(number, f"示例市{name}有限公司", GRADES[number - 1])
        for number, name in enumerate(NAMES, start=1)
    ]


def code_of(login: str) -> str:
    """The credit code of a bidder's or a contractor's enterprise."""
    named = {firm.login: firm.uscc for firm in contractors()}
    return named.get(login) or people.uscc(login.replace("idder", ""))


def ensure(registry: Any, state: Path) -> list[Contractor]:
    """Fill the roster when it is empty; the authority must be running. Returns who is in it."""
    everybody, office, folder = contractors(), process("roster-office"), people.folder_of(state)
    with committing(registry["sessions"]) as session:
        if session.scalars(select(RosterFirm.id)).first():
            return everybody
        keys = registry["keys"]
        rules.file_rule(session, keys, office, RULE, RULE_TEXT)
        file = sheet.write(list(COLUMNS.values()), [row_of(firm) for firm in everybody])
        plan = importing.examine(session, registry, file, binding=True)
        evidence = kept(session, keys, REVIEW)
        importing.carry_out(session, keys, office, plan, evidence, "（演示）首批入库")
        made = {}
        for firm in everybody:
            figure = Figure(firm.login, f"{firm.name[3:7]}经办人", Role.BIDDER, "", "承包商", "contractor")
            party = parties.by_code(session, firm.uscc)
            made[firm.login] = people.join(session, registry, folder, figure, party)
    people.remember(state, made)
    return everybody


def row_of(firm: Contractor) -> list[str]:
    """The firm in the roster's spreadsheet."""
    told = {
        "org": firm.uscc, "name": firm.name, "trade": TRADE, "band": BAND, "grade": firm.grade,
        "listed_on": "2026-02-01", "licence": f"YZ{firm.number:04d}", "licence_until": VALID,
        "qualification": f"ZZ{firm.number:04d}", "qualification_until": VALID,
        "safety": f"AQ{firm.number:04d}", "safety_until": VALID, "legal_representative": "（演示）",
        "phone": f"137600{firm.number:05d}", "address": "示例市建设路2号",
    }  # fmt: skip
    return [told.get(name, "") for name in COLUMNS]
