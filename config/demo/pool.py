"""The demonstration's pool of experts (演示专家库): enough people to draw a panel of, and some who cannot be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from config.demo import people
from config.demo.cast import Figure
from expert_pool.experts import identity, service, training
from expert_pool.experts.commands import NewCourse, NewExpert, TookCourse
from expert_pool.experts.models import Expert
from expert_pool.experts.person import Interest
from expert_pool.experts.service import Evidence
from trading import clock
from trading.acts import process
from trading.db import committing
from trading.parties.codes import compose
from trading.permissions import Role

SPECIALITY = "B01.01.01"
"""air conditioning: what the demonstration buys by scoring"""
COURSE = NewCourse(code="LAW-2026", title="评标法规与职业道德", pass_mark=60, months=24)
MINUTES = Evidence("入库评审会纪要.txt", "（演示）专家入库评审会议纪要".encode())
NAMES = [
    "方远", "龚睿", "黎珊", "罗成", "马骏", "孟瑶", "潘越", "钱宁", "任洁", "邵峰", "沈佳", "施展",
    "宋涛", "苏航", "唐薇", "田野", "汪洋", "魏然", "夏岚", "薛明", "严谨", "姚曼", "叶青", "于飞",
]  # fmt: skip
EMPLOYERS = (
    "示例理工大学", "示例师范学院", "示例市计算技术研究所", "示例市电教馆", "示例职业技术学院", "示例市标准化研究院", "示例市质量检测中心",
    "示例城市大学", "示例市信息中心", "示例市科技馆", "示例软件研究院", "示例市图书馆",
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One expert of the demonstration. `number` counts from 1; `unlike` is what keeps the person out."""

    number: int
    login: str
    name: str
    specialities: list[str]
    unlike: str = ""
    interests: tuple[Interest, ...] = field(default=())

    @property
    def phone(self) -> str:
        return f"139440300{self.number:02d}"


def members() -> list[Member]:
    """The four experts of the cast, and two dozen more; the last four cannot be drawn, or not for everybody."""
    known = [("expert1", "周文"), ("expert2", "吴静"), ("expert3", "郑凯"), ("expert4", "冯雪")]
    known += [(f"expert{number}", name) for number, name in enumerate(NAMES, start=5)]
    special = {25: "untrained", 26: "suspended", 27: "candidate", 28: "interest"}
    tie = Interest(people.uscc("b2"), "shareholder", date(2024, 5, 1))
    return [
        Member(
            number,
            login,
            name,
            [SPECIALITY, "B03.01.01"] if number % 3 else [SPECIALITY, "A04.01.04"],
            special.get(number, ""),
            (tie,) if special.get(number) == "interest" else (),
        )
        for number, (login, name) in enumerate(known, start=1)
    ]


def employer(number: int) -> tuple[str, str]:
    """Code and name of an expert's employer: each has two or three of them."""
    place = number % len(EMPLOYERS)
    return compose("1", "2", "440300", f"5000{place:04d}"), EMPLOYERS[place]


def ensure(registry: Any, state: Path) -> list[Member]:
    """Fill the pool when it is empty; the authority must be running. Returns who is in it."""
    everybody = members()
    with committing(registry["sessions"]) as session:
        if session.scalars(select(Expert.id)).first():
            return everybody
        known = people.load(state)
        folder, made = people.folder_of(state), {}
        training.add_course(session, process("pool-office"), COURSE)
        for member in everybody:
            if member.login not in known:
                figure = Figure(member.login, member.name, Role.EXPERT, "", "评审专家", "expert")
                made[member.login] = people.join(session, registry, folder, figure)
            admit(session, registry["keys"], member)
    people.remember(state, made)
    return everybody


def admit(session: Any, keys: Any, member: Member) -> Expert:
    """Take one member in: examined, trained, and whatever else is the matter."""
    office, (code, name) = process("pool-office"), employer(member.number)
    body = f"440300{1965 + member.number % 20}0101{member.number:03d}"
    command = NewExpert(
        name=member.name, phone=member.phone, employer=code, employer_name=name, region="440300",
        specialities=member.specialities, title="高级工程师", years=10 + member.number % 15, login=member.login,
        id_number=body + identity.check_character(body), admitted=member.unlike != "candidate",
    )  # fmt: skip
    row = service.admit(session, keys, office, command, MINUTES, interests=member.interests)
    today = clock.now().astimezone(clock.BEIJING).date()
    taken = today - timedelta(days=900 if member.unlike == "untrained" else 30)
    training.took(session, office, row, TookCourse(course=COURSE.code, taken_on=taken, score=86))
    if member.unlike == "suspended":
        service.change_standing(session, keys, office, row, "suspend", "（演示）无故缺席", MINUTES)
    return row
