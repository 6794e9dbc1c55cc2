"""What Alembic runs: the connection comes from `chargecloud.main.schema`, the tables from the features."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from chargecloud.main.migrations.resume import Progress
from chargecloud.main.tables import metadata

connection: sa.Connection = context.config.attributes["connection"]
progress: Progress | None = context.config.attributes.get("progress")


def short_form(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """The types of infra/sql/types.py by the short names every migration defines for itself."""
    if kind != "type" or not getattr(item, "_variant_mapping", None):
        return False
    if isinstance(item, sa.BigInteger):
        return "BIG_ID"
    if isinstance(item, sa.Text):
        return "JSON_TEXT"
    if isinstance(item, sa.String):
        return f"code({item.length})"
    return False


context.configure(
    connection=connection,
    target_metadata=metadata(),
    transactional_ddl=connection.dialect.name == "sqlite",
    compare_type=True,
    compare_server_default=True,
    render_item=short_form,
    render_as_batch=True,
    progress=progress,
    on_version_apply=progress.applied if progress else None,
)
with context.begin_transaction():
    context.run_migrations()
