"""The pool's services: taking people in, changing their standing, and telling who is there.

Everything that names a person is sealed. An act has an author, a reason and evidence, and one ledger entry
that names the pool's number only.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from expert_pool.advisory import membership
from expert_pool.experts import training
from expert_pool.experts.commands import DeclareInterest, Details, NewExpert
from expert_pool.experts.models import Expert, ExpertAct, ExpertSession
from expert_pool.experts.person import Interest, PoolExpert, of_profile, to_profile, with_interest
from expert_pool.experts.standing import STEPS
from trading.accounts.models import Certificate, User
from trading.acts import Actor, record
from trading.clock import BEIJING, database_now
from trading.errors import Refused, refuse
from trading.ledger import canonical
from trading.permissions import Role
from trading.secrets import HallKeys
from trading.supervision import papers
from trading.web import _

POOL = "pool"
"""Where the evidence of the pool's acts is filed."""
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Evidence:
    """A file that an act rests on (依据材料): the minutes of a review, a decision, a resignation."""

    name: str
    data: bytes


# --- taking in ------------------------------------------------------------------------------------


def admit(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    command: NewExpert,
    evidence: Evidence,
    *,
    interests: Sequence[Interest] = (),
) -> Expert:
    """Take a person into the pool, as `active` or, with `admitted` False, as candidate; entry
    `expert.admitted` or `expert.registered`. Raises Refused `expert.twice` for a person who is there under
    another number, `expert.account` for an account that is not this person's, `expert.evidence`."""
    digest = kept_evidence(session, keys, evidence)
    at = database_now(session)
    person = replace(person_of(session, command), interests=tuple(interests))
    status = "active" if command.admitted else "candidate"
    row = new_row(session, keys, person, commitment(keys, command.id_number), status, at)
    act, entry = ("admit", "expert.admitted") if command.admitted else ("register", "expert.registered")
    note(session, keys, actor, row, act, entry, command.reason, digest, at)
    return row


def person_of(session: Session, command: Details) -> PoolExpert:
    """The person that a command describes, not in the pool yet. Raises Refused `expert.account`."""
    user = account_of(session, command.login, command.name) if command.login else None
    return PoolExpert(
        number="",
        status="candidate",
        name=command.name,
        employer=command.employer,
        employer_name=command.employer_name,
        region=command.region,
        specialities=tuple(command.specialities),
        title=command.title,
        years=command.years,
        phone=command.phone,
        user_id=user.id if user else None,
        official_of=tuple(filter(None, (part.strip() for part in command.official_of.split(";")))),
    )


def account_of(session: Session, login: str, name: str) -> User:
    """The account of an expert, which bears the same name. Raises Refused `expert.account`."""
    user = session.scalars(select(User).where(User.login == login.strip().lower())).first()
    is_expert = user is not None and Role.EXPERT in {grant.role for grant in user.roles}
    if user is None or user.disabled_at or not is_expert or user.name != name:
        raise refuse(
            "expert.account",
            _("There is no account of an expert with this login name and this person's name"),
            field="login",
            remedy=_(
                "The system administrator creates the account, the security administrator gives the role."
            ),
        )
    return user


def new_row(
    session: Session, keys: HallKeys, person: PoolExpert, identity: bytes, status: str, at: datetime
) -> Expert:
    """File a person under the next number, or the one it brings. Raises Refused `expert.twice`."""
    row = Expert(
        id=uuid.uuid4(),
        number=person.number or next_number(session),
        status=status,
        owner=owner_key(keys, person.user_id) if person.user_id else None,
        identity=identity,
        admitted_at=at,
    )
    seal_profile(keys, row, person)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise twice() from error
    return row


def twice() -> Refused:
    return refuse(
        "expert.twice",
        _("This person is in the pool already"),
        field="id_number",
        remedy=_("Change the record that is there; who has left is taken in again with it."),
    )


def next_number(session: Session) -> str:
    """The pool's next number; nobody else gets one until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('expert number'))"))
    newest = session.scalar(select(func.max(Expert.number))) or "E000000"
    return f"E{int(newest[1:]) + 1:06d}"


def commitment(keys: HallKeys, id_number: str) -> bytes:
    """What is kept of the number of an identity document, in its normal form."""
    return keys.keyed("expert identity", id_number)


def owner_key(keys: HallKeys, user_id: uuid.UUID) -> bytes:
    return keys.keyed("expert account", str(user_id))


def kept_evidence(session: Session, keys: HallKeys, evidence: Evidence) -> str:
    """The SHA-256 of an act's evidence, which is filed under seal. Raises Refused `expert.evidence`."""
    if not evidence.data:
        raise refuse(
            "expert.evidence", _("Attach the document that this rests on"), field="evidence", rule="TBL 37"
        )
    return papers.keep(session, keys, POOL, evidence.name, evidence.data, public=False)


