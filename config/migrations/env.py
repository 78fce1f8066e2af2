"""Alembic's environment: the hall's metadata, one transaction for all migrations."""

from alembic import context

from config.models import Base
from trading.db import make_engine


def run() -> None:
    engine = make_engine(context.config.attributes["url"])
    with engine.begin() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
