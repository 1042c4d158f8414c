"""Alembic's entry: runs on the connection that `hub.storage.migrate` opened."""

from alembic import context

from hub.storage import models
from hub.storage.migrate import is_ours

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations through hub.storage.migrate.upgrade")

context.configure(
    connection=connection, target_metadata=models.Base.metadata, include_name=is_ours, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
