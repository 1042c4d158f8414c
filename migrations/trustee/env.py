"""Alembic's entry: runs on the connection that `trustee.storage.migrate` opened."""

from alembic import context

from trustee.storage.tables import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations through trustee.storage.migrate.upgrade")

context.configure(
    connection=connection, target_metadata=Base.metadata, compare_type=True, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
