"""The demonstration's approval hall (演示审批大厅): who works there, and what must be there before the first application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from config.demo import people
from config.demo.cast import Figure
from config.demo.client import Person
from config.demo.forms import fill_in, sign_on
from plugins.approval_hall.staff.powers import usual
from trading.accounts.models import User
from trading.db import committing
from trading.parties.models import Party

PLUGIN = "approval_hall"
ITEM, LEAD = "project-approval", "development"
OFFICERS = {
    "development": ("dev-a", "罗毅"),
    "planning": ("plan-a", "梁晨"),
    "environment": ("env-a", "宋颖"),
    "water": ("water-a", "唐勇"),
    "defence": ("air-a", "许诺"),
}
"""department → login and name of its A post"""
FIGURES = (
    Figure("owner", "郭凯", "bidder", "school-board", "项目申报人（建设单位）", "files the project"),  # type: ignore[arg-type]
    Figure("clerk", "马丽", "hall-clerk", "", "审批大厅窗口人员", "checks and accepts"),  # type: ignore[arg-type]
    Figure("hallmanager", "董洁", "hall-manager", "", "审批大厅管理人员", "publishes items, gives posts"),  # type: ignore[arg-type]
    Figure("head", "彭刚", "hall-officer", "", "发改部门负责人", "decides"),  # type: ignore[arg-type]
    Figure("representative", "曾颖", "hall-representative", "", "首席代表", "looks into cases first"),  # type: ignore[arg-type]
    Figure("supervisor", "田野", "hall-supervisor", "", "电子监察人员", "watches the lights"),  # type: ignore[arg-type]
    Figure("leader", "范蓉", "hall-leader", "", "分管领导（看板）", "reads the board"),  # type: ignore[arg-type]
    *(
        Figure(login, name, "hall-officer", "", "部门经办人", "gives the department's opinion")  # type: ignore[arg-type]
        for login, name in OFFICERS.values()
    ),
)


def ensure(registry: Any, state: Path) -> None:
    """Make the people of the hall, where the plugin is on and they are not there yet."""
    if PLUGIN not in registry.settings["hall.plugins"].split() or FIGURES[0].login in people.load(state):
        return
    with committing(registry["sessions"]) as session:
        owner = session.scalars(select(Party).where(Party.uscc == people.uscc("school-board"))).one()
        known = {
            figure.login: people.join(
                session, registry, people.folder_of(state), figure, owner if figure.organisation else None
            )
            for figure in FIGURES
        }
        for number, figure in enumerate(FIGURES):
            user = session.scalars(select(User).where(User.login == figure.login)).one()
            user.phone = f"139{number:08}"
    people.remember(state, known)


def prepare(hall: str, state: Path) -> None:
    """The item published, every post given, the chief representative's letter of authority signed; over the pages."""
    manager, head = Person(hall, state, "hallmanager"), Person(hall, state, "head")
    fill_in(manager, f"/hall/manage/{ITEM}", {"act": "publish", "reason": "市政府常务会议决定（演示）"})
    posts = [(LEAD, "head", "head"), (LEAD, "representative", "representative")]
    posts += [(department, login, "A") for department, (login, _) in OFFICERS.items()]
    for department, login, post in posts:
        fill_in(manager, "/hall/posts", {"department": department, "login": login, "post": post})
    page = f"/hall/posts/{LEAD}/powers"
    fill_in(head, page, usual() | sign_on(head, f"{page}?chosen=1"))