# --- standing and data ----------------------------------------------------------------------------


def change_standing(
    session: Session, keys: HallKeys, actor: Actor, row: Expert, act: str, reason: str, evidence: Evidence
) -> None:
    """Suspend, reinstate, let go, take in again (standing.STEPS); one entry. Raises Refused `expert.state`
    when the act does not follow from the present state, `expert.evidence`."""
    session.refresh(row, with_for_update=True)
    step = STEPS[act]
    if row.status not in step.before:
        raise refuse("expert.state", _("The expert's present state does not allow this"), field="act")
    digest = kept_evidence(session, keys, evidence)
    row.status = step.after
    note(session, keys, actor, row, act, step.entry, reason, digest, database_now(session))


def change(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    row: Expert,
    command: Details,
    reason: str,
    evidence: Evidence,
) -> None:
    """New data of a person; entry `expert.changed`. Raises Refused `expert.account`, `expert.evidence`."""
    session.refresh(row, with_for_update=True)
    digest = kept_evidence(session, keys, evidence)
    person = replace(person_of(session, command), interests=read(keys, row).interests)
    try:
        with session.begin_nested():
            row.owner = owner_key(keys, person.user_id) if person.user_id else None
            seal_profile(keys, row, person)
    except IntegrityError as error:
        raise refuse("expert.account", _("This account belongs to another expert"), field="login") from error
    note(session, keys, actor, row, "change", "expert.changed", reason, digest, database_now(session))


def declare(session: Session, keys: HallKeys, actor: Actor, row: Expert, command: DeclareInterest) -> None:
    """An expert declares a tie to an organisation, or its end; entry `expert.declared`. Nothing declared is ever
    taken out. Raises Refused `interest.dates`."""
    if command.until is not None and command.until < command.since:
        raise refuse("interest.dates", _("The end is before the beginning"), field="until")
    session.refresh(row, with_for_update=True)
    declared = Interest(command.org, command.relation, command.since, command.until)
    seal_profile(keys, row, with_interest(read(keys, row), declared))
    note(session, keys, actor, row, "declare", "expert.declared", "", "", database_now(session))


def served(
    session: Session, keys: HallKeys, number: str, tender: str, tenderer: str, day: date
) -> ExpertSession:
    """Remember that a person sat in a tender's evaluation; whoever seats it calls this, and writes the entry."""
    row = by_number(session, number)
    sat = ExpertSession(id=uuid.uuid4(), expert_id=row.id, day=day)
    content = canonical.dumps({"tender": tender, "tenderer": tenderer})
    sat.sealed = keys.seal(content, f"expert_session/{sat.id}")
    session.add(sat)
    session.flush()
    return sat


def name_sessions(session: Session, keys: HallKeys, tender: str, at: datetime) -> None:
    """The members of a tender's committee are public from now on."""
    for sat in session.scalars(select(ExpertSession).where(ExpertSession.named_at.is_(None))):
        if canonical.loads(keys.unseal(sat.sealed, f"expert_session/{sat.id}"))["tender"] == tender:
            sat.named_at = at


def note(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    row: Expert,
    act: str,
    entry: str,
    reason: str,
    evidence: str,
    at: datetime,
) -> None:
    """The act's ledger entry, and its line in the person's history."""
    profile = to_profile(read(keys, row))
    payload = {
        "expert": row.number,
        "status": row.status,
        "reason": reason,
        "evidence": evidence,
        "record": hashlib.sha256(canonical.dumps(profile)).hexdigest(),
    }
    appended = record(session, actor, entry, None, payload, at, seal_person=keys)
    history(session, keys, actor, row, act, reason, evidence, at, appended.id)
    session.flush()


def history(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    row: Expert,
    act: str,
    reason: str,
    evidence: str,
    at: datetime,
    entry: int,
) -> None:
    """A line of the person's history, with the profile as it then was."""
    line = ExpertAct(id=uuid.uuid4(), expert_id=row.id, act=act, entry=entry, at=at)
    content = {
        "author": actor.name,
        "organisation": actor.organisation,
        "reason": reason,
        "evidence": evidence,
        "status": row.status,
        "profile": to_profile(read(keys, row)),
    }
    line.sealed = keys.seal(canonical.dumps(content), f"expert_act/{line.id}")
    session.add(line)


def acts_of(session: Session, keys: HallKeys, row: Expert) -> list[dict[str, Any]]:
    """The history of a person, the newest first: act, at, author, organisation, reason, evidence, status,
    profile."""
    query = select(ExpertAct).where(ExpertAct.expert_id == row.id)
    query = query.order_by(ExpertAct.at.desc(), ExpertAct.entry.desc())
    return [
        {"act": line.act, "at": line.at} | canonical.loads(keys.unseal(line.sealed, f"expert_act/{line.id}"))
        for line in session.scalars(query)
    ]


