"""Bank and tax data of experts (银行与纳税信息): written by the pool office or the expert, read in one place."""

from __future__ import annotations

from sqlalchemy.orm import Session

from expert_pool.experts.commands import Payment
from expert_pool.experts.looking import looked
from expert_pool.experts.models import Expert, ExpertPayment
from trading.acts import Actor, record
from trading.clock import database_now
from trading.ledger import canonical
from trading.secrets import HallKeys


def purpose(row: Expert) -> str:
    return f"expert_payment/{row.id}"


def pay_to(session: Session, keys: HallKeys, actor: Actor, row: Expert, command: Payment) -> None:
    """New bank and tax data; entry `expert.paid-to`, which does not say them."""
    sealed = keys.seal(canonical.dumps(command.model_dump()), purpose(row))
    session.merge(ExpertPayment(expert_id=row.id, sealed=sealed, changed_at=database_now(session)))
    session.flush()
    record(session, actor, "expert.paid-to", None, {"expert": row.number}, seal_person=keys)


def on_file(session: Session, row: Expert) -> ExpertPayment | None:
    """Whether and since when there is something, without opening it."""
    return session.get(ExpertPayment, row.id)


def view(session: Session, keys: HallKeys, actor: Actor, row: Expert) -> Payment | None:
    """The pool office opens the data; entry `confidential.viewed`."""
    found = on_file(session, row)
    looked(session, actor, f"payment/{row.number}")
    return Payment(**canonical.loads(keys.unseal(found.sealed, purpose(row)))) if found else None
