"""Who works for a department in the hall (岗位): A and B posts, the head, the chief representative; who stands in for whom."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall.catalogue.publishing import library
from plugins.approval_hall.models import HallPost
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.interfaces import IAccounts
from trading.web import _

A, B, HEAD, REPRESENTATIVE = "A", "B", "head", "representative"
ROLE_OF = {A: "hall-officer", B: "hall-officer", HEAD: "hall-officer", REPRESENTATIVE: "hall-representative"}
"""post → the role that whoever takes it holds"""


def appoint(
    session: Session, registry: Any, actor: Actor, department: str, login: str, post: str
) -> HallPost:
    """Give a post to somebody of that login name, in place of whoever held it; entry `hall.post-changed`. Raises Refused
    `hall.no-department`, `hall.no-person`, `hall.wrong-role`, `hall.two-posts`."""
    if department not in library(registry).departments:
        raise refuse("hall.no-department", _("Choose one of the list"), field="department")
    if post not in ROLE_OF:
        raise refuse("hall.no-post", _("Choose one of the list"), field="post")
    person = registry.getUtility(IAccounts).by_login(session, login)
    if person is None:
        raise refuse("hall.no-person", _("Nobody has this login name"), field="login")
    if ROLE_OF[post] not in {grant.role for grant in person.roles}:
        raise refuse(
            "hall.wrong-role", _("This person does not hold the role that the post needs"), field="login",
            remedy=_("The security administrator gives roles; afterwards give the post."),
        )  # fmt: skip
    held = holders(session, department)
    if any(row.user_id == person.id and {row.post, post} == {A, B} for row in held.values()):
        raise refuse(
            "hall.two-posts", _("Nobody stands in for themselves: A and B are two people"), field="login"
        )
    at = database_now(session)
    if post in held:
        held[post].ended_at = at
    row = HallPost(department=department, user_id=person.id, post=post, since=at)
    session.add(row)
    session.flush()
    payload = {"department": department, "post": post, "person": str(person.id)}
    record(session, actor, "hall.post-changed", None, payload, at)
    return row


def absent(session: Session, actor: Actor, on: bool) -> None:
    """Whoever acts is away, or back; entry `hall.absence`. The other post has the queue from now on."""
    at = database_now(session)
    rows = posts_of(session, actor.user_id)
    if not rows:
        raise refuse("hall.no-post", _("You have no post in a department"))
    for row in rows:
        row.absent_since = at if on else None
    session.flush()
    payload = {"departments": sorted({row.department for row in rows}), "absent": on}
    record(session, actor, "hall.absence", None, payload, at)


def holders(session: Session, department: str) -> dict[str, HallPost]:
    """Who holds which post of a department now."""
    query = select(HallPost).where(HallPost.department == department, HallPost.ended_at.is_(None))
    return {row.post: row for row in session.scalars(query)}


def posts_of(session: Session, user_id: uuid.UUID | None) -> list[HallPost]:
    """The posts that somebody holds now."""
    query = select(HallPost).where(HallPost.user_id == user_id, HallPost.ended_at.is_(None))
    return list(session.scalars(query.order_by(HallPost.department, HallPost.post)))


def on_duty(session: Session, department: str) -> uuid.UUID | None:
    """Who has the queue of a department: post A; when A is absent B; when both are, the head; None when nobody is there."""
    held = holders(session, department)
    return next(
        (held[post].user_id for post in (A, B, HEAD) if post in held and held[post].absent_since is None),
        None,
    )


def departments_of(session: Session, user_id: uuid.UUID | None) -> dict[str, set[str]]:
    """Departments that somebody works for, with the posts."""
    found: dict[str, set[str]] = {}
    for row in posts_of(session, user_id):
        found.setdefault(row.department, set()).add(row.post)
    return found


def queues(session: Session, user_id: uuid.UUID | None) -> list[str]:
    """The departments whose queue somebody has now: on duty there, or its head or representative."""
    return sorted(
        department
        for department, held in departments_of(session, user_id).items()
        if held & {HEAD, REPRESENTATIVE} or on_duty(session, department) == user_id
    )


def expect(session: Session, actor: Actor, department: str, called: str) -> None:
    """That whoever acts may act for a department now. Raises Refused `hall.not-yours` for somebody of another one, and
    `hall.not-on-duty` for a B post while A is there."""
    held = departments_of(session, actor.user_id).get(department, set())
    if not held:
        raise refuse(
            "hall.not-yours", _("This is for ${department}", mapping={"department": called}), rule="HALL 28",
            remedy=_("Only people with a post in that department act on it."),
        )  # fmt: skip
    if held & {HEAD, REPRESENTATIVE} or on_duty(session, department) == actor.user_id:
        return
    raise refuse(
        "hall.not-on-duty", _("Post A of ${department} has this queue", mapping={"department": called}), rule="HALL 28",
        remedy=_("Post B has it as soon as A is marked absent."),
    )  # fmt: skip