# --- telling who is there -------------------------------------------------------------------------


def seal_profile(keys: HallKeys, row: Expert, person: PoolExpert) -> None:
    row.sealed = keys.seal(canonical.dumps(to_profile(person)), f"expert/{row.id}")


def read(keys: HallKeys, row: Expert) -> PoolExpert:
    """The person of a row, without what stands in other tables."""
    return of_profile(row.number, row.status, canonical.loads(keys.unseal(row.sealed, f"expert/{row.id}")))


def by_number(session: Session, number: str) -> Expert:
    """The row with this number. Raises Refused `expert.unknown`."""
    row = session.scalars(select(Expert).where(Expert.number == number)).first()
    if row is None:
        raise refuse("expert.unknown", _("There is no expert with this number"))
    return row


def row_of_user(session: Session, keys: HallKeys, user_id: uuid.UUID) -> Expert | None:
    """The row of an account."""
    return session.scalars(select(Expert).where(Expert.owner == owner_key(keys, user_id))).first()


def count_active(session: Session) -> int:
    """How many can be drawn as far as their standing goes."""
    return session.scalar(select(func.count(Expert.id)).where(Expert.status == "active")) or 0


def people(session: Session, keys: HallKeys, at: datetime) -> list[PoolExpert]:
    """The whole pool by number, those too who cannot be drawn."""
    return complete(session, keys, all_rows(session), at)


def people_shown(session: Session, keys: HallKeys, at: datetime) -> list[PoolExpert]:
    """The same for the eyes of pool office and regulator: without sessions in which nobody may know yet who sits.
    Whoever shows this writes the look into the ledger (`looking.looked`)."""
    return complete(session, keys, all_rows(session), at, named=True)


def all_rows(session: Session) -> Sequence[Expert]:
    return session.scalars(select(Expert).order_by(Expert.number)).all()


def person_of_user(session: Session, keys: HallKeys, user_id: uuid.UUID) -> PoolExpert | None:
    """The person of an account, or None."""
    row = row_of_user(session, keys, user_id)
    return one(session, keys, row) if row else None


def one(session: Session, keys: HallKeys, row: Expert) -> PoolExpert:
    """The person of a row, complete, as of now."""
    return complete(session, keys, [row], database_now(session))[0]


def one_shown(session: Session, keys: HallKeys, row: Expert) -> PoolExpert:
    """The same as pool office and regulator may see it."""
    return complete(session, keys, [row], database_now(session), named=True)[0]


def complete(
    session: Session, keys: HallKeys, rows: Sequence[Expert], at: datetime, *, named: bool = False
) -> list[PoolExpert]:
    """The persons of rows with training, sessions, certificates and advisory offices as of `at`; with `named` only
    sessions whose members are public."""
    trained = training.valid_until(session)
    sat = sessions(session, keys, at, named=named)
    able = able_to_sign(session, at)
    advises = membership.tenders_by_expert(session)
    found = []
    for row in rows:
        person = read(keys, row)
        mine = sat.get(row.id, [])
        found.append(
            replace(
                person,
                trained_until=trained.get(row.id),
                sessions=tuple(day for day, _whose in mine),
                tenderers=tuple((whose, day) for day, whose in mine),
                certificate=person.user_id in able,
                advises=tuple(advises.get(person.number, ())),
            )
        )
    return found


def sessions(
    session: Session, keys: HallKeys, at: datetime, *, named: bool = False
) -> Mapping[uuid.UUID, list[tuple[date, str]]]:
    """Who sat on which days of the last twelve months, and for which tenderer; with `named` only where that is public."""
    today = at.astimezone(BEIJING).date()
    query = select(ExpertSession).where(ExpertSession.day > today - YEAR).order_by(ExpertSession.day)
    if named:
        query = query.where(ExpertSession.named_at.is_not(None))
    found: dict[uuid.UUID, list[tuple[date, str]]] = defaultdict(list)
    for sat in session.scalars(query):
        content = canonical.loads(keys.unseal(sat.sealed, f"expert_session/{sat.id}"))
        found[sat.expert_id].append((sat.day, content["tenderer"]))
    return found


def able_to_sign(session: Session, at: datetime) -> set[uuid.UUID]:
    """The open accounts with a certificate that can sign at `at`."""
    query = (
        select(Certificate.user_id)
        .join(User, User.id == Certificate.user_id)
        .where(
            User.disabled_at.is_(None),
            Certificate.not_before <= at,
            Certificate.not_after >= at,
            Certificate.revoked_at.is_(None) | (Certificate.revoked_at > at),
        )
    )
    return set(session.scalars(query))
