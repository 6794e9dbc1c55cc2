"""partition curves

On a server, samples and battery reports lie in a partition for each day, so that old days are dropped and not deleted
row by row. Nothing changes on SQLite.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in ("session_samples", "battery_reports"):
        op.execute(
            f"ALTER TABLE {table} DROP PRIMARY KEY, ADD PRIMARY KEY (id, at_ms) "
            "PARTITION BY RANGE (at_ms) (PARTITION p_rest VALUES LESS THAN MAXVALUE)"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in ("session_samples", "battery_reports"):
        op.execute(f"ALTER TABLE {table} REMOVE PARTITIONING")
        op.execute(f"ALTER TABLE {table} DROP PRIMARY KEY, ADD PRIMARY KEY (id)")
