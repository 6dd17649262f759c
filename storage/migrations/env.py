"""Alembic's environment. It runs on the connection, and in the transaction, that ``storage.schema.migrate`` hands over."""

from __future__ import annotations

from alembic import context

from storage.tables import metadata

connection = context.config.attributes["connection"]
# transactional_ddl: Alembic takes SQLite for a database without it. Its DDL is transactional once BEGIN is sent by us, not by Python.
context.configure(
    connection=connection, target_metadata=metadata, transactional_ddl=True, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
