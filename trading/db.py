"""The database floor: metadata, engine and sessions.

PostgreSQL (>= 15) is the one truth. A session is registered with zope.sqlalchemy once, on the
sessionmaker, so that `transaction.commit()` commits it; `initial_state="changed"` makes plain
`session.execute(text("insert …"))` count as a change.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import transaction
import zope.sqlalchemy
from sqlalchemy import DateTime, LargeBinary, MetaData, Numeric, create_engine
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker

Id = Annotated[uuid.UUID, mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)]
Ref = Annotated[uuid.UUID, mapped_column(UUID(as_uuid=True))]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
OptionalInstant = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]
Money = Annotated[Decimal, mapped_column(Numeric(18, 2))]
"""Yuan with two places (元), exact."""
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
"""For forms and lists only: whatever is hashed or signed is stored as bytes, never as jsonb."""
Round = Annotated[int, mapped_column(default=1, server_default="1")]
"""The evaluation that a row belongs to (第几轮评审): 1, and one more for each that the authority ordered."""
Blob = Annotated[bytes, mapped_column(LargeBinary)]


class Base(DeclarativeBase):
    """Every table's base; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def make_engine(url: str, **options: Any) -> Engine:
    """An engine for a `postgresql://` URL; psycopg 3 is the driver whatever the URL says.

    Its errors go into logs without the values of the statement: those may tell who bids."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            url = "postgresql+psycopg://" + url[len(prefix) :]
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, **options)


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """The sessionmaker of web requests and tasks, joined to the `transaction` package."""
    sessions = sessionmaker(engine, expire_on_commit=False)
    zope.sqlalchemy.register(sessions, initial_state="changed", keep_session=True)
    return sessions


@contextmanager
def committing(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One unit of work outside a web request: commits at the end, rolls back on an error."""
    session = sessions()
    try:
        with transaction.manager:
            yield session
    finally:
        session.close()


@contextmanager
def apart(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """A unit of work in a transaction of its own beside a request's: it stays when the request's is rolled back."""
    with Session(sessions.kw["bind"]) as session, session.begin():
        yield session
