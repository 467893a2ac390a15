"""What Alembic runs: migrations on the connection that the program opened.

To draft a new one, from the root of the repository, against a collection of the last version::

    alembic -x url=sqlite:///old.db revision --autogenerate -m "what changes"
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from recollect.collection.schema import metadata


def run(connection: Connection) -> None:
    """All migrations that are still to be done, within the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as made:
        run(made)
