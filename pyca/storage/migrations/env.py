"""What Alembic runs to get at the database: the connection that `upgrade` has opened already."""

from __future__ import annotations

from alembic import context


def migrate() -> None:
    """Run the wanted revisions in the transaction of the given connection."""
    context.configure(connection=context.config.attributes['connection'])
    with context.begin_transaction():
        context.run_migrations()


# Alembic loads this file under a name of its own; an import from elsewhere does nothing
if __name__ == 'env_py':
    migrate()
